"""The recipe with oracles in the networks' place: what they say rightly must come out rightly, in metres."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import rrb
from rrb.networks.viewpoint import Mode
from rrb.recipes.rrb import OURS, PAPER, Rrb, placed
from rrb.recipes.shape import shape_of, surface

CAMERA = rrb.Camera.from_fov(45, width=160, height=120)
EXTENTS = (0.6, 1.0, 0.7)


class BoxField:
    """A seat, a back and a pedestal as a field: distances, so that gradients are what they should be."""

    extents = torch.tensor(EXTENTS)

    def __init__(self):
        # (centre, half sides); together they fill the box of EXTENTS, the back towards +z.
        self.parts = [
            ((0.0, 0.0, 0.0), (0.3, 0.06, 0.35)),
            ((0.0, 0.25, 0.3), (0.3, 0.25, 0.05)),
            ((0.0, -0.25, 0.0), (0.08, 0.25, 0.08)),
        ]

    def __call__(self, points):
        distances = []
        for centre, half in self.parts:
            apart = np.abs(points - np.array(centre)) - np.array(half)
            outside = np.linalg.norm(np.maximum(apart, 0), axis=-1)
            distances.append(outside + np.minimum(apart.max(-1), 0))
        return -20 * np.min(distances, axis=0)


# What a network is unsure of an oracle knows: its surface is where its field is 0, and its views may be doubted.
KNOWING = {"shape": None, "level": 0.0, "views_trusted": 1.0, "least_deviation_deg": 2.0}


class Oracle(Rrb):
    """Knows the shape; is told the modes of the view."""

    def __init__(self, modes, settings=OURS):
        super().__init__(None, None, replace(settings, **KNOWING))
        self.modes_ = modes

    def look(self, image, mask, camera):
        return None

    def shape(self, seen, category):
        return shape_of(BoxField(), self.settings.level)

    def views(self, seen):
        azimuths, elevations, rolls = (
            torch.full((1, 360), -30.0),
            torch.full((1, 180), -30.0),
            torch.full((1, 360), -30.0),
        )
        for mode in self.modes_:
            azimuths[0, int(mode.azimuth_deg + 180)] = math.log(mode.weight)
        elevations[0, int(self.modes_[0].elevation_deg + 90)] = 0.0
        rolls[0, int(self.modes_[0].roll_deg + 180)] = 0.0
        from rrb.networks.viewpoint import Views

        return Views(azimuths, elevations, rolls, torch.tensor([[5.0, 0, 0, 0, 0]]))


def truth(azimuth=35.0, elevation=20.0, roll=0.0, distance=2.6, ray=(0.1, -0.05, 1.0)):
    return rrb.Pose.from_viewpoint(azimuth, elevation, roll, distance_m=distance, ray_camera=ray)


def metric_mesh(size=1.3):
    mesh = surface(BoxField(), 128, 0.0)
    return mesh.with_vertices(size * mesh.vertices)


def scene(pose, mesh):
    drawn = rrb.render(mesh, pose, CAMERA)
    mask = drawn.fragments.covered.astype(np.float32)
    return np.where(mask[..., None] > 0, 128, 255).astype(np.uint8).repeat(3, -1)[..., :3], mask


def mode(azimuth, elevation, weight=1.0, roll=0.0, off=3.0):
    return Mode(azimuth, elevation, roll, weight, (off, off, off))


def height_of(pose, mesh):
    return float(pose.camera_centre_object[1] - mesh.bounding_box()[0][1])


@pytest.mark.parametrize("azimuth", [-140.0, -35.0, 35.0, 110.0])
def test_shape_and_view_known_about_give_the_pose_in_metres(azimuth):
    mesh, pose = metric_mesh(), truth(azimuth)
    image, mask = scene(pose, mesh)
    recipe = Oracle([mode(azimuth + 4, 17.0)])
    found = recipe(image, mask, CAMERA, camera_height_m=height_of(pose, mesh))
    turned, moved = found.camera_from_object.distance(pose)
    assert turned < 1.5
    assert moved < 0.06
    assert found.metres_per_canonical_unit == pytest.approx(1.3, rel=0.03)
    sides = np.ptp(found.mesh.vertices, axis=0)
    np.testing.assert_allclose(sides, 1.3 * np.array(EXTENTS), rtol=0.04)
    np.testing.assert_allclose(sum(found.mesh.bounding_box()), 0, atol=1e-9)  # centred
    assert found.accepted, found.reason
    assert found.iou > 0.95


def test_the_camera_stands_at_the_height_that_was_said():
    mesh, pose = metric_mesh(), truth()
    image, mask = scene(pose, mesh)
    for height in (0.7, 1.9):
        found = Oracle([mode(36, 18)])(image, mask, CAMERA, camera_height_m=height)
        assert height_of(found.camera_from_object, found.mesh) == pytest.approx(height, rel=1e-6)


def test_without_a_height_lengths_are_of_the_longest_side_and_that_is_said():
    mesh, pose = metric_mesh(), truth()
    image, mask = scene(pose, mesh)
    found = Oracle([mode(36, 18)])(image, mask, CAMERA)
    assert found.metres_per_canonical_unit is None
    assert not found.is_metric
    assert np.ptp(found.mesh.vertices, axis=0).max() == pytest.approx(1.0)
    assert any("longest side" in note for note in found.notes)
    assert "longest side" in found.explain()


def test_size_changes_no_pixel():
    mesh, pose = metric_mesh(), truth()
    image, mask = scene(pose, mesh)
    one = Oracle([mode(36, 18)])(image, mask, CAMERA)
    two = Oracle([mode(36, 18)])(image, mask, CAMERA, camera_height_m=1.1)
    first, second = (rrb.render(r.mesh, r.camera_from_object, CAMERA).fragments.covered for r in (one, two))
    assert (first == second).mean() > 0.9999


def test_of_two_modes_the_one_that_fits_is_taken():
    mesh, pose = metric_mesh(), truth(70.0)
    image, mask = scene(pose, mesh)
    wrong_first = [mode(-40.0, 18.0, 0.6), mode(68.0, 18.0, 0.4)]
    found = Oracle(wrong_first)(image, mask, CAMERA)
    assert found.camera_from_object.to_viewpoint().azimuth_deg == pytest.approx(70.0, abs=2.0)
    assert len(found.hypotheses) == 2
    assert sum(h.weight for h in found.hypotheses) == pytest.approx(1.0)
    assert found.hypotheses[0].camera_from_object.distance(found.camera_from_object)[0] < 1e-6


def test_a_view_from_below_gives_no_size_and_is_not_accepted():
    mesh, pose = metric_mesh(), truth(35.0, -60.0)
    image, mask = scene(pose, mesh)
    found = Oracle([mode(36.0, -58.0)])(image, mask, CAMERA, camera_height_m=1.0)
    assert not found.is_metric
    assert not found.accepted
    assert "below" in found.reason


def test_the_paper_s_setting_fits_from_its_one_start():
    mesh, pose = metric_mesh(), truth()
    image, mask = scene(pose, mesh)
    recipe = Oracle([mode(43.0, 14.0)], PAPER)
    found = recipe(image, mask, CAMERA, camera_height_m=height_of(pose, mesh))
    start = placed(recipe.shape(None, "chair").mesh, mask, CAMERA, mode(43.0, 14.0))
    assert found.camera_from_object.distance(pose)[0] < 0.9 * start.distance(pose)[0]
    assert len(found.hypotheses) == 1


@pytest.mark.parametrize("ray", [(0.0, 0.0, 1.0), (0.16, -0.1, 1.0), (-0.15, 0.08, 1.0)])
def test_a_mode_is_placed_where_the_object_is_seen(ray):
    # The network's angles are those of the crop's ray: the rotation follows the place in the picture.
    mesh, pose = metric_mesh(1.0), truth(35.0, 20.0, 5.0, ray=ray)
    _, mask = scene(pose, mesh)
    start = placed(mesh, mask, CAMERA, mode(35.0, 20.0, roll=5.0))
    turned, moved = start.distance(pose)
    assert turned < 0.7
    assert moved < 0.05


def test_everything_is_the_same_twice():
    mesh, pose = metric_mesh(), truth()
    image, mask = scene(pose, mesh)
    one, two = (Oracle([mode(36, 18)])(image, mask, CAMERA, camera_height_m=1.0) for _ in range(2))
    assert (one.mesh.vertices == two.mesh.vertices).all()
    assert (one.camera_from_object.matrix == two.camera_from_object.matrix).all()


def test_every_hypothesis_shows_the_mesh_that_is_handed_out():
    # A pose of the canonical mesh and the same for the mesh that was centred and made metric draw the same pixels.
    mesh, pose = metric_mesh(), truth(70.0)
    image, mask = scene(pose, mesh)
    recipe = Oracle([mode(-40.0, 18.0, 0.6), mode(68.0, 18.0, 0.4)])
    found = recipe(image, mask, CAMERA, camera_height_m=1.2)
    candidates = recipe.fits(recipe.shape(None, "chair").mesh, mask, CAMERA, recipe.modes_)
    coarse = recipe.shape(None, "chair").mesh
    for one, hypothesis in zip(candidates, found.hypotheses, strict=True):
        before = rrb.render(coarse, one.fit.camera_from_object, CAMERA).fragments.covered
        after = rrb.render(found.mesh, hypothesis.camera_from_object, CAMERA).fragments.covered
        assert (before & after).sum() / (before | after).sum() > 0.95


def test_the_history_begins_where_the_network_put_it():
    mesh, pose = metric_mesh(), truth()
    image, mask = scene(pose, mesh)
    middle_of_bins = mode(43.5, 14.5, roll=0.5)
    recipe = Oracle([middle_of_bins])
    found = recipe(image, mask, CAMERA)
    start = placed(recipe.shape(None, "chair").mesh, mask, CAMERA, middle_of_bins)
    assert found.history[0].camera_from_object.distance(start)[0] < 0.05
    assert len(found.history) > 2


def test_covariance_grows_with_the_size():
    mesh, pose = metric_mesh(), truth()
    image, mask = scene(pose, mesh)
    one, two = (Oracle([mode(36, 18)])(image, mask, CAMERA, camera_height_m=h) for h in (1.0, 3.0))
    np.testing.assert_allclose(one.covariance[:3, :3], two.covariance[:3, :3])
    np.testing.assert_allclose(9 * one.covariance[3:6, 3:6], two.covariance[3:6, 3:6])
    np.testing.assert_allclose(3 * one.covariance[:3, 3:6], two.covariance[:3, 3:6])

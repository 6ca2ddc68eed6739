"""Pose and shape together: what was drawn with other coordinates of the shape is found again, as far as it is seen."""

import math

import numpy as np
import pytest

import fit_scenes as scenes
import rrb
from rrb.fitting.deformable import Deformable, ShapeDescent, deform

LOOSE = (math.radians(10), math.radians(10), math.radians(10))
MESH = scenes.ODD


def stretches(mesh=MESH, by=0.1) -> Deformable:
    """A mode for each axis: longer along x, y, z by a tenth for each deviation."""
    vertices = np.asarray(mesh.vertices)
    return Deformable(mesh, np.stack([by * vertices * np.eye(3)[axis] for axis in range(3)], -1))


def test_modes_move_vertices_as_they_say():
    shape = stretches()
    longer = shape.at(np.array([1.0, 0.0, -2.0])).vertices
    np.testing.assert_allclose(longer, np.asarray(MESH.vertices) * [1.1, 1.0, 0.8])


@pytest.mark.parametrize("truth", [(0.8, -0.6, 0.0), (-0.7, 0.5, 0.6), (0.0, 0.9, -0.5)])
def test_a_stretched_object_is_found_again(truth):
    # The overall size is the distance's: only ratios are compared.
    truth = np.array(truth)
    mask = scenes.soft(stretches().at(truth))
    found = deform(stretches(), mask, scenes.CAMERA, scenes.TRUTH, LOOSE, ShapeDescent(steps=150))
    assert found.cost < 0.2 * found.cost_at_start
    sides, wanted = 1 + 0.1 * found.coordinates, 1 + 0.1 * truth
    np.testing.assert_allclose(sides / sides.mean(), wanted / wanted.mean(), atol=0.03)
    drawn = scenes.soft(stretches().at(found.coordinates), found.camera_from_object)
    overlap = np.minimum(drawn, mask).sum() / np.maximum(drawn, mask).sum()
    assert overlap > 0.96


def test_a_pose_that_is_off_comes_back():
    mask = scenes.soft()
    start = scenes.TRUTH.step(np.array([0.05, -0.03, 0.04, 0.02, -0.01, 0.05]))
    found = deform(stretches(), mask, scenes.CAMERA, start, LOOSE, ShapeDescent(steps=150))
    before, after = (
        math.degrees(p.distance(scenes.TRUTH)[0] * math.pi / 180) for p in (start, found.camera_from_object)
    )
    assert after < 0.4 * before


def test_what_fits_stays():
    found = deform(stretches(), scenes.soft(), scenes.CAMERA, scenes.TRUTH, LOOSE)
    assert np.abs(found.coordinates).max() < 0.25
    assert found.camera_from_object.distance(scenes.TRUTH)[0] < 1.0


def test_a_tight_prior_on_the_view_keeps_it():
    start = scenes.TRUTH.step(np.array([0.0, 0.08, 0.0, 0.0, 0.0, 0.0]))
    tight = (math.radians(0.01),) * 3
    found = deform(stretches(), scenes.soft(), scenes.CAMERA, start, tight)
    assert found.camera_from_object.distance(start)[0] < 0.1


def test_the_prior_is_about_the_view_and_not_the_start():
    start = scenes.TRUTH.step(np.array([0.0, 0.06, 0.0, 0.0, 0.0, 0.0]))
    tight = (math.radians(0.2),) * 3
    found = deform(
        stretches(), scenes.soft(), scenes.CAMERA, start, tight, ShapeDescent(steps=150), view=scenes.TRUTH
    )
    assert found.camera_from_object.distance(scenes.TRUTH)[0] < 0.5 * start.distance(scenes.TRUTH)[0]


def test_what_is_unknown_is_not_charged():
    truth = np.array([0.8, -0.6, 0.0])
    mask = scenes.soft(stretches().at(truth))
    hidden = np.zeros_like(mask)
    hidden[:, : mask.shape[1] // 2] = 1
    wrong = np.where(hidden > 0, 0, mask).astype(np.float32)
    settings = ShapeDescent(steps=120)
    free = deform(stretches(), wrong, scenes.CAMERA, scenes.TRUTH, LOOSE, settings)
    told = deform(stretches(), wrong, scenes.CAMERA, scenes.TRUTH, LOOSE, settings, unknown=hidden)
    assert told.cost < 0.2 * free.cost


def test_the_same_bits_every_time():
    mask = scenes.soft(stretches().at(np.array([0.5, 0.2, -0.3])))
    one, two = (deform(stretches(), mask, scenes.CAMERA, scenes.TRUTH, LOOSE) for _ in range(2))
    assert (one.coordinates == two.coordinates).all()
    assert one.cost == two.cost


def test_a_large_picture_is_drawn_small_and_gives_the_same():
    truth = np.array([0.8, -0.6, 0.3])
    large = rrb.Camera.from_fov(40, width=512, height=512)
    settings = ShapeDescent(steps=150)
    small = deform(
        stretches(), scenes.soft(stretches().at(truth)), scenes.CAMERA, scenes.TRUTH, LOOSE, settings
    )
    big = deform(
        stretches(),
        scenes.soft(stretches().at(truth), camera=large, fine=2),
        large,
        scenes.TRUTH,
        LOOSE,
        settings,
    )
    np.testing.assert_allclose(big.coordinates, small.coordinates, atol=0.25)

"""What `rrb data check` measures: 1 for what was drawn, clearly less for anything that is off."""

import numpy as np
import pytest

from plain_scenes import CAMERA, ODD_CAMERA, corner, scene_of, seen_from, shape_of
from rrb.data import fast
from rrb.data.check import LEAST_IOU, LEAST_LABELS, label_agreement, mask_agreement
from rrb.data.occupancy import occupancy_points
from rrb.data.sample import Sample
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box, icosphere

VIEW = seen_from((0.9, 0.8, -2.2))
CAMERAS = pytest.mark.parametrize("camera", [CAMERA, ODD_CAMERA], ids=["plain", "odd"])


def drawn(camera=CAMERA, others=(), mesh=None, **more):
    shape = corner()
    shapes = {"thing": shape, **{s.mesh_id: s for s, _ in others}}
    placed = [("thing", Pose.identity()), *((s.mesh_id, pose) for s, pose in others)]
    scene = scene_of(*placed, camera=camera, view=VIEW)
    picture = fast.draw(scene, shapes)
    fields = {
        "mask": picture.mask, "unknown": picture.object_index > 0, "camera": camera, "mesh": shape.mesh,
        "camera_from_object": scene.camera_from_object,
    }  # fmt: skip
    return Sample("a", picture.image, "thing", "thing", **{**fields, **more})


def shifted(sample, x_px, y_px):
    """With a pose that is off by pixels in the picture."""
    camera, pose = sample.camera, sample.camera_from_object
    depth = pose.translation[2]
    step = np.array([x_px / camera.fx_px, y_px / camera.fy_px, 0]) * depth
    return sample.with_(camera_from_object=Pose(pose.rotation, pose.translation + step))


@CAMERAS
def test_what_was_drawn_agrees(camera):
    assert mask_agreement(drawn(camera)) == 1.0


@CAMERAS
@pytest.mark.parametrize("step", [(1, 0), (0, 1), (-1, 0), (0, -1)])
def test_one_pixel_is_seen(camera, step):
    sample = drawn(camera)
    half, one = (mask_agreement(shifted(sample, k * step[0], k * step[1])) for k in (0.5, 1))
    assert one < 0.97 < LEAST_IOU
    assert one < half < 1


def test_wrong_conventions_are_seen():
    sample = drawn()
    mask = sample.mask
    for wrong in (mask[:, ::-1], mask[::-1], mask.T, mask[::-1, ::-1]):
        assert mask_agreement(sample.with_(mask=np.ascontiguousarray(wrong))) < 0.85
    pose = sample.camera_from_object
    # Half a pixel between conventions; OpenGL's camera; object_from_camera; another scale.
    camera = CAMERA.crop(0.5, 0.5, 96, 96)
    assert mask_agreement(sample.with_(camera=camera)) < LEAST_IOU
    turned = Pose.from_euler_zyx(0.0, 180.0, 0.0).rotation
    for other in (Pose(pose.rotation @ turned, pose.translation), Pose(pose.rotation.T, pose.translation)):
        assert mask_agreement(sample.with_(camera_from_object=other)) < 0.85
    assert mask_agreement(sample.with_(scale=1.05)) < 0.93


def test_the_scale_belongs_to_the_mesh():
    sample = drawn()
    half = sample.mesh.transformed(scale=0.5)
    assert mask_agreement(sample.with_(mesh=half, scale=2.0)) == 1.0


def test_what_others_hide_does_not_count():
    others = [(shape_of(box((0.3, 2, 0.1)), "post"), Pose(np.eye(3), (0.3, 0.2, -0.9)))]
    sample = drawn(others=others)
    assert sample.unknown.sum() > 100
    assert mask_agreement(sample) == 1.0
    assert mask_agreement(sample.with_(unknown=None)) < 0.97
    everything = np.ones_like(sample.unknown)
    assert mask_agreement(sample.with_(unknown=everything)) == 1.0  # nothing is left that could differ


def test_soft_masks_count_from_a_half():
    sample = drawn()
    assert mask_agreement(sample.with_(mask=0.55 * sample.mask)) == 1.0
    assert mask_agreement(sample.with_(mask=0.45 * sample.mask)) == 0.0


@pytest.mark.parametrize("name", ["mask", "camera", "camera_from_object", "mesh"])
def test_what_is_not_known_is_not_judged(name):
    assert mask_agreement(drawn().with_(**{name: None})) is None


def test_behind_the_camera_nothing_is_judged():
    behind = Pose(np.eye(3), (0.0, 0.0, 0.1))
    assert mask_agreement(drawn().with_(camera_from_object=behind)) is None


# --- labels -----------------------------------------------------------------------------------------


def with_points(mesh, count=600):
    image = np.zeros((4, 4, 3), np.uint8)
    return Sample("a", image, "thing", "thing", mesh=mesh, points=occupancy_points(mesh, count, 1))


@pytest.mark.parametrize("mesh", [corner().mesh, icosphere(2)], ids=["corner", "ball"])
def test_labels_of_a_mesh_agree(mesh):
    agree, counted = label_agreement(with_points(mesh), 300)
    assert counted == 300
    assert agree / counted >= LEAST_LABELS


def test_flipped_labels_are_seen():
    sample = with_points(icosphere(2))
    held = sample.points
    for flip in (~held.near_surface, held.near_surface):  # of either kind
        points = type(held)(held.points, held.inside ^ flip, held.near_surface)
        agree, counted = label_agreement(sample.with_(points=points))
        assert (agree, counted) == (100, 200)


def test_points_of_another_mesh_are_seen():
    sample = with_points(icosphere(2))
    agree, counted = label_agreement(sample.with_(mesh=icosphere(2, 0.7)))
    assert agree < 0.9 * counted


def test_labels_are_not_judged_without_points_or_mesh():
    sample = with_points(icosphere(1))
    assert label_agreement(sample.with_(mesh=None)) is None
    assert label_agreement(sample.with_(points=None)) is None

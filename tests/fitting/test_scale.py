"""Laws of the metric scale: the truth comes back, units and pictures scale as they must, no scale is made up."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import rrb
from rrb.errors import BadInputError
from rrb.fitting.box_fit import box_of_mask, checked_box, translation_from_box
from rrb.fitting.scale import scale_from_camera_height, scale_of_pose
from rrb.geometry.pose import Viewpoint
from rrb.geometry.primitives import box

CAMERA = rrb.Camera(520.0, 500.0, 310.0, 250.0, 640, 480)
RANDOM = np.random.default_rng(0)
BLOB = rrb.Mesh(
    RANDOM.normal(size=(60, 3)) * [0.3, 0.5, 0.2] + [0.1, 0.4, -0.2], [[i, i + 1, i + 2] for i in range(58)]
)


def image_box(mesh, pose, scale, camera=CAMERA) -> np.ndarray:
    """Left, top, right, bottom of what the faces use."""
    at = camera.project(pose.apply(np.asarray(mesh.vertices)[np.unique(mesh.faces)], scale))
    return np.concatenate((at[:, :2].min(0), at[:, :2].max(0)))


def height_of(mesh, pose, scale) -> float:
    return float(pose.camera_centre_object[1] - scale * mesh.bounding_box()[0, 1])


def scenes(count: int, mesh=BLOB):
    """Poses turned any way, off the axis, whole in the picture and seen from above the lowest vertex."""
    random = np.random.default_rng(7)
    found = []
    while len(found) < count:
        scale = float(np.exp(random.uniform(-4, 4)))
        pose = rrb.Pose.random(random, translation=scale * random.uniform([-2, -1.5, 3], [2, 1.5, 9]))
        low, high = image_box(mesh, pose, scale).reshape(2, 2)
        inside = low.min() > 2 and (high < [638, 478]).all()
        if inside and height_of(mesh, pose, scale) > 0.05 * scale:
            found.append((pose, scale))
    return found


def same(found, pose, scale, tolerance=1e-9):
    assert found.scale == pytest.approx(scale, rel=tolerance)
    degrees, metres = found.camera_from_object.distance(pose)
    assert degrees < 1e-5
    assert metres < tolerance * 10 * np.linalg.norm(pose.translation)


# --- the truth comes back -------------------------------------------------------------------------


@pytest.mark.parametrize("scene", scenes(25), ids=range(25))
def test_scale_and_translation_come_back(scene):
    pose, scale = scene
    seen, height = image_box(BLOB, pose, scale), height_of(BLOB, pose, scale)
    for rotation in (pose.rotation, rrb.Pose(pose.rotation, [9, 9, 9]), pose.to_viewpoint()):
        found = scale_from_camera_height(BLOB, rotation, CAMERA, seen, height)
        same(found, pose, scale, 1e-8)
        np.testing.assert_allclose(found.box_px, seen, atol=1e-6)
        np.testing.assert_allclose(found.box_residual_px, 0, atol=1e-6)
        assert found.notes == ()
        assert height_of(BLOB, found.camera_from_object, found.scale) == pytest.approx(height)
    unscaled = rrb.Pose(pose.rotation, pose.translation / scale)
    same(scale_of_pose(BLOB, unscaled, height), pose, scale)
    same(
        scale_of_pose(BLOB, rrb.Pose(pose.rotation, 3 * pose.translation), height, scale=3 * scale),
        pose,
        scale,
    )


def test_it_is_the_formula_of_the_conventions():
    mesh = box((1.0, 0.6, 0.8))
    pose = rrb.Pose.from_viewpoint(40, 30, 0, distance_m=4.0)
    found = scale_of_pose(mesh, pose, 1.2)
    assert found.scale == pytest.approx(1.2 / (4.0 * math.sin(math.radians(30)) + 0.3))
    np.testing.assert_allclose(found.camera_from_object.translation, [0, 0, 4.0 * found.scale], atol=1e-12)


def test_a_viewpoint_holds_for_the_ray_to_the_object():
    """Far off the axis the same angles are another rotation matrix."""
    pose = rrb.Pose.from_viewpoint(30, 25, 5, distance_m=5.0, ray_camera=[-0.45, 0.2, 1])
    seen, height = image_box(BLOB, pose, 1.0), height_of(BLOB, pose, 1.0)
    found = scale_from_camera_height(BLOB, Viewpoint(30, 25, 5, None), CAMERA, seen, height)
    same(found, pose, 1.0, 1e-8)
    np.testing.assert_allclose(found.camera_from_object.to_viewpoint()[:3], [30, 25, 5], atol=1e-6)


def test_vertices_of_no_face_do_not_count():
    pose, scale = scenes(1)[0]
    more = rrb.Mesh(np.concatenate((BLOB.vertices, [[0, -99, 0], [50, 0, 0]])), BLOB.faces)
    seen, height = image_box(BLOB, pose, scale), height_of(BLOB, pose, scale)
    same(scale_from_camera_height(more, pose.rotation, CAMERA, seen, height), pose, scale)


def test_tensors_are_taken_too():
    pose, scale = scenes(1)[0]
    mesh = rrb.Mesh(torch.tensor(BLOB.vertices, requires_grad=True), torch.tensor(BLOB.faces))
    seen = torch.tensor(image_box(BLOB, pose, scale))
    height = height_of(BLOB, pose, scale)
    same(scale_from_camera_height(mesh, pose.tensor(), CAMERA, seen, height), pose, scale)
    same(scale_of_pose(mesh, pose.tensor(), height, scale=scale), pose, scale)


# --- how it scales --------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1e-3, 0.5, 2.0, 1000.0])
def test_heights_units_and_pictures(factor):
    pose, scale = scenes(3)[2]
    seen, height = image_box(BLOB, pose, scale), height_of(BLOB, pose, scale)
    first = scale_from_camera_height(BLOB, pose.rotation, CAMERA, seen, height)
    higher = scale_from_camera_height(BLOB, pose.rotation, CAMERA, seen, factor * height)
    same(higher, rrb.Pose(pose.rotation, factor * pose.translation), factor * scale)
    other_unit = BLOB.with_vertices(BLOB.vertices * factor)
    same(scale_from_camera_height(other_unit, pose.rotation, CAMERA, seen, height), pose, scale / factor)
    same(scale_of_pose(BLOB, pose, factor * height, scale=scale), higher.camera_from_object, factor * scale)
    assert higher.error_per_degree == pytest.approx(first.error_per_degree)
    twice = CAMERA.resize(1280, 960)
    same(scale_from_camera_height(BLOB, pose.rotation, twice, 2 * seen, height), pose, scale)
    window = CAMERA.crop(-30, -50, 900, 700)
    same(scale_from_camera_height(BLOB, pose.rotation, window, seen + [30, 50, 30, 50], height), pose, scale)


def test_turning_and_moving_the_mesh_in_its_frame_changes_nothing():
    pose, scale = scenes(1)[0]
    seen, height = image_box(BLOB, pose, scale), height_of(BLOB, pose, scale)
    about_y = rrb.Pose.from_rotation_vector([0, 0.7, 0], [0.3, -0.9, 2.0])
    moved = BLOB.with_vertices(about_y @ BLOB.vertices)
    found = scale_from_camera_height(moved, pose.rotation @ about_y.rotation.T, CAMERA, seen, height)
    assert found.scale == pytest.approx(scale)
    np.testing.assert_allclose(
        found.camera_from_object.apply(moved.vertices, found.scale),
        pose.apply(BLOB.vertices, scale),
        rtol=1e-7,
    )


def test_the_error_of_a_degree():
    """Against tilting the mesh about its origin, the worst way, by a hundredth of a degree."""
    pose, scale = scenes(2)[1]
    found = scale_of_pose(BLOB, pose, 1.0, scale=scale)
    tilts = [
        scale_of_pose(BLOB, pose.step([*(math.radians(0.01) * d), 0, 0, 0]), 1.0, scale=scale).scale
        for d in rrb.Pose.random(0, (1000,)).rotation[:, 0]
    ]
    worst = 100 * np.abs(np.array(tilts) / found.scale - 1).max()
    assert found.error_per_degree == pytest.approx(worst, rel=0.01)


# --- boxes that do not fit ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_a_box_of_another_shape_is_met_as_well_as_can_be(seed):
    """No place nearby is better, and a way to a clearly better one would be seen in all directions."""
    random = np.random.default_rng(seed)
    arms = BLOB.vertices @ rrb.Pose.random(seed).rotation.T
    centre, half = random.uniform([200, 150], [440, 330]), random.uniform(30, 130, 2)
    seen = np.concatenate((centre - half, centre + half))
    t, sides = translation_from_box(arms, CAMERA, seen)

    def cost(t):
        at = CAMERA.project(arms + t)[:, :2]
        return ((np.concatenate((at.min(0), at.max(0))) - seen) ** 2).sum()

    assert cost(t) == pytest.approx(((sides - seen) ** 2).sum())
    for size in (1e-4, 1e-2):
        nearby = t + size * np.linalg.norm(t) * random.normal(size=(200, 3))
        assert min(map(cost, nearby)) >= cost(t)


def test_a_needle_seen_end_on_has_no_wide_box():
    needle = rrb.Mesh(np.array([[0, 0, -1.0], [0, 0, 1], [0, 0, 0.5]]), [[0, 1, 2]])
    with pytest.raises(BadInputError, match="no place in front of the camera"):
        scale_from_camera_height(needle, np.eye(3), CAMERA, [200, 100, 400, 300], 1.5)


def test_a_box_of_another_shape_is_noted():
    pose, scale = scenes(1)[0]
    left, top, right, bottom = image_box(BLOB, pose, scale)
    found = scale_from_camera_height(
        BLOB, pose.rotation, CAMERA, [left, top, right, bottom + (bottom - top)], 1.0
    )
    assert len(found.notes) == 1
    assert "misses the picture's by" in found.notes[0]
    assert np.isfinite(found.box_residual_px).all()


# --- what the picture cuts ------------------------------------------------------------------------

UPRIGHT = rrb.Pose.from_viewpoint(35, 20, 0, distance_m=4.0, ray_camera=[0.1, 0.05, 1])
CHAIRLIKE = box((0.8, 1.1, 0.6))


@pytest.mark.parametrize("side", range(4))
def test_a_side_at_the_border_is_left_out(side):
    seen, height = image_box(CHAIRLIKE, UPRIGHT, 1.0), height_of(CHAIRLIKE, UPRIGHT, 1.0)
    cut = seen.copy()
    cut[side] = [0, 0, CAMERA.width_px, CAMERA.height_px][side]
    unknown = seen.copy()
    unknown[side] = np.nan
    for given in (cut, unknown):
        found = scale_from_camera_height(CHAIRLIKE, UPRIGHT, CAMERA, given, height)
        same(found, UPRIGHT, 1.0)
        assert np.flatnonzero(np.isnan(found.box_residual_px)).tolist() == [side]
        assert ["left", "top", "right", "bottom"][side] in found.notes[0]


def test_a_mask_that_the_picture_cuts():
    seen, height = image_box(CHAIRLIKE, UPRIGHT, 1.0), height_of(CHAIRLIKE, UPRIGHT, 1.0)
    left, top = math.floor(seen[0]) + 40, math.floor(seen[1]) - 20
    window = CAMERA.crop(left, top, 640 - left, 480 - top)
    mask = rrb.render(CHAIRLIKE, UPRIGHT, window).silhouette
    assert (mask[:, 0] > 0.5).any()
    found = scale_from_camera_height(CHAIRLIKE, UPRIGHT, window, mask, height)
    assert found.scale == pytest.approx(1, rel=0.01)
    assert np.isnan(found.box_residual_px).tolist() == [True, False, False, False]


def test_what_is_unknown_is_no_side():
    height = height_of(CHAIRLIKE, UPRIGHT, 1.0)
    mask = rrb.render(CHAIRLIKE, UPRIGHT, CAMERA).silhouette
    left = image_box(CHAIRLIKE, UPRIGHT, 1.0)[0]
    hidden = np.zeros(mask.shape)
    hidden[:, : int(left) + 25] = 1
    for seen in (mask * (1 - hidden), np.maximum(mask, hidden)):  # whatever the mask says where it is unknown
        found = scale_from_camera_height(CHAIRLIKE, UPRIGHT, CAMERA, seen, height, unknown=hidden)
        assert found.scale == pytest.approx(1, rel=0.01)
        assert np.isnan(found.box_residual_px).tolist() == [True, False, False, False]
    wrong = scale_from_camera_height(CHAIRLIKE, UPRIGHT, CAMERA, mask * (1 - hidden), height)
    assert wrong.scale != pytest.approx(1, rel=0.01)


# --- the box of a mask ----------------------------------------------------------------------------


def covered(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """The share of each pixel that a rectangle covers, (30, 40)."""
    x = np.clip(np.minimum(np.arange(40) + 1, x1) - np.maximum(np.arange(40), x0), 0, 1)
    y = np.clip(np.minimum(np.arange(30) + 1, y1) - np.maximum(np.arange(30), y0), 0, 1)
    return y[:, None] * x


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.5, 0.8])
def test_the_box_of_a_soft_mask_is_finer_than_a_pixel(shift):
    rectangle = np.array([7, 5, 31, 22]) + [shift, 1 - shift, -shift, shift]
    np.testing.assert_allclose(box_of_mask(covered(*rectangle)), rectangle, atol=1e-12)
    hard = covered(*rectangle) >= 0.5
    np.testing.assert_allclose(box_of_mask(hard), rectangle, atol=0.5)


def test_a_tall_side_of_which_one_pixel_sticks_out():
    mask = covered(7, 5, 31, 22)
    mask[9, 6] = 1
    np.testing.assert_array_equal(box_of_mask(mask), [6, 5, 31, 22])


@pytest.mark.parametrize(
    ("rectangle", "expected"),
    [
        ([0, 5, 20, 22], [np.nan, 5, 20, 22]),
        ([3, 5, 40, 22], [3, 5, np.nan, 22]),
        ([3, 0, 20, 30], [3, np.nan, 20, np.nan]),
    ],
)
def test_at_the_border_a_mask_has_no_side(rectangle, expected):
    np.testing.assert_array_equal(box_of_mask(covered(*rectangle)), expected)


def test_detectors_clip_in_two_ways():
    """The last pixel is W or W - 1, depending on who counts."""
    for right in (640, 639):
        assert np.isnan(checked_box([10, 10, right, 200], CAMERA)).tolist() == [False, False, True, False]
    assert np.isnan(checked_box([-3, 0.9, 600, 479.2], CAMERA)).tolist() == [True, True, False, True]


# --- refusals -------------------------------------------------------------------------------------

SEEN = image_box(CHAIRLIKE, UPRIGHT, 1.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seen": [100, 50, 300]}, "left, top, right, bottom"),
        ({"seen": [300, 50, 100, 200]}, "left < right"),
        ({"seen": [100, 50, 60, 200]}, "left < right"),
        ({"seen": [100, 50, 300, np.inf]}, "left, top, right, bottom"),
        ({"seen": "a box"}, "shape"),
        ({"seen": [0, 50, 640, 200]}, "sides top, bottom can be used"),
        ({"seen": [0, 0, 640, 480]}, "sides none can be used"),
        ({"seen": [np.nan, 0, 300, 200]}, "sides right, bottom can be used"),
        ({"seen": np.zeros((480, 640))}, "mask is empty"),
        ({"seen": np.zeros((48, 64))}, "mask is 64x48 but"),
        ({"seen": SEEN, "unknown": np.zeros((480, 640))}, "NaN"),
        ({"camera_height_m": 0}, "camera_height_m is 0; a positive number"),
        ({"camera_height_m": -1.2}, "positive"),
        ({"camera_height_m": math.nan}, "positive"),
        ({"camera_height_m": "1.2"}, "positive"),
        ({"rotation": np.eye(4)}, r"\(4, 4\); \(3, 3\)"),
        ({"rotation": np.zeros((3, 3))}, "rotation"),
        ({"rotation": rrb.Pose.identity((2,))}, r"\(2, 3, 3\)"),
        ({"rotation": Viewpoint(np.zeros(2), 0, 0, 1)}, r"\(2,\) viewpoints"),
        ({"rotation": Viewpoint(math.nan, 0, 0, 1)}, "finite"),
        ({"rotation": Viewpoint(30, -40, 0, 1)}, "below the object's lowest vertex"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(changes, said):
    given = {"rotation": UPRIGHT, "seen": SEEN, "camera_height_m": 1.5} | changes
    with pytest.raises(BadInputError, match=said) as caught:
        scale_from_camera_height(CHAIRLIKE, camera=CAMERA, **given)
    assert "\n" not in str(caught.value)


def test_a_camera_at_or_below_the_lowest_vertex_gives_no_scale():
    from_below = rrb.Pose.from_viewpoint(20, -30, 0, distance_m=4.0)
    with pytest.raises(BadInputError, match=r"lies 1\.45 below the object's lowest vertex"):
        scale_of_pose(CHAIRLIKE, from_below, 1.5)
    level = rrb.Pose.look_at([0, -0.55, -4.0], [0, -0.55, 0])
    with pytest.raises(BadInputError, match="below"):
        scale_of_pose(CHAIRLIKE, level, 1.5)
    scale_of_pose(CHAIRLIKE, rrb.Pose.look_at([0, -0.54, -4.0], [0, -0.54, 0]), 1.5)


def test_poses_are_single():
    with pytest.raises(BadInputError, match="single"):
        scale_of_pose(CHAIRLIKE, rrb.Pose.identity((2,)), 1.5)
    with pytest.raises(BadInputError, match="scale is 0"):
        scale_of_pose(CHAIRLIKE, UPRIGHT, 1.5, scale=0)


def test_an_origin_far_from_the_mesh_has_no_ray():
    far = CHAIRLIKE.with_vertices(CHAIRLIKE.vertices + [40.0, 0, 0])
    with pytest.raises(BadInputError, match="no ray to the object's origin goes with"):
        scale_from_camera_height(far, Viewpoint(35, 20, 0, 1), CAMERA, SEEN, 1.5)


# --- the collection -------------------------------------------------------------------------------


def test_meshes_of_the_collection_get_their_size_from_drawn_masks(shared):
    """Within 1 %, in pictures of 640 x 480."""
    entries = json.loads((shared / "meshes" / "index.json").read_text())
    random = np.random.default_rng(0)
    for entry in [e for e in entries if e["split"] == "train"][::4]:
        mesh = rrb.Mesh.load(shared / entry["file"]).normalised()[0]
        scale = entry["largest_extent_m"]
        view = (random.uniform(-180, 180), random.uniform(5, 50), random.uniform(-5, 5))
        ray = [random.uniform(-0.2, 0.2), random.uniform(-0.1, 0.1), 1]
        pose = rrb.Pose.from_viewpoint(*view, distance_m=2.2 * scale, ray_camera=ray)
        mask = rrb.render(mesh, pose, CAMERA, scale=scale).silhouette
        height = height_of(mesh, pose, scale)
        for seen in (mask, mask >= 0.5):
            found = scale_from_camera_height(mesh, Viewpoint(*view, None), CAMERA, seen, height)
            assert found.scale == pytest.approx(scale, rel=0.01), entry["name"]
            assert found.notes == (), entry["name"]


def test_focal_lengths_may_be_tensors():
    pose, scale = scenes(1)[0]
    seen, height = image_box(BLOB, pose, scale), height_of(BLOB, pose, scale)
    camera = replace(CAMERA, fx_px=torch.tensor(520.0, dtype=torch.float64, requires_grad=True))
    same(scale_from_camera_height(BLOB, pose.rotation, camera, seen, height), pose, scale)

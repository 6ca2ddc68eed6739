"""`rrb.fit`, its face: what it takes, what it refuses in one sentence, what it gives and keeps."""

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

import rrb
from fit_scenes import (
    CAMERA,
    ODD,
    START,
    TRUTH,
    assert_near,
    contour_of,
    covered,
    shifted,
    soft,
)
from rrb.errors import BadInputError
from rrb.geometry.pose_io import load_pose

MASK = covered()
QUICK = rrb.FirstOrder("antialias", steps=3)
DISC = np.hypot(*(np.mgrid[:128, :128] - 63.5)) < 40


@pytest.fixture(scope="module")
def found():
    return rrb.fit(ODD, MASK, CAMERA, init=START)


def same(result, other, tolerance=1e-9):
    np.testing.assert_allclose(
        result.camera_from_object.matrix, other.camera_from_object.matrix, atol=tolerance
    )


# --- what it takes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mask",
    [
        MASK.astype(np.float32),
        MASK.astype(np.float64),
        MASK.astype(np.float16),
        np.asfortranarray(MASK),
        np.repeat(MASK, 2, axis=1)[:, ::2],
        torch.tensor(MASK),
        torch.tensor(MASK, dtype=torch.float32),
        torch.tensor(MASK, dtype=torch.float64, requires_grad=True),
    ],
)
def test_masks_of_any_kind_are_the_same_mask(mask, found):
    same(rrb.fit(ODD, mask, CAMERA, init=START), found, 0)


def test_tensors_are_taken_everywhere(found):
    mesh = rrb.Mesh(torch.tensor(ODD.vertices, requires_grad=True), torch.tensor(ODD.faces))
    camera = rrb.Camera(
        torch.tensor(float(CAMERA.fx_px)), torch.tensor(float(CAMERA.fy_px)), 64.0, 64.0, 128, 128
    )
    unknown = torch.zeros(128, 128)
    result = rrb.fit(mesh, torch.tensor(MASK), camera, init=START.tensor(), unknown=unknown)
    same(result, found, 1e-4)  # float32 holds the focal length to 1e-7
    assert isinstance(result.camera_from_object.rotation, np.ndarray)
    assert isinstance(result.covariance, np.ndarray)
    assert isinstance(result.iou, float)


def test_float32_meshes_are_taken(found):
    same(rrb.fit(ODD.with_vertices(ODD.vertices.astype(np.float32)), MASK, CAMERA, init=START), found, 1e-4)


@pytest.mark.parametrize("factor", [1000.0, 1e-3, 1e6])
@pytest.mark.parametrize("start", [None, START], ids=["search", "start"])
def test_units_are_the_mesh_s(factor, start):
    """Millimetres, kilometres and micrometres: everything is as many times larger."""
    init = start and rrb.Pose(start.rotation, factor * start.translation)
    one = rrb.fit(ODD, MASK, CAMERA, init=start)
    other = rrb.fit(ODD.with_vertices(factor * ODD.vertices), MASK, CAMERA, init=init)
    assert other.iou == one.iou
    pose = other.camera_from_object
    assert_near(rrb.Pose(pose.rotation, pose.translation / factor), one.camera_from_object, 1e-3, 1e-5)
    # A scale does the same to a mesh.
    scaled = rrb.fit(ODD, MASK, CAMERA, init=init, scale=factor)
    assert_near(scaled.camera_from_object, pose, 1e-3, 1e-5)


def split_up(mesh):
    """Every face with corners of its own."""
    return rrb.Mesh(
        np.asarray(mesh.vertices)[mesh.faces].reshape(-1, 3), np.arange(3 * len(mesh.faces)).reshape(-1, 3)
    )


def with_bad_faces(mesh):
    """Points, needles and doubles among its faces."""
    more = [[0, 0, 0], [1, 1, 2], [3, 4, 3], mesh.faces[0], mesh.faces[1][[1, 0, 2]]]
    return rrb.Mesh(mesh.vertices, np.concatenate([mesh.faces, more]))


def turned_inside_out(mesh):
    faces = np.array(mesh.faces)
    faces[::2] = faces[::2, ::-1]
    return rrb.Mesh(mesh.vertices, faces)


@pytest.mark.parametrize("changed", [split_up, with_bad_faces, turned_inside_out])
@pytest.mark.parametrize("start", [None, START], ids=["search", "start"])
def test_meshes_as_they_come_are_taken(changed, start):
    result = rrb.fit(changed(ODD), MASK, CAMERA, init=start)
    assert_near(result.camera_from_object, TRUTH)
    assert result.iou > 0.99
    assert result.accepted


def test_open_surfaces_are_taken():
    sheet = rrb.Mesh(ODD.vertices, ODD.faces[:-9])
    mask = covered(sheet)
    result = rrb.fit(sheet, mask, CAMERA, init=START)
    assert result.iou > 0.98


@pytest.mark.parametrize("sizes", [0.5, 3.0, 100.0])
@pytest.mark.parametrize("start", [None, START], ids=["search", "start"])
def test_a_mesh_may_lie_away_from_its_origin(sizes, start):
    by = sizes * np.array([0.6, -0.5, 0.62])
    truth = rrb.Pose(TRUTH.rotation, TRUTH @ -by)
    init = start and rrb.Pose(start.rotation, start @ -by)
    result = rrb.fit(shifted(ODD, by), MASK, CAMERA, init=init)
    same_place = rrb.Pose(result.camera_from_object.rotation, result.camera_from_object @ by)
    assert_near(same_place, TRUTH)
    assert_near(result.camera_from_object, truth)
    assert result.accepted
    # To a translation's precision, what is far from the origin turns about where it is.
    alike = rrb.fit(ODD, MASK, CAMERA, init=start)
    assert_near(same_place, alike.camera_from_object, 0.1, 2e-3)


@pytest.mark.parametrize("start", [None, START], ids=["search", "start"])
def test_vertices_of_no_face_do_not_count(start):
    """Nor for the camera's height: the ground is below what there is of the object."""
    more = np.concatenate([ODD.vertices, [[0, -50, 0], [0, 0, 90.0], [0, 0, -90]]])
    names, height = ("rotation", "translation", "scale"), 1.1
    for known in ({}, {"variables": names, "camera_height_m": height}):
        one, other = (
            rrb.fit(mesh, MASK, CAMERA, init=start, **known) for mesh in (ODD, rrb.Mesh(more, ODD.faces))
        )
        same(other, one, 1e-6)
        assert other.scale == pytest.approx(one.scale, rel=1e-6)


@pytest.mark.parametrize("side", [256, 600, 1024])
def test_large_pictures_give_the_same_pose(side):
    camera = CAMERA.resize(side, side)
    result = rrb.fit(ODD, covered(camera=camera), camera, init=START)
    assert_near(result.camera_from_object, TRUTH, 0.1, 1e-3)
    assert result.iou > 0.98
    assert result.camera == camera


def test_part_of_a_picture_gives_the_same_pose():
    """Crops shift the principal point, wherever the object then is."""
    for window in ((-40, -10, 300, 200), (20, 25, 90, 95)):
        camera = CAMERA.crop(*window)
        result = rrb.fit(ODD, covered(camera=camera), camera, init=START)
        assert_near(result.camera_from_object, TRUTH, 0.3, 3e-3)


def test_soft_masks_are_worth_more_than_hard_ones():
    off = {"soft": 0.0, "hard": 0.0}
    for seed in range(6):
        truth = rrb.Pose.random(seed, translation=np.array([0.05, -0.02, 2.6]))
        for kind, mask in (("soft", soft(pose=truth)), ("hard", covered(pose=truth))):
            off[kind] += float(rrb.fit(ODD, mask, CAMERA, init=truth).camera_from_object.distance(truth)[0])
    assert off["soft"] < 0.5 * off["hard"]


def test_pixels_need_not_be_square():
    camera = rrb.Camera(150.0, 210.0, 60.0, 70.0, 128, 140)
    result = rrb.fit(ODD, covered(camera=camera), camera, init=START)
    assert_near(result.camera_from_object, TRUTH, 0.5, 5e-3)


def test_variables_may_be_any_names_in_a_row(found):
    same(rrb.fit(ODD, MASK, CAMERA, init=START, variables=["translation", "rotation"]), found, 0)
    alone = rrb.fit(ODD, MASK, CAMERA, init=START, variables="translation")
    assert alone.moved == ("translation_x", "translation_y", "translation_z")


def test_nothing_given_is_changed():
    mask, unknown = MASK.astype(np.float32), np.zeros(MASK.shape, np.float32)
    unknown[:4] = 1
    vertices = np.array(ODD.vertices)
    before = mask.copy(), unknown.copy(), vertices.copy(), START.matrix
    rrb.fit(rrb.Mesh(vertices, ODD.faces), mask, CAMERA, init=START, unknown=unknown)
    for now, then in zip((mask, unknown, vertices, START.matrix), before, strict=True):
        np.testing.assert_array_equal(now, then)


# --- what it refuses ------------------------------------------------------------------------------

LOOKING_UP = rrb.Pose.from_viewpoint(30, -60, 0, distance_m=2.8)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mask": np.zeros((128, 128), bool)}, "mask is empty"),
        ({"mask": np.ones((128, 128), bool)}, "mask is full"),
        ({"mask": DISC[:100]}, "mask is 128x100 but the camera's image is 128x128"),
        ({"mask": DISC.astype(np.uint8)}, r"uint8 of 0, 1;.*astype\(bool\)"),
        ({"mask": DISC.astype(np.uint8) * 255}, "divide by 255"),
        ({"mask": DISC * 255.0}, "from 0 to 255"),
        ({"mask": np.where(DISC, np.nan, 0)}, "nan"),
        ({"mask": np.dstack([DISC] * 3)}, r"one channel, \(H, W\)"),
        ({"mask": np.pad([[True]], ((60, 67), (60, 67)))}, "1 pixels inside"),
        ({"unknown": np.ones((128, 128))}, "unknown hides all but 0"),
        ({"unknown": DISC}, "unknown hides all"),
        ({"unknown": np.zeros((5, 5))}, "unknown is 5x5"),
        ({"unknown": DISC.astype(np.uint8)}, "unknown is uint8"),
        ({"scale": 0}, "scale is 0;"),
        ({"scale": -2}, "scale is -2;"),
        ({"scale": np.nan}, "scale is nan;"),
        ({"scale": np.inf}, "scale is inf;"),
        ({"scale": "big"}, "scale is 'big';"),
        ({"scale": None}, "scale is None;"),
        ({"init": TRUTH.matrix}, "init is no single pose"),
        ({"init": rrb.Pose.random(0, (2,))}, "init is no single pose"),
        ({"init": "front"}, "init is no single pose"),
        ({"variables": "rotation"}, "without an init, translation and rotation"),
        ({"variables": "translation"}, "without an init, translation and rotation"),
        ({"variables": ("rotation", "scale")}, "without an init, translation and rotation"),
        ({"variables": ("azimuth", "translation")}, "without an init, translation and rotation"),
        ({"priors": {"rotation_deg": 5}}, "about an init, and none is given"),
        ({"road": QUICK}, "first-order road has no search"),
        ({"init": TRUTH, "bounds": {"azimuth_deg": (50, 60)}}, "start lies beyond the bounds on azimuth_deg"),
        ({"init": TRUTH, "variables": ("rotation", "scale"), "scale": 3, "bounds": {"scale": (0.5, 2)}},
         "start lies beyond the bounds on scale"),
        ({"init": LOOKING_UP, "variables": ("rotation", "translation", "scale"), "camera_height_m": 1.2},
         "at or below the object's lowest vertex"),
        ({"mesh": rrb.Mesh(np.ones((3, 3)), [[0, 1, 2]])}, "of the mesh lie in one point"),
        ({"camera_height_m": -1}, "camera_height_m is -1"),
        ({"variables": ()}, "nothing to move"),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_one_sentence(given, said):
    mesh, mask = given.pop("mesh", ODD), given.pop("mask", DISC)
    with pytest.raises(BadInputError, match=said) as caught:
        rrb.fit(mesh, mask, CAMERA, **given)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_mask_whose_border_is_the_picture_s_is_refused():
    """Inside and outside meet nowhere that is known."""
    half = np.arange(128) < 64
    mask = np.broadcast_to(half, (128, 128))
    unknown = np.abs(np.broadcast_to(np.arange(128), (128, 128)) - 63.5) < 2
    with pytest.raises(BadInputError, match="unknown hides all but 0 of the 128 sides"):
        rrb.fit(ODD, mask, CAMERA, unknown=unknown)


@pytest.mark.parametrize("place", [[0, 0, -3], [60, 0, 3]])
def test_from_a_start_out_of_sight_the_pose_is_searched(place):
    """Behind the camera or beside the picture: there is nothing to descend from."""
    result = rrb.fit(ODD, MASK, CAMERA, init=rrb.Pose(START.rotation, place))
    assert_near(result.camera_from_object, TRUTH)


@pytest.mark.parametrize("place", [[0, 0, -3], [60, 0, 3]])
@pytest.mark.parametrize("names", ["translation", "rotation", ("azimuth", "translation")])
def test_from_a_start_out_of_sight_nothing_is_found_if_not_all_may_move(names, place):
    with pytest.raises(BadInputError, match="at the start nothing of the mesh is in front of the camera"):
        rrb.fit(ODD, MASK, CAMERA, init=rrb.Pose(START.rotation, place), variables=names)


def test_what_is_thinner_than_the_reduced_picture_s_pixels_is_refused():
    camera = rrb.Camera.from_fov(40, width=1600, height=1600)
    line, hidden = np.zeros((1600, 1600), bool), np.ones((1600, 1600), bool)
    line[300:1300, 800] = True
    square = np.zeros_like(line)
    square[300:1300, 300:1300] = True
    for column in (405, 505, 605, 705):
        hidden[297:303, column : column + 3] = False
    for mask, unknown in ((line, None), (square, hidden)):
        with pytest.raises(BadInputError, match="nothing of the mask's contour"):
            rrb.fit(ODD, mask, camera, unknown=unknown)


# --- what it gives --------------------------------------------------------------------------------


def test_a_result_says_what_it_is(found):
    assert found.scale == 1
    assert found.camera == CAMERA
    assert found.moved == tuple(f"{what}_{axis}" for what in ("rotation", "translation") for axis in "xyz")
    assert found.accepted
    assert found.reason is None
    assert found.notes == ()
    assert found.iou == pytest.approx(contour_of(ODD, MASK).judge(
        contour_of(ODD, MASK).state(found.camera_from_object), 1.5).iou)  # fmt: skip
    exact = covered(pose=found.camera_from_object)
    assert found.iou == pytest.approx((exact & MASK).sum() / (exact | MASK).sum(), abs=2e-3)
    with pytest.raises(AttributeError):
        found.iou = 1.0


def test_overlap_is_of_what_is_known():
    unknown = np.zeros((128, 128), bool)
    unknown[:60] = True
    result = rrb.fit(ODD, MASK & ~unknown, CAMERA, init=START, unknown=unknown)
    exact = covered(pose=result.camera_from_object)
    both, either = (exact & MASK)[~unknown].sum(), (exact | MASK)[~unknown].sum()
    assert result.iou == pytest.approx(both / either, abs=3e-3)


def test_the_way_there_is_told(found):
    first, last = found.history[0], found.history[-1]
    assert_near(first.camera_from_object, START, 1e-6, 1e-9)
    np.testing.assert_array_equal(last.camera_from_object.matrix, found.camera_from_object.matrix)
    assert all(
        step.scale == 1 and step.focal_px == pytest.approx(float(CAMERA.fx_px)) for step in found.history
    )
    assert all(math.isfinite(step.cost) for step in found.history)
    stages = [step.stage for step in rrb.fit(ODD, MASK, CAMERA).history]
    assert list(dict.fromkeys(stages)) == ["low resolution", "full resolution"]


def test_parts_of_a_mask_are_noted():
    unknown = np.zeros((128, 128), bool)
    unknown[:, 60:72] = True
    result = rrb.fit(ODD, MASK & ~unknown, CAMERA, unknown=unknown)
    assert any("separate parts; all are fitted as one object" in note for note in result.notes)


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"init": START, "variables": ("rotation", "translation", "focal_length")},
        {"init": START, "variables": "azimuth"},
        {"variables": ("rotation", "translation", "scale"), "camera_height_m": 0.9},
        {"init": START, "road": QUICK},
    ],
    ids=["search", "focal", "azimuth", "height", "first order"],
)
def test_a_saved_result_comes_back(choice, tmp_path):
    result = rrb.fit(ODD, MASK, CAMERA, **choice)
    result.save(tmp_path / "pose.json")
    held = load_pose(tmp_path / "pose.json")
    np.testing.assert_allclose(held.camera_from_object.matrix, result.camera_from_object.matrix, atol=1e-15)
    assert held.camera == replace(
        result.camera, fx_px=float(result.camera.fx_px), fy_px=float(result.camera.fy_px)
    )
    for name in ("scale", "iou", "accepted", "reason"):
        assert getattr(held, name) == getattr(result, name)
    if result.covariance is None:
        assert held.covariance is None
    else:
        np.testing.assert_array_equal(held.covariance, result.covariance)
    assert len(held.hypotheses) == len(result.hypotheses)
    for saved, given in zip(held.hypotheses, result.hypotheses, strict=True):
        assert (saved.weight, saved.iou, saved.symmetry) == (given.weight, given.iou, given.symmetry)
        np.testing.assert_allclose(
            saved.camera_from_object.matrix, given.camera_from_object.matrix, atol=1e-15
        )


def test_the_first_order_road_answers_with_the_same_result():
    result = rrb.fit(
        ODD, MASK, CAMERA, init=START, road=rrb.FirstOrder("antialias", steps=60, learning_rate=0.015)
    )
    assert result.covariance is None
    assert len(result.hypotheses) == 1
    exact = covered(pose=result.camera_from_object)
    assert result.iou == pytest.approx((exact & MASK).sum() / (exact | MASK).sum(), abs=2e-3)
    assert result.iou > 0.9
    assert result.accepted
    assert not rrb.fit(ODD, DISC, CAMERA, init=START, road=QUICK).accepted


def test_fewer_starts_are_a_choice():
    lean = rrb.SecondOrder(coarse=4, fine=1, views=200)
    result = rrb.fit(ODD, MASK, CAMERA, road=lean)
    assert len(result.hypotheses) == 1
    assert result.iou <= rrb.fit(ODD, MASK, CAMERA).iou + 1e-3


def test_a_fit_needs_no_torch():
    code = (
        "import sys; sys.path.insert(0, 'tests'); import rrb; from fit_scenes import *;"
        " rrb.fit(ODD, covered(), CAMERA, init=START); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

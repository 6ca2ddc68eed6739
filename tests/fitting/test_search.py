"""From no start to the pose: where searches look, that they find it, and that threads change nothing."""

import math

import numpy as np
import pytest

import rrb
from fit_scenes import (
    CAMERA,
    ODD,
    START,
    TRUTH,
    TWO_SIDED,
    angles_deg,
    assert_near,
    chair,
    contour_of,
    covered,
    degrees,
    pose_of,
    soft,
)
from rrb import _jit
from rrb.errors import BadInputError
from rrb.fitting import search
from rrb.fitting.rotation_grids import all_rotations, directions, upright_rotations
from rrb.fitting.search import SecondOrder
from rrb.geometry.conversions import ray_rotation

FINE = rrb.Camera.from_fov(40, width=160, height=160)


# --- where searches look --------------------------------------------------------------------------


@pytest.mark.parametrize("count", [500, 2000, 8000])
def test_all_rotations_leave_no_gap(count):
    """Each random rotation has a start near it: balls of the angle a around `count` rotations fill all rotations once
    if count (a - sin a) / pi = 1; a lattice of cubes leaves gaps of 1.4 times that a, and a spiral not twice."""
    grid = all_rotations(count)
    np.testing.assert_allclose(grid @ grid.swapaxes(1, 2), np.broadcast_to(np.eye(3), grid.shape), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(grid), 1)
    probes = rrb.Pose.random(0, (3000,)).rotation.reshape(-1, 9)
    nearest = np.arccos(np.clip(((probes @ grid.reshape(-1, 9).T).max(1) - 1) / 2, -1, 1))
    fills = (6 * math.pi / count) ** (1 / 3)  # a - sin a is a^3 / 6
    assert nearest.max() < 1.8 * fills
    assert nearest.mean() < fills


def test_directions_are_spread_evenly():
    found = directions(256)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    probes = rrb.Pose.random(1, (2000,)).rotation[:, 0]
    fills = math.acos(1 - 2 / 256)  # of caps that would cover the sphere once
    assert np.arccos((probes @ found.T).max(1).min()) < 1.4 * fills


def test_upright_rotations_are_upright():
    """The object's up axis points up in the image, nowhere aside, and every azimuth is seen from several heights."""
    grid = upright_rotations(24, (-20.0, 10.0, 55.0))
    azimuth, elevation, roll = np.stack([angles_deg(rrb.Pose(r, np.zeros(3))) for r in grid]).T
    np.testing.assert_allclose(roll, 0, atol=1e-9)
    np.testing.assert_allclose(grid[:, 0, 1], 0, atol=1e-12)
    assert (grid[:, 1, 1] < 0).all()
    assert sorted(set(elevation.round(6))) == [-20, 10, 55]
    for height in (-20, 10, 55):
        ring = np.sort(azimuth[np.abs(elevation - height) < 1e-6])
        np.testing.assert_allclose(np.diff(ring), 15, atol=1e-6)


@pytest.mark.parametrize("upright", [False, True])
def test_starts_draw_the_mesh_into_the_mask_s_box(upright):
    """The middle and the diagonal agree; a box of another shape cannot be met."""
    contour = contour_of(ODD, covered())
    starts = search.starts_anywhere(contour, upright, 1.0, SecondOrder(views=300))
    x0, y0, x1, y1 = contour.observed.box
    for state in starts[::7]:
        pose = pose_of(contour, state)
        at = contour.observed.camera.project(pose @ ODD.vertices)[:, :2]
        low, high = at.min(0), at.max(0)
        np.testing.assert_allclose((low + high) / 2, [(x0 + x1) / 2, (y0 + y1) / 2], atol=2)
        assert np.hypot(*(high - low)) == pytest.approx(math.hypot(x1 - x0, y1 - y0), rel=0.03)


@pytest.mark.parametrize("ray", [[0.5, 0.3, 1], [-0.6, 0.2, 1]])
def test_upright_starts_stand_upright_where_the_object_is_seen(ray):
    """Beside the axis, what is level along the ray to the mask's middle is not level in the picture's middle."""
    camera = rrb.Camera(100.0, 100.0, 80.0, 80.0, 160, 160)
    mask = covered(pose=rrb.Pose.from_viewpoint(30, 20, 0, distance_m=3, ray_camera=ray), camera=camera)
    starts = search.starts_anywhere(contour_of(ODD, mask, camera), True, 1.0, SecondOrder())
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    middle = np.array([columns[0] + columns[-1] + 1, rows[0] + rows[-1] + 1]) / 2
    turn = np.asarray(ray_rotation(camera.unproject(middle, 1.0)))
    for state in starts[::5]:
        seen = rrb.Pose(turn.T @ state[:9].reshape(3, 3), np.zeros(3))
        assert angles_deg(seen)[2] == pytest.approx(0, abs=1e-6)


def test_overlap_ranks_as_the_overlap_of_pictures_does():
    contour = contour_of(ODD, covered())
    poses = [TRUTH, START, *rrb.Pose.random(0, (6,), translation=np.array([0, 0, 2.8]))]
    found = contour.overlap(np.stack([contour.state(pose) for pose in poses]))
    exact = [
        (covered() & covered(pose=pose)).sum() / (covered() | covered(pose=pose)).sum() for pose in poses
    ]
    np.testing.assert_allclose(found, exact, atol=0.12)  # on cells of four pixels
    assert found.argmax() == 0
    assert found.max() <= 1


@pytest.mark.parametrize("name", ["coarse", "fine", "views"])
@pytest.mark.parametrize("value", [0, -3, 2.5, "8", True, None])
def test_settings_are_whole_numbers(name, value):
    with pytest.raises(BadInputError, match=f"{name} is .*a whole number from 1"):
        SecondOrder(**{name: value})


# --- that they find it ----------------------------------------------------------------------------

OBJECTS = {"odd": (ODD, 2.6), "chair": (chair(), 2.0), "two-sided": (TWO_SIDED, 2.5)}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", OBJECTS)
def test_any_view_is_found_from_no_start(name, seed):
    mesh, distance = OBJECTS[name]
    truth = rrb.Pose.random(100 + seed, translation=np.array([0.1, -0.08, distance]))
    result = rrb.fit(mesh, covered(mesh, truth, FINE), FINE)
    assert_near(result.camera_from_object, truth)
    assert result.accepted, result.reason
    assert result.iou > 0.95
    assert result.notes == ()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", OBJECTS)
def test_an_upright_view_is_found_from_no_start(name, seed):
    mesh, distance = OBJECTS[name]
    random = np.random.default_rng(seed)
    azimuth, elevation = random.uniform(-180, 180), random.uniform(-5, 60)
    truth = rrb.Pose.from_viewpoint(azimuth, elevation, 0, distance_m=distance, ray_camera=[0.05, -0.04, 1])
    result = rrb.fit(mesh, covered(mesh, truth, FINE), FINE, upright=True)
    assert_near(result.camera_from_object, truth)
    assert result.accepted, result.reason
    assert result.notes == ("the object stands upright in the picture",)


@pytest.mark.parametrize("ray", [[0.4, 0.3, 1], [-0.5, -0.25, 1], [0.45, -0.2, 1]])
def test_an_object_far_beside_the_axis_is_found(ray):
    """In a large picture, of which it fills a corner and where perspective turns what is seen of it."""
    camera = rrb.Camera(900.0, 880.0, 500.0, 380.0, 1000, 800)
    truth = rrb.Pose.from_viewpoint(30, 20, 10, distance_m=6, ray_camera=ray)
    mask = covered(ODD, truth, camera)
    assert mask.sum() > 5000
    for start in (None, truth.step(np.array([0.08, -0.06, 0.1, 0.03, -0.02, 0.15]))):
        result = rrb.fit(ODD, mask, camera, init=start)
        assert_near(result.camera_from_object, truth, 0.5, 3e-3)


@pytest.mark.parametrize("cut", [(20, 0, 108, 128), (0, 20, 128, 108), (0, 0, 108, 128), (0, 0, 128, 98)])
def test_what_the_picture_s_border_cuts_off_is_made_up_for(cut):
    camera = rrb.Camera.from_fov(25, width=128, height=128).crop(*cut)
    mask = covered(ODD, TRUTH, camera)
    assert mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
    result = rrb.fit(ODD, mask, camera)
    assert_near(result.camera_from_object, TRUTH)
    assert result.accepted, result.reason
    assert result.iou > 0.98


@pytest.mark.parametrize("cut", [(0, 0, 128, 83), (0, 0, 128, 73), (55, 0, 73, 128)])
def test_a_chair_of_which_a_third_is_cut_off_is_found(cut):
    """What is seen fills another box than the whole would."""
    camera = rrb.Camera.from_fov(25, width=128, height=128).crop(*cut)
    truth = rrb.Pose.from_viewpoint(30, 20, 10, distance_m=2.4)
    result = rrb.fit(chair(), covered(chair(), truth, camera), camera)
    assert_near(result.camera_from_object, truth)


@pytest.mark.parametrize("column", [50, 60, 70])
@pytest.mark.parametrize("says", [0.0, 1.0])
def test_what_an_occluder_hides_is_made_up_for(column, says):
    unknown = np.zeros((128, 128), bool)
    unknown[:, column : column + 12] = True
    mask = np.where(unknown, says, covered()).astype(np.float32)
    result = rrb.fit(ODD, mask, CAMERA, unknown=unknown)
    assert_near(result.camera_from_object, TRUTH)
    assert result.accepted
    assert result.iou > 0.98
    # Taken for the object's own, it is one worse.
    assert rrb.fit(ODD, mask, CAMERA).iou < 0.92


@pytest.mark.parametrize("seed", range(3))
def test_from_a_start_far_off_the_pose_around_it_is_found(seed):
    """Thirty-five degrees away, a descent alone ends anywhere."""
    random = np.random.default_rng(seed)
    axis = random.normal(size=3)
    turn = math.radians(35) * axis / np.linalg.norm(axis)
    start = TRUTH.step(np.concatenate([turn, random.normal(size=3) * 0.1]))
    result = rrb.fit(ODD, covered(), CAMERA, init=start)
    assert_near(result.camera_from_object, TRUTH)


def test_a_search_keeps_to_bounds_on_angles():
    """The second-best view is found if the best is out of bounds, and the best only inside."""
    for low, high in ((-180, -90), (-90, 0), (0, 90), (90, 180)):
        result = rrb.fit(ODD, covered(), CAMERA, bounds={"azimuth_deg": (low, high)})
        poses = [result.camera_from_object, *(h.camera_from_object for h in result.hypotheses)]
        for azimuth in (angles_deg(pose)[0] for pose in poses):
            assert any(low - 1e-6 <= azimuth + turn <= high + 1e-6 for turn in (-360, 0, 360))
        assert (degrees(result.camera_from_object, TRUTH) < 1) == (low == 0)
        assert result.accepted == (low == 0)


def test_starts_keep_to_bounds_and_to_a_known_height():
    names = ("azimuth", "elevation", "roll", "translation", "scale")
    bounds = {"azimuth_deg": (150, 210), "elevation_deg": (10, 30)}
    contour = contour_of(ODD, covered(), variables=names, bounds=bounds, camera_height_m=1.4)
    starts = search._within(contour, search.starts_anywhere(contour, False, 1.0, SecondOrder()))
    assert len(starts) > 5
    for state in starts:
        pose, scale = pose_of(contour, state), math.exp(state[12])
        azimuth, elevation, _ = angles_deg(pose)
        assert 150 - 1e-6 <= azimuth % 360 <= 210 + 1e-6
        assert 10 - 1e-6 <= elevation <= 30 + 1e-6
        height = pose.camera_centre_object[1] - scale * ODD.bounding_box()[0, 1]
        assert height == pytest.approx(1.4)


def test_nothing_within_the_bounds_is_one_sentence():
    """From below the ground no camera height is met."""
    with pytest.raises(BadInputError, match="no view of the mesh fits"):
        rrb.fit(
            ODD,
            covered(),
            CAMERA,
            variables=("rotation", "translation", "scale"),
            bounds={"elevation_deg": (-85, -60)},
            camera_height_m=1.0,
        )


# --- threads and repetitions ----------------------------------------------------------------------


@pytest.fixture
def restored():
    before = _jit._threads
    yield
    _jit._threads = before


def bits(result) -> list:
    arrays = [result.covariance, *(h.camera_from_object.matrix for h in result.hypotheses)]
    arrays += [step.camera_from_object.matrix for step in result.history]
    numbers = [
        result.iou,
        result.scale,
        *(h.weight for h in result.hypotheses),
        *(s.cost for s in result.history),
    ]
    return [array.tobytes() for array in arrays] + [float(n).hex() for n in numbers]


@pytest.mark.parametrize("start", [None, START], ids=["search", "start"])
def test_threads_and_repetitions_do_not_change_a_bit(restored, start):
    mask = soft(fine=4)
    found = []
    for threads in (1, 2, 2, 3, 1):
        rrb.set_threads(threads)
        found.append(bits(rrb.fit(ODD, mask, CAMERA, init=start)))
    assert len(found[0]) > 10
    assert all(other == found[0] for other in found[1:])

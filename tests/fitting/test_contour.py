"""One mesh against one mask: what the cost and its derivatives must obey, and that what is known is kept."""

import math
from dataclasses import replace

import numpy as np
import pytest

import rrb
from fit_scenes import (
    CAMERA,
    ELLIPSOID,
    ODD,
    START,
    TRUTH,
    angles_deg,
    assert_near,
    contour_of,
    covered,
    degrees,
    moved,
    shifted,
    soft,
)
from rrb.errors import BadInputError
from rrb.geometry.primitives import cylinder, icosphere

REACH = 8.0  # px
UNITS = np.array(
    [*[math.radians(1.5)] * 3, 0.02, 0.02, 0.02, 0.02, 0.02]
)  # that move the contour by a pixel or so
COORDINATES = ["turn x", "turn y", "turn z", "right", "down", "forward", "scale", "focal"]
POSE = ("rotation", "translation")
ANGLES = ("azimuth", "elevation", "roll", "translation")


@pytest.fixture(scope="module")
def ellipsoid():
    long = ELLIPSOID.with_vertices(ELLIPSOID.vertices * [1, 0.6, 0.6])
    return contour_of(long, soft(long))


@pytest.fixture(scope="module")
def odd():
    return contour_of(ODD, covered())


# --- the cost -------------------------------------------------------------------------------------


def test_at_the_truth_there_is_little_to_pay(odd):
    at_truth = odd.judge(odd.state(TRUTH), REACH)
    assert at_truth.cost < 0.02
    assert at_truth.iou == pytest.approx(1, abs=1e-3)
    assert at_truth.rms_px < 0.4  # pixels are whole
    assert odd.judge(odd.state(START), REACH).cost > 5 * at_truth.cost


@pytest.mark.parametrize("seed", range(5))
def test_the_cost_lies_between_nothing_and_two(odd, seed):
    random = np.random.default_rng(seed)
    pose = rrb.Pose.random(random, translation=random.uniform([-1, -1, 1.5], [1, 1, 5]))
    for reach in (1.0, 10.0, 100.0):
        judged = odd.judge(odd.state(pose), reach)
        assert 0 <= judged.cost <= 2
        assert 0 <= judged.iou <= 1
        np.testing.assert_array_equal(judged.normal_matrix, judged.normal_matrix.T)
        assert np.linalg.eigvalsh(judged.normal_matrix).min() >= -1e-9 * np.trace(judged.normal_matrix)


@pytest.mark.parametrize("says", [0.0, 1.0])
@pytest.mark.parametrize("where", [np.s_[:, 50:80], np.s_[:60], np.s_[40:70, 30:90]])
def test_what_is_unknown_charges_nothing(where, says):
    unknown = np.zeros((128, 128), np.float32)
    unknown[where] = 1
    mask = np.where(unknown > 0, says, covered())
    contour = contour_of(ODD, mask, unknown=unknown)
    at_truth = contour.judge(contour.state(TRUTH), REACH)
    assert at_truth.cost < 0.03
    assert at_truth.iou == pytest.approx(1, abs=1e-3)
    charged = contour_of(ODD, mask)
    assert charged.judge(charged.state(TRUTH), REACH).cost > 0.1


@pytest.mark.parametrize("place", [[0, 0, -3], [0, 0, 0.1], [40, 0, 3], [0, 0, 0]])
def test_what_cannot_be_drawn_costs_infinitely_much(odd, place):
    judged = odd.judge(odd.state(rrb.Pose(TRUTH.rotation, place)), REACH)
    assert judged.cost == np.inf
    assert judged.iou == 0


@pytest.mark.parametrize("factor", [1e-3, 0.5, 3.0, 1000.0])
def test_larger_and_farther_is_the_same_picture(odd, factor):
    one, other = odd.state(START), odd.state(rrb.Pose(START.rotation, factor * START.translation), factor)
    for reach in (2.0, 20.0):
        a, b = odd.judge(one, reach), odd.judge(other, reach)
        assert b.cost == pytest.approx(a.cost, rel=1e-9)
        assert b.iou == a.iou
        units = np.array([1, 1, 1, factor, factor, factor, 1, 1, 1])
        np.testing.assert_allclose(b.gradient * units, a.gradient, rtol=1e-6, atol=1e-9)


def test_a_picture_on_its_side_costs_the_same():
    """Rows and columns are treated alike: x and y of the camera swapped, of a mesh that is mirrored for it."""
    mirror, swap = np.diag([-1.0, 1, 1]), np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]])
    mirrored = ODD.with_vertices(ODD.vertices @ mirror)
    mask = covered()
    for pose in (TRUTH, START):
        turned = rrb.Pose(swap @ pose.rotation @ mirror, swap @ pose.translation)
        upright, lying = contour_of(ODD, mask), contour_of(mirrored, mask.T)
        a, b = upright.judge(upright.state(pose), REACH), lying.judge(lying.state(turned), REACH)
        assert b.iou == pytest.approx(a.iou, abs=1e-3)
        assert b.cost == pytest.approx(a.cost, rel=0.02)
        assert b.rms_px == pytest.approx(a.rms_px, rel=0.02)


# --- its derivatives ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COORDINATES)
@pytest.mark.parametrize("off", [-2, -1, 1, 2])
def test_the_gradient_is_that_of_half_the_cost(ellipsoid, name, off):
    """Of a smooth convex shape, whose contour's points keep their partners. It is still Gauss's and Newton's: that a
    point finds another partner as it moves along the contour is left out, and lengths of both contours change."""
    k = COORDINATES.index(name)
    one = np.eye(8)[k] * UNITS[k]
    state = moved(ellipsoid.state(TRUTH), off * one)
    ahead, behind = (ellipsoid.judge(moved(state, step * one), REACH).cost for step in (0.25, -0.25))
    expected = (ahead - behind) / (2 * 0.25)
    found = 2 * ellipsoid.judge(state, REACH).gradient[:8] @ one
    assert math.copysign(1, found) == math.copysign(1, off)
    assert found == pytest.approx(expected, rel=0.12)


@pytest.mark.parametrize("seed", range(4))
def test_pulls_are_the_gradients_after_each_step(odd, seed):
    random = np.random.default_rng(seed)
    state = odd.state(START)
    steps = random.normal(size=(5, 8)) * UNITS
    found = odd.pulls(state, steps, REACH)
    expected = [odd.judge(moved(state, step), REACH).gradient for step in steps]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("pose", [TRUTH, START], ids=["truth", "start"])
def test_no_residual_sees_larger_and_farther(odd, pose):
    """(t, s) -> k (t, s) moves no pixel: of every Jacobian's row t . row[3:6] + row[6] is 0."""
    state = odd.state(pose)
    judged = odd.judge(state, REACH)
    blind = np.array([0, 0, 0, *state[9:12], 1, 0, 0])
    scale = np.abs(judged.normal_matrix).max()
    np.testing.assert_allclose(judged.normal_matrix @ blind, 0, atol=1e-12 * scale)
    assert judged.gradient @ blind == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("origin", [[0.3, -0.2, 0.5], [2.0, 1.0, -3.0]])
def test_another_origin_of_the_object_is_another_basis(odd, origin):
    """The same points turn about another place: w about the old one also moves the new one, an arm away, by w x arm."""
    origin = np.array(origin)
    other = contour_of(shifted(ODD, -origin), covered())
    state, there = odd.state(START), other.state(rrb.Pose(START.rotation, START @ origin))
    arm = there[9:12] - state[9:12]
    basis = np.eye(9)  # the old step that a new one is
    basis[3:6, :3] = np.column_stack([np.cross(w, -arm) for w in np.eye(3)])
    basis[3:6, 6] = -arm
    a, b = odd.judge(state, REACH), other.judge(there, REACH)
    assert b.cost == pytest.approx(a.cost, rel=1e-9)
    np.testing.assert_allclose(b.gradient, basis.T @ a.gradient, rtol=0, atol=1e-8)
    matrix = basis.T @ a.normal_matrix @ basis
    np.testing.assert_allclose(b.normal_matrix, matrix, rtol=0, atol=1e-8 * np.abs(matrix).max())


@pytest.mark.parametrize("across", [False, True], ids=["edge down", "edge across"])
@pytest.mark.parametrize("off", [0.25, 1.5, -2.5])
def test_one_straight_edge_in_closed_form(across, off):
    """A sheet, three of whose edges lie outside the picture, `off` pixels beyond the edge of a half-plane.

    Every residual is r, every partner the half-plane's edge: the cost is twice r^2 / (c^2 + r^2), and its halved
    derivative is 2 r c^2 / (c^2 + r^2)^2 times how the pixel moves. The ninth number moves all edges outwards.
    """
    camera = rrb.Camera(120.0, 130.0, 66.0, 60.0, 128, 128)
    z, at = 2.0, 70.0
    y, x = np.mgrid[:128, :128] + 0.5
    focal, centre = (camera.fy_px, camera.cy_px) if across else (camera.fx_px, camera.cx_px)
    edge = (at + off - centre) / focal * z
    corners = np.array([[edge, -9], [edge, 9], [-9, 9], [-9, -9]])
    corners = corners[:, ::-1] if across else corners
    sheet = rrb.Mesh(np.column_stack([corners, np.zeros(4)]), [[0, 1, 2], [0, 2, 3]])
    contour = contour_of(sheet, (y if across else x) < at, camera)
    state = contour.state(rrb.Pose(np.eye(3), [0, 0, z]))
    judged = contour.judge(state, REACH)
    r, c2 = off, REACH**2
    assert judged.cost == pytest.approx(2 * r**2 / (c2 + r**2), rel=1e-6)
    assert judged.rms_px == pytest.approx(abs(r) * math.sqrt(c2 / (c2 + r**2)), rel=1e-6)
    force = 2 * r * c2 / (c2 + r**2) ** 2
    # The mean over the lines of pixels that cross the edge: of a point of it, and of how its pixel moves with it.
    centre, focal_along = (camera.cx_px, camera.fx_px) if across else (camera.cy_px, camera.fy_px)
    along = (64 - centre) / focal_along * z
    point = np.array([along, edge, z] if across else [edge, along, z])
    pull = np.array([0, focal / z, -focal * edge / z**2] if across else [focal / z, 0, -focal * edge / z**2])
    arm = point - state[9:12]
    moves = np.array([*np.cross(arm, pull), *pull, pull @ arm, focal * edge / z, 1])
    np.testing.assert_allclose(judged.gradient, force * moves, rtol=1e-6, atol=1e-9)


# --- what is known is kept ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bounds", "met"),
    [
        ({"azimuth_deg": (-20, 20)}, 20),
        ({"azimuth_deg": (35, 40)}, 35),
        ({"azimuth_deg": (395, 500)}, 35),
        ({"elevation_deg": (0, 15)}, 15),
        ({"elevation_deg": (25, 40)}, 25),
        ({"elevation_deg": (-np.inf, 15)}, 15),
        ({"roll_deg": (12, 30)}, 12),
        ({"roll_deg": (-20, 8)}, 8),
    ],
)
@pytest.mark.parametrize("names", [POSE, ANGLES])
def test_bounds_hold_and_their_being_met_is_told(bounds, met, names):
    result = rrb.fit(ODD, covered(), CAMERA, bounds=bounds, variables=names)
    (name,) = bounds
    angle = angles_deg(result.camera_from_object)[["azimuth_deg", "elevation_deg", "roll_deg"].index(name)]
    assert angle == pytest.approx(met, abs=1e-9)
    assert not result.accepted
    assert result.reason == f"the best pose lies beyond the bounds on {name}"
    # What is free still does its best.
    assert result.iou > 0.85


@pytest.mark.parametrize("names", [POSE, ANGLES])
def test_bounds_that_hold_the_truth_change_nothing(names):
    bounds = {"azimuth_deg": (0, 90), "elevation_deg": (-10, 45), "translation_m": ((-1, -1, 2), (1, 1, 4))}
    free = rrb.fit(ODD, covered(), CAMERA, variables=names)
    bounded = rrb.fit(ODD, covered(), CAMERA, variables=names, bounds=bounds)
    assert bounded.accepted
    assert_near(bounded.camera_from_object, free.camera_from_object, 0.1, 2e-3)


def test_bounds_on_the_place_hold():
    bounds = {"translation_m": ((-1, -1, 2.9), (1, 1, 3.5))}
    result = rrb.fit(ODD, covered(), CAMERA, bounds=bounds)
    assert result.camera_from_object.translation[2] == pytest.approx(2.9, abs=1e-12)
    assert result.reason == "the best pose lies beyond the bounds on translation_m"


@pytest.mark.parametrize(
    ("name", "k", "view"),
    [("azimuth", 0, (39, 20, 10)), ("elevation", 1, (30, 12, 10)), ("roll", 2, (30, 20, -2))],
)
def test_one_angle_moves_alone(name, k, view):
    start = rrb.Pose.from_viewpoint(*view, distance_m=2.8)
    result = rrb.fit(ODD, covered(), CAMERA, init=start, variables=name)
    others = [i for i in range(3) if i != k]
    before, after = angles_deg(start), angles_deg(result.camera_from_object)
    np.testing.assert_allclose(after[others], before[others], atol=1e-9)
    assert after[k] == pytest.approx([30, 20, 10][k], abs=0.3)
    np.testing.assert_array_equal(result.camera_from_object.translation, start.translation)
    assert result.moved == (name,)
    assert result.covariance.shape == (1, 1)


def test_what_does_not_move_stays_to_the_bit():
    result = rrb.fit(ODD, covered(), CAMERA, init=START, variables="translation", scale=1.1)
    np.testing.assert_array_equal(result.camera_from_object.rotation, START.rotation)
    assert result.scale == pytest.approx(1.1, rel=1e-12)
    assert result.camera == CAMERA
    result = rrb.fit(ODD, covered(), CAMERA, init=START, variables="rotation")
    np.testing.assert_array_equal(result.camera_from_object.translation, START.translation)


def test_the_scale_is_found_where_the_place_is_known():
    start = rrb.Pose(START.rotation, TRUTH.translation)
    result = rrb.fit(ODD, soft(), CAMERA, init=start, scale=1.2, variables=("rotation", "scale"))
    assert result.scale == pytest.approx(1, abs=0.005)
    assert_near(result.camera_from_object, TRUTH)


def test_the_focal_length_is_found_where_the_place_is_known():
    camera = replace(CAMERA, fx_px=1.1 * CAMERA.fx_px, fy_px=1.1 * CAMERA.fy_px)
    start = rrb.Pose(START.rotation, TRUTH.translation)
    result = rrb.fit(ODD, soft(), camera, init=start, variables=("rotation", "focal_length"))
    assert result.camera.fx_px == pytest.approx(CAMERA.fx_px, rel=0.005)
    assert result.camera.fy_px / result.camera.fx_px == pytest.approx(CAMERA.fy_px / CAMERA.fx_px)
    assert (result.camera.cx_px, result.camera.width_px) == (camera.cx_px, camera.width_px)
    assert_near(result.camera_from_object, TRUTH)


def test_the_focal_length_is_found_from_perspective():
    """From near, where it is not the same as the distance; the covariance tells how badly that is known."""
    near = rrb.Pose(TRUTH.rotation, [0.02, -0.03, 1.5])
    wide = rrb.Camera.from_fov(75, width=160, height=160)
    camera = replace(wide, fx_px=0.9 * wide.fx_px, fy_px=0.9 * wide.fy_px)
    start = near.step(np.array([0.08, -0.06, 0.1, 0.03, -0.02, 0.15]))
    names = (*POSE, "focal_length")
    result = rrb.fit(ODD, soft(pose=near, camera=wide), camera, init=start, variables=names)
    assert result.camera.fx_px == pytest.approx(wide.fx_px, rel=0.02)
    assert_near(result.camera_from_object, near, 1, 0.02)
    assert result.covariance.shape == (7, 7)
    tied = result.covariance[5, 6] / math.sqrt(result.covariance[5, 5] * result.covariance[6, 6])
    assert tied > 0.9


# --- priors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [30, 50, 0, -60])
def test_a_prior_decides_what_the_mask_does_not(mean):
    """A cylinder looks the same after any turn about its axis."""
    tube = cylinder(0.3, 1.0, 256)
    start = rrb.Pose.from_viewpoint(mean + 15, 24, 5, distance_m=2.9)
    result = rrb.fit(
        tube, soft(tube), CAMERA, init=start, variables=ANGLES, priors={"azimuth_deg": (mean, 5)}
    )
    azimuth, elevation, roll = angles_deg(result.camera_from_object)
    assert azimuth == pytest.approx(mean, abs=3)
    assert elevation == pytest.approx(20, abs=1)
    assert roll == pytest.approx(10, abs=1)
    assert result.iou > 0.98


@pytest.mark.parametrize("sigma", [5.0, 20.0])
def test_a_prior_on_an_angle_knows_of_whole_turns(sigma):
    """-170 degrees are 20 from 170, which is -190."""
    truth = rrb.Pose.from_viewpoint(-170, 20, 10, distance_m=2.8)
    found = [
        rrb.fit(
            ODD,
            covered(pose=truth),
            CAMERA,
            init=truth,
            variables=ANGLES,
            priors={"azimuth_deg": (mean, sigma)},
        )
        for mean in (170, -190)
    ]
    assert degrees(found[0].camera_from_object, found[1].camera_from_object) < 1e-3
    assert_near(found[0].camera_from_object, truth)


def test_a_prior_on_the_rotation_keeps_a_sphere_from_turning():
    ball = icosphere(4, 0.5)
    truth = rrb.Pose.random(3, translation=np.array([0.1, 0.05, 3.0]))
    start = rrb.Pose(truth.rotation, truth.translation + [0.05, -0.03, 0.2])
    result = rrb.fit(ball, soft(ball, truth), CAMERA, init=start, priors={"rotation_deg": 2.0})
    assert degrees(result.camera_from_object, start) < 1
    np.testing.assert_allclose(result.camera_from_object.translation, truth.translation, atol=0.01)


def test_a_strong_prior_wins_and_a_weak_one_does_not_matter():
    depths = []
    for sigma in (1e-4, 0.03, 100.0):
        priors = {"translation_m": ((0, 0, 3.1), (100, 100, sigma))}
        result = rrb.fit(ODD, covered(), CAMERA, init=START, priors=priors)
        depths.append(result.camera_from_object.translation[2])
    free = rrb.fit(ODD, covered(), CAMERA, init=START).camera_from_object.translation[2]
    assert depths[0] == pytest.approx(3.1, abs=1e-3)
    assert depths[2] == pytest.approx(free, abs=1e-3)
    assert depths[2] - 1e-3 < depths[1] < depths[0]


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_a_prior_on_the_scale_settles_scale_and_distance(scale):
    names = (*POSE, "scale")
    result = rrb.fit(ODD, covered(), CAMERA, variables=names, priors={"scale": (scale, 0.05 * scale)})
    assert result.scale == pytest.approx(scale, rel=0.02)
    assert_near(
        rrb.Pose(result.camera_from_object.rotation, result.camera_from_object.translation / result.scale),
        TRUTH,
    )
    deviation = math.sqrt(result.covariance[6, 6])
    assert deviation == pytest.approx(0.05, rel=0.2)


# --- a known camera height ------------------------------------------------------------------------


def height_of(pose, scale=1.0):
    return float(pose.camera_centre_object[1] - scale * ODD.bounding_box()[0, 1])


@pytest.mark.parametrize("start", [None, START], ids=["search", "start"])
@pytest.mark.parametrize("names", [POSE, ANGLES])
@pytest.mark.parametrize("factor", [0.1, 1.0, 7.0])
def test_a_known_camera_height_settles_scale_and_distance(start, names, factor):
    height = factor * height_of(TRUTH)
    names = (*names, "scale")
    result = rrb.fit(ODD, covered(), CAMERA, init=start, variables=names, camera_height_m=height)
    assert height_of(result.camera_from_object, result.scale) == pytest.approx(height, rel=1e-6)
    assert result.scale == pytest.approx(factor, rel=0.03)
    assert_near(
        rrb.Pose(result.camera_from_object.rotation, result.camera_from_object.translation / factor),
        TRUTH,
        1,
        0.03,
    )
    assert result.accepted


@pytest.mark.parametrize("start", [None, START], ids=["search", "start"])
def test_a_known_camera_height_is_kept_with_the_size_known_too(start):
    for off in (1.0, 1.03):
        height = off * height_of(TRUTH)
        result = rrb.fit(ODD, covered(), CAMERA, init=start, camera_height_m=height)
        assert height_of(result.camera_from_object) == pytest.approx(height, rel=1e-5)
    assert_near(
        rrb.fit(ODD, covered(), CAMERA, init=start, camera_height_m=height_of(TRUTH)).camera_from_object,
        TRUTH,
    )


@pytest.mark.parametrize("names", ["translation", ("azimuth", "translation"), ("rotation", "translation")])
def test_a_known_camera_height_is_kept_even_if_it_does_not_fit(names):
    for factor in (0.7, 1.0, 1.5):
        height = factor * height_of(TRUTH)
        result = rrb.fit(ODD, covered(), CAMERA, init=START, variables=names, camera_height_m=height)
        assert height_of(result.camera_from_object) == pytest.approx(height, rel=1e-6)


def test_a_known_camera_height_takes_one_freedom_away():
    result = rrb.fit(ODD, covered(), CAMERA, init=START, camera_height_m=height_of(TRUTH))
    pose = result.camera_from_object
    up, t = pose.rotation[:, 1], pose.translation
    row = np.concatenate([-np.cross(up, t), -up])  # how the height moves with each number
    values = np.linalg.eigvalsh(result.covariance)
    assert row @ result.covariance @ row < 1e-9 * values[-1]
    assert values[1] > 1e-9 * values[-1]


def test_a_camera_below_the_ground_is_refused():
    below = rrb.Pose.from_viewpoint(30, -60, 0, distance_m=2.8)
    with pytest.raises(BadInputError, match="below the object's lowest vertex"):
        rrb.fit(ODD, covered(), CAMERA, init=below, variables=(*POSE, "scale"), camera_height_m=1.0)

"""How far a fit may be trusted: covariance, weights, acceptance, and that nothing worse than the start comes back."""

import math
import re

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

import rrb
from fit_scenes import (
    CAMERA,
    ELLIPSOID,
    ODD,
    START,
    TRUTH,
    TWO_SIDED,
    assert_near,
    chair,
    contour_of,
    covered,
    degrees,
    shifted,
    soft,
)
from rrb.fitting import confidence
from rrb.geometry.primitives import box, cylinder, icosphere, torus
from rrb.geometry.rotations import rotation_vector_from_matrix

POSE = ("rotation", "translation")
SIZED = (*POSE, "scale")
HEIGHT = float(TRUTH.camera_centre_object[1] - ODD.bounding_box()[0, 1])


def deviations(result) -> np.ndarray:
    return np.sqrt(np.diag(result.covariance))


# --- covariance -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (POSE, {}),
        ("translation", {}),
        ("azimuth", {}),
        (("azimuth", "elevation", "translation"), {}),
        (("azimuth", "elevation", "roll", "translation"), {}),
        (("rotation", "focal_length"), {}),
        ((*POSE, "focal_length"), {}),
        (SIZED, {"priors": {"scale": (1, 0.1)}}),
        ((*SIZED, "focal_length"), {"priors": {"scale": (1, 0.1)}}),
        (POSE, {"priors": {"rotation_deg": 3}}),
        (POSE, {"bounds": {"azimuth_deg": (0, 60)}}),
    ],
)
def test_it_is_symmetric_positive_definite_with_a_row_for_each_number(names, known):
    result = rrb.fit(ODD, covered(), CAMERA, init=START, variables=names, **known)
    n = len(result.moved)
    assert result.covariance.shape == (n, n)
    np.testing.assert_array_equal(result.covariance, result.covariance.T)
    np.linalg.cholesky(result.covariance)


def test_a_fit_of_angles_knows_as_much_as_one_of_the_rotation():
    """The same directions in another basis: their volume is that of the angles times how they move the rotation."""
    turned = rrb.fit(ODD, covered(), CAMERA, init=START).covariance
    angles = rrb.fit(
        ODD, covered(), CAMERA, init=START, variables=("azimuth", "elevation", "roll", "translation")
    ).covariance
    np.testing.assert_allclose(angles[3:, 3:], turned[3:, 3:], rtol=0.5)
    volume = math.cos(math.radians(20)) ** 2  # azimuth's and roll's axes are 90 - 20 degrees apart
    ratio = np.linalg.det(turned[:3, :3]) / np.linalg.det(angles[:3, :3]) / volume
    assert ratio ** (1 / 6) == pytest.approx(1, abs=0.3)  # of a deviation


@pytest.mark.parametrize("factor", [1e-3, 10.0, 1000.0])
def test_other_units_are_another_unit_s_deviations(factor):
    mask = covered()
    metres = rrb.fit(ODD, mask, CAMERA, init=START)
    other = rrb.fit(
        ODD.with_vertices(ODD.vertices * factor),
        mask,
        CAMERA,
        init=rrb.Pose(START.rotation, START.translation * factor),
    )
    np.testing.assert_allclose(deviations(other)[:3], deviations(metres)[:3], rtol=1e-3)
    np.testing.assert_allclose(deviations(other)[3:], factor * deviations(metres)[3:], rtol=1e-3)


def test_finer_pictures_are_known_better():
    found = []
    for side in (64, 128, 256):
        camera = rrb.Camera.from_fov(40, width=side, height=side)
        found.append(deviations(rrb.fit(ODD, covered(camera=camera), camera, init=START)))
    assert (found[0] > found[1]).all()
    assert (found[1] > found[2]).all()


def error(result, truth) -> np.ndarray:
    """(6,): the left perturbation in the camera frame that leads to the truth."""
    found = result.camera_from_object
    turn = rotation_vector_from_matrix(truth.rotation @ found.rotation.T)
    return np.concatenate([turn, truth.translation - found.translation])


@pytest.mark.parametrize(("name", "mesh"), [("odd", ODD), ("chair", chair()), ("two-sided", TWO_SIDED)])
def test_errors_are_no_larger_than_it_says(name, mesh):
    """Their squares under it are 6 on average if it is right. It may be too careful, for pixels' errors even out, but
    not by more than about ten times the deviation."""
    squares = []
    for seed in range(16):
        random = np.random.default_rng(seed)
        truth = rrb.Pose.random(random, translation=np.array([*random.normal(size=2) * 0.05, 2.4]))
        result = rrb.fit(mesh, covered(mesh, truth), CAMERA, init=truth)
        off = error(result, truth)
        squares.append(off @ np.linalg.solve(result.covariance, off) / 6)
    assert 0.01 < np.mean(squares) < 1.5
    assert np.max(squares) < 4


def test_depth_is_known_worse_than_sideways_and_near_things_better():
    found = deviations(rrb.fit(ODD, covered(), CAMERA, init=START))
    assert found[5] > 2 * max(found[3:5])
    far = rrb.Pose(TRUTH.rotation, 4 * TRUTH.translation)
    tele = rrb.Camera.from_fov(10.4, width=128, height=128)  # as large in the picture, with less perspective
    from_far = deviations(rrb.fit(ODD, covered(pose=far, camera=tele), tele, init=far))
    assert from_far[5] > 1.5 * found[5]


def test_the_turn_that_a_cylinder_hides_varies_most():
    tube = cylinder(0.3, 1.0, 256)
    result = rrb.fit(tube, soft(tube), CAMERA, init=TRUTH)
    values, vectors = np.linalg.eigh(result.covariance[:3, :3])
    assert abs(vectors[:, 2] @ result.camera_from_object.rotation[:, 1]) > 0.99
    assert values[2] > 25 * values[1]


def test_a_focal_length_makes_the_depth_loose():
    fixed = rrb.fit(ODD, covered(), CAMERA, init=START)
    free = rrb.fit(ODD, covered(), CAMERA, init=START, variables=(*POSE, "focal_length"))
    assert deviations(free)[5] > 5 * deviations(fixed)[5]


def test_a_prior_is_information():
    free = rrb.fit(ODD, covered(), CAMERA, init=START)
    weak, strong = (
        rrb.fit(ODD, covered(), CAMERA, init=START, priors={"translation_m": ((0, 0, 2.8), (9, 9, sigma))})
        for sigma in (50.0, 1e-4)
    )
    np.testing.assert_allclose(deviations(weak), deviations(free), rtol=0.05)
    assert deviations(strong)[5] == pytest.approx(1e-4, rel=0.01)


# --- weights and hypotheses -----------------------------------------------------------------------


@pytest.mark.parametrize("mesh", [ODD, TWO_SIDED, chair(), box((1, 0.6, 0.8)), torus(0.4, 0.15)])
def test_weights_are_shares_best_first(mesh):
    result = rrb.fit(mesh, covered(mesh), CAMERA)
    weights = np.array([h.weight for h in result.hypotheses])
    assert 1 <= len(weights) <= 5
    assert weights.sum() == pytest.approx(1)
    assert (np.diff(weights) <= 0).all()
    assert result.hypotheses[0].camera_from_object.distance(result.camera_from_object)[0] == 0
    assert result.hypotheses[0].iou == result.iou


def test_weights_follow_the_costs():
    contour = contour_of(ODD, covered())
    found = confidence.weights(contour, np.array([0.1, 0.1, 0.5]), 0.3)
    assert found[0] == found[1] == pytest.approx(0.5)
    assert found[2] < 1e-3
    close, noisy = (confidence.weights(contour, np.array([0.1, 0.12]), rms)[1] for rms in (0.3, 3.0))
    assert close < noisy < 0.5  # what fits badly decides less
    np.testing.assert_allclose(confidence.weights(contour, np.array([0.3]), 0.3), [1])


@pytest.mark.parametrize(
    "mesh",
    [cylinder(0.3, 1.0, 64), torus(0.4, 0.15), box((0.6, 1, 0.6)), box(), cylinder(0.4, 0.6, 4), icosphere(3, 0.5)],
    ids=["cylinder", "torus", "square box", "cube", "square prism", "sphere"],
)  # fmt: skip
@pytest.mark.parametrize("scale", [1.0, 3.0])
@pytest.mark.parametrize("by", [(0, 0, 0), (0.5, 0.3, -0.2)])
def test_a_symmetric_object_is_one_hypothesis_with_its_symmetry(mesh, scale, by):
    moved, rotation = shifted(mesh, by), TRUTH.rotation
    truth = rrb.Pose(rotation, scale * (TRUTH.translation - rotation @ by))
    result = rrb.fit(moved, covered(moved, truth, scale=scale), CAMERA, scale=scale)
    assert result.iou > 0.98
    assert result.hypotheses[0].weight > 0.99
    assert result.hypotheses[0].symmetry.startswith("looks the same after ")
    assert result.scale == pytest.approx(scale, rel=1e-12)
    middle = result.camera_from_object.apply(np.array(by), scale)
    np.testing.assert_allclose(middle, scale * TRUTH.translation, atol=0.02 * scale)


def test_an_object_like_no_turn_of_itself_has_no_symmetry():
    result = rrb.fit(ODD, covered(), CAMERA)
    assert all(h.symmetry is None for h in result.hypotheses)


@pytest.mark.parametrize("seed", range(4))
def test_a_mirrored_view_is_kept_as_another_hypothesis(seed):
    """From far away, an object whose sides mirror each other draws the same at diag(1, 1, -1) R diag(-1, 1, 1)."""
    camera = rrb.Camera.from_fov(1, width=128, height=128)
    random = np.random.default_rng(seed)
    truth = rrb.Pose.from_viewpoint(random.uniform(-180, 180), random.uniform(10, 40), 0, distance_m=110)
    twin = rrb.Pose(np.diag([1.0, 1, -1]) @ truth.rotation @ np.diag([-1.0, 1, 1]), truth.translation)
    assert degrees(truth, twin) > 30
    result = rrb.fit(TWO_SIDED, covered(TWO_SIDED, truth, camera), camera)
    first, second, *others = result.hypotheses
    for pose in (truth, twin):
        assert min(degrees(h.camera_from_object, pose) for h in (first, second)) < 2
    assert second.weight > 0.01
    assert sum(h.weight for h in others) < 1e-3
    assert result.accepted == (second.weight < confidence.RIVAL_WEIGHT)
    if not result.accepted:
        assert result.reason.startswith("2 different poses explain the mask about equally well")


def test_from_near_perspective_settles_it():
    truth = rrb.Pose.from_viewpoint(40, 25, 0, distance_m=2.0)
    wide = rrb.Camera.from_fov(55, width=160, height=160)
    result = rrb.fit(TWO_SIDED, covered(TWO_SIDED, truth, wide), wide)
    assert result.accepted
    assert result.hypotheses[0].weight > 0.99
    assert_near(result.camera_from_object, truth)


# --- acceptance -----------------------------------------------------------------------------------

SHAPES = {
    "torus": torus(0.4, 0.15),
    "cylinder": cylinder(0.3, 1.0, 64),
    "box": box((1, 0.6, 0.8)),
    "cube": box(),
    "odd": ODD,
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_another_object_s_mask_is_not_accepted(name):
    result = rrb.fit(SHAPES[name], covered(chair(), rrb.Pose.from_viewpoint(30, 20, 0, distance_m=2)), CAMERA)
    assert not result.accepted
    assert "\n" not in result.reason
    assert "of the contours agree" in result.reason
    assert result.iou < 0.75


@pytest.mark.parametrize(
    ("agreement", "weights", "deviations", "at_bound", "said"),
    [
        (0.9, [1], {}, None, None),
        (0.42, [1], {}, None, "only 42 % of the contours agree"),
        (0.42, [0.5, 0.5], {"rotation_deg": 90}, "scale", "only 42 %"),
        (0.9, [0.5, 0.5], {"rotation_deg": 90}, "scale", "2 different poses"),
        (0.9, [0.4, 0.3, 0.3], {}, None, "3 different poses"),
        (0.9, [0.81, 0.19], {}, None, None),
        (0.9, [1], {"rotation_deg": 90}, "scale", "beyond the bounds on scale"),
        (0.9, [1], {"rotation_deg": 30, "depth_share": 0.9}, None, "settles the rotation.*30 degrees"),
        (0.9, [1], {"rotation_deg": 3, "depth_share": 0.9}, None, "settles the distance.*90 %"),
        (0.9, [1], {"rotation_deg": 3, "depth_share": 0.02}, None, None),
    ],
)  # fmt: skip
def test_the_gravest_reason_is_given(agreement, weights, deviations, at_bound, said):
    found = confidence.reason_against(agreement, np.array(weights), deviations, at_bound)
    assert re.search(said or "^None$", str(found))


def test_agreement_is_the_share_of_both_contours():
    contour = contour_of(ODD, covered())
    assert confidence.agreement(contour, contour.state(TRUTH)) > 0.95
    off = TRUTH.step(np.array([0, 0, 0, 0.4, 0, 0]))
    assert confidence.agreement(contour, contour.state(off)) < 0.5
    # A half of the object is not enough, nor is twice of it.
    half = contour_of(ODD, covered() & (np.arange(128) < 60))
    assert confidence.agreement(half, half.state(TRUTH)) < 0.75


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("mesh", [ODD, TWO_SIDED], ids=["odd", "two-sided"])
def test_a_mask_that_is_too_large_all_around_is_noticed(mesh, seed):
    """Its object seems nearer than it is, which no pose shows; perspective and small parts tell."""
    truth = rrb.Pose.random(seed, translation=np.array([0.05, 0, 2.6]))
    mask = covered(mesh, truth)
    beyond = distance_transform_edt(~mask) - distance_transform_edt(mask)
    assert rrb.fit(mesh, mask, CAMERA, init=truth).accepted
    for px, said in (
        (2, r"(\S+) px too large all around.* nearer"),
        (-2, r"(\S+) px too small all around.* farther"),
    ):
        result = rrb.fit(mesh, beyond <= px, CAMERA, init=truth)
        assert not result.accepted
        assert 0.6 <= float(re.search(said, result.reason)[1]) < 3


@pytest.mark.parametrize(
    "mesh", [icosphere(3, 0.5), icosphere(5, 0.5), ELLIPSOID], ids=["coarse", "fine", "oval"]
)
@pytest.mark.parametrize("draw", [covered, soft])
def test_the_size_of_a_ball_s_mask_and_its_distance_are_the_same(mesh, draw):
    """Nothing tells a ball too large from one that is nearer: no such thing may be claimed."""
    result = rrb.fit(mesh, draw(mesh), CAMERA, init=TRUTH)
    assert "all around" not in str(result.reason)


# --- never worse than the start -------------------------------------------------------------------


@pytest.mark.parametrize("names", [POSE, "translation", ("azimuth", "translation"), "rotation"])
@pytest.mark.parametrize("seed", range(6))
def test_nothing_worse_than_the_start_comes_back(seed, names):
    """Also of an object that is not there, from anywhere."""
    random = np.random.default_rng(seed)
    mask = covered(chair() if seed % 2 else ODD)
    start = rrb.Pose.random(random, translation=random.normal([0, 0, 2.4], [0.1, 0.1, 0.3]))
    contour = contour_of(ODD, mask)
    before = contour.judge(contour.state(start), 1.5)
    result = rrb.fit(ODD, mask, CAMERA, init=start, variables=names)
    after = contour.judge(contour.state(result.camera_from_object), 1.5)
    assert after.cost <= before.cost + 1e-9 or after.iou >= before.iou
    assert result.iou == pytest.approx(after.iou, abs=1e-12)


def test_a_start_at_the_truth_stays_there():
    result = rrb.fit(ODD, covered(), CAMERA, init=TRUTH)
    assert_near(result.camera_from_object, TRUTH, 0.3, 2e-3)
    assert result.iou > 0.99
    assert result.accepted


def test_costs_fall_within_each_step_that_is_kept():
    result = rrb.fit(ODD, covered(), CAMERA, init=START)
    first, last = result.history[0], result.history[-1]
    assert_near(first.camera_from_object, START, 1e-6, 1e-9)
    assert degrees(last.camera_from_object, result.camera_from_object) == 0
    assert last.cost < first.cost

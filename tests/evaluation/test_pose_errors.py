"""Laws of pose errors: what they say of known motions, what a symmetry forgives, what a camera cannot change."""

import math

import numpy as np
import pytest

import rrb
from rrb.errors import BadInputError
from rrb.evaluation import pose_errors, turned_to
from rrb.geometry.rotations import about_axis, matrix_from_rotation_vector
from rrb.geometry.turns import NO_TURNS, Turns

SEEDS = range(6)


def view(azimuth, elevation=20.0, roll=0.0, ray=(0.1, -0.2, 1.0), distance_m=2.5):
    return rrb.Pose.from_viewpoint(azimuth, elevation, roll, distance_m=distance_m, ray_camera=ray)


def random_pose(seed):
    return rrb.Pose.random(seed, translation=np.random.default_rng(seed).normal(size=3) + [0, 0, 4])


def turned_about_y(pose, degrees):
    """The pose of the same object, turned in its own frame."""
    return rrb.Pose(pose.rotation @ about_axis(1, math.radians(degrees)), pose.translation)


@pytest.mark.parametrize(
    ("found", "true", "expected"),
    [
        ((30, 20, 5), (10, 20, 5), (20, 0, 0)),
        ((10, 20, 5), (30, 20, 5), (20, 0, 0)),
        ((179, 20, 5), (-178, 20, 5), (3, 0, 0)),
        ((10, -15, 5), (10, 25, 5), (0, 40, 0)),
        ((10, 20, 175), (10, 20, -175), (0, 0, 10)),
        ((200, -40, 100), (20, 40, -100), (180, 80, 160)),
    ],
)
def test_angles_are_those_of_the_viewpoints(found, true, expected):
    errors = pose_errors(view(*found), view(*true), NO_TURNS)
    angles = errors.azimuth_deg, errors.elevation_deg, errors.roll_deg
    np.testing.assert_allclose(angles, expected, atol=1e-9)
    assert errors.translation_m == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("degrees", [0.0, 1e-5, 12.0, 90.0, 179.0])
def test_rotation_is_the_angle_of_the_motion_between(seed, degrees):
    axis = np.random.default_rng(seed).normal(size=3)
    turn = matrix_from_rotation_vector(math.radians(degrees) * axis / np.linalg.norm(axis))
    true = random_pose(seed)
    found = rrb.Pose(turn @ true.rotation, true.translation)
    assert pose_errors(found, true, NO_TURNS).rotation_deg == pytest.approx(degrees, abs=1e-9)


def test_translation_is_the_way_between_the_origins_whatever_the_rotations():
    true = random_pose(0)
    found = rrb.Pose(random_pose(1).rotation, true.translation + [2, -3, 6])
    for turns in (None, Turns(0), NO_TURNS, Turns(4)):
        assert pose_errors(found, true, turns).translation_m == pytest.approx(7)


@pytest.mark.parametrize("turns", [None, Turns(0), NO_TURNS, Turns(2), Turns(5)])
def test_a_pose_is_not_off_from_itself(turns):
    errors = pose_errors(random_pose(3), random_pose(3), turns)
    assert errors.azimuth_deg is None if turns is None else errors.azimuth_deg == 0
    rest = errors.elevation_deg, errors.roll_deg, errors.rotation_deg, errors.translation_m
    np.testing.assert_allclose(rest, 0, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("turns", [None, Turns(0), NO_TURNS, Turns(3)])
def test_another_camera_frame_changes_neither_rotation_nor_translation(seed, turns):
    found, true, other_from_camera = random_pose(seed), random_pose(seed + 100), random_pose(seed + 200)
    before = pose_errors(found, true, turns)
    after = pose_errors(other_from_camera @ found, other_from_camera @ true, turns)
    assert after.rotation_deg == pytest.approx(before.rotation_deg)
    assert after.translation_m == pytest.approx(before.translation_m)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_camera_that_turns_on_its_axis_changes_nothing(seed):
    """Where it stands stays, and both rolls grow alike."""
    found, true = random_pose(seed), random_pose(seed + 100)
    turn = rrb.Pose(about_axis(2, 1.0 + seed), np.zeros(3))
    before, after = (pose_errors(f, t, NO_TURNS) for f, t in ((found, true), (turn @ found, turn @ true)))
    np.testing.assert_allclose(list(vars(after).values()), list(vars(before).values()), atol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("turns", [None, Turns(0), NO_TURNS, Turns(3)])
def test_found_and_true_may_be_exchanged(seed, turns):
    one, other = random_pose(seed), random_pose(seed + 100)
    there, back = (vars(pose_errors(*pair, turns)) for pair in ((one, other), (other, one)))
    assert there.pop("azimuth_deg") == pytest.approx(back.pop("azimuth_deg"))
    np.testing.assert_allclose(list(there.values()), list(back.values()), atol=1e-9)


# --- symmetry -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("folds", [1, 2, 3, 4, 7])
def test_a_turn_of_the_symmetry_is_forgiven_exactly(seed, folds):
    found, true = random_pose(seed), random_pose(seed + 100)
    errors = pose_errors(found, true, Turns(folds))
    for k in range(folds):
        turned = pose_errors(turned_about_y(found, 360 * k / folds), true, Turns(folds))
        np.testing.assert_allclose(list(vars(turned).values()), list(vars(errors).values()), atol=1e-8)


@pytest.mark.parametrize("folds", [1, 2, 3, 4, 7])
def test_half_a_turn_of_the_symmetry_is_the_worst_and_not_forgiven(folds):
    errors = pose_errors(view(10 + 180 / folds), view(10), Turns(folds))
    assert errors.azimuth_deg == pytest.approx(180 / folds)
    assert errors.rotation_deg == pytest.approx(180 / folds)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("folds", [1, 2, 3, 5])
def test_rotation_is_the_least_of_all_turns_tried_one_by_one(seed, folds):
    found, true = random_pose(seed), random_pose(seed + 100)
    tried = [true.distance(turned_about_y(found, 360 * k / folds))[0] for k in range(folds)]
    assert pose_errors(found, true, Turns(folds)).rotation_deg == pytest.approx(min(tried))
    assert true.distance(turned_to(found, true, Turns(folds)))[0] == pytest.approx(min(tried))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("turns", [None, Turns(0)])
def test_where_any_turn_will_do_only_the_upright_axis_counts(seed, turns):
    found, true = random_pose(seed), random_pose(seed + 100)
    between = math.degrees(math.acos(found.rotation[:, 1] @ true.rotation[:, 1]))
    for degrees in (0, 33, 250):
        errors = pose_errors(turned_about_y(found, degrees), true, turns)
        assert errors.rotation_deg == pytest.approx(between)
        assert errors.azimuth_deg == (None if turns is None else 0)


def test_a_turn_about_another_axis_is_never_forgiven():
    true = view(10)
    found = rrb.Pose(true.rotation @ about_axis(0, math.pi), true.translation)
    for turns in (Turns(0), Turns(2), Turns(4)):
        assert pose_errors(found, true, turns).rotation_deg == pytest.approx(180)


def test_turning_keeps_the_place():
    found = random_pose(0)
    np.testing.assert_array_equal(turned_to(found, random_pose(1), Turns(0)).translation, found.translation)


# --- poles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pole", [90.0, -90.0])
@pytest.mark.parametrize("away", [0.0, 1e-6])
def test_straight_above_and_below_azimuth_and_roll_are_one_turn(pole, away):
    """The same rotation written with another share of roll is off by nothing."""
    sign = math.copysign(1, pole)
    true, found = view(50, pole), view(50 + sign * 30, pole - sign * away, 30)
    errors = pose_errors(found, true, NO_TURNS)
    np.testing.assert_allclose(list(vars(errors).values()), 0, atol=2e-6)


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_a_turn_seen_from_above_is_an_error_of_the_azimuth(pole):
    errors = pose_errors(view(75, pole), view(50, pole), NO_TURNS)
    assert errors.azimuth_deg == pytest.approx(25)
    assert errors.roll_deg == 0
    assert errors.rotation_deg == pytest.approx(25)


@pytest.mark.parametrize("found_elevation", [60.0, -60.0])
@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_beside_a_pole_the_elevation_says_how_far(pole, found_elevation):
    errors = pose_errors(view(50, found_elevation), view(50, pole), NO_TURNS)
    assert errors.elevation_deg == pytest.approx(abs(pole - found_elevation))
    assert errors.azimuth_deg == pytest.approx(0, abs=1e-9)


# --- input ----------------------------------------------------------------------------------------


def test_tensors_in_single_precision_are_taken():
    torch = pytest.importorskip("torch")
    errors = pose_errors(view(30).tensor(torch.float32), view(10).tensor(torch.float32), NO_TURNS)
    assert errors.azimuth_deg == pytest.approx(20, abs=1e-4)
    assert type(errors.rotation_deg) is float


def test_batches_are_refused():
    with pytest.raises(BadInputError, match=r"the true pose is a batch of shape \(2,\)"):
        pose_errors(view(10), rrb.Pose.random(0, (2,)), NO_TURNS)

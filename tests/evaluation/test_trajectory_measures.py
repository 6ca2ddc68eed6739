"""Laws of path errors: evo's numbers of the same files, what alignments forgive, and which poses belong together."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from rrb.egomotion import Trajectory
from rrb.errors import BadInputError
from rrb.evaluation import trajectory as measures
from rrb.evaluation.trajectory_matching import Alignment
from rrb.geometry.pose import Pose
from rrb.geometry.rotations import about_axis

EVO = Path(__file__).parent / "evo"
HELD = json.loads((EVO / "numbers.json").read_text())
OUR_NAMES = {"delta_unit": "unit", "rel_delta_tol": "tolerance", "n_to_align": "first"}
WITHOUT = ("align", "correct_scale", "align_origin")
KINDS = {  # evo's --align, --correct_scale and --align_origin
    (False, False, False): "none",
    (True, False, False): "se3",
    (True, True, False): "sim3",
    (False, True, False): "scale",
    (False, False, True): "origin",
    (False, True, True): "scale and origin",
}


# --- evo's numbers ----------------------------------------------------------------------------------


def belonging(pair):
    """The poses of two of evo's files that belong together."""
    reference, estimate, association = pair
    if association is None:
        paths = [Trajectory.load_kitti(EVO / name) for name in (reference, estimate)]
        return tuple(path.world_from_camera for path in paths)
    paths = [Trajectory.load_tum(EVO / name) for name in (reference, estimate)]
    found = measures.associate(
        paths[0].times_s,
        paths[1].times_s,
        max_difference_s=association["t_max_diff"],
        offset_s=association["t_offset"],
    )
    return tuple(path.world_from_camera[ids] for path, ids in zip(paths, found, strict=True))


@pytest.fixture(scope="module")
def paths():
    return [belonging(pair) for pair in HELD["pairs"]]


@pytest.mark.parametrize(
    ("measure", "relation"),
    [("ape", name) for name in measures.RELATIONS if name != "point_distance_error_ratio"]
    + [("rpe", name) for name in measures.RELATIONS],
)
def test_numbers_are_evos(paths, measure, relation):
    cases = [case for case in HELD["cases"] if (case["measure"], case["relation"]) == (measure, relation)]
    assert len(cases) >= 5
    for case in cases:
        options = {OUR_NAMES.get(k, k): v for k, v in case["options"].items() if k not in WITHOUT}
        options["align"] = KINDS[tuple(case["options"].get(name, False) for name in WITHOUT)]
        ours = {"ape": measures.ate, "rpe": measures.rpe}[measure](*paths[case["pair"]], relation, **options)
        assert len(ours.errors) == case["numbers"]["n"]
        for name in (field.name for field in dataclasses.fields(measures.Statistics)):
            number = case["numbers"][name]
            assert getattr(ours.statistics, name) == pytest.approx(number, rel=1e-9, abs=1e-9), (case, name)


# --- paths that are made up -------------------------------------------------------------------------


def wandering(seed, count=40):
    """A path that bends in space."""
    random = np.random.default_rng(seed)
    steps = Pose.exp(random.normal(0, 0.2, (count, 6)))
    path = [Pose.random(random, (), random.normal(size=3))]
    for k in range(count - 1):
        path.append(path[-1] @ steps[k])
    return Pose.stack(path)


def noisy(path, seed, size=0.05):
    return path @ Pose.exp(np.random.default_rng(seed).normal(0, size, (len(path), 6)))


def elsewhere(path, seed, scale=1.0):
    """The same path in another world."""
    random = np.random.default_rng(seed)
    return Alignment(Pose.random(random, (), 5 * random.normal(size=3)), scale).apply(path)


# --- alignments -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("kind", "scale"), [("se3", 1.0), ("sim3", 3.7), ("sim3", 0.01), ("origin", 1.0)])
def test_an_alignment_takes_a_moved_path_back(seed, kind, scale):
    path = wandering(seed)
    found = measures.alignment(path, elsewhere(path, seed, scale), kind)
    assert found.scale == pytest.approx(1 / scale, rel=1e-12)
    back = found.apply(elsewhere(path, seed, scale))
    np.testing.assert_allclose(back.matrix, path.matrix, atol=1e-11, rtol=0)


def test_a_scale_alone_moves_nothing():
    path = wandering(0)
    found = measures.alignment(path, elsewhere(path, 1, 4.0), "scale")
    assert found.scale == pytest.approx(0.25, rel=1e-12)
    np.testing.assert_array_equal(found.motion.matrix, np.eye(4))


@pytest.mark.parametrize("kind", ["se3", "sim3"])
@pytest.mark.parametrize("seed", range(3))
def test_no_motion_nearby_aligns_better(kind, seed):
    """Least squares: whatever is stepped away from the alignment found, the sum of squares grows."""
    path = wandering(seed)
    estimate = elsewhere(noisy(path, seed), seed, 2.0)
    found = measures.alignment(path, estimate, kind)
    least = measures.ate(path, estimate, align=kind).statistics.sse
    random = np.random.default_rng(seed)
    for _ in range(20):
        scale = found.scale * np.exp(1e-3 * random.normal()) if kind == "sim3" else found.scale
        near = Alignment(found.motion.step(1e-3 * random.normal(size=6)), scale)
        assert (measures.absolute_errors(path, near.apply(estimate)) ** 2).sum() > least


def test_a_mirrored_path_is_not_aligned_by_a_mirror():
    path = wandering(0)
    mirrored = Pose(path.rotation, path.translation * [-1, 1, 1])
    found = measures.alignment(path, mirrored, "sim3")
    assert np.linalg.det(found.motion.rotation) == pytest.approx(1)
    assert measures.ate(path, mirrored, align="sim3").rmse > 0.05


def test_a_flat_path_is_aligned():
    path = wandering(0)
    flat = Pose(path.rotation, path.translation * [1, 0, 1])
    back = measures.alignment(flat, elsewhere(flat, 3, 2.0), "sim3").apply(elsewhere(flat, 3, 2.0))
    np.testing.assert_allclose(back.matrix, flat.matrix, atol=1e-11, rtol=0)


def test_the_first_poses_decide_where_asked():
    path = wandering(0)
    gone = Pose(path.rotation, path.translation + np.where(np.arange(40) < 10, 0.0, 1.0)[:, None])
    errors = measures.ate(path, elsewhere(gone, 2), first=10).errors
    np.testing.assert_allclose(errors[:10], 0, atol=1e-12)
    np.testing.assert_allclose(errors[10:], np.sqrt(3), atol=1e-11)


@pytest.mark.parametrize("kind", ["se3", "sim3"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_line_says_no_rotation(kind, count):
    line = Pose(np.eye(3), np.outer(np.arange(count), [1.0, 2.0, -3.0]) + 0.1)
    with pytest.raises(BadInputError, match=f"the {count} positions .* on one line"):
        measures.alignment(line, line, kind)
    assert measures.alignment(line, line, "origin").scale == 1


def test_a_line_says_its_scale():
    line = np.outer(np.arange(5.0), [1.0, 2.0, -3.0])
    assert measures.alignment(
        Pose(np.eye(3), line), Pose(np.eye(3), 5 * line), "scale"
    ).scale == pytest.approx(0.2)


@pytest.mark.parametrize(("reference", "estimate", "who"), [(1, 0, "estimate"), (0, 1, "reference")])
def test_who_stands_still_says_no_scale(reference, estimate, who):
    path = wandering(0)
    paths = [Pose(path.rotation, size * path.translation) for size in (reference, estimate)]
    with pytest.raises(BadInputError, match=f"the {who} stands still"):
        measures.alignment(*paths, "scale")


# --- errors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("relation", measures.RELATIONS)
@pytest.mark.parametrize("kind", measures.ALIGNMENTS)
def test_a_path_is_as_far_from_itself_as_nothing(relation, kind):
    path = wandering(1)
    if relation != "point_distance_error_ratio":
        assert measures.ate(path, path, relation, align=kind).statistics.max < 1e-7
    assert measures.rpe(path, path, relation, align=kind, delta=3).statistics.max < 1e-6


def test_absolute_errors_of_a_known_difference():
    path = wandering(2)
    moved = Pose(path.rotation @ about_axis(1, 0.3), path.translation + [3.0, 0.0, -4.0])
    chord = 2 * np.sqrt(2) * np.sin(0.15)  # |R - 1| of a turn by 0.3
    expected = {
        "trans_part": (5, "m"),
        "point_distance": (5, "m"),
        "angle_rad": (0.3, "rad"),
        "angle_deg": (np.rad2deg(0.3), "deg"),
        "rot_part": (chord, ""),
        "full": (np.hypot(chord, 5), ""),
    }
    for relation, (size, unit) in expected.items():
        found = measures.ate(path, moved, relation, align="none")
        np.testing.assert_allclose(found.errors, size, atol=1e-12)
        assert found.unit == unit


@pytest.mark.parametrize("delta", [1, 4])
def test_a_drift_is_the_error_of_motions(delta):
    """The camera stands still, and the estimate leaves by the same motion again and again."""
    still = Pose.stack([wandering(3)[0]] * 21)
    step = np.array([0.0, 0.0, 0.01, 0.3, 0.0, 0.4])  # about z, and along x and z
    drifting = still @ Pose.exp(np.arange(21)[:, None] * step)
    angles = measures.rpe(still, drifting, "angle_rad", delta=delta, align="none")
    np.testing.assert_allclose(angles.errors, 0.01 * delta, atol=1e-12)
    ways = measures.rpe(still, drifting, delta=delta, align="none")
    chord = 0.3 * np.sin(0.005 * delta) / 0.005  # of a circle with the arc 0.3 a step
    np.testing.assert_allclose(ways.errors, np.hypot(chord, 0.4 * delta), atol=1e-12)
    assert len(ways.errors) == len(angles.errors) == 20 // delta


@pytest.mark.parametrize("relation", measures.RELATIONS)
def test_motions_do_not_know_the_world(relation):
    path = wandering(4)
    estimate = noisy(path, 4)
    here = measures.rpe(path, estimate, relation, align="none").errors
    there = measures.rpe(elsewhere(path, 5), elsewhere(estimate, 6), relation, align="none").errors
    np.testing.assert_allclose(there, here, atol=1e-9, rtol=0)


@pytest.mark.parametrize("relation", ["trans_part", "angle_deg", "full"])
def test_aligned_errors_do_not_know_the_estimates_world(relation):
    path = wandering(5)
    estimate = noisy(path, 5)
    for kind, scale in (("se3", 1.0), ("sim3", 0.2), ("origin", 1.0)):
        here = measures.ate(path, estimate, relation, align=kind).errors
        there = measures.ate(path, elsewhere(estimate, 6, scale), relation, align=kind).errors
        np.testing.assert_allclose(there, here, atol=1e-9, rtol=0)


def test_a_wrong_scale_is_a_share_of_each_way():
    path = wandering(6)
    wrong = Pose(path.rotation, 1.07 * path.translation)
    for delta in (1, 6):
        found = measures.rpe(path, wrong, "point_distance_error_ratio", delta=delta, align="none")
        np.testing.assert_allclose(found.errors, 7, atol=1e-9)


def test_a_share_of_no_way_is_left_out():
    path = wandering(6, 6)
    stays = Pose(path.rotation, path.translation[[0, 1, 1, 1, 2, 3]])
    found = measures.rpe(stays, path, "point_distance_error_ratio", align="none")
    assert found.pairs.tolist() == [[0, 1], [3, 4], [4, 5]]
    assert np.isfinite(found.errors).all()
    with pytest.raises(BadInputError, match="the reference stands still"):
        measures.rpe(Pose.stack([path[0]] * 6), path, "point_distance_error_ratio", align="none")


def test_statistics_of_three_errors():
    found = measures.PathErrors(np.array([1.0, 2.0, 6.0]), np.arange(3), "m", Alignment(Pose.identity()))
    expected = measures.Statistics(np.sqrt(41 / 3), 3.0, 2.0, np.sqrt(14 / 3), 1.0, 6.0, 41.0)
    assert dataclasses.astuple(found.statistics) == pytest.approx(dataclasses.astuple(expected))
    assert found.rmse == found.statistics.rmse


# --- what belongs together --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_poses_take_the_nearest_in_time(seed):
    random = np.random.default_rng(seed)
    reference = np.sort(random.uniform(0, 3, 30 + 4 * (seed % 2)))
    estimate = np.sort(random.uniform(0, 3, 32)) - 7.0
    ids = measures.associate(reference, estimate, max_difference_s=0.05, offset_s=7.0)
    few, many = (reference, estimate + 7.0) if len(estimate) > len(reference) else (estimate + 7.0, reference)
    apart = np.abs(few[:, None] - many[None])
    expected = [(i, int(row.argmin())) for i, row in enumerate(apart) if row.min() <= 0.05]
    found = zip(*(ids if len(estimate) > len(reference) else ids[::-1]), strict=True)
    assert [(int(i), int(j)) for i, j in found] == expected
    assert 5 < len(expected) < 30


def test_of_two_as_near_the_earlier_is_taken():
    assert [i.tolist() for i in measures.associate([0.0, 1.0, 2.0], [0.5, 1.5], max_difference_s=0.5)] == [
        [0, 1],
        [0, 1],
    ]


def test_ends_and_nothing():
    found = measures.associate([1.0, 2.0, 3.0], [0.995, 3.005, 9.0, 9.5])
    assert [i.tolist() for i in found] == [[0, 2], [0, 1]]
    assert not any(map(len, measures.associate([1.0, 2.0], [5.0, 6.0])))
    assert not any(map(len, measures.associate([], [5.0, 6.0])))
    with pytest.raises(BadInputError, match="a difference from 0"):
        measures.associate([1.0], [1.0], max_difference_s=-1)


# --- pairs ------------------------------------------------------------------------------------------


def test_pairs_in_frames():
    path = wandering(0, 8)
    assert measures.delta_pairs(path, 3).tolist() == [[0, 3], [3, 6]]
    assert measures.delta_pairs(path, 3, all_pairs=True).tolist() == [[k, k + 3] for k in range(5)]


def test_pairs_in_metres_gone():
    places = np.array([0.0, 1.0, 1.5, 3.5, 4.0, 4.4, 6.0])  # there and back in y, so that the way counts
    path = Pose(np.eye(3), np.stack([0 * places, np.where(places < 3, places, 6 - places), 0 * places], 1))
    gone = np.abs(np.diff(path.translation[:, 1])).cumsum()
    np.testing.assert_allclose(gone, [1, 1.5, 2.5, 3, 3.4, 5])
    assert measures.delta_pairs(path, 1.5, "m").tolist() == [[0, 2], [2, 4], [4, 6]]
    all_pairs = measures.delta_pairs(path, 1.5, "m", all_pairs=True)
    assert all_pairs.tolist() == [
        [0, 2],
        [1, 3],
        [2, 4],
        [5, 6],
    ]  # the last over 1.6, a tenth of delta allowed
    all_pairs = measures.delta_pairs(path, 1.5, "m", all_pairs=True, tolerance=0.02)
    assert all_pairs.tolist() == [[0, 2], [1, 3], [2, 4]]


@pytest.mark.parametrize(("unit", "delta"), [("d", 20.0), ("r", np.deg2rad(20.0))])
def test_pairs_by_angle(unit, delta):
    turn = np.deg2rad([0, 12, 19, 25, 41, 60])
    path = Pose(about_axis(1, turn), np.zeros(3))
    assert measures.delta_pairs(path, delta, unit).tolist() == [[0, 3], [3, 5]]
    assert measures.delta_pairs(path, delta, unit, all_pairs=True).tolist() == [[0, 2], [2, 4], [4, 5]]
    loose = measures.delta_pairs(path, delta, unit, all_pairs=True, tolerance=0.21)
    assert loose.tolist() == [[0, 2], [2, 4], [3, 4], [4, 5]]


@pytest.mark.parametrize(
    ("delta", "unit", "said"),
    [
        (0, "f", "delta is 0 frames; a whole number from 1"),
        (1.5, "f", "delta is 1.5 frames"),
        (-1, "m", "delta is -1 metres; a positive number is accepted"),
        (181, "d", "up to 180 is accepted"),
        (np.nan, "r", "delta is nan radians"),
        (np.inf, "m", "delta is inf metres"),
        (1, "x", "the unit of delta is 'x'; f .frames"),
        (40, "f", "no two of 40 poses are 40 frames apart"),
        (1e6, "m", r"no two of 40 poses are 1e\+06 metres apart"),
    ],
)
def test_deltas_that_cannot_be_are_refused(delta, unit, said):
    with pytest.raises(BadInputError, match=said):
        measures.delta_pairs(wandering(0), delta, unit)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda p: measures.ate(p, p[:3]), "reference has 40 poses and the estimate 3"),
        (lambda p: measures.ate(p[:0], p[:0]), "from 1"),
        (lambda p: measures.ate(p[0], p), r"the reference is \(\)"),
        (lambda p: measures.ate(p, p.matrix), "the estimate is array"),
        (lambda p: measures.ate(p, p, "speed"), "the pose relation is 'speed'"),
        (lambda p: measures.ate(p, p, "point_distance_error_ratio"), "the pose relation is 'point_dist"),
        (lambda p: measures.ate(p, p, align="yes"), "the alignment is 'yes'; none, se3"),
        (lambda p: measures.ate(p, p, first=0), "0 poses are to align by"),
        (lambda p: measures.rpe(p, p, tolerance=-1), "the tolerance of delta is -1"),
    ],
)
def test_what_cannot_be_compared_is_refused(call, said):
    with pytest.raises(BadInputError, match=said):
        call(wandering(0))

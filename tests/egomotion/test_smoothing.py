"""Laws of the batch smoother: exact where the data are, honest where they are not, and nobody's fool."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from rrb.egomotion import _turns as turns
from rrb.egomotion._blocks import Chain
from rrb.egomotion._sighting import measured
from rrb.egomotion._smoothing_robust import share_followed
from rrb.egomotion._smoothing_solve import Problem, Solved, cost, normal_equations
from rrb.egomotion._smoothing_start import place_cameras
from rrb.egomotion._smoothing_terms import Measured, State
from rrb.egomotion.smoothing import Sighting, _in_our_world, smooth
from rrb.egomotion.trajectory import Trajectory
from rrb.errors import BadInputError
from rrb.geometry.pose import Pose

RAD, M = 0.01, 0.01  # deviations of a sighting
DEVIATIONS = np.repeat([RAD, M], 3)
INFORMATION = np.diag(DEVIATIONS**-2.0)


def some_objects(rng, count):
    """world_from_objects, the first being the world."""
    turn = rng.uniform(-3, 3, (count, 1)) * [0.0, 1.0, 0.0]
    placed = Pose.from_rotation_vector(turn, rng.uniform(-1, 1, (count, 3)) * [1, 0.1, 1])
    return placed[0].inverse() @ placed


def ellipse(frames, rounds=1.0):
    """world_from_camera around the objects, looking at them."""
    angle = 2 * np.pi * rounds * np.arange(frames) / frames
    places = np.stack([2 * np.cos(angle), 1.2 + 0 * angle, 1.5 * np.sin(angle)], 1)
    return Pose.look_at(places).inverse()


def even_motion(times_s):
    """A camera that turns and moves at constant rates."""
    t = np.asarray(times_s)[:, None]
    turned = Pose.from_rotation_vector(t * [0.3, 0.8, -0.2]) @ Pose.from_rotation_vector([0.1, 0.2, 0.3])
    return Pose(turned.rotation, [0.2, 0.4, -3.0] + t * [1.0, 0.3, 0.5])


def random_motion(rng, times_s, acceleration):
    """Drawn from the prior itself: white noise on the acceleration, in rotation and translation."""
    rate, place = 0.3 * rng.normal(size=6), np.array([0.0, 0, 0, 0, 0, -3.0])
    rotation, poses = Pose.from_rotation_vector(place[:3]).rotation, []
    q = np.repeat(np.square(acceleration), 3)
    for dt in np.diff(times_s, append=times_s[-1] + 1):
        poses.append(Pose(rotation, place[3:]))
        spread = np.linalg.cholesky([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        moved, faster = spread @ rng.normal(size=(2, 6)) * np.sqrt(q)
        moved = moved + dt * rate
        rotation = Pose.from_rotation_vector(moved[:3]).rotation @ rotation
        place, rate = place + np.r_[0, 0, 0, moved[3:]], rate + faster
    return Pose.stack(poses)


def sightings_of(cameras, objects, rng=None, scales=None, seen=None, flipped=None):
    """One of every object in every frame; `seen` and `flipped` (N, M) say which to leave out and to flip."""
    found = []
    for k in range(len(cameras)):
        for m in range(len(objects)):
            if seen is not None and not seen[k, m]:
                continue
            pose = cameras[k].inverse() @ objects[m]
            if scales is not None:
                pose = Pose(pose.rotation, pose.translation / scales[m])
            if rng is not None:
                pose = pose.step(DEVIATIONS * rng.normal(size=6))
            if flipped is not None and flipped[k, m]:
                pose = pose @ Pose.from_rotation_vector([0.0, flipped[k, m], 0.0])
            found.append(Sighting(k, m, pose, INFORMATION))
    return found


def step_between(pose, to):
    """(..., 6): the step that takes one pose to the other."""
    turn = Pose(to.rotation @ pose.rotation.swapaxes(-1, -2), 0 * to.translation).to_rotation_vector()
    return np.concatenate((turn, to.translation - pose.translation), -1)


def normalised(errors, covariances):
    """(...,): squared errors in the deviations that were stated."""
    return (errors * np.linalg.solve(covariances, errors[..., None])[..., 0]).sum(-1)


def assert_same(pose, other, within=1e-9):
    np.testing.assert_allclose(pose.rotation, other.rotation, atol=within, rtol=0)
    np.testing.assert_allclose(pose.translation, other.translation, atol=within, rtol=0)


# --- the parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0.0, 1e-9, 1e-3, 0.19, 0.21, 1.0, 3.0, np.pi - 1e-6])
def test_turns_are_those_of_geometry(length):
    vectors = np.random.default_rng(1).normal(size=(5, 3))
    vectors *= length / np.linalg.norm(vectors, axis=1)[:, None]
    matrices = turns.exp(vectors)
    np.testing.assert_allclose(matrices, Pose.from_rotation_vector(vectors).rotation, atol=1e-15)
    np.testing.assert_allclose(turns.log(matrices), vectors, atol=1e-9)
    small = 1e-6 * np.eye(3)
    plus, minus = (turns.log((turns.exp(s * small) @ matrices[:, None]).reshape(-1, 3, 3)) for s in (1, -1))
    numeric = ((plus - minus) / 2e-6).reshape(-1, 3, 3).swapaxes(1, 2)
    if length < 3.1:  # beyond, a vector may leave on the other side
        np.testing.assert_allclose(turns.log_jacobian(vectors), numeric, atol=1e-8)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 11])
def test_a_chain_is_the_dense_matrix(count):
    rng = np.random.default_rng(count)
    root = rng.normal(size=(count, 3, 6))
    diagonal, upper = root @ root.swapaxes(1, 2) + 6 * np.eye(3), rng.normal(size=(count - 1, 3, 3))
    dense = np.zeros((count, 3, count, 3))
    for k in range(count):
        dense[k, :, k] = diagonal[k]
        if k:
            dense[k - 1, :, k], dense[k, :, k - 1] = upper[k - 1], upper[k - 1].T
    dense = dense.reshape(3 * count, 3 * count)
    chain, right = Chain.of(diagonal, upper), rng.normal(size=(count, 3, 2))
    np.testing.assert_allclose(
        chain.solve(right).reshape(-1, 2), np.linalg.solve(dense, right.reshape(-1, 2)), atol=1e-10
    )
    inverse = np.linalg.inv(dense).reshape(count, 3, count, 3)
    own, pairs = chain.inverse_blocks()
    for k in range(count):
        np.testing.assert_allclose(own[k], inverse[k, :, k], atol=1e-10)
        if k:
            np.testing.assert_allclose(pairs[k - 1], inverse[k - 1, :, k], atol=1e-10)


def small_problem(seed=3, frames=4, objects=3, noise=0.1, cameras=None):
    """Far from the minimum and with all that there is: uneven times, scales, two sightings of one object."""
    rng = np.random.default_rng(seed)
    true, times = some_objects(rng, objects), np.cumsum(rng.uniform(0.1, 0.5, frames))
    cameras = ellipse(frames, 0.2) if cameras is None else cameras(times)
    frame, thing = (a.ravel() for a in np.mgrid[:frames, :objects])
    frame, thing = np.r_[frame, frames - 1], np.r_[thing, objects - 1]
    measured = Pose.stack([cameras[k].inverse() @ true[m] for k, m in zip(frame, thing, strict=True)])
    measured = measured.step(noise * rng.normal(size=(len(frame), 6)))
    root = rng.normal(size=(len(frame), 6, 8))
    seen = Measured(
        frame,
        thing,
        measured.rotation,
        measured.translation,
        root @ root.swapaxes(1, 2),
        times,
        objects,
    )
    state = State(
        cameras.rotation, cameras.translation, *rng.normal(size=(2, frames, 3)),
        true.rotation, true.translation, np.r_[0, 0.2 * rng.normal(size=objects - 1)],
    )  # fmt: skip
    believed, wide = rng.uniform(0.2, 1, len(frame)), rng.uniform(1, 3, len(frame))
    return Problem(seen, np.arange(7, 7 * objects), believed, wide, np.array([0.7, 2.0])), state


def moved(problem, state, numbers):
    objects = np.zeros(7 * problem.seen.objects)
    frames = 12 * len(problem.seen.times_s)
    objects[problem.free] = numbers[frames:]
    return state.step(numbers[:frames].reshape(-1, 12), objects.reshape(-1, 7))


def test_the_slope_is_that_of_the_cost():
    problem, state = small_problem()
    normal = normal_equations(problem, state)
    slope = np.r_[normal.slope.ravel(), normal.slope_objects]
    steps = 1e-6 * np.eye(len(slope))
    numeric = [
        (cost(problem, moved(problem, state, d)) - cost(problem, moved(problem, state, -d))) / 2e-6
        for d in steps
    ]
    np.testing.assert_allclose(-2 * slope, numeric, rtol=1e-5, atol=1e-4)


def test_without_residuals_the_normal_matrix_is_half_the_costs_curvature():
    """There Gauss and Newton agree: the cost along any direction is d^T H d."""
    problem, state = small_problem(noise=0.0, cameras=even_motion)
    still = np.zeros_like(state.turns)
    state = State(
        state.rotations, state.centres, still + [0.3, 0.8, -0.2], still + [1.0, 0.3, 0.5],
        state.object_rotations, state.object_places, 0 * state.log_scales,
    )  # fmt: skip
    assert cost(problem, state) < 1e-20
    normal, rng = normal_equations(problem, state), np.random.default_rng(0)
    for _ in range(5):
        d = rng.normal(size=normal.slope.size + len(problem.free))
        a, b = d[: normal.slope.size].reshape(-1, 12), d[normal.slope.size :]
        curved = np.einsum("ni,nij,nj", a, normal.diagonal, a) + b @ normal.objects @ b
        curved += 2 * np.einsum("ni,nij,nj", a[:-1], normal.upper, a[1:])
        curved += 2 * np.einsum("ni,nip,p", a, normal.across, b)
        costs = [cost(problem, moved(problem, state, s * 1e-5 * d)) for s in (1, -1)]
        assert np.mean(costs) / 1e-10 == pytest.approx(curved, rel=1e-5)


def test_covariances_are_those_of_the_dense_matrix():
    problem, state = small_problem()
    normal = normal_equations(problem, state)
    size, (count, _, free) = normal.slope.size, normal.across.shape
    dense = np.zeros((size + free, size + free))
    for k in range(count):
        rows = slice(12 * k, 12 * k + 12)
        dense[rows, rows] = normal.diagonal[k]
        if k:
            dense[12 * k - 12 : 12 * k, rows] = normal.upper[k - 1]
    dense[:size, size:] = normal.across.reshape(size, free)
    dense[size:, size:] = normal.objects
    dense = np.triu(dense) + np.triu(dense, 1).T
    known = Solved(normal).covariances()
    found = np.zeros_like(dense)
    found[size:, size:] = known.objects
    found[:size, size:] = known.across.reshape(size, free)
    for k in range(count):
        rows = slice(12 * k, 12 * k + 12)
        found[rows, rows] = known.frames[k]
        if k:
            found[12 * k - 12 : 12 * k, rows] = known.pairs[k - 1]
    inverse = np.triu(np.linalg.inv(dense))
    deviations = np.sqrt(np.diag(inverse))
    off = np.abs(np.triu(found) - inverse) / np.outer(deviations, deviations)
    assert off[found != 0].max() < 1e-3


def test_sightings_and_the_prior_of_scales_share_the_unknowns():
    """The shares add up to one for each unknown: the trace of the normal matrix by its inverse."""
    problem, state = small_problem()
    problem = replace(problem, densities=np.full(2, np.inf))
    known = Solved(normal_equations(problem, state)).covariances()
    scales = known.of_objects(problem)[:, 6, 6].sum()  # the prior's deviation is 1
    followed = 6 * share_followed(problem, state, known).sum()
    assert followed + scales == pytest.approx(6 * 4 + 7 * 2, rel=1e-6)


# --- exact data -----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_exact_sightings_give_the_exact_path(count):
    """Without a prior of motion any path is recovered."""
    rng = np.random.default_rng(count)
    objects, cameras = some_objects(rng, count), Pose.random(rng, (12,), rng.normal(size=(12, 3)))
    found = smooth(sightings_of(cameras, objects), 12, count, motion_weight=0)
    assert_same(found.world_from_camera, cameras)
    assert_same(found.world_from_objects, objects)
    assert found.known.all()
    assert found.cost < 1e-12


@pytest.mark.parametrize("acceleration", [None, (0.5, 0.5)])
def test_even_motion_is_continued_through_gaps_and_beyond_the_ends(acceleration):
    rng = np.random.default_rng(5)
    times = np.cumsum(rng.uniform(0.01, 0.2, 40))
    objects, cameras = some_objects(rng, 2), even_motion(times)
    seen = np.ones((40, 2), bool)
    seen[[0, 1, 12, 13, 14, 15, 16, 17, 18, 25, 39]] = False
    found = smooth(sightings_of(cameras, objects, seen=seen), 40, 2, times_s=times, acceleration=acceleration)
    assert_same(found.world_from_camera, cameras)
    assert np.array_equal(found.seen, seen.any(1))
    # One missing frame is bridged; a gap of 7 and what has no end are not.
    assert np.flatnonzero(~found.known).tolist() == [0, 1, *range(12, 19), 39]


def test_one_sighting_turns_its_covariance_into_the_cameras():
    rng = np.random.default_rng(2)
    root = rng.normal(size=(6, 6))
    pose, covariance = Pose.random(3, translation=[0.3, -0.2, 2.5]), 1e-4 * (root @ root.T + np.eye(6))
    found = smooth([Sighting(0, 0, pose, np.linalg.inv(covariance))], 1, 1)
    assert_same(found.world_from_camera[0], pose.inverse())
    steps = 1e-6 * np.eye(6)
    ways = [step_between(pose.step(-d).inverse(), pose.step(d).inverse()) / 2e-6 for d in steps]
    expected = np.stack(ways, 1) @ covariance @ np.stack(ways, 1).T
    np.testing.assert_allclose(found.covariances[0], expected, rtol=1e-5, atol=1e-9)


# --- noise ----------------------------------------------------------------------------------------


def test_errors_are_as_large_as_the_covariances_say():
    """Cameras seen, bridged and beyond the end, and objects, of runs drawn from the model: chi-square with 6 each."""
    acceleration, runs = (1.0, 2.0), 40
    squares = {"seen": [], "bridged": [], "beyond": [], "object": []}
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        times = np.cumsum(rng.uniform(0.02, 0.1, 12))
        objects, cameras = some_objects(rng, 2), random_motion(rng, times, acceleration)
        seen = np.ones((12, 2), bool)
        seen[[6, 7, 11]] = seen[3, 0] = False
        found = smooth(
            sightings_of(cameras, objects, rng, seen=seen), 12, 2, times_s=times, acceleration=acceleration
        )
        off = normalised(step_between(found.world_from_camera, cameras), found.covariances)
        squares["seen"].append(off[4])
        squares["bridged"].append(off[6])
        squares["beyond"].append(off[11])
        error = step_between(found.world_from_objects[1], objects[1])
        squares["object"].append(normalised(error, found.object_covariances[1]))
        assert (found.weights == 1).mean() > 0.9
    for kind, values in squares.items():
        low, high = stats.chi2.ppf([1e-4, 1 - 1e-4], 6 * runs)
        assert low < np.sum(values) < high, kind
        assert stats.kstest(values, stats.chi2(6).cdf).pvalue > 1e-4, kind


@pytest.mark.slow
def test_the_motion_is_measured_from_the_run():
    """Drawn with a known acceleration: found within a quarter, and the covariances are honest."""
    times, acceleration = np.arange(120) / 30, (1.0, 2.0)
    ratios, squares = [], []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        objects, cameras = some_objects(rng, 2), random_motion(rng, times, acceleration)
        found = smooth(sightings_of(cameras, objects, rng), 120, 2, times_s=times)
        ratios.append(np.divide(found.acceleration, acceleration))
        squares.append(normalised(step_between(found.world_from_camera, cameras), found.covariances))
    np.testing.assert_allclose(np.mean(ratios, 0), 1, atol=0.25)
    assert 4.8 < np.mean(squares) < 7.2


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_flipped_poses_are_rejected_and_no_others(count, seed):
    """A fifth of all sightings turned by 90 or 180 degrees, as of a symmetric chair."""
    rng = np.random.default_rng(seed)
    objects, cameras = some_objects(rng, count), ellipse(40)
    flips = rng.random((40, count)) < 0.2
    flips[[0, 1, -2, -1]] = False  # at the ends nothing but the motion so far speaks against one
    flipped = flips * rng.choice([np.pi / 2, np.pi, -np.pi / 2], (40, count))
    found = smooth(sightings_of(cameras, objects, rng, flipped=flipped), 40, count)
    assert np.array_equal(found.weights > 0.5, flipped.ravel() == 0)
    degrees, metres = found.world_from_camera.distance(cameras)
    assert np.sqrt(np.mean(np.square(degrees[found.known]))) < 1.5
    assert np.sqrt(np.mean(np.square(metres[found.known]))) < 0.06
    np.testing.assert_array_equal(found.widening, 1)


def test_of_two_hypotheses_for_each_frame_the_right_one_is_taken():
    rng = np.random.default_rng(8)
    objects, cameras = some_objects(rng, 1), ellipse(30)
    right = sightings_of(cameras, objects, rng)
    swayed = [Pose.from_rotation_vector([0.0, np.pi + 0.4 * rng.normal(), 0.0]) for _ in right]
    wrong = [
        Sighting(s.frame, 0, s.camera_from_object @ flip, INFORMATION)
        for s, flip in zip(right, swayed, strict=True)
    ]
    found = smooth(wrong + right, 30, 1)
    assert found.weights.tolist() == [0] * 30 + [1] * 30


@pytest.mark.slow
def test_errors_do_not_grow_with_the_run():
    """Six rounds are as exact at their end as at their start, where a chain of steps would drift."""
    late, early = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        objects, cameras = some_objects(rng, 2), ellipse(240, 6)
        found = smooth(sightings_of(cameras, objects, rng), 240, 2)
        _, metres = found.world_from_camera.distance(cameras)
        early.append(metres[:40])
        late.append(metres[-40:])
    assert np.mean(late) < 1.4 * np.mean(early)
    assert np.mean(late) < 0.03  # one sighting alone: 0.01 m, and 2 m away 0.01 rad


@pytest.mark.parametrize("times", [5, 30])
def test_what_is_overstated_is_widened_not_rejected(times):
    """Sightings so many times worse than they claim: all are kept, and the covariances become honest."""
    rng = np.random.default_rng(4)
    objects, cameras = some_objects(rng, 3), ellipse(60)
    claimed = [
        Sighting(s.frame, s.object, s.camera_from_object, times**2 * s.information)
        for s in sightings_of(cameras, objects, rng)
    ]
    found = smooth(claimed, 60, 3)
    assert (found.weights > 0.5).mean() > 0.97
    np.testing.assert_allclose(found.widening, times, rtol=0.3)
    squares = normalised(step_between(found.world_from_camera, cameras), found.covariances)
    assert 3 < np.mean(squares) < 12


@pytest.mark.parametrize("seed", range(2))
def test_flips_are_told_from_gross_overstatement(seed):
    rng = np.random.default_rng(seed)
    objects, cameras = some_objects(rng, 2), ellipse(40)
    flipped = np.pi / 2 * (rng.random((40, 2)) < 0.2)
    flipped[[0, 1, -2, -1]] = 0
    claimed = [
        Sighting(s.frame, s.object, s.camera_from_object, 900 * s.information)
        for s in sightings_of(cameras, objects, rng, flipped=flipped)
    ]
    wrong = (smooth(claimed, 40, 2).weights > 0.5) != (flipped.ravel() == 0)
    assert wrong.sum() <= 2  # of 80: the widening is as rough as a quantile of 40 numbers


# --- invariances ----------------------------------------------------------------------------------


def noisy_run(seed=6, frames=30, count=3):
    rng = np.random.default_rng(seed)
    objects, cameras = some_objects(rng, count), ellipse(frames)
    seen = rng.random((frames, count)) < 0.8
    seen[:2] = True
    return sightings_of(cameras, objects, rng, seen=seen), cameras, objects


def test_the_order_of_the_sightings_does_not_matter():
    sightings, _, _ = noisy_run()
    order = np.random.default_rng(0).permutation(len(sightings))
    found, shuffled = smooth(sightings, 30, 3), smooth([sightings[i] for i in order], 30, 3)
    assert_same(shuffled.world_from_camera, found.world_from_camera, 1e-12)
    np.testing.assert_array_equal(shuffled.weights, found.weights[order])


@pytest.mark.parametrize("places", [(0, 2, 1), (1, 0, 2), (2, 0, 1)])
def test_which_object_is_the_world_does_not_matter(places):
    """All poses relative to a camera stay; only the frame that they are written in changes."""
    sightings, _, _ = noisy_run()
    renamed = [Sighting(s.frame, places[s.object], s.camera_from_object, s.information) for s in sightings]
    one, other = (smooth(s, 30, 3, acceleration=(2.0, 5.0)) for s in (sightings, renamed))
    assert other.cost == pytest.approx(one.cost, rel=1e-9)
    np.testing.assert_allclose(other.weights, one.weights, atol=1e-9)
    for m in range(3):
        first = one.world_from_camera.inverse() @ one.world_from_objects[m]
        second = other.world_from_camera.inverse() @ other.world_from_objects[places[m]]
        assert_same(second, first, 1e-7)


def test_backwards_in_time_it_is_the_same_path():
    sightings, _, _ = noisy_run()
    backwards = [Sighting(29 - s.frame, s.object, s.camera_from_object, s.information) for s in sightings]
    one, other = (smooth(s, 30, 3, acceleration=(2.0, 5.0)) for s in (sightings, backwards))
    assert_same(other.world_from_camera[::-1], one.world_from_camera, 1e-7)
    np.testing.assert_allclose(other.covariances[::-1], one.covariances, rtol=1e-4, atol=1e-12)


def test_another_unit_of_time_changes_nothing():
    sightings, _, _ = noisy_run()
    one, other = smooth(sightings, 30, 3), smooth(sightings, 30, 3, times_s=5 + np.arange(30) / 3)
    assert_same(other.world_from_camera, one.world_from_camera, 1e-6)


def test_a_weight_of_four_halves_the_acceleration():
    sightings, _, _ = noisy_run()
    one = smooth(sightings, 30, 3, acceleration=(2.0, 4.0), motion_weight=4)
    other = smooth(sightings, 30, 3, acceleration=(1.0, 2.0))
    assert_same(other.world_from_camera, one.world_from_camera, 1e-12)
    assert one.acceleration == pytest.approx((1.0, 2.0))
    measured, stiff = smooth(sightings, 30, 3), smooth(sightings, 30, 3, motion_weight=4)
    assert stiff.acceleration == pytest.approx(np.divide(measured.acceleration, 2), rel=1e-6)


# --- scales ---------------------------------------------------------------------------------------


def test_scales_are_found_where_the_camera_moves_around():
    rng = np.random.default_rng(9)
    objects, cameras, scales = some_objects(rng, 3), ellipse(40), np.array([1.0, 0.6, 1.7])
    exact = smooth(sightings_of(cameras, objects, scales=scales), 40, 3, scales=True, motion_weight=0)
    np.testing.assert_allclose(exact.scales, scales, rtol=1e-5)
    assert_same(exact.world_from_camera, cameras, 1e-5)
    assert_same(exact.world_from_objects, objects, 1e-5)


@pytest.mark.slow
def test_errors_of_scales_are_as_large_as_their_deviations_say():
    rng, off = np.random.default_rng(9), []
    objects, cameras, scales = some_objects(rng, 3), ellipse(40), np.array([1.0, 0.6, 1.7])
    for _ in range(10):
        found = smooth(sightings_of(cameras, objects, rng, scales), 40, 3, scales=True, acceleration=(5, 9))
        off.append(np.log(found.scales / scales)[1:] / found.scale_deviations[1:])
        assert found.scale_deviations[0] == 0
    low, high = stats.chi2.ppf([1e-4, 1 - 1e-4], 20)
    assert low < np.sum(np.square(off)) < high


def test_a_scale_that_nothing_shows_stays_and_says_so():
    """One frame: a large object far away or a small one near by."""
    objects = some_objects(np.random.default_rng(1), 2)
    found = smooth(sightings_of(ellipse(1), objects), 1, 2, scales=True)
    assert found.scales == pytest.approx([1, 1])
    assert found.scale_deviations[1] == pytest.approx(1, rel=1e-3)
    assert_same(found.world_from_objects, objects)


def test_without_scales_none_is_sought():
    sightings, _, _ = noisy_run()
    found = smooth(sightings, 30, 3)
    assert found.scales.tolist() == [1, 1, 1]
    assert found.scale_deviations.tolist() == [0, 0, 0]


# --- what is not seen -----------------------------------------------------------------------------


def test_uncertainty_grows_into_a_gap_and_beyond_the_end():
    rng = np.random.default_rng(7)
    cameras = even_motion(np.arange(50) / 30)
    seen = np.ones((50, 1), bool)
    seen[15:26] = seen[45:] = False
    sightings = sightings_of(cameras, some_objects(rng, 1), rng, seen=seen)
    found = smooth(sightings, 50, 1, acceleration=(1.0, 1.0))
    for axis in range(6):
        deviation = np.sqrt(found.covariances[:, axis, axis])
        assert (np.diff(deviation[14:21]) > 0).all()
        assert (np.diff(deviation[20:27]) < 0).all()
        assert (np.diff(deviation[44:]) > 0).all()
    assert not found.known[15:26].any()
    assert smooth(sightings, 50, 1, acceleration=(1.0, 1.0), bridge=11).known[15:26].all()


def test_without_motion_an_unseen_frame_repeats_the_last():
    rng = np.random.default_rng(7)
    cameras, seen = ellipse(10), np.ones((10, 1), bool)
    seen[[0, 5, 6]] = False
    found = smooth(sightings_of(cameras, some_objects(rng, 1), seen=seen), 10, 1, motion_weight=0)
    assert np.array_equal(found.known, seen[:, 0])
    assert_same(found.world_from_camera[[0, 5, 6]], cameras[[1, 4, 4]])
    assert np.isnan(found.covariances[~found.known]).all()
    assert np.isfinite(found.covariances[found.known]).all()
    assert found.acceleration == (np.inf, np.inf)


def test_an_object_never_seen_with_the_others_is_not_connected():
    rng = np.random.default_rng(3)
    objects, cameras = some_objects(rng, 4), ellipse(30)
    seen = np.zeros((30, 4), bool)
    seen[:12, 0] = seen[8:20, 2] = True  # linked: 0 - 2
    seen[20:, 1] = True  # alone; object 3 is never seen
    found = smooth(sightings_of(cameras, objects, seen=seen), 30, 4, motion_weight=0)
    assert found.connected.tolist() == [True, False, True, False]
    assert found.known.tolist() == [True] * 20 + [False] * 10
    assert_same(found.world_from_camera[:20], cameras[:20])
    assert_same(found.world_from_objects[[0, 2]], objects[[0, 2]])
    assert np.isnan(found.object_covariances[[1, 3]]).all()
    assert (found.weights[-10:] == 0).all()


def test_a_start_tells_which_of_two_paths_is_meant_and_brings_its_times():
    """Most sightings are flipped alike, so that they look like another path; the start knows better, roughly."""
    rng = np.random.default_rng(6)
    objects, cameras, times = some_objects(rng, 1), ellipse(30), np.arange(30) / 7
    flipped = np.pi * (np.arange(30) % 2)[:, None]
    flipped[[6, 14, 22]], flipped[29] = np.pi, 0
    sightings, known = sightings_of(cameras, objects, rng, flipped=flipped), np.arange(30) % 4 > 0
    turned = Pose.random(1, translation=[1.0, 2, 3])
    rough = turned @ cameras.step(0.05 * rng.normal(size=(30, 6)))
    start = Trajectory(times, rough, known, known.astype(float), world_from_objects=turned @ objects)
    found, alone = smooth(sightings, 30, 1, start=start), smooth(sightings, 30, 1, times_s=times)
    assert found.times_s.tolist() == times.tolist()
    assert np.array_equal(found.weights > 0.5, flipped[:, 0] == 0)
    assert not np.array_equal(alone.weights > 0.5, flipped[:, 0] == 0)


def test_a_start_may_be_written_in_any_world():
    sightings, cameras, objects = noisy_run()
    seen, _ = measured(sightings, np.arange(30) / 30, 3)
    turned = Pose.random(1, translation=[1.0, 2, 3])
    start = Trajectory.of_known(np.arange(30.0), cameras.step(np.full(6, 0.01)))
    elsewhere = replace(
        start,
        world_from_camera=turned @ start.world_from_camera,
        world_from_objects=turned @ objects,
    )
    one, other = (place_cameras(seen, objects, np.zeros(3), _in_our_world(s)) for s in (start, elsewhere))
    assert_same(other.cameras, one.cameras)
    without = place_cameras(seen, objects, np.zeros(3), None)
    assert not np.allclose(one.cameras.translation, without.cameras.translation)


# --- bad input ------------------------------------------------------------------------------------


def made(**changes):
    values = {"frame": 0, "object": 0, "camera_from_object": Pose.identity(), "information": INFORMATION}
    return Sighting(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"frame": -1}, "frame is -1"),
        ({"frame": 1.5}, "frame is 1.5"),
        ({"object": True}, "object is True"),
        ({"camera_from_object": np.eye(4)}, "one single Pose"),
        ({"camera_from_object": Pose.identity((2,))}, "one single Pose"),
        ({"information": np.eye(3)}, r"\(3, 3\)"),
        ({"information": np.full((6, 6), np.nan)}, "not finite"),
        ({"information": np.zeros((6, 6))}, "none of some direction"),
        ({"information": np.diag([1.0, 1, 1, 1, 1, 0])}, "none of some direction"),
        ({"information": np.ones((6, 6))}, "singular"),
        ({"information": np.eye(6) + np.eye(6, k=1)}, "not symmetric"),
        ({"information": -np.eye(6)}, "none of some direction"),
    ],
)
def test_a_bad_sighting_is_refused(changes, words):
    with pytest.raises(BadInputError, match=words):
        made(**changes)


@pytest.mark.parametrize(
    ("sightings", "arguments", "words"),
    [
        ([], (3, 1), "no sightings"),
        ([made(frame=3)], (3, 1), "of frame 3; 0 to 2 are"),
        ([made(object=1)], (3, 1), "of object 1; 0 to 0 are"),
        ([made(object=1)], (3, 2), "the first object"),
        ([None], (3, 1), "sighting 0 is None"),
        ([made()], (0, 1), "number of frames is 0"),
        ([made()], (3, 0), "number of objects is 0"),
    ],
)
def test_a_bad_run_is_refused(sightings, arguments, words):
    with pytest.raises(BadInputError, match=words):
        smooth(sightings, *arguments)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"motion_weight": -1}, "motion_weight is -1"),
        ({"motion_weight": np.nan}, "motion_weight is nan"),
        ({"acceleration": (1, 0)}, "two positive numbers"),
        ({"acceleration": (1, 2, 3)}, "two positive numbers"),
        ({"cut": 0}, "cut is 0"),
        ({"bridge": -1}, "bridge is -1"),
        ({"times_s": [0, 1]}, "are not 3 finite numbers"),
        ({"times_s": [0, 1, 1]}, "strictly increase"),
        ({"times_s": [0, 1, np.nan]}, "are not 3 finite numbers"),
        ({"start": Trajectory.of_known([0.0, 1.0], Pose.identity((2,)))}, "start has 2 frames"),
    ],
)
def test_bad_settings_are_refused(settings, words):
    with pytest.raises(BadInputError, match=words):
        smooth([made()], 3, 1, **settings)


def test_an_object_of_which_nothing_is_believed_stays_where_it_was():
    problem, state = small_problem()
    of_it = problem.seen.object == 1
    problem = replace(problem, believed=np.where(of_it, 0.0, problem.believed), free=np.r_[7:13, 14:20])
    _, objects = Solved(normal_equations(problem, state)).step()
    np.testing.assert_array_equal(objects[:6], 0)
    assert np.isfinite(objects).all()
    assert (np.abs(objects[6:]) > 1e-3).any()

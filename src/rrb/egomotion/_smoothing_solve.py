"""Damped Gauss-Newton steps on the smoother's state, and the covariances at the end.

The frames form a chain, the few objects couple to all of them: frames are eliminated first, and what is left
is a small dense system of the objects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.egomotion import _smoothing_terms as terms
from rrb.egomotion._blocks import Chain
from rrb.egomotion._smoothing_terms import PER_FRAME, PER_OBJECT, Measured, State
from rrb.egomotion._turns import Floats, turned

# Added to the normal matrix alone, not to the cost: it moves no minimum, and where nothing else speaks it makes the
# matrix invertible. Standard deviations of 1e4 rad and m, of 100 rad/s and m/s.
_FLOOR = np.repeat([1e-8, 1e-4], 6)
_OBJECT_FLOOR = 1e-8  # for one of which no sighting is believed
_SMALL = 1e-13  # predicted decrease of the cost at which a descent ends; relative to the cost, 1e-3 of it
_LEAST_DAMPING, _MOST_DAMPING = 1e-5, 1e9


@dataclass(frozen=True, eq=False)
class Problem:
    """All that a cost depends on beside the state."""

    seen: Measured
    free: NDArray[np.int64]  # (P,) which of the 7 M numbers of the objects move
    believed: Floats  # (S,) in [0, 1]
    wide: Floats  # (S,) >= 1: by what each sighting's information is divided
    densities: Floats  # (2,) of the acceleration, rotation and translation; infinite: no prior of motion

    @property
    def weights(self) -> Floats:
        return self.believed / self.wide

    @property
    def steps_s(self) -> Floats:
        return np.diff(self.seen.times_s)

    @property
    def has_motion(self) -> bool:
        return bool(np.isfinite(self.densities).all()) and len(self.seen.times_s) > 1


@dataclass(frozen=True, eq=False)
class Normal:
    """The normal equations at a state: [chain, across; across^T, objects] of frames and objects."""

    diagonal: Floats  # (N, 12, 12)
    upper: Floats  # (N - 1, 12, 12)
    across: Floats  # (N, 12, P)
    objects: Floats  # (P, P)
    slope: Floats  # (N, 12): minus half the cost's gradient
    slope_objects: Floats  # (P,)
    cost: float  # as of `cost`


def cost(problem: Problem, state: State, residuals: Floats | None = None) -> float:
    """Weighted squares of sightings, of motion, and of the log-scales. residuals: the sightings', if known."""
    seen = problem.seen
    residuals = terms.sighting_residuals(state, seen) if residuals is None else residuals
    total = problem.weights @ terms.squares(residuals, seen.information)
    if problem.has_motion:
        off = terms.motion_squares(terms.motion_residuals(state, problem.steps_s), problem.steps_s)
        total += (off / np.repeat(problem.densities, 3)).sum()
    return float(total + (state.log_scales**2).sum() / terms.SCALE_DEVIATION**2)


def normal_equations(problem: Problem, state: State) -> Normal:
    seen, frames = problem.seen, len(problem.seen.times_s)
    residuals = terms.sighting_residuals(state, seen)
    by_frame, by_object = terms.sighting_jacobians(state, seen, residuals)
    weighted = problem.weights[:, None, None] * seen.information
    frame_side, object_side = by_frame.swapaxes(1, 2) @ weighted, by_object.swapaxes(1, 2) @ weighted
    diagonal, slope = np.zeros((frames, PER_FRAME, PER_FRAME)), np.zeros((frames, PER_FRAME))
    pairs = np.zeros((frames * seen.objects, PER_FRAME, PER_OBJECT))
    _add(diagonal[:, :6, :6], seen.frame, frame_side @ by_frame)
    _add(slope[:, :6], seen.frame, -turned(frame_side, residuals))
    _add(pairs[:, :6], seen.frame * seen.objects + seen.object, frame_side @ by_object)
    objects, slope_objects = _objects(state, seen, object_side @ by_object, object_side, residuals)
    upper = np.zeros((frames - 1, PER_FRAME, PER_FRAME))
    if problem.has_motion:
        _add_motion(problem, state, diagonal, upper, slope)
    free = problem.free
    across = pairs.reshape(frames, seen.objects, PER_FRAME, PER_OBJECT).swapaxes(1, 2)
    across = across.reshape(frames, PER_FRAME, -1)[:, :, free]
    kept = objects[np.ix_(free, free)], slope, slope_objects[free]
    return Normal(diagonal, upper, across, *kept, cost(problem, state, residuals))


def _add(sums: Floats, groups: NDArray[np.int64], parts: Floats) -> None:
    """sums[groups] += parts, the groups being sorted."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    sums[groups[starts]] += np.add.reduceat(parts, starts, 0)


def _objects(
    state: State, seen: Measured, blocks: Floats, object_side: Floats, residuals: Floats
) -> tuple[Floats, Floats]:
    """(7 M, 7 M), (7 M,) with what is known of the log-scales before looking."""
    order = np.argsort(seen.object, kind="stable")
    own = np.zeros((seen.objects, PER_OBJECT, PER_OBJECT))
    slope = np.zeros((seen.objects, PER_OBJECT))
    _add(own, seen.object[order], blocks[order])
    _add(slope, seen.object[order], -turned(object_side, residuals)[order])
    own[:, 6, 6] += 1 / terms.SCALE_DEVIATION**2
    slope[:, 6] -= state.log_scales / terms.SCALE_DEVIATION**2
    whole = np.zeros((seen.objects, PER_OBJECT, seen.objects, PER_OBJECT))
    whole[np.arange(seen.objects), :, np.arange(seen.objects)] = own
    size = seen.objects * PER_OBJECT
    return whole.reshape(size, size), slope.ravel()


def _add_motion(problem: Problem, state: State, diagonal: Floats, upper: Floats, slope: Floats) -> None:
    residuals = terms.motion_residuals(state, problem.steps_s)
    motion = terms.motion_blocks(state, problem.steps_s, residuals, problem.densities)
    diagonal[:-1] += motion.before
    diagonal[1:] += motion.behind
    upper += motion.across
    slope[:-1] -= motion.slope_before
    slope[1:] -= motion.slope_behind


@dataclass(frozen=True, eq=False)
class Covariances:
    """What is not known of a state."""

    frames: Floats  # (N, 12, 12)
    pairs: Floats  # (N - 1, 12, 12) of each frame with the next
    across: Floats  # (N, 12, P) of each frame with the objects' free numbers
    objects: Floats  # (P, P)

    def of_objects(self, problem: Problem) -> Floats:
        """(M, 7, 7) of each object alone; 0 of what does not move."""
        count = problem.seen.objects
        whole = np.zeros((PER_OBJECT * count,) * 2)
        whole[np.ix_(problem.free, problem.free)] = self.objects
        at = np.arange(count)
        return whole.reshape(count, PER_OBJECT, count, PER_OBJECT)[at, :, at]

    def of_sightings(self, problem: Problem) -> Floats:
        """(S, 13, 13) of the frame's pose and the object of each sighting."""
        seen = problem.seen
        across = np.zeros((len(self.frames), 6, PER_OBJECT * seen.objects))
        across[:, :, problem.free] = self.across[:, :6]
        across = across.reshape(-1, 6, seen.objects, PER_OBJECT)[seen.frame, :, seen.object]
        spread = np.empty((len(seen.frame), 6 + PER_OBJECT, 6 + PER_OBJECT))
        spread[:, :6, :6] = self.frames[seen.frame, :6, :6]
        spread[:, 6:, 6:] = self.of_objects(problem)[seen.object]
        spread[:, :6, 6:], spread[:, 6:, :6] = across, across.swapaxes(1, 2)
        return spread


class Solved:
    """Normal equations with their frames eliminated."""

    def __init__(self, normal: Normal, damping: float = 0.0) -> None:
        at = np.arange(PER_FRAME)
        diagonal = normal.diagonal.copy()
        diagonal[:, at, at] = diagonal[:, at, at] * (1 + damping) + _FLOOR
        self.normal, self.chain = normal, Chain.of(diagonal, normal.upper)
        self.answer = self.chain.solve(np.concatenate((normal.across, normal.slope[..., None]), 2))
        self.carried = self.answer[:, :, :-1]  # (N, 12, P): what frames do when objects move, negated
        objects = normal.objects + np.diag(damping * np.diagonal(normal.objects) + _OBJECT_FLOOR)
        left = objects - np.tensordot(normal.across, self.carried, ((0, 1), (0, 1)))
        self.objects = (left + left.T) / 2

    def step(self) -> tuple[Floats, Floats]:
        """Of the frames (N, 12) and of the objects' free numbers (P,)."""
        own = self.answer[:, :, -1]
        push = self.normal.slope_objects - np.tensordot(self.normal.across, own, ((0, 1), (0, 1)))
        objects = np.asarray(np.linalg.solve(self.objects, push), np.float64)
        return own - self.carried @ objects, objects

    def covariances(self) -> Covariances:
        own, pairs = self.chain.inverse_blocks()
        objects = np.asarray(np.linalg.inv(self.objects), np.float64)
        spread = self.carried @ objects
        own = own + spread @ self.carried.swapaxes(1, 2)
        return Covariances(own, pairs + spread[:-1] @ self.carried[1:].swapaxes(1, 2), -spread, objects)


def descend(problem: Problem, state: State, steps: int) -> tuple[State, int]:
    """Levenberg and Marquardt's steps to the minimum, at most so many; and how many were tried."""
    damping, normal = 0.0, normal_equations(problem, state)
    now = normal.cost
    for tried in range(1, steps + 1):
        frames, free = Solved(normal, damping).step()
        objects = np.zeros(problem.seen.objects * PER_OBJECT)
        objects[problem.free] = free
        moved = state.step(frames, objects.reshape(-1, PER_OBJECT))
        after = cost(problem, moved)
        decrease = float((normal.slope * frames).sum() + normal.slope_objects @ free)
        small = decrease < _SMALL * (1 + 1e-3 * now)
        if after <= now or small:
            state, now, damping = moved, after, damping / 10 if damping > _LEAST_DAMPING else 0.0
            if small:
                return state, tried
            if tried < steps:
                normal = normal_equations(problem, state)
        else:
            damping = max(_LEAST_DAMPING, 10 * damping)
            if damping > _MOST_DAMPING:
                return state, tried
    return state, steps

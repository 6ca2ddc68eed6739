"""`Smoothed`: what the smoother hands out, and how it is read off the minimum."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rrb.egomotion._smoothing_solve import Problem, Solved, cost, normal_equations
from rrb.egomotion._smoothing_start import connected_objects
from rrb.egomotion._smoothing_terms import State
from rrb.geometry.pose import Pose

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Smoothed:
    """The path and the map. World: the first object's frame; lengths in its unit.

    A frame is known if it is seen, that is has a sighting that is believed, of a connected object; or if it lies
    in a gap of at most `bridge` frames with seen ones on both sides. Elsewhere the pose is what even motion predicts,
    and its covariance says how far that may be off. Without a prior of motion it is the last known pose, with NaN.
    """

    times_s: NDArray[np.float64]  # (N,)
    world_from_camera: Pose  # (N,)
    known: NDArray[np.bool_]  # (N,)
    seen: NDArray[np.bool_]  # (N,) known from a sighting of its own
    covariances: NDArray[np.float64]  # (N, 6, 6) of a step of world_from_camera: rad, m, the world's axes
    world_from_objects: Pose  # (M,); the first is the identity, as are those that are not connected
    object_covariances: NDArray[np.float64]  # (M, 6, 6), as for cameras; 0 of the first, NaN if not connected
    connected: NDArray[np.bool_]  # (M,) whether believed sightings link the object to the first
    scales: NDArray[np.float64]  # (M,): the true size over the size it was measured with; 1 where not asked
    scale_deviations: NDArray[np.float64]  # (M,) standard deviations, relative; 0 where not asked
    weights: NDArray[
        np.float64
    ]  # (S,) in [0, 1], in the order given: the belief in each sighting, 0 for rejected
    widening: NDArray[np.float64]  # (M,) >= 1: what the stated standard deviations had to be multiplied with
    acceleration: tuple[
        float, float
    ]  # root density of the prior's noise: rad/s^1.5 and m/s^1.5; inf: no prior
    cost: float  # squares, in standard deviations, of believed sightings and of the motion
    iterations: int


def answer(
    problem: Problem, state: State, numbers: NDArray[np.int64], objects: int, bridge: int
) -> dict[str, object]:
    """All but weights and iterations. numbers: those of the problem's objects among all of them."""
    known = Solved(normal_equations(problem, state)).covariances()
    linked, seen = _believed(problem)
    cameras, covariances = Pose(state.rotations, state.centres), known.frames[:, :6, :6]
    if not problem.has_motion:
        cameras, covariances = _last_seen(cameras, seen), np.where(seen[:, None, None], covariances, np.nan)
    wide = np.ones(objects)
    wide[numbers[problem.seen.object]] = np.sqrt(problem.wide)
    root = np.sqrt(problem.densities) if problem.has_motion else np.full(2, np.inf)
    return {
        "times_s": problem.seen.times_s,
        "world_from_camera": cameras,
        "known": seen | (in_short_gaps(seen, bridge) & problem.has_motion),
        "seen": seen,
        "covariances": covariances,
        **_map(state, known.of_objects(problem), numbers, linked, objects),
        "widening": wide,
        "acceleration": (float(root[0]), float(root[1])),
        "cost": cost(problem, state),
    }


def _believed(problem: Problem) -> tuple[Bools, Bools]:
    """(M',) which objects are linked to the first, (N,) which frames see one of those, by believed sightings."""
    frames = len(problem.seen.times_s)
    believed = problem.seen.pick(problem.believed > 0.5)
    linked = connected_objects(believed, frames)
    return linked, np.bincount(believed.frame[linked[believed.object]], minlength=frames) > 0


def _map(
    state: State, own: Floats, numbers: NDArray[np.int64], linked: Bools, objects: int
) -> dict[str, object]:
    kept, still = numbers[linked], Pose.identity((objects,))
    rotations, places = still.rotation.copy(), still.translation.copy()
    rotations[kept], places[kept] = state.object_rotations[linked], state.object_places[linked]
    covariances, connected = np.full((objects, 6, 6), np.nan), np.zeros(objects, bool)
    covariances[kept], connected[kept] = own[linked, :6, :6], True
    scales, deviations = np.ones(objects), np.zeros(objects)
    scales[kept], deviations[kept] = np.exp(state.log_scales[linked]), np.sqrt(own[linked, 6, 6])
    return {
        "world_from_objects": Pose(rotations, places),
        "object_covariances": covariances,
        "connected": connected,
        "scales": scales,
        "scale_deviations": deviations,
    }


def in_short_gaps(seen: Bools, longest: int) -> Bools:
    """(N,) which frames lie between seen ones that have at most so many others between them."""
    at = np.flatnonzero(seen)
    bridged = np.zeros(len(seen), bool)
    for before, behind in pairwise(at):
        bridged[before + 1 : behind] = behind - before - 1 <= longest
    return bridged


def _last_seen(cameras: Pose, seen: Bools) -> Pose:
    """The camera of the last seen frame up to each, or of the first seen one; as given if none is seen."""
    if not seen.any():
        return cameras
    last = np.maximum.accumulate(np.where(seen, np.arange(len(seen)), -1))
    return cameras[np.where(last < 0, seen.argmax(), last)]

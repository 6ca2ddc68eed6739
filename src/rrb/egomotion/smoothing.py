"""A whole run at once: the camera's path and the objects' places that agree best with all sightings.

Nothing is handed on from frame to frame, so that no error grows with the run's length while an object is in view.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.egomotion import _smoothing_robust as robust
from rrb.egomotion._sighting import Sighting, measured
from rrb.egomotion._smoothed import Smoothed, answer
from rrb.egomotion._smoothing_solve import Problem, descend
from rrb.egomotion._smoothing_start import (
    Placed,
    at_rest,
    connected_objects,
    place_cameras,
    place_objects,
)
from rrb.egomotion._smoothing_terms import PER_OBJECT, Measured, State
from rrb.egomotion.trajectory import Trajectory
from rrb.errors import BadInputError
from rrb.geometry._arrays import as_numpy, short

__all__ = ["FRAMES_A_SECOND", "Sighting", "Smoothed", "smooth"]

FRAMES_A_SECOND = 30.0  # where no times are given
_LAST_STEPS = 30


def smooth(
    sightings: Sequence[Sighting],
    frames: int,
    objects: int,
    *,
    start: Trajectory | None = None,
    times_s: Any = None,
    motion_weight: float = 1.0,
    acceleration: tuple[float, float] | None = None,
    scales: bool = False,
    cut: float = 5.0,
    bridge: int = 5,
) -> Smoothed:
    """The most likely path of the camera through `frames` frames past `objects` objects that stand still.

    The first object is the world. Others are placed relative to it through frames that see two; one that no
    chain of such frames leads to is reported as not connected, and its sightings say nothing.

    start: cameras to try beside those that the sightings suggest, such as the path of a tracker, each worth a
        sighting when the path is begun and nothing later; and its times.
    times_s: (N,) seconds; else those of `start`, else 30 frames a second.
    motion_weight: of the prior that the camera moves evenly: its turn rate and velocity change by white noise on
        the acceleration. 1 takes it as likely as this run's own motion is; 4 halves the noise's deviation; 0
        leaves the prior out, and then every frame stands for itself.
    acceleration: the root of the noise's spectral density, for rotation (rad/s^1.5) and translation (m/s^1.5): in
        a time t the velocity changes by acceleration * sqrt(t). None: measured along with the path.
    scales: find each object's size too. The first object's is 1 and gives the unit of length; of the others a
        factor of e either way is expected before looking. An object that is s times larger than it was taken for
        stands s times farther away than was measured.
    cut: a sighting more standard deviations away than this is rejected. Of six numbers 5 is rare (1 in 3,000).
        Where an object's sightings scatter more than they state, their deviations are widened first.
    bridge: the longest gap, in frames, that counts as known.

    The camera's motion is all that tells a flipped pose from a right one where a frame has one sighting: from some
    six flipped frames in a row on, or at an end of the run, the flip may be believed. Likewise a film with a cut
    is two runs, to be smoothed one by one.

    Several sightings of an object in one frame are taken as independent. So are those of successive frames:
    errors that they share, as from a wrong mesh, are in no covariance.
    """
    times = _times(frames, times_s, start)
    _check_settings(motion_weight, acceleration, cut, bridge)
    seen, order = measured(sightings, times, objects)
    connected = connected_objects(seen, len(times))
    if not connected[0]:
        raise BadInputError("the first object, which is the world, has no sighting; at least one is needed")
    numbers, used = np.flatnonzero(connected), connected[seen.object]
    part = seen.pick(used)
    part = replace(part, object=np.searchsorted(numbers, part.object), objects=len(numbers))
    problem, state, iterations = _solve(part, start, motion_weight, acceleration, scales, cut)
    weights = np.zeros(len(sightings))
    weights[order[used]] = problem.believed
    found: dict[str, Any] = answer(problem, state, numbers, len(connected), bridge)
    return Smoothed(**found, weights=weights, iterations=iterations)


def _solve(
    seen: Measured,
    start: Trajectory | None,
    motion_weight: float,
    acceleration: tuple[float, float] | None,
    scales: bool,
    cut: float,
) -> tuple[Problem, State, int]:
    state, placed = _first_state(seen, start, scales)
    measured = acceleration is None and motion_weight > 0 and len(seen.times_s) > 1
    if measured:
        densities = robust.first_densities(state, placed.chosen, seen.times_s)
    else:
        roots = np.ones(2) if acceleration is None else as_numpy(acceleration)
        densities = np.square(roots) / motion_weight if motion_weight > 0 else np.full(2, np.inf)
    moving = np.arange(PER_OBJECT, PER_OBJECT * seen.objects).reshape(-1, PER_OBJECT)
    free = moving[:, : PER_OBJECT if scales else PER_OBJECT - 1].ravel()
    wide = np.full(len(seen.frame), placed.wide)
    problem = Problem(seen, free, placed.agreeing.astype(float), wide, densities)
    problem, state, settling = robust.settle(problem, state, cut)
    problem, state, refining = robust.refine(problem, state, cut, measured)
    if measured and motion_weight != 1:
        problem = replace(problem, densities=problem.densities / motion_weight)
        problem, state, more = robust.refine(problem, state, cut, False)
        refining += more
    state, last = descend(problem, state, _LAST_STEPS)
    return problem, state, settling + refining + last


def _first_state(seen: Measured, start: Trajectory | None, scales: bool) -> tuple[State, Placed]:
    objects, log_scales = place_objects(seen, scales)
    placed = place_cameras(seen, objects, log_scales, None if start is None else _in_our_world(start))
    return at_rest(placed.cameras, objects, log_scales), placed


def _in_our_world(start: Trajectory) -> Trajectory:
    """Its first object's frame; a start without objects is taken to be written in that."""
    if start.world_from_objects is None or not len(start.world_from_objects):
        return start
    to_world = start.world_from_objects[0].inverse()
    return replace(start, world_from_camera=to_world @ start.world_from_camera)


# --- what is accepted -----------------------------------------------------------------------------


def _times(frames: int, times_s: Any, start: Trajectory | None) -> NDArray[np.float64]:
    if isinstance(frames, bool) or not isinstance(frames, Integral) or frames < 1:
        raise BadInputError(f"the number of frames is {short(frames)}; a whole number from 1 is accepted")
    if start is not None and len(start) != frames:
        raise BadInputError(
            f"the start has {len(start)} frames but there are {frames}; equal numbers are accepted"
        )
    if times_s is None:
        return np.arange(int(frames)) / FRAMES_A_SECOND if start is None else start.times_s
    times = as_numpy(times_s).astype(float)
    if times.shape != (frames,) or not np.isfinite(times).all() or not (np.diff(times) > 0).all():
        raise BadInputError(
            f"times_s, of shape {times.shape}, are not {frames} finite numbers that strictly increase, which alone"
            " are accepted"
        )
    return times


def _check_settings(weight: Any, acceleration: Any, cut: Any, bridge: Any) -> None:
    if not _is_number(weight) or not 0 <= weight < math.inf:
        raise BadInputError(f"motion_weight is {short(weight)}; a number from 0 is accepted")
    if acceleration is not None:
        roots = as_numpy(acceleration)
        if roots.shape != (2,) or not (np.isfinite(roots) & (roots > 0)).all():
            raise BadInputError(
                f"acceleration is {short(acceleration)}; two positive numbers, of rotation and translation, are"
                " accepted"
            )
    if not _is_number(cut) or not 0 < cut < math.inf:
        raise BadInputError(f"cut is {short(cut)}; a positive number of standard deviations is accepted")
    if not isinstance(bridge, Integral) or bridge < 0:
        raise BadInputError(f"bridge is {short(bridge)}; a whole number of frames from 0 is accepted")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number)

"""How far a trajectory is from the truth, and what it failed to notice."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rrb.egomotion.trajectory import Trajectory
from rrb.errors import BadInputError
from rrb.evaluation.trajectory import absolute_errors, alignment, relative_errors
from rrb.geometry.pose import Pose

SURE = 0.5  # confidence over which a frame claims to be known
OFF_M, OFF_DEG = 0.2, 15.0  # a camera that is further off is a lost one
_LEAST = 3  # frames that an alignment needs

Score = dict[str, float | int | None]


def scored(truth: Pose, found: Trajectory, *, align: str = "sim3", turns: int = 1) -> Score:
    """Root mean squares over the frames that are known, after each alignment.

    align: after which it is decided whether a frame is off; "none" compares in the first object's frame, which
    `turns` turns about y leave as it is.
    """
    known = np.flatnonzero(found.known)
    score: Score = {"frames": len(found), "known": len(known)}
    for name in ("sim3", "se3"):
        score |= _aligned(truth, found.world_from_camera, known, name)
    score["ate_first_object_m"] = _unaligned(truth, found.world_from_camera, known, turns)
    off = off_frames(truth, found, align=align, turns=turns)
    score["off"] = int(off[known].sum())
    score["unnoticed"] = int((off & (found.confidence > SURE) & found.known).sum())
    return score


def off_frames(truth: Pose, found: Trajectory, *, align: str, turns: int = 1) -> NDArray[np.bool_]:
    """(N,) whether a frame's camera is lost; of frames that are not known, where they are said to be."""
    known = np.flatnonzero(found.known)
    if len(known) == 0:
        return np.ones(len(found), bool)
    if align == "none":
        tried = [_off(truth, turn @ found.world_from_camera) for turn in _turns(turns)]
        return min(tried, key=lambda off: int(off.sum()))
    try:
        placed = alignment(truth[known], found.world_from_camera[known], align)
    except BadInputError:  # fewer positions than an alignment needs
        return np.ones(len(found), bool)
    return _off(truth, placed.apply(found.world_from_camera))


def _off(truth: Pose, estimate: Pose) -> NDArray[np.bool_]:
    moved = absolute_errors(truth, estimate, "trans_part") > OFF_M
    return moved | (absolute_errors(truth, estimate, "angle_deg") > OFF_DEG)


def _aligned(truth: Pose, estimate: Pose, known: NDArray[np.intp], name: str) -> Score:
    """ATE, and RPE over neighbouring frames that are both known."""
    keys = (f"ate_{name}_m", f"rpe_{name}_m", f"rpe_{name}_deg", f"ate_{name}_deg", f"scale_{name}")
    if len(known) < _LEAST:
        return dict.fromkeys(keys)
    try:
        placed = alignment(truth[known], estimate[known], name)
    except BadInputError:  # positions that say no rotation
        return dict.fromkeys(keys)
    aligned = placed.apply(estimate)
    at = known[:-1][np.diff(known) == 1]
    pairs = np.stack([at, at + 1], axis=1)
    values = (
        _rms(absolute_errors(truth[known], aligned[known])),
        _rms(relative_errors(truth, aligned, pairs)),
        _rms(relative_errors(truth, aligned, pairs, "angle_deg")),
        _rms(absolute_errors(truth[known], aligned[known], "angle_deg")),
        float(placed.scale),
    )
    return dict(zip(keys, values, strict=True))


def _unaligned(truth: Pose, estimate: Pose, known: NDArray[np.intp], turns: int) -> float | None:
    if not len(known):
        return None
    errors = [_rms(absolute_errors(truth[known], (turn @ estimate)[known])) for turn in _turns(turns)]
    return min(error for error in errors if error is not None)


def _turns(count: int) -> Sequence[Pose]:
    return [Pose.from_euler_zyx(0.0, 360.0 * k / count, 0.0) for k in range(count)]


def _rms(errors: NDArray[np.float64]) -> float | None:
    return math.sqrt(float((errors**2).mean())) if len(errors) else None

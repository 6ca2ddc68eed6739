"""Which poses of two paths belong together: by time, after an alignment, and as pairs along one path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import as_numpy, short
from rrb.geometry.pose import Pose
from rrb.geometry.rotations import angle_of

Numbers = NDArray[np.float64]
Indices = NDArray[np.intp]
DeltaUnit = Literal["f", "m", "d", "r"]
UNITS: dict[str, str] = {"f": "frames", "m": "metres", "d": "degrees", "r": "radians"}
ALIGNMENTS = ("none", "se3", "sim3", "scale", "origin", "scale and origin")
_LINE = 1e-12  # of the largest spread: narrower, positions lie on one line and say no rotation

# --- by time --------------------------------------------------------------------------------------


def associate(
    reference_s: Any, estimate_s: Any, *, max_difference_s: float = 0.01, offset_s: float = 0.0
) -> tuple[Indices, Indices]:
    """Indices of the poses that belong together, of the reference and of the estimate, each (K,).

    Every pose of the path with fewer poses (of the estimate, where there are equally many) takes the nearest in
    time of the other path, the earlier of two, where it is at most `max_difference_s` away. One of the other path
    may be taken twice. Both times are in seconds and increase; `offset_s` is added to those of the estimate.
    """
    reference, estimate = as_numpy(reference_s), as_numpy(estimate_s)
    if not (max_difference_s >= 0 and np.isfinite(offset_s)):
        raise BadInputError(
            f"the greatest difference is {max_difference_s} s and the offset {offset_s} s; a difference from 0 and"
            " a finite offset are accepted"
        )
    if len(estimate) > len(reference):
        few, many = _nearest(reference, estimate + offset_s, max_difference_s)
        return few, many
    few, many = _nearest(estimate, reference - offset_s, max_difference_s)
    return many, few


def _nearest(few: Numbers, many: Numbers, most: float) -> tuple[Indices, Indices]:
    if not len(few):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    after = np.clip(np.searchsorted(many, few), 0, len(many) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(few - many[before]) <= np.abs(many[after] - few), before, after)
    kept = np.flatnonzero(np.abs(many[nearest] - few) <= most)
    return kept, nearest[kept]


# --- by a motion ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Alignment:
    """p_reference = rotation @ (scale * p_estimate) + translation; orientations turn, and do not scale."""

    motion: Pose
    scale: float = 1.0

    def apply(self, estimate: Pose) -> Pose:
        """world_from_camera of the estimate in the reference's world."""
        return self.motion @ Pose(estimate.rotation, self.scale * estimate.translation)


def alignment(reference: Pose, estimate: Pose, kind: str = "se3", *, first: int | None = None) -> Alignment:
    """That takes the estimate's path nearest to the reference's; poses (N,) that belong together, one by one.

    se3, sim3: positions nearest in the least squares, without and with a scale. scale: sim3's, and nothing moved.
    origin: the first pose onto the first. first: how many poses decide, from the start; all if None.
    """
    reference, estimate = pair_of_paths(reference, estimate)
    if kind not in ALIGNMENTS:
        raise BadInputError(f"the alignment is {kind!r}; {', '.join(ALIGNMENTS)} are accepted")
    if first is not None and first < 1:
        raise BadInputError(f"{first} poses are to align by; a whole number from 1 is accepted")
    scale, motion = 1.0, Pose.identity()
    if kind in ("se3", "sim3"):
        scale, motion = umeyama(reference.translation[:first], estimate.translation[:first], kind == "sim3")
    if kind in ("scale", "scale and origin"):
        scale = _scale(*_spread(reference.translation[:first], estimate.translation[:first]))
    if kind in ("origin", "scale and origin"):
        start = Alignment(motion, scale).apply(estimate[:1])
        motion = (reference[:1] @ start.inverse())[0]
    return Alignment(motion, scale)


def umeyama(reference: Numbers, estimate: Numbers, with_scale: bool) -> tuple[float, Pose]:
    """(scale, motion) least in sum |reference - (R scale estimate + t)|^2 of points (N, 3) each.

    S. Umeyama, Least-squares estimation of transformation parameters between two point patterns, 1991.
    """
    covariance, variance = _spread(reference, estimate)
    left, sizes, right = np.linalg.svd(covariance)
    if not sizes[1] > _LINE * sizes[0]:
        raise BadInputError(
            f"the {len(reference)} positions of a path lie on one line, which no rotation aligns; align the scale or"
            " the origin alone"
        )
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])  # (39), no mirror
    rotation = (left * signs) @ right  # (40)
    scale = _scale(covariance, variance) if with_scale else 1.0
    return scale, Pose(rotation, reference.mean(0) - scale * rotation @ estimate.mean(0))  # (41)


def _spread(reference: Numbers, estimate: Numbers) -> tuple[Numbers, float]:
    """(38) and (36): the covariance (3, 3), reference by estimate, and the estimate's variance."""
    off_reference, off_estimate = reference - reference.mean(0), estimate - estimate.mean(0)
    return off_reference.T @ off_estimate / len(reference), float((off_estimate**2).sum(1).mean())


def _scale(covariance: Numbers, variance: float) -> float:
    """(42)."""
    left, sizes, right = np.linalg.svd(covariance)
    signs = [1.0, 1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))]
    if not variance > 0:
        raise BadInputError("the estimate stands still, which says no scale; align it without")
    scale = float(sizes @ signs) / variance
    if not scale > 0:
        raise BadInputError("the reference stands still, which says no scale; align without")
    return scale


# --- along a path ---------------------------------------------------------------------------------


def delta_pairs(
    poses: Pose, delta: float = 1.0, unit: str = "f", *, all_pairs: bool = False, tolerance: float = 0.1
) -> NDArray[np.intp]:
    """(P, 2): from which pose to which a motion is measured, `delta` apart along the path.

    f: frames; m: metres gone; d, r: degrees or radians turned. Otherwise than in frames, a pair one after the
    other ends as soon as at least delta is behind it. all_pairs: from every pose on, to those as far away as delta,
    give or take `tolerance` of it: the nearest to it in metres gone, all of them by the angle straight between two.
    """
    _check_delta(delta, unit, tolerance)
    if unit == "f":
        pairs = _pairs_by_frames(len(poses), int(delta), all_pairs)
    else:
        wanted = np.deg2rad(delta) if unit == "d" else delta
        gone = _metres(poses) if unit == "m" else _radians(poses)
        if not all_pairs:
            pairs = _pairs_one_after_the_other(gone, wanted)
        elif unit == "m":
            pairs = _pairs_by_metres(gone, wanted, tolerance * wanted)
        else:
            pairs = _pairs_by_angle(poses, wanted, tolerance * wanted)
    if not len(pairs):
        raise BadInputError(
            f"no two of {len(poses)} poses are {delta:g} {UNITS[unit]} apart; a smaller delta may do"
        )
    return np.array(pairs, np.intp)


def _check_delta(delta: float, unit: str, tolerance: float) -> None:
    if unit not in UNITS:
        said = ", ".join(f"{key} ({word})" for key, word in UNITS.items())
        raise BadInputError(f"the unit of delta is {unit!r}; {said} are accepted")
    most = {"d": 180.0, "r": np.pi}.get(unit, np.inf)
    if not 0 < delta <= most or not np.isfinite(delta) or (unit == "f" and delta != int(delta)):
        accepted = "a whole number from 1" if unit == "f" else "a positive number"
        if np.isfinite(most):
            accepted += f" up to {most:g}"
        raise BadInputError(f"delta is {delta:g} {UNITS[unit]}; {accepted} is accepted")
    if not tolerance >= 0:
        raise BadInputError(f"the tolerance of delta is {tolerance:g}; a share from 0 is accepted")


def _pairs_by_frames(count: int, delta: int, all_pairs: bool) -> list[tuple[int, int]]:
    step = 1 if all_pairs else delta
    return [(i, i + delta) for i in range(0, count - delta, step)]


def _pairs_one_after_the_other(steps: Numbers, delta: float) -> list[tuple[int, int]]:
    """steps: (N - 1,) how far it is from each pose to the next."""
    pairs, start, behind = [], 0, 0.0
    for end, step in enumerate(steps, 1):
        behind += step
        if behind >= delta:
            pairs.append((start, end))
            start, behind = end, 0.0
    return pairs


def _pairs_by_metres(steps: Numbers, delta: float, most: float) -> list[tuple[int, int]]:
    gone = np.concatenate(([0.0], np.cumsum(steps)))
    pairs = []
    for i in range(len(gone) - 1):
        off = np.abs(gone[i + 1 :] - gone[i] - delta)
        nearest = int(off.argmin())
        if off[nearest] <= most:
            pairs.append((i, i + 1 + nearest))
    return pairs


def _pairs_by_angle(poses: Pose, delta: float, most: float) -> list[tuple[int, int]]:
    pairs = []
    for i in range(len(poses) - 1):
        angles = turned(poses.rotation[i].T @ poses.rotation[i + 1 :])
        pairs += [
            (i, i + 1 + int(j)) for j in np.flatnonzero((delta - most <= angles) & (angles <= delta + most))
        ]
    return pairs


def _metres(poses: Pose) -> Numbers:
    """(N - 1,) between one position and the next."""
    return np.linalg.norm(np.diff(poses.translation, axis=0), axis=1)


def _radians(poses: Pose) -> Numbers:
    return turned(poses.rotation[:-1].swapaxes(-1, -2) @ poses.rotation[1:])


def turned(rotations: Numbers) -> Numbers:
    """(K,) radians of (K, 3, 3), which files with seven digits leave a little off a rotation: of the nearest one."""
    left, _, right = np.linalg.svd(rotations)
    return angle_of(left @ right)


# --- what is accepted -----------------------------------------------------------------------------


def pair_of_paths(reference: Pose, estimate: Pose) -> tuple[Pose, Pose]:
    """Both in float64 NumPy, (N,) each with N at least 1."""
    for what, pose in (("reference", reference), ("estimate", estimate)):
        if not isinstance(pose, Pose) or len(pose.batch) != 1:
            held = pose.batch if isinstance(pose, Pose) else short(pose)
            raise BadInputError(f"the {what} is {held}; poses of the batch shape (N,) are accepted")
    if len(reference) != len(estimate) or not len(reference):
        raise BadInputError(
            f"the reference has {len(reference)} poses and the estimate {len(estimate)}; equally many are accepted,"
            " from 1"
        )
    return tuple(Pose(as_numpy(p.rotation), as_numpy(p.translation)) for p in (reference, estimate))  # type: ignore[return-value]

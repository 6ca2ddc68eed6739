"""How far an estimated path is from the true one: absolute errors (ATE), and those of the motions (RPE).

The paths are poses (N,) that belong together one by one, as `associate` finds them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rrb.errors import BadInputError
from rrb.evaluation.trajectory_matching import (
    ALIGNMENTS,
    UNITS,
    Alignment,
    DeltaUnit,
    Indices,
    Numbers,
    alignment,
    associate,
    delta_pairs,
    pair_of_paths,
    turned,
)
from rrb.geometry.pose import Pose

__all__ = [
    "ALIGNMENTS",
    "RELATIONS",
    "UNITS",
    "Alignment",
    "DeltaUnit",
    "PathErrors",
    "Statistics",
    "absolute_errors",
    "alignment",
    "associate",
    "ate",
    "delta_pairs",
    "relative_errors",
    "rpe",
]


@dataclass(frozen=True)
class Statistics:
    rmse: float
    mean: float
    median: float
    std: float  # of these errors themselves: divided by their number
    min: float
    max: float
    sse: float  # the sum of the squares


@dataclass(frozen=True, eq=False)
class PathErrors:
    """One measure of one estimate."""

    errors: Numbers  # (K,)
    pairs: Indices  # (K,) the pose that an absolute error is of; (K, 2) those between which a relative one is
    unit: str  # "m", "deg", "rad", "%" or "" for none
    alignment: Alignment

    @property
    def statistics(self) -> Statistics:
        squares = self.errors**2
        return Statistics(
            rmse=float(np.sqrt(squares.mean())),
            mean=float(self.errors.mean()),
            median=float(np.median(self.errors)),
            std=float(self.errors.std()),
            min=float(self.errors.min()),
            max=float(self.errors.max()),
            sse=float(squares.sum()),
        )

    @property
    def rmse(self) -> float:
        return self.statistics.rmse


def ate(
    reference: Pose,
    estimate: Pose,
    relation: str = "trans_part",
    *,
    align: str = "se3",
    first: int | None = None,
) -> PathErrors:
    """Absolute errors after an alignment, one of `ALIGNMENTS`, by the `first` poses; relation: one of `RELATIONS`."""
    found = alignment(reference, estimate, align, first=first)
    errors = absolute_errors(reference, found.apply(estimate), relation)
    return PathErrors(errors, np.arange(len(errors)), RELATIONS[relation], found)


def rpe(
    reference: Pose,
    estimate: Pose,
    relation: str = "trans_part",
    *,
    delta: float = 1.0,
    unit: str = "f",
    all_pairs: bool = False,
    tolerance: float = 0.1,
    pairs_from_reference: bool = False,
    align: str = "se3",
    first: int | None = None,
) -> PathErrors:
    """Errors of the motions between poses that are `delta` apart, see `delta_pairs`.

    The aligned estimate says which are, unless `pairs_from_reference`. Of alignments a scale alone changes errors.
    """
    found = alignment(reference, estimate, align, first=first)
    aligned = found.apply(estimate)
    path = reference if pairs_from_reference else aligned
    pairs = delta_pairs(path, delta, unit, all_pairs=all_pairs, tolerance=tolerance)
    if relation == "point_distance_error_ratio":
        pairs = pairs[_ways(reference, pairs) > 0]  # nothing can be a share of 0
        if not len(pairs):
            raise BadInputError(
                "the reference stands still, and no error is a share of 0; trans_part is accepted"
            )
    return PathErrors(relative_errors(reference, aligned, pairs, relation), pairs, RELATIONS[relation], found)


def absolute_errors(reference: Pose, estimate: Pose, relation: str = "trans_part") -> Numbers:
    """(N,) of E = estimate^-1 reference; 0 where the two are equal."""
    reference, estimate = pair_of_paths(reference, estimate)
    _check_relation(relation, absolute=True)
    if relation in ("trans_part", "point_distance"):
        return np.linalg.norm(estimate.translation - reference.translation, axis=1)
    return _SIZES[relation](estimate.inverse() @ reference)


def relative_errors(reference: Pose, estimate: Pose, pairs: Indices, relation: str = "trans_part") -> Numbers:
    """(P,) of E = (reference_i^-1 reference_j)^-1 (estimate_i^-1 estimate_j) for the pairs (i, j) (P, 2)."""
    reference, estimate = pair_of_paths(reference, estimate)
    _check_relation(relation)
    if relation in ("point_distance", "point_distance_error_ratio"):
        ways = _ways(reference, pairs)
        off = np.abs(ways - _ways(estimate, pairs))
        return off if relation == "point_distance" else 100 * off / ways
    return _SIZES[relation](_motions(reference, pairs).inverse() @ _motions(estimate, pairs))


def _check_relation(relation: str, absolute: bool = False) -> None:
    accepted = [name for name in RELATIONS if not (absolute and name == "point_distance_error_ratio")]
    if relation not in accepted:
        raise BadInputError(f"the pose relation is {relation!r}; {', '.join(accepted)} are accepted")


def _motions(poses: Pose, pairs: Indices) -> Pose:
    return poses[pairs[:, 0]].inverse() @ poses[pairs[:, 1]]


def _ways(poses: Pose, pairs: Indices) -> Numbers:
    """(P,) straight between the positions of each pair."""
    return np.linalg.norm(poses.translation[pairs[:, 1]] - poses.translation[pairs[:, 0]], axis=1)


def _off_identity(matrices: Numbers) -> Numbers:
    """The Frobenius norm."""
    return np.linalg.norm(matrices - np.eye(matrices.shape[-1]), axis=(1, 2))


# How large a pose E (K,) is, that would be the identity without error.
_SIZES: dict[str, Callable[[Pose], Numbers]] = {
    "trans_part": lambda e: np.linalg.norm(e.translation, axis=1),
    "rot_part": lambda e: _off_identity(e.rotation),
    "full": lambda e: _off_identity(e.matrix),
    "angle_rad": lambda e: turned(e.rotation),
    "angle_deg": lambda e: np.rad2deg(turned(e.rotation)),
}
RELATIONS: dict[str, str] = {  # and their units
    "trans_part": "m",
    "angle_deg": "deg",
    "angle_rad": "rad",
    "rot_part": "",
    "full": "",
    "point_distance": "m",
    "point_distance_error_ratio": "%",
}

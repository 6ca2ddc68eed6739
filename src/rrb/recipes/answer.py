"""From fits in the canonical frame to what is handed out: size, rivals, covariance, and what speaks against it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.fitting.confidence import angle_axes
from rrb.fitting.deformable import resampled, window_around
from rrb.fitting.result import FitResult
from rrb.fitting.scale import scale_of_pose
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.pose_io import Hypothesis
from rrb.geometry.symmetry import Symmetry
from rrb.networks.viewpoint import Mode
from rrb.raster.render import render

RIVAL = math.log(3.0)  # a view that is at least a third as likely is a rival
ENOUGH_OVERLAP = 0.75
LOOSE_SIZE = 0.25  # standard deviation, as a share of the size
_UNSURE_CATEGORY = 0.5
_SAME_DEG, _SAME_SHARE = 3.0, 0.03  # two fits that ended so near to each other are one
_SEEN_PX = 256  # of the window in which the overlap is measured

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A mode of the viewpoint network, where it puts the mesh, and what became of it."""

    mode: Mode
    start: Pose
    fit: FitResult
    score: float  # logarithm of its weight, but for a constant
    symmetry: str | None = None  # by which other candidates were the same


@dataclass(frozen=True, eq=False)
class Measured:
    """What is handed out: the canonical mesh less `middle`, times `size`."""

    mesh: Mesh
    camera_from_object: Pose
    size: float
    middle: Array
    metric: bool
    note: str
    below: bool  # a height was given, but the camera is seen to be below the object
    error_per_degree: float  # how much the size changes, relatively, if the elevation does


def distinct(mesh: Mesh, found: Sequence[Candidate]) -> list[Candidate]:
    """Best first, those that look the same taken together: their weights add up."""
    symmetry, kept = Symmetry(mesh), list[Candidate]()
    for one in sorted(found, key=lambda c: -c.score):
        for k, other in enumerate(kept):
            same, said = _looks_the_same(symmetry, other.fit.camera_from_object, one.fit.camera_from_object)
            if same:
                total = float(np.logaddexp(other.score, one.score))
                kept[k] = Candidate(other.mode, other.start, other.fit, total, other.symmetry or said)
                break
        else:
            kept.append(one)
    return sorted(kept, key=lambda c: -c.score)


def _looks_the_same(symmetry: Symmetry, one: Pose, other: Pose) -> tuple[bool, str | None]:
    degrees, apart = one.distance(other)
    if degrees < _SAME_DEG and apart < _SAME_SHARE * float(np.linalg.norm(one.translation)):
        return True, None
    motion = one.inverse() @ other
    return (True, symmetry.described(motion)) if symmetry.holds(motion) else (False, None)


def measured(fine: Mesh, pose: Pose, camera_height_m: float | None) -> Measured:
    """The mesh, centred, and its pose, in metres if the camera's height says how long one is."""
    low, high = fine.bounding_box()
    middle, size = (low + high) / 2, 1 / float((high - low).max())
    metric, below, loose = False, False, 0.0
    note = "nothing says the size: lengths are in units of the object's longest side"
    if camera_height_m is not None:
        try:
            scaled = scale_of_pose(fine, pose, camera_height_m)
            size, metric, loose = scaled.scale, True, scaled.error_per_degree
            note = "the object stands on the ground below the camera"
        except BadInputError:
            below = True
            note = "the camera's height gives no size: lengths are in units of the object's longest side"
    mesh = fine.with_vertices(size * (fine.vertices - middle))
    return Measured(mesh, resized(pose, size, middle), size, middle, metric, note, below, loose)


def resized(pose: Pose, size: float, middle: Array) -> Pose:
    """The pose of (p - middle) * size that shows what `pose` shows of p."""
    return Pose(pose.rotation, size * (pose.translation + pose.rotation @ middle))


def overlap(made: Measured, camera: Camera, mask: NDArray[np.float32], unknown: NDArray | None) -> float:
    """IoU of the drawn mesh and the mask where that is known, in a window around it."""
    window, near = window_around(mask, camera, _SEEN_PX)
    drawn = render(made.mesh, made.camera_from_object, near).fragments.covered
    seen = resampled(mask, window, near) >= 0.5
    if unknown is not None:
        known = resampled(unknown, window, near) < 0.5
        drawn, seen = drawn & known, seen & known
    return float((drawn & seen).sum() / max(1, (drawn | seen).sum()))


def hypotheses(
    found: Sequence[Candidate], made: Measured, fine: Mesh, camera_height_m: float | None
) -> tuple[Hypothesis, ...]:
    """The candidates as poses of the result's mesh, with weights that sum to 1; each has the size that it implies."""
    weights = np.exp([one.score - found[0].score for one in found])
    weights /= weights.sum()
    told = []
    for one, weight in zip(found, weights, strict=True):
        pose, size = one.fit.camera_from_object, made.size
        if made.metric and camera_height_m is not None and one is not found[0]:
            with suppress(BadInputError):  # from below the height says nothing: as large as the best one says
                size = scale_of_pose(fine, pose, camera_height_m).scale
        told.append(
            Hypothesis(
                resized(pose, size, made.middle),
                float(weight),
                one.fit.iou,
                one.symmetry or one.fit.hypotheses[0].symmetry,
                scale=size / made.size,
            )
        )
    return tuple(told)


def covariance_of(fit: FitResult, made: Measured) -> Array | None:
    """(6, 6) of the result's pose: rotation vector and translation in the camera frame, about the mesh's middle.

    The fit's own is of azimuth, elevation and roll, or of a rotation vector, about the canonical frame's origin. What
    the size is not known is not in it: `size_deviation`.
    """
    if fit.covariance is None or fit.covariance.shape != (6, 6):
        return None
    pose, change = fit.camera_from_object, np.eye(6)
    if "azimuth" in fit.moved:
        change[:3, :3] = angle_axes(np.concatenate([pose.rotation.ravel(), np.zeros(5)]))
    x, y, z = pose.rotation @ made.middle
    # The middle moves by the origin's shift and by rotation x (from the origin to the middle).
    lever = np.array([[0.0, z, -y], [-z, 0.0, x], [y, -x, 0.0]])
    moved = np.eye(6)
    moved[3:, :3] = made.size * lever
    moved[3:, 3:] *= made.size
    whole = moved @ change
    spread = whole @ fit.covariance @ whole.T
    return np.asarray((spread + spread.T) / 2)


def size_deviation(made: Measured, covariance: Array | None) -> float | None:
    """Of the size, as a share of it, as far as the elevation's uncertainty goes; None where it has none."""
    if not made.metric or covariance is None:
        return None
    # A tilt about the camera's x axis is what changes the elevation.
    return made.error_per_degree * math.degrees(math.sqrt(max(covariance[0, 0], 0.0)))


def doubts(
    found: Sequence[Candidate],
    made: Measured,
    iou: float,
    loose: float | None,
    category_share: float | None,
    lowered: bool,
) -> str | None:
    """Why the result should not be relied on, the gravest reason first, or None."""
    if iou < ENOUGH_OVERLAP:
        return f"the drawn outline and the mask overlap by {100 * iou:.0f} % only"
    rivals = sum(found[0].score - one.score < RIVAL for one in found[1:])
    if rivals:
        return f"{rivals + 1} different views explain the picture about equally well: see hypotheses"
    if category_share is not None and category_share < _UNSURE_CATEGORY:
        return f"the network is not sure what it is: the likeliest has {100 * category_share:.0f} %"
    if lowered:
        return "the network is nowhere sure of the shape"
    if made.below:
        return "seen from below the object's lowest point, so that the camera's height gives no size"
    if loose is not None and loose > LOOSE_SIZE:
        return f"the view hardly settles the size: its standard deviation is {100 * loose:.0f} %"
    return None

"""How alike two shapes are: by their boxes, their volumes and their surfaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.evaluation.pose import single, turned_to
from rrb.evaluation.surface import surface_distances
from rrb.geometry._arrays import as_numpy
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.turns import Turns

Floats = NDArray[np.float64]
# With fewer points inside, faces are sheets or disagree about the outside: they enclose nothing to compare.
_FEWEST_INSIDE = 100


@dataclass(frozen=True)
class BoxIous:
    """Intersection over union of bounding boxes, each in [0, 1]."""

    shape: float  # along the true object's axes, the centres aligned
    metric: float  # along the true object's axes, the boxes where they are
    size: float  # each along its own object's axes, the centres aligned: the pose plays no part


@dataclass(frozen=True)
class ShapeScores:
    """How alike two surfaces and what they enclose are."""

    volume_iou: float | None  # in [0, 1]; None where hardly a point was inside the true mesh
    chamfer: float  # mean distance to the other surface, both ways, in largest extents of the true mesh
    f_score: float  # in [0, 1]: harmonic mean of the shares of each surface that lie close to the other


# --- boxes ----------------------------------------------------------------------------------------


def box_iou(low_a: Any, high_a: Any, low_b: Any, high_b: Any) -> float:
    """Intersection over union of two boxes along the axes, given by their lowest and highest corners (3,).

    Exact. Two boxes without volume give 1 if they are equal, else 0.
    """
    low_a, high_a = _checked_box(low_a, high_a)
    low_b, high_b = _checked_box(low_b, high_b)
    common = np.clip(np.minimum(high_a, high_b) - np.maximum(low_a, low_b), 0, None).prod()
    union = (high_a - low_a).prod() + (high_b - low_b).prod() - common
    if union > 0:
        return float(common / union)
    return float((low_a == low_b).all() and (high_a == high_b).all())


def box_ious(
    found_vertices_object: Any,
    found_pose: Pose,
    true_vertices_object: Any,
    true_pose: Pose,
    turns: Turns | None = None,
) -> BoxIous:
    """Of vertices (N, 3) and (M, 3), metres, each in its own object's frame, and their camera_from_object.

    turns: the true object's; of those the found pose first takes the one nearest to the truth. None forgives no
    turn: where nothing says which way a mesh faces, its place in the picture is all there is to compare.
    """
    found = _checked_points(found_vertices_object, "the found vertices")
    true = _checked_points(true_vertices_object, "the true vertices")
    found_pose, true_pose = single(found_pose, "the found pose"), single(true_pose, "the true pose")
    if turns is not None:
        found_pose = turned_to(found_pose, true_pose, turns)
    true_from_found = true_pose.inverse() @ found_pose
    box_found, box_true = _box(true_from_found @ found), _box(true)
    return BoxIous(
        shape=_centred_iou(box_found, box_true),
        metric=box_iou(*box_found, *box_true),
        size=_centred_iou(_box(found), box_true),
    )


def _box(points: Floats) -> tuple[Floats, Floats]:
    return points.min(axis=0), points.max(axis=0)


def _centred_iou(a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> float:
    size_a, size_b = a[1] - a[0], b[1] - b[0]
    return box_iou(-size_a / 2, size_a / 2, -size_b / 2, size_b / 2)


# --- volumes and surfaces -------------------------------------------------------------------------


def shape_scores(
    found: Mesh, true: Mesh, *, n_points: int = 20_000, seed: int = 0, at: float = 0.01
) -> ShapeScores:
    """Of two meshes in one frame and unit: whoever wants them aligned or normalised does that before.

    n_points: how many are drawn in the box around both meshes, and on each surface. From those the distance to
    the other surface is exact: equal surfaces are 0 apart, however they are cut into triangles.
    at: how close counts for the F-score, in largest extents of the true mesh.
    """
    if not isinstance(n_points, int) or n_points < 1:
        raise BadInputError(f"the number of points is {n_points!r}; a whole number from 1 is accepted")
    if not at > 0:
        raise BadInputError(f"the distance that counts as close is {at!r}; a positive number is accepted")
    extent = float(as_numpy(true.largest_extent))
    from_found = _distances(found, true, n_points, seed) / extent
    from_true = _distances(true, found, n_points, seed) / extent
    return ShapeScores(
        volume_iou=_volume_iou(found, true, n_points, seed),
        chamfer=float(from_found.mean() + from_true.mean()) / 2,
        f_score=_harmonic_mean(float((from_found <= at).mean()), float((from_true <= at).mean())),
    )


def _distances(mesh: Mesh, other: Mesh, n_points: int, seed: int) -> Floats:
    """(n_points,): from points drawn on one surface to the other surface."""
    points, _ = mesh.sample_surface(n_points, seed)
    return surface_distances(as_numpy(points), other.vertices, other.faces)


def _volume_iou(found: Mesh, true: Mesh, n_points: int, seed: int) -> float | None:
    """Each volume, and its share that the other has too, from points in its own box: a bad guess elsewhere costs no
    accuracy."""
    volume, common = _volumes(true, found, n_points, seed)
    if volume is None:
        return None
    found_volume, common_again = _volumes(found, true, n_points, seed)
    if found_volume is None:  # a sheet
        return 0.0
    both = min((common + common_again) / 2, volume, found_volume)
    return both / (volume + found_volume - both)


def _volumes(mesh: Mesh, other: Mesh, n_points: int, seed: int) -> tuple[float | None, float]:
    """What a mesh encloses, None where hardly a point of its box lies inside, and how much of it the other has."""
    from rrb.geometry.winding import is_inside

    low, high = as_numpy(mesh.bounding_box())
    points = np.random.default_rng(seed).uniform(low, high, (n_points, 3))
    inside = points[is_inside(points, mesh.vertices, mesh.faces)]
    if len(inside) < _FEWEST_INSIDE:
        return None, 0.0
    each = float((high - low).prod()) / n_points
    return each * len(inside), each * float(is_inside(inside, other.vertices, other.faces).sum())


def _harmonic_mean(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b > 0 else 0.0


# --- input ----------------------------------------------------------------------------------------


def _checked_points(points: Any, what: str) -> Floats:
    points = as_numpy(points)
    if points.ndim != 2 or points.shape[1] != 3 or len(points) == 0:
        raise BadInputError(f"{what} have the shape {points.shape}; (N, 3) with N from 1 is accepted")
    if not np.isfinite(points).all():
        raise BadInputError(f"{what} hold numbers that are not finite; metres are accepted")
    return points


def _checked_box(low: Any, high: Any) -> tuple[Floats, Floats]:
    low, high = as_numpy(low), as_numpy(high)
    if low.shape != (3,) or high.shape != (3,):
        raise BadInputError(
            f"the corners of a box have the shapes {low.shape} and {high.shape}; (3,) is accepted"
        )
    if not (np.isfinite([low, high]).all() and (low <= high).all()):
        raise BadInputError(
            f"a box reaches from {low.tolist()} to {high.tolist()}; finite numbers, the lower first, are accepted"
        )
    return low, high

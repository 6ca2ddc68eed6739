"""What several methods find in pictures, beside the truth: a record for each picture, ready for a line of JSON.

Methods come as callables, pictures as whatever these take: nothing here knows a network or a data set.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.evaluation.pose import pose_errors, single
from rrb.evaluation.shape import box_ious, shape_scores
from rrb.geometry._arrays import as_numpy, numpy_view
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.turns import Turns

SHAPE_POINTS = (
    5000  # on each surface and in the box: a picture's score wavers by 0.02, the mean of a hundred does not
)
Record = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Truth:
    """p_camera = R @ p_object + t of a mesh in metres whose box's middle is the object's origin."""

    pose: Pose
    mesh: Mesh | None = None  # None: shapes and boxes are not compared
    turns: Turns | None = None  # None where nothing says the front

    @staticmethod
    def of(mesh: Mesh | None, pose: Pose, *, scale: float = 1.0, turns: Turns | None = None) -> Truth:
        """Of a mesh in its own unit and origin, and p_camera = R @ (scale * p_object) + t."""
        pose = single(pose, "the true pose")
        if mesh is None:
            return Truth(pose, None, turns)
        vertices = scale * as_numpy(mesh.vertices)
        middle = scale * as_numpy(mesh.centre)
        moved = Pose(pose.rotation, pose.translation + pose.rotation @ middle)
        return Truth(moved, mesh.with_vertices(vertices - middle), turns)


@dataclass(frozen=True, eq=False)
class Found:
    """A method's answer. Without a mesh only its angles are compared."""

    pose: Pose  # camera_from_object of the mesh, whose box's middle is its origin
    mesh: Mesh | None = None
    metric: bool = False  # whether mesh and translation are in metres
    accepted: bool | None = None  # None where a method does not judge itself
    mask_iou: float | None = None  # of the mask that it took, and the true one
    about: Mapping[str, Any] = field(default_factory=dict)  # what else its line says


Method = Callable[[Any], Found]


@dataclass(frozen=True, eq=False)
class Case:
    name: str
    picture: Any  # what methods are given
    truth: Truth
    groups: Mapping[str, str] = field(default_factory=dict)  # what results are told apart by
    about: Mapping[str, Any] = field(default_factory=dict)  # what else the line says of the truth


@dataclass(frozen=True)
class Scores:
    """None: cannot be said of this picture or of this method."""

    shape_box_iou: float | None = None  # as `BoxIous`
    metric_box_iou: float | None = None
    size_iou: float | None = None
    azimuth_deg: float | None = None
    elevation_deg: float | None = None
    translation_m: float | None = None
    volume_iou: float | None = None  # as `ShapeScores`, both meshes in the canonical frame
    chamfer: float | None = None
    f_score: float | None = None
    mask_iou: float | None = None


def record(case: Case, methods: Mapping[str, Method]) -> Record:
    """Name, groups, what is true, and what each method found or why it refused."""
    return {
        "name": case.name,
        "groups": dict(case.groups),
        "true": {**_pose_said(case.truth.pose), **_turns_said(case.truth), **case.about},
        "found": {name: _asked(method, case) for name, method in methods.items()},
    }


def scores(found: Found, truth: Truth) -> Scores:
    errors = pose_errors(found.pose, truth.pose, truth.turns)
    free = truth.turns is None or truth.turns.folds == 0
    said: dict[str, float | None] = {
        "azimuth_deg": None if free else errors.azimuth_deg,
        "elevation_deg": errors.elevation_deg,
        "mask_iou": found.mask_iou,
    }
    if found.metric:
        said["translation_m"] = errors.translation_m
    if found.mesh is not None and truth.mesh is not None:
        if found.metric:
            said |= _boxes(found.mesh, found.pose, truth, truth.mesh)
        if truth.turns is not None:  # otherwise there is no frame in which both look the same way
            said |= asdict(shape_scores(canonical(found.mesh), canonical(truth.mesh), n_points=SHAPE_POINTS))
    return Scores(**said)


def canonical(mesh: Mesh) -> Mesh:
    """Centred on its box, the longest side 1, in float64 NumPy."""
    return mesh.with_vertices(as_numpy(mesh.vertices)).normalised()[0]


def _boxes(mesh: Mesh, pose: Pose, truth: Truth, true_mesh: Mesh) -> dict[str, float | None]:
    boxes = box_ious(_used(mesh), pose, _used(true_mesh), truth.pose, truth.turns)
    return {
        "shape_box_iou": boxes.shape,
        "metric_box_iou": boxes.metric,
        "size_iou": None if truth.turns is None else boxes.size,
    }


def _used(mesh: Mesh) -> Any:
    """The vertices that faces use: others are no part of the object."""
    return as_numpy(mesh.vertices)[np.unique(numpy_view(mesh.faces))]


# --- what a line says -------------------------------------------------------------------------------


def _asked(method: Method, case: Case) -> Record:
    start = time.perf_counter()
    try:
        found = method(case.picture)
        seconds = time.perf_counter() - start
        measured = asdict(scores(found, case.truth))
    except BadInputError as error:
        return {"refused": str(error)}
    except Exception as error:  # kept, so that one picture does not cost the others; whoever tells it says so
        return {"refused": f"a fault of ours ({type(error).__name__}: {error})", "fault": True}
    return {
        "scores": measured,
        "accepted": found.accepted,
        "metric": found.metric,
        **_pose_said(found.pose),
        "extents": None if found.mesh is None else _extents(found.mesh),
        "seconds": round(seconds, 4),
        **found.about,
    }


def _pose_said(pose: Pose) -> Record:
    view = pose.to_viewpoint()
    return {
        "azimuth_deg": float(view.azimuth_deg),
        "elevation_deg": float(view.elevation_deg),
        "roll_deg": float(view.roll_deg),
        "translation": [float(x) for x in as_numpy(pose.translation)],
    }


def _turns_said(truth: Truth) -> Record:
    folds = None if truth.turns is None else truth.turns.folds
    return {"folds": folds, "extents": None if truth.mesh is None else _extents(truth.mesh)}


def _extents(mesh: Mesh) -> list[float]:
    low, high = as_numpy(mesh.bounding_box())
    return [float(side) for side in high - low]

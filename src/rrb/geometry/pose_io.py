"""`pose.json`: a pose with the camera it was found for, and how far it may be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import as_numpy, finite_float, short
from rrb.geometry.camera import Camera
from rrb.geometry.files import write_bytes
from rrb.geometry.json_io import json_bytes, read_json
from rrb.geometry.pose import Pose

FORMAT = "rrb.pose/1"
CONVENTION = (
    "p_camera = rotation @ (scale * p_object) + translation_m, p_object being vertices as the mesh's file"
    " stores them; camera frame: x right, y down, z forward, in metres; covariance: a left perturbation in the"
    " camera frame about the object's origin, ordered rotation (rad), translation (m), then what else moved"
)


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """One pose among several that explain an image; None is unknown."""

    camera_from_object: Pose
    weight: float | None = None  # in [0, 1]
    iou: float | None = None  # in [0, 1]
    symmetry: str | None = None  # which turns of the object look the same
    scale: float = 1.0
    focal_px: float | None = None  # along x, where it is not the camera's

    def __post_init__(self) -> None:
        for name in ("scale", "focal_px"):
            number = _optional_number(name, getattr(self, name))
            if (number is None and name == "scale") or (number is not None and not number > 0):
                raise BadInputError(f"{name} is {number}; a positive number is accepted")
            _keep(self, name, number)
        _keep(self, "weight", _share("weight", self.weight))
        _keep(self, "iou", _share("iou", self.iou))
        if not isinstance(self.symmetry, str | None):
            raise BadInputError(f"symmetry is {short(self.symmetry)}; text or null is accepted")


@dataclass(frozen=True, eq=False)
class PoseFile:
    """What `pose.json` holds; None is unknown."""

    camera_from_object: Pose
    camera: Camera | None
    scale: float = 1.0
    iou: float | None = None  # in [0, 1]
    accepted: bool | None = None
    reason: str | None = None
    covariance: NDArray[np.float64] | None = None  # (n, n), n the number of variables
    hypotheses: tuple[Hypothesis, ...] | None = None

    def __post_init__(self) -> None:
        scale = _optional_number("scale", self.scale)
        if scale is None or not scale > 0:
            raise BadInputError(f"scale is {self.scale!r}; a positive number is accepted")
        _keep(self, "scale", scale)
        _keep(self, "iou", _share("iou", self.iou))
        if isinstance(self.accepted, np.bool_):
            _keep(self, "accepted", bool(self.accepted))
        for name, kind in (("accepted", bool), ("reason", str)):
            value = getattr(self, name)
            if not isinstance(value, kind | None):
                raise BadInputError(f"{name} is {short(value)}; a {kind.__name__} or null is accepted")
        if self.covariance is not None:
            _keep(self, "covariance", _covariance(self.covariance))


def save_pose(
    path: str | Path,
    camera_from_object: Pose,
    camera: Camera | None,
    *,
    scale: float = 1.0,
    iou: float | None = None,
    accepted: bool | None = None,
    reason: str | None = None,
    covariance: Any = None,
    hypotheses: Sequence[Hypothesis] | None = None,
) -> None:
    """Write `pose.json`; the arguments are the fields of `PoseFile`."""
    hypotheses = None if hypotheses is None else tuple(hypotheses)
    held = PoseFile(camera_from_object, camera, scale, iou, accepted, reason, covariance, hypotheses)
    write_bytes(path, json_bytes(pose_to_json(held)))


def load_pose(path: str | Path) -> PoseFile:
    """Read `pose.json`."""
    data = read_json(path)
    try:
        return pose_from_json(data)
    except BadInputError as error:
        raise BadFileError(f"{path}: {error}") from None


def pose_to_json(held: PoseFile) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "convention": CONVENTION,
        "camera_from_object": held.camera_from_object.to_json(),
        "scale": held.scale,
        "iou": held.iou,
        "accepted": held.accepted,
        "reason": held.reason,
        "covariance": None if held.covariance is None else held.covariance.tolist(),
        "hypotheses": None if held.hypotheses is None else [_hypothesis_to_json(h) for h in held.hypotheses],
        "camera": None if held.camera is None else held.camera.to_json(),
    }


def pose_from_json(data: Any) -> PoseFile:
    """The inverse of `pose_to_json`; anything missing, unknown or of another format is refused."""
    if not isinstance(data, Mapping):
        raise BadInputError(f"a pose file is an object of {FORMAT}, not a {type(data).__name__}")
    for key, accepted in (("format", FORMAT), ("convention", CONVENTION)):
        if data.get(key) != accepted:
            raise BadInputError(f"{key} is {short(data.get(key))}; {accepted!r} is accepted")
    names = {field.name for field in fields(PoseFile)}
    held = _exactly(data, names, {"format", "convention"}, "the pose file")
    held["camera_from_object"] = Pose.from_json(held["camera_from_object"])
    if held["camera"] is not None:
        held["camera"] = Camera.from_json(held["camera"])
    if held["hypotheses"] is not None:
        if not isinstance(held["hypotheses"], list):
            raise BadInputError("hypotheses is no list; a list or null is accepted")
        held["hypotheses"] = tuple(_hypothesis_from_json(h) for h in held["hypotheses"])
    return PoseFile(**held)


def _hypothesis_to_json(h: Hypothesis) -> dict[str, Any]:
    pose = h.camera_from_object.to_json()
    return {
        "camera_from_object": pose,
        "weight": h.weight,
        "iou": h.iou,
        "symmetry": h.symmetry,
        "scale": h.scale,
        "focal_px": h.focal_px,
    }


def _hypothesis_from_json(data: Any) -> Hypothesis:
    if not isinstance(data, Mapping):
        raise BadInputError(f"a hypothesis is an object, not a {type(data).__name__}")
    held = _exactly(data, {field.name for field in fields(Hypothesis)}, set(), "a hypothesis")
    held["camera_from_object"] = Pose.from_json(held["camera_from_object"])
    return Hypothesis(**held)


def _exactly(data: Mapping[str, Any], names: set[str], ignored: set[str], what: str) -> dict[str, Any]:
    missing, unknown = sorted(names - set(data)), sorted(set(data) - names - ignored)
    if missing:
        raise BadInputError(f"{what} lacks {', '.join(missing)}")
    if unknown:
        raise BadInputError(f"{what} holds {', '.join(unknown)}, which {FORMAT} does not know")
    return {name: data[name] for name in names}


def _keep(held: Any, name: str, value: Any) -> None:
    object.__setattr__(held, name, value)


def _share(name: str, value: Any) -> float | None:
    number = _optional_number(name, value)
    if number is not None and not 0 <= number <= 1:
        raise BadInputError(f"{name} is {number:g}; a number in [0, 1] or null is accepted")
    return number


def _optional_number(name: str, value: Any) -> float | None:
    if value is None:
        return None
    number = finite_float(value)
    if number is None:
        raise BadInputError(f"{name} is {short(value)}; a finite number or null is accepted")
    return number


def _covariance(value: Any) -> NDArray[np.float64]:
    """(n, n), finite and symmetric."""
    matrix = as_numpy(value)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise BadInputError(f"covariance has the shape {matrix.shape}; (n, n) is accepted")
    # In units of the two standard deviations, since radians and metres stand side by side.
    deviations = np.sqrt(np.abs(np.diagonal(matrix)))
    rounding = 1e-6 * np.outer(deviations, deviations)
    if not np.isfinite(matrix).all() or (np.abs(matrix - matrix.T) > rounding).any():
        raise BadInputError("covariance is not a symmetric matrix of finite numbers, which alone is accepted")
    return matrix

"""`Batch`: samples of one size as the arrays that networks learn from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.sample_files import array_of, facts_of
from rrb.data.shards import Raw
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.geometry.voxels import Voxels

FIELDS = ("image", "mask", "unknown", "camera", "camera_from_object", "depth_m", "points", "voxels")


@dataclass(frozen=True, eq=False)
class Batch:
    """B samples; None for what was not asked for. Arrays are the batch's own and may be written."""

    keys: tuple[str, ...]
    categories: tuple[str, ...]
    mesh_ids: tuple[str, ...]
    scale: NDArray[np.float32]  # (B,): p_camera = R @ (scale * p_object) + t
    turns: NDArray[np.int64]  # (B,): folds of `Turns`, -1 where nothing says them
    extents_m: NDArray[np.float32]  # (B, 3): of the object along its x, y, z; NaN where nothing says it
    camera_height_m: NDArray[np.float32]  # (B,), above the ground; NaN where nothing says it
    facts: tuple[dict[str, Any], ...]  # all that the json of each says
    image: NDArray[np.uint8] | None = None  # (B, H, W, 3) sRGB
    mask: NDArray[np.float32] | None = None  # (B, H, W) in [0, 1]
    unknown: NDArray[np.bool_] | None = None  # (B, H, W); False where a sample has none
    depth_m: NDArray[np.float32] | None = None  # (B, H, W), 0 for none
    intrinsics: NDArray[np.float32] | None = None  # (B, 3, 3): `Camera.matrix`, pixels from the outer corner
    rotation: NDArray[np.float32] | None = None  # (B, 3, 3)
    translation: NDArray[np.float32] | None = None  # (B, 3) metres
    points: NDArray[np.float32] | None = None  # (B, N, 3) metres, object frame
    inside: NDArray[np.bool_] | None = None  # (B, N)
    near_surface: NDArray[np.bool_] | None = None  # (B, N)
    occupancy: NDArray[Any] | None = None  # (B, X, Y, Z): of the voxels
    grid_origin: NDArray[np.float64] | None = None  # (B, 3): their outer corner, object frame
    voxel_size_m: NDArray[np.float64] | None = None  # (B,)

    def __len__(self) -> int:
        return len(self.keys)


def batch_of(raws: Sequence[Raw], fields: Collection[str]) -> Batch:
    """The fields (of FIELDS) of these samples. A sample that lacks one, or is of another size, is refused."""
    columns: dict[str, list[Any]] = {}
    facts = []
    for raw in raws:
        try:
            facts.append(_facts(raw))
            for name in fields:
                columns.setdefault(name, []).append(_field(name, facts[-1], raw))
        except BadInputError as error:
            raise BadFileError(f"{raw.shard}: sample {raw.key}: {error}") from None
        except (TypeError, ValueError, KeyError) as error:  # of a json whose values are of other kinds
            raise BadFileError(f"{raw.shard}: sample {raw.key}: its json is broken ({error})") from None
    held: dict[str, NDArray] = {}
    for name, values in columns.items():
        held |= _joined(name, values, raws)
    return Batch(
        keys=tuple(raw.key for raw in raws),
        categories=tuple(f["category"] for f in facts),
        mesh_ids=tuple(f["mesh_id"] for f in facts),
        scale=np.array([f["scale"] for f in facts], np.float32),
        turns=np.array([-1 if f["turns_about_y"] is None else f["turns_about_y"] for f in facts], np.int64),
        extents_m=np.array([f["extents_m"] or [np.nan] * 3 for f in facts], np.float32),
        camera_height_m=np.array([_or_nan(f["camera_height_m"]) for f in facts], np.float32),
        facts=tuple(facts),
        **held,
    )


def _or_nan(number: float | None) -> float:
    return np.nan if number is None else number


def _facts(raw: Raw) -> dict[str, Any]:
    facts = facts_of(raw.members)
    if facts["key"] != raw.key:
        raise BadFileError(f"its json is of {facts['key']}")
    return facts


def _field(name: str, facts: dict[str, Any], raw: Raw) -> Any:
    """An array, or what the json has of a camera or pose, which is checked when it is joined."""
    if name in ("camera", "camera_from_object"):
        value = facts[name]
    else:
        value = array_of(name, facts, raw.members)
    if value is None and name == "unknown":
        return np.zeros((facts["height_px"], facts["width_px"]), np.bool_)
    if value is None:
        raise BadFileError(f"it has no {name}, which a batch of {name} needs")
    return value


def _joined(name: str, values: list[Any], raws: Sequence[Raw]) -> dict[str, NDArray]:
    match name:
        case "camera":
            matrices = [_checked(Camera.from_json, value, raw).matrix for value, raw in _pairs(values, raws)]
            return {"intrinsics": np.array(matrices, np.float32)}
        case "camera_from_object":
            return _poses(values, raws)
        case "points":
            parts = ("points", "inside", "near_surface")
            return {part: _stack(part, [getattr(v, part) for v in values], raws) for part in parts}
        case "voxels":
            return _grids(values, raws)
        case _:
            return {name: _stack(name, values, raws)}


def _poses(values: list[Any], raws: Sequence[Raw]) -> dict[str, NDArray]:
    """All of a batch are checked at once; one by one only to say which is wrong."""
    try:
        pose = Pose([v["rotation"] for v in values], [v["translation_m"] for v in values])
    except (BadInputError, KeyError, TypeError):
        pose = Pose.stack([_checked(Pose.from_json, value, raw) for value, raw in _pairs(values, raws)])
    return {
        "rotation": pose.rotation.astype(np.float32),
        "translation": pose.translation.astype(np.float32),
    }


def _grids(values: list[Voxels], raws: Sequence[Raw]) -> dict[str, NDArray]:
    return {
        "occupancy": _stack("voxels", [v.occupancy for v in values], raws),
        "grid_origin": np.array([v.origin for v in values]),
        "voxel_size_m": np.array([v.voxel_size_m for v in values]),
    }


def _stack(name: str, values: list[NDArray], raws: Sequence[Raw]) -> NDArray:
    for value, raw in _pairs(values, raws):
        if value.shape != values[0].shape:
            raise BadFileError(
                f"{raw.shard}: sample {raw.key}: its {name} is {value.shape} but that of {raws[0].key} is"
                f" {values[0].shape}; a batch of equal shapes is accepted"
            )
    return np.stack(values)


def _checked(make: Any, value: Any, raw: Raw) -> Any:
    try:
        return make(value)
    except BadInputError as error:
        raise BadFileError(f"{raw.shard}: sample {raw.key}: {error}") from None


def _pairs(values: list[Any], raws: Sequence[Raw]) -> zip[tuple[Any, Raw]]:
    return zip(values, raws, strict=True)

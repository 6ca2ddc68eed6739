"""A `Sample` as the members of a tar file, and back: `KEY.json`, `KEY.jpg`, `KEY.mask.png`, ...

`KEY.json` (format "rrb.sample/1") holds all that is no array, and says which fields there are:

| field | member | | field | member |
|---|---|---|---|---|
| image | `jpg` or `png` | | depth_m | `depth.png` |
| mask | `mask.png` | | points | `points.npz` |
| unknown | `unknown.png` | | voxels | `voxels.npz` |

The mesh is not repeated in every sample: it lies once in the data set's folder, as `meshes/MESH_ID.ply`.
`sample_arrays` says how arrays are rounded; numbers in the json are kept to the last bit.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rrb.data import sample_arrays as arrays
from rrb.data.picture_bytes import jpeg_bytes
from rrb.data.sample import KEY_LETTERS, MeshFile, Sample
from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import short
from rrb.geometry.camera import Camera
from rrb.geometry.image_io import encode_png
from rrb.geometry.pose import Pose
from rrb.geometry.turns import Turns

FORMAT = "rrb.sample/1"
CONVENTION = (
    "p_camera = rotation @ (scale * p_object) + translation_m; camera x right, y down, z forward; the object's axes"
    " and unit, which translation_m shares, are frame's; pixels and box_px (x0 y0 x1 y1) from the outer corner of the"
    " first; mask 255 where the object is seen, unknown 255 where another may hide it; depth: z * depth_units_per_metre"
    " of any object, 0 for none; extents_m along the object's x y z; turns_about_y: 1 none, n any 1/n turn, 0 all,"
    " null unknown; camera_height_m above the ground"
)
# Which member holds which field; an image is in one of two.
MEMBERS = {
    "image": ("jpg", "png"),
    "mask": ("mask.png",),
    "unknown": ("unknown.png",),
    "depth_m": ("depth.png",),
    "points": ("points.npz",),
    "voxels": ("voxels.npz",),
}
FIELDS = (*MEMBERS, "camera", "camera_from_object", "mesh")
_FACTS = {
    "format", "convention", "key", "category", "mesh_id", "split", "source", "width_px", "height_px", "holds",
    "camera", "camera_from_object", "scale", "turns_about_y", "box_px", "extents_m", "camera_height_m",
    "depth_units_per_metre", "frame", "style", "about",
}  # fmt: skip


def members_of(fields: Collection[str]) -> frozenset[str]:
    """The members that these fields need, and the json."""
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise BadInputError(f"there is no field {unknown[0]!r} to read; {', '.join(FIELDS)} are accepted")
    return frozenset({"json"} | {member for name in fields for member in MEMBERS.get(name, ())})


def encode(sample: Sample, jpeg_quality: int | None = 95) -> dict[str, bytes]:
    """The members by what follows their key ("json", "jpg", "mask.png", ...), the json first.

    jpeg_quality: 1 to 100; None stores the image as a .png, which loses nothing.
    """
    try:
        files, depth_units = _array_members(sample, jpeg_quality)
        return {"json": _json_bytes(_facts(sample, depth_units)), **files}
    except BadInputError as error:
        raise BadInputError(f"sample {sample.key}: {error}") from None


def _array_members(sample: Sample, jpeg_quality: int | None) -> tuple[dict[str, bytes], float | None]:
    files, depth_units = {}, None
    if jpeg_quality is None:
        files["png"] = encode_png(sample.image)
    else:
        files["jpg"] = jpeg_bytes(sample.image, jpeg_quality)
    if sample.mask is not None:
        files["mask.png"] = arrays.mask_png(sample.mask)
    if sample.unknown is not None:
        files["unknown.png"] = arrays.mask_png(sample.unknown)
    if sample.depth_m is not None:
        files["depth.png"], depth_units = arrays.depth_png(sample.depth_m)
    if sample.points is not None:
        files["points.npz"] = arrays.points_npz(sample.points)
    if sample.voxels is not None:
        files["voxels.npz"] = arrays.voxels_npz(sample.voxels)
    return files, depth_units


def _facts(sample: Sample, depth_units: float | None) -> dict[str, Any]:
    height, width = sample.size
    if sample.mesh is not None:
        _mesh_name(sample.mesh_id)
    camera, pose = sample.camera, sample.camera_from_object
    return {
        "format": FORMAT,
        "convention": CONVENTION,
        "key": sample.key,
        "category": sample.category,
        "mesh_id": sample.mesh_id,
        "split": sample.split,
        "source": sample.source,
        "width_px": width,
        "height_px": height,
        "holds": [name for name in FIELDS if getattr(sample, name) is not None],
        "camera": None if camera is None else camera.to_json(),
        "camera_from_object": None if pose is None else pose.to_json(),
        "scale": float(sample.scale),
        "turns_about_y": None if sample.turns is None else sample.turns.folds,
        "frame": sample.frame,
        "box_px": _floats("box_px", sample.box_px, 4),
        "extents_m": _floats("extents_m", sample.extents_m, 3),
        "camera_height_m": None if sample.camera_height_m is None else float(sample.camera_height_m),
        "depth_units_per_metre": depth_units,
        "style": dict(sample.style),
        "about": dict(sample.about),
    }


def _floats(name: str, numbers: Any, count: int) -> list[float] | None:
    if numbers is None:
        return None
    if len(numbers) != count:
        raise BadInputError(f"{name} holds {len(numbers)} numbers; {count} are accepted")
    return [float(number) for number in numbers]


def _json_bytes(facts: dict[str, Any]) -> bytes:
    try:
        text = json.dumps(facts, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:  # about holds whatever a source says
        raise BadInputError(f"what it says of itself is no JSON ({error})") from None
    return text.encode()


# --- back ---------------------------------------------------------------------------------------------


def decode(
    members: Mapping[str, bytes], fields: Collection[str] = FIELDS, folder: str | Path | None = None
) -> Sample:
    """The sample of `encode`'s members, with these fields; what was not asked for is None, and an image that
    was not asked for is black, of the right size and read-only. What is in the json is always there, camera
    and pose excepted.

    folder: the data set's, where the meshes lie; without it the mesh is None.
    """
    facts = facts_of(members)
    try:
        return _sample(facts, members, fields, folder)
    except BadInputError as error:
        raise BadFileError(f"sample {facts['key']}: {error}") from None
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise BadFileError(f"sample {facts['key']}: its json is not as {FORMAT} has it ({error})") from None


def facts_of(members: Mapping[str, bytes]) -> dict[str, Any]:
    """What the json says, once it is known to be ours."""
    if "json" not in members:
        raise BadFileError("a sample has no .json")
    try:
        facts = json.loads(members["json"])
    except (ValueError, RecursionError) as error:
        raise BadFileError(f"a sample's .json is no JSON ({error})") from None
    found = facts.get("format") if isinstance(facts, dict) else facts
    if found != FORMAT:
        raise BadFileError(f"a sample's format is {short(found)}; {FORMAT!r} is accepted")
    if facts.keys() != _FACTS:
        differing = ", ".join(sorted(facts.keys() ^ _FACTS))
        raise BadFileError(f"sample {facts.get('key')}: its json lacks, or has beyond {FORMAT}: {differing}")
    return facts


def array_of(name: str, facts: Mapping[str, Any], members: Mapping[str, bytes]) -> Any:
    """One array field of a sample; None where the sample has none. A member that is gone is refused."""
    if name not in facts["holds"]:
        return None
    member = next((m for m in MEMBERS[name] if m in members), None)
    if member is None:
        raise BadFileError(f"its {' or '.join(MEMBERS[name])} is missing")
    try:
        return _decoded(name, member, members[member], facts)
    except BadInputError as error:
        raise BadFileError(f"{member}: {error}") from None


def _decoded(name: str, member: str, data: bytes, facts: Mapping[str, Any]) -> Any:
    size = (facts["height_px"], facts["width_px"])
    match name:
        case "image":
            return arrays.image_from(data, member, size)
        case "mask":
            return arrays.mask_from_png(data, size)
        case "unknown":
            return arrays.unknown_from_png(data, size)
        case "depth_m":
            return arrays.depth_from_png(data, size, facts["depth_units_per_metre"])
        case "points":
            return arrays.points_from_npz(data)
        case _:
            return arrays.voxels_from_npz(data)


def _sample(
    facts: Mapping[str, Any], members: Mapping[str, bytes], fields: Collection[str], folder: str | Path | None
) -> Sample:
    held = {name: array_of(name, facts, members) for name in MEMBERS if name in fields}
    if "image" not in held:
        held["image"] = np.broadcast_to(np.uint8(0), (facts["height_px"], facts["width_px"], 3))
    if "camera" in fields and facts["camera"] is not None:
        held["camera"] = Camera.from_json(facts["camera"])
    if "camera_from_object" in fields and facts["camera_from_object"] is not None:
        held["camera_from_object"] = Pose.from_json(facts["camera_from_object"])
    if "mesh" in fields and "mesh" in facts["holds"] and folder is not None:
        held["mesh"] = MeshFile(mesh_path(folder, facts["mesh_id"]))
    same = (
        "key",
        "category",
        "mesh_id",
        "scale",
        "camera_height_m",
        "split",
        "source",
        "frame",
        "style",
        "about",
    )
    return Sample(
        **held,
        **{name: facts[name] for name in same},
        box_px=_tuple(facts["box_px"]),
        extents_m=_tuple(facts["extents_m"]),
        turns=None if facts["turns_about_y"] is None else Turns(facts["turns_about_y"]),
    )


def _tuple(numbers: list[float] | None) -> Any:
    return None if numbers is None else tuple(numbers)


def mesh_path(folder: str | Path, mesh_id: str) -> Path:
    """Where a data set keeps the mesh of this id; an id that could lead out of the folder is refused."""
    return Path(folder) / "meshes" / f"{_mesh_name(mesh_id)}.ply"


def _mesh_name(mesh_id: str) -> str:
    if not mesh_id or not set(mesh_id) <= KEY_LETTERS:
        raise BadInputError(f"the mesh_id is {mesh_id!r}; letters, digits, '-' and '_' are accepted")
    return mesh_id

"""Pix3D (Sun et al.): photographs of furniture with masks, meshes and poses that were fitted by hand.

    pix3d.json                    a list with an object for each photograph
    img/<category>/0001.png       also .jpg
    mask/<category>/0001.png
    model/<category>/<name>/model.obj

An entry's point is at rot_mat @ p + trans_mat in a frame whose x goes left, y up and z into the picture: its camera
is Blender's, turned by half a turn about y. Ours is that times diag(-1, -1, 1). `focal_length` is in millimetres
before a sensor 32 mm wide, the principal point in the middle. Meshes are x left, y up, z inward as seen from the
front, which is our object frame: y up, front towards -z. Their unit is no metre: poses and meshes share one that was
chosen when the mesh was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.readers._layout import inside, required_file
from rrb.data.readers._reading import key_of, named, numbers, picture
from rrb.data.sample import MeshFile, Sample
from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import short
from rrb.geometry.camera import Camera
from rrb.geometry.image_io import load_mask
from rrb.geometry.json_io import read_json
from rrb.geometry.pose import Pose

SENSOR_WIDTH_MM = 32.0
# As published, these two have the mask of another picture (xingyuansun/pix3d, issue 18).
WRONG_MASKS = ("img/table/0045.png", "img/table/1749.jpg")

_CAMERA_FROM_THEIRS = np.diag([-1.0, -1.0, 1.0])
_FLAGS = ("truncated", "occluded", "slightly_occluded")
_KEPT = ("model_raw", "voxel", "3d_keypoints", "2d_keypoints", "img_source", "model_source")  # as they are


def read(
    source: Path, *, category: str | None = None, without: tuple[str, ...] = WRONG_MASKS
) -> Iterator[Sample]:
    """Every photograph, by the name of its file.

    category: "bed", "bookcase", "chair", "desk", "misc", "sofa", "table", "tool" or "wardrobe"; None for all.
    without: `img` of the entries to leave out, by default the two whose masks are known to be wrong.
    """
    index = Path(source) / "pix3d.json"
    entries = [entry for entry in _entries(index) if entry["img"] not in without]
    if category is not None:
        entries = [entry for entry in entries if entry["category"] == category]
        if not entries:
            raise BadInputError(f"{index}: it holds nothing of the category {category!r}")
    for entry in entries:
        with named(index, entry["img"]):
            yield _sample(Path(source), index, entry)


def _entries(index: Path) -> list[Mapping[str, Any]]:
    """By picture, each of which belongs to one entry."""
    held = read_json(index)
    if not isinstance(held, list) or not held:
        raise BadFileError(f"{index}: it is no list of photographs")
    for number, entry in enumerate(held):
        for name in ("img", "category", "mask", "model"):
            if not isinstance(entry, Mapping) or not isinstance(entry.get(name), str):
                raise BadFileError(f"{index}: entry {number} has no text {name!r}")
            if name != "category" and len(Path(entry[name]).parts) < 2:
                raise BadFileError(
                    f"{index}: entry {number} has {name} {entry[name]!r}; a path in a folder is accepted"
                )
    keys = [_key(entry["img"]) for entry in held]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BadFileError(f"{index}: {twice} is there twice; one entry for each photograph is accepted")
    return sorted(held, key=lambda entry: entry["img"])


def _sample(source: Path, index: Path, entry: Mapping[str, Any]) -> Sample:
    width, height = _size(entry)
    image = picture(required_file(inside(source, entry["img"]), index), (height, width))
    focal_mm = float(_numbers(entry, "focal_length", ()))
    camera = Camera.from_focal_px(focal_mm / SENSOR_WIDTH_MM * width, width=width, height=height)
    rotation, translation = _numbers(entry, "rot_mat", (3, 3)), _numbers(entry, "trans_mat", (3,))
    x0, y0, x1, y1 = _numbers(entry, "bbox", (4,)).tolist()
    return Sample(
        key=_key(entry["img"]),
        image=image,
        category=entry["category"],
        mesh_id=key_of(*Path(entry["model"]).with_suffix("").parts[1:]),
        mask=load_mask(required_file(inside(source, entry["mask"]), index), size=(height, width)),
        camera=camera,
        camera_from_object=Pose(_CAMERA_FROM_THEIRS @ rotation, _CAMERA_FROM_THEIRS @ translation),
        mesh=MeshFile(required_file(inside(source, entry["model"]), index)),
        box_px=(x0, y0, x1, y1),
        source="pix3d",
        frame="y up, the CAD file's unit",
        about=_about(entry),
    )


def _about(entry: Mapping[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {name: _flag(entry, name) for name in _FLAGS}
    about["cam_position"] = _numbers(entry, "cam_position", (3,)).tolist()
    about["inplane_rotation"] = float(_numbers(entry, "inplane_rotation", ()))
    return about | {name: entry[name] for name in _KEPT if entry.get(name)}


def _key(img: str) -> str:
    return key_of(*Path(img).with_suffix("").parts[1:])


def _size(entry: Mapping[str, Any]) -> tuple[int, int]:
    size = _numbers(entry, "img_size", (2,))
    if (size < 1).any() or (size % 1).any():
        raise BadInputError(f"img_size is {short(entry['img_size'])}; a width and a height are accepted")
    return int(size[0]), int(size[1])


def _flag(entry: Mapping[str, Any], name: str) -> bool:
    """Published as a truth value, described as a text."""
    known = {True: True, False: False, "true": True, "false": False}
    value = entry.get(name)
    if not isinstance(value, bool | str) or value not in known:
        raise BadInputError(f"{name} is {short(value)}; true or false is accepted")
    return known[value]


def _numbers(entry: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return numbers(entry.get(name), shape, name)

"""PASCAL3D+ (Xiang et al.), release 1.1: photographs with CAD models aligned to what they show.

    Annotations/<category>_<subset>/<name>.mat        `record`, with `objects`; subset: "pascal" or "imagenet"
    Images/<category>_<subset>/<file>                 the file that the record names, .jpg or .JPEG
    CAD/<category>/01.off ...                         `cad_index` counts from 1
    Image_sets/<category>_imagenet_<split>.txt        names; split: "train" or "val"
    PASCAL/VOCdevkit/VOC2012/ImageSets/Main/<split>.txt

A CAD model is z up with its front towards -y, about 1 along its diagonal. The camera's centre is there at
distance * (cos e sin a, -cos e cos a, sin e) and looks at the origin; `theta` then turns the picture counter-clockwise
about (px, py), where the origin lies. In our object frame, y up and front towards -z, x is turned round: azimuths
change their sign, and so does theta, since our roll is clockwise. A focal length is focal * viewport pixels, by
habit 1 * 3000: the distances go with that, and are no metres. px, py and boxes count the first pixel as 1.

There are no masks. An object that has but a coarse view is read without pose and camera; `about` says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.readers._layout import decode_as_stored, folders, inside, required_file, words
from rrb.data.readers._reading import files, key_of, named, number, numbers
from rrb.data.readers.matlab import load_variable
from rrb.data.sample import MeshFile, Sample
from rrb.errors import BadInputError
from rrb.geometry._arrays import short
from rrb.geometry.camera import Camera
from rrb.geometry.files import read_bytes
from rrb.geometry.pose import Pose

SUBSETS = ("imagenet", "pascal")
SPLITS = ("train", "val")
# (x, y, z) of a CAD model is (-x, z, y) of ours: z up becomes y up, the front at -y the front at -z.
OBJECT_FROM_CAD = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])

# Matlab's pixel 1 has its centre half a pixel from the outer corner.
_MATLAB_ORIGIN_PX = -0.5
_CAMERA_FIELDS = ("azimuth", "elevation", "theta", "distance", "focal", "px", "py", "viewport")
_FLAGS = ("truncated", "occluded", "difficult")
_COARSE = ("azimuth_coarse", "elevation_coarse")


def read(
    source: Path, *, category: str | None = None, subset: str | None = None, split: str | None = None
) -> Iterator[Sample]:
    """Every object of the annotated categories, by category, subset, picture and its place in the record.

    category: "aeroplane", "car", "chair", ...; subset: "pascal" or "imagenet"; split: "train" or "val"; None for all.
    """
    for name, chosen, accepted in (("subset", subset, SUBSETS), ("split", split, SPLITS)):
        if chosen is not None and chosen not in accepted:
            raise BadInputError(f"the {name} is {chosen!r}; {', '.join(accepted)} are accepted")
    source = Path(source)
    found = folders(source / "Annotations", "folders as chair_pascal")
    chosen_folders = [f for f in found if _chosen(f.name, category, subset)]
    if not chosen_folders:
        raise BadInputError(
            f"{source / 'Annotations'}: it holds no {category or 'category'} of {subset or SUBSETS}"
        )
    for folder in chosen_folders:
        splits = _splits(source, folder, split is not None)
        for path in files(folder, ".mat"):
            if split is None or splits.get(path.stem) == split:
                yield from _objects(source, path, splits.get(path.stem))


def _chosen(name: str, category: str | None, subset: str | None) -> bool:
    front, _, back = name.rpartition("_")
    return back in SUBSETS and category in (None, front) and subset in (None, back)


def _splits(source: Path, folder: Path, needed: bool) -> dict[str, str]:
    """Which split each picture belongs to, as far as lists are there; those of ImageNet must name what is there."""
    main = source / "PASCAL" / "VOCdevkit" / "VOC2012" / "ImageSets" / "Main"
    of_imagenet = folder.name.endswith("imagenet")
    split_of: dict[str, str] = {}
    for split in SPLITS:
        path = source / "Image_sets" / f"{folder.name}_{split}.txt" if of_imagenet else main / f"{split}.txt"
        if not path.exists() and not needed:
            continue
        for _, held in words(path):
            name = held[0].decode(errors="replace")
            if of_imagenet:
                required_file(folder / f"{name}.mat", path)
            split_of[name] = split
    return split_of


def _objects(source: Path, path: Path, split: str | None) -> Iterator[Sample]:
    category = path.parent.name.rpartition("_")[0]
    with named(path):
        record = load_variable(path, "record")
        objects = record.get("objects") if isinstance(record, Mapping) else None
        objects = objects if isinstance(objects, list) else [objects]
        if not all(isinstance(one, Mapping) for one in objects):
            raise BadInputError("its record holds no objects")
        places = [i for i, one in enumerate(objects) if one.get("class") == category]
        if not places:
            raise BadInputError(f"none of its {len(objects)} objects is of the class {category!r}")
        file_name = record.get("filename")
        if not isinstance(file_name, str) or Path(file_name).stem != path.stem:
            raise BadInputError(f"its record is of the picture {short(file_name)}; {path.stem} is expected")
        picture = required_file(inside(source / "Images" / path.parent.name, file_name), path)
    image = decode_as_stored(read_bytes(picture), picture)
    for place in places:
        with named(path, f"object {place}"):
            yield _sample(source, path, objects[place], place, image).with_(split=split)


def _sample(source: Path, path: Path, one: Mapping[str, Any], place: int, image: NDArray[np.uint8]) -> Sample:
    category, _, subset = path.parent.name.rpartition("_")
    about: dict[str, Any] = {"subset": subset, "picture": path.stem, "object": place}
    about |= {name: _flag(one[name], name) for name in _FLAGS if one.get(name) is not None}
    view = one.get("viewpoint")
    view = view if isinstance(view, Mapping) else {}
    about |= {name: number(view.get(name), name) for name in _COARSE if view.get(name) is not None}
    camera, pose = None, None
    if reason := _no_pose(view):
        about["no_pose"] = reason
    else:
        fine = {name: number(view.get(name), name) for name in _CAMERA_FIELDS}
        about |= fine
        camera, pose = _camera(fine, image), _pose(fine)
    mesh_id, mesh = _mesh(source, path, category, one, about)
    return Sample(
        key=key_of(path.parent.name, path.stem, place),
        image=image,
        category=category,
        mesh_id=mesh_id,
        camera=camera,
        camera_from_object=pose,
        mesh=mesh,
        box_px=_box(one),
        source="pascal3d",
        frame="y up, front -z, the CAD file's unit",
        about=about,
    )


def _flag(value: Any, name: str) -> bool:
    """Matlab's truth values come as bool or as numbers."""
    return value if isinstance(value, bool) else bool(number(value, name))


def _no_pose(view: Mapping[str, Any]) -> str:
    """Why there is no pose, or nothing."""
    if not view:
        return "it has no viewpoint"
    if view.get("distance") is None or number(view.get("distance"), "distance") == 0:
        return "it has no distance: its view is a coarse one"
    return ""


def _camera(view: Mapping[str, float], image: NDArray[np.uint8]) -> Camera:
    focal = view["focal"] * view["viewport"]
    cx, cy = view["px"] + _MATLAB_ORIGIN_PX, view["py"] + _MATLAB_ORIGIN_PX
    return Camera(focal, focal, cx, cy, image.shape[1], image.shape[0])


def _pose(view: Mapping[str, float]) -> Pose:
    return Pose.from_viewpoint(
        -view["azimuth"], view["elevation"], -view["theta"], distance_m=view["distance"]
    )


def _mesh(
    source: Path, path: Path, category: str, one: Mapping[str, Any], about: dict[str, Any]
) -> tuple[str, MeshFile | None]:
    if one.get("cad_index") is None:
        about["no_mesh"] = "it has no cad_index"
        return "", None
    index = number(one.get("cad_index"), "cad_index")
    if index < 1 or index % 1:
        raise BadInputError(f"cad_index is {index:g}; a whole number from 1 is accepted")
    file = required_file(source / "CAD" / category / f"{int(index):02d}.off", path)
    return key_of(category, f"{int(index):02d}"), MeshFile(file, object_from_file=OBJECT_FROM_CAD)


def _box(one: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """From the outer corner: theirs are the first and the last pixel, counted from 1."""
    x0, y0, x1, y1 = numbers(one.get("bbox"), (4,), "bbox").tolist()
    return x0 - 1, y0 - 1, x1, y1

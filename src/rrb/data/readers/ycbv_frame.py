"""One YCB-Video picture: colour, depth, labels, the poses of its objects, point models and hulls.

    <source>/000002-color.png, 000002-depth.png (16 bits), 000002-label.png, 000002-box.txt
    <source>/gt.json                     K, depth_factor, objects: name, label, R, t (metres)
    <source>/models/<name>.xyz, <name>_hull.obj

One sample for each object. The mesh is the convex hull of its points, and only objects that are nearly convex
have one: its silhouette is that of the points, no smaller than the object's where the object has hollows. The
object's frame is the model's own. Unknown is where another object is seen. 2-D boxes count from the first pixel's
centre: half a pixel is added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rrb.data.readers._reading import (
    Box,
    field,
    files,
    folder,
    key_of,
    labels,
    named,
    number,
    numbers,
    picture,
    text_lines,
    whole,
)
from rrb.data.sample import MeshFile, Sample
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.coco import checked_size
from rrb.geometry.image_io import load_depth
from rrb.geometry.json_io import read_json
from rrb.geometry.pose import Pose


def read(source: Path, *, category: str | None = None) -> Iterator[Sample]:
    """category: an object's name, such as "004_sugar_box"; None for all."""
    path = source / "gt.json"
    truth = read_json(path)
    with named(path):
        objects = _objects(truth, category)
        size = checked_size([truth.get("height"), truth.get("width")], "its height and width")
        k = numbers(field(truth, "K", "the file"), (3, 3), "K")
        camera = Camera.from_opencv(k, width=size[1], height=size[0])
        per_metre = number(field(truth, "depth_factor", "the file"), "depth_factor")
    stem = _stem(source)
    image = picture(source / f"{stem}-color.png", size)
    seen = labels(source / f"{stem}-label.png", size)
    depth_m = load_depth(source / f"{stem}-depth.png", per_metre)
    boxes = _boxes(source / f"{stem}-box.txt")
    for one in objects:
        name, label = one["name"], one["label"]
        if not (seen == label).any():
            raise BadFileError(f"{source / f'{stem}-label.png'}: no pixel has the label {label} of {name}")
        with named(path, name):
            yield Sample(
                key=key_of(stem, name),
                image=image,
                category=name,
                mesh_id=name,
                mask=(seen == label).astype(np.float32),
                unknown=(seen != label) & (seen != 0),
                camera=camera,
                camera_from_object=_pose(one),
                mesh=_hull(source, name),
                depth_m=depth_m,
                box_px=boxes.get(name),
                source="ycbv_frame",
                frame="as the model is stored, metres",
                about={"label": label, "points": f"models/{name}.xyz", "mesh": "convex hull of the points"},
            )


def _objects(truth: Any, category: str | None) -> list[Mapping[str, Any]]:
    rows = field(truth, "objects", "the file")
    if not isinstance(rows, list) or not rows:
        raise BadInputError("its objects are no list; one entry for each is accepted")
    for row in rows:
        whole(field(row, "label", "an object"), "a label")
    names = [str(field(row, "name", "an object")) for row in rows]
    if category is not None and category not in names:
        raise BadInputError(f"the category is {category!r}; {', '.join(names)} are accepted")
    return [row for row in rows if category in (None, row["name"])]


def _pose(one: Mapping[str, Any]) -> Pose:
    rotation = numbers(field(one, "R", "an object"), (3, 3), "R")
    return Pose(rotation, numbers(field(one, "t", "an object"), (3,), "t"))


def _stem(source: Path) -> str:
    found = [p.stem for p in files(source, ".png") if p.stem.endswith("-color")]
    if len(found) != 1:
        raise BadFileError(f"{source}: it holds {len(found)} pictures *-color.png; one is accepted")
    return found[0].removesuffix("-color")


def _hull(source: Path, name: str) -> MeshFile | None:
    """None for an object that has points alone; without either it is refused."""
    hull, points = (folder(source / "models") / f"{name}{end}" for end in ("_hull.obj", ".xyz"))
    if not points.is_file():
        raise BadFileError(f"{points}: there is no such file, but gt.json names {name}")
    return MeshFile(hull) if hull.is_file() else None


def _boxes(path: Path) -> dict[str, Box]:
    found = {}
    for count, line in enumerate(text_lines(path), 1):
        name, *rest = line.split()
        with named(path, f"line {count}"):
            x0, y0, x1, y1 = (numbers(rest, (4,), "a box") + 0.5).tolist()
        found[name] = (x0, y0, x1, y1)
    return found

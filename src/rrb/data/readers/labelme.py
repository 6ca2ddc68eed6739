"""LabelMe: photographs with polygons, a .json beside each.

    <source>/<name>.json        shapes: label, points, group_id, shape_type; imagePath, imageHeight, imageWidth
    <source>/<name>.jpg         what imagePath says, seen from the .json; without it imageData, where it holds one

One sample for each object: a shape, or all shapes of one label and group_id. Polygons and rectangles are
accepted. Their pixels are ours: (0, 0) is the outer corner of the first one. Unknown is where another object was
drawn or the label is `__ignore__`, except where the object's own mask is. No camera, no pose.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.readers._reading import box_around, field, files, key_of, named, picture
from rrb.data.sample import Sample
from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import short
from rrb.geometry.coco import checked_size, coco_mask
from rrb.geometry.image_io import decode_image
from rrb.geometry.json_io import read_json

IGNORED = "__ignore__"


def read(source: Path, *, category: str | None = None) -> Iterator[Sample]:
    """category: a label; None for all. One that no file holds gives no sample."""
    for path in files(source, ".json"):
        data = read_json(path)
        with named(path):
            size = checked_size(
                [data.get("imageHeight"), data.get("imageWidth")], "imageHeight and imageWidth"
            )
            drawn = [(label, _mask(polygons, size)) for label, polygons in _grouped(data)]
        image = _picture(path, data, size)
        covered = np.sum([mask for _, mask in drawn], axis=0)
        for count, (label, mask) in enumerate(drawn):
            if label != IGNORED and category in (None, label):
                with named(path):
                    yield Sample(
                        key=key_of(path.stem, f"{count:02d}"),
                        image=image,
                        category=label,
                        mesh_id="",
                        mask=mask,
                        unknown=(covered > 0) & (mask == 0),
                        box_px=box_around(mask),
                        source="labelme",
                        about={"picture": path.stem, "object": count},
                    )


def _grouped(data: Any) -> list[tuple[str, list[list[float]]]]:
    """(label, polygons as COCO writes them) of each object, in the order of their first shapes."""
    shapes = field(data, "shapes", "the file")
    if not isinstance(shapes, list):
        raise BadInputError(f"its shapes are {short(shapes)}; a list is accepted")
    found: dict[Any, tuple[str, list[list[float]]]] = {}
    for count, shape in enumerate(shapes):
        label, group = str(field(shape, "label", "a shape")), shape.get("group_id")
        key = (count,) if group is None else (label, str(group))
        found.setdefault(key, (label, []))[1].append(_polygon(shape, count))
    return list(found.values())


def _polygon(shape: Mapping[str, Any], count: int) -> list[float]:
    """x, y, x, y, ... of a shape."""
    kind, points = shape.get("shape_type", "polygon"), field(shape, "points", f"shape {count}")
    try:
        corners = np.asarray(points, np.float64).reshape(-1, 2)
    except (ValueError, TypeError):
        raise BadInputError(
            f"the points of shape {count} are {short(points)}; pairs x, y are accepted"
        ) from None
    if kind == "rectangle" and len(corners) == 2:
        (x0, y0), (x1, y1) = corners
        corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    elif kind != "polygon":
        raise BadInputError(f"shape {count} is a {short(kind)}; polygons and rectangles are accepted")
    return [float(value) for value in corners.reshape(-1)]


def _mask(polygons: list[list[float]], size: tuple[int, int]) -> NDArray[np.float32]:
    return coco_mask(polygons, size=size)


def _picture(path: Path, data: Mapping[str, Any], size: tuple[int, int]) -> NDArray[np.uint8]:
    with named(path):
        name = str(field(data, "imagePath", "the file")).replace("\\", "/")  # as Windows writes it
    if (path.parent / name).is_file() or not data.get("imageData"):
        return picture(path.parent / name, size)
    try:
        image = decode_image(base64.b64decode(data["imageData"], validate=True), path)
    except (binascii.Error, TypeError):
        raise BadFileError(f"{path}: its imageData is no base64; a picture in it is accepted") from None
    if image.shape[:2] != size:
        raise BadFileError(f"{path}: its imageData is of another size than imageWidth and imageHeight say")
    return image

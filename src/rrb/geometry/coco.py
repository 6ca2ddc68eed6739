"""Masks from COCO's JSON: run lengths, plain or compressed, and polygons.

COCO's pixels are ours: (0, 0) is the outer corner of the first one. Several polygons are united. pycocotools
moves their corners to a grid of a fifth of a pixel first, so that it may decide otherwise about pixels whose
centres lie within a fifth of a pixel of the outline.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import finite_float, short
from rrb.geometry.image_io import MOST_PIXELS
from rrb.geometry.json_io import read_json
from rrb.geometry.polygon_fill import fill
from rrb.geometry.run_lengths import from_run_lengths

Size = tuple[int, int]

_LONGEST = 1_000_000  # a side in pixels, as a camera's


def load_coco_mask(
    path: str | Path, annotation: int | str | None = None, size: Size | None = None
) -> NDArray[np.float32]:
    """`coco_mask` of a .json file."""
    data = read_json(path)
    try:
        return coco_mask(data, annotation, size)
    except BadInputError as error:
        raise BadFileError(f"{path}: {error}") from None


def coco_mask(
    data: Any, annotation: int | str | None = None, size: Size | None = None
) -> NDArray[np.float32]:
    """(H, W) float32, 0 and 1, of parsed JSON: a segmentation, an annotation, a data set or a list of results.

    annotation: the id of the one to take, needed where there are several; results without ids are numbered
    from 1, as pycocotools does. size: (height, width) of the picture; polygons need it unless an `images`
    entry says it, and a segmentation of another size is refused. At most 80 million pixels.
    """
    segmentation, held = _chosen(data, annotation)
    runs = isinstance(segmentation, Mapping)
    if runs:
        held = checked_size(segmentation.get("size"), "the segmentation's size")
    elif not isinstance(segmentation, list) or not segmentation:
        raise BadInputError(
            f"a segmentation is {short(segmentation)}; run lengths of size and counts, or a list of polygons,"
            " are accepted"
        )
    wanted = None if size is None else checked_size(size, "the size asked for")
    require_size(held or wanted, wanted)
    pixels = held or wanted
    if pixels is None:
        raise BadInputError("its polygons do not say how large the picture is; give size=(height, width)")
    return from_run_lengths(segmentation.get("counts"), *pixels) if runs else _united(segmentation, pixels)


def _united(polygons: list[Any], size: Size) -> NDArray[np.float32]:
    mask = np.zeros(size, np.bool_)
    for polygon in polygons:
        fill(mask, _corners(polygon))
    return mask.astype(np.float32)


def _corners(polygon: Any) -> NDArray[np.float64]:
    """(N, 2): x, y in pixels."""
    try:
        flat = np.asarray(polygon)
    except (ValueError, OverflowError):  # rows of different lengths
        flat = np.empty(0)
    pairs = flat.ndim == 1 and flat.dtype.kind in "if" and len(flat) >= 6 and len(flat) % 2 == 0
    if not pairs or not (np.abs(flat) <= _LONGEST).all():
        raise BadInputError(
            f"a polygon is {short(polygon)}; [x, y, x, y, ...] of at least three corners, up to {_LONGEST}"
            " pixels away, is accepted"
        )
    return flat.astype(np.float64).reshape(-1, 2)


# --- finding the segmentation ---------------------------------------------------------------------


def _chosen(data: Any, annotation: int | str | None) -> tuple[Any, Size | None]:
    """The segmentation, and its picture's size where an `images` entry says it."""
    if isinstance(data, Mapping) and "annotations" in data:
        one = _picked(_objects(data["annotations"], "annotations"), annotation)
        return _segmentation(one), _picture_size(data.get("images", []), one.get("image_id"))
    if isinstance(data, Mapping) and "segmentation" in data:
        return _segmentation(_picked([data], annotation)), None
    if isinstance(data, list) and data and isinstance(data[0], Mapping):
        results = _objects(data, "a list of results")
        return _segmentation(_picked([{"id": i, **r} for i, r in enumerate(results, 1)], annotation)), None
    if not isinstance(data, list) and not (isinstance(data, Mapping) and "counts" in data):
        raise BadInputError("it holds no annotations and no segmentation as COCO writes them")
    if annotation is not None:
        raise BadInputError(f"it is one segmentation without an id, so none has the id {short(annotation)}")
    return data, None


def _objects(value: Any, what: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
        raise BadInputError(f"{what} is {short(value)}; a list of objects is accepted")
    return value


def _picked(annotations: list[Any], wanted: int | str | None) -> Mapping[str, Any]:
    found = annotations if wanted is None else [a for a in annotations if a.get("id") == wanted]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(short(a.get("id")) for a in annotations[:8]) + (", ..." if len(annotations) > 8 else "")
    if wanted is not None:
        count = f"{len(found)} annotations have" if found else "no annotation has"
        raise BadInputError(f"{count} the id {short(wanted)}; it holds {ids or 'none'}")
    choose = f"choose one by its id, annotation= ({ids})" if found else "one is needed"
    raise BadInputError(f"it holds {len(found)} annotations; {choose}")


def _segmentation(annotation: Mapping[str, Any]) -> Any:
    if "segmentation" not in annotation:
        raise BadInputError(f"annotation {short(annotation.get('id'))} has no segmentation; one is needed")
    return annotation["segmentation"]


def _picture_size(images: Any, image_id: Any) -> Size | None:
    for image in _objects(images, "images"):
        if image_id is not None and image.get("id") == image_id:
            sides = [image.get("height"), image.get("width")]
            return checked_size(sides, f"the height and width of image {short(image_id)}")
    return None


def checked_size(value: Any, what: str) -> Size:
    """(height, width) as whole numbers of pixels, not too many; anything else is refused."""
    sides = [finite_float(side) for side in value] if isinstance(value, list | tuple) else []
    whole = [int(side) for side in sides if side and side.is_integer() and 1 <= side <= _LONGEST]
    if len(sides) != 2 or len(whole) != 2:
        raise BadInputError(f"{what} is {short(value)}; [height, width], each up to {_LONGEST}, is accepted")
    height, width = whole
    if height * width > MOST_PIXELS:
        raise BadInputError(f"{what} is {width} x {height} pixels; at most {MOST_PIXELS} are accepted")
    return height, width


def require_size(held: Size | None, wanted: Size | None) -> None:
    if held and wanted and held != wanted:
        raise BadInputError(
            f"the mask is {held[1]}x{held[0]} but {wanted[1]}x{wanted[0]} is asked for, which alone is accepted"
        )

"""COCO instances: photographs with a mask for each instance, no camera, no pose.

    <source>/annotations/instances_<split>.json
    <source>/<split>/000000000139.jpg, or <source>/images/<split>/000000000139.jpg

One sample for each instance, by picture, then by annotation. COCO's pixels are ours: (0, 0) is the outer corner
of the first one. A crowd (`iscrowd`) is a region of many, not one object: it gives no sample, and `about` counts
the picture's. Where another instance or a crowd is annotated, that is what is seen and the object may go on
behind it: unknown, as in drawn scenes, except where the instance's own mask is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.readers._reading import Box, field, key_of, named, numbers, picture, whole
from rrb.data.sample import Sample
from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import short
from rrb.geometry.coco import checked_size, coco_mask
from rrb.geometry.json_io import read_json

Rows = dict[int, Mapping[str, Any]]


def read(source: Path, *, split: str = "val2017", category: str | None = None) -> Iterator[Sample]:
    """category: one of the set's own names, such as "dining table"; None for all."""
    path = source / "annotations" / f"instances_{split}.json"
    with named(path):
        images, names, of_image = _tables(read_json(path))
        if category is not None and category not in names.values():
            raise BadInputError(f"the category is {category!r}; {', '.join(names.values())} are accepted")
    for image_id, image in sorted(images.items()):
        annotations = of_image.get(image_id, [])
        with named(path, f"image {image_id}"):
            wanted = [a for a in annotations if not _crowd(a) and category in (None, names[a["category_id"]])]
            if wanted:
                file = _pictures(source, split) / str(field(image, "file_name", "an image"))
                yield from _samples(path, split, file, image, annotations, wanted, names)


def _samples(
    path: Path, split: str, file: Path, image: Mapping[str, Any], annotations: list[Mapping[str, Any]],
    wanted: list[Mapping[str, Any]], names: dict[int, str],
) -> Iterator[Sample]:  # fmt: skip
    size = checked_size([image.get("height"), image.get("width")], "its height and width")
    pixels = picture(file, size)
    masks = {a["id"]: _mask(path, a, size) for a in annotations}
    covered = np.sum([mask > 0 for mask in masks.values()], axis=0)
    for one in wanted:
        mask = masks[one["id"]]
        yield Sample(
            key=key_of(split, f"{image['id']:012d}", one["id"]),
            image=pixels,
            category=names[one["category_id"]],
            mesh_id="",
            mask=mask,
            unknown=(covered > 0) & (mask == 0),
            box_px=_box(path, one),
            split=_split(split),
            source="coco",
            about={
                "image_id": image["id"],
                "annotation_id": one["id"],
                "category_id": one["category_id"],
                "file_name": image["file_name"],
                "licence": image.get("license"),
                "area_px": one.get("area"),
                "crowds_in_picture": sum(_crowd(a) for a in annotations),
            },
        )


def _mask(path: Path, annotation: Mapping[str, Any], size: tuple[int, int]) -> NDArray[np.float32]:
    with named(path, f"annotation {annotation['id']}"):
        return coco_mask(field(annotation, "segmentation", "an annotation"), size=size)


def _box(path: Path, annotation: Mapping[str, Any]) -> Box:
    with named(path, f"annotation {annotation['id']}"):
        x, y, width, height = numbers(field(annotation, "bbox", "an annotation"), (4,), "bbox").tolist()
        if width < 0 or height < 0:
            raise BadInputError(f"bbox is {width:g} x {height:g} pixels; sizes from 0 are accepted")
        return x, y, x + width, y + height


# --- the file's tables, each looked through once ------------------------------------------------------


def _tables(data: Any) -> tuple[Rows, dict[int, str], dict[int, list[Mapping[str, Any]]]]:
    """Images by id, names of categories by id, and the annotations of each image, sorted by id."""
    images = _by_id(field(data, "images", "the file"), "image")
    names = {
        k: str(field(c, "name", "a category"))
        for k, c in _by_id(field(data, "categories", "the file"), "category").items()
    }
    of_image: dict[int, list[Mapping[str, Any]]] = {}
    for number, annotation in sorted(_by_id(field(data, "annotations", "the file"), "annotation").items()):
        for name, known in (("image_id", images), ("category_id", names)):
            if field(annotation, name, f"annotation {number}") not in known:
                raise BadInputError(
                    f"annotation {number} has the {name} {short(annotation[name])}, which the file does not hold"
                )
        if _crowd(annotation) not in (0, 1):
            raise BadInputError(
                f"annotation {number} has iscrowd {short(_crowd(annotation))}; 0 and 1 are accepted"
            )
        of_image.setdefault(annotation["image_id"], []).append(annotation)
    return images, names, of_image


def _crowd(annotation: Mapping[str, Any]) -> Any:
    return annotation.get("iscrowd", 0)


def _by_id(rows: Any, what: str) -> Rows:
    found: Rows = {}
    for row in rows if isinstance(rows, list) else []:
        number = whole(field(row, "id", f"an {what}"), f"the id of an {what}")
        if number in found:
            raise BadInputError(f"two of its rows are {what} {number}; unique ids are accepted")
        found[number] = row
    if not found:
        raise BadInputError(f"its {what} rows are {short(rows)}; a list of at least one is accepted")
    return found


def _pictures(source: Path, split: str) -> Path:
    for path in (source / split, source / "images" / split):
        if path.is_dir():
            return path
    raise BadFileError(
        f"{source / split}: there is no such folder, nor images/{split}; the pictures are needed"
    )


def _split(name: str) -> str | None:
    return next((s for s in ("train", "val", "test") if name.startswith(s)), None)

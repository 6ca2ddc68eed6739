"""KITTI objects: street pictures with a box in space for each car, van, cyclist, ...; no mesh, no mask.

    <source>/training/image_2/000000.png, calib/000000.txt, label_2/000000.txt     or the three without training/

One sample for each line of label_2 but DontCare, whose regions `about` keeps: there are objects in them that
nobody labelled. The picture is camera 2's; positions are in the rectified camera 0, from which P2's fourth column
leads to camera 2. A box's object frame is ours: x is its width, y its height and up, z its length with the front
at -z, 0 its centre. The camera's height is above the plane of the box's bottom. 2-D boxes count from the first
pixel's centre, ours from its corner: half a pixel is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.readers._reading import Box, files, folder, key_of, named, numbers, picture, text_lines
from rrb.data.sample import Sample
from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import short
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose

CATEGORIES = ("car", "van", "truck", "pedestrian", "person_sitting", "cyclist", "tram", "misc")
_COLUMNS = 15
_UNLABELLED = "dontcare"

# KITTI's box has x forwards, y down and z to its right side's opposite: the columns are our x, y and z.
_KITTI_FROM_OBJECT = np.array([[0.0, 0.0, -1.0], [0.0, -1.0, 0.0], [-1.0, 0.0, 0.0]])


@dataclass(frozen=True)
class _Label:
    kind: str
    truncated: float
    occluded: int
    alpha: float
    box_px: Box
    height_m: float
    width_m: float
    length_m: float
    bottom_m: NDArray[np.float64]  # (3,): the middle of the bottom in camera 0
    rotation_y: float


FRAME = "y up, front -z, origin in the middle of the box, metres"


def read(source: Path, *, category: str | None = None) -> Iterator[Sample]:
    """category: one of `CATEGORIES`; None for all."""
    if category not in (None, *CATEGORIES):
        raise BadInputError(f"the category is {category!r}; {', '.join(CATEGORIES)} are accepted")
    published = (source / "training").is_dir()
    root = source / "training" if published else source
    stems = {path.stem for path in files(root / "image_2", ".png")}
    stems |= {path.stem for path in files(folder(root / "label_2"), ".txt")}
    for stem in sorted(stems):  # a picture without labels, or labels without a picture, fail when opened
        labels = _labels(root / "label_2" / f"{stem}.txt")
        image = picture(root / "image_2" / f"{stem}.png")
        camera, offset = _calibration(root / "calib" / f"{stem}.txt", image.shape[1], image.shape[0])
        ignored = [list(label.box_px) for label in labels if label.kind == _UNLABELLED]
        for line, label in enumerate(labels):
            if label.kind != _UNLABELLED and category in (None, label.kind):
                with named(root / "label_2" / f"{stem}.txt", f"line {line + 1}"):
                    yield Sample(
                        key=key_of(stem, f"{line:02d}"), image=image, camera=camera,
                        split="train" if published else None, source="kitti", frame=FRAME,
                        **_object(label, offset, {"picture": stem, "line": line, "unlabelled_px": ignored}),
                    )  # fmt: skip


def _object(label: _Label, offset: NDArray[np.float64], about: dict[str, Any]) -> dict[str, Any]:
    """The fields of a sample that a label says."""
    bottom = label.bottom_m + offset
    known = {
        "category": label.kind,
        "mesh_id": "",
        "box_px": label.box_px,
        "about": about
        | {"truncated": label.truncated, "occluded": label.occluded, "alpha_rad": label.alpha}
        | {"rotation_y_rad": label.rotation_y},
    }
    if (label.height_m, label.width_m, label.length_m) == (-1, -1, -1):
        return known  # no box in space
    extents = (label.width_m, label.height_m, label.length_m)
    if not min(extents) > 0:
        raise BadInputError(f"the dimensions are {extents} m; positive ones, or -1 for none, are accepted")
    c, s = np.cos(label.rotation_y), np.sin(label.rotation_y)
    turned = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    centre = bottom - [0.0, label.height_m / 2, 0.0]  # y points down
    return known | {
        "extents_m": extents,
        "camera_from_object": Pose(turned @ _KITTI_FROM_OBJECT, centre),
        "camera_height_m": float(bottom[1]) if bottom[1] > 0 else None,
    }


# --- files ------------------------------------------------------------------------------------------


def _calibration(path: Path, width: int, height: int) -> tuple[Camera, NDArray[np.float64]]:
    """Camera 2, and the vector (3,) from camera 0's frame to its own: P2 = K [1 | offset]."""
    rows = [line.split() for line in text_lines(path) if line.startswith("P2:")]
    if len(rows) != 1:
        raise BadFileError(f"{path}: it has {len(rows)} lines P2:; one is accepted")
    with named(path):
        p2 = numbers(rows[0][1:], (3, 4), "P2")
        camera = Camera.from_opencv(p2[:, :3], width=width, height=height)
    return camera, np.asarray(np.linalg.solve(p2[:, :3], p2[:, 3]), np.float64)


def _labels(path: Path) -> list[_Label]:
    found = []
    for number, line in enumerate(text_lines(path), 1):
        with named(path, f"line {number}"):
            found.append(_label(line.split()))
    return found


def _label(words: list[str]) -> _Label:
    if len(words) != _COLUMNS:
        raise BadInputError(f"it has {len(words)} columns; {_COLUMNS} are accepted")
    kind = words[0].lower()
    if kind not in (*CATEGORIES, _UNLABELLED):
        raise BadInputError(
            f"the type is {short(words[0])}; {', '.join(CATEGORIES)} and DontCare are accepted"
        )
    truncated, occluded, alpha, x0, y0, x1, y1, height, width, length, *rest = numbers(
        words[1:], (_COLUMNS - 1,), "its columns 2 to 15"
    ).tolist()
    if not (x0 <= x1 and y0 <= y1):
        raise BadInputError(f"the box is {x0:g} {y0:g} {x1:g} {y1:g}; left, top, right, bottom are accepted")
    box = (x0 + 0.5, y0 + 0.5, x1 + 0.5, y1 + 0.5)
    return _Label(
        kind, truncated, int(occluded), alpha, box, height, width, length, np.array(rest[:3]), rest[3]
    )

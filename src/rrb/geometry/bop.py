"""BOP result files: poses as the BOP benchmark (bop.felk.cvut.cz) reads them, one row for each estimate.

`scene_id,im_id,obj_id,score,R,t,time`: R nine numbers row by row, t three in millimetres, both separated by
spaces; time in seconds for the whole image, -1 if unknown. Their camera frame is ours, their object frame is the
model's file, as ours is. A row has no scale.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import finite_float, short
from rrb.geometry.files import read_bytes, write_bytes
from rrb.geometry.pose import Pose

HEADER = "scene_id,im_id,obj_id,score,R,t,time"
_UNKNOWN_S = -1.0
_SAME_S = 0.001  # the toolkit's own tolerance
_MM_PER_M = 1000.0


@dataclass(frozen=True, eq=False)
class BopEstimate:
    """One pose of one object in one image."""

    scene_id: int
    im_id: int
    obj_id: int
    score: float  # the larger the surer; any range
    camera_from_object: Pose
    time_s: float = _UNKNOWN_S  # for all of the image's estimates together

    def __post_init__(self) -> None:
        for name in ("scene_id", "im_id", "obj_id"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise BadInputError(f"{name} is {short(value)}; a whole number from 0 is accepted")
        for name in ("score", "time_s"):
            number = finite_float(getattr(self, name))
            if number is None:
                raise BadInputError(f"{name} is {short(getattr(self, name))}; a finite number is accepted")
            object.__setattr__(self, name, number)
        if self.time_s < 0 and self.time_s != _UNKNOWN_S:
            raise BadInputError(f"time_s is {self.time_s:g}; seconds from 0, or -1 for unknown, are accepted")


def save_bop_results(path: str | Path, estimates: Iterable[BopEstimate]) -> None:
    """Replace the file by one with these rows."""
    rows = list(estimates)
    _require_one_time_an_image(rows)
    _write(path, [HEADER, *map(_line, rows)])


def append_bop_results(path: str | Path, estimates: Iterable[BopEstimate]) -> None:
    """Add rows to a file, or begin one; it is replaced in one step, so that no half row is ever there."""
    rows = list(estimates)
    if not Path(path).exists():
        return save_bop_results(path, rows)
    _require_one_time_an_image([*load_bop_results(path), *rows])
    return _write(path, [*read_bytes(path).decode().splitlines(), *map(_line, rows)])


def load_bop_results(path: str | Path) -> list[BopEstimate]:
    """The rows of a file, with or without the header."""
    try:
        lines = read_bytes(path).decode().splitlines()
    except UnicodeDecodeError:
        raise BadFileError(f"{path}: it is no text; rows of {HEADER} are accepted") from None
    estimates = []
    for number, cells in enumerate(csv.reader(lines), 1):
        if not cells or (number == 1 and cells == HEADER.split(",")):
            continue
        try:
            estimates.append(_estimate(cells))
        except BadInputError as error:
            raise BadFileError(f"{path}, line {number}: {error}") from None
    return estimates


def _write(path: str | Path, lines: list[str]) -> None:
    write_bytes(path, ("\n".join(lines) + "\n").encode())


def _line(row: BopEstimate) -> str:
    pose = row.camera_from_object.to_json()
    # repr, through str, writes the shortest text that reads back as the same number.
    rotation = " ".join(str(value) for line in pose["rotation"] for value in line)
    translation = " ".join(str(_MM_PER_M * value) for value in pose["translation_m"])
    return f"{row.scene_id},{row.im_id},{row.obj_id},{row.score},{rotation},{translation},{row.time_s}"


def _estimate(cells: list[str]) -> BopEstimate:
    names = HEADER.split(",")
    if len(cells) != len(names):
        raise BadInputError(f"it has {len(cells)} cells; {len(names)}, {HEADER}, are accepted")
    ids = []
    for name, cell in zip(names[:3], cells, strict=False):
        if not cell.strip().isdecimal():
            raise BadInputError(f"{name} is {short(cell)}; a whole number from 0 is accepted")
        ids.append(int(cell))
    (score,), r, t, (time_s,) = (
        _numbers(name, cell, size)
        for name, cell, size in zip(names[3:], cells[3:], (1, 9, 3, 1), strict=True)
    )
    pose = Pose([r[0:3], r[3:6], r[6:9]], [value / _MM_PER_M for value in t])
    scene_id, im_id, obj_id = ids
    return BopEstimate(scene_id, im_id, obj_id, score, pose, time_s)


def _numbers(name: str, cell: str, size: int) -> list[float]:
    try:
        values = [float(word) for word in cell.split()]
    except ValueError:
        values = []
    if len(values) != size:
        raise BadInputError(f"{name} is {short(cell)}; {size} numbers separated by spaces are accepted")
    return values


def _require_one_time_an_image(rows: list[BopEstimate]) -> None:
    """The benchmark turns away a file where two estimates of one image took different times."""
    first: dict[tuple[int, int], float] = {}
    for row in rows:
        seconds = first.setdefault((row.scene_id, row.im_id), row.time_s)
        if abs(seconds - row.time_s) > _SAME_S:
            raise BadInputError(
                f"image {row.im_id} of scene {row.scene_id} has rows of {seconds:g} and {row.time_s:g} s; one time"
                " for all estimates of an image is accepted"
            )

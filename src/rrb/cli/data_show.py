"""Draw a contact sheet of a data set: the mask's contour, and the object's axes from its pose (red x, green y up,
blue towards the front), so that a wrong convention is seen at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import tyro

from rrb.cli._camera_flags import unsaid
from rrb.errors import BadInputError

if TYPE_CHECKING:
    from rrb.data.sample import Sample


_LARGE_PX = 256  # pictures up to this are shown whole


@dataclass(frozen=True)
class Options:
    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    """The data set."""
    count: Annotated[int, tyro.conf.arg(metavar="N")] = 64
    """How many, spread over all."""
    split: Annotated[str | None, unsaid("train|val|test")] = None
    """Of this split alone."""
    columns: Annotated[int, tyro.conf.arg(metavar="N")] = 8
    """Pictures in a row."""
    tile: Annotated[int, tyro.conf.arg(metavar="PX")] = 160
    """Longer side of each picture on the sheet, in pixels."""
    out: Annotated[Path | None, unsaid("PNG")] = None
    """The picture to write; DIR/sheet.png if not given."""


def run(options: Options) -> None:
    from rrb.data.dataset import Dataset
    from rrb.geometry.image_io import save_image
    from rrb.viz.sheet import sheet

    for name, most in (("count", 4096), ("columns", 64), ("tile", 1024)):
        if not 1 <= getattr(options, name) <= most:
            raise BadInputError(f"--{name} is {getattr(options, name)}; 1 to {most} is accepted")
    data = Dataset(options.folder)
    for reason in data.broken.values():
        print(f"left out: {reason}")
    shown = data.spread(options.count, options.split)
    if not shown:
        raise BadInputError(
            f"{options.folder} has no sample{f' of {options.split}' if options.split else ''} to show"
        )
    tiles = [drawn(data.sample(key), options.tile) for key in shown]
    out = options.out or options.folder / "sheet.png"
    save_image(out, sheet(tiles, options.columns))
    counts = ", ".join(f"{count} {split}" for split, count in data.counts.items())
    print(f"{len(data)} samples ({counts}), {len(shown)} of them drawn; wrote {out}")


def drawn(sample: Sample, side_px: int) -> Any:
    """A tile of the sheet: of a large picture, only what is around a small object."""
    from rrb.viz.sheet import tile

    left, top, right, bottom = _window(sample)
    camera, box = sample.camera, sample.box_px if sample.mask is None else None
    return tile(
        sample.image[top:bottom, left:right],
        side_px,
        mask=None if sample.mask is None else sample.mask[top:bottom, left:right],
        camera=None if camera is None else camera.crop(left, top, right - left, bottom - top),
        camera_from_object=sample.camera_from_object,
        extents_m=_extents(sample),
        box_px=None if box is None else (box[0] - left, box[1] - top, box[2] - left, box[3] - top),
        caption=sample.key,
    )


def _window(sample: Sample) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) in pixels: all, or three times the object's box where that is much less."""
    height, width = sample.size
    box = sample.box_px
    if sample.mask is not None and (sample.mask >= 0.5).any():
        rows, columns = np.flatnonzero(sample.mask.max(1) >= 0.5), np.flatnonzero(sample.mask.max(0) >= 0.5)
        box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    if box is None or max(width, height) <= _LARGE_PX:
        return 0, 0, width, height
    reach = max(1.5 * max(box[2] - box[0], box[3] - box[1]), _LARGE_PX / 4)
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    low = max(0, math.floor(x - reach)), max(0, math.floor(y - reach))
    return *low, min(width, math.ceil(x + reach)), min(height, math.ceil(y + reach))


def _extents(sample: Sample) -> Any:
    if sample.extents_m is not None:
        return sample.extents_m
    mesh = sample.load_mesh()
    if mesh is None:
        return None
    low, high = mesh.bounding_box()
    return sample.scale * (high - low)

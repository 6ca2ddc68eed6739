"""Draw a contact sheet of a data set: the mask's contour, and the object's axes from its pose (red x, green y up,
blue towards the front), so that a wrong convention is seen at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rrb.cli._camera_flags import unsaid
from rrb.errors import BadInputError

if TYPE_CHECKING:
    from rrb.data.sample import Sample


@dataclass(frozen=True)
class Options:
    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    count: Annotated[int, tyro.conf.arg(metavar="N")] = 64
    """How many, spread over all."""
    split: Annotated[str | None, unsaid("train|val|test")] = None
    """Of this split alone."""
    columns: Annotated[int, tyro.conf.arg(metavar="N")] = 8
    tile: Annotated[int, tyro.conf.arg(metavar="PX")] = 160
    """Side of each picture on the sheet."""
    out: Annotated[Path | None, unsaid("PNG")] = None
    """The picture to write; DIR/sheet.png if not given."""


def run(options: Options) -> None:
    from rrb.data.dataset import Dataset
    from rrb.geometry.image_io import save_image
    from rrb.viz.sheet import sheet

    for name in ("count", "columns", "tile"):
        if getattr(options, name) < 1:
            raise BadInputError(f"--{name} is {getattr(options, name)}; a whole number from 1 is accepted")
    data = Dataset(options.folder)
    keys = [key for s in data.shards if options.split in (None, s.index.split) for key in s.index.keys]
    if not keys:
        raise BadInputError(
            f"{options.folder} has no sample{f' of {options.split}' if options.split else ''} to show"
        )
    shown = [
        keys[i * len(keys) // min(options.count, len(keys))] for i in range(min(options.count, len(keys)))
    ]
    tiles = [drawn(data.sample(key), options.tile) for key in shown]
    out = options.out or options.folder / "sheet.png"
    save_image(out, sheet(tiles, options.columns))
    counts = ", ".join(f"{count} {split}" for split, count in data.counts.items())
    print(f"{len(data)} samples ({counts}), {len(shown)} of them drawn; wrote {out}")


def drawn(sample: Sample, side_px: int) -> Any:
    from rrb.viz.sheet import tile

    return tile(
        sample.image,
        side_px,
        mask=sample.mask,
        camera=sample.camera,
        camera_from_object=sample.camera_from_object,
        extents_m=_extents(sample),
        box_px=sample.box_px if sample.mask is None else None,
        caption=sample.key,
    )


def _extents(sample: Sample) -> Any:
    if sample.extents_m is not None:
        return sample.extents_m
    mesh = sample.load_mesh()
    if mesh is None:
        return None
    low, high = mesh.bounding_box()
    return sample.scale * (high - low)

"""Film objects that stand still with a moving camera: frames, a mask of each object, camera.json, and the true path
in TUM's format. The same command continues a film that was stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from rrb.cli._camera_flags import unsaid
from rrb.errors import BadInputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rrb.data.sequences import Sequence


@dataclass(frozen=True)
class Options:
    kind: Literal["one-chair", "two-chairs", "random"] = "two-chairs"
    """The two runs of the RRB paper (around two chairs on an ellipse of half axes 2 and 1.5 m, 1.2 m high), or any."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Another one gives other objects and another start."""
    frames: Annotated[int, tyro.conf.arg(metavar="N")] = 120
    """How many pictures, 30 a second."""
    size: Annotated[tuple[int, int], tyro.conf.arg(metavar="W H")] = (256, 256)
    """Width and height of a picture in pixels."""
    style: Literal["fast", "photoreal"] = "fast"
    """Our own rasterizer, or Blender's path tracer (`make photoreal` installs it)."""
    samples: Annotated[int, tyro.conf.arg(metavar="N")] = 16
    """Rays through each photoreal pixel."""
    workers: Annotated[int | None, unsaid("N")] = None
    """Blender processes; as many as there are cores if not given."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("out/sequence")
    """The film: a new folder, or one that was begun with the same choices."""


def run(options: Options) -> None:
    from rrb._jit import threads
    from rrb.cli._tally import Bar
    from rrb.data.sequences import SequenceOrder, make_sequence
    from rrb.geometry.image_io import save_image

    width, height = options.size
    order = SequenceOrder(
        kind=options.kind,
        seed=options.seed,
        frames=options.frames,
        size=(height, width),
        style=options.style,
        samples=options.samples,
    )
    workers = threads() if options.workers is None else options.workers
    if workers < 1:
        raise BadInputError(f"--workers is {workers}; a whole number from 1 is accepted")
    with Bar() as bar:
        film = make_sequence(order, options.out, workers=workers, told=bar.tell)
    save_image(options.out / "sheet.png", frames_sheet(film, options.out))
    names = ", ".join(shape.mesh_id for shape in film.shapes)
    print(
        f"{order.frames} frames of {names}; wrote frames, masks, camera.json, truth.txt and sheet.png to {options.out}"
    )


def frames_sheet(film: Sequence, folder: Path) -> NDArray[np.uint8]:
    """Up to sixteen frames with the contour and the axes of one of the objects."""
    from rrb.geometry.image_io import load_image, load_mask
    from rrb.viz.sheet import sheet, tile

    total = len(film.times_s)
    shown = min(16, total)
    tiles = []
    for k in range(shown):
        frame, number = k * total // shown, k * len(film.shapes) // shown
        shape = film.shapes[number]
        tiles.append(
            tile(
                load_image(folder / "frames" / f"{frame:06d}.png"),
                192,
                mask=load_mask(folder / "masks" / shape.mesh_id / f"{frame:06d}.png"),
                camera=film.camera,
                camera_from_object=film.scene(frame).pose_of(number),
                extents_m=shape.extents,
                caption=f"frame {frame}: {shape.mesh_id}",
            )
        )
    return sheet(tiles, 4)

"""Film objects that stand still with a moving camera: frames, a mask of each object, camera.json, and the true path
in TUM's format. The same command continues a film that was stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from rrb.cli._camera_flags import unsaid

if TYPE_CHECKING:
    from rrb.data.sequences import Sequence


@dataclass(frozen=True)
class Options:
    kind: Literal["one-chair", "two-chairs", "random"] = "two-chairs"
    """The two runs of the RRB paper (around two chairs on an ellipse of half axes 2 and 1.5 m, 1.2 m high), or any."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    frames: Annotated[int, tyro.conf.arg(metavar="N")] = 120
    size: Annotated[tuple[int, int], tyro.conf.arg(metavar="W H")] = (256, 256)
    style: Literal["fast", "photoreal"] = "fast"
    samples: Annotated[int, tyro.conf.arg(metavar="N")] = 16
    """Of each photoreal pixel."""
    workers: Annotated[int | None, unsaid("N")] = None
    """Blender processes; as many as there are cores if not given."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("out/sequence")


def run(options: Options) -> None:
    from rrb._jit import threads
    from rrb.cli._tally import Bar
    from rrb.data.sequences import SequenceOrder, make_sequence

    width, height = options.size
    order = SequenceOrder(
        kind=options.kind,
        seed=options.seed,
        frames=options.frames,
        size=(height, width),
        style=options.style,
        samples=options.samples,
    )
    with Bar() as bar:
        film = make_sequence(order, options.out, workers=options.workers or threads(), told=bar.tell)
    _draw(options, film)
    names = ", ".join(shape.mesh_id for shape in film.shapes)
    print(
        f"{order.frames} frames of {names}; wrote frames, masks, camera.json, truth.txt and sheet.png to {options.out}"
    )


def _draw(options: Options, film: Sequence) -> None:
    """Sixteen frames with each object's contour and axes."""
    from rrb.geometry.image_io import load_image, load_mask, save_image
    from rrb.viz.sheet import sheet, tile

    tiles = []
    for k in range(min(16, options.frames)):
        frame = k * options.frames // min(16, options.frames)
        scene, number = film.scene(frame), k * len(film.shapes) // 16 % len(film.shapes)
        shape = film.shapes[number]
        low, high = shape.mesh.bounding_box()
        tiles.append(
            tile(
                load_image(options.out / "frames" / f"{frame:06d}.png"),
                192,
                mask=load_mask(options.out / "masks" / shape.mesh_id / f"{frame:06d}.png"),
                camera=film.camera,
                camera_from_object=scene.pose_of(number),
                extents_m=high - low,
                caption=f"frame {frame}: {shape.mesh_id}",
            )
        )
    save_image(options.out / "sheet.png", sheet(tiles, 4))

"""Make a data set: pictures of objects with mask, camera, pose and mesh. The same command continues one that was
stopped, and adds nothing to one that is whole."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from rrb.cli._camera_flags import unsaid
from rrb.errors import BadInputError


@dataclass(frozen=True)
class Options:
    category: str = "chair"
    """chair, car, aeroplane, table or sofa; with --meshes, what their index calls it."""
    count: Annotated[int, tyro.conf.arg(metavar="N")] = 1000
    """How many pictures."""
    style: Literal["fast", "photoreal"] = "fast"
    """Our own rasterizer, or Blender's path tracer (`make photoreal` installs it)."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Another one gives other meshes and other pictures."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("out/data")
    """The data set: a new folder, or one that was begun with the same choices."""
    views: Annotated[int, tyro.conf.arg(metavar="N")] = 24
    """Pictures of each mesh."""
    size: Annotated[tuple[int, int], tyro.conf.arg(metavar="W H")] = (128, 128)
    """Width and height of a picture in pixels."""
    viewpoints: tuple[Literal["choy", "pascal", "street", "free"], ...] = ("choy", "pascal", "street", "free")
    """From where: the ring of Choy et al., as photographs in PASCAL3D+, Palazzi's street, any rotation."""
    photos: Annotated[Path | None, unsaid("DIR")] = None
    """Photographs to put behind; without, plain colours, gradients and noise."""
    meshes: Annotated[Path | None, unsaid("DIR")] = None
    """A folder of mesh files with an index.json, instead of the generator; their splits are kept."""
    white: bool = False
    """Only white behind, one whole object in each picture, no faults of a camera, as the papers' renderings."""
    plain: bool = False
    """No blur, noise or change of tone."""
    depth: bool = False
    """Keep depth, in metres."""
    points: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Keep so many points with each picture, in metres, labelled inside or outside; 0 for none."""
    voxels: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Keep an occupancy grid of N^3 around each mesh; 0 for none."""
    samples: Annotated[int, tyro.conf.arg(metavar="N")] = 16
    """Rays through each photoreal pixel."""
    workers: Annotated[int | None, unsaid("N")] = None
    """Processes; as many as there are cores if not given. What is made does not depend on it."""


def run(options: Options) -> None:
    from rrb._jit import threads
    from rrb.cli._tally import Bar
    from rrb.data.dataset import Dataset
    from rrb.data.make import make_dataset
    from rrb.data.order import Order
    from rrb.data.scenes import Variety

    alone = (
        {"white": 1.0, "ground": 0.0, "occluded": 0.0, "beside": 0.0, "truncated": 0.0}
        if options.white
        else {}
    )
    width, height = options.size
    order = Order(
        category=options.category,
        count=options.count,
        style=options.style,
        seed=options.seed,
        views=options.views,
        meshes_a_shard=_meshes_a_shard(options),
        variety=Variety(
            size=(height, width),
            viewpoints=options.viewpoints,
            effects=not (options.plain or options.white),
            **alone,
        ),
        depth=options.depth,
        points=options.points,
        voxels=options.voxels,
        samples=options.samples,
    )
    workers = threads() if options.workers is None else options.workers
    if workers < 1:
        raise BadInputError(f"--workers is {workers}; a whole number from 1 is accepted")
    start = time.perf_counter()
    try:
        with Bar() as bar:
            made = make_dataset(
                order,
                options.out,
                meshes=options.meshes,
                photos=options.photos,
                workers=workers,
                told=bar.tell,
            )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_kept(options)) from None
    seconds = time.perf_counter() - start
    before = f", {options.count - made} were there before" if made < options.count else ""
    print(f"made {made} pictures in {seconds:.1f} s ({made / seconds:.3g}/s){before}")
    data = Dataset(options.out)
    meshes = len({mesh_id for shard in data.shards for mesh_id in shard.index.mesh_ids})
    print(
        f"{len(data)} pictures of {meshes} meshes: {', '.join(f'{n} {split}' for split, n in data.counts.items())}"
    )
    print(
        f"wrote {options.out}; `rrb data show {options.out}` draws some, `rrb data check {options.out}` checks them"
    )


def _kept(options: Options) -> str:
    """What is said to who stops it: files that were begun are made again."""
    from rrb.data.dataset import Dataset
    from rrb.errors import RrbError

    try:
        kept = len(Dataset(options.out))
    except RrbError:  # stopped before it began
        kept = 0
    return f"stopped; {kept} of {options.count} pictures are in whole files; the same command continues"


def _meshes_a_shard(options: Options) -> int:
    """About 500 pictures of the fast kind in a shard, and 100 of the slow one: what a stop may cost."""
    return max(1, (480 if options.style == "fast" else 96) // max(1, options.views))

"""What `rrb train` begins with: its place among several processes, its data, its network, and what decides a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from rrb import __version__
from rrb.cli.render import make_folder
from rrb.data import Dataset
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.files import write_bytes
from rrb.geometry.mesh import Mesh
from rrb.networks.build import SIZES, build
from rrb.networks.occupancy import OccupancyNetwork
from rrb.networks.shapes import ShapeCodes, Teacher
from rrb.networks.weights import Weights, load_weights
from rrb.training.lesson import Lesson
from rrb.training.lessons import LESSONS
from rrb.training.loop import Batches, Settings
from rrb.training.occupancy import OccupancyLesson
from rrb.training.shape_space import shape_codes, soft_grid
from rrb.training.shapes import ShapesLesson

if TYPE_CHECKING:
    from rrb.cli.train import Options

_BUFFER = 12_000  # samples that wait to be drawn, about 120 MB: batches must show all kinds of objects
_TOLD = (
    "category",
    "count",
    "style",
    "seed",
    "views",
    "meshes",
    "points",
)  # of what a data set was asked for


# --- where it runs ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Which of several processes this is, as torchrun says in the environment."""

    rank: int
    world: int
    device: str

    @property
    def first(self) -> bool:
        """Whether it is the one that speaks and writes."""
        return self.rank == 0

    @property
    def share(self) -> tuple[int, int] | None:
        """Which of the files of the train split are its own; None for all."""
        return None if self.world == 1 else (self.rank, self.world)

    def any(self, flag: bool) -> bool:
        """Whether it is so in any of the processes; all must ask at once."""
        if self.world == 1:
            return flag
        told = torch.tensor([int(flag)], device=self.device)
        torch.distributed.all_reduce(told, torch.distributed.ReduceOp.MAX)
        return bool(told)


def place_of(wanted: str) -> Place:
    rank, world, local = (
        int(os.environ.get(n, d)) for n, d in (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0))
    )
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "cuda" and not found:
        raise BadInputError("the device is cuda, but torch finds no GPU here; cpu or auto is accepted")
    if wanted == "cpu" or not found:
        return Place(rank, world, "cpu")
    if local >= found:
        raise BadInputError(
            f"process {local + 1} of this machine finds {found} GPUs; one process for each, or --device cpu, is"
            " accepted"
        )
    return Place(rank, world, f"cuda:{local}")


@contextmanager
def together(place: Place) -> Iterator[Callable[[nn.Module], nn.Module] | None]:
    """Torch's group of processes while they train, and its wrapper that makes their gradients one."""
    if place.world == 1:
        yield None
        return
    from torch import distributed
    from torch.nn.parallel import DistributedDataParallel

    if place.device != "cpu":
        torch.cuda.set_device(place.device)
    distributed.init_process_group("gloo" if place.device == "cpu" else "nccl")
    try:
        yield DistributedDataParallel
    finally:
        distributed.destroy_process_group()


def precision_of(wanted: str, device: str) -> str:
    if wanted != "auto":
        return wanted
    if device != "cpu":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    # Torch says it in a place of its own only, which may move.
    fast = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return "bfloat16" if fast is not None and fast() else "float32"


@contextmanager
def arithmetic(threads: int | None) -> Iterator[None]:
    """So many threads, and tiny numbers are 0; what held before holds again: other things run in this process, too."""
    before = torch.get_num_threads()
    flushed = bool((torch.tensor([1e-37]) / 1e3 == 0).all())  # torch does not say it
    if threads is not None:
        torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.set_flush_denormal(flushed)


# --- what it learns from ----------------------------------------------------------------------------


def data_of(options: Options) -> Dataset:
    if not options.data:
        raise BadInputError("--data names no folder; one or more are accepted")
    data = Dataset(*options.data)
    if "train" not in data.counts:
        raise BadInputError(f"{', '.join(options.data)}: there is nothing in the train split to learn from")
    return data


def batches_of(options: Options, data: Dataset, lesson: Lesson, place: Place) -> Batches:
    """Shuffled otherwise in each epoch. Every process has its own shards, and as many batches as any other."""
    if isinstance(lesson, ShapesLesson):
        return kept_batches(options, data, lesson, place)
    count = _in_an_epoch(options, data, place.world)

    def batches(epoch: int) -> Iterator[Any]:
        stream = data.batches(
            options.batch,
            "train",
            lesson.fields,
            drop_last=True,
            shuffle_seed=options.seed * 1_000_003 + epoch,
            buffer=_BUFFER,
            workers=1,
            shards=place.share,
        )
        return islice(stream, count)

    return batches


def kept_batches(options: Options, data: Dataset, lesson: ShapesLesson, place: Place) -> Batches:
    """All points, read once: what is learned from each is so little that reading would take most of the time."""
    count = _in_an_epoch(options, data, place.world)
    stream = data.batches(512, "train", lesson.fields, workers=1, shards=place.share)
    parts = []
    for batch in stream:
        assert batch.points is not None
        parts.append((batch.mesh_ids, batch.points.astype(np.float16), batch.inside, batch.extents_m))
    names = [name for part in parts for name in part[0]]
    points, inside, extents = (np.concatenate([part[k] for part in parts]) for k in (1, 2, 3))

    def batches(epoch: int) -> Iterator[Any]:
        order = np.random.default_rng([options.seed, epoch]).permutation(len(names))
        for first in range(0, count * options.batch, options.batch):
            rows = order[first : first + options.batch]
            meshes = tuple(names[row] for row in rows)
            yield SimpleNamespace(
                mesh_ids=meshes,
                points=points[rows].astype(np.float32),
                inside=inside[rows],
                extents_m=extents[rows],
            )

    return batches


def _in_an_epoch(options: Options, data: Dataset, world: int) -> int:
    sizes = [len(shard.index) for shard in data.shards if shard.index.split == "train"]
    if world > len(sizes):
        raise BadInputError(
            f"{world} processes share {len(sizes)} files of the train split; at most one process for each is accepted"
        )
    fewest = min(sum(sizes[rank::world]) for rank in range(world))
    if fewest < options.batch:
        raise BadInputError(
            f"--batch is {options.batch}, but there are {fewest} samples to learn from"
            f"{' for one of the processes' if world > 1 else ''}; at most so many are accepted"
        )
    return fewest // options.batch


def require_learnable(data: Dataset, lesson: Lesson) -> None:
    """Look at one sample of each folder, so that what cannot be learned from is refused before anything begins."""
    for folder in data.folders:
        one = Dataset(folder)
        if "train" in one.counts:
            lesson.prepare(next(iter(one.batches(1, "train", lesson.fields, workers=0))), None)


# --- what learns ------------------------------------------------------------------------------------


def lesson_of(options: Options, data: Dataset, place: Place) -> Lesson:
    """Its first weights follow from the seed alone, and draw on nobody else's numbers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        return _lesson(options, data, place)


def _lesson(options: Options, data: Dataset, place: Place) -> Lesson:
    network = build(options.network, options.size)
    if options.start is not None:
        _begin_with(network, options)
    if isinstance(network, ShapeCodes):
        names = mesh_names(data)
        codes = codes_of(Path(options.out), data, names, network.config.code, place)
        return ShapesLesson(network, names, codes)
    if options.shapes is None:
        return LESSONS[options.network](network)
    if not isinstance(network, OccupancyNetwork):
        raise BadInputError(f"--shapes is for occupancy; {options.network} learns without")
    return OccupancyLesson(network, _taught(network, options))


def mesh_names(data: Dataset) -> list[str]:
    """Of the train split, in the order of the files."""
    return list(dict.fromkeys(name for batch in data.batches(512, "train", ()) for name in batch.mesh_ids))


def codes_of(out: Path, data: Dataset, names: list[str], count: int, place: Place) -> torch.Tensor:
    """Those of the meshes' grids, worked out once and kept beside the run; the same in all processes."""
    from safetensors.torch import load_file, save

    path = out / "codes.safetensors"
    if path.is_file():
        return load_file(path)["codes"]
    folders = [folder / "meshes" for folder in data.folders]
    if place.first:
        print(f"making grids of {len(names)} meshes", flush=True)
    grids = (soft_grid(Mesh.load(_file_of(name, folders))) for name in names)
    codes = shape_codes(grids, count)
    make_folder(out)
    write_bytes(path, save({"codes": codes.contiguous()}))
    return codes


def _file_of(name: str, folders: list[Path]) -> Path:
    for folder in folders:
        if (path := folder / f"{name}.ply").is_file():
            return path
    raise BadInputError(
        f"{folders[0].parent}: there is no mesh {name} in its meshes/, which shapes are learned from"
    )


def _taught(network: OccupancyNetwork, options: Options) -> Teacher:
    """The decoder that knows what codes mean, and the codes."""
    given = load_weights(str(options.shapes))
    decoder = {name: t for name, t in given.tensors.items() if name.startswith("decoder.")}
    ours = {name: t for name, t in network.state_dict().items() if name.startswith("decoder.")}
    if given.network != "shapes" or {n: t.shape for n, t in ours.items()} != {
        n: t.shape for n, t in decoder.items()
    }:
        raise BadInputError(
            f"{options.shapes}: it holds {given.network} of size {given.size}; shapes of size {options.size} are"
            " accepted"
        )
    if options.start is None or load_weights(options.start).network != "occupancy":
        network.load_state_dict({**network.state_dict(), **decoder})
    return Teacher(_names(options, given), given.tensors["codes.weight"])


def _names(options: Options, given: Weights) -> list[str]:
    names, count = given.about.get("meshes"), len(given.tensors["codes.weight"])
    if not isinstance(names, list) or len(names) != count:
        said = f"names {len(names)} meshes" if isinstance(names, list) else "names no meshes"
        raise BadFileError(
            f"{options.shapes}: its header {said}, but it holds {count} codes; a name for each is needed"
        )
    return names


def _begin_with(network: nn.Module, options: Options) -> None:
    """All weights of the same network; of another, those of the encoder."""
    given, ours = load_weights(str(options.start)), network.state_dict()
    part = "" if given.network == options.network else "encoder."
    tensors = {name: t for name, t in given.tensors.items() if name.startswith(part)}
    wanted = {name: t.shape for name, t in ours.items() if name.startswith(part)}
    if not wanted or wanted != {name: t.shape for name, t in tensors.items()}:
        raise BadInputError(
            f"{options.start}: its {given.network} of size {given.size} has no weights for the"
            f" {options.network} of size {options.size}; the same network, or another with the same encoder, is"
            " accepted"
        )
    network.load_state_dict({**ours, **tensors})


# --- what decides the result ------------------------------------------------------------------------


def settings_of(options: Options, device: str) -> Settings:
    for name in ("every", "look", "threads"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise BadInputError(f"--{name} is {value}; a whole number from 1 is accepted")
    return Settings(
        steps=options.steps,
        batch_size=options.batch,
        learning_rate=options.rate,
        seed=options.seed,
        precision=precision_of(options.precision, device),
    )


def about(options: Options, data: Dataset, place: Place) -> dict[str, Any]:
    """Everything that decides the result beside `Settings`; also the beginning of a model card."""
    sources: dict[str, Any] = {}
    for folder in data.folders:
        name, asked = folder.resolve().name, Dataset(folder).about
        sources[name if name not in sources else str(folder)] = {key: asked.get(key) for key in _TOLD}
    return {
        "network": options.network,
        "size": options.size,
        "data": sources,
        "samples": data.counts,
        "start": options.start,
        "shapes": options.shapes,
        "threads": torch.get_num_threads(),
        "devices": place.world,
        "version": __version__,
        "torch": torch.__version__,
        "sizes": sorted(SIZES[options.network]),
        "options": {name: value for name, value in asdict(options).items() if name in ("every", "look")},
    }

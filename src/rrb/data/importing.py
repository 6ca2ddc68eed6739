"""Samples of any source as a data set of ours: split, cut into shards, their meshes beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from rrb.data.beginning import begin_or_continue, only_writer
from rrb.data.sample import SPLITS, MeshFile, Sample
from rrb.data.sample_files import mesh_path
from rrb.data.shards import read_index, remove_leftovers, save_mesh, shard_is_whole, shard_path, write_shard
from rrb.errors import BadInputError

MOST_BYTES = 1 << 28  # of the decoded pictures of a shard


def import_samples(
    samples: Iterable[Sample],
    folder: Path,
    asked: Mapping[str, Any],
    *,
    split: str = "train",
    a_shard: int = 500,
    told: Callable[[str], None] = lambda line: None,
) -> dict[str, int]:
    """Write all samples, those without a split into `split`; how many each split has.

    Pictures are kept without loss. Shards that are there already are not written again: the samples are read once
    more to get past them. A data set that was imported with other choices is refused. Nothing is written before the
    first sample could be read.

    a_shard: samples at most; large pictures are fewer, since a shard is gathered in memory.
    """
    if split not in SPLITS:
        raise BadInputError(f"the split is {split!r}; {', '.join(SPLITS)} are accepted")
    if a_shard < 1:
        raise BadInputError(f"{a_shard} pictures in a shard; from 1 are accepted")
    waiting = iter(samples)
    first = next(waiting, None)
    if first is None:
        raise BadInputError("the source has no sample; at least one is needed")
    with only_writer(folder):
        begin_or_continue(folder, asked)
        remove_leftovers(folder)
        shards = _Shards(folder, a_shard, told)
        for sample in chain([first], waiting):
            shards.add(sample, sample.split or split)
        shards.finish_all()
    return dict(shards.counts)


class _Shards:
    """Samples of each split that wait until they fill a shard."""

    def __init__(self, folder: Path, most: int, told: Callable[[str], None]) -> None:
        self.counts: Counter[str] = Counter()
        self._folder, self._most, self._told = folder, most, told
        self._waiting: dict[str, list[Sample]] = {}
        self._bytes: Counter[str] = Counter()
        self._finished: Counter[str] = Counter()

    def add(self, sample: Sample, split: str) -> None:
        self.counts[split] += 1
        self._waiting.setdefault(split, []).append(sample)
        self._bytes[split] += sum(
            held.nbytes for held in (sample.image, sample.mask, sample.depth_m) if held is not None
        )
        if len(self._waiting[split]) == self._most or self._bytes[split] >= MOST_BYTES:
            self._finish(split)

    def finish_all(self) -> None:
        for split in list(self._waiting):
            self._finish(split)

    def _finish(self, split: str) -> None:
        path = shard_path(self._folder, split, self._finished[split])
        _write(path, self._waiting.pop(split), self._folder)
        self._finished[split] += 1
        self._bytes[split] = 0
        self._told(f"{path.name}: {self.counts.total()} samples so far")


def _write(path: Path, samples: list[Sample], folder: Path) -> None:
    if not shard_is_whole(path):
        write_shard(path, [_with_mesh_kept(sample, folder) for sample in samples], jpeg_quality=None)
    elif read_index(path).keys != tuple(sample.key for sample in samples):
        raise BadInputError(
            f"{path}: it holds other samples than the source does now; a source that stays as it is can be continued"
        )


def _with_mesh_kept(sample: Sample, folder: Path) -> Sample:
    """The mesh as a file of the data set, written once, in the sample's own object frame."""
    if sample.mesh is None:
        return sample
    path = mesh_path(folder, sample.mesh_id)
    if not path.with_suffix(".json").exists():  # which is written last
        mesh = sample.load_mesh()
        assert mesh is not None
        save_mesh(folder, sample.mesh_id, mesh, {"mesh_id": sample.mesh_id, "category": sample.category})
    return sample.with_(mesh=MeshFile(path))

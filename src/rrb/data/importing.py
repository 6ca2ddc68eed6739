"""Samples of any source as a data set of ours: split, cut into shards, their meshes beside."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from rrb.data.dataset import Dataset, write_description
from rrb.data.sample import SPLITS, MeshFile, Sample
from rrb.data.sample_files import mesh_path
from rrb.data.shards import remove_leftovers, save_mesh, shard_is_whole, shard_path, write_shard
from rrb.errors import BadInputError


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
    more to get past them. A data set that was imported with other choices is refused.
    """
    if split not in SPLITS or a_shard < 1:
        raise BadInputError(
            f"split {split!r} and {a_shard} in a shard; {', '.join(SPLITS)} and from 1 are accepted"
        )
    _require_same_choices(folder, asked)
    remove_leftovers(folder)
    waiting: dict[str, list[Sample]] = {}
    shards: Counter[str] = Counter()
    counts: Counter[str] = Counter()

    def finish(which: str) -> None:
        _write(shard_path(folder, which, shards[which]), waiting.pop(which), folder)
        shards[which] += 1
        told(f"{shard_path(folder, which, shards[which] - 1).name}: {counts.total()} samples so far")

    for sample in samples:
        which = sample.split or split
        counts[which] += 1
        waiting.setdefault(which, []).append(sample)
        if len(waiting[which]) == a_shard:
            finish(which)
    for which in list(waiting):
        finish(which)
    if not counts:
        raise BadInputError("the source has no sample; at least one is needed")
    return dict(counts)


def _write(path: Path, samples: list[Sample], folder: Path) -> None:
    if not shard_is_whole(path):
        write_shard(path, [_with_mesh_kept(sample, folder) for sample in samples], jpeg_quality=None)


def _with_mesh_kept(sample: Sample, folder: Path) -> Sample:
    """The mesh as a file of the data set, written once, in the sample's own object frame."""
    if sample.mesh is None:
        return sample
    path = mesh_path(folder, sample.mesh_id)
    if not path.exists():
        mesh = sample.load_mesh()
        assert mesh is not None
        save_mesh(folder, sample.mesh_id, mesh, {"mesh_id": sample.mesh_id, "category": sample.category})
    return sample.with_(mesh=MeshFile(path))


def _require_same_choices(folder: Path, asked: Mapping[str, Any]) -> None:
    if not (folder / "dataset.json").exists():
        write_description(folder, asked)
        return
    if Dataset(folder).about != json.loads(json.dumps(asked)):
        raise BadInputError(
            f"{folder} was imported with other choices; the same ones continue it, or give another folder"
        )

"""Whether a data set holds what it says: every byte against its checksum, every member decoded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from rrb.data.dataset import Dataset
from rrb.data.sample import MeshFile, Sample
from rrb.data.sample_files import FIELDS, MEMBERS, facts_of, mesh_path
from rrb.data.shards import Index, Raw, decoded, read_index, read_shard
from rrb.errors import BadFileError
from rrb.geometry.files import read_bytes
from rrb.geometry.json_io import read_json


def verify(path: str | Path) -> list[str]:
    """What is wrong with a shard (the tar's path), a sentence each; nothing if it is whole and true."""
    path = Path(path)
    try:
        index = read_index(path)
    except BadFileError as error:
        return [str(error)]
    wrong = []
    with open(path, "rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != index.sha256:
            wrong.append(f"{path}: its bytes are not those that its index gives the sha256 of")
    return wrong + list(_wrong_samples(path, index))


def problems(dataset: Dataset) -> Iterator[str]:
    """What is wrong with a data set, shard by shard and then between them, a sentence each."""
    for path in dataset.unfinished:
        yield f"{path}: it has no index, so it is not finished; its samples are left out"
    yield from dataset.broken.values()
    for shard in dataset.shards:
        yield from verify(shard.path)
    yield from repeated(dataset)
    yield from damaged_meshes(dataset)
    asked = dataset.about.get("count")
    if "meshes_a_shard" in dataset.about and len(dataset) != asked:  # it was made
        yield f"{dataset.folder}: it has {len(dataset)} samples of the {asked} that were asked for"


def damaged_meshes(dataset: Dataset) -> Iterator[str]:
    """Mesh files other than their descriptions give the sha256 of; one that is missing is said elsewhere."""
    for mesh_id in sorted(
        {mesh_id for shard in dataset.shards for mesh_id in shard.index.mesh_ids if mesh_id}
    ):
        path = mesh_path(dataset.folder, mesh_id)
        if not path.is_file() or not path.with_suffix(".json").is_file():
            continue
        told = read_json(path.with_suffix(".json"))
        digest = hashlib.sha256(read_bytes(path)).hexdigest()
        if not isinstance(told, dict) or told.get("ply_sha256", digest) != digest:
            yield f"{path}: its bytes are not those that {path.stem}.json gives the sha256 of"


def repeated(dataset: Dataset) -> Iterator[str]:
    """Keys that are in two shards, and meshes that are in two splits, by the indices alone."""
    shard_of: dict[str, Path] = {}
    split_of: dict[str, str] = {}
    for shard in dataset.shards:
        for key in shard.index.keys:
            if key in shard_of:
                yield f"{shard.path}: sample {key} is also in {shard_of[key].name}"
            shard_of[key] = shard.path
        for mesh_id in dict.fromkeys(shard.index.mesh_ids):
            other = split_of.setdefault(mesh_id, shard.index.split)
            if mesh_id and other != shard.index.split:
                yield f"{shard.path}: mesh {mesh_id} is in the split {other!r} too; splits are by mesh"


def _wrong_samples(path: Path, index: Index) -> Iterator[str]:
    raws = read_shard(path, index)
    number = 0
    while True:
        try:
            raw = next(raws)
        except StopIteration:
            return
        except BadFileError as error:  # what follows cannot be found any more
            yield str(error)
            return
        try:
            yield from _wrong(raw, decoded(raw), index, number)
        except BadFileError as error:
            yield str(error)
        number += 1


def _wrong(raw: Raw, sample: Sample, index: Index, number: int) -> Iterator[str]:
    """What a sample that can be read says that its surroundings do not."""
    where = f"{raw.shard}: sample {raw.key}"
    told = (index.split, index.categories[number], index.mesh_ids[number])
    if (sample.split, sample.category, sample.mesh_id) != told:
        yield f"{where}: its split, category or mesh id is not {', '.join(map(repr, told))}, as the index says"
    holds = facts_of(raw.members)["holds"]
    needed = {"json"} | {member for name in FIELDS if name in holds for member in MEMBERS.get(name, ())}
    for member in sorted(raw.members.keys() - needed):
        yield f"{where}: there is a {member} that its json does not tell of"
    if isinstance(sample.mesh, MeshFile) and not sample.mesh.path.is_file():
        yield f"{where}: its mesh {sample.mesh.path} is missing"

"""Shards: a data set's samples in tar files of some hundreds each, with an index beside.

```
DIR/dataset.json          format "rrb.dataset/1": conventions in words, and what was asked for
DIR/train-000000.tar      samples; members as `sample_files` names them, those of one sample in a row
DIR/train-000000.json     its index, format "rrb.shard/1": bytes, sha256, and of every sample key, offset and mesh id
DIR/val-000000.tar ...    splits are by mesh: a mesh is in one of them alone
DIR/meshes/MESH_ID.ply    the mesh that poses refer to, as float64
DIR/meshes/MESH_ID.json   its description: category, style, parts, materials
```

The tars are WebDataset's: a key goes to the first dot, and what has one key is one sample. A shard counts
when tar and index are there and agree. Both are written under another name and renamed, the tar first: a writer
that is killed at any time leaves no shard or a whole one. The same samples give the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from rrb.data.sample import SPLITS, Sample
from rrb.data.sample_files import FIELDS, decode, encode, mesh_path
from rrb.data.tar_blocks import END, LONGEST_NAME, member_bytes, read_members
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.files import write_bytes
from rrb.geometry.json_io import json_bytes, read_json
from rrb.geometry.mesh import Mesh

FORMAT = "rrb.shard/1"
_NAME = re.compile(r"(train|val|test)-(\d{6})\.tar")
_TEMPORARY = re.compile(r"\..+\.\d+-[0-9a-f]{8}\.tmp")


@dataclass(frozen=True)
class Index:
    """What `train-000000.json` says of `train-000000.tar`; lists have an entry for each sample, in the tar's order."""

    split: str
    bytes: int  # of the tar
    sha256: str  # of the tar
    keys: tuple[str, ...]
    offsets: tuple[int, ...]  # where a sample's first header begins
    categories: tuple[str, ...]
    mesh_ids: tuple[str, ...]  # "" where a sample has none

    def __len__(self) -> int:
        return len(self.keys)


class Raw(NamedTuple):
    """A sample as it lies in a tar."""

    shard: Path
    key: str
    members: dict[str, bytes]  # by what follows the first dot; the wanted ones


def shard_path(folder: str | Path, split: str, number: int) -> Path:
    """DIR/train-000000.tar."""
    if split not in SPLITS or not 0 <= number <= 999_999:
        raise BadInputError(f"shard {number} of {split!r}; 0 to 999999 of {', '.join(SPLITS)} are accepted")
    return Path(folder) / f"{split}-{number:06d}.tar"


# --- writing ------------------------------------------------------------------------------------------


def write_shard(
    path: str | Path,
    samples: Iterable[Sample],
    jpeg_quality: int | Callable[[Sample], int | None] | None = 95,
) -> Index:
    """Write a shard and its index in one step; a shard of that name is replaced. Samples are taken one by one.

    path: as `shard_path` gives it; its split is given to the samples that have none.
    jpeg_quality: of the images, or a function that says it for a sample; None stores .png, without loss.
    """
    path = Path(path)
    named = _NAME.fullmatch(path.name)
    if not named:
        raise BadInputError(f"{path}: a shard's name is like train-000000.tar, of {', '.join(SPLITS)}")
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        with _named(path):
            file = open(temporary, "xb")  # noqa: SIM115 (closed below)
        with file:
            index = _written(file, path, samples, jpeg_quality, named[1])
            with _named(path):
                file.flush()
                os.fsync(file.fileno())
        with _named(path):
            # An index must never lie beside a tar that it does not describe.
            _index_path(path).unlink(missing_ok=True)
            os.replace(temporary, path)
    except BadFileError:
        raise
    except BadInputError as error:
        raise BadInputError(f"{path}: {error}") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    write_bytes(_index_path(path), json_bytes({"format": FORMAT, **asdict(index)}))
    return index


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """What the disk refuses is said of this file; what samples raise while they are made is not."""
    try:
        yield
    except OSError as error:
        raise BadFileError(f"{path}: it cannot be written ({error.strerror or error})") from error


def _written(file: BinaryIO, path: Path, samples: Iterable[Sample], jpeg_quality: Any, split: str) -> Index:
    checksum, at = hashlib.sha256(), 0
    seen: dict[str, tuple[int, str, str]] = {}
    for sample in samples:
        _check(sample, split, seen)
        seen[sample.key] = (at, sample.category, sample.mesh_id)
        quality = jpeg_quality(sample) if callable(jpeg_quality) else jpeg_quality
        members = encode(sample if sample.split else sample.with_(split=split), quality)
        block = b"".join(member_bytes(f"{sample.key}.{name}", data) for name, data in members.items())
        with _named(path):
            at += file.write(block)
        checksum.update(block)
    checksum.update(END)
    with _named(path):
        at += file.write(END)
    if not seen:
        raise BadInputError("there are no samples; at least one is needed")
    offsets, categories, mesh_ids = zip(*seen.values(), strict=True)
    return Index(split, at, checksum.hexdigest(), tuple(seen), offsets, categories, mesh_ids)


def _check(sample: Sample, split: str, seen: Collection[str]) -> None:
    if sample.key in seen:
        raise BadInputError(f"sample {sample.key} comes twice; different keys are accepted")
    if sample.split not in (None, split):
        raise BadInputError(f"sample {sample.key} is of the split {sample.split!r}; {split!r} is accepted")
    most = LONGEST_NAME - len(".unknown.png")
    if len(sample.key) > most:
        raise BadInputError(f"sample {sample.key}: its key has {len(sample.key)} letters; {most} fit a tar")


def save_mesh(
    folder: str | Path, mesh_id: str, mesh: Mesh, description: Mapping[str, Any] | None = None
) -> None:
    """Write DIR/meshes/MESH_ID.ply and, where there is one, its description beside, with the .ply's checksum."""
    path = mesh_path(folder, mesh_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    mesh.save(path)
    if description is not None:
        described = {**description, "ply_sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        write_bytes(path.with_suffix(".json"), json_bytes(described))


def remove_leftovers(folder: str | Path) -> list[Path]:
    """Delete, and name, the temporary files of writers that were killed. Nobody may be writing there."""
    places = (Path(folder), Path(folder) / "meshes")
    found = [p for place in places for p in place.glob(".*.tmp") if _TEMPORARY.fullmatch(p.name)]
    for path in found:
        path.unlink(missing_ok=True)
    return found


# --- reading ------------------------------------------------------------------------------------------


def shard_is_whole(path: str | Path) -> bool:
    """Whether the tar and its index are there and agree in size: quick, nothing of the tar is read."""
    try:
        read_index(path)
    except BadFileError:
        return False
    return True


def read_index(path: str | Path) -> Index:
    """The index of a shard (the tar's path); one that does not belong to the tar is refused."""
    path = Path(path)
    data = read_json(_index_path(path))
    found = data.get("format") if isinstance(data, dict) else data
    if found != FORMAT:
        raise BadFileError(f"{_index_path(path)}: its format is {found!r}; {FORMAT!r} is accepted")
    names = [field.name for field in fields(Index)]
    if set(data) != {"format", *names}:
        differing = ", ".join(sorted(set(data) ^ {"format", *names}))
        raise BadFileError(f"{_index_path(path)}: it lacks, or has beyond {FORMAT}: {differing}")
    held: dict[str, Any] = {n: tuple(data[n]) if isinstance(data[n], list) else data[n] for n in names}
    index = Index(**held)
    per_sample = (index.keys, index.offsets, index.categories, index.mesh_ids)
    if not all(isinstance(told, tuple) and len(told) == len(per_sample[0]) for told in per_sample):
        raise BadFileError(
            f"{_index_path(path)}: it is no index of a shard; four lists with an entry for each sample are accepted"
        )
    size = path.stat().st_size if path.is_file() else 0
    if size != index.bytes:
        raise BadFileError(f"{path}: it has {size} bytes but its index says {index.bytes}")
    return index


def read_shard(path: Path, index: Index, wanted: Collection[str] | None = None) -> Iterator[Raw]:
    """The samples of a shard from first to last, without unpacking it; wanted: which members, or all."""
    with open(path, "rb") as file:
        number = 0
        key: str | None = None
        members: dict[str, bytes] = {}
        for _, name, data in read_members(file, path, wanted):
            start, _, ending = name.partition(".")
            if start != key:
                if key is not None:
                    yield Raw(path, key, members)
                    number += 1
                key, members = start, {}
                _require_key(path, index, number, key)
            if data is not None:
                members[ending] = data
        if key is not None:
            yield Raw(path, key, members)
            number += 1
    if number != len(index):
        raise BadFileError(f"{path}: it holds {number} samples but its index says {len(index)}")


def read_one(path: Path, index: Index, key: str) -> Raw:
    """One sample, by the index, without reading what comes before."""
    members: dict[str, bytes] = {}
    with open(path, "rb") as file:
        for _, name, data in read_members(file, path, None, index.offsets[index.keys.index(key)]):
            start, _, ending = name.partition(".")
            if start != key:
                break
            members[ending] = data or b""
    if not members:
        raise BadFileError(f"{path}: sample {key} is not where its index says")
    return Raw(path, key, members)


def decoded(raw: Raw, wanted: Collection[str] = FIELDS) -> Sample:
    """The sample with these fields; an error names shard and key."""
    try:
        sample = decode(raw.members, wanted, raw.shard.parent)
    except BadInputError as error:
        text = str(error) if f"sample {raw.key}" in str(error) else f"sample {raw.key}: {error}"
        raise BadFileError(f"{raw.shard}: {text}") from None
    if sample.key != raw.key:
        raise BadFileError(f"{raw.shard}: sample {raw.key}: its json is of {sample.key}")
    return sample


def _require_key(path: Path, index: Index, number: int, key: str) -> None:
    known = index.keys[number] if number < len(index) else None
    if key != known:
        says = f"sample {known}" if known else f"no sample after {len(index)}"
        raise BadFileError(f"{path}: there is sample {key} where its index says {says}")


def _index_path(path: Path) -> Path:
    return path.with_suffix(".json")

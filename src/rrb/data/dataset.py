"""`Dataset`: a folder of shards, streamed as samples or as batches."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from rrb.data import batches
from rrb.data.sample import SPLITS, Sample
from rrb.data.sample_files import FIELDS, members_of
from rrb.data.shards import Index, Raw, decoded, read_index, read_one, read_shard
from rrb.data.stream import chunks, interleaved, shuffled, worked_on
from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import short
from rrb.geometry.files import write_bytes
from rrb.geometry.json_io import json_bytes, read_json

FORMAT = "rrb.dataset/1"
CONVENTION = (
    "tar files as WebDataset reads them, each with its index; splits are by mesh; every KEY.json and its format say"
    " how camera, pose and pixels are counted; meshes/MESH_ID.ply is the mesh that poses refer to, in metres"
)
_AT_ONCE = 8  # shards that a shuffled stream reads in turn: views of one mesh lie in a row
_CHUNK = 16  # samples that a thread takes at a time

R = TypeVar("R")


@dataclass(frozen=True)
class Shard:
    path: Path
    index: Index


class Dataset:
    """What lies in a folder that `write_shard` filled. Only whole shards count.

    `unfinished` names tars that have no index (yet); `broken` says why an index and its tar do not belong together:
    no killed writer leaves such a pair, so a split that has one is not streamed.

    ```python
    data = Dataset("chairs")
    data.counts                                    # {"train": 24000, "val": 1200, "test": 1200}
    for sample in data.samples("val"):             # every field, in the order of the files
        ...
    for epoch in range(10):
        for batch in data.batches(64, "train", ("image", "mask"), shuffle_seed=epoch):
            images = torch.from_numpy(batch.image)
    ```

    A stream may be left at any time. It is read by one thread and decoded by `workers` others, which end with it;
    a `Dataset` itself holds nothing open, so it can be pickled, forked and sent to processes. In a torch
    `DataLoader` (batch_size=None), every process reads its share of the shards:

    ```python
    class Views(torch.utils.data.IterableDataset):
        def __init__(self, folder):
            self.data, self.epoch = Dataset(folder), 0  # persistent_workers: each process counts for itself

        def __iter__(self):
            self.epoch += 1
            info = torch.utils.data.get_worker_info()
            share = (info.id, info.num_workers) if info else None
            return self.data.batches(64, "train", shards=share, shuffle_seed=self.epoch, workers=0)
    ```
    """

    def __init__(self, folder: str | Path, *more: str | Path) -> None:
        """more: folders whose samples are read with those of the first, shuffled among them."""
        self.folder = Path(folder)
        self.folders = (self.folder, *map(Path, more))
        self.about = _description(self.folder)
        for other in self.folders[1:]:
            _description(other)
        names = [f"{split}-" + "[0-9]" * 6 + ".*" for split in SPLITS]
        paths = [path for name in names for place in self.folders for path in sorted(place.glob(name))]
        tars = [path for path in paths if path.suffix == ".tar"]
        indexed = [path.with_suffix(".tar") for path in paths if path.suffix == ".json"]
        self.unfinished = tuple(path for path in tars if path not in set(indexed))
        self.broken: dict[Path, str] = {}
        self.shards = tuple(shard for shard in map(self._opened, indexed) if shard is not None)

    def _opened(self, path: Path) -> Shard | None:
        try:
            return Shard(path, read_index(path))
        except BadFileError as error:
            self.broken[path] = str(error)
            return None

    @property
    def splits(self) -> tuple[str, ...]:
        """Those that have samples."""
        return tuple(self.counts)

    @property
    def counts(self) -> dict[str, int]:
        """How many samples each split has; a split without any is left out."""
        sums = {split: sum(len(s.index) for s in self.shards if s.index.split == split) for split in SPLITS}
        return {split: count for split, count in sums.items() if count}

    def __len__(self) -> int:
        return sum(self.counts.values())

    def __repr__(self) -> str:
        places = ", ".join(repr(str(place)) for place in self.folders)
        return f"Dataset({places}: {', '.join(f'{n} {s}' for s, n in self.counts.items())})"

    # --- reading ----------------------------------------------------------------------------------

    def sample(self, key: str, fields: Collection[str] = FIELDS) -> Sample:
        """The sample of this key, wherever it lies."""
        members_of(fields)
        if key not in self._shard_of:
            raise BadInputError(f"{self.folder}: none of its {len(self)} samples is {key!r}")
        shard = self._shard_of[key]
        return decoded(read_one(shard.path, shard.index, key), fields)

    @cached_property
    def _shard_of(self) -> dict[str, Shard]:
        return {key: shard for shard in self.shards for key in shard.index.keys}

    def spread(self, count: int, split: str | None = None) -> list[str]:
        """Up to `count` keys, evenly from the first to the last."""
        keys = [
            key for shard in self.shards if split in (None, shard.index.split) for key in shard.index.keys
        ]
        count = min(count, len(keys))
        return [keys[i * len(keys) // count] for i in range(count)]

    def samples(
        self,
        split: str | None = None,
        fields: Collection[str] = FIELDS,
        *,
        shuffle_seed: int | None = None,
        buffer: int = 1000,
        workers: int = 2,
        shards: tuple[int, int] | None = None,
    ) -> Iterator[Sample]:
        """All samples of a split, or of all splits, once; what a sample does not have is None.

        fields: which of FIELDS are decoded (`sample_files.decode`); what they do not need is not even read.
        shuffle_seed: None for the order of the files. The same seed gives the same order with any number of
        workers; give each epoch its own. Shards are mixed, eight at a time, and each sample is drawn from the
        `buffer` next ones, which are kept as in the file, about ten kilobytes each at 128x128.
        workers: threads that decode; 0 decodes where the stream is read.
        shards: (rank, world): only the part of `rank`, from 0, of the shards dealt out to `world` readers.
        """
        raws = self._raws(split, members_of(fields), shuffle_seed, buffer, shards)
        work = partial(_decoded, fields=tuple(fields))
        return _flat(self._worked_on(chunks(raws, _CHUNK), work, workers))

    def batches(
        self,
        size: int,
        split: str | None = None,
        fields: Collection[str] = ("image", "mask", "camera", "camera_from_object"),
        *,
        drop_last: bool = False,
        shuffle_seed: int | None = None,
        buffer: int = 1000,
        workers: int = 2,
        shards: tuple[int, int] | None = None,
    ) -> Iterator[batches.Batch]:
        """As `samples`, `size` of them at a time as arrays; fields are those of `batches.FIELDS`.

        Samples that lack a field, or differ in size, are refused by name. The last batch may be smaller;
        drop_last leaves it out.
        """
        _whole("the size of a batch", size, 1)
        if extra := sorted(set(fields) - set(batches.FIELDS)):
            raise BadInputError(
                f"there is no field {extra[0]!r} in a batch; {', '.join(batches.FIELDS)} are accepted"
            )
        raws = self._raws(split, members_of(fields), shuffle_seed, buffer, shards)
        parts = (part for part in chunks(raws, size) if len(part) == size or not drop_last)
        return self._worked_on(parts, partial(batches.batch_of, fields=tuple(fields)), workers)

    @staticmethod
    def _worked_on(parts: Iterator[list[Raw]], work: Callable[[list[Raw]], R], workers: int) -> Iterator[R]:
        _whole("the number of workers", workers, 0)
        return worked_on(parts, work, workers)

    def _raws(
        self,
        split: str | None,
        wanted: frozenset[str],
        seed: int | None,
        buffer: int,
        share: tuple[int, int] | None,
    ) -> Iterator[Raw]:
        _whole("the buffer", buffer, 1)
        chosen = _dealt(self._of(split), share)
        streams = [partial(read_shard, shard.path, shard.index, wanted) for shard in chosen]
        if seed is None:
            return (raw for stream in streams for raw in stream())
        _whole("the seed", seed, 0)
        dice = random.Random(int(seed))
        order = sorted(range(len(streams)), key=[dice.random() for _ in streams].__getitem__)
        return shuffled(interleaved((streams[i]() for i in order), _AT_ONCE, dice), buffer, dice)

    def _of(self, split: str | None) -> list[Shard]:
        for path, reason in self.broken.items():
            if split is None or path.name.startswith(f"{split}-"):
                raise BadFileError(reason)
        if not self.shards:
            raise BadInputError(f"{self.folder}: there is no whole shard in it")
        if split is not None and split not in self.counts:
            held = ", ".join(self.counts)
            raise BadInputError(f"{self.folder}: no sample is of the split {split!r}; {held} are accepted")
        return [shard for shard in self.shards if split in (None, shard.index.split)]


def write_description(folder: str | Path, asked: Mapping[str, Any]) -> None:
    """Write DIR/dataset.json, first of all: the format, the conventions in words, and what was asked for."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    made_with = {name: version(name) for name in ("rrb", "numpy", "pillow", "numba")}
    data = {"format": FORMAT, "convention": CONVENTION, "asked": dict(asked), "made_with": made_with}
    write_bytes(Path(folder) / "dataset.json", json_bytes(data))


def _description(folder: Path) -> dict[str, Any]:
    """What dataset.json says was asked for."""
    data = read_json(folder / "dataset.json")
    found = data.get("format") if isinstance(data, dict) else data
    if found != FORMAT:
        raise BadFileError(f"{folder / 'dataset.json'}: its format is {short(found)}; {FORMAT!r} is accepted")
    return dict(data.get("asked", {}))


def _decoded(raws: list[Raw], fields: Collection[str]) -> list[Sample]:
    return [decoded(raw, fields) for raw in raws]


def _flat(stream: Iterator[list[R]]) -> Iterator[R]:
    for items in stream:
        yield from items


def _dealt(shards: list[Shard], share: tuple[int, int] | None) -> list[Shard]:
    """What falls to one of several readers."""
    if share is None:
        return shards
    rank, world = share
    if not 0 <= rank < world:
        raise BadInputError(f"shards is {share}; (rank, world), rank from 0 to world - 1, is accepted")
    if world > len(shards):
        raise BadInputError(f"{world} readers share {len(shards)} shards; at most one for each is accepted")
    return shards[rank::world]


def _whole(what: str, number: Any, least: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or number < least:
        raise BadInputError(f"{what} is {short(number)}; a whole number from {least} is accepted")

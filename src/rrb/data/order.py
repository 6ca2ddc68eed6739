"""`Order`: what a made data set holds, down to each picture's seed; and how it is cut into shards."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rrb.data import real_meshes
from rrb.data.backgrounds import PHOTO_KINDS, photo_names
from rrb.data.blockers import blocker
from rrb.data.procedural.build import CATEGORIES, make
from rrb.data.real_meshes import RealMesh
from rrb.data.renderers import STYLES
from rrb.data.scenes import Variety
from rrb.data.shape import Shape
from rrb.errors import BadInputError

_SEEDS_APART = 1_000_000  # meshes of one seed before those of the next begin
_SPLITS = ("train",) * 8 + ("val", "test")  # of ten meshes in a row, by their number
_BLOCKERS = 2  # made for each mesh
_KEPT = 4  # meshes
SCENE, POINTS, _BLOCKER = range(3)  # what random numbers are for


@dataclass(frozen=True)
class Order:
    """The same order gives the same data set, whatever the number of processes and however often they were killed."""

    category: str = "chair"
    count: int = 1000  # pictures
    style: str = "fast"
    seed: int = 0
    views: int = 24  # of each mesh
    meshes_a_shard: int = 20
    variety: Variety = field(default_factory=Variety)
    depth: bool = False
    points: int = 0  # of occupancy, with each picture; other ones for each
    voxels: int = 0  # along a side of the grid around the mesh
    samples: int = 16  # of a photoreal pixel

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            raise BadInputError(f"the style is {self.style!r}; {', '.join(STYLES)} are accepted")
        for name, least in (("count", 1), ("views", 1), ("meshes_a_shard", 1), ("seed", 0), ("samples", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise BadInputError(f"{name} is {value!r}; a whole number from {least} is accepted")
        if self.points != 0 and self.points < 4:
            raise BadInputError(f"points is {self.points}; 0 for none, or from 4, is accepted")
        if self.voxels != 0 and not 4 <= self.voxels <= 256:
            raise BadInputError(f"voxels is {self.voxels}; 0 for none, or 4 to 256 along a side, is accepted")
        if self.n_meshes > _SEEDS_APART:
            raise BadInputError(
                f"{self.count} pictures, {self.views} of each, are of {self.n_meshes} meshes; a seed has"
                f" {_SEEDS_APART} meshes of its own, so that no other makes the same"
            )

    @property
    def n_meshes(self) -> int:
        return -(-self.count // self.views)

    def views_of(self, number: int) -> int:
        """How many pictures the mesh of that number has: the last may have fewer."""
        return min(self.views, self.count - number * self.views)


@dataclass(frozen=True)
class Task:
    """One shard."""

    split: str
    number: int  # in its split
    meshes: tuple[int, ...]  # numbers in the order

    def __str__(self) -> str:
        return f"{self.split}-{self.number:06d}"


class Source:
    """The meshes of an order by their number: made by chance, or real ones."""

    def __init__(self, order: Order, meshes: Path | None = None, photos: Path | None = None) -> None:
        """meshes: a folder with an index.json, instead of the generator. photos: a folder of backgrounds."""
        self.order, self.photos = order, photos
        self._kept: dict[int, Shape] = {}
        self._real: list[RealMesh] = [] if meshes is None else real_meshes.listed(meshes, order.category)
        if meshes is None and order.category not in CATEGORIES:
            raise BadInputError(f"the category is {order.category!r}; {', '.join(CATEGORIES)} are accepted")
        names = photo_names(photos)
        if photos is not None and not names:
            raise BadInputError(
                f"{photos}: there is no photograph in it; one of {', '.join(PHOTO_KINDS)} is needed"
            )
        self._names = names

    def asked(self) -> dict[str, Any]:
        """What `dataset.json` says: everything that decides a byte, but for the versions of what draws."""
        meshes = [mesh.fingerprint() for mesh in self._real] or "procedural"
        order = asdict(self.order)
        height, width = order["variety"].pop("size")
        order["variety"]["size_px"] = f"{width}x{height}"
        return {**order, "meshes": meshes, "backgrounds": _digest(self.photos, self._names)}

    @property
    def kind(self) -> str:
        """Of its meshes."""
        return "real" if self._real else "procedural"

    def split(self, number: int) -> str:
        if self._real:
            return self._real[number % len(self._real)].split
        return _SPLITS[number % len(_SPLITS)]

    def shape(self, number: int) -> Shape:
        """Kept for a while: what stands beside one mesh is often the next."""
        if number not in self._kept:
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[number] = self._made(number)
        return self._kept[number]

    def _made(self, number: int) -> Shape:
        if self._real:
            count = len(self._real)
            return real_meshes.shape_of(self._real[number % count], number // count, self.order.seed)
        return make(self.order.category, self.order.seed * _SEEDS_APART + number)

    def neighbour(self, number: int) -> Shape:
        """The next of the same split, to stand beside it: what is tested is never seen in training."""
        following = number + 1
        while self.split(following) != self.split(number):
            following += 1
        return self.shape(following)

    def blockers(self, number: int, shape: Shape) -> list[Shape]:
        random = self.random(_BLOCKER, number)
        return [blocker(f"blocker-{number:08d}-{k}", shape.extent, random) for k in range(_BLOCKERS)]

    def random(self, purpose: int, number: int, view: int = 0) -> np.random.Generator:
        """What decides a thing about a mesh, or one of its views; no other picture's making changes it."""
        return np.random.default_rng([self.order.seed, *self.order.category.encode(), purpose, number, view])

    def tasks(self) -> Iterator[Task]:
        """All shards: meshes of one split in the order of their numbers."""
        waiting: dict[str, list[int]] = {}
        begun: Counter[str] = Counter()
        for number in range(self.order.n_meshes):
            split = self.split(number)
            waiting.setdefault(split, []).append(number)
            if len(waiting[split]) == self.order.meshes_a_shard:
                yield Task(split, begun[split], tuple(waiting.pop(split)))
                begun[split] += 1
        for split, numbers in waiting.items():
            yield Task(split, begun[split], tuple(numbers))


def _digest(photos: Path | None, names: tuple[str, ...]) -> str:
    if photos is None:
        return "none"
    lines = [f"{name} {(photos / name).stat().st_size}" for name in names]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    return f"{len(names)} files, sha256 of names and sizes {digest}"

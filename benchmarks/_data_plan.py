"""How much of each the data benchmark makes, and where it finds and puts things."""

from dataclasses import dataclass, replace
from pathlib import Path

from rrb.data.make import make_dataset
from rrb.data.order import Order
from rrb.data.procedural.build import CATEGORIES

SEED = 90  # of data sets that nothing else was looked at with


@dataclass(frozen=True)
class Plan:
    made: int = 4800  # pictures of a category, for a rate
    photoreal: tuple[tuple[int, int, int], ...] = ((128, 16, 192), (256, 48, 48))  # side, samples, pictures
    read: int = 9600  # samples, for a rate
    checked: int = 500  # masks of a kind
    labelled: int = 100  # samples of a kind, 200 labels each

    def quick(self) -> "Plan":
        few = tuple((side, samples, 4) for side, samples, _ in self.photoreal)
        return replace(self, made=96, photoreal=few, read=200, checked=10, labelled=2)


@dataclass(frozen=True)
class Place:
    scratch: Path
    shared: Path

    @property
    def photos(self) -> Path | None:
        return self._there("photos")

    @property
    def meshes(self) -> Path | None:
        return self._there("meshes")

    @property
    def real(self) -> Path | None:
        return self._there("real")

    def _there(self, name: str) -> Path | None:
        folder = self.shared / name
        return folder if folder.is_dir() else None


def made(place: Place, name: str, order: Order, *, meshes: Path | None = None, workers: int = 2) -> Path:
    """The folder of a data set, made if it is not there."""
    folder = place.scratch / name
    make_dataset(order, folder, meshes=meshes, photos=place.photos, workers=workers)
    return folder


KINDS = tuple(CATEGORIES)

"""How much the benchmark of reconstructions measures, and of which pictures."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rrb.data.make import make_dataset
from rrb.data.order import Order
from rrb.data.photoreal import photoreal_python
from rrb.errors import BadInputError

SEED = 77  # of pictures that nothing was trained on or chosen by


@dataclass(frozen=True)
class Plan:
    made: int = 400  # pictures of generated chairs
    real: int = 600  # of real ones, of which those of test meshes are looked at
    count: int | None = None  # of each data set
    stages: int = 60  # pictures of each data set
    timed: int = 30
    views: int = 2  # of each object
    samples: int = 16  # of a photoreal pixel
    recipes: tuple[str, ...] = ("rrb-paper", "rrb")

    def quick(self) -> "Plan":
        return replace(self, made=4, real=0, stages=2, timed=2, count=2, samples=4)

    def limited(self, count: int | None) -> "Plan":
        if count is None:
            return self
        return replace(self, count=count, stages=min(self.stages, count), timed=min(self.timed, count))


@dataclass(frozen=True)
class Set:
    name: str
    folders: tuple[Path, ...]
    split: str
    note: str = ""


def sets_of(data: Sequence[Path], split: str, plan: Plan, place: Path, shared: Path) -> list[Set]:
    """Those that are given, or our own."""
    if data:
        return [Set("given", tuple(data), split)]
    style = _style()
    order = Order("chair", plan.made, style=style, seed=SEED, views=plan.views, samples=plan.samples)
    photos = shared / "photos" if (shared / "photos").is_dir() else None
    make_dataset(order, place / f"{style}-chairs", photos=photos, told=_told)
    note = f"{style} pictures of generated chairs, seed {SEED}, all of them unseen"
    sets = [Set("generated", (place / f"{style}-chairs",), "all", note)]
    if plan.real and (shared / "meshes" / "index.json").is_file():
        order = replace(order, count=plan.real)
        make_dataset(
            order, place / f"{style}-real-chairs", meshes=shared / "meshes", photos=photos, told=_told
        )
        note = f"{style} pictures of real chairs of the test split"
        sets.append(Set("real", (place / f"{style}-real-chairs",), "test", note))
    return sets


def _style() -> str:
    try:
        photoreal_python()
    except BadInputError as error:
        print(f"pictures are fast ones: {error}", file=sys.stderr)
        return "fast"
    return "photoreal"


def _told(done: int, total: int, line: str) -> None:
    if line:
        print(f"[{done}/{total}] {line}", file=sys.stderr)

"""Whether masks and labels are what meshes, poses and cameras say."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from _data_plan import KINDS, SEED, Place, Plan, made
from _table import Table
from rrb.data.check import LEAST_IOU, label_agreement, mask_agreement
from rrb.data.dataset import Dataset
from rrb.data.order import Order
from rrb.data.photoreal import photoreal_python
from rrb.data.readers.table import read
from rrb.errors import BadInputError

REAL = {"ycbv_frame": "ycbv_frame", "m3t": "m3t_triangle", "kitti": "kitti_cars", "tum": "tum_fr3_cabinet"}


def masks(plan: Plan, place: Place) -> Table:
    rows = []
    for name, folder in _kinds(plan, place):
        agreed = dict(_both_cores(_mask, folder, plan.checked))
        values = sorted(agreed.values())
        low = sum(value < LEAST_IOU for value in values)
        rows.append(
            (name, len(values), f"{values[0]:.4f}", f"{median(values):.4f}", low, min(agreed, key=agreed.get))
        )
        print(*rows[-1], file=sys.stderr, flush=True)  # this takes long: who stops it keeps what there is
    columns = ("kind", "masks", "least IoU", "median", f"below {LEAST_IOU}", "the least")
    return Table(f"Masks drawn again by the readable reference (asked: {LEAST_IOU})", columns, rows)


def labels(plan: Plan, place: Place) -> Table:
    rows = []
    for name, folder in _kinds(plan, place):
        counted = [found for _, found in _both_cores(_labels, folder, plan.labelled)]
        right, total = (sum(column) for column in zip(*counted, strict=True))
        rows.append((name, total, f"{100 * right / total:.4f}"))
    columns = ("kind", "labels", "agree, %")
    return Table("Occupancy against winding numbers summed face by face (asked: 99.9 %)", columns, rows)


def real(plan: Plan, place: Place) -> Table:
    """Every sample that has mesh, mask, pose and camera, by name."""
    columns = ("set", "sample", "IoU")
    if place.real is None:
        return Table("Real pictures", columns, [(f"there is no {place.shared / 'real'}", "", "")])
    rows = []
    for name, folder in REAL.items():
        samples = list(read(name, place.real / folder))
        judged = [(name, s.key, f"{found:.4f}") for s in samples if (found := mask_agreement(s)) is not None]
        rows += judged or [(name, f"none of {len(samples)} has mesh, mask, pose and camera", "")]
    return Table("Real pictures: masks drawn again (reported, not asked)", columns, rows)


def _kinds(plan: Plan, place: Place) -> Iterator[tuple[str, Path]]:
    """Data sets of every kind, with points."""
    for category in KINDS:
        order = Order(category=category, count=2 * plan.checked, seed=SEED + 3, views=4, points=256)
        yield f"fast, {category}", made(place, f"masks-{category}", order)
    if place.meshes is not None:
        for category in ("chair", "car", "airplane", "sofa"):
            order = Order(category=category, count=plan.checked, seed=SEED + 3, views=4, points=256)
            yield f"fast, real {category}", made(place, f"real-{category}", order, meshes=place.meshes)
    try:
        photoreal_python()
    except BadInputError:
        return
    for category in ("chair", "car"):
        order = Order(category, plan.checked, "photoreal", SEED + 3, views=8, samples=4, points=256)
        yield f"photoreal, {category}", made(place, f"photoreal-{category}", order)


def _both_cores(measure: Callable[[Path, str], Any], folder: Path, count: int) -> list[tuple[str, Any]]:
    """(key, what was measured) of samples spread over a data set, without those that lack something."""
    keys = Dataset(folder).spread(count)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.starmap(measure, [(folder, key) for key in keys], chunksize=10)
    return [(key, value) for key, value in zip(keys, found, strict=True) if value is not None]


def _mask(folder: Path, key: str) -> float | None:
    return mask_agreement(_opened(folder).sample(key))


def _labels(folder: Path, key: str) -> tuple[int, int] | None:
    return label_agreement(_opened(folder).sample(key))


@cache
def _opened(folder: Path) -> Dataset:
    return Dataset(folder)

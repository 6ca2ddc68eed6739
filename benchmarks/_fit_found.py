"""What is stored of a plan, the numbers of many records, and how a table of them is written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from _fit_jobs import Job
from _fit_plan import Plan
from _fit_runs import SIX_95
from _fit_sections import SECTIONS
from _fit_store import Record, Store

CLOSEST_OF_COVARIANCE = 0.05  # of the largest extent: a pose farther off lies in another minimum
CASES = ("right %", "among %", "rotation deg", "translation %", "IoU", "closest %")


@dataclass(frozen=True)
class Found:
    """What is stored of the jobs of a plan."""

    plan: Plan
    store: Store
    _paired: dict = field(default_factory=dict)

    def pairs(self, section: str) -> list[tuple[Job, Record]]:
        """A job and its record each; nothing of a plan that asked for more, or for others."""
        if section not in self._paired:
            kept = self.store.records(section)
            jobs = SECTIONS[section].jobs(self.plan) if kept else ()
            self._paired[section] = [(job, kept[job.key]) for job in jobs if job.key in kept]
        return self._paired[section]

    def records(self, section: str, when: Callable[[Job], bool] = lambda job: True) -> list[Record]:
        return [record for job, record in self.pairs(section) if when(job)]


# --- numbers of many records ----------------------------------------------------------------------


def share(records: Iterable[Record], name: str) -> float:
    """Percent."""
    values = [bool(r[name]) for r in records]
    return 100.0 * float(np.mean(values)) if values else np.nan


def median(records: Iterable[Record], name: str, times: float = 1.0, plain: bool = False) -> float:
    """Of those that have it; `plain`: of meshes without symmetry alone."""
    values = [r[name] for r in records if r.get(name) is not None and not (plain and r["symmetry"])]
    return times * float(np.median(values)) if values else np.nan


def quantile(records: Iterable[Record], name: str, q: float) -> float:
    values = [r[name] for r in records if r.get(name) is not None]
    return float(np.quantile(values, q)) if values else np.nan


def accuracy(records: Sequence[Record]) -> list[object]:
    """The columns CASES."""
    return [
        share(records, "right"),
        share(records, "among"),
        median(records, "deg", plain=True),
        median(records, "trans", 100),
        median(records, "iou"),
        median(records, "closest", 100),
    ]


def confidence(records: Sequence[Record]) -> list[object]:
    """Percent accepted of those that are right and of those that are wrong."""
    right, wrong = ([r for r in records if r["right"] == is_right] for is_right in (True, False))
    return [share(right, "accepted"), share(wrong, "accepted"), len(wrong)]


ACCEPTED = ("accepted of right %", "accepted of wrong %", "wrong")


def inside(records: Sequence[Record]) -> tuple[float, int]:
    """Percent of the truths that lie in the 95 % region, and how many poses lie in another minimum."""
    near = [r for r in records if r.get("squared") is not None and r["closest"] <= CLOSEST_OF_COVARIANCE]
    held = [r["squared"] <= SIX_95 for r in near]
    return (100.0 * float(np.mean(held)) if held else np.nan), len(records) - len(near)

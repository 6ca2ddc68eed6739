"""The tables of the fitting benchmark, from records by their keys: text with pipes, as documents take it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from _fit_jobs import Job
from _fit_plan import PROTOCOLS, THREADS, Plan
from _fit_runs import SIX_95
from _fit_sections import DEGRADED_PROTOCOLS, KINDS, SECTIONS
from _fit_store import Record, Store

Row = Sequence[object]
CLOSEST_OF_COVARIANCE = 0.05  # of the largest extent: a pose farther off lies in another minimum
CASES = ("right %", "among %", "rotation deg", "translation %", "IoU", "closest %")


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    note: str = ""

    def __str__(self) -> str:
        cells = [list(self.columns)] + [[text(value) for value in row] for row in self.rows]
        widths = [max(len(row[k]) for row in cells) for k in range(len(self.columns))]
        left = [any(isinstance(row[k], str) for row in self.rows) for k in range(len(self.columns))]
        lines = [_line(row, widths, left) for row in cells]
        lines.insert(1, _line(["-" * w for w in widths], widths, left))
        return "\n".join([f"\n### {self.title}\n", *([self.note + "\n"] if self.note else []), *lines])


def _line(cells: Sequence[str], widths: Sequence[int], left: Sequence[bool]) -> str:
    aligned = (c.ljust(w) if l else c.rjust(w) for c, w, l in zip(cells, widths, left, strict=True))
    return f"| {' | '.join(aligned)} |"


def text(value: object) -> str:
    """Three digits that count, as many as are known."""
    if value is None:
        return ""
    if isinstance(value, float):
        if not np.isfinite(value):
            return "-"
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


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


# --- tables ---------------------------------------------------------------------------------------


def roads(found: Found) -> Table:
    """The main table: both roads, the published one on its few cases, and ours on the same."""
    rows = []
    for protocol in PROTOCOLS:
        for split in found.plan.splits:
            ours = found.records(protocol, lambda job, s=split: job.split == s)
            if ours:
                rows.append(_road(protocol, split, "rrb", THREADS[protocol], ours))
            for road, label in (("kato", "kato, as published"), ("rrb", "rrb, on the same")):
                some = _published(found, protocol, split, road)
                if some:
                    rows.append(_road(protocol, split, label, 1, some))
    columns = ("start", "meshes", "road", "threads", "cases", *CASES, "steps", "ms", "ms, 9 of 10", *ACCEPTED)
    note = (
        "Right: IoU at least 0.97 and surfaces at most 1 % of the largest extent apart. Rotation: of meshes"
        " without symmetry. Medians."
    )
    return Table("Accuracy, time and confidence of each road", columns, rows, note)


def _road(protocol: str, split: str, road: str, threads: int, records: list[Record]) -> Row:
    times = [median(records, "ms"), quantile(records, "ms", 0.9)]
    front = [protocol, split, road, threads, len(records)]
    return [*front, *accuracy(records), median(records, "steps"), *times, *confidence(records)]


def _published(found: Found, protocol: str, split: str, road: str) -> list[Record]:
    wanted = protocol, split, road
    return found.records("published", lambda job: (job.protocol, job.split, job.road) == wanted)


def degradations(found: Found) -> Table:
    rows = []
    for protocol in DEGRADED_PROTOCOLS:
        for split in found.plan.splits:
            for kind in KINDS:
                wanted = protocol, split, (kind,)
                records = found.records(
                    "degrade", lambda job, w=wanted: (job.protocol, job.split, job.options) == w
                )
                if records:
                    refused = sum("refused" in r for r in records)
                    front = [protocol, split, kind, len(records), refused, median(records, "attainable")]
                    rows.append([*front, *accuracy(records), *confidence(records)])
    columns = ("start", "meshes", "what is wrong", "cases", "refused", "IoU of truth", *CASES, *ACCEPTED)
    note = "Right: at least 0.97 of the IoU that the truth itself has with what was given, and surfaces within 1 %."
    return Table("What remains when masks, meshes and cameras are wrong", columns, rows, note)


def inside(records: Sequence[Record]) -> tuple[float, int]:
    """Percent of the truths that lie in the 95 % region, and how many poses lie in another minimum."""
    near = [r for r in records if r.get("squared") is not None and r["closest"] <= CLOSEST_OF_COVARIANCE]
    held = [r["squared"] <= SIX_95 for r in near]
    return (100.0 * float(np.mean(held)) if held else np.nan), len(records) - len(near)


def covariance(found: Found) -> Table:
    rows = []
    for length in (None, *found.plan.lengths_px):
        for split in (*found.plan.splits, "all"):
            records = found.records(
                "covariance", lambda job, w=(length,), s=split: job.options == w and s in (job.split, "all")
            )
            if records:
                held, left_out = inside(records)
                noise = "none" if length is None else f"1 px over {length:g} px"
                squared = median(records, "squared")
                rows.append(
                    [
                        noise,
                        split,
                        len(records),
                        left_out,
                        held,
                        squared,
                        median(records, "deg"),
                        median(records, "worst_deg"),
                    ]
                )
    columns = (
        "noise on the contour",
        "meshes",
        "cases",
        "left out",
        "in the 95 % region, %",
        "squared distance",
        "rotation deg",
        "its worst deviation deg",
    )
    note = (
        "Meshes without symmetry, from 15 degrees off. Left out: surfaces more than 5 % of the largest extent apart,"
        f" another minimum. Squared Mahalanobis distance of all six: its median should be 5.35, 95 % below {SIX_95}."
    )
    return Table("Whether the covariance holds what it says", columns, rows, note)


def ratios(found: Found) -> Table:
    """How many times longer the published road takes, case by case."""
    rows = []
    for protocol in PROTOCOLS:
        for split in found.plan.splits:
            theirs, ours = (_published(found, protocol, split, road) for road in ("kato", "rrb"))
            both = [r["ms"] / o["ms"] for r, o in zip(theirs, ours, strict=False) if "ms" in r and "ms" in o]
            if both:
                steps = median(theirs, "steps"), median(ours, "steps")
                rows.append(
                    [protocol, split, len(both), *steps, float(np.median(both)), min(both), max(both)]
                )
    columns = ("start", "meshes", "cases", "their steps", "our steps", "times as long", "least", "most")
    return Table("The published road's time, of ours, on one thread", columns, rows)


START_ROADS = ("rrb", "kato", "RRB script")


def starts(found: Found) -> Table:
    """The share that is right, and below it how far off the middle one of all remains."""
    angles = found.plan.start_angles_deg
    rows = []
    for what, measure in (("right, %", _right), ("median rotation error, deg", _degrees)):
        for road in START_ROADS:
            for split in (*found.plan.splits, "all"):
                groups = [started(found, road, angle, split) for angle in angles]
                if any(groups):
                    rows.append([what, road, split, max(map(len, groups)), *map(measure, groups)])
    columns = ("what", "road", "meshes", "cases", *(f"{angle:g}°" for angle in angles))
    note = (
        "Translation 5 % off, meshes without symmetry. kato: our choice of rate for the published road."
        " RRB script: rate and steps of its released script, brought to our coordinates, and its last state."
    )
    return Table("From how far a start is recovered", columns, rows, note)


def started(found: Found, road: str, angle: float, split: str = "all") -> list[Record]:
    return found.records(
        "starts",
        lambda job: job.road == road and job.options[0] == angle and split in (job.split, "all"),
    )


def _right(records: Sequence[Record]) -> float:
    return share(records, "right")


def _degrees(records: Sequence[Record]) -> float:
    return median(records, "deg")


def symmetric(found: Found) -> Table:
    """Of what is right, whether the mesh's symmetry is told, and whether one is told where there is none."""
    rows = []
    for protocol in PROTOCOLS:
        for split in found.plan.splits:
            records = found.records(protocol, lambda job, s=split: job.split == s)
            right = [r for r in records if r["right"]]
            yes, no = (
                [r for r in right if bool(r["symmetry"]) == is_symmetric] for is_symmetric in (True, False)
            )
            if right:
                told = share(yes, "says_symmetric"), share(no, "says_symmetric")
                rows.append([protocol, split, len(yes), told[0], len(no), told[1]])
    columns = ("start", "meshes", "symmetric", "told %", "not symmetric", "told nonetheless %")
    return Table("Whether hypotheses tell of a symmetry", columns, rows)


# --- gains and costs ------------------------------------------------------------------------------

Gain = tuple[float, float, float]


def gains(found: Found, road: str, side: int, at: int = -1) -> tuple[Gain, int] | None:
    """Change of the mean IoU, of the median degrees and of the median share of the distance; of how many.

    at: which entry of the trail is compared with the first, the start. A fit that was refused stays at it.
    """
    records = found.records("gains", lambda job: job.road == road and job.options[0] == side)
    if not records:
        return None
    trails = [(r["trail"][0], r["trail"][at if len(r["trail"]) > 1 else 0]) for r in records]
    before, after = (np.array(side_) for side_ in zip(*trails, strict=True))
    iou = after[:, 0].mean() - before[:, 0].mean()
    degrees, way = (float(np.median(after[:, k]) - np.median(before[:, k])) for k in (1, 2))
    return (float(iou), degrees, 100 * way), len(records)


GAIN_COLUMNS = ("change of IoU", "change of viewpoint error, deg", "change of translation error, %")


def by_resolution(found: Found) -> Table:
    rows = []
    for road in ("rrb", "kato", "palazzi"):
        for side in found.plan.gain_sides_px:
            gain = gains(found, road, side)
            if gain is not None:
                rows.append([road, f"{side} x {side}", gain[1], *gain[0]])
    note = "From 15 degrees and 5 % off, measured at 256 x 256; mean IoU, median errors (Palazzi's Table 2)."
    return Table(
        "Gain by the resolution that is drawn", ("road", "drawn", "cases", *GAIN_COLUMNS), rows, note
    )


def by_steps(found: Found) -> Table:
    rows = []
    side = max(found.plan.gain_sides_px)
    for road in ("rrb", "kato", "palazzi"):
        for index, steps in enumerate(found.plan.gain_steps):
            gain = gains(found, road, side, index)
            if gain is not None and not stopped(found, road, steps):
                rows.append([road, steps, gain[1], *gain[0]])
    note = "As above; a road's rows end where all its fits have stopped (Palazzi's Fig. 6 c)."
    return Table("Gain by the number of steps", ("road", "steps", "cases", *GAIN_COLUMNS), rows, note)


def stopped(found: Found, road: str, steps: int) -> bool:
    """Whether no fit took so many."""
    taken = [r.get("steps", 0) for r in found.records("gains", lambda job: job.road == road)]
    return steps > max(taken, default=0)


def costs(found: Found, what: str, protocol: str, road: str) -> dict[int, tuple[float, float, int]]:
    """By amount: median milliseconds (first order: of a step), true median amount, cases."""
    answer = {}
    for amount in found.plan.cost_faces if what == "faces" else found.plan.cost_sides_px:
        wanted = protocol, road, (what, amount)
        records = found.records("cost", lambda job, w=wanted: (job.protocol, job.road, job.options[:2]) == w)
        if records:
            each = [r["ms"] / (r["steps"] if road == "kato" else 1) for r in records if "ms" in r]
            real = median(records, "faces") if what == "faces" else amount
            answer[amount] = float(np.median(each)) if each else np.nan, float(real), len(records)
    return answer


def cost(found: Found) -> Table:
    rows = []
    for what in ("faces", "pixels"):
        for protocol, road in (("near", "rrb"), ("any", "rrb"), ("near", "kato")):
            label = "kato, a step" if road == "kato" else "rrb"
            for ms, real, count in costs(found, what, protocol, road).values():
                amount = f"{real:,.0f} faces" if what == "faces" else f"{real:.0f} px a side"
                rows.append([protocol, label, THREADS[protocol], amount, count, ms])
    columns = ("start", "road", "threads", "of", "cases", "ms")
    return Table("What a fit costs, by faces (256 px) and by pixels (3,000 faces)", columns, rows)


def search(found: Found) -> Table:
    by_setting: dict[tuple, list[Record]] = {}
    for job, record in found.pairs("search"):
        by_setting.setdefault(job.options, []).append(record)
    rows = [
        [*setting, len(records), share(records, "right"), share(records, "among"), median(records, "ms")]
        for setting, records in by_setting.items()
    ]
    columns = ("coarse", "fine", "views", "cases", "right %", "among %", "ms")
    note = "Any rotation, no start, two threads; never on the meshes of the split test."
    return Table("What searching more widely costs and finds", columns, rows, note)


TABLES: Mapping[str, Sequence[Callable[[Found], Table]]] = {
    "near": (roads, symmetric),
    "far": (roads, symmetric),
    "upright": (roads, symmetric),
    "any": (roads, symmetric),
    "published": (roads, ratios),
    "degrade": (degradations,),
    "covariance": (covariance,),
    "starts": (starts,),
    "gains": (by_resolution, by_steps),
    "cost": (cost,),
    "search": (search,),
}


def tables(found: Found, sections: Sequence[str]) -> list[Table]:
    """Those of the sections, each once, if there is anything in them."""
    wanted = dict.fromkeys(make for name in sections for make in TABLES[name])
    made = (make(found) for make in wanted)
    return [table for table in made if table.rows]

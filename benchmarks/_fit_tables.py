"""The tables of the fitting benchmark, from records by their keys: text with pipes, as documents take it."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from _fit_found import (
    ACCEPTED,
    CASES,
    Found,
    accuracy,
    confidence,
    inside,
    median,
    quantile,
    share,
)
from _fit_growth import by_resolution, by_steps, cost, search
from _fit_plan import PROTOCOLS, THREADS
from _fit_runs import SIX_95
from _fit_sections import DEGRADED_PROTOCOLS, KINDS
from _fit_store import Record
from _table import Row, Table


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

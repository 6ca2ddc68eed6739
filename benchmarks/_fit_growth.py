"""What resolution and steps gain, what a fit costs, and what searching more widely does: numbers and tables."""

import numpy as np

from _fit_found import Found, median, share
from _fit_plan import THREADS
from _fit_store import Record
from _table import Table

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

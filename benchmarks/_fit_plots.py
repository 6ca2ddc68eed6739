"""The plots of the fitting benchmark, PNG files of what the tables say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from _fit_tables import GAIN_COLUMNS, Found, costs, gains, inside, start_share, stopped

ROADS = {"rrb": "rrb", "kato": "as published (kato)", "RRB script": "RRB's script", "palazzi": "palazzi"}
# Of Okabe and Ito: told apart by those who see fewer colours.
COLOURS = {"rrb": "#0072B2", "kato": "#D55E00", "RRB script": "#CC79A7", "palazzi": "#009E73"}
MARKERS = {"rrb": "o", "kato": "s", "RRB script": "^", "palazzi": "D"}


def draw(found: Found, out: Path) -> list[Path]:
    """Those for which there is anything to draw."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    written = []
    for name, (panels, make) in PLOTS.items():
        figure, axes = plt.subplots(1, panels, figsize=(4.2 * panels, 3.6), squeeze=False)
        if make(found, axes[0]):
            figure.tight_layout()
            written.append(out / f"{name}.png")
            figure.savefig(written[-1], dpi=130)
        plt.close(figure)
    return written


def _line(axis: Any, road: str, x: list, y: list, **also: Any) -> None:
    axis.plot(x, y, color=COLOURS[road], marker=MARKERS[road], markersize=4, **{"label": ROADS[road], **also})


def _finish(axis: Any, xlabel: str, ylabel: str, legend: bool = True) -> None:
    axis.set_xlabel(xlabel)
    axis.set_ylabel(ylabel)
    axis.grid(alpha=0.3)
    if legend:
        axis.legend(frameon=False, fontsize=8)


def gain_by_resolution(found: Found, axes: Any) -> bool:
    sides = found.plan.gain_sides_px
    drawn = False
    for road in ("rrb", "kato", "palazzi"):
        rows = [(side, gain[0]) for side in sides if (gain := gains(found, road, side))]
        drawn = drawn or bool(rows)
        for k, axis in enumerate(axes):
            _line(axis, road, [side for side, _ in rows], [gain[k] for _, gain in rows])
    for axis, label in zip(axes, GAIN_COLUMNS, strict=True):
        axis.set_xscale("log", base=2)
        axis.set_xticks(sides, [str(side) for side in sides])
        _finish(
            axis,
            "pixels a side that are drawn",
            label.replace("of v", "change of v").replace("of t", "change of t"),
            axis is axes[0],
        )
    return drawn


def gain_by_steps(found: Found, axes: Any) -> bool:
    side = max(found.plan.gain_sides_px)
    drawn = False
    for road in ("rrb", "kato", "palazzi"):
        rows = [
            (steps, gain[0])
            for index, steps in enumerate(found.plan.gain_steps)
            if (gain := gains(found, road, side, index)) and not stopped(found, road, steps)
        ]
        drawn = drawn or bool(rows)
        for k, axis in enumerate(axes):
            _line(axis, road, [steps for steps, _ in rows], [gain[k] for _, gain in rows])
    for axis, label in zip(axes, GAIN_COLUMNS, strict=True):
        axis.set_xscale("symlog", linthresh=1)
        ticks = [n for n in (0, 1, 3, 10, 30, 100) if n <= max(found.plan.gain_steps)]
        axis.set_xticks(ticks, [str(n) for n in ticks])
        _finish(axis, "steps", label, axis is axes[0])
    return drawn


def by_start(found: Found, axes: Any) -> bool:
    drawn = False
    for road in ("rrb", "kato", "RRB script"):
        rows = [(angle, start_share(found, road, angle)) for angle in found.plan.start_angles_deg]
        rows = [(angle, *of) for angle, of in rows if of[1]]
        if rows:
            drawn = True
            label = f"{ROADS[road]}, {rows[0][2]} cases"
            _line(axes[0], road, [row[0] for row in rows], [row[1] for row in rows], label=label)
    axes[0].set_ylim(-3, 103)
    _finish(axes[0], "degrees that the start is off", "right, %", drawn)
    return drawn


def held(found: Found, axes: Any) -> bool:
    axis, lengths = axes[0], (None, *found.plan.lengths_px)
    drawn = False
    for split, marker in zip(found.plan.splits, "os^", strict=False):
        shares = [
            inside(
                found.records("covariance", lambda job, w=(n,), s=split: (job.options, job.split) == (w, s))
            )[0]
            for n in lengths
        ]
        if np.isfinite(shares).any():
            drawn = True
            axis.plot(range(len(lengths)), shares, marker=marker, markersize=5, linestyle="none", label=split)
    axis.axhspan(90, 99, color="0.9", label="asked")
    axis.set_xticks(range(len(lengths)), ["none" if n is None else f"{n:g}" for n in lengths])
    _finish(axis, "pixels over which noise of 1 px hangs together", "truth in the 95 % region, %")
    return drawn


def cost(found: Found, axes: Any) -> bool:
    drawn = False
    styles = (
        ("near", "rrb", "-", "15° off"),
        ("any", "rrb", "--", "any rotation"),
        ("near", "kato", ":", "a step"),
    )
    for axis, what in zip(axes, ("faces", "pixels"), strict=False):
        for protocol, road, style, says in styles:
            rows = list(costs(found, what, protocol, road).values())
            if rows:
                drawn = True
                label = f"{ROADS[road]}, {says}"
                _line(axis, road, [r[1] for r in rows], [r[0] for r in rows], linestyle=style, label=label)
        axis.set_xscale("log")
        axis.set_yscale("log")
        _finish(axis, "faces" if what == "faces" else "pixels a side", "ms", drawn and axis is axes[0])
    return drawn


def search(found: Found, axes: Any) -> bool:
    """What is found against what it takes, a point for each setting."""
    by_setting: dict[tuple, list] = {}
    for job, record in found.pairs("search"):
        by_setting.setdefault(job.options, []).append(record)
    for name, marker in (("right", "o"), ("among", "s")):
        x = [np.median([r["ms"] for r in records if "ms" in r]) for records in by_setting.values()]
        y = [100 * np.mean([r[name] for r in records]) for records in by_setting.values()]
        axes[0].plot(
            x,
            y,
            marker=marker,
            linestyle="none",
            label="right" if name == "right" else "among those returned",
        )
    if by_setting:
        axes[0].set_xscale("log")
        for setting, at in zip(by_setting, x, strict=True):
            axes[0].annotate(
                "{}/{}/{}".format(*setting),
                (at, 0),
                fontsize=6,
                rotation=90,
                xycoords=("data", "axes fraction"),
            )
    _finish(axes[0], "ms, two threads (coarse/fine/views)", "%", bool(by_setting))
    return bool(by_setting)


PLOTS: dict[str, tuple[int, Callable[[Found, Any], bool]]] = {
    "gain_by_resolution": (3, gain_by_resolution),
    "gain_by_steps": (3, gain_by_steps),
    "starts": (1, by_start),
    "covariance": (1, held),
    "cost": (2, cost),
    "search": (1, search),
}

"""The plots of the fitting benchmark, PNG files of what the tables say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from _fit_found import Found, inside, median, share
from _fit_growth import GAIN_COLUMNS, costs, gains, stopped
from _fit_tables import START_ROADS, started
from rrb import SecondOrder

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
            _legend(figure, axes[0], 2 * panels)
            written.append(out / f"{name}.png")
            figure.savefig(written[-1], dpi=130)
        plt.close(figure)
    return written


def _line(axis: Any, road: str, x: list, y: list, **also: Any) -> None:
    axis.plot(x, y, color=COLOURS[road], marker=MARKERS[road], markersize=4, **{"label": ROADS[road], **also})


def _legend(figure: Any, axes: Any, columns: int) -> None:
    """One above all panels, where no line can be."""
    named: dict[str, Any] = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    rows = -(-len(named) // columns)
    figure.legend(named.values(), named.keys(), loc="upper center", ncol=columns, frameon=False, fontsize=8)
    figure.tight_layout(rect=(0, 0, 1, 0.98 - 0.055 * rows))


def _finish(axis: Any, xlabel: str, ylabel: str) -> None:
    axis.set_xlabel(xlabel)
    axis.set_ylabel(ylabel)
    axis.grid(alpha=0.3)


def _sides(axis: Any, sides: Any) -> None:
    axis.set_xscale("log", base=2)
    axis.set_xticks(sides, [str(side) for side in sides])


def gain_by_resolution(found: Found, axes: Any) -> bool:
    sides = found.plan.gain_sides_px
    drawn = False
    for road in ("rrb", "kato", "palazzi"):
        rows = [(side, gain[0]) for side in sides if (gain := gains(found, road, side))]
        drawn = drawn or bool(rows)
        for k, axis in enumerate(axes):
            _line(axis, road, [side for side, _ in rows], [gain[k] for _, gain in rows])
    for axis, label in zip(axes, GAIN_COLUMNS, strict=True):
        _sides(axis, sides)
        _finish(axis, "pixels a side that are drawn", label)
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
        _finish(axis, "steps", label)
    return drawn


def by_start(found: Found, axes: Any) -> bool:
    drawn = False
    for road in START_ROADS:
        groups = {angle: started(found, road, angle) for angle in found.plan.start_angles_deg}
        groups = {angle: records for angle, records in groups.items() if records}
        if groups:
            drawn = True
            label = f"{ROADS[road]}, {max(map(len, groups.values()))} cases"
            _line(axes[0], road, [*groups], [share(r, "right") for r in groups.values()], label=label)
            _line(axes[1], road, [*groups], [median(r, "deg") for r in groups.values()], label=label)
    axes[0].set_ylim(-3, 103)
    axes[1].set_yscale("log")
    for axis, label in zip(axes, ("right, %", "median rotation error, deg"), strict=True):
        _finish(axis, "degrees that the start is off", label)
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
        if what == "faces":
            axis.set_xscale("log")
        else:
            _sides(axis, found.plan.cost_sides_px)
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter("")
        _finish(axis, "faces" if what == "faces" else "pixels a side", "ms")
    return drawn


def search(found: Found, axes: Any) -> bool:
    """What is found against what it takes: one line varies what is refined, the other how many views."""
    default = SecondOrder()
    lines = (
        ("refined", "o", "{}/{}", lambda s: s[2] == default.views, lambda s: s[:2]),
        ("views", "s", "{}", lambda s: s[:2] == (default.coarse, default.fine), lambda s: s[2:]),
    )
    by_setting: dict[tuple, list] = {}
    for job, record in found.pairs("search"):
        by_setting.setdefault(job.options, []).append(record)
    for name, marker, form, on_line, shown in lines:
        settings = sorted(filter(on_line, by_setting))
        ms = [median(by_setting[s], "ms") for s in settings]
        for axis, what in zip(axes, ("right", "among"), strict=True):
            shares = [share(by_setting[s], what) for s in settings]
            axis.plot(ms, shares, marker=marker, label=f"varied: {name}")
            for setting, x, y in zip(settings, ms, shares, strict=True):
                label, way = form.format(*shown(setting)), {"views": (2, 5), "refined": (2, -10)}[name]
                axis.annotate(label, (x, y), way, textcoords="offset points", fontsize=6)
    for axis, what in zip(axes, ("right, %", "true pose among those returned, %"), strict=True):
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_minor_formatter("{x:g}")
        axis.tick_params(axis="x", which="minor", labelsize=6)
        _finish(axis, "ms, two threads", what)
    return bool(by_setting)


PLOTS: dict[str, tuple[int, Callable[[Found, Any], bool]]] = {
    "gain_by_resolution": (3, gain_by_resolution),
    "gain_by_steps": (3, gain_by_steps),
    "starts": (2, by_start),
    "covariance": (1, held),
    "cost": (2, cost),
    "search": (2, search),
}

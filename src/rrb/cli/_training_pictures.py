"""The pictures of a training run: what its network answers, and how its figures went."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.geometry.image_io import save_image
from rrb.viz.pictures import BLUE, GREEN, ORANGE, VERMILLION

Line = dict[str, float]

_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, (86, 86, 86))
_GREY, _INK = (222, 222, 222), (60, 60, 60)
_WIDTH, _HEIGHT = 760, 230  # of a panel
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 22, 34, 34  # around its axes
_FINE = 2  # drawn so much larger, then averaged
_TEXT_PX = 12
_KNOWN = ("step", "samples", "rate")  # what is no figure of a line


def draw_samples(path: Path, tiles: Sequence[Any]) -> None:
    from rrb.viz.sheet import sheet

    save_image(path, sheet(list(tiles), columns=4))


def draw_curve(path: Path, lines: Path) -> None:
    """Losses and figures of the val splits over samples, from `curve.jsonl`. Without a line nothing is drawn."""
    from rrb.training.checkpoint import read_lines

    if held := read_lines(lines):
        save_image(path, curve_picture(held))


def curve_picture(lines: Sequence[Line]) -> NDArray[np.uint8]:
    """(H, W, 3): one panel for losses, one for angles of the val splits, one for their other figures."""
    names = list(dict.fromkeys(name for line in lines for name in line if name not in _KNOWN))
    losses = [name for name in names if not name.startswith("val_")]
    angles = [name for name in names if name.startswith("val_") and name.endswith("_deg")]
    others = [name for name in names if name.startswith("val_") and name not in angles]
    groups = [group for group in (losses, angles, others) if group]
    last = max(line["samples"] for line in lines)
    return np.concatenate([_panel([_Series.of(name, lines) for name in group], last) for group in groups])


@dataclass(frozen=True)
class _Series:
    name: str
    points: list[tuple[float, float]]  # samples, value: those that are finite

    @staticmethod
    def of(name: str, lines: Sequence[Line]) -> _Series:
        held = [(line["samples"], line[name]) for line in lines if name in line]
        return _Series(name, [(x, y) for x, y in held if math.isfinite(y)])

    @property
    def label(self) -> str:
        return f"{self.name} {self.points[-1][1]:.4g}" if self.points else f"{self.name} -"


def _panel(series: Sequence[_Series], last: float) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.new("RGB", (_FINE * _WIDTH, _FINE * _HEIGHT), "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(_FINE * _TEXT_PX)
    values = [y for one in series for _, y in one.points] or [0.0]
    low, high = _widened(min(values), max(values))

    def at(x: float, y: float) -> tuple[float, float]:
        across, up = x / max(last, 1), (y - low) / (high - low)
        wide, tall = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return _FINE * (_LEFT + wide * across), _FINE * (_HEIGHT - _BOTTOM - tall * up)

    for y in ticks(low, high, 5):
        pen.line([at(0, y), at(last, y)], fill=_GREY, width=_FINE)
        pen.text((_FINE * (_LEFT - 6), at(0, y)[1]), f"{y:.6g}", _INK, font, anchor="rm")
    for x in ticks(0, last, 6):
        pen.line([at(x, low), at(x, high)], fill=_GREY, width=_FINE)
        pen.text((at(x, 0)[0], _FINE * (_HEIGHT - _BOTTOM + 5)), short(x), _INK, font, anchor="mt")
    pen.text((_FINE * (_WIDTH - _RIGHT), _FINE * (_HEIGHT - 3)), "samples", _INK, font, anchor="rb")
    right = float(_FINE * _LEFT)
    for one, colour in zip(series, _COLOURS * len(series), strict=False):
        _line(pen, [at(*point) for point in one.points], colour)
        pen.text((right, _FINE * 10), one.label, colour, font, anchor="lt")
        right += pen.textlength(one.label, font) + _FINE * 18
    return np.asarray(canvas.reduce(_FINE))


def _line(pen: Any, points: list[tuple[float, float]], colour: tuple[int, int, int]) -> None:
    pen.line(points, fill=colour, width=2 * _FINE, joint="curve")
    if len(points) <= 60:  # few enough to tell where they were measured
        for x, y in points:
            pen.ellipse([x - 2 * _FINE, y - 2 * _FINE, x + 2 * _FINE, y + 2 * _FINE], fill=colour)


def _widened(low: float, high: float) -> tuple[float, float]:
    margin = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    return low - margin, high + margin


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers from low to high, about so many."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= 0.7 * rough)
    first = math.ceil(low / step - 1e-9)
    return [step * n for n in range(first, math.floor(high / step + 1e-9) + 1)]


def short(number: float) -> str:
    """As a person says it: 250k, 1.5M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.4g}{letter}"
    return f"{number:.4g}"

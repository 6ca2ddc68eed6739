"""Charts drawn with Pillow: panels with ticks and units, lines, bands, words. No plotting library is needed for these.

Everything is drawn `FINE` times as large and averaged. Data coordinates are x to the right and y up, unless a panel
says that y goes down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Colour = tuple[int, int, int]

FINE = 2
INK, GREY, GRID, PALE = (40, 40, 40), (110, 110, 110), (226, 226, 226), (240, 240, 240)
TEXT_PX = 13
_TICK_PX = 72  # about so far apart


class Figure:
    """A white picture that panels are drawn on; lengths are pixels of the result."""

    def __init__(self, width: int, height: int) -> None:
        from PIL import Image, ImageDraw

        self.width, self.height = width, height
        self.canvas = Image.new("RGB", (FINE * width, FINE * height), "white")
        self.pen = ImageDraw.Draw(self.canvas, "RGBA")  # colours of four numbers are mixed in

    def copy(self) -> Figure:
        """Another with the same drawn on it."""
        from PIL import ImageDraw

        twin = copy(self)
        twin.canvas = self.canvas.copy()
        twin.pen = ImageDraw.Draw(twin.canvas, "RGBA")
        return twin

    def words(
        self,
        at: tuple[float, float],
        text: str,
        colour: Colour = INK,
        *,
        anchor: str = "lt",
        size: float = TEXT_PX,
    ) -> float:
        """Write them; how long they are."""
        font = _font(round(FINE * size))
        self.pen.text((FINE * at[0], FINE * at[1]), text, colour, font, anchor=anchor)
        return float(self.pen.textlength(text, font)) / FINE

    def legend(
        self, at: tuple[float, float], entries: Sequence[tuple[str, Colour, bool]], gap: float = 16.0
    ) -> None:
        """(name, colour, whether its line is dashed), from left to right."""
        left, top = at
        for name, colour, dashed in entries:
            line = np.array([[left, top], [left + 24.0, top]]) * FINE
            self.stroke(line, colour, 2.5, dashed=dashed)
            left += 30.0 + self.words((left + 30.0, top), name, anchor="lm") + gap

    def stroke(self, points: Floats, colour: Any, width: float, *, dashed: bool = False) -> None:
        """A line through fine pixels (N, 2)."""
        for part in _dashes(points, FINE * 7.0, FINE * 5.0) if dashed else [points]:
            if len(part) > 1:
                self.pen.line([tuple(p) for p in part], fill=colour, width=round(FINE * width), joint="curve")

    def picture(self) -> NDArray[np.uint8]:
        """(height, width, 3) uint8."""
        return np.asarray(self.canvas.reduce(FINE))


class Panel:
    """Data in a frame with a grid. box: left, top, width, height of the frame, without its numbers, in pixels."""

    def __init__(
        self,
        figure: Figure,
        box: tuple[float, float, float, float],
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        x_label: str = "",
        y_label: str = "",
        down: bool = False,
        lanes: Sequence[str] = (),
    ) -> None:
        """lanes: words at y = 0, 1, ... in the place of numbers. A label left out leaves out the numbers, too."""
        self.figure, self.box, self.x, self.y, self.down = figure, box, x, y, down
        left, top, width, height = box
        figure.pen.rectangle(
            [FINE * v for v in (left, top, left + width, top + height)], fill="white", outline=GRID
        )
        self._across(x_label)
        self._upwards(y_label, lanes)

    def at(self, points: Any) -> Floats:
        """Fine pixels (N, 2) of data (N, 2)."""
        points = np.asarray(points, np.float64).reshape(-1, 2)
        left, top, width, height = self.box
        across = (points[:, 0] - self.x[0]) / (self.x[1] - self.x[0])
        up = (points[:, 1] - self.y[0]) / (self.y[1] - self.y[0])
        down = up if self.down else 1 - up
        return np.stack([left + width * across, top + height * down], 1) * FINE

    def line(self, points: Any, colour: Any, width: float = 2.0, *, dashed: bool = False) -> None:
        """Through (N, 2); broken where a number is not finite."""
        pixels = self.at(points)
        for run in runs(np.asarray(np.isfinite(pixels).all(1))):
            self.figure.stroke(pixels[run], colour, width, dashed=dashed)
            if run.stop - run.start == 1:
                self.dots(np.asarray(points)[run], colour, width)

    def dots(self, points: Any, colour: Any, radius: float, outline: Any = None) -> None:
        r = FINE * radius
        for x, y in self.at(points):
            self.figure.pen.ellipse([x - r, y - r, x + r, y + r], fill=colour, outline=outline, width=FINE)

    def polygon(self, points: Any, fill: Any = None, outline: Any = None, width: float = 1.0) -> None:
        pixels = [tuple(p) for p in self.at(points)]
        if fill is not None:
            self.figure.pen.polygon(pixels, fill=fill)
        if outline is not None:
            self.figure.stroke(np.array([*pixels, pixels[0]]), outline, width)

    def band(self, x: Floats, low: Floats, high: Floats, fill: Any) -> None:
        """Between two lines, cut to the panel; broken where a number is not finite."""
        low, high = (np.clip(v, *self.y) for v in (low, high))
        for run in runs(np.isfinite(low) & np.isfinite(high)):
            there, back = np.stack([x, low], 1)[run], np.stack([x, high], 1)[run]
            if len(there) > 1:
                self.polygon(np.concatenate([there, back[::-1]]), fill)

    def columns(self, spans: Sequence[tuple[float, float]], fill: Any = PALE) -> None:
        """From the lower to the upper border, behind what is drawn later."""
        for low, high in spans:
            low, high = max(low, self.x[0]), min(high, self.x[1])
            if high > low:
                (x0, y0), (x1, y1) = self.at([[low, self.y[0]], [high, self.y[1]]])
                self.figure.pen.rectangle([x0, min(y0, y1) + FINE, x1, max(y0, y1) - FINE], fill=fill)

    def words(self, at: tuple[float, float], text: str, colour: Colour = INK, *, anchor: str = "lt") -> None:
        """At a point of the data."""
        ((x, y),) = self.at([at])
        self.figure.words((x / FINE, y / FINE), text, colour, anchor=anchor)

    def _across(self, label: str) -> None:
        left, top, width, height = self.box
        numbers = round_numbers(*self.x, max(3, round(width / _TICK_PX)))
        for number in numbers:
            self.figure.stroke(self.at([[number, self.y[0]], [number, self.y[1]]]), GRID, 1.0)
            if label:
                x = self.at([[number, self.y[0]]])[0, 0] / FINE
                self.figure.words((x, top + height + 5), _said(number, numbers), GREY, anchor="mt")
        if label:
            self.figure.words((left + width / 2, top + height + 22), label, anchor="mt")

    def _upwards(self, label: str, lanes: Sequence[str]) -> None:
        left, top, _, height = self.box
        numbers = (
            [float(k) for k in range(len(lanes))]
            if lanes
            else round_numbers(*self.y, max(3, round(height / _TICK_PX)))
        )
        for k, number in enumerate(numbers):
            self.figure.stroke(self.at([[self.x[0], number], [self.x[1], number]]), GRID, 1.0)
            if label or lanes:
                y = self.at([[self.x[0], number]])[0, 1] / FINE
                said = lanes[k] if lanes else _said(number, numbers)
                self.figure.words((left - 6, y), said, INK if lanes else GREY, anchor="rm")
        if label:
            self.figure.words((left - 6, top - 18), label, anchor="lt")


# --- numbers --------------------------------------------------------------------------------------


def round_numbers(low: float, high: float, about: int) -> list[float]:
    """From low to high, about so many; at least one."""
    if not high > low:
        return [low]
    rough = (high - low) / max(1, about)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= 0.75 * rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [step * n for n in range(first, last + 1)] or [0.5 * (low + high)]


def around(values: Any, *, margin: float = 0.06, least: float = 0.0) -> tuple[float, float]:
    """A range that holds what is finite with a margin, at least so long."""
    held = np.asarray(values, np.float64)
    held = held[np.isfinite(held)]
    low, high = (float(held.min()), float(held.max())) if held.size else (0.0, 0.0)
    half = 0.5 * max(high - low, least) * (1 + 2 * margin) or 0.5 * max(abs(high), 1.0)
    middle = 0.5 * (low + high)
    return middle - half, middle + half


def alike(
    x: tuple[float, float], y: tuple[float, float], width: float, height: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Both ranges widened about their middles until a unit is as long along both sides of a panel."""
    unit = max((x[1] - x[0]) / width, (y[1] - y[0]) / height)
    middles = 0.5 * (x[0] + x[1]), 0.5 * (y[0] + y[1])
    (x0, x1), (y0, y1) = (
        (m - 0.5 * unit * px, m + 0.5 * unit * px) for m, px in zip(middles, (width, height), strict=True)
    )
    return (x0, x1), (y0, y1)


def runs(held: NDArray[np.bool_]) -> list[slice]:
    """The stretches where (N,) is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], held, [False]]).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _said(number: float, beside: Sequence[float]) -> str:
    """With as many decimals as tell it from those beside it."""
    step = abs(beside[1] - beside[0]) if len(beside) > 1 else abs(number) or 1.0
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{number:.{digits}f}" if digits < 6 else f"{number:.3g}"


def _dashes(points: Floats, on: float, off: float) -> list[Floats]:
    """A polyline (N, 2) cut into dashes."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    made = []
    for start in np.arange(0.0, length[-1], on + off):
        end = min(start + on, length[-1])
        inside = length[(length > start) & (length < end)]
        where = np.concatenate([[start], inside, [end]])
        made.append(np.stack([np.interp(where, length, points[:, k]) for k in range(2)], 1))
    return made


_FONTS: dict[int, Any] = {}


def _font(size: int) -> Any:
    from PIL import ImageFont

    if size not in _FONTS:
        _FONTS[size] = ImageFont.load_default(size)
    return _FONTS[size]

"""Legs of chairs and stools: one design drawn by chance, built as often as there are legs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rrb.data.procedural.chair_plan import SQUARE, Floats
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import bar, ellipse, rod, rounded_rectangle, tube, upright
from rrb.geometry.mesh import Mesh

ROUND = ("round", "turned", "chubby", "tube", "hairpin")
KINDS = {
    "square": 5.0, "tapered": 4.0, "round": 3.0, "turned": 2.0, "tube": 2.5, "sabre": 1.0, "chubby": 0.7,
    "cabriole": 0.5, "hairpin": 0.5,
}  # fmt: skip


@dataclass(frozen=True)
class Legs:
    """Sizes across in metres; shares run from the foot (0) to the top (1)."""

    kind: str
    size: float  # at the top
    foot: float  # as a share of the size
    outline: Floats  # (N, 2) of width 1
    shares: Floats  # (K,)
    sizes: Floats  # (K,) in shares of the size
    bend: float = 0.0  # how far the middle of a curved leg lies off its line, in metres

    @property
    def round(self) -> bool:
        return self.kind in ROUND

    def leg(self, top: Floats, foot: Floats) -> list[Mesh]:
        """One leg; a curved one bends away from the chair's middle."""
        top, foot = np.asarray(top, float), np.asarray(foot, float)
        if self.kind == "hairpin":
            return self._hairpin(top, foot)
        path = foot + (top - foot) * self.shares[:, None]
        if self.bend:
            away = np.array([top[0], 0.0, top[2]]) / max(1e-9, float(np.hypot(top[0], top[2])))
            path += away * (self.bend * self._curve())[:, None]
        return [upright(path, self.size * self.sizes, self.outline)]

    def post(self, path: Floats) -> Mesh:
        """A hind leg that goes on as a post of the back: path (K, 3) from the floor up."""
        height = path[:, 1]
        sizes = np.interp(height, [0.0, 0.35, 0.5, height[-1]], [max(0.65, self.foot), 1.0, 1.0, 0.72])
        outline = ellipse(1, 1, 12) if self.round else self.outline
        return upright(path, self.size * sizes, outline)

    def _curve(self) -> Floats:
        if self.kind == "cabriole":  # knee out, ankle in, toe out
            return np.interp(self.shares, [0.0, 0.12, 0.45, 0.8, 1.0], [0.6, 0.1, 0.0, 1.0, 0.3])
        return -4 * self.shares * (1 - self.shares) * (1 - 0.4 * self.shares)

    def _hairpin(self, top: Floats, foot: Floats) -> list[Mesh]:
        aside = np.array([top[2], 0.0, -top[0]]) / max(1e-9, float(np.hypot(top[0], top[2])))
        inner = top * [0.85, 1, 0.85]
        return [rod(foot, inner + aside * side, self.size / 2, sections=8) for side in (-0.035, 0.035)]


def drawn_legs(random: np.random.Generator, weights: dict[str, float] | None = None) -> Legs:
    kind = pick(random, weights or KINDS)
    foot = random.uniform(0.4, 0.75)
    edges = rounded_rectangle(1, 1, 0.15, 1) if whether(random, 0.5) else SQUARE
    ends = np.array([0.0, 1.0])
    if kind == "square":
        size = random.uniform(0.026, 0.055) if whether(random, 0.85) else random.uniform(0.055, 0.08)
        return Legs(kind, size, 1.0, edges, ends, np.ones(2))
    if kind == "tapered":
        shares = np.array([0.0, random.choice([0.75, 0.999]), 1.0])
        return Legs(kind, random.uniform(0.032, 0.055), foot, edges, shares, np.array([foot, 1.0, 1.0]))
    if kind == "round":
        sizes = np.array([foot, 1.0, random.uniform(0.75, 1.0)])
        shares = np.array([0.0, random.uniform(0.5, 0.8), 1.0])
        return Legs(kind, random.uniform(0.028, 0.046), foot, ellipse(1, 1, 12), shares, sizes)
    if kind == "tube":
        return Legs(kind, random.uniform(0.016, 0.03), 1.0, ellipse(1, 1, 10), ends, np.ones(2))
    if kind == "hairpin":
        return Legs(kind, random.uniform(0.009, 0.013), 1.0, ellipse(1, 1, 8), ends, np.ones(2))
    if kind == "turned":
        return _turned(random)
    if kind == "chubby":
        shares = np.linspace(0, 1, 8)
        belly = random.uniform(0.2, 0.6)
        sizes = 0.62 + 0.38 * np.sin(np.pi * np.clip(shares ** (np.log(0.5) / np.log(belly)), 0, 1))
        return Legs(kind, random.uniform(0.06, 0.095), 0.62, ellipse(1, 1, 16), shares, sizes)
    shares = np.linspace(0, 1, 9)
    if kind == "cabriole":
        sizes = np.interp(shares, [0.0, 0.12, 0.3, 0.8, 1.0], [0.75, 0.45, 0.5, 1.0, 1.1])
        outline = ellipse(1, 1, 12)
        return Legs(
            kind, random.uniform(0.045, 0.06), 0.5, outline, shares, sizes, random.uniform(0.02, 0.035)
        )
    sizes = foot + (1 - foot) * shares
    return Legs(kind, random.uniform(0.032, 0.05), foot, edges, shares, sizes, random.uniform(0.012, 0.035))


def _turned(random: np.random.Generator) -> Legs:
    """As from a lathe: beads, rings and necks one above the other."""
    count = int(random.integers(4, 8))
    marks = np.sort(random.uniform(0.06, 0.94, count))
    shares, sizes = [0.0, 0.03], [random.uniform(0.4, 0.7)] * 2
    for mark in marks:
        wide, narrow = random.uniform(0.75, 1.0), random.uniform(0.45, 0.7)
        shares += [mark - 0.012, mark, mark + 0.012]
        sizes += [narrow, wide, narrow if whether(random, 0.6) else wide]
    shares, sizes = [*shares, 0.97, 1.0], [*sizes, 0.9, 1.0]
    order = np.argsort(shares, kind="stable")
    spread = np.maximum.accumulate(np.array(shares)[order] + 1e-3 * np.arange(len(order)) / len(order))
    spread = (spread - spread[0]) / (spread[-1] - spread[0])
    size = random.uniform(0.036, 0.055)
    return Legs("turned", size, 0.6, ellipse(1, 1, 12), spread, np.array(sizes)[order])


def stretcher(start: Floats, end: Floats, size: float, *, is_round: bool) -> Mesh:
    """A bar from leg to leg."""
    path = np.array([start, end], float)
    if is_round:
        middle = path.mean(0)
        return tube(np.array([path[0], middle, path[1]]), size * np.array([0.42, 0.6, 0.42]), 10)
    return bar(path, size * 1.5, size, across=(0.0, 1.0, 0.0))

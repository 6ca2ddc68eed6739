"""Backs that stand behind the seat: ladders, slats, spindles, plates, frames, crosses, cushions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chair_legs import Legs
from rrb.data.procedural.chair_plan import Plan, Rest, patch
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import bar, ellipse, rounded_line, tube, upright
from rrb.geometry.mesh import Mesh

# Those that hang between two posts; the others stand by themselves.
WITH_POSTS = ("ladder", "slat", "spindle", "solid", "frame", "cross", "band")


def drawn_rest(
    shape: np.random.Generator, plan: Plan, half: float, height: float, *, inside: bool = False
) -> Rest:
    """The surface of a back of this half width and height at the seat's hind edge; `inside`: all its foot."""
    bow = shape.choice([0.0, 0.02, 0.05]) * shape.uniform(0.6, 1.4)
    return Rest(
        half=half,
        foot_y=plan.height,
        foot_z=plan.depth / 2 - 0.018 - plan.cut - (bow if inside else 0.0),
        height=height,
        rake=shape.uniform(0.02, 0.22),
        bow=bow,
        sweep=shape.uniform(0.0, 0.12) if whether(shape, 0.5) else 0.0,
        flare=shape.uniform(-0.12, 0.12) if whether(shape, 0.5) else 0.0,
        sunk=0.6 * plan.thickness,
    )


def add_back(design: Design, shape: np.random.Generator, rest: Rest, kind: str) -> None:
    """All but the posts."""
    BACKS[kind](design, shape, rest)


def add_posts(design: Design, rest: Rest, legs: Legs, apart: float = 1.0) -> None:
    """Posts that begin in the seat, where hind legs do not go on; at u = apart and -apart."""
    shares = np.concatenate([[-rest.sunk / rest.height], np.linspace(0.1, 1, 5)])
    for side in (-1.0, 1.0):
        path = rest(side * apart, shares)
        size = np.clip(legs.size, 0.018, 0.045) * np.linspace(0.9, 0.65, len(path))
        design.add("post", upright(path, size, ellipse(1, 1, 12) if legs.round else legs.outline))


def _rail(rest: Rest, low: float, high: float, thick: float, *, crest: float = 0.0) -> Mesh:
    """A board from post to post; its upper edge arched by `crest` metres."""
    arched = replace(rest, crest=crest / rest.height) if crest else rest
    return patch(arched, (-1, 1), (low, high), thick, net=(3, 9 if rest.bow or crest else 3))


def _ladder(design: Design, shape: np.random.Generator, rest: Rest) -> None:
    count, thick = int(shape.integers(2, 7)), shape.uniform(0.012, 0.022)
    low = shape.uniform(0.12, 0.4)
    crest = shape.uniform(0.01, 0.04) if whether(shape, 0.3) else 0.0
    pitch = (shape.choice([0.985, shape.uniform(0.9, 0.98)]) - low) / count
    fill = shape.uniform(0.3, 0.75)
    top = shape.uniform(1.0, 1.25)
    for i in range(count):
        high = low + (i + 1) * pitch
        wide = min(0.95, fill * (top if i == count - 1 else 1.0)) * pitch
        design.add("back", _rail(rest, high - wide, high, thick, crest=crest))


def _slat(design: Design, shape: np.random.Generator, rest: Rest) -> None:
    count, thick = int(shape.choice([1, 2, 3, 4, 5, 6, 7])), shape.uniform(0.009, 0.016)
    low, high = _two_rails(design, shape, rest)
    pitch = 2.0 / (count + (0 if count > 2 else 1))
    wide = pitch * shape.uniform(0.3, 0.8) / 2
    for i in range(count):
        u = (i - (count - 1) / 2) * pitch * 0.93
        design.add("back", patch(rest, (u - wide, u + wide), (low, high), thick, net=(5, 3)))


def _two_rails(design: Design, shape: np.random.Generator, rest: Rest) -> tuple[float, float]:
    """A rail above and mostly one below; between which v there is room, with some overlap."""
    thick, upper = shape.uniform(0.016, 0.028), shape.choice([0.985, shape.uniform(0.9, 0.98)])
    top = 1 - upper + shape.uniform(0.08, 0.2)
    crest = shape.uniform(0.01, 0.05) if whether(shape, 0.4) else 0.0
    design.add("back", _rail(rest, 1 - top, upper, thick, crest=crest))
    if rest.bow < 0.01 and whether(shape, 0.4):
        return -rest.sunk / rest.height, 1 - 0.9 * top
    low = shape.uniform(0.1, 0.3)
    design.add("back", _rail(rest, low, low + 0.08, thick))
    return low + 0.04, 1 - 0.9 * top


def _spindle(design: Design, shape: np.random.Generator, rest: Rest) -> None:
    low, high = _two_rails(design, shape, rest)
    count, radius = int(shape.integers(3, 10)), shape.uniform(0.005, 0.01)
    belly = np.array([0.7, 1.0, shape.uniform(1.0, 1.6), 1.0, 0.7])
    for u in np.linspace(-1, 1, count + 2)[1:-1]:
        design.add("spindle", tube(rest(u, np.linspace(low, high, 5)), radius * belly, 8))


def add_hoop(design: Design, shape: np.random.Generator, rest: Rest) -> None:
    """A bow from one side of the seat to the other with spindles in it, or a plate."""
    radius = shape.uniform(0.009, 0.015)
    angle = np.linspace(0.0, np.pi, 21)
    power = shape.uniform(0.5, 0.9)
    line = rest(-np.cos(angle), np.sin(angle) ** power - rest.sunk / rest.height)
    design.add("back", tube(line, radius, 10))
    count = int(shape.integers(3, 10))
    for u in np.linspace(-0.8, 0.8, count):
        top = (1 - u * u) ** (power / 2) - 0.02
        path = rest(u * np.linspace(0.8, 1, 4), np.linspace(-rest.sunk / rest.height, top, 4))
        design.add("spindle", tube(path, 0.6 * radius * np.array([1, 1.4, 1, 0.8]), 8))


def _solid(design: Design, shape: np.random.Generator, rest: Rest) -> None:
    thick, low = shape.uniform(0.012, 0.03), shape.uniform(0.0, 0.5)
    crest = shape.uniform(0.02, 0.08) if whether(shape, 0.5) else 0.0
    arched = replace(rest, crest=crest / rest.height)
    design.add("back", patch(arched, (-1, 1), (low, 0.97), thick, net=(7, 9)))
    if whether(shape, 0.25):
        design.add(
            "back_cushion",
            patch(
                arched,
                (-0.85, 0.85),
                (low + 0.06, 0.9),
                0.04,
                net=(7, 7),
                power=8,
                pillow=0.6,
                lift=0.5 * thick,
            ),
        )


def _frame(design: Design, shape: np.random.Generator, rest: Rest) -> None:
    """Rails above and below with a thin filling, or open with a rail across."""
    low, high = _two_rails(design, shape, rest)
    low = max(low, 0.0)
    filling = pick(shape, {"panel": 1.0, "pad": 1.0, "open": 0.7})
    if filling == "open":
        middle = (low + high) / 2
        design.add("back", _rail(rest, middle - 0.05, middle + 0.05, 0.016))
    elif filling == "panel":
        design.add("back_cushion", patch(rest, (-1, 1), (low, high), 0.007, net=(5, 7)))
    else:
        design.add(
            "back_cushion", patch(rest, (-0.98, 0.98), (low, high), 0.05, net=(7, 7), power=12, pillow=0.7)
        )


def _cross(design: Design, shape: np.random.Generator, rest: Rest) -> None:
    """An X, straight or of two bows, between two rails."""
    low, high = _two_rails(design, shape, rest)
    size, bend = shape.uniform(0.014, 0.024), shape.choice([0.0, 0.35])
    share = np.linspace(0, 1, 9)
    for side in (-1, 1):
        u = side * ((2 * share - 1) * (1 - bend) + bend * (2 * share - 1) ** 3)
        path = rest(0.97 * u, low + (high - low) * share)
        design.add("back", bar(path, 0.6 * size, 1.3 * size, across=(0, 0, 1)))


def _band(design: Design, shape: np.random.Generator, rest: Rest) -> None:
    """One wide board or pad at the posts' upper ends, before them."""
    soft = whether(shape, 0.3)
    thick = shape.uniform(0.03, 0.05) if soft else shape.uniform(0.01, 0.022)
    out = shape.uniform(1.0, 1.15)
    low = shape.uniform(0.45, 0.7)
    power = float(shape.choice([3.0, 5.0, 9.0]))
    plate = patch(
        replace(rest, bow=max(rest.bow, 0.02)), (-out, out), (low, 1.02), thick,
        net=(7, 9), power=power, pillow=0.6 if soft else 0.2, lift=0.008,
    )  # fmt: skip
    design.add("back_cushion" if soft else "back", plate)


def _pad(design: Design, shape: np.random.Generator, rest: Rest) -> None:
    """An upholstered back that stands on the seat."""
    design.add("back_cushion", _padded(shape, rest, -0.12))


def _padded(shape: np.random.Generator, rest: Rest, low: float) -> Mesh:
    power = float(shape.choice([3.5, 6.0, 10.0, 16.0]))
    thick, pillow = shape.uniform(0.04, 0.09), shape.uniform(0.3, 0.75)
    return patch(rest, (-1, 1), (low, 1), thick, net=(9, 9), power=power, pillow=pillow)


def on_spine(design: Design, shape: np.random.Generator, plan: Plan, rest: Rest) -> str:
    """A back held by a bent bar from under the seat, or by two; says what kind it is."""
    low = shape.uniform(0.0, 0.35)
    kind = pick(shape, {"pad": 2.0, "mesh": 1.0, "solid": 0.6})
    if kind == "mesh":
        design.add("back_cushion", patch(rest, (-0.98, 0.98), (low, 1), 0.006, net=(9, 9), power=6))
        _rim(design, rest, low)
    elif kind == "pad":
        design.add("back_cushion", _padded(shape, rest, low))
    else:
        design.add("back", patch(rest, (-1, 1), (low, 1), 0.016, net=(9, 9), power=4))
    for x in (0.0,) if whether(shape, 0.6) else (-0.09, 0.09):
        _spine(design, plan, rest, x, low)
    if kind != "solid" and rest.height > 0.5 and whether(shape, 0.5):
        _headrest(design, rest)
    return kind


def _spine(design: Design, plan: Plan, rest: Rest, x: float, low: float) -> None:
    y = plan.under + 0.004
    behind = rest(x / rest.half, np.array([max(low, 0.1), low + 0.45 * (1 - low)])) + [0, 0, 0.012]
    start, corner = np.array([x, y, 0.1 * plan.depth]), np.array([x, y, behind[0, 2]])
    line = rounded_line(np.concatenate([[start, corner], behind]), 0.06)
    design.add("frame", bar(line, 0.06 if x == 0 else 0.025, 0.016))


def _rim(design: Design, rest: Rest, low: float) -> None:
    """A tube around a net."""
    angle = np.linspace(0, 2 * np.pi, 33)[:-1]
    c, s = np.cos(angle), np.sin(angle)
    size = (np.abs(c) ** 6 + np.abs(s) ** 6) ** (-1 / 6)
    line = rest(0.98 * c * size, low + (1 - low) * (s * size + 1) / 2)
    cut = np.concatenate([line, line[:1] + 1e-4 * (line[1] - line[0])])
    design.add("frame", tube(cut[:-1], 0.01, 8), tube(cut[[-2, -1]], 0.01, 8))


def _headrest(design: Design, rest: Rest) -> None:
    taller = replace(rest, half=0.62 * rest.half)
    design.add("back_cushion", patch(taller, (-1, 1), (1.06, 1.3), 0.05, net=(7, 7), power=5, pillow=0.6))
    line = rest(0.0, np.array([0.8, 1.15])) + [0, 0, 0.012]
    design.add("frame", bar(line, 0.04, 0.012))


BACKS = {
    "ladder": _ladder, "slat": _slat, "spindle": _spindle, "solid": _solid, "frame": _frame, "cross": _cross,
    "band": _band, "pad": _pad, "hoop": add_hoop,
}  # fmt: skip

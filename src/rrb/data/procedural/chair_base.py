"""What stands on the floor in legs: four of them, three, crossed ones, panels; and what holds them together."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chair_legs import Legs, drawn_legs, stretcher
from rrb.data.procedural.chair_plan import SQUARE, Floats, Plan, Rest
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import arc, bar, block, ellipse, rod, rounded_line, turned, upright
from rrb.geometry.mesh import Mesh

_STRETCHERS = {"none": 4.5, "box": 2.0, "h": 2.0, "sides": 1.5, "cross": 0.7, "front_high": 0.8, "shelf": 0.3}


def four_legs(
    design: Design,
    shape: np.random.Generator,
    plan: Plan,
    rest: Rest | None,
    legs: Legs,
    *,
    apron: bool,
    even: bool = False,
    splay: float | None = None,
) -> list[tuple[Floats, Floats]]:
    """(top, foot) of front right, front left, back right, back left; with `rest` the hind ones go on as posts.

    even: hind legs lean as front ones do. splay: how far feet stand outside the tops, by chance if None.
    """
    inset = 0.5 * legs.size + (0.004 if rest is not None else shape.uniform(0.004, 0.06)) + plan.cut
    if splay is None:
        splay = 0.0 if legs.kind == "square" and whether(shape, 0.6) else shape.uniform(0.0, 0.07)
    rake = 0.0 if even else shape.uniform(0.0, 0.08)
    top_y = plan.mount
    ends = []
    for z_side in (-1, 1):
        for x_side in (1, -1):
            z = z_side * (plan.depth / 2 - inset)
            x = x_side * (plan.half(z) - inset)
            if rest is not None and z_side > 0:
                ends.append(_hind_leg(design, legs, rest, x_side, rake))
                continue
            lean_z = z_side * (splay if z_side < 0 else max(splay, rake))
            top, foot = np.array([x, top_y, z]), np.array([x + x_side * splay, 0.0, z + lean_z])
            design.add("leg", *legs.leg(top, foot))
            ends.append((top, foot))
    if apron:
        _apron(design, shape, plan, ends, legs.size)
    return ends


def _hind_leg(design: Design, legs: Legs, rest: Rest, side: int, rake: float) -> tuple[Floats, Floats]:
    """From the floor through the seat's corner to the top of the back, bent as the back is."""
    up = rest(float(side), np.linspace(0, 1, 6))
    foot = up[0] * [1, 0, 1] + [0, 0, rake]
    start = up[0] * [1, 0.9, 1] + [0, 0, 0.1 * rake]
    lower = arc(np.stack([foot, (foot + up[0]) / 2 - [0, 0, 0.2 * rake], start]), 4)
    design.add("leg", legs.post(np.concatenate([lower, up])))
    return up[0], foot


def _apron(
    design: Design, shape: np.random.Generator, plan: Plan, ends: list[tuple[Floats, Floats]], size: float
) -> None:
    """Boards on edge under the seat from leg to leg."""
    height, thick = shape.uniform(0.035, 0.08), min(0.022, 0.7 * size)
    y = plan.under - height / 2 + 1e-3
    for a, b in ((0, 1), (2, 3), (0, 2), (1, 3)):
        start, end = (ends[i][0] * [1, 0, 1] + [0, y, 0] for i in (a, b))
        design.add("frame", bar(np.array([start, end]), height, thick, across=(0, 1, 0)))


def drawn_stretchers(shape: np.random.Generator, legs: Legs) -> str:
    kind = pick(shape, _STRETCHERS)
    return "none" if legs.kind in ("hairpin", "cabriole") else kind


def at_height(ends: tuple[Floats, Floats], y: float) -> Floats:
    """The point of a leg at a height."""
    top, foot = ends
    return foot + (top - foot) * ((y - foot[1]) / (top[1] - foot[1]))


def add_stretchers(
    design: Design,
    kind: str,
    shape: np.random.Generator,
    plan: Plan,
    ends: list[tuple[Floats, Floats]],
    legs: Legs,
) -> int:
    """Bars between four legs; which turns leave them as they are where the legs stand in a square."""
    size = min(0.03, max(0.012, 0.6 * legs.size))
    low = shape.uniform(0.2, 0.5) * plan.under
    high = low + shape.choice([0.0, 0.04]) if kind == "box" else shape.uniform(0.5, 0.75) * plan.under

    def join(a: Floats, b: Floats) -> None:
        design.add("stretcher", stretcher(a, b, size, is_round=legs.round))

    side_pairs = ((0, 2), (1, 3))
    if kind in ("box", "h", "sides", "front_high"):
        for a, b in side_pairs:
            join(at_height(ends[a], low), at_height(ends[b], low))
    if kind == "h":
        middles = [(at_height(ends[a], low) + at_height(ends[b], low)) / 2 for a, b in side_pairs]
        join(middles[0], middles[1])
    if kind in ("box", "front_high"):
        join(at_height(ends[0], high), at_height(ends[1], high))
    if kind == "box":
        join(at_height(ends[2], high), at_height(ends[3], high))
    if kind == "cross":
        join(at_height(ends[0], low), at_height(ends[3], low))
        join(at_height(ends[1], low), at_height(ends[2], low))
    if kind == "shelf":
        low = 0.6 * low
        x = np.abs([at_height(end, low) for end in ends])[:, 0].min()
        middle = (at_height(ends[0], low)[2] + at_height(ends[2], low)[2]) / 2
        depth = at_height(ends[2], low)[2] - at_height(ends[0], low)[2]
        design.add("stretcher", block((2 * x, 0.018, depth), (0, low, middle)))
    return 4 if kind in ("none", "cross", "shelf") or high == low else 1 if kind == "front_high" else 2


def rockers(design: Design, shape: np.random.Generator, ends: list[tuple[Floats, Floats]]) -> None:
    """Bent runners under the feet."""
    deep = shape.uniform(0.025, 0.045)
    share = np.linspace(-shape.uniform(1.4, 1.7), shape.uniform(1.8, 2.2), 11)[
        :, None
    ]  # feet are at -1 and 1
    for a, b in ((0, 2), (1, 3)):
        front, hind = ends[a][1], ends[b][1]
        path = (front + hind) / 2 + share * (hind - front) / 2
        path[:, 1] += deep * (share[:, 0] ** 2 - 1)
        design.add("runner", bar(path, 0.045, 0.03, across=(0, 1, 0)))


def ring_of_legs(design: Design, shape: np.random.Generator, plan: Plan, count: int, *, within: bool) -> str:
    """Legs around the middle, one every 1/count of a turn, `within` the seat's outline or not; says of what kind."""
    kinds = {"round": 2.0, "tapered": 1.0, "tube": 2.0, "chubby": 1.5, "turned": 1.0, "sabre": 1.0}
    legs, bent = drawn_legs(shape, kinds), whether(shape, 0.25)
    reach = plan.width / 2 - 0.6 * legs.size - 0.004
    inner = reach * shape.uniform(0.6, 0.85)
    outer = reach * shape.uniform(0.9, 0.99) * (1.0 if within else shape.uniform(1.0, 1.3))
    if bent:
        pieces = [_bent_leg(shape, plan, outer)]
    else:
        pieces = legs.leg(np.array([0, plan.mount, -inner]), np.array([0, 0, -outer]))
    spoke = _spoke(shape, plan, legs.size, inner, outer) if whether(shape, 0.4) and not bent else None
    for i in range(count):
        angle = (np.pi / 4 if count == 4 else 0.0) + 2 * np.pi * i / count
        design.add("leg", *(turned(piece, 1, angle) for piece in pieces))
        if spoke is not None:
            design.add("stretcher", turned(spoke, 1, angle))
    return "bent" if bent else legs.kind


def _bent_leg(shape: np.random.Generator, plan: Plan, outer: float) -> Mesh:
    """Bent wood: out from under the seat, round a corner, down."""
    thick = shape.uniform(0.014, 0.024)
    y, out = plan.under - thick / 2 + 2e-3, outer - thick
    corner = [(0, y, -0.3 * out), (0, y, -0.92 * out), (0, thick / 2, -out)]
    return bar(rounded_line(np.array(corner), shape.uniform(0.05, 0.09)), shape.uniform(0.03, 0.05), thick)


def _spoke(shape: np.random.Generator, plan: Plan, size: float, inner: float, outer: float) -> Mesh:
    """From the axis to a leg; of all legs they make a star."""
    low = shape.uniform(0.25, 0.5) * plan.under
    at = outer + (inner - outer) * low / plan.under
    return rod((0, low, 0), (0, low, -at), 0.35 * min(size, 0.035), sections=8)


def crossed(design: Design, shape: np.random.Generator, plan: Plan, *, along: bool) -> None:
    """Two crosses: `along` the chair's sides as in a folding stool, or else in front and behind."""
    size = shape.uniform(0.02, 0.032)
    round_ = whether(shape, 0.5)
    top = plan.mount
    span, apart = (plan.depth, plan.width) if along else (plan.width, plan.depth)
    for side in (-1, 1):
        for lean in (-1, 1):
            # The two bars of a cross lie beside each other, the pair alike after half a turn.
            beside = side * (apart / 2 - size) + lean * size / 2
            low, high = np.array([-lean * (span / 2), 0.0]), np.array([lean * (span / 2 - size), top])
            path = np.array([_laid(low, beside, along), _laid(high, beside, along)])
            if round_:
                design.add("leg", upright(path, size, ellipse(1, 1, 10)))
            else:
                design.add(
                    "leg", upright(path, np.array([[size, 1.5 * size]] * 2)[:, :: 1 if along else -1], SQUARE)
                )
    for end in (-1, 1):
        start, stop = (
            _laid(
                np.array([end * (span / 2 - size), plan.under - size / 2 + 0.3 * plan.thickness]),
                s * apart / 2,
                along,
            )
            for s in (-1, 1)
        )
        design.add("stretcher", rod(start, stop, size / 2, sections=8))
        low = np.array([end * span / 2 * 0.8, 0.12 * top])
        start, stop = (_laid(low, s * (apart / 2 - size / 2), along) for s in (-1, 1))
        design.add("stretcher", rod(start, stop, 0.35 * size, sections=8))


def _laid(point: Floats, beside: float, along: bool) -> Floats:
    return np.array([beside, point[1], point[0]] if along else [point[0], point[1], beside])


def panels(design: Design, shape: np.random.Generator, plan: Plan) -> None:
    """A board under each side of the seat and one between them."""
    thick = shape.uniform(0.018, 0.04)
    inset = shape.uniform(0.0, 0.06)
    height = plan.mount
    for side in (-1, 1):
        x = side * (plan.half(plan.depth / 2) - thick / 2 - inset)
        design.add("leg", block((thick, height, plan.depth * 0.96), (x, height / 2, 0)))
    between = 2 * (plan.half(plan.depth / 2) - inset) - thick
    tall = height * shape.uniform(0.2, 0.9)
    design.add("frame", block((between, tall, 0.02), (0, height - tall / 2, 0)))

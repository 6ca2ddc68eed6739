"""Seats: plates, cushions, bent sheets and boards, of several outlines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chair_plan import Floats, Plan, Surface, patch
from rrb.data.procedural.chance import whether
from rrb.data.procedural.parts import block, cushion, ellipse, moulded, rounded_rectangle
from rrb.geometry.mesh import Mesh

ROUND_SEATS = ("round", "round_cushion")

# How the edge of a plate and of a cushion runs, from its underside to the middle of its top: shares and heights.
_PLATE = np.array([(0.94, 0.0), (1.0, 0.25), (1.0, 0.75), (0.96, 1.0)])
_SHARP = np.array([(1.0, 0.0), (1.0, 1.0)])
_SOFT = np.array(
    [(0.93, 0.0), (0.99, 0.2), (1.0, 0.5), (0.97, 0.78), (0.88, 0.93), (0.6, 1.03), (0.25, 1.06)]
)
_HOLLOW = np.array([(0.9, 0.0), (1.0, 0.4), (1.0, 0.9), (0.95, 1.0), (0.8, 0.93), (0.4, 0.75)])


def add_seat(design: Design, shape: np.random.Generator, plan: Plan, kind: str) -> None:
    """The seat's top comes to lie at the plan's height, give or take what a cushion bulges."""
    SEATS[kind](design, shape, plan)


def fitted(shape: np.random.Generator, plan: Plan, kind: str) -> Plan:
    """The plan with a thickness and corners that suit this kind of seat."""
    radius = float(shape.choice([0.006, 0.025, 0.06, 0.12])) * shape.uniform(0.8, 1.2)
    power = float(shape.choice([4.0, 6.0, 9.0, 14.0]))
    thickness, sunk, cut = plan.thickness, 0.45, 0.3 * radius
    if kind in ("cushioned", "round_cushion"):
        thickness, cut = shape.uniform(0.045, 0.08), cut + 0.01
    if kind == "upholstered":
        thickness = shape.uniform(0.07, 0.13)
    if kind == "slatted":
        thickness, sunk, cut = shape.uniform(0.045, 0.065), 0.7, 0.0
    if kind in ("waterfall", "saddle"):
        thickness, cut = shape.uniform(0.03, 0.048), (1 - 0.5 ** (1 / power)) * plan.width / 2
    if kind in ROUND_SEATS:
        cut = 0.0
    return replace(plan, thickness=thickness, radius=radius, power=power, cut=cut, sunk=sunk)


def outline(plan: Plan) -> Floats:
    """(N, 2): a rectangle with round corners, narrower behind as the plan says."""
    line = rounded_rectangle(plan.width, plan.depth, plan.radius)
    narrowed = 1 + (plan.taper - 1) * (0.5 + line[:, 1:] / plan.depth)
    return line * np.concatenate([narrowed, np.ones_like(narrowed)], axis=1)


def _plate(design: Design, shape: np.random.Generator, plan: Plan) -> None:
    edge = _SHARP if whether(shape, 0.4) else _PLATE
    design.add("seat", _on(plan, outline(plan), edge))


def _round(design: Design, shape: np.random.Generator, plan: Plan) -> None:
    edge = (_PLATE, _SHARP, _HOLLOW)[int(shape.integers(3))]
    design.add("seat", _on(plan, ellipse(plan.width, plan.depth), edge))


def _round_cushion(design: Design, shape: np.random.Generator, plan: Plan) -> None:
    share = shape.uniform(0.15, 0.4)
    _board_and_pad(design, plan, ellipse(plan.width, plan.depth), share)


def _cushioned(design: Design, shape: np.random.Generator, plan: Plan) -> None:
    _board_and_pad(design, plan, outline(plan), shape.uniform(0.15, 0.5))


def _upholstered(design: Design, shape: np.random.Generator, plan: Plan) -> None:
    softness = shape.uniform(0.15, 0.5)
    block_ = cushion((plan.width, plan.thickness, plan.depth), (0, 0, 0), softness=softness)
    at = block_.vertices
    narrowed = 1 + (plan.taper - 1) * (0.5 + at[:, 2] / plan.depth)
    at = at * np.stack([narrowed, np.ones(len(at)), np.ones(len(at))], 1)
    design.add("cushion", block_.with_vertices(at + [0, plan.height - plan.thickness / 2, 0]))
    design.add("seat", moulded(0.96 * outline(plan), _SHARP * [1, 0.35 * plan.thickness], (0, plan.under, 0)))


def _waterfall(design: Design, shape: np.random.Generator, plan: Plan) -> None:
    drop, rise = plan.thickness * shape.uniform(0.5, 0.95), shape.uniform(0.0, 0.02)
    _bent(
        design,
        shape,
        plan,
        lambda u, v: rise * np.clip(v - 0.7, 0, 1) * 3 - drop * np.clip(1 - v / 0.4, 0, 1) ** 2,
    )


def _saddle(design: Design, shape: np.random.Generator, plan: Plan) -> None:
    dish = plan.thickness * shape.uniform(0.25, 0.5)
    _bent(design, shape, plan, lambda u, v: -dish * (1 - u * u) * np.sin(np.pi * np.clip(v, 0, 1)))


def _slatted(design: Design, shape: np.random.Generator, plan: Plan) -> None:
    """Boards with gaps, across or along, on two rails."""
    count, gap = int(shape.integers(5, 10)), shape.uniform(0.006, 0.016)
    across = whether(shape, 0.7)
    board = 0.4 * plan.thickness
    middle, length = plan.height - board / 2, plan.depth if across else plan.width
    width = (length - gap * (count - 1)) / count
    for i in range(count):
        at = -length / 2 + width / 2 + i * (width + gap)
        if across:
            design.add("seat", block((2 * plan.half(at), board, width), (0, middle, at)))
        else:
            design.add("seat", block((width, board, plan.depth), (at, middle, 0)))
    rail, low = 0.022, plan.under + (plan.thickness - board) / 2
    for side in (-1, 1):
        if across:
            size = (rail, plan.thickness - board + 2e-3, 0.96 * plan.depth)
            design.add("frame", block(size, (side * (plan.half(plan.depth / 2) - rail), low, 0)))
        else:
            size = (0.96 * plan.width, plan.thickness - board + 2e-3, rail)
            design.add("frame", block(size, (0, low, side * (plan.depth / 2 - 1.5 * rail))))


def _board_and_pad(design: Design, plan: Plan, line: Floats, share: float) -> None:
    """A board with a cushion on it; share of the thickness that is board."""
    board = share * plan.thickness
    design.add("seat", moulded(0.97 * line, _SHARP * [1, board], (0, plan.under, 0)))
    pad = plan.thickness - board
    design.add("cushion", moulded(line, _SOFT * [1, pad] - [0, 1e-3], (0, plan.under + board, 0)))


def _on(plan: Plan, line: Floats, profile: Floats) -> Mesh:
    return moulded(line, profile * [1, plan.thickness], (0, plan.under, 0))


def _bent(design: Design, shape: np.random.Generator, plan: Plan, lift: Surface) -> None:
    """A sheet whose height over the flat seat is lift(u, v), v from the front."""
    thickness = plan.thickness

    def surface(u: Floats | float, v: Floats | float) -> Floats:
        u, v = np.broadcast_arrays(np.asarray(u, float), np.asarray(v, float))
        half = 0.5 * plan.width * (1 + (plan.taper - 1) * v)
        y = plan.height - thickness / 2 + lift(u, v)
        return np.stack([u * half, y, (v - 0.5) * plan.depth], axis=-1)

    plate = patch(surface, (-1, 1), (0, 1), thickness, net=(11, 9), power=plan.power, pillow=0.4)
    design.add("seat", plate)


SEATS = {
    "square": _plate, "trapezoid": _plate, "round": _round, "round_cushion": _round_cushion,
    "cushioned": _cushioned, "upholstered": _upholstered, "waterfall": _waterfall, "saddle": _saddle,
    "slatted": _slatted,
}  # fmt: skip

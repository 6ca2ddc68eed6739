"""What stands on the floor without four legs: pedestals, stars on castors, sleds, cantilevers of bent tube."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chair_plan import SQUARE, Floats, Plan
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import (
    arc,
    bar,
    block,
    lathe,
    moved,
    rod,
    rounded_line,
    rounded_rectangle,
    tube,
    turned,
    upright,
)
from rrb.geometry.mesh import Mesh


def pedestal(design: Design, shape: np.random.Generator, plan: Plan, foot: float) -> str:
    """One column on a foot of this radius; says of what kind."""
    kind = pick(shape, {"trumpet": 1.2, "disc": 2.0, "square": 0.6, "drum": 0.25})
    top, neck = plan.mount, shape.uniform(0.02, 0.04)
    if kind == "trumpet":
        line = np.array(
            [
                (foot, 0.0),
                (foot, 0.008),
                (neck, 0.03),
                (neck, 0.4 * top),
                (1.2 * neck, top),
                (0.3 * foot + 0.05, top),
            ]
        )
        design.add("stand", lathe(np.concatenate([line[:1], arc(line[1:], 10)])))
        return kind
    if kind == "drum":
        waist = foot * shape.uniform(0.5, 0.95)
        wide = min(plan.width, plan.depth) / 2 * 0.85
        design.add("stand", lathe(arc(np.array([(foot, 0.0), (waist, top / 2), (wide, top)]), 8)))
        return kind
    thick = shape.uniform(0.01, 0.035)
    if kind == "disc":
        rim = np.array([(foot, 0.0), (foot, 0.5 * thick), (0.9 * foot, thick), (1.3 * neck, 1.6 * thick)])
        design.add("stand", lathe(rim))
        design.add("stand", rod((0, thick, 0), (0, top, 0), neck))
    else:
        design.add("stand", block((2 * foot, thick, 2 * foot), (0, thick / 2, 0)))
        design.add("stand", upright(np.array([(0, 0.5 * thick, 0), (0, top, 0)]), 2 * neck, SQUARE))
    size = 0.5 * min(plan.width, plan.depth)
    if kind == "square":
        design.add("stand", block((size, 0.016, size), (0, plan.mount - 0.008, 0)))
    else:
        design.add("stand", rod((0, plan.mount - 0.016, 0), (0, plan.mount, 0), 0.5 * size))
    return kind


def star(
    design: Design,
    shape: np.random.Generator,
    plan: Plan,
    reach: float,
    *,
    castors: bool,
    even: bool,
    arms: int = 5,
) -> None:
    """Arms around a column, on castors or gliders; `even`: all castors stand in the same way to their arm."""
    wheel = shape.uniform(0.022, 0.03) if castors else 0.0
    foot_y = 2 * wheel + 0.012 if castors else 0.02
    hub_y, hub = foot_y + shape.uniform(0.02, 0.06), shape.uniform(0.026, 0.036)
    wide, end = shape.uniform(0.04, 0.06), reach - (1.1 * wheel + 0.004 if castors else 0.015)
    rise = shape.uniform(0.0, 0.03)
    path = arc(np.array([(0, hub_y, 0), (0, hub_y + rise, -0.6 * end), (0, foot_y, -end)]), 5)
    sizes = np.linspace(1, 0.6, 5)
    arm = _tapered_bar(path, wide * sizes, 0.8 * wide * sizes)
    for i in range(arms):
        angle = 2 * np.pi * i / arms
        design.add("stand", turned(arm, 1, angle))
        if castors:
            swivel = 0.0 if even else shape.uniform(0, 2 * np.pi)
            pair = (turned(moved(p, (0, 0, -end)), 1, angle) for p in _castor(wheel, swivel))
            design.add("castor", *pair)
        else:
            design.add("castor", turned(rod((0, 0, -end), (0, foot_y, -end), 0.014, sections=10), 1, angle))
    _column(design, shape, plan, hub_y, hub, even=even)


def _column(
    design: Design, shape: np.random.Generator, plan: Plan, hub_y: float, hub: float, *, even: bool
) -> None:
    """A gas spring: a wide tube, a narrow one, what tilts the seat."""
    top = plan.mount
    middle = hub_y + (top - hub_y) * shape.uniform(0.4, 0.7)
    design.add(
        "column",
        lathe(
            np.array(
                [(1.25 * hub, hub_y - 0.03), (1.25 * hub, hub_y + 0.03), (hub, hub_y + 0.04), (hub, middle)]
            ),
            sections=16,
        ),
    )
    design.add("column", rod((0, middle - 0.005, 0), (0, top, 0), 0.55 * hub, sections=12))
    size = min(plan.width, plan.depth) * shape.uniform(0.35, 0.6)
    if even:
        size /= 2
        design.add("column", rod((0, plan.mount - 0.03, 0), (0, plan.mount, 0), size))
    else:
        design.add("column", block((size, 0.03, size), (0, plan.mount - 0.015, 0)))


def _castor(radius: float, swivel: float) -> list[Mesh]:
    """Two wheels and a stem above (0, 0, 0)."""
    half = 0.012
    wheels = [
        rod((x - half * 0.9, radius, 0), (x + half * 0.9, radius, 0), radius, sections=12)
        for x in (-half, half)
    ]
    return [
        *(turned(w, 1, swivel) for w in wheels),
        rod((0, radius, 0), (0, 2 * radius + 0.014, 0), 0.007, sections=8),
    ]


def _tapered_bar(path: Floats, widths: Floats, heights: Floats) -> Mesh:
    """A bar along -z whose sections are upright."""
    from rrb.data.procedural.parts import loft

    section = rounded_rectangle(1, 1, 0.2, 1)
    rings = np.repeat(path[:, None], len(section), axis=1)
    rings[:, :, 0] += section[:, 0] * widths[:, None]
    rings[:, :, 1] += section[:, 1] * heights[:, None]
    return loft(rings)


def sled(design: Design, shape: np.random.Generator, plan: Plan, behind: Floats | None) -> str:
    """A frame on each side that lies on the floor from front to back; says whether of tube or of flat bar.

    behind (K, 3): the line at +x on which the frame goes up to the back's top, None where it ends at the seat.
    """
    flat = whether(shape, 0.3)
    size = shape.uniform(0.02, 0.035) if flat else shape.uniform(0.016, 0.026)
    x, front, rear = plan.half(0) - 0.6 * size, -plan.depth / 2 * shape.uniform(0.75, 0.95), plan.depth / 2
    out = shape.uniform(0.0, 0.05)
    low, high = size / 2, plan.under - size / 2 + 0.3 * plan.thickness
    foot = [(x + out, low, rear * shape.uniform(0.9, 1.15)), (x + out, low, front - out)]
    line = [*foot, (x, high, front)]
    if behind is None:
        line = [(x, high, rear * 0.85), *line, (x, high, rear * 0.8)]
    else:
        line = [*behind[::-1], *line, (x, high, rear * 0.9)]
    _both(design, line, shape.uniform(0.03, 0.08), size, flat=flat)
    for y, z in ((high, front), (high, 0.75 * rear)):
        design.add("frame", rod((-x, y, z), (x, y, z), 0.45 * size, sections=10))
    if whether(shape, 0.4):
        z = foot[0][2] * 0.8
        design.add("frame", rod((-x - out, low, z), (x + out, low, z), 0.45 * size, sections=10))
    return "flat" if flat else "tube"


def cantilever(design: Design, shape: np.random.Generator, plan: Plan, behind: Floats | None) -> str:
    """A bent tube that carries the seat from the front alone; as for a sled."""
    flat = whether(shape, 0.25)
    size = shape.uniform(0.03, 0.045) if flat else shape.uniform(0.02, 0.028)
    x, front, rear = plan.half(0) + 0.3 * size, -plan.depth / 2, plan.depth / 2
    low, high = size / 2, plan.under - size / 2 + 0.3 * plan.thickness
    line = [(x, low, rear), (x, low, front - 0.01), (x, high, front + shape.uniform(0.0, 0.04))]
    line += [(x, high, rear * 0.8)] if behind is None else [tuple(behind[0]), *map(tuple, behind[1:])]
    _both(design, line, shape.uniform(0.06, 0.11), size, flat=flat)
    for y, z in ((low, rear), (high, 0.0)):
        design.add("frame", rod((-x - size / 4, y, z), (x + size / 4, y, z), 0.5 * size, sections=10))
    return "flat" if flat else "tube"


def _both(design: Design, line: list, radius: float, size: float, *, flat: bool) -> None:
    """The tube or flat bar along a line with round corners, on both sides."""
    path = rounded_line(np.array([np.asarray(p, float) for p in line]), radius)
    one = bar(path, size, 0.4 * size) if flat else tube(path, size / 2, 10)
    from rrb.data.procedural.parts import both_sides

    design.add("frame", *both_sides(one))

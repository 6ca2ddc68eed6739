"""Upholstered armchairs: a body on short feet, a loose cushion, thick arms, a thick back, ears sometimes."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chair_legs import drawn_legs
from rrb.data.procedural.chair_plan import Plan, Rest, patch
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import block, both_sides, cushion, lathe, rod, slab, turned


def add_club(design: Design, shape: np.random.Generator, plan: Plan) -> dict[str, str]:
    """All of it; the discrete choices. The plan's width lies between the arms."""
    thick = shape.uniform(0.07, 0.17)
    arms = pick(shape, {"block": 2.0, "rolled": 1.2, "sloped": 1.0, "none": 0.5})
    base = pick(shape, {"four_legs": 3.0, "plinth": 1.0, "pedestal": 0.5})
    wide = plan.width + (2 * thick if arms != "none" else 0.0)
    floor = shape.uniform(0.1, 0.2) if base != "plinth" else 0.03
    pad = shape.uniform(0.1, 0.16)
    deck = plan.height - pad
    soft = shape.uniform(0.05, 0.3)
    body = (wide - 0.01, deck - floor + 0.01, plan.depth + 0.06)
    design.add("body", cushion(body, (0, (deck + floor) / 2, 0.03), softness=soft * 0.5))
    gap = 0.005
    seat = (plan.width - 2 * gap, pad + 0.02, plan.depth * 0.98)
    design.add("cushion", cushion(seat, (0, plan.height - pad / 2, -0.01), softness=soft + 0.1, sections=7))
    if arms != "none":
        _arms(design, shape, plan, arms, thick, floor, soft)
    back = _back(design, shape, plan, wide, deck, soft)
    _feet(design, shape, plan, base, wide, floor)
    return {"base": base, "back": back, "arms": arms}


def _arms(
    design: Design, shape: np.random.Generator, plan: Plan, kind: str, thick: float, floor: float, soft: float
) -> None:
    height, depth = plan.height + shape.uniform(0.12, 0.24), plan.depth + 0.04
    x, low = plan.width / 2 + thick / 2, floor + 0.005
    if kind == "sloped":
        rear = height + shape.uniform(0.05, 0.16)
        outline = np.array([(low, -depth / 2), (height, -depth / 2), (rear, depth / 2), (low, depth / 2)])
        middle = np.array([outline[:, 0].mean(), 0.0])
        design.add("body", *both_sides(slab(outline - middle, thick, (x, middle[0], 0), axis=0)))
        return
    size = (thick, height - low, depth)
    design.add("body", *both_sides(cushion(size, (x, (height + low) / 2, 0), softness=soft)))
    if kind == "rolled":
        radius = thick * shape.uniform(0.55, 0.7)
        line = np.array([(0.8, 0.0), (1.0, 0.02), (1.0, depth - 0.02), (0.8, depth)]) * [radius, 1]
        roll = turned(lathe(line, sections=20), 0, np.pi / 2)
        at = np.array([x + 0.2 * radius, height - 0.3 * radius, -depth / 2 - 0.01])
        design.add("body", *both_sides(roll.with_vertices(roll.vertices + at)))


def _back(
    design: Design, shape: np.random.Generator, plan: Plan, wide: float, deck: float, soft: float
) -> str:
    height, thick = shape.uniform(0.4, 0.75), shape.uniform(0.1, 0.18)
    winged = height > 0.52 and whether(shape, 0.55)
    whole = whether(shape, 0.5) and not winged
    half = (wide if whole else plan.width + 0.02) / 2
    rest = Rest(
        half, deck, plan.depth / 2 + 0.02, height + plan.height - deck, shape.uniform(0.08, 0.3),
        shape.uniform(0.0, 0.04), flare=shape.uniform(-0.1, 0.05), crest=shape.uniform(0.0, 0.08),
    )  # fmt: skip
    power = float(shape.choice([5.0, 9.0, 18.0]))
    design.add("body", patch(rest, (-1, 1), (-0.1, 1), thick, net=(11, 11), power=power, pillow=0.4))
    if not winged and whether(shape, 0.4):
        low, high = 1 - height / rest.height, 0.95
        pad = patch(rest, (-0.85, 0.85), (low, high), 0.12, net=(8, 8), power=8, pillow=0.7, lift=thick / 2)
        design.add("cushion", pad)
    if winged:
        _wings(design, shape, rest, thick)
    return "wing" if winged else "upholstered"


def _wings(design: Design, shape: np.random.Generator, rest: Rest, thick: float) -> None:
    """Ears at both sides of the back's upper part."""
    reach = shape.uniform(0.16, 0.28)
    share = np.linspace(0.38, 0.97, 8)
    edge = rest(1.0, share)
    hump = np.sin(np.pi * np.linspace(0.12, 0.8, 8) ** 0.8)
    front = edge[:, 1:] - np.stack([np.zeros(8), reach * hump], 1)
    outline = np.concatenate([front, edge[::-1, 1:]])
    middle = outline.mean(0)
    x = edge[:, 0].mean() - 0.02
    design.add("body", *both_sides(slab(outline - middle, 0.6 * thick, (x, *middle), axis=0)))


def _feet(
    design: Design, shape: np.random.Generator, plan: Plan, base: str, wide: float, floor: float
) -> None:
    if base == "plinth":
        size = (0.92 * wide, floor + 0.02, 0.92 * plan.depth)
        design.add("leg", block(size, (0, (floor + 0.02) / 2, 0)))
        return
    if base == "pedestal":
        foot = 0.4 * plan.depth
        design.add("leg", lathe(np.array([(foot, 0.0), (foot, 0.012), (0.05, 0.04)])))
        design.add("leg", rod((0, 0.02, 0), (0, floor + 0.02, 0), 0.05))
        return
    legs = drawn_legs(
        shape, {"tapered": 2, "round": 2, "square": 1, "turned": 1, "cabriole": 0.6, "chubby": 0.5}
    )
    splay = shape.uniform(0.0, 0.05)
    for x_side in (-1, 1):
        for z_side in (-1, 1):
            top = np.array(
                [x_side * (wide / 2 - 0.06), floor + 0.02, z_side * (plan.depth / 2 - 0.05) + 0.02]
            )
            design.add("leg", *legs.leg(top, top * [1, 0, 1] + [x_side * splay, 0, z_side * splay]))

"""Stools and benches without a back, and which turns leave them as they are."""

from __future__ import annotations

from math import gcd

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chair_base import (
    add_stretchers,
    crossed,
    drawn_stretchers,
    four_legs,
    panels,
    ring_of_legs,
)
from rrb.data.procedural.chair_legs import drawn_legs
from rrb.data.procedural.chair_plan import Plan
from rrb.data.procedural.chair_seat import ROUND_SEATS, add_seat, fitted
from rrb.data.procedural.chair_stand import pedestal, sled, star
from rrb.data.procedural.chance import pick, whether
from rrb.geometry.turns import Turns

# Around the middle of the bounding box a stool of three or five legs is alike only if its seat reaches further.
RINGS = {"three_legs": 3, "ring_of_four": 4}


def add_stool(design: Design, shape: np.random.Generator) -> bool:
    """A seat on a base; whether it is of metal."""
    round_ = whether(shape, 0.6)
    if round_:
        seat = pick(shape, {"round": 2.0, "round_cushion": 1.0})
        base = pick(shape, {"three_legs": 2.0, "ring_of_four": 2.0, "pedestal": 1.5, "star": 1.2})
        high = whether(shape, 0.35)
        slim = 0.85 if high else 1.0
        width = depth = shape.uniform(0.3, 0.4) * slim + (0.06 if base == "star" else 0.0)
    else:
        seat = pick(
            shape, {"square": 2.0, "cushioned": 1.0, "upholstered": 0.6, "slatted": 0.5, "saddle": 0.4}
        )
        base = pick(shape, {"four_legs": 4.0, "crossed": 0.8, "sled": 0.6, "panels": 0.6})
        high = base in ("four_legs", "sled") and whether(shape, 0.3)
        slim = 0.85 if high else 1.0
        width, depth = shape.uniform(0.34, 0.48) * slim, shape.uniform(0.28, 0.42) * slim
        if whether(shape, 0.4):
            width = depth = shape.uniform(0.3, 0.42) * slim
        elif not high and whether(shape, 0.4):
            width += shape.uniform(0.1, 0.7)
    height = shape.uniform(0.6, 0.8) if high else shape.uniform(0.4, 0.5)
    plan = fitted(shape, Plan(width, depth, height, shape.uniform(0.022, 0.045)), seat)
    design.style |= {"base": base, "seat": seat, "back": "none", "arms": "none"}
    folds, thin = _base(design, shape, plan, base)
    add_seat(design, shape, plan, seat)
    square = width == depth and seat in ("square", "cushioned", "upholstered")
    design.turns = Turns(gcd(folds, 0 if seat in ROUND_SEATS else 4 if square else 2))
    return thin


def _base(design: Design, shape: np.random.Generator, plan: Plan, base: str) -> tuple[int, bool]:
    """The turns that leave the base as it is, and whether it is of metal."""
    if base in RINGS:
        leg = ring_of_legs(
            design, shape, plan, RINGS[base], within=base == "three_legs" or whether(shape, 0.5)
        )
        design.style["leg"] = leg
        return RINGS[base], leg == "tube"
    if base == "pedestal":
        kind = pedestal(design, shape, plan, shape.uniform(0.17, 0.24))
        design.style["leg"] = kind
        return 4 if kind == "square" else 0, True
    if base == "star":
        arms = int(shape.choice([4, 5, 5]))
        star(design, shape, plan, 0.49 * plan.width, castors=whether(shape, 0.8), even=True, arms=arms)
        return arms, True
    if base == "sled":
        design.style["leg"] = sled(design, shape, plan, None)
        return 1, True
    if base == "crossed":
        crossed(design, shape, plan, along=whether(shape, 0.5))
        return 2, False
    if base == "panels":
        panels(design, shape, plan)
        return 2, False
    legs = drawn_legs(shape)
    ends = four_legs(
        design, shape, plan, None, legs, apron=legs.size > 0.025 and whether(shape, 0.5), even=True
    )
    kind = drawn_stretchers(shape, legs)
    design.style |= {"leg": legs.kind, "stretchers": kind}
    folds = add_stretchers(design, kind, shape, plan, ends, legs)
    return folds, legs.kind in (
        "tube",
        "hairpin",
    )

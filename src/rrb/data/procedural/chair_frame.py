"""Chairs in a frame, most of what people sit on: a base, a seat, a back and arms that go together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chair_arms import Joints, add_arms
from rrb.data.procedural.chair_back import WITH_POSTS, add_back, add_posts, drawn_rest
from rrb.data.procedural.chair_base import (
    add_stretchers,
    crossed,
    drawn_stretchers,
    four_legs,
    panels,
    rockers,
)
from rrb.data.procedural.chair_legs import KINDS, Legs, drawn_legs
from rrb.data.procedural.chair_plan import Floats, Plan, Rest
from rrb.data.procedural.chair_seat import ROUND_SEATS, add_seat, fitted
from rrb.data.procedural.chair_stand import cantilever, pedestal, sled
from rrb.data.procedural.chance import pick, whether

BASES = {
    "dining": {"four_legs": 8.0, "sled": 0.8, "cantilever": 0.8, "crossed": 0.3, "panels": 0.15},
    "lounge": {"four_legs": 6.0, "sled": 1.0, "cantilever": 1.0, "rocker": 1.2, "panels": 0.2},
    "bar": {"four_legs": 5.0, "pedestal": 1.2, "sled": 0.8},
}
SEATS = {
    "square": 1.5, "trapezoid": 2.0, "round": 0.7, "round_cushion": 0.3, "cushioned": 2.0, "upholstered": 1.0,
    "waterfall": 1.0, "saddle": 1.2, "slatted": 0.6,
}  # fmt: skip
BACKS = {
    "ladder": 2.0, "slat": 2.0, "spindle": 1.3, "solid": 1.8, "frame": 1.4, "cross": 0.5, "band": 1.5, "pad": 1.3,
    "hoop": 0.7,
}  # fmt: skip
ARMS = {"none": 6.0, "posts": 2.0, "spindled": 0.5, "swept": 0.7, "loop": 0.4, "board": 0.4}


def add_framed(done: Design, shape: np.random.Generator) -> bool:
    """All of it; whether it is of metal."""
    sort = done.style["sort"]
    base, seat, back = pick(shape, BASES[sort]), pick(shape, SEATS), pick(shape, BACKS)
    if sort == "bar" and whether(shape, 0.5):
        back = "band"
    plan = drawn_plan(shape, sort, seat)
    if base in ("cantilever", "sled", "crossed") and back == "hoop":
        back = "band"
    thin = base in ("sled", "cantilever") or (base == "pedestal")
    legs = drawn_legs(
        shape, {"tube": 1.0} if base in ("sled", "cantilever", "crossed", "pedestal") else KINDS
    )
    thin = thin or legs.kind in ("tube", "hairpin")
    rest = _rest_of(shape, plan, legs, seat, back, sort)
    done.style |= {"base": base, "leg": legs.kind, "seat": seat, "back": back}
    corner = _stand_on(done, shape, plan, rest, legs)
    add_seat(done, shape, plan, seat)
    add_back(done, shape, rest, back)
    arms = _arms_for(shape, base, back, seat, sort)
    done.style["arms"] = arms
    if arms != "none":
        add_arms(done, shape, plan, arms, Joints(rest, legs, corner))
    return thin


def _rest_of(shape: np.random.Generator, plan: Plan, legs: Legs, seat: str, back: str, sort: str) -> Rest:
    height = shape.uniform(0.32, 0.62) if sort != "bar" else shape.uniform(0.16, 0.4)
    inset = 0.5 * max(legs.size, 0.02) + 0.004 + plan.cut
    half = plan.half(plan.depth / 2) - (inset if back != "pad" else 0.01)
    inside = back in ("pad", "hoop")
    rest = drawn_rest(shape, plan, half * (0.62 if seat in ROUND_SEATS else 1.0), height, inside=inside)
    if seat in ROUND_SEATS:  # the posts stand in the disc
        rest = replace(rest, foot_z=0.6 * plan.depth / 2)
    return rest


def _stand_on(done: Design, shape: np.random.Generator, plan: Plan, rest: Rest, legs: Legs) -> Floats | None:
    """The base and, where the back needs them, posts; the top of the right front leg if it may go on as a post."""
    base, back, seat = (done.style[name] for name in ("base", "back", "seat"))
    posts = back in WITH_POSTS
    up = rest(1.0, np.linspace(0, 1, 5)) if posts else None
    if base in ("four_legs", "rocker"):
        joined = (
            posts
            and seat not in ROUND_SEATS
            and legs.kind not in ("chubby", "cabriole", "hairpin")
            and whether(shape, 0.75)
        )
        done.style["posts"] = "hind legs" if joined else ("own" if posts else "none")
        inner = _inside(plan) if seat in ROUND_SEATS else plan
        apron = seat not in ROUND_SEATS and legs.size > 0.025 and whether(shape, 0.55)
        ends = four_legs(done, shape, inner, rest if joined else None, legs, apron=apron)
        kind = drawn_stretchers(shape, legs)
        if done.style["sort"] == "bar" and kind == "none":
            kind = "sides"
        done.style["stretchers"] = kind
        add_stretchers(done, kind, shape, plan, ends, legs)
        if base == "rocker":
            rockers(done, shape, ends)
        if posts and not joined:
            stakes = back in ("band", "solid") and whether(shape, 0.4)
            add_posts(done, rest, legs, shape.uniform(0.4, 0.8) if stakes else 1.0)
        straight = legs.kind in ("square", "tapered", "round", "tube")
        return ends[0][0] if straight and whether(shape, 0.6) else None
    if base in ("sled", "cantilever"):
        done.style["leg"] = (sled if base == "sled" else cantilever)(done, shape, plan, up)
        return None
    if base == "pedestal":
        done.style["leg"] = pedestal(done, shape, plan, shape.uniform(0.19, 0.24))
    elif base == "crossed":
        crossed(done, shape, plan, along=True)
    else:
        panels(done, shape, plan)
    if posts:
        add_posts(done, rest, legs)
    return None


def _inside(plan: Plan) -> Plan:
    """The square in a round seat."""
    return Plan(0.7 * plan.width, 0.7 * plan.depth, plan.height, plan.thickness)


def _arms_for(shape: np.random.Generator, base: str, back: str, seat: str, sort: str) -> str:
    if seat in ROUND_SEATS or sort == "bar":
        return "none"
    weights = dict(ARMS)
    if back in ("pad", "hoop"):
        weights |= {"posts": 0.0, "spindled": 0.0, "swept": 0.0}
    if sort == "lounge":
        weights["none"] = 1.5
    return pick(shape, weights)


def drawn_plan(shape: np.random.Generator, sort: str, seat: str) -> Plan:
    """Sizes of a seat of this kind on a chair of this sort."""
    width, depth = shape.uniform(0.38, 0.52), shape.uniform(0.38, 0.48)
    height, thickness = shape.uniform(0.42, 0.49), shape.uniform(0.018, 0.04)
    if sort == "lounge":
        width, depth, height = width + 0.12, depth + 0.1, height - 0.07
    if sort == "bar":
        width, depth, height = 0.85 * width, 0.85 * depth, shape.uniform(0.6, 0.8)
    if seat in ROUND_SEATS:
        depth = width
    taper = 1.0 if seat in (*ROUND_SEATS, "square", "slatted") else shape.uniform(0.78, 1.0)
    return fitted(shape, Plan(width, depth, height, thickness, taper), seat)

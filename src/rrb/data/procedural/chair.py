"""Chairs and stools: what sort of thing it is, and those that are neither framed, upholstered nor stools."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chair_arms import Joints, add_arms
from rrb.data.procedural.chair_back import drawn_rest, on_spine
from rrb.data.procedural.chair_base import add_stretchers, drawn_stretchers, four_legs, rockers
from rrb.data.procedural.chair_club import add_club
from rrb.data.procedural.chair_frame import add_framed, drawn_plan
from rrb.data.procedural.chair_legs import drawn_legs
from rrb.data.procedural.chair_looks import dress
from rrb.data.procedural.chair_plan import Plan
from rrb.data.procedural.chair_seat import add_seat
from rrb.data.procedural.chair_stand import pedestal, sled, star
from rrb.data.procedural.chair_stool import add_stool
from rrb.data.procedural.chair_tub import add_barrel, add_curved, add_shell
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import block

# A tenth is no chair in the strict sense; of the others most have four legs and a back.
SORTS = {
    "dining": 4.6,
    "office": 1.2,
    "lounge": 1.1,
    "club": 0.8,
    "shell": 1.0,
    "tub": 0.8,
    "bar": 0.7,
    "stool": 1.1,
}
BASES = {
    "tub": {"four_legs": 6.0, "pedestal": 1.0, "star": 0.7},
    "shell": {"four_legs": 4.0, "sled": 1.0, "pedestal": 1.2, "star": 1.2, "rocker": 0.3},
}


def design(shape: np.random.Generator, looks: np.random.Generator) -> Design:
    """One chair or stool."""
    done = Design()
    sort = pick(shape, SORTS)
    done.style["sort"] = sort
    others = {"office": _office, "club": _club, "shell": _shell, "tub": _tub, "stool": add_stool}
    thin = others.get(sort, add_framed)(done, shape)
    dress(done, looks, thin=thin)
    return done


def _office(done: Design, shape: np.random.Generator) -> bool:
    """On a column with castors."""
    seat = pick(shape, {"upholstered": 2.0, "waterfall": 0.7, "cushioned": 1.0})
    plan = drawn_plan(shape, "office", seat)
    rest = drawn_rest(
        shape, plan, plan.half(plan.depth / 2) * shape.uniform(0.8, 1.0), shape.uniform(0.35, 0.7)
    )
    arms = pick(shape, {"none": 1.0, "loop": 1.0, "stem": 1.5})
    star(done, shape, plan, shape.uniform(0.27, 0.34), castors=True, even=False)
    add_seat(done, shape, plan, seat)
    back = on_spine(done, shape, plan, rest)
    if arms != "none":
        add_arms(done, shape, plan, arms, Joints(rest, drawn_legs(shape)))
    done.style |= {"base": "star", "seat": seat, "back": back, "arms": arms}
    return True


def _club(done: Design, shape: np.random.Generator) -> bool:
    plan = Plan(shape.uniform(0.46, 0.62), shape.uniform(0.5, 0.62), shape.uniform(0.38, 0.47), 0.1)
    done.style |= {"seat": "upholstered", **add_club(done, shape, plan)}
    return False


def _shell(done: Design, shape: np.random.Generator) -> bool:
    """Seat and back in one sheet, on anything."""
    base, bucket = pick(shape, BASES["shell"]), whether(shape, 0.55)
    plan = Plan(shape.uniform(0.42, 0.56), shape.uniform(0.42, 0.5), shape.uniform(0.41, 0.47), 0.004)
    add_shell(done, shape, plan, shape.uniform(0.32, 0.5), bucket=bucket)
    done.style |= {"base": base, "seat": "shell", "back": "bucket" if bucket else "shell", "arms": "none"}
    return _small_stand(done, shape, plan, base)


def _tub(done: Design, shape: np.random.Generator) -> bool:
    """A back that runs around."""
    barrel = whether(shape, 0.35)
    seat = "round_cushion" if barrel else pick(shape, {"saddle": 1.0, "round": 1.0, "round_cushion": 0.6})
    plan = drawn_plan(shape, "tub", seat)
    if barrel:
        plan = Plan(plan.width + 0.08, plan.width + 0.08, plan.height, plan.thickness + 0.05)
    arms = whether(shape, 0.6)
    base = pick(shape, BASES["tub"])
    add_seat(done, shape, plan, seat)
    if barrel:
        add_barrel(done, shape, plan)
    else:
        add_curved(done, shape, plan, arms=arms)
    done.style |= {"base": base, "seat": seat, "back": "barrel" if barrel else "curved"}
    done.style["arms"] = "curved" if barrel or arms else "none"
    return _small_stand(done, shape, plan, base)


def _small_stand(done: Design, shape: np.random.Generator, plan: Plan, base: str) -> bool:
    """A base that holds the seat near its middle; whether it is of metal."""
    if base == "pedestal":
        done.style["leg"] = pedestal(done, shape, plan, shape.uniform(0.2, 0.27))
        return True
    if base == "star":
        castors = whether(shape, 0.6)
        star(
            done,
            shape,
            plan,
            shape.uniform(0.26, 0.32),
            castors=castors,
            even=False,
            arms=5 if castors else 4,
        )
        done.style["leg"] = "castors" if castors else "gliders"
        return True
    shell = done.style["seat"] == "shell"
    share = (0.75 if base == "sled" else 0.6) if shell else 0.75 if done.style["back"] == "barrel" else 0.66
    inner = Plan(share * plan.width, share * plan.depth, plan.height, plan.thickness)
    if shell:
        size = (0.6 * plan.width, 0.016, 0.6 * plan.depth)
        done.add("frame", block(size, (0, plan.height - 0.009, 0)))
    if base == "sled":
        done.style["leg"] = sled(done, shape, inner, None)
        return True
    legs = drawn_legs(
        shape, {"round": 3, "tapered": 1, "tube": 2, "turned": 0.7, "hairpin": 0.4, "sabre": 0.6}
    )
    ends = four_legs(done, shape, inner, None, legs, apron=False, splay=shape.uniform(0.02, 0.11))
    kind = drawn_stretchers(shape, legs)
    done.style |= {"leg": legs.kind, "stretchers": kind}
    add_stretchers(done, kind, shape, inner, ends, legs)
    if base == "rocker":
        rockers(done, shape, ends)
    return legs.kind in ("tube", "hairpin")

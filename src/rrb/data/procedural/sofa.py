"""Sofas by chance: from armchairs to four seats, round a corner, with a chaise, curved, tubs, of wood with loose
cushions, daybeds and ottomans.

The back is at +z, the sitter looks to -z, with the left hand at -x and the right hand at +x: so is "left" and
"right" in `style`.
"""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick
from rrb.data.procedural.parts import bar, block
from rrb.data.procedural.sofa_arms import add_arms
from rrb.data.procedural.sofa_backs import add_back, add_back_cushions
from rrb.data.procedural.sofa_draft import SofaDraft
from rrb.data.procedural.sofa_forms import (
    FEET,
    LOOSE,
    add_chaise,
    add_corner,
    add_curved,
    add_daybed,
    add_deep_chaise,
    add_ottoman,
    add_tub,
)  # fmt: skip
from rrb.data.procedural.sofa_looks import materials_for
from rrb.data.procedural.sofa_seats import add_body, add_feet, add_seat_cushions, throw_cushions
from rrb.data.shape import Turns

KINDS = {
    "sofa": 6.0, "chesterfield": 1.0, "frame": 1.5, "corner": 2.2, "chaise longue": 0.8, "deep chaise": 0.7,
    "daybed": 0.9, "ottoman": 0.8, "tub": 1.6, "curved": 0.9,
}  # fmt: skip
SEATS = {"1": 3.0, "2": 3.5, "3": 3.0, "4": 0.8}
ARMS = {
    "block": 3.0, "round": 2.0, "rolled": 1.5, "sloped": 1.2, "pillow": 1.0, "winged": 0.7, "flared": 1.0, "panel": 0.5,
    "open": 0.6,
}  # fmt: skip
BACKS = {"plain": 3.0, "rolled": 1.0, "camel": 1.2, "channels": 0.9, "buttons": 0.8, "heads": 0.6}


def design(shape: np.random.Generator, looks: np.random.Generator) -> Design:
    """A sofa; `style` names its kind, seats, arms, back and feet, and on which side what is on one side."""
    kind = pick(shape, KINDS)
    draft = _drafted(shape, kind)
    arms, back = pick(shape, ARMS), pick(shape, BACKS)
    simple = {
        "tub": add_tub,
        "curved": add_curved,
        "chaise longue": add_chaise,
        "daybed": add_daybed,
        "ottoman": add_ottoman,
    }
    if kind in simple:
        simple[kind](draft)
    elif kind == "corner":
        add_corner(
            draft,
            arms if arms not in ("winged", "open", "panel") else "block",
            back if back != "camel" else "plain",
        )
    elif kind == "deep chaise":
        add_deep_chaise(draft, arms if arms != "open" else "block", back)
    elif kind == "chesterfield":
        _chesterfield(draft)
    elif kind == "frame":
        _frame(draft)
    else:
        _sofa(draft, arms, back)
    draft.design.turns = Turns(draft.folds)
    draft.design.materials = materials_for(draft, looks)
    return draft.design


def _drafted(random: np.random.Generator, kind: str) -> SofaDraft:
    seats = int(pick(random, SEATS))
    if kind in ("corner", "curved"):
        seats = max(seats, 2 + int(random.integers(2)))
    if kind in ("deep chaise", "ottoman"):
        seats = 1
    if kind == "tub":
        seats = min(seats, 2)
    each = random.uniform(0.52, 0.72)
    inner = {"daybed": random.uniform(1.5, 2.0), "chaise longue": random.uniform(1.3, 1.7)}.get(
        kind, seats * each + 0.02
    )
    seat, pad, back = random.uniform(0.38, 0.47), random.uniform(0.1, 0.2), random.uniform(0.1, 0.22)
    low = random.random() < 0.2  # low and deep, as modern ones are
    draft = SofaDraft(
        random, kind, seats=seats, inner=float(inner), arm=float(random.uniform(0.09, 0.28)),
        depth=float(random.uniform(0.52, 0.62) + back + (0.15 if low else 0.0)), back=float(back),
        foot=float(random.uniform(0.02, 0.07) if low else random.uniform(0.05, 0.17)),
        seat=float(seat - (0.06 if low else 0.0)), pad=float(pad),
        arm_height=float(seat + random.uniform(0.08, 0.26)), top=float(seat + random.uniform(0.3, 0.55) - (0.1 if low else 0)),
        rake=float(random.uniform(0.0, 0.22)), round=float(random.uniform(0.01, 0.06)),
        softness=float(random.uniform(0.15, 0.6)),
    )  # fmt: skip
    draft.foot = min(draft.foot, draft.deck - 0.06)
    draft.arm_height = min(draft.arm_height, draft.top - 0.03)
    draft.design.style |= {"kind": kind, "seats": str(seats)}
    return draft


def _sofa(draft: SofaDraft, arms: str, back: str) -> None:
    if arms == "open":
        draft.arm = 0.05
    sides = draft.choose("side", {"both": 9.0, "none": 1.0, "left": 0.4, "right": 0.4})
    z = (0.0, draft.depth)
    add_body(draft, (-draft.half, draft.half), z)
    add_arms(draft, arms, sides, draft.between(-0.01, 0.06))
    past = (
        0.6 * draft.arm
        if draft.often(0.3) and arms in ("block", "round", "pillow") and sides == "both"
        else 0.0
    )
    add_back(draft, back, (-draft.half - past, draft.half + past))
    style = draft.choose("seat", {"boxed": 2.0, "soft": 1.5, "rolled edge": 1.0})
    count = 1 if draft.often(0.2) else draft.seats
    loose = LOOSE if back in ("plain", "rolled", "heads") else {"none": 1.0}
    backs = 1 if draft.often(0.1) else draft.seats
    forward = add_back_cushions(draft, (-draft.half, draft.half), backs, draft.choose("back cushions", loose))
    add_seat_cushions(
        draft,
        (-draft.half, draft.half),
        (-draft.between(0.005, 0.03), draft.behind(draft.seat) - 0.01),
        count,
        style,
    )
    wide = (
        draft.outer
        if sides == "both" and arms not in ("open", "flared", "rolled", "winged", "panel")
        else draft.half
    )
    add_feet(draft, (-wide, wide), z, draft.choose("feet", FEET | {"skirt": 1.0}))
    throw_cushions(draft, (-draft.half, draft.half), forward)


def _chesterfield(draft: SofaDraft) -> None:
    """Rolled arms as high as the rolled back, buttons all over."""
    draft.arm, draft.rake, draft.back = draft.between(0.16, 0.22), draft.between(0.0, 0.1), 0.16
    draft.top = draft.seat + draft.between(0.24, 0.36)
    draft.arm_height = draft.top
    add_body(draft, (-draft.half, draft.half), (0.0, draft.depth))
    add_arms(draft, "rolled", "both")
    add_back(draft, "buttons", (-draft.half - 0.05, draft.half + 0.05))
    add_back(draft, "rolled", (-draft.outer + 0.02, draft.outer - 0.02))
    style = draft.choose("seat", {"boxed": 1.0, "rolled edge": 1.0})
    add_seat_cushions(
        draft, (-draft.half, draft.half), (-0.01, draft.behind(draft.seat) - 0.01), draft.seats, style
    )
    add_feet(
        draft,
        (-draft.outer, draft.outer),
        (0.0, draft.depth),
        draft.choose("feet", {"bun": 2.0, "tapered": 1.0, "block": 1.0}),
    )


def _frame(draft: SofaDraft) -> None:
    """Of wood, with loose cushions for seat and back."""
    draft.arm, draft.rake = 0.05, draft.between(0.12, 0.28)
    draft.foot = 0.0
    style = draft.choose("frame", {"slats": 1.5, "rails": 1.0, "panel": 1.0})
    add_arms(
        draft, "open" if style != "panel" else draft.choose("arms", {"panel": 1.0, "open": 1.0}), "both", 0.0
    )
    x, t = draft.half + 0.03, 0.04
    draft.add(
        "frame", block([2 * x, 0.05, draft.depth - 0.1], [0, draft.deck - 0.02, draft.depth / 2]), folds=1
    )
    high = draft.top - draft.between(0.0, 0.12)
    ys = (draft.deck, high)
    ends = [(y, draft.behind(y) + t) for y in ys]
    for s in (-1.0, 1.0):
        line = np.array([(s * (x - 0.01), y, z) for y, z in ends])
        draft.add("frame", bar(line, t, t), folds=1)
    draft.add(
        "frame", block([2 * x, 0.06, t], [0, high - 0.03, draft.behind(high) + t], draft.leaning), folds=1
    )
    if style == "slats":
        for at in np.linspace(-x, x, max(5, int(2 * x / 0.12)) + 2)[1:-1]:
            draft.add("frame", bar(np.array([(at, y, z) for y, z in ends]), 0.035, 0.016), folds=1)
    elif style == "rails":
        for y in np.linspace(draft.deck, high, draft.whole(3, 5))[1:-1]:
            draft.add(
                "frame", block([2 * x, 0.04, 0.02], [0, y, draft.behind(y) + t], draft.leaning), folds=1
            )
    else:
        size = [2 * x, high - draft.deck, 0.02]
        draft.add(
            "frame", block(size, [0, sum(ys) / 2, draft.behind(sum(ys) / 2) + t], draft.leaning), folds=1
        )
    soft = draft.choose("seat", {"boxed": 1.5, "soft": 1.0})
    add_seat_cushions(
        draft, (-draft.half, draft.half), (0.0, draft.behind(draft.seat) - 0.01), draft.seats, soft
    )
    draft.back = t
    forward = add_back_cushions(
        draft,
        (-draft.half, draft.half),
        draft.seats,
        draft.choose("back cushions", {"boxed": 1.0, "soft": 1.0}),
    )
    throw_cushions(draft, (-draft.half, draft.half), forward)

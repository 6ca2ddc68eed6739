"""Sofas that go round a corner: a wing towards -z at the sitter's left (-x) or right (+x)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rrb.data.procedural.parts import Floats, cushion, mirrored, turn
from rrb.data.procedural.sofa_arms import LAP, add_arms
from rrb.data.procedural.sofa_draft import SofaDraft, Span
from rrb.data.procedural.sofa_seats import FEET, add_body, add_feet, add_seat_cushions, throw_cushions
from rrb.data.procedural.sofa_straight import ARMS, BACKS, add_whole_back

SOFT_ARMS = {name: weight for name, weight in ARMS.items() if name not in ("winged", "open", "panel")}
EVEN_BACKS = {name: weight for name, weight in BACKS.items() if name != "camel"}


def add_corner(draft: SofaDraft) -> None:
    """A wing with a back of its own, or one to lie on; an arm at the other end."""
    side = draft.choose("side", {"left": 1.0, "right": 1.0})
    wing = draft.choose("wing", {"seat": 1.0, "chaise": 1.2})
    sign, other = (1.0, "left") if side == "right" else (-1.0, "right")
    rear = draft.behind(draft.seat) - 0.02
    wide = draft.between(0.6, 0.85) if wing == "chaise" else rear
    reach = -draft.between(0.5, 0.9) if wing == "chaise" else -draft.between(0.55, 1.4)
    end = _ordered(sign * draft.half, sign * (draft.half - wide))
    rest = _ordered(sign * (draft.half - wide), -sign * draft.half)
    add_body(draft, draft.across, (0.0, draft.depth))
    add_body(draft, end, (reach, 0.05))
    arms = draft.choose("arms", SOFT_ARMS)
    add_arms(draft, arms, "both" if wing == "chaise" and draft.often(0.5) else other)
    forward = add_whole_back(draft, 0.0, draft.seats, EVEN_BACKS)
    seat = add_seat_cushions(draft, rest, (-0.01, rear), max(1, draft.seats - 1))
    edges = np.linspace(reach - 0.005, rear, (max(1, round(-reach / 0.7)) if wing == "seat" else 1) + 1)
    for low, high in pairwise(edges):
        add_seat_cushions(draft, end, (low, high - 0.005), 1, seat)
    if wing == "seat":
        _add_side_back(draft, sign, reach, wide, edges[:-1] if len(edges) > 2 else edges, forward)
    feet = draft.choose("feet", FEET)
    add_feet(draft, draft.across, (0.0, draft.depth), feet)
    add_feet(draft, end, (reach, 0.1), feet)
    throw_cushions(draft, rest, forward)


def _ordered(one: float, other: float) -> Span:
    return min(one, other), max(one, other)


def _add_side_back(
    draft: SofaDraft, sign: float, reach: float, wide: float, edges: Floats, cushions: float
) -> None:
    """The wing's own back along the side `sign`, its cushions, so thick, and sometimes an arm at its front end."""
    outer = draft.half + draft.back
    back = draft.pad_block([draft.half - LAP, draft.foot, reach], [outer, draft.top, draft.depth + 0.02])
    pieces = [("body", back)]
    if draft.often(0.5):
        low, high = [draft.half - wide, draft.foot, reach - 0.16], [outer, draft.arm_height, reach + LAP]
        pieces.append(("body", draft.pad_block(low, high)))
    tall = 0.95 * (draft.top - draft.seat)
    for low_z, high_z in pairwise(edges) if cushions else ():
        at = [draft.half - 0.35 * cushions, draft.seat + tall / 2 - 0.02, (low_z + high_z) / 2]
        size = [cushions, tall, high_z - low_z - 0.006]
        pieces.append(("cushion", cushion(size, at, turn(2, -0.1), softness=draft.softness)))
    for kind, piece in pieces:
        draft.add(kind, piece if sign > 0 else mirrored(piece), folds=1)

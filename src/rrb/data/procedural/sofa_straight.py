"""Sofas with a seat between two arms, from armchairs to four seats; chesterfields; seats drawn out to lie on."""

from __future__ import annotations

from collections.abc import Mapping

from rrb.data.procedural.sofa_arms import add_arms
from rrb.data.procedural.sofa_backs import add_back, add_back_cushions
from rrb.data.procedural.sofa_draft import SofaDraft
from rrb.data.procedural.sofa_seats import FEET, add_body, add_feet, add_seat_cushions, throw_cushions

ARMS = {
    "block": 3.0, "round": 2.0, "rolled": 1.5, "sloped": 1.2, "pillow": 1.0, "winged": 0.7, "flared": 1.0, "panel": 0.5,
    "open": 0.6,
}  # fmt: skip
BACKS = {"plain": 3.0, "rolled": 1.0, "camel": 1.2, "channels": 0.9, "buttons": 0.8, "heads": 0.6}
LOOSE = {"none": 1.0, "boxed": 1.5, "soft": 2.5}  # cushions along a plain back


def add_sofa(draft: SofaDraft) -> None:
    """A seat between two arms; seldom with one or none."""
    arms = draft.choose("arms", ARMS)
    draft.arm = 0.05 if arms == "open" else draft.arm
    sides = draft.choose("side", {"both": 9.0, "none": 1.0, "left": 0.4, "right": 0.4})
    add_body(draft, draft.across, (0.0, draft.depth))
    add_arms(draft, arms, sides, draft.between(-0.01, 0.06))
    straight = arms in ("block", "round", "pillow") and sides == "both"
    past = 0.6 * draft.arm if straight and draft.often(0.3) else 0.0
    forward = add_whole_back(draft, past, 1 if draft.often(0.1) else draft.seats)
    front = -draft.between(0.005, 0.03)
    add_seat_cushions(draft, draft.across, (front, draft.behind(draft.seat) - 0.01), _seat_count(draft))
    wide = draft.outer if arms in ("block", "sloped", "pillow") and sides == "both" else draft.half
    add_feet(draft, (-wide, wide), (0.0, draft.depth), draft.choose("feet", FEET | {"skirt": 1.0}))
    throw_cushions(draft, draft.across, forward)


def _seat_count(draft: SofaDraft) -> int:
    return 1 if draft.often(0.2) else draft.seats


def add_whole_back(draft: SofaDraft, past: float, count: int, backs: Mapping[str, float] = BACKS) -> float:
    """A back that goes `past` the seat at both sides, with loose cushions where it is plain: says how thick."""
    back = draft.choose("back", backs)
    add_back(draft, back, (-draft.half - past, draft.half + past))
    loose = LOOSE if back in ("plain", "rolled", "heads") else {"none": 1.0}
    return add_back_cushions(draft, draft.across, count, draft.choose("back cushions", loose))


def add_chesterfield(draft: SofaDraft) -> None:
    """Rolled arms as high as the rolled back, buttons all over."""
    draft.arm, draft.rake, draft.back = draft.between(0.16, 0.22), draft.between(0.0, 0.1), 0.16
    draft.top = draft.arm_height = draft.seat + draft.between(0.24, 0.36)
    draft.design.style |= {"arms": "rolled", "back": "buttons"}
    add_body(draft, draft.across, (0.0, draft.depth))
    add_arms(draft, "rolled", "both")
    add_back(draft, "buttons", (-draft.half - 0.05, draft.half + 0.05))
    add_back(draft, "rolled", (-draft.outer + 0.02, draft.outer - 0.02))
    add_seat_cushions(draft, draft.across, (-0.01, draft.behind(draft.seat) - 0.01), draft.seats)
    feet = draft.choose("feet", {"bun": 2.0, "tapered": 1.0, "block": 1.0})
    add_feet(draft, (-draft.outer, draft.outer), (0.0, draft.depth), feet)


def add_deep_chaise(draft: SofaDraft) -> None:
    """A chaise longue that reaches out to the front, its back at +z, with an arm or none."""
    reach = -draft.between(0.6, 0.95)
    add_body(draft, draft.across, (reach, draft.depth))
    arms = draft.choose("arms", {name: weight for name, weight in ARMS.items() if name != "open"})
    sides = draft.choose("side", {"left": 1.0, "right": 1.0, "none": 1.0})
    add_arms(draft, arms, sides, front=draft.between(-0.1, 0.15))
    forward = add_whole_back(draft, 0.0, 1)
    add_seat_cushions(draft, draft.across, (reach - 0.01, draft.behind(draft.seat) - 0.02), 1)
    add_feet(draft, draft.across, (reach, draft.depth), draft.choose("feet", FEET))
    throw_cushions(draft, draft.across, forward)

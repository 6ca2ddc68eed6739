"""Sofas of wood with loose cushions, and the arms that they share with others."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.parts import bar, block
from rrb.data.procedural.sofa_arms import add_arms
from rrb.data.procedural.sofa_backs import add_back_cushions
from rrb.data.procedural.sofa_draft import SofaDraft
from rrb.data.procedural.sofa_seats import add_seat_cushions, throw_cushions
from rrb.geometry.mesh import Mesh


def add_frame(draft: SofaDraft) -> None:
    """A frame of wood, with loose cushions for seat and back."""
    draft.arm, draft.rake, draft.foot = 0.05, draft.between(0.12, 0.28), 0.0
    style = draft.choose("frame", {"slats": 1.5, "rails": 1.0, "panel": 1.0})
    add_arms(draft, draft.choose("arms", {"open": 1.0, "panel": 1.0 if style == "panel" else 0.0}), "both")
    deck = block([2 * draft.half + 0.06, 0.05, draft.depth - 0.1], [0, draft.deck - 0.02, draft.depth / 2])
    draft.add("frame", deck, *_wooden_back(draft, style, draft.top - draft.between(0.0, 0.12)), folds=1)
    add_seat_cushions(draft, draft.across, (0.0, draft.behind(draft.seat) - 0.01), draft.seats)
    loose = draft.choose("back cushions", {"boxed": 1.0, "soft": 1.0})
    forward = add_back_cushions(draft, draft.across, draft.seats, loose)
    throw_cushions(draft, draft.across, forward)


def _wooden_back(draft: SofaDraft, style: str, high: float) -> list[Mesh]:
    """Two posts and a rail on top, up to `high`; between them slats, rails or a panel."""
    x, t = draft.half + 0.03, 0.04
    at = [(y, draft.behind(y) + t) for y in (draft.deck, high)]

    def level(y: float, tall: float, deep: float) -> Mesh:
        return block([2 * x, tall, deep], [0, y, draft.behind(y) + t], draft.leaning)

    def upright(where: float, wide: float, deep: float) -> Mesh:
        return bar(np.array([(where, y, z) for y, z in at]), wide, deep)

    pieces = [upright(x - 0.01, t, t), upright(0.01 - x, t, t), level(high - 0.02, 0.06, t)]
    if style == "slats":
        places = np.linspace(-x, x, max(5, int(2 * x / 0.12)) + 2)[1:-1]
        return pieces + [upright(where, 0.035, 0.016) for where in places]
    if style == "rails":
        return pieces + [level(y, 0.04, 0.02) for y in np.linspace(draft.deck, high, draft.whole(3, 5))[1:-1]]
    return [*pieces, level((draft.deck + high) / 2, high - draft.deck, 0.02)]

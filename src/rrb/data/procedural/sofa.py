"""Sofas by chance: from armchairs to four seats, round a corner, with a chaise, curved, tubs, of wood with loose
cushions, daybeds and ottomans.

The back is at +z, the sitter looks to -z, with the left hand at -x and the right hand at +x: so is "left" and
"right" in `style`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick
from rrb.data.procedural.sofa_bends import add_curved, add_tub
from rrb.data.procedural.sofa_corner import add_corner
from rrb.data.procedural.sofa_draft import SofaDraft
from rrb.data.procedural.sofa_looks import materials_for
from rrb.data.procedural.sofa_lying import add_chaise, add_daybed, add_ottoman
from rrb.data.procedural.sofa_straight import add_chesterfield, add_deep_chaise, add_sofa
from rrb.data.procedural.sofa_wood import add_frame
from rrb.geometry.turns import Turns

FORMS: dict[str, tuple[float, Callable[[SofaDraft], None]]] = {
    "sofa": (6.0, add_sofa),
    "chesterfield": (1.0, add_chesterfield),
    "frame": (1.5, add_frame),
    "corner": (2.2, add_corner),
    "chaise longue": (0.8, add_chaise),
    "deep chaise": (0.7, add_deep_chaise),
    "daybed": (0.9, add_daybed),
    "ottoman": (0.8, add_ottoman),
    "tub": (1.6, add_tub),
    "curved": (0.9, add_curved),
}
SEATS = {"1": 3.0, "2": 3.5, "3": 3.0, "4": 0.8}
COUNTED = (
    "sofa",
    "chesterfield",
    "frame",
    "corner",
    "tub",
    "curved",
)  # forms of which one says how many they seat


def design(shape: np.random.Generator, looks: np.random.Generator) -> Design:
    """A sofa; `style` names its kind, seats, arms, back and feet, and on which side what is on one side."""
    kind = pick(shape, {name: weight for name, (weight, _) in FORMS.items()})
    draft = _drafted(shape, kind)
    FORMS[kind][1](draft)
    draft.design.turns = Turns(draft.folds)
    draft.design.materials = materials_for(draft, looks)
    return draft.design


def _drafted(random: np.random.Generator, kind: str) -> SofaDraft:
    """The measures, drawn about those of real ones."""

    def between(low: float, high: float) -> float:
        return float(random.uniform(low, high))

    seats = _seats(random, kind)
    length = {"daybed": between(1.5, 2.0), "chaise longue": between(1.3, 1.7)}
    back, seat, low = between(0.1, 0.22), between(0.38, 0.47), random.random() < 0.2
    draft = SofaDraft(
        random,
        kind,
        seats=seats,
        inner=length.get(kind, seats * between(0.52, 0.72) + 0.02),
        arm=between(0.09, 0.28),
        depth=between(0.52, 0.62) + back,
        back=back,
        foot=between(0.05, 0.17),
        seat=seat,
        pad=between(0.1, 0.2),
        arm_height=seat + between(0.08, 0.26),
        top=seat + between(0.3, 0.55),
        rake=between(0.0, 0.22),
        round=between(0.01, 0.06),
        softness=between(0.15, 0.6),
    )
    if low:  # and deep, as modern ones are
        draft.seat, draft.depth, draft.top = draft.seat - 0.06, draft.depth + 0.15, draft.top - 0.1
        draft.foot = between(0.02, 0.07)
    draft.foot = min(draft.foot, draft.deck - 0.06)
    draft.arm_height = min(draft.arm_height, draft.top - 0.03)
    draft.design.style["kind"] = kind
    if kind in COUNTED:
        draft.design.style["seats"] = str(seats)
    return draft


def _seats(random: np.random.Generator, kind: str) -> int:
    seats = int(pick(random, SEATS))
    if kind in ("corner", "curved"):
        return max(seats, int(random.integers(2, 4)))
    if kind in ("deep chaise", "ottoman"):
        return 1
    return min(seats, 2) if kind == "tub" else seats

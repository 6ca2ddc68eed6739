"""Tables by chance: for dining, coffee, the sofa's side, the wall and the bar; desks and night stands with drawers;
picnic tables with their benches; tables whose leaves drop.

x is the long side. What has a front opens towards -z: a desk's drawers do, its sitter is at -z and looks to +z;
a console's flat side stands at the wall at +z.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick
from rrb.data.procedural.table_chests import add_night_stand
from rrb.data.procedural.table_desks import add_desk
from rrb.data.procedural.table_draft import TableDraft
from rrb.data.procedural.table_ends import (
    add_box,
    add_double,
    add_panels,
    add_sled,
    add_tee,
    add_trestle,
    add_waterfall,
)  # fmt: skip
from rrb.data.procedural.table_feet import add_cross, add_pedestal, add_star, add_tulip
from rrb.data.procedural.table_legs import add_legs, add_spider
from rrb.data.procedural.table_looks import materials_for
from rrb.data.procedural.table_special import add_drop_leaf, add_picnic
from rrb.data.procedural.table_tops import add_top
from rrb.geometry.turns import Turns

# Weight, then from and to in metres: the long side, the height, and the short side as a share of the long one.
KINDS = {
    "dining": (5.0, (1.1, 2.3), (0.71, 0.78), (0.42, 0.7)),
    "coffee": (4.0, (0.7, 1.4), (0.30, 0.50), (0.42, 0.75)),
    "side": (2.0, (0.36, 0.7), (0.42, 0.72), (0.6, 0.95)),
    "console": (1.2, (0.8, 1.6), (0.70, 0.92), (0.22, 0.4)),
    "bar": (0.8, (0.7, 1.5), (0.92, 1.10), (0.4, 0.7)),
    "desk": (3.5, (0.95, 1.8), (0.70, 0.78), (0.4, 0.55)),
    "night stand": (1.0, (0.36, 0.6), (0.42, 0.75), (0.75, 0.95)),
    "picnic": (0.8, (1.2, 2.2), (0.70, 0.78), (0.38, 0.5)),
    "drop-leaf": (0.9, (0.9, 1.5), (0.71, 0.78), (0.6, 0.8)),
}
BASES: dict[str, Callable[[TableDraft], None]] = {
    "legs": add_legs, "spider": add_spider, "pedestal": add_pedestal, "tulip": add_tulip, "star": add_star,
    "cross": add_cross, "double": add_double, "trestle": add_trestle, "sled": add_sled, "panels": add_panels,
    "box": add_box, "tee": add_tee, "waterfall": add_waterfall,
}  # fmt: skip
LONG = {"rectangle": 5.0, "rounded": 1.5, "oval": 1.0, "boat": 0.7, "cut": 0.6, "live": 0.5}
EVEN = {"round": 3.0, "square": 2.0, "octagon": 0.4}


def design(shape: np.random.Generator, looks: np.random.Generator) -> Design:
    """A table; `style` names its kind, its outline, top and base, and what those chose in their turn."""
    draft = _drafted(shape)
    if draft.kind == "picnic":
        add_picnic(draft)
    elif draft.kind == "drop-leaf":
        add_drop_leaf(draft)
    elif draft.kind == "night stand":
        add_night_stand(draft)
    elif draft.kind == "desk" and draft.often(0.75):
        add_desk(draft)
    else:
        add_top(draft)
        base = draft.choose("base", _bases(draft))
        BASES[base](draft)
    draft.design.turns = Turns(draft.folds)
    draft.design.materials = materials_for(draft, looks)
    return draft.design


def _drafted(random: np.random.Generator) -> TableDraft:
    kind = pick(random, {name: row[0] for name, row in KINDS.items()})
    _, width, height, share = KINDS[kind]
    outline = pick(random, _outlines(kind))
    long, tall = random.uniform(*width), random.uniform(*height)
    deep = long * random.uniform(*share)
    if outline in EVEN:  # neither as long as a long one nor as narrow
        long = deep = min(float(np.sqrt(long * deep)) * random.uniform(0.9, 1.2), 1.5)
    thickness = random.uniform(0.012, 0.045) if random.random() < 0.8 else random.uniform(0.045, 0.09)
    draft = TableDraft(
        random, kind, outline, float(long), float(deep), float(tall), min(float(thickness), 0.15 * tall)
    )
    draft.design.style |= {"kind": kind, "outline": outline}
    return draft


def _outlines(kind: str) -> dict[str, float]:
    if kind in ("desk", "night stand", "picnic"):
        return {"rectangle": 1.0}
    if kind == "drop-leaf":
        return {"rectangle": 1.0, "oval": 1.0}
    if kind == "console":
        return {"rectangle": 4.0, "half": 1.0, "rounded": 0.5}
    return LONG | EVEN


def _bases(draft: TableDraft) -> dict[str, float]:
    """How often each base stands under a top like this one."""
    even = draft.outline in EVEN
    weights = {"legs": 10.0, "cross": 0.6}
    if even:
        weights |= {"pedestal": 4.0, "tulip": 1.5, "star": 2.0}
    if draft.outline in ("oval", "boat", "rounded"):
        weights |= {"tulip": 0.8, "double": 1.5}
    if draft.outline == "half":
        return {"legs": 1.0}
    if not even:
        weights |= {
            "trestle": 1.8,
            "sled": 2.0,
            "panels": 1.5,
            "waterfall": 0.5,
            "double": 1.0,
            "spider": 0.6,
        }
    if draft.outline in ("rectangle", "square"):
        weights |= {"panels": 1.5, "waterfall": 0.7, "sled": 2.0}
        weights |= {"box": 2.0} if draft.kind in ("coffee", "side") else {}
    if draft.kind == "desk":
        return {"legs": 3.0, "tee": 2.0, "sled": 1.0, "trestle": 1.0, "panels": 1.0}
    if draft.design.style.get("top") == "glass":
        weights |= {"spider": 3.0}
    return weights

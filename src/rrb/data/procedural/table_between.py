"""What runs between a table's legs: aprons, stretchers, shelves."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.furniture import SIDES, around, at_both_ends, hoop, plate
from rrb.data.procedural.parts import block, ellipse, rod, turn
from rrb.data.procedural.table_draft import ROUND, Stand, TableDraft


def add_apron(draft: TableDraft, stand: Stand, share: float) -> bool:
    """Boards below the top from leg to leg, or a band where it is round."""
    if not draft.often(share) or draft.outline in ("half", "live"):
        return False
    height, thickness = draft.between(0.05, 0.13) * min(1, draft.height / 0.6), draft.between(0.016, 0.024)
    low, (x, z) = draft.under - height, stand.at(draft.under)
    if draft.outline in ROUND:
        reach = np.hypot(x / draft.width, z / draft.depth) * 2
        band = hoop(reach * ellipse(draft.width, draft.depth, SIDES), (low, draft.held), thickness)
        draft.add("apron", band, folds=0 if draft.outline == "round" else 2)
        return True
    middle, tall = (low + draft.held) / 2, draft.held - low
    long = block([2 * x, tall, thickness], [0, middle, z])
    short = block([thickness, tall, 2 * z], [x, middle, 0])
    draft.add("apron", *at_both_ends(long, short), folds=stand.folds)
    return True


def add_stretchers(draft: TableDraft, stand: Stand, share: float) -> None:
    """Bars from leg to leg near the floor."""
    kinds = {"Y": 1.0} if stand.count == 3 else {"H": 2.0, "box": 1.5, "X": 1.0, "sides": 1.0}
    if not draft.often(share):
        draft.design.style["stretcher"] = "none"
        return
    style = draft.choose("stretcher", kinds)
    y = draft.between(0.08, 0.35) * draft.height
    x, z = stand.at(y)
    thick, tall = draft.between(0.3, 0.6) * stand.thickness, draft.between(0.4, 0.9) * stand.thickness
    if style == "Y":
        draft.add("stretcher", *around(block([thick, tall, z], [0, y, z / 2]), 3), folds=3)
        return
    if style == "X":
        angle = np.arctan2(x, z)
        length = 2 * np.hypot(x, z)
        bars = [block([thick, tall, length], [0, y, 0], turn(1, a)) for a in (angle, -angle)]
        draft.add("stretcher", *bars, folds=stand.folds)
        return
    side = at_both_ends(block([thick, tall, 2 * z], [x, y, 0]))
    if style == "H":
        side.append(block([2 * x, tall, thick], [0, y, 0]))
    if style == "box":
        side += at_both_ends(block([2 * x, tall, thick], [0, y, z]))
    draft.add("stretcher", *side, folds=stand.folds if style == "box" else 2)


def add_shelf(draft: TableDraft, stand: Stand, share: float) -> None:
    """A board, slats or rods between the legs, below the top."""
    if not draft.often(share):
        draft.design.style["shelf"] = "none"
        return
    y = draft.between(0.22, 0.45) * draft.height
    x, z = stand.at(y)
    thickness = draft.between(0.014, 0.03)
    if draft.outline in (*ROUND, "octagon"):
        draft.design.style["shelf"] = "board"
        size = (z, z) if stand.count == 3 else (2**0.5 * x, 2**0.5 * z)
        board = plate(ellipse(2 * size[0], 2 * size[1], SIDES), y, y + thickness)
        draft.add("shelf", board, folds=2 if draft.outline == "oval" else 0)
        return
    style = draft.choose("shelf", {"board": 2.0, "slats": 1.0, "rods": 0.7})
    if style == "board":
        draft.add("shelf", block([2 * x, thickness, 2 * z], [0, y, 0]), folds=stand.folds)
        return
    count = draft.whole(4, 8) if style == "slats" else draft.whole(8, 16)
    at = ((np.arange(count) + 0.5) / count - 0.5) * 2 * z
    rails = at_both_ends(block([0.022, 0.022, 2 * z], [x, y, 0]))
    if style == "rods":
        rails += at_both_ends(block([2 * x, 0.022, 0.022], [0, y, z]))
        between = [rod([-x, y, k], [x, y, k], 0.004, sections=6) for k in at]
    else:
        between = [block([2 * x, 0.014, 1.4 * z / count], [0, y, k]) for k in at]
    draft.add("shelf", *rails, *between, folds=2)

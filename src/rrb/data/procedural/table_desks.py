"""Desks: on chests, on legs with drawers in the apron, round a corner. The sitter is at -z and looks to +z."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.furniture import above_floor, at_both_ends, plate, post
from rrb.data.procedural.parts import Floats, block, rod
from rrb.data.procedural.table_chests import WALL, add_chest, add_drawers
from rrb.data.procedural.table_draft import TableDraft
from rrb.data.procedural.table_tops import add_top
from rrb.geometry.mesh import Mesh


def add_desk(draft: TableDraft) -> None:
    """A top on one or two chests, or on legs with drawers in the apron; a board behind the knees, shelves above."""
    style = draft.choose("drawers", {"left": 2.0, "right": 2.0, "both": 2.0, "apron": 1.5, "corner": 1.2})
    if style == "corner":
        _corner_desk(draft)
        return
    add_top(draft)
    draft.design.style["base"] = "legs" if style == "apron" else "chests"
    if style == "apron":
        _apron_drawers(draft)
    else:
        _on_chests(draft, style)
    if draft.often(0.3):
        _hutch(draft)


def _on_chests(draft: TableDraft, style: str) -> None:
    """A chest on the sitter's left (+x, since the sitter looks to +z), right or both, down to the floor or hung."""
    room = draft.width / 2 - draft.margin - 0.01
    wide = draft.between(0.28, 0.4) * min(1.0, draft.width / 1.25)
    low = draft.between(0.25, 0.45) * draft.height if draft.often(0.3) else 0.0
    if style in ("left", "both"):
        add_chest(draft, (room - wide, room), low)
    if style in ("right", "both"):
        add_chest(draft, (-room, wide - room), low)
    free = {"left": (-1.0,), "right": (1.0,), "both": ()}[style]
    _add_ends(draft, room, (-1.0, 1.0) if low else free)


def _add_ends(draft: TableDraft, room: float, sides: tuple[float, ...]) -> None:
    """What holds the top where no chest reaches the floor: two legs or a panel; and the board behind the knees."""
    z, y, t = 0.44 * draft.depth, draft.held, draft.between(0.03, 0.06)
    style = draft.choose("leg", {"square": 1.0, "round": 1.0, "tapered": 1.0, "panel": 1.2})
    draft.metal = style in ("square", "round") and draft.often(0.5)
    for side in sides:
        if style == "panel":
            draft.add("panel", block([0.025, y, 2 * z], [side * (room - 0.02), y / 2, 0]), folds=1)
            continue
        x = side * (room - t / 2)
        for at in (-z + t / 2, z - t / 2):
            draft.add("leg", _leg(style, np.array([(x, y, at), (x, 0, at)]), t), folds=1)
    if draft.often(0.6):
        _knee_board(draft, room)


def _knee_board(draft: TableDraft, room: float) -> None:
    tall = draft.between(0.2, 0.9) * draft.under
    at = [0, draft.under + 0.003 - tall / 2, 0.4 * draft.depth]
    draft.add("panel", block([2 * room - 0.03, tall, WALL], at), folds=1)


def _leg(style: str, line: Floats, thickness: float) -> Mesh:
    """A leg along a line from the top to the floor."""
    if style in ("round", "cone"):
        end = 0.8 if style == "round" else 0.45
        return above_floor(rod(line[0], line[1], thickness / 2, end * thickness / 2, 12))
    return post(line, thickness * np.array([1, 0.55 if style == "tapered" else 1]))


def _apron_drawers(draft: TableDraft) -> None:
    """A shallow body on four legs, one to three drawers side by side in it."""
    tall = draft.between(0.08, 0.15)
    x, z, low = 0.47 * draft.width, 0.46 * draft.depth, draft.under - tall
    draft.add("body", block([2 * x, tall + 0.003, 2 * z], [0, low + tall / 2 + 0.0015, 0]), folds=2)
    add_drawers(draft, (-x + 0.06, x - 0.06), (low + 0.01, draft.under - 0.01), -z, 1, draft.whole(1, 3))
    style = draft.choose("leg", {"square": 1.0, "tapered": 2.0, "cone": 1.0, "sled": 1.0})
    t = draft.between(0.035, 0.055)
    draft.metal = style == "sled"
    lean = draft.between(0, 0.08) if style == "cone" else 0.0
    line = np.array([(x - t / 2, draft.under, z - t / 2), (x - t / 2 + lean, 0, z - t / 2 + lean)])
    legs = [_leg(style, one, 1.02 * t) for one in (line, line * [1, 1, -1])]
    if style == "sled":
        legs.append(block([t, t, 2 * z - t], [x - t / 2, t / 2, 0]))
    draft.add("leg", *at_both_ends(*legs), folds=2)


def _corner_desk(draft: TableDraft) -> None:
    """A second top towards -z at the sitter's left (+x) or right, on panels or legs, a chest under one end."""
    side = draft.choose("side", {"left": 1.0, "right": 1.0})
    sign = 1.0 if side == "left" else -1.0
    draft.design.style |= {"base": "corner", "top": "solid"}
    wide, reach = draft.between(0.4, 0.6), draft.between(0.4, 0.9)
    half, z, y = draft.width / 2, draft.depth / 2, draft.held
    corner = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) / 2
    main = plate(corner * [draft.width, draft.depth], draft.under, draft.height)
    wing = plate(corner * [wide, reach + 0.01], draft.under + 0.0005, draft.height - 0.0005)
    x, middle = sign * (half - wide / 2), -z - reach / 2 + 0.005
    draft.add("top", main, wing.with_vertices(wing.vertices + [x, 0, middle]), folds=1)
    style = draft.choose("leg", {"panel": 2.0, "square": 1.0, "round": 1.0})
    draft.metal = style != "panel" and draft.often(0.7)
    far = -z - reach + 0.05
    if style == "panel":
        end = block([wide - 0.04, y, 0.022], [x, y / 2, far])
        other = block([0.022, y, 0.9 * draft.depth], [-sign * (half - 0.03), y / 2, 0])
        rear = block([0.022, y, 0.7 * (2 * z + reach)], [sign * (half - 0.04), y / 2, -reach / 2])
        draft.add("panel", end, other, rear, folds=1)
        _knee_board(draft, half - 0.03)
    else:
        feet = [(half, 0.9 * z), (-half, 0.9 * z), (-half, -0.9 * z), (half, far), (half - wide + 0.1, far)]
        lines = [np.array([(sign * (a - np.sign(a) * 0.04), h, b) for h in (y, 0)]) for a, b in feet]
        draft.add("leg", *(_leg(style, line, 0.045) for line in lines), folds=1)
    if draft.often(0.7):
        first, last = sorted((-sign * (half - 0.05), -sign * (half - 0.42)))
        add_chest(draft, (first, last), 0.0 if draft.often(0.6) else 0.3)


def _hutch(draft: TableDraft) -> None:
    """Shelves on the back of the desk, or a low riser for a screen."""
    style = draft.choose("above", {"riser": 1.0, "shelves": 1.0, "rim": 1.0})
    x, y, back = 0.46 * draft.width, draft.height - 0.002, draft.depth / 2 - 0.02
    if style == "rim":
        draft.add("body", block([2 * x, draft.between(0.05, 0.15), WALL], [0, y + 0.02, back]), folds=1)
        return
    tall, deep = (draft.between(0.1, 0.16), 0.22) if style == "riser" else (draft.between(0.25, 0.55), 0.2)
    z = back - deep / 2
    draft.add("body", *(block([WALL, tall, deep], [s * x, y + tall / 2, z]) for s in (-1, 1)), folds=1)
    draft.add("body", block([2 * x + 2 * WALL, WALL, deep + 0.01], [0, y + tall, z]), folds=1)
    if style == "shelves":
        draft.add("body", block([2 * x, tall, 0.008], [0, y + tall / 2, back - 0.005]), folds=1)
        for share in np.linspace(0, 1, draft.whole(3, 4))[1:-1]:
            draft.add("body", block([2 * x, WALL, deep - 0.01], [0, y + share * tall, z]), folds=1)
        at = draft.between(-0.5, 0.5) * x
        draft.add("body", block([WALL, tall, deep - 0.02], [at, y + tall / 2, z]), folds=1)

"""Tables with drawers: desks and night stands. Drawers open towards -z, where the sitter is."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.furniture import at_both_ends, post
from rrb.data.procedural.parts import block, cushion, rod
from rrb.data.procedural.table_draft import TableDraft
from rrb.data.procedural.table_tops import add_top
from rrb.geometry.mesh import Mesh

Span = tuple[float, float]


def add_desk(draft: TableDraft) -> None:
    """A top on one or two chests, or on legs with drawers in the apron; a board behind the knees, shelves above."""
    style = draft.choose("drawers", {"left": 2.0, "right": 2.0, "both": 2.0, "apron": 1.5})
    deep = draft.design.style["base"] = "chests" if style != "apron" else "legs"
    add_top(draft)
    room = draft.width / 2 - 0.01
    wide = draft.between(0.28, 0.4) * min(1.0, draft.width / 1.25)
    floating = draft.often(0.3)
    if deep == "legs":
        _apron_drawers(draft)
    else:
        low = draft.between(0.25, 0.45) * draft.height if floating else 0.0
        if style in ("left", "both"):  # the sitter's left, looking to +z, is at +x
            _chest(draft, (room - wide, room), low)
        if style in ("right", "both"):
            _chest(draft, (-room, wide - room), low)
        free = {"left": (-1.0,), "right": (1.0,), "both": ()}[style]
        _ends(draft, room, free if not low else (-1.0, 1.0))
    if draft.often(0.3):
        _hutch(draft)


def add_night_stand(draft: TableDraft) -> None:
    """A small chest under a top that stands over a little, on legs, a plinth or the floor."""
    add_top(draft)
    style = draft.choose("base", {"legs": 1.5, "plinth": 1.0, "floor": 0.7})
    low = {"legs": draft.between(0.1, 0.45) * draft.height, "plinth": 0.05, "floor": 0.0}[style]
    x = draft.width / 2 - draft.between(0.002, 0.03)
    open_part = draft.often(0.35) and draft.height > 0.5
    _chest(draft, (-x, x), low, rows=1 if open_part else None, niche=open_part)
    if style == "plinth":
        draft.add("foot", block([1.94 * x, low + 0.01, 0.9 * draft.depth], [0, (low + 0.01) / 2, 0]), folds=2)
    if style == "legs":
        t, z = draft.between(0.02, 0.04), 0.42 * draft.depth
        lean, end = draft.between(0.0, 0.03), draft.between(0.5, 1.0)
        line = np.array([(x - t, low + 0.02, z - t / 2), (x - t + lean, 0, z - t / 2 + lean)])
        right = post(line, t * np.array([1, end]))
        left = post(line * [1, 1, -1], t * np.array([1, end]))
        draft.add("leg", *at_both_ends(right, left), folds=2)


def _chest(draft: TableDraft, x: Span, low: float, rows: int | None = None, niche: bool = False) -> None:
    """A body from x to x and from `low` up to the top, drawers in its front; or a niche below one drawer."""
    high, deep = draft.under + 0.003, draft.depth * 0.94
    front, back = -deep / 2, deep / 2
    middle, wide = sum(x) / 2, x[1] - x[0]
    rows = rows or int(draft.random.integers(1, 2 + max(1, int((high - low) / 0.13))))
    bottom = low
    if niche:
        bottom = low + draft.between(0.35, 0.6) * (high - low)
        t = 0.018
        walls = [
            block([t, bottom - low + 0.01, deep], [at, (low + bottom + 0.01) / 2, 0])
            for at in (x[0] + t / 2, x[1] - t / 2)
        ]
        floor = block([wide - t, t, deep - 0.004], [middle, low + t / 2 + 0.001, 0])
        rear = block([wide - t, bottom - low, 0.01], [middle, (low + bottom) / 2, back - 0.012])
        draft.add("body", *walls, floor, rear, folds=1)
    draft.add("body", block([wide, high - bottom, back - front], [middle, (bottom + high) / 2, 0]), folds=1)
    if draft.kind == "night stand" and not niche and draft.often(0.2):
        rows = 1
    _drawers(draft, (x[0] + 0.012, x[1] - 0.012), (bottom + 0.012, high - 0.018), front, rows)


def _drawers(draft: TableDraft, x: Span, y: Span, front: float, rows: int, columns: int = 1) -> None:
    """Fronts that stand out a little from the body's front, each with the same handle."""
    proud, gap = draft.between(0.004, 0.02), draft.between(0.004, 0.012)
    style = draft.design.style.get("handle") or draft.choose(
        "handle", {"knob": 2.0, "bar": 2.0, "lip": 1.0, "none": 1.0}
    )
    tall = (y[1] - y[0] - gap * (rows - 1)) / rows
    wide = (x[1] - x[0] - gap * (columns - 1)) / columns
    for row in range(rows):
        for column in range(columns):
            middle = [x[0] + wide / 2 + column * (wide + gap), y[1] - tall / 2 - row * (tall + gap)]
            body = block([wide, tall, proud + 0.01], [*middle, front - proud / 2 + 0.005])
            draft.add("drawer", body, folds=1)
            handle = _handle(style, [*middle, front - proud], wide, tall)
            if handle:
                draft.add("handle", *handle, folds=1)


def _handle(style: str, at: list[float], wide: float, tall: float) -> list[Mesh]:
    """What one pulls at, on the front's middle, towards -z."""
    x, y, z = at
    if style == "knob":
        size = min(0.03, 0.5 * tall)
        return [cushion([size, size, 0.03], [x, y, z - 0.013], softness=0.9, sections=3)]
    if style == "bar":
        half = min(0.25 * wide, 0.09)
        posts = [block([0.008, 0.008, 0.03], [x + s * 0.8 * half, y, z - 0.012]) for s in (-1, 1)]
        return [*posts, rod([x - half, y, z - 0.027], [x + half, y, z - 0.027], 0.006, sections=8)]
    if style == "lip":
        return [block([0.5 * wide, 0.008, 0.03], [x, y + 0.35 * tall, z - 0.01])]
    return []


def _ends(draft: TableDraft, room: float, sides: tuple[float, ...]) -> None:
    """What holds the top where no chest reaches the floor: two legs or a panel; and the board behind the knees."""
    z, y = 0.44 * draft.depth, draft.held
    style = draft.choose("leg", {"square": 1.0, "round": 1.0, "tapered": 1.0, "panel": 1.2})
    t = draft.between(0.03, 0.06)
    draft.metal = style in ("square", "round") and draft.often(0.5)
    for side in sides:
        if style == "panel":
            draft.add("panel", block([0.025, y, 2 * z], [side * (room - 0.02), y / 2, 0]), folds=1)
            continue
        for at in (-z + t / 2, z - t / 2):
            line = np.array([(side * (room - t / 2), y, at), (side * (room - t / 2), 0, at)])
            end = 0.5 if style == "tapered" else 0.95
            piece = (
                rod(line[0], line[1], t / 2, 0.8 * t / 2, 12)
                if style == "round"
                else post(line, t * np.array([1, end]))
            )
            draft.add("leg", piece, folds=1)
    if draft.often(0.6):
        tall = draft.between(0.2, 0.9) * draft.under
        draft.add(
            "panel",
            block([2 * room - 0.03, tall, 0.018], [0, draft.under + 0.003 - tall / 2, 0.4 * draft.depth]),
            folds=1,
        )


def _apron_drawers(draft: TableDraft) -> None:
    """A shallow body on four legs, one to three drawers side by side in it."""
    tall = draft.between(0.08, 0.15)
    x, z = 0.47 * draft.width, 0.46 * draft.depth
    low = draft.under - tall
    draft.add("body", block([2 * x, tall + 0.003, 2 * z], [0, low + tall / 2 + 0.0015, 0]), folds=2)
    columns = int(draft.random.integers(1, 4))
    _drawers(draft, (-x + 0.06, x - 0.06), (low + 0.01, draft.under - 0.01), -z, 1, columns)
    style = draft.choose("leg", {"square": 1.0, "tapered": 2.0, "cone": 1.0, "sled": 1.0})
    t = draft.between(0.035, 0.055)
    draft.metal = style == "sled"
    lean = draft.between(0, 0.08) * (style == "cone")
    line = np.array([(x - t / 2, draft.under, z - t / 2), (x - t / 2 + lean, 0, z - t / 2 + lean)])
    end = {"square": 1.0, "tapered": 0.55, "cone": 0.45, "sled": 1.0}[style]
    legs = [
        rod(p[0], p[1], t / 2, end * t / 2, 12) if style == "cone" else post(p, 1.02 * t * np.array([1, end]))
        for p in (line, line * [1, 1, -1])
    ]
    draft.add("leg", *at_both_ends(*legs), folds=2)
    if style == "sled":
        draft.add("leg", *at_both_ends(block([t, t, 2 * z - t], [x - t / 2, t / 2, 0])), folds=2)


def _hutch(draft: TableDraft) -> None:
    """Shelves on the back of the desk, or a low riser for a screen."""
    style = draft.choose("above", {"riser": 1.0, "shelves": 1.0, "rim": 1.0})
    x, y, back = 0.46 * draft.width, draft.height - 0.002, draft.depth / 2 - 0.02
    t = 0.018
    if style == "rim":
        draft.add("body", block([2 * x, draft.between(0.05, 0.15), t], [0, y + 0.02, back]), folds=1)
        return
    tall, deep = (draft.between(0.1, 0.16), 0.22) if style == "riser" else (draft.between(0.25, 0.55), 0.2)
    z = back - deep / 2
    draft.add("body", *(block([t, tall, deep], [s * x, y + tall / 2, z]) for s in (-1, 1)), folds=1)
    draft.add("body", block([2 * x + 2 * t, t, deep + 0.01], [0, y + tall, z]), folds=1)
    if style == "shelves":
        draft.add("body", block([2 * x, tall, 0.008], [0, y + tall / 2, back - 0.005]), folds=1)
        for share in np.linspace(0, 1, int(draft.random.integers(2, 4)) + 1)[1:-1]:
            draft.add("body", block([2 * x, t, deep - 0.01], [0, y + share * tall, z]), folds=1)
        at = draft.between(-0.5, 0.5) * x
        draft.add("body", block([t, tall, deep - 0.02], [at, y + tall / 2, z]), folds=1)

"""Night stands, and the chests and drawers that desks share with them. Drawers open towards -z."""

from __future__ import annotations

from itertools import product

import numpy as np

from rrb.data.procedural.furniture import at_both_ends, post
from rrb.data.procedural.parts import block, cushion, rod
from rrb.data.procedural.table_draft import TableDraft
from rrb.data.procedural.table_tops import add_top
from rrb.geometry.mesh import Mesh

Span = tuple[float, float]
WALL = 0.018  # of boards


def add_night_stand(draft: TableDraft) -> None:
    """A small chest under a top that stands over a little, on legs, a plinth or the floor."""
    add_top(draft)
    style = draft.choose("base", {"legs": 1.5, "plinth": 1.0, "floor": 0.7})
    low = {"legs": draft.between(0.1, 0.45) * draft.height, "plinth": 0.05, "floor": 0.0}[style]
    x = draft.width / 2 - draft.margin - draft.between(0.002, 0.03)
    if draft.height - low > 0.35 and draft.often(0.5):
        bottom = low + draft.between(0.35, 0.6) * (draft.under - low)
        _niche(draft, (-x, x), (low, bottom))
        add_chest(draft, (-x, x), bottom, rows=1)
    else:
        add_chest(draft, (-x, x), low, rows=1 if draft.often(0.2) else None)
    if style == "plinth":
        draft.add(
            "foot", block([1.94 * x, low + 0.01, 0.86 * draft.depth], [0, (low + 0.01) / 2, 0]), folds=2
        )
    if style == "legs":
        t, z = draft.between(0.02, 0.04), 0.42 * draft.depth - draft.margin
        lean, size = draft.between(0.0, 0.03), t * np.array([1, draft.between(0.5, 1.0)])
        line = np.array([(x - t, low + 0.02, z - t / 2), (x - t + lean, 0, z - t / 2 + lean)])
        draft.add("leg", *at_both_ends(post(line, size), post(line * [1, 1, -1], size)), folds=2)


def add_chest(draft: TableDraft, x: Span, low: float, rows: int | None = None) -> None:
    """A body from x to x and from `low` up into the top, with drawers in its front, `rows` or any number."""
    high, deep = draft.under + 0.003, 0.94 * draft.depth - 2 * draft.margin
    rows = rows or draft.whole(1, 1 + max(1, int((high - low) / 0.13)))
    middle = [sum(x) / 2, (low + high) / 2, 0]
    draft.add("body", block([x[1] - x[0], high - low, deep], middle), folds=1)
    add_drawers(draft, (x[0] + 0.012, x[1] - 0.012), (low + 0.012, high - 0.018), -deep / 2, rows)


def _niche(draft: TableDraft, x: Span, y: Span) -> None:
    """An open compartment from x to x and y to y: two walls, a floor and a rear side."""
    deep, tall, wide = 0.94 * draft.depth - 2 * draft.margin, y[1] - y[0], x[1] - x[0]
    middle = (sum(x) / 2, sum(y) / 2)
    walls = [
        block([WALL, tall + 0.01, deep], [at, middle[1] + 0.005, 0])
        for at in (x[0] + WALL / 2, x[1] - WALL / 2)
    ]
    floor = block([wide - WALL, WALL, deep - 0.004], [middle[0], y[0] + WALL / 2 + 0.001, 0])
    rear = block([wide - WALL, tall, 0.01], [*middle, deep / 2 - 0.012])
    draft.add("body", *walls, floor, rear, folds=1)


def add_drawers(draft: TableDraft, x: Span, y: Span, front: float, rows: int, columns: int = 1) -> None:
    """Fronts that stand out a little from the body's front, each with the same handle."""
    proud, gap = draft.between(0.004, 0.02), draft.between(0.004, 0.012)
    style = draft.design.style.get("handle") or draft.choose(
        "handle", {"knob": 2.0, "bar": 2.0, "lip": 1.0, "none": 1.0}
    )
    tall = (y[1] - y[0] - gap * (rows - 1)) / rows
    wide = (x[1] - x[0] - gap * (columns - 1)) / columns
    for row, column in product(range(rows), range(columns)):
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

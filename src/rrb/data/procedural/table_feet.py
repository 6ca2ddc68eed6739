"""What carries a table from its middle: columns, tulips, stars, crosses."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.furniture import SIDES, above_floor, around
from rrb.data.procedural.parts import Floats, arc, bar, block, lathe, turn
from rrb.data.procedural.table_draft import EVEN, TableDraft


def add_pedestal(draft: TableDraft) -> None:
    """A column on a disc, a turned baluster, a cone, an hourglass or a drum; or a square post on a plate."""
    kinds = {"disc": 2.0, "baluster": 1.5, "cone": 1.0, "hourglass": 1.0, "plate": 1.0, "drum": 1.0}
    style = draft.choose("column", kinds)
    size = min(draft.width, draft.depth)
    draft.metal = style in ("disc", "plate") and draft.often(0.6)
    if style == "plate":
        side, r = draft.between(0.45, 0.62) * size, draft.between(0.03, 0.06)
        foot = block([side, 0.02, side], [0, 0.01, 0])
        stem = block([2 * r, draft.held - 0.01, 2 * r], [0, (draft.held + 0.01) / 2, 0])
        draft.add("base", foot, stem, folds=4)
        return
    sections = SIDES if style in ("drum", "cone") else 40
    draft.add("base", lathe(column(draft, style, size), sections=sections), folds=0)


def column(draft: TableDraft, style: str, size: float) -> Floats:
    """(K, 2): radius and y of what is turned around the axis, from the floor up, for a top of this size."""
    y, foot = draft.held, draft.between(0.26, 0.36) * size
    stem = draft.between(0.025, 0.06) * min(1.3, max(size, 0.5)) + 0.005
    head = [(2.2 * stem, y - 0.02), (2.2 * stem, y)]
    if style == "disc":
        disc = [(foot, 0), (foot, 0.012), (0.92 * foot, 0.025)]
        return np.array([*disc, (1.6 * stem, 0.045), (stem, 0.09), (stem, y - 0.05), *head])
    if style == "cone":
        return np.array([(foot, 0), (draft.between(0.35, 0.9) * foot, y)])
    if style == "drum":
        r = draft.between(0.3, 0.44) * size
        return np.array([(0.95 * r, 0), (0.95 * r, 0.04), (r, 0.041), (r, y)])
    if style == "hourglass":
        waist = 0.6 * draft.between(0.35, 0.6) * foot
        return np.column_stack(
            [arc(np.array([[foot], [waist], [waist], [0.9 * foot]]), 13), np.linspace(0, y, 13)]
        )
    base = [(foot, 0), (foot, 0.03), (0.8 * foot, 0.05), (0.5 * foot, 0.07)]
    heights = 0.07 + (y - 0.07) * np.linspace(0.16, 0.9, draft.whole(4, 7))
    return np.array([*base, *((stem * draft.between(0.8, 2.4), h) for h in heights), *head])


def add_tulip(draft: TableDraft) -> None:
    """A foot that flows up into its stem and out again under the top."""
    size, y = min(draft.width, draft.depth), draft.held
    foot, stem = draft.between(0.24, 0.34) * size, draft.between(0.025, 0.05)
    head = draft.between(0.3, 0.7) * foot + stem
    lower = arc(np.array([(foot, 0.012), (0.5 * foot, 0.02), (stem, 0.1 * y), (stem, 0.45 * y)]), 10)
    upper = arc(np.array([(stem, 0.6 * y), (stem, 0.85 * y), (2 * stem, 0.95 * y), (head, y)]), 9)
    draft.metal = draft.often(0.7)
    piece = lathe(np.concatenate([[(foot, 0)], lower, upper]), sections=48)
    if draft.outline in EVEN:
        draft.add("base", piece, folds=0)
        return
    stretch = min(draft.width / draft.depth, 1.8) ** 0.8  # drawn out as the top is
    draft.add("base", piece.with_vertices(piece.vertices * [stretch, 1, 1]), folds=2)


def add_star(draft: TableDraft) -> None:
    """A column on three to five feet that lie on the floor, or swing down to it."""
    count = int(draft.choose("feet", {"3": 1.0, "4": 2.0, "5": 0.7}))
    size = min(draft.width, draft.depth)
    stem, reach = draft.between(0.025, 0.05), draft.between(0.6, 0.9) * size / 2
    draft.metal = draft.often(0.5)
    high = draft.between(0.03, 0.08)
    root = high + draft.between(0.0, 0.25) * draft.held * (not draft.metal)
    line = [(0, root, 0), (0, root + 0.02, 0.5 * reach), (0, high, 0.75 * reach), (0, 0.02, reach)]
    foot = bar(arc(np.array(line), 8), draft.between(0.03, 0.05), 0.036)
    draft.add("base", lathe(stem_profile(draft, stem, max(root - 0.04, 0.012)), sections=32), folds=0)
    draft.add("foot", *around(above_floor(foot), count), folds=count)


def stem_profile(draft: TableDraft, radius: float, low: float) -> Floats:
    """(K, 2): radius and y of a column that swells a little and widens under the top."""
    y = draft.held
    swell = 0.0 if draft.metal else draft.between(0.0, 0.7)
    heights = np.linspace(low + 0.02, y - 0.03, 7)
    radii = radius * (1 + swell * np.sin(np.linspace(0, 2.5, 7)) ** 2)
    shaft = zip(radii, heights, strict=True)
    return np.array([(0.6 * radius, low), *shaft, (3 * radius, y - 0.015), (3 * radius, y)])


def add_cross(draft: TableDraft) -> None:
    """Two flat bars on the floor, two below the top, a post between them; or two panels that cross."""
    size, y = min(draft.width, draft.depth), draft.held
    style = draft.choose("column", {"crossed panels": 1.0, "crossed feet": 1.5})
    length, thick = draft.between(0.6, 0.8) * size, draft.between(0.03, 0.06)
    first = turn(1, np.pi / 4 if draft.often(0.5) else 0.0)
    both = (first, first @ turn(1, np.pi / 2))
    if style == "crossed panels":
        draft.add("base", *(block([length, y, 0.6 * thick], [0, y / 2, 0], t) for t in both), folds=4)
        return
    feet = [block([length, thick, 1.4 * thick], [0, thick / 2, 0], t) for t in both]
    head = [0.75 * length, 0.7 * thick, thick]
    heads = [block(head, [0, draft.under - 0.3 * thick, 0], t) for t in both]
    post = block([2.2 * thick, y - 0.01, 2.2 * thick], [0, (y + 0.01) / 2, 0])
    draft.add("base", *feet, *heads, post, folds=4)

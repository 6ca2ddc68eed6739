"""What carries a table near its two ends: double columns, trestles, frames, panels, boxes, bent sheets."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.furniture import above_floor, around, at_both_ends, post
from rrb.data.procedural.parts import Floats, arc, bar, block, both_sides, lathe, moved, tube
from rrb.data.procedural.table_draft import TableDraft
from rrb.data.procedural.table_feet import column, stem_profile
from rrb.data.procedural.table_tops import PLAIN
from rrb.geometry.mesh import Mesh


def add_double(draft: TableDraft) -> None:
    """Two columns along the table, each on a disc, a drum or four feet."""
    x = draft.between(0.22, 0.3) * draft.width
    style = draft.choose("column", {"disc": 1.0, "baluster": 1.0, "drum": 1.0, "feet": 1.5})
    if style == "feet":
        foot, stem = draft.between(0.24, 0.36) * draft.depth, draft.between(0.035, 0.07)
        line = np.array([(0, 0.22, 0), (0, 0.2, 0.5 * foot), (0, 0.05, 0.8 * foot), (0, 0.02, 1.2 * foot)])
        feet = around(above_floor(bar(arc(line, 7), 0.04, 0.05)), 4)
        pieces = [lathe(stem_profile(draft, stem, 0.14), sections=24), *feet]
    else:
        pieces = [lathe(column(draft, style, 0.9 * draft.depth), sections=32)]
    draft.add("base", *at_both_ends(*(moved(piece, [x, 0, 0]) for piece in pieces)), folds=2)
    if draft.often(0.5):
        draft.add("stretcher", block([2 * x, 0.05, 0.03], [0, 0.25 * draft.held, 0]), folds=2)


def add_trestle(draft: TableDraft) -> None:
    """A support near each end, and a beam between them."""
    style = draft.choose("trestle", {"A": 1.5, "X": 1.5, "post": 1.5, "V": 0.8})
    x, t = draft.between(0.3, 0.4) * draft.width, draft.between(0.04, 0.08)
    level = {"A": 0.45, "X": 0.5, "post": 0.4, "V": 0.25 * t / draft.under}[style] * draft.under
    draft.metal = draft.often(0.25)
    draft.add("base", *at_both_ends(*_trestle(draft, style, x, t)), folds=2)
    draft.add(
        "stretcher", block([2 * x, (0.4 if style == "V" else 1.2) * t, 0.5 * t], [0, level, 0]), folds=2
    )


def _trestle(draft: TableDraft, style: str, x: float, t: float) -> list[Mesh]:
    """The support at +x, of bars t thick."""
    y, z = draft.under, draft.between(0.34, 0.44) * draft.depth
    head = block([t, 0.7 * t, 2 * z], [x, y - 0.3 * t, 0])
    if style == "post":
        foot = block([1.1 * t, 0.8 * t, 2 * z], [x, 0.4 * t, 0])
        return [head, foot, block([0.7 * t, y - 0.5 * t, draft.between(1.5, 5) * t], [x, y / 2, 0])]
    low, high = {"A": (0.9 * z, 0.3 * z), "X": (0.85 * z, -0.85 * z), "V": (0.1 * z, 0.85 * z)}[style]
    shift = 0.18 * t if style == "X" else 0.0  # so that crossing bars do not share their sides
    ends = [((x + s * shift, 0, s * low), (x + s * shift, y - 0.2 * t, s * high)) for s in (-1.0, 1.0)]
    bars = [post(np.array(line), 0.8 * t) for line in ends]
    if style == "A":
        bars.append(block([0.6 * t, t, 1.26 * z], [x, 0.45 * y, 0]))
    if style == "V":
        bars.append(block([0.9 * t, 0.5 * t, 1.2 * z], [x, 0.25 * t, 0]))
    return [head, *bars]


def add_sled(draft: TableDraft) -> None:
    """A closed loop of flat or round bar at each end, upright or narrower at the floor."""
    style = draft.choose("loop", {"square": 2.0, "trapezium": 1.0, "round": 1.0})
    share = draft.between(0.38, 0.46) * (1.0 if draft.outline in PLAIN else 0.8)
    x, z, t = draft.between(0.32, 0.47) * draft.width, share * draft.depth, draft.between(0.012, 0.05)
    x -= 0.08 * draft.width * (draft.outline not in PLAIN)
    draft.metal = draft.often(0.75)
    pieces = (
        _round_loop(draft, x, z, t) if style == "round" else _flat_loop(draft, x, z, t, style == "trapezium")
    )
    draft.add("base", *at_both_ends(*pieces), folds=2)
    if draft.often(0.4):
        draft.add("stretcher", block([2 * x, 0.6 * t, t], [0, 0.4 * t, 0]), folds=2)


def _round_loop(draft: TableDraft, x: float, z: float, t: float) -> list[Mesh]:
    """The two halves of a tube, bent."""
    r, y = 0.4 * t + 0.004, draft.under + 0.004
    half = [
        (x, y - r, 0),
        (x, y - r, z - 0.05),
        (x, y - r - 0.05, z),
        (x, r + 0.05, z),
        (x, r, z - 0.05),
        (x, r, 0),
    ]
    line = np.array(half)
    return [tube(line, r, 10), tube(line * [1, 1, -1], r, 10)]


def _flat_loop(draft: TableDraft, x: float, z: float, t: float, narrower: bool) -> list[Mesh]:
    """Two uprights, a bar below and a bar above."""
    y, wide = draft.under + 0.004, t * draft.between(1.0, 2.0)
    foot = z * (draft.between(0.6, 0.85) if narrower else 1.0)
    line = np.array([(x, 0, foot - t / 2), (x, y, z - t / 2)])
    below = block([0.98 * wide, t, 2 * foot - t], [x, t / 2, 0])
    above = block([0.98 * wide, t, 2 * z - t], [x, y - t / 2, 0])
    return [post(line, wide, t), post(line * [1, 1, -1], wide, t), below, above]


def add_panels(draft: TableDraft) -> None:
    """Slabs for legs, flush with the ends or set in, with a board between them or none."""
    y, t = draft.held, draft.between(0.02, 0.07)
    inset = 0.0 if draft.outline in PLAIN and draft.often(0.5) else draft.between(0.06, 0.2) * draft.width
    deep = draft.depth - 2 * draft.margin - 0.004 if not inset else draft.between(0.6, 0.9) * draft.depth
    x = draft.width / 2 - inset - draft.margin - t / 2 - 0.001
    lean, foot = (draft.between(-0.08, 0.08), draft.between(0.7, 1.0)) if inset else (0.0, 1.0)
    side = post(np.array([(x + lean, 0, 0), (x, y, 0)]), t, deep * np.array([foot, 1.0]))
    draft.add("base", *at_both_ends(side), folds=2)
    style = draft.choose("between", {"none": 1.0, "board": 1.0, "shelf": 1.0})
    if style == "board":
        tall = draft.between(0.25, 0.8) * y
        draft.add("panel", block([2 * x, tall, 0.02], [0, draft.under + 0.004 - tall / 2, 0]), folds=2)
    elif style == "shelf":
        share = draft.between(0.15, 0.5)
        size = [2 * x + 2 * lean * (1 - share), 0.02, 0.68 * deep]
        draft.add("shelf", block(size, [0, share * y, 0]), folds=2)


def add_box(draft: TableDraft) -> None:
    """An open box below the top, open to the front and back, with a board through it."""
    t, y = draft.between(0.015, 0.04), draft.held
    plinth = draft.between(0.03, 0.06) if draft.often(0.5) else 0.0
    x, z = draft.width / 2 - draft.margin - t / 2 - 0.002, draft.depth - 2 * draft.margin - 0.004
    sides = at_both_ends(block([t, y - plinth, z], [x, (y + plinth) / 2, 0]))
    draft.add("base", *sides, block([2 * x, t, 0.99 * z], [0, plinth + t / 2 + 0.003, 0]), folds=2)
    if plinth:
        size = [0.9 * draft.width, plinth + 0.01, 0.85 * draft.depth]
        draft.add("foot", block(size, [0, (plinth + 0.01) / 2, 0]), folds=2)
    style = draft.choose("inside", {"open": 1.0, "upright": 1.0, "level": 1.0, "back": 1.0})
    middle, tall = (y + plinth) / 2, y - plinth - t
    if style == "upright":
        draft.add("panel", block([t, tall, 0.98 * z], [0, middle, 0]), folds=2)
    elif style == "level":
        draft.add("panel", block([2 * x, 0.8 * t, 0.97 * z], [0, middle, 0]), folds=2)
    elif style == "back":
        draft.add("panel", block([2 * x, tall, 0.012], [0, middle, 0.47 * z]), folds=1)


def add_tee(draft: TableDraft) -> None:
    """A foot, a post and a head at each end, as under desks for offices; a board or a beam between them."""
    y, x, z = draft.under, draft.between(0.36, 0.43) * draft.width, draft.between(0.38, 0.46) * draft.depth
    t, back = draft.between(0.035, 0.06), draft.between(0.0, 0.3) * z * draft.often(0.4)
    draft.metal = draft.often(0.8)
    foot = block([t, 0.7 * t, 2 * z], [x, 0.35 * t, 0])
    head = block([0.9 * t, 0.6 * t, 1.7 * z], [x, y - 0.25 * t, 0])
    upright = block([0.8 * t, y - 0.4 * t, 1.3 * t], [x, y / 2, back])
    ends = [foot, head, upright]
    tall = draft.between(0.12, 0.4)
    board, beam = (
        block([2 * x, tall, 0.02], [0, y - 0.06 - tall / 2, back]),
        block([2 * x, 0.05, 0.03], [0, 0.6 * y, back]),
    )
    kind, between = ("panel", board) if draft.often(0.6) else ("stretcher", beam)
    if not back:
        draft.add("base", *at_both_ends(*ends), folds=2)
        draft.add(kind, between, folds=2)
        return
    for piece in ends:  # posts stand behind the middle, where knees are not
        draft.add("base", *both_sides(piece), folds=1)
    draft.add(kind, between, folds=1)


def add_waterfall(draft: TableDraft) -> None:
    """One sheet bent down at both ends, tucked under the top."""
    t, r = draft.thickness, draft.between(0.02, 0.12)
    x, y = draft.width / 2 - 0.04 - draft.margin, draft.under + 0.3 * t - 0.005
    right = np.array([(0, y, 0), *_corner(x, y, r), (x + draft.between(-0.02, 0.03), 0.0, 0)])
    path = np.concatenate([right[:0:-1] * [-1, 1, 1], right])
    sheet = bar(path, 0.94 * draft.depth - 2 * draft.margin, t, across=(0, 0, 1))
    draft.add("base", above_floor(sheet), folds=2)


def _corner(x: float, y: float, radius: float) -> Floats:
    return arc(np.array([(x - radius, y, 0), (x, y, 0), (x, y - radius, 0)]), 7)

"""What a table stands on other than legs at its corners."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rrb.data.procedural.furniture import SIDES, around, at_both_ends, hoop, post
from rrb.data.procedural.parts import arc, bar, block, ellipse, lathe, moved, tube, turn
from rrb.data.procedural.table_draft import TableDraft, at_four_corners
from rrb.data.procedural.table_tops import PLAIN
from rrb.geometry.mesh import Mesh

# --- on one foot ------------------------------------------------------------------------------------


def add_pedestal(draft: TableDraft) -> None:
    """A column on a disc, a turned baluster, a cone or an hourglass; on a square plate where the top is square."""
    style = draft.choose(
        "column", {"disc": 2, "baluster": 1.5, "cone": 1, "hourglass": 1, "plate": 1, "drum": 1}
    )
    size, y = min(draft.width, draft.depth), draft.held
    draft.metal = style in ("disc", "plate") and draft.often(0.6)
    if style == "plate":
        side, r = draft.between(0.45, 0.62) * size, draft.between(0.03, 0.06)
        draft.add(
            "base",
            block([side, 0.02, side], [0, 0.01, 0]),
            block([2 * r, y - 0.01, 2 * r], [0, (y + 0.01) / 2, 0]),
            folds=4,
        )
        return
    draft.add(
        "base",
        lathe(_column(draft, style, size), sections=SIDES if style in ("drum", "cone") else 40),
        folds=0,
    )


def _column(draft: TableDraft, style: str, size: float) -> np.ndarray:
    """(K, 2): radius and y of what is turned around the axis, from the floor up."""
    y, foot = draft.held, draft.between(0.26, 0.36) * size
    stem = draft.between(0.025, 0.06) * min(1.3, max(size, 0.5)) + 0.005
    if style == "disc":
        return np.array(
            [
                (foot, 0),
                (foot, 0.012),
                (0.92 * foot, 0.025),
                (1.6 * stem, 0.045),
                (stem, 0.09),
                (stem, y - 0.05),
                (2.2 * stem, y - 0.02),
                (2.2 * stem, y),
            ]
        )
    if style == "cone":
        return np.array([(foot, 0), (draft.between(0.35, 0.9) * foot, y)])
    if style == "drum":
        r = draft.between(0.3, 0.44) * size
        return np.array([(0.95 * r, 0), (0.95 * r, 0.04), (r, 0.041), (r, y)])
    if style == "hourglass":
        waist = draft.between(0.35, 0.6) * foot
        return np.column_stack(
            [arc(np.array([[foot], [0.6 * waist], [0.6 * waist], [0.9 * foot]]), 13), np.linspace(0, y, 13)]
        )
    base = [(foot, 0), (foot, 0.03), (0.8 * foot, 0.05), (0.5 * foot, 0.07)]
    rest = np.linspace(0.16, 0.9, int(draft.random.integers(4, 8)))
    bulge = [(stem * draft.between(0.8, 2.4), h * (y - 0.07) + 0.07) for h in rest]
    return np.array([*base, *bulge, (2.5 * stem, y - 0.02), (2.5 * stem, y)])


def add_tulip(draft: TableDraft) -> None:
    """A foot that flows up into its stem and out again under the top."""
    size, y = min(draft.width, draft.depth), draft.held
    foot, stem = draft.between(0.24, 0.34) * size, draft.between(0.025, 0.05)
    lower = arc(np.array([(foot, 0.012), (0.5 * foot, 0.02), (stem, 0.1 * y), (stem, 0.45 * y)]), 10)
    upper = arc(
        np.array(
            [
                (stem, 0.6 * y),
                (stem, 0.85 * y),
                (2 * stem, 0.95 * y),
                (draft.between(0.3, 0.7) * foot + stem, y),
            ]
        ),
        9,
    )
    draft.metal = draft.often(0.7)
    oval = draft.outline not in ("round", "square", "octagon")
    piece = lathe(np.concatenate([[(foot, 0)], lower, upper]), sections=48)
    if oval:  # drawn out as the top is
        piece = piece.with_vertices(piece.vertices * [min(draft.width / draft.depth, 1.8) ** 0.8, 1, 1])
    draft.add("base", piece, folds=2 if oval else 0)


def add_star(draft: TableDraft) -> None:
    """A column on three to five feet that lie on the floor, or swing down to it."""
    count = int(draft.choose("feet", {"3": 1.0, "4": 2.0, "5": 0.7}))
    size, y = min(draft.width, draft.depth), draft.held
    stem, reach = draft.between(0.025, 0.05), draft.between(0.6, 0.9) * size / 2
    draft.metal = draft.often(0.5)
    high = draft.between(0.03, 0.08)
    root = high + draft.between(0.0, 0.25) * y * (not draft.metal)
    line = arc(
        np.array([(0, root, 0), (0, root + 0.02, 0.5 * reach), (0, high, 0.75 * reach), (0, 0.02, reach)]), 8
    )
    foot = bar(line, draft.between(0.03, 0.05), 0.036)
    foot = foot.with_vertices(np.maximum(foot.vertices, [-9, 0, -9]))
    column = lathe(_stem(draft, stem, max(root - 0.04, 0.012)), sections=32)
    draft.add("base", column, folds=0)
    draft.add("foot", *around(foot, count), folds=count)


def _stem(draft: TableDraft, radius: float, low: float) -> np.ndarray:
    y = draft.held
    swell = 1.0 if draft.metal else draft.between(1.0, 1.7)
    heights = np.linspace(low + 0.02, y - 0.03, 7)
    radii = radius * (1 + (swell - 1) * np.sin(np.linspace(0, 2.5, 7)) ** 2)
    return np.array(
        [(0.6 * radius, low), *zip(radii, heights, strict=True), (3 * radius, y - 0.015), (3 * radius, y)]
    )


def add_cross(draft: TableDraft) -> None:
    """Two flat bars on the floor, two below the top, a square or round column between them; or panels that cross."""
    size, y = min(draft.width, draft.depth), draft.held
    style = draft.choose("column", {"crossed panels": 1.0, "crossed feet": 1.5})
    length, thick = draft.between(0.6, 0.8) * size, draft.between(0.03, 0.06)
    turned_by = turn(1, np.pi / 4 if draft.often(0.5) else 0.0)
    both = (turned_by, turned_by @ turn(1, np.pi / 2))
    if style == "crossed panels":
        draft.add("base", *(block([length, y, 0.6 * thick], [0, y / 2, 0], t) for t in both), folds=4)
        return
    feet = [block([length, thick, 1.4 * thick], [0, thick / 2, 0], t) for t in both]
    heads = [block([0.75 * length, 0.7 * thick, thick], [0, draft.under - 0.3 * thick, 0], t) for t in both]
    column = block([2.2 * thick, y - 0.01, 2.2 * thick], [0, (y + 0.01) / 2, 0])
    draft.add("base", *feet, *heads, column, folds=4)


# --- on two ends ------------------------------------------------------------------------------------


def add_double(draft: TableDraft) -> None:
    """Two columns along the table, each on a disc, a block or feet."""
    y, x = draft.held, draft.between(0.22, 0.3) * draft.width
    foot, stem = draft.between(0.24, 0.36) * draft.depth, draft.between(0.035, 0.07)
    style = draft.choose("column", {"disc": 1.0, "baluster": 1.0, "drum": 1.0, "feet": 1.5})
    if style == "feet":
        line = arc(
            np.array([(0, 0.22, 0), (0, 0.2, 0.5 * foot), (0, 0.05, 0.8 * foot), (0, 0.02, 1.2 * foot)]), 7
        )
        leg = bar(line, 0.04, 0.05)
        leg = leg.with_vertices(np.maximum(leg.vertices, [-9, 0, -9]))
        pieces = [lathe(_stem(draft, stem, 0.14), sections=24), *around(leg, 4)]
    else:
        pieces = [lathe(_column(draft, style, 0.9 * draft.depth), sections=32)]
    draft.add("base", *at_both_ends(*(moved(piece, [x, 0, 0]) for piece in pieces)), folds=2)
    if draft.often(0.5):
        draft.add("stretcher", block([2 * x, 0.05, 0.03], [0, 0.25 * y, 0]), folds=2)


def add_trestle(draft: TableDraft) -> None:
    """A support near each end, and a beam between them."""
    style = draft.choose("trestle", {"A": 1.5, "X": 1.5, "post": 1.5, "V": 0.8})
    y, x, z = draft.under, draft.between(0.3, 0.4) * draft.width, draft.between(0.34, 0.44) * draft.depth
    t = draft.between(0.04, 0.08)
    level = {"A": 0.45, "X": 0.5, "post": 0.4, "V": 0.9}[style] * y
    ends = _end(draft, style, x, y, z, t)
    draft.metal = draft.often(0.25)
    draft.add("base", *at_both_ends(*ends), folds=2)
    draft.add("stretcher", block([2 * x, 1.2 * t, 0.5 * t], [0, level, 0]), folds=2)


def _end(draft: TableDraft, style: str, x: float, y: float, z: float, t: float) -> list[Mesh]:
    """The support at +x, up to the underside y."""
    head = block([t, 0.7 * t, 2 * z], [x, y - 0.3 * t, 0])
    if style == "post":
        foot = block([1.1 * t, 0.8 * t, 2 * z], [x, 0.4 * t, 0])
        wide = draft.between(1.5, 5) * t
        return [head, foot, block([0.7 * t, y - 0.5 * t, wide], [x, y / 2, 0])]
    low, high = {"A": (0.9 * z, 0.3 * z), "X": (0.85 * z, -0.85 * z), "V": (0.1 * z, 0.85 * z)}[style]
    shift = 0.18 * t if style == "X" else 0.0  # so that crossing bars do not share their sides
    bars = [
        post(np.array([(x + s * shift, 0, s * low), (x + s * shift, y - 0.2 * t, s * high)]), 0.8 * t)
        for s in (-1.0, 1.0)
    ]
    if style == "A":
        bars.append(block([0.6 * t, t, 1.5 * z * 0.7], [x, 0.45 * y, 0]))
    if style == "V":
        bars.append(block([0.9 * t, 0.5 * t, 1.2 * z], [x, 0.25 * t, 0]))
    return [head, *bars]


def add_sled(draft: TableDraft) -> None:
    """A closed loop of flat or round bar at each end, upright or leaning."""
    style = draft.choose("loop", {"square": 2.0, "trapezium": 1.0, "round": 1.0})
    y, x, z = (
        draft.under + 0.004,
        draft.between(0.32, 0.47) * draft.width,
        draft.between(0.38, 0.46) * draft.depth,
    )
    t = draft.between(0.012, 0.05)
    foot = z * (draft.between(0.6, 0.85) if style == "trapezium" else 1.0)
    draft.metal = draft.often(0.75)
    if style == "round":
        r = 0.4 * t + 0.005
        line = np.array(
            [
                (x, y - r, 0),
                (x, y - r, z - 0.05),
                (x, y - r - 0.05, z),
                (x, r + 0.05, z),
                (x, r, z - 0.05),
                (x, r, 0),
            ]
        )
        loop = at_both_ends(tube(line, r, 10), tube(line * [1, 1, -1], r, 10))
    else:
        wide = t * draft.between(1.0, 2.0)
        upright = post(np.array([(x, 0, foot - t / 2), (x, y, z - t / 2)]), wide, t)
        other = upright.with_vertices(upright.vertices * [1, 1, -1])
        other = Mesh(other.vertices, other.faces[:, ::-1])
        bars = [
            block([wide * 0.98, t, 2 * foot - t], [x, t / 2, 0]),
            block([wide * 0.98, t, 2 * z - t], [x, y - t / 2, 0]),
        ]
        loop = at_both_ends(upright, other, *bars)
    draft.add("base", *loop, folds=2)
    if draft.often(0.4):
        draft.add(
            "stretcher",
            block([2 * x, 0.6 * t + 0.01, t], [0, draft.between(0.1, 0.9) * (y - 2 * t) + t, 0]),
            folds=2,
        )
        draft.add(
            "stretcher", *at_both_ends(block([0.5 * t, 0.6 * t, 2 * z - t], [x, y - 0.4 * t, 0])), folds=2
        )


def add_panels(draft: TableDraft) -> None:
    """Slabs for legs, flush with the ends or set in, with a board between them or none."""
    y, t = draft.held, draft.between(0.02, 0.07)
    inset = 0.0 if draft.outline in PLAIN and draft.often(0.5) else draft.between(0.06, 0.2) * draft.width
    deep = draft.depth * (draft.between(0.6, 0.95) if inset else 0.996)
    x = draft.width / 2 - inset - t / 2 - 0.001
    lean = draft.between(-0.08, 0.08) * bool(inset)
    side = post(
        np.array([(x + lean, 0, 0), (x, y, 0)]),
        t,
        np.array([deep * draft.between(0.7, 1.0), deep]) if inset else deep,
    )
    draft.add("base", *at_both_ends(side), folds=2)
    if draft.choose("between", {"none": 1.0, "board": 1.0, "shelf": 1.0}) == "board":
        tall = draft.between(0.25, 0.8) * y
        draft.add("panel", block([2 * x, tall, 0.02], [0, draft.under + 0.004 - tall / 2, 0]), folds=2)
    elif draft.design.style["between"] == "shelf":
        level = draft.between(0.15, 0.5) * y
        draft.add("shelf", block([2 * x, 0.02, 0.9 * deep * 0.75], [0, level, 0]), folds=2)


def add_box(draft: TableDraft) -> None:
    """An open box below the top, open to the front and back, with a board through it."""
    t, y = draft.between(0.015, 0.04), draft.held
    plinth = draft.between(0.0, 0.06) * draft.often(0.5)
    x, z = draft.width / 2 - t / 2 - 0.002, draft.depth - 0.004
    sides = at_both_ends(block([t, y - plinth, z], [x, (y + plinth) / 2, 0]))
    floor = block([2 * x, t, 0.99 * z], [0, plinth + t / 2 + 0.003, 0])
    draft.add("base", *sides, floor, folds=2)
    if plinth:
        draft.add(
            "foot",
            block([0.9 * draft.width, plinth + 0.01, 0.85 * draft.depth], [0, (plinth + 0.01) / 2, 0]),
            folds=2,
        )
    style = draft.choose("inside", {"open": 1.0, "upright": 1.0, "level": 1.0, "back": 1.0})
    if style == "upright":
        draft.add("panel", block([t, y - plinth - t, 0.98 * z], [0, (y + plinth) / 2, 0]), folds=2)
    elif style == "level":
        draft.add("panel", block([2 * x, 0.8 * t, 0.97 * z], [0, (y + plinth) / 2, 0]), folds=2)
    elif style == "back":
        draft.add("panel", block([2 * x, y - plinth - t, 0.012], [0, (y + plinth) / 2, 0.47 * z]), folds=1)


def add_tee(draft: TableDraft) -> None:
    """A foot, a post and a head at each end, as under desks for offices; a board hangs between them."""
    y, x, z = draft.under, draft.between(0.36, 0.43) * draft.width, draft.between(0.38, 0.46) * draft.depth
    t = draft.between(0.035, 0.06)
    draft.metal = draft.often(0.8)
    foot = block([t, 0.7 * t, 2 * z], [x, 0.35 * t, 0])
    head = block([0.9 * t, 0.6 * t, 1.7 * z], [x, y - 0.25 * t, 0])
    upright = post(
        np.array([(x, 0.4 * t, 0), (x, y - 0.1, 0), (x, y, 0)]), t, np.array([1.3 * t, 1.3 * t, 1.3 * t])
    )
    draft.add("base", *at_both_ends(foot, head, upright), folds=2)
    if draft.often(0.6):
        tall = draft.between(0.12, 0.4)
        draft.add("panel", block([2 * x, tall, 0.02], [0, y - 0.06 - tall / 2, 0]), folds=2)
    else:
        draft.add("stretcher", block([2 * x, 0.05, 0.03], [0, 0.6 * y, 0]), folds=2)


def add_waterfall(draft: TableDraft) -> None:
    """One sheet bent down at both ends, tucked under the top."""
    t, r = draft.thickness, draft.between(0.02, 0.12)
    x, y = draft.width / 2 - 0.04, draft.under + 0.3 * t - 0.005
    lean = draft.between(-0.02, 0.08)
    right = np.array([(0, y, 0), *_corner(x, y, r), (x + lean, 0.0, 0)])
    path = np.concatenate([right[:0:-1] * [-1, 1, 1], right])
    piece = bar(path, 0.94 * draft.depth, t, across=(0, 0, 1))
    draft.add("base", piece.with_vertices(np.maximum(piece.vertices, [-9, 0, -9])), folds=2)


def _corner(x: float, y: float, radius: float) -> np.ndarray:
    return arc(np.array([(x - radius, y, 0), (x, y, 0), (x, y - radius, 0)]), 7)


def add_spider(draft: TableDraft) -> None:
    """Bars from each foot up through the middle and out again to the top: for glass above all."""
    y, reach = draft.held, draft.between(0.5, 0.75) / 2
    at = np.array([draft.width, draft.depth]) * reach
    waist, level = draft.between(0.05, 0.3), draft.between(0.35, 0.6) * y
    line = arc(
        np.array([(at[0], 0, at[1]), (waist * at[0], level, waist * at[1]), (0.9 * at[0], y, 0.9 * at[1])]), 9
    )
    t = draft.between(0.015, 0.03)
    draft.metal = draft.often(0.7)
    piece = tube(line, t, 10) if draft.metal else post(line, 2 * t)
    piece = piece.with_vertices(np.clip(piece.vertices, [-9, 0, -9], [9, y, 9]))

    draft.add("leg", *at_four_corners(piece, draft.own_folds), folds=draft.own_folds)
    x, _, z = line[4]
    ring = hoop(np.array([x, z]) * 2**0.5 * ellipse(2, 2, SIDES), (line[4][1] - t, line[4][1] + t), 1.5 * t)
    draft.add("stretcher", ring, folds=0 if draft.outline in ("round", "square", "octagon") else 2)


BASES: dict[str, Callable[[TableDraft], None]] = {
    "pedestal": add_pedestal,
    "tulip": add_tulip,
    "star": add_star,
    "cross": add_cross,
    "double": add_double,
    "trestle": add_trestle,
    "sled": add_sled,
    "panels": add_panels,
    "box": add_box,
    "tee": add_tee,
    "waterfall": add_waterfall,
    "spider": add_spider,
}

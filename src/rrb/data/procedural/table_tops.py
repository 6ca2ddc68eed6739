"""Table tops: what they look like from above, and along their edge."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.furniture import EDGES, SIDES, at_both_ends, hoop, plate
from rrb.data.procedural.parts import Floats, block, ellipse, rounded_rectangle
from rrb.data.procedural.table_draft import TableDraft

OUTLINE_FOLDS = {"round": 0, "square": 4, "octagon": 8, "live": 1, "half": 1}  # 2 for all others
PLAIN = ("rectangle", "square")


def add_top(draft: TableDraft) -> None:
    """The top of the draft in one of many ways."""
    flat = draft.outline in PLAIN
    wide = draft.kind not in ("desk", "bar")
    style = draft.choose(
        "top",
        {
            "solid": 10,
            "glass": 1.2 if draft.thickness < 0.03 else 0,
            "framed": 0.8 if flat else 0,
            "planks": 1.3 if flat and wide else 0,
            "tray": 1 if draft.kind in ("coffee", "side") and draft.outline != "live" else 0,
            "stone": 0.6,
        },
    )
    {"framed": _framed, "planks": _planks, "tray": _tray}.get(style, _solid)(draft)


def outline_of(draft: TableDraft) -> Floats:
    """(N, 2): the top from above, x and z."""
    width, depth = draft.width, draft.depth
    if draft.outline in ("round", "oval"):
        return ellipse(width, depth, SIDES)
    if draft.outline == "rounded":
        return rounded_rectangle(width, depth, draft.between(0.1, 0.5) * depth, 6)
    if draft.outline == "octagon":  # a regular one
        cut = 0.5 - 0.5 * np.tan(np.pi / 8)
        return _with_cut_corners(width, depth, cut * width)
    if draft.outline == "cut":
        return _with_cut_corners(width, depth, draft.between(0.1, 0.3) * depth)
    if draft.outline == "boat":
        return _boat(width, depth, draft.between(0.15, 0.4))
    if draft.outline == "live":
        return _live(draft)
    if draft.outline == "half":
        return _half(width, depth, draft.between(0.05, 0.3))
    return np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) / 2 * [width, depth]


def _solid(draft: TableDraft) -> None:
    glass = draft.design.style["top"] == "glass"
    weights = {"straight": 4.0, "chamfered": 1.0, "knife": 1.0, "round": 2.0, "stepped": 1.0}
    edge = draft.choose("edge", {"straight": 1.0, "chamfered": 1.0} if glass else weights)
    piece = plate(outline_of(draft), draft.under, draft.height, edge)
    draft.margin = EDGES[edge][0][0] * draft.thickness
    draft.add("glass" if glass else "top", piece, folds=OUTLINE_FOLDS.get(draft.outline, 2))


def _framed(draft: TableDraft) -> None:
    """A frame around a panel that lies a little deeper: of glass, or of the wood itself."""
    rail = draft.between(0.04, 0.09)
    low, high = draft.under, draft.height
    middle = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) / 2 * [draft.width - rail, draft.depth - rail]
    draft.add("top", hoop(middle, (low, high), rail), folds=draft.own_folds)
    panel = [draft.width - rail, 0.5 * draft.thickness, draft.depth - rail]
    kind = "glass" if draft.often(0.5) else "panel"
    draft.add(kind, block(panel, [0, low + 0.6 * draft.thickness, 0]), folds=draft.own_folds)


def _planks(draft: TableDraft) -> None:
    """Boards along x with gaps between them, on two battens."""
    count = int(draft.random.integers(3, 9))
    gap = draft.between(0.004, 0.02)
    each = (draft.depth - gap * (count - 1)) / count
    z = (np.arange(count) - (count - 1) / 2) * (each + gap)
    middle = draft.under + draft.thickness / 2
    draft.add("top", *(block([draft.width, draft.thickness, each], [0, middle, at]) for at in z), folds=2)
    batten = block([0.06, 0.03, 0.9 * draft.depth], [0.32 * draft.width, draft.under - 0.01, 0])
    draft.add("base", *at_both_ends(batten), folds=2)


def _tray(draft: TableDraft) -> None:
    """A thin plate with a rim that stands up."""
    outline = outline_of(draft)
    rim = draft.between(0.015, 0.05)
    folds = OUTLINE_FOLDS.get(draft.outline, 2)
    draft.add("top", plate(outline, draft.under, draft.height), folds=folds)
    draft.add("rim", hoop(outline * 0.985, (draft.under + 0.004, draft.height + rim), 0.012), folds=folds)


def _with_cut_corners(width: float, depth: float, cut: float) -> Floats:
    x, z = width / 2, depth / 2
    quarter = np.array([(x, z - cut), (x - cut, z)])
    return np.concatenate([quarter, quarter[::-1] * [-1, 1], -quarter, quarter[::-1] * [1, -1]])


def _boat(width: float, depth: float, narrowing: float) -> Floats:
    """Long sides that bulge, short ones that are straight."""
    x = np.linspace(-1, 1, 13)
    z = 1 - narrowing * x**2
    side = np.stack([x * width / 2, z * depth / 2], axis=1)
    return np.concatenate([side, -side])


def _live(draft: TableDraft) -> Floats:
    """A board as the tree grew: long sides that wander."""
    x = np.linspace(-1, 1, 25)
    sides = []
    for _ in range(2):
        height, phase = draft.random.uniform(0.01, 0.05, 4), draft.random.uniform(0, 6.28, 4)
        wander = sum(
            h * np.sin((k + 1) * 1.7 * x + p) for k, (h, p) in enumerate(zip(height, phase, strict=True))
        )
        sides.append(np.stack([x * draft.width / 2, (0.9 + wander) * draft.depth / 2], axis=1))
    return np.concatenate([sides[0], -sides[1]])


def _half(width: float, depth: float, straight: float) -> Floats:
    """Flat along the wall at +z, round towards -z."""
    angle = np.linspace(0, np.pi, 31)
    bow = np.stack([np.cos(angle) * width / 2, (0.5 - straight - (1 - straight) * np.sin(angle)) * depth], 1)
    return np.concatenate([[(width / 2, depth / 2)], bow, [(-width / 2, depth / 2)]])

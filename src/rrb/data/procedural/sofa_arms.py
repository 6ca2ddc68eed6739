"""The arms of sofas: at both sides, or at one. All are made for +x and mirrored."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rrb.data.procedural.furniture import post
from rrb.data.procedural.parts import Floats, arc, bar, block, loft, mirrored, rod, slab
from rrb.data.procedural.sofa_draft import SofaDraft
from rrb.data.procedural.upholstery import padded
from rrb.geometry.mesh import Mesh

LAP = 0.012  # how far arms reach into the body, so that they are one with it
SIDES = {"left": (-1,), "right": (1,), "both": (-1, 1), "none": ()}
Pieces = list[tuple[str, Mesh]]


def add_arms(draft: SofaDraft, style: str, sides: str = "both", front: float = 0.0) -> None:
    """Arms of a style at the sitter's left (-x), right or both, from z = front to the back."""
    if sides == "none":
        draft.design.style["arms"] = "none"
        return
    pieces = ARMS[style](draft, front)
    for side in SIDES[sides]:
        for kind, piece in pieces:
            draft.add(kind, piece if side > 0 else mirrored(piece), folds=1)


def _box(draft: SofaDraft, front: float, radius: float) -> Mesh:
    low, high = [draft.half - LAP, draft.foot, front], [draft.outer, draft.arm_height, draft.depth]
    return draft.pad_block(low, high, radius)


def _block(draft: SofaDraft, front: float) -> Pieces:
    return [("body", _box(draft, front, draft.round))]


def _round(draft: SofaDraft, front: float) -> Pieces:
    return [("body", _box(draft, front, 0.48 * draft.arm))]


def _rolled(draft: SofaDraft, front: float) -> Pieces:
    """A panel below a roll that hangs over outwards, with a round front."""
    r = min(max(0.6 * draft.arm, 0.07), 0.13)
    wide = 1.3 * r
    y, x = draft.arm_height - r, draft.half + r
    panel = draft.pad_block(
        [draft.half - LAP, draft.foot, front + 0.02], [draft.half + wide, y + 0.3 * r, draft.depth], 0.03
    )
    roll = rod([x, y, front], [x, y, draft.depth - 0.01], r, sections=20)
    disc = rod([x, y, front - 0.008], [x, y, front + 0.02], 0.72 * r, sections=16)
    return [("body", panel), ("body", roll), ("button", disc)]


def _sloped(draft: SofaDraft, front: float) -> Pieces:
    """A panel whose upper edge climbs to the back, straight or in a swing."""
    length, low, high = draft.depth - front, draft.foot, draft.arm_height
    rise = draft.between(0.3, 0.9) * max(draft.top - high, 0.05)
    swing = high + draft.between(0.24, 0.4) * rise
    line = [(high - 0.06, 0), (high, 0.02), (high, 0.12), (swing, 0.7 * length), (high + rise, length)]
    outline = np.concatenate([[(low, 0)], arc(np.array(line), 9), [(low, length)]])
    return [("body", _upright(outline + [0, front], draft.arm + LAP, draft.half - LAP))]


def _upright(outline: Floats, thickness: float, x: float) -> Mesh:
    """A plate over an outline (N, 2) of y and z, from x outwards."""
    middle = outline.mean(0)
    return slab(outline - middle, thickness, [x + thickness / 2, *middle], axis=0)


def _pillow(draft: SofaDraft, front: float) -> Pieces:
    """A low panel with a soft bolster on it."""
    low = draft.arm_height - 0.14
    panel = draft.pad_block([draft.half - LAP, draft.foot, front], [draft.outer, low + 0.03, draft.depth])
    size = [draft.arm + 0.04, 0.16, draft.depth - front + 0.02]
    bolster = padded(size, [draft.half + draft.arm / 2, low + 0.06, (draft.depth + front) / 2], 0.075)
    return [("body", panel), ("cushion", bolster)]


def _winged(draft: SofaDraft, front: float) -> Pieces:
    """Rolled arms, and ears that come forward from the back."""
    deep, y, z, top = draft.between(0.18, 0.3), draft.arm_height - 0.1, draft.depth, draft.top
    front_edge = [(y, z - deep), (0.55 * y + 0.45 * top, z - 1.05 * deep), (top - 0.1, z - 0.8 * deep)]
    outline = np.array([*front_edge, (top - 0.01, z - 0.35 * deep), (top - 0.01, z + 0.04), (y, z)])
    return [*_rolled(draft, front), ("body", _upright(outline, 0.09, draft.half))]


def _flared(draft: SofaDraft, front: float) -> Pieces:
    """A thin panel that leans out."""
    lean, t = draft.between(0.06, 0.14), max(0.5 * draft.arm, 0.06)
    x, y, rear = draft.half, draft.arm_height, draft.depth
    levels = [(x - LAP, draft.foot, 0.0), (x + lean, y - 0.02, 0.0), (x + lean + 0.01, y, 0.012)]
    rings = [
        [(a + i, b, front + i), (a + t - i, b, front + i), (a + t - i, b, rear - i), (a + i, b, rear - i)]
        for a, b, i in levels
    ]
    return [("body", loft(np.array(rings)))]


def _panel(draft: SofaDraft, front: float) -> Pieces:
    """A board of wood, down to the floor."""
    size = [0.03, draft.arm_height - 0.01, draft.depth - front]
    return [("frame", block(size, [draft.half + 0.015 - LAP, size[1] / 2, (draft.depth + front) / 2]))]


def _open(draft: SofaDraft, front: float) -> Pieces:
    """Posts, and a rest on them: of wood, straight or curved; sometimes with spindles."""
    x, y, rear = draft.half + 0.02, draft.arm_height, draft.depth
    drop, wide, splay = draft.between(0.0, 0.06), draft.between(0.05, 0.1), draft.between(0.0, 0.08)
    ends_of_rest = (x, y - drop, front - 0.02), (x, y - drop, rear + 0.02)
    rest = arc(
        np.array([ends_of_rest[0], (x, y + drop, front + 0.2), (x, y, rear - 0.2), ends_of_rest[1]]), 8
    )
    level = draft.deck - 0.04
    pieces, ends = [bar(rest, wide, 0.03)], []
    for top, foot in ((front + 0.06, front + 0.06 - splay), (rear - 0.08, rear - 0.08 + splay)):
        high = np.interp(top, rest[:, 2], rest[:, 1])
        line = np.array([(x, 0, foot), (x, high, top)])
        pieces.append(post(line, np.array([0.03, 0.045]), np.array([0.035, 0.045])))
        ends.append(foot + level / high * (top - foot))
    pieces.append(block([0.022, 0.06, ends[1] - ends[0]], [x, level, sum(ends) / 2]))
    if draft.often(0.3):
        for z in np.linspace(front + 0.16, rear - 0.16, 5):
            high = np.interp(z, rest[:, 2], rest[:, 1])
            pieces.append(block([0.014, high - level, 0.03], [x, (high + level) / 2, z]))
    return [("frame", piece) for piece in pieces]


ARMS: dict[str, Callable[[SofaDraft, float], Pieces]] = {
    "block": _block,
    "round": _round,
    "rolled": _rolled,
    "sloped": _sloped,
    "pillow": _pillow,
    "winged": _winged,
    "flared": _flared,
    "panel": _panel,
    "open": _open,
}

"""The arms of sofas: at both sides, or at one. All are made for +x and mirrored."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rrb.data.procedural.furniture import post
from rrb.data.procedural.parts import arc, bar, block, loft, mirrored, rod, slab
from rrb.data.procedural.sofa_draft import SofaDraft
from rrb.data.procedural.upholstery import padded
from rrb.geometry.mesh import Mesh

SIDES = {"left": (-1,), "right": (1,), "both": (-1, 1), "none": ()}


def add_arms(draft: SofaDraft, style: str, sides: str = "both", front: float = 0.0) -> None:
    """Arms of a style at the sitter's left (-x), right or both, from z = front to the back."""
    draft.design.style["arms"] = style if sides != "none" else "none"
    if sides == "none":
        return
    pieces = ARMS[style](draft, front)
    for side in SIDES[sides]:
        for kind, piece in pieces:
            draft.add(kind, piece if side > 0 else mirrored(piece), folds=1)


Pieces = list[tuple[str, Mesh]]


def _box(draft: SofaDraft, front: float, radius: float) -> Mesh:
    low, high = [draft.half, draft.foot, front], [draft.outer, draft.arm_height, draft.depth]
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
        [draft.half, draft.foot, front + 0.02], [draft.half + wide, y + 0.3 * r, draft.depth], 0.03
    )
    roll = rod([x, y, front], [x, y, draft.depth - 0.01], r, sections=20)
    disc = rod([x, y, front - 0.008], [x, y, front + 0.02], 0.72 * r, sections=16)
    return [("body", panel), ("body", roll), ("button", disc)]


def _sloped(draft: SofaDraft, front: float) -> Pieces:
    """A panel whose upper edge climbs to the back, straight or in a swing."""
    length, low, high = draft.depth - front, draft.foot, draft.arm_height
    rise = draft.between(0.3, 0.9) * max(draft.top - high, 0.05)
    bend = draft.between(-0.3, 0.5) * rise
    edge = arc(
        np.array(
            [
                (high - 0.06, 0),
                (high, 0.02),
                (high, 0.12),
                (high + 0.3 * rise + bend * 0.2, 0.7 * length),
                (high + rise, length),
            ]
        ),
        9,
    )
    outline = np.concatenate([[(low, 0)], edge, [(low, length)]])
    middle = outline.mean(0)
    piece = slab(
        outline - middle, draft.arm, [draft.half + draft.arm / 2, middle[0], middle[1] + front], axis=0
    )
    return [("body", piece)]


def _pillow(draft: SofaDraft, front: float) -> Pieces:
    """A low panel with a soft bolster on it."""
    low = draft.arm_height - 0.14
    panel = draft.pad_block([draft.half, draft.foot, front], [draft.outer, low + 0.03, draft.depth])
    wide = draft.arm + 0.04
    top = padded(
        [wide, 0.16, draft.depth - front + 0.02],
        [draft.half + draft.arm / 2, low + 0.06, (draft.depth + front) / 2],
        0.075,
    )
    return [("body", panel), ("cushion", top)]


def _winged(draft: SofaDraft, front: float) -> Pieces:
    """Rolled arms, and ears that come forward from the back."""
    deep, t = draft.between(0.18, 0.3), 0.09
    z, y = draft.depth, draft.arm_height - 0.1
    outline = np.array(
        [
            (y, z - deep),
            (0.55 * y + 0.45 * draft.top, z - deep * 1.05),
            (draft.top - 0.1, z - 0.8 * deep),
            (draft.top - 0.01, z - 0.35 * deep),
            (draft.top - 0.01, z + 0.04),
            (y, z),
        ]
    )
    middle = outline.mean(0)
    ear = slab(outline - middle, t, [draft.half + 0.5 * t, *middle], axis=0)
    return [*_rolled(draft, front), ("body", ear)]


def _flared(draft: SofaDraft, front: float) -> Pieces:
    """A thin panel that leans out."""
    lean, t = draft.between(0.06, 0.14), max(0.5 * draft.arm, 0.06)
    rings = []
    for y, x in (
        (draft.foot, draft.half),
        (draft.arm_height - 0.02, draft.half + lean),
        (draft.arm_height, draft.half + lean + 0.01),
    ):
        inset = 0.012 * (y == draft.arm_height)
        rings.append(
            [
                (x + inset, y, front + inset),
                (x + t - inset, y, front + inset),
                (x + t - inset, y, draft.depth - inset),
                (x + inset, y, draft.depth - inset),
            ]
        )
    return [("body", loft(np.array(rings)))]


def _thin(draft: SofaDraft, front: float) -> Pieces:
    """A panel of wood."""
    t = 0.03
    return [
        (
            "frame",
            block(
                [t, draft.arm_height - 0.01, draft.depth - front],
                [draft.half + t / 2 - 0.002, draft.arm_height / 2, (draft.depth + front) / 2],
            ),
        )
    ]


def open_arm(draft: SofaDraft, front: float) -> Pieces:
    """Posts, and a rest on them: of wood, straight or curved."""
    t, x, y = 0.045, draft.half + 0.02, draft.arm_height
    drop = draft.between(0.0, 0.06)
    rest = arc(
        np.array(
            [
                (x, y - drop, front - 0.02),
                (x, y + drop, front + 0.2),
                (x, y, draft.depth - 0.2),
                (x, y - drop, draft.depth + 0.02),
            ]
        ),
        8,
    )
    wide = draft.between(0.05, 0.1)
    splay = draft.between(0.0, 0.08)
    posts = [
        post(
            np.array([(x, 0, front + 0.06 - splay), (x, y - drop, front + 0.06)]),
            np.array([0.7 * t, t]),
            np.array([0.8 * t, t]),
        ),
        post(
            np.array([(x, 0, draft.depth - 0.08 + splay), (x, y - drop, draft.depth - 0.08)]),
            np.array([0.7 * t, t]),
            np.array([0.8 * t, t]),
        ),
    ]
    rail = block(
        [0.5 * t, 0.06, draft.depth - front - 0.1], [x, draft.deck - 0.04, (draft.depth + front) / 2]
    )
    pieces = [bar(rest, wide, 0.03), *posts, rail]
    if draft.often(0.3):
        at = np.linspace(front + 0.16, draft.depth - 0.16, 5)
        pieces += [
            block([0.014, y - draft.deck + 0.03, 0.03], [x, (y + draft.deck - 0.04) / 2, z]) for z in at
        ]
    return [("frame", piece) for piece in pieces]


ARMS: dict[str, Callable[[SofaDraft, float], Pieces]] = {
    "block": _block,
    "round": _round,
    "rolled": _rolled,
    "sloped": _sloped,
    "pillow": _pillow,
    "winged": _winged,
    "flared": _flared,
    "panel": _thin,
    "open": open_arm,
}

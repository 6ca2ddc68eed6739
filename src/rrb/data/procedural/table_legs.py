"""Three or four legs under a table top: straight, tapered, turned, bent, of wire; and a spider of bars."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.furniture import SIDES, above_floor, hoop, post
from rrb.data.procedural.parts import Floats, arc, block, ellipse, lathe, tube
from rrb.data.procedural.table_between import add_apron, add_shelf, add_stretchers
from rrb.data.procedural.table_draft import EVEN, ROUND, Stand, TableDraft, at_four_corners
from rrb.geometry.mesh import Mesh

LEGS = {
    "square": 3.0, "tapered": 3.0, "round": 2.0, "cone": 2.0, "turned": 2.5, "sabre": 1.0, "cabriole": 1.0,
    "hairpin": 0.8,
}  # fmt: skip
LEANING = ("cone", "hairpin", "round", "tapered")  # may stand wider at the floor than under the top


def add_legs(draft: TableDraft) -> None:
    """Legs, and what runs between them."""
    low = draft.kind in ("coffee", "side")
    style = draft.choose("leg", LEGS | {"hairpin": 1.5} if low else LEGS)
    stand = _stand(draft, style, 3 if draft.outline == "round" and draft.often(0.35) else 4)
    draft.design.style["legs"] = str(stand.count)
    draft.metal = style == "hairpin" or (style in ("square", "round") and draft.often(0.3))
    copies = [copy for piece in _leg(draft, style, stand) for copy in stand.copies(piece)]
    draft.add("leg", *copies, folds=stand.folds)
    if style == "hairpin":
        return
    framed = add_apron(draft, stand, 0.15 if style == "cone" else 0.7)
    if style not in ("sabre", "cabriole"):
        add_stretchers(draft, stand, 0.25 if framed else 0.4)
        add_shelf(draft, stand, 0.45 if low else 0.12)


def _stand(draft: TableDraft, style: str, count: int) -> Stand:
    """Where the legs stand, and how far apart at the floor."""
    thickness = draft.between(0.04, 0.075) * (draft.height * max(draft.width, 0.7)) ** 0.3
    if style == "square" and draft.often(0.25):
        thickness *= 1.5
    splay = draft.between(0.02, 0.14) * draft.height
    if style not in LEANING or draft.kind == "drop-leaf" or (style != "cone" and draft.often(0.65)):
        splay = 0.0
    if count == 3:
        reach = draft.between(0.6, 0.75) * draft.width / 2
        # No foot beyond the top: the box around the table stays centred on its axis.
        foot = min(reach + splay, 0.97 * draft.width / 2 - thickness / 2)
        return Stand(np.array([0, draft.held, reach]), np.array([0, 0, foot]), thickness, 3, 3)
    x, z = _corner(draft, thickness)
    return Stand(
        np.array([x, draft.held, z]), np.array([x + splay, 0, z + splay]), thickness, 4, draft.own_folds
    )


def _corner(draft: TableDraft, thickness: float) -> Floats:
    """(2,): x and z of the leg at +x and +z, below the top whatever its outline."""
    half = np.array([draft.width, draft.depth]) / 2
    if draft.outline in (*ROUND, "octagon", "half", "live"):
        return half * draft.between(0.55, 0.64) * ([1.1, 0.9] if draft.outline == "half" else 1.0)
    straight = draft.outline in ("rectangle", "square")
    inset = draft.between(0.0, 0.08) if straight else 0.1
    inside = half - inset * draft.depth - draft.margin - thickness / 2 - 0.002
    return inside * ([1, 0.8] if draft.outline == "boat" else 1.0)


def _leg(draft: TableDraft, style: str, stand: Stand) -> list[Mesh]:
    """The pieces of the leg at +x and +z."""
    t, line = stand.thickness, np.array([stand.top, stand.foot])
    if style == "square":
        return [post(line, np.array([t, t]))]
    if style == "tapered":
        return [_tapered(draft, stand)]
    if style in ("round", "cone"):
        end = draft.between(0.35, 0.6) if style == "cone" else draft.between(0.8, 1.0)
        return [above_floor(tube(line, np.array([t, end * t]) / 2 * 0.95, 12))]
    if style == "hairpin":
        return _hairpin(draft, stand)
    if style == "turned":
        return _turned(draft, stand)
    return [_bent(draft, stand, style)]


def _tapered(draft: TableDraft, stand: Stand) -> Mesh:
    """Straight as far as the apron goes, then thinner towards the floor, on the inner sides only."""
    t, y = stand.thickness, stand.top[1]
    straight = stand.top + (stand.foot - stand.top) * min(0.6, 0.12 / y + 0.05)
    end = draft.between(0.35, 0.7)
    outwards = np.array([1.0 if stand.count == 4 else 0.0, 0, 1.0]) * t * (1 - end) / 2
    foot = stand.foot + outwards * draft.between(0, 1)
    return post(np.array([stand.top, straight, foot]), np.array([t, t, end * t]))


def _hairpin(draft: TableDraft, stand: Stand) -> list[Mesh]:
    """A rod bent in two, its ends apart under the top, and the plate that they hang on."""
    spread, radius = draft.between(0.04, 0.07), draft.between(0.005, 0.008)
    out = (stand.top if stand.count == 3 else stand.foot) * [1, 0, 1]
    side = np.cross(out / np.linalg.norm(out), [0, 1.0, 0])
    foot = stand.foot + [0, radius, 0]
    bend = [foot + side * 0.012 * s + [0, 0.018 * s**2, 0] for s in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    top = stand.top - out / np.linalg.norm(out) * 0.02
    rod = tube(np.array([top - side * spread, *bend, top + side * spread]), radius, 6)
    if stand.count == 3:
        return [rod]
    return [rod, block([1.3 * spread, 0.006, 1.3 * spread], [top[0], draft.under - 0.002, top[2]])]


def _turned(draft: TableDraft, stand: Stand) -> list[Mesh]:
    """A square block below the top, then beads and necks, as from a lathe."""
    t, top = stand.thickness, stand.top
    square = draft.between(0.12, 0.24) * top[1]
    length = top[1] - square
    profile = [(0.40 * t, length + 0.01), (0.40 * t, length * 0.985)]
    for h in draft.random.uniform(0.05, 0.95, draft.whole(3, 6)) * length:
        neck, bead, half = (
            draft.between(0.2, 0.34) * t,
            draft.between(0.4, 0.5) * t,
            draft.between(0.01, 0.025),
        )
        profile += [(neck, h + half), (bead, h), (neck + 0.02 * t, h - half)]
    profile = [(r, y) for r, y in profile if y > 0.03] + [(0.36 * t, 0.03), (0.30 * t, 0.0)]
    profile.sort(key=lambda at: -at[1])
    head = block([t, square, t], [top[0], length + square / 2, top[2]])
    return [head, lathe(np.array(profile), [top[0], 0, top[2]], 16)]


def _bent(draft: TableDraft, stand: Stand, style: str) -> Mesh:
    """A sabre leg bows outwards to its foot; a cabriole leg swings out at the knee and in again at the ankle."""
    t, top = stand.thickness, stand.top
    outwards = np.array([0, 0, 1.0]) if stand.count == 3 else np.array([1, 0, 1.0]) / np.sqrt(2)
    room = 0.02 if stand.count == 3 else 0.04
    down = np.linspace(0, 1, 9)[:, None]
    if style == "sabre":
        swing = draft.between(0.75, 1.5) * (room + 0.03) * down**2
        size = t * np.linspace(1, draft.between(0.5, 0.7), 9)
    else:
        swing = room * (0.5 * np.sin(2 * np.pi * down**0.8) + 0.4 * down**6)
        size = t * arc(np.array([[1.25], [1.3], [0.7], [0.25], [0.9]]), 9)[:, 0]
    return post(top * [1, 0, 1] + (1 - down) * [0, top[1], 0] + swing * outwards, size)


def add_spider(draft: TableDraft) -> None:
    """Bars from each foot up through a ring near the middle and out again to the top: for glass above all."""
    y, t = draft.held, draft.between(0.015, 0.03)
    x, z = np.array([draft.width, draft.depth]) * draft.between(0.25, 0.375)
    waist, level = draft.between(0.05, 0.3), draft.between(0.35, 0.6) * y
    line = arc(np.array([(x, 0, z), (waist * x, level, waist * z), (0.9 * x, y, 0.9 * z)]), 9)
    draft.metal = draft.often(0.7)
    piece = tube(line, t, 10) if draft.metal else post(line, 2 * t)
    piece = piece.with_vertices(np.clip(piece.vertices, [-np.inf, 0, -np.inf], [np.inf, y, np.inf]))
    draft.add("leg", *at_four_corners(piece, draft.own_folds), folds=draft.own_folds)
    x, level, z = line[4]
    ring = hoop(2**0.5 * ellipse(2 * x, 2 * z, SIDES), (level - t, level + t), 1.5 * t)
    draft.add("stretcher", ring, folds=0 if draft.outline in EVEN else 2)

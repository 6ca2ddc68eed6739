"""Three or four legs under a table top, and what runs between them: aprons, stretchers, shelves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rrb.data.procedural.furniture import SIDES, around, at_both_ends, hoop, plate, post
from rrb.data.procedural.parts import Floats, arc, block, ellipse, lathe, rod, tube, turn
from rrb.data.procedural.table_draft import ROUND, TableDraft, at_four_corners
from rrb.geometry.mesh import Mesh


@dataclass(frozen=True)
class Stand:
    """Where the leg at +x and +z stands: its middle line from the top to the floor, and how thick it is there."""

    top: Floats  # (3,)
    foot: Floats  # (3,)
    thickness: float
    count: int  # 3 or 4
    folds: int

    def at(self, y: float) -> Floats:
        """(2,): x and z of the middle line at a height."""
        share = (y - self.foot[1]) / (self.top[1] - self.foot[1])
        return (self.foot + share * (self.top - self.foot))[[0, 2]]

    def copies(self, piece: Mesh) -> list[Mesh]:
        """The piece for each of the legs."""
        return around(piece, 3) if self.count == 3 else at_four_corners(piece, self.folds)


def add_legs(draft: TableDraft) -> None:
    """Legs and what they need."""
    round_top = draft.outline in ROUND
    low = draft.kind in ("coffee", "side")
    style = draft.choose(
        "leg",
        {
            "square": 3, "tapered": 3, "round": 2, "cone": 2, "turned": 2.5, "sabre": 1, "cabriole": 1,
            "hairpin": 1.5 if low or draft.kind == "desk" else 0.6,
        },
    )  # fmt: skip
    three = draft.outline == "round" and draft.often(0.35)
    stand = _stand(draft, style, 3 if three else 4)
    draft.design.style["legs"] = str(stand.count)
    draft.metal = style == "hairpin" or (style in ("square", "round") and draft.often(0.3))
    draft.add(
        "leg",
        *(copy for piece in _leg(draft, style, stand) for copy in stand.copies(piece)),
        folds=stand.folds,
    )
    if style == "hairpin":
        return
    framed = _add_apron(draft, stand, 0.15 if style in ("cone",) else 0.7, round_top)
    if style in ("sabre", "cabriole"):
        return
    _add_stretchers(draft, stand, 0.25 if framed else 0.4)
    _add_shelf(draft, stand, 0.45 if low else 0.12)


def _stand(draft: TableDraft, style: str, count: int) -> Stand:
    thickness = draft.between(0.04, 0.075) * (draft.height * max(draft.width, 0.7)) ** 0.3
    if style == "square" and draft.often(0.25):
        thickness *= 1.5
    if style == "hairpin":
        thickness = draft.between(0.05, 0.1)
    splay = (
        draft.between(0.02, 0.14) * draft.height if style in ("cone", "hairpin", "round", "tapered") else 0.0
    )
    splay *= 1.0 if style == "cone" or draft.often(0.35) else 0.0
    if count == 3:
        reach = draft.between(0.6, 0.75) * draft.width / 2
        foot = min(reach + splay, 0.97 * draft.width / 2 - thickness / 2)
        return Stand(np.array([0, draft.held, reach]), np.array([0, 0, foot]), thickness, 3, 3)
    if draft.outline in (*ROUND, "octagon", "half", "live"):
        at = np.array([draft.width, draft.depth]) / 2 * draft.between(0.55, 0.64)
        at = at * [1.1, 0.9] if draft.outline == "half" else at
    else:
        inset = (
            draft.between(0.0, 0.08) * draft.depth
            if draft.outline in ("rectangle", "square")
            else 0.1 * draft.depth
        )
        at = np.array([draft.width, draft.depth]) / 2 - inset - thickness / 2 - 0.002
        at = at * [1, 0.8] if draft.outline == "boat" else at
    top, foot = np.array([at[0], draft.held, at[1]]), np.array([at[0] + splay, 0, at[1] + splay])
    return Stand(top, foot, thickness, 4, draft.own_folds)


def _leg(draft: TableDraft, style: str, stand: Stand) -> list[Mesh]:
    """The pieces of the leg at +x and +z."""
    t, line = stand.thickness, np.array([stand.top, stand.foot])
    if style == "square":
        return [post(line, np.array([t, t]))]
    if style == "tapered":
        return [_tapered(draft, stand)]
    if style in ("round", "cone"):
        end = draft.between(0.35, 0.6) if style == "cone" else draft.between(0.8, 1.0)
        return [tube(line, np.array([t, end * t]) / 2 * 0.95, 12)]
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
    return post(
        np.array([stand.top, straight, stand.foot + outwards * draft.between(0, 1)]),
        np.array([t, t, end * t]),
    )


def _hairpin(draft: TableDraft, stand: Stand) -> list[Mesh]:
    """A rod bent in two, its ends apart under the top."""
    spread, radius = stand.thickness, draft.between(0.005, 0.008)
    out = stand.foot - stand.top
    out = (
        np.array([out[0], 0, out[2]])
        if np.abs(out[[0, 2]]).max() > 1e-6
        else np.array([stand.top[0], 0, stand.top[2]])
    )
    side = np.cross(out / np.linalg.norm(out), [0, 1.0, 0])
    foot = stand.foot + [0, radius, 0]
    bend = [foot + side * 0.012 * s + [0, 0.018 * s**2, 0] for s in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    path = [stand.top - side * spread, *bend, stand.top + side * spread]
    plate_size = [2.4 * spread, 0.006, 2.4 * spread]
    holder = block(plate_size, [stand.top[0], draft.under - 0.002, stand.top[2]])
    return (
        [tube(np.array(path), radius, 6), holder] if stand.count == 4 else [tube(np.array(path), radius, 6)]
    )


def _turned(draft: TableDraft, stand: Stand) -> list[Mesh]:
    """A square block below the top, then beads, necks and a swelling, as from a lathe."""
    t, top = stand.thickness, stand.top
    square = draft.between(0.12, 0.24) * top[1]
    length = top[1] - square
    count = int(draft.random.integers(3, 7))
    heights = np.sort(draft.random.uniform(0.05, 0.95, count))[::-1]
    profile = [(0.40 * t, length + 0.01), (0.40 * t, length * 0.985)]
    for h in heights:
        neck, bead, half = (
            draft.between(0.2, 0.34) * t,
            draft.between(0.4, 0.5) * t,
            draft.between(0.01, 0.025),
        )
        profile += [(neck, h * length + half), (bead, h * length), (neck + 0.02 * t, h * length - half)]
    profile = [(r, y) for r, y in profile if y > 0.03]
    profile += [(0.36 * t, 0.03), (0.30 * t, 0.0)]
    order = sorted(profile, key=lambda at: -at[1])
    head = block([t, square, t], [top[0], length + square / 2, top[2]])
    return [head, lathe(np.array(order), [top[0], 0, top[2]], 16)]


def _bent(draft: TableDraft, stand: Stand, style: str) -> Mesh:
    """A sabre leg bows outwards to its foot; a cabriole leg swings out at the knee and in again at the ankle."""
    t, top = stand.thickness, stand.top
    outwards = np.array([0, 0, 1.0]) if stand.count == 3 else np.array([1, 0, 1.0]) / np.sqrt(2)
    room = 0.04 if stand.count == 4 else 0.02
    down = np.linspace(1, 0, 9)[:, None]
    if style == "sabre":
        swing = draft.between(0.5, 1.0) * (room + 0.03) * (1 - down) ** 2 * 1.5
        size = t * np.linspace(1, draft.between(0.5, 0.7), 9)
    else:
        swing = room * 0.5 * np.sin(2 * np.pi * (1 - down) ** 0.8) + 0.4 * room * (1 - down) ** 6
        size = t * arc(np.array([[1.25], [1.3], [0.7], [0.25], [0.9]]), 9)[:, 0]
    path = np.array([top[0], 0, top[2]]) + down * [0, top[1], 0] + swing * outwards
    return post(path, size)


def _add_apron(draft: TableDraft, stand: Stand, share: float, round_top: bool) -> bool:
    """Boards below the top from leg to leg, or a band where it is round."""
    if not draft.often(share) or draft.outline in ("half", "live"):
        return False
    height, thickness = draft.between(0.05, 0.13) * min(1, draft.height / 0.6), draft.between(0.016, 0.024)
    low, (x, z) = draft.under - height, stand.at(draft.under)
    if round_top or stand.count == 3:
        share = np.hypot(x / draft.width, z / draft.depth) * 2
        band = hoop(share * ellipse(draft.width, draft.depth, SIDES), (low, draft.held), thickness)
        draft.add("apron", band, folds=0 if draft.outline == "round" else 2)
        return True
    middle, tall = (low + draft.held) / 2, draft.held - low
    long = block([2 * x, tall, thickness], [0, middle, z])
    short = block([thickness, tall, 2 * z], [x, middle, 0])
    draft.add("apron", *at_both_ends(long, short), folds=stand.folds)
    return True


def _add_stretchers(draft: TableDraft, stand: Stand, share: float) -> None:
    """Bars from leg to leg near the floor."""
    kinds = {"Y": 1.0} if stand.count == 3 else {"H": 2.0, "box": 1.5, "X": 1.0, "sides": 1.0}
    if not draft.often(share):
        draft.design.style["stretcher"] = "none"
        return
    style = draft.choose("stretcher", kinds)
    y = draft.between(0.08, 0.35) * draft.height
    x, z = stand.at(y)
    thick, tall = draft.between(0.3, 0.6) * stand.thickness, draft.between(0.4, 0.9) * stand.thickness
    if style == "Y":
        draft.add("stretcher", *around(block([thick, tall, z], [0, y, z / 2]), 3), folds=3)
        return
    if style == "X":
        angle = np.arctan2(x, z)
        length = 2 * np.hypot(x, z)
        bars = [block([thick, tall, length], [0, y, 0], turn(1, a)) for a in (angle, -angle)]
        draft.add("stretcher", *bars, folds=stand.folds)
        return
    side = at_both_ends(block([thick, tall, 2 * z], [x, y, 0]))
    if style == "H":
        side.append(block([2 * x, tall, thick], [0, y, 0]))
    if style == "box":
        side += at_both_ends(block([2 * x, tall, thick], [0, y, z]))
    draft.add("stretcher", *side, folds=stand.folds if style == "box" else 2)


def _add_shelf(draft: TableDraft, stand: Stand, share: float) -> None:
    """A board, slats or rods between the legs, below the top."""
    if not draft.often(share):
        draft.design.style["shelf"] = "none"
        return
    flat = stand.count == 4 and draft.outline not in (*ROUND, "octagon")
    style = draft.choose("shelf", {"board": 2.0, "slats": 1.0 if flat else 0, "rods": 0.7 if flat else 0})
    y = draft.between(0.22, 0.45) * draft.height
    x, z = stand.at(y)
    thickness = draft.between(0.014, 0.03)
    if not flat:
        reach = np.hypot(x, z) if stand.count == 3 else 0.0
        size = (2 * reach, 2 * reach) if reach else (2 * np.hypot(x, x), 2 * np.hypot(z, z))
        draft.add(
            "shelf",
            plate(ellipse(*size, SIDES), y, y + thickness),
            folds=0 if draft.outline == "round" else stand.folds,
        )
        return
    if style == "board":
        draft.add("shelf", block([2 * x, thickness, 2 * z], [0, y, 0]), folds=stand.folds)
        return
    rails = at_both_ends(block([0.022, 0.022, 2 * z], [x, y, 0]))
    count = int(draft.random.integers(4, 9))
    if style == "rods":
        rails += at_both_ends(block([2 * x, 0.022, 0.022], [0, y, z]))
        at = np.linspace(-z, z, 2 * count + 1)[1:-1]
        draft.add("shelf", *rails, *(rod([-x, y, k], [x, y, k], 0.004, sections=5) for k in at), folds=2)
        return
    each = 2 * z / count
    at = (np.arange(count) - (count - 1) / 2) * each
    slats = [block([2 * x, 0.014, 0.7 * each], [0, y, k]) for k in at]
    draft.add("shelf", *rails, *slats, folds=2)

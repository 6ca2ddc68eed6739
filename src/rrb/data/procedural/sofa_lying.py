"""To lie on, or to put feet on: chaises longues, daybeds, ottomans."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.furniture import SIDES, above_floor, around, plate, post
from rrb.data.procedural.parts import bar, block, cushion, ellipse, rod, rounded_rectangle
from rrb.data.procedural.sofa_draft import SofaDraft
from rrb.data.procedural.sofa_seats import FEET, add_body, add_feet, add_seat_cushions
from rrb.data.procedural.upholstery import dome, padded, swept


def add_chaise(draft: SofaDraft) -> None:
    """A chaise longue: a high end at the sitter's left or right, and a back that falls away from it."""
    sign = 1.0 if draft.choose("side", {"left": 1.0, "right": 1.0}) == "right" else -1.0
    add_body(draft, draft.across, (0.0, draft.depth))
    add_seat_cushions(draft, draft.across, (0.0, draft.depth - 0.6 * draft.back), 1)
    _rolled_end(draft, sign)
    if draft.choose("back", {"none": 1.0, "falling": 2.0}) == "falling":
        _falling_back(draft, sign)
    add_feet(draft, draft.across, (0.0, draft.depth), draft.choose("feet", FEET))
    if draft.often(0.6):
        r = draft.between(0.07, 0.11)
        x, y = sign * (draft.half - 0.05 - r), draft.seat + 0.85 * r
        bolster = rod([x, y, 0.08], [x, y, 0.9 * draft.depth - 0.06], r, sections=16)
        draft.add("throw 1", bolster, folds=1)


def _rolled_end(draft: SofaDraft, sign: float) -> None:
    """The high end: a bent board that leans out, with a roll on top."""
    t, tall, wide = draft.between(0.12, 0.18), draft.top - draft.deck, draft.depth - 0.01
    x, out = sign * draft.half, sign * draft.between(0.15, 0.45) * tall
    y, z = draft.top - t / 2, draft.depth / 2
    line = [(x, draft.deck - 0.02, z), (x + 0.25 * out, draft.deck + 0.5 * tall, z), (x + out, y, z)]
    draft.add("body", bar(np.array(line), wide, t, across=(0, 0, 1)), folds=1)
    draft.add("body", rod([x + out, y, 0.0], [x + out, y, wide], 0.62 * t, sections=16), folds=1)


def _falling_back(draft: SofaDraft, sign: float) -> None:
    """Along +z, high at the raised end and down to the seat towards the other."""
    reach = draft.between(0.5, 1.0)
    x = np.linspace(draft.half, draft.half * (1 - 2 * reach), 15)
    fall = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, 15))
    high = draft.seat + 0.04 + (draft.top - draft.seat - 0.12) * fall
    path = np.stack([sign * x, np.full(15, draft.depth - draft.back / 2)], axis=1)
    draft.add("body", swept(path, draft.back, draft.deck - 0.02, high, 0.4 * draft.back), folds=1)


def add_daybed(draft: SofaDraft) -> None:
    """A mattress on a frame or a body, no back: half a turn changes nothing, unless a roll lies at one end."""
    x, z = draft.half, draft.depth / 2
    if draft.choose("body", {"frame": 1.5, "padded": 1.0}) == "frame":
        draft.add("frame", block([2 * x, 0.06, 2 * z], [0, draft.deck - 0.02, 0]), folds=2)
        lines = [
            [(s * (x - 0.06), y, t * (z - 0.06)) for y in (0, draft.deck)] for s in (-1, 1) for t in (-1, 1)
        ]
        draft.add("frame", *(post(np.array(line), np.array([0.035, 0.055])) for line in lines), folds=2)
    else:
        draft.add("body", draft.pad_block([-x, draft.foot, -z], [x, draft.deck + 0.01, z]), folds=2)
        add_feet(draft, draft.across, (-z, z), draft.choose("feet", FEET), folds=2)
    _mattress(draft, [2 * x - 0.02, draft.pad + 0.01, 2 * z - 0.02])
    _daybed_ends(draft, x, z)


def _mattress(draft: SofaDraft, size: list[float]) -> None:
    style, y = draft.choose("seat", {"boxed": 1.5, "soft": 1.0, "strips": 1.0}), draft.seat - draft.pad / 2
    if style == "boxed":
        pieces = [padded(size, [0, y, 0], 0.35 * draft.pad)]
    elif style == "soft":
        pieces = [cushion(size, [0, y, 0], softness=0.2, sections=7)]
    else:
        count = draft.whole(6, 14)
        each = size[0] / count
        at = (np.arange(count) - (count - 1) / 2) * each
        pieces = [cushion([1.02 * each, *size[1:]], [x, y, 0], softness=0.3, sections=3) for x in at]
    draft.add("cushion", *pieces, folds=2)


def _daybed_ends(draft: SofaDraft, x: float, z: float) -> None:
    ends = draft.choose("ends", {"none": 1.0, "one roll": 1.0, "two rolls": 1.0, "raised": 1.0})
    if ends == "raised":
        tall = draft.between(0.15, 0.35) + draft.pad
        end = padded([0.09, tall + 0.02, 2 * z], [x + 0.02, draft.deck + tall / 2, 0], 0.04)
        draft.add("body", *around(end, 2), folds=2)
    elif ends != "none":
        r = draft.between(0.07, 0.1)
        at, y = x - r - 0.03, draft.seat + 0.85 * r
        rolls = around(rod([at, y, -0.85 * z], [at, y, 0.85 * z], r, sections=16), 2)
        draft.add("throw 1", *rolls[: 1 if ends == "one roll" else 2], folds=1 if ends == "one roll" else 2)


def add_ottoman(draft: SofaDraft) -> None:
    """A stool to sit on or to put feet on: round, square or long."""
    outline = draft.choose("outline", {"round": 1.2, "square": 1.0, "long": 1.0})
    wide = draft.between(0.8, 1.4) if outline == "long" else draft.between(0.45, 1.0)
    deep = draft.between(0.4, 0.6) * wide if outline == "long" else wide
    folds = {"round": 0, "square": 4, "long": 2}[outline]
    edge = rounded_rectangle(wide, deep, draft.round + 0.01)
    edge = ellipse(wide, wide, SIDES) if outline == "round" else edge
    lid = draft.seat - draft.between(0.3, 0.6) * (draft.seat - draft.foot)
    draft.add("body", dome(edge * 0.985, draft.foot, lid + 0.03, 0.02), folds=folds)
    radius, crown = draft.between(0.2, 0.49) * (draft.seat - lid), draft.between(0.0, 0.05)
    draft.add("cushion", dome(edge, lid, draft.seat, radius, crown), folds=folds)
    if outline == "round":
        _round_feet(draft, wide)
        return
    styles = {name: weight for name, weight in FEET.items() if name != "sled" or outline == "long"}
    add_feet(draft, (-wide / 2, wide / 2), (-deep / 2, deep / 2), draft.choose("feet", styles), folds=folds)


def _round_feet(draft: SofaDraft, wide: float) -> None:
    style = draft.choose("feet", {"plinth": 1.5, "cone": 1.5})
    if style == "plinth":
        draft.add("foot", plate(ellipse(0.85 * wide, 0.85 * wide, SIDES), 0, draft.foot + 0.02), folds=0)
        return
    count = draft.whole(3, 5)
    foot = rod([0, 0, 0.42 * wide], [0, draft.foot + 0.02, 0.36 * wide], 0.012, 0.025, 12)
    draft.add("foot", *around(above_floor(foot), count), folds=count)

"""Sofas along a bend: tubs, whose arms and back are one wall, and curved benches."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rrb.data.procedural.furniture import plate
from rrb.data.procedural.parts import Floats, lathe, moved, rod
from rrb.data.procedural.sofa_draft import SofaDraft
from rrb.data.procedural.sofa_seats import add_feet, throw_cushions
from rrb.data.procedural.upholstery import dome, swept

TUB_FEET = {"plinth": 1.0, "cone": 1.5, "tapered": 1.0, "bun": 1.0}


def add_tub(draft: SofaDraft) -> None:
    """Arms and back are one wall that runs around the seat and falls towards the front."""
    half, front = draft.half + draft.arm / 2, draft.between(-0.03, 0.1)
    bend, height = _bend(draft, half)
    path = np.concatenate([[(half, front)], bend, [(-half, front)]])
    high = draft.arm_height + (draft.top - draft.arm_height) * np.concatenate([[0], height, [0]])
    lean = draft.between(0.0, 0.25)
    draft.add(
        "body", swept(path, draft.arm, draft.foot, high, draft.between(0.2, 0.49) * draft.arm, lean), folds=1
    )
    _tub_seat(draft, np.concatenate([[(half, 0.0)], bend, [(-half, 0.0)]]))
    if draft.often(0.3):
        _wall_channels(draft, path, high, lean)
    if draft.seats > 1:
        throw_cushions(draft, draft.across, draft.arm / 2 + 0.04)


def _bend(draft: SofaDraft, half: float) -> tuple[Floats, Floats]:
    """x and z (N, 2) from +x round the back to -x, and how far the wall has risen there, 0 to 1."""
    deep = draft.between(0.5, 0.8) * draft.depth  # how much of the depth is bent
    power = draft.between(0.55, 1.0)  # 1 is an ellipse, less is squarer
    angle = np.linspace(np.pi / 2, -np.pi / 2, 25)
    sine, cosine = np.sin(angle), np.cos(angle).clip(0)
    x, z = half * np.sign(sine) * np.abs(sine) ** power, draft.depth - deep + deep * cosine**power
    return np.stack([x, z], axis=1), cosine ** draft.between(0.6, 2.5)


def _tub_seat(draft: SofaDraft, outline: Floats) -> None:
    """The body and the cushion inside the wall, and what carries them."""
    half, middle = outline[0, 0], draft.depth / 2
    outline = outline - [0, middle]
    body = plate(outline * 0.985, draft.foot + 0.004, draft.deck + 0.02)
    inside = outline * [1 - (draft.arm / 2 - 0.004) / half, 1 - 0.5 * draft.arm / draft.depth]
    cushion = dome(inside, draft.deck, draft.seat, 0.4 * draft.pad, draft.between(0, 0.04))
    draft.add("body", moved(body, [0, 0, middle]), folds=1)
    draft.add("cushion", moved(cushion, [0, 0, middle - 0.25 * draft.arm]), folds=1)
    style = draft.choose("feet", TUB_FEET | ({"disc": 0.8} if draft.seats == 1 else {}))
    if style == "plinth":
        draft.add("foot", moved(plate(outline * 0.88, 0.0, draft.foot + 0.02), [0, 0, middle]), folds=1)
    elif style == "disc":
        r, y = 0.5 * draft.half + 0.05, draft.foot
        profile = np.array([(r, 0), (r, 0.015), (0.05, 0.035), (0.035, 0.05), (0.035, y + 0.02)])
        draft.add("foot", lathe(profile, [0, 0, middle]), folds=1)
    else:
        add_feet(draft, (-0.86 * draft.half, 0.86 * draft.half), (0.0, 0.9 * draft.depth), style)


def _wall_channels(draft: SofaDraft, path: Floats, high: Floats, lean: float) -> None:
    """Upright rolls along the inner side of the wall."""
    draft.design.style["back"] = "channels"
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    count = max(9, int(along[-1] / 0.13))
    marks = (np.arange(count) + 0.5) / count * along[-1]

    def at(lengths: Floats) -> Floats:
        """x and z of the path after these lengths."""
        return np.stack([np.interp(lengths, along, path[:, k]) for k in (0, 1)], axis=1)

    step = at(marks + 0.01) - at(marks - 0.01)
    out = np.stack([step[:, 1], -step[:, 0]], axis=1) / np.linalg.norm(step, axis=1, keepdims=True)
    foot = at(marks) - (draft.arm / 2 - 0.005) * out
    top = np.interp(marks, along, high) - 0.015
    head = foot + lean * (top - draft.deck)[:, None] * out
    for low, up, y in zip(foot, head, top, strict=True):
        roll = rod([low[0], draft.deck, low[1]], [up[0], y, up[1]], 0.51 * along[-1] / count, sections=10)
        draft.add("cushion", roll, folds=1)


def add_curved(draft: SofaDraft) -> None:
    """A long seat along an arc whose ends come towards the sitters."""
    radius = draft.between(1.3, 2.6)
    half = min(draft.half / radius * 1.1, 1.2)  # an angle
    middle, deep = radius - draft.depth / 2, draft.depth - 0.4 * draft.back

    def along(r: float, low: float, high: float, count: int = 21) -> Floats:
        """From +x to -x, so that the right hand is outside."""
        angle = np.linspace(high, low, count)
        return np.stack([r * np.sin(angle), r * np.cos(angle) - radius + draft.depth], axis=1)

    whole = along(middle, -half, half)
    draft.add("body", swept(whole, draft.depth, draft.foot, draft.deck + 0.01, 0.03), folds=1)
    ends = half * (1 - draft.between(0.0, 0.35))  # the back may stop before the seat does
    high = draft.top - draft.between(0.0, 0.2) * np.linspace(-1, 1, 21) ** 2
    wall = along(radius - draft.back / 2, -ends, ends)
    draft.add(
        "body", swept(wall, draft.back, draft.deck - 0.02, high, 0.45 * draft.back, draft.rake), folds=1
    )
    count = 1 if draft.choose("seat", {"one": 1.0, "boxed": 1.5}) == "one" else draft.seats
    edges, gap = np.linspace(-half, half, count + 1), 0.003 / radius
    for first, last in pairwise(edges):
        path = along(middle - 0.2 * draft.back, first + gap, last - gap, 21 if count == 1 else 9)
        draft.add("cushion", swept(path, deep, draft.deck, draft.seat, 0.45 * draft.pad), folds=1)
    if draft.choose("feet", {"plinth": 2.0, "cone": 2.0}) == "plinth":
        path = along(middle, -0.93 * half, 0.93 * half)
        draft.add("foot", swept(path, 0.8 * draft.depth, 0, draft.foot + 0.02, 0.01), folds=1)
    else:
        rows = [along(r, -0.85 * half, 0.85 * half, 3) for r in (radius - 0.08, radius - draft.depth + 0.1)]
        for x, z in np.concatenate(rows):
            draft.add("foot", rod([x, 0, z], [x, draft.foot + 0.02, z], 0.015, 0.026, 12), folds=1)
    throw_cushions(draft, (-0.5 * draft.half, 0.5 * draft.half), 0.05)

"""The forms of sofas that go beyond a seat between two arms: round a corner, along a bend, or without a back."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.furniture import SIDES, around, plate, post
from rrb.data.procedural.parts import (
    Floats,
    bar,
    block,
    cushion,
    ellipse,
    lathe,
    moved,
    rod,
    rounded_rectangle,
    turn,
)
from rrb.data.procedural.sofa_arms import add_arms
from rrb.data.procedural.sofa_backs import add_back, add_back_cushions
from rrb.data.procedural.sofa_draft import SofaDraft
from rrb.data.procedural.sofa_seats import add_body, add_feet, add_seat_cushions, throw_cushions
from rrb.data.procedural.upholstery import dome, padded, swept

FEET = {"block": 2.0, "tapered": 2.0, "cone": 1.5, "bun": 1.0, "plinth": 1.0, "sled": 0.7}


# --- round a corner ---------------------------------------------------------------------------------


def add_corner(draft: SofaDraft, arms: str, back: str) -> None:
    """A sofa with a second wing towards -z at the sitter's left or right: with a back of its own, or to lie on."""
    side = draft.choose("side", {"left": 1.0, "right": 1.0})
    wing = draft.choose("wing", {"seat": 1.0, "chaise": 1.2})
    sign = 1.0 if side == "right" else -1.0
    wide = draft.between(0.6, 0.85) if wing == "chaise" else draft.behind(draft.seat)
    reach = -draft.between(0.5, 0.9) if wing == "chaise" else -draft.between(0.55, 1.4)
    end = sorted((sign * draft.half, sign * (draft.half - wide)))
    rest = sorted((sign * (draft.half - wide), -sign * draft.half))
    add_body(draft, (-draft.half, draft.half), (0.0, draft.depth))
    add_body(draft, (end[0], end[1]), (reach, 0.05))
    other = "left" if side == "right" else "right"
    add_arms(draft, arms, other if wing == "seat" or draft.often(0.5) else "both")
    add_back(draft, back, _between_arms(draft, arms, other))
    if wing == "seat":
        low, high = [draft.half, draft.foot, reach], [draft.half + draft.back, draft.top, draft.depth + 0.02]
        if sign < 0:
            low[0], high[0] = -high[0], -low[0]
        draft.add("body", draft.pad_block(low, high), folds=1)
        if draft.often(0.5):
            low, high = [end[0], draft.foot, reach - 0.16], [end[1] + 0, draft.arm_height, reach + 0.01]
            low[0], high[0] = min(low[0], low[0] - draft.back * (sign < 0)), high[0] + draft.back * (sign > 0)
            draft.add("body", draft.pad_block(low, high), folds=1)
    count = max(1, draft.seats - 1)
    style = draft.choose("seat", {"boxed": 2.0, "soft": 1.5, "rolled edge": 1.0})
    forward = add_back_cushions(
        draft, (-draft.half, draft.half), draft.seats, draft.choose("back cushions", LOOSE)
    )
    rear = draft.behind(draft.seat) - 0.02
    add_seat_cushions(draft, (rest[0], rest[1]), (-0.01, rear), count, style)
    pieces = max(1, round(-reach / 0.7)) if wing == "seat" else 1
    edges = np.linspace(reach - 0.005, rear, pieces + 1)
    for low_z, high_z in zip(edges[:-1], edges[1:], strict=True):
        add_seat_cushions(draft, (end[0], end[1]), (low_z, high_z - 0.005), 1, style)
    if wing == "seat":
        _side_cushions(draft, sign, edges[: -1 if pieces > 1 else None], forward)
    feet = draft.choose("feet", FEET)
    add_feet(draft, (-draft.half, draft.half), (0.0, draft.depth), feet)
    add_feet(draft, (end[0], end[1]), (reach, 0.1), feet)
    throw_cushions(draft, (rest[0], rest[1]), forward)


LOOSE = {"none": 1.0, "boxed": 1.5, "soft": 2.5}


def _between_arms(draft: SofaDraft, arms: str, sides: str) -> tuple[float, float]:
    """How far the back goes: past thin arms, else up to them."""
    past = 0.3 * draft.arm if arms in ("open", "panel") else 0.0
    return (-draft.half - past, draft.half + past) if sides else (-draft.half, draft.half)


def _side_cushions(draft: SofaDraft, sign: float, edges: Floats, thickness: float) -> None:
    """Cushions along the wing's own back."""
    if not thickness:
        return
    tall = (draft.top - draft.seat) * 0.95
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        at = [sign * (draft.half - 0.35 * thickness), draft.seat + tall / 2 - 0.02, (low + high) / 2]
        size = [thickness, tall, high - low - 0.006]
        piece = cushion(size, at, turn(2, -sign * 0.1), softness=draft.softness)
        draft.add("cushion", piece, folds=1)


# --- along a bend -----------------------------------------------------------------------------------


def add_tub(draft: SofaDraft) -> None:
    """Arms and back are one wall that runs around the seat and falls towards the front."""
    deep = draft.between(0.5, 0.8) * draft.depth  # how much of the depth is bent
    power, half = draft.between(0.55, 1.0), draft.half + draft.arm / 2
    angle = np.linspace(np.pi / 2, -np.pi / 2, 25)
    bend = np.stack(
        [
            half * np.sign(angle) * np.abs(np.sin(angle)) ** power,
            draft.depth - deep + deep * np.cos(angle).clip(0) ** power,
        ],
        1,
    )
    front = draft.between(-0.03, 0.1)
    path = np.concatenate([[(half, front)], bend, [(-half, front)]])
    share = np.concatenate([[0], np.cos(angle).clip(0) ** draft.between(0.6, 2.5), [0]])
    high = draft.arm_height + (draft.top - draft.arm_height) * share
    lean = draft.between(0.0, 0.25)
    wall = swept(path, draft.arm, draft.foot, high, draft.between(0.2, 0.49) * draft.arm, lean)
    draft.add("body", wall, folds=1)
    middle = np.array([0, draft.depth / 2])
    inner = np.concatenate([[(half, 0.0)], bend, [(-half, 0.0)]]) - middle
    at = [0, 0, middle[1]]
    draft.add("body", moved(plate(inner * 0.985, draft.foot + 0.004, draft.deck + 0.02), at), folds=1)
    cut = inner * [(half - draft.arm / 2 + 0.004) / half, 1 - 0.5 * draft.arm / draft.depth]
    seat = dome(cut, draft.deck, draft.seat, 0.4 * draft.pad, draft.between(0, 0.04))
    draft.add("cushion", moved(seat, [0, 0, middle[1] - 0.25 * draft.arm]), folds=1)
    if draft.often(0.3):
        _wall_channels(draft, path, high, lean)
    _tub_feet(draft, inner, at)
    if draft.seats > 1:
        throw_cushions(draft, (-draft.half, draft.half), draft.arm / 2 + 0.04)


def _wall_channels(draft: SofaDraft, path: Floats, high: Floats, lean: float) -> None:
    """Upright rolls along the inner side of the wall."""
    draft.design.style["back"] = "channels"
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    count = max(9, int(along[-1] / 0.13))
    marks = (np.arange(count) + 0.5) / count * along[-1]
    step = np.stack(
        [
            np.interp(marks + 0.01, along, path[:, k]) - np.interp(marks - 0.01, along, path[:, k])
            for k in (0, 1)
        ],
        1,
    )
    step /= np.linalg.norm(step, axis=1, keepdims=True)
    for mark, (dx, dz) in zip(marks, step, strict=True):
        top = np.interp(mark, along, high) - 0.015
        out, inward = np.array([dz, -dx]), draft.arm / 2 - 0.005
        foot = np.array([np.interp(mark, along, path[:, k]) for k in (0, 1)]) - inward * out
        head = foot + lean * (top - draft.deck) * out
        wide = along[-1] / count * 1.02
        line = np.array([(foot[0], draft.deck, foot[1]), (head[0], top, head[1])])
        draft.add("cushion", rod(line[0], line[1], wide / 2, sections=10), folds=1)


def _tub_feet(draft: SofaDraft, outline: Floats, at: list[float]) -> None:
    style = draft.choose(
        "feet",
        {"plinth": 1.0, "cone": 1.5, "tapered": 1.0, "bun": 1.0, "disc": 0.8 if draft.seats == 1 else 0.0},
    )
    if style == "plinth":
        draft.add("foot", moved(plate(outline * 0.88, 0.0, draft.foot + 0.02), at), folds=1)
    elif style == "disc":
        r, y = 0.5 * draft.half + 0.05, draft.foot
        profile = np.array([(r, 0), (r, 0.015), (0.05, 0.035), (0.035, 0.05), (0.035, y + 0.02)])
        draft.add("foot", lathe(profile, at), folds=1)
    else:
        add_feet(draft, (-0.86 * draft.half, 0.86 * draft.half), (0.0, 0.9 * draft.depth), style)


def add_curved(draft: SofaDraft) -> None:
    """A long seat along an arc whose ends come towards the sitters."""
    radius = draft.between(1.3, 2.6)
    half = min(draft.half / radius * 1.1, 1.2)
    ends = half * (1 - draft.between(0.0, 0.35))  # the back may stop before the seat does

    def along(r: float, low: float, high: float, count: int = 21) -> Floats:
        """From +x to -x, so that the right hand is outside."""
        angle = np.linspace(high, low, count)
        return np.stack([r * np.sin(angle), r * np.cos(angle) - radius + draft.depth], axis=1)

    middle = radius - draft.depth / 2
    draft.add(
        "body", swept(along(middle, -half, half), draft.depth, draft.foot, draft.deck + 0.01, 0.03), folds=1
    )
    high = draft.top - draft.between(0.0, 0.2) * np.abs(np.linspace(-1, 1, 21)) ** 2
    wall = swept(
        along(radius - draft.back / 2, -ends, ends),
        draft.back,
        draft.deck - 0.02,
        high,
        0.45 * draft.back,
        draft.rake,
    )
    draft.add("body", wall, folds=1)
    count = draft.choose("seat", {"one": 1.0, "boxed": 1.5})
    edges = np.linspace(-half, half, (1 if count == "one" else draft.seats) + 1)
    for low, high_angle in zip(edges[:-1], edges[1:], strict=True):
        gap = 0.003 / radius if count != "one" else 0.0
        path = along(middle - 0.2 * draft.back, low + gap, high_angle - gap, 21 if count == "one" else 9)
        deep = draft.depth - 0.4 * draft.back
        draft.add("cushion", swept(path, deep, draft.deck, draft.seat, 0.45 * draft.pad), folds=1)
    style = draft.choose("feet", {"plinth": 2.0, "cone": 1.0, "bun": 1.0})
    if style == "plinth":
        path = along(middle, -0.93 * half, 0.93 * half)
        draft.add("foot", swept(path, 0.8 * draft.depth, 0, draft.foot + 0.02, 0.01), folds=1)
    else:
        angles = np.repeat(np.linspace(-0.85, 0.85, 3) * half, 2)
        radii = np.tile([radius - 0.08, radius - draft.depth + 0.1], 3)
        for a, r in zip(angles, radii, strict=True):
            at = [r * np.sin(a), 0, r * np.cos(a) - radius + draft.depth]
            draft.add("foot", rod(at, np.add(at, [0, draft.foot + 0.02, 0]), 0.015, 0.026, 12), folds=1)
    throw_cushions(draft, (-0.5 * draft.half, 0.5 * draft.half), 0.05)


# --- to lie on, and without a back ------------------------------------------------------------------


def add_chaise(draft: SofaDraft) -> None:
    """A chaise longue: a high end at the sitter's left or right, and a back that falls away from it."""
    side = draft.choose("side", {"left": 1.0, "right": 1.0})
    sign = 1.0 if side == "right" else -1.0
    add_body(draft, (-draft.half, draft.half), (0.0, draft.depth))
    style = draft.choose("seat", {"boxed": 1.0, "soft": 1.0, "rolled edge": 1.0})
    add_seat_cushions(
        draft, (-draft.half, draft.half - 0.02), (0.0, draft.depth - 0.6 * draft.back), 1, style
    )
    lean, t = draft.between(0.2, 0.5), draft.between(0.12, 0.18)
    head = [sign * draft.half, draft.deck - 0.02]
    tall = draft.top - draft.deck
    shift = lean * tall * draft.between(0.6, 1.0)
    line = np.array(
        [
            (head[0], head[1], 0),
            (head[0] + 0.25 * sign * shift, head[1] + 0.5 * tall, 0),
            (head[0] + sign * shift, draft.top - t / 2, 0),
        ]
    )
    wide = draft.depth - 0.01
    end = bar(line + [0, 0, draft.depth / 2], wide, t, across=(0, 0, 1))
    draft.add("body", end, folds=1)
    roll = [line[-1][0], draft.top - t / 2, draft.depth / 2]
    draft.add("body", rod([roll[0], roll[1], 0.0], [roll[0], roll[1], wide], 0.62 * t, sections=16), folds=1)
    if draft.choose("back", {"none": 1.0, "falling": 2.0}) == "falling":
        _falling_back(draft, sign)
    add_feet(draft, (-draft.half, draft.half), (0.0, draft.depth), draft.choose("feet", FEET))
    if draft.often(0.6):
        r = draft.between(0.07, 0.11)
        x = sign * (draft.half - 0.05 - r)
        draft.add(
            "throw 1",
            rod(
                [x, draft.seat + 0.85 * r, 0.08],
                [x, draft.seat + 0.85 * r, 0.9 * wide - 0.05],
                r,
                sections=16,
            ),
            folds=1,
        )


def _falling_back(draft: SofaDraft, sign: float) -> None:
    """Along +z, high at the raised end and down to the seat towards the other."""
    reach = draft.between(0.5, 1.0)
    x = np.linspace(draft.half, draft.half - 2 * draft.half * reach, 15)
    high = (
        draft.seat + 0.04 + (draft.top - draft.seat - 0.12) * (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, 15)))
    )
    path = np.stack([sign * x, np.full(15, draft.depth - draft.back / 2)], axis=1)
    draft.add("body", swept(path, draft.back, draft.deck - 0.02, high, 0.4 * draft.back), folds=1)


def add_deep_chaise(draft: SofaDraft, arms: str, back: str) -> None:
    """A chaise longue that reaches out to the front, its back at +z, with an arm or none."""
    sides = draft.choose("side", {"left": 1.0, "right": 1.0, "none": 1.0})
    reach = -draft.between(0.6, 0.95)
    add_body(draft, (-draft.half, draft.half), (reach, draft.depth))
    add_back(draft, back, (-draft.half, draft.half))
    add_arms(draft, arms, sides, front=draft.between(-0.1, 0.15))
    style = draft.choose("seat", {"boxed": 2.0, "soft": 1.5, "rolled edge": 1.0})
    add_seat_cushions(
        draft, (-draft.half, draft.half), (reach - 0.01, draft.behind(draft.seat) - 0.02), 1, style
    )
    forward = add_back_cushions(draft, (-draft.half, draft.half), 1, draft.choose("back cushions", LOOSE))
    add_feet(draft, (-draft.half, draft.half), (reach, draft.depth), draft.choose("feet", FEET))
    throw_cushions(draft, (-draft.half, draft.half), forward)


def add_daybed(draft: SofaDraft) -> None:
    """A mattress on a frame or a body, with rolls or raised ends, no back: half a turn changes nothing."""
    z = draft.depth / 2
    body = draft.choose("body", {"frame": 1.5, "padded": 1.0})
    if body == "frame":
        t = 0.06
        draft.add("frame", block([2 * draft.half, t, 2 * z], [0, draft.deck + 0.01 - t / 2, 0]), folds=2)
        legs = [
            post(
                np.array(
                    [
                        (s * (draft.half - 0.06), 0, s * q * (z - 0.06)),
                        (s * (draft.half - 0.06), draft.deck, s * q * (z - 0.06)),
                    ]
                ),
                np.array([0.035, 0.055]),
            )
            for s in (-1, 1)
            for q in (-1, 1)
        ]
        draft.add("frame", *legs, folds=2)
    else:
        draft.add(
            "body",
            draft.pad_block([-draft.half, draft.foot, -z], [draft.half, draft.deck + 0.01, z]),
            folds=2,
        )
        add_feet(draft, (-draft.half, draft.half), (-z, z), draft.choose("feet", FEET), folds=2)
    style = draft.choose("seat", {"boxed": 1.5, "soft": 1.0, "strips": 1.0})
    size = [2 * draft.half - 0.02, draft.pad + 0.01, 2 * z - 0.02]
    if style == "strips":
        count = draft.whole(6, 14)
        at = (np.arange(count) - (count - 1) / 2) * size[0] / count
        strips = [
            cushion(
                [size[0] / count * 1.02, size[1], size[2]],
                [x, draft.seat - draft.pad / 2, 0],
                softness=0.3,
                sections=3,
            )
            for x in at
        ]
        draft.add("cushion", *strips, folds=2)
    elif style == "soft":
        draft.add(
            "cushion", cushion(size, [0, draft.seat - draft.pad / 2, 0], softness=0.2, sections=7), folds=2
        )
    else:
        draft.add("cushion", padded(size, [0, draft.seat - draft.pad / 2, 0], 0.35 * draft.pad), folds=2)
    ends = draft.choose("ends", {"none": 1.0, "one roll": 1.0, "two rolls": 1.0, "raised": 1.0})
    if ends == "raised":
        tall = draft.between(0.15, 0.35)
        for k in (-1.0, 1.0):
            piece = padded(
                [0.09, tall + draft.pad + 0.02, 2 * z],
                [k * (draft.half + 0.02), draft.deck + (tall + draft.pad) / 2, 0],
                0.04,
            )
            draft.add("body", piece, folds=2)
    elif ends != "none":
        r = draft.between(0.07, 0.1)
        x, y = draft.half - r - 0.03, draft.seat + 0.85 * r
        roll = rod([x, y, -0.85 * z], [x, y, 0.85 * z], r, sections=16)
        both = ends == "two rolls"
        draft.add("throw 1", *(around(roll, 2) if both else [roll]), folds=2 if both else 1)


def add_ottoman(draft: SofaDraft) -> None:
    """A stool to sit on or to put feet on: round, square or long."""
    outline = draft.choose("outline", {"round": 1.2, "square": 1.0, "long": 1.0})
    wide = draft.between(0.45, 1.0) if outline != "long" else draft.between(0.8, 1.4)
    deep = wide if outline != "long" else draft.between(0.4, 0.6) * wide
    folds = {"round": 0, "square": 4, "long": 2}[outline]
    edge = (
        ellipse(wide, wide, SIDES)
        if outline == "round"
        else rounded_rectangle(wide, deep, draft.round + 0.01)
    )
    lid = draft.seat - draft.between(0.3, 0.6) * (draft.seat - draft.foot)
    draft.add("body", dome(edge * 0.985, draft.foot, lid + 0.03, 0.02), folds=folds)
    draft.add(
        "cushion",
        dome(edge, lid, draft.seat, draft.between(0.2, 0.49) * (draft.seat - lid), draft.between(0.0, 0.05)),
        folds=folds,
    )
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
    draft.add("foot", *around(foot, count), folds=count)

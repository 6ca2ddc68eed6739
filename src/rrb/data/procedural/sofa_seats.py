"""What sofas have below their arms and backs: the body, the seat's cushions, feet; and cushions thrown on them."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.furniture import above_floor, post
from rrb.data.procedural.parts import block, cushion, lathe, loft, moved, rod, tube
from rrb.data.procedural.sofa_draft import SofaDraft, Span
from rrb.data.procedural.upholstery import padded
from rrb.geometry.mesh import Mesh

FEET = {"block": 2.0, "tapered": 2.0, "cone": 1.5, "bun": 1.0, "plinth": 1.0, "sled": 0.7}
ONE, MANY = {"0": 2.0, "1": 1.0}, {"0": 3.0, "1": 1.0, "2": 1.5, "3": 0.5, "4": 0.4}  # throw cushions
SEATS = {"boxed": 2.0, "soft": 1.5, "rolled edge": 1.0}


def add_body(draft: SofaDraft, x: Span, z: Span) -> None:
    """What the cushions lie on."""
    draft.add(
        "body",
        draft.pad_block([x[0], draft.foot, z[0]], [x[1], draft.deck + 0.01, z[1]], min(draft.round, 0.03)),
        folds=1,
    )


def add_seat_cushions(draft: SofaDraft, x: Span, z: Span, count: int, style: str | None = None) -> str:
    """Cushions side by side from x to x, and from the front z to z; says their style, drawn where none is given."""
    style = style or draft.choose("seat", SEATS)
    each, edge = (x[1] - x[0]) / count, draft.between(0.2, 0.45) * draft.pad
    for k in range(count):
        at = [x[0] + (k + 0.5) * each, draft.seat - draft.pad / 2, sum(z) / 2]
        size = [each - 0.005, draft.pad + 0.01, z[1] - z[0]]
        if style == "soft":
            piece = cushion(size, at, softness=0.75 * draft.softness, sections=5)
        else:
            piece = padded(size, at, edge if style == "boxed" else 0.49 * draft.pad)
        draft.add("cushion", piece, folds=1)
    return style


def add_feet(draft: SofaDraft, x: Span, z: Span, style: str, folds: int = 1) -> None:
    """Feet below the corners of x and z, from the floor up to the body; `folds` as in `Draft.add`."""
    draft.design.style["feet"] = style
    middle, inset = (sum(x) / 2, sum(z) / 2), 0.07
    wide, deep = x[1] - x[0], z[1] - z[0]
    if style == "plinth":
        size = [wide - 2 * inset, draft.foot + 0.02, deep - 2 * inset]
        draft.add("foot", block(size, [middle[0], (draft.foot + 0.02) / 2, middle[1]]), folds=folds)
    elif style == "skirt":
        draft.add("body", moved(_skirt(draft, wide, deep), [middle[0], 0, middle[1]]), folds=folds)
    elif style == "sled":
        ends = [_sled(draft, at, z) for at in (x[0] + inset, x[1] - inset)]
        draft.add("foot", *ends, folds=min(folds, 2))
    elif style != "none":
        at_x = [(x[0] + inset, -1.0), (x[1] - inset, 1.0), *([(middle[0], 0.0)] if wide > 2.3 else [])]
        at_z = [(z[0] + inset, -1.0), (z[1] - inset, 1.0)]
        feet = [_foot(draft, style, (a, b), (s, t)) for a, s in at_x for b, t in at_z]
        draft.add("foot", *feet, folds=folds)


def _foot(draft: SofaDraft, style: str, at: Span, out: Span) -> Mesh:
    """One foot at x and z; `out` says which way leads outwards."""
    (x, z), y = at, draft.foot + 0.015
    if style == "bun":
        profile = np.array([(0.022, 0), (0.04, 0.25 * y), (0.045, 0.5 * y), (0.036, 0.8 * y), (0.025, y)])
        return lathe(profile, [x, 0, z], 12)
    if style == "cone":
        lean = min(0.03, 0.4 * y)
        return above_floor(rod([x + lean * out[0], 0, z + lean * out[1]], [x, y, z], 0.011, 0.024, 12))
    if style == "tapered":
        return post(np.array([(x, 0, z), (x, y, z)]), np.array([0.03, 0.055]))
    return block([0.06, y, 0.06], [x, y / 2, z])


def _skirt(draft: SofaDraft, wide: float, deep: float) -> Mesh:
    """Cloth down to the floor, in soft folds."""
    corner = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) / 2 * [wide - 0.02, deep - 0.02]
    side = np.linspace(0, 1, 16, endpoint=False)[:, None]
    line = np.concatenate([a + side * (b - a) for a, b in zip(corner, np.roll(corner, -1, 0), strict=True)])
    wave = 1 + 0.012 * np.sin(np.arange(len(line)) * np.pi / 2)[:, None]
    rings = [
        np.insert(ring, 1, y, axis=1) for ring, y in ((line * wave, 0.006), (line * 0.99, draft.foot + 0.04))
    ]
    return loft(np.stack(rings))


def _sled(draft: SofaDraft, x: float, z: Span) -> Mesh:
    """A bent bar of metal."""
    r, y, front, rear = 0.012, draft.foot + 0.01, z[0] + 0.08, z[1] - 0.08
    half = [(y, front), (0.035, front), (r, front + 0.03)]
    path = [(x, a, b) for a, b in half] + [(x, a, front + rear - b) for a, b in half[::-1]]
    return tube(np.array(path), r, 8)


def throw_cushions(draft: SofaDraft, x: Span, forward: float) -> None:
    """None to four cushions on the seat from x to x, leaning on what lies `forward` of the back."""
    count = int(draft.choose("throws", MANY if draft.seats > 1 else ONE))
    spots = [x[0] + 0.2, x[1] - 0.2, x[0] + 0.55, x[1] - 0.55] if draft.seats > 1 else [sum(x) / 2]
    largest = draft.top - draft.seat + 0.04
    for k in range(count):
        size, side = min(draft.between(0.34, 0.46), largest), 1.0 if k % 2 else -1.0
        z = draft.behind(draft.seat + 0.2) - forward - 0.08
        piece = draft.thrown(spots[k], z, draft.seat - 0.02, size, about_y=side * draft.between(-0.1, 0.4))
        draft.add(f"throw {k % 2 + 1}", piece, folds=1)

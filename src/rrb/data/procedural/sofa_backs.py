"""The backs of sofas, and what leans on them."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.parts import cushion, loft, rod, turn
from rrb.data.procedural.sofa_draft import SofaDraft, Span
from rrb.data.procedural.upholstery import padded


def add_back(draft: SofaDraft, style: str, x: Span) -> None:
    """A back of a style from x to x."""
    if style == "camel":
        return _camel(draft, x)
    low, top = draft.foot + 0.01, draft.top
    if style == "rolled":
        top -= 0.03
    _leaning(draft, x, low, top)
    if style == "rolled":
        r, y = draft.between(0.06, 0.1), draft.top - 0.06
        z = draft.behind(y) + 0.6 * draft.back
        draft.add("body", rod([x[0] + 0.01, y, z], [x[1] - 0.01, y, z], r, sections=20), folds=1)
    if style == "channels":
        _channels(draft, x)
    if style == "buttons":
        _buttons(draft, x)
    if style == "heads":
        _heads(draft, x)
    return None


def _leaning(draft: SofaDraft, x: Span, low: float, top: float) -> None:
    """The block itself: its foot stays below the deck, its rear side leans with it."""
    tall = (top - low) / np.cos(draft.rake)
    middle_y = (low + top) / 2
    at = [sum(x) / 2, middle_y, draft.behind(middle_y) + draft.back / 2]
    draft.add("body", padded([x[1] - x[0], tall, draft.back], at, draft.round, draft.leaning), folds=1)


def _camel(draft: SofaDraft, x: Span) -> None:
    """An upper edge that rises in the middle, in one hump or two."""
    half, low = (x[1] - x[0]) / 2, draft.foot + 0.01
    share = np.linspace(-1, 1, 25)
    humps = 2 if draft.often(0.3) and draft.seats > 1 else 1
    rise = draft.between(0.06, 0.14)
    wave = 0.5 + 0.5 * np.cos(np.pi * share) if humps == 1 else np.sin(np.pi * share) ** 2
    height = draft.top - rise * (1 - wave)
    edge = np.stack([share * half, height], axis=1)
    outline = np.concatenate([[(-half, low)], edge, [(half, low)]])
    rings = []
    for z, inset in ((0.0, 0.02), (0.02, 0.0), (draft.back - 0.02, 0.0), (draft.back, 0.02)):
        ring = np.insert(outline, 2, draft.depth - draft.back + z, axis=1)
        ring[:, 1] = np.maximum(ring[:, 1] - inset, low)
        ring[:, 2] += np.tan(draft.rake) * (ring[:, 1] - draft.deck)
        rings.append(ring)
    mesh = loft(np.stack(rings))
    draft.add("body", mesh.with_vertices(mesh.vertices + [sum(x) / 2, 0, 0]), folds=1)


def _channels(draft: SofaDraft, x: Span) -> None:
    """Upright rolls side by side, or lying ones, on the back's front."""
    tall, wide = draft.top - draft.deck - 0.01, x[1] - x[0] - 0.04
    lying = draft.often(0.3)
    count = draft.whole(3, 4) if lying else max(5, round(wide / draft.between(0.1, 0.22)))
    share = (np.arange(count) + 0.5) / count
    for s in share:
        size = [wide, tall / count * 1.02, 0.12] if lying else [wide / count * 1.02, tall, 0.12]
        across = sum(x) / 2 if lying else x[0] + 0.02 + s * wide
        y = draft.deck + (s if lying else 0.5) * tall
        at = [across, y, draft.behind(y) - 0.01]
        draft.add("cushion", cushion(size, at, draft.leaning, softness=0.35, sections=3), folds=1)


def _buttons(draft: SofaDraft, x: Span) -> None:
    """Rows of buttons, each row half a step off the last, in soft diamonds."""
    step = draft.between(0.14, 0.2)
    rows = max(2, int((draft.top - draft.seat) / 0.14))
    for row in range(rows):
        y = draft.seat + 0.08 + row * (draft.top - draft.seat - 0.14) / max(rows - 1, 1)
        count = max(2, int((x[1] - x[0] - 0.1) / step)) - row % 2
        for k in range(count):
            at = sum(x) / 2 + (k - (count - 1) / 2) * step
            z = draft.behind(y)
            draft.add(
                "button",
                cushion([0.035, 0.035, 0.025], [at, y, z], draft.leaning, softness=1, sections=2),
                folds=1,
            )


def _heads(draft: SofaDraft, x: Span) -> None:
    """A rest for each head on top of the back."""
    each = (x[1] - x[0]) / draft.seats
    tall = draft.between(0.14, 0.22)
    for k in range(draft.seats):
        y = draft.top + 0.4 * tall
        at = [x[0] + (k + 0.5) * each, y, draft.behind(y) + 0.45 * draft.back]
        size = [0.86 * each, tall, 0.6 * draft.back]
        draft.add("cushion", padded(size, at, 0.04, draft.leaning), folds=1)


def add_back_cushions(draft: SofaDraft, x: Span, count: int, style: str) -> float:
    """Loose cushions along the back from x to x; says how thick they are."""
    if style == "none":
        return 0.0
    each, t = (x[1] - x[0]) / count, draft.between(0.13, 0.2)
    tall = (draft.top - draft.seat) * draft.between(0.85, 1.1) + 0.02
    lean = turn(0, draft.rake + draft.between(0.0, 0.08))  # a little more than the back
    y = draft.seat - 0.02 + tall / 2
    for k in range(count):
        at = [x[0] + (k + 0.5) * each, y, draft.behind(y) - 0.38 * t]
        size = [each - 0.006, tall, t]
        if style == "boxed":
            piece = padded(size, at, 0.25 * t, lean)
        else:
            piece = cushion(size, at, lean, softness=draft.softness, sections=5)
        draft.add("cushion", piece, folds=1)
    return t

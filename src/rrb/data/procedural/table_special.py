"""Picnic tables with their benches, and tables whose leaves drop."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.furniture import at_both_ends, post
from rrb.data.procedural.parts import Floats, block, loft
from rrb.data.procedural.table_draft import TableDraft
from rrb.data.procedural.table_feet import add_pedestal
from rrb.data.procedural.table_legs import add_legs
from rrb.geometry.mesh import Mesh

# --- picnic -----------------------------------------------------------------------------------------


def add_picnic(draft: TableDraft) -> None:
    """Planks on two frames that carry a bench on both sides."""
    draft.design.style |= {"top": "planks", "base": "picnic"}
    t = draft.between(0.035, 0.05)
    reach = draft.depth / 2 + draft.between(0.28, 0.36)  # the middle of each bench
    seat, deep = draft.between(0.42, 0.48), draft.between(0.22, 0.3)
    draft.add(
        "top",
        *_planks(draft.width, (draft.height, t), draft.depth, 0.0, int(draft.random.integers(4, 7))),
        folds=2,
    )
    bench = _planks(
        draft.width * draft.between(0.9, 1.0), (seat, t), deep, reach, int(draft.random.integers(1, 3))
    )
    draft.add("bench", *at_both_ends(*bench), folds=2)
    style = draft.choose("frame", {"A": 2.0, "X": 1.0, "post": 1.0})
    x = draft.between(0.28, 0.38) * draft.width
    draft.add("base", *at_both_ends(*_frame(draft, style, x, reach, (seat - t, t))), folds=2)
    draft.add("stretcher", block([2 * x, 0.09, 0.04], [0, seat - t - 0.04, 0]), folds=2)


def _planks(length: float, y: tuple[float, float], deep: float, z: float, count: int) -> list[Mesh]:
    """Boards along x, side by side, their upper sides at y[0], y[1] thick, their middle at z."""
    each = deep / count
    at = z + (np.arange(count) - (count - 1) / 2) * each
    return [block([length, y[1], each - 0.012], [0, y[0] - y[1] / 2, k]) for k in at]


def _frame(draft: TableDraft, style: str, x: float, reach: float, bench: tuple[float, float]) -> list[Mesh]:
    """The frame at +x: what stands on the floor, a beam under the benches and one under the top."""
    under, t = draft.height - bench[1], 0.045
    beam = block([t, 0.09, 2 * reach + 0.2], [x, bench[0] - 0.043, 0])
    head = block([t, 0.07, 0.86 * draft.depth], [x, under - 0.033, 0])
    beside = x - 0.9 * t  # bars run past the beams, on their inner side
    spread = {
        "A": (reach - 0.05, 0.3 * draft.depth),
        "X": (0.36 * draft.depth, -0.36 * draft.depth),
        "post": (0.14, 0.14),
    }
    low, high = spread[style]
    legs = [
        post(
            np.array([(beside - 0.004 * s * (style == "X"), 0, s * low), (beside, under - 0.002, s * high)]),
            t,
            0.09,
        )
        for s in (-1.0, 1.0)
    ]
    if style != "post":
        return [beam, head, *legs]
    return [beam, head, *legs, block([1.5 * t, 0.06, 1.7 * reach], [beside, 0.03, 0])]


# --- leaves -----------------------------------------------------------------------------------------


def add_drop_leaf(draft: TableDraft) -> None:
    """A narrow table with a leaf at both ends: hanging, or held up by a leg that swings out."""
    power = 2.0 if draft.outline == "oval" else 8.0
    draft.thickness = min(draft.thickness, 0.03)
    state = draft.choose("leaves", {"both down": 2.0, "one up": 1.0, "both up": 0.7})
    hinge = max(draft.between(0.14, 0.28) * draft.width, draft.width / 2 - draft.height + 0.12)
    leaf = draft.width / 2 - hinge
    bow = _bow(draft, power, np.linspace(-hinge, hinge, 11))
    draft.add("top", _flat(draft, np.concatenate([bow, -bow])), folds=2)
    side = _bow(draft, power, hinge + leaf * np.sin(np.linspace(0, np.pi / 2, 10)))
    outline = np.concatenate([side, side[-2::-1] * [1, -1]])
    up, down = _flat(draft, outline), _hanging(draft, outline - [hinge, 0], hinge)
    first = down if state == "both down" else up
    other = up if state == "both up" else down
    draft.add("top", first, at_both_ends(other)[1], folds=1 if state == "one up" else 2)
    draft.width, draft.depth = 2 * hinge, 2 * bow[0, 1]
    if state != "both down":
        _gate(draft, hinge + 0.6 * leaf, both=state == "both up")
    if draft.choose("base", {"legs": 3.0, "pedestal": 1.0 if state == "both down" else 0.0}) == "legs":
        draft.outline = "rectangle"
        add_legs(draft)
    else:
        add_pedestal(draft)


def _bow(draft: TableDraft, power: float, x: Floats) -> Floats:
    """(N, 2): x and z of the open table's edge on the side of +z."""
    z = draft.depth / 2 * np.maximum(1 - np.abs(2 * x / draft.width) ** power, 0) ** (1 / power)
    return np.stack([x, z], axis=1)


def _flat(draft: TableDraft, outline: Floats) -> Mesh:
    rings = [np.insert(outline, 1, y, axis=1) for y in (draft.under, draft.height)]
    return loft(np.stack(rings))


def _hanging(draft: TableDraft, outline: Floats, hinge: float) -> Mesh:
    """The leaf at +x, turned down about its hinge: what went along x goes down."""
    low = hinge - 0.002
    y, z = draft.height - 0.002 - outline[:, 0], outline[:, 1]
    rings = [np.stack([np.full(len(z), x), y, z], axis=1) for x in (low, low + draft.thickness)]
    return loft(np.stack(rings))


def _gate(draft: TableDraft, x: float, both: bool) -> None:
    """A leg out under the leaf at +x, with a rail above and below to the middle."""
    t = 0.035
    leg = post(np.array([(x, 0, 0), (x, draft.under + 0.002, 0)]), t)
    rails = [block([x, 0.04, 0.6 * t], [x / 2, y, 0]) for y in (0.14, draft.under - 0.03)]
    pieces = [leg, *rails]
    draft.add("gate", *(at_both_ends(*pieces) if both else pieces), folds=2 if both else 1)
    if not both:  # the lower rail goes on to the other side's stretcher
        draft.add("gate", block([draft.width, 0.04, 0.6 * t], [0, 0.14, 0]), folds=2)

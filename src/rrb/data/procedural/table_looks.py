"""What tables are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rrb.data.materials import Material, glass, metal, plastic, wood
from rrb.data.procedural.table_draft import TableDraft


def materials_for(draft: TableDraft, looks: np.random.Generator) -> dict[str, Material]:
    """One material for each kind of part: most are one wood, or one wood above and metal below."""
    top, below = _top(draft, looks), _below(draft, looks)
    same = looks.random() < 0.6 and not draft.metal and top.name == "wood"
    front = _along(top, 0) if looks.random() < 0.7 else wood(looks, 0)
    handle, pane = metal(looks) if looks.random() < 0.7 else wood(looks), glass(looks)
    if same:
        below = _along(top, 1)
    if top.name == "glass" or draft.design.style.get("top") == "glass":
        front = below
    held: dict[str, Material] = {
        "glass": pane,
        "drawer": front,
        "handle": handle,
        "top": top,
        "rim": top,
        "panel": front,
    }
    upper = {"body": top, "bench": top, "shelf": _along(top, 0) if looks.random() < 0.5 else _along(below, 0)}
    kinds = dict.fromkeys(kind for kind, _ in draft.design.pieces)
    return {kind: (held | upper).get(kind, below) for kind in kinds}


def _top(draft: TableDraft, looks: np.random.Generator) -> Material:
    style = draft.design.style.get("top")
    if style == "glass":
        return glass(looks)
    if style == "stone":
        return _stone(looks)
    return wood(looks, 0) if looks.random() < 0.8 else plastic(looks)


def _below(draft: TableDraft, looks: np.random.Generator) -> Material:
    maker: Callable[[np.random.Generator], Material] = metal if draft.metal else wood
    return maker(looks)


def _stone(looks: np.random.Generator) -> Material:
    """Marble, granite or concrete: grey, speckled, and shining or not."""
    grey = round(float(looks.uniform(0.1, 0.92)), 3)
    warm = round(float(grey * looks.uniform(0.88, 1.0)), 3)
    second = round(float(np.clip(grey + looks.choice([-0.15, 0.15]), 0.02, 0.98)), 3)
    return Material(
        "stone", (grey, grey, warm), (second, second, second), "speckle",
        period_m=round(float(looks.uniform(0.01, 0.08)), 4), roughness=round(float(looks.uniform(0.1, 0.7)), 3),
        seed=int(looks.integers(1 << 16)),
    )  # fmt: skip


def _along(material: Material, axis: int) -> Material:
    """The same wood with its grain along another axis."""
    return replace(material, axis=axis) if material.pattern == "grain" else material

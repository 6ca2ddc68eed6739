"""What sofas are made of."""

from __future__ import annotations

import numpy as np

from rrb.data.materials import Material, fabric, leather, metal, wood
from rrb.data.procedural.sofa_draft import SofaDraft


def materials_for(draft: SofaDraft, looks: np.random.Generator) -> dict[str, Material]:
    """One material for each kind of part: one cover for all, or cushions of another; throws stand out."""
    leathery = looks.random() < (0.8 if draft.kind == "chesterfield" else 0.25)
    cover = leather(looks) if leathery else fabric(looks)
    other = fabric(looks)
    cushion = other if looks.random() < 0.2 else cover
    frame = metal(looks) if looks.random() < 0.12 else wood(looks, 0)
    foot = metal(looks) if draft.design.style.get("feet") == "sled" or looks.random() < 0.2 else wood(looks)
    button = cover if looks.random() < 0.8 else other
    held = {
        "body": cover, "cushion": cushion, "frame": frame, "foot": foot, "button": button,
        "throw 1": fabric(looks), "throw 2": fabric(looks) if looks.random() < 0.5 else other,
    }  # fmt: skip
    return {kind: held[kind] for kind in dict.fromkeys(kind for kind, _ in draft.design.pieces)}

"""What the parts of a chair are made of: a frame of one material, a seat that goes with it, something soft."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data.materials import Material, fabric, leather, metal, plastic, rubber, wood
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import whether

_UPRIGHT = ("leg", "post", "spindle")
_FRAME = ("frame", "stretcher", "runner", "arm")
_PLATES = ("seat", "back", "shell")
_SOFT = ("cushion", "back_cushion", "body")


def dress(design: Design, looks: np.random.Generator, *, thin: bool) -> None:
    """A material for every kind of part; `thin` frames are of metal, others of wood."""
    hard = metal(looks) if thin or whether(looks, 0.04) else wood(looks)
    own = (wood, plastic, plastic)[int(looks.integers(3))](looks)
    plate = hard if not thin and whether(looks, 0.75) else own
    shell = (own, plastic(looks), _soft(looks))[int(looks.integers(3))]
    soft, other = _soft(looks), _soft(looks)
    stand = metal(looks) if whether(looks, 0.7) else plastic(looks)
    pad = plastic(looks) if whether(looks, 0.7) else soft
    known = {kind: _grained(hard, 1) for kind in _UPRIGHT}
    known |= {kind: _grained(hard, 0) for kind in _FRAME}
    known |= {kind: _grained(plate, int(looks.integers(2)) * 2) for kind in _PLATES}
    known |= dict.fromkeys(_SOFT, soft)
    known |= {"shell": shell, "stand": stand, "column": metal(looks), "castor": rubber(looks), "arm_pad": pad}
    if whether(looks, 0.15):
        known["back_cushion"] = other
    if whether(looks, 0.15):
        known["cushion"] = other
    kinds = dict.fromkeys(kind for kind, _ in design.pieces)
    design.materials.update({kind: known[kind] for kind in kinds})


def _soft(looks: np.random.Generator) -> Material:
    return leather(looks) if whether(looks, 0.3) else fabric(looks)


def _grained(material: Material, axis: int) -> Material:
    """The same with its grain along another axis."""
    return replace(material, axis=axis) if material.pattern == "grain" else material

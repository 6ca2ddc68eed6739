"""Plain things that stand in front of others: poles, boxes, planks, bushes, balls; sized to what they hide."""

from __future__ import annotations

import numpy as np

from rrb.data import materials
from rrb.data.procedural import parts
from rrb.data.procedural.build import Design, assembled
from rrb.data.shape import Shape


def blocker(mesh_id: str, hidden_extent_m: float, random: np.random.Generator) -> Shape:
    """A thing about a tenth to a half as large as what it hides."""
    size = hidden_extent_m * random.uniform(0.15, 0.45)
    kind = str(random.choice(["pole", "box", "plank", "bush", "ball"]))
    slim = size * random.uniform(0.1, 0.3)
    if kind == "pole":
        piece = parts.rod((0, -2 * size, 0), (0, 2 * size, 0), slim / 2)
    elif kind == "ball":
        piece = parts.cushion((size, size, size), (0, 0, 0), softness=1.0, sections=8)
    elif kind == "bush":
        piece = parts.cushion(
            (1.4 * size, size, size), (0, 0, 0), softness=random.uniform(0.4, 0.9), sections=6
        )
    else:
        piece = parts.block((slim if kind == "plank" else size, 1.5 * size, size), (0, 0, 0))
    look = random.choice(
        np.array([materials.wood, materials.fabric, materials.plastic, materials.metal], object)
    )
    return assembled(
        mesh_id, "blocker", Design({"kind": kind}, pieces=[(kind, piece)], materials={kind: look(random)})
    )

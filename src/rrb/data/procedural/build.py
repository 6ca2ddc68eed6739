"""From category and seed to a shape: the same on any machine, whatever else is made beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from rrb.data.materials import Material
from rrb.data.shape import Shape
from rrb.errors import BadInputError
from rrb.geometry.mesh import Mesh
from rrb.geometry.turns import NO_TURNS, Turns

DECIMALS = 6  # of a metre: coarser than what libraries round differently


@dataclass
class Design:
    """What a grammar fills in: closed parts, each of a kind, and a material for each kind.

    Drawn in any place with y up and the front towards -z, in metres; `make` centres it.
    """

    style: dict[str, str] = field(default_factory=dict)
    turns: Turns = NO_TURNS
    pieces: list[tuple[str, Mesh]] = field(default_factory=list)
    materials: dict[str, Material] = field(default_factory=dict)

    def add(self, kind: str, *pieces: Mesh) -> None:
        """Closed pieces that are a `kind` ("seat", "leg", ...), for which `materials` has an entry at the end."""
        self.pieces += [(kind, piece) for piece in pieces]


Grammar = Callable[[np.random.Generator, np.random.Generator], Design]
"""(random numbers for the shape, random numbers for the looks) -> a design."""

# Their order is part of every seed: new ones go to the end.
CATEGORIES = {
    "chair": "rrb.data.procedural.chair",
    "car": "rrb.data.procedural.car",
    "aeroplane": "rrb.data.procedural.aeroplane",
    "table": "rrb.data.procedural.table",
    "sofa": "rrb.data.procedural.sofa",
}


def make(category: str, seed: int) -> Shape:
    """The shape of this category and seed, from 0."""
    if category not in CATEGORIES:
        raise BadInputError(f"the category is {category!r}; {', '.join(CATEGORIES)} are accepted")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise BadInputError(f"the seed is {seed!r}; a whole number from 0 is accepted")
    grammar: Grammar = import_module(CATEGORIES[category]).design
    number = list(CATEGORIES).index(category)
    shape, looks = (np.random.default_rng([number, int(seed), k]) for k in range(2))
    return assembled(f"{category}-{int(seed):08d}", category, grammar(shape, looks))


def rounded(vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut to DECIMALS, without negative zeros. The factor keeps what lies just between two from falling either way."""
    return np.round(vertices * (1 + 1e-9), DECIMALS) + 0.0


def assembled(mesh_id: str, category: str, design: Design) -> Shape:
    """The pieces as one mesh, centred on its bounding box and rounded."""
    kinds = tuple(dict.fromkeys(kind for kind, _ in design.pieces))
    whole = Mesh.concatenated([piece for _, piece in design.pieces])
    vertices = rounded(whole.vertices - whole.centre)
    counts = [len(piece.faces) for _, piece in design.pieces]
    face_part = np.repeat([kinds.index(kind) for kind, _ in design.pieces], counts)
    return Shape(
        mesh_id=mesh_id,
        category=category,
        mesh=Mesh(vertices, whole.faces, name=mesh_id),
        face_part=face_part.astype(np.int64),
        parts=kinds,
        materials=tuple(design.materials[kind] for kind in kinds),
        style=dict(design.style),
        turns=design.turns,
    )

"""`Shape`: a mesh with what its parts are, what they are made of, and which turns leave it as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.materials import Material
from rrb.errors import BadInputError
from rrb.geometry.mesh import Mesh
from rrb.geometry.turns import NO_TURNS, Turns


@dataclass(frozen=True, eq=False)
class Shape:
    """Metric, y up, front towards -z, centred on the bounding box; made of closed parts that may overlap."""

    mesh_id: str  # unique in a data set, letters, digits, "-" and "_"
    category: str
    mesh: Mesh  # vertices (V, 3) float64, rounded to 1e-6 m; faces (F, 3)
    face_part: NDArray[np.int64]  # (F,): an index into the two lists below
    parts: tuple[str, ...]  # what each is: "seat", "leg", "tyre", ...
    materials: tuple[Material, ...]  # one for each part
    style: Mapping[str, str] = field(default_factory=dict)  # the discrete choices: {"base": "star", ...}
    turns: Turns = NO_TURNS

    def __post_init__(self) -> None:
        if self.face_part.shape != (len(self.mesh.faces),):
            raise BadInputError(
                f"{self.mesh_id}: face_part has the shape {self.face_part.shape}; ({len(self.mesh.faces)},) is accepted"
            )
        low, high = self.face_part.min(), self.face_part.max()
        if len(self.parts) != len(self.materials) or low < 0 or high >= len(self.parts):
            raise BadInputError(
                f"{self.mesh_id}: {len(self.parts)} parts, {len(self.materials)} materials and faces of part"
                f" {low if low < 0 else high}; as many materials as parts are accepted"
            )

    @cached_property
    def extents(self) -> NDArray[np.float64]:
        """(3,): how large it is along x, y and z, in metres."""
        low, high = self.mesh.bounding_box()
        return np.asarray(high - low)

    @property
    def extent(self) -> float:
        """The largest of them."""
        return float(self.extents.max())

    @property
    def radius(self) -> float:
        """Of the sphere around its bounding box."""
        return 0.5 * float(np.linalg.norm(self.extents))

    @property
    def reach(self) -> float:
        """How far it reaches from its middle over the ground."""
        return 0.5 * float(np.hypot(self.extents[0], self.extents[2]))

    @property
    def floor(self) -> float:
        """The height of its lowest point in its own frame."""
        return -0.5 * float(self.extents[1])

    def description(self) -> dict[str, Any]:
        """What a file says of it, beside the mesh itself."""
        return {
            "mesh_id": self.mesh_id,
            "category": self.category,
            "style": dict(self.style),
            "turns_about_y": self.turns.folds,
            "parts": list(self.parts),
            "materials": [m.to_json() for m in self.materials],
        }

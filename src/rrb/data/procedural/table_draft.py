"""The measures of a table that all parts of its grammar share.

The floor is y = 0 and the middle of the top x = z = 0; x is the long side, a desk's sitter is at -z.
"""

from __future__ import annotations

from dataclasses import dataclass

from rrb.data.procedural.furniture import Draft, around, at_both_ends
from rrb.data.procedural.parts import Floats, mirrored
from rrb.geometry.mesh import Mesh

ROUND = ("round", "oval")
EVEN = ("round", "square", "octagon")  # as deep as wide: a quarter of a turn may change nothing


@dataclass
class TableDraft(Draft):
    """A table in the making."""

    outline: str  # "rectangle", "round", ...: the top's, seen from above
    width: float  # of the top along x, metres
    depth: float  # of the top along z
    height: float  # of its upper side above the floor
    thickness: float  # of the top
    metal: bool = False  # what stands below is of metal
    margin: float = 0.0  # how far in from the edge the top's underside begins

    @property
    def under(self) -> float:
        """The height of the top's underside."""
        return self.height - self.thickness

    @property
    def held(self) -> float:
        """How high legs go: a little into the top, so that they are one with it."""
        return self.under + 0.4 * self.thickness

    @property
    def own_folds(self) -> int:
        """Of what follows the outline with four corners: 4 where it is as deep as wide, else 2."""
        return 4 if self.outline in EVEN else 2


def at_four_corners(piece: Mesh, folds: int) -> list[Mesh]:
    """What stands at +x and +z at the other corners: turned where the table is as deep as wide, else mirrored."""
    return around(piece, 4) if folds == 4 else at_both_ends(piece, mirrored(piece))


@dataclass(frozen=True)
class Stand:
    """Where the leg at +x and +z stands: its middle line from the top to the floor, and how thick it is there."""

    top: Floats  # (3,)
    foot: Floats  # (3,)
    thickness: float
    count: int  # 3 or 4
    folds: int

    def at(self, y: float) -> Floats:
        """(2,): x and z of the middle line at a height."""
        share = (y - self.foot[1]) / (self.top[1] - self.foot[1])
        return (self.foot + share * (self.top - self.foot))[[0, 2]]

    def copies(self, piece: Mesh) -> list[Mesh]:
        """The piece for each of the legs."""
        return around(piece, 3) if self.count == 3 else at_four_corners(piece, self.folds)

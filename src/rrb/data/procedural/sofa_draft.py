"""The measures of a sofa that all parts of its grammar share.

The floor is y = 0, the middle between the arms x = 0, the front edge of the seat z = 0; the back is at +z and the
sitter looks to -z, with the right hand at +x.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rrb.data.procedural.furniture import Draft
from rrb.data.procedural.parts import Floats, turn
from rrb.data.procedural.upholstery import padded, pillow
from rrb.geometry.mesh import Mesh

Span = tuple[float, float]


@dataclass
class SofaDraft(Draft):
    """A sofa in the making; metres."""

    seats: int
    inner: float  # between the arms
    arm: float  # how wide each arm is, 0 for none
    depth: float  # from the seat's front edge to the back's rear side
    back: float  # how thick the back is
    foot: float  # from the floor to the underside of the body
    seat: float  # from the floor to the upper side of the seat
    pad: float  # how thick the seat's cushions are
    arm_height: float
    top: float  # from the floor to the back's upper edge
    rake: float  # the back's lean in radians
    round: float  # radius of the edges
    softness: float  # of cushions, as in `parts.cushion`

    @property
    def half(self) -> float:
        return self.inner / 2

    @property
    def across(self) -> Span:
        """x between the arms."""
        return -self.half, self.half

    @property
    def outer(self) -> float:
        """From the middle to the outside of an arm."""
        return self.inner / 2 + self.arm

    @property
    def deck(self) -> float:
        """What cushions lie on."""
        return self.seat - self.pad

    @property
    def leaning(self) -> Floats:
        """(3, 3): turns what stands upright as far back as the back leans."""
        return turn(0, self.rake)

    def pad_block(
        self, low: Floats | list[float], high: Floats | list[float], radius: float | None = None
    ) -> Mesh:
        """A padded block from corner to corner."""
        low, high = np.asarray(low, float), np.asarray(high, float)
        return padded(high - low, (low + high) / 2, self.round if radius is None else radius)

    def behind(self, y: float) -> float:
        """z of the back's front side at a height."""
        return self.depth - self.back + np.tan(self.rake) * (y - self.deck)

    def thrown(self, x: float, z: float, y: float, size: float, *, about_y: float = 0.0) -> Mesh:
        """A throw cushion that stands at x, z on y, and leans back a little."""
        tilt = (
            turn(1, about_y) @ turn(0, self.rake + self.between(0.1, 0.3)) @ turn(2, self.between(-0.3, 0.3))
        )
        return pillow(size, size, self.between(0.12, 0.18), [x, y + 0.46 * size, z], tilt)

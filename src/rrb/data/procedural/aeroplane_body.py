"""The body of an aeroplane: rings along z from the nose at z = 0 to the tail, and what lies on its skin.

Metres, y up, the nose towards -z, x = 0 the plane of symmetry. An angle on the skin is 0 at the +x side, 90
degrees on top, 180 at the -x side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.data.procedural.parts import loft
from rrb.geometry.mesh import Mesh

Floats = NDArray[np.float64]
AROUND = 24  # sides of a ring
_TIP = 4e-4  # the first ring's share of the nose: a point would have no ring


@dataclass(frozen=True)
class Body:
    """Rings of superellipses: a nose, a middle of one size, a tail."""

    length: float
    width: float
    height: float
    nose: float  # how long it is until the full size
    tail: float
    bluntness: float = 2.0  # of the nose: 1 a pointed ogive, 2 an ellipsoid
    droop: float = 0.3  # of the nose: 0 is in the middle, 1 keeps the bottom straight
    upsweep: float = 0.7  # of the tail: 0 is in the middle, 1 keeps the top straight
    fullness: float = 1.8  # of the tail: 1 a straight cone, more bulges
    tail_end: float = 0.08  # the size at the end, as a share
    squareness: float = 2.0  # of the rings: 2 an ellipse, 4 nearly a box
    mouth: float = 0.0  # of an intake in the nose: its size as a share, 0 for none
    hump: float = 0.0  # what a cabin adds to the height
    hump_z: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # begins, is full, ends being full, ends

    def sizes(self, z: Floats) -> tuple[Floats, Floats, Floats]:
        """(half width, middle's y, half height without the hump) of the rings at z."""
        u = np.clip(z / self.nose, _TIP, 1.0)
        nose = (1 - (1 - u) ** 2) ** (1 / self.bluntness)
        nose = self.mouth + (1 - self.mouth) * nose
        v = np.clip((self.length - z) / self.tail, 0.0, 1.0)
        tail = self.tail_end + (1 - self.tail_end) * (1 - (1 - v) ** self.fullness)
        tail = tail * np.sqrt(np.clip((v + 0.002) / 0.03, 0.0, 1.0))  # a round end
        middle = self.height / 2 * (self.upsweep * (1 - tail) - self.droop * (1 - nose))
        return self.width / 2 * nose * tail, middle, self.height / 2 * nose * tail

    def top(self, z: Floats | float) -> Floats:
        """The highest y at z."""
        _, middle, half = self.sizes(np.asarray(z, float))
        return middle + half + self._hump(np.asarray(z, float))

    def bottom(self, z: Floats | float) -> Floats:
        """The lowest y at z."""
        _, middle, half = self.sizes(np.asarray(z, float))
        return middle - half

    def middle(self, z: Floats | float) -> Floats:
        """Where the width is greatest, at z."""
        return self.sizes(np.asarray(z, float))[1]

    def half_width(self, z: Floats | float) -> Floats:
        return self.sizes(np.asarray(z, float))[0]

    def points(self, z: Floats, angle: Floats, proud: float = 0.0) -> Floats:
        """(..., 3) on the skin, or so far outside of it, away from the line of the rings' middles."""
        width, middle, half = self.sizes(z)
        cosine, sine = (_power(part, 2 / self.squareness) for part in (np.cos(angle), np.sin(angle)))
        x = width * cosine
        y = np.where(sine > 0, half + self._hump(z), half) * sine
        scale = 1 + proud / np.maximum(np.hypot(x, y), 1e-3)
        return np.stack([x * scale, middle + y * scale, z + 0 * x], axis=-1)

    def mesh(self) -> Mesh:
        z = self.stations()
        angle = 2 * np.pi * (np.arange(AROUND) + 0.5) / AROUND
        rings = self.points(z[:, None], angle[None])
        if self.mouth:  # the skin goes on inwards, to the bottom of the intake
            inner = rings[0] * [0.88, 0.88, 0] + [0, 0.12 * self.middle(0.0), 0]
            depth = self.mouth * self.height * np.array([0.8, 0.05])
            rings = np.concatenate([inner + depth[:, None, None] * [0, 0, 1], rings])
        return loft(rings)

    def stations(self) -> Floats:
        """(K,) z of the rings, close where the skin bends."""
        nose = self.nose * np.linspace(0, 1, 9) ** 2
        end = np.array([0, 0.004, 0.012, 0.03, 0.1, 0.2, 0.32, 0.46, 0.64, 0.82, 1])
        tail = self.length - self.tail * end
        z = np.concatenate([nose, tail])
        if self.hump:
            a, b, c, d = self.hump_z
            z = np.concatenate([z, np.linspace(a, b, 4), np.linspace(c, d, 4)])
        z = np.sort(z)
        return z[np.concatenate([[True], np.diff(z) > 8e-4 * self.length])]

    def _hump(self, z: Floats) -> Floats:
        if not self.hump:
            return 0 * z
        a, b, c, d = self.hump_z
        return self.hump * _smooth((z - a) / (b - a)) * _smooth((d - z) / (d - c))


def _smooth(share: Floats) -> Floats:
    share = np.clip(share, 0.0, 1.0)
    return share * share * (3 - 2 * share)


def _power(value: Floats, power: float) -> Floats:
    return np.sign(value) * np.abs(value) ** power

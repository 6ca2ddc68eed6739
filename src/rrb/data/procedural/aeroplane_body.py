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
            z = np.concatenate([z, np.linspace(a, b, 5), np.linspace(c, d, 5)])
        z = np.sort(z)
        return z[np.concatenate([[True], np.diff(z) > 1e-4 * self.length])]

    def _hump(self, z: Floats) -> Floats:
        if not self.hump:
            return 0 * z
        a, b, c, d = self.hump_z
        return self.hump * _smooth((z - a) / (b - a)) * _smooth((d - z) / (d - c))


# --- on the skin ------------------------------------------------------------------------------------


def patch(body: Body, z: Floats, angle: Floats, proud: float, depth: float) -> Mesh:
    """A closed sheet over the skin at (z, angle), each (M, N), that stands out of it and reaches into it."""
    return shell(body.points(z, angle, proud), body.points(z, angle, -depth))


def shell(outer: Floats, inner: Floats) -> Mesh:
    """The solid between two sheets of points (M, N, 3), whose rims are joined."""
    rows, columns = outer.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    front = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    rim = np.concatenate([index[:-1, 0], index[-1, :-1], index[:0:-1, -1], index[0, :0:-1]])
    following, below = np.roll(rim, -1), rows * columns
    sides = [
        np.stack([following, rim, rim + below], 1),
        np.stack([following, rim + below, following + below], 1),
    ]
    faces = np.concatenate([front, front[:, ::-1] + below, *sides])
    return outwards(np.concatenate([outer.reshape(-1, 3), inner.reshape(-1, 3)]), faces)


def plugs(outer: Floats, inner: Floats) -> Mesh:
    """Many small prisms in one mesh: convex outlines (W, N, 3) outside and inside."""
    count, around = outer.shape[:2]
    k = np.arange(around)
    following = np.roll(k, -1)
    fan = np.stack([0 * k[2:], k[1:-1], k[2:]], 1)
    sides = [
        np.stack([following, k, k + around], 1),
        np.stack([following, k + around, following + around], 1),
    ]
    faces = np.concatenate([fan, fan[:, ::-1] + around, *sides])
    first = 2 * around * np.arange(count)[:, None, None]
    vertices = np.concatenate([outer, inner], axis=1).reshape(-1, 3)
    return outwards(vertices, (faces + first).reshape(-1, 3))


def windscreen(body: Body, low: float, high: float, back: float, columns: int = 6) -> Mesh:
    """Glass around the nose between two shares of the half height, back to z = `back`."""
    z = np.linspace(0, body.nose, 200)
    levels = body.middle(body.nose) + body.height / 2 * np.linspace(low, high, 3)
    front = np.interp(levels, body.top(z), z)[:, None]
    along = np.linspace(-1, 1, 2 * columns + 1)
    at = front + np.maximum(back - front, 0.02 * body.nose) * along**2
    _, middle, half = body.sizes(at)
    sine = np.clip((levels[:, None] - middle) / (half + body._hump(at)), 0.0, 1.0)
    sine[:, columns] = 1.0
    angle = np.arcsin(sine ** (body.squareness / 2))
    angle = np.where(along < 0, np.pi - angle, angle)
    return patch(body, at, angle, 0.012 * body.height, 0.04 * body.height)


def side_strip(body: Body, start: float, end: float, low: float, high: float, proud: float = 0.008) -> Mesh:
    """A band along the +x side from z to z, between two angles."""
    inside = body.stations()
    z = np.concatenate([[start], inside[(inside > start) & (inside < end)], [end]])
    angle = np.linspace(low, high, 2 + int((high - low) / (2 * np.pi / AROUND)))
    z, angle = np.meshgrid(z, angle, indexing="ij")
    return patch(body, z, angle, proud * body.height, 0.03 * body.height)


def window_row(body: Body, start: float, end: float, count: int, size: Floats, angle: float) -> Mesh:
    """Windows on the +x side, their middles from z to z; `size` is along z and over the skin, in metres."""
    middle = np.linspace(start, end, count)[:, None]
    if count > 12:  # far away: corners are not seen
        along, up = np.array([-1, 1, 1, -1]), np.array([1, 1, -1, -1])
    else:
        along, up = np.array([-1, -0.5, 0.5, 1, 0.5, -0.5]), np.array([0, 1, 1, 0, -1, -1])
    along, up = along * size[0] / 2, up * size[1] / body.height
    z, angles = middle + along, angle + up + 0 * middle
    return plugs(body.points(z, angles, 0.008 * body.height), body.points(z, angles, -0.03 * body.height))


def drop(
    start: float,
    end: float,
    half_width: float,
    half_height: float,
    crown: float = 0.4,
    x: float = 0.0,
    y: float = 0.0,
    tilt: float = 0.0,
    fine: int = 14,
) -> Mesh:
    """A smooth lump from z to z around (x, y), largest at the share `crown`: canopies, fairings, tanks.

    tilt: how much higher its end is than its beginning; fine: how many sides it has, an even number.
    """
    t = (1 - np.cos(np.linspace(0.06, np.pi - 0.06, 2 + fine // 2))) / 2
    u = np.where(t < crown, (t - crown) / crown, (t - crown) / (1 - crown))
    size = np.sqrt(np.maximum(1 - u**2, 0.004))[:, None]
    angle = 2 * np.pi * (np.arange(fine) + 0.5) / fine
    aside, up = half_width * size**0.8 * np.cos(angle), half_height * size * np.sin(angle)
    z = start + (end - start) * t[:, None]
    return loft(np.stack([x + aside, y + tilt * t[:, None] + up, z + 0 * up], axis=-1))


# --- meshes from arrays -----------------------------------------------------------------------------------------


def outwards(vertices: Floats, faces: NDArray[np.int64]) -> Mesh:
    """A closed surface whose faces agree about the outside, turned so that they show it."""
    a, b, c = np.moveaxis(vertices[faces] - vertices.mean(0), 1, 0)
    inside_out = np.einsum("fi,fi->", a, np.cross(b, c)) < 0
    return Mesh(vertices, faces[:, ::-1] if inside_out else faces)


def _smooth(share: Floats) -> Floats:
    share = np.clip(share, 0.0, 1.0)
    return share * share * (3 - 2 * share)


def _power(value: Floats, power: float) -> Floats:
    return np.sign(value) * np.abs(value) ** power

"""What all parts of a chair agree on: its sizes, and the curved surfaces that backs and shells lie on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.data.procedural.parts import arc, sheet
from rrb.geometry.mesh import Mesh

Floats = NDArray[np.float64]
Surface = Callable[[Floats | float, Floats | float], Floats]
"""(u, v) -> points (..., 3): u from -1 to 1 across, towards +x; v from 0 to 1 upwards."""

_STEPS = 41  # of a shell's line

SQUARE = np.array([(0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5), (0.5, -0.5)])


@dataclass(frozen=True)
class Plan:
    """Metres; the floor is y = 0, the seat's middle x = z = 0, the sitter looks towards -z."""

    width: float  # of the seat in front
    depth: float
    height: float  # of the seat's top
    thickness: float  # of the seat
    taper: float = 1.0  # the seat's width behind as a share of that in front
    radius: float = 0.01  # of the round corners of a plate
    power: float = 6.0  # of the superellipse that a bent seat is cut to
    cut: float = 0.0  # how far, along x and z, the round corners lie inside the rectangle
    sunk: float = 0.45  # how far legs go into the seat, as a share of its thickness

    @property
    def under(self) -> float:
        """The height of the seat's underside."""
        return self.height - self.thickness

    @property
    def mount(self) -> float:
        """The height at which legs end, inside the seat."""
        return self.under + self.sunk * self.thickness

    def half(self, z: float) -> float:
        """Half of the seat's width at a depth."""
        share = 0.5 + z / self.depth
        return 0.5 * self.width * (1 + (self.taper - 1) * share)


@dataclass(frozen=True)
class Rest:
    """The surface of a back that stands behind the seat."""

    half: float  # of its width at the foot
    foot_y: float
    foot_z: float
    height: float
    rake: float  # how far back for each metre up
    bow: float  # how far its middle lies behind its sides
    sweep: float = 0.0  # how much it bends backwards on its way up, as a share of the height
    flare: float = 0.0  # how much wider it is at the top
    crest: float = 0.0  # how much higher its middle is, as a share of the height
    sunk: float = 0.0  # how far below its foot there is seat, in metres

    def __call__(self, u: Floats | float, v: Floats | float) -> Floats:
        u, v = np.broadcast_arrays(np.asarray(u, float), np.asarray(v, float))
        y = self.foot_y + self.height * v * (1 + self.crest * (1 - u * u))
        z = self.foot_z + self.height * v * (self.rake + self.sweep * v) + self.bow * (1 - u * u)
        return np.stack([u * self.half * (1 + self.flare * v), y, z], axis=-1)

    @property
    def bend(self) -> float:
        return self.bow / self.half

    def share(self, height: float) -> float:
        """v at the sides at this height above the foot."""
        return min(1.0, height / self.height)


@dataclass(frozen=True)
class Tub:
    """The surface of a back that runs around the seat; u = -1 and 1 are its front ends."""

    half_x: float
    half_z: float
    middle_z: float
    foot_y: float
    height: float
    reach: float  # radians from straight behind to an end; a quarter turn is a side
    lean: float = 0.0  # how much wider it is at the top
    drop: float = 0.0  # how much lower the ends are, as a share of the height
    power: float = 2.0  # of the drop: 2 falls evenly, 6 late

    def __call__(self, u: Floats | float, v: Floats | float) -> Floats:
        u, v = np.broadcast_arrays(np.asarray(u, float), np.asarray(v, float))
        angle, wider = u * self.reach, 1 + self.lean * v
        y = self.foot_y + self.height * v * (1 - self.drop * np.abs(u) ** self.power)
        z = self.middle_z + self.half_z * wider * np.cos(angle)
        return np.stack([self.half_x * wider * np.sin(angle), y, z], axis=-1)


@dataclass(frozen=True)
class Shell:
    """The surface of seat and back in one: v = 0 is the seat's front edge, v = 1 the top of the back."""

    line: Floats  # (N, 2): control points of y and z
    half: Floats  # (N,): of the width, from v = 0 to 1 as a Bezier curve
    hollow: Floats  # (N,): how far the sides come up or forwards from the middle, in metres, alike

    def __call__(self, u: Floats | float, v: Floats | float) -> Floats:
        u, v = np.broadcast_arrays(np.asarray(u, float), np.asarray(v, float))
        line = arc(self.line, _STEPS)
        along = np.gradient(line, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        # The way along (y, z) turned by a quarter points to the sitter.
        known = [*line.T, along[:, 1], -along[:, 0], *(arc(c[:, None], _STEPS)[:, 0] for c in self._widths)]
        y, z, up_y, up_z, half, hollow = (np.interp(v, np.linspace(0, 1, _STEPS), c) for c in known)
        lift = hollow * u * u
        return np.stack([u * half, y + lift * up_y, z + lift * up_z], axis=-1)

    @property
    def _widths(self) -> tuple[Floats, Floats]:
        return self.half, self.hollow


def patch(
    surface: Surface, across: tuple[float, float], up: tuple[float, float], thickness: float, *,
    net: tuple[int, int] = (7, 7), power: float | None = None, pillow: float = 0.0, lift: float = 0.0,
) -> Mesh:  # fmt: skip
    """A plate on a surface between two u and two v.

    power: of the superellipse that it is cut to (2 is an ellipse, 8 has small round corners), None for a
    rectangle. pillow: how much thinner the rim is, below 1. lift: how far the plate lies before the surface.
    """
    t, s = np.meshgrid(*(np.linspace(-1, 1, n) for n in net), indexing="ij")
    largest = np.maximum(np.abs(s), np.abs(t))
    if power is not None:
        cut = largest / np.maximum(1e-9, (np.abs(s) ** power + np.abs(t) ** power) ** (1 / power))
        s, t = s * cut, t * cut
    points = surface(_between(across, s), _between(up, t))
    if lift:
        behind = np.cross(np.gradient(points, axis=1), np.gradient(points, axis=0))
        points = points - lift * behind / np.linalg.norm(behind, axis=2, keepdims=True)
    return sheet(points, thickness * (1 - pillow * largest**3))


def _between(ends: tuple[float, float], share: Floats) -> Floats:
    return ends[0] + (ends[1] - ends[0]) * (share + 1) / 2

"""The lower body of a car: a skin over sections along its length, with wheel arches and, where asked, an open bed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rrb.data.procedural.parts import Floats, loft
from rrb.geometry.mesh import Mesh

ENDS = np.array([0.0, 0.06, 0.22, 0.5, 1.0])  # where the round ends are cut, in their depths
ARCH = np.cos(np.linspace(np.pi, 0.0, 8))
STEP = 0.001  # between two sections where the skin turns by a right angle
SIDES, TOPS = 3, 4  # points of half a section from sill or arch to shoulder, and from there to the middle


@dataclass(frozen=True)
class End:
    """How the body closes in front or behind: `round` 2 is an ellipse seen from above, more is boxier."""

    depth: float
    width: float  # of the flat part, in widths of the body
    drop: float  # of the top line at the very end
    lift: float  # of the underside at the very end, from nothing at the wheel arch
    round: float


@dataclass(frozen=True)
class Bed:
    """An opening in the top from z to z, down to a floor."""

    front: float
    rear: float
    floor: float
    wall: float


@dataclass(frozen=True)
class Hull:
    """From z = 0 at the front to `length`, the ground at y = 0, all in metres."""

    length: float
    half_width: float
    sill: float  # height of the underside
    axles: tuple[float, ...]  # their z
    wheel_radius: float
    arch_radius: float
    well: float  # x of the wheel wells' inner wall
    nose: End
    tail: End
    top: Floats  # (K, 2): z and height of the top line
    crown: float  # from the shoulder to the top
    tuck: float  # how much narrower the sill is, in half widths
    lean: float  # how much narrower the shoulder is
    taper: tuple[float, float]  # of front and rear, seen from above
    flare: float = 0.0  # of the wheel arches
    edge: float = 3.5  # 2: round from shoulder to top; more: an edge
    bed: Bed | None = None

    # --- lines ------------------------------------------------------------------------------------

    def fullness(self, z: Floats) -> tuple[Floats, Floats]:
        """From 0 at the very front and rear to 1 where the round ends stop."""
        both = []
        for end, distance in ((self.nose, z), (self.tail, self.length - z)):
            rest = 1 - np.clip(distance / end.depth, 0, 1)
            both.append((1 - rest**end.round) ** (1 / end.round))
        return both[0], both[1]

    def width(self, z: Floats) -> Floats:
        """The largest half width of the section at z."""
        nose, tail = self.fullness(z)
        ends = (self.nose.width + (1 - self.nose.width) * nose) * (
            self.tail.width + (1 - self.tail.width) * tail
        )
        along = z / self.length
        front, rear = np.clip(1 - along / 0.35, 0, 1), np.clip((along - 0.65) / 0.35, 0, 1)
        return self.half_width * ends * (1 - self.taper[0] * front**2 - self.taper[1] * rear**2)

    def bottom(self, z: Floats) -> Floats:
        """The underside: level between the axles, rising towards both ends as far as `lift`."""
        reach = self.axles[0] - self.arch_radius, self.length - self.axles[-1] - self.arch_radius
        ahead = np.clip(1 - z / reach[0], 0, 1)
        behind = np.clip(1 - (self.length - z) / reach[1], 0, 1)
        return self.sill + self.nose.lift * ahead + self.tail.lift * behind

    def height(self, z: Floats) -> Floats:
        """The top line."""
        nose, tail = self.fullness(z)
        return (
            np.interp(z, self.top[:, 0], self.top[:, 1])
            - self.nose.drop * (1 - nose)
            - self.tail.drop * (1 - tail)
        )

    def arch(self, z: Floats) -> Floats:
        """Where the side begins: the sill, or above a wheel its arch."""
        lowest = self.bottom(z) + 0.02
        for axle in self.axles:
            inside = np.abs(z - axle) <= self.arch_radius * (1 + 1e-9)
            rise = np.sqrt(np.clip(self.arch_radius**2 - (z - axle) ** 2, 0, None))
            lowest = np.where(inside, np.maximum(lowest, self.wheel_radius + rise), lowest)
        return np.minimum(lowest, self.height(z) - self.crown - 0.03)

    def side(self, y: Floats, z: Floats) -> Floats:
        """x of the side at height y of the section at z."""
        low, high = self.bottom(z), self.height(z) - self.crown
        share = (y - low) / (high - low)
        inwards = self.tuck * np.clip(1 - share / 0.45, 0, 1) ** 2
        inwards += self.lean * np.clip((share - 0.45) / 0.55, 0, 1) ** 2
        bulge = np.zeros_like(y)
        for axle in self.axles:
            gap = np.hypot(z - axle, y - self.wheel_radius) - self.arch_radius
            bulge = np.maximum(bulge, self.flare * np.exp(-((gap / 0.1) ** 2)))
        return self.width(z) * (1 - inwards) + bulge

    # --- skin -------------------------------------------------------------------------------------

    def stations(self) -> Floats:
        """(S,): z of the sections, close together where the skin bends."""
        needed = [ENDS * self.nose.depth, self.length - ENDS * self.tail.depth]
        for axle in self.axles:
            needed.append(axle + self.arch_radius * ARCH)
            needed.append(axle + (self.arch_radius + STEP) * ARCH[[0, -1]])
        if self.bed is not None:
            needed.append(
                np.array([self.bed.front - STEP, self.bed.front, self.bed.rear, self.bed.rear + STEP])
            )
        fixed = np.sort(np.concatenate(needed))
        fixed = fixed[np.diff(fixed, prepend=-1.0) > 0.5 * STEP]
        wanted = np.concatenate([self.top[1:-1, 0], np.linspace(0, self.length, 8)])
        free = [z for z in np.unique(wanted) if np.abs(fixed - z).min() > 0.12]
        free = [z for k, z in enumerate(free) if k == 0 or z - free[k - 1] > 0.1]
        return np.sort(np.concatenate([fixed, free]))

    def mesh(self) -> Mesh:
        z = self.stations()
        lowest, arch, high = self.bottom(z), self.arch(z), self.height(z)
        well = np.minimum(self.well, 0.9 * self.width(z))
        side_y = arch + (high - self.crown - arch) * np.linspace(0, 1, SIDES + 1)[:, None]  # (SIDES + 1, S)
        side_x = self.side(side_y, z)
        under = [(0 * z, lowest), (well, lowest), (well, arch)]
        outline = [*under, *zip(side_x, side_y, strict=True), *self._over(z, side_x[-1])]
        half = np.stack([np.stack([x, y, z], 1) for x, y in outline], 1)  # (S, P, 3)
        return loft(mirrored_rings(half))

    def _over(self, z: Floats, shoulder: Floats) -> list[tuple[Floats, Floats]]:
        """From the shoulder to the middle of the top, or over the wall into the bed."""
        high = self.height(z)
        angle = np.linspace(0, np.pi / 2, TOPS + 1)[1:]
        across, up = np.cos(angle) ** (2 / self.edge), np.sin(angle) ** (2 / self.edge)
        across[-1] = 0.0
        over = [(shoulder * a, high - self.crown * (1 - u)) for a, u in zip(across, up, strict=True)]
        if self.bed is None:
            return over
        bed, deep = self.bed, (z > self.bed.front - 0.1 * STEP) & (z < self.bed.rear + 0.1 * STEP)
        inner, floor = shoulder - bed.wall, np.full_like(z, bed.floor)
        into = [(shoulder - 0.015, high), (inner, high), (inner - STEP, floor), (0 * z, floor)]
        return [
            (np.where(deep, x, x0), np.where(deep, y, y0))
            for (x, y), (x0, y0) in zip(into, over, strict=True)
        ]


def mirrored_rings(half: Floats) -> Floats:
    """(K, 2 P - 2, 3): whole rings from halves (K, P, 3) with x >= 0 that begin and end at x = 0."""
    other = half[:, -2:0:-1] * [-1.0, 1.0, 1.0]
    return np.concatenate([half, other], axis=1)

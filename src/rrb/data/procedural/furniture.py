"""What tables and sofas have in common: a draft that keeps count of its symmetry, and level parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import gcd

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import Floats, loft, turned
from rrb.geometry.mesh import Mesh

SIDES = 60  # of what is round: a multiple of 3, 4 and 5, and a thousandth of the radius from a true circle


@dataclass
class Draft:
    """A piece of furniture in the making. Every part says which turns about the y axis leave it as it is; the
    whole keeps what they share."""

    random: np.random.Generator
    kind: str
    design: Design = field(default_factory=Design, kw_only=True)
    folds: int = field(default=0, kw_only=True)  # as in `Turns`: 0 while any turn will do

    def add(self, kind: str, *pieces: Mesh, folds: int) -> None:
        """Closed pieces which together look the same after 1/folds of a turn; 0 for any turn."""
        self.design.add(kind, *pieces)
        self.folds = gcd(self.folds, folds)  # gcd(0, n) is n: what any turn leaves decides nothing

    def choose(self, name: str, weights: Mapping[str, float]) -> str:
        """One of the names, written down as a choice of style."""
        chosen = self.design.style[name] = pick(self.random, weights)
        return chosen

    def between(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def often(self, share: float) -> bool:
        return whether(self.random, share)

    def whole(self, low: int, high: int) -> int:
        """From low to high, both included."""
        return int(self.random.integers(low, high + 1))


def post(path: Floats, widths: Floats | float, depths: Floats | float | None = None) -> Mesh:
    """A rectangular section, level, around each point of a path (K, 3) that climbs: widths along x, depths along z."""
    path, widths = np.asarray(path, float), np.broadcast_to(widths, len(path))
    depths = widths if depths is None else np.broadcast_to(depths, len(path))
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2
    rings = np.repeat(path[:, None], 4, axis=1)
    rings[:, :, 0] += widths[:, None] * corners[:, 0]
    rings[:, :, 2] += depths[:, None] * corners[:, 1]
    return loft(rings)


def hoop(outline: Floats, y: tuple[float, float], thickness: float) -> Mesh:
    """A standing band, half of it on each side of an outline (N, 2) of x and z around (0, 0), from y to y."""
    share = thickness / 2 / np.abs(outline).max(0)
    inner, outer = outline * (1 - share), outline * (1 + share)
    section = [(inner, y[0]), (outer, y[0]), (outer, y[1]), (inner, y[1])]
    rings = np.stack([np.insert(line, 1, at, axis=1) for line, at in section], axis=1)  # (N, 4, 3)
    count = len(outline)
    index = np.arange(count * 4).reshape(count, 4)
    after = np.roll(index, -1, axis=0)
    a, b, c, d = (part.ravel() for part in (index, after, np.roll(after, -1, 1), np.roll(index, -1, 1)))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    vertices = rings.reshape(-1, 3)
    p, q, r = np.moveaxis(vertices[faces], 1, 0)
    inside_out = np.einsum("fi,fi->", p, np.cross(q, r)) < 0
    return Mesh(vertices, faces[:, ::-1] if inside_out else faces)


def above_floor(mesh: Mesh) -> Mesh:
    """What would sink into the floor lies flat on it."""
    return mesh.with_vertices(np.maximum(mesh.vertices, [-np.inf, 0, -np.inf]))


def around(piece: Mesh, count: int) -> list[Mesh]:
    """The piece and its like all around the y axis."""
    return [turned(piece, 1, 2 * np.pi * k / count) for k in range(count)]


def at_both_ends(*pieces: Mesh) -> list[Mesh]:
    """What stands at +x, and the same after half a turn at -x."""
    return [copy for piece in pieces for copy in around(piece, 2)]


def plate(outline: Floats, low: float, high: float, edge: str = "straight") -> Mesh:
    """A flat plate over an outline (N, 2) of x and z around (0, 0), its edge cut in one of the `EDGES`."""
    half = np.abs(outline).max(0)
    rings = np.zeros((len(EDGES[edge]), len(outline), 3))
    for ring, (inset, share) in zip(rings, EDGES[edge], strict=True):
        ring[:, [0, 2]] = outline * (1 - inset * (high - low) / half)
        ring[:, 1] = low + share * (high - low)
    return loft(rings)


# How far in, in thicknesses, and how far up, 0 to 1, from the underside to the upper side.
EDGES = {
    "straight": ((0, 0), (0, 1)),
    "chamfered": ((0, 0), (0, 0.75), (0.25, 1)),
    "knife": ((1.4, 0), (0, 0.7), (0, 1)),
    "round": ((0.35, 0), (0.1, 0.13), (0, 0.4), (0, 0.6), (0.1, 0.87), (0.35, 1)),
    "stepped": ((0.6, 0), (0.55, 0.4), (0.05, 0.5), (0, 0.6), (0, 0.95), (0.05, 1)),
}

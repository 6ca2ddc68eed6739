"""Thin closed plates that lie on a car's skin (windows, lamps, lines), and the skin that they are laid on."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rrb.data.procedural.parts import Floats, Triple
from rrb.geometry.mesh import Mesh


def sheet(grid: Floats, outwards: Triple, proud: float = 0.004, depth: float = 0.02) -> Mesh:
    """A closed plate over a grid of points (K, N, 3) of a smooth surface, K and N >= 2.

    It rises by `proud` above the surface on the side that `outwards` points to and goes `depth` below it.
    """
    normals = _normals(grid)
    if (normals.sum((0, 1)) @ np.asarray(outwards, float)) < 0:
        grid, normals = grid[:, ::-1], -normals[:, ::-1]
    vertices = np.concatenate([grid + proud * normals, grid - depth * normals]).reshape(-1, 3)
    return Mesh(vertices, _plate_faces(*grid.shape[:2]))


def _normals(grid: Floats) -> Floats:
    """(K, N, 3) of length 1: along rows x along columns."""
    rows, columns = np.gradient(grid, axis=0), np.gradient(grid, axis=1)
    normals = np.cross(rows, columns)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True) + 1e-300
    return normals


@lru_cache(maxsize=256)
def _plate_faces(rows: int, columns: int) -> NDArray[np.int64]:
    """Of two grids of vertices, the first the front: front, back and the four edges."""
    front, back = np.arange(2 * rows * columns).reshape(2, rows, columns)
    edges = [np.stack([back[0], front[0]]), np.stack([front[-1], back[-1]])]
    edges += [np.stack([back[:, 0], front[:, 0]], 1), np.stack([front[:, -1], back[:, -1]], 1)]
    return np.concatenate([_squares(strip) for strip in (front, back[:, ::-1], *edges)])


def _squares(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Two triangles for each square of a grid of vertices; their normals are along rows x along columns."""
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


class Skin:
    """The outside of meshes, asked along an axis: where is the first surface that is met from outside?"""

    def __init__(self, *meshes: Mesh) -> None:
        self.corners = np.concatenate([mesh.vertices[mesh.faces] for mesh in meshes])  # (F, 3, 3)
        self.low, self.high = self.corners.min(1), self.corners.max(1)  # (F, 3)

    def grid(self, axis: int, sign: float, first: Floats, second: Floats) -> Floats:
        """(K, N, 3): points on the skin over rows x columns of the two other axes in the order x, y, z.

        Seen from the `sign` side of the axis. Where nothing lies behind, the deepest found is taken.
        """
        rows, columns = (part.ravel() for part in np.meshgrid(first, second, indexing="ij"))
        return self.at(axis, sign, np.stack([rows, columns], 1)).reshape(len(first), len(second), 3)

    def at(self, axis: int, sign: float, flat: Floats) -> Floats:
        """(N, 3): the points of the skin over points (N, 2) of the two other axes."""
        others = [a for a in range(3) if a != axis]
        near = self._near(others, flat)
        a, b, c = np.moveaxis(near[..., others], 1, 0)  # (F, 2) each
        p = flat[:, None]
        # Barycentric coordinates by signed areas (N, F).
        area = _cross(b - a, c - a)
        with np.errstate(divide="ignore", invalid="ignore"):
            share_b, share_c = _cross(p - a, c - a) / area, _cross(b - a, p - a) / area
            share_a = 1 - share_b - share_c
            hit = np.minimum(np.minimum(share_a, share_b), share_c) > -1e-9
            height = share_a * near[:, 0, axis] + share_b * near[:, 1, axis] + share_c * near[:, 2, axis]
        height = np.where(hit, sign * height, -np.inf).max(1, initial=-np.inf)
        deepest = height[np.isfinite(height)].min(initial=np.inf)
        found = np.empty((len(flat), 3))
        found[:, others] = flat
        found[:, axis] = sign * np.where(np.isfinite(height), height, deepest)
        return found

    def _near(self, others: list[int], flat: Floats) -> Floats:
        """The triangles whose box meets the box of the points."""
        near = np.ones(len(self.corners), bool)
        for axis, low, high in zip(others, flat.min(0), flat.max(0), strict=True):
            near &= (self.low[:, axis] <= high) & (self.high[:, axis] >= low)
        return self.corners[near]


def _cross(a: Floats, b: Floats) -> Floats:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]

"""How far points lie from a mesh's surface, for measuring poses and symmetries.

Points on the surface, in a tree, say which faces are near; the distance to those is exact. So a surface lies
0 from itself, and not the spacing of its samples.
"""

from functools import lru_cache

import numpy as np

from rrb import Mesh

SAMPLES = 20_000
_NEIGHBOURS = 8


class Surface:
    """The surface of a mesh, `points` (N, 3) uniform on it, in the mesh's frame."""

    def __init__(self, mesh: Mesh, count: int = SAMPLES, seed: int = 0):
        from scipy.spatial import cKDTree

        self.points, self._face = mesh.sample_surface(count, seed)
        self._corners = mesh.vertices[mesh.faces]
        self._tree = cKDTree(self.points)

    def distance(self, points: np.ndarray) -> np.ndarray:
        """(N,): metres from points (N, 3) to the nearest of the faces that the nearest samples lie on.

        Never less than the true distance, and never more than that to the nearest sample.
        """
        _, nearest = self._tree.query(points, k=_NEIGHBOURS)
        corners = self._corners[self._face[nearest]]
        return distance_to_triangles(points[:, None], corners).min(axis=1)


@lru_cache(maxsize=256)
def surface_of(mesh: Mesh) -> Surface:
    """One tree for each mesh, however often it is asked for (a mesh is itself alone: no copy is the same)."""
    return Surface(mesh)


def distance_to_triangles(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """(...): the distance of points (..., 3) to triangles (..., 3, 3); without area they are their edges."""
    a, b, c = np.moveaxis(corners, -2, 0)
    normal = np.cross(b - a, c - a)
    squared = (normal**2).sum(-1)
    from_plane = _dot(points - a, normal)
    above = squared > 0  # whether the point is over the triangle
    to_edge: np.ndarray | float = np.inf
    for start, end in ((a, b), (b, c), (c, a)):
        along, offset = end - start, points - start
        above = above & (_dot(np.cross(along, offset), normal) >= 0)
        length = _dot(along, along)
        share = np.clip(_dot(offset, along) / np.where(length > 0, length, 1.0), 0, 1)
        to_edge = np.minimum(to_edge, ((offset - share[..., None] * along) ** 2).sum(-1))
    to_plane = np.abs(from_plane) / np.sqrt(np.where(squared > 0, squared, 1.0))
    return np.where(above, to_plane, np.sqrt(to_edge))


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(-1)

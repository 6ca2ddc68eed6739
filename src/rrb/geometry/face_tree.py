"""The faces of a mesh sorted into a tree, with what its winding number needs of each node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement, permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb._jit import run_parallel, split
from rrb.geometry.mesh_arrays import mesh_arrays, welded

Floats = NDArray[np.float64]
_POINTS_A_PIECE = 2048
_FACES_A_LEAF = 8


@dataclass(frozen=True, eq=False)
class FaceTree:
    """A mesh's faces in a complete binary tree, moved and scaled into a unit box; see `_winding_kernel`."""

    corners: Floats  # (leaves * leaf_size, 3, 3), padded with faces without area
    leaf_size: int
    depth: int
    centre: Floats  # (3,), of the bounding box in the mesh's frame
    unit: float  # its largest extent
    is_closed: bool  # every edge is used as often in one direction as in the other

    @staticmethod
    def of(vertices: Any, faces: Any) -> FaceTree:
        """Sort the faces of a mesh (V, 3), (F, 3) into a tree."""
        vertices, faces = mesh_arrays(vertices, faces)
        used = vertices[faces.reshape(-1)] if len(faces) else np.zeros((1, 3))
        low, high = used.min(axis=0), used.max(axis=0)
        centre, unit = (low + high) / 2, float((high - low).max()) or 1.0
        depth = max(0, int(np.ceil(np.log2(max(len(faces), 1) / _FACES_A_LEAF))))
        leaf_size = max(1, -(-len(faces) // 2**depth))
        corners = _sorted_into_leaves((vertices[faces] - centre) / unit, depth, leaf_size)
        return FaceTree(corners, leaf_size, depth, centre, unit, _is_closed(vertices, faces))

    def winding(self, points: Floats, beta: float) -> Floats:
        """Winding numbers (N,) at points (N, 3) in the mesh's frame."""
        return self.winding_by_rays(points) if self.is_closed else self.winding_by_angles(points, beta)

    def winding_by_rays(self, points: Floats) -> Floats:
        """Signed crossings of rays along +z: the winding numbers of a closed mesh."""
        from rrb.geometry._winding_kernel import ray_winding

        boxes, first_leaf = self.boxes, 2**self.depth - 1
        return self._in_pieces(
            points, lambda part, out: ray_winding(part, boxes, self.corners, first_leaf, self.leaf_size, out)
        )

    def winding_by_angles(self, points: Floats, beta: float) -> Floats:
        """Summed solid angles: the winding numbers of any mesh."""
        from rrb.geometry._winding_kernel import tree_winding

        moments, first_leaf, beta = self.moments, 2**self.depth - 1, float(beta)
        return self._in_pieces(
            points,
            lambda part, out: tree_winding(
                part, moments, self.corners, first_leaf, self.leaf_size, beta, out
            ),
        )

    def _in_pieces(self, points: Floats, work: Callable[[Floats, Floats], None]) -> Floats:
        out = np.zeros(len(points))
        parts = split(len(points), -(-len(points) // _POINTS_A_PIECE))
        unit_points = np.ascontiguousarray((points - self.centre) / self.unit)

        def piece(i: int) -> None:
            start, stop = parts[i]
            work(unit_points[start:stop], out[start:stop])

        if len(points):
            run_parallel(piece, len(parts))
        return out

    @cached_property
    def boxes(self) -> Floats:
        """(nodes, 6): the lower and the upper corner of each node's faces."""
        leaves = self.corners.reshape(2**self.depth, -1, 3)
        low = _up_the_tree(leaves.min(axis=1), np.minimum)
        return np.concatenate((low, _up_the_tree(leaves.max(axis=1), np.maximum)), axis=1)

    @cached_property
    def moments(self) -> Floats:
        """(nodes, 23): centre, squared radius, and the coefficients of the multipole series."""
        leaves = _integrals(self.corners).reshape(2**self.depth, self.leaf_size, -1).sum(axis=1)
        centres, coefficients = _series(_up_the_tree(leaves, np.add))
        levels = np.split(centres, [2**l - 1 for l in range(1, self.depth + 1)])
        offsets = (self.corners.reshape(len(c), -1, 3) - c[:, None] for c in levels)
        radius_square = np.concatenate([np.einsum("npi,npi->np", o, o).max(axis=1) for o in offsets])
        return np.concatenate((centres, radius_square[:, None], coefficients), axis=1)


def _up_the_tree(leaves: Floats, merge: Callable[[Floats, Floats], Floats]) -> Floats:
    """Values of all nodes, root first, when an inner node's is merged from those of its two children."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        levels.append(merge(levels[-1][0::2], levels[-1][1::2]))
    return np.concatenate(levels[::-1])


def _sorted_into_leaves(corners: Floats, depth: int, leaf_size: int) -> Floats:
    """Reorder faces (F, 3, 3) so that halving them again and again splits each part at its median."""
    missing = 2**depth * leaf_size - len(corners)
    if missing:
        inside_the_mesh = corners[-1, 0] if len(corners) else np.zeros(3)
        corners = np.concatenate((corners, np.broadcast_to(inside_the_mesh, (missing, 3, 3))))
    centroids = corners.mean(axis=1)
    order = np.arange(len(corners))[None]
    for _ in range(depth):
        parts = centroids[order]
        axis = np.ptp(parts, axis=1).argmax(axis=1)
        keys = np.take_along_axis(parts, axis[:, None, None], axis=2)[..., 0]
        order = np.take_along_axis(order, keys.argsort(axis=1, kind="stable"), axis=1)
        order = order.reshape(2 * len(order), -1)
    return np.ascontiguousarray(corners[order.reshape(-1)])


def _integrals(corners: Floats) -> Floats:
    """(F, 43): integrals over each face of 1, x (3), n (3), n x^T (9) and n x x^T (27), n its unit normal."""
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    # A node whose faces have no area at all still needs a centre.
    areas = np.linalg.norm(normals, axis=1, keepdims=True) + 1e-30
    x = corners.mean(axis=1)
    xx = (np.einsum("fvi,fvj->fij", corners, corners) + 9 * x[:, :, None] * x[:, None, :]) / 12
    nx, nxx = normals[:, :, None] * x[:, None, :], normals[:, :, None, None] * xx[:, None]
    return np.concatenate((areas, areas * x, normals, nx.reshape(-1, 9), nxx.reshape(-1, 27)), axis=1)


def _series(integrals: Floats) -> tuple[Floats, Floats]:
    """Centres (nodes, 3) and coefficients (nodes, 19) of what each node adds to the solid angle.

    Let d = centre - point and g(d) = d / |d|^3. A face with area vector n at an offset u from the centre is
    seen under n . g(d + u). Taylor's series in u, integrated over the faces, is
        n.d / |d|^3  +  (tr(M) |d|^2 - 3 d.M d) / |d|^5  +  (15/2 S(d, d, d) - 9/2 |d|^2 v.d) / |d|^7
    with M = sum n u^T, S = sum n u u^T made symmetric and v its trace. What follows are the coefficients of
    these three polynomials, of x, y, z; of xx, xy, xz, yy, yz, zz; and of xxx, xxy, ..., zzz.
    """
    n = integrals[:, 4:7]
    m, s = integrals[:, 7:16].reshape(-1, 3, 3), integrals[:, 16:].reshape(-1, 3, 3, 3)
    c = integrals[:, 1:4] / integrals[:, :1]
    mc, ncc = np.einsum("nij,nk->nijk", m, c), np.einsum("ni,nj,nk->nijk", n, c, c)
    s = s - mc - mc.transpose(0, 1, 3, 2) + ncc
    m = m - np.einsum("ni,nj->nij", n, c)
    s = (s + s.transpose(0, 2, 1, 3) + s.transpose(0, 3, 2, 1)) / 3
    second = np.einsum("nii,jk->njk", m, np.eye(3)) - 3 * m
    third = 7.5 * s - 4.5 * np.einsum("niik,jl->nkjl", s, np.eye(3))
    terms = [_collected(second, power) for power in _QUADRATIC] + [_collected(third, p) for p in _CUBIC]
    return c, np.concatenate((n, np.stack(terms, axis=1)), axis=1)


_QUADRATIC = list(combinations_with_replacement(range(3), 2))
_CUBIC = list(combinations_with_replacement(range(3), 3))


def _collected(tensor: Floats, power: tuple[int, ...]) -> Floats:
    """(nodes,): the coefficient of one monomial, e.g. (0, 0, 1) for xxy, in the form tensor(d, d, ...)."""
    indices: list[Any] = [(slice(None), *order) for order in sorted(set(permutations(power)))]
    return np.sum([tensor[index] for index in indices], axis=0)


def _is_closed(vertices: Floats, faces: NDArray[np.int64]) -> bool:
    return _edges_cancel(faces) or _edges_cancel(welded(vertices, faces)[1])


def _edges_cancel(faces: NDArray[np.int64]) -> bool:
    """Whether each edge is used as often in one direction as in the other."""
    start, end = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    count = int(faces.max(initial=0)) + 1
    return np.array_equal(np.sort(start * count + end), np.sort(end * count + start))

"""How far points lie from the surface of a mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb._jit import run_parallel, split
from rrb.geometry.face_tree import FaceTree

Floats = NDArray[np.float64]
_POINTS_A_PIECE = 2048


def surface_distances(points: Any, vertices: Any, faces: Any) -> Floats:
    """(N,) float64: from points (N, 3) to the nearest place on the faces (F, 3) of vertices (V, 3)."""
    from rrb.evaluation._surface_kernel import nearest_squares

    tree = FaceTree.of(vertices, faces)
    unit_points = np.ascontiguousarray((np.asarray(points, np.float64) - tree.centre) / tree.unit)
    boxes, first_leaf = tree.boxes, 2**tree.depth - 1
    squares = np.zeros(len(unit_points))
    parts = split(len(unit_points), -(-len(unit_points) // _POINTS_A_PIECE))

    def piece(i: int) -> None:
        start, stop = parts[i]
        part = unit_points[start:stop]
        nearest_squares(part, boxes, tree.corners, first_leaf, tree.leaf_size, squares[start:stop])

    run_parallel(piece, len(parts))
    return np.sqrt(squares) * tree.unit


def surface_distances_reference(points: Any, vertices: Any, faces: Any) -> Floats:
    """The same, face by face: the readable oracle of the fast one. Faces without area count as their sides."""
    points = np.asarray(points, np.float64)
    nearest = np.full(len(points), np.inf)
    for corners in np.asarray(vertices, np.float64)[np.asarray(faces)]:
        for start, end in zip(corners, np.roll(corners, 1, axis=0), strict=True):
            nearest = np.minimum(nearest, _to_side(points, start, end))
        sides = corners[1:] - corners[0]
        shares = np.linalg.lstsq(sides.T, (points - corners[0]).T, rcond=None)[0].T
        inside = (shares >= 0).all(axis=1) & (shares.sum(axis=1) <= 1)
        to_plane = np.linalg.norm(points - corners[0] - shares @ sides, axis=1)
        nearest = np.where(inside, np.minimum(nearest, to_plane), nearest)
    return nearest


def _to_side(points: Floats, start: Floats, end: Floats) -> Floats:
    side = end - start
    share = np.clip((points - start) @ side / max(float(side @ side), 1e-300), 0, 1)
    return np.linalg.norm(points - start - share[:, None] * side, axis=1)

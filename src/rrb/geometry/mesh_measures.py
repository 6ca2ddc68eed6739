"""Normals, areas and edges of a triangle list; NumPy in, NumPy out, torch in, differentiable torch out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.geometry._arrays import is_tensor, numpy_view

_NEXT, _LAST = [1, 2, 0], [2, 0, 1]


def corners(vertices: Any, faces: Any) -> Any:
    """(F, 3, 3): the positions of each face's corners, of the vertices' kind."""
    if not is_tensor(vertices):
        return vertices[numpy_view(faces)]
    import torch

    return vertices[torch.as_tensor(faces, device=vertices.device).long()]


def area_vectors(vertices: Any, faces: Any) -> Any:
    """(F, 3): normal times area; counter-clockwise faces point at the viewer."""
    at = corners(vertices, faces)
    a, b = at[:, 1] - at[:, 0], at[:, 2] - at[:, 0]
    return (a[:, _NEXT] * b[:, _LAST] - a[:, _LAST] * b[:, _NEXT]) / 2


def lengths(vectors: Any) -> Any:
    """(N, 3) -> (N, 1), with gradient 0 at 0; tiny vectors are scaled so that their squares don't vanish."""
    scale = abs(numpy_view(vectors)).max(axis=1, keepdims=True)
    scale = np.where(scale > 0, scale, 1)
    if not is_tensor(vectors):
        return scale * np.sqrt(((vectors / scale) ** 2).sum(1, keepdims=True))
    import torch

    divisor = torch.as_tensor(scale, device=vectors.device)
    squares = ((vectors / divisor) ** 2).sum(1, keepdim=True)
    safe = torch.where(squares > 0, squares, 1.0)
    return divisor * torch.where(squares > 0, safe.sqrt(), 0.0)


def unit(vectors: Any) -> Any:
    """(N, 3) of length 1; what has no length stays 0."""
    length = lengths(vectors)
    return vectors / (length + (length == 0))


def vertex_normals(vertices: Any, faces: Any) -> Any:
    """(V, 3) of length 1: the sum of the adjacent faces' area vectors; 0 where no face has an area."""
    vectors = area_vectors(vertices, faces)
    if not is_tensor(vertices):
        index = numpy_view(faces).T.ravel()
        summed = [np.bincount(index, np.tile(axis, 3), minlength=len(vertices)) for axis in vectors.T]
        return unit(np.stack(summed, axis=1)).astype(vertices.dtype)
    import torch

    at = torch.as_tensor(faces, device=vertices.device).long().T.reshape(-1)
    return unit(torch.zeros_like(vertices).index_add(0, at, vectors.repeat(3, 1)))


def has_two_faces_an_edge(faces: NDArray) -> bool:
    """Whether every undirected edge belongs to exactly two faces and no face names a vertex twice."""
    start, end = faces.astype(np.int64), np.roll(faces, -1, axis=1).astype(np.int64)
    if (start == end).any():
        return False
    keys = np.minimum(start, end) * (int(faces.max(initial=0)) + 1) + np.maximum(start, end)
    _, counts = np.unique(keys, return_counts=True)
    return bool((counts == 2).all())

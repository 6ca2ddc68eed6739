"""Vertices and faces, of whatever kind, as the two arrays that computing needs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import numpy_view

Floats = NDArray[np.float64]


def mesh_arrays(vertices: Any, faces: Any) -> tuple[Floats, NDArray[np.int64]]:
    """A mesh as float64 (V, 3) and int64 (F, 3) NumPy arrays, or a sentence about what is wrong with it."""
    vertices, faces = numpy_view(vertices), numpy_view(faces)
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise BadInputError(f"vertices have the shape {vertices.shape}; (V, 3) is accepted")
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iu":
        raise BadInputError(f"faces are {faces.dtype} of shape {faces.shape}; integers (F, 3) are accepted")
    if len(faces) and (faces.min() < 0 or faces.max() >= len(vertices)):
        raise BadInputError(
            f"faces name vertices {faces.min()} to {faces.max()}; with {len(vertices)} vertices"
            f" 0 to {len(vertices) - 1} are accepted"
        )
    if not np.isfinite(vertices).all():
        bad = int((~np.isfinite(vertices).all(axis=1)).argmax())
        raise BadInputError(f"vertex {bad} is {vertices[bad].tolist()}; finite coordinates are accepted")
    return np.ascontiguousarray(vertices, np.float64), np.ascontiguousarray(faces, np.int64)


def welded(vertices: Floats, faces: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """Give vertices at exactly the same place one index, in the order in which they first appear."""
    order = np.lexsort((vertices + 0.0).T)  # + 0.0: a negative zero is the same place
    sorted_vertices = vertices[order]
    is_new = np.ones(len(vertices), np.bool_)
    is_new[1:] = (sorted_vertices[1:] != sorted_vertices[:-1]).any(axis=1)
    group = np.empty(len(vertices), np.int64)
    group[order] = is_new.cumsum() - 1
    first = np.full(int(is_new.sum()), len(vertices))
    np.minimum.at(first, group, np.arange(len(vertices)))
    kept = np.sort(first)
    return vertices[kept], np.searchsorted(kept, first[group])[faces]

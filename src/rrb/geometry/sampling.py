"""Points drawn from a surface, uniformly by area."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import is_tensor, numpy_view
from rrb.geometry.mesh_arrays import mesh_arrays

_NO_AREA = 1e-14  # of the squared longest edge: below it an area is rounding


def sample_surface(vertices: Any, faces: Any, count: int, seed: int) -> tuple[Any, NDArray[np.int64]]:
    """Draw `count` points from a mesh, independently: (points (N, 3), face_index (N,) int64).

    vertices (V, 3) NumPy or torch, faces (F, 3). The points are what the vertices were: NumPy of their float
    type, or a tensor that can be differentiated in them, the choice of faces and barycentric coordinates held
    fixed. One seed gives the same choice every time, for NumPy and torch alike. Faces without area are never
    chosen.
    """
    if not isinstance(count, int | np.integer) or count < 0:
        raise BadInputError(f"the count of points is {count!r}; a whole number from 0 is accepted")
    numbers, indices = mesh_arrays(vertices, faces)
    random = np.random.default_rng(seed)
    face_index = _faces_by_area(numbers, indices, random.random(count))
    barycentric = _uniform_barycentric(random.random((count, 2)))
    corner_index = indices[face_index]
    if is_tensor(vertices):
        import torch

        weights = torch.as_tensor(barycentric, dtype=vertices.dtype, device=vertices.device)
        chosen = vertices[torch.as_tensor(corner_index, device=vertices.device)]
        return torch.einsum("nc,ncx->nx", weights, chosen), face_index
    points = np.einsum("nc,ncx->nx", barycentric, numbers[corner_index])
    given = numpy_view(vertices).dtype
    return points.astype(given if given.kind == "f" else np.float64), face_index


def _faces_by_area(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], uniform: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The face at each quantile in [0, 1) of the area."""
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    double_areas = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    longest = np.max([((p - q) ** 2).sum(axis=1) for p, q in ((a, b), (b, c), (c, a))], axis=0)
    cumulative = np.where(double_areas > _NO_AREA * longest, double_areas, 0.0).cumsum()
    if len(faces) == 0 or not cumulative[-1] > 0:
        raise BadInputError(f"none of the mesh's {len(faces)} faces has an area to sample points from")
    return np.searchsorted(cumulative, uniform * cumulative[-1], side="right")


def _uniform_barycentric(uniform: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 3) from (N, 2) in [0, 1): the root makes up for a triangle being narrow at its first corner."""
    along, across = np.sqrt(uniform[:, 0]), uniform[:, 1]
    return np.stack((1 - along, along * (1 - across), along * across), axis=1)

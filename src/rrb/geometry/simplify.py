"""Fewer faces for nearly the same shape: edges collapse in the order of their quadric error."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import numpy_view
from rrb.geometry.mesh_arrays import mesh_arrays, welded
from rrb.geometry.mesh_measures import has_two_faces_an_edge

_Arrays = tuple[NDArray[np.float64], NDArray[np.int64]]

FEWEST = 4  # a tetrahedron
_EAGERNESS = (
    3.0,
    5.0,
    7.0,
    10.0,
)  # how fast the error that a collapse may make grows; the best shape comes first
_one_at_a_time = Lock()  # the package keeps the mesh in a global


def simplify(vertices: Any, faces: Any, n_faces: int) -> tuple[NDArray, NDArray]:
    """Bring a mesh (V, 3), (F, 3) to at least 4 and at most `n_faces` faces: (vertices, faces), NumPy.

    The frame and unit stay. A mesh that has no more faces than that comes back as it is. Otherwise vertices
    at exactly the same place become one and unused ones go; a closed mesh stays closed, and keeps two faces
    at every edge if any attempt does. Flat parts are merged first: if that is enough nothing is lost, and
    there may be fewer faces than allowed. A mesh that cannot be brought so low is refused with the number
    that can be reached. Of very few faces (a box needs 20) do not expect the shape.
    """
    if isinstance(n_faces, bool) or not isinstance(n_faces, int | np.integer) or n_faces < FEWEST:
        raise BadInputError(
            f"the wanted number of faces is {n_faces!r}; a whole number from {FEWEST} is accepted"
        )
    original = mesh_arrays(vertices, faces)
    if n_faces >= len(original[1]):
        return numpy_view(vertices), numpy_view(faces)
    result = _best(_without_empty_faces(*welded(*original)), int(n_faces))
    given = numpy_view(vertices).dtype
    return (
        result[0].astype(given if given.kind == "f" else np.float64),
        result[1].astype(numpy_view(faces).dtype),
    )


def _best(mesh: _Arrays, n_faces: int) -> _Arrays:
    """The first attempt that is low and sound enough, else the first that is low enough."""
    was_sound = has_two_faces_an_edge(mesh[1])
    reached, low_enough = [len(mesh[1])], None
    for attempt in _attempts(mesh, n_faces):
        count = len(attempt[1])
        if count < FEWEST or not np.isfinite(attempt[0]).all():
            continue
        reached.append(count)
        if count <= n_faces:
            if not was_sound or has_two_faces_an_edge(attempt[1]):
                return attempt
            low_enough = low_enough or attempt
    if low_enough is None:
        raise BadInputError(
            f"a mesh of {len(mesh[1])} faces cannot be brought to {n_faces} by collapsing edges;"
            f" {min(reached)} or more is accepted"
        )
    return low_enough


def _attempts(mesh: _Arrays, n_faces: int) -> Iterator[_Arrays]:
    """First without loss, then more and more eagerly; in a unit box, whose units its tolerances have."""
    import fast_simplification

    vertices, faces = mesh
    if len(faces) <= n_faces:  # welding was enough
        yield _without_unused_vertices(vertices, faces)
        return
    low, high = vertices[faces].min(axis=(0, 1)), vertices[faces].max(axis=(0, 1))
    centre, unit = (low + high) / 2, float((high - low).max()) or 1.0
    scaled = (vertices - centre) / unit
    options: list[dict[str, Any]] = [{"lossless": True}]
    options += [{"target_count": n_faces, "agg": eagerness} for eagerness in _EAGERNESS]
    for option in options:
        with _one_at_a_time:
            points, triangles = fast_simplification.simplify(scaled, faces.astype(np.int32), **option)
            points, triangles = np.array(points, np.float64), np.array(triangles, np.int64)
        yield _without_unused_vertices(points * unit + centre, _without_empty_faces(points, triangles)[1])


def _without_empty_faces(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> _Arrays:
    """Without the faces that name a vertex twice: they cover nothing, and their edges cancel."""
    a, b, c = faces.T
    return vertices, faces[(a != b) & (b != c) & (c != a)]


def _without_unused_vertices(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> _Arrays:
    used, renumbered = np.unique(faces, return_inverse=True)
    return vertices[used], renumbered.reshape(faces.shape)

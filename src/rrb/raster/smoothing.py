"""Normals that are smooth over rounded parts and sharp at creases, for the faces that are seen.

A corner's normal is the area-weighted sum of the normals of the faces around its vertex that differ from its
own face by less than the crease angle. Normals count up to their sign, because many meshes are wound without
care. Which faces count is a decision, held fixed in gradients.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rrb.raster._inputs import as_numpy
from rrb.raster.pixels import Pixels, cross, like, sum_runs, take, unit


def corner_normals(vertices: Any, faces: np.ndarray, pixels: Pixels, crease_angle: float) -> Any:
    """(P, 3): unit normals at the covered pixels, towards the camera; vertices (..., V, 3) camera frame."""
    points, triangles, seen_face = _one_mesh(vertices, faces, pixels)
    seen, which = np.unique(seen_face, return_inverse=True)
    area_normals = _area_normals(points, triangles)
    units = unit(area_normals)
    at_corners = _smooth(units, area_normals, triangles, seen, crease_angle)
    corners = np.ravel(which)[:, None] * 3 + np.arange(3)
    blended = unit(pixels.blend(take(at_corners, corners)))
    return blended * _towards_camera(points, triangles, as_numpy(units, "normals"), seen_face)


def crease_normals(vertices: np.ndarray, faces: np.ndarray, crease_angle: float) -> np.ndarray:
    """(F, 3, 3) float64: a unit normal for each corner, outwards: what `corner_normals` blends, of NumPy arrays.

    The faces around a corner count that meet at less than the angle in radians.
    """
    from rrb.raster._smoothing_kernel import crease_normals

    vertices = np.ascontiguousarray(vertices, np.float64)
    faces = np.ascontiguousarray(faces, np.int32)
    out = np.empty((len(faces), 3, 3))
    least_cosine = math.cos(crease_angle) if crease_angle > 0 else math.inf
    crease_normals(vertices, faces, least_cosine, np.empty((len(faces), 3)), out)
    return out


def _one_mesh(vertices: Any, faces: np.ndarray, pixels: Pixels) -> tuple[Any, np.ndarray, np.ndarray]:
    """A batch as one mesh: points (B V, 3), triangles (B F, 3), and the face that each pixel sees (P,)."""
    n_vertices, n_images = vertices.shape[-2], math.prod(pixels.batch)
    if vertices.ndim == 2 and faces.ndim == 2:
        return vertices, faces, pixels.face
    tables = np.broadcast_to(faces, (*pixels.batch, *faces.shape[-2:])).reshape(n_images, -1, 3)
    each = np.arange(n_images)[:, None, None] * n_vertices if vertices.ndim > 2 else 0
    triangles = np.where(tables < 0, -1, tables + each).reshape(-1, 3)
    return vertices.reshape(-1, 3), triangles, pixels.image * tables.shape[1] + pixels.face


def _area_normals(points: Any, triangles: np.ndarray) -> Any:
    a, b, c = (take(points, np.maximum(triangles[:, k], 0)) for k in range(3))
    return cross(b - a, c - a)


def _smooth(
    units: Any, area_normals: Any, triangles: np.ndarray, seen: np.ndarray, crease_angle: float
) -> Any:
    """(3 S, 3): the normals, not yet of unit length, at the corners of the seen faces (S,)."""
    if crease_angle == 0:
        return take(units, np.repeat(seen, 3))
    around, lengths = _faces_around(triangles, triangles[seen].ravel())
    own = np.repeat(np.repeat(seen, 3), lengths)
    directions = as_numpy(units, "normals")
    cosine = np.einsum("ni,ni->n", directions[own], directions[around])
    counts = (np.abs(cosine) > math.cos(crease_angle)) | (own == around)
    share = np.where(counts, np.where(cosine < 0, -1, 1), 0)[:, None]
    return unit(sum_runs(take(area_normals, around) * like(share, area_normals), lengths))


def _faces_around(triangles: np.ndarray, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(faces around the first vertex, then around the second, ...; how many around each)."""
    used = np.flatnonzero(triangles[:, 0] >= 0)
    corner_of = triangles[used].ravel()
    order = np.argsort(corner_of, kind="stable")
    valence = np.bincount(corner_of)
    start = np.cumsum(valence) - valence
    lengths = valence[vertices]
    first = np.cumsum(lengths) - lengths
    within = np.arange(lengths.sum()) - np.repeat(first, lengths)
    return used[order[np.repeat(start[vertices], lengths) + within] // 3], lengths


def _towards_camera(points: Any, triangles: np.ndarray, units: np.ndarray, seen_face: np.ndarray) -> Any:
    """(P, 1) of +1 and -1: whether the seen face, not the smoothed normal, is turned to the camera."""
    one_corner = as_numpy(points, "vertices")[triangles[seen_face, 0]]
    away = np.einsum("pi,pi->p", one_corner, units[seen_face]) > 0
    return like(np.where(away, -1, 1)[:, None], points)

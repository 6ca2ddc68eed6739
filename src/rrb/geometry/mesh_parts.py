"""The pieces that a mesh falls into, the mesh without its specks, and without what no face names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rrb.geometry._arrays import as_numpy, numpy_view
from rrb.geometry.mesh import Mesh


def parts(mesh: Mesh) -> NDArray[np.int64]:
    """(F,): the piece of each face, counted from 0; faces that share a vertex are of one piece."""
    faces = numpy_view(mesh.faces)
    root = np.arange(len(mesh.vertices))
    while True:
        ends = root[faces]
        lowest = ends.min(1)
        if (ends == lowest[:, None]).all():
            return np.unique(lowest, return_inverse=True)[1].astype(np.int64)
        # Every piece's name joins the lowest that it touches; then names are followed to their ends.
        np.minimum.at(root, ends.ravel(), np.repeat(lowest, 3))
        while (root[root] != root).any():
            root = root[root]


def without_specks(mesh: Mesh, least_share: float) -> Mesh:
    """Only the pieces that have at least this share of the largest one's area."""
    part = parts(mesh)
    areas = np.bincount(part, weights=as_numpy(mesh.face_areas()))
    kept = (areas >= least_share * areas.max())[part]
    if kept.all():
        return mesh
    faces = numpy_view(mesh.faces)[kept]
    used, renamed = np.unique(faces, return_inverse=True)
    return Mesh(as_numpy(mesh.vertices)[used], renamed.reshape(-1, 3))


def used_part(mesh: Mesh) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices (V, 3) and faces (F, 3) of the mesh without padding and without vertices that no face names."""
    vertices, faces = as_numpy(mesh.vertices).astype(np.float64), np.asarray(as_numpy(mesh.faces), np.int64)
    faces = faces[faces[:, 0] >= 0]
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    if used.all():
        return np.ascontiguousarray(vertices), faces
    return np.ascontiguousarray(vertices[used]), (np.cumsum(used) - 1)[faces]

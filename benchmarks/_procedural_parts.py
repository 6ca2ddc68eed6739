"""The parts that procedural meshes of the fitting benchmark are put together from, and cutting their faces finer."""

from functools import partial

import numpy as np

from rrb import Mesh
from rrb.data.procedural import parts
from rrb.data.procedural.parts import block, loft

SECTIONS = 20  # around whatever is round
rod = partial(parts.rod, sections=SECTIONS)
tube = partial(parts.tube, sections=SECTIONS)
lathe = partial(parts.lathe, sections=2 * SECTIONS)

__all__ = ["SECTIONS", "block", "lathe", "loft", "refined", "rod", "tube"]


def refined(mesh: Mesh, n_faces: int) -> Mesh:
    """The same surface in at least `n_faces` faces: the longest edges are halved, in every face that has them.

    Equal edges share their fate only by chance, so a symmetric surface may get faces that are not.
    """
    vertices, faces = mesh.vertices, mesh.faces
    while len(faces) < n_faces:
        vertices, faces = _longest_halved(vertices, faces, n_faces - len(faces))
    return Mesh(vertices, faces, name=mesh.name)


def _longest_halved(vertices: np.ndarray, faces: np.ndarray, wanted: int) -> tuple[np.ndarray, np.ndarray]:
    """Halve the longest edges, no face twice, until there are about `wanted` faces more."""
    start, end = faces, np.roll(faces, -1, axis=1)
    keys = np.minimum(start, end) * len(vertices) + np.maximum(start, end)
    edges, inverse = np.unique(keys, return_inverse=True)
    of_face = inverse.reshape(-1, 3)
    low, high = edges // len(vertices), edges % len(vertices)
    length = np.linalg.norm(vertices[low] - vertices[high], axis=1)
    users: list[list[int]] = [[] for _ in edges]
    for face, three in enumerate(of_face):
        for edge in three:
            users[edge].append(face)
    cut_at = np.full(len(faces), -1)  # the edge at which each face is cut
    added, shortest = 0, 0.6 * length.max()  # longer ones first: what is left is cut in a later round
    for edge in np.argsort(-length, kind="stable"):
        if added >= wanted or length[edge] < shortest:
            break
        if (cut_at[users[edge]] < 0).all():
            cut_at[users[edge]] = edge
            added += len(users[edge])
    chosen, number = np.unique(cut_at[cut_at >= 0], return_inverse=True)
    cut = np.flatnonzero(cut_at >= 0)
    corner = (of_face[cut] == cut_at[cut, None]).argmax(1)
    a, b, c = (faces[cut, (corner + k) % 3] for k in range(3))
    middle = len(vertices) + number
    halves = [np.stack([a, middle, c], 1), np.stack([middle, b, c], 1)]
    middles = (vertices[low[chosen]] + vertices[high[chosen]]) / 2
    return np.concatenate([vertices, middles]), np.concatenate([faces[cut_at < 0], *halves])

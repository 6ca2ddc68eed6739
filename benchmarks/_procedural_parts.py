"""Closed parts that procedural meshes are put together from, and cutting their faces finer."""

from collections.abc import Sequence

import numpy as np

from rrb import Mesh
from rrb.geometry.primitives import box

SECTIONS = 20  # around whatever is round
Triple = Sequence[float] | np.ndarray


def block(extents: Triple, middle: Triple, turn: np.ndarray | None = None) -> Mesh:
    """A box of these extents along x, y, z around its middle, turned (3, 3) before it is put there."""
    made = box(tuple(extents))
    vertices = made.vertices if turn is None else made.vertices @ turn.T
    return made.with_vertices(vertices + np.asarray(middle))


def loft(rings: np.ndarray) -> Mesh:
    """A skin over rings (K, N, 3), each a closed line, with a fan over the first and the last; faces outwards."""
    count, around = rings.shape[:2]
    vertices = np.concatenate([rings.reshape(-1, 3), rings[[0, -1]].mean(1)])
    index = np.arange(count * around).reshape(count, around)
    a, b = index[:-1].ravel(), np.roll(index, -1, axis=1)[:-1].ravel()
    c, d = np.roll(index, -1, axis=1)[1:].ravel(), index[1:].ravel()
    first, last, next_to = index[0], index[-1], np.roll(index, -1, axis=1)
    fans = [
        np.stack([np.full(around, count * around + k), *pair], axis=1)
        for k, pair in enumerate([(next_to[0], first), (last, next_to[-1])])
    ]
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1), *fans])
    x, y, z = np.moveaxis(vertices[faces], 1, 0)
    inside_out = np.einsum("fi,fi->", x, np.cross(y, z)) < 0
    return Mesh(vertices, faces[:, ::-1] if inside_out else faces)


def tube(path: np.ndarray, radii: np.ndarray | float, sections: int = SECTIONS) -> Mesh:
    """Circles (of one radius, or one each) at right angles to a path (K, 3), K >= 2, that lies in a plane."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(path[-1] - path[0], path[len(path) // 2] - path[0])
    if not np.linalg.norm(across) > 1e-9 * np.linalg.norm(path[-1] - path[0]) ** 2:  # a straight path
        across = np.cross(along[0], np.eye(3)[np.abs(along[0]).argmin()])
    across /= np.linalg.norm(across)
    angle = 2 * np.pi * np.arange(sections)[:, None] / sections
    up = np.cross(along, across)
    circle = np.cos(angle) * across + np.sin(angle) * up[:, None]
    return loft(path[:, None] + np.broadcast_to(radii, len(path))[:, None, None] * circle)


def rod(start: Triple, end: Triple, radius: float, radius_end: float | None = None) -> Mesh:
    """A cylinder from point to point, or a cone with another radius at its end."""
    radii = np.array([radius, radius if radius_end is None else radius_end])
    return tube(np.array([start, end], float), radii)


def lathe(profile: np.ndarray, sections: int = 2 * SECTIONS) -> Mesh:
    """The solid whose outline (K, 2) of radius and y, none on the axis, is turned around y."""
    angle = 2 * np.pi * np.arange(sections) / sections
    circle = np.stack([np.cos(angle), np.zeros(sections), np.sin(angle)], axis=1)
    return loft(profile[:, None, :1] * circle + profile[:, None, 1:] * np.array([0, 1, 0]))


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

"""Meshes already in pixels, for tests of the rasterizer."""

import numpy as np


def icosphere(subdivisions: int) -> tuple[np.ndarray, np.ndarray]:
    """A closed sphere of radius 1 with outward faces, made here so that nothing else need work."""
    g = (1 + 5**0.5) / 2
    v = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g)]
    v += [(0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]
    f = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2)]
    f += [(10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5)]
    f += [(2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]
    vertices, faces = np.array(v, float), np.array(f)
    for _ in range(subdivisions):
        edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        unique, which = np.unique(edges, axis=0, return_inverse=True)
        middle = which.reshape(-1, 3) + len(vertices)
        vertices = np.concatenate([vertices, vertices[unique].mean(1)])
        a, b, c = faces.T
        ab, bc, ca = middle.T
        faces = np.concatenate(
            [np.stack(t, -1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))]
        )
    return vertices / np.linalg.norm(vertices, axis=1, keepdims=True), faces


def project(points: np.ndarray, focal_px: float, size: tuple[int, int]) -> np.ndarray:
    x, y, z = points.T
    return np.stack([focal_px * x / z + size[1] / 2, focal_px * y / z + size[0] / 2, z], -1)


def rotation(seed: int) -> np.ndarray:
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.linalg.det(q)


def ellipsoid_px(
    size: tuple[int, int], subdivisions: int = 2, seed: int = 0, fill: float = 1.2
) -> tuple[np.ndarray, np.ndarray]:
    """An ellipsoid 1 : 0.7 : 0.5, turned at random, three away, slightly off the centre."""
    vertices, faces = icosphere(subdivisions)
    turned = vertices * [1, 0.7, 0.5] @ rotation(seed).T + [0.05, -0.03, 3]
    return project(turned, fill * min(size), size), faces


def soup_px(size: tuple[int, int], n_faces: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random triangles that share corners but no two all three (equal depths everywhere would be a tie)."""
    rng = np.random.default_rng(seed)
    n_vertices = n_faces + 2
    xy = rng.uniform(-0.3, 1.3, (n_vertices, 2)) * [size[1], size[0]]
    triples: dict[tuple, np.ndarray] = {}
    while len(triples) < n_faces:
        face = rng.choice(n_vertices, 3, replace=False)
        triples.setdefault(tuple(sorted(face)), face)
    faces = np.array(list(triples.values()))
    return np.column_stack([xy, rng.uniform(1, 5, n_vertices)]), faces

"""How far points lie from a triangle surface: the kernel of `symmetry`."""

import math

import numpy as np

from rrb._jit import kernel
from rrb.geometry._triangle_kernel import square_to_triangle

_FIRST = 24  # points among which a plain misfit shows


@kernel()
def enclosing_spheres(vertices, faces, spheres):
    """Fill spheres (F, 4) with the middle of each face and the distance of its farthest corner from there."""
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        square = 0.0
        for k in range(3):
            spheres[f, k] = (vertices[a, k] + vertices[b, k] + vertices[c, k]) / 3.0
        for v in (a, b, c):
            square = max(
                square,
                (vertices[v, 0] - spheres[f, 0]) ** 2
                + (vertices[v, 1] - spheres[f, 1]) ** 2
                + (vertices[v, 2] - spheres[f, 2]) ** 2,
            )
        spheres[f, 3] = math.sqrt(square)


@kernel()
def mean_distance(points, vertices, faces, spheres, limit):
    """Mean distance of points (N, 3) to the surface; some number above `limit` where it is plain that it is more."""
    total = 0.0
    for n in range(points.shape[0]):
        px, py, pz = points[n, 0], points[n, 1], points[n, 2]
        best, reach = np.inf, np.inf
        for f in range(faces.shape[0]):
            away = (px - spheres[f, 0]) ** 2 + (py - spheres[f, 1]) ** 2 + (pz - spheres[f, 2]) ** 2
            if away >= (reach + spheres[f, 3]) ** 2:
                continue
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            d = square_to_triangle(
                px, py, pz,
                vertices[a, 0], vertices[a, 1], vertices[a, 2],
                vertices[b, 0], vertices[b, 1], vertices[b, 2],
                vertices[c, 0], vertices[c, 1], vertices[c, 2],
            )  # fmt: skip
            if d < best:
                best, reach = d, math.sqrt(d)
        total += reach
        if n < _FIRST and total > 3.0 * limit * _FIRST:
            return np.inf
    return total / points.shape[0]

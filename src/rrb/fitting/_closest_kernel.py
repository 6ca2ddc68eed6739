"""How far points lie from a triangle surface: the kernel of `symmetry`."""

import math

import numpy as np

from rrb._jit import inline, kernel

_FIRST = 24  # points among which a plain misfit shows


@inline
def square_to_triangle(px, py, pz, ax, ay, az, bx, by, bz, cx, cy, cz):
    """Squared distance from p to triangle abc, by the region that p's foot lies in."""
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    wx, wy, wz = px - ax, py - ay, pz - az
    uu, uv, vv = ux * ux + uy * uy + uz * uz, ux * vx + uy * vy + uz * vz, vx * vx + vy * vy + vz * vz
    wu, wv = wx * ux + wy * uy + wz * uz, wx * vx + wy * vy + wz * vz
    area = uu * vv - uv * uv
    if area > 0.0:
        s, t = (vv * wu - uv * wv) / area, (uu * wv - uv * wu) / area
        if s >= 0.0 and t >= 0.0 and s + t <= 1.0:
            dx, dy, dz = wx - s * ux - t * vx, wy - s * uy - t * vy, wz - s * uz - t * vz
            return dx * dx + dy * dy + dz * dz
    # Otherwise the nearest place is on a side.
    ex, ey, ez = vx - ux, vy - uy, vz - uz
    qx, qy, qz = wx - ux, wy - uy, wz - uz
    best = np.inf
    for side in range(3):
        dx, dy, dz = (ux, uy, uz) if side == 0 else ((vx, vy, vz) if side == 1 else (ex, ey, ez))
        rx, ry, rz = (wx, wy, wz) if side < 2 else (qx, qy, qz)
        length = dx * dx + dy * dy + dz * dz
        k = (rx * dx + ry * dy + rz * dz) / length if length > 0.0 else 0.0
        k = min(max(k, 0.0), 1.0)
        rx, ry, rz = rx - k * dx, ry - k * dy, rz - k * dz
        best = min(best, rx * rx + ry * ry + rz * rz)
    return best


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

"""How far a point lies from a triangle: a piece of the kernels that ask it of many."""

import numpy as np

from rrb._jit import inline


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

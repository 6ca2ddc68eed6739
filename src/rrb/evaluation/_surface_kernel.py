"""Kernel of surface.py: the distance from points to the nearest of many triangles, sorted into a `FaceTree`.

The tree is complete and binary: the children of node n are 2n+1 and 2n+2, its `first_leaf` inner nodes
come first, and leaf l holds the rows [l * leaf_size, (l + 1) * leaf_size) of `corners` (faces, 3, 3).
"""

import numpy as np

from rrb._jit import inline, kernel

DEEPEST = 64  # a depth-first walk keeps at most one node a level waiting


@inline
def _square_to_box(box, x, y, z):
    """Squared distance from (x, y, z) to a box (6,), 0 inside."""
    dx = max(box[0] - x, x - box[3], 0.0)
    dy = max(box[1] - y, y - box[4], 0.0)
    dz = max(box[2] - z, z - box[5], 0.0)
    return dx * dx + dy * dy + dz * dz


@inline
def _square_to_side(px, py, pz, ux, uy, uz):
    """Squared distance from p to the line from 0 to u."""
    length = ux * ux + uy * uy + uz * uz
    k = (px * ux + py * uy + pz * uz) / length if length > 0.0 else 0.0
    k = min(max(k, 0.0), 1.0)
    dx, dy, dz = px - k * ux, py - k * uy, pz - k * uz
    return dx * dx + dy * dy + dz * dz


@inline
def _square_to_face(corners, face, x, y, z):
    """Squared distance to a triangle: to its sides, and to the foot on its plane if that lies inside."""
    ax, ay, az = corners[face, 0, 0], corners[face, 0, 1], corners[face, 0, 2]
    bx, by, bz = corners[face, 1, 0], corners[face, 1, 1], corners[face, 1, 2]
    cx, cy, cz = corners[face, 2, 0], corners[face, 2, 1], corners[face, 2, 2]
    px, py, pz = x - ax, y - ay, z - az
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    square = min(
        _square_to_side(px, py, pz, ux, uy, uz),
        _square_to_side(px, py, pz, vx, vy, vz),
        _square_to_side(x - bx, y - by, z - bz, cx - bx, cy - by, cz - bz),
    )
    uu, uv, vv = ux * ux + uy * uy + uz * uz, ux * vx + uy * vy + uz * vz, vx * vx + vy * vy + vz * vz
    pu, pv = px * ux + py * uy + pz * uz, px * vx + py * vy + pz * vz
    area = uu * vv - uv * uv
    s, t = vv * pu - uv * pv, uu * pv - uv * pu
    if area > 0.0 and s >= 0.0 and t >= 0.0 and s + t <= area:
        s, t = s / area, t / area
        dx, dy, dz = px - s * ux - t * vx, py - s * uy - t * vy, pz - s * uz - t * vz
        square = min(square, dx * dx + dy * dy + dz * dz)
    return square


@kernel()
def nearest_squares(points, boxes, corners, first_leaf, leaf_size, out):
    """out[i] = squared distance from points[i] to the nearest face; nearer boxes are opened first."""
    waiting = np.empty(DEEPEST, np.int64)
    bounds = np.empty(DEEPEST)
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        best = np.inf
        waiting[0] = 0
        bounds[0] = 0.0
        count = 1
        while count > 0:
            count -= 1
            node = waiting[count]
            if bounds[count] >= best:
                continue
            if node >= first_leaf:
                start = (node - first_leaf) * leaf_size
                for face in range(start, start + leaf_size):
                    best = min(best, _square_to_face(corners, face, x, y, z))
                continue
            near, far = 2 * node + 1, 2 * node + 2
            to_near, to_far = _square_to_box(boxes[near], x, y, z), _square_to_box(boxes[far], x, y, z)
            if to_far < to_near:
                near, far, to_near, to_far = far, near, to_far, to_near
            waiting[count], bounds[count] = far, to_far
            waiting[count + 1], bounds[count + 1] = near, to_near
            count += 2
        out[i] = best

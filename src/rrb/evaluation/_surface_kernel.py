"""Kernel of surface.py: the distance from points to the nearest of many triangles, sorted into a `FaceTree`.

The tree is complete and binary: the children of node n are 2n+1 and 2n+2, its `first_leaf` inner nodes
come first, and leaf l holds the rows [l * leaf_size, (l + 1) * leaf_size) of `corners` (faces, 3, 3).
"""

import numpy as np

from rrb._jit import inline, kernel
from rrb.geometry._triangle_kernel import square_to_triangle

DEEPEST = 64  # a depth-first walk keeps at most one node a level waiting


@inline
def _square_to_box(box, x, y, z):
    """Squared distance from (x, y, z) to a box (6,), 0 inside."""
    dx = max(box[0] - x, x - box[3], 0.0)
    dy = max(box[1] - y, y - box[4], 0.0)
    dz = max(box[2] - z, z - box[5], 0.0)
    return dx * dx + dy * dy + dz * dz


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
                    square = square_to_triangle(
                        x, y, z,
                        corners[face, 0, 0], corners[face, 0, 1], corners[face, 0, 2],
                        corners[face, 1, 0], corners[face, 1, 1], corners[face, 1, 2],
                        corners[face, 2, 0], corners[face, 2, 1], corners[face, 2, 2],
                    )  # fmt: skip
                    best = min(best, square)
                continue
            near, far = 2 * node + 1, 2 * node + 2
            to_near, to_far = _square_to_box(boxes[near], x, y, z), _square_to_box(boxes[far], x, y, z)
            if to_far < to_near:
                near, far, to_near, to_far = far, near, to_far, to_near
            waiting[count], bounds[count] = far, to_far
            waiting[count + 1], bounds[count + 1] = near, to_near
            count += 2
        out[i] = best

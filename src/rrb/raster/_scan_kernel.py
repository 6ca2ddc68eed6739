"""What every scan converter here shares: rows of a triangle, the near plane, the edges of a contour.

Coverage rule: a pixel belongs to a triangle if its centre does, and a centre exactly on an edge belongs to
the triangle on its right, or below it for a horizontal edge (the top-left rule). It holds exactly between
neighbours because a crossing is computed from the two ends of an edge ordered by y, whichever triangle asks.
"""

import math

import numpy as np

from rrb._jit import inline


@inline
def first_centre(value, limit):
    """Number of the first pixel whose centre is at or after `value`, kept within 0..limit. NaN gives 0."""
    if not value > 0.0:
        return 0
    if value >= limit:
        return limit
    return min(math.ceil(value - 0.5), limit)


@inline
def sorted_by_y(x0, y0, x1, y1, x2, y2):
    if y1 < y0:
        x0, y0, x1, y1 = x1, y1, x0, y0
    if y2 < y1:
        x1, y1, x2, y2 = x2, y2, x1, y1
        if y1 < y0:
            x0, y0, x1, y1 = x1, y1, x0, y0
    return x0, y0, x1, y1, x2, y2


@inline
def depth_range(vertices):
    """(nearest, farthest, is everything finite) of vertices (V, 3); depths that are not finite do not count."""
    nearest, farthest, total = np.inf, -np.inf, 0.0
    for v in range(vertices.shape[0]):
        z = vertices[v, 2]
        total += (vertices[v, 0] + vertices[v, 1] + z) * 0.0  # NaN if anything is not finite
        if z < nearest and z > -np.inf:
            nearest = z
        if z > farthest and z < np.inf:
            farthest = z
    return nearest, farthest, total == 0.0


@inline
def view_from(vertices, near):
    """(near plane, whether all is finite and in front of it) for a given `near`, or 0 for the default.

    The default is 1e-3 of the range of depths; the plane is always above zero.
    """
    nearest, farthest, finite = depth_range(vertices)
    if not near > 0.0:
        spread = farthest - nearest
        near = 1e-3 * spread if 0.0 < spread < np.inf else 1e-12
    return near, nearest > near and finite


@inline
def row_span(y, x0, y0, slope0, x1, y1, slope1, width):
    """Columns (from, to) whose centres lie between two edges at height y."""
    left = x0 + (y - y0) * slope0
    right = x1 + (y - y1) * slope1
    return first_centre(min(left, right), width), first_centre(max(left, right), width)


@inline
def is_finite_face(vertices, a, b, c):
    total = 0.0
    for k in range(3):
        total += (vertices[a, k] + vertices[b, k] + vertices[c, k]) * 0.0
    return total == 0.0


@inline
def cut_at_near(near, xa, ya, za, xb, yb, zb):
    """Image point where the segment from a (in front) to b (behind) meets the near plane.

    x z, y z and z are linear along the segment. Always called from front to back, so that two triangles
    sharing the segment get the same point.
    """
    s = (za - near) / (za - zb)
    return (xa * za + s * (xb * zb - xa * za)) / near, (ya * za + s * (yb * zb - ya * za)) / near


@inline
def pieces_in_front(near, x0, y0, z0, x1, y1, z1, x2, y2, z2):
    """The part of a triangle in front of the near plane, as up to two triangles in the image.

    Returns (how many, ax, ay, bx, by, cx, cy, dx, dy): triangles abc and acd.
    """
    front = (z0 > near) + (z1 > near) + (z2 > near)
    if front == 3:
        return 1, x0, y0, x1, y1, x2, y2, x2, y2
    if front == 0:
        return 0, x0, y0, x0, y0, x0, y0, x0, y0
    # Turn the corners until the first is in front and the last is behind.
    while not (z0 > near and z2 <= near):
        x0, y0, z0, x1, y1, z1, x2, y2, z2 = x1, y1, z1, x2, y2, z2, x0, y0, z0
    cx, cy = cut_at_near(near, x0, y0, z0, x2, y2, z2)
    if front == 1:
        bx, by = cut_at_near(near, x0, y0, z0, x1, y1, z1)
        return 1, x0, y0, bx, by, cx, cy, cx, cy
    bx, by = cut_at_near(near, x1, y1, z1, x2, y2, z2)
    return 2, x0, y0, x1, y1, bx, by, cx, cy


@inline
def corners(vertices, faces, f, near):
    """(whether it is drawn, x0, y0, x1, y1, x2, y2, 1 / twice the signed area) of a face in pixels."""
    a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
    if a < 0 or not (vertices[a, 2] > near and vertices[b, 2] > near and vertices[c, 2] > near):
        return False, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    x0, y0 = np.float64(vertices[a, 0]), np.float64(vertices[a, 1])
    x1, y1 = np.float64(vertices[b, 0]), np.float64(vertices[b, 1])
    x2, y2 = np.float64(vertices[c, 0]), np.float64(vertices[c, 1])
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    drawn = 0.0 < abs(area) < np.inf
    return drawn, x0, y0, x1, y1, x2, y2, 1.0 / area if drawn else 0.0

"""Kernels of the `softras` silhouette: a product of 1 - D over the triangles within reach of a pixel."""

import math

import numpy as np

from rrb._jit import inline, kernel
from rrb.raster._scan_kernel import corners, first_centre, view_from

SATURATED = 1e-18  # a chance of being missed that further triangles leave below rounding
_STEPS = 64
_DECAYS = np.exp(-np.arange(41 * _STEPS) / _STEPS)


@inline
def decay(u):
    """exp(-u) for u >= 0 to 1e-11 of itself, 0 from 40 on: a table and a short series, three times exp's speed."""
    if not u < 40.0:
        return 0.0
    step = int(u * _STEPS)
    rest = step * (1.0 / _STEPS) - u
    return _DECAYS[step] * (1.0 + rest * (1.0 + rest * (0.5 + rest * (1.0 / 6.0 + rest * (1.0 / 24.0)))))


@inline
def per_length_2(xa, ya, xb, yb):
    """1 / squared length of a side; 0 for a side of no length, whose nearest point is then its start."""
    length_2 = (xb - xa) ** 2 + (yb - ya) ** 2
    return 1.0 / length_2 if length_2 > 0.0 else 0.0


@inline
def to_segment(x, y, xa, ya, xb, yb, per_2):
    """(squared distance, position 0..1 of the nearest point, offset x, offset y from it to the point)."""
    dx, dy = xb - xa, yb - ya
    t = min(max(((x - xa) * dx + (y - ya) * dy) * per_2, 0.0), 1.0)
    ox, oy = x - xa - t * dx, y - ya - t * dy
    return ox * ox + oy * oy, t, ox, oy


@inline
def nearest_side(x, y, x0, y0, x1, y1, x2, y2, per_01, per_12, per_20):
    """(side 0, 1 or 2, squared distance, position, offset x, offset y) of the nearest point of the border."""
    d, t, ox, oy = to_segment(x, y, x0, y0, x1, y1, per_01)
    d1, t1, ox1, oy1 = to_segment(x, y, x1, y1, x2, y2, per_12)
    d2, t2, ox2, oy2 = to_segment(x, y, x2, y2, x0, y0, per_20)
    side = 0
    if d1 < d:
        side, d, t, ox, oy = 1, d1, t1, ox1, oy1
    if d2 < d:
        side, d, t, ox, oy = 2, d2, t2, ox2, oy2
    return side, d, t, ox, oy


@inline
def is_inside(x, y, x0, y0, x1, y1, x2, y2, inverse_area):
    return (
        ((x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)) * inverse_area > 0.0
        and ((x2 - x) * (y0 - y) - (x0 - x) * (y2 - y)) * inverse_area > 0.0
        and ((x0 - x) * (y1 - y) - (x1 - x) * (y0 - y)) * inverse_area > 0.0
    )


@kernel()
def multiply_misses(vertices, faces, near, sigma, reach, row_from, row_to, misses):
    """Fill rows of misses (H, W) with the probability that no triangle covers the pixel."""
    misses[row_from:row_to] = 1
    near, _ = view_from(vertices, near)
    width = misses.shape[1]
    per_sigma = 1.0 / sigma
    farthest_2 = reach * sigma
    margin = math.sqrt(farthest_2)
    for f in range(faces.shape[0]):
        drawn, x0, y0, x1, y1, x2, y2, inverse_area = corners(vertices, faces, f, near)
        if not drawn:
            continue
        per_01, per_12 = per_length_2(x0, y0, x1, y1), per_length_2(x1, y1, x2, y2)
        per_20 = per_length_2(x2, y2, x0, y0)
        left, right = min(x0, x1, x2) - margin, max(x0, x1, x2) + margin
        start, stop = first_centre(left, width), first_centre(right, width)
        top = max(first_centre(min(y0, y1, y2) - margin, row_to), row_from)
        bottom = first_centre(max(y0, y1, y2) + margin, row_to)
        for row in range(top, bottom):
            for column in range(start, stop):
                if misses[row, column] < SATURATED:
                    continue
                x, y = column + 0.5, row + 0.5
                _, distance_2, _, _, _ = nearest_side(x, y, x0, y0, x1, y1, x2, y2, per_01, per_12, per_20)
                if is_inside(x, y, x0, y0, x1, y1, x2, y2, inverse_area):
                    missed = decay(distance_2 * per_sigma)
                    misses[row, column] *= missed / (1.0 + missed)
                elif distance_2 < farthest_2:
                    misses[row, column] /= 1.0 + decay(distance_2 * per_sigma)


@kernel()
def join(misses, row_from, row_to, image):
    """image = 1 - misses, rows row_from..row_to."""
    for row in range(row_from, row_to):
        for column in range(image.shape[1]):
            image[row, column] = 1.0 - misses[row, column]


@kernel()
def multiply_misses_backward(vertices, faces, near, sigma, reach, misses, grad_image, grad_vertices):
    """Add to grad_vertices (V, 3). The image moves with a triangle's logit by misses * sigmoid(logit)."""
    near, _ = view_from(vertices, near)
    height, width = misses.shape
    per_sigma = 1.0 / sigma
    farthest_2 = reach * sigma
    margin = math.sqrt(farthest_2)
    pull = np.empty((height, width))  # the gradient on -log(miss); 0 is skipped
    for row in range(height):
        for column in range(width):
            miss = misses[row, column]
            pull[row, column] = 0.0 if miss < SATURATED else grad_image[row, column] * miss
    for f in range(faces.shape[0]):
        drawn, x0, y0, x1, y1, x2, y2, inverse_area = corners(vertices, faces, f, near)
        if not drawn:
            continue
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        per_01, per_12 = per_length_2(x0, y0, x1, y1), per_length_2(x1, y1, x2, y2)
        per_20 = per_length_2(x2, y2, x0, y0)
        left, right = min(x0, x1, x2) - margin, max(x0, x1, x2) + margin
        start, stop = first_centre(left, width), first_centre(right, width)
        top, bottom = (
            first_centre(min(y0, y1, y2) - margin, height),
            first_centre(max(y0, y1, y2) + margin, height),
        )
        for row in range(top, bottom):
            for column in range(start, stop):
                g = pull[row, column]
                if g == 0.0:
                    continue
                x, y = column + 0.5, row + 0.5
                side, distance_2, t, ox, oy = nearest_side(
                    x, y, x0, y0, x1, y1, x2, y2, per_01, per_12, per_20
                )
                if is_inside(x, y, x0, y0, x1, y1, x2, y2, inverse_area):
                    sign = 1.0
                elif distance_2 < farthest_2:
                    sign = -1.0
                else:
                    continue
                # The nearest point is (1 - t) p + t q of side pq; moving it changes the squared distance
                # by -2 (offset . motion). Its position t is at an optimum, so only the ends' motion counts.
                small = decay(distance_2 * per_sigma)
                probability = 1.0 / (1.0 + small) if sign > 0.0 else small / (1.0 + small)
                scale = -2.0 * g * sign * per_sigma * probability
                p, q = (a, b) if side == 0 else ((b, c) if side == 1 else (c, a))
                grad_vertices[p, 0] += scale * (1.0 - t) * ox
                grad_vertices[p, 1] += scale * (1.0 - t) * oy
                grad_vertices[q, 0] += scale * t * ox
                grad_vertices[q, 1] += scale * t * oy

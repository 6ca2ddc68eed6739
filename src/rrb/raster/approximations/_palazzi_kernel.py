"""Kernels of the `palazzi` silhouette: three passes over the pixels of a triangle, no buffers."""

import math

import numpy as np

from rrb._jit import inline, kernel
from rrb.raster._scan_kernel import corners, first_centre, view_from


@inline
def barycentric(x, y, x0, y0, x1, y1, x2, y2, inverse_area):
    l0 = ((x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)) * inverse_area
    l1 = ((x2 - x) * (y0 - y) - (x0 - x) * (y2 - y)) * inverse_area
    l2 = ((x0 - x) * (y1 - y) - (x1 - x) * (y0 - y)) * inverse_area
    return l0, l1, l2


@inline
def bump(l0, l1, l2):
    """The clipped product of the edge determinants, up to the factor that the normalisation cancels."""
    return max(l0, 0.0) * max(l1, 0.0) * max(l2, 0.0)


@inline
def highest(height, width, x0, y0, x1, y1, x2, y2, inverse_area):
    """(largest bump over the pixel centres, its row, its column); of equals the first."""
    best, best_row, best_column = 0.0, 0, 0
    left, right = first_centre(min(x0, x1, x2), width), first_centre(max(x0, x1, x2), width)
    for row in range(first_centre(min(y0, y1, y2), height), first_centre(max(y0, y1, y2), height)):
        for column in range(left, right):
            value = bump(*barycentric(column + 0.5, row + 0.5, x0, y0, x1, y1, x2, y2, inverse_area))
            if value > best:
                best, best_row, best_column = value, row, column
    return best, best_row, best_column


@kernel()
def sum_bumps(vertices, faces, near, clip, row_from, row_to, image):
    """Fill rows row_from..row_to of image (H, W)."""
    image[row_from:row_to] = 0
    near, _ = view_from(vertices, near)
    height, width = image.shape
    for f in range(faces.shape[0]):
        drawn, x0, y0, x1, y1, x2, y2, inverse_area = corners(vertices, faces, f, near)
        if not drawn:
            continue
        top = max(first_centre(min(y0, y1, y2), row_to), row_from)
        bottom = first_centre(max(y0, y1, y2), row_to)
        if top >= bottom:
            continue
        best, _, _ = highest(height, width, x0, y0, x1, y1, x2, y2, inverse_area)
        if best == 0.0:
            continue
        left, right = first_centre(min(x0, x1, x2), width), first_centre(max(x0, x1, x2), width)
        for row in range(top, bottom):
            for column in range(left, right):
                value = bump(*barycentric(column + 0.5, row + 0.5, x0, y0, x1, y1, x2, y2, inverse_area))
                if value > 0.0:
                    image[row, column] += math.tanh(value / best)
    if clip:
        for row in range(row_from, row_to):
            for column in range(width):
                image[row, column] = min(image[row, column], 1)


@inline
def add_gradient(grad_vertices, a, b, c, g, x, y, x0, y0, x1, y1, x2, y2, inverse_area):
    """Add g times the gradient of the bump at (x, y), a product of three barycentric weights.

    With l_i = e_i / A: d(l0 l1 l2) = sum_i (product / l_i) / A * d e_i - 3 product / A * d A, and A is the
    sum of the e_i, so each e_i gets (product / l_i - 3 product) / A.
    """
    l0, l1, l2 = barycentric(x, y, x0, y0, x1, y1, x2, y2, inverse_area)
    product = l0 * l1 * l2
    e0 = g * (l1 * l2 - 3.0 * product) * inverse_area
    e1 = g * (l0 * l2 - 3.0 * product) * inverse_area
    e2 = g * (l0 * l1 - 3.0 * product) * inverse_area
    grad_vertices[a, 0] += e2 * (y1 - y) - e1 * (y2 - y)
    grad_vertices[a, 1] += e1 * (x2 - x) - e2 * (x1 - x)
    grad_vertices[b, 0] += e0 * (y2 - y) - e2 * (y0 - y)
    grad_vertices[b, 1] += e2 * (x0 - x) - e0 * (x2 - x)
    grad_vertices[c, 0] += e1 * (y0 - y) - e0 * (y1 - y)
    grad_vertices[c, 1] += e0 * (x1 - x) - e1 * (x0 - x)


@kernel()
def sum_bumps_backward(vertices, faces, near, clip, image, grad_image, grad_vertices):
    """Add to grad_vertices (V, 3) the gradient of the sum, that of each triangle's largest value included."""
    near, _ = view_from(vertices, near)
    height, width = image.shape
    for f in range(faces.shape[0]):
        drawn, x0, y0, x1, y1, x2, y2, inverse_area = corners(vertices, faces, f, near)
        if not drawn:
            continue
        best, best_row, best_column = highest(height, width, x0, y0, x1, y1, x2, y2, inverse_area)
        if best == 0.0:
            continue
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        by_best = 0.0
        left, right = first_centre(min(x0, x1, x2), width), first_centre(max(x0, x1, x2), width)
        for row in range(first_centre(min(y0, y1, y2), height), first_centre(max(y0, y1, y2), height)):
            for column in range(left, right):
                g = np.float64(grad_image[row, column])
                if g == 0.0 or (clip and image[row, column] >= 1):
                    continue
                x, y = column + 0.5, row + 0.5
                value = bump(*barycentric(x, y, x0, y0, x1, y1, x2, y2, inverse_area))
                if value <= 0.0:
                    continue
                slope = 1.0 - math.tanh(value / best) ** 2
                by_best -= g * slope * value / (best * best)
                add_gradient(
                    grad_vertices, a, b, c, g * slope / best, x, y, x0, y0, x1, y1, x2, y2, inverse_area
                )
        x, y = best_column + 0.5, best_row + 0.5
        add_gradient(grad_vertices, a, b, c, by_best, x, y, x0, y0, x1, y1, x2, y2, inverse_area)

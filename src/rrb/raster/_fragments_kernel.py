"""Hard visibility: the nearest face of every pixel, where on it the pixel's centre lies, and how deep."""

import numpy as np

from rrb._jit import inline, inline_early, kernel
from rrb.raster._scan_kernel import (
    first_centre,
    is_finite_face,
    pieces_in_front,
    row_span,
    sorted_by_y,
    view_from,
)


@inline_early
def draw_row(face_index, inverse_depth, face, row, start, stop, base, per_x, least, most):
    """Where the face is nearer than what is there. Its 1 / z at column 0 is `base`."""
    for column in range(start, stop):
        # Kept within the corners' values: a sliver's slopes are all rounding.
        value = inverse_depth.dtype.type(min(max(base + column * per_x, least), most))
        if value > inverse_depth[row, column]:
            inverse_depth[row, column] = value
            face_index[row, column] = face


@inline
def draw_triangle(
    face_index, inverse_depth, face, row_from, row_to, x0, y0, x1, y1, x2, y2, base, per_x, per_y, least, most
):
    """Row by row, with a depth test. Of equal depths the first face stays."""
    x0, y0, x1, y1, x2, y2 = sorted_by_y(x0, y0, x1, y1, x2, y2)
    top = max(first_centre(y0, row_to), row_from)
    bottom = first_centre(y2, row_to)
    if top >= bottom:
        return
    middle = min(max(first_centre(y1, row_to), top), bottom)
    width = face_index.shape[1]
    long_slope = (x2 - x0) / (y2 - y0)
    if top < middle:
        slope = (x1 - x0) / (y1 - y0)
        for row in range(top, middle):
            y = row + 0.5
            start, stop = row_span(y, x0, y0, long_slope, x0, y0, slope, width)
            draw_row(face_index, inverse_depth, face, row, start, stop, base + y * per_y, per_x, least, most)
    if middle < bottom:
        slope = (x2 - x1) / (y2 - y1)
        for row in range(middle, bottom):
            y = row + 0.5
            start, stop = row_span(y, x0, y0, long_slope, x1, y1, slope, width)
            draw_row(face_index, inverse_depth, face, row, start, stop, base + y * per_y, per_x, least, most)


@inline
def touches_a_centre(row_from, row_to, width, x0, y0, x1, y1, x2, y2):
    """Whether the bounding box holds a pixel centre: most faces of a fine mesh do not."""
    top = max(first_centre(min(y0, y1, y2), row_to), row_from)
    return top < first_centre(max(y0, y1, y2), row_to) and (
        first_centre(min(x0, x1, x2), width) < first_centre(max(x0, x1, x2), width)
    )


@inline
def depth_plane(x0, y0, i0, x1, y1, i1, x2, y2, i2):
    """(is there one, value at column 0 of height 0, per x, per y) of 1 / z, which is linear in the image.

    It is the plane of the whole triangle, also where the near plane cuts off a part.
    """
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    d1, d2 = (i1 - i0) / area, (i2 - i0) / area
    per_x = d1 * (y2 - y0) - d2 * (y1 - y0)
    per_y = d2 * (x1 - x0) - d1 * (x2 - x0)
    return area != 0.0, i0 - y0 * per_y + (0.5 - x0) * per_x, per_x, per_y


@inline
def draw_in_front(vertices, faces, row_from, row_to, face_index, inverse_depth):
    """Every vertex is finite and in front of the near plane: the usual case, kept free of any other."""
    width = face_index.shape[1]
    inverse = np.empty(vertices.shape[0])
    for v in range(vertices.shape[0]):
        inverse[v] = 1.0 / vertices[v, 2]
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if a < 0:
            continue
        x0, y0 = np.float64(vertices[a, 0]), np.float64(vertices[a, 1])
        x1, y1 = np.float64(vertices[b, 0]), np.float64(vertices[b, 1])
        x2, y2 = np.float64(vertices[c, 0]), np.float64(vertices[c, 1])
        if not touches_a_centre(row_from, row_to, width, x0, y0, x1, y1, x2, y2):
            continue
        i0, i1, i2 = inverse[a], inverse[b], inverse[c]
        there, base, per_x, per_y = depth_plane(x0, y0, i0, x1, y1, i1, x2, y2, i2)
        if there:
            least, most = min(i0, i1, i2), max(i0, i1, i2)
            draw_triangle(
                face_index, inverse_depth, f, row_from, row_to,
                x0, y0, x1, y1, x2, y2, base, per_x, per_y, least, most,
            )  # fmt: skip


@inline
def draw_what_is_in_front(vertices, faces, near, row_from, row_to, face_index, inverse_depth):
    """Faces are cut at the near plane, and those that are not finite left out."""
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if a < 0 or not is_finite_face(vertices, a, b, c):
            continue
        x0, y0, z0 = np.float64(vertices[a, 0]), np.float64(vertices[a, 1]), np.float64(vertices[a, 2])
        x1, y1, z1 = np.float64(vertices[b, 0]), np.float64(vertices[b, 1]), np.float64(vertices[b, 2])
        x2, y2, z2 = np.float64(vertices[c, 0]), np.float64(vertices[c, 1]), np.float64(vertices[c, 2])
        there, base, per_x, per_y = depth_plane(x0, y0, 1.0 / z0, x1, y1, 1.0 / z1, x2, y2, 1.0 / z2)
        if not there:
            continue
        least, most = 1.0 / max(z0, z1, z2), 1.0 / max(min(z0, z1, z2), near)
        count, ax, ay, bx, by, cx, cy, dx, dy = pieces_in_front(near, x0, y0, z0, x1, y1, z1, x2, y2, z2)
        if count > 0:
            draw_triangle(
                face_index, inverse_depth, f, row_from, row_to,
                ax, ay, bx, by, cx, cy, base, per_x, per_y, least, most,
            )  # fmt: skip
        if count > 1:
            draw_triangle(
                face_index, inverse_depth, f, row_from, row_to,
                ax, ay, cx, cy, dx, dy, base, per_x, per_y, least, most,
            )  # fmt: skip


@kernel()
def nearest_faces(vertices, faces, near, row_from, row_to, face_index, inverse_depth):
    """Fill rows row_from..row_to of face_index (H, W) int32, -1 for none, and inverse_depth (H, W), 0 for none."""
    face_index[row_from:row_to] = -1
    inverse_depth[row_from:row_to] = 0
    near, in_front = view_from(vertices, near)
    if in_front:
        draw_in_front(vertices, faces, row_from, row_to, face_index, inverse_depth)
    else:
        draw_what_is_in_front(vertices, faces, near, row_from, row_to, face_index, inverse_depth)


@inline
def weights(vertices, a, b, c, x, y):
    """Perspective weights before normalisation, e_i / z_i, and the sum of the e_i.

    e_i is twice the area of the triangle that the point makes with the side facing corner i. With the point
    as (x, y, 1) and corners as z (x, y, 1), Cramer's rule gives e_i / z_i up to a common factor, also where
    a corner is behind the camera.
    """
    x0, y0, z0 = np.float64(vertices[a, 0]), np.float64(vertices[a, 1]), np.float64(vertices[a, 2])
    x1, y1, z1 = np.float64(vertices[b, 0]), np.float64(vertices[b, 1]), np.float64(vertices[b, 2])
    x2, y2, z2 = np.float64(vertices[c, 0]), np.float64(vertices[c, 1]), np.float64(vertices[c, 2])
    e0 = (x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)
    e1 = (x2 - x) * (y0 - y) - (x0 - x) * (y2 - y)
    e2 = (x0 - x) * (y1 - y) - (x1 - x) * (y0 - y)
    return e0 / z0, e1 / z1, e2 / z2, e0 + e1 + e2


@kernel()
def locate(vertices, faces, row_from, row_to, face_index, barycentric):
    """Fill rows of barycentric (H, W, 3): perspective-correct weights of the face's corners, 0 where none."""
    for row in range(row_from, row_to):
        for column in range(face_index.shape[1]):
            f = face_index[row, column]
            if f < 0:
                barycentric[row, column] = 0
                continue
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            w0, w1, w2, _ = weights(vertices, a, b, c, column + 0.5, row + 0.5)
            if w0 + w1 + w2 < 0.0:
                w0, w1, w2 = -w0, -w1, -w2
            w0, w1, w2 = max(w0, 0.0), max(w1, 0.0), max(w2, 0.0)  # a centre on an edge may round outside
            scale = 1.0 / (w0 + w1 + w2)
            barycentric[row, column, 0] = w0 * scale
            barycentric[row, column, 1] = w1 * scale
            barycentric[row, column, 2] = w2 * scale


@kernel()
def locate_backward(
    vertices, faces, row_from, row_to, face_index, grad_barycentric, grad_inverse_depth, grad_vertices
):
    """Add to grad_vertices (V, 3) what the gradients of rows of barycentric and inverse_depth give.

    With w_i = e_i / z_i, S = sum w_i, A = sum e_i: barycentric_i = w_i / S and 1 / depth = S / A.
    """
    for row in range(row_from, row_to):
        for column in range(face_index.shape[1]):
            f = face_index[row, column]
            if f < 0:
                continue
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            x, y = column + 0.5, row + 0.5
            w0, w1, w2, area = weights(vertices, a, b, c, x, y)
            total = w0 + w1 + w2
            if area == 0.0 or total == 0.0:
                continue  # a sliver whose area is all rounding
            g0, g1, g2 = grad_barycentric[row, column]
            g_inverse = np.float64(grad_inverse_depth[row, column])
            mean = (g0 * w0 + g1 * w1 + g2 * w2) / total
            by_area = -g_inverse * total / (area * area)
            d0 = (g0 - mean) / total + g_inverse / area
            d1 = (g1 - mean) / total + g_inverse / area
            d2 = (g2 - mean) / total + g_inverse / area
            z0, z1, z2 = np.float64(vertices[a, 2]), np.float64(vertices[b, 2]), np.float64(vertices[c, 2])
            grad_vertices[a, 2] -= d0 * w0 / z0
            grad_vertices[b, 2] -= d1 * w1 / z1
            grad_vertices[c, 2] -= d2 * w2 / z2
            e0, e1, e2 = d0 / z0 + by_area, d1 / z1 + by_area, d2 / z2 + by_area
            x0, y0 = vertices[a, 0] - x, vertices[a, 1] - y
            x1, y1 = vertices[b, 0] - x, vertices[b, 1] - y
            x2, y2 = vertices[c, 0] - x, vertices[c, 1] - y
            grad_vertices[a, 0] += e2 * y1 - e1 * y2
            grad_vertices[a, 1] += e1 * x2 - e2 * x1
            grad_vertices[b, 0] += e0 * y2 - e2 * y0
            grad_vertices[b, 1] += e2 * x0 - e0 * x2
            grad_vertices[c, 0] += e1 * y0 - e0 * y1
            grad_vertices[c, 1] += e0 * x1 - e1 * x0

"""Coverage by counting layers across the contour, then blending along it: kernels of `antialias`.

Walking along a row of pixels, the number of faces over a point changes only at edges that have more faces
on one side than on the other. In the middle of a surface the two faces of an edge lie on either side and
cancel, so only the contour is left: some hundred edges of a mesh of thousands of faces. The surface covers
what has a count above zero, whether it is closed, open or inconsistently oriented.
"""

import math

import numpy as np

from rrb._jit import inline, kernel
from rrb.raster._scan_kernel import (
    cut_at_near,
    first_centre,
    is_finite_face,
    pieces_in_front,
    view_from,
)


@inline
def add_edge(image, row_from, row_to, extents, layers, xa, ya, xb, yb):
    """Note at the first centre right of the edge, row by row, that the count changes there.

    `layers` more faces lie left of the edge than right of it, walked from a to b, where left is where a
    walker down the picture (y grows) has smaller x. extents (H, 2) keeps the first and last column noted.
    """
    if yb < ya:
        xa, ya, xb, yb, layers = xb, yb, xa, ya, -layers
    top, bottom = max(first_centre(ya, row_to), row_from), first_centre(yb, row_to)
    if top >= bottom:
        return
    width = image.shape[1]
    slope = (xb - xa) / (yb - ya)
    for row in range(top, bottom):
        column = first_centre(xa + (row + 0.5 - ya) * slope, width)
        extents[row, 0] = min(extents[row, 0], column)
        extents[row, 1] = max(extents[row, 1], column)
        if column < width:
            image[row, column] -= layers


@kernel()
def count_layers(vertices, faces, face_edges, near, layers):
    """Fill layers (E + 1,): how many more faces lie left of each edge than right of it.

    The edge is walked from its lower vertex number; left as in `add_edge`. Returns whether all vertices are
    finite and in front of the near plane.
    """
    layers[:] = 0
    _, in_front = view_from(vertices, near)
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if a < 0:
            continue
        x0, y0 = np.float64(vertices[a, 0]), np.float64(vertices[a, 1])
        x1, y1 = np.float64(vertices[b, 0]), np.float64(vertices[b, 1])
        x2, y2 = np.float64(vertices[c, 0]), np.float64(vertices[c, 1])
        facing = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if not in_front:
            if not is_finite_face(vertices, a, b, c):
                continue
            # A corner behind the camera is seen through it.
            facing *= np.sign(vertices[a, 2]) * np.sign(vertices[b, 2]) * np.sign(vertices[c, 2])
        turn = 1 if facing > 0.0 else (-1 if facing < 0.0 else 0)
        layers[face_edges[f, 0]] += turn if a < b else -turn
        layers[face_edges[f, 1]] += turn if b < c else -turn
        layers[face_edges[f, 2]] += turn if c < a else -turn
    return in_front


@inline
def add_faces(vertices, faces, near, row_from, row_to, image, extents):
    """Note the border of every face in front of the near plane: the way that needs no edges."""
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if a < 0 or not is_finite_face(vertices, a, b, c):
            continue
        x0, y0, z0 = np.float64(vertices[a, 0]), np.float64(vertices[a, 1]), np.float64(vertices[a, 2])
        x1, y1, z1 = np.float64(vertices[b, 0]), np.float64(vertices[b, 1]), np.float64(vertices[b, 2])
        x2, y2, z2 = np.float64(vertices[c, 0]), np.float64(vertices[c, 1]), np.float64(vertices[c, 2])
        count, ax, ay, bx, by, cx, cy, dx, dy = pieces_in_front(near, x0, y0, z0, x1, y1, z1, x2, y2, z2)
        if count == 0:
            continue
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay) + (cx - ax) * (dy - ay) - (dx - ax) * (cy - ay)
        if area == 0.0:
            continue
        turn = 1 if area > 0.0 else -1
        add_edge(image, row_from, row_to, extents, turn, ax, ay, bx, by)
        add_edge(image, row_from, row_to, extents, turn, bx, by, cx, cy)
        add_edge(image, row_from, row_to, extents, turn, cx, cy, dx, dy)
        add_edge(image, row_from, row_to, extents, turn, dx, dy, ax, ay)


@kernel()
def cover(vertices, faces, edge_vertices, layers, in_front, near, row_from, row_to, image):
    """Fill rows row_from..row_to of `image` (H, W): 1 where a face covers the pixel's centre, else 0."""
    image[row_from:row_to] = 0
    height, width = image.shape
    extents = np.empty((height, 2), np.int32)
    extents[:, 0], extents[:, 1] = width, 0
    if in_front:
        for e in range(edge_vertices.shape[0]):
            if layers[e] != 0:
                a, b = edge_vertices[e, 0], edge_vertices[e, 1]
                xa, ya = np.float64(vertices[a, 0]), np.float64(vertices[a, 1])
                xb, yb = np.float64(vertices[b, 0]), np.float64(vertices[b, 1])
                add_edge(image, row_from, row_to, extents, layers[e], xa, ya, xb, yb)
    else:
        near, _ = view_from(vertices, near)
        add_faces(vertices, faces, near, row_from, row_to, image, extents)
    for row in range(row_from, row_to):
        count = 0
        for column in range(extents[row, 0], min(extents[row, 1] + 1, width)):
            count += int(image[row, column])
            image[row, column] = 1 if count > 0 else 0


@inline
def visible_segment(vertices, a, b, near):
    """(is anything in front, xa, ya, xb, yb): the part of edge ab in front of the near plane, in pixels."""
    xa, ya, za = np.float64(vertices[a, 0]), np.float64(vertices[a, 1]), np.float64(vertices[a, 2])
    xb, yb, zb = np.float64(vertices[b, 0]), np.float64(vertices[b, 1]), np.float64(vertices[b, 2])
    if za > near and zb > near:
        return True, xa, ya, xb, yb
    if za > near:
        xc, yc = cut_at_near(near, xa, ya, za, xb, yb, zb)
        return True, xa, ya, xc, yc
    if zb > near:
        xc, yc = cut_at_near(near, xb, yb, zb, xa, ya, za)
        return True, xc, yc, xb, yb
    return False, xa, ya, xb, yb


@kernel()
def find_crossings(vertices, edge_vertices, layers, near, image, every_line):
    """Where the contour passes between the centres of a covered pixel and an uncovered neighbour.

    `image` (H, W) holds 0 and 1. An edge steeper than the diagonal is met by rows and another by columns, or
    each by both if `every_line`. Of several edges between the same two centres the outermost is kept.
    Returns crossings (N, 6) int32: the row and column of the pixel before it, the two vertices of the edge,
    2 * by_column + (surface on the lower side), and the number of another crossing of the same line, -1 for
    no further one; positions (N,) float64 along the line, in pixels; and chains (H + W,) int32: where the
    crossings of each row, then of each column, begin.
    """
    height, width = image.shape
    near, _ = view_from(vertices, near)
    room = 8 * (height + width) + 64
    crossings, positions = np.empty((room, 6), np.int32), np.empty(room)
    chains = np.full(height + width, -1, np.int32)
    count = 0
    for e in range(edge_vertices.shape[0]):
        if layers[e] == 0:
            continue
        a, b = edge_vertices[e, 0], edge_vertices[e, 1]
        seen, xa, ya, xb, yb = visible_segment(vertices, a, b, near)
        if not seen:
            continue
        flat = abs(yb - ya) < abs(xb - xa)
        for by_column in (False, True):
            if by_column != flat and not every_line:
                continue
            # A line is met at p, a multiple of a pixel, in q; exchanging x and y exchanges left and right.
            pa, qa, pb, qb = (xa, ya, xb, yb) if by_column else (ya, xa, yb, xb)
            lower = ((layers[e] > 0) == (pb > pa)) != by_column
            if pb < pa:
                pa, qa, pb, qb = pb, qb, pa, qa
            lines, cells = (width, height) if by_column else (height, width)
            first, last = first_centre(pa, lines), first_centre(pb, lines)
            if first >= last:
                continue
            slope = (qb - qa) / (pb - pa)
            for line in range(first, last):
                position = qa + (line + 0.5 - pa) * slope
                if not 0.5 < position <= cells - 0.5:
                    continue
                cell = math.ceil(position - 0.5) - 1  # the fill rule: a centre on the crossing lies after it
                if by_column:
                    before, after = image[cell, line], image[cell + 1, line]
                else:
                    before, after = image[line, cell], image[line, cell + 1]
                if before == after or (before > after) != lower:
                    continue
                chain = line + (height if by_column else 0)
                at = chains[chain]
                while at >= 0 and math.ceil(positions[at] - 0.5) - 1 != cell:
                    at = crossings[at, 5]
                if at >= 0:
                    if (position > positions[at]) != lower or position == positions[at]:
                        continue  # the one that is there is farther out
                else:
                    if count == room:
                        crossings = np.concatenate((crossings, np.empty_like(crossings)))
                        positions = np.concatenate((positions, np.empty_like(positions)))
                        room *= 2
                    at = count
                    count += 1
                    crossings[at, 5], chains[chain] = chains[chain], at
                positions[at] = position
                crossings[at, 0] = cell if by_column else line
                crossings[at, 1] = line if by_column else cell
                crossings[at, 2], crossings[at, 3] = a, b
                crossings[at, 4] = 2 * by_column + lower
    return crossings[:count], positions[:count], chains


@inline
def blended_pixel(crossings, positions, i):
    """(row, column, whether the surface is on the lower side, share) of the pixel that crossing i enters.

    The share is how far past the border between the two pixels the crossing lies, negative before it.
    """
    row, column, code = crossings[i, 0], crossings[i, 1], crossings[i, 4]
    share = positions[i] - ((row if code & 2 else column) + 1)
    if share > 0.0:
        row, column = (row + 1, column) if code & 2 else (row, column + 1)
    return row, column, code & 1, share


@kernel()
def blend(crossings, positions, image):
    """Move the image's 0 and 1 to the share of each pixel on the surface's side of its crossings, in [0, 1]."""
    for i in range(crossings.shape[0]):
        row, column, lower, share = blended_pixel(crossings, positions, i)
        image[row, column] += share if lower else -share
    for i in range(crossings.shape[0]):
        row, column, _, _ = blended_pixel(crossings, positions, i)
        image[row, column] = min(max(image[row, column], 0), 1)


@kernel()
def blend_backward(vertices, crossings, positions, image, grad_image, grad_vertices):
    """Add to grad_vertices (V, 3) the gradient of the blend. A pixel clamped to 0 or 1 gives none."""
    for i in range(crossings.shape[0]):
        row, column, lower, share = blended_pixel(crossings, positions, i)
        if share != 0.0 and not 0.0 < image[row, column] < 1.0:
            continue
        a, b, by_column = crossings[i, 2], crossings[i, 3], crossings[i, 4] & 2
        grad = np.float64(grad_image[row, column]) * (1.0 if lower else -1.0)
        along, across = (0, 1) if by_column else (1, 0)
        line = (column if by_column else row) + 0.5
        pa, pb = np.float64(vertices[a, along]), np.float64(vertices[b, along])
        if pa == pb:
            continue
        slope = (np.float64(vertices[b, across]) - np.float64(vertices[a, across])) / (pb - pa)
        t = (line - pa) / (pb - pa)
        grad_vertices[a, across] += grad * (1.0 - t)
        grad_vertices[b, across] += grad * t
        grad_vertices[a, along] -= grad * (1.0 - t) * slope
        grad_vertices[b, along] -= grad * t * slope

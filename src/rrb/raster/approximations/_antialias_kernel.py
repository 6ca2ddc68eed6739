"""Coverage by spans, then blending across the contour: the kernels of the `antialias` silhouette."""

import math

import numpy as np

from rrb._jit import inline, kernel
from rrb.raster._scan_kernel import (
    cut_at_near,
    depth_range,
    first_centre,
    is_finite_face,
    near_plane,
    pieces_in_front,
    row_span,
    sorted_by_y,
)

ON_LEFT, ON_RIGHT = 1, 2  # the surface lies left or right of an edge walked from its lower vertex number


@inline
def fill_triangle(image, row_from, row_to, x0, y0, x1, y1, x2, y2):
    """Set to one the pixels of a triangle, rows row_from..row_to of the image only."""
    x0, y0, x1, y1, x2, y2 = sorted_by_y(x0, y0, x1, y1, x2, y2)
    top = max(first_centre(y0, row_to), row_from)
    bottom = first_centre(y2, row_to)
    if top >= bottom:
        return
    width = image.shape[1]
    if first_centre(min(x0, x1, x2), width) >= first_centre(max(x0, x1, x2), width):
        return
    middle = min(max(first_centre(y1, row_to), top), bottom)
    long_slope = (x2 - x0) / (y2 - y0)
    if top < middle:
        slope = (x1 - x0) / (y1 - y0)
        for row in range(top, middle):
            start, stop = row_span(row + 0.5, x0, y0, long_slope, x0, y0, slope, width)
            for column in range(start, stop):
                image[row, column] = 1
    if middle < bottom:
        slope = (x2 - x1) / (y2 - y1)
        for row in range(middle, bottom):
            start, stop = row_span(row + 0.5, x0, y0, long_slope, x1, y1, slope, width)
            for column in range(start, stop):
                image[row, column] = 1


@inline
def note_sides(sides, face_edges, f, a, b, c, front):
    """Face f of corners a, b, c lies left of its edges, walked round, if it shows its front."""
    sides[face_edges[f, 0]] |= ON_LEFT if (a < b) == front else ON_RIGHT
    sides[face_edges[f, 1]] |= ON_LEFT if (b < c) == front else ON_RIGHT
    sides[face_edges[f, 2]] |= ON_LEFT if (c < a) == front else ON_RIGHT


@inline
def cover_in_front(vertices, faces, face_edges, closed, row_from, row_to, image, sides):
    """Every vertex is finite and in front of the near plane: the usual case, kept free of any other.

    A closed surface is drawn by one kind of face only, front or back: every line of sight that meets one
    kind meets the other.
    """
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if a < 0:
            continue
        x0, y0 = np.float64(vertices[a, 0]), np.float64(vertices[a, 1])
        x1, y1 = np.float64(vertices[b, 0]), np.float64(vertices[b, 1])
        x2, y2 = np.float64(vertices[c, 0]), np.float64(vertices[c, 1])
        facing = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if facing == 0.0:
            continue
        if row_from == 0:
            note_sides(sides, face_edges, f, a, b, c, facing > 0.0)
        if facing > 0.0 or not closed:
            fill_triangle(image, row_from, row_to, x0, y0, x1, y1, x2, y2)


@inline
def cover_what_is_in_front(vertices, faces, face_edges, near, row_from, row_to, image, sides):
    """Faces are cut at the near plane, and those that are not finite left out."""
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if a < 0 or not is_finite_face(vertices, a, b, c):
            continue
        x0, y0, z0 = np.float64(vertices[a, 0]), np.float64(vertices[a, 1]), np.float64(vertices[a, 2])
        x1, y1, z1 = np.float64(vertices[b, 0]), np.float64(vertices[b, 1]), np.float64(vertices[b, 2])
        x2, y2, z2 = np.float64(vertices[c, 0]), np.float64(vertices[c, 1]), np.float64(vertices[c, 2])
        facing = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        facing *= np.sign(z0) * np.sign(z1) * np.sign(z2)  # a corner behind the camera is seen through it
        if facing == 0.0:
            continue
        if row_from == 0:
            note_sides(sides, face_edges, f, a, b, c, facing > 0.0)
        count, ax, ay, bx, by, cx, cy, dx, dy = pieces_in_front(near, x0, y0, z0, x1, y1, z1, x2, y2, z2)
        if count > 0:
            fill_triangle(image, row_from, row_to, ax, ay, bx, by, cx, cy)
        if count > 1:
            fill_triangle(image, row_from, row_to, ax, ay, cx, cy, dx, dy)


@kernel()
def cover(vertices, faces, face_edges, closed, near, row_from, row_to, image, sides):
    """Clear rows row_from..row_to of `image` (H, W) and set to one what the surface covers.

    `sides` (E + 1,) uint8 collects on which sides of each edge a face lies (ON_LEFT, ON_RIGHT), by the
    call that draws row 0.
    """
    image[row_from:row_to] = 0
    nearest, farthest, finite = depth_range(vertices)
    near = near_plane(near, nearest, farthest)
    if nearest > near and finite:
        cover_in_front(vertices, faces, face_edges, closed, row_from, row_to, image, sides)
    else:
        cover_what_is_in_front(vertices, faces, face_edges, near, row_from, row_to, image, sides)


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
def find_crossings(vertices, edge_vertices, sides, near, image):
    """Where the contour passes between the centres of a covered pixel and an uncovered neighbour.

    `image` (H, W) holds 0 and 1. An edge steeper than the diagonal is met by rows, another by columns. Of
    several edges between the same two centres the outermost is kept. Returns (crossings (N, 5) int32: the
    row and column of the pixel to blend, the two vertices of the edge, and 2 * by_column + (surface on the
    lower side); and positions (N,) float64 along the row or column, in pixels).
    """
    height, width = image.shape
    nearest, farthest, _ = depth_range(vertices)
    near = near_plane(near, nearest, farthest)
    room = 8 * (height + width) + 64
    crossings, positions = np.empty((room, 5), np.int32), np.empty(room)
    following = np.empty(room, np.int32)  # chains of the crossings found in one row or column
    chains = np.full(height + width, -1, np.int32)
    count = 0
    for e in range(edge_vertices.shape[0]):
        if sides[e] != ON_LEFT and sides[e] != ON_RIGHT:
            continue
        a, b = edge_vertices[e, 0], edge_vertices[e, 1]
        seen, xa, ya, xb, yb = visible_segment(vertices, a, b, near)
        if not seen:
            continue
        by_column = abs(yb - ya) < abs(xb - xa)
        if by_column:
            xa, ya, xb, yb = ya, xa, yb, xb
        # From here on as if met by rows. Walking towards larger y, "left" of the edge is smaller x where
        # y points down and the sides were named for x right, y down: facing > 0 turns from x to y.
        lower = (sides[e] == ON_LEFT) == (yb > ya)
        if by_column:
            lower = not lower
        if yb < ya:
            xa, ya, xb, yb = xb, yb, xa, ya
        lines, cells = (width, height) if by_column else (height, width)
        first, last = first_centre(ya, lines), first_centre(yb, lines)
        if first >= last:
            continue
        slope = (xb - xa) / (yb - ya)
        for line in range(first, last):
            position = xa + (line + 0.5 - ya) * slope
            if not 0.5 <= position < cells - 0.5:
                continue
            cell = int(math.floor(position - 0.5))
            if by_column:
                before, after = image[cell, line], image[cell + 1, line]
            else:
                before, after = image[line, cell], image[line, cell + 1]
            if before == after or (before > after) != lower:
                continue
            beyond = position > cell + 1
            blended = cell + 1 if beyond else cell
            chain = line + (height if by_column else 0)
            at = chains[chain]
            while at >= 0:
                same = positions[at]
                if int(math.floor(same - 0.5)) == cell and (crossings[at, 4] & 1) == lower:
                    break
                at = following[at]
            if at >= 0:
                if (position > positions[at]) != lower or position == positions[at]:
                    continue  # the one that is there is farther out
            else:
                if count == room:
                    crossings = np.concatenate((crossings, np.empty_like(crossings)))
                    positions = np.concatenate((positions, np.empty_like(positions)))
                    following = np.concatenate((following, np.empty_like(following)))
                    room *= 2
                at = count
                count += 1
                following[at], chains[chain] = chains[chain], at
            positions[at] = position
            crossings[at, 0] = blended if by_column else line
            crossings[at, 1] = line if by_column else blended
            crossings[at, 2], crossings[at, 3] = a, b
            crossings[at, 4] = 2 * by_column + lower
    return crossings[:count], positions[:count]


@kernel()
def blend(crossings, positions, image):
    """Move the image's 0 and 1 to the share of each pixel on the surface's side of its crossings, in [0, 1]."""
    for i in range(crossings.shape[0]):
        row, column, code = crossings[i, 0], crossings[i, 1], crossings[i, 4]
        border = math.floor(positions[i] + 0.5)  # the pixel border between the two centres
        share = positions[i] - border
        image[row, column] += share if code & 1 else -share
    for i in range(crossings.shape[0]):
        row, column = crossings[i, 0], crossings[i, 1]
        image[row, column] = min(max(image[row, column], 0), 1)


@kernel()
def blend_backward(vertices, crossings, image, grad_image, grad_vertices):
    """Add to grad_vertices (V, 3) the gradient of the blend. A pixel clamped to 0 or 1 gives none."""
    for i in range(crossings.shape[0]):
        row, column, a, b, code = crossings[i]
        if not 0.0 < image[row, column] < 1.0:
            continue
        grad = np.float64(grad_image[row, column])
        if not code & 1:
            grad = -grad
        along, across = (0, 1) if code & 2 else (1, 0)
        line = (column if code & 2 else row) + 0.5
        pa, pb = np.float64(vertices[a, along]), np.float64(vertices[b, along])
        length = pb - pa
        slope = (np.float64(vertices[b, across]) - np.float64(vertices[a, across])) / length
        t = (line - pa) / length
        grad_vertices[a, across] += grad * (1.0 - t)
        grad_vertices[b, across] += grad * t
        grad_vertices[a, along] -= grad * (1.0 - t) * slope
        grad_vertices[b, along] -= grad * t * slope

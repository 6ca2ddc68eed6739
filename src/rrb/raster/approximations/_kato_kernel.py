"""The backward kernel of the `kato` silhouette."""

import math

import numpy as np

from rrb._jit import inline, kernel
from rrb.raster._scan_kernel import depth_range, first_centre, near_plane


@inline
def crossing_at(line, pa, qa, pb, qb):
    return qa + (line - pa) * (qb - qa) / (pb - pa)


@inline
def add_gains(gains, start, stop, crossing, share_a, share_b, eps, to_a, to_b):
    """Add gain / distance over the cells start..stop of a line, for either end of an edge.

    The end with share s of the crossing must move by distance / s to carry the crossing to a cell.
    """
    for cell in range(start, stop):
        gain = gains[cell]
        away = cell + 0.5 - crossing
        beyond = eps if away > 0.0 else -eps
        if share_a > 0.0:
            to_a -= gain * share_a / (away + beyond * share_a)
        if share_b > 0.0:
            to_b -= gain * share_b / (away + beyond * share_b)
    return to_a, to_b


@inline
def pull_face(
    vertices, faces, face, line, inner, outer, along, across, near, eps, gained, lost, shown, grad_vertices
):
    """Pull the edges of `face` that cross `line` between its cell `inner`, which it shows, and `outer`.

    gained (cells,): how much the loss would fall were a cell covered; lost: were it uncovered, and
    shown (cells,) the face seen there.
    """
    outwards = outer > inner
    cells = gained.shape[0]
    p = line + 0.5
    for k in range(3):
        a, b, c = faces[face, k], faces[face, (k + 1) % 3], faces[face, (k + 2) % 3]
        if vertices[a, 2] <= near or vertices[b, 2] <= near or vertices[c, 2] <= near:
            continue
        pa, qa = np.float64(vertices[a, along]), np.float64(vertices[a, across])
        pb, qb = np.float64(vertices[b, along]), np.float64(vertices[b, across])
        if (pa > p) == (pb > p):
            continue
        crossing = crossing_at(p, pa, qa, pb, qb)
        if math.floor(crossing - 0.5) != min(inner, outer):
            continue
        pc, qc = np.float64(vertices[c, along]), np.float64(vertices[c, across])
        far_side = crossing_at(p, pa, qa, pc, qc) if (pc > p) != (pa > p) else crossing_at(p, pb, qb, pc, qc)
        if (far_side < crossing) != outwards:
            continue  # the face lies on the other side of this edge
        t = (p - pa) / (pb - pa)
        start, stop = (outer, cells) if outwards else (0, outer + 1)
        to_a, to_b = add_gains(gained, start, stop, crossing, 1.0 - t, t, eps, 0.0, 0.0)
        if shown[outer] < 0:
            within = first_centre(far_side, cells)
            start, stop = (within, inner + 1) if outwards else (inner, within)
            for cell in range(start, stop):
                if shown[cell] == face:
                    to_a, to_b = add_gains(lost, cell, cell + 1, crossing, 1.0 - t, t, eps, to_a, to_b)
        grad_vertices[a, across] += to_a
        grad_vertices[b, across] += to_b


@kernel(fastmath={"reassoc", "contract"})
def pull_lines(vertices, faces, near, eps, interior_edges, seen, grad_image, by_column, grad_vertices):
    """Add to grad_vertices (V, 3) what the rows give, or the columns where by_column.

    seen (lines, cells) int32 is the nearest face of each pixel, -1 for none, and grad_image the gradient on
    each: of the image for rows, of the transposed image for columns.
    """
    nearest, farthest, _ = depth_range(vertices)
    near = near_plane(near, nearest, farthest)
    along, across = (0, 1) if by_column else (1, 0)
    lines, cells = seen.shape
    gained, lost = np.empty(cells), np.empty(cells)
    for line in range(lines):
        shown = seen[line]
        fresh = False
        for cell in range(cells - 1):
            first, second = shown[cell], shown[cell + 1]
            if first == second or (first >= 0 and second >= 0 and not interior_edges):
                continue
            if not fresh:
                fresh = True
                for i in range(cells):
                    g = np.float64(grad_image[line, i])
                    gained[i] = max(-g, 0.0) if shown[i] < 0 else 0.0
                    lost[i] = max(g, 0.0) if shown[i] >= 0 else 0.0
            if first >= 0:
                pull_face(
                    vertices, faces, first, line, cell, cell + 1, along, across, near, eps,
                    gained, lost, shown, grad_vertices,
                )  # fmt: skip
            if second >= 0:
                pull_face(
                    vertices, faces, second, line, cell + 1, cell, along, across, near, eps,
                    gained, lost, shown, grad_vertices,
                )  # fmt: skip

"""The backward kernels of the `kato` silhouette: of the outline, and of every face by itself."""

import math

import numpy as np

from rrb._jit import inline, inline_early, kernel
from rrb.raster._scan_kernel import first_centre, view_from

TILE = 16


@inline
def crossing_at(line, pa, qa, pb, qb):
    return qa + (line - pa) * (qb - qa) / (pb - pa)


@inline_early
def add_gains(gains, sign, start, stop, crossing, share_a, share_b, eps, to_a, to_b):
    """Add gain / distance over the cells start..stop of a line, for either end of an edge.

    A gain is what a cell holds times `sign`, where that is positive. The end with share s of the crossing must
    move by distance / s to carry the crossing to a cell, and eps farther. Both quotients come from one
    division, in the precision of `gains`.
    """
    number = gains.dtype.type
    side = number(sign)
    first = number(start + 0.5 - crossing)  # all cells lie on one side of the crossing
    beyond = number(eps if first >= 0.0 else -eps)
    a, b = number(max(share_a, 0.0)), number(max(share_b, 0.0))
    beyond_a, beyond_b = beyond * (a if a > 0 else number(1.0)), beyond * (b if b > 0 else number(1.0))
    sum_a, sum_b = number(0.0), number(0.0)
    for k in range(stop - start):
        away = first + number(k)
        for_a, for_b = away + beyond_a, away + beyond_b
        both = max(side * gains[start + k], number(0.0)) / (for_a * for_b)
        sum_a += both * for_b
        sum_b += both * for_a
    return to_a - sum_a * a, to_b - sum_b * b


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
        if math.ceil(crossing - 0.5) - 1 != min(inner, outer):
            continue
        pc, qc = np.float64(vertices[c, along]), np.float64(vertices[c, across])
        far_side = crossing_at(p, pa, qa, pc, qc) if (pc > p) != (pa > p) else crossing_at(p, pb, qb, pc, qc)
        if (far_side < crossing) != outwards:
            continue  # the face lies on the other side of this edge
        t = (p - pa) / (pb - pa)
        start, stop = (outer, cells) if outwards else (0, outer + 1)
        to_a, to_b = add_gains(gained, 1, start, stop, crossing, 1.0 - t, t, eps, 0.0, 0.0)
        if shown[outer] < 0:
            within = first_centre(far_side, cells)
            start, stop = (within, inner + 1) if outwards else (inner, within)
            for cell in range(start, stop):
                if shown[cell] == face:
                    to_a, to_b = add_gains(lost, 1, cell, cell + 1, crossing, 1.0 - t, t, eps, to_a, to_b)
        grad_vertices[a, across] += to_a
        grad_vertices[b, across] += to_b


@kernel(fastmath={"reassoc", "contract"})
def pull_faces(vertices, faces, near, eps, seen, grad_image, by_column, grad_vertices):
    """Add to grad_vertices (V, 3) what the rows give, or the columns where by_column.

    seen (lines, cells) int32 is the nearest face of each pixel, -1 for none, and grad_image the gradient on
    each: of the image for rows, of the transposed image for columns.
    """
    near, _ = view_from(vertices, near)
    along, across = (0, 1) if by_column else (1, 0)
    lines, cells = seen.shape
    gained, lost = np.empty(cells, grad_image.dtype), np.empty(cells, grad_image.dtype)
    for line in range(lines):
        shown = seen[line]
        fresh = False
        for cell in range(cells - 1):
            first, second = shown[cell], shown[cell + 1]
            if first == second:
                continue
            if not fresh:
                fresh = True
                for i in range(cells):
                    g = grad_image[line, i]
                    gained[i] = max(-g, 0) if shown[i] < 0 else 0
                    lost[i] = max(g, 0) if shown[i] >= 0 else 0
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


@inline
def run_inside(crossings, chains, chain, cell, lower, cells):
    """Cells start..stop of the covered run that ends between `cell` and the next, on its lower side if `lower`.

    A run begins and ends at a crossing of the line, or at the picture's border.
    """
    start, stop = (0, cell + 1) if lower else (cell + 1, cells)
    at = chains[chain]
    while at >= 0:
        other = crossings[at, 0 if crossings[at, 4] & 2 else 1]
        if lower and other < cell:
            start = max(start, other + 1)
        if not lower and other > cell:
            stop = min(stop, other + 1)
        at = crossings[at, 5]
    return start, stop


@kernel()
def gains_by_line(image, grad_image, gains, gains_columns):
    """Fill gains (H, W) and its transposed, gains_columns (W, H or more), the latter tile by tile.

    A gain is by how much the loss would fall were a covered pixel uncovered or, as a negative number, an
    uncovered one covered; 0 where it would rise.
    """
    height, width = image.shape
    none = gains.dtype.type(0)
    for row in range(height):
        for column in range(width):  # two values and a choice: a branch here would be a coin toss
            g = grad_image[row, column]
            inside, outside = max(g, none), min(g, none)
            gains[row, column] = inside if image[row, column] > 0 else outside
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            for row in range(top, min(top + TILE, height)):
                for column in range(left, min(left + TILE, width)):
                    gains_columns[column, row] = gains[row, column]


@kernel(fastmath={"reassoc", "contract"})
def pull_outline(vertices, crossings, positions, chains, gains, gains_columns, eps, grad_vertices):
    """Add to grad_vertices (V, 3) what the crossings of the outline give.

    gains (H, W) and gains_columns (W, H or more) are those of `gains_by_line`.
    """
    for i in range(crossings.shape[0]):
        row, column, a, b = crossings[i, 0], crossings[i, 1], crossings[i, 2], crossings[i, 3]
        if crossings[i, 4] & 2:
            line, cell, along, across = column, row, 0, 1
            chain, values, cells = column + gains.shape[0], gains_columns[column], gains.shape[0]
        else:
            line, cell, along, across = row, column, 1, 0
            chain, values, cells = row, gains[row], gains.shape[1]
        pa, pb = np.float64(vertices[a, along]), np.float64(vertices[b, along])
        if pa == pb:
            continue
        t = (line + 0.5 - pa) / (pb - pa)
        lower = crossings[i, 4] & 1
        start, stop = (cell + 1, cells) if lower else (0, cell + 1)
        to_a, to_b = add_gains(values, -1, start, stop, positions[i], 1.0 - t, t, eps, 0.0, 0.0)
        start, stop = run_inside(crossings, chains, chain, cell, lower, cells)
        to_a, to_b = add_gains(values, 1, start, stop, positions[i], 1.0 - t, t, eps, to_a, to_b)
        grad_vertices[a, across] += to_a
        grad_vertices[b, across] += to_b

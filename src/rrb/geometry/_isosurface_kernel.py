"""Kernels of isosurface.py: grids made finer, corners that a surface passes, marching cubes.

Grids are indexed [x, y, z]; `values` (X, Y, Z) float32 are the field less its level, and above 0 is inside.
`known` (X, Y, Z) uint8 is 1 where the field was asked, or has nothing to say, and 0 where a value is a guess.
"""

import numpy as np

from rrb._jit import inline, kernel


@kernel()
def halved(values, finer):
    """finer (2X-1, 2Y-1, 2Z-1) = the corners of cells half as wide: new ones are the mean of those around."""
    row = np.empty(values.shape[2], np.float32)
    quarter, half = np.float32(0.25), np.float32(0.5)
    for i in range(finer.shape[0]):
        for j in range(finer.shape[1]):
            i0, i1, j0, j1 = i >> 1, (i + 1) >> 1, j >> 1, (j + 1) >> 1
            for k in range(row.shape[0]):
                row[k] = quarter * (
                    (values[i0, j0, k] + values[i0, j1, k]) + (values[i1, j0, k] + values[i1, j1, k])
                )
            for k in range(row.shape[0] - 1):
                finer[i, j, 2 * k] = row[k]
                finer[i, j, 2 * k + 1] = half * (row[k] + row[k + 1])
            finer[i, j, finer.shape[2] - 1] = row[row.shape[0] - 1]


@kernel()
def mark_crossings(values, known, mark):
    """known = mark at every corner that is a guess and has a neighbour on the other side of the surface."""
    nx, ny, nz = values.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                inside = values[i, j, k] > 0
                if i + 1 < nx and (values[i + 1, j, k] > 0) != inside:
                    known[i, j, k] = known[i, j, k] or mark
                    known[i + 1, j, k] = known[i + 1, j, k] or mark
                if j + 1 < ny and (values[i, j + 1, k] > 0) != inside:
                    known[i, j, k] = known[i, j, k] or mark
                    known[i, j + 1, k] = known[i, j + 1, k] or mark
                if k + 1 < nz and (values[i, j, k + 1] > 0) != inside:
                    known[i, j, k] = known[i, j, k] or mark
                    known[i, j, k + 1] = known[i, j, k + 1] or mark


@kernel()
def guesses_around(values, known, corners, found):
    """found[:n] = neighbours of `corners` on the other side of the surface that are guesses; they become known.

    corners (N,) and found (6 N,) are flat indices; returns n.
    """
    nx, ny, nz = values.shape
    count = 0
    for n in range(corners.shape[0]):
        at = corners[n]
        i, j, k = at // (ny * nz), at // nz % ny, at % nz
        inside = values[i, j, k] > 0
        for side in range(6):
            step = 1 - 2 * (side & 1)
            ni = i + (step if side >> 1 == 0 else 0)
            nj = j + (step if side >> 1 == 1 else 0)
            nk = k + (step if side >> 1 == 2 else 0)
            if ni < 0 or nj < 0 or nk < 0 or ni >= nx or nj >= ny or nk >= nz or known[ni, nj, nk]:
                continue
            if (values[ni, nj, nk] > 0) != inside:
                known[ni, nj, nk] = 1
                found[count] = (ni * ny + nj) * nz + nk
                count += 1
    return count


@inline
def _column_bits(inside, i, j, k):
    """The four corners of a cell whose z is lowest, at the bits of a case."""
    return (
        inside[i, j, k] | inside[i, j + 1, k] << 2 | inside[i + 1, j, k] << 4 | inside[i + 1, j + 1, k] << 6
    )


@kernel()
def surface_size(inside, triangles_of):
    """(vertices, faces) that `march` will write."""
    vertices, faces = 0, 0
    for i in range(inside.shape[0] - 1):
        for j in range(inside.shape[1] - 1):
            below = _column_bits(inside, i, j, 0)
            for k in range(inside.shape[2] - 1):
                above = _column_bits(inside, i, j, k + 1)
                case = below | above << 1
                below = above
                if case != 0 and case != 255:
                    faces += triangles_of[case]
                    first = case & 1
                    vertices += (case >> 4 & 1 ^ first) + (case >> 2 & 1 ^ first) + (case >> 1 & 1 ^ first)
    return vertices, faces


@inline
def _value(values, i, j, k, around):
    """The value at a corner of the grid with one more layer around it."""
    if i < 1 or j < 1 or k < 1:
        return around
    if i > values.shape[0] or j > values.shape[1] or k > values.shape[2]:
        return around
    return np.float64(values[i - 1, j - 1, k - 1])


@inline
def _place_vertices(values, inside, i, around, least, numbers, vertices, count):
    """Vertices on the edges that start in slice i: their places, and their numbers in `numbers` (Y, Z, 3)."""
    for j in range(inside.shape[1] - 1):
        for k in range(inside.shape[2] - 1):
            for axis in range(3):
                di, dj, dk = axis == 0, axis == 1, axis == 2
                if i + di >= inside.shape[0] or inside[i, j, k] == inside[i + di, j + dj, k + dk]:
                    continue
                start = _value(values, i, j, k, around)
                end = _value(values, i + di, j + dj, k + dk, around)
                share = min(max(start / (start - end), least), 1.0 - least)
                vertices[count, 0] = i - 1 + di * share
                vertices[count, 1] = j - 1 + dj * share
                vertices[count, 2] = k - 1 + dk * share
                numbers[j, k, axis] = count
                count += 1
    return count


@kernel()
def march(values, inside, around, least, triangles_of, table, starts, vertices, faces):
    """Write the surface's vertices (V, 3), in cells from the first corner, and its faces (F, 3).

    inside (X+2, Y+2, Z+2) uint8 is values > 0 with a layer of 0 around, where the value is `around`.
    least: the share of an edge that a vertex keeps away from its ends. `table` and `starts` are those of
    _isosurface_table.
    """
    ny, nz = inside.shape[1], inside.shape[2]
    numbers = np.empty((2, ny, nz, 3), np.int64)
    n_vertices = _place_vertices(values, inside, 0, around, least, numbers[0], vertices, 0)
    n_faces = 0
    for i in range(inside.shape[0] - 1):
        n_vertices = _place_vertices(
            values, inside, i + 1, around, least, numbers[(i + 1) % 2], vertices, n_vertices
        )
        for j in range(ny - 1):
            below = _column_bits(inside, i, j, 0)
            for k in range(nz - 1):
                above = _column_bits(inside, i, j, k + 1)
                case = below | above << 1
                below = above
                for t in range(triangles_of[case]):
                    for corner in range(3):
                        edge = table[case, t, corner]
                        faces[n_faces, corner] = numbers[
                            (i + starts[edge, 0]) % 2,
                            j + starts[edge, 1],
                            k + starts[edge, 2],
                            starts[edge, 3],
                        ]
                    n_faces += 1

"""Kernels of `carving`: how far inside of a mask each pixel lies, and what all masks together say of points."""

import numpy as np

from rrb._jit import kernel


@kernel()
def signed_distances(mask, most, found):
    """Fill found (H, W) with pixels from each centre to the outline of mask (H, W) bool, positive inside, up to `most`.

    The outline lies half way between the centres of neighbouring pixels that differ; the picture's border is none.
    Exact to the nearest centre of the other kind, which is looked for along rows, then down columns.
    """
    height, width = mask.shape
    reach = int(most) + 1
    across = np.empty((height, width))  # columns to the nearest pixel of the other kind than asked, by row
    for inside in (True, False):
        for row in range(height):
            last = -1e9
            for column in range(width):
                if mask[row, column] != inside:
                    last = column
                across[row, column] = column - last
            last = 1e9
            for column in range(width - 1, -1, -1):
                if mask[row, column] != inside:
                    last = column
                across[row, column] = min(across[row, column], last - column)
        for row in range(height):
            first, end = max(0, row - reach), min(height, row + reach + 1)
            for column in range(width):
                if mask[row, column] != inside:
                    continue
                best = (most + 0.5) ** 2
                for other in range(first, end):
                    down, side = float(other - row), across[other, column]
                    square = down * down + side * side
                    if square < best:
                        best = square
                away = np.sqrt(best) - 0.5
                found[row, column] = away if inside else -away


@kernel()
def least_insides(points, matrices, intrinsics, distances, spared, values):
    """Fill values (N,) with how far inside of all masks points (N, 3) lie, in the points' unit, but for `spared` masks.

    matrices (F, 3, 4): camera_from_object. intrinsics: fx, fy, cx, cy. distances (F, H, W): `signed_distances`.
    The `spared` masks that contradict a point most are not believed. A mask says nothing of what lies beyond its
    picture or behind the camera; a point of which no mask says anything is nowhere: minus infinity.
    """
    height, width = distances.shape[1], distances.shape[2]
    fx, fy, cx, cy = intrinsics
    least = np.empty(spared + 1)
    for n in range(len(points)):
        least[:] = np.inf
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        for f in range(len(matrices)):
            m = matrices[f]
            depth = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3]
            if depth <= 1e-9:
                continue
            u = fx * (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]) / depth + cx - 0.5
            v = fy * (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]) / depth + cy - 0.5
            if not (-0.5 <= u <= width - 0.5 and -0.5 <= v <= height - 0.5):
                continue
            u, v = min(max(u, 0.0), width - 1.0), min(max(v, 0.0), height - 1.0)
            column, row = min(int(u), width - 2), min(int(v), height - 2)
            a, b = u - column, v - row
            d = distances[f]
            above = (1 - a) * d[row, column] + a * d[row, column + 1]
            below = (1 - a) * d[row + 1, column] + a * d[row + 1, column + 1]
            inside = ((1 - b) * above + b * below) * depth / fx
            for k in range(spared + 1):  # kept sorted, the least first
                if inside < least[k]:
                    least[k], inside = inside, least[k]
        last = spared
        while last > 0 and least[last] == np.inf:
            last -= 1
        values[n] = least[last] if least[last] < np.inf else -np.inf

"""The observed contour: its points and normals, and which of them is nearest to any place. Kernels of `observed`."""

import numpy as np

from rrb._jit import inline, kernel

# A point is offered to places whose contour faces the same way: right, down, left or up, with some overlap.
_FACES_ENOUGH = 0.38  # cosine of 67.5 degrees
_NEAR = 3  # pixels around a point within which the nearest one is looked up exactly


@inline
def sector(x, y):
    """0, 1, 2, 3: whether a direction points right, down, left or up."""
    if abs(x) >= abs(y):
        return 0 if x > 0.0 else 2
    return 1 if y > 0.0 else 3


@kernel()
def extract(mask, known):
    """Contour points of mask (H, W) at the level 0.5, between the centres of neighbouring pixels.

    known (H, W) bool. Where one of the two pixels is unknown there is no contour. Returns points (N, 2) in
    pixels, normals (N, 2) pointing out of the mask, and lines (N,): the number of the row, or -1 - column,
    that a point lies on, and outer (N,) bool: nothing of the contour lies beyond it on its line. A binary
    mask's points lie half way; its normals come from a blurred gradient.
    """
    height, width = mask.shape
    count = 0
    for row in range(height):
        for column in range(width):
            inside = mask[row, column] >= 0.5
            if column + 1 < width and (mask[row, column + 1] >= 0.5) != inside:
                count += 1
            if row + 1 < height and (mask[row + 1, column] >= 0.5) != inside:
                count += 1
    points, normals = np.empty((count, 2)), np.empty((count, 2))
    lines = np.empty(count, np.int32)
    ends = np.full((height + width, 2), -1, np.int32)
    n = 0
    for row in range(height):
        for column in range(width):
            here = np.float64(mask[row, column])
            for by_column in (False, True):
                r, c = (row + 1, column) if by_column else (row, column + 1)
                if r >= height or c >= width:
                    continue
                there = np.float64(mask[r, c])
                if (here >= 0.5) == (there >= 0.5) or not (known[row, column] and known[r, c]):
                    continue
                share = (0.5 - here) / (there - here)
                points[n, 0] = column + 0.5 + (0.0 if by_column else share)
                points[n, 1] = row + 0.5 + (share if by_column else 0.0)
                x, y = 0.0, 0.0
                for dy in range(-2, 3):
                    for dx in range(-2, 3):
                        weight = np.exp(-0.4 * (dx * dx + dy * dy))
                        for k in range(2):
                            py = min(max((row if k == 0 else r) + dy, 0), height - 1)
                            px = min(max((column if k == 0 else c) + dx, 0), width - 1)
                            x -= weight * dx * mask[py, px]
                            y -= weight * dy * mask[py, px]
                length = np.sqrt(x * x + y * y)
                outward = 1.0 if there < here else -1.0
                along = (y if by_column else x) * outward
                if along > 0.1 * length:
                    normals[n, 0], normals[n, 1] = x / length, y / length
                else:  # thinner than the blur
                    normals[n, 0] = 0.0 if by_column else outward
                    normals[n, 1] = outward if by_column else 0.0
                lines[n] = -1 - column if by_column else row
                line = height + column if by_column else row
                if ends[line, 0] < 0:
                    ends[line, 0] = n
                ends[line, 1] = n
                n += 1
    outer = np.zeros(n, np.bool_)
    for line in range(height + width):
        for k in range(2):
            at = ends[line, k]
            if at >= 0 and (normals[at, 1 if line >= height else 0] > 0.0) == (k == 1):
                outer[at] = True
    return points[:n].copy(), normals[:n].copy(), lines[:n].copy(), outer


@kernel()
def nearest(points, normals, outer, cell, near, far):
    """Fill near (H, W) and far (8, ceil(H / cell), ceil(W / cell)) int32 with the number of the nearest point.

    near holds it within three pixels of a contour, -1 elsewhere; far for the centre of each cell and each
    direction that a contour can face, -1 where no point faces it: first of all points, then of the outer ones.
    """
    height, width = near.shape
    near[:] = -1
    far[:] = -1
    rows, columns = far.shape[1], far.shape[2]
    for n in range(points.shape[0]):
        x, y = points[n, 0], points[n, 1]
        column, row = int(x), int(y)
        for r in range(max(row - _NEAR, 0), min(row + _NEAR + 1, height)):
            for c in range(max(column - _NEAR, 0), min(column + _NEAR + 1, width)):
                d = (c + 0.5 - x) ** 2 + (r + 0.5 - y) ** 2
                other = near[r, c]
                if other < 0 or d < (c + 0.5 - points[other, 0]) ** 2 + (r + 0.5 - points[other, 1]) ** 2:
                    near[r, c] = n
        r, c = min(int(y / cell), rows - 1), min(int(x / cell), columns - 1)
        for k in range(4):
            towards = normals[n, 0] if k % 2 == 0 else normals[n, 1]
            if (towards if k < 2 else -towards) >= _FACES_ENOUGH:
                offer(points, far, k, r, c, n, cell)
                if outer[n]:
                    offer(points, far, k + 4, r, c, n, cell)
    for k in range(8):
        spread(points, far, k, cell)


@inline
def offer(points, far, k, row, column, n, cell):
    """Keep point n for a cell if it is nearer to the cell's centre than the one that is there."""
    x, y = (column + 0.5) * cell, (row + 0.5) * cell
    other = far[k, row, column]
    if other < 0 or (points[n, 0] - x) ** 2 + (points[n, 1] - y) ** 2 < (
        (points[other, 0] - x) ** 2 + (points[other, 1] - y) ** 2
    ):
        far[k, row, column] = n


@inline
def spread(points, far, k, cell):
    """Hand every cell the best of its neighbours' points, once down and once up the picture."""
    rows, columns = far.shape[1], far.shape[2]
    for back in (False, True):
        for i in range(rows):
            row = rows - 1 - i if back else i
            before = row + 1 if back else row - 1
            for j in range(columns):
                for d in range(-1, 2):
                    column = j + d
                    if 0 <= before < rows and 0 <= column < columns and far[k, before, column] >= 0:
                        offer(points, far, k, row, j, far[k, before, column], cell)
            for j in range(1, columns):
                if far[k, row, j - 1] >= 0:
                    offer(points, far, k, row, j, far[k, row, j - 1], cell)
            for j in range(columns - 2, -1, -1):
                if far[k, row, j + 1] >= 0:
                    offer(points, far, k, row, j, far[k, row, j + 1], cell)

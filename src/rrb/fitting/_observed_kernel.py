"""The observed contour: its points and normals, and which of them is nearest to any place. Kernels of `observed`."""

import numpy as np

from rrb._jit import inline, inline_early, kernel

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
    blur = np.empty((5, 5))
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            blur[dy + 2, dx + 2] = np.exp(-0.4 * (dx * dx + dy * dy))
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
                        weight = blur[dy + 2, dx + 2]
                        for k in range(2):
                            py = min(max((row if k == 0 else r) + dy, 0), height - 1)
                            px = min(max((column if k == 0 else c) + dx, 0), width - 1)
                            x -= weight * dx * mask[py, px]
                            y -= weight * dy * mask[py, px]
                length = np.sqrt(x * x + y * y)
                outward = 1.0 if there < here else -1.0
                along = (y if by_column else x) * outward
                if along > 1e-3 * length:
                    normals[n, 0], normals[n, 1] = x / length, y / length
                else:  # thinner than the blur, or the corner of one pixel
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


@inline_early
def offer(points, far, away, k, row, column, n, cell):
    """Keep point n for a cell if it is nearer to the cell's centre than the one that is there."""
    if n >= 0 and n != far[k, row, column]:
        d = (points[n, 0] - (column + 0.5) * cell) ** 2 + (points[n, 1] - (row + 0.5) * cell) ** 2
        if d < away[k, row, column]:
            far[k, row, column], away[k, row, column] = n, d


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
    away = np.full(far.shape, np.inf)
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
                offer(points, far, away, k, r, c, n, cell)
                if outer[n]:
                    offer(points, far, away, k + 4, r, c, n, cell)
    for k in range(8):
        for back in (False, True):
            for i in range(rows):
                row = rows - 1 - i if back else i
                before = row + 1 if back else row - 1
                for column in range(columns):
                    if 0 <= before < rows:
                        for c in range(max(column - 1, 0), min(column + 2, columns)):
                            offer(points, far, away, k, row, column, far[k, before, c], cell)
                    if column > 0:
                        offer(points, far, away, k, row, column, far[k, row, column - 1], cell)
                for column in range(columns - 2, -1, -1):
                    offer(points, far, away, k, row, column, far[k, row, column + 1], cell)

"""Kernel of mask_checks.py: the areas of a mask's connected parts, in one pass over its rows."""

import numpy as np

from rrb._jit import inline, kernel


@inline
def _root(parent, part):
    while parent[part] != part:
        parent[part] = parent[parent[part]]
        part = parent[part]
    return part


@inline
def _joined(parent, one, other):
    """The lower root stays, so that a parent's number is never above its child's."""
    one, other = _root(parent, one), _root(parent, other)
    low, high = min(one, other), max(one, other)
    parent[high] = low
    return low


@kernel()
def part_areas(inside):
    """inside (H, W) bool, C-contiguous -> (n,) int64: pixels of each part, corners touching, in no order."""
    height, width = inside.shape
    most = ((height + 1) // 2) * ((width + 1) // 2)  # no two first pixels of parts touch
    parent = np.empty(most, np.int32)
    area = np.zeros(most, np.int64)
    above = np.full(width + 2, -1, np.int32)  # the parts of the last row and of this, -1 outside
    here = np.full(width + 2, -1, np.int32)
    n = 0
    for row in range(height):
        for column in range(width):
            part = -1
            if inside[row, column]:
                west = max(here[column], above[column])  # if both are there they have been joined
                part = above[column + 1]
                if part < 0:
                    part = above[column + 2]
                    if part >= 0 and west >= 0:
                        part = _joined(parent, part, west)
                    elif west >= 0:
                        part = west
                if part < 0:
                    part = n
                    parent[n] = n
                    n += 1
                area[part] += 1
            here[column + 1] = part
        above, here = here, above
    for part in range(n - 1, -1, -1):
        if parent[part] != part:
            area[parent[part]] += area[part]
            area[part] = 0
    areas = area[:n]
    return areas[areas > 0]

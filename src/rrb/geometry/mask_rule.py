"""Telling a mask from a picture of labels by its values and by where they lie.

A value between 0 and the brightest is a soft edge if it never fills a 3 x 3 block: along edges, values change
from pixel to pixel. Labels do fill blocks. So does the noise of lossy pictures: it is let through where the
blocks lie within an eighth of 0 or of the brightest, and the values are many and, unless the picture was
kept in a format that loses values, leave no large gap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MANY = 24


def refusal(values: NDArray, full: int, lossy: bool = False) -> str | None:
    """Why (H, W) integers from 0 to `full` are no mask, or None if they are one.

    lossy: the picture was kept as one that loses values, as labels never are: gaps are no sign of them.
    """
    present = np.unique(values)
    between = present[(present > 0) & (present < full)]
    if not len(between):
        return None
    if present[-1] < full / 2:
        return f"its values are {listed(present)}, none of which reaches half of {full}"
    filled = _filling_blocks(values)
    filled = filled[(filled > 0) & (filled < full)]
    if not len(filled):
        return None
    gaps = np.diff(np.concatenate(([0], present.astype(np.int64), [full])))
    near_an_end = (filled <= full / 8) | (filled >= full * 7 / 8)
    if len(present) >= _MANY and (lossy or gaps.max() <= full / 4) and near_an_end.all():
        return None
    return f"its values are {listed(present)}, and {listed(filled)} fill areas as labels do"


def _filling_blocks(values: NDArray) -> NDArray:
    """The values that some 3 x 3 block consists of."""
    same = np.ones((max(values.shape[0] - 2, 0), max(values.shape[1] - 2, 0)), np.bool_)
    centre = values[1:-1, 1:-1]
    height, width = values.shape
    for row in range(3):
        for column in range(3):
            same &= values[row : height - 2 + row, column : width - 2 + column] == centre
    return np.unique(centre[same])


def listed(values: NDArray) -> str:
    """At most eight values as text."""
    return ", ".join(map(str, values[:8].tolist())) + (", ..." if len(values) > 8 else "")

"""What several readers do with corners and colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError


def fan(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cut polygons of `counts` corners (at least 3), laid end to end, into fans around their first corners.

    Returns (T, 3) positions in the list of corners, polygon by polygon: (0, 1, 2), (0, 2, 3), ... A convex
    polygon is cut right; one that is not convex as seen from its first corner is not.
    """
    starts = np.cumsum(counts) - counts
    triangles = counts - 2
    first = np.repeat(starts, triangles)
    step = np.arange(len(first)) - np.repeat(np.cumsum(triangles) - triangles, triangles)
    return np.stack((first, first + step + 1, first + step + 2), axis=1)


def colours_in_unit_range(colours: NDArray, path: Path) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Colours (V, 3) in [0, 1] and notes: 8 and 16 bits by their range, others above 1 divided by 255.

    What exceeds 1 by at most 0.001 was rounded on its way and becomes 1.
    """
    if colours.dtype in (np.uint8, np.uint16):
        return colours / np.iinfo(colours.dtype).max, ()
    low, high = colours.min(initial=0.0), colours.max(initial=0.0)
    if not (low >= 0 and high <= 255):  # also true of NaN
        raise BadFileError(f"{path}: vertex colours from {low} to {high}; 0 to 1 or 0 to 255 are accepted")
    if high > 1 + 1e-3:
        return colours / 255.0, ("the vertex colours were given from 0 to 255 and were divided by 255",)
    return np.minimum(colours.astype(np.float64), 1.0), ()


def as_integer_colours(colours: NDArray) -> NDArray[np.uint8] | None:
    """Colours in [0, 1] as bytes where that loses nothing, else None."""
    bytes_ = np.rint(colours * 255).astype(np.uint8)
    return bytes_ if np.array_equal(bytes_ / 255, colours.astype(np.float64)) else None

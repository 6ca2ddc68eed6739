"""Polygons as pixels: a pixel is in if its centre is, by the even-odd rule."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_HELD_AT_ONCE = 1 << 22  # crossings of edges with rows of pixels


def fill(mask: NDArray[np.bool_], corners: NDArray[np.float64]) -> None:
    """Set in mask (H, W) what lies in one closed polygon (N, 2) of x, y in pixels; it may leave the picture.

    Where an edge crosses the line through the centres of a row, what lies to the right changes sides. A centre
    on the line belongs to what lies right of it or below, so that neighbours leave no gap and share no pixel.
    """
    left, right = _centres_between(corners[:, 0], mask.shape[1])
    top, bottom = _centres_between(corners[:, 1], mask.shape[0])
    crossings = np.zeros((bottom - top, right - left + 1), np.uint8)  # counted modulo 256: even stays even
    for row, x in _crossings(corners, top, bottom):
        column = np.clip(np.ceil(x - 0.5), left, right).astype(np.int64)
        np.add.at(crossings.reshape(-1), (row - top) * crossings.shape[1] + column - left, np.uint8(1))
    odd = np.cumsum(crossings[:, :-1], axis=1, dtype=np.uint8) & 1
    mask[top:bottom, left:right] |= odd.view(np.bool_)


def _centres_between(coordinates: NDArray[np.float64], count: int) -> tuple[int, int]:
    """(first, one after the last) of `count` pixels whose centres lie in the coordinates' range."""
    low, high = np.clip(np.ceil([coordinates.min() - 0.5, coordinates.max() - 0.5]), 0, count)
    return int(low), int(high)


def _crossings(
    corners: NDArray[np.float64], top: int, bottom: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """(row, x) of every crossing in the rows from `top` to before `bottom`, some millions at a time."""
    ends = np.stack((corners, np.roll(corners, -1, axis=0)), axis=1)
    # From the upper end down: two polygons that share an edge agree on it to the last bit.
    downwards = np.argsort(ends[:, :, 1], axis=1, kind="stable")
    ends = np.take_along_axis(ends, downwards[:, :, None], axis=1)
    rows = np.clip(np.ceil(ends[:, :, 1] - 0.5), top, bottom).astype(np.int64)
    met = rows[:, 1] > rows[:, 0]
    ends, rows = ends[met], rows[met]
    count = rows[:, 1] - rows[:, 0]
    batch = np.cumsum(count) // _HELD_AT_ONCE
    for edges in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(batch)) + 1):
        (x0, y0), (x1, y1) = ends[edges, 0].T, ends[edges, 1].T
        edge = np.repeat(np.arange(len(edges)), count[edges])
        before = np.cumsum(count[edges]) - count[edges]
        row = rows[edges, 0][edge] + np.arange(len(edge)) - before[edge]
        yield row, x0[edge] + (row + 0.5 - y0[edge]) * ((x1 - x0) / (y1 - y0))[edge]

"""Which of several possible cameras of each frame is the right one: the path that moves least in jumps.

A flipped pose of a symmetric object puts the camera somewhere else altogether, for a frame or a few. From such
a start no descent finds back, so that the choice is made first, among all paths, by dynamic programming.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rrb.geometry.pose import Pose
from rrb.geometry.rotations import quaternion_from_matrix

Floats = NDArray[np.float64]

_REACH = 12  # frames that see something, that a path can leave out at once
_CALM_SHARE = (
    0.4  # the usual motion is taken from the calmer of neighbours: of 30 % wrong frames half are right
)
_GAIN = 25.0  # a believed sighting is worth that much,
_TURN = 25.0  # a step of x times the usual size costs x^2 below the root of this, and its logarithm above
_NEW_PATH = 200.0


def smoothest(cameras: Pose, support: Floats, times_s: Floats) -> NDArray[np.int64]:
    """(N,): which of C cameras each frame has, -1 for none of them.

    cameras (N, C); support (N, C): how many of the frame's sightings agree with each, 0 where there is none.
    """
    steps = _steps(cameras, support, times_s)
    best, total = np.full(support.shape, -1), np.zeros(support.shape)
    record = np.full(len(support), -1)  # the end of the best path up to each frame
    count = support.shape[1]
    for k in range(len(support)):
        reach = min(_REACH, k)
        before = total[k - reach : k][::-1, None] - steps[:reach, k]  # (lag, camera, camera before)
        before = (
            np.where(support[k - reach : k][::-1, None] > 0, before, 0.0).swapaxes(0, 1).reshape(count, -1)
        )
        if reach:
            chosen = before.argmax(1)
            worth = before[np.arange(count), chosen]
            ends = (k - 1 - chosen // count) * count + chosen % count
            other = total.flat[record[k - 1]] - _NEW_PATH if record[k - 1] >= 0 else 0.0
            ends = np.where(worth > max(other, 0.0), ends, record[k - 1] if other > 0 else -1)
            total[k], best[k] = np.maximum(worth, max(other, 0.0)), ends
        total[k] = np.where(support[k] > 0, total[k] + _GAIN * support[k], 0.0)
        here = k * count + int(total[k].argmax())
        record[k] = here if k == 0 or total.flat[here] > total.flat[record[k - 1]] else record[k - 1]
    return _followed(best, int(record[-1]), count)


def _followed(best: NDArray[np.int64], end: int, count: int) -> NDArray[np.int64]:
    chosen = np.full(len(best), -1)
    while end >= 0:
        chosen[end // count] = end % count
        end = int(best.flat[end])
    return chosen


def _steps(cameras: Pose, support: Floats, times_s: Floats) -> Floats:
    """(lag - 1, N, C, C): the cost of coming to a frame's camera from one `lag` frames before; 0 where none is."""
    frames, count = support.shape
    quaternions = quaternion_from_matrix(cameras.rotation)
    squares = np.zeros((2, min(_REACH, max(frames - 1, 1)), frames, count, count))
    for lag in range(1, min(_REACH + 1, frames)):
        dt = (times_s[lag:] - times_s[:-lag])[:, None, None]
        turn = np.abs(quaternions[lag:] @ quaternions[:-lag].swapaxes(1, 2))
        way = cameras.translation[lag:, :, None] - cameras.translation[:-lag, None]
        squares[0, lag - 1, lag:] = (2 * np.arccos(np.minimum(turn, 1.0)) / dt) ** 2
        squares[1, lag - 1, lag:] = (way**2).sum(-1) / dt**2
    for kind in squares:
        neighbours = kind[0, 1:][(support[1:, :, None] > 0) & (support[:-1, None] > 0)]
        kind /= max(float(np.quantile(neighbours, _CALM_SHARE)) if neighbours.size else 0.0, 1e-12)
    return _TURN * np.log1p(squares.sum(0) / _TURN)

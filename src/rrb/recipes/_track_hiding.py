"""What hides an object: others whose place is known, or something that nobody knows.

What one object hides of another is unknown to the other's fit. Something unknown shows by its effect: a thick
piece of what the prediction draws is missing in the mask, while the rest agrees.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rrb.fitting.observed import around
from rrb.geometry.pose import Pose
from rrb.recipes._track_body import Body, Mask

Picture = NDArray[np.bool_]

_EDGE_PX = 2  # masks are trusted to two pixels
_FEWEST_VOTES = 12
_THICK_SHARE, _THICK_PX = 0.03, 2  # of the drawing's longer side: what is thinner is an error of the pose
_ALIEN_SHARE = 0.15  # of the mask: so much may lie beside the drawing
NOTED_SHARE = 0.1  # of the drawing: as much must be missing


def hidden_by_others(
    i: int, masks: Sequence[Mask | None], drawn: Sequence[NDArray | None], middles: Sequence[float]
) -> Mask | None:
    """(H, W), 1 where nothing is known of object i because of what is nearer; None where all is known.

    drawn: one over the depth of each object at its predicted pose, None where nothing is predicted; middles: the
    depth of its middle, NaN where that is not known.
    """
    own = masks[i]
    assert own is not None
    inside, unknown = own >= 0.5, None
    touching = grown(inside, 2 * _EDGE_PX)
    for j, other in enumerate(masks):
        if j == i or other is None or not (touching & (theirs := other >= 0.5)).any():
            continue
        if _is_nearer(i, j, drawn, middles):
            beside = grown(theirs, _EDGE_PX)
            unknown = beside if unknown is None else unknown | beside
    return None if unknown is None else unknown.astype(np.float32)


def seen_at(
    bodies: Sequence[Body], poses: Sequence[Pose | None], masks: Sequence[Mask | None]
) -> tuple[list[NDArray | None], list[float]]:
    """What `hidden_by_others` is told of objects at these poses; only those that have a mask are drawn."""
    drawn = [
        None if mask is None or pose is None else body.drawn(pose)
        for body, pose, mask in zip(bodies, poses, masks, strict=True)
    ]
    middles = [
        np.nan if pose is None else float(pose.apply(body.middle)[2])
        for body, pose in zip(bodies, poses, strict=True)
    ]
    return drawn, middles


def _is_nearer(i: int, j: int, drawn: Sequence[NDArray | None], middles: Sequence[float]) -> bool:
    """Whether j lies in front of i; where nothing says it, it may."""
    mine, other = drawn[i], drawn[j]
    if mine is not None and other is not None:
        both = (mine > 0) & (other > 0)
        if np.count_nonzero(both) >= _FEWEST_VOTES:
            return bool(np.count_nonzero(both & (other > mine)) > 0.5 * np.count_nonzero(both))
    return not middles[j] > middles[i]


def missing(mask: Mask, unknown: Mask | None, drawn: NDArray) -> tuple[float, Mask | None]:
    """How much of the drawing (H, W) is hidden by something unknown, and what is unknown then.

    The share is 0, and the picture the one given, where no thick piece is missing or too much of the mask lies
    beside the drawing.
    """
    inside, shown = mask >= 0.5, drawn > 0
    known = np.ones(inside.shape, np.bool_) if unknown is None else unknown < 0.5
    area = int(np.count_nonzero(shown & known))
    if not area:
        return 0.0, unknown
    top, left, bottom, right = around(shown, 0.0, 0)
    side = max(bottom - top, right - left)
    thick = int(_THICK_SHARE * side) + _THICK_PX
    gap = shown & ~inside & known
    if np.count_nonzero(gap) < NOTED_SHARE * area:
        return 0.0, unknown
    if np.count_nonzero(inside & ~grown(shown, thick)) > _ALIEN_SHARE * np.count_nonzero(inside):
        return 0.0, unknown
    core = gap & ~grown(inside, thick)
    share = np.count_nonzero(core) / area
    if share < NOTED_SHARE:
        return 0.0, unknown
    # As far as the mask's edge, which is that of what hides it.
    hidden = grown(core, thick + _EDGE_PX)
    either = hidden if unknown is None else hidden | (unknown >= 0.5)
    return float(np.count_nonzero(gap) / area), either.astype(np.float32)


def grown(inside: Picture, by: int) -> Picture:
    """(H, W): and whatever is within a square of so many pixels around."""
    if by <= 0 or not inside.any():
        return inside
    top, left, bottom, right = around(inside, 0.0, by)
    answer = np.zeros_like(inside)
    answer[top:bottom, left:right] = _along(_along(inside[top:bottom, left:right], by, 0), by, 1)
    return answer


def _along(inside: Picture, by: int, axis: int) -> Picture:
    """Grown along one axis: a running count of 2 by + 1 pixels that is not 0."""
    sums = np.cumsum(inside, axis, dtype=np.int32)
    n = inside.shape[axis]
    last = np.minimum(np.arange(n) + by, n - 1)
    before = np.arange(n) - by - 1
    upto = np.take(sums, last, axis)
    below = np.take(sums, np.maximum(before, 0), axis)
    mask = (before >= 0)[:, None] if axis == 0 else (before >= 0)[None]
    return upto - np.where(mask, below, 0) > 0

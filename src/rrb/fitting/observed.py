"""The observed mask as fits see it: a window around the object, its contour, and the way to the nearest of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry.camera import Camera

CELL_PX = 8
_LONGEST_PX = 384
_MARGIN = 0.6


@dataclass(frozen=True, eq=False)
class Observed:
    """Everything in pixels of the window, which `camera` sees."""

    mask: NDArray[np.float32]  # (H, W)
    bits: NDArray[np.uint8]  # (H, W): 1 inside the mask, 2 known
    points: NDArray[np.float64]  # (N, 2) on the contour
    normals: NDArray[np.float64]  # (N, 2) out of the mask
    lines: NDArray[np.int32]  # (N,) see `extract`
    outer: NDArray[np.bool_]  # (N,)
    near: NDArray[np.int32]
    far: NDArray[np.int32]
    box: tuple[float, float, float, float]  # x0, y0, x1, y1 of the mask
    open_sides: tuple[
        bool, bool, bool, bool
    ]  # left, top, right, bottom: whether the picture goes on beyond the window
    cut: tuple[bool, bool, bool, bool]  # which of its sides are no contour: the border's, or unknown beyond
    camera: Camera

    @property
    def size_px(self) -> float:
        """The longer side of the box."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])


def observe(
    mask: NDArray[np.float32], unknown: NDArray[np.float32] | None, camera: Camera, *, whole: bool = False
) -> Observed:
    """Of mask (H, W) with both kinds of pixels, and unknown (H, W) or None: a window, or the `whole` picture."""
    from rrb.fitting._observed_kernel import extract, nearest

    window = (0, 0, *mask.shape) if whole else around(mask, _MARGIN, 4)
    top, left, bottom, right = window
    open_sides = left > 0, top > 0, right < mask.shape[1], bottom < mask.shape[0]
    mask, unknown, camera = _seen_through(window, mask, unknown, camera)
    inside = mask >= 0.5
    known = np.ones(mask.shape, bool) if unknown is None else unknown < 0.5
    points, normals, lines, outer = extract(mask, known)
    if not len(points):
        raise BadInputError(
            "nothing of the mask's contour can be used: it is thinner than a pixel of the reduced picture, or all of it"
            " lies beside what is unknown"
        )
    height, width = mask.shape
    near = np.empty((height, width), np.int32)
    far = np.empty((8, -(-height // CELL_PX), -(-width // CELL_PX)), np.int32)
    nearest(points, normals, outer, float(CELL_PX), near, far)
    box, cut = _box(inside & known, known)
    bits = inside.astype(np.uint8) + 2 * known.astype(np.uint8)
    return Observed(mask, bits, points, normals, lines, outer, near, far, box, open_sides, cut, camera)


def around(mask: NDArray, share: float, more: int) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) of what is at least 0.5 of mask (H, W), in pixels, and a margin as far as the picture
    goes: that share of its longer side, and so many pixels more."""
    height, width = mask.shape
    rows, columns = np.flatnonzero((mask >= 0.5).any(1)), np.flatnonzero((mask >= 0.5).any(0))
    margin = int(share * (max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1)) + more
    top, bottom = max(rows[0] - margin, 0), min(rows[-1] + 1 + margin, height)
    left, right = max(columns[0] - margin, 0), min(columns[-1] + 1 + margin, width)
    return int(top), int(left), int(bottom), int(right)


def _seen_through(
    window: tuple[int, int, int, int],
    mask: NDArray[np.float32],
    unknown: NDArray[np.float32] | None,
    camera: Camera,
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None, Camera]:
    """That part, at most about 384 pixels a side."""
    top, left, bottom, right = window
    mask = mask[top:bottom, left:right]
    unknown = None if unknown is None else unknown[top:bottom, left:right]
    camera = camera.crop(float(left), float(top), right - left, bottom - top)
    factor = int(np.ceil(max(mask.shape) / _LONGEST_PX))
    if factor > 1:
        height, width = (side // factor * factor for side in mask.shape)
        camera = camera.crop(0.0, 0.0, width, height).resize(width // factor, height // factor)
        mask = _averaged(mask[:height, :width], factor)
        if unknown is not None:
            share = _averaged(unknown[:height, :width], factor)
            # A pixel is known if all of it is; where that leaves too little, if most of it is.
            known = (
                (share <= 0)
                if ((mask >= 0.5) & (share <= 0)).mean() > 0.5 * (mask >= 0.5).mean()
                else share < 0.5
            )
            unknown = (~known).astype(np.float32)
    return np.ascontiguousarray(mask), unknown, camera


def _averaged(picture: NDArray, factor: int) -> NDArray[np.float32]:
    height, width = picture.shape
    return picture.reshape(height // factor, factor, width // factor, factor).mean((1, 3)).astype(np.float32)


def _box(
    inside: NDArray, known: NDArray
) -> tuple[tuple[float, float, float, float], tuple[bool, bool, bool, bool]]:
    """The box of the visible mask, and which sides are not the object's: at the border or beside the unknown."""
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not len(rows):
        raise BadInputError("nothing of the mask is known; some of it must be")
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    height, width = inside.shape

    def open_beyond(line: NDArray, beyond: NDArray | None) -> bool:
        return beyond is None or bool((line & ~beyond).any())

    cut = (
        open_beyond(inside[:, left], known[:, left - 1] if left > 0 else None),
        open_beyond(inside[top], known[top - 1] if top > 0 else None),
        open_beyond(inside[:, right], known[:, right + 1] if right + 1 < width else None),
        open_beyond(inside[bottom], known[bottom + 1] if bottom + 1 < height else None),
    )
    return (float(left), float(top), float(right + 1), float(bottom + 1)), cut

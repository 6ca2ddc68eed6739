"""The observed mask as fits see it: a window around the object, its contour, and the way to the nearest of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.geometry.camera import Camera

CELL_PX = 8
_SIDE_PX = 256
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
    cut: tuple[bool, bool, bool, bool]  # which of its sides are no contour: the border's, or unknown beyond
    camera: Camera

    @property
    def size_px(self) -> float:
        """The longer side of the box."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])


def observe(mask: NDArray[np.float32], unknown: NDArray[np.float32] | None, camera: Camera) -> Observed:
    """Of mask (H, W) with both kinds of pixels, and unknown (H, W) or None."""
    from rrb.fitting._observed_kernel import extract, nearest

    mask, unknown, camera = _window(mask, unknown, camera)
    inside = mask >= 0.5
    known = np.ones(mask.shape, bool) if unknown is None else unknown < 0.5
    points, normals, lines, outer = extract(mask, known)
    height, width = mask.shape
    near = np.empty((height, width), np.int32)
    far = np.empty((8, -(-height // CELL_PX), -(-width // CELL_PX)), np.int32)
    nearest(points, normals, outer, float(CELL_PX), near, far)
    box, cut = _box(inside & known, known)
    bits = inside.astype(np.uint8) + 2 * known.astype(np.uint8)
    return Observed(mask, bits, points, normals, lines, outer, near, far, box, cut, camera)


def _window(
    mask: NDArray[np.float32], unknown: NDArray[np.float32] | None, camera: Camera
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None, Camera]:
    """The part around the object, at most about 256 pixels a side."""
    height, width = mask.shape
    rows, columns = np.flatnonzero((mask >= 0.5).any(1)), np.flatnonzero((mask >= 0.5).any(0))
    size = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    margin = int(_MARGIN * size) + 4
    top, bottom = max(rows[0] - margin, 0), min(rows[-1] + 1 + margin, height)
    left, right = max(columns[0] - margin, 0), min(columns[-1] + 1 + margin, width)
    mask = mask[top:bottom, left:right]
    unknown = None if unknown is None else unknown[top:bottom, left:right]
    camera = camera.crop(float(left), float(top), right - left, bottom - top)
    factor = int(np.ceil(max(mask.shape) / (1.5 * _SIDE_PX)))
    if factor > 1:
        height, width = (side // factor * factor for side in mask.shape)
        camera = camera.crop(0.0, 0.0, width, height).resize(width // factor, height // factor)
        mask = _averaged(mask[:height, :width], factor)
        # A pixel is known if all of it is.
        unknown = (
            None if unknown is None else (_averaged(unknown[:height, :width], factor) > 0).astype(np.float32)
        )
    return np.ascontiguousarray(mask), unknown, camera


def _averaged(picture: NDArray, factor: int) -> NDArray[np.float32]:
    height, width = picture.shape
    return picture.reshape(height // factor, factor, width // factor, factor).mean((1, 3)).astype(np.float32)


def _box(
    inside: NDArray, known: NDArray
) -> tuple[tuple[float, float, float, float], tuple[bool, bool, bool, bool]]:
    """The box of the visible mask, and which sides are not the object's: at the border or beside the unknown."""
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
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

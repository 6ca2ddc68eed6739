"""What networks see of one picture, as large as it may be: only what they see is touched, and reduced once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rrb.networks.crops import Crops, averaged_by, crops_around, object_alone, reach, sampled

_AT_ONCE = 1 << 20  # pixels that are copied


def looks_at(
    image: NDArray[Any], mask: NDArray[Any], matrix: NDArray[Any], size: int, fills: Sequence[float]
) -> Tensor:
    """(N, 4, size, size) as `object_alone`, the mask's box filling so much of each crop.

    image (H, W, 3) uint8, mask (H, W) in [0, 1], matrix (3, 3): `Camera.matrix`.
    """
    intrinsics = torch.from_numpy(matrix.astype(np.float32)).expand(len(fills), 3, 3)
    boxes = torch.tensor(box_of(mask)).expand(len(fills), 4)
    crops = crops_around(boxes, intrinsics, size, torch.tensor(tuple(fills)))
    return object_alone(seen_in(image, crops, intrinsics), seen_in(mask, crops, intrinsics))


def seen_in(picture: NDArray[Any], crops: Crops, intrinsics: Tensor) -> Tensor:
    """`sampled` of one picture through N crops; what they do not show of it costs nothing.

    (H, W, 3) uint8 -> (N, 3, size, size) in [0, 1]; (H, W) -> (N, 1, size, size) of the same range.
    """
    height, width = picture.shape[:2]
    factor = averaged_by(crops, intrinsics, height, width)
    left, top, right, bottom = reach(crops, intrinsics, height, width)
    # Whole blocks, as if all of the picture were averaged, and two more for what is interpolated at the ends.
    left, top = (max(0, at // factor - 2) * factor for at in (left, top))
    right, bottom = (max(at, start + 1) + 3 * factor for at, start in ((right, left), (bottom, top)))
    small = reduced(picture[top:bottom, left:right], factor)
    moved = intrinsics.clone()
    moved[:, 0, 2] -= left
    moved[:, 1, 2] -= top
    moved[:, :2] /= factor
    values = torch.from_numpy(np.array(small, np.float32)).view(*small.shape[:2], -1).permute(2, 0, 1)
    values = values / 255 if picture.dtype == np.uint8 else values
    return sampled(values.expand(len(moved), *values.shape), crops, moved)


def reduced(picture: NDArray[Any], factor: int) -> NDArray[Any]:
    """Means of factor x factor pixels of (H, W, 3) uint8, or (H, W) as float32, and of what is left at the ends."""
    if picture.dtype != np.uint8:
        picture = picture.astype(np.float32, copy=False)
    if factor == 1:
        return picture
    from PIL import Image

    step = factor * max(1, _AT_ONCE // (factor * picture.shape[1]))
    bands = (np.ascontiguousarray(picture[row : row + step]) for row in range(0, len(picture), step))
    return np.concatenate([np.asarray(Image.fromarray(band).reduce(factor)) for band in bands])


def box_of(mask: NDArray[Any]) -> tuple[float, float, float, float]:
    """`crops.boxes_of` of one mask (H, W)."""
    inside = mask >= 0.5
    ends: list[tuple[float, float]] = []
    for axis in (0, 1):  # columns, then rows
        there = np.flatnonzero(inside.any(axis))
        ends.append((there[0], there[-1] + 1) if len(there) else (0, inside.shape[1 - axis]))
    (left, right), (top, bottom) = ends
    return float(left), float(top), float(right), float(bottom)

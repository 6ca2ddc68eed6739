"""Arrays as pictures: 8-bit values, enlarging, colours for lines. `image_io` writes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.geometry._arrays import numpy_view

BLUE, ORANGE, GREEN, VERMILLION = (0, 114, 178), (230, 159, 0), (0, 158, 115), (213, 94, 0)
"""Colours that stay apart for colour-blind readers (Okabe and Ito)."""


def rgb8(picture: Any) -> np.ndarray:
    """(H, W, 3) uint8 of a picture (H, W) or (H, W, 3): uint8, bool, or sRGB values in [0, 1], cut there."""
    array = numpy_view(picture)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise BadInputError(f"the picture has shape {array.shape}; (H, W) and (H, W, 3) are accepted")
    if array.dtype != np.uint8:
        array = np.rint(np.clip(array.astype(np.float64), 0, 1) * 255).astype(np.uint8)
    return array if array.ndim == 3 else np.repeat(array[..., None], 3, axis=2)


def enlarge(picture: np.ndarray, factor: int) -> np.ndarray:
    """Every pixel as factor x factor equal ones."""
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)

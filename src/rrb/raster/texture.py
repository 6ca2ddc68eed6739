"""Texture lookup, and the one place where sRGB is converted to linear light and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.geometry._arrays import is_tensor
from rrb.raster.pixels import take


def sample_texture(texture: Any, uv: Any) -> Any:
    """(..., C): bilinear lookup of texture (Ht, Wt, C), repeated endlessly, at uv (..., 2).

    (0, 0) is the outer corner of the lower left texel and (1, 1) that of the upper right one; the first row
    of `texture` is the uppermost. Differentiable in both. There is no minification filter: a texture much
    finer than the picture needs supersampling.
    """
    if getattr(texture, "ndim", 0) != 3 or 0 in texture.shape:
        raise BadInputError(f"texture has shape {tuple(np.shape(texture))}; (Ht, Wt, C) is accepted")
    height, width, channels = texture.shape
    x, y = uv[..., 0] * width - 0.5, (1 - uv[..., 1]) * height - 0.5
    left, right_share = _cell(x)
    top, lower_share = _cell(y)
    texels = texture.reshape(-1, channels)

    def texel(row: np.ndarray, column: np.ndarray) -> Any:
        return take(texels, row % height * width + column % width, "texture")

    upper = _mix(texel(top, left), texel(top, left + 1), right_share)
    lower = _mix(texel(top + 1, left), texel(top + 1, left + 1), right_share)
    return _mix(upper, lower, lower_share)


def _cell(position: Any) -> tuple[np.ndarray, Any]:
    """The texel whose centre lies at or before the position, and the share of the next one."""
    if is_tensor(position):
        first = position.detach().floor()
        return first.long().numpy(), position - first
    first = np.floor(position)
    return first.astype(np.int64), position - first


def _mix(first: Any, second: Any, share_of_second: Any) -> Any:
    return first + (second - first) * share_of_second[..., None]


def linear_from_srgb(colour: Any) -> Any:
    """Linear light in [0, 1] from sRGB-encoded values in [0, 1] (IEC 61966-2-1)."""
    if is_tensor(colour):
        bright = colour > 0.04045
        return (((colour.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4).where(bright, colour / 12.92)
    colour = np.asarray(colour)
    return np.where(colour > 0.04045, ((np.maximum(colour, 0) + 0.055) / 1.055) ** 2.4, colour / 12.92)


def srgb_from_linear(colour: Any) -> Any:
    """sRGB-encoded values in [0, 1] from linear light; what lies outside [0, 1] is cut."""
    if is_tensor(colour):
        colour = colour.clamp(0, 1)
        bright = colour > 0.0031308
        # The clamp keeps the power's infinite slope at 0 out of the gradient.
        return (1.055 * colour.clamp(min=0.0031308) ** (1 / 2.4) - 0.055).where(bright, colour * 12.92)
    colour = np.clip(colour, 0, 1)
    return np.where(colour > 0.0031308, 1.055 * colour ** (1 / 2.4) - 0.055, colour * 12.92)

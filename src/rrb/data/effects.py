"""What a camera does to light: exposure, blur, a tone curve, noise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rrb.data.scene import Effects
from rrb.raster.texture import srgb_from_linear

_CURVE_POINTS = 1024
_NONE = np.zeros((0, 0, 3), np.float32)


def developed(linear: NDArray[np.float32], effects: Effects) -> NDArray[np.uint8]:
    """(H, W, 3) sRGB of linear light (H, W, 3), 1 being white."""
    from rrb.data import _fast_kernel as kernel

    light = _blurred(linear, effects.blur_px) if effects.blur_px > 0 else linear
    noise = _NONE
    if effects.noise > 0:
        noise = np.random.default_rng(effects.seed).standard_normal(light.shape, np.float32)
    out = np.empty(light.shape, np.uint8)
    kernel.developed(
        light,
        _curve(),
        effects.exposure,
        np.array(effects.tint),
        effects.contrast,
        effects.saturation,
        effects.noise,
        noise,
        out,
    )
    return out


def _blurred(linear: NDArray[np.float32], deviation_px: float) -> NDArray[np.float32]:
    from rrb.data import _fast_kernel as kernel

    reach = max(1, int(np.ceil(2.5 * deviation_px)))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation_px) ** 2)
    taps = (taps / taps.sum()).astype(np.float32)
    rows, out = np.empty_like(linear), np.empty_like(linear)
    kernel.blurred(linear, taps, True, rows)
    kernel.blurred(rows, taps, False, out)
    return out


@lru_cache(maxsize=1)
def _curve() -> NDArray[np.float32]:
    """sRGB at evenly spaced square roots of linear light."""
    return np.asarray(srgb_from_linear(np.linspace(0, 1, _CURVE_POINTS) ** 2), np.float32)

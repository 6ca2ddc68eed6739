"""Animated GIFs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.geometry.files import write_bytes
from rrb.viz.pictures import rgb8

_PAPER = 250  # as bright as this is white
_SAMPLED = 16  # frames from which the common palette is chosen


def save_gif(path: str | Path, frames: Sequence[Any], *, frame_s: float = 0.08, last_s: float = 1.5) -> None:
    """Write frames (H, W, 3), uint8 or sRGB in [0, 1], as an endless GIF that rests on its last frame.

    All frames share one palette without dithering, so that what does not move does not flicker.
    """
    from PIL import Image

    if not len(frames):
        raise BadInputError("there are no frames; an animation needs at least one")
    pictures = [rgb8(f) for f in frames]
    if len({p.shape for p in pictures}) > 1:
        raise BadInputError(f"the frames differ in size: {sorted({p.shape[:2] for p in pictures})}")
    some = pictures[:: -(-len(pictures) // _SAMPLED)] + pictures[-1:]
    palette = Image.fromarray(np.concatenate(some)).quantize(255, Image.Quantize.MEDIANCUT)
    colours = np.array(palette.getpalette()).reshape(-1, 3)
    colours[colours.min(1) >= _PAPER] = 255  # averaging would tint the paper
    palette.putpalette(colours.ravel().tolist())
    reduced = [Image.fromarray(p).quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures]
    milliseconds = [round(1000 * frame_s)] * (len(reduced) - 1) + [round(1000 * last_s)]
    file = io.BytesIO()
    reduced[0].save(file, "GIF", save_all=True, append_images=reduced[1:], duration=milliseconds, loop=0)
    write_bytes(path, file.getvalue())

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

_PAPER = 255  # the palette's last colour is kept for exact white, which averaging would tint
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
    palette = Image.fromarray(np.concatenate(some)).quantize(_PAPER, Image.Quantize.MEDIANCUT)
    reduced = [_reduced(p, palette) for p in pictures]
    milliseconds = [round(1000 * frame_s)] * (len(reduced) - 1) + [round(1000 * last_s)]
    file = io.BytesIO()
    reduced[0].save(file, "GIF", save_all=True, append_images=reduced[1:], duration=milliseconds, loop=0)
    write_bytes(path, file.getvalue())


def _reduced(picture: np.ndarray, palette: Any) -> Any:
    """The picture in the palette's colours, exact white in white."""
    from PIL import Image

    index = np.array(Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE))
    index[(picture == 255).all(-1)] = _PAPER
    image = Image.fromarray(index, "L")
    colours = list(palette.getpalette())[: 3 * _PAPER]
    image.putpalette([*colours, *[0] * (3 * _PAPER - len(colours)), 255, 255, 255])
    return image

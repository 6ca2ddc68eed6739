"""Contours of masks drawn over a picture, and pictures side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.geometry._arrays import numpy_view
from rrb.viz.pictures import BLUE, GREEN, ORANGE, VERMILLION, enlarge, rgb8

COLOURS = (BLUE, VERMILLION, GREEN, ORANGE)
_SPACING_PX = 0.5


def contours(mask: Any, threshold: float = 0.5) -> list[np.ndarray]:
    """Polylines (N, 2) of x, y in pixels, (0, 0) the outer corner of the first pixel, where mask crosses.

    The mask (H, W) is interpolated between pixel centres; where it touches the picture's border it has none.
    """
    from skimage.measure import find_contours

    array = numpy_view(mask)
    if array.ndim != 2:
        raise BadInputError(f"the mask has shape {array.shape}; (H, W) is accepted")
    if min(array.shape) < 2:
        return []
    return [line[:, ::-1] + 0.5 for line in find_contours(array.astype(np.float64), threshold)]


def overlay(
    picture: Any,
    masks: Sequence[Any],
    *,
    colours: Sequence[tuple[int, int, int]] = COLOURS,
    width_px: float = 1.5,
    scale: int = 1,
) -> np.ndarray:
    """(scale H, scale W, 3) uint8: the contours of masks (H, W) over a picture (H, W, 3), the last on top.

    `width_px` counts pixels of the result; `scale` enlarges the picture, so that lines are finer than its
    pixels.
    """
    drawn = enlarge(rgb8(picture), scale).astype(np.float64)
    for i, mask in enumerate(masks):
        if np.shape(mask) != np.shape(picture)[:2]:
            raise BadInputError(
                f"the mask is {_size(np.shape(mask))} but the picture is {_size(np.shape(picture))}"
            )
        lines = [line * scale for line in contours(mask)]
        for colour, width in (((255, 255, 255), width_px + 1.5), (colours[i % len(colours)], width_px)):
            share = _line_coverage(lines, drawn.shape[:2], width)[..., None]
            drawn += (np.asarray(colour) - drawn) * share
    return np.rint(drawn).astype(np.uint8)


def _line_coverage(lines: list[np.ndarray], shape: tuple[int, ...], width_px: float) -> np.ndarray:
    """(H, W): about the share of each pixel that lies within half the width of a line."""
    height, width = shape
    covered = np.zeros(height * width)
    reach = int(np.ceil(width_px / 2 + 0.5))
    points = np.concatenate([np.empty((0, 2)), *map(_densely, lines)])
    first = np.floor(points).astype(int)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            x, y = first[:, 0] + dx, first[:, 1] + dy
            distance = np.hypot(x + 0.5 - points[:, 0], y + 0.5 - points[:, 1])
            share = np.clip(width_px / 2 + 0.5 - distance, 0, 1)
            drawn = (share > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
            np.maximum.at(covered, y[drawn] * width + x[drawn], share[drawn])
    return covered.reshape(shape)


def _densely(line: np.ndarray) -> np.ndarray:
    """Points at most `_SPACING_PX` apart along a polyline (N, 2)."""
    longest = np.linalg.norm(np.diff(line, axis=0), axis=1).max(initial=0)
    share = np.linspace(0, 1, max(2, int(np.ceil(longest / _SPACING_PX)) + 1))[:, None, None]
    return (line[:-1] + share * (line[1:] - line[:-1])).reshape(-1, 2)


def side_by_side(
    pictures: Sequence[Any], captions: Sequence[str] = (), *, gap_px: int = 12, text_px: int = 16
) -> np.ndarray:
    """One picture, uint8, of several in a row on white, each with its caption underneath."""
    from PIL import Image, ImageDraw, ImageFont

    panels = [rgb8(p) for p in pictures]
    text_height = round(text_px * 1.8) if captions else 0
    height = max(p.shape[0] for p in panels) + 2 * gap_px + text_height
    width = sum(p.shape[1] + gap_px for p in panels) + gap_px
    canvas = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(canvas)
    left = gap_px
    for i, panel in enumerate(panels):
        canvas.paste(Image.fromarray(panel), (left, gap_px))
        if i < len(captions):
            middle = (left + panel.shape[1] / 2, gap_px + panel.shape[0] + text_height / 2)
            draw.text(middle, captions[i], "black", ImageFont.load_default(text_px), anchor="mm")
        left += panel.shape[1] + gap_px
    return np.asarray(canvas)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}" if len(shape) > 1 else str(shape)

"""A contact sheet: many small pictures, each with its mask's contour and the axes of its object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.viz.pictures import ORANGE, rgb8

AXES = ((214, 39, 40), (44, 160, 44), (31, 119, 180))
"""Red x, green y (up), blue -z: the front. As far as half of the object's extent along each."""
_GAP_PX = 2
_CAPTION_PX = 13
_LEAST_DEPTH_M = 1e-6


def tile(
    image: Any,
    side_px: int,
    *,
    mask: Any = None,
    camera: Camera | None = None,
    camera_from_object: Pose | None = None,
    extents_m: Any = None,
    box_px: Sequence[float] | None = None,
    caption: str = "",
) -> np.ndarray:
    """(H, side, 3) uint8: a picture whose longer side is `side_px`, what is known drawn on it, a caption below.

    extents_m (3,): how large the object is along x, y, z, for the length of its axes, which begin at its origin.
    """
    from PIL import Image, ImageDraw, ImageFont

    picture = rgb8(image)
    zoom = side_px / max(picture.shape[:2])
    size = max(1, round(picture.shape[1] * zoom)), max(1, round(picture.shape[0] * zoom))
    drawn = np.array(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
    if mask is not None:
        share = Image.fromarray(np.asarray(mask, np.float32)).resize(size, Image.Resampling.BILINEAR)
        drawn[_around(np.asarray(share) >= 0.5)] = ORANGE
    canvas = Image.new("RGB", (side_px, size[1] + (_CAPTION_PX if caption else 0)), "white")
    canvas.paste(Image.fromarray(drawn))
    pen = ImageDraw.Draw(canvas)
    if camera is not None and camera_from_object is not None and extents_m is not None:
        for start, end, colour in _axes_px(camera, camera_from_object, extents_m):
            pen.line([*(zoom * start), *(zoom * end)], fill=colour, width=2)
    if box_px is not None:
        pen.rectangle([zoom * side for side in box_px], outline=(230, 159, 0))
    if caption:
        pen.text((2, size[1]), caption, "black", ImageFont.load_default(10))
    return np.asarray(canvas)


def _around(inside: np.ndarray) -> np.ndarray:
    """(H, W) bool: the pixels next to it, outside of it, so that thin things are not painted over."""
    wide = np.pad(inside, 1)
    beside = wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    return np.asarray(beside & ~inside)


def sheet(tiles: Sequence[np.ndarray], columns: int = 8) -> np.ndarray:
    """Tiles of equal width in rows, on white; a row is as high as its highest tile."""
    width = tiles[0].shape[1] + _GAP_PX
    rows = [tiles[first : first + columns] for first in range(0, len(tiles), columns)]
    heights = [max(tile.shape[0] for tile in row) + _GAP_PX for row in rows]
    made = np.full((sum(heights) + _GAP_PX, min(columns, len(tiles)) * width + _GAP_PX, 3), 255, np.uint8)
    top = _GAP_PX
    for row, height in zip(rows, heights, strict=True):
        for column, one in enumerate(row):
            left = _GAP_PX + column * width
            made[top : top + one.shape[0], left : left + one.shape[1]] = one
        top += height
    return made


def _axes_px(
    camera: Camera, pose: Pose, extents_m: Any
) -> list[tuple[np.ndarray, np.ndarray, tuple[int, int, int]]]:
    """(start, end, colour), in pixels: those of the axes x, y and -z that lie wholly in front of the camera."""
    half = 0.5 * np.asarray(extents_m, float)
    ends = np.array([[0, 0, 0], [half[0], 0, 0], [0, half[1], 0], [0, 0, -half[2]]])
    points = camera.project(pose.apply(ends))
    start = points[0]
    return [
        (start[:2], end[:2], colour)
        for end, colour in zip(points[1:], AXES, strict=True)
        if min(start[2], end[2]) > _LEAST_DEPTH_M
    ]

"""How fits lie on what was seen: both contours over the photo or the mask, cut to where the object is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import numpy_view
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.viz.overlay import overlay, side_by_side
from rrb.viz.pictures import BLUE, VERMILLION, rgb8

LONGEST_PX = 384  # of a panel
FRAMES = 32
_MARGIN = 0.3  # of the mask's size, on every side
_INSIDE, _OUTSIDE, _UNKNOWN = 205, 70, 128  # greys of a mask that is shown, and of what is unknown
_HATCH_PX = 8
_LINE_PX = 2.0

Draw = Callable[[Pose, float, Camera], Any]
"""The silhouette (H, W) in [0, 1] of the object at a pose and scale."""


@dataclass(frozen=True, eq=False)
class Guess:
    """A fit to be drawn, with what is said underneath."""

    camera_from_object: Pose
    scale: float
    camera: Camera
    caption: str


@dataclass(frozen=True, eq=False)
class Backdrop:
    """What contours are drawn over: a window of the picture, resized so that its longer side is LONGEST_PX."""

    picture: NDArray[np.uint8]  # (h, w, 3), the mask's contour on it in blue
    mask: NDArray[np.float32]  # (h, w), as observed
    window: tuple[int, int, int, int]  # left, top, width, height in pixels of the mask that was given

    def view(self, camera: Camera) -> Camera:
        """The camera of this window."""
        height, width = self.mask.shape
        return camera.crop(*self.window).resize(width, height)


def backdrop(mask: Any, image: Any = None, unknown: Any = None) -> Backdrop:
    """Of mask (H, W) in [0, 1], a photo (H, W, 3) of the same size, and where the mask is unknown (H, W).

    What is unknown is hatched. Without a photo the mask itself is shown.
    """
    mask = numpy_view(mask)
    for what, other in (("image", image), ("unknown mask", unknown)):
        if other is not None and np.shape(other)[:2] != mask.shape:
            raise BadInputError(f"the {what} is {_size(other)} but the mask is {_size(mask)}")
    window = _window(mask)
    shown = _resized(mask, window)
    picture = _grey(_OUTSIDE + (_INSIDE - _OUTSIDE) * shown)
    if image is not None:
        channels = np.moveaxis(rgb8(image), 2, 0)
        picture = np.rint(np.stack([_resized(c, window) for c in channels], -1)).clip(0, 255).astype(np.uint8)
    if unknown is not None:
        hidden = _resized(numpy_view(unknown), window) >= 0.5
        row, column = np.indices(hidden.shape)
        picture[hidden & ((row + column) % _HATCH_PX < _HATCH_PX // 2)] = _UNKNOWN
    return Backdrop(overlay(picture, [shown], colours=(BLUE,), width_px=_LINE_PX), shown, window)


def fits(behind: Backdrop, guesses: Sequence[Guess], draw: Draw) -> NDArray[np.uint8]:
    """One panel for each guess, in a row: the mask's contour in blue, the guess's in vermillion."""
    return side_by_side([_panel(behind, g, draw) for g in guesses], [g.caption for g in guesses])


def frames(behind: Backdrop, guesses: Sequence[Guess], draw: Draw) -> list[NDArray[np.uint8]]:
    """At most FRAMES pictures of a fit on its way, the first and the last among them, more where it began."""
    last = len(guesses) - 1
    chosen = (
        np.unique(np.rint(last * np.linspace(0, 1, FRAMES) ** 1.5).astype(int)).tolist() if guesses else []
    )
    return [fits(behind, [guesses[i]], draw) for i in chosen]


def _panel(behind: Backdrop, guess: Guess, draw: Draw) -> NDArray[np.uint8]:
    drawn = draw(guess.camera_from_object, guess.scale, behind.view(guess.camera))
    return overlay(behind.picture, [drawn], colours=(VERMILLION,), width_px=_LINE_PX)


def _window(mask: NDArray) -> tuple[int, int, int, int]:
    """The mask's box with a margin, cut off where the picture ends; all of it if the mask is empty."""
    height, width = mask.shape
    rows, columns = np.flatnonzero((mask >= 0.5).any(1)), np.flatnonzero((mask >= 0.5).any(0))
    if not rows.size:
        return 0, 0, width, height
    margin = int(_MARGIN * (max(np.ptp(rows), np.ptp(columns)) + 1)) + 2
    left, right = max(columns[0] - margin, 0), min(columns[-1] + 1 + margin, width)
    top, bottom = max(rows[0] - margin, 0), min(rows[-1] + 1 + margin, height)
    return int(left), int(top), int(right - left), int(bottom - top)


def _resized(values: NDArray, window: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """A window of (H, W); outer corners stay outer corners."""
    from PIL import Image

    left, top, width, height = window
    factor = LONGEST_PX / max(width, height)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    part = np.ascontiguousarray(values[top : top + height, left : left + width], np.float32)
    return np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BILINEAR))


def _grey(values: NDArray) -> NDArray[np.uint8]:
    return np.repeat(np.rint(values).astype(np.uint8)[..., None], 3, axis=2)


def _size(picture: Any) -> str:
    height, width = np.shape(picture)[:2]
    return f"{width}x{height}"

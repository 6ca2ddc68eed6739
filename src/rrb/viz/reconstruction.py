"""What was reconstructed, to be looked at: its outline and its shaded surface on the picture, and from another side."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.geometry._arrays import numpy_view
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.viz.fit_picture import Backdrop, Draw, Guess, frames
from rrb.viz.overlay import overlay, side_by_side
from rrb.viz.pictures import VERMILLION, rgb8

TURN_DEG, ABOVE_DEG = 140.0, 20.0  # the other side: so far around the object, and so high above it
_SIDE_FOV_DEG = 30.0
_LEAST_PX = 300  # of a panel's width, so that its caption has room
_LINE_PX = 2.0
_FADED = 0.35  # how much of the picture is left behind a shaded surface; the rest is white

Shade = Callable[[Pose, Camera, Any], Any]
"""(H, W, 3) in [0, 1]: the surface at a pose, lit, on a colour (3,) or a picture (H, W, 3) in [0, 1]."""


def overview(panels: Sequence[NDArray[np.uint8]], captions: Sequence[str]) -> NDArray[np.uint8]:
    """In a row, each wide enough for its caption."""
    return side_by_side([widened(panel) for panel in panels], captions)


def film(
    behind: Backdrop, steps: Sequence[Guess], draw: Draw, surface: NDArray[np.uint8], caption: str
) -> list[NDArray[np.uint8]]:
    """The contours of the steps of a fit, at most fit_picture.FRAMES, and at the end what `shaded` draws."""
    return [*frames(behind, steps, draw), side_by_side([surface], [caption])]


def shaded(behind: Backdrop, image: Any, guess: Guess, shade: Shade) -> NDArray[np.uint8]:
    """The lit surface on the faded picture, cut as the backdrop is."""
    faded = 1 - _FADED * (1 - photo(behind, image) / 255.0)
    return rgb8(shade(guess.camera_from_object, behind.view(guess.camera), faded))


def photo(behind: Backdrop, image: Any) -> NDArray[np.uint8]:
    """The picture (H, W, 3) in the backdrop's window and size, without a contour."""
    from PIL import Image

    height, width = behind.mask.shape
    left, top, across, down = behind.window
    whole = Image.fromarray(rgb8(image))
    box = (left, top, left + across, top + down)
    return np.asarray(whole.resize((width, height), Image.Resampling.BILINEAR, box=box))


def from_other_side(
    mesh: Mesh, camera_from_object: Pose, behind: Backdrop, shade: Shade
) -> NDArray[np.uint8]:
    """The whole of the mesh on white, in a square as high as the backdrop."""
    pose, camera = other_side(mesh, camera_from_object, max(behind.mask.shape[0], _LEAST_PX))
    return rgb8(shade(pose, camera, (1.0, 1.0, 1.0)))


def other_side(mesh: Mesh, camera_from_object: Pose, side_px: int) -> tuple[Pose, Camera]:
    """A pose and a square camera that show the whole of the mesh, turned and from above; roll is left out."""
    low, high = (numpy_view(v).astype(np.float64) for v in mesh.bounding_box())
    middle = (low + high) / 2
    corners = numpy_view(mesh.vertices)[numpy_view(mesh.faces).ravel()]
    radius = float(np.linalg.norm(corners - middle, axis=1).max())
    azimuth_deg = float(camera_from_object.to_viewpoint().azimuth_deg) + TURN_DEG
    distance = radius / math.sin(math.radians(_SIDE_FOV_DEG / 2))
    view = Pose.from_viewpoint(azimuth_deg, ABOVE_DEG, distance_m=distance)
    pose = Pose(view.rotation, view.translation - view.rotation @ middle)
    return pose, Camera.from_fov(_SIDE_FOV_DEG, width=side_px, height=side_px)


def widened(panel: NDArray[np.uint8], least_px: int = _LEAST_PX) -> NDArray[np.uint8]:
    """With white on both sides, where it is narrower."""
    more = max(least_px - panel.shape[1], 0)
    return np.pad(panel, ((0, 0), (more // 2, more - more // 2), (0, 0)), constant_values=255)


def outlines(behind: Backdrop, guess: Guess, draw: Draw) -> NDArray[np.uint8]:
    """The contours of the mask (blue) and of a guess (vermillion)."""
    drawn = draw(guess.camera_from_object, guess.scale, behind.view(guess.camera))
    return overlay(behind.picture, [drawn], colours=(VERMILLION,), width_px=_LINE_PX)

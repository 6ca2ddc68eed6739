"""`reconstruct`: one image in, a mesh with a metric pose out. The face of the recipes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.fitting.mask_checks import checked_mask, checked_unknown
from rrb.geometry._arrays import finite_float, short
from rrb.geometry.camera import Camera
from rrb.geometry.image_io import load_mask, load_picture
from rrb.recipes.result import Reconstruction

ASSUMED_FOV_DEG = 50.0  # of the longer side: between a telephone's camera and a normal lens
_LEAST_SIDE = 16
_LOWEST_M, _HIGHEST_M = 0.01, 1000.0

Recipe = Callable[..., Reconstruction]


def _rrb(setting: str) -> Recipe:
    from rrb.networks.build import shipped
    from rrb.recipes import rrb

    return rrb.Rrb(shipped("occupancy")[0], shipped("viewpoint")[0], getattr(rrb, setting))


RECIPES: Mapping[str, Callable[[], Recipe]] = {
    "rrb": partial(_rrb, "OURS"),
    "rrb-paper": partial(_rrb, "PAPER"),
}


class Picture(NamedTuple):
    """What a file of a picture holds, so that who needs it too reads it once."""

    colours: NDArray[np.uint8]  # (H, W, 3)
    alpha: NDArray[np.float32] | None  # (H, W) in [0, 1]; None if it is opaque everywhere
    name: str  # for errors


def reconstruct(
    image: str | Path | NDArray[np.uint8] | Picture,
    *,
    mask: Any = None,
    unknown: Any = None,
    focal_px: float | None = None,
    fov_deg: float | None = None,
    camera: Camera | None = None,
    camera_height_m: float | None = None,
    category: str | None = None,
    recipe: str = "rrb",
) -> Reconstruction:
    """The mesh and the pose of the object in an image, by what the networks that come with rrb have learned.

    image: a file, or (H, W, 3) uint8. mask: a file or (H, W), instead of what is taken else: the alpha channel if it
    outlines something (0.2 to 97 % of the pixels are opaque), what differs from a plain background, or what the
    network predicts. unknown: a file or (H, W), from 0.5 on where something hides whether the object is there.
    focal_px, fov_deg (horizontal) or camera: what took it; without, a field of view of 50 degrees along the longer
    side is assumed, and said. camera_height_m: above the ground that the object stands on; without, the result has no
    metres, and says so. category: chair, car, aeroplane, table or sofa; without, the network says it.
    """
    make = RECIPES.get(recipe)
    if make is None:
        raise BadInputError(f"the recipe is {short(recipe)}; {', '.join(RECIPES)} are accepted")
    category = checked_category(category)
    height = checked_height(camera_height_m)
    picture = image if isinstance(image, Picture) else opened(image)
    camera_, notes = _camera(picture.colours, camera, focal_px, fov_deg)
    pixels, source = mask_of(picture.colours, picture.alpha, mask, camera_, picture.name)
    hidden = None if unknown is None else _unknown(unknown, camera_, pixels)
    if at_border(pixels):
        notes.append("the object goes on beyond the picture's border: what lies there is a guess")
    return make()(
        picture.colours,
        pixels,
        camera_,
        camera_height_m=height,
        category=category,
        mask_from=source,
        unknown=hidden,
        notes=notes,
    )


def opened(image: str | Path | NDArray[np.uint8]) -> Picture:
    """A file, or (H, W, 3) uint8; what is too small is refused."""
    if isinstance(image, str | Path):
        picture = Picture(*load_picture(image), str(image))
    else:
        picture = Picture(np.asarray(image), None, "the image")
        shape, kind = picture.colours.shape, picture.colours.dtype
        if len(shape) != 3 or shape[2] != 3 or kind != np.uint8:
            raise BadInputError(
                f"the image has the shape {shape} of {kind}; a file, or (H, W, 3) of uint8, is accepted"
            )
    height, width = picture.colours.shape[:2]
    if min(height, width) < _LEAST_SIDE:
        raise BadInputError(
            f"{picture.name}: it is {width}x{height}; from {_LEAST_SIDE} pixels a side is accepted"
        )
    return picture


def _unknown(unknown: Any, camera: Camera, mask: NDArray[np.float32]) -> NDArray[np.float32]:
    if isinstance(unknown, str | Path):
        return checked_unknown(load_mask(unknown), camera, mask, str(unknown))
    return checked_unknown(unknown, camera, mask)


def _camera(
    image: NDArray[np.uint8], camera: Camera | None, focal_px: float | None, fov_deg: float | None
) -> tuple[Camera, list[str]]:
    height, width = image.shape[:2]
    given = [
        n for n, v in (("camera", camera), ("focal_px", focal_px), ("fov_deg", fov_deg)) if v is not None
    ]
    if len(given) > 1:
        raise BadInputError(f"{' and '.join(given)} say the same: give one")
    if camera is not None:
        if (camera.width_px, camera.height_px) != (width, height):
            raise BadInputError(
                f"the camera is of {camera.width_px}x{camera.height_px} but the image is {width}x{height}"
            )
        return camera, []
    if focal_px is not None:
        return Camera.from_focal_px(focal_px, width=width, height=height), []
    if fov_deg is not None:
        return Camera.from_fov(fov_deg, width=width, height=height), []
    axis = "x" if width >= height else "y"
    assumed = Camera.from_fov(ASSUMED_FOV_DEG, width=width, height=height, axis=axis)
    said = f"a field of view of {ASSUMED_FOV_DEG:g} degrees along the picture's longer side, for nobody said the camera"
    return assumed, [said]


def mask_of(
    image: NDArray[np.uint8], alpha: NDArray[np.float32] | None, mask: Any, camera: Camera, name: str
) -> tuple[NDArray[np.float32], str]:
    """(H, W) in [0, 1], and where it comes from; an alpha channel that outlines nothing is passed over, and said."""
    from rrb.recipes import seeing

    if mask is not None:
        pixels = load_mask(mask) if isinstance(mask, str | Path) else mask
        return checked_mask(pixels, camera), "given"
    if alpha is not None and seeing.outlines(alpha):
        return alpha, "the picture's alpha channel"
    if (plain := seeing.plain_background(image)) is not None:
        found, source = plain, "what differs from the plain background"
    else:
        from rrb.networks.build import shipped

        found, source = seeing.predicted(image, camera, shipped("mask")[0]), "predicted by the network"
    seeing.require_object(found, name)
    return found, source if alpha is None else f"{source}, for the alpha channel outlines nothing"


def at_border(mask: NDArray[np.float32]) -> bool:
    """Whether the object reaches the picture's border, more than a stray pixel does."""
    inside = mask >= 0.5
    return int(max(inside[0].sum(), inside[-1].sum(), inside[:, 0].sum(), inside[:, -1].sum())) > 1


def checked_category(category: str | None) -> str | None:
    """As the networks call it."""
    from rrb.networks.categories import ALIASES, CATEGORIES

    known = ALIASES.get(category, category) if isinstance(category, str) else category
    if known is not None and known not in CATEGORIES:
        raise BadInputError(f"the category is {short(category)}; {', '.join(CATEGORIES)} are accepted")
    return known


def checked_height(height: float | None) -> float | None:
    if height is None:
        return None
    number = finite_float(height)
    if number is None or not _LOWEST_M <= number <= _HIGHEST_M:
        raise BadInputError(
            f"camera_height_m is {short(height)}; metres from {_LOWEST_M:g} to {_HIGHEST_M:g} are accepted"
        )
    return number

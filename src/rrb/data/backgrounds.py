"""What is behind the objects: white, a colour, a gradient, smooth noise, or a photograph."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.scene import Background
from rrb.errors import BadInputError
from rrb.raster.texture import linear_from_srgb

PHOTO_KINDS = (".jpg", ".jpeg", ".png", ".webp")
_LINEAR = linear_from_srgb(np.arange(256) / 255.0).astype(np.float32)
_LEAST_CUT = 0.5  # of a photograph's shorter side
_LONGEST_KEPT_PX = 400
MOST_KEPT_BYTES = 100 << 20  # of decoded photographs in a process


def background_picture(
    background: Background, size: tuple[int, int], photos: Path | None = None
) -> NDArray[np.float32]:
    """(H, W, 3) in linear light; photos: the folder that `background.photo` is a name in."""
    return _KINDS[background.kind](background, size, photos)


def photo_names(photos: Path | None) -> tuple[str, ...]:
    """The photographs of a folder and below it, sorted; of those called background..., where there are such folders."""
    if photos is None:
        return ()
    if not photos.is_dir():
        raise BadInputError(f"{photos}: there is no such folder of photographs")
    return _names(photos)


@lru_cache(maxsize=8)
def _names(photos: Path) -> tuple[str, ...]:
    folders = sorted(photos.glob("background*/")) or [photos]
    found = (p for folder in folders for p in folder.rglob("*") if p.suffix.lower() in PHOTO_KINDS)
    return tuple(sorted(p.relative_to(photos).as_posix() for p in found))


# --- kinds ------------------------------------------------------------------------------------------


def _white(background: Background, size: tuple[int, int], photos: Path | None) -> NDArray[np.float32]:
    return np.ones((*size, 3), np.float32)


def _plain(background: Background, size: tuple[int, int], photos: Path | None) -> NDArray[np.float32]:
    return np.broadcast_to(_linear(background.colours[0]), (*size, 3)).copy()


def _gradient(background: Background, size: tuple[int, int], photos: Path | None) -> NDArray[np.float32]:
    height, width = size
    angle = math.radians(background.angle_deg)
    x, y = (np.arange(width) + 0.5) / width - 0.5, (np.arange(height) + 0.5) / height - 0.5
    along = y[:, None] * math.cos(angle) + x[None, :] * math.sin(angle)
    reach = 0.5 * (abs(math.cos(angle)) + abs(math.sin(angle)))
    return _mixed(background, (along / (2 * reach) + 0.5).astype(np.float32))


def _noise(background: Background, size: tuple[int, int], photos: Path | None) -> NDArray[np.float32]:
    """A few octaves of random numbers, each resized to the picture."""
    random = np.random.default_rng(background.seed)
    share = np.zeros(size, np.float32)
    cells, strength = int(random.integers(2, 6)), 0.5
    for _ in range(4):
        share += strength * _resized(random.random((cells, cells), np.float32), size)
        cells, strength = 2 * cells, strength / 2
    return _mixed(background, share / np.float32(0.9375))


def _photo(background: Background, size: tuple[int, int], photos: Path | None) -> NDArray[np.float32]:
    """A window of the picture's proportions, somewhere in the photograph, sometimes mirrored."""
    from PIL import Image

    if photos is None:
        raise BadInputError(f"the background is {background.photo}; the folder of photographs is needed")
    picture = _decoded(photos / background.photo, max(_LONGEST_KEPT_PX, 2 * max(size)))
    random = np.random.default_rng(background.seed)
    largest = min(picture.width / size[1], picture.height / size[0])
    cut = random.uniform(_LEAST_CUT, 1.0) * largest
    width, height = cut * size[1], cut * size[0]
    left, top = random.random() * (picture.width - width), random.random() * (picture.height - height)
    box = (left, top, left + width, top + height)
    window = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR, box=box)
    values = _LINEAR[np.asarray(window)]
    return values[:, ::-1].copy() if random.random() < 0.5 else values


_KINDS: dict[str, Callable[[Background, tuple[int, int], Path | None], NDArray[np.float32]]] = {
    "white": _white,
    "plain": _plain,
    "gradient": _gradient,
    "noise": _noise,
    "photo": _photo,
}


# --- pieces -----------------------------------------------------------------------------------------


_kept: dict[tuple[Path, int], Any] = {}
_kept_bytes = 0


def _decoded(path: Path, longest_px: int) -> Any:
    """A PIL picture, not larger than is of use; the latest are kept, so many bytes of them."""
    global _kept_bytes
    key = (path, longest_px)
    if key not in _kept:
        _kept[key] = _shrunk(path, longest_px)
        _kept_bytes += _bytes(_kept[key])
        while _kept_bytes > MOST_KEPT_BYTES and len(_kept) > 1:
            _kept_bytes -= _bytes(_kept.pop(next(iter(_kept))))
    return _kept[key]


def _shrunk(path: Path, longest_px: int) -> Any:
    from PIL import Image

    from rrb.geometry.image_io import load_image

    picture = Image.fromarray(load_image(path))
    picture.thumbnail((longest_px, longest_px))
    return picture


def _bytes(picture: Any) -> int:
    return 3 * int(picture.width) * int(picture.height)


def _resized(values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    from PIL import Image

    return np.asarray(Image.fromarray(values).resize((size[1], size[0]), Image.Resampling.BICUBIC))


def _mixed(background: Background, share: NDArray[np.float32]) -> NDArray[np.float32]:
    first, second = _linear(background.colours[0]), _linear(background.colours[1])
    return first + np.clip(share, 0, 1)[..., None] * (second - first)


def _linear(colour: tuple[float, float, float]) -> NDArray[np.float32]:
    return np.asarray(linear_from_srgb(np.asarray(colour)), np.float32)

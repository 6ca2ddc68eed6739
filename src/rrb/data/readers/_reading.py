"""What readers share: fields, numbers, pictures and labels of files; a refusal names the file that it is about."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.sample import KEY_LETTERS
from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import finite_float, short
from rrb.geometry.files import read_bytes
from rrb.geometry.image_io import load_image

Box = tuple[float, float, float, float]


@contextmanager
def named(path: Path, where: str = "") -> Iterator[None]:
    """What is refused inside is refused as this file's, or as of a place in it ("line 3")."""
    try:
        yield
    except BadFileError:
        raise
    except BadInputError as error:
        raise BadFileError(f"{path}{', ' if where else ''}{where}: {error}") from None


# --- folders and files ------------------------------------------------------------------------------


def folder(path: Path) -> Path:
    if not path.is_dir():
        raise BadFileError(f"{path}: there is no such folder")
    return path


def files(path: Path, suffix: str) -> list[Path]:
    """The files of a folder that end so, sorted; none at all are refused."""
    found = sorted(p for p in folder(path).iterdir() if p.suffix.lower() == suffix)
    if not found:
        raise BadFileError(f"{path}: it holds no file that ends in {suffix}; at least one is needed")
    return found


def with_suffix(path: Path, suffixes: tuple[str, ...]) -> Path:
    """The file of this name with the first of the suffixes that exists."""
    for suffix in suffixes:
        if path.with_name(path.name + suffix).is_file():
            return path.with_name(path.name + suffix)
    raise BadFileError(f"{path}{suffixes[0]}: there is no such file, nor one in {', '.join(suffixes[1:])}")


def text_lines(path: Path) -> list[str]:
    """The lines of a text, without blank ones at its end."""
    try:
        return read_bytes(path).decode().rstrip().splitlines()
    except UnicodeDecodeError:
        raise BadFileError(f"{path}: it is no text; lines of numbers are accepted") from None


def key_of(*parts: Any) -> str:
    """A sample's key of what names it; "_" for letters that keys do not hold."""
    text = "-".join(str(part) for part in parts)
    return "".join(letter if letter in KEY_LETTERS else "_" for letter in text)


# --- fields and numbers -----------------------------------------------------------------------------


def field(data: Any, name: str, what: str) -> Any:
    """data[name] of a JSON object."""
    if not isinstance(data, Mapping) or name not in data:
        held = sorted(map(str, data)) if isinstance(data, Mapping) else data
        raise BadInputError(f"{what} holds {short(held)}; {name} is needed")
    return data[name]


def whole(value: Any, what: str) -> int:
    """A whole number from 0, also where JSON has it as a key."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,18}", value):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadInputError(f"{what} is {short(value)}; a whole number from 0 is accepted")
    return value


def number(value: Any, what: str) -> float:
    found = finite_float(value)
    if found is None:
        raise BadInputError(f"{what} is {short(value)}; a finite number is accepted")
    return found


def numbers(values: Any, shape: tuple[int, ...], what: str) -> NDArray[np.float64]:
    """Finite numbers of JSON, nested or flat, or words of a text, in this shape."""
    try:
        array = np.asarray(values, np.float64)
    except (ValueError, TypeError, OverflowError):
        array = np.empty(0)
    if array.size != np.prod(shape) or not np.isfinite(array).all():
        raise BadInputError(f"{what} is {short(values)}; {int(np.prod(shape))} finite numbers are accepted")
    return array.reshape(shape)


# --- pictures ---------------------------------------------------------------------------------------


def picture(path: Path, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """(H, W, 3) sRGB; size: (height, width) that it must have."""
    image = load_image(path)
    if size is not None and image.shape[:2] != size:
        held = f"{image.shape[1]}x{image.shape[0]}"
        raise BadFileError(
            f"{path}: it is {held} but is said to be {size[1]}x{size[0]}, which alone is accepted"
        )
    return image


def labels(path: Path, size: tuple[int, int]) -> NDArray[np.int64]:
    """(H, W): the numbers of a grey picture, or a palette's indices."""
    picture(path, size)  # which refuses what cannot be decoded
    from PIL import Image

    with Image.open(io.BytesIO(read_bytes(path))) as file:
        values = np.array(file)
    if values.ndim != 2:
        raise BadFileError(f"{path}: it is in colours; labels in grey or in a palette are accepted")
    return values.astype(np.int64)


def box_around(mask: NDArray[Any]) -> Box | None:
    """(x0, y0, x1, y1): the outer corners of the pixels that are set; None where none is."""
    seen = mask >= 0.5
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)

"""What readers of published folders share beside `_reading`: what must be there, and pictures as they are stored."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError, BadInputError
from rrb.geometry.files import read_bytes
from rrb.geometry.image_io import decode_image

_ORIENTATION = 0x0112  # the EXIF tag
_MOST_TEXT_BYTES = 1 << 28


def required_file(path: Path, named_by: str | Path) -> Path:
    """The path, which must be a file because another file names it."""
    if not path.is_file():
        raise BadFileError(f"{path}: there is no such file, but {named_by} names it")
    return path


def inside(root: Path, name: str) -> Path:
    """root / name, for a name that a file holds: one that leads out of the folder is refused."""
    if not name or Path(name).is_absolute() or ".." in Path(name).parts:
        raise BadInputError(f"the file name {name[:80]!r} leads out of the folder; one inside it is accepted")
    return root / name


def folders(path: Path, what: str) -> list[Path]:
    """The folders in a folder by name, at least one; hidden ones do not count."""
    if not path.is_dir():
        raise BadFileError(f"{path}: there is no such folder; {what} are expected in it")
    found = sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not found:
        raise BadFileError(f"{path}: it holds no folders; {what} are expected in it")
    return found


def words(path: Path) -> list[tuple[int, list[bytes]]]:
    """(number of the line, its words) of a text file, without empty lines and what follows a "#"."""
    lines = read_bytes(path, _MOST_TEXT_BYTES).splitlines()
    split = ((number, line.partition(b"#")[0].split()) for number, line in enumerate(lines, 1))
    return [(number, held) for number, held in split if held]


def decode_as_stored(data: bytes, path: Path) -> NDArray[np.uint8]:
    """`decode_image` without the turn that EXIF asks for: Matlab's imread, by which annotators saw it, has none."""
    from PIL import Image

    upright = decode_image(data, path)
    with Image.open(io.BytesIO(data)) as picture:
        if picture.getexif().get(_ORIENTATION, 1) == 1:
            return upright
        return np.array(picture.convert("RGB"))


def with_alpha(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.float32] | None]:
    """The colours on white, and alpha as the mask; None where there is no alpha, or none that says anything."""
    from PIL import Image

    data = read_bytes(path)
    image = decode_image(data, path)
    with Image.open(io.BytesIO(data)) as picture:
        if picture.mode not in ("RGBA", "LA"):
            return image, None
        alpha = np.array(picture)[:, :, -1]
    return image, None if alpha.min() == 255 else alpha.astype(np.float32) / np.float32(255)

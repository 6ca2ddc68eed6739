"""Pictures as the bytes of JPEG and PNG files, and back at the speed of the codecs.

Files as they are written here are read by short ways around Pillow's parsers, which cost as much as the codec for
small pictures (JPEG 128x128: 180 -> 150 microseconds; a mask: 65 -> 20). Any other file goes the long way, which
also says what is wrong with a broken one.
"""

from __future__ import annotations

import io
import struct
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import short

Size = tuple[int, int]
"""(height, width) in pixels."""


def jpeg_bytes(image: NDArray[np.uint8], quality: int) -> bytes:
    """(H, W, 3) sRGB, chroma at half the resolution as cameras write it."""
    from PIL import Image

    if isinstance(quality, bool) or not isinstance(quality, int) or not 1 <= quality <= 100:
        raise BadInputError(f"the JPEG quality is {short(quality)}; a whole number from 1 to 100 is accepted")
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def jpeg_pixels(data: bytes, size: Size) -> NDArray[np.uint8]:
    """(H, W, 3) sRGB; a file of another size is refused."""
    from PIL import Image

    if _jpeg_size(data) == size:  # Pillow's decoder relies on it
        try:
            return np.array(Image.frombytes("RGB", (size[1], size[0]), data, "jpeg", "RGB", ""))
        except (ValueError, OSError):
            pass
    return pixels(data, "JPEG", "RGB", size)


def _jpeg_size(data: bytes) -> Size | None:
    """What the frame header says, if it is one of three components and eight bits."""
    at = 2
    while len(data) > at + 9 and data[at] == 0xFF:
        if data[at + 1] in (0xC0, 0xC1, 0xC2):
            bits, height, width, components = struct.unpack_from(">BHHB", data, at + 4)
            return (height, width) if (bits, components) == (8, 3) else None
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def grey_png_bytes(values: NDArray[np.uint8]) -> bytes:
    """(H, W), rows unfiltered: what is best for masks, and quickly undone."""
    height, width = values.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter, 0 for none
    rows[:, 1:] = values
    return (
        _grey_head((height, width)) + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + _chunk(b"IEND", b"")
    )


def grey_png_pixels(data: bytes, size: Size) -> NDArray[np.uint8]:
    """(H, W), perhaps read-only; a file of another size or kind is refused."""
    unfiltered = _unfiltered(data, size)
    return pixels(data, "PNG", "L", size) if unfiltered is None else unfiltered


def _unfiltered(data: bytes, size: Size) -> NDArray[np.uint8] | None:
    """What `grey_png_bytes` wrote; None for any other file, broken ones among them."""
    head, end = _grey_head(size), _chunk(b"IEND", b"")
    packed = data[len(head) + 8 : -len(end) - 4]
    if data != head + _chunk(b"IDAT", packed) + end:
        return None
    count = size[0] * (size[1] + 1)
    try:
        rows = zlib.decompressobj().decompress(packed, count + 1)  # never more than that is unpacked
    except zlib.error:
        return None
    if len(rows) != count:
        return None
    values = np.frombuffer(rows, np.uint8).reshape(size[0], size[1] + 1)
    return None if values[:, 0].any() else values[:, 1:]


@lru_cache(maxsize=16)
def _grey_head(size: Size) -> bytes:
    """Signature and header of eight bits of grey."""
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", size[1], size[0], 8, 0, 0, 0, 0))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def pixels(data: bytes, kind: str, mode: str, size: Size) -> NDArray:
    """What a picture holds, once its header says what is expected: a liar's gigabytes are not unpacked."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as picture:
            if picture.size != (size[1], size[0]) or picture.mode != mode:
                raise BadFileError(
                    f"it is {picture.size[0]}x{picture.size[1]} {picture.mode}; {size[1]}x{size[0]} {mode} is accepted"
                )
            return np.array(picture)
    except BadFileError:
        raise
    except Exception as error:  # decoders raise whatever a broken file makes them raise
        raise BadFileError(f"it is no whole {kind} ({first_line(error)})") from None


def first_line(error: Exception) -> str:
    """Of what a library says, as much as fits into a sentence."""
    return str(error).partition("\n")[0][:100]

"""The arrays of a sample as the bytes of small files: what is rounded, and how far.

| array | file | rounded to |
|---|---|---|
| image | .jpg of a quality, or .png | nothing is, in .png |
| mask | .png, 0 to 255 | 1/255: hard masks stay as they are |
| unknown | .png, 0 or 255 | nothing |
| depth | .png, 16 bits | whole units, a power of two in a metre: 1/65535 of the farthest, or finer, but seen |
| points | .npz, 16 bits | 1/32767 of the largest coordinate or finer, alike; the labels stay as they are |
| voxels | .npz | nothing; bool is packed, eight in a byte |

What was read and is written again gives the same numbers. The same arrays give the same bytes, as long as
Pillow and NumPy are the same.
"""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.picture_bytes import Size, first_line, grey_png_bytes, grey_png_pixels, jpeg_pixels, pixels
from rrb.data.sample import OccupancyPoints
from rrb.errors import BadFileError
from rrb.geometry._arrays import numpy_view
from rrb.geometry.image_io import encode_png
from rrb.geometry.voxels import Voxels

_DEEPEST, _WIDEST = 65535, 32767

# --- pictures -----------------------------------------------------------------------------------------


def image_from(data: bytes, kind: str, size: Size) -> NDArray[np.uint8]:
    """(H, W, 3); kind: "jpg" or "png"."""
    return jpeg_pixels(data, size) if kind == "jpg" else pixels(data, "PNG", "RGB", size)


def mask_png(mask: NDArray) -> bytes:
    """(H, W) in [0, 1], or bool."""
    return grey_png_bytes(np.floor(mask * np.float32(255) + np.float32(0.5)).astype(np.uint8))


def mask_from_png(data: bytes, size: Size) -> NDArray[np.float32]:
    return grey_png_pixels(data, size).astype(np.float32) / np.float32(255)


def unknown_from_png(data: bytes, size: Size) -> NDArray[np.bool_]:
    return grey_png_pixels(data, size) > 127


def depth_png(depth_m: NDArray[np.float32]) -> tuple[bytes, float]:
    """The file of a depth (H, W) in metres, 0 for none, and how many of its units are a metre."""
    depth = depth_m.astype(np.float64)
    units = _units_per_metre(float(depth.max()), _DEEPEST)
    # 0 would say that nothing is seen: the very near become one unit.
    counts = np.maximum(np.rint(depth * units), depth > 0)
    return encode_png(counts.astype(np.uint16)), units


def depth_from_png(data: bytes, size: Size, units_per_metre: float) -> NDArray[np.float32]:
    return (pixels(data, "PNG", "I;16", size) / units_per_metre).astype(np.float32)


# --- numbers ------------------------------------------------------------------------------------------


def stored_points(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Points (N, 3) as a file will give them back. Label these, and no label is wrong by the rounding.

    The rounding goes by the largest coordinate of all: round those together that are stored together.
    """
    counts, units = _whole_points(points)
    return (counts / units).astype(np.float32)


def points_npz(points: OccupancyPoints) -> bytes:
    counts, units = _whole_points(points.points)
    return _npz(
        points=counts.astype(np.int16),
        units_per_metre=np.array(units),
        inside=np.packbits(points.inside),
        near_surface=np.packbits(points.near_surface),
    )


def points_from_npz(data: bytes) -> OccupancyPoints:
    """Points (N, 3) float32 in metres, and their labels."""
    held = _arrays(data, "points", "units_per_metre", "inside", "near_surface")
    points = (held["points"] / held["units_per_metre"]).astype(np.float32)
    inside, near = (_unpacked(held[name], (len(points),)) for name in ("inside", "near_surface"))
    return OccupancyPoints(points, inside, near)


def voxels_npz(voxels: Voxels) -> bytes:
    occupancy = numpy_view(voxels.occupancy)
    packed = np.packbits(occupancy) if occupancy.dtype == np.bool_ else occupancy
    return _npz(
        True,
        occupancy=packed,
        shape=np.array(occupancy.shape),
        origin_m=voxels.origin,
        voxel_size_m=np.array(voxels.voxel_size_m),
    )


def voxels_from_npz(data: bytes) -> Voxels:
    """The occupancy is a NumPy array, bool or of the type that it had."""
    held = _arrays(data, "occupancy", "shape", "origin_m", "voxel_size_m")
    occupancy, shape = held["occupancy"], tuple(int(n) for n in held["shape"])
    if occupancy.dtype == np.uint8:
        occupancy = _unpacked(occupancy, shape)
    return Voxels(occupancy.reshape(shape), held["origin_m"], held["voxel_size_m"].item())


def _whole_points(points: NDArray[np.floating]) -> tuple[NDArray[np.float64], float]:
    metres = np.asarray(points, np.float64)
    units = _units_per_metre(float(np.abs(metres).max(initial=0.0)), _WIDEST)
    return np.rint(metres * units), units


def _units_per_metre(largest_m: float, most: int) -> float:
    """The largest power of two with which no number needs more than `most` units."""
    if not largest_m > 0:
        return 1.0
    return math.ldexp(0.5, math.frexp(most / largest_m)[1])


def _npz(compressed: bool = False, **arrays: NDArray) -> bytes:
    """NumPy dates the members to 1980: no clock gets into the bytes."""
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _arrays(data: bytes, *names: str) -> dict[str, Any]:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except Exception as error:  # whatever zip and NumPy say about a damaged file
        raise BadFileError(f"it is no whole .npz of {', '.join(names)} ({first_line(error)})") from None


def _unpacked(bits: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    count = math.prod(shape)
    if len(bits) != (count + 7) // 8:
        raise BadFileError(f"it holds {len(bits)} bytes of labels for {count} of them")
    return np.unpackbits(bits, count=count).astype(np.bool_).reshape(shape)

"""Binvox: the voxel format of Patrick Min's program, read and written.

A header in text, then pairs of bytes: a value, and how many voxels have it.

    #binvox 1
    dim 32 32 32
    translate -0.5 -0.5 -0.5
    scale 1.0
    data

Of the three axes y runs fastest, then z, then x. The grid is the cube from `translate` to `translate + scale` of the
mesh's own frame, so that the centre of voxel (i, j, k) is translate + scale * (i + 0.5, j + 0.5, k + 0.5) / dim. Files
of version 2, whose full voxels hold any number from 1 to 255, are read as full and empty.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.data.readers._reading import named
from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import numpy_view
from rrb.geometry.files import read_bytes, write_bytes
from rrb.geometry.voxels import FINEST, MOST_VOXELS, Voxels

_MOST_HEADER_BYTES = 4096
_MOST_BYTES = 2 * MOST_VOXELS + _MOST_HEADER_BYTES  # a pair for every voxel
_LONGEST_RUN = 255
_NUMBERS = {b"dim": 3, b"translate": 3, b"scale": 1}


def load_binvox(path: str | Path) -> Voxels:
    """The occupancy as bool, indexed [x, y, z], in the frame of the mesh it was made of; at most 512^3 voxels."""
    path = Path(path)
    data = read_bytes(path, _MOST_BYTES)
    version, header, start = _header(path, data)
    side = _side(path, header[b"dim"])
    runs = np.frombuffer(data, np.uint8, offset=start)
    full = _unpacked(path, runs, side**3, most=1 if version == 1 else 255)
    occupancy = full.reshape(side, side, side).transpose(0, 2, 1)
    # Neither line need be there: the grid is the unit cube then.
    translate, (scale,) = header.get(b"translate", [0.0] * 3), header.get(b"scale", [1.0])
    with named(path):
        return Voxels(np.ascontiguousarray(occupancy), np.array(translate), scale / side)


def save_binvox(path: str | Path, voxels: Voxels) -> None:
    """Write version 1; voxels fuller than 0.5 are full. The grid must be a cube."""
    occupancy = numpy_view(voxels.occupancy)
    side = len(occupancy)
    if occupancy.shape != (side, side, side) or side > FINEST:
        raise BadInputError(
            f"{path}: a grid {occupancy.shape}; a cube of at most {FINEST} voxels a side is accepted"
        )
    corner = " ".join(repr(float(x)) for x in voxels.origin)
    scale = float(voxels.voxel_size_m) * side
    header = f"#binvox 1\ndim {side} {side} {side}\ntranslate {corner}\nscale {scale!r}\ndata\n"
    full = (occupancy > 0.5).transpose(0, 2, 1).ravel()
    write_bytes(path, header.encode() + _packed(full).tobytes())


# --- the header -----------------------------------------------------------------------------------


def _header(path: Path, data: bytes) -> tuple[int, dict[bytes, list[float]], int]:
    """(version, the numbers of each line, where the voxels start)."""
    end = data.find(b"\ndata\n", 0, _MOST_HEADER_BYTES)
    first, *lines = data[: max(end, 0)].splitlines() or [b""]
    if first not in (b"#binvox 1", b"#binvox 2"):
        raise BadFileError(
            f"{path}: it does not start as a binvox file; '#binvox 1' and a header up to 'data' is accepted"
        )
    held: dict[bytes, list[float]] = {}
    for line in lines:
        name, *numbers = line.split()
        if name not in _NUMBERS or name in held:
            raise BadFileError(
                f"{path}: its header holds {line[:40]!r}; dim, translate and scale, once each, are accepted"
            )
        held[name] = _numbers(path, line, numbers, _NUMBERS[name])
    if b"dim" not in held:
        raise BadFileError(f"{path}: its header has no line 'dim'")
    return int(first[-1:]), held, end + len(b"\ndata\n")


def _numbers(path: Path, line: bytes, texts: list[bytes], count: int) -> list[float]:
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        numbers = []
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise BadFileError(
            f"{path}: its header holds {line[:40]!r}; {count} finite numbers are accepted there"
        )
    return numbers


def _side(path: Path, dim: list[float]) -> int:
    if len(set(dim)) > 1 or not dim[0].is_integer() or not 1 <= dim[0] <= FINEST:
        raise BadFileError(
            f"{path}: its grid is {dim}; three equal whole numbers from 1 to {FINEST} are accepted"
        )
    return int(dim[0])


# --- the runs -------------------------------------------------------------------------------------


def _unpacked(path: Path, runs: NDArray[np.uint8], count: int, most: int) -> NDArray[np.bool_]:
    """(count,): whether each voxel is full. The sum is looked at before anything is unpacked."""
    if len(runs) % 2:
        raise BadFileError(f"{path}: it is cut off in the middle of a run")
    values, lengths = runs[::2], runs[1::2]
    held = int(lengths.sum(dtype=np.int64))
    if held != count:
        raise BadFileError(f"{path}: its runs hold {held} voxels, but its header promises {count}")
    if len(values) and values.max() > most:
        raise BadFileError(f"{path}: a voxel holds {values.max()}; 0 to {most} are accepted")
    return np.repeat(values > 0, lengths)


def _packed(full: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Pairs (value, length), runs beyond 255 in pieces."""
    starts = np.concatenate(([0], np.flatnonzero(full[1:] != full[:-1]) + 1))
    lengths = np.diff(np.append(starts, len(full)))
    pieces = -(-lengths // _LONGEST_RUN)
    pairs = np.full((int(pieces.sum()), 2), _LONGEST_RUN, np.uint8)
    pairs[:, 0] = np.repeat(full[starts], pieces)
    pairs[np.cumsum(pieces) - 1, 1] = lengths - _LONGEST_RUN * (pieces - 1)
    return pairs

"""What a rasterizing function accepts, brought into the one form that kernels take."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rrb._jit import run_parallel, split, threads
from rrb.errors import BadInputError, UnsupportedDeviceError
from rrb.geometry._arrays import is_tensor
from rrb.raster.topology import Topology, topology

MAX_SIDE = 32768
_KEPT_BYTES = 16_000_000
_workspace = threading.local()


@dataclass(frozen=True)
class Scene:
    """vertices (B, V, 3) contiguous float32 or float64; one Topology an image; the batch shape as given."""

    vertices: np.ndarray
    topologies: list[Topology]
    height: int
    width: int
    near: float  # 0 stands for the default
    batch: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.vertices)

    def empty(self, *trailing: int, dtype: Any = None) -> np.ndarray:
        shape = (len(self), self.height, self.width, *trailing)
        return np.empty(shape, dtype or self.vertices.dtype)

    def batched(self, array: np.ndarray) -> np.ndarray:
        """(B, ...) in the batch shape as given: (..., ...). Shaped before autograd sees it, it costs no node."""
        return array.reshape(*self.batch, *array.shape[1:])

    def flat(self, array: np.ndarray) -> np.ndarray:
        """The inverse of `batched`, contiguous."""
        return np.ascontiguousarray(array).reshape(len(self), *array.shape[len(self.batch) :])

    def for_each_image(self, draw: Callable[[int], None]) -> None:
        """Call draw(image) for every image of the batch, in parallel."""
        run_parallel(draw, len(self))

    def for_each_band(
        self,
        draw: Callable[[int, int, int], None],
        before: Callable[[int], None] | None = None,
        after: Callable[[int], None] | None = None,
        pays_from_pixels: int = 1_000_000,
    ) -> None:
        """Call draw(image, row_from, row_to) so that every row is drawn, in parallel.

        An image is one band, or several where threads would idle and the picture has as many pixels as pay
        for waking them. before(image) has returned when the image's first band begins, and after(image) is
        called when its last has returned.
        """
        bands = threads() if len(self) < threads() and self.height * self.width >= pays_from_pixels else 1
        if bands == 1:
            self.for_each_image(lambda i: _in_turn(i, self.height, before, draw, after))
            return
        pieces = [(i, *rows) for i in range(len(self)) for rows in split(self.height, bands)]
        if before is not None:
            self.for_each_image(before)
        run_parallel(lambda k: draw(*pieces[k]), len(pieces))
        if after is not None:
            self.for_each_image(after)

    def add_up(
        self, add: Callable[[int, int, int, np.ndarray], None], count: int, grad_vertices: np.ndarray
    ) -> None:
        """Call add(image, start, stop, grad (V, 3)) for parts of 0..count, in parallel; sum into (B, V, 3).

        The gradient of an image is always the sum of four parts, added in order, so that its bits depend
        neither on the threads nor on the batch.
        """
        parts = split(count, 4)

        def image(i: int) -> None:
            for start, stop in parts:
                one = np.zeros(grad_vertices.shape[1:])
                add(i, start, stop, one)
                grad_vertices[i] += one

        if len(self) != 1:
            self.for_each_image(image)
            return
        sums = np.zeros((len(parts), *grad_vertices.shape[1:]))
        run_parallel(lambda k: add(0, *parts[k], sums[k]), len(parts))
        for one in sums:
            grad_vertices[0] += one


def _in_turn(i: int, height: int, before: Any, draw: Any, after: Any) -> None:
    if before is not None:
        before(i)
    draw(i, 0, height)
    if after is not None:
        after(i)


def as_numpy(array: Any, what: str) -> np.ndarray:
    """A view on the array's memory. A tensor on a device without kernels is refused, never copied."""
    if not is_tensor(array):
        try:
            return np.asarray(array)
        except ValueError:
            raise BadInputError(f"{what} is ragged; rows of equal length are accepted") from None
    if array.device.type != "cpu":
        raise UnsupportedDeviceError(
            f"{what} is on {array.device} but there are kernels for cpu only: move it with .cpu()"
        )
    if array.dtype not in (sys.modules["torch"].float16, sys.modules["torch"].bfloat16):
        return array.detach().numpy()
    raise BadInputError(f"{what} has dtype {array.dtype}; float32 and float64 are accepted")


def scene(vertices_px: Any, faces: Any, size: tuple[int, int], near: float | None) -> Scene:
    """Check vertices_px (..., V, 3), faces (F, 3) or (..., F, 3), size (height, width) and near."""
    vertices = as_numpy(vertices_px, "vertices_px")
    if vertices.ndim < 2 or vertices.shape[-1] != 3:
        raise BadInputError(f"vertices_px has shape {vertices.shape}; (..., V, 3) is accepted")
    if vertices.dtype not in (np.float32, np.float64):
        raise BadInputError(f"vertices_px has dtype {vertices.dtype}; float32 and float64 are accepted")
    height, width = _checked_size(size)
    near = 0.0 if near is None else positive(near, "near", "a positive distance or None")
    batch = vertices.shape[:-2]
    if not vertices.flags.writeable:
        vertices = vertices.copy()  # Numba takes a read-only array for another type, and compiles anew
    flat = np.ascontiguousarray(vertices).reshape(math.prod(batch), *vertices.shape[-2:])
    return Scene(flat, _topologies(faces, batch, flat.shape), height, width, near, batch)


def positive(value: Any, name: str, accepted: str = "a positive number") -> float:
    """A finite number above zero as a float: one type, so that no kernel is compiled for another."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0.0 < number < math.inf:
        raise BadInputError(f"{name} is {value}; {accepted} is accepted")
    return number


def _checked_size(size: Any) -> tuple[int, int]:
    try:
        height, width = (int(side) for side in size)
    except (TypeError, ValueError, OverflowError):
        raise BadInputError(f"size is {size!r}; (height, width) in whole pixels is accepted") from None
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE and (height, width) == tuple(size)):
        raise BadInputError(f"size is {size!r}; (height, width) from 1 to {MAX_SIDE} each is accepted")
    return height, width


def _topologies(faces: Any, batch: tuple[int, ...], shape: tuple[int, ...]) -> list[Topology]:
    array = as_numpy(faces, "faces")
    if array.ndim < 2 or array.shape[-1] != 3 or array.dtype.kind not in "iu":
        raise BadInputError(
            f"faces has shape {array.shape} and dtype {array.dtype}; whole numbers (F, 3) or (..., F, 3) are accepted"
        )
    if array.ndim == 2:
        return [topology(array, shape[1])] * shape[0]
    if array.shape[:-2] != batch:
        raise BadInputError(f"faces has batch shape {array.shape[:-2]} but vertices_px has {batch}")
    return [topology(one, shape[1]) for one in array.reshape(math.prod(batch), *array.shape[-2:])]


def workspace(name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Memory that this thread reuses under `name`, holding anything, valid until the next call.

    Touching fresh memory costs several times what writing a small picture does.
    """
    kept = getattr(_workspace, name, None)
    if kept is None or kept.shape != shape or kept.dtype != dtype:
        kept = np.empty(shape, dtype)
        if kept.nbytes <= _KEPT_BYTES:
            setattr(_workspace, name, kept)
    return kept

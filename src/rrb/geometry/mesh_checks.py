"""What the arrays of a mesh must be: each function returns the array or raises one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import is_tensor, numpy_view


def checked_vertices(vertices: Any) -> Any:
    """(V, 3) finite float32 or float64, as given; integers become float64."""
    if not is_tensor(vertices):
        vertices = _as_array(vertices, "vertices")
        if vertices.dtype.kind in "iu":
            vertices = vertices.astype(np.float64)
    numbers = _float_numpy(vertices, "vertices")
    _require_shape(numbers, ("V", 3), "vertices have")
    if not np.isfinite(numbers).all():
        bad = int((~np.isfinite(numbers).all(axis=1)).argmax())
        raise BadInputError(f"vertex {bad} is {numbers[bad].tolist()}; finite coordinates are accepted")
    return vertices


def checked_faces(faces: Any, n_vertices: int) -> Any:
    """(F, 3) int32 or int64, as given, at least one, each naming vertices that exist."""
    if not is_tensor(faces):
        faces = _as_array(faces, "faces")
        if faces.dtype.kind in "iu" and faces.dtype not in (np.int32, np.int64):
            faces = faces.astype(np.int64)
    numbers = numpy_view(faces)
    if numbers.size == 0:
        raise BadInputError("there are no faces; at least one is needed")
    if numbers.dtype not in (np.int32, np.int64):
        raise BadInputError(f"faces have the type {faces.dtype}; int32 and int64 are accepted")
    _require_shape(numbers, ("F", 3), "faces have")
    low, high = int(numbers.min()), int(numbers.max())
    if low < 0 or high >= n_vertices:
        bad = int(((numbers < 0) | (numbers >= n_vertices)).any(axis=1).argmax())
        raise BadInputError(
            f"face {bad} names the vertices {numbers[bad].tolist()}; with {n_vertices} vertices"
            f" 0 to {n_vertices - 1} are accepted"
        )
    return faces


def checked_colours(colours: Any, n_vertices: int) -> Any:
    """(V, 3) float in [0, 1], as given."""
    if not is_tensor(colours):
        colours = _as_array(colours, "vertex_colours")
    numbers = _float_numpy(colours, "vertex_colours")
    _require_shape(numbers, (n_vertices, 3), "vertex_colours have")
    if not ((numbers >= 0) & (numbers <= 1)).all():
        raise BadInputError(
            f"vertex_colours reach from {numbers.min()} to {numbers.max()}; 0 to 1 is accepted"
        )
    return colours


def checked_uv(uv: Any, n_faces: int) -> Any:
    """(F, 3, 2) finite float, as given."""
    if not is_tensor(uv):
        uv = _as_array(uv, "uv")
    numbers = _float_numpy(uv, "uv")
    _require_shape(numbers, (n_faces, 3, 2), "uv have")
    if not np.isfinite(numbers).all():
        raise BadInputError("uv hold numbers that are not finite; finite ones are accepted")
    return uv


def checked_texture(texture: Any, has_uv: bool) -> Any:
    """(H, W, 3) uint8, as given, at least one pixel."""
    if not is_tensor(texture):
        texture = _as_array(texture, "the texture")
    numbers = numpy_view(texture)
    if numbers.dtype != np.uint8 or numbers.ndim != 3 or numbers.shape[2] != 3 or numbers.size == 0:
        raise BadInputError(
            f"the texture is {texture.dtype} of shape {tuple(numbers.shape)}; uint8 (H, W, 3) is accepted"
        )
    if not has_uv:
        raise BadInputError("a texture comes without uv; uv (F, 3, 2) say where each corner lies in it")
    return texture


def _as_array(value: Any, what: str) -> NDArray:
    try:
        return np.asarray(value)
    except ValueError:
        raise BadInputError(f"{what} are rows of different lengths; one array is accepted") from None


def _float_numpy(array: Any, what: str) -> NDArray:
    if str(array.dtype).removeprefix("torch.") not in ("float32", "float64"):
        raise BadInputError(f"{what} have the type {array.dtype}; float32 and float64 are accepted")
    return numpy_view(array)


def _require_shape(array: NDArray, shape: tuple[int | str, ...], what: str) -> None:
    fits = array.ndim == len(shape) and all(
        isinstance(want, str) or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        accepted = ", ".join(map(str, shape))
        raise BadInputError(f"{what} the shape {tuple(array.shape)}; ({accepted}) is accepted")

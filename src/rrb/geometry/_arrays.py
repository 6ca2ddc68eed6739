"""One code for NumPy arrays and torch tensors: what was given comes back, and torch is never imported.

The functions of a `namespace` are called by position where the two libraries name an axis differently.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError


def is_tensor(value: Any) -> bool:
    """Whether `value` is a torch tensor; whoever holds one has imported torch already."""
    tensor = getattr(sys.modules.get("torch"), "Tensor", None)
    return tensor is not None and isinstance(value, tensor)


def namespace(*values: Any) -> Any:
    """torch if any of the values is a tensor, numpy otherwise."""
    return sys.modules["torch"] if any(map(is_tensor, values)) else np


def alike(*values: Any) -> tuple[Any, ...]:
    """The values as floating arrays of one kind and type: tensors if there is a tensor, else NumPy arrays.

    Tensors decide over arrays, floats over integers, and what has axes over what has none; lists and numbers
    follow. Where nothing decides, float64.
    """
    xp = namespace(*values)
    deciding = [v for v in values if (is_tensor(v) if xp is not np else isinstance(v, np.ndarray))]
    floating = [v for v in deciding if (v.is_floating_point() if xp is not np else v.dtype.kind == "f")]
    with_axes = [v for v in floating if v.ndim] or floating
    promote: Callable = np.promote_types if xp is np else xp.promote_types
    dtype = reduce(promote, (v.dtype for v in with_axes)) if with_axes else xp.float64
    if xp is np:
        return tuple(_array(v).astype(dtype, copy=False) for v in values)
    device = deciding[0].device
    # A copy, since torch warns about arrays that cannot be written.
    tensors = (v if is_tensor(v) else xp.from_numpy(np.array(_array(v))) for v in values)
    return tuple(v.to(dtype=dtype, device=device) for v in tensors)


def spread(*values: Any) -> tuple[Any, ...]:
    """The values `alike` and of one shape."""
    arrays = alike(*values)
    try:
        shape = np.broadcast_shapes(*(tuple(v.shape) for v in arrays))
    except ValueError:
        shapes = ", ".join(str(tuple(v.shape)) for v in arrays)
        raise BadInputError(
            f"shapes {shapes} do not go together; equal ones or numbers are accepted"
        ) from None
    return tuple(namespace(*arrays).broadcast_to(v, shape) for v in arrays)


def common_shape(what: str, *shapes: Any) -> tuple[int, ...]:
    """What batch shapes broadcast to; `what` names their owners in the refusal."""
    try:
        return np.broadcast_shapes(*map(tuple, shapes))
    except ValueError:
        listed = ", ".join(str(tuple(shape)) for shape in shapes)
        raise BadInputError(
            f"the batch shapes of {what} are {listed}; equal ones, or one for all, are accepted"
        ) from None


def require_last(array: Any, size: int, what: str) -> None:
    """Refuse an array that is not (..., size)."""
    if tuple(array.shape[-1:]) != (size,):
        raise BadInputError(f"{what} have the shape {tuple(array.shape)}; (..., {size}) is accepted")


def require_finite(what: str, *arrays: Any) -> None:
    """Refuse arrays, of NumPy or torch, that hold NaN or infinity."""
    if not all(bool(namespace(array).isfinite(array).all()) for array in arrays):
        raise BadInputError(f"{what} hold numbers that are not finite; finite ones are accepted")


def as_numpy(value: Any) -> NDArray[np.float64]:
    """A float64 copy in NumPy, without gradient."""
    if is_tensor(value):
        value = value.detach().cpu().double().numpy()
    return np.array(_array(value), dtype=np.float64)


def numpy_view(value: Any) -> NDArray:
    """The same numbers in NumPy, without gradient; no copy where the memory can be shared."""
    return np.asarray(value.detach().cpu() if is_tensor(value) else value)


def finite_float(value: Any) -> float | None:
    """A Python or NumPy number as a float; None for what is no number, not finite, or beyond a float's range."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def length(vectors: Any) -> Any:
    """Euclidean length over the last axis; its gradient at 0 is 0."""
    xp = namespace(vectors)
    return safe_sqrt((vectors * vectors).sum(-1), xp)


def safe_sqrt(squares: Any, xp: Any) -> Any:
    """The root of numbers >= 0; its gradient at 0 is 0."""
    positive = squares > 0
    return xp.where(positive, xp.sqrt(xp.where(positive, squares, xp.ones_like(squares))), 0.0 * squares)


def take_along_last(array: Any, index: Any) -> Any:
    xp = namespace(array)
    return np.take_along_axis(array, index, -1) if xp is np else xp.take_along_dim(array, index, -1)


def _array(value: Any) -> NDArray:
    """An array of numbers; anything else is refused."""
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise BadInputError(f"{short(value)} is not an array of numbers: {error}") from None
    if array.dtype.kind not in "biuf":
        raise BadInputError(f"{short(value)} is not an array of real numbers")
    return array


def short(value: Any) -> str:
    """A value as one line of a message."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an integer with thousands of digits
        text = "a huge number"
    return text if len(text) <= 60 else text[:57] + "..."

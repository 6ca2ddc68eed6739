"""Matlab's files (version 5) as plain Python: structs become dictionaries, arrays of structs and cells lists."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from rrb.errors import BadFileError
from rrb.geometry.files import read_bytes

_MOST_BYTES = 1 << 28


def load_variable(path: Path, name: str) -> Any:
    """One variable: dict, list, str, number, array; None for Matlab's empty ones."""
    from scipy.io import loadmat  # type: ignore[import-untyped]  # which scikit-image brings along

    data = read_bytes(path, _MOST_BYTES)
    try:
        held = loadmat(io.BytesIO(data), variable_names=[name], squeeze_me=True, struct_as_record=False)
    except Exception as error:  # whatever a damaged file makes it raise
        reason = str(error).partition("\n")[0][:100]
        raise BadFileError(f"{path}: it is no whole Matlab file of version 5 ({reason})") from error
    if name not in held:
        raise BadFileError(f"{path}: it holds no variable {name!r}")
    return _plain(held[name])


def _plain(value: Any) -> Any:
    if hasattr(value, "_fieldnames"):
        return {name: _plain(getattr(value, name)) for name in value._fieldnames}
    if not isinstance(value, np.ndarray):
        return value.item() if isinstance(value, np.generic) else value
    if value.size == 0:
        return None
    if value.dtype == object:
        return [_plain(each) for each in value.ravel()]
    return value.item() if value.ndim == 0 else value

"""Matlab's files (version 5) as plain Python: structs become dictionaries, arrays of structs and cells lists.

A file is a header of 128 bytes and elements: a type, a number of bytes, the bytes, filled up to 8. An array is an
element that holds elements: flags with its class, dimensions, name, then its contents. Compressed elements hold
another one. Read here and not by SciPy, which a damaged file can crash instead of being refused.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rrb.errors import BadFileError, BadInputError
from rrb.geometry.files import read_bytes

_MOST_BYTES = 1 << 26  # in a file, and unpacked
_MOST_DEPTH = 32
_HEADER_BYTES = 128
_INT8, _UINT8, _UINT16, _MATRIX, _COMPRESSED, _UTF8 = 1, 2, 4, 14, 15, 16
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXTS = {_INT8: "latin-1", _UINT8: "latin-1", _UINT16: "utf-16", _UTF8: "utf-8"}
_CELL, _STRUCT, _CHAR, _FIRST_NUMBER, _LAST_NUMBER = 1, 2, 4, 6, 15
_LOGICAL = 1 << 9
_COMPLEX = 1 << 11


class _Element(NamedTuple):
    type: int
    data: memoryview


def load_variable(path: Path, name: str) -> Any:
    """One variable: dict, list, str, bool, number, array without axes of length 1; None for Matlab's empty ones."""
    data = read_bytes(path, _MOST_BYTES)
    try:
        if len(data) < _HEADER_BYTES or data[126:128] not in (b"IM", b"MI"):
            raise BadInputError("its header is another")
        order = "<" if data[126:128] == b"IM" else ">"
        for element in _elements(memoryview(data)[_HEADER_BYTES:], order):
            found, value = _array(_unpacked(element, order), order, 0)
            if found == name:
                return value
    except (BadInputError, ValueError, struct.error, zlib.error) as error:
        raise BadFileError(f"{path}: it is no whole Matlab file of version 5 ({str(error)[:100]})") from error
    raise BadFileError(f"{path}: it holds no variable {name!r}")


# --- elements -------------------------------------------------------------------------------------


def _elements(data: memoryview, order: str) -> Iterator[_Element]:
    """One after the other; compressed ones are not filled up."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from(order + "II", data, at)
        if kind >> 16:  # a small one: type and size share four bytes, the next four are the data
            kind, size, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
            if size > 4:
                raise BadInputError(f"a small element holds {size} bytes")
        else:
            start = at + 8
            end = start + size + (-size % 8 if kind != _COMPRESSED else 0)
        if start + size > len(data):
            raise BadInputError("it is cut off")
        yield _Element(kind, data[start : start + size])
        at = end


def _unpacked(element: _Element, order: str) -> _Element:
    if element.type != _COMPRESSED:
        return element
    engine = zlib.decompressobj()
    inner = engine.decompress(element.data, _MOST_BYTES)
    if not engine.eof:
        raise BadInputError(f"a compressed element is cut off, or larger than {_MOST_BYTES} bytes")
    return next(_elements(memoryview(inner), order), _Element(0, memoryview(b"")))


# --- arrays ---------------------------------------------------------------------------------------


def _array(element: _Element, order: str, depth: int) -> tuple[str, Any]:
    """(name, value) of an array element."""
    if element.type != _MATRIX or depth > _MOST_DEPTH:
        raise BadInputError(f"an element has the type {element.type} where an array is expected")
    if not len(element.data):
        return "", None
    parts = _elements(element.data, order)
    flags = int(_values(_next(parts), order)[0])
    shape = tuple(int(n) for n in _values(_next(parts), order))
    name = bytes(_next(parts).data).decode("latin-1")
    return name, _content(flags, shape, parts, order, depth)


def _content(flags: int, shape: tuple[int, ...], parts: Iterator[_Element], order: str, depth: int) -> Any:
    kind = flags & 0xFF
    count = 1
    for length in shape:
        count *= length
    if not shape or min(shape) < 0 or count > _MOST_BYTES:
        raise BadInputError(f"an array has the shape {shape}")
    if kind == _STRUCT:
        return _structs(count, parts, order, depth)
    if count == 0:
        return "" if kind == _CHAR else None
    if kind == _CELL:
        return [_array(_next(parts), order, depth + 1)[1] for _ in range(count)]
    if kind == _CHAR:
        return _text(_next(parts), order, count)
    if not _FIRST_NUMBER <= kind <= _LAST_NUMBER or flags & _COMPLEX:
        raise BadInputError(
            f"an array is of Matlab's class {kind}; numbers, texts, structs and cells are accepted"
        )
    values = _values(_next(parts), order).reshape(shape, order="F").squeeze()
    values = values.astype(bool) if flags & _LOGICAL else values
    return values.item() if values.ndim == 0 else values


def _structs(count: int, parts: Iterator[_Element], order: str, depth: int) -> Any:
    """One as a dictionary, several as a list of them, none as None."""
    length = int(_values(_next(parts), order)[0])
    names = bytes(_next(parts).data)
    if length < 1 or len(names) % length:
        raise BadInputError(f"the names of a struct's fields have the length {length}")
    fields = [
        names[i : i + length].partition(b"\0")[0].decode("latin-1") for i in range(0, len(names), length)
    ]
    if count > 1 and not fields:
        raise BadInputError(f"{count} structs have no fields")
    found = [{field: _array(_next(parts), order, depth + 1)[1] for field in fields} for _ in range(count)]
    return None if not found else found[0] if count == 1 else found


def _text(element: _Element, order: str, count: int) -> str:
    if element.type not in _TEXTS:
        raise BadInputError(f"a text is stored as the type {element.type}")
    coding = _TEXTS[element.type]
    if coding == "utf-16":
        coding += "-le" if order == "<" else "-be"
    text = bytes(element.data).decode(coding)
    if len(text) != count:
        raise BadInputError(f"a text has {len(text)} letters, not {count}")
    return text


def _values(element: _Element, order: str) -> np.ndarray:
    if element.type not in _NUMBERS:
        raise BadInputError(f"numbers are stored as the type {element.type}")
    values = np.frombuffer(element.data, order + _NUMBERS[element.type])
    if not len(values):
        raise BadInputError("an element holds no numbers")
    return values


def _next(parts: Iterator[_Element]) -> _Element:
    element = next(parts, None)
    if element is None:
        raise BadInputError("an array is cut off")
    return element

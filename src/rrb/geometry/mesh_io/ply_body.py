"""The body of a PLY file as columns.

What the header promises is held against the bytes that are there before anything is allocated.
"""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError
from rrb.geometry.mesh_io import text
from rrb.geometry.mesh_io.ply_header import ENCODINGS, Element, Header

# A number a row, or for a list (how many a row, all of them end to end).
Columns = dict[str, NDArray | tuple[NDArray[np.int64], NDArray]]


# --- text -----------------------------------------------------------------------------------------


def read_text(path: Path, header: Header, data: bytes, start: int) -> dict[str, Columns]:
    """Element -> columns; a line each."""
    text.require_size(path, len(data))
    rows, lines = [], []
    for number, line in enumerate(data[start:].splitlines(), header.n_lines + 1):
        if line.strip():
            rows.append(line)
            lines.append(number)
    promised = sum(element.count for element in header.elements)
    if promised != len(rows):
        raise BadFileError(f"{path}: its header promises {promised} lines but {len(rows)} follow")
    columns, at = {}, 0
    for element in header.elements:
        end = at + element.count
        if element.count:
            columns[element.name] = _text_columns(element, text.table(path, rows[at:end], lines[at:end]))
        at = end
    return columns


def _text_columns(element: Element, table: text.Table) -> Columns:
    columns: Columns = {}
    at, ends = table.starts.copy(), table.starts + table.counts
    for wanted in element.properties:
        _require_room(element, table, at < ends)
        head = table.values[at]
        at += 1
        if wanted.count_type is None:
            columns[wanted.name] = _in_range(head, wanted.type, table)
            continue
        _require_room(element, table, (head >= 0) & text.whole_numbers(head) & (head <= ends - at))
        counts = head.astype(np.int64)
        offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        columns[wanted.name] = (counts, table.values[np.repeat(at, counts) + offset])
        at += counts
    _require_room(element, table, at == ends)
    return columns


def _require_room(element: Element, table: text.Table, fits: NDArray[np.bool_]) -> None:
    if not fits.all():
        at = int((~fits).argmax())
        raise table.row(at).refuse(
            f"{table.counts[at]} numbers are not the {len(element.properties)} properties"
            f" of a {element.name[:40]!r}"
        )


def _in_range(values: NDArray[np.float64], code: str, table: text.Table) -> NDArray:
    """Integers as the type that the header says, so that 255 of an uchar is full; floats stay float64."""
    if code[0] == "f":
        return values
    limits = np.iinfo(code)
    wrong = ~((values >= limits.min) & (values <= limits.max) & text.whole_numbers(values))
    if wrong.any():
        at = int(wrong.argmax())
        raise table.row(at).refuse(f"{values[at]:g} where {limits.min} to {limits.max} are accepted")
    return values.astype(code)


# --- binary ---------------------------------------------------------------------------------------


def read_binary(path: Path, header: Header, data: bytes, start: int) -> dict[str, Columns]:
    """Element -> columns, in native byte order."""
    _require_bytes(path, header, len(data) - start)
    order, columns, at = ENCODINGS[header.encoding], {}, start
    for element in header.elements:
        if not element.count:
            continue
        columns[element.name], at = _binary_columns(path, element, data, at, order)
    if data[at:].strip():
        raise BadFileError(
            f"{path}: {len(data) - at} bytes follow what its header promises; none are accepted"
        )
    return columns


def _require_bytes(path: Path, header: Header, available: int) -> None:
    """Refuse a header that promises more than follows, even if all its lists were empty."""
    least = 0
    for element in header.elements:
        a_row = sum(np.dtype(p.count_type or p.type).itemsize for p in element.properties)
        least += a_row * element.count
        if least > available:
            raise BadFileError(
                f"{path}: its header promises {element.count} of {element.name[:40]!r}, at least"
                f" {least} bytes with what comes before them, but {available} follow"
            )


def _binary_columns(path: Path, element: Element, data: bytes, at: int, order: str) -> tuple[Columns, int]:
    """Rows whose lists are all as long as the first row's are one table; others are walked through."""
    lengths = _walk(path, element, data, at, order, rows=1)[0]
    fields: list[tuple] = []
    for i, (wanted, length) in enumerate(zip(element.properties, lengths[0], strict=True)):
        if wanted.count_type is None:
            fields.append((f"{i}", order + wanted.type))
        else:
            fields += [(f"{i}n", order + wanted.count_type), (f"{i}", order + wanted.type, (int(length),))]
    size = np.dtype(fields).itemsize * element.count
    if size <= len(data) - at:
        rows = np.frombuffer(data, fields, element.count, at)
        lists = [i for i, wanted in enumerate(element.properties) if wanted.count_type]
        if all((rows[f"{i}n"] == lengths[0, i]).all() for i in lists):
            return _table_columns(element, rows), at + size
    return _ragged_columns(path, element, data, at, order)


def _table_columns(element: Element, rows: NDArray) -> Columns:
    columns: Columns = {}
    for i, wanted in enumerate(element.properties):
        values = rows[f"{i}"].astype(wanted.type)
        if wanted.count_type is None:
            columns[wanted.name] = values
        else:
            columns[wanted.name] = (rows[f"{i}n"].astype(np.int64), values.ravel())
    return columns


def _ragged_columns(path: Path, element: Element, data: bytes, at: int, order: str) -> tuple[Columns, int]:
    lengths, starts, end = _walk(path, element, data, at, order, element.count)
    raw = np.frombuffer(data, np.uint8)
    columns: Columns = {}
    for i, wanted in enumerate(element.properties):
        size = np.dtype(wanted.type).itemsize
        n_bytes = lengths[:, i] * size
        offset = np.arange(n_bytes.sum()) - np.repeat(np.cumsum(n_bytes) - n_bytes, n_bytes)
        values = raw[np.repeat(starts[:, i], n_bytes) + offset].view(order + wanted.type).astype(wanted.type)
        columns[wanted.name] = values if wanted.count_type is None else (lengths[:, i], values)
    return columns, end


def _walk(
    path: Path, element: Element, data: bytes, at: int, order: str, rows: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """How many numbers each property of each row has and where they start, (rows, P) each, and the end."""
    import struct

    steps = [
        (
            struct.Struct(order + np.dtype(p.count_type).char) if p.count_type else None,
            np.dtype(p.type).itemsize,
        )
        for p in element.properties
    ]
    lengths, starts = array("q"), array("q")  # a fifth of what lists of integers take
    try:
        for _ in range(rows):
            for count, size in steps:
                length = 1
                if count is not None:
                    (length,) = count.unpack_from(data, at)
                    at += count.size
                if not 0 <= length * size <= len(data) - at:
                    raise struct.error("negative or past the end")
                lengths.append(length)
                starts.append(at)
                at += length * size
    except struct.error:
        row = len(starts) // len(steps)
        raise BadFileError(
            f"{path}: {element.name[:40]!r} {row} of {element.count} does not fit"
            f" into the file's {len(data)} bytes"
        ) from None
    shape = (rows, len(steps))
    return np.frombuffer(lengths, np.int64).reshape(shape), np.frombuffer(starts, np.int64).reshape(shape), at

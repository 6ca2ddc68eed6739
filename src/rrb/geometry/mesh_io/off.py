"""OFF: text; a line a vertex, a line a polygon."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError
from rrb.geometry._arrays import numpy_view
from rrb.geometry.files import read_bytes, write_bytes
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_io import text
from rrb.geometry.mesh_io.polygons import colours_in_unit_range, fan
from rrb.geometry.mesh_io.text import Table, shown

# Some well-known collections forget the line end: "OFF490 518 0".
_HEADER = re.compile(rb"(ST)?(C)?(N)?OFF(?![A-Za-z])\s*(.*)")


def read(path: Path) -> Mesh:
    """OFF, COFF, NOFF and STOFF; comments, counts on the first line. Colours of faces are left out."""
    data = read_bytes(path, text.MOST_BYTES)
    if b"\0" in data:
        raise BadFileError(f"{path}: it holds binary data; an .off file of text is accepted")
    rows, lines = _rows(data)
    header = _HEADER.fullmatch(rows[0]) if rows else None
    if header is None:
        raise BadFileError(f"{path}: it starts with {shown(rows[0] if rows else b'')}; OFF is accepted")
    skip = 1
    counts = header[4]
    if not counts:
        counts, skip = (rows[1] if len(rows) > 1 else b""), 2
    n_vertices, n_faces = _promised(path, counts, len(rows) - skip)
    end = skip + n_vertices
    colour_at = (6 if header[3] else 3) if header[2] else None
    plain = 3 + 3 * bool(header[3]) + 2 * bool(header[1])
    table = text.table(path, rows[skip:end], lines[skip:end])
    vertices, colours, notes = _vertices(table, colour_at, plain)
    polygons = text.table(path, rows[end : end + n_faces], lines[end : end + n_faces])
    faces, more = _faces(polygons)
    if header[1]:
        more += ("the file's texture coordinates were left out",)
    return Mesh(vertices, faces, colours, name=str(path), notes=notes + more)


def _rows(data: bytes) -> tuple[list[bytes], list[int]]:
    """What is neither blank nor comment, and the numbers of the lines."""
    rows, lines = [], []
    for number, line in enumerate(data.splitlines(), 1):
        row = line.partition(b"#")[0].strip()
        if row:
            rows.append(row)
            lines.append(number)
    return rows, lines


def _promised(path: Path, counts: bytes, n_rows: int) -> tuple[int, int]:
    match = re.fullmatch(rb"(\d{1,15})\s+(\d{1,15})(\s+\d{1,15})?", counts)
    if match is None:
        raise BadFileError(
            f"{path}: its header counts {shown(counts)}; numbers of vertices, faces and edges are accepted"
        )
    n_vertices, n_faces = int(match[1]), int(match[2])
    if not n_vertices or not n_faces:
        raise BadFileError(f"{path}: it holds no {'faces' if n_vertices else 'vertices'}; one is needed")
    if n_vertices + n_faces != n_rows:
        raise BadFileError(
            f"{path}: its header promises {n_vertices} vertices and {n_faces} faces but {n_rows} lines follow"
        )
    return n_vertices, n_faces


def _vertices(
    table: Table, colour_at: int | None, plain: int
) -> tuple[NDArray, NDArray | None, tuple[str, ...]]:
    """plain: how many numbers the header announces without colours."""
    least = 3 if colour_at is None else colour_at + 3
    if (table.counts < least).any():
        at = int((table.counts < least).argmax())
        raise table.row(at).refuse(f"a vertex of {table.counts[at]} numbers; {least} or more are accepted")
    if colour_at is None:
        more = "what follows a vertex's position, as colours do where the header says COFF, was left out"
        return table.columns(0, 3), None, (more,) if (table.counts > plain).any() else ()
    colours, notes = colours_in_unit_range(table.columns(colour_at, colour_at + 3), table.path)
    return table.columns(0, 3), colours, notes


def _faces(table: Table) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    corners = table.values[table.starts]
    wrong = (corners < 3) | (corners > table.counts - 1) | ~text.whole_numbers(corners)
    if wrong.any():
        at = int(wrong.argmax())
        raise table.row(at).refuse(
            f"a face that says {corners[at]:g} corners in {table.counts[at]} numbers;"
            " the count of corners, at least 3, and as many vertices are accepted"
        )
    counts = corners.astype(np.int64)
    position = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    index = table.values[np.repeat(table.starts + 1, counts) + position]
    if not text.whole_numbers(index).all():
        bad = int((~text.whole_numbers(index)).argmax())
        at = int(np.repeat(np.arange(len(counts)), counts)[bad])
        raise table.row(at).refuse(f"a face names the vertex {index[bad]:g}; whole numbers are accepted")
    coloured = (table.counts > counts + 1).any()
    return index.astype(np.int64)[fan(counts)], (
        ("the file's face colours were left out",) if coloured else ()
    )


def write(mesh: Mesh, path: Path) -> None:
    """OFF, or COFF with colours from 0 to 1; every number with the digits that bring it back."""
    vertices, faces = numpy_view(mesh.vertices).astype(np.float64), numpy_view(mesh.faces)
    header = "OFF"
    if mesh.vertex_colours is not None:
        header = "COFF"
        # Readers expect four; the last is opacity.
        vertices = np.column_stack((vertices, numpy_view(mesh.vertex_colours), np.ones(len(vertices))))
    parts = (header, f"\n{len(vertices)} {len(faces)} 0\n", text.formatted("", vertices))
    write_bytes(path, ("".join(parts) + text.formatted("3 ", faces)).encode())

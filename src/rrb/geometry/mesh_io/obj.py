"""Wavefront OBJ: text; vertices, texture coordinates and faces by one-based or negative index."""

from __future__ import annotations

import codecs
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError
from rrb.geometry._arrays import numpy_view
from rrb.geometry.files import read_bytes, write_bytes
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_io import mtl, text
from rrb.geometry.mesh_io.polygons import colours_in_unit_range, fan
from rrb.geometry.mesh_io.text import Row, shown

_CORNER = re.compile(rb"(-?\d{1,15})(?:/(-?\d{1,15})?)?(?:/(?:-?\d{1,15})?)?")
_NOT_NEEDED = (0, 0)
# Groups, names, display and smoothing, and what belongs to curves: nothing that a mesh here holds.
_IGNORED = frozenset(
    b"v vt vn vp f fo g o s mg usemtl mtllib usemap maplib lod bevel c_interp d_interp shadow_obj trace_obj"
    b" cstype deg bmat step parm trim hole scrv sp end con ctech stech call csh".split()
)
_LEFT_OUT = {b"l": "lines", b"p": "points", b"curv": "curves", b"curv2": "curves", b"surf": "surfaces"}


@dataclass
class _Statements:
    """The rows of one keyword, each without it, and the numbers of their lines."""

    rows: list[bytes] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("q"))


def read(path: Path) -> Mesh:
    """Vertices as stored, also unused ones; groups are ignored. uv comes along where any corner has some."""
    data = read_bytes(path, text.MOST_BYTES).removeprefix(codecs.BOM_UTF8)
    if b"\0" in data:
        raise BadFileError(f"{path}: it holds binary data; an .obj file is text")
    v, vt, f = _Statements(), _Statements(), _Statements()
    seen = array("q")
    others: dict[bytes, list[bytes]] = {}
    _sort_lines(data, {b"v": v, b"vt": vt, b"f": f}, seen, others)
    if not v.rows or not f.rows:
        raise BadFileError(f"{path}: it holds no {'faces' if v.rows else 'vertices'}; at least one is needed")
    vertices, colours, notes = _vertices(path, v)
    corners, counts = _corners(
        path, f, np.frombuffer(seen, np.int64).reshape(-1, 2), len(vertices), len(vt.rows)
    )
    triangles = fan(counts)
    uv, uv_notes = _uv(path, vt, corners[:, 1][triangles])
    texture, texture_notes = mtl.texture(path, others) if uv is not None else (None, ())
    left_out = sorted({_LEFT_OUT[word] for word in others if word in _LEFT_OUT})
    notes += (
        _unknown(others)
        + uv_notes
        + texture_notes
        + tuple(f"the file's {what} were left out" for what in left_out)
    )
    return Mesh(vertices, corners[:, 0][triangles], colours, uv, texture, str(path), notes)


def _unknown(others: dict[bytes, list[bytes]]) -> tuple[str, ...]:
    """A note on keywords that no OBJ file knows."""
    words = [w for w in others if w and not w.startswith(b"#") and w not in _IGNORED and w not in _LEFT_OUT]
    if not words:
        return ()
    listed = ", ".join(map(shown, words[:5])) + (", ..." if len(words) > 5 else "")
    return (f"lines that start with {listed} were left out",)


def _sort_lines(
    data: bytes,
    wanted: dict[bytes, _Statements],
    seen: array[int],
    others: dict[bytes, list[bytes]],
) -> None:
    """Hand each line to its keyword; beside a face goes how many v and vt came before it (for -1)."""
    v, vt, f = wanted.values()
    for number, line in _logical_lines(data.replace(b"\t", b" ")):
        word, _, rest = line.lstrip().partition(b" ")
        statements = wanted.get(word)
        if statements is None:
            arguments = others.setdefault(word, [])
            if word in (b"mtllib", b"usemtl"):
                arguments.append(rest.strip())
            continue
        if b"#" in rest:
            rest = rest.partition(b"#")[0]
        statements.rows.append(rest)
        statements.lines.append(number)
        if statements is f:
            seen.extend((len(v.rows), len(vt.rows)) if b"-" in rest else _NOT_NEEDED)


def _logical_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(number, line): a line that ends in a backslash goes on in the next."""
    lines = data.splitlines()
    if b"\\\n" not in data and b"\\\r" not in data:
        yield from enumerate(lines, 1)
        return
    parts: list[bytes] = []
    for number, line in enumerate(lines, 1):
        parts.append(line[:-1] if line.endswith(b"\\") else line)
        if not line.endswith(b"\\"):
            yield number - len(parts) + 1, b" ".join(parts)
            parts = []
    if parts:
        yield len(lines) - len(parts) + 1, b" ".join(parts)


def _vertices(path: Path, v: _Statements) -> tuple[NDArray, NDArray | None, tuple[str, ...]]:
    """x y z, x y z w or x y z r g b; w is for curves and means nothing here."""
    table = text.table(path, v.rows, v.lines)
    table.require((3, 4, 6), "a vertex")
    vertices = table.columns(0, 3)
    coloured = table.counts == 6
    if coloured.all():
        colours, notes = colours_in_unit_range(table.columns(3, 6), path)
        return vertices, colours, notes
    if coloured.any():
        return (
            vertices,
            None,
            (f"only {coloured.sum()} of {len(table)} vertices have colours: none was kept",),
        )
    return vertices, None, ()


def _corners(
    path: Path, f: _Statements, seen: NDArray[np.int64], n_vertices: int, n_uv: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(C, 2) vertex and uv of each corner from 0, uv -1 where there is none; (F,) corners a face."""
    counts = np.fromiter(map(len, map(bytes.split, f.rows)), np.int64, len(f.rows))
    if counts.min() < 3:
        at = int(counts.argmin())
        raise Row(path, f.lines[at]).refuse(f"a face of {counts[at]} corners; 3 or more are accepted")
    tokens = b" ".join(f.rows).split()
    given = _plain_corners(tokens)
    if given is None:
        given = _any_corners(path, f, tokens)
    face_of = np.repeat(np.arange(len(counts)), counts)
    index = np.where(given < 0, given + seen[face_of], given - 1)
    for column, size, what in ((0, n_vertices, "vertex"), (1, n_uv, "texture coordinate")):
        wrong = (given[:, column] != 0) & ((index[:, column] < 0) | (index[:, column] >= size))
        if wrong.any():
            at = int(wrong.argmax())
            raise Row(path, f.lines[int(face_of[at])]).refuse(
                f"{shown(tokens[at])} names a {what} that is not there; the file has {size}"
            )
    return index, counts


def _plain_corners(tokens: list[bytes]) -> NDArray[np.int64] | None:
    """(C, 2) where all corners are vertex numbers alone, the most common and largest files; else None."""
    try:
        vertex = np.fromiter(map(int, tokens), np.int64, len(tokens))
    except (ValueError, OverflowError):
        return None
    if (vertex == 0).any() or any(b"_" in token for token in tokens):
        return None
    return np.stack((vertex, np.zeros_like(vertex)), axis=1)


def _any_corners(path: Path, f: _Statements, tokens: list[bytes]) -> NDArray[np.int64]:
    """(C, 2); a corner that comes many times, as in files with texture coordinates, is parsed once."""
    parsed = {token: _parse_corner(token) for token in set(tokens)}
    if None in parsed.values():
        raise _unreadable_corner(path, f, parsed)
    which = {token: i for i, token in enumerate(parsed)}
    return np.array(list(parsed.values()), np.int64)[np.fromiter(map(which.__getitem__, tokens), np.int64)]


def _parse_corner(token: bytes) -> tuple[int, int] | None:
    """v, v/t, v//n or v/t/n as (v, t), from 1 or negative; t is 0 where there is none."""
    match = _CORNER.fullmatch(token)
    if match is None or int(match[1]) == 0 or int(match[2] or 1) == 0:
        return None
    return int(match[1]), int(match[2] or 0)


def _unreadable_corner(path: Path, f: _Statements, parsed: dict) -> BadFileError:
    for row, line in zip(f.rows, f.lines, strict=True):
        for token in row.split():
            if parsed[token] is None:
                return Row(path, line).refuse(
                    f"{shown(token)} where v, v/t, v//n or v/t/n, counted from 1, is accepted"
                )
    raise AssertionError("all corners could be read")


def _uv(path: Path, vt: _Statements, index: NDArray[np.int64]) -> tuple[NDArray | None, tuple[str, ...]]:
    """(F, 3, 2) from (F, 3) indices, -1 for none."""
    if not vt.rows or (index < 0).all():
        return None, ()
    table = text.table(path, vt.rows, vt.lines)
    table.require((1, 2, 3), "a texture coordinate")
    flat = np.zeros((len(table) + 1, 2))  # the last is what -1 finds
    flat[:-1, 0] = table.columns(0, 1)[:, 0]
    two = table.counts >= 2
    flat[:-1, 1][two] = table.values[table.starts[two] + 1]
    bare = int((index < 0).any(axis=1).sum())
    note = f"{bare} faces have no texture coordinates and were given (0, 0), the texture's lower left"
    return flat[index], (note,) if bare else ()


def write(mesh: Mesh, path: Path) -> None:
    """Every number with the digits that bring it back; a texture as .mtl and .texture.png of the same name beside."""
    vertices, faces = numpy_view(mesh.vertices).astype(np.float64), numpy_view(mesh.faces).astype(np.int64)
    if mesh.vertex_colours is not None:
        vertices = np.concatenate((vertices, numpy_view(mesh.vertex_colours)), axis=1)
    parts = ["# metres unless said otherwise, y up\n", mtl.write(mesh, path), text.formatted("v ", vertices)]
    if mesh.uv is None:
        parts.append(text.formatted("f ", faces + 1))
    else:
        flat = numpy_view(mesh.uv).reshape(-1, 2).astype(np.float64)
        uv, index = np.unique(flat + 0.0, axis=0, return_inverse=True)
        parts.append(text.formatted("vt ", uv))
        both = np.stack((faces + 1, index.reshape(-1, 3) + 1), axis=2).reshape(-1, 6)
        parts.append("f %d/%d %d/%d %d/%d\n" * len(both) % tuple(both.ravel().tolist()))
    write_bytes(path, "".join(parts).encode("utf-8", "surrogateescape"))

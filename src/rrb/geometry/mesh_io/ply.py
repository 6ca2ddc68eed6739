"""PLY: vertices and polygons, text or binary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError
from rrb.geometry._arrays import numpy_view
from rrb.geometry.files import read_bytes, write_bytes
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_io import text
from rrb.geometry.mesh_io.ply_body import Columns, read_binary, read_text
from rrb.geometry.mesh_io.ply_header import Header, parse_header
from rrb.geometry.mesh_io.polygons import as_integer_colours, colours_in_unit_range, fan

_RGB = ("red", "green", "blue")
_UV_NAMES = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"))
_TEXTURED = {"texcoord"}.union(*_UV_NAMES)


def read(path: Path) -> Mesh:
    """Vertices, their colours, polygons, uv of vertices or corners; the notes name what else the file holds."""
    data = read_bytes(path)
    header, start = parse_header(path, data)
    if header.encoding == "ascii":
        columns = read_text(path, header, data, start)
    else:
        columns = read_binary(path, header, data, start)
    vertices, colours, notes = _vertices(path, columns["vertex"])
    index, triangles = _faces(path, columns["face"], len(vertices))
    uv = _uv(columns, index)
    if b"TextureFile" in data[:start]:
        notes += ("the texture that a comment of the file names was left out",)
    notes += _left_out(header, uv is not None)
    uv = None if uv is None else uv[triangles]
    return Mesh(vertices, index[triangles], colours, uv, name=str(path), notes=notes)


def _vertices(path: Path, columns: Columns) -> tuple[NDArray, NDArray | None, tuple[str, ...]]:
    if any(isinstance(columns.get(axis), tuple | None) for axis in "xyz"):
        raise BadFileError(f"{path}: its vertices have {', '.join(columns)}; x, y and z are needed")
    vertices = np.stack([np.asarray(columns[axis], np.float64) for axis in "xyz"], axis=1)
    if any(isinstance(columns.get(name), tuple | None) for name in _RGB):
        return vertices, None, ()
    colours, notes = colours_in_unit_range(np.stack([np.asarray(columns[name]) for name in _RGB], 1), path)
    return vertices, colours, notes


def _uv(columns: dict[str, Columns], index: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """(C, 2) of each corner: of a face's `texcoord`, u v u v ..., else of its vertex; None where unknown."""
    listed = columns["face"].get("texcoord")
    if isinstance(listed, tuple):
        counts, values = listed
        corners = columns["face"].get("vertex_indices", columns["face"].get("vertex_index"))
        if isinstance(corners, tuple) and np.array_equal(counts, 2 * corners[0]):
            return values.reshape(-1, 2).astype(np.float64)
    for names in _UV_NAMES:
        pair = [columns["vertex"].get(name) for name in names]
        if not any(isinstance(values, tuple | None) for values in pair):
            return np.stack([np.asarray(values, np.float64) for values in pair], axis=1)[index]
    return None


def _faces(path: Path, columns: Columns, n_vertices: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(C,) vertex of each corner, (T, 3) triangles as positions in that list."""
    corners = columns.get("vertex_indices", columns.get("vertex_index"))
    if not isinstance(corners, tuple):
        raise BadFileError(
            f"{path}: its faces have {', '.join(columns)};"
            " a list called vertex_indices or vertex_index is needed"
        )
    counts, index = corners
    if counts.min() < 3:
        raise BadFileError(
            f"{path}: face {int(counts.argmin())} has {counts.min()} corners; 3 or more are accepted"
        )
    wrong = ~((index >= 0) & (index < n_vertices) & text.whole_numbers(index.astype(np.float64)))
    if wrong.any():
        at = int(wrong.argmax())
        face = int(np.repeat(np.arange(len(counts)), counts)[at])
        raise BadFileError(
            f"{path}: face {face} names the vertex {index[at]:g}; 0 to {n_vertices - 1} are accepted"
        )
    return index.astype(np.int64), fan(counts)


def _left_out(header: Header, keeps_uv: bool) -> tuple[str, ...]:
    names = {e.name: {p.name for p in e.properties} for e in header.elements}
    notes = [f"the file's {n!r} was left out" for n in names if n not in ("vertex", "face")]
    if not keeps_uv and (names["vertex"] | names["face"]) & _TEXTURED:
        notes.append("the file's texture coordinates were left out")
    if names["face"] & set(_RGB):
        notes.append("the file's face colours were left out")
    return tuple(notes)


def write(mesh: Mesh, path: Path) -> None:
    """Binary little-endian; vertices in their own precision, colours as bytes where that loses nothing."""
    vertices, faces = numpy_view(mesh.vertices), numpy_view(mesh.faces)
    real = "double" if vertices.dtype == np.float64 else "float"
    fields = [(axis, vertices[:, i], real) for i, axis in enumerate("xyz")]
    if mesh.vertex_colours is not None:
        colours = numpy_view(mesh.vertex_colours)
        as_bytes = as_integer_colours(colours)
        kind = "double" if as_bytes is None else "uchar"
        fields += [(n, (colours if as_bytes is None else as_bytes)[:, i], kind) for i, n in enumerate(_RGB)]
    codes = {"double": "<f8", "float": "<f4", "uchar": "u1"}
    rows = np.empty(len(vertices), [(name, codes[kind]) for name, _, kind in fields])
    for name, values, _ in fields:
        rows[name] = values
    polygons = np.empty(len(faces), [("count", "u1"), ("index", "<i4", 3)])
    polygons["count"], polygons["index"] = 3, faces
    header = ["ply", "format binary_little_endian 1.0", "comment metres unless said otherwise"]
    header += [f"element vertex {len(rows)}", *(f"property {kind} {name}" for name, _, kind in fields)]
    header += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", ""]
    write_bytes(path, "\n".join(header).encode() + rows.tobytes() + polygons.tobytes())

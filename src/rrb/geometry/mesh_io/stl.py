"""STL: a list of triangles without shared vertices, text or binary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import numpy_view
from rrb.geometry.files import read_bytes, write_bytes
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_io import text
from rrb.geometry.mesh_io.text import Row, shown

_HEADER_BYTES = 84
_FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_PATTERN = (b"facet", b"outer", b"vertex", b"vertex", b"vertex", b"endloop", b"endfacet")


def read(path: Path) -> Mesh:
    """Three vertices of their own a face, as stored (`Mesh.merged` joins them); normals are not used."""
    data = read_bytes(path)
    promised = int.from_bytes(data[80:84], "little")
    is_binary = len(data) >= _HEADER_BYTES and len(data) == _HEADER_BYTES + _FACET.itemsize * promised
    if is_binary:  # asked first: many binary files start with "solid" too
        soup = np.frombuffer(data, _FACET, offset=_HEADER_BYTES)["corners"].astype(np.float64)
    elif data[:100].lstrip()[:5].lower() == b"solid" and b"\0" not in data:
        soup = _read_text(path, data)
    else:
        raise BadFileError(
            f"{path}: it is neither text that starts with 'solid' nor binary:"
            f" {len(data)} bytes where its header promises {promised} faces in"
            f" {_HEADER_BYTES + _FACET.itemsize * promised}"
        )
    return Mesh(soup.reshape(-1, 3), np.arange(soup.size // 3).reshape(-1, 3), name=str(path))


def _read_text(path: Path, data: bytes) -> NDArray[np.float64]:
    """(3 F, 3); every facet must be whole and the last solid ended."""
    text.require_size(path, len(data))
    words, rows, lines, last = [], [], [], b""
    for number, line in enumerate(data.splitlines(), 1):
        word, _, rest = line.replace(b"\t", b" ").strip().partition(b" ")
        word = word.lower()
        last = word or last
        if word in (b"", b"solid", b"endsolid"):
            continue
        words.append(word)
        if word != _PATTERN[(len(words) - 1) % 7]:
            raise Row(path, number).refuse(
                f"{shown(word)} where {_PATTERN[(len(words) - 1) % 7].decode()!r} is accepted"
            )
        if word == b"vertex":
            rows.append(rest)
            lines.append(number)
    if last != b"endsolid" or len(words) % 7:
        raise BadFileError(f"{path}: it is cut off; 'endsolid' is accepted as its last line")
    table = text.table(path, rows, lines)
    table.require((3,), "a vertex")
    return table.columns(0, 3)


def write(mesh: Mesh, path: Path) -> None:
    """Binary, corners in single precision, with the faces' normals; colours and texture are not kept."""
    facets = np.zeros(len(mesh.faces), _FACET)
    corners = numpy_view(mesh.vertices)[numpy_view(mesh.faces)]
    if abs(corners).max() > np.finfo(np.float32).max:
        raise BadInputError(f"{path}: a coordinate is {abs(corners).max():g}; .stl holds up to 3.4e38")
    facets["corners"] = corners
    facets["normal"] = numpy_view(mesh.face_normals())
    header = b"binary STL, metres unless said otherwise".ljust(80) + len(facets).to_bytes(4, "little")
    write_bytes(path, header + facets.tobytes())

"""GLB, the binary form of glTF 2.0: one file with a scene, its buffers and its pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rrb.errors import BadFileError, RrbError
from rrb.geometry.files import read_bytes, write_bytes
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_io.gltf_accessors import Gltf
from rrb.geometry.mesh_io.gltf_scene import flattened
from rrb.geometry.mesh_io.gltf_write import document

_MAGIC, _JSON, _BINARY = b"glTF", 0x4E4F534A, 0x004E4942


def read(path: Path) -> Mesh:
    """Every triangle of the default scene as one mesh, placed as its nodes say; see `gltf_scene`."""
    data = read_bytes(path)
    text, binary = b"", b""
    for i, (kind, chunk) in enumerate(_chunks(path, data)):
        if (i == 0) != (kind == _JSON):
            raise BadFileError(f"{path}: its first chunk, and no other, has to be JSON")
        if kind == _JSON:
            text = chunk
        elif kind == _BINARY and i == 1:
            binary = chunk
    try:
        return flattened(Gltf(path, json.loads(text), binary))
    except RrbError:
        raise
    # What JSON holds can have any shape: a string for a list, a float for an index, a nest a mile deep.
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        reason = f"{type(error).__name__}: {str(error)[:80]}".replace("\n", " ")
        raise BadFileError(f"{path}: its JSON is no valid glTF 2.0 ({reason})") from error


def _chunks(path: Path, data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, content) of each chunk; all of them are there in full."""
    if data[:4] != _MAGIC:
        raise BadFileError(f"{path}: it starts with {data[:4]!r}; a .glb file starts with {_MAGIC!r}")
    version, length = (int.from_bytes(data[i : i + 4], "little") for i in (4, 8))
    if len(data) < 20 or version != 2:
        raise BadFileError(f"{path}: glTF version {version} in {len(data)} bytes; version 2 is accepted")
    if length != len(data):
        raise BadFileError(f"{path}: its header promises {length} bytes but it has {len(data)}")
    at = 12
    while at < len(data):
        size, kind = (int.from_bytes(data[i : i + 4], "little") for i in (at, at + 4))
        if at + 8 + size > len(data):
            raise BadFileError(f"{path}: a chunk of {size} bytes at {at} does not fit into {len(data)}")
        yield kind, data[at + 8 : at + 8 + size]
        at += 8 + size


def write(mesh: Mesh, path: Path, extras: Mapping[str, Any] | None = None) -> None:
    """One node, one mesh, single precision, colours and texture inside; vertices on seams of uv repeat.

    extras: what else the file says about itself, as the asset's.
    """
    write_document(path, *document(mesh, path, extras))


def write_document(path: Path, content: dict, binary: bytes) -> None:
    text = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
    chunks = _chunk(_JSON, text, b" ") + _chunk(_BINARY, binary, b"\0")
    write_bytes(path, _MAGIC + _little(2) + _little(12 + len(chunks)) + chunks)


def _chunk(kind: int, content: bytes, filler: bytes) -> bytes:
    padded = content + filler * (-len(content) % 4)
    return _little(len(padded)) + _little(kind) + padded


def _little(value: Any) -> bytes:
    return int(value).to_bytes(4, "little")

"""A mesh as a glTF document with one node, and the bytes that it refers to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import numpy_view
from rrb.geometry.image_io import encode_png
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_io.gltf_scene import linear_from_srgb

_FLOAT, _UINT32 = 5126, 5125
_CORNERS, _INDICES = 34962, 34963


@dataclass
class Buffer:
    """Views and accessors as they are added; every view starts at a multiple of 4."""

    data: bytearray = field(default_factory=bytearray)
    views: list[dict] = field(default_factory=list)
    accessors: list[dict] = field(default_factory=list)

    def add_view(self, content: bytes, **more: Any) -> int:
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content)} | more)
        self.data += content + b"\0" * (-len(content) % 4)
        return len(self.views) - 1

    def add_vectors(self, values: NDArray, limits: bool = False) -> int:
        """(N, 2 or 3) as float32; POSITION has to state its limits."""
        values = np.ascontiguousarray(values, "<f4")
        view = self.add_view(values.tobytes(), target=_CORNERS)
        accessor: dict[str, Any] = {"bufferView": view, "componentType": _FLOAT, "count": len(values)}
        accessor["type"] = f"VEC{values.shape[1]}"
        if limits:
            accessor |= {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1

    def add_indices(self, faces: NDArray) -> int:
        view = self.add_view(np.ascontiguousarray(faces, "<u4").tobytes(), target=_INDICES)
        accessor = {"bufferView": view, "componentType": _UINT32, "count": faces.size, "type": "SCALAR"}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def document(mesh: Mesh, path: Path, extras: Mapping[str, Any] | None = None) -> tuple[dict, bytes]:
    """(JSON, binary chunk); `path` names the file in messages and its stem the node. extras: those of the asset."""
    return finished(*opened(mesh, path, extras))


def opened(mesh: Mesh, path: Path, extras: Mapping[str, Any] | None = None) -> tuple[dict, Buffer]:
    """`document` before its buffer is closed, so that more can be added."""
    vertices = numpy_view(mesh.vertices)
    if abs(vertices).max() > np.finfo(np.float32).max:
        raise BadInputError(f"{path}: a coordinate is {abs(vertices).max():g}; .glb holds up to 3.4e38")
    source, faces, uv = _split_at_seams(mesh)
    buffer = Buffer()
    attributes = {"POSITION": buffer.add_vectors(vertices[source], limits=True)}
    if mesh.vertex_colours is not None:
        colours = linear_from_srgb(numpy_view(mesh.vertex_colours).astype(np.float64))
        attributes["COLOR_0"] = buffer.add_vectors(colours[source])
    if uv is not None:
        attributes["TEXCOORD_0"] = buffer.add_vectors(uv * [1, -1] + [0, 1])
    primitive = {"attributes": attributes, "indices": buffer.add_indices(faces), "material": 0}
    content = {
        "asset": {"version": "2.0", "generator": "rrb"} | ({"extras": dict(extras)} if extras else {}),
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": path.stem.encode("utf-8", "replace").decode()}],
        "meshes": [{"primitives": [primitive]}],
    }
    return content | _material(mesh, buffer), buffer


def finished(content: dict, buffer: Buffer) -> tuple[dict, bytes]:
    content |= {"accessors": buffer.accessors, "bufferViews": buffer.views}
    content["buffers"] = [{"byteLength": len(buffer.data)}]
    return content, bytes(buffer.data)


def _material(mesh: Mesh, buffer: Buffer) -> dict[str, Any]:
    surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": 1.0}
    materials = {"materials": [{"pbrMetallicRoughness": surface, "doubleSided": True}]}
    if mesh.texture is None:
        return materials
    surface["baseColorTexture"] = {"index": 0}
    view = buffer.add_view(encode_png(numpy_view(mesh.texture)))
    images = [{"bufferView": view, "mimeType": "image/png"}]
    return materials | {"textures": [{"source": 0}], "images": images}


def _split_at_seams(mesh: Mesh) -> tuple[NDArray, NDArray, NDArray | None]:
    """(which vertex each written one is, faces, uv of each written one or None).

    glTF has one uv a vertex. All vertices are written first in their order, with the uv of their first
    corner; copies for corners with another uv follow.
    """
    n_vertices, faces = len(mesh.vertices), numpy_view(mesh.faces).astype(np.int64)
    if mesh.uv is None:
        return np.arange(n_vertices), faces, None
    corner, corner_uv = faces.ravel(), numpy_view(mesh.uv).reshape(-1, 2).astype(np.float64)
    _, uv_number = np.unique(corner_uv + 0.0, axis=0, return_inverse=True)
    uv_number = uv_number.ravel()
    first = np.full(n_vertices, len(corner))
    np.minimum.at(first, corner, np.arange(len(corner)))
    used = first < len(corner)
    uv = np.zeros((n_vertices, 2))
    uv[used] = corner_uv[first[used]]
    differs = uv_number != uv_number[first[corner]]
    keys = corner[differs] * (int(uv_number.max()) + 1) + uv_number[differs]
    _, example, copy = np.unique(keys, return_index=True, return_inverse=True)
    index = corner.copy()
    index[differs] = n_vertices + copy.ravel()
    source = np.concatenate((np.arange(n_vertices), corner[differs][example]))
    return source, index.reshape(-1, 3), np.concatenate((uv, corner_uv[differs][example]))

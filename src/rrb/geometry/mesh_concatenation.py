"""Several meshes as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.geometry._arrays import is_tensor, numpy_view
from rrb.geometry.mesh import Mesh


def concatenated(meshes: Sequence[Mesh]) -> Mesh:
    """See `Mesh.concatenated`; the result is torch where any vertices are."""
    if not meshes:
        raise BadInputError("no meshes to concatenate; at least one is needed")
    texture, notes = _common_texture(meshes)
    sizes = [len(mesh.vertices) for mesh in meshes]
    offsets = np.cumsum([0, *sizes[:-1]])
    keeps_uv = texture is not None or all(mesh.texture is None for mesh in meshes)
    return Mesh(
        vertices=_joined([mesh.vertices for mesh in meshes]),
        faces=_joined([mesh.faces + int(offset) for mesh, offset in zip(meshes, offsets, strict=True)]),
        vertex_colours=_filled([m.vertex_colours for m in meshes], [(n, 3) for n in sizes], 1.0),
        uv=_filled([m.uv for m in meshes], [(len(m.faces), 3, 2) for m in meshes], 0.0) if keeps_uv else None,
        texture=texture,
        name=meshes[0].name,
        notes=tuple(dict.fromkeys([note for mesh in meshes for note in mesh.notes] + notes)),
    )


def _common_texture(meshes: Sequence[Mesh]) -> tuple[Any, list[str]]:
    """The one texture of all meshes, if there is one, and what there is to say."""
    textured = [mesh for mesh in meshes if mesh.texture is not None]
    if not textured:
        return None, []
    first = textured[0].texture
    if not all(
        m.texture is first or np.array_equal(numpy_view(m.texture), numpy_view(first)) for m in textured
    ):
        return None, ["the parts have different textures and a mesh holds one: none was kept"]
    bare = sum(len(mesh.faces) for mesh in meshes if mesh.uv is None)
    if not bare:
        return first, []
    return first, [
        f"{bare} faces have no texture coordinates and were given (0, 0), the texture's lower left"
    ]


def _filled(arrays: list[Any], shapes: list[tuple[int, ...]], value: float) -> Any:
    """The arrays joined, missing ones filled; None where all are missing."""
    if all(array is None for array in arrays):
        return None
    return _joined([np.full(s, value) if a is None else a for a, s in zip(arrays, shapes, strict=True)])


def _joined(arrays: list[Any]) -> Any:
    tensors = [array for array in arrays if is_tensor(array)]
    if not tensors:
        return np.concatenate(arrays)
    import torch

    device = tensors[0].device
    same = [torch.as_tensor(array, device=device) for array in arrays]
    wide = same[0].dtype
    for tensor in same:
        wide = torch.promote_types(wide, tensor.dtype)
    return torch.cat([tensor.to(wide) for tensor in same])

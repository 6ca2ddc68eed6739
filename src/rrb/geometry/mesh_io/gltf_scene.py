"""A glTF scene as one mesh: nodes are applied, meshes and primitives follow each other in depth-first order.

Kept are positions, texture coordinates, COLOR_0, base colours (both as vertex colours, sRGB) and one base
colour texture. What else the scene holds (other textures, skins, morph targets, points, lines) is named in
the mesh's notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_io.gltf_accessors import Gltf, decoded

MOST_PRIMITIVES = 100_000  # placed ones, also those without triangles
MOST_ROWS = 20_000_000  # vertices and faces: a small file can use one mesh in many nodes
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_FIRST_UV = "TEXCOORD_0"
_UNDERSTOOD = {"KHR_mesh_quantization", "KHR_materials_unlit"}


@dataclass
class _Found:
    """What a walk through the scene gathers."""

    parts: list[Mesh] = field(default_factory=list)
    images: list[int | None] = field(default_factory=list)  # the picture of each part, None for none
    notes: dict[str, None] = field(default_factory=dict)
    n_primitives: int = 0
    n_rows: int = 0


def flattened(gltf: Gltf) -> Mesh:
    """The default scene (else the first, else all nodes, else all meshes) in its frame, metres."""
    unknown = sorted(set(gltf.json.get("extensionsRequired", [])) - _UNDERSTOOD)
    if unknown:
        raise gltf.refuse(f"it requires {unknown[0][:40]!r}; {', '.join(sorted(_UNDERSTOOD))} are accepted")
    found = _Found()
    for matrix, index in _placed_meshes(gltf, found):
        for primitive in gltf.at("meshes", index)["primitives"]:
            _add(gltf, primitive, matrix, found)
    if not found.parts:
        raise gltf.refuse("its scene holds no triangles; at least one is needed")
    texture = _texture(gltf, found)
    parts = found.parts
    if texture is not None:  # what has no texture of its own would show wherever its coordinates point
        parts = [
            part if image is not None else replace(part, uv=None)
            for part, image in zip(parts, found.images, strict=True)
        ]
    mesh = Mesh.concatenated(parts)
    bare = sum(len(part.faces) for part in parts if part.uv is None)
    if mesh.uv is not None and bare:
        found.notes[f"{bare} faces have no texture coordinates and were given (0, 0)"] = None
    return replace(mesh, texture=texture, name=str(gltf.path), notes=tuple(found.notes))


def _placed_meshes(gltf: Gltf, found: _Found) -> Iterator[tuple[NDArray, int]]:
    """(scene_from_mesh (4, 4), mesh), depth first."""
    nodes = gltf.all("nodes")
    if not nodes:
        yield from ((np.eye(4), index) for index in range(len(gltf.all("meshes"))))
        return
    stack = [(np.eye(4), root) for root in reversed(_roots(gltf, nodes))]
    visited = set()
    while stack:
        parent, index = stack.pop()
        node = gltf.at("nodes", index)
        if index in visited:
            raise gltf.refuse(f"its node {index} has two parents; a tree is accepted")
        visited.add(index)
        matrix = parent @ _local_matrix(gltf, node)
        if not np.isfinite(matrix).all():
            raise gltf.refuse(f"the transforms of its node {index} are not finite")
        if "mesh" in node:
            if "skin" in node or "weights" in node:
                found.notes["skins and morph targets were left out: the rest pose was read"] = None
            yield matrix, node["mesh"]
        stack += [(matrix, child) for child in reversed(node.get("children", []))]


def _roots(gltf: Gltf, nodes: list[dict]) -> list[int]:
    if gltf.all("scenes"):
        return list(gltf.at("scenes", gltf.json.get("scene", 0)).get("nodes", []))
    children = {child for node in nodes for child in node.get("children", [])}
    return [index for index in range(len(nodes)) if index not in children]


def _local_matrix(gltf: Gltf, node: dict) -> NDArray[np.float64]:
    """parent_from_node (4, 4): a matrix by columns, or translation @ rotation (x y z w) @ scale."""
    if "matrix" in node:
        return _vector(gltf, node, "matrix", np.eye(4).ravel()).reshape(4, 4).T
    x, y, z, w = _vector(gltf, node, "rotation", np.array([0.0, 0.0, 0.0, 1.0]))
    norm = x * x + y * y + z * z + w * w
    if not norm > 0:
        raise gltf.refuse("the rotation of a node is zero; a unit quaternion is accepted")
    s = 2 / norm
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [1 - s * (y * y + z * z), s * (x * y - z * w), s * (x * z + y * w)],
        [s * (x * y + z * w), 1 - s * (x * x + z * z), s * (y * z - x * w)],
        [s * (x * z - y * w), s * (y * z + x * w), 1 - s * (x * x + y * y)],
    ]
    matrix[:3, :3] *= _vector(gltf, node, "scale", np.ones(3))
    matrix[:3, 3] = _vector(gltf, node, "translation", np.zeros(3))
    return matrix


def _vector(gltf: Gltf, owner: dict, name: str, otherwise: NDArray) -> NDArray[np.float64]:
    value = np.array(owner.get(name, otherwise), np.float64)
    if value.shape != otherwise.shape or not (abs(value) < 1e30).all():
        raise gltf.refuse(f"its {name!r} has the shape {value.shape} or is not finite")
    return value


def _add(gltf: Gltf, primitive: dict, scene_from_mesh: NDArray, found: _Found) -> None:
    """Append a primitive's triangles, or a note where it has none."""
    found.n_primitives += 1
    if found.n_primitives > MOST_PRIMITIVES:
        raise gltf.refuse(f"its scene places more than {MOST_PRIMITIVES} primitives; fewer are accepted")
    mode = primitive.get("mode", _TRIANGLES)
    if mode not in (_TRIANGLES, _STRIP, _FAN):
        found.notes["points and lines were left out"] = None
        return
    if "targets" in primitive:
        found.notes["skins and morph targets were left out: the rest pose was read"] = None
    attributes = primitive["attributes"]
    positions = gltf.array(attributes["POSITION"], (3,)).astype(np.float64)
    faces = _faces(gltf, primitive, mode, len(positions))
    found.n_rows += len(faces) + len(positions)
    if found.n_rows > MOST_ROWS:
        raise gltf.refuse(f"its scene has more than {MOST_ROWS} vertices and faces; fewer are accepted")
    if not len(faces):
        return
    linear = scene_from_mesh[:3, :3]
    if not np.array_equal(scene_from_mesh, np.eye(4)):
        positions = positions @ linear.T + scene_from_mesh[:3, 3]
    if np.linalg.det(linear) < 0:  # a mirror turns the faces inside out
        faces = faces[:, [0, 2, 1]]
    image, factor, uv_name = _material(gltf, primitive, found)
    uv = None
    if uv_name in attributes:
        at = gltf.array(attributes[uv_name], (2,)).astype(np.float64)
        uv = (at * [1, -1] + [0, 1])[_checked(gltf, faces, len(at))]  # glTF's v grows downwards
    colours = _colours(gltf, attributes, factor, len(positions))
    found.images.append(image if uv is not None else None)
    found.parts.append(Mesh(positions, faces, colours, uv, name=str(gltf.path)))


def _faces(gltf: Gltf, primitive: dict, mode: int, n_vertices: int) -> NDArray[np.int64]:
    if "indices" in primitive:
        stored = gltf.array(primitive["indices"], (1,))[:, 0]
        if stored.dtype.kind != "u":
            raise gltf.refuse(f"its indices are {stored.dtype}; unsigned integers are accepted")
        index = stored.astype(np.int64)
    else:
        index = np.arange(n_vertices)
    if mode == _TRIANGLES:
        if len(index) % 3:
            raise gltf.refuse(f"a primitive has {len(index)} corners; a multiple of 3 is accepted")
        return _checked(gltf, index.reshape(-1, 3), n_vertices)
    i = np.arange(max(len(index) - 2, 0))
    if mode == _FAN:
        return _checked(gltf, index[np.stack((i + 1, i + 2, 0 * i), axis=1)], n_vertices)
    faces = index[np.stack((i, i + 1 + i % 2, i + 2 - i % 2), axis=1)]
    stitches = (faces == np.roll(faces, 1, axis=1)).any(axis=1)  # they only join one strip to the next
    return _checked(gltf, faces[~stitches], n_vertices)


def _checked(gltf: Gltf, faces: NDArray[np.int64], n_vertices: int) -> NDArray[np.int64]:
    if faces.size and faces.max() >= n_vertices:
        raise gltf.refuse(f"a face names the vertex {faces.max()}; a primitive has {n_vertices}")
    return faces


def _material(gltf: Gltf, primitive: dict, found: _Found) -> tuple[int | None, NDArray[np.float64], str]:
    """(picture, linear base colour (3,), name of its texture coordinates)."""
    if "material" not in primitive:
        return None, np.ones(3), _FIRST_UV
    surface = gltf.at("materials", primitive["material"]).get("pbrMetallicRoughness", {})
    factor = _vector(gltf, surface, "baseColorFactor", np.ones(4))[:3]
    if "baseColorTexture" not in surface:
        return None, factor, _FIRST_UV
    used = surface["baseColorTexture"]
    if "KHR_texture_transform" in used.get("extensions", {}):
        found.notes["a transform of texture coordinates was left out"] = None
    source = gltf.at("textures", used["index"]).get("source")
    if source is None:
        found.notes["a texture was left out: only PNG and JPEG are read"] = None
    return source, factor, f"TEXCOORD_{used.get('texCoord', 0)}"


def _colours(gltf: Gltf, attributes: dict, factor: NDArray, n_vertices: int) -> NDArray[np.float64] | None:
    """COLOR_0 times the base colour, (V, 3) sRGB; None where both are white or missing."""
    linear = np.broadcast_to(factor, (n_vertices, 3))
    if "COLOR_0" in attributes:
        stored = gltf.array(attributes["COLOR_0"], (3, 4))[:, :3]
        if stored.dtype.kind in "iu":
            stored = stored / np.iinfo(stored.dtype).max
        if len(stored) != n_vertices or not np.isfinite(stored).all():
            raise gltf.refuse(f"{len(stored)} vertices have colours, or some are not finite, of {n_vertices}")
        linear = stored.astype(np.float64) * factor
    elif (factor == 1).all():
        return None
    return srgb_from_linear(np.clip(linear, 0, 1))


def _texture(gltf: Gltf, found: _Found) -> Any:
    """The one picture (H, W, 3) that all textured parts use, or None and a note."""
    from rrb.errors import BadInputError
    from rrb.geometry.image_io import decode_texture

    images = {image for image in found.images if image is not None}
    if len(images) > 1:
        found.notes[f"a mesh holds one texture and the scene has {len(images)}: none was kept"] = None
    if len(images) != 1:
        return None
    entry = gltf.at("images", images.pop())
    data = decoded(entry["uri"]) if "uri" in entry else bytes(gltf.view(entry["bufferView"])[0])
    try:
        picture, notes = decode_texture(data, gltf.path)
    except BadInputError:
        found.notes["the texture was left out: it cannot be read as a picture"] = None
        return None
    found.notes |= dict.fromkeys(notes)
    return picture


def srgb_from_linear(linear: NDArray) -> NDArray[np.float64]:
    """glTF's vertex and base colours are linear light; pictures and our colours are sRGB, all in [0, 1]."""
    curve = 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    return np.clip(np.where(linear <= 0.0031308, 12.92 * linear, curve), 0, 1)


def linear_from_srgb(colours: NDArray) -> NDArray[np.float64]:
    """The inverse of `srgb_from_linear`."""
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)

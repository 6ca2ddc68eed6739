"""`scene.glb`: an object, the camera that saw it, and the picture, each where it stood.

The world is the object's frame (y up), so that the object lies in it as in its own file. glTF's camera looks along
its -z with y up: it is ours times diag(1, -1, -1). In the camera's frame stand two things to look at: four lines from
the eye to the corners of the picture, and the picture itself behind the object, as large as the lens sees it there.
(They are its neighbours and not its children, which some readers, trimesh among them, do not find.) Seen through the
camera, the object lies on the picture as it was found; seen from behind, the picture is not drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.geometry._arrays import numpy_view
from rrb.geometry.camera import Camera
from rrb.geometry.image_io import encode_png
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_io.glb import write_document
from rrb.geometry.mesh_io.gltf_write import Buffer, finished, opened
from rrb.geometry.pose import Pose

_FLIP = np.array([1.0, -1.0, -1.0])
_BEHIND, _NEAR = (
    1.1,
    1e-3,
)  # of the depth of the object's farthest vertex: where the picture hangs; what is cut off
_OUTSIDE = 0.004  # of the picture's size: so far the lines run beside it, where the lens does not see them
_LINES, _LINE_COLOUR = 1, [0.02, 0.02, 0.02, 1.0]
_CLAMP = 33071
_UNLIT = "KHR_materials_unlit"
_OFF_CENTRE = (
    "glTF's lens has its axis in the middle of the picture: what it shows at (x, y) lies at"
    " (x, y) + principal_point_offset_px in the picture"
)


def write_scene(
    path: str | Path,
    mesh: Mesh,
    camera_from_object: Pose,
    camera: Camera,
    picture: NDArray[np.uint8] | None = None,
    extras: Mapping[str, Any] | None = None,
) -> None:
    """p_camera = R @ p_object + t. picture (H, W, 3): of any size, the whole of what the camera saw."""
    path, camera, pose = Path(path), camera.numpy(), camera_from_object.numpy()
    content, buffer = opened(mesh, path, extras)
    farthest = float(pose.apply(numpy_view(mesh.vertices).astype(np.float64))[:, 2].max())
    far = _BEHIND * (farthest if farthest > 0 else 1.0)
    content["nodes"][0]["name"] = "object"
    seen_from = _seen_from(pose)
    content["cameras"] = [_lens(camera, far)]
    _place(content, {"name": "camera", "camera": 0} | seen_from)
    content["extensionsUsed"] = [_UNLIT]
    _place(
        content,
        _shown(content, "lens", _lines(camera, far, buffer), {"baseColorFactor": _LINE_COLOUR}) | seen_from,
    )
    if picture is not None:
        surface = {"baseColorTexture": {"index": _texture(content, picture, buffer)}}
        _place(content, _shown(content, "picture", _backdrop(camera, far, buffer), surface) | seen_from)
    write_document(path, *finished(content, buffer))


def _place(content: dict, node: dict[str, Any]) -> None:
    content["nodes"].append(node)
    content["scenes"][0]["nodes"].append(len(content["nodes"]) - 1)


def _seen_from(pose: Pose) -> dict[str, Any]:
    """world_from_camera, for a camera that looks along -z with y up."""
    placed = pose.inverse()
    w, x, y, z = (float(v) for v in Pose(placed.rotation * _FLIP, placed.translation).to_quaternion())
    return {"translation": [float(v) for v in placed.translation], "rotation": [x, y, z, w]}


def _lens(camera: Camera, far: float) -> dict[str, Any]:
    """The field of view and the aspect that a centred lens of these focal lengths has."""
    width, height = camera.width_px / camera.fx_px, camera.height_px / camera.fy_px
    off = [camera.cx_px - camera.width_px / 2, camera.cy_px - camera.height_px / 2]
    extras: dict[str, Any] = {"camera": camera.to_json(), "principal_point_offset_px": off}
    if off != [0.0, 0.0]:
        extras["note"] = _OFF_CENTRE
    return {
        "type": "perspective",
        "perspective": {
            "yfov": 2 * math.atan(height / 2),
            "aspectRatio": width / height,
            "znear": _NEAR * far,
        },
        "extras": extras,
    }


def _shown(content: dict, name: str, primitive: dict, surface: dict) -> dict[str, Any]:
    """A node with a mesh that is shown in its own colours, from its front alone."""
    content["materials"].append({"pbrMetallicRoughness": surface, "extensions": {_UNLIT: {}}})
    content["meshes"].append({"primitives": [primitive | {"material": len(content["materials"]) - 1}]})
    return {"name": name, "mesh": len(content["meshes"]) - 1}


def _lines(camera: Camera, far: float, buffer: Buffer) -> dict[str, Any]:
    corners = _corners(camera, far, _OUTSIDE)
    ends = np.array([[0, 1], [0, 2], [0, 3], [0, 4], [1, 2], [2, 3], [3, 4], [4, 1]])
    positions = buffer.add_vectors(np.concatenate((np.zeros((1, 3)), corners)), limits=True)
    return {
        "attributes": {"POSITION": positions},
        "indices": buffer.add_indices(ends),
        "mode": _LINES,
    }


def _backdrop(camera: Camera, far: float, buffer: Buffer) -> dict[str, Any]:
    uv = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])  # glTF's v grows downwards, as rows do
    attributes = {
        "POSITION": buffer.add_vectors(_corners(camera, far), limits=True),
        "TEXCOORD_0": buffer.add_vectors(uv),
    }
    return {"attributes": attributes, "indices": buffer.add_indices(np.array([[3, 2, 1], [3, 1, 0]]))}


def _corners(camera: Camera, far: float, outside: float = 0.0) -> NDArray[np.float64]:
    """(4, 3) in glTF's camera frame: upper left, upper right, lower right, lower left of the picture."""
    share = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]]) * (1 + 2 * outside) - outside
    pixels = share * [camera.width_px, camera.height_px]
    return camera.unproject(pixels, np.full(4, far)) * _FLIP


def _texture(content: dict, picture: NDArray[np.uint8], buffer: Buffer) -> int:
    view = buffer.add_view(encode_png(picture))
    images, textures = content.setdefault("images", []), content.setdefault("textures", [])
    images.append({"bufferView": view, "mimeType": "image/png"})
    content.setdefault("samplers", []).append({"wrapS": _CLAMP, "wrapT": _CLAMP})
    textures.append({"source": len(images) - 1, "sampler": len(content["samplers"]) - 1})
    return len(textures) - 1

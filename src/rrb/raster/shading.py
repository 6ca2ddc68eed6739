"""What is drawn from fragments: attributes, depth, normals, object coordinates.

Plain functions of (values on the mesh, faces, fragments). They take NumPy arrays or torch tensors alike and
are differentiable in the values and, through the barycentric weights, in the vertices, with visibility held
fixed. faces (F, 3), or (..., F, 3) with one list an image; pictures are (..., H, W) or (..., H, W, C), and 0
where nothing is seen. Colour is in `texture.py` and `lighting.py`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.geometry._arrays import is_tensor
from rrb.raster._inputs import as_numpy
from rrb.raster.fragments import Fragments
from rrb.raster.pixels import alike, covered_pixels
from rrb.raster.smoothing import corner_normals

CREASE_ANGLE = math.radians(40)


def interpolate(attributes: Any, faces: Any, fragments: Fragments) -> Any:
    """(..., H, W, C): attributes of the vertices, (V, C) for all images or (..., V, C), seen in each pixel.

    Perspective-correct: an attribute that is linear on a triangle in space is linear on it in the picture.
    """
    _expect(attributes, 2, "attributes", "(..., V, C)")
    pixels = covered_pixels(fragments)
    corners = pixels.corner_vertices(as_numpy(faces, "faces"))
    return pixels.picture(pixels.blend(pixels.rows(attributes, corners, "attributes")))


def interpolate_corners(attributes: Any, fragments: Fragments) -> Any:
    """(..., H, W, C): attributes of the faces' corners, (F, 3, C) for all images or (..., F, 3, C)."""
    _expect(attributes, 3, "attributes", "(..., F, 3, C)")
    if attributes.shape[-2] != 3:
        raise BadInputError(
            f"corner attributes have shape {tuple(attributes.shape)}; (..., F, 3, C) is accepted"
        )
    pixels = covered_pixels(fragments)
    n_corners, n_columns = attributes.shape[-3] * 3, attributes.shape[-1]
    table = attributes.reshape(*attributes.shape[:-3], n_corners, n_columns)
    corners = pixels.face[:, None] * 3 + np.arange(3)
    return pixels.picture(pixels.blend(pixels.rows(table, corners, "attributes")))


def depth(fragments: Fragments) -> Any:
    """(..., H, W): z of the camera frame, in the vertices' unit; 0 where nothing is seen."""
    inverse = fragments.inverse_depth
    if is_tensor(inverse):
        seen = fragments.covered
        # The inner `where` keeps 1 / 0 out of the gradient.
        return seen / inverse.where(seen, inverse.new_ones(()))
    return np.divide(1.0, inverse, out=np.zeros_like(inverse), where=inverse > 0)


def normals(
    vertices_camera: Any, faces: Any, fragments: Fragments, *, crease_angle: float = CREASE_ANGLE
) -> Any:
    """(..., H, W, 3): unit normals in the camera frame (x right, y down, z forward), towards the camera.

    vertices_camera (..., V, 3). Faces that meet at a vertex are smoothed into each other where their normals
    differ by less than `crease_angle` (radians, up to pi / 2), whichever way they are wound; 0 draws every
    face flat. A face seen from behind shows its back's normal.
    """
    if not 0.0 <= crease_angle <= math.pi / 2:
        raise BadInputError(f"crease_angle is {crease_angle}; radians from 0 to pi / 2 are accepted")
    _expect(vertices_camera, 2, "vertices_camera", "(..., V, 3)")
    pixels = covered_pixels(fragments)
    return pixels.picture(corner_normals(vertices_camera, as_numpy(faces, "faces"), pixels, crease_angle))


def object_coordinates(vertices_object: Any, faces: Any, fragments: Fragments, box: Any = None) -> Any:
    """(..., H, W, 3): where on the object each pixel looks, in the object frame.

    vertices_object (V, 3) or (..., V, 3). Given a box (2, 3), lowest and highest corner, each axis runs from
    0 to 1 over it (0.5 along an axis without extent); otherwise the vertices' unit.
    """
    if box is None:
        return interpolate(vertices_object, faces, fragments)
    vertices_object, box = alike(vertices_object, box)
    low, high = box[0], box[1]
    flat = (high == low) + 0 * low  # 1 where there is no extent, in the box's precision
    return interpolate((vertices_object - low + flat / 2) / (high - low + flat), faces, fragments)


def _expect(array: Any, least: int, what: str, accepted: str) -> None:
    if getattr(array, "ndim", 0) < least:
        raise BadInputError(f"{what} has shape {tuple(np.shape(array))}; {accepted} is accepted")

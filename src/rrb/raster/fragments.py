"""Exact hard visibility: which face each pixel sees, where on it, how deep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rrb.geometry._arrays import is_tensor
from rrb.raster._inputs import Scene, scene


@dataclass(frozen=True)
class Fragments:
    """What each pixel centre sees; NumPy arrays or torch tensors, as the vertices were.

    face_index (..., H, W) int32: the nearest face, -1 for background. barycentric (..., H, W, 3):
    perspective-correct weights of the face's corners, all 0 for background. inverse_depth (..., H, W):
    1 / z of the camera frame, 0 for background. Given tensors, the last two are differentiable in the
    vertices; the face index is not, and visibility is held fixed.
    """

    face_index: Any
    barycentric: Any
    inverse_depth: Any

    @property
    def covered(self) -> Any:
        """(..., H, W) bool: True where a face is seen."""
        return self.face_index >= 0


def rasterize(vertices_px: Any, faces: Any, size: tuple[int, int], *, near: float | None = None) -> Fragments:
    """The fragments of a mesh, or of each mesh of a batch.

    vertices_px (..., V, 3): x, y in pixels, (0, 0) the outer corner of the first pixel, and z the camera
    depth. faces (F, 3), or (..., F, 3) with one list an image, padded with rows of -1. size (height, width).
    Only what lies in front of the plane z = near is drawn; by default near is 1e-3 of the range from the
    nearest to the farthest vertex. A face with a coordinate that is not finite is not drawn. A pixel whose
    centre lies on an edge belongs to the triangle right of it, or below it; of faces equally deep the one
    listed first is seen.
    """
    given = scene(vertices_px, faces, size, near)
    if not is_tensor(vertices_px):
        return Fragments(*(given.batched(a) for a in draw(given)))
    from rrb.raster._fragments_autograd import Locate

    return Fragments(*Locate.apply(vertices_px, given))


def draw(given: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(face_index (B, H, W), barycentric (B, H, W, 3), inverse_depth (B, H, W))."""
    from rrb.raster import _fragments_kernel as kernel

    face_index, barycentric, inverse_depth = given.empty(dtype=np.int32), given.empty(3), given.empty()

    def band(i: int, row_from: int, row_to: int) -> None:
        vertices, faces = given.vertices[i], given.topologies[i].faces
        kernel.nearest_faces(vertices, faces, given.near, row_from, row_to, face_index[i], inverse_depth[i])
        kernel.locate(vertices, faces, row_from, row_to, face_index[i], barycentric[i])

    given.for_each_band(band)
    return face_index, barycentric, inverse_depth

"""The one way in which a silhouette drawn by kernels becomes differentiable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rrb.geometry._arrays import is_tensor
from rrb.raster._inputs import Scene, scene

Draw = Callable[[Scene], tuple[np.ndarray, Any]]
"""Scene -> (image (B, H, W), whatever the backward pass wants to see again)."""

Backward = Callable[[Scene, np.ndarray, Any, np.ndarray, np.ndarray], None]
"""(scene, image, saved, grad_image, grad_vertices): adds the gradient of image to grad_vertices (B, V, 3)."""


def silhouette_by(
    draw: Draw,
    backward: Backward,
    vertices_px: Any,
    faces: Any,
    size: tuple[int, int],
    near: float | None,
    double_sums: bool = False,
) -> Any:
    """(..., H, W) like vertices_px: a tensor with autograd for a tensor, an array for an array.

    double_sums: the gradient of a vertex is the sum of many pixels' and is added up in float64. That of a
    contour is a sum of few, at few vertices, and goes straight into memory that is otherwise never touched.
    """
    given = scene(vertices_px, faces, size, near)
    if not is_tensor(vertices_px):
        return given.batched(draw(given)[0])
    from rrb.raster.approximations._autograd import Silhouette

    sums = np.float64 if double_sums else given.vertices.dtype
    return Silhouette.apply(vertices_px, given, draw, backward, sums)

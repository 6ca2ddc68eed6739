"""`antialias`: hard coverage, blended where the contour passes between two pixel centres. The default.

Forward. A pixel whose centre the surface covers is 1, any other 0. Where the contour passes between the
centres of a covered and an uncovered neighbour, the pixel that it enters takes the share on the surface's
side: along rows for edges steeper than the diagonal, along columns for the others. Values stay in [0, 1].

Backward. Exact for the blend. One row's crossing moves the drawn area by as much as it moves itself, so the
gradient of the drawn area is that of the true one, sampled once a row (or column). There is none anywhere
else: a mask that does not touch the contour pulls at nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rrb.raster._inputs import Scene
from rrb.raster.approximations._silhouette import silhouette_by


def silhouette(vertices_px: Any, faces: Any, size: tuple[int, int], *, near: float | None = None) -> Any:
    """(..., H, W) in [0, 1], of vertices_px (..., V, 3) and faces (F, 3) or (..., F, 3); see `rasterize`."""
    return silhouette_by(_draw, _backward, vertices_px, faces, size, near)


def cover(given: Scene, image: np.ndarray, after: Callable[[int, np.ndarray], None] | None = None) -> None:
    """Draw the hard silhouettes into image (B, H, W), then call after(image number, layers of its edges)."""
    from rrb.raster.approximations import _antialias_kernel as kernel

    layers = [t.new_layers() for t in given.topologies]
    in_front = [True] * len(given)

    def count(i: int) -> None:
        t = given.topologies[i]
        in_front[i] = kernel.count_layers(given.vertices[i], t.faces, t.face_edges, given.near, layers[i])

    def band(i: int, row_from: int, row_to: int) -> None:
        t = given.topologies[i]
        mesh = given.vertices[i], t.faces, t.edge_vertices, layers[i], in_front[i], given.near
        kernel.cover(*mesh, row_from, row_to, image[i])

    def finish(i: int) -> None:
        if after is not None:
            after(i, layers[i])

    given.for_each_band(band, before=count, after=finish)


Crossings = tuple[np.ndarray, np.ndarray]


def _draw(given: Scene) -> tuple[np.ndarray, list[Crossings]]:
    from rrb.raster.approximations import _antialias_kernel as kernel

    image = given.empty()
    found: list[Crossings] = [(np.empty(0), np.empty(0))] * len(given)

    def blend(i: int, layers: np.ndarray) -> None:
        mesh = given.vertices[i], given.topologies[i].edge_vertices, layers, given.near
        crossings, positions, _ = kernel.find_crossings(*mesh, image[i], False)
        kernel.blend(crossings, positions, image[i])
        found[i] = crossings, positions

    cover(given, image, after=blend)
    return image, found


def _backward(
    given: Scene, image: np.ndarray, found: list[Crossings], grad: np.ndarray, grad_vertices: np.ndarray
) -> None:
    from rrb.raster.approximations._antialias_kernel import blend_backward

    given.for_each_image(
        lambda i: blend_backward(given.vertices[i], *found[i], image[i], grad[i], grad_vertices[i])
    )

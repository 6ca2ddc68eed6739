"""`kato`: hard coverage; what a moved edge would change, spread along scan lines (Kato et al. 2018).

Forward. 1 where the surface covers the pixel's centre, else 0.

Backward. Where an edge crosses a row between two centres, moving one of its ends along the row until the
crossing reaches another pixel would change that pixel: it becomes covered if it lies outside the edge, and
uncovered if it lies inside. Where that change lowers the loss, the change over the distance is the
gradient. The same along columns. `eps`, in units in which the image spans [-1, 1] (here its longer side),
keeps distances from zero, as in the authors' code.

Which edges, and how far inside, for a mesh of many triangles:

- By default the silhouette is taken as one shape: its outline feels the pixels outside, to the picture's
  border, and inside, to where the covered run of pixels ends.
- `per_face=True` is the authors' code: every visible triangle by itself. Also an edge in the middle of the
  surface feels the pixels outside the silhouette, as if its triangle could be carried there over its
  neighbours, and the pixels inside end at the far side of that one triangle. It needs the nearest face of
  every pixel, and takes over ten times as long.

For a single triangle the two are the same. Gradients reach as far as the picture; but they are no derivative
of anything that was drawn, and where an edge passes close to a centre only `eps` bounds them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rrb.raster._inputs import Scene, positive, workspace
from rrb.raster.approximations._silhouette import silhouette_by
from rrb.raster.approximations.antialias import cover


def silhouette(
    vertices_px: Any,
    faces: Any,
    size: tuple[int, int],
    *,
    eps: float = 1e-4,
    per_face: bool = False,
    near: float | None = None,
) -> Any:
    """(..., H, W) of 0 and 1, of vertices_px (..., V, 3) and faces (F, 3) or (..., F, 3); see `rasterize`."""
    eps = positive(eps, "eps")

    def backward(
        given: Scene, image: np.ndarray, layers: list[np.ndarray], grad: np.ndarray, grad_vertices: np.ndarray
    ) -> None:
        eps_px = eps * max(given.height, given.width) / 2
        if per_face:
            _pull_faces(given, grad, grad_vertices, eps_px)
        else:
            _pull_outline(given, image, layers, grad, grad_vertices, eps_px)

    return silhouette_by(_draw, backward, vertices_px, faces, size, near, double_sums=per_face)


def _draw(given: Scene) -> tuple[np.ndarray, list[np.ndarray]]:
    image = given.empty()
    layers: list[np.ndarray] = [np.empty(0)] * len(given)
    cover(given, image, after=layers.__setitem__)
    return image, layers


def _pull_outline(
    given: Scene,
    image: np.ndarray,
    layers: list[np.ndarray],
    grad: np.ndarray,
    grad_vertices: np.ndarray,
    eps_px: float,
) -> None:
    from rrb.raster.approximations._antialias_kernel import find_crossings
    from rrb.raster.approximations._kato_kernel import gains_by_line, pull_outline

    def one(i: int) -> None:
        vertices, edges = given.vertices[i], given.topologies[i].edge_vertices
        found = find_crossings(vertices, edges, layers[i], given.near, image[i], True)
        gains = workspace("gains", image[i].shape, image.dtype)
        # Columns of 2^n cells would all begin in the same place of a cache: a few more keep them apart.
        gains_columns = workspace("gains_columns", (given.width, given.height + 16), image.dtype)
        gains_by_line(image[i], grad[i], gains, gains_columns)
        pull_outline(vertices, *found, gains, gains_columns, eps_px, grad_vertices[i])

    given.for_each_image(one)


def _pull_faces(given: Scene, grad: np.ndarray, grad_vertices: np.ndarray, eps_px: float) -> None:
    from rrb.raster._fragments_kernel import nearest_faces
    from rrb.raster.approximations._kato_kernel import pull_faces

    seen, inverse_depth = given.empty(dtype=np.int32), given.empty()

    def visibility(i: int, row_from: int, row_to: int) -> None:
        faces = given.topologies[i].faces
        nearest_faces(given.vertices[i], faces, given.near, row_from, row_to, seen[i], inverse_depth[i])

    def one(i: int) -> None:
        mesh = given.vertices[i], given.topologies[i].faces, given.near, eps_px
        pull_faces(*mesh, seen[i], grad[i], False, grad_vertices[i])
        columns = np.ascontiguousarray(seen[i].T), np.ascontiguousarray(grad[i].T)
        pull_faces(*mesh, *columns, True, grad_vertices[i])

    given.for_each_band(visibility, after=one)

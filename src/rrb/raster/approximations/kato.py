"""`kato`: hard coverage; what a moved edge would change, spread along scan lines (Kato et al. 2018).

Forward. 1 where the surface covers the pixel's centre, else 0.

Backward. Where a visible triangle's edge crosses a row between two centres, moving one end of the edge along
the row until the crossing reaches another pixel would change that pixel: it gets the triangle's value if it
lies outside the edge, the value beyond the edge if it lies inside the triangle. Where that change lowers
the loss, the change over the distance is the gradient. The same along columns. `eps`, in units in which the
image spans [-1, 1] (here its longer side), keeps distances from zero, as in the authors' code.

`interior_edges`: the authors' code also lets edges in the middle of the surface feel the pixels outside the
silhouette, as if moving one of them carried the triangle there over its neighbours. By default only the
contour feels them; True is the published behaviour on meshes, and slower.

Gradients reach as far as the picture, so a pose can start without overlap; but they are no derivative of
anything that was drawn, do not vanish at the optimum, and inwards end at the far side of one triangle.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.raster._inputs import Scene, transposed
from rrb.raster.approximations._silhouette import silhouette_by
from rrb.raster.approximations.antialias import cover


def silhouette(
    vertices_px: Any,
    faces: Any,
    size: tuple[int, int],
    *,
    eps: float = 1e-4,
    interior_edges: bool = False,
    near: float | None = None,
) -> Any:
    """(..., H, W) of 0 and 1, of vertices_px (..., V, 3) and faces (F, 3) or (..., F, 3); see `rasterize`."""
    if not 0.0 < eps < np.inf:
        raise BadInputError(f"eps is {eps}; a positive number is accepted")

    def backward(
        given: Scene, image: np.ndarray, _: None, grad: np.ndarray, grad_vertices: np.ndarray
    ) -> None:
        from rrb.raster._fragments_kernel import nearest_faces
        from rrb.raster.approximations._kato_kernel import pull_lines

        eps_px = eps * max(given.height, given.width) / 2
        seen, inverse_depth = given.empty(dtype=np.int32), given.empty()

        def visibility(i: int, row_from: int, row_to: int) -> None:
            faces = given.topologies[i].faces
            nearest_faces(given.vertices[i], faces, given.near, row_from, row_to, seen[i], inverse_depth[i])

        def pull(i: int) -> None:
            mesh = given.vertices[i], given.topologies[i].faces, given.near, eps_px, interior_edges
            pull_lines(*mesh, seen[i], grad[i], False, grad_vertices[i])
            columns = transposed(seen[i], "seen"), transposed(grad[i], "grad")
            pull_lines(*mesh, *columns, True, grad_vertices[i])

        given.for_each_band(visibility, after=pull)

    return silhouette_by(_draw, backward, vertices_px, faces, size, near)


def _draw(given: Scene) -> tuple[np.ndarray, None]:
    image = given.empty()
    cover(given, image)
    return image, None

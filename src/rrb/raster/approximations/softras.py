"""`softras`: each triangle a probability, joined as if independent (Liu et al. 2019, Soft Rasterizer).

Forward. With d the distance from a pixel's centre to the triangle's border, s = +1 inside and -1 outside,
a triangle covers the pixel with probability D = sigmoid(s d^2 / sigma), and the silhouette is
1 - prod(1 - D). As published, lengths are in units in which the image spans [-1, 1] (here its longer side),
and a triangle is dropped where D falls below `tail`.

Backward. The derivative of exactly that. Pixels up to sqrt(sigma log(1 / tail - 1)) outside feel a triangle:
3.9 pixels of 256 at the default sigma 1e-4 (the paper's; its code's default is 1e-5, 1.2 pixels).

Every face counts, whichever way it is turned, and so do hidden ones. The drawn silhouette is fatter than the
true one, because D is 1/2 on every edge and edges of the mesh add up. A triangle that is not wholly in
front of the near plane is left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.raster._inputs import Scene, positive
from rrb.raster.approximations._silhouette import silhouette_by


def silhouette(
    vertices_px: Any,
    faces: Any,
    size: tuple[int, int],
    *,
    sigma: float = 1e-4,
    tail: float = 1e-4,
    near: float | None = None,
) -> Any:
    """(..., H, W) in [0, 1], of vertices_px (..., V, 3) and faces (F, 3) or (..., F, 3); see `rasterize`."""
    sigma, tail = positive(sigma, "sigma"), positive(tail, "tail")
    if not tail < 0.5:
        raise BadInputError(f"tail is {tail}; a probability between 0 and 0.5 is accepted")
    reach = float(np.log(1.0 / tail - 1.0))  # in units of sigma, for the squared distance

    def sigma_px2(given: Scene) -> float:
        return sigma * (max(given.height, given.width) / 2) ** 2

    def draw(given: Scene) -> tuple[np.ndarray, np.ndarray]:
        from rrb.raster.approximations._softras_kernel import join, multiply_misses

        image, misses = given.empty(), given.empty(dtype=np.float64)
        wide = sigma_px2(given)

        def band(i: int, row_from: int, row_to: int) -> None:
            faces = given.topologies[i].faces
            multiply_misses(given.vertices[i], faces, given.near, wide, reach, row_from, row_to, misses[i])
            join(misses[i], row_from, row_to, image[i])

        given.for_each_band(band, pays_from_pixels=4_000)
        return image, misses

    def backward(
        given: Scene, image: np.ndarray, misses: np.ndarray, grad: np.ndarray, grad_vertices: np.ndarray
    ) -> None:
        from rrb.raster.approximations._softras_kernel import multiply_misses_backward

        wide = sigma_px2(given)

        def some(i: int, start: int, stop: int, grad_part: np.ndarray) -> None:
            faces = given.topologies[i].faces[start:stop]
            multiply_misses_backward(
                given.vertices[i], faces, given.near, wide, reach, misses[i], grad[i], grad_part
            )

        given.add_up(some, len(given.topologies[0].faces) if len(given) else 0, grad_vertices)

    return silhouette_by(draw, backward, vertices_px, faces, size, near, double_sums=True)

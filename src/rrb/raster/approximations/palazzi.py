"""`palazzi`: each triangle a smooth bump, summed (Palazzi et al. 2018, Eq. 5).

Forward. Inside a triangle the product of its three edge determinants, each times the triangle's own
orientation, is positive; outside at least one is clipped to zero. The product is divided by its largest
value over the pixel centres and put through tanh, and the triangles are summed.

Choices, where the printed equation leaves them open:
- Its normalisation subtracts the smallest value over the image and divides by the range. The smallest value
  is 0 wherever a pixel lies outside the triangle, so we divide by the largest alone; a triangle without a
  pixel centre inside (largest = smallest = 0) contributes nothing instead of 0 / 0.
- The determinants grow with the triangle's size, which the normalisation cancels. We use barycentric
  weights, which are the same up to that factor and do not overflow.
- The sum exceeds 1 wherever layers overlap, front and back of a closed object for a start. It is cut at 1,
  with no gradient where it is cut; `clip=False` returns it as printed.
- A triangle that is not wholly in front of the near plane is left out.

Backward. The derivative of exactly that, the largest value included. A triangle is pulled only by pixels
inside it, and its value is 0 on its own edges, so a mesh of many triangles is drawn as a net of dark lines.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rrb.raster._inputs import Scene
from rrb.raster.approximations._silhouette import silhouette_by


def silhouette(
    vertices_px: Any, faces: Any, size: tuple[int, int], *, clip: bool = True, near: float | None = None
) -> Any:
    """(..., H, W) from 0, to 1 where `clip`, of vertices_px (..., V, 3) and faces; see `rasterize`."""
    clip = bool(clip)

    def draw(given: Scene) -> tuple[np.ndarray, None]:
        from rrb.raster.approximations._palazzi_kernel import sum_bumps

        image = given.empty()

        def band(i: int, row_from: int, row_to: int) -> None:
            faces = given.topologies[i].faces
            sum_bumps(given.vertices[i], faces, given.near, clip, row_from, row_to, image[i])

        given.for_each_band(band, pays_from_pixels=20_000)
        return image, None

    def backward(
        given: Scene, image: np.ndarray, _: None, grad: np.ndarray, grad_vertices: np.ndarray
    ) -> None:
        from rrb.raster.approximations._palazzi_kernel import sum_bumps_backward

        def some(i: int, start: int, stop: int, grad_part: np.ndarray) -> None:
            faces = given.topologies[i].faces[start:stop]
            sum_bumps_backward(given.vertices[i], faces, given.near, clip, image[i], grad[i], grad_part)

        given.add_up(some, len(given.topologies[0].faces) if len(given) else 0, grad_vertices)

    return silhouette_by(draw, backward, vertices_px, faces, size, near, double_sums=True)

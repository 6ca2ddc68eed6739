"""Points inside and outside of a mesh, to learn occupancy from."""

from __future__ import annotations

from typing import Any

import numpy as np

from rrb.data.sample import OccupancyPoints
from rrb.data.sample_arrays import stored_points
from rrb.errors import BadInputError
from rrb.geometry.mesh import Mesh
from rrb.geometry.winding import is_inside

PADDING = 0.1  # of the largest extent, around the box that uniform points come from
NEAR = (0.01, 0.05)  # standard deviations of the distance from the surface, of the largest extent


def occupancy_points(mesh: Mesh, count: int, seed: Any) -> OccupancyPoints:
    """`count` points in the object frame, float32 metres: half uniform, half around the surface, half of those close.

    Inside is where the winding number is above one half: parts that overlap are a union.
    """
    if not isinstance(count, int) or count < 4:
        raise BadInputError(f"the count of points is {count!r}; a whole number from 4 is accepted")
    random = np.random.default_rng(seed)
    low, high = mesh.bounding_box()
    size = float((high - low).max())
    n_near = count // 2
    uniform = random.uniform(low - PADDING * size, high + PADDING * size, (count - n_near, 3))
    surface, _ = mesh.sample_surface(n_near, int(random.integers(1 << 31)))
    spread = size * np.where(np.arange(n_near) % 2 == 0, *NEAR)
    near = surface + spread[:, None] * random.normal(size=(n_near, 3))
    points = stored_points(np.concatenate([uniform, near]))  # so that rounding in a file makes no label wrong
    is_near = np.arange(count) >= count - n_near
    return OccupancyPoints(points, is_inside(points, mesh.vertices, mesh.faces), is_near)

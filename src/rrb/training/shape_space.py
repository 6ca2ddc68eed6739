"""Codes of shapes that a network can learn to name: the coordinates of meshes along what shapes differ in most.

Each mesh becomes a soft grid, which share of each cell of its box it fills; principal components of all grids are the
axes. A code so made is smooth (like shapes have like codes), unique (nothing in it is chance), and its largest entries
say most about the shape, so that being nearly right in code is being nearly right in space.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rrb.errors import BadInputError
from rrb.geometry._arrays import as_numpy, numpy_view
from rrb.geometry.mesh import Mesh

CELLS = 24  # along each side of the box
_FINE = 2  # of a cell's side: as many points along it
_ROUNDS = 4  # of the power iteration behind the components
_EVEN = 0.5  # exponent of a component's deviation in its code: 1 is its own, 0 makes all alike


def soft_grid(mesh: Mesh) -> NDArray[np.float32]:
    """(CELLS, CELLS, CELLS): which share of each cell of its box a mesh fills, blurred a little."""
    from rrb.geometry.winding import is_inside_grid

    low, high = as_numpy(mesh.bounding_box())
    vertices = (as_numpy(mesh.vertices) - (low + high) / 2) / np.maximum(high - low, 1e-9)
    count = CELLS * _FINE
    inside = is_inside_grid(vertices, numpy_view(mesh.faces), np.full(3, -0.5), 1 / count, (count,) * 3)
    grid = inside.reshape(CELLS, _FINE, CELLS, _FINE, CELLS, _FINE).mean((1, 3, 5)).astype(np.float32)
    for axis in range(3):  # a shape that is shifted by a cell is still nearly the same
        wide = np.pad(grid, [(int(axis == a),) * 2 for a in range(3)])
        before, after = (np.take(wide, range(first, first + CELLS), axis) for first in (0, 2))
        grid = (before + 2 * grid + after) / 4
    return grid


def shape_codes(grids: Iterable[NDArray[np.float32]], count: int) -> Tensor:
    """(N, count), of mean square 1: what tells the grids apart, the most telling first. The same for the same grids."""
    flat = torch.from_numpy(np.stack([grid.ravel() for grid in grids]))
    if len(flat) <= count:
        raise BadInputError(f"{len(flat)} meshes have no {count} ways to differ; more meshes are needed")
    flat = flat - flat.mean(0)
    state = torch.get_rng_state()
    torch.manual_seed(0)  # of the first guess, which the rounds forget
    left, deviations, _ = torch.svd_lowrank(flat, q=count, niter=_ROUNDS)
    torch.set_rng_state(state)
    # The sign of a component is chance: the largest entry decides.
    largest = left.gather(0, left.abs().argmax(0, keepdim=True))
    codes = left * largest.sign() * deviations.clamp(min=1e-9) ** _EVEN
    return codes / codes.square().mean().sqrt()

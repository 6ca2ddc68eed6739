"""How thin an object is and into how many pieces it falls: where RRB says that it fails (its Fig. 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.geometry._arrays import as_numpy, numpy_view
from rrb.geometry.mesh import Mesh

CELLS = 32  # along the longest side
_POINTS = 30_000
_SPECK = 0.005  # of the object's cells: a smaller piece is none


@dataclass(frozen=True)
class Structure:
    pieces: int  # that no cells join; cells that share a corner are joined
    solidity: float  # share of the box's cells in which there is anything of the object


def structure(mesh: Mesh) -> Structure:
    """Of the cells that the surface passes through or whose middles lie inside. Sheets have cells as well."""
    from skimage.measure import label

    cells = _cells(mesh)
    parts = label(cells, connectivity=3)
    sizes = np.bincount(parts.ravel())[1:]
    return Structure(int((sizes > _SPECK * sizes.sum()).sum()), float(cells.mean()))


def _cells(mesh: Mesh) -> NDArray[np.bool_]:
    """Of a grid over the mesh's box: whether there is anything of the object."""
    from rrb.geometry.winding import is_inside_grid

    low, high = as_numpy(mesh.bounding_box())
    size = float((high - low).max()) / CELLS
    nx, ny, nz = (max(1, round(float(side) / size)) for side in high - low)
    cells = is_inside_grid(as_numpy(mesh.vertices), numpy_view(mesh.faces), low, size, (nx, ny, nz))
    points, _ = mesh.sample_surface(_POINTS, 0)
    at: Any = np.floor((as_numpy(points) - low) / size).astype(np.int64)
    at = np.clip(at, 0, np.array(cells.shape) - 1)
    cells[at[:, 0], at[:, 1], at[:, 2]] = True
    return cells

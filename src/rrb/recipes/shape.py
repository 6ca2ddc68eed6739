"""`Shape`: what the occupancy network says of an object, as a field, as a mesh, and as a mesh that may deform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.fitting.deformable import Deformable
from rrb.geometry.isosurface import extract
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_parts import without_specks
from rrb.networks.field import Field
from rrb.networks.occupancy import OccupancyNetwork

MARGIN = 0.03  # of the longest side: around the box in which the surface is looked for
_SPECK = 0.02  # of the largest piece's area: what is smaller and apart is noise of the network
_LOWER = (0.0, 1.0, 3.0)  # by how much the level is lowered where the field is nowhere as sure
_RESOLUTION, _FACES = 64, 3000  # of the mesh that is fitted
_LEAST_SLOPE = 2.0  # logits over the longest side; where it is flatter nothing says how the surface moves
_MOST_SHIFT = 0.05  # of a vertex along one deviation of a mode


@dataclass(frozen=True, eq=False)
class Shape:
    """In the canonical frame: the box's middle is 0, its longest side about 1."""

    field: Field
    mesh: Mesh  # coarse, to be fitted
    level: float  # logit of its surface
    lowered: bool = False  # whether the network was nowhere as sure as was asked


def shape_of(field: Field, level: float) -> Shape:
    """With a mesh that is coarse enough to be fitted quickly."""
    for lower in _LOWER:
        try:
            mesh = surface(field, _RESOLUTION, level - lower)
        except BadInputError as error:
            reason = error
            continue
        mesh = mesh.simplify(_FACES) if len(mesh.faces) > _FACES else mesh
        return Shape(field, mesh, level - lower, lower > 0)
    raise BadInputError(f"the network sees no shape in what is taken for the object ({reason})")


def surface(field: Field, resolution: int, level: float) -> Mesh:
    """The closed mesh where the field is `level`, cells being 1 / resolution of the longest side, without specks."""
    half = field.extents.double().numpy() / 2 + MARGIN
    try:
        found = extract(field, -half, half, resolution=resolution, coarse=resolution // 4, level=level)
    except BadInputError:  # something thin may hide between the points of a coarse grid
        found = extract(field, -half, half, resolution=resolution, coarse=resolution // 2, level=level)
    return without_specks(found.mesh, _SPECK)


def deformable(
    shape: Shape, network: OccupancyNetwork
) -> tuple[Deformable, Callable[[NDArray[np.float64]], Field]]:
    """The mesh with how it moves along each mode of the shape, and the field at given coordinates of the modes.

    Modes are of the code and of the box's proportions together, one standard deviation of what the network does not
    know each. Along a code's mode a vertex moves so that the field at it keeps its value (the implicit derivative):
    where the field rises the surface moves outwards, against the gradient.
    """
    field, vertices = shape.field, shape.mesh.vertices
    code_modes, side_modes = network.code_modes, network.side_modes  # (K, code), (K, 3)
    logits, gradient = field.with_gradient(vertices)
    steep = np.maximum((gradient**2).sum(1), _LEAST_SLOPE**2)
    modes = np.empty((*vertices.shape, len(code_modes)))
    for k, (code_mode, side_mode) in enumerate(zip(code_modes, side_modes, strict=True)):
        rise = Field(network, field.code + code_mode, field.extents)(vertices) - logits
        shift = -gradient * (rise / steep)[:, None]
        length = np.linalg.norm(shift, axis=1, keepdims=True)
        shift *= np.minimum(1.0, _MOST_SHIFT / np.maximum(length, 1e-12))
        modes[:, :, k] = shift + vertices * side_mode.numpy()

    def at(w: NDArray[np.float64]) -> Field:
        amounts = torch.from_numpy(w.astype(np.float32))
        return Field(network, field.code + amounts @ code_modes, field.extents * (amounts @ side_modes).exp())

    return Deformable(shape.mesh, modes), at

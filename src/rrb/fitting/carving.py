"""The shape that many masks of one object agree on: what none of them sees to be empty.

From known poses every mask says what is not the object: whatever projects beyond its outline. What remains is the
visual hull, which casts the same silhouettes as the object, wherever it was seen from. Since poses are never quite
right, the few masks that contradict a point most are not believed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.isosurface import extract
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_parts import without_specks
from rrb.geometry.pose import Pose

_MOST_PX = 24.0  # from an outline, beyond which it does not matter how far
_SPECK = 0.02  # of the largest piece's area: what is smaller and apart is where rays happen to meet
_NOWHERE = 1e6  # how far outside a point is of which no mask says anything
_SPARED = 0.06  # of the masks: their outlines are half a pixel off, either way


def carved(
    masks: Sequence[NDArray[Any]],
    camera: Camera,
    camera_from_object: Sequence[Pose],
    low: Any,
    high: Any,
    *,
    unknown: Sequence[NDArray[Any] | None] | None = None,
    resolution: int = 96,
    spared: float = _SPARED,
    reduced_to: int | None = None,
) -> Mesh:
    """The closed mesh, in the object's frame, that masks (H, W) seen from as many poses leave.

    low, high (3,): corners of the box, in the object's frame, that holds the object. unknown: like `fit`'s, for each
    mask: where something hides whether the object is there, nothing is carved. resolution: cells along the longest
    side. spared: share of the masks that are not believed about a point. reduced_to: faces of the mesh, about.
    """
    if not masks or len(masks) != len(camera_from_object):
        raise BadInputError(
            f"there are {len(masks)} masks and {len(camera_from_object)} poses; a pose for each of at least one mask is"
            " accepted"
        )
    hull = Hull(masks, camera, camera_from_object, unknown or [None] * len(masks), spared)
    mesh = without_specks(
        extract(hull, low, high, resolution=resolution, coarse=resolution // 2).mesh, _SPECK
    )
    return mesh if reduced_to is None or len(mesh.faces) <= reduced_to else mesh.simplify(reduced_to)


class Hull:
    """points (N, 3) -> (N,): how far inside of the masks, in the points' unit."""

    def __init__(
        self,
        masks: Sequence[NDArray[Any]],
        camera: Camera,
        poses: Sequence[Pose],
        unknown: Sequence[NDArray[Any] | None],
        spared: float,
    ) -> None:
        from rrb.fitting._carving_kernel import signed_distances

        self.distances = np.empty((len(masks), camera.height_px, camera.width_px), np.float32)
        for mask, hidden, found in zip(masks, unknown, self.distances, strict=True):
            may_be = np.asarray(mask) >= 0.5
            if may_be.shape != found.shape:
                raise BadInputError(f"a mask is {may_be.shape}, but the camera sees {found.shape} pixels")
            signed_distances(
                may_be if hidden is None else may_be | (np.asarray(hidden) >= 0.5), _MOST_PX, found
            )
        self.matrices = np.stack([pose.numpy().matrix[:3] for pose in poses])
        lens = camera.numpy()
        self.intrinsics = np.array([lens.fx_px, lens.fy_px, lens.cx_px, lens.cy_px], float)
        self.spared = math.floor(spared * len(masks))

    def __call__(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        from rrb.fitting._carving_kernel import least_insides

        values = np.empty(len(points))
        where = np.ascontiguousarray(points, np.float64)
        least_insides(where, self.matrices, self.intrinsics, self.distances, self.spared, values)
        return np.maximum(values, -_NOWHERE)

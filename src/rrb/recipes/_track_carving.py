"""Better shapes of a film's objects: what the masks of many frames agree on, poses and shapes in turn.

A mesh from one picture is a few percent wrong everywhere, and so are the poses that it is seen at. Carving from all
around mends what all those poses agree on; poses of the carved meshes are better, and the next carving is, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rrb.errors import BadInputError
from rrb.fitting.carving import carved
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.recipes._track_body import Mask
from rrb.recipes._track_meshes import View

SPARED = (0.25, 0.15, 0.1, 0.08, 0.06, 0.06)  # of the masks, in each round: the less poses are off, the fewer
VIEWS = 48  # masks from which an object is carved, at most
_AROUND = 0.2  # of the longest side: by how much a carved object may be larger than it was
_LEAST_VIEWS, _LEAST_TURN_DEG = 8, 60.0  # of which directions a hull is narrower than what casts the masks
_RESOLUTION, _FACES = 96, 4000


def shapes_carved(views: Sequence[View], camera: Camera, meshes: Sequence[Mesh], spared: float) -> list[Mesh]:
    """As `Refine`: each mesh as its masks say; as it was where it is not seen from enough sides."""
    return [_carved(views, k, camera, mesh, spared) for k, mesh in enumerate(meshes)]


def _carved(views: Sequence[View], k: int, camera: Camera, mesh: Mesh, spared: float) -> Mesh:
    masks, poses, unknown = list[Mask](), list[Pose](), list[Mask | None]()
    for view in views:
        mask, pose = view.masks[k], view.camera_from_objects[k]
        if mask is not None and pose is not None:
            masks.append(mask)
            poses.append(pose)
            unknown.append(_others(view, k))
    if len(masks) < _LEAST_VIEWS or _turn_deg(poses) < _LEAST_TURN_DEG:
        return mesh
    low, high = (np.asarray(side, float) for side in mesh.bounding_box())
    wide = _AROUND * float((high - low).max())
    try:
        return carved(
            masks, camera, poses, low - wide, high + wide,
            unknown=unknown, resolution=_RESOLUTION, spared=spared, reduced_to=_FACES,
        )  # fmt: skip
    except BadInputError:  # the masks agree on nothing: the poses are too far off
        return mesh


def _others(view: View, k: int) -> Mask | None:
    """Where other objects may stand before this one."""
    masks = [mask for n, mask in enumerate(view.masks) if n != k and mask is not None]
    return np.maximum.reduce(masks) if masks else None


def _turn_deg(poses: Sequence[Pose]) -> float:
    """The largest angle between two directions from which the object is seen."""
    centres = np.stack([pose.camera_centre_object for pose in poses])
    rays = centres / np.linalg.norm(centres, axis=1, keepdims=True)
    return float(np.degrees(np.arccos(np.clip(rays @ rays.T, -1, 1).min())))

"""Better shapes of a film's objects: what the masks of many frames agree on, poses and shapes in turn.

A mesh from one picture is a few percent wrong everywhere, and so are the poses that it is seen at. Carving from all
around mends what all those poses agree on; poses of the carved meshes are better, and the next carving is, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.fitting.carving import carved
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.recipes._track_body import Mask
from rrb.recipes._track_meshes import View
from rrb.recipes._track_motion import power

if TYPE_CHECKING:
    from rrb.recipes._track_film import Path

Key = tuple[int, int]  # frame and object

_STRIDE = 2.0
_VIEWS = 48  # masks from which an object is carved, at most
_AROUND = 0.2  # of the longest side: by how much a carved object may be larger than it was
_LEAST_VIEWS = 8
_RESOLUTION, _FACES = 96, 4000


@dataclass(frozen=True)
class Rounds:
    """How often shapes are carved, and from what."""

    spared: tuple[
        float, ...
    ]  # of the masks, in each round: the less poses are off, the fewer contradict by mistake
    first_stride: int | None  # the round after which the path is taken farther
    # Between neighbouring directions, from above: where nobody looked, shape and path are loose.
    widest_deg: float


# Poses that followed a wrong mesh are all wrong alike: each round goes the same way a little less far.
ALONG_THE_PATH = Rounds((0.2, 0.1, *7 * (0.06,)), 2, 120.0)
# Those that the network saw are wrong one by one, and soon mended.
FROM_VIEWS = Rounds((0.2, 0.1, *3 * (0.06,)), None, 200.0)


def shapes_carved(
    views: Sequence[View], camera: Camera, meshes: Sequence[Mesh], spared: float, widest_deg: float
) -> list[Mesh]:
    """As `Refine`: each mesh as its masks say; as it was where it is not seen from enough sides."""
    return [_carved(views, k, camera, mesh, spared, widest_deg) for k, mesh in enumerate(meshes)]


def _carved(
    views: Sequence[View], k: int, camera: Camera, mesh: Mesh, spared: float, widest_deg: float
) -> Mesh:
    masks, poses, unknown = list[Mask](), list[Pose](), list[Mask | None]()
    for view in views:
        mask, pose = view.masks[k], view.camera_from_objects[k]
        if mask is not None and pose is not None:
            masks.append(mask)
            poses.append(pose)
            unknown.append(_others(view, k))
    if len(masks) < _LEAST_VIEWS or _widest_gap_deg(poses) > widest_deg:
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


def _widest_gap_deg(poses: Sequence[Pose]) -> float:
    """The largest angle, about the object's y axis, from which nobody looks."""
    turns = np.sort([float(pose.to_viewpoint().azimuth_deg) for pose in poses])
    return float(np.diff(turns, append=turns[0] + 360.0).max())


def spread(frames: NDArray[np.intp]) -> list[int]:
    """At most so many, from all along the film."""
    count = min(len(frames), _VIEWS)
    return [int(frames[n]) for n in np.linspace(0, len(frames) - 1, count).round().astype(int)]


def change_of_size(before: Mapping[Key, Pose], now: Mapping[Key, Pose]) -> float:
    """By what poses are to be multiplied, so that objects are as far away as they were: masks do not tell size."""
    both = sorted(before.keys() & now.keys())
    off = [np.linalg.norm(before[k].translation) / np.linalg.norm(now[k].translation) for k in both]
    return float(np.exp(np.log(off).mean())) if both else 1.0


def resized_mesh(mesh: Mesh, share: float) -> Mesh:
    return mesh.with_vertices(share * np.asarray(mesh.vertices))


def ahead(behind: Path, path: Path) -> Pose:
    """world_from_camera (N,) beyond `path`, seen from the one before it."""
    moves = []
    for n in range(len(path.world_from_camera)):
        old, new = behind.world_from_camera[n], path.world_from_camera[n]
        moves.append(old @ power(old.inverse() @ new, _STRIDE))
    return Pose.stack(moves)

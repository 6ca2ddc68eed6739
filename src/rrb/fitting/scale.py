"""The metric size of an object that stands on the ground, from the known height of the camera (RRB, section 3.3).

The ground is the plane through the object's lowest vertex at right angles to its y axis. One picture shows (t, s) and
(k t, k s) alike; of them, the height of the camera's centre above the ground chooses one. RRB changes the size until
the mesh's box is the picture's: here, the mesh as it is is placed to fit the box, and both are scaled at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.fitting.box_fit import SIDES, Array, box_of_mask, checked_box, touching, translation_from_box
from rrb.fitting.mask_checks import checked_mask, checked_unknown
from rrb.fitting.observed import around
from rrb.geometry._arrays import as_numpy, finite_float, is_tensor, numpy_view, short
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose, Viewpoint

_MUCH = 0.05  # of the box's longer side
_ROUNDS = 100
_FEW_ROUNDS = (
    3  # where a first guess is wanted: each makes the rotation right to a few hundredths of a degree
)
_FAR = 5.0  # times as far as a sphere around the mesh: a box that nearly is a line


@dataclass(frozen=True, eq=False)
class ScaledPose:
    """p_camera = R @ (scale * p_object) + t in metres, p_object being the mesh's vertices as given."""

    camera_from_object: Pose
    scale: float  # metres for each of the mesh's own units
    camera_height_m: float
    error_per_degree: float  # how much the scale changes, relatively, if the rotation is tilted by a degree
    box_px: Array | None = None  # (4,): left, top, right, bottom of the mesh; None where no box was fitted
    box_residual_px: Array | None = None  # (4,): that minus the picture's box; NaN where the picture cuts it
    notes: tuple[str, ...] = ()  # what should be known about it, a sentence each


def scale_from_camera_height(
    mesh: Mesh,
    rotation: Any,
    camera: Camera,
    seen: Any,
    camera_height_m: float,
    *,
    unknown: Any = None,
) -> ScaledPose:
    """The scale and the translation with which the mesh fits its box in the picture.

    rotation: camera_from_object as (3, 3) or a `Pose`, of which the rotation alone is read, or a `Viewpoint`, of
    which the distance is not: the angles then hold at the place that is found, however far from the optical axis.
    seen: a mask (H, W), or a box (4,): left, top, right, bottom in pixels, (0, 0) being the outer corner of the
    first. A side at the picture's border is not the object's and is left out, as is one beside unknown (H, W);
    three must remain.
    """
    height = _positive(camera_height_m, "camera_height_m")
    box = _seen_box(seen, camera, unknown)
    vertices = as_numpy(mesh.vertices)[np.unique(numpy_view(mesh.faces))]
    if isinstance(rotation, Viewpoint):
        pose, box_px = _from_viewpoint(vertices, rotation, camera, box)
    else:
        matrix = as_numpy(rotation.rotation if isinstance(rotation, Pose) else rotation)
        if matrix.shape != (3, 3):
            raise BadInputError(f"the rotation has the shape {matrix.shape}; (3, 3) is accepted")
        turned = Pose(matrix, np.zeros(3))
        t, box_px = translation_from_box(turned @ vertices, camera, box)
        pose = Pose(matrix, t)
    residual = box_px - box
    return _grown(mesh, pose, 1.0, height, box_px, residual, _remarks(box_px, residual))


def scale_of_pose(
    mesh: Mesh, camera_from_object: Pose, camera_height_m: float, *, scale: float = 1.0
) -> ScaledPose:
    """The same for a pose that was fitted already, at any scale: metric scale = scale * height / (c_y - min y).

    c is the camera's centre in the object frame, and y that of the vertices, at the given scale.
    """
    if camera_from_object.batch:
        raise BadInputError(f"{camera_from_object.batch} poses are given; a single pose is accepted")
    height = _positive(camera_height_m, "camera_height_m")
    pose = Pose(as_numpy(camera_from_object.rotation), as_numpy(camera_from_object.translation))
    return _grown(mesh, pose, _positive(scale, "scale"), height)


def pose_in_box(mesh: Mesh, view: Viewpoint, camera: Camera, seen: Any, unknown: Any = None) -> Pose:
    """The pose at which the mesh, in its own unit, is seen as `view` says and about fits its box in the picture.

    As `scale_from_camera_height`, without a camera height, and for shapes that may be wrong: where fewer than three
    sides of the box are the object's own, the others are taken for such; where no place fits, the one on the ray to
    the box's middle at which a sphere around the mesh reaches to the box's corners.
    """
    mask = checked_mask(seen, camera)
    box = box_of_mask(mask, unknown)
    top, left, bottom, right = around(mask, 0.0, 0)
    whole = np.array([left, top, right, bottom], float)
    if np.isnan(box).sum() > 1:
        box = np.where(np.isnan(box), whole, box)
    vertices = as_numpy(mesh.vertices)[np.unique(numpy_view(mesh.faces))]
    pose = _around_in_box(vertices, view, camera, whole)
    radius, known = float(np.linalg.norm(vertices, axis=1).max()), ~np.isnan(box)
    for _ in range(_FEW_ROUNDS):
        arms = vertices @ pose.rotation.T
        t = touching(arms, camera, box, known)
        distance = float(np.linalg.norm(t))
        if not (arms[:, 2] + t[2]).min() > 0 or not radius < distance < _FAR * np.linalg.norm(
            pose.translation
        ):
            return pose  # shape, view and box do not go together
        pose = Pose.from_viewpoint(*view[:3], distance_m=distance, ray_camera=t)
    return pose


def _around_in_box(vertices: Array, view: Viewpoint, camera: Camera, box: Array) -> Pose:
    """On the ray to the box's middle, as far away as a sphere around the mesh that the box's corners touch."""
    left, top, right, bottom = box
    corners = np.array([(x, y) for x in (left, right) for y in (top, bottom)])
    ray = as_numpy(camera.unproject((box[:2] + box[2:]) / 2, 1.0))
    rays = as_numpy(camera.unproject(corners, 1.0))
    cosines = rays @ ray / (np.linalg.norm(rays, axis=1) * np.linalg.norm(ray))
    wide = math.acos(float(np.clip(cosines.min(), 0.0, 1.0 - 1e-12)))
    radius = float(np.linalg.norm(vertices, axis=1).max())
    return Pose.from_viewpoint(*view[:3], distance_m=radius / math.sin(wide), ray_camera=ray)


def _grown(mesh: Mesh, pose: Pose, scale: float, height: float, *more: Any) -> ScaledPose:
    """Mesh and translation by one factor about the camera's centre, which changes no pixel."""
    up = pose.rotation[:, 1]
    above = -float(up @ pose.translation) - scale * float(as_numpy(mesh.bounding_box())[0, 1])
    if not above > 0:
        raise BadInputError(
            f"the camera lies {-above:.3g} below the object's lowest vertex, in the mesh's unit, so that its height"
            " above the ground gives no size; a view from above it is accepted"
        )
    # Tilted by w about its origin, the object's y axis moves by w x up, and the height by w . (t x up).
    per_degree = math.radians(np.linalg.norm(np.cross(pose.translation, up)) / above)
    factor = height / above
    grown = Pose(pose.rotation, factor * pose.translation)
    return ScaledPose(grown, factor * scale, height, per_degree, *more)


def _seen_box(seen: Any, camera: Camera, unknown: Any) -> Array:
    if (seen.ndim if is_tensor(seen) else np.ndim(seen)) == 1:
        if unknown is not None:
            raise BadInputError("unknown goes with a mask; sides of a box that are not known are NaN")
        return checked_box(seen, camera)
    mask = checked_mask(seen, camera)
    return box_of_mask(mask, None if unknown is None else checked_unknown(unknown, camera, mask))


def _from_viewpoint(vertices: Array, view: Viewpoint, camera: Camera, box: Array) -> tuple[Pose, Array]:
    """Angles hold for the ray to the object's origin, which follows from where the object is placed."""
    ray = np.array([0.0, 0.0, 1.0])
    for _ in range(_ROUNDS):
        pose = Pose.from_viewpoint(*map(as_numpy, view[:3]), distance_m=1.0, ray_camera=ray)
        if pose.batch:
            raise BadInputError(f"{pose.batch} viewpoints are given; a single one is accepted")
        t, box_px = translation_from_box(vertices @ pose.rotation.T, camera, box)
        before, ray = ray, t / np.linalg.norm(t)
        if np.linalg.norm(ray - before) < 1e-12:
            return Pose(pose.rotation, t), box_px
    raise BadInputError(
        "no ray to the object's origin goes with these angles and this box; a mesh nearer to its origin, or a"
        " rotation matrix, is accepted"
    )


def _remarks(box_px: Array, residual: Array) -> tuple[str, ...]:
    notes = []
    cut = [side for side, r in zip(SIDES, residual, strict=True) if np.isnan(r)]
    if cut:
        notes.append(f"the object may go on beyond the box's {', '.join(cut)} side, which was left out")
    worst, longer = np.nanmax(np.abs(residual)), (box_px[2:] - box_px[:2]).max()
    if worst > _MUCH * longer:
        notes.append(
            f"the mesh's box misses the picture's by {worst:.1f} px of {longer:.0f}: the shape or the rotation is"
            " another"
        )
    return tuple(notes)


def _positive(value: Any, what: str) -> float:
    number = finite_float(value)
    if number is None or not number > 0:
        raise BadInputError(f"{what} is {short(value)}; a positive number is accepted")
    return number

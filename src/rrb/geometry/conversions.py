"""Other ways to write a rotation or a view, in radians: Euler angles, viewpoints, rays, look-at, Choy.

A viewpoint (azimuth a, elevation e, roll) looks at the object's origin from the object frame's direction
(cos e sin a, sin e, -cos e cos a): a = 0 sees the front (-z), a = pi/2 stands at +x, e > 0 looks down.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.geometry._arrays import alike, as_numpy, length, namespace, safe_sqrt, spread
from rrb.geometry.rotations import about_axis, matrix_from_quaternion, matrix_of, pole_width

# Metres (ShapeNet units) for a distance of 1 in `rendering_metadata.txt`.
CHOY_DISTANCE = 1.75
# Their focal length, in widths of the picture.
CHOY_FOCAL_WIDTHS = 35 / 32


# --- Euler angles ---------------------------------------------------------------------------------


def matrix_from_euler_zyx(z: Any, y: Any, x: Any) -> Any:
    """(..., 3, 3) = Rz(z) @ Ry(y) @ Rx(x): turned about x first, then about the fixed y, then z."""
    z, y, x = alike(z, y, x)
    return about_axis(2, z) @ about_axis(1, y) @ about_axis(0, x)


def euler_zyx_from_matrix(rotation: Any) -> tuple[Any, Any, Any]:
    """(z, y, x) with z and x in (-pi, pi] and y in [-pi/2, pi/2].

    At y = +-pi/2 (gimbal lock) only z -+ x is determined: x is 0 there, and z says it all.
    """
    (r,) = alike(rotation)
    xp = namespace(r)
    level = safe_sqrt(r[..., 0, 0] ** 2 + r[..., 1, 0] ** 2, xp)
    locked = level < pole_width(r)
    z = xp.where(
        locked,
        xp.arctan2(-r[..., 0, 1], r[..., 1, 1]),
        xp.arctan2(r[..., 1, 0], r[..., 0, 0]),
    )
    # From what remains once z is undone, so that the three reproduce the matrix beside the lock too.
    sine, cosine = xp.sin(z), xp.cos(z)
    x = xp.arctan2(
        sine * r[..., 0, 2] - cosine * r[..., 1, 2],
        cosine * r[..., 1, 1] - sine * r[..., 0, 1],
    )
    return z, xp.arctan2(-r[..., 2, 0], level), xp.where(locked, 0.0 * x, x)


# --- viewpoints -----------------------------------------------------------------------------------


def direction_from_viewpoint(azimuth: Any, elevation: Any) -> Any:
    """(..., 3): from the object's origin to the camera's centre, of length 1, in the object frame."""
    a, e = alike(azimuth, elevation)
    xp = namespace(a)
    return xp.stack([xp.cos(e) * xp.sin(a), xp.sin(e) + 0.0 * a, -xp.cos(e) * xp.cos(a)], -1)


def matrix_from_viewpoint(azimuth: Any, elevation: Any, roll: Any) -> Any:
    """R_camera_from_object (..., 3, 3) of a camera that looks at the object's origin.

    With roll 0 the image's x axis is level in the object frame; roll turns the object clockwise in the image.
    """
    a, e, roll = spread(azimuth, elevation, roll)
    xp = namespace(a)
    ca, sa, ce, se = xp.cos(a), xp.sin(a), xp.cos(e), xp.sin(e)
    # Rows are the camera's axes in the object frame: forward is minus the direction to the camera, right is
    # forward x (0, 1, 0) made unit, which never vanishes when written in the azimuth, and down completes
    # them.
    level = matrix_of([[-ca, 0.0 * a, -sa], [se * sa, -ce, -se * ca], [-ce * sa, -se, ce * ca]])
    # x to y is clockwise, since y points down.
    return about_axis(2, roll) @ level


def viewpoint_from_matrix(rotation: Any) -> tuple[Any, Any, Any]:
    """(azimuth, elevation, roll) of a camera whose optical axis passes through the object's origin.

    azimuth and roll lie in (-pi, pi], elevation in [-pi/2, pi/2]. Straight above or below, where only azimuth
    +- roll is determined, roll is 0 and the azimuth says it all.
    """
    (r,) = alike(rotation)
    xp = namespace(r)
    right, down, forward = r[..., 0, :], r[..., 1, :], r[..., 2, :]
    level = safe_sqrt(forward[..., 0] ** 2 + forward[..., 2] ** 2, xp)
    pole = level < pole_width(r)
    azimuth = xp.where(
        pole,
        xp.arctan2(-right[..., 2], -right[..., 0]),
        xp.arctan2(-forward[..., 0], forward[..., 2]),
    )
    ca, sa = xp.cos(azimuth), xp.sin(azimuth)
    # How far the image's axes are turned from the level axis (-ca, 0, -sa).
    cosine = -ca * right[..., 0] - sa * right[..., 2]
    sine = -ca * down[..., 0] - sa * down[..., 2]
    roll = xp.arctan2(sine, cosine)
    return azimuth, xp.arctan2(-forward[..., 1], level), xp.where(pole, 0.0 * roll, roll)


def viewpoint_from_choy(azimuth: Any, elevation: Any, in_plane: Any) -> tuple[Any, Any, Any]:
    """Our (azimuth, elevation, roll) of the angles in 3D-R2N2's `rendering_metadata.txt`.

    Their Blender camera starts at +x, with z up; it is turned by -in_plane about x, then -elevation about y,
    then -azimuth about z. Blender's import had turned the object's (x, y, z) to (x, -z, y). So the camera's
    centre is, in the object frame, along (cos e cos a', sin e, cos e sin a'), which is our direction for a =
    a' + 90 degrees; and a camera turned clockwise turns the object counter-clockwise.
    """
    azimuth, elevation, in_plane = alike(azimuth, elevation, in_plane)
    return azimuth + math.pi / 2, elevation, -in_plane


def choy_from_viewpoint(azimuth: Any, elevation: Any, roll: Any) -> tuple[Any, Any, Any]:
    """The inverse of `viewpoint_from_choy`, its azimuth in [0, 2 pi)."""
    azimuth, elevation, roll = alike(azimuth, elevation, roll)
    return (azimuth - math.pi / 2) % (2 * math.pi), elevation, -roll


# --- directions -----------------------------------------------------------------------------------


def matrix_from_look_at(camera_position_object: Any, target_object: Any, up_object: Any) -> Any:
    """R_camera_from_object (..., 3, 3) of a camera at a point that looks at another; `up` points up."""
    position, target, up = alike(camera_position_object, target_object, up_object)
    xp = namespace(position)
    forward = target - position
    distance = length(forward)[..., None]
    _require_positive(distance, "the camera stands at its target; two different points are accepted")
    forward = forward / distance
    forward, up = xp.broadcast_tensors(forward, up) if xp is not np else np.broadcast_arrays(forward, up)
    right = xp.linalg.cross(forward, up)
    sideways = length(right)[..., None]
    # Parallel but for rounding: the image could be turned anyhow.
    limit = pole_width(right) * length(up)[..., None]
    _require_positive(sideways - limit, "up is 0 or along the line of sight; any other direction is accepted")
    right = right / sideways
    return xp.stack([right, xp.linalg.cross(forward, right), forward], -2)


def ray_rotation(ray: Any) -> Any:
    """(..., 3, 3): the smallest rotation that takes the optical axis (0, 0, 1) to the direction ray (..., 3).

    Straight backwards, where all half-turns are equally small, it is the one about y.
    """
    (ray,) = alike(ray)
    xp = namespace(ray)
    size = length(ray)[..., None]
    _require_positive(size, "a ray has length 0; a direction (x, y, z) in the camera frame is accepted")
    x, y, z = (ray[..., i] for i in range(3))
    size = size[..., 0]
    # The quaternion of the half-way turn is (|ray| + z, -y, x, 0); behind, its first entry would cancel.
    one = xp.ones_like(z)
    front = xp.where(z < 0, (x * x + y * y) / xp.where(z < 0, size - z, one), size + z)
    backwards = (z < 0) & (x * x + y * y == 0)
    return matrix_from_quaternion(xp.stack([front, -y, xp.where(backwards, one, x), 0.0 * z], -1))


def _require_positive(numbers: Any, sentence: str) -> None:
    if not (as_numpy(numbers) > 0).all():
        raise BadInputError(sentence)

"""`Pose`: rigid motions, one or a batch, named so that frames cancel: camera_from_object @ points_object."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rrb.errors import BadInputError
from rrb.geometry import conversions, rotations
from rrb.geometry._arrays import (
    alike,
    as_numpy,
    common_shape,
    is_tensor,
    length,
    namespace,
    require_finite,
    require_last,
    short,
    spread,
)
from rrb.geometry.twists import inverse_left_jacobian, left_jacobian

_DEGREE = math.pi / 180
_BATCHES = "two poses"


class Viewpoint(NamedTuple):
    """From where a camera sees an object; each (...) as the pose's batch, degrees and metres."""

    azimuth_deg: Any  # (-180, 180]: 0 sees the front (-z), 90 stands at +x
    elevation_deg: Any  # [-90, 90]: up is positive
    roll_deg: Any  # (-180, 180]: turns the object clockwise in the image
    distance_m: Any  # from the camera's centre to the object's origin


@dataclass(frozen=True, eq=False)
class Pose:
    """p_camera = R @ (scale * p_object) + t; any other two frames are written in the same way.

    Both fields are NumPy arrays or both torch tensors, of one floating type, with one batch shape (...). What
    is computed from tensors is differentiable. Steps and twists are ordered rotation (rad), translation (m).
    Arrays are copied; tensors are kept, so that a pose follows the variable that it was made of.
    """

    rotation: Any  # (..., 3, 3)
    translation: Any  # (..., 3), metres

    # NumPy would otherwise take `array @ pose` apart instead of refusing it.
    __array_ufunc__ = None

    def __post_init__(self) -> None:
        rotation, translation = alike(self.rotation, self.translation)
        if translation.shape[-1:] != (3,):
            raise BadInputError(
                f"a translation has the shape {tuple(translation.shape)}; (..., 3) is accepted"
            )
        rotations.checked_rotation(rotation)
        if not np.isfinite(as_numpy(translation)).all():
            raise BadInputError("a translation holds numbers that are not finite; metres are accepted")
        rotation, translation = _broadcast(rotation, translation)
        if not is_tensor(rotation):
            rotation, translation = rotation.copy(), translation.copy()
        _fill(self, rotation, translation)

    # --- building ---------------------------------------------------------------------------------

    @staticmethod
    def identity(batch: Sequence[int] = ()) -> Pose:
        return Pose(np.broadcast_to(np.eye(3), (*batch, 3, 3)), np.zeros((*batch, 3)))

    @staticmethod
    def from_matrix(matrix: Any) -> Pose:
        """Of (..., 4, 4) with the last row 0 0 0 1, or (..., 3, 4); scaled and mirrored ones are refused."""
        (matrix,) = alike(matrix)
        if tuple(matrix.shape[-2:]) not in ((4, 4), (3, 4)):
            raise BadInputError(f"a pose matrix has the shape {tuple(matrix.shape)}; (..., 4, 4) is accepted")
        if matrix.shape[-2] == 4 and not (as_numpy(matrix[..., 3, :]) == [0, 0, 0, 1]).all():
            raise BadInputError("a pose matrix has another last row than 0 0 0 1, the only one accepted")
        return Pose(matrix[..., :3, :3], matrix[..., :3, 3])

    @staticmethod
    def random(
        seed: int | np.random.Generator, batch: Sequence[int] = (), translation: Any = (0.0, 0.0, 0.0)
    ) -> Pose:
        """Rotations uniform over all, at the given translation, in NumPy; the same for the same seed."""
        return Pose(rotations.random_rotations(np.random.default_rng(seed), batch), translation)

    @staticmethod
    def stack(poses: Sequence[Pose]) -> Pose:
        """Poses of equal batch shape as one, along a new first axis."""
        if not poses:
            raise BadInputError("there are no poses to stack; at least one is needed")
        if len({pose.batch for pose in poses}) > 1:
            shapes = ", ".join(sorted({str(pose.batch) for pose in poses}))
            raise BadInputError(f"poses to stack have the batch shapes {shapes}; equal ones are accepted")
        r, t = alike(*(p.rotation for p in poses)), alike(*(p.translation for p in poses))
        return _pose(namespace(*r).stack(r), namespace(*t).stack(t))

    # --- the batch --------------------------------------------------------------------------------

    @property
    def batch(self) -> tuple[int, ...]:
        return tuple(self.translation.shape[:-1])

    def __getitem__(self, index: Any) -> Pose:
        """Some poses of a batch; the index applies to the batch axes alone."""
        if not self.batch:
            raise BadInputError("one single pose has no batch to index")
        index = index if isinstance(index, tuple) else (index,)
        whole = slice(None)
        return _pose(self.rotation[(*index, whole, whole)], self.translation[(*index, whole)])

    def __len__(self) -> int:
        if not self.batch:
            raise TypeError("one single pose has no length")
        return self.batch[0]

    def __bool__(self) -> bool:
        return True

    def numpy(self) -> Pose:
        """The same in NumPy, its type kept, without gradient."""
        if not is_tensor(self.rotation):
            return self
        return _pose(self.rotation.detach().cpu().numpy(), self.translation.detach().cpu().numpy())

    def tensor(self, dtype: Any = None) -> Pose:
        """The same in torch, of the type given or else its own."""
        import torch

        if is_tensor(self.rotation):
            return _pose(self.rotation.to(dtype=dtype), self.translation.to(dtype=dtype))
        # torch takes no array that runs backwards, as pose[::-1] does.
        r, t = np.ascontiguousarray(self.rotation), np.ascontiguousarray(self.translation)
        return _pose(torch.tensor(r, dtype=dtype), torch.tensor(t, dtype=dtype))

    # --- the group --------------------------------------------------------------------------------

    @property
    def matrix(self) -> Any:
        """(..., 4, 4): [R t; 0 1]."""
        xp = namespace(self.rotation)
        top = xp.concatenate((self.rotation, self.translation[..., None]), -1)
        last = xp.zeros_like(top[..., :1, :])
        last[..., 3] = 1
        return xp.concatenate((top, last), -2)

    def compose(self, other: Pose) -> Pose:
        """a_from_b.compose(b_from_c) is a_from_c; batch shapes are broadcast."""
        common_shape(_BATCHES, self.batch, other.batch)
        r1, t1, r2, t2 = alike(self.rotation, self.translation, other.rotation, other.translation)
        return _pose(r1 @ r2, (r1 @ t2[..., None])[..., 0] + t1)

    def apply(self, points: Any, scale: Any = 1.0) -> Any:
        """R @ (scale * p) + t of points (..., N, 3) -> (..., N, 3); one point (3,) -> (..., 3).

        The batch shapes of poses and points are broadcast: B poses and points (N, 3) give (B, N, 3).
        scale: a number, or one for each pose (...).
        """
        r, t, p, scale = alike(self.rotation, self.translation, points, scale)
        if p.shape[-1:] != (3,):
            raise BadInputError(f"points have the shape {tuple(p.shape)}; (..., N, 3) or (3,) is accepted")
        single = p.ndim == 1
        p = p[None] if single else p
        common_shape("poses, points and scales", self.batch, p.shape[:-2], scale.shape)
        moved = (scale[..., None, None] * p) @ r.swapaxes(-1, -2) + t[..., None, :]
        return moved[..., 0, :] if single else moved

    def __matmul__(self, other: Any) -> Any:
        """`compose` with a pose, `apply` to points."""
        return self.compose(other) if isinstance(other, Pose) else self.apply(other)

    def inverse(self) -> Pose:
        back = self.rotation.swapaxes(-1, -2)
        return _pose(back, -(back @ self.translation[..., None])[..., 0])

    @staticmethod
    def exp(twist: Any) -> Pose:
        """exp of (..., 6) = (rotation w, translation v), the exponential of SE(3): R = exp([w]x), t = V(w) v.

        The parts are coupled: a screw motion, whose translation is v only where w = 0. See `step` for the
        other.
        """
        w, v = _split(twist, "a twist")
        return _pose(rotations.matrix_from_rotation_vector(w), (left_jacobian(w) @ v[..., None])[..., 0])

    def log(self) -> Any:
        """The twist (..., 6), (w, v) with |w| <= pi, whose `exp` is this pose."""
        w = rotations.rotation_vector_from_matrix(self.rotation)
        v = (inverse_left_jacobian(w) @ self.translation[..., None])[..., 0]
        return namespace(w).concatenate((w, v), -1)

    def step(self, delta: Any) -> Pose:
        """R <- exp([w]x) R and t <- t + v of (..., 6) = (w, v) in the camera frame; covariances mean this.

        The object turns about its own origin, wherever it is: the parts are not coupled.
        """
        w, v = _split(delta, "a step")
        common_shape("poses and steps", self.batch, v.shape[:-1])
        turn, v, r, t = alike(rotations.matrix_from_rotation_vector(w), v, self.rotation, self.translation)
        return _pose(*_broadcast(turn @ r, t + v))

    def distance(self, other: Pose) -> tuple[Any, Any]:
        """(degrees, metres), each (...): the angle between the rotations, the way between the origins."""
        common_shape(_BATCHES, self.batch, other.batch)
        r1, t1, r2, t2 = alike(self.rotation, self.translation, other.rotation, other.translation)
        return rotations.angle_of(r1.swapaxes(-1, -2) @ r2) / _DEGREE, length(t2 - t1)

    def interpolate(self, other: Pose, share: Any) -> Pose:
        """self at share 0, other at 1: turned evenly by the shortest way, moved on a straight line."""
        r1, t1, r2, t2, share = alike(
            self.rotation, self.translation, other.rotation, other.translation, share
        )
        common_shape("two poses and the shares", self.batch, other.batch, share.shape)
        w = rotations.rotation_vector_from_matrix(r1.swapaxes(-1, -2) @ r2)
        share = share[..., None]
        turned = r1 @ rotations.matrix_from_rotation_vector(share * w)
        return _pose(*_broadcast(turned, t1 + share * (t2 - t1)))

    # --- conversions; angles in degrees -----------------------------------------------------------

    @staticmethod
    def from_viewpoint(
        azimuth_deg: Any,
        elevation_deg: Any,
        roll_deg: Any = 0.0,
        *,
        distance_m: Any,
        ray_camera: Any = (0.0, 0.0, 1.0),
    ) -> Pose:
        """camera_from_object of a `Viewpoint`, the object's origin lying along `ray_camera` (..., 3).

        By default it lies on the optical axis. For an object that was seen in an off-centre crop, give the
        ray through the crop: the smallest rotation that takes the axis to the ray then turns the centred
        view.
        """
        _check_positive(distance_m, "distance_m")
        a, e, roll, d, ray = alike(azimuth_deg, elevation_deg, roll_deg, distance_m, ray_camera)
        require_finite("the angles and the ray of a viewpoint", a, e, roll, ray)
        require_last(ray, 3, "rays")
        a, e, roll, d = spread(a, e, roll, d)
        common_shape("viewpoints and rays", d.shape, ray.shape[:-1])
        view = conversions.matrix_from_viewpoint(_DEGREE * a, _DEGREE * e, _DEGREE * roll)
        t = d[..., None] * ray / length(ray)[..., None]
        return _pose(*_broadcast(conversions.ray_rotation(ray) @ view, t))

    def to_viewpoint(self) -> Viewpoint:
        """Angles and distance of the camera's centre c = -R^T t; the inverse with `ray_camera=translation`.

        roll is that of the view turned by the ray to the object's origin onto the optical axis, which is what
        an off-centre crop shows. Straight above or below roll is 0 and the azimuth says all.
        """
        to_axis = conversions.ray_rotation(self.translation).swapaxes(-1, -2)
        azimuth, elevation, roll = conversions.viewpoint_from_matrix(to_axis @ self.rotation)
        distance = length(self.translation)
        return Viewpoint(azimuth / _DEGREE, elevation / _DEGREE, roll / _DEGREE, distance)

    @staticmethod
    def from_choy(
        azimuth_deg: Any, elevation_deg: Any, in_plane_deg: Any = 0.0, *, distance_ratio: Any
    ) -> Pose:
        """Of a line of `rendering_metadata.txt` (Choy et al., 3D-R2N2); its fifth number, 25, was never used.

        The mesh is ShapeNet's as stored. The pictures, 137 x 137, were made with a focal length of 35/32
        widths.
        """
        angles = (_DEGREE * angle for angle in alike(azimuth_deg, elevation_deg, in_plane_deg))
        a, e, roll = (angle / _DEGREE for angle in conversions.viewpoint_from_choy(*angles))
        (ratio,) = alike(distance_ratio)
        return Pose.from_viewpoint(a, e, roll, distance_m=conversions.CHOY_DISTANCE * ratio)

    def to_choy(self) -> tuple[Any, Any, Any, Any]:
        """(azimuth_deg in [0, 360), elevation_deg, in_plane_deg, distance_ratio), measured as a viewpoint."""
        view = self.to_viewpoint()
        angles = conversions.choy_from_viewpoint(*(_DEGREE * angle for angle in view[:3]))
        a, e, in_plane = (angle / _DEGREE for angle in angles)
        return a, e, in_plane, view.distance_m / conversions.CHOY_DISTANCE

    @staticmethod
    def from_euler_zyx(z_deg: Any, y_deg: Any, x_deg: Any, translation: Any = (0.0, 0.0, 0.0)) -> Pose:
        """R = Rz(z) @ Ry(y) @ Rx(x), as Palazzi et al. compose their poses."""
        z, y, x, t = alike(z_deg, y_deg, x_deg, translation)
        require_finite("Euler angles and a translation", z, y, x, t)
        require_last(t, 3, "translations")
        z, y, x = spread(z, y, x)
        return _pose(*_broadcast(conversions.matrix_from_euler_zyx(_DEGREE * z, _DEGREE * y, _DEGREE * x), t))

    def to_euler_zyx(self) -> tuple[Any, Any, Any]:
        """(z_deg, y_deg, x_deg), y in [-90, 90]; at y = +-90 (gimbal lock) x is 0."""
        z, y, x = conversions.euler_zyx_from_matrix(self.rotation)
        return z / _DEGREE, y / _DEGREE, x / _DEGREE

    @staticmethod
    def from_rotation_vector(rotation_vector: Any, translation: Any = (0.0, 0.0, 0.0)) -> Pose:
        """R = exp([w]x) of w (..., 3) in radians and t as given: the exponential twist of Zhu et al."""
        w, t = alike(rotation_vector, translation)
        require_finite("a rotation vector and a translation", w, t)
        require_last(w, 3, "rotation vectors")
        require_last(t, 3, "translations")
        return _pose(*_broadcast(rotations.matrix_from_rotation_vector(w), t))

    def to_rotation_vector(self) -> Any:
        """w (..., 3) in radians, |w| <= pi; the translation is the pose's own."""
        return rotations.rotation_vector_from_matrix(self.rotation)

    @staticmethod
    def from_quaternion(quaternion_wxyz: Any, translation: Any = (0.0, 0.0, 0.0)) -> Pose:
        """Of (w, x, y, z), any length but 0; q and -q are the same rotation."""
        q, t = alike(quaternion_wxyz, translation)
        require_finite("a quaternion and a translation", q, t)
        require_last(t, 3, "translations")
        return _pose(*_broadcast(rotations.matrix_from_quaternion(q), t))

    def to_quaternion(self) -> Any:
        """(..., 4): (w, x, y, z) of length 1 with w >= 0."""
        return rotations.quaternion_from_matrix(self.rotation)

    @staticmethod
    def from_rotation_and_centre(rotation: Any, centre_object: Any) -> Pose:
        """Of X_c = R^T (X_o - c) (the RRB paper): R is object_from_camera, c the camera's centre."""
        return Pose(rotation, centre_object).inverse()

    def to_rotation_and_centre(self) -> tuple[Any, Any]:
        """(R (..., 3, 3), c (..., 3)) with X_c = R^T (X_o - c)."""
        object_from_camera = self.inverse()
        return object_from_camera.rotation, object_from_camera.translation

    @property
    def camera_centre_object(self) -> Any:
        """c = -R^T t (..., 3): where the camera of a camera_from_object is, in the object frame."""
        return self.inverse().translation

    @staticmethod
    def look_at(
        camera_position_object: Any, target_object: Any = (0.0, 0.0, 0.0), up_object: Any = (0.0, 1.0, 0.0)
    ) -> Pose:
        """camera_from_object of a camera that looks at a target; `up_object` points up in the image."""
        centre, target, up = alike(camera_position_object, target_object, up_object)
        require_finite("the position, the target and the direction up", centre, target, up)
        for place in (centre, target, up):
            require_last(place, 3, "the position, the target and the direction up")
        batches = [place.shape[:-1] for place in (centre, target, up)]
        common_shape("positions, targets and directions up", *batches)
        r = conversions.matrix_from_look_at(centre, target, up)
        return _pose(*_broadcast(r, -(r @ centre[..., None])[..., 0]))

    # --- json -------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """{"rotation": 3 rows of 3, "translation_m": 3} of a single pose."""
        if self.batch:
            raise BadInputError(f"{self.batch} poses cannot be written as one; pick one by its index")
        return {
            "rotation": as_numpy(self.rotation).tolist(),
            "translation_m": as_numpy(self.translation).tolist(),
        }

    @staticmethod
    def from_json(data: Any) -> Pose:
        """The inverse of `to_json`."""
        if not isinstance(data, Mapping) or set(data) != {"rotation", "translation_m"}:
            held = sorted(data) if isinstance(data, Mapping) else type(data).__name__
            raise BadInputError(f"a pose holds {held}; rotation and translation_m are accepted")
        r, t = alike(data["rotation"]) + alike(data["translation_m"])
        for name, array, shape in (("rotation", r, (3, 3)), ("translation_m", t, (3,))):
            if array.shape != shape:
                raise BadInputError(f"{name} has the shape {array.shape}; {shape} is accepted")
        return Pose(r, t)


def _pose(rotation: Any, translation: Any) -> Pose:
    """A pose of what is known to be one: computed results are not checked again."""
    pose = object.__new__(Pose)
    _fill(pose, rotation, translation)
    return pose


def _fill(pose: Pose, rotation: Any, translation: Any) -> None:
    object.__setattr__(pose, "rotation", rotation)
    object.__setattr__(pose, "translation", translation)


def _broadcast(rotation: Any, translation: Any) -> tuple[Any, Any]:
    batch = common_shape("rotations and translations", rotation.shape[:-2], translation.shape[:-1])
    xp = namespace(rotation)
    return xp.broadcast_to(rotation, (*batch, 3, 3)), xp.broadcast_to(translation, (*batch, 3))


def _split(twist: Any, what: str) -> tuple[Any, Any]:
    (twist,) = alike(twist)
    if twist.shape[-1:] != (6,):
        raise BadInputError(
            f"{what} has the shape {tuple(twist.shape)}; (..., 6), rotation then translation, is accepted"
        )
    return twist[..., :3], twist[..., 3:]


def _check_positive(value: Any, name: str) -> None:
    numbers = as_numpy(value)
    if not (np.isfinite(numbers) & (numbers > 0)).all():
        raise BadInputError(f"{name} is {short(value)}; a positive number is accepted")

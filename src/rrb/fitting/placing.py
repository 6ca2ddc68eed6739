"""Where the eight coordinates of a fit put a mesh in the image, and how pulls at its vertices pull at them.

Coordinates (8,) are those of `variables`: a rotation vector away from the start, in the camera frame, or the angles
(rad); translation (m); log of the scale; log of the focal length over the camera's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.fitting.variables import (
    FOCAL,
    ROTATION,
    SCALE,
    SIZE,
    TRANSLATION,
    Variables,
    angles_of,
    require_inside,
)
from rrb.geometry._arrays import as_numpy, finite_float, short
from rrb.geometry.camera import Camera
from rrb.geometry.conversions import matrix_from_viewpoint
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.rotations import matrix_from_rotation_vector
from rrb.geometry.twists import left_jacobian

Array = NDArray[np.float64]
_TURN = 2 * math.pi
_HEIGHT_TOLERANCE = 1e-9  # of the camera height
_MOST_ROUNDS = 50  # of Newton's method; a learning rate's step needs two or three


@dataclass(frozen=True, eq=False)
class Placed:
    """A mesh at one set of coordinates."""

    camera_from_object: Pose
    scale: float
    camera: Camera
    arms: Array  # (V, 3): from the object's origin to each vertex, camera frame, metres
    vertices_px: Array  # (V, 3): as `Camera.project` gives


class Placing:
    """first (8,): the start. units (8,): a radian, the object's radius (half the diagonal of its box), a factor of e.

    One unit of a coordinate moves the contour about as far as one of any other, so that one learning rate fits
    them all.
    """

    def __init__(self, mesh: Mesh, camera: Camera, start: Pose, scale: float, variables: Variables) -> None:
        if start.batch:
            raise BadInputError(f"the start holds {start.batch} poses; a single pose is accepted")
        number = finite_float(scale)
        if number is None or not number > 0:
            raise BadInputError(f"the scale of the start is {short(scale)}; a positive number is accepted")
        self.start = Pose(as_numpy(start.rotation), as_numpy(start.translation))
        require_inside(variables, self.start, number)
        self.variables = variables
        self._camera = camera.numpy()
        self._vertices = as_numpy(mesh.vertices)
        low, high = as_numpy(mesh.bounding_box())
        if not self.start.apply((low + high) / 2, number)[2] > 0:
            raise BadInputError("the start lies behind the camera; one in front of it is accepted")
        radius = number * float(np.linalg.norm(high - low)) / 2
        self.units = np.array([1, 1, 1, radius, radius, radius, 1, 1])
        self._lowest = float(low[1])
        self.first = self.kept(self._coordinates(number))
        height = variables.camera_height_m
        if height is not None and not abs(self._height(self.first) - height) < 1e-6 * height:
            raise BadInputError(
                f"nothing that may move puts the camera {height:g} m above the ground; a start near that is accepted"
            )

    def _coordinates(self, scale: float) -> Array:
        x = np.zeros(SIZE)
        x[TRANSLATION], x[SCALE] = self.start.translation, math.log(scale)
        if self.variables.angles:
            x[ROTATION] = angles_of(self.start)
            for c in (0, 2):  # azimuth and roll may be given a turn away from their bounds
                low, high = self.variables.lower[c] - 1e-9, self.variables.upper[c] + 1e-9
                x[c] = next(x[c] + turn for turn in (0.0, -_TURN, _TURN) if low <= x[c] + turn <= high)
        return x

    def rotation(self, x: Array) -> Array:
        """(3, 3): camera_from_object."""
        if self.variables.angles:
            return matrix_from_viewpoint(*x[ROTATION])
        return matrix_from_rotation_vector(x[ROTATION]) @ self.start.rotation

    def place(self, x: Array) -> Placed:
        pose, scale, camera = Pose(self.rotation(x), x[TRANSLATION]), math.exp(x[SCALE]), self._camera
        if x[FOCAL]:
            factor = math.exp(x[FOCAL])
            camera = replace(camera, fx_px=factor * camera.fx_px, fy_px=factor * camera.fy_px)
        arms = self._vertices @ (scale * pose.rotation.T)
        return Placed(pose, scale, camera, arms, camera.project(arms + pose.translation))

    def pull(self, x: Array, placed: Placed, grad_px: Array) -> Array:
        """(8,): the gradient of what has the gradient grad_px (V, 3) on vertices_px; 0 for what does not move."""
        camera, z = placed.camera, placed.vertices_px[:, 2]
        from_centre = placed.vertices_px[:, :2] - (camera.cx_px, camera.cy_px)
        outwards = (grad_px[:, :2] * from_centre).sum(1)
        force = np.empty_like(placed.arms)
        force[:, 0], force[:, 1] = grad_px[:, 0] * camera.fx_px / z, grad_px[:, 1] * camera.fy_px / z
        force[:, 2] = grad_px[:, 2] - outwards / z
        torque = np.cross(placed.arms, force).sum(0)
        pull = np.zeros(SIZE)
        pull[ROTATION] = torque @ self._axes(x)
        pull[TRANSLATION] = force.sum(0)
        pull[SCALE] = (placed.arms * force).sum()
        pull[FOCAL] = outwards.sum()
        return np.where(self.variables.moves, pull, 0.0)

    def _axes(self, x: Array) -> Array:
        """(3, 3): in its columns, the left perturbation in the camera frame that a change of each of x[:3] is."""
        if not self.variables.angles:
            return left_jacobian(x[ROTATION])
        # R = Rz(roll) R(elevation, about the camera's x) R(azimuth, about the object's y).
        roll = x[2]
        elevation_axis = (math.cos(roll), math.sin(roll), 0.0)
        return np.stack((self.rotation(x)[:, 1], elevation_axis, (0.0, 0.0, 1.0)), 1)

    def prior(self, x: Array) -> tuple[float, Array]:
        """Half the squared distance from the priors in standard deviations, and its gradient (8,)."""
        off = x - self.variables.prior_mean
        if self.variables.angles:
            off[[0, 2]] -= _TURN * np.round(off[[0, 2]] / _TURN)
        pull = self.variables.prior_weight * off
        return 0.5 * float(pull @ off), pull

    # --- bounds and a known camera height -----------------------------------------------------------

    def kept(self, x: Array) -> Array:
        """The nearest coordinates, in units, within the bounds; then others at the camera height that is known."""
        x = np.clip(x, self.variables.lower, self.variables.upper)
        wanted = self.variables.camera_height_m
        if wanted is None:
            return x
        resizes = self.variables.moves[SCALE] and self.variables.moves[TRANSLATION].all()
        return self._resized(x, wanted) if resizes else self._at_height(x, wanted)

    def _resized(self, x: Array, wanted: float) -> Array:
        """Larger and farther by one factor, which changes no picture, so that no gradient is undone."""
        height = self._height(x)
        if height > 0:  # else the camera is below the object, and no size puts it right
            x[TRANSLATION] *= wanted / height
            x[SCALE] += math.log(wanted / height)
        return x

    def _at_height(self, x: Array, wanted: float) -> Array:
        """The nearest coordinates, in units, by Newton's method."""
        for _ in range(_MOST_ROUNDS):
            off = self._height(x) - wanted
            if abs(off) < _HEIGHT_TOLERANCE * wanted:
                break
            normal = self._height_gradient(x)
            x = x - self.units * normal * (off / (normal @ normal or 1.0))
        return x

    def _height(self, x: Array) -> float:
        """Metres from the ground, which is the plane through the lowest vertex across the object's y axis."""
        return -float(self.rotation(x)[:, 1] @ x[TRANSLATION]) - math.exp(x[SCALE]) * self._lowest

    def _height_gradient(self, x: Array) -> Array:
        """(8,): by units; 0 for what does not move."""
        up, gradient = self.rotation(x)[:, 1], np.zeros(SIZE)
        gradient[ROTATION] = np.cross(x[TRANSLATION], up) @ self._axes(x)
        gradient[TRANSLATION] = -up
        gradient[SCALE] = -math.exp(x[SCALE]) * self._lowest
        return np.where(self.variables.moves, self.units * gradient, 0.0)

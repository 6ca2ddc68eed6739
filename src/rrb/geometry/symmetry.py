"""Which poses are the same to the eye: turns of an object that leave its surface where it was."""

from __future__ import annotations

import hashlib
import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rrb.geometry import rotations
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_parts import used_part
from rrb.geometry.pose import Pose
from rrb.geometry.sampling import sample_surface
from rrb.geometry.turns import Turns

# Mean distance between the surface before and after, of its largest extent.
SAME_SHARE = 0.005
_POINTS = 128
_KEPT = 256
_seen: dict[bytes, str | None] = {}
_MOST_FOLDS = 12
_ANY_TURNS = (0.37, 0.91, 1.73)  # radians, in no simple ratio to each other or to a turn


class Symmetry:
    """Answers for one mesh."""

    def __init__(self, mesh: Mesh) -> None:
        self._vertices, faces = used_part(mesh)
        self._faces = np.ascontiguousarray(faces, np.int32)
        self._limit = SAME_SHARE * float(np.ptp(self._vertices, axis=0).max())

    def turns_about_up(self) -> Turns:
        """Which turns about the y axis through the bounding box's middle leave the surface where it was."""
        middle = (self._vertices.min(0) + self._vertices.max(0)) / 2

        def holds(turn: float) -> bool:
            return self.holds(_about(middle, np.array([0.0, 1.0, 0.0]), turn))

        if all(holds(turn) for turn in _ANY_TURNS):
            return Turns(0)
        for folds in range(_MOST_FOLDS, 1, -1):
            if all(holds(2 * math.pi * k / folds) for k in range(1, folds // 2 + 1)):
                return Turns(folds)
        return Turns()

    @property
    def in_words(self) -> str | None:
        """The symmetry in a sentence's end, or None. Looked for once for each shape: a video has one."""
        digest = hashlib.blake2b(self._vertices.data)
        digest.update(self._faces.data)
        key = digest.digest()
        if key not in _seen:
            if len(_seen) >= _KEPT:
                _seen.pop(next(iter(_seen)))
            _seen[key] = self._found()
        return _seen[key]

    def _found(self) -> str | None:
        """About the principal axes and the mesh's own: any axis of symmetry is one of the former.

        Moments tell most meshes off: along the axis the first and, against anything across it, the second and
        third vanish, and if less than half a turn is symmetric, the two second moments across it are equal.
        """
        points, share = self._quadrature()
        if not share.sum() > 0:
            return None
        centre = points @ share
        arms = points - centre[:, None]
        weighted = share * arms
        moments = weighted @ arms.T
        third = np.stack([(weighted * arm) @ arms.T for arm in arms])  # (3, 3, 3)
        size = math.sqrt(moments.trace())
        frames = np.eye(3), np.linalg.eigh(moments)[1].T
        for frame, k in [(frame, k) for frame in frames for k in (1, 0, 2)]:
            axis, across = frame[k], frame[[(k + 1) % 3, (k + 2) % 3]]
            lopsided = across @ (third @ axis @ axis), across @ np.einsum("ijk,mj,mk", third, across, across)
            if (
                np.abs(across @ moments @ axis).max() > self._limit * size
                or np.abs(lopsided).max() > 3 * self._limit * size**2
            ):
                continue
            plane = across @ moments @ across.T
            is_round = np.abs(plane - np.eye(2) * plane.trace() / 2).max() <= self._limit * size
            if is_round and all(self.holds(_about(centre, axis, turn)) for turn in _ANY_TURNS):
                return _any_turn(axis)
            for folds in range(_MOST_FOLDS if is_round else 2, 1, -1):
                if self.holds(_about(centre, axis, 2 * math.pi / folds)):
                    return _part_of_a_turn(folds, axis)
        return None

    def _quadrature(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points (3, 4F) and shares (4F,) of the surface, exact for polynomials of third degree."""
        a, b, c = (np.ascontiguousarray(self._vertices[self._faces[:, k]].T) for k in range(3))
        u, v = b - a, c - a
        normals = u[[1, 2, 0]] * v[[2, 0, 1]] - u[[2, 0, 1]] * v[[1, 2, 0]]
        areas = np.sqrt((normals**2).sum(0))
        share = areas / max(areas.sum(), np.finfo(np.float64).tiny)
        middle = (a + b + c) / 3
        points = np.concatenate([middle, *(0.4 * corner + 0.6 * middle for corner in (a, b, c))], 1)
        return points, np.concatenate([-27 / 48 * share, *[25 / 48 * share] * 3])

    def holds(self, motion: Pose) -> bool:
        """Whether the surface, moved in its own frame, comes to lie on itself."""
        return (
            self._distance_after(motion) <= self._limit
            and self._distance_after(motion.inverse()) <= self._limit
        )

    def _distance_after(self, motion: Pose) -> float:
        """Mean distance of points of the surface, moved, to the surface."""
        from rrb.geometry._closest_kernel import mean_distance

        points = np.ascontiguousarray(motion @ self._points)
        return mean_distance(points, self._vertices, self._faces, self._spheres, self._limit)

    @cached_property
    def _points(self) -> NDArray[np.float64]:
        return np.asarray(sample_surface(self._vertices, self._faces, _POINTS, seed=0)[0], np.float64)

    @cached_property
    def _spheres(self) -> NDArray[np.float64]:
        from rrb.geometry._closest_kernel import enclosing_spheres

        spheres = np.empty((len(self._faces), 4))
        enclosing_spheres(self._vertices, self._faces, spheres)
        return spheres

    def described(self, motion: Pose) -> str:
        """In words, the symmetry that a motion which `holds` belongs to."""
        vector = np.asarray(rotations.rotation_vector_from_matrix(motion.rotation))
        angle = float(np.linalg.norm(vector))
        axis = vector / angle
        if axis[np.abs(axis).argmax()] < 0:
            axis = -axis
        # The point of the axis nearest to the origin: (1 - R) p = t, where the part along the axis is 0.
        fixed = np.linalg.lstsq(np.eye(3) - motion.rotation, motion.translation, rcond=1e-6)[0]
        if all(self.holds(_about(fixed, axis, turn)) for turn in _ANY_TURNS):
            return _any_turn(axis)
        for folds in range(_MOST_FOLDS, 1, -1):
            turns = angle * folds / (2 * math.pi)
            whole = round(turns)
            if abs(turns - whole) < 0.05 and whole and self.holds(_about(fixed, axis, 2 * math.pi / folds)):
                return _part_of_a_turn(folds, axis)
        return f"looks the same after {math.degrees(angle):.0f} degrees about {_axis_name(axis)}"


def _about(point: NDArray, axis: NDArray, angle: float) -> Pose:
    turn = np.asarray(rotations.matrix_from_rotation_vector(angle * axis))
    return Pose(turn, point - turn @ point)


def _any_turn(axis: NDArray) -> str:
    return f"looks the same after any turn about {_axis_name(axis)}"


def _part_of_a_turn(folds: int, axis: NDArray) -> str:
    return f"looks the same after 1/{folds} of a turn about {_axis_name(axis)}"


def _axis_name(axis: NDArray) -> str:
    largest = int(np.abs(axis).argmax())
    if abs(axis[largest]) > math.cos(math.radians(3)):
        return f"its {'xyz'[largest]} axis"
    return "the axis ({:.2f}, {:.2f}, {:.2f})".format(*axis)

"""Which poses are the same to the eye: turns of an object that leave its surface where it was."""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

from rrb.geometry import rotations
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose

# Mean distance between the surface before and after, of its largest extent.
SAME_SHARE = 0.005
_POINTS = 192
_KEPT = 256
_seen: dict[bytes, str | None] = {}
_MOST_FOLDS = 12
_ANY_TURNS = (0.37, 0.91, 1.73)  # radians, in no simple ratio to each other or to a turn


class Symmetry:
    """Answers for one mesh."""

    def __init__(self, mesh: Mesh) -> None:
        self._vertices = np.array(mesh.vertices, dtype=np.float64, order="C")
        self._faces = np.ascontiguousarray(mesh.faces, dtype=np.int32)
        self._mesh = mesh
        self._limit = SAME_SHARE * float(np.ptp(self._vertices, axis=0).max())
        self._points: NDArray[np.float64] | None = None

    @property
    def in_words(self) -> str | None:
        """The symmetry in a sentence's end, or None. Looked for once for each shape: a video has one."""
        digest = hashlib.blake2b(self._vertices)
        digest.update(self._faces)
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
        centre = share @ points
        arms = points - centre
        moments = (share * arms.T) @ arms
        limit = self._limit * math.sqrt(moments.trace())
        frames = np.eye(3), np.linalg.eigh(moments)[1].T
        for frame, k in [(frame, k) for frame in frames for k in (1, 0, 2)]:
            axis, across = frame[k], frame[[(k + 1) % 3, (k + 2) % 3]]
            along, sideways = arms @ axis, arms @ across.T
            third = [(share * square) @ sideways for square in (along**2, (sideways**2).sum(1))]
            if np.abs(across @ moments @ axis).max() > limit or np.abs(third).max() > 3 * limit * math.sqrt(
                moments.trace()
            ):
                continue
            plane = across @ moments @ across.T
            is_round = np.abs(plane - np.eye(2) * plane.trace() / 2).max() <= limit
            if is_round and all(self.holds(_about(centre, axis, turn)) for turn in _ANY_TURNS):
                return _any_turn(axis)
            for folds in range(_MOST_FOLDS if is_round else 2, 1, -1):
                if self.holds(_about(centre, axis, 2 * math.pi / folds)):
                    return _part_of_a_turn(folds, axis)
        return None

    def _quadrature(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points (4F, 3) and shares (4F,) of the surface, exact for polynomials of third degree."""
        corners = self._vertices[self._faces]
        middle = corners.mean(1)
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        areas = np.sqrt((normals**2).sum(1))
        share = areas / max(areas.sum(), np.finfo(np.float64).tiny)
        inner = 0.4 * corners + 0.6 * middle[:, None]
        points = np.concatenate([middle, inner[:, 0], inner[:, 1], inner[:, 2]])
        return points, np.concatenate([-27 / 48 * share, *[25 / 48 * share] * 3])

    def holds(self, motion: Pose) -> bool:
        """Whether the surface, moved in its own frame, comes to lie on itself."""
        from rrb.fitting._closest_kernel import mean_distance

        if self._points is None:
            self._points = np.ascontiguousarray(self._mesh.sample_surface(_POINTS, seed=0)[0], np.float64)
        there = mean_distance(motion @ self._points, self._vertices, self._faces, self._limit)
        return there <= self._limit and (
            mean_distance(motion.inverse() @ self._points, self._vertices, self._faces, self._limit)
            <= self._limit
        )

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

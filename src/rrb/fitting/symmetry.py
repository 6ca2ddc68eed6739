"""Which poses are the same to the eye: turns of an object that leave its surface where it was."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rrb.geometry import rotations
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose

# Mean distance between the surface before and after, of its largest extent.
SAME_SHARE = 0.005
_POINTS = 192
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
        name = _axis_name(axis)
        # The point of the axis nearest to the origin: (1 - R) p = t, where the part along the axis is 0.
        fixed = np.linalg.lstsq(np.eye(3) - motion.rotation, motion.translation, rcond=1e-6)[0]
        if all(self.holds(_about(fixed, axis, turn)) for turn in _ANY_TURNS):
            return f"looks the same after any turn about {name}"
        for folds in range(_MOST_FOLDS, 1, -1):
            turns = angle * folds / (2 * math.pi)
            whole = round(turns)
            if abs(turns - whole) < 0.05 and whole and self.holds(_about(fixed, axis, 2 * math.pi / folds)):
                return f"looks the same after 1/{folds} of a turn about {name}"
        return f"looks the same after {math.degrees(angle):.0f} degrees about {name}"


def _about(point: NDArray, axis: NDArray, angle: float) -> Pose:
    turn = np.asarray(rotations.matrix_from_rotation_vector(angle * axis))
    return Pose(turn, point - turn @ point)


def _axis_name(axis: NDArray) -> str:
    largest = int(np.abs(axis).argmax())
    if abs(axis[largest]) > math.cos(math.radians(3)):
        return f"its {'xyz'[largest]} axis"
    return "the axis ({:.2f}, {:.2f}, {:.2f})".format(*axis)

"""Single poses moved, compared and continued, as `Pose` does, without its care for batches and tensors.

A frame needs dozens of these, and `Pose` spends most of their time on what kind of numbers it was given.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rrb.geometry.pose import Pose
from rrb.geometry.rotations import rotation_vector_from_matrix

Vector = NDArray[np.floating]
_SMALL = 1e-4  # rad: below, two terms of the series are exact
_NEARLY_HALF_TURN = 1e-3  # of the sine


def moved(pose: Pose, step: Vector) -> Pose:
    """`pose.step(step)` of (6,): rotation (rad), then translation (m)."""
    return Pose(turned(step[:3]) @ pose.rotation, pose.translation + step[3:])


def difference(pose: Pose, other: Pose) -> Vector:
    """(6,): the step that takes `other` to `pose`."""
    turn = vector_of(pose.rotation @ other.rotation.T)
    return np.concatenate([turn, pose.translation - other.translation])


def angle_deg(pose: Pose, other: Pose) -> float:
    """Between the rotations."""
    return math.degrees(float(np.linalg.norm(vector_of(pose.rotation @ other.rotation.T))))


def power(pose: Pose, share: float) -> Pose:
    """exp(share log(pose)): a share of a screw motion, or several of them."""
    w = vector_of(pose.rotation)
    v = np.linalg.solve(_coupling(w), pose.translation)
    return Pose(turned(share * w), share * (_coupling(share * w) @ v))


def turned(w: Vector) -> NDArray[np.float64]:
    """(3, 3): exp([w]x)."""
    angle = math.sqrt(float(w @ w))
    small = angle < _SMALL
    first = 1 - angle**2 / 6 if small else math.sin(angle) / angle
    second = 0.5 - angle**2 / 24 if small else (1 - math.cos(angle)) / angle**2
    cross = _cross(w)
    return np.eye(3) + first * cross + second * (cross @ cross)


def vector_of(rotation: NDArray[np.float64]) -> Vector:
    """(3,): the rotation vector, at most half a turn long."""
    r = rotation
    w = np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]]) / 2
    sine, cosine = math.sqrt(float(w @ w)), (r[0, 0] + r[1, 1] + r[2, 2] - 1) / 2
    if cosine < 0 and sine < _NEARLY_HALF_TURN:  # the axis is no more in w
        return np.asarray(rotation_vector_from_matrix(rotation))
    return w if sine < _SMALL**2 else w * (math.atan2(sine, cosine) / sine)


def _coupling(w: Vector) -> NDArray[np.float64]:
    """V (3, 3): exp of the twist (w, v) has the translation V v."""
    angle = math.sqrt(float(w @ w))
    small = angle < _SMALL
    second = 0.5 - angle**2 / 24 if small else (1 - math.cos(angle)) / angle**2
    third = 1 / 6 - angle**2 / 120 if small else (angle - math.sin(angle)) / angle**3
    cross = _cross(w)
    return np.eye(3) + second * cross + third * (cross @ cross)


def _cross(w: Vector) -> NDArray[np.float64]:
    x, y, z = w.tolist()
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])

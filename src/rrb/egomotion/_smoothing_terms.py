"""What the smoother minimises: how sightings and the camera's motion disagree with a state, and the derivatives.

Everything is in the world, the frame of the first object. A state's unknowns are, per frame, 12: a step of
world_from_camera (rotation, translation: `Pose.step`), then the changes of the turn rate and of the velocity, all
along the world's axes; per object 7: a step of world_from_object, then the change of the log-scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rrb.egomotion import _turns as turns
from rrb.egomotion._turns import Floats, turned
from rrb.geometry.rotations import skew

PER_FRAME, PER_OBJECT = 12, 7
# What is known of a log-scale before looking: a factor of e either way.
SCALE_DEVIATION = 1.0


@dataclass(frozen=True, eq=False)
class Measured:
    """S sightings as arrays, sorted by frame, then by object; and the frames' times."""

    frame: NDArray[np.int64]  # (S,)
    object: NDArray[np.int64]  # (S,)
    rotation: Floats  # (S, 3, 3) of camera_from_object
    translation: Floats  # (S, 3)
    information: Floats  # (S, 6, 6)
    times_s: Floats  # (N,)
    objects: int  # M

    def pick(self, kept: NDArray) -> Measured:
        """Some of the sightings, in increasing order."""
        return replace(
            self,
            frame=self.frame[kept],
            object=self.object[kept],
            rotation=self.rotation[kept],
            translation=self.translation[kept],
            information=self.information[kept],
        )


@dataclass(frozen=True, eq=False)
class State:
    """N frames, M objects."""

    rotations: Floats  # (N, 3, 3) of world_from_camera
    centres: Floats  # (N, 3) of the cameras
    turns: Floats  # (N, 3) rad/s
    velocities: Floats  # (N, 3) m/s
    object_rotations: Floats  # (M, 3, 3) of world_from_object
    object_places: Floats  # (M, 3)
    log_scales: Floats  # (M,)

    def step(self, frames: Floats, objects: Floats) -> State:
        """frames (N, 12), objects (M, 7)."""
        return State(
            turns.exp(frames[:, :3]) @ self.rotations,
            self.centres + frames[:, 3:6],
            self.turns + frames[:, 6:9],
            self.velocities + frames[:, 9:],
            turns.exp(objects[:, :3]) @ self.object_rotations,
            self.object_places + objects[:, 3:6],
            self.log_scales + objects[:, 6],
        )


# --- sightings ------------------------------------------------------------------------------------


def predicted(state: State, seen: Measured) -> tuple[Floats, Floats]:
    """camera_from_object (S, 3, 3), (S, 3) as each sighting should have measured it.

    The sightings measure with objects of scale 1: an object that is s times larger stands s times farther.
    """
    to_camera = state.rotations[seen.frame].swapaxes(1, 2)
    arm = state.object_places[seen.object] - state.centres[seen.frame]
    shrunk = np.exp(-state.log_scales[seen.object])[:, None]
    return to_camera @ state.object_rotations[seen.object], shrunk * turned(to_camera, arm)


def sighting_residuals(state: State, seen: Measured) -> Floats:
    """(S, 6): the step from the measured to the predicted pose, rotation (rad) then translation (m)."""
    rotation, translation = predicted(state, seen)
    off = turns.log(rotation @ seen.rotation.swapaxes(1, 2))
    return np.concatenate((off, translation - seen.translation), 1)


def sighting_jacobians(state: State, seen: Measured, residuals: Floats) -> tuple[Floats, Floats]:
    """Of the residuals by the frame's pose (S, 6, 6) and by the object's 7 unknowns (S, 6, 7)."""
    to_camera = state.rotations[seen.frame].swapaxes(1, 2)
    arm = state.object_places[seen.object] - state.centres[seen.frame]
    shrunk = np.exp(-state.log_scales[seen.object])[:, None, None] * to_camera
    turn = turns.log_jacobian(residuals[:, :3]) @ to_camera
    by_frame, by_object = np.zeros((len(residuals), 6, 6)), np.zeros((len(residuals), 6, PER_OBJECT))
    by_frame[:, :3, :3], by_frame[:, 3:, :3] = -turn, shrunk @ skew(arm)
    by_frame[:, 3:, 3:] = -shrunk
    by_object[:, :3, :3], by_object[:, 3:, 3:6] = turn, shrunk
    by_object[:, 3:, 6] = -turned(shrunk, arm)
    return by_frame, by_object


# --- motion ---------------------------------------------------------------------------------------
#
# The acceleration is white noise of spectral density q. Over a time t this makes of place and velocity the covariance
# q [[t^3 / 3, t^2 / 2], [t^2 / 2, t]], whose inverse is [[12 / t^3, -6 / t^2], [-6 / t^2, 4 / t]] / q.


def motion_residuals(state: State, steps_s: Floats) -> Floats:
    """(N - 1, 12): by how much each frame leaves the even motion of the one before.

    Ordered rotation (rad), translation (m), turn rate (rad/s), velocity (m/s).
    """
    dt = steps_s[:, None]
    turn = _between(state)
    return np.concatenate(
        (
            turn - dt * state.turns[:-1],
            np.diff(state.centres, axis=0) - dt * state.velocities[:-1],
            np.diff(state.turns, axis=0),
            np.diff(state.velocities, axis=0),
        ),
        1,
    )


def _between(state: State) -> Floats:
    """(N - 1, 3) rad: by how much each camera is turned from the one before, about the world's axes."""
    return turns.log(state.rotations[1:] @ state.rotations[:-1].swapaxes(1, 2))


def motion_squares(residuals: Floats, steps_s: Floats) -> Floats:
    """(N - 1, 6): r^T L r with densities of 1, in each rotation and translation."""
    place, rate, t = residuals[:, :6], residuals[:, 6:], steps_s[:, None]
    return 12 * (place / t - rate) * place / t**2 + 4 * rate**2 / t


@dataclass(frozen=True, eq=False)
class MotionBlocks:
    """What the motion adds to the normal equations, an interval each: J^T L J and J^T L r."""

    before: Floats  # (N - 1, 12, 12) of the frame before
    behind: Floats  # of the frame behind
    across: Floats  # of both: rows before, columns behind
    slope_before: Floats  # (N - 1, 12)
    slope_behind: Floats


def motion_blocks(state: State, steps_s: Floats, residuals: Floats, densities: Floats) -> MotionBlocks:
    """densities: q of rotation (rad^2/s^3) and translation (m^2/s^3).

    With T the derivative of the rotation between two frames by the one behind (1 for translations), J is
    [[-T^T, -t], [0, -1]] before and [[T, 0], [0, 1]] behind; T and T^T commute. Multiplied out:
    """
    t, q = steps_s[:, None], np.repeat(densities, 3)
    stiff, mixed, rate = 12 / (q * t**3), 6 / (q * t**2), 4 / (q * t)  # (N - 1, 6)
    turn = np.broadcast_to(np.eye(6), (len(steps_s), 6, 6)).copy()
    turn[:, :3, :3] = turns.log_jacobian(_between(state))
    back = turn.swapaxes(1, 2)
    before, behind, across = (np.zeros((len(steps_s), PER_FRAME, PER_FRAME)) for _ in range(3))
    before[:, :6, :6] = behind[:, :6, :6] = stiff[:, :, None] * (turn @ back)
    across[:, :6, :6] = -stiff[:, :, None] * (turn @ turn)
    mixed_turn = mixed[:, :, None] * turn
    before[:, :6, 6:] = across[:, :6, 6:] = mixed_turn
    before[:, 6:, :6] = mixed_turn.swapaxes(1, 2)
    behind[:, :6, 6:], behind[:, 6:, :6] = -mixed_turn.swapaxes(1, 2), -mixed_turn
    across[:, 6:, :6] = -mixed_turn
    at = np.arange(6, PER_FRAME)
    before[:, at, at] = behind[:, at, at] = rate
    across[:, at, at] = rate / 2
    push = stiff * residuals[:, :6] - mixed * residuals[:, 6:]
    push_rate = rate * residuals[:, 6:] - mixed * residuals[:, :6]
    return MotionBlocks(
        before,
        behind,
        across,
        np.concatenate((-turned(turn, push), -t * push - push_rate), 1),
        np.concatenate((turned(back, push), push_rate), 1),
    )


def squares(residuals: Floats, information: Floats) -> Floats:
    """r^T L r of each, (K,): squared distances in standard deviations."""
    return (turned(information, residuals) * residuals).sum(1)

"""How far a found pose is from the true one, with what an object's symmetry forgives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.geometry._arrays import as_numpy
from rrb.geometry.pose import Pose
from rrb.geometry.rotations import about_axis
from rrb.geometry.turns import Turns

_ANY_TURN = Turns(0)
_POLE_DEG = 1e-3  # so close to straight above or below, azimuth and roll are one turn


@dataclass(frozen=True)
class PoseErrors:
    """Each at least 0; angles at most 180 degrees. Azimuth, elevation and roll are those of a `Viewpoint`."""

    azimuth_deg: float | None  # least over the turns that change nothing; None where nothing says them
    elevation_deg: float
    roll_deg: float
    rotation_deg: float  # between the two rotations, least over the same turns
    translation_m: float  # between the two origins: the middles of centred meshes


def pose_errors(found: Pose, true: Pose, turns: Turns | None) -> PoseErrors:
    """Of two single camera_from_object. turns: the true object's, None where nothing says where its front is.

    Where any turn will do, the azimuth is off by 0, and the rotation by the angle between the y axes. That is
    the rotation's error as well where nothing says the front.
    """
    found, true = single(found, "the found pose"), single(true, "the true pose")
    azimuth, elevation, roll = _view_differences(found, true)
    nearest = turned_to(found, true, _ANY_TURN if turns is None else turns)
    rotation_deg, translation_m = nearest.distance(true)
    return PoseErrors(
        None if turns is None else turns.least_azimuth_error_deg(azimuth),
        abs(elevation),
        abs(math.remainder(roll, 360.0)),
        float(rotation_deg),
        float(translation_m),
    )


def turned_to(found: Pose, true: Pose, turns: Turns) -> Pose:
    """`found` after that turn about the object's y axis, of those that change nothing, that is nearest to `true`.

    The cosine of the angle between the rotations is A + B cos(turn - best), with B >= 0: of the turns allowed
    the nearest to `best` wins.
    """
    found, true = single(found, "the found pose"), single(true, "the true pose")
    r = true.rotation.T @ found.rotation
    turn = math.atan2(r[2, 0] - r[0, 2], r[0, 0] + r[2, 2])  # where the trace of r @ turn is largest
    if turns.folds > 0:
        step = 2 * math.pi / turns.folds
        turn = step * round(turn / step)
    return Pose(found.rotation @ about_axis(1, turn), found.translation)


def single(pose: Pose, what: str) -> Pose:
    """The pose in float64 NumPy; a batch is refused."""
    if pose.batch:
        raise BadInputError(f"{what} is a batch of shape {pose.batch}; a single pose is accepted")
    return Pose(as_numpy(pose.rotation), as_numpy(pose.translation))


def _view_differences(found: Pose, true: Pose) -> Any:
    """found - true of azimuth, elevation and roll, in degrees, not wrapped."""
    views = np.array([found.to_viewpoint()[:3], true.to_viewpoint()[:3]])
    highest = views[np.abs(views[:, 1]).argmax(), 1]
    if abs(highest) > 90 - _POLE_DEG:
        # Seen from straight above, a roll is a turn backwards about y, and from below one forwards.
        views[:, 0] -= math.copysign(1.0, highest) * views[:, 2]
        views[:, 2] = 0
    return (float(difference) for difference in views[0] - views[1])

"""A film's path begun anew by the viewpoint network, which sees each frame by itself.

Where a reconstructed mesh is wrong it turns as the masks like, and the path turns with it, farther and farther. The
network is a few degrees off here and there, but nowhere adrift: from its views shapes can be carved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.networks.build import shipped
from rrb.networks.looks import looks_at
from rrb.networks.viewpoint import Mode, modes, viewed
from rrb.recipes._track_body import Body, Mask
from rrb.recipes._track_carving import Key
from rrb.recipes.reconstruct import at_border
from rrb.recipes.rrb import OURS, placed

_FRAMES = 48  # that are kept, at most; half of them once there are more
_LEAST_FRAMES = 8
_TURN_DEG = 8.0  # deviation of what an object turns from one frame to the next
_MOST_PENALTY = 8.0  # of a turn between two frames, so that one wrong frame does not decide
# Deviations of a pose that is a view and a box in the picture: what the network errs by in one frame after another.
_AROUND_DEG, _TILT_DEG, _ASIDE, _AHEAD = 5.0, 2.0, 0.01, 0.04  # the last two: of the distance


class Glances:
    """The objects of frames all along a film, cut out, for the network to be asked when the film has ended."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self._looks: dict[Key, torch.Tensor] = {}
        self._every = 1

    def keep(self, frame: int, image: NDArray[np.uint8], masks: Sequence[Mask | None]) -> None:
        if frame % self._every:
            return
        size = shipped("viewpoint")[0].config.encoder.size_px
        for k, mask in enumerate(masks):
            if mask is not None and not at_border(mask):  # such an object is seen as another one
                looks = looks_at(image, mask, self.camera.matrix, size, OURS.fills)
                self._looks[frame, k] = looks.half()
        if len({key[0] for key in self._looks}) > _FRAMES:
            self._every *= 2
            self._looks = {key: looks for key, looks in self._looks.items() if key[0] % self._every == 0}

    def views(self, objects: int) -> dict[Key, Mode]:
        """Of each object, the network's modes that one camera may have seen one after the other; {} if too few."""
        network, found = shipped("viewpoint")[0], dict[Key, Mode]()
        for k in range(objects):
            frames = sorted(frame for frame, number in self._looks if number == k)
            if len(frames) < _LEAST_FRAMES:
                return {}
            looks = [self._looks[frame, k].float() for frame in frames]
            said = [modes(viewed(network, seen), most=OURS.starts) for seen in looks]
            found |= {(frame, k): mode for frame, mode in zip(frames, likeliest(frames, said), strict=True)}
        return found


def likeliest(frames: Sequence[int], said: Sequence[Sequence[Mode]]) -> list[Mode]:
    """One mode of each frame, such that together they are likely and the camera goes around evenly (Viterbi)."""
    cost, before = _unlikely(said[0]), list[NDArray[np.intp]]()
    for n in range(1, len(said)):
        turns = np.subtract.outer(
            [mode.azimuth_deg for mode in said[n]], [mode.azimuth_deg for mode in said[n - 1]]
        )
        turns = (turns + 180) % 360 - 180
        penalty = 0.5 * (turns / (_TURN_DEG * (frames[n] - frames[n - 1]))) ** 2
        total = cost + np.minimum(penalty, _MOST_PENALTY)
        before.append(total.argmin(1))
        cost = total.min(1) + _unlikely(said[n])
    chosen = [int(cost.argmin())]
    for pointers in reversed(before):
        chosen.append(int(pointers[chosen[-1]]))
    return [modes_of[k] for modes_of, k in zip(said, reversed(chosen), strict=True)]


def _unlikely(said: Sequence[Mode]) -> NDArray[np.float64]:
    return -np.log([max(mode.weight, 1e-6) for mode in said])


def poses_of(
    views: Mapping[Key, Mode], masks: Mapping[Key, Mask], bodies: Sequence[Body]
) -> dict[Key, tuple[Pose, NDArray[np.float64]]]:
    """camera_from_object as the views have it and the masks' boxes place it, with its covariance (6, 6)."""
    found = {}
    for key, mode in views.items():
        body = bodies[key[1]]
        try:
            pose = placed(body.mesh, masks[key], body.camera, mode)
        except BadInputError:  # shape, view and box do not go together
            continue
        found[key] = pose, _covariance(pose)
    return found


def _covariance(pose: Pose) -> NDArray[np.float64]:
    up, distance = pose.rotation[:, 1], float(np.linalg.norm(pose.translation))
    answer = np.zeros((6, 6))
    answer[:3, :3] = _longer(up, np.radians(_AROUND_DEG), np.radians(_TILT_DEG))
    answer[3:, 3:] = _longer(pose.translation / distance, _AHEAD * distance, _ASIDE * distance)
    return answer


def _longer(axis: NDArray, along: float, across: float) -> NDArray[np.float64]:
    """(3, 3): the covariance of these deviations along an axis and across it."""
    straight = np.outer(axis, axis)
    return along**2 * straight + across**2 * (np.eye(3) - straight)

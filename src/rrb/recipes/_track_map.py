"""Where the objects stand to each other, and the camera that follows from those that are seen.

Poses move by `Pose.step`: rotation (rad), then translation (m), about the moved frame's origin. An object's error
in the camera frame, seen from the world's origin p0 there, is A d with A = [1 0; -[p - p0]x 1]: the camera's
small motion d about p0 turns the object and carries it along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.geometry.pose import Pose
from rrb.geometry.rotations import skew
from rrb.recipes._track_motion import difference, moved

Matrix = NDArray[np.float64]

_ROUNDS = 4
_LIMIT = 12.6  # of a squared distance in six dimensions: 95 %
# The covariance of one frame says nothing of what a silhouette gets wrong for many frames, as a wrong shape does.
_DOUBT = 9.0
_FORGETTING = 0.98  # of what the map knows, with each frame: errors hang together


@dataclass(frozen=True, eq=False)
class Sight:
    """An object as one frame sees it."""

    object: int
    camera_from_object: Pose
    covariance: Matrix  # (6, 6)


@dataclass(frozen=True, eq=False)
class Fused:
    """A camera from several objects."""

    camera_from_world: Pose
    covariance: Matrix  # (6, 6) of a step of camera_from_world
    agreement: tuple[float, ...]  # of each sight, in [0, 1]: the weight that it was given

    @property
    def world_from_camera(self) -> Pose:
        return self.camera_from_world.inverse()

    @property
    def covariance_in_world(self) -> Matrix:
        """(6, 6) of a step of world_from_camera: c = -R^T t moves by -R^T v - R^T [t]x w."""
        turned = self.camera_from_world.rotation.T
        change = np.zeros((6, 6))
        change[:3, :3] = change[3:, 3:] = -turned
        change[3:, :3] = -turned @ skew(self.camera_from_world.translation)
        return _symmetric(change @ self.covariance @ change.T)


def fuse(sights: Sequence[Sight], world_from_objects: Sequence[Pose | None]) -> Fused | None:
    """The camera on which the sights agree best, each weighed by its information; None where none is in the map."""
    known = [s for s in sights if world_from_objects[s.object] is not None]
    if not known:
        return None
    places = [_place(world_from_objects, s) for s in known]
    informations = [_inverse(s.covariance) for s in known]
    camera = _most_agreed(known, places, informations)
    weights = [1.0] * len(known)
    total = np.eye(6)
    for _ in range(_ROUNDS if len(known) > 1 else 1):
        total, pull = np.zeros((6, 6)), np.zeros(6)
        for k, (sight, place) in enumerate(zip(known, places, strict=True)):
            carry, off = _carry(camera, place), difference(sight.camera_from_object, camera @ place)
            weights[k] = 1.0 if len(known) == 1 else _trust(off, informations[k]) ** 2
            total += weights[k] * carry.T @ informations[k] @ carry
            pull += weights[k] * carry.T @ informations[k] @ off
        camera = moved(camera, np.linalg.solve(total, pull))
    given = dict(zip((s.object for s in known), weights, strict=True))
    return Fused(camera, _inverse(total), tuple(given.get(s.object, 0.0) for s in sights))


def _trust(off: NDArray[np.floating], information: Matrix) -> float:
    """In (0, 1], of a sight that is so far off (6,): a half at the limit."""
    return _LIMIT / (_LIMIT + float(off @ information @ off) / _DOUBT)


def _most_agreed(sights: Sequence[Sight], places: Sequence[Pose], informations: Sequence[Matrix]) -> Pose:
    """camera_from_world as that sight has it with which the others agree best; of equals the surest."""
    cameras = [s.camera_from_object @ place.inverse() for s, place in zip(sights, places, strict=True)]
    if len(cameras) == 1:
        return cameras[0]

    def support(camera: Pose) -> float:
        return sum(
            _trust(difference(s.camera_from_object, camera @ place), information)
            for s, place, information in zip(sights, places, informations, strict=True)
        )

    spreads = [float(np.trace(s.covariance[3:, 3:])) for s in sights]
    order = np.argsort(spreads, kind="stable")
    return cameras[max(order, key=lambda k: round(support(cameras[k]), 3))]


def _place(world_from_objects: Sequence[Pose | None], sight: Sight) -> Pose:
    place = world_from_objects[sight.object]
    assert place is not None
    return place


def _carry(camera_from_world: Pose, world_from_object: Pose) -> Matrix:
    carry = np.eye(6)
    carry[3:, :3] = -skew(camera_from_world.rotation @ world_from_object.translation)
    return carry


class Map:
    """world_from_object of each object, None of those never seen together with another; the root's is the identity."""

    def __init__(self, count: int) -> None:
        self.world_from_objects: list[Pose | None] = [None] * count
        self._information: list[Matrix] = [np.zeros((6, 6))] * count
        self.root: int | None = None

    def forget(self, k: int) -> None:
        """Object k was taken for what it is not: all that followed from it goes."""
        if k == self.root:
            others = range(len(self.world_from_objects))
        else:
            others = range(k, k + 1)
        for i in others:
            if i != self.root:
                self.world_from_objects[i], self._information[i] = None, np.zeros((6, 6))

    def learn(self, sights: Sequence[Sight]) -> None:
        """Move each object's place a little to where this frame sees it beside the others."""
        if self.root is None and sights:
            self.root = sights[0].object
            self.world_from_objects[self.root] = Pose.identity()
        for sight in sights:
            if sight.object != self.root:
                self._learn(sight, [s for s in sights if s is not sight])

    def _learn(self, sight: Sight, others: Sequence[Sight]) -> None:
        fused = fuse(others, self.world_from_objects)
        if fused is None:
            return
        world_from_camera = fused.world_from_camera
        seen = world_from_camera @ sight.camera_from_object
        carry = np.eye(6)
        carry[3:, :3] = -skew(sight.camera_from_object.translation - fused.camera_from_world.translation)
        spread = sight.covariance + carry @ fused.covariance @ carry.T
        turn = np.kron(np.eye(2), world_from_camera.rotation)
        information = _inverse(turn @ spread @ turn.T)
        k, now = sight.object, self.world_from_objects[sight.object]
        if now is None:
            self.world_from_objects[k], self._information[k] = seen, information
            return
        off = difference(seen, now)
        kept = _FORGETTING * self._information[k]
        information *= _trust(off, _inverse(_inverse(kept) + _inverse(information))) ** 2
        self._information[k] = kept + information
        self.world_from_objects[k] = moved(now, np.linalg.solve(self._information[k], information @ off))


def _inverse(matrix: Matrix) -> Matrix:
    """Of a covariance: radians and metres stand side by side, so it is scaled first."""
    scale = 1 / np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    return _symmetric(np.linalg.inv(matrix * np.outer(scale, scale)) * np.outer(scale, scale))


def _symmetric(matrix: Matrix) -> Matrix:
    return (matrix + matrix.T) / 2

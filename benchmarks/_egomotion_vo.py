"""A feature-based monocular visual odometry of OpenCV's building blocks: what object-centric egomotion is held against.

ORB features with the ratio test; a start from the first pair of pictures with enough parallax (essential matrix,
RANSAC); then each next camera by the points of the map that it must see, or RANSAC over all of them (PnP), and robust
steps; keyframes, new points between them, bundle adjustment of the last ones, and at the end of all. It is offline, and
has advantages of that: it begins at several places of the film and goes both ways from each, for a start around a small
object is often mistaken; the map with the most sights is the answer, and each frame is looked for in it at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from _egomotion_bundle import locate
from _egomotion_features import (
    Features,
    Settings,
    TwoViews,
    features_of,
    matched,
    missed_px,
    parallax_deg,
    two_views,
)
from _egomotion_map import Map
from rrb.geometry.pose import Pose

Floats = NDArray[np.float64]
_LEAST_START = 25  # points of a two-view start
_LEAST_PARALLAX_DEG = 3.0  # their median
_LEAST_SEEN = 15  # points that a frame's camera is believed with
_LEAST_AGREEING = 0.4  # of the pairs in the narrowest window
_PATIENCE = 5  # frames lost in a row, before the way ahead is given up
_KEEP = 0.75  # of the last keyframe's points: with fewer seen, a keyframe is due
_KEY_EVERY = 4  # frames


@dataclass(frozen=True, eq=False)
class Odometry:
    """World: the first keyframe's camera; lengths in units of the first baseline."""

    world_from_camera: Pose  # (N,); of a lost frame the last one that is known
    known: NDArray[np.bool_]  # (N,)
    keyframes: tuple[int, ...]
    points: int
    maps: int  # how many were begun

    @property
    def lost(self) -> tuple[int, ...]:
        return tuple(np.flatnonzero(~self.known).tolist())


def odometry(
    frames: Sequence[NDArray[np.uint8]], k: NDArray[np.float64], settings: Settings | None = None
) -> Odometry:
    """frames (H, W, 3) uint8; k (3, 3) as OpenCV counts pixels."""
    settings = settings or Settings()
    seen = [features_of(frame, settings) for frame in frames]
    ends = np.linspace(0, len(seen) - 1, settings.starts + 1).round().astype(int).tolist()
    runs = [run for first, end in pairwise(ends) if (run := _run_from(seen, k, settings, first, end))]
    if not runs:
        nowhere = Pose(np.broadcast_to(np.eye(3), (len(seen), 3, 3)), np.zeros((len(seen), 3)))
        return Odometry(nowhere, np.zeros(len(seen), bool), (), 0, 0)
    best = max(runs, key=lambda run: run.sights)
    return replace(best.answer(), maps=len(runs))


def _run_from(seen: Sequence[Features], k: Floats, settings: Settings, first: int, end: int) -> "_Run | None":
    """The whole film, begun at the first frame from there on that allows it; None if that is none before the end."""
    for start in range(first, end):
        run = _Run(seen, k, settings)
        if run.forward(start):
            run.backward()
            run.finish()
            return run
    return None


class _Run:
    """One map and the frames that are located in it."""

    def __init__(self, seen: Sequence[Features], k: Floats, settings: Settings) -> None:
        self.seen, self.k, self.settings = seen, k, settings
        self.map: Map | None = None
        self.cameras: dict[int, Floats] = {}  # (3, 4) camera_from_world of frames that are known

    @property
    def sights(self) -> int:
        return 0 if self.map is None else self.map.sights

    def forward(self, first: int) -> bool:
        """From a frame on until it is lost for long; whether it could begin there."""
        second = self._begin(first)
        if second is None:
            return False
        missed = 0
        for frame in range(first + 1, len(self.seen)):
            missed = 0 if frame in self.cameras or self._step(frame, frame - 1) else missed + 1
            if missed > _PATIENCE and frame > second:
                break
        return True

    def backward(self) -> None:
        for frame in range(min(self.cameras) - 1, -1, -1):
            self._step(frame, frame + 1)

    def finish(self) -> None:
        """All keyframes and points together, then each other frame in that map."""
        assert self.map is not None
        self.map.adjust(len(self.map.keyframes))
        self.cameras.update(self.map.keyframes)
        for frame in range(len(self.seen)):
            if frame not in self.map.keyframes:
                near = min(self.cameras, key=lambda other: (abs(other - frame), other))
                found = self._located(frame, self.cameras.get(frame, self.cameras[near]))
                self.cameras.pop(frame, None)
                if found is not None:
                    self.cameras[frame] = found[0]

    def answer(self) -> Odometry:
        assert self.map is not None
        known = np.array([frame in self.cameras for frame in range(len(self.seen))])
        held = [self.cameras[min(self.cameras)]]
        for frame in range(len(self.seen)):
            held.append(self.cameras.get(frame, held[-1]))
        matrices = np.stack(held[1:])
        poses = Pose(_nearest_rotations(matrices[:, :, :3]), matrices[:, :, 3]).inverse()
        return Odometry(poses, known, tuple(sorted(self.map.keyframes)), self.map.points, 1)

    # --- the start ------------------------------------------------------------------------------------

    def _begin(self, first: int) -> int | None:
        """The first frame after this one with which it makes a map."""
        for second in range(first + 1, min(first + 16, len(self.seen))):
            found = two_views(self.seen[first], self.seen[second], self.k, self.settings)
            if found is None or not _is_start(found):
                continue
            self.map = Map(self.seen, self.k, self.settings)
            self.map.begin(first, second, found)
            self.cameras.update(self.map.keyframes)
            return second
        return None

    # --- a frame ----------------------------------------------------------------------------------------

    def _step(self, frame: int, before: int) -> bool:
        """Whether the frame's camera was found; a keyframe is made of it when it is time."""
        assert self.map is not None
        for guess in (self._predicted(frame, before), None):
            found = self._located(frame, guess)
            if found is not None:
                break
        else:
            return False
        self.cameras[frame], seen = found
        last = min(self.map.keyframes, key=lambda key: abs(key - frame))
        if abs(frame - last) >= _KEY_EVERY or len(seen) < _KEEP * self.map.seen_in(last):
            self.map.add(frame, self.cameras[frame], seen)
            self.cameras.update(self.map.keyframes)
        return True

    def _predicted(self, frame: int, before: int) -> Floats | None:
        """With the speed of the two frames before."""
        if before not in self.cameras:
            return None
        last, earlier = self.cameras[before], self.cameras.get(2 * before - frame)
        return last if earlier is None else _times(_times(last, _inverse(earlier)), last)

    def _located(self, frame: int, guess: Floats | None) -> tuple[Floats, NDArray[np.int64]] | None:
        """The camera and (N, 2) numbers of points and of the features that are they; without a guess, by RANSAC."""
        assert self.map is not None
        camera = self._by_ransac(frame) if guess is None else guess
        for reach_px in (0.06, 0.03, 0.015) if guess is not None else (0.03, 0.015):
            if camera is None:
                return None
            tried = self.map.seen_by(camera, self.seen[frame], reach_px * 2 * self.k[0, 2])
            camera, pairs = self._settled(camera, tried, frame)
        if camera is None or len(pairs) < _LEAST_AGREEING * len(tried):
            return None
        return camera, pairs

    def _by_ransac(self, frame: int) -> Floats | None:
        assert self.map is not None
        pairs = matched(self.map.descriptors, self.seen[frame].descriptors, ratio=0.85)
        if len(pairs) < _LEAST_SEEN:
            return None
        points, pixels = self.map.places[pairs[:, 0]], self.seen[frame].pixels[pairs[:, 1]]
        cv2.setRNGSeed(1)
        found, turn, move, inside = cv2.solvePnPRansac(
            points, pixels, self.k, None, iterationsCount=1000, reprojectionError=3.0, flags=cv2.SOLVEPNP_EPNP
        )
        if not found or inside is None or len(inside) < _LEAST_SEEN:
            return None
        return np.concatenate([cv2.Rodrigues(turn)[0], np.reshape(move, (3, 1))], axis=1)

    def _settled(
        self, camera: Floats, pairs: NDArray[np.int64], frame: int
    ) -> tuple[Floats | None, NDArray[np.int64]]:
        """Robust steps, and the pairs that agree with where they end."""
        assert self.map is not None
        if len(pairs) < _LEAST_SEEN:
            return None, pairs
        seen = self.seen[frame]
        for _ in range(2):
            points, pixels = self.map.places[pairs[:, 0]], seen.pixels[pairs[:, 1]]
            sigma = seen.sigma_px[pairs[:, 1]]
            camera = locate(camera, points, pixels, sigma, self.k)
            off, depth = missed_px(camera, points, pixels, self.k)
            good = (depth > 0) & (off < 2.5 * np.maximum(sigma, self.settings.sure_px / 2))
            if good.sum() < _LEAST_SEEN:
                return None, pairs
            pairs = pairs[good]
        return camera, pairs


def _is_start(found: TwoViews) -> bool:
    if len(found.points) < _LEAST_START:
        return False
    cameras = [np.eye(3, 4), found.second_from_first]
    return float(np.median(parallax_deg(cameras, found.points))) >= _LEAST_PARALLAX_DEG


def _times(a: Floats, b: Floats) -> Floats:
    return np.concatenate([a[:, :3] @ b[:, :3], a[:, :3] @ b[:, 3:] + a[:, 3:]], axis=1)


def _inverse(a: Floats) -> Floats:
    return np.concatenate([a[:, :3].T, -a[:, :3].T @ a[:, 3:]], axis=1)


def _nearest_rotations(matrices: Floats) -> Floats:
    """Many small turns leave a rounding error."""
    u, _, v = np.linalg.svd(matrices)
    return u @ v

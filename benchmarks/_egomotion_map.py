"""The map of the visual odometry: keyframes, points, and who saw what where."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from _egomotion_bundle import Sights, adjust
from _egomotion_features import (
    Features,
    Settings,
    TwoViews,
    matched,
    missed_px,
    parallax_deg,
    triangulated,
)

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
_LOCAL = 6  # keyframes that a new one moves
_PARTNERS = 3  # keyframes that new points are looked for with
_LEAST_DEG = 1.0  # of parallax of a new point
_SAME_SIDE = np.cos(np.radians(30))  # of the angle between the rays to a point, now and before
_OFF = 3.0  # deviations from which on a sight is a mistake


class Map:
    def __init__(self, seen: Sequence[Features], k: Floats, settings: Settings) -> None:
        self._seen, self._k, self._settings = seen, k, settings
        self.keyframes: dict[int, Floats] = {}  # (3, 4) camera_from_world
        self.places = np.zeros((0, 3))
        self.descriptors = np.zeros((0, 32), np.uint8)
        self._sights = np.zeros((0, 3), np.int64)  # frame, point, feature

    @property
    def points(self) -> int:
        return len(self.places)

    @property
    def sights(self) -> int:
        """How often keyframes see points."""
        return len(self._sights)

    def begin(self, first: int, second: int, found: TwoViews) -> None:
        self.keyframes = {first: np.eye(3, 4), second: found.second_from_first}
        self._new_points(first, second, found.pairs, found.points)
        self.adjust(2)

    def add(self, frame: int, camera: Floats, seen: Whole) -> None:
        """A keyframe that sees known points (N, 2: point, feature); it brings new ones."""
        partners = sorted(self.keyframes, key=lambda other: abs(other - frame))[:_PARTNERS]
        self.keyframes[frame] = camera
        self._see(frame, seen[:, 0], seen[:, 1])
        # As it was seen last: what turns away looks different from frame to frame.
        self.descriptors[seen[:, 0]] = self._seen[frame].descriptors[seen[:, 1]]
        for other in partners:
            self._triangulate(other, frame)
        self.adjust(_LOCAL)

    def seen_in(self, frame: int) -> int:
        return int((self._sights[:, 0] == frame).sum())

    def seen_by(self, camera: Floats, seen: Features, reach_px: float) -> Whole:
        """(N, 2): points and the features near where the camera would show them."""
        view = self.places @ camera[:, :3].T + camera[:, 3]
        projected = (view @ self._k.T)[:, :2] / np.maximum(view[:, 2:], 1e-6)
        there = (
            (view[:, 2] > 0)
            & self._from_there(camera)
            & (projected >= -reach_px).all(1)
            & (projected <= 4 * self._k[:2, 2]).all(1)
        )
        numbers = np.flatnonzero(there)
        near = _apart_squared(projected[numbers], seen.pixels) < reach_px**2
        pairs = matched(self.descriptors[numbers], seen.descriptors, near, ratio=0.9)
        return np.stack([numbers[pairs[:, 0]], pairs[:, 1]], axis=1)

    def adjust(self, newest: int) -> None:
        """Move the newest keyframes and what they see; the first stays, and the others that see it, too."""
        if len(self.keyframes) < 2:
            return
        order = list(self.keyframes)
        moving = [f for f in order[-newest:] if f != order[0]]
        local = np.isin(self._sights[:, 1], self._sights[np.isin(self._sights[:, 0], moving), 1])
        sights = self._sights[local]
        frames, cameras = np.unique(sights[:, 0], return_inverse=True)
        numbers, points = np.unique(sights[:, 1], return_inverse=True)
        start = np.stack([self.keyframes[f] for f in frames.tolist()])
        found, places = adjust(
            start,
            self.places[numbers],
            self._as_seen(sights, cameras, points),
            self._k,
            np.isin(frames, moving),
        )
        self.places[numbers] = places
        for frame, camera in zip(frames.tolist(), found, strict=True):
            self.keyframes[frame] = camera
        self._cull()

    def _from_there(self, camera: Floats) -> Whole:
        """(P,) whether points are seen from about where keyframes saw them: from behind they look different."""
        rays = self._rays(camera, self.places)
        before = np.zeros_like(rays)
        for frame, key in self.keyframes.items():
            numbers = self._sights[self._sights[:, 0] == frame, 1]
            before[numbers] += self._rays(key, self.places[numbers])
        return (rays * before).sum(1) > _SAME_SIDE * np.linalg.norm(before, axis=1)

    @staticmethod
    def _rays(camera: Floats, places: Floats) -> Floats:
        rays = places + camera[:, :3].T @ camera[:, 3]
        return rays / np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-12)

    # --- inside -----------------------------------------------------------------------------------------

    def _as_seen(self, sights: Whole, cameras: Whole, points: Whole) -> Sights:
        pixels = np.stack([self._seen[f].pixels[n] for f, _, n in sights.tolist()])
        sigma = np.array([self._seen[f].sigma_px[n] for f, _, n in sights.tolist()])
        return Sights(cameras, points, pixels, sigma)

    def _new_points(self, first: int, second: int, pairs: Whole, places: Floats) -> None:
        numbers = np.arange(len(places)) + self.points
        self.places = np.concatenate([self.places, places])
        self.descriptors = np.concatenate([self.descriptors, self._seen[second].descriptors[pairs[:, 1]]])
        self._see(first, numbers, pairs[:, 0])
        self._see(second, numbers, pairs[:, 1])

    def _see(self, frame: int, points: Whole, features: Whole) -> None:
        rows = np.stack([np.full(len(points), frame), points, features], axis=1)
        self._sights = np.concatenate([self._sights, rows])

    def _triangulate(self, first: int, second: int) -> None:
        """New points of features that are none yet, near each other's epipolar lines."""
        a, b = (self._free(frame) for frame in (first, second))
        one, two = self._seen[first], self._seen[second]
        ends = self.keyframes[first], self.keyframes[second]
        near = _epipolar_px(*ends, one.pixels[a], two.pixels[b], self._k) < self._settings.sure_px
        pairs = matched(one.descriptors[a], two.descriptors[b], near)
        pairs = np.stack([a[pairs[:, 0]], b[pairs[:, 1]]], axis=1)
        places, good = triangulated(
            *ends, one.pixels[pairs[:, 0]], two.pixels[pairs[:, 1]], self._k, self._settings.sure_px
        )
        if good.any():
            good[good] = parallax_deg(ends, places[good]) > _LEAST_DEG
        self._new_points(first, second, pairs[good], places[good])

    def _free(self, frame: int) -> Whole:
        taken = self._sights[self._sights[:, 0] == frame, 2]
        return np.setdiff1d(np.arange(len(self._seen[frame])), taken)

    def _cull(self) -> None:
        """Without sights that are off, and points that fewer than two keyframes see."""
        kept = np.ones(len(self._sights), bool)
        for frame, camera in self.keyframes.items():
            rows = np.flatnonzero(self._sights[:, 0] == frame)
            _, points, features = self._sights[rows].T
            off, depth = missed_px(camera, self.places[points], self._seen[frame].pixels[features], self._k)
            limit = _OFF * np.maximum(self._seen[frame].sigma_px[features], self._settings.sure_px / 2)
            kept[rows] = (depth > 0) & (off < limit)
        self._sights = self._sights[kept]
        good = np.bincount(self._sights[:, 1], minlength=self.points) >= 2
        self._sights = self._sights[good[self._sights[:, 1]]]
        self._sights[:, 1] = (np.cumsum(good) - 1)[self._sights[:, 1]]
        self.places, self.descriptors = self.places[good], self.descriptors[good]


def _apart_squared(p: Floats, q: Floats) -> Floats:
    """(N, M) of (N, 2) and (M, 2)."""
    return (p**2).sum(1)[:, None] + (q**2).sum(1) - 2 * p @ q.T


def _epipolar_px(first: Floats, second: Floats, p: Floats, q: Floats, k: Floats) -> Floats:
    """(N, M): how far pixels q of the second camera are from the lines of pixels p of the first."""
    turn = second[:, :3] @ first[:, :3].T
    x, y, z = second[:, 3] - turn @ first[:, 3]
    essential = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) @ turn
    inverse = np.linalg.inv(k)
    lines = np.concatenate([p, np.ones((len(p), 1))], axis=1) @ (inverse.T @ essential @ inverse).T
    lines /= np.maximum(np.linalg.norm(lines[:, :2], axis=1, keepdims=True), 1e-12)
    return np.abs(lines @ np.concatenate([q, np.ones((len(q), 1))], axis=1).T)

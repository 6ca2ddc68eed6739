"""ORB features of a picture, what of two pictures is the same, and the two-view start: OpenCV's building blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pairs = NDArray[np.int64]  # (N, 2): numbers of the same feature in two pictures
_RATIO = 0.8  # of the best distance to the second best
_MOST_BITS = 60  # of 256 that differ


@dataclass(frozen=True)
class Settings:
    features: int = 1000
    upscale: int = 2  # small pictures are enlarged before: ORB looks at patches of 31 pixels
    fast_threshold: int = 7  # of grey levels; ORB's own 20 finds few corners on plain furniture
    levels: int = 6
    starts: int = 4  # places of the film where a map is begun
    sure_px: float = 1.5  # of the picture as given: how far an inlier may be off


@dataclass(frozen=True, eq=False)
class Features:
    pixels: Floats  # (N, 2) as OpenCV counts, of the picture as given
    descriptors: NDArray[np.uint8]  # (N, 32)
    sigma_px: Floats  # (N,) larger where the feature is

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True, eq=False)
class TwoViews:
    second_from_first: Floats  # (3, 4), the way between as long as 1
    pairs: Pairs
    points: Floats  # (N, 3) in the first camera's frame


def features_of(image: NDArray[np.uint8], settings: Settings) -> Features:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    large = cv2.resize(grey, None, fx=settings.upscale, fy=settings.upscale, interpolation=cv2.INTER_CUBIC)
    found, descriptors = _detector(settings).detectAndCompute(large, None)
    if descriptors is None:
        return Features(np.zeros((0, 2)), np.zeros((0, 32), np.uint8), np.zeros(0))
    pixels = (np.array([f.pt for f in found]) + 0.5) / settings.upscale - 0.5
    sigma = 1.2 ** np.array([f.octave for f in found]) / settings.upscale
    return Features(pixels, descriptors, np.maximum(sigma, 0.5))


@cache
def _detector(settings: Settings):
    return cv2.ORB_create(
        nfeatures=settings.features,
        scaleFactor=1.2,
        nlevels=settings.levels,
        fastThreshold=settings.fast_threshold,
    )


def matched(
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    allowed: NDArray[np.bool_] | None = None,
    *,
    ratio: float = _RATIO,
    most_bits: int = _MOST_BITS,
) -> Pairs:
    """By Hamming's distance and the ratio test, the best one for each of the second; allowed: (N, M)."""
    if len(first) == 0 or len(second) < 2:
        return np.zeros((0, 2), np.int64)
    mask = None if allowed is None else allowed.astype(np.uint8)
    best: dict[int, tuple[float, int]] = {}
    for near in cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(first, second, k=2, mask=mask):
        one = near[0] if near else None
        if one is None or one.distance > most_bits:
            continue
        if len(near) > 1 and one.distance > ratio * near[1].distance:
            continue
        best[one.trainIdx] = min(best.get(one.trainIdx, (np.inf, -1)), (one.distance, one.queryIdx))
    pairs = [(query, train) for train, (_, query) in best.items()]
    return np.array(pairs, np.int64).reshape(-1, 2)


# --- two views --------------------------------------------------------------------------------------


def two_views(first: Features, second: Features, k: Floats, settings: Settings) -> TwoViews | None:
    """The motion between two pictures by the essential matrix, and the points that it puts in front of both."""
    pairs = matched(first.descriptors, second.descriptors)
    if len(pairs) < 8:
        return None
    p, q = first.pixels[pairs[:, 0]], second.pixels[pairs[:, 1]]
    cv2.setRNGSeed(1)
    found, inside = cv2.findEssentialMat(
        p, q, k, method=cv2.RANSAC, prob=0.9999, threshold=settings.sure_px / 1.5
    )
    if found is None:
        return None
    chosen = inside.ravel().astype(bool)
    best = max((_motion(e, p, q, k, chosen) for e in found.reshape(-1, 3, 3)), key=lambda m: m[0])
    motion = best[1]
    points, good = triangulated(np.eye(3, 4), motion, p, q, k, settings.sure_px)
    good &= chosen
    return TwoViews(motion, pairs[good], points[good])


def _motion(
    essential: Floats, p: Floats, q: Floats, k: Floats, chosen: NDArray[np.bool_]
) -> tuple[int, Floats]:
    """How many points are in front, and [R t]."""
    mask = chosen.astype(np.uint8)[:, None].copy()
    count, r, t, _ = cv2.recoverPose(essential, p, q, k, mask=mask)
    return count, np.concatenate([r, t], axis=1)


def triangulated(
    first: Floats, second: Floats, p: Floats, q: Floats, k: Floats, most_px: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """(N, 3) world points of pixels in two cameras (3, 4), and which of them both cameras confirm."""
    if len(p) == 0:
        return np.zeros((0, 3)), np.zeros(0, bool)
    flat = cv2.triangulatePoints(k @ first, k @ second, p.T, q.T).T
    points = flat[:, :3] / np.where(np.abs(flat[:, 3:]) < 1e-12, 1e-12, flat[:, 3:])
    good = np.isfinite(points).all(1)
    for camera, pixels in ((first, p), (second, q)):
        off, depth = missed_px(camera, points, pixels, k)
        good &= (depth > 0) & (off < most_px)
    return points, good


def missed_px(camera: Floats, points: Floats, pixels: Floats, k: Floats) -> tuple[Floats, Floats]:
    """How many pixels a camera (3, 4) shows points beside pixels (N, 2), and their depths."""
    seen = points @ camera[:, :3].T + camera[:, 3]
    projected = seen @ k.T
    depth = np.where(np.abs(seen[:, 2]) < 1e-9, 1e-9, seen[:, 2])
    return np.linalg.norm(projected[:, :2] / depth[:, None] - pixels, axis=1), seen[:, 2]


def parallax_deg(cameras: Sequence[Floats], points: Floats) -> Floats:
    """(N,): the largest angle between the rays to a point from one camera (3, 4) and the next."""
    rays = [points + camera[:, :3].T @ camera[:, 3] for camera in cameras]  # from the centre -R^T t
    rays = [ray / np.linalg.norm(ray, axis=1, keepdims=True) for ray in rays]
    cosines = [np.clip((a * b).sum(1), -1, 1) for a, b in pairwise(rays)]
    return np.degrees(np.arccos(np.min(cosines, axis=0)))

"""Real frames: TUM's fr3 cabinet as a box, followed by masks that the pictures themselves give.

No mask and no mesh comes with it. The box is as large as the depth pictures say: what stands on the floor in the
picture's middle, its sides measured on the floor, the median over the frames. The masks are, in turn: what is darker
than the floor or tinted otherwise (each by Otsu's threshold on the picture); what the depth picture has above the
floor; and what our own network finds; of the first two, the largest piece near the middle. The path is that of the
colour camera alone; its true path is used for judging only.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _egomotion_score import scored
from rrb.data.readers.tum import read
from rrb.data.sample import Sample
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box
from rrb.recipes._track_object import TrackSettings
from rrb.recipes.track import track

FOLDER = "real/tum_fr3_cabinet"
_ABOVE_M = 0.02  # above the floor from which on a point is the cabinet's
_FLAT_M = 0.015  # how far a point of the floor may be off it
_LEAST_PIXELS = 500
_LONGEST_S = 2.0  # for which a motion goes on: the frames are two thirds of a second apart
_TOP_SHARE = 0.98  # of the points, below the height that is measured

Mask = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Cabinet:
    samples: tuple[Sample, ...]

    @cached_property
    def world_from_camera(self) -> Pose:
        return Pose.stack([Pose.from_json(s.about["world_from_camera"]) for s in self.samples])

    @property
    def times_s(self) -> NDArray[np.float64]:
        return np.array([s.about["seconds"] for s in self.samples])

    @cached_property
    def size_m(self) -> NDArray[np.float64]:
        """(3,): width, height, length."""
        sizes = [size for s in self.samples if (size := measured_size(s)) is not None]
        return np.median(sizes, axis=0)


def cabinet(shared: Path, every: int = 1) -> Cabinet | None:
    """None where the data is not there."""
    folder = shared / FOLDER
    return Cabinet(tuple(read(folder))[::every]) if folder.is_dir() else None


# --- the size -------------------------------------------------------------------------------------


def above_floor(sample: Sample) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]] | None:
    """(H, W) what stands in the middle, its points (N, 3) in the camera frame, and the floor (4,)."""
    depth = np.asarray(sample.depth_m, float)
    points = sample.camera.unproject(
        np.stack(np.meshgrid(*_centres(depth.shape)), axis=-1), np.where(depth > 0, depth, 1.0)
    )
    floor = _floor(points[depth > 0])
    stands = _largest((depth > 0) & (points @ floor[:3] + floor[3] > _ABOVE_M))
    return (stands, points[stands], floor) if stands.sum() > _LEAST_PIXELS else None


def _centres(shape: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5


def _floor(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4,): n, d of the plane n p + d = 0 with most points on it, n towards the camera."""
    random = np.random.default_rng(0)
    few = points[random.choice(len(points), min(4000, len(points)), replace=False)]
    best, most = np.zeros(4), -1
    for _ in range(300):
        a, b, c = few[random.choice(len(few), 3, replace=False)]
        normal = np.cross(b - a, c - a)
        if (length := np.linalg.norm(normal)) < 1e-9:
            continue
        plane = np.append(normal / length, -(normal / length) @ a)
        # A floor lies below the camera: its normal leans to the camera's up, -y.
        plane = plane if plane[3] > 0 else -plane
        on = int((np.abs(few @ plane[:3] + plane[3]) < _FLAT_M).sum()) if plane[1] < -0.3 else -1
        if on > most:
            best, most = plane, on
    near = few[np.abs(few @ best[:3] + best[3]) < _FLAT_M]
    middle = near.mean(0)
    normal = np.linalg.svd(near - middle, full_matrices=False)[2][2]
    normal = normal if normal @ best[:3] > 0 else -normal
    return np.append(normal, -normal @ middle)


def measured_size(sample: Sample) -> NDArray[np.float64] | None:
    """(3,) width, height, length: the smallest upright box around what stands there."""
    found = above_floor(sample)
    if found is None:
        return None
    _, points, floor = found
    heights = points @ floor[:3] + floor[3]
    across = np.linalg.svd(floor[None, :3])[2][1:]
    flat = points @ across.T
    best = None
    for angle in np.radians(np.arange(0, 90, 1.0)):
        c, s = math.cos(angle), math.sin(angle)
        turned = flat @ np.array([[c, -s], [s, c]])
        sides = np.subtract(*np.percentile(turned, [99.5, 0.5], axis=0))
        if best is None or sides.prod() < best.prod():
            best = sides
    return np.array([best.min(), np.quantile(heights, _TOP_SHARE), best.max()])


# --- the masks ------------------------------------------------------------------------------------


def by_colour(sample: Sample) -> Mask | None:
    from scipy.ndimage import binary_fill_holes
    from skimage.color import rgb2lab
    from skimage.filters import threshold_otsu

    lab = rgb2lab(sample.image)
    tint = lab[..., 1:] - np.median(lab[..., 1:].reshape(-1, 2), axis=0)
    apart = np.linalg.norm(tint, axis=-1)
    # Glints on the top are as bright as the floor; dark faces have hardly a tint.
    found = _largest((apart > threshold_otsu(apart)) | (lab[..., 0] < threshold_otsu(lab[..., 0])))
    return binary_fill_holes(found).astype(np.float32) if found.sum() > _LEAST_PIXELS else None


def by_depth(sample: Sample) -> Mask | None:
    from scipy.ndimage import binary_closing, binary_fill_holes

    found = above_floor(sample)
    return (
        None
        if found is None
        else binary_fill_holes(binary_closing(found[0], iterations=3)).astype(np.float32)
    )


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The piece with the most pixels, those near the picture's middle counting more."""
    from scipy.ndimage import label

    pieces, count = label(mask)
    if not count:
        return mask
    rows, columns = np.indices(mask.shape)
    height, width = mask.shape
    middle = np.exp(
        -((rows / height - 0.5) ** 2 + (columns / width - 0.5) ** 2) / 0.08
    )  # a third of a side away: a quarter
    weights = np.bincount(pieces.ravel(), middle.ravel())
    weights[0] = 0
    return pieces == weights.argmax()


MASKS: Mapping[str, Callable[[Sample], Mask | None] | None] = {
    "darker or tinted otherwise": by_colour,
    "above the floor by depth": by_depth,
    "own network": None,
}


def run(found: Cabinet, masks: str) -> dict[str, Any]:
    """The box followed through all frames."""
    size = found.size_m
    mesh = box(size.tolist())
    camera = found.samples[0].camera
    given = MASKS[masks]
    shown = None if given is None else [given(s) for s in found.samples]
    path = track(
        [s.image for s in found.samples],
        camera,
        meshes=mesh,
        masks=shown,
        times_s=found.times_s - found.times_s[0],
        settings=TrackSettings(longest_s=_LONGEST_S),
    )
    score = scored(found.world_from_camera, path)
    without = None if shown is None else sum(mask is None for mask in shown)
    return {"masks": masks, "size_m": size.tolist(), "without_mask": without, **score}


def odometry(found: Cabinet) -> dict[str, Any]:
    from _egomotion_features import Settings
    from _egomotion_vo import odometry as follow
    from rrb.egomotion.trajectory import Trajectory

    seen = follow([s.image for s in found.samples], found.samples[0].camera.to_opencv(), Settings(upscale=1))
    path = Trajectory(
        found.times_s, seen.world_from_camera, seen.known, seen.known.astype(float), is_metric=False
    )
    return {"masks": "visual odometry", **scored(found.world_from_camera, path)}

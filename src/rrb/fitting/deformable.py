"""Pose and shape from a silhouette at once, for a mesh that knows how it may deform.

A `Deformable` is a mesh and modes: how each vertex moves if one coordinate of the shape grows by one standard
deviation. Its coordinates, the view's angles and the translation follow the gradient of the silhouette's error
through the rasterizer, held by what is known beforehand: shapes far from the mean are unlikely, and so are views far
from the network's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose

Array = NDArray[np.float64]
_MARGIN = 0.25  # of the mask's box, around it: what is drawn there counts as well


@dataclass(frozen=True, eq=False)
class Deformable:
    """vertices(w) = mesh.vertices + modes @ w; each w is thought to be normal, of deviation 1."""

    mesh: Mesh
    modes: Array  # (V, 3, K)

    def at(self, w: Array) -> Mesh:
        return self.mesh.with_vertices(self.mesh.vertices + self.modes @ w)


@dataclass(frozen=True)
class ShapeDescent:
    steps: int = 60
    learning_rate: float = 0.15  # in deviations; of the pose, in its own small units
    pixel_weight: float = 0.04  # of a pixel that is wrong, against half a squared deviation
    size_px: int = 128  # of the window that is drawn, at most


@dataclass(frozen=True, eq=False)
class Deformed:
    coordinates: Array  # (K,)
    camera_from_object: Pose
    cost: float
    cost_at_start: float


def deform(
    shape: Deformable,
    mask: NDArray[np.float32],
    camera: Camera,
    start: Pose,
    angle_deviations: tuple[float, float, float],
    settings: ShapeDescent = ShapeDescent(),
    unknown: NDArray[np.float32] | None = None,
    view: Pose | None = None,
) -> Deformed:
    """The likeliest shape and pose near `start`. mask (H, W); angle_deviations: radians, of azimuth, elevation, roll
    about those of `view` (the start's, if not given)."""
    import torch

    from rrb.fitting.first_order import one_torch_thread
    from rrb.raster.approximations import silhouette

    window, near = _window(mask, camera, settings.size_px)
    wanted = torch.from_numpy(_resampled(mask, window, near))
    known = torch.ones_like(wanted)
    if unknown is not None:
        known = torch.from_numpy((_resampled(unknown, window, near) < 0.5).astype(np.float32))
    vertices = torch.from_numpy(shape.mesh.vertices.astype(np.float32))
    modes = torch.from_numpy(shape.modes.astype(np.float32))
    faces = torch.from_numpy(np.ascontiguousarray(shape.mesh.faces))
    angles = np.array(_angles(start))
    about = np.array(_angles(start if view is None else view))
    offset = torch.from_numpy(((angles - about + math.pi) % (2 * math.pi) - math.pi).astype(np.float32))
    deviations = torch.tensor(angle_deviations, dtype=torch.float32)
    t0 = torch.from_numpy(start.translation.astype(np.float32))
    depth = float(start.translation[2])
    # What one unit of each coordinate is: a degree; a pixel's width of shift; a hundredth of the distance.
    units = torch.tensor(
        [math.radians(1.0)] * 3 + [depth / near.fx_px, depth / near.fx_px, 0.01 * depth], dtype=torch.float32
    )
    x = torch.zeros(6 + modes.shape[2], requires_grad=True)
    optimizer = torch.optim.Adam([x], lr=settings.learning_rate, betas=(0.8, 0.95))
    best: tuple[float, Array] | None = None
    first = 0.0
    lens = torch.tensor([near.fx_px, near.fy_px, near.cx_px, near.cy_px], dtype=torch.float32)
    base = torch.from_numpy(angles.astype(np.float32))
    with one_torch_thread():
        for k in range(settings.steps + 1):
            moved = units * x[:6]
            rotation = _rotation(base + moved[:3])
            points = (vertices + modes @ x[6:]) @ rotation.T + t0 + moved[3:]
            z = points[:, 2:]
            px = torch.cat([points[:, :2] / z * lens[:2] + lens[2:], z], 1)
            drawn = silhouette(px, faces, tuple(wanted.shape))
            wrong = (known * (drawn - wanted) ** 2).sum()
            prior = 0.5 * (((moved[:3] + offset) / deviations) ** 2).sum() + 0.5 * (x[6:] ** 2).sum()
            cost = settings.pixel_weight * wrong + prior
            value = float(cost.detach())
            first = value if k == 0 else first
            if best is None or value < best[0]:
                best = value, x.detach().double().numpy().copy()
            if k == settings.steps:
                break
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * 0.5 * (1.05 + math.cos(math.pi * k / settings.steps))
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
    assert best is not None
    found = best[1]
    moved6 = units.double().numpy() * found[:6]
    pose = Pose(
        np.asarray(_rotation(torch.from_numpy(angles + moved6[:3])).numpy()), start.translation + moved6[3:]
    )
    return Deformed(found[6:], pose, best[0], first)


def _angles(pose: Pose) -> tuple[float, float, float]:
    from rrb.fitting.variables import angles_of

    a, e, r = angles_of(pose)
    return float(a), float(e), float(r)


def _rotation(angles):  # type: ignore[no-untyped-def]
    import torch

    degrees = angles * (180 / math.pi)
    axis = torch.zeros(3, dtype=angles.dtype)
    axis[2] = 1
    one = torch.ones((), dtype=angles.dtype)
    return Pose.from_viewpoint(degrees[0], degrees[1], degrees[2], one, ray_camera=axis).rotation


def _window(mask: NDArray, camera: Camera, most: int) -> tuple[tuple[int, int, int, int], Camera]:
    """(left, top, right, bottom) around the mask, with the camera of its picture, at most so many pixels."""
    rows, columns = np.flatnonzero((mask >= 0.5).any(1)), np.flatnonzero((mask >= 0.5).any(0))
    height, width = mask.shape
    margin = int(_MARGIN * max(len(rows), len(columns))) + 2
    top, bottom = max(0, rows[0] - margin), min(height, rows[-1] + 1 + margin)
    left, right = max(0, columns[0] - margin), min(width, columns[-1] + 1 + margin)
    cut = camera.crop(left, top, right - left, bottom - top)
    share = min(1.0, most / max(cut.width_px, cut.height_px))
    if share < 1:
        cut = cut.resize(max(8, round(share * cut.width_px)), max(8, round(share * cut.height_px)))
    return (left, top, right, bottom), cut


def _resampled(picture: NDArray, window: tuple[int, int, int, int], camera: Camera) -> NDArray[np.float32]:
    from PIL import Image

    left, top, right, bottom = window
    part = np.ascontiguousarray(picture[top:bottom, left:right], np.float32)
    size = (camera.width_px, camera.height_px)
    if part.shape[::-1] == size:
        return part
    return np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BOX), np.float32)

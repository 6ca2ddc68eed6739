"""Pose and shape from a silhouette at once, for a mesh that knows how it may deform.

A `Deformable` is a mesh and modes: how each vertex moves if one coordinate of the shape grows by one standard
deviation. Its coordinates, the view's angles and the translation follow the gradient of the silhouette's error
through the rasterizer, held by what is known beforehand: shapes far from the mean are unlikely, and so are views far
from the network's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.fitting.observed import around
from rrb.fitting.variables import angles_of
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose

Array = NDArray[np.float64]
_MOMENTS = (0.8, 0.95)  # of Adam: a descent is short
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
    """The likeliest shape and pose near `start`, of mask (H, W).

    angle_deviations: what is known of azimuth, elevation and roll, in radians about those of `view`, or of the start.
    unknown (H, W): from 0.5 on where nothing is charged.
    """
    from rrb.fitting.first_order import one_torch_thread

    with one_torch_thread():
        descent = ShapeFollowing(shape, mask, camera, start, angle_deviations, settings, unknown, view)
        while not descent.finished:
            descent.step()
        return descent.answer()


class ShapeFollowing:
    """The descent in parts: `step` until `finished`, then the `answer`, which is the cheapest state that was drawn."""

    def __init__(
        self,
        shape: Deformable,
        mask: NDArray[np.float32],
        camera: Camera,
        start: Pose,
        angle_deviations: tuple[float, float, float],
        settings: ShapeDescent,
        unknown: NDArray[np.float32] | None,
        view: Pose | None,
    ) -> None:
        import torch

        self.settings, self.start = settings, start
        window, self.camera = window_around(mask, camera, settings.size_px)
        self._wanted = torch.from_numpy(resampled(mask, window, self.camera))
        known = np.zeros_like(mask) if unknown is None else unknown
        self._known = torch.from_numpy((resampled(known, window, self.camera) < 0.5).astype(np.float32))
        self._faces = torch.from_numpy(np.array(shape.mesh.faces))
        self._vertices, self._modes = _tensor(shape.mesh.vertices), _tensor(shape.modes)
        self._angles = angles_of(start)
        off = self._angles - angles_of(start if view is None else view)
        self._off = _tensor((off + math.pi) % (2 * math.pi) - math.pi)
        self._deviations = _tensor(angle_deviations)
        # What one unit of each coordinate of the pose is: a degree, a pixel's width, a hundredth of the distance.
        depth, degree = float(start.translation[2]), math.radians(1.0)
        pixel = depth / float(self.camera.fx_px)
        self._units = np.array([degree, degree, degree, pixel, pixel, 0.01 * depth])
        self._x = torch.zeros(6 + shape.modes.shape[2], requires_grad=True)
        self._mean, self._square = torch.zeros_like(self._x), torch.zeros_like(self._x)  # of gradients
        self._best, self._cost, self._first = self._x.detach().clone(), math.inf, math.inf
        self._done = 0

    @property
    def finished(self) -> bool:
        return self._done > self.settings.steps

    def step(self) -> None:
        """Draw, keep what is the best, and take a step; the last state is only drawn."""
        cost = self._charge()
        value = float(cost.detach())
        if self._done == 0:
            self._first = value
        if value < self._cost:
            self._best, self._cost = self._x.detach().clone(), value
        if self._done < self.settings.steps:
            share = 0.5 * (1 + math.cos(math.pi * self._done / self.settings.steps))
            self._descend(cost, self.settings.learning_rate * share)
        self._done += 1

    def _descend(self, cost: Any, rate: float) -> None:
        """A step of Adam. Torch's own loads its compiler first, which takes longer than the whole descent."""
        import torch

        (slope,) = torch.autograd.grad(cost, self._x)
        first, second = _MOMENTS
        self._mean.lerp_(slope, 1 - first)
        self._square.lerp_(slope * slope, 1 - second)
        count = self._done + 1
        mean, square = self._mean / (1 - first**count), self._square / (1 - second**count)
        with torch.no_grad():
            self._x -= rate * mean / (square.sqrt() + 1e-8)

    def _charge(self) -> Any:
        """Wrong pixels, and half the squared distance from what is known, in deviations."""
        import torch

        from rrb.raster.approximations import silhouette

        lens, size = self.camera, (self.camera.height_px, self.camera.width_px)
        moved = _tensor(self._units) * self._x[:6]
        rotation = _rotation(_tensor(self._angles) + moved[:3])
        points = (self._vertices + self._modes @ self._x[6:]) @ rotation.T
        points = points + _tensor(self.start.translation) + moved[3:]
        focal = _tensor([float(lens.fx_px), float(lens.fy_px)])
        flat = points[:, :2] / points[:, 2:] * focal + _tensor([float(lens.cx_px), float(lens.cy_px)])
        drawn = silhouette(torch.cat([flat, points[:, 2:]], 1), self._faces, size)
        wrong = (self._known * (drawn - self._wanted) ** 2).sum()
        unlikely = (((moved[:3] + self._off) / self._deviations) ** 2).sum() + (self._x[6:] ** 2).sum()
        return self.settings.pixel_weight * wrong + 0.5 * unlikely

    def answer(self) -> Deformed:
        found = self._best.double().numpy()
        moved = self._units * found[:6]
        rotation = _rotation(_tensor(self._angles + moved[:3]).double())
        pose = Pose(rotation.numpy(), self.start.translation + moved[3:])
        return Deformed(found[6:], pose, self._cost, self._first)


def _tensor(values: Any) -> Any:
    import torch

    return torch.tensor(np.asarray(values), dtype=torch.float32)


def _rotation(angles: Any) -> Any:
    """(3, 3) of azimuth, elevation and roll in radians (3,), the axis going through the object."""
    import torch

    ahead = torch.tensor([0.0, 0.0, 1.0], dtype=angles.dtype)
    azimuth, elevation, roll = angles * (180 / math.pi)
    return Pose.from_viewpoint(azimuth, elevation, roll, distance_m=ahead[2], ray_camera=ahead).rotation


def window_around(mask: NDArray, camera: Camera, most: int) -> tuple[tuple[int, int, int, int], Camera]:
    """(left, top, right, bottom) around the mask, with the camera of its picture, at most so many pixels."""
    top, left, bottom, right = around(mask, _MARGIN, 2)
    cut = camera.crop(left, top, right - left, bottom - top)
    share = min(1.0, most / max(cut.width_px, cut.height_px))
    if share < 1:
        cut = cut.resize(max(8, round(share * cut.width_px)), max(8, round(share * cut.height_px)))
    return (left, top, right, bottom), cut


def resampled(picture: NDArray, window: tuple[int, int, int, int], camera: Camera) -> NDArray[np.float32]:
    from PIL import Image

    left, top, right, bottom = window
    part = np.array(picture[top:bottom, left:right], np.float32)
    size = (camera.width_px, camera.height_px)
    if part.shape[::-1] == size:
        return part
    return np.array(Image.fromarray(part).resize(size, Image.Resampling.BOX), np.float32)

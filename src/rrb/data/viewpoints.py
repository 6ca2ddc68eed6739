"""From where pictures are taken: as Choy et al., as in PASCAL3D+, as on Palazzi's street, from anywhere.

Each takes the object's size into account and leaves the object, or most of it, in the picture. The world is the
object's own frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.data.shape import Shape
from rrb.geometry.camera import Camera
from rrb.geometry.conversions import CHOY_FOCAL_WIDTHS
from rrb.geometry.pose import Pose

Floats = NDArray[np.float64]
_NEAREST_SHARE = 0.15  # of the object's radius: how near to the camera's plane a vertex may come
_SMALLEST_SHARE = 0.2  # of the picture's shorter side
_LEAST_VISIBLE = 0.5  # of the object's box, where the border cuts it
_WHOLE = 1 - 1e-9
_TRIES = 30
_BOX = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])


@dataclass(frozen=True, eq=False)
class View:
    name: str  # in VIEWPOINTS
    camera: Camera
    camera_from_object: Pose

    @property
    def upright(self) -> bool:
        """Whether a ground below the object makes sense."""
        return self.name != "free"


def choy(random: np.random.Generator, shape: Shape, size: tuple[int, int], truncated: bool) -> View:
    """The ring of 3D-R2N2's renderings: elevation 25 to 30 degrees, the object in the middle.

    Their models have a bounding box of diagonal 1 (ShapeNet's), ours that of the object in metres. Their pictures are
    square: of others the shorter side counts. Nearly a cube leaves the picture from close by: it is tried again.
    """
    camera = Camera.from_focal_px(CHOY_FOCAL_WIDTHS * min(size), width=size[1], height=size[0])
    for _ in range(_TRIES):
        seen = Pose.from_choy(
            random.uniform(0, 360), random.uniform(25, 30), distance_ratio=random.uniform(0.65, 1.0)
        )
        pose = Pose(seen.rotation, 2 * shape.radius * seen.translation)
        if _visible(camera, pose, shape) >= _WHOLE:
            break
    return View("choy", camera, pose)


def pascal(random: np.random.Generator, shape: Shape, size: tuple[int, int], truncated: bool) -> View:
    """What photographs of objects show: any azimuth, cameras at the height of a hand, nearly level, any lens."""
    elevation = _normal(random, 12, 15, -15, 70)
    roll = _normal(random, 0, 5, -25, 25)
    share = random.uniform(0.35, 0.95)
    angles = random.uniform(-180, 180), elevation, roll
    return _filling("pascal", random, shape, size, angles, share, truncated)


def street(random: np.random.Generator, shape: Shape, size: tuple[int, int], truncated: bool) -> View:
    """Palazzi's section 4.1: the camera 1.5 m above the ground on a 10 x 10 grid, looking at one of 3 x 3 places.

    The spacing is not printed: here the camera's grid spans 8, and the aims' half, times the object's longest side.
    Their models all are 6 long; 1.5 m here are metres, whatever the object. Where no place of the grid shows the object
    well, it is seen as in `pascal`.
    """
    long_side, ground = shape.extent, shape.floor
    for _ in range(_TRIES):
        x, z = (random.integers(10, size=2) / 9 - 0.5) * 8 * long_side
        aim_x, aim_z = (random.integers(3, size=2) - 1) * 0.25 * long_side
        fov = random.uniform(40, 60)
        if math.hypot(x, z) < 1.2 * long_side:
            continue
        camera = Camera.from_fov(fov, width=size[1], height=size[0])
        pose = Pose.look_at([x, ground + 1.5, z], [aim_x, ground, aim_z])
        depth = pose.apply(shape.mesh.vertices)[:, 2]
        least = _LEAST_VISIBLE if truncated else _WHOLE
        if depth.min() > 0 and _visible(camera, pose, shape) >= least and _is_large(camera, pose, shape):
            return View("street", camera, pose)
    return pascal(random, shape, size, truncated)


def free(random: np.random.Generator, shape: Shape, size: tuple[int, int], truncated: bool) -> View:
    """Any rotation at all."""
    view = Pose.random(random)
    share = random.uniform(0.35, 0.95)
    angles = Pose(view.rotation, [0.0, 0.0, 1.0]).to_viewpoint()
    return _filling("free", random, shape, size, (angles[0], angles[1], angles[2]), share, truncated)


Viewpoints = Callable[[np.random.Generator, Shape, tuple[int, int], bool], View]
"""(random numbers, shape, (height, width), whether the picture's border may cut the object) -> a view."""

VIEWPOINTS: dict[str, Viewpoints] = {"choy": choy, "pascal": pascal, "street": street, "free": free}


# --- pieces -----------------------------------------------------------------------------------------


def _filling(
    name: str,
    random: np.random.Generator,
    shape: Shape,
    size: tuple[int, int],
    angles_deg: tuple[float, float, float],
    share: float,
    truncated: bool,
) -> View:
    """The object's circle fills that share of the shorter side, anywhere in the picture, or cut by its border."""
    camera = Camera.from_fov(random.uniform(20, 65), width=size[1], height=size[0], axis="diagonal")
    circle_px = share * min(size)
    # A sphere of that radius at a distance d is seen under asin(r / d).
    distance = shape.radius / math.sin(math.atan(0.5 * circle_px / camera.fx_px))
    free_px = np.maximum(0.5 * (np.array([size[1], size[0]]) - circle_px), 0)
    border, place, shown = (
        _on_border(random),
        random.uniform(-1, 1, 2),
        random.uniform(_LEAST_VISIBLE + 0.15, 0.92),
    )
    offset = border * free_px if truncated else place * free_px
    inner, outer = 0.0, 0.0  # shares of the circle: what is too little and, if above 0, too much, farther out
    for _ in range(_TRIES):
        ray = camera.unproject(np.array([camera.cx_px, camera.cy_px]) + offset, 1.0)
        pose = Pose.from_viewpoint(*angles_deg, distance_m=distance, ray_camera=ray)
        view = View(name, camera, _in_front(shape, pose))
        visible = _visible(camera, view.camera_from_object, shape)
        if truncated and not _LEAST_VISIBLE <= visible <= shown:
            out = float(np.abs(offset - border * free_px).max()) / circle_px
            inner, outer = (out, outer) if visible > shown else (inner, out)
            out = (inner + outer) / 2 if outer > 0 else inner + 0.05
            offset = border * (free_px + out * circle_px)
        elif not truncated and visible < _WHOLE:
            # A sphere looks larger away from the middle, and what is flat may lie on one side of its sphere.
            offset = 0.8 * offset
        else:
            break
    return view


def _in_front(shape: Shape, pose: Pose) -> Pose:
    """The same view, moved away until every vertex is well in front of the camera."""
    lacking = _NEAREST_SHARE * shape.radius - float(pose.apply(shape.mesh.vertices)[:, 2].min())
    if lacking <= 0:
        return pose
    return Pose(pose.rotation, pose.translation + lacking * pose.translation / pose.translation[2])


def _visible(camera: Camera, pose: Pose, shape: Shape) -> float:
    """Which share of the box around the object's projection lies in the picture."""
    size = np.array([camera.width_px, camera.height_px])
    box = camera.project(pose.apply(_BOX * shape.extents))
    if (box > 0).all() and (box[:, :2] < size).all():  # then so is what it holds, however many vertices
        return True
    at = camera.project(pose.apply(shape.mesh.vertices))[:, :2]
    low, high = at.min(0), at.max(0)
    visible = np.clip(np.minimum(high, size) - np.maximum(low, 0), 0, None)
    return float((visible / np.maximum(high - low, 1e-9)).prod())


def _is_large(camera: Camera, pose: Pose, shape: Shape) -> bool:
    """Whether the object is worth a picture."""
    extent_px = np.ptp(camera.project(pose.apply(shape.mesh.vertices))[:, :2], axis=0).max()
    return bool(extent_px >= _SMALLEST_SHARE * min(camera.width_px, camera.height_px))


def _on_border(random: np.random.Generator) -> Floats:
    """A point of the border of the square [-1, 1]^2."""
    side, along = int(random.integers(4)), random.uniform(-1, 1)
    return np.array([(-1.0, along), (1.0, along), (along, -1.0), (along, 1.0)][side])


def _normal(random: np.random.Generator, mean: float, deviation: float, low: float, high: float) -> float:
    """Drawn again until it lies between."""
    while not low <= (value := random.normal(mean, deviation)) <= high:
        pass
    return float(value)

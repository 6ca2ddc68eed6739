"""Random cameras, views and starts."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rrb import Camera, Mesh, Pose
from rrb.geometry.conversions import ray_rotation

SIDE_PX = 256
FOV_DEG = (30.0, 60.0)
# Not below the ground, up to looking steeply down: what the renderings of Choy et al. (25 to 30 degrees) and
# photographs of furniture and cars show, and somewhat beyond on both sides.
ELEVATION_DEG = (-5.0, 45.0)
ROLL_DEG = 3.0  # standard deviation
MARGIN_PX = 2.0
NEAREST_SHARE = 0.5  # of the largest extent: no vertex is nearer to the plane of the camera than that
_ROUNDS = 60
_CLOSE_ENOUGH_PX = 0.01


def random_camera(random: np.random.Generator) -> Camera:
    return Camera.from_fov(random.uniform(*FOV_DEG), width=SIDE_PX, height=SIDE_PX)


def upright(random: np.random.Generator) -> np.ndarray:
    """(3, 3): the view of an object standing on the ground, by a camera held nearly level."""
    azimuth, elevation = random.uniform(-180, 180), random.uniform(*ELEVATION_DEG)
    return Pose.from_viewpoint(azimuth, elevation, random.normal(0, ROLL_DEG), distance_m=1.0).rotation


def uniform(random: np.random.Generator) -> np.ndarray:
    """(3, 3): any view at all."""
    return Pose.random(random).rotation


VIEWS = {"upright": upright, "any": uniform}


class Box(NamedTuple):
    """The bounding box of a projection, in pixels."""

    middle: np.ndarray  # (2,)
    sides: np.ndarray  # (2,)


def projected_box(mesh: Mesh, pose: Pose, camera: Camera) -> Box:
    corners = camera.project(pose.apply(mesh.vertices))[:, :2]
    low, high = corners.min(0), corners.max(0)
    return Box((low + high) / 2, high - low)


def placed(mesh: Mesh, camera: Camera, view: np.ndarray, share: float, where: np.ndarray) -> Pose | None:
    """The pose that shows the mesh, from that side, wholly in the image, or None if there is none.

    share: the longer side of the projection's box, of the image's side. where (2,) in [0, 1]: from the box
    touching the left (upper) margin to touching the right (lower) one.
    """

    def middle(sides: np.ndarray) -> np.ndarray:
        return MARGIN_PX + sides / 2 + np.clip(camera.width_px - 2 * MARGIN_PX - sides, 0, None) * where

    return placed_at(mesh, camera, view, share * camera.width_px, middle)


def placed_at(
    mesh: Mesh,
    camera: Camera,
    view: np.ndarray,
    side_px: float,
    middle: Callable[[np.ndarray], np.ndarray],
) -> Pose | None:
    """The pose whose projection's box has that longer side, and its middle at `middle(sides)`; None if none has.

    view (3, 3): the rotation were the object on the optical axis; the ray to its origin turns it, so that its
    viewpoint is the same wherever it lies.
    """
    distance, aim_px, ray = 3 * mesh.largest_extent, np.full(2, camera.width_px / 2), np.array([0.0, 0, 1])
    for _ in range(_ROUNDS):
        pose = Pose(ray_rotation(ray) @ view, distance * ray)
        if pose.apply(mesh.vertices)[:, 2].min() < NEAREST_SHARE * mesh.largest_extent:
            return None
        box = projected_box(mesh, pose, camera)
        off = middle(box.sides) - box.middle
        if max(abs(box.sides.max() - side_px), *abs(off)) < _CLOSE_ENOUGH_PX:
            return pose
        distance *= math.sqrt(box.sides.max() / side_px)  # half the way: near objects grow faster than 1 / z
        aim_px = aim_px + 0.7 * off
        ray = _unit(camera.unproject(aim_px, 1.0))
    return None


def view_of(pose: Pose) -> np.ndarray:
    """(3, 3): the `view` that was placed there."""
    return ray_rotation(pose.translation).T @ pose.rotation


def disturbed(truth: Pose, degrees: float, share: float, size_m: float, random: np.random.Generator) -> Pose:
    """The truth turned about the object's origin by `degrees` around an axis uniform over all, its origin
    moved along its ray by `share` of the distance, nearer or farther, and by `share` of `size_m` in a direction
    uniform over those at right angles to the ray."""
    axis = _unit(random.normal(size=3))
    ray = _unit(truth.translation)
    sideways = _unit(np.cross(ray, random.normal(size=3)))
    moved = truth.translation * random.choice([1 - share, 1 + share]) + share * size_m * sideways
    turn = Pose.from_rotation_vector(math.radians(degrees) * axis).rotation
    return Pose(turn @ truth.rotation, moved)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)

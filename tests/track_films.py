"""Films of a few small frames: masks of simple meshes along a known path. Nothing is rendered but silhouettes."""

from dataclasses import dataclass

import numpy as np

from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.raster.render import render

SIZE = 160


@dataclass(frozen=True, eq=False)
class Film:
    camera: Camera
    meshes: list[Mesh]
    world_from_objects: Pose  # (M,); the first is the identity
    world_from_camera: Pose  # (N,)
    masks: list[list[np.ndarray]]  # of each frame, of each object: what is seen of it


def boxes(*sides) -> Mesh:
    """Boxes from (low, high) corners, each closed."""
    vertices, faces = [], []
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    for low, high in sides:
        first = len(vertices)
        vertices += [
            [(low, high)[i][0], (low, high)[j][1], (low, high)[k][2]]
            for i in (0, 1)
            for j in (0, 1)
            for k in (0, 1)
        ]
        for a, b, c, d in quads:
            faces += [[first + a, first + b, first + c], [first + a, first + c, first + d]]
    return Mesh(np.array(vertices, float), np.array(faces))


def chair() -> Mesh:
    """A seat, a back and one arm: no symmetry."""
    return boxes(
        ((-0.25, -0.4, -0.25), (0.25, 0.05, 0.25)),
        ((-0.25, 0.05, 0.17), (0.25, 0.6, 0.25)),
        ((0.17, 0.05, -0.25), (0.25, 0.25, 0.17)),
    )


def stool() -> Mesh:
    """A step with a post at one corner."""
    return boxes(
        ((-0.3, -0.3, -0.2), (0.3, -0.1, 0.2)),
        ((-0.3, -0.1, -0.2), (0.0, 0.15, 0.2)),
        ((-0.3, 0.15, -0.2), (-0.18, 0.5, -0.08)),
    )


def film(
    meshes: list[Mesh], *, places=((0.0, 0.0),), frames: int, size: int = SIZE, turn_deg: float = 3.0
) -> Film:
    """Some degrees a frame around the middle, two metres away, somewhat from above."""
    camera = Camera.from_fov(55.0, width=size, height=size)
    turns = np.radians(30 + turn_deg * np.arange(frames))
    path = np.stack([2 * np.cos(turns), np.full(frames, 0.7), 2 * np.sin(turns)], 1)
    ground_from_camera = Pose.look_at(path, np.zeros(3)).inverse()
    standing = [
        Pose(Pose.from_euler_zyx(0.0, 40.0 * k, 0.0).rotation, [x, 0.0, z]) for k, (x, z) in enumerate(places)
    ]
    world_from_ground = standing[0].inverse()
    masks = [_seen(meshes, standing, ground_from_camera[n], camera) for n in range(frames)]
    return Film(
        camera,
        meshes,
        Pose.stack([world_from_ground @ place for place in standing]),
        world_from_ground @ ground_from_camera,
        masks,
    )


def _seen(meshes, standing, ground_from_camera, camera) -> list[np.ndarray]:
    camera_from_ground = ground_from_camera.inverse()
    depths = np.stack(
        [
            np.asarray(render(mesh, camera_from_ground @ place, camera).fragments.inverse_depth)
            for mesh, place in zip(meshes, standing, strict=True)
        ]
    )
    nearest = np.where(depths.any(0), depths.argmax(0), -1)
    return [(nearest == k).astype(np.float32) for k in range(len(meshes))]

"""Films for measuring time: so many chairs in a ring, seen from a part of a circle, as large and as fine as asked."""

import math

import numpy as np

from rrb.data.procedural.build import make
from rrb.data.renderers import renderer
from rrb.data.scene import Effects, Placed
from rrb.data.scenes import lighting_indoors
from rrb.data.sequences import Sequence
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose

_DEG_A_FRAME = 2.0


def ring(objects: int, frames: int, side_px: int) -> Sequence:
    """Chairs that nothing was trained on, half a metre or more apart; all of them in view."""
    shapes = tuple(make("chair", 10 * k + 9) for k in range(objects))
    radius = 0.0 if objects == 1 else 0.55 / math.sin(math.pi / objects)
    placed = []
    for k, shape in enumerate(shapes):
        turn = 2 * math.pi * k / objects
        place = [radius * math.cos(turn), -shape.floor, radius * math.sin(turn)]
        placed.append(Placed(shape.mesh_id, Pose(Pose.from_euler_zyx(0.0, 90.0 * k, 0.0).rotation, place)))
    along = np.radians(_DEG_A_FRAME) * np.arange(frames)
    away = 2.0 + 1.5 * radius
    path = np.stack([away * np.cos(along), np.full(frames, 1.2), away * np.sin(along)], axis=1)
    aim = np.broadcast_to([0.0, 0.4, 0.0], path.shape)
    return Sequence(
        camera=Camera.from_fov(50.0, width=side_px, height=side_px),
        world_from_camera=Pose.look_at(path, aim).inverse(),
        shapes=shapes,
        placed=tuple(placed),
        lighting=lighting_indoors(np.random.default_rng(5)),
        effects=Effects(),
    )


def drawn(film: Sequence) -> tuple[list, list]:
    """(pictures, the masks of each frame), by our own rasterizer."""
    shapes = {shape.mesh_id: shape for shape in film.shapes}
    with renderer("fast") as draw:
        pictures = list(draw((film.scene(n), shapes) for n in range(len(film.times_s))))
    masks = [
        tuple((picture.object_index == k).astype(np.float32) for k in range(len(film.shapes)))
        for picture in pictures
    ]
    return [picture.image for picture in pictures], masks

"""RGB-D frames of a cabinet with a camera path and 2-D boxes: TUM's fr3 cabinet as CubeSLAM's examples keep it.

    <source>/raw_imgs/0000_rgb_raw.jpg, depth_imgs/0000_depth_raw.png (16 bits, depth_factor to a metre)
    <source>/camera.json                          K, width, height, depth_factor
    <source>/truth_cam_poses.txt                  a line a frame: seconds tx ty tz qx qy qz qw, world_from_camera
    <source>/filter_2d_obj_txts/0000_yolo2_0.15.txt   lines x y width height score, or empty

One sample for each frame, also where no box was found. What is known is where the camera stood, not where the
cabinet stands: no mesh, no mask, and `camera_from_object` is None; `about["world_from_camera"]` holds the pose in
the world (z up) and the path of the camera is all frames' together. box_px is a detector's best box, not drawn
by a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.data.readers._reading import Box, field, files, key_of, named, number, numbers, picture, text_lines
from rrb.data.sample import Sample
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.coco import checked_size
from rrb.geometry.image_io import load_depth
from rrb.geometry.json_io import read_json
from rrb.geometry.pose import Pose

_COLOUR, _DEPTH, _BOXES = "_rgb_raw", "_depth_raw", "_yolo2_0.15"


def read(source: Path) -> Iterator[Sample]:
    camera, per_metre = _camera(source / "camera.json")
    size = (camera.height_px, camera.width_px)
    path = _path(source / "truth_cam_poses.txt")
    stems = [p.stem.removesuffix(_COLOUR) for p in files(source / "raw_imgs", ".jpg")]
    if len(stems) != len(path):
        raise BadFileError(
            f"{source / 'truth_cam_poses.txt'}: it has {len(path)} lines but raw_imgs {len(stems)} pictures;"
            " one line a picture is accepted"
        )
    for stem, (seconds, world_from_camera) in zip(stems, path, strict=True):
        depth = source / "depth_imgs" / f"{stem}{_DEPTH}.png"
        boxes = _boxes(source / "filter_2d_obj_txts" / f"{stem}{_BOXES}.txt")
        image = picture(source / "raw_imgs" / f"{stem}{_COLOUR}.jpg", size)
        with named(depth):
            yield Sample(
                key=key_of("cabinet", stem),
                image=image,
                category="cabinet",
                mesh_id="",
                camera=camera,
                depth_m=load_depth(depth, per_metre),
                box_px=_best(boxes),
                source="tum",
                about={
                    "seconds": seconds,
                    "world_from_camera": world_from_camera.to_json(),
                    "boxes": boxes.tolist(),  # x, y, width, height, score
                },
            )


def _camera(path: Path) -> tuple[Camera, float]:
    data = read_json(path)
    with named(path):
        height, width = checked_size([data.get("height"), data.get("width")], "its height and width")
        k = numbers(field(data, "K", "the file"), (3, 3), "K")
        camera = Camera.from_opencv(k, width=width, height=height)
        return camera, number(field(data, "depth_factor", "the file"), "depth_factor")


def _path(file: Path) -> list[tuple[float, Pose]]:
    found: list[tuple[float, Pose]] = []
    for count, line in enumerate(text_lines(file), 1):
        with named(file, f"line {count}"):
            seconds, *rest = numbers(line.split(), (8,), "it").tolist()
            x, y, z, w = rest[3:]
            if not abs(np.linalg.norm(rest[3:]) - 1) < 1e-2:
                raise BadInputError(
                    f"its quaternion has the length {np.linalg.norm(rest[3:]):.3f}; 1 is accepted"
                )
            if found and seconds <= found[-1][0]:
                raise BadInputError(
                    f"its time, {seconds}, is not after the line before; growing ones are accepted"
                )
            found.append((seconds, Pose.from_quaternion([w, x, y, z], rest[:3])))
    return found


def _boxes(path: Path) -> NDArray[np.float64]:
    """(N, 5): x, y, width, height in pixels from the first one's corner, score."""
    rows = []
    for count, line in enumerate(text_lines(path), 1):
        with named(path, f"line {count}"):
            rows.append(numbers(line.split(), (5,), "a box"))
    return np.array(rows).reshape(-1, 5)


def _best(boxes: NDArray[np.float64]) -> Box | None:
    if not len(boxes):
        return None
    x, y, width, height = boxes[boxes[:, 4].argmax(), :4].tolist()
    return x, y, x + width, y + height

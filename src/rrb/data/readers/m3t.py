"""Two RGB-D frames of a small triangle from M3T's tests, with poses that its tracker found: close, not true.

    <source>/_sequence/color_camera_image_200.png, color_camera_image_201.png, color_camera.yaml
    <source>/_sequence/depth_camera_image_200.png, ..., depth_camera.yaml
    <source>/_body/triangle.obj (metres), triangle.yaml      and another body, schauma, which no pose is given for
    <source>/tracker_test/triangle_pose.txt, optimizer_test/..., refiner_test/..., detector_test/detector_...

One sample for each frame. The poses are of the first frame, 200, and differ by about a centimetre: the one chosen
is `camera_from_object` there, of the mesh as stored; `about` says what it is. The second frame has none. Half of the
triangle is hidden by a bottle, which nothing marks. The depth camera is another one, elsewhere and of another
size: `about` names its picture, and its calibration stays in depth_camera.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.data.readers._reading import key_of, named, numbers, picture, text_lines
from rrb.data.sample import MeshFile, Sample
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose

ESTIMATES = {
    "tracker": "tracker_test/triangle_pose.txt",
    "optimizer": "optimizer_test/triangle_pose.txt",
    "refiner": "refiner_test/triangle_pose.txt",
    "detector": "detector_test/detector_triangle_pose.txt",
}
_FIRST = 200
_PREFIX = "color_camera_image_"


def read(source: Path, *, estimate: str = "tracker") -> Iterator[Sample]:
    """estimate: whose pose, one of `ESTIMATES`."""
    if estimate not in ESTIMATES:
        raise BadInputError(f"the estimate is {estimate!r}; {', '.join(ESTIMATES)} are accepted")
    camera_from_body = _pose_file(source / ESTIMATES[estimate])
    body_from_file, mesh = _body(source / "_body" / "triangle.yaml")
    camera = _camera(source / "_sequence" / "color_camera.yaml")
    size = (camera.height_px, camera.width_px)
    for frame in _frames(source / "_sequence"):
        first = frame == _FIRST
        yield Sample(
            key=key_of("triangle", frame),
            image=picture(source / "_sequence" / f"{_PREFIX}{frame}.png", size),
            category="triangle",
            mesh_id="triangle",
            camera=camera,
            camera_from_object=camera_from_body @ body_from_file if first else None,
            mesh=mesh,
            source="m3t",
            frame="as the mesh is stored, metres",
            about={
                "frame": frame,
                "pose": f"an estimate ({estimate}), within about a centimetre" if first else "none",
                "depth": f"_sequence/depth_camera_image_{frame}.png",
            },
        )


def _frames(path: Path) -> list[int]:
    found = sorted(
        int(p.stem.removeprefix(_PREFIX))
        for p in path.glob(f"{_PREFIX}*.png")
        if p.stem.removeprefix(_PREFIX).isdecimal()
    )
    if _FIRST not in found:
        raise BadFileError(f"{path / f'{_PREFIX}{_FIRST}.png'}: there is no such file, and the poses are its")
    return found


# --- files ------------------------------------------------------------------------------------------


def _pose_file(path: Path) -> Pose:
    """A name, "4, 4," and four rows, each number followed by a comma."""
    lines = text_lines(path)
    with named(path):
        if len(lines) != 6 or lines[1].replace("\t", "") != "4,4,":
            raise BadInputError(f"it has {len(lines)} lines; a name, 4, 4, and four rows are accepted")
        words = [word for line in lines[2:] for word in re.split(r"[,\s]+", line) if word]
        return Pose.from_matrix(numbers(words, (4, 4), "its matrix"))


def _camera(path: Path) -> Camera:
    text = "\n".join(text_lines(path))
    with named(path):
        fx, fy, cx, cy, width, height = (
            _value(text, name) for name in ("f_u", "f_v", "pp_x", "pp_y", "width", "height")
        )
        if not np.array_equal(_matrix(text, "camera2world_pose"), np.eye(4)):
            raise BadInputError("camera2world_pose is no identity, in which the poses are given")
        k = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
        return Camera.from_opencv(k, width=int(width), height=int(height))


def _body(path: Path) -> tuple[Pose, MeshFile]:
    """(body_from_file in metres, the mesh as stored)."""
    text = "\n".join(text_lines(path))
    with named(path):
        if _value(text, "geometry_unit_in_meter") != 1:
            raise BadInputError("geometry_unit_in_meter is not 1; metres are accepted")
        found = re.search(r'^geometry_path:\s*"(.+)"\s*$', text, re.MULTILINE)
        if not found or not (path.parent / found[1]).is_file():
            raise BadInputError(f"the mesh of its geometry_path is not in {path.parent}")
        return Pose.from_matrix(_matrix(text, "geometry2body_pose")), MeshFile(path.parent / found[1])


def _value(text: str, name: str) -> float:
    """The number behind a name in OpenCV's YAML."""
    found = re.findall(rf"^\s*{name}:\s*(\S+)\s*$", text, re.MULTILINE)
    if len(found) != 1:
        raise BadInputError(f"it says {name} {len(found)} times; once is accepted")
    return float(numbers(found, (1,), name)[0])


def _matrix(text: str, name: str) -> NDArray[np.float64]:
    """A 4x4 matrix in OpenCV's YAML."""
    found = re.search(rf"^{name}:\s*!!opencv-matrix[^\[]*data:\s*\[([^\]]*)\]", text, re.MULTILINE)
    if not found:
        raise BadInputError(f"it has no matrix {name}; one is needed")
    return numbers([word.strip() for word in found[1].split(",")], (4, 4), name)

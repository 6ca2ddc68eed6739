"""RBOT's photograph of a toy squirrel with its scanned mesh, K and a start: there is no true pose.

    <source>/frame.png, squirrel_demo_low.obj (millimetres)
    <source>/camera_and_init.json        K, width, height, init_pose: t (mm), euler_deg

One sample without a pose. The start, some 10 to 15 pixels off, is in `about["start"]` for whoever refines, turned
into a pose of the mesh as stored in metres: RBOT puts the centre of its bounding box at
Rx(alpha) Ry(beta) Rz(gamma) p + t.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rrb.data.readers._reading import field, named, numbers, picture
from rrb.data.sample import MeshFile, Sample
from rrb.errors import BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.coco import checked_size
from rrb.geometry.json_io import read_json
from rrb.geometry.pose import Pose

_MM_PER_M = 1000.0


def read(source: Path) -> Iterator[Sample]:
    path = source / "camera_and_init.json"
    data = read_json(path)
    mesh = MeshFile(source / "squirrel_demo_low.obj", unit="mm")
    with named(path):
        size = checked_size([data.get("height"), data.get("width")], "its height and width")
        k = numbers(field(data, "K", "the file"), (3, 3), "K")
        camera = Camera.from_opencv(k, width=size[1], height=size[0])
        start = _start(data, mesh.load().centre)
    yield Sample(
        key="squirrel",
        image=picture(source / "frame.png", size),
        category="squirrel",
        mesh_id="squirrel",
        camera=camera,
        mesh=mesh,
        source="rbot",
        frame="as the mesh is stored, metres",
        about={
            "pose": "none is known; start is camera_from_object of the mesh as stored, 10 to 15 pixels off",
            "start": start.to_json(),
        },
    )


def _start(data: Any, centre: np.ndarray) -> Pose:
    if field(data, "units", "the file") != "mm":
        raise BadInputError(f"its units are {data['units']!r}; 'mm' is accepted")
    start = field(data, "init_pose", "the file")
    x, y, z = numbers(field(start, "euler_deg", "init_pose"), (3,), "euler_deg").tolist()
    translation = numbers(field(start, "t", "init_pose"), (3,), "t") / _MM_PER_M
    about_x, about_y, about_z = (
        Pose.from_euler_zyx(*angles) for angles in ((0.0, 0.0, x), (0.0, y, 0.0), (z, 0.0, 0.0))
    )
    turn = about_x.compose(about_y).compose(about_z)
    return Pose(turn.rotation, translation - turn.rotation @ centre)

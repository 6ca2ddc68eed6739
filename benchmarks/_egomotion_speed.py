"""Frames a second of the tracker as it streams, and of the whole path: in a process of its own, on two threads.

As a script it is that process: `_egomotion_speed.py SIDE FACES OBJECTS FRAMES given|own`.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

THREADS = 2
_PINNED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SETTLED = 3  # frames that are not counted: the first are searched, and kernels are loaded


@dataclass(frozen=True)
class Case:
    side_px: int = 256
    faces: int = 2000  # of each object
    objects: int = 1
    masks: str = "given"
    frames: int = 40

    @property
    def name(self) -> str:
        return f"{self.side_px} px, {self.faces} faces, {self.objects} objects, {self.masks} masks"


def run(case: Case) -> dict[str, Any]:
    """What the other process measures."""
    environment = os.environ | dict.fromkeys(_PINNED, str(THREADS)) | {"RRB_QUIET": "1"}
    command = [sys.executable, str(Path(__file__).resolve()), json.dumps(asdict(case))]
    told = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    return {**asdict(case), **json.loads(told.splitlines()[-1])}


def measured(case: Case) -> dict[str, Any]:
    import torch

    import rrb
    from _egomotion_scenes import drawn, ring
    from rrb.recipes.track import Tracker

    rrb.set_threads(THREADS)
    torch.set_num_threads(THREADS)
    film = ring(case.objects, case.frames, case.side_px)
    frames, masks = drawn(film)
    meshes = [_with_faces(shape.mesh, case.faces) for shape in film.shapes]
    shown: Any = masks if case.masks == "given" else [None] * len(frames)
    _follow(Tracker(film.camera, meshes), frames[:_SETTLED], shown[:_SETTLED])  # loads and compiles
    wall, cpu, known = _follow(Tracker(film.camera, meshes), frames, shown)
    return {
        "fps": float(1 / np.median(wall[_SETTLED:])),
        "fps_mean": float(1 / np.mean(wall[_SETTLED:])),
        "cpu_ms": float(1000 * np.mean(cpu[_SETTLED:])),
        "first_s": float(wall[0]),
        "faces_now": int(np.mean([len(mesh.faces) for mesh in meshes])),
        "known": known,
    }


def _with_faces(mesh: Any, faces: int) -> Any:
    """Simplified, or each triangle split in four until there are at least as many."""
    if len(mesh.faces) > faces:
        return mesh.simplify(faces)
    while len(mesh.faces) < faces:
        mesh = _split(mesh)
    return mesh


def _split(mesh: Any) -> Any:
    from rrb.geometry.mesh import Mesh

    corners = np.asarray(mesh.vertices)[np.asarray(mesh.faces)]
    a, b, c = corners.transpose(1, 0, 2)
    ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
    rows = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    points = np.concatenate([np.stack(row, axis=1) for row in rows]).reshape(-1, 3)
    return Mesh(points, np.arange(len(points)).reshape(-1, 3)).merged()


def _follow(tracker: Any, frames: list, masks: list) -> tuple[list[float], list[float], int]:
    """Seconds of each frame by the clock and of all cores, and how many were known."""
    wall, cpu, known = [], [], 0
    for image, given in zip(frames, masks, strict=True):
        start, busy = time.perf_counter(), time.process_time()
        step = tracker.step(image, given)
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - busy)
        known += step.known
    return wall, cpu, known


if __name__ == "__main__":
    print(json.dumps(measured(Case(**json.loads(sys.argv[1])))))

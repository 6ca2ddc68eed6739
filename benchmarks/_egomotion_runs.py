"""The paper's two runs: meshes from the first frame, the true ones, our own masks; and the visual odometry."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from _egomotion_films import Film
from _egomotion_score import scored
from rrb.egomotion.trajectory import Trajectory
from rrb.recipes.track import track

RECONSTRUCTED, TRUE, OWN = "reconstructed", "true meshes", "own masks"
ODOMETRY = "visual odometry"


def reconstructed(film: Film) -> Trajectory:
    """As the paper: true masks, the camera's height at the first frame."""
    return track(film.frames, film.camera, masks=film.masks, camera_height_m=film.camera_height_m)


def with_true_meshes(film: Film) -> Trajectory:
    return track(film.frames, film.camera, meshes=film.meshes, masks=film.masks)


def with_own_masks(film: Film) -> Trajectory:
    return track(film.frames, film.camera, camera_height_m=film.camera_height_m)


WAYS: Mapping[str, Callable[[Film], Trajectory]] = {
    RECONSTRUCTED: reconstructed,
    TRUE: with_true_meshes,
    OWN: with_own_masks,
}


def run(film: Film, way: str) -> dict[str, Any]:
    """Scores, and how long it took."""
    about = {"film": film.name, "kind": film.kind, "way": way}
    film.frames, film.masks, film.meshes  # noqa: B018 (read from the disk before the clock starts)
    start, cpu = time.perf_counter(), time.process_time()
    found = WAYS[way](film)
    spent = {"seconds": time.perf_counter() - start, "cpu_s": time.process_time() - cpu}
    true = way == TRUE
    align, turns = ("none", film.turns) if true else ("sim3", 1)
    score = scored(film.world_from_camera, found, align=align, turns=turns)
    return {**about, **score, **spent, "notes": list(found.notes)}


def odometry(film: Film) -> dict[str, Any]:
    """The opponent, on the same frames; it has no objects and no scale."""
    from _egomotion_vo import odometry as follow

    cpu = time.process_time()
    found = follow(film.frames, film.camera.to_opencv())
    spent = {"cpu_s": time.process_time() - cpu}
    known = found.known
    path = Trajectory(film.times_s, found.world_from_camera, known, known.astype(np.float64), is_metric=False)
    score = scored(film.world_from_camera, path)
    more = {"maps": found.maps, "points": found.points, "keyframes": list(found.keyframes)}
    about = {"film": film.name, "kind": film.kind, "way": ODOMETRY, "lost": list(found.lost)}
    return {**about, **score, **spent, **more}

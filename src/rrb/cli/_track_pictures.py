"""What `rrb track` draws: the path, how sure it is, its errors, and a film of outlines beside the map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rrb.egomotion.trajectory import Trajectory
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.viz.track_animation import Kept, Scene
from rrb.viz.trajectory import Landmark, Route

if TYPE_CHECKING:
    from rrb.geometry.pose import Pose

PICTURE_PX = 288  # the longer side of a frame in track.gif
SCENES = 96  # of track.gif at most
_GIF_S = 8.0  # about how long track.gif plays
_OBJECT_UNIT = "object's sizes"


@dataclass(frozen=True, eq=False)
class Truth:
    """The true path in the world of the estimate."""

    times_s: NDArray[np.float64]  # (M,)
    positions: NDArray[np.float64]  # (M, 3)


def kept_pictures() -> Kept:
    return Kept(SCENES)


def keep(kept: Kept, number: int, picture: Any) -> None:
    """A frame of the film, reduced; most are left out of a long one."""
    from rrb.viz.track_animation import shrunk

    if picture is not None and kept.wants(number):
        kept.add(number, shrunk(picture, PICTURE_PX))


def route_of(
    trajectory: Trajectory, camera: Camera, meshes: Mapping[str, Mesh], truth: Truth | None = None
) -> Route:
    deviations = None
    if trajectory.covariances is not None:
        variances = np.diagonal(trajectory.covariances, axis1=1, axis2=2)[:, 3:]
        deviations = np.sqrt(np.maximum(variances, 0))
        deviations = np.where(trajectory.known[:, None], deviations, np.nan)
    unsaid = tuple("tracked" if known else "lost" for known in trajectory.known)
    return Route(
        times_s=trajectory.times_s,
        world_from_camera=trajectory.world_from_camera,
        known=trajectory.known,
        confidence=trajectory.confidence,
        states=trajectory.states or unsaid,
        camera=camera,
        landmarks=tuple(_standing(trajectory, meshes)),
        deviations_m=deviations,
        truth_times_s=None if truth is None else truth.times_s,
        truth=None if truth is None else truth.positions,
        unit="m" if trajectory.is_metric else _OBJECT_UNIT,
    )


def _standing(trajectory: Trajectory, meshes: Mapping[str, Mesh]) -> Iterator[Landmark]:
    """The objects whose place is known: of those at the identity the first, whose frame the world is."""
    places, is_first = trajectory.world_from_objects, True
    for k, (name, mesh) in enumerate(meshes.items()):
        if places is None:
            return
        at_origin = not places[k].translation.any() and (places[k].rotation == np.eye(3)).all()
        if not at_origin or is_first:
            yield Landmark(name, mesh, places[k])
        is_first = is_first and not at_origin


def draw(route: Route, kept: Kept, out: Path, title: str) -> list[str]:
    """path.png, confidence.png and track.gif; their names."""
    from rrb.geometry.image_io import save_image
    from rrb.viz.animation import save_gif
    from rrb.viz.track_animation import film
    from rrb.viz.trajectory import confidence_picture, path_picture

    save_image(out / "path.png", path_picture(route, title))
    save_image(out / "confidence.png", confidence_picture(route, title))
    frames = film(route, scenes(route, kept))
    if not frames:
        return ["path.png", "confidence.png"]
    save_gif(out / "track.gif", frames, frame_s=min(max(_GIF_S / len(frames), 0.05), 0.2))
    return ["track.gif", "path.png", "confidence.png"]


def scenes(route: Route, kept: Kept) -> list[Scene]:
    """The kept frames with the objects as they are drawn where the path has the camera."""
    from rrb.raster.render import render

    made = []
    for number, picture in kept.held:
        if number >= len(route.times_s):
            continue
        camera = route.camera.resize(picture.shape[1], picture.shape[0])
        silhouettes: list[Any] = [None] * len(route.landmarks)
        if route.known[number]:
            back: Pose = route.world_from_camera[number].inverse()
            for k, landmark in enumerate(route.landmarks):
                pose = back @ landmark.world_from_object
                silhouettes[k] = render(landmark.mesh, pose, camera).silhouette
        made.append(Scene(number, picture, tuple(silhouettes)))
    return made

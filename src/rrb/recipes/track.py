"""`track`: the camera's path from the objects that it sees. The composition of the tracker's parts.

Frame after frame, each object's mask gives its pose: the second-order fit starts where a constant motion takes
it. The poses of all objects that are seen make one camera, and the objects' places to each other are kept as a
map. What fits worse than it used to, or is not where it can be, is lost and searched, first where map and motion
have it. The whole run is smoothed afterwards, and frames that were lost are fitted once more from the path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb._jit import run_parallel
from rrb.egomotion.trajectory import Trajectory
from rrb.errors import BadInputError
from rrb.geometry._arrays import finite_float, short
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.recipes._track_body import Body, Mask, usable
from rrb.recipes._track_hiding import hidden_by_others, seen_at
from rrb.recipes._track_map import Fused, Map, Sight, fuse
from rrb.recipes._track_meshes import Made, Refine, View, made_from
from rrb.recipes._track_motion import power
from rrb.recipes._track_object import (
    ABSENT,
    FOUND,
    HIDDEN,
    LOST,
    TRACKED,
    Follower,
    Found,
    TrackSettings,
)
from rrb.recipes.frames import FRAMES_A_SECOND, Frame, MaskFolder, frames_of, masks_in, meshes_of, times_of

PREDICTED = "predicted"
_MISLED = 3  # frames in which an object contradicts the others before it is searched anew
_CONTRADICTS = 0.1  # weight beside the others


@dataclass(frozen=True, eq=False)
class Seen:
    """An object as a frame shows it."""

    name: str
    state: str  # "tracked", "partly hidden", "found again", "lost" or "not seen"
    camera_from_object: Pose | None  # None where it is lost or not seen
    covariance: NDArray[np.float64] | None  # (6, 6) as `FitResult.covariance`
    iou: float  # of drawing and mask, where that is known
    confidence: float  # in [0, 1]


@dataclass(frozen=True, eq=False)
class Revised:
    """An earlier frame's pose of an object, as it is seen now that its ambiguity is settled."""

    frame: int
    object: int
    camera_from_object: Pose
    covariance: NDArray[np.float64]  # (6, 6)


@dataclass(frozen=True, eq=False)
class Step:
    """What one frame says. World: the frame of the first object that was seen."""

    frame: int
    time_s: float
    world_from_camera: Pose  # where it is not known: as the motion predicts, or as it was last
    known: bool
    state: str  # "tracked", "partly hidden", "found again", "predicted" or "lost"
    confidence: float  # in [0, 1]; 0 where not known
    covariance: (
        NDArray[np.float64] | None
    )  # (6, 6) of a step of world_from_camera, as `Trajectory.covariances`
    objects: tuple[Seen, ...]
    revised: tuple[Revised, ...] = ()


class Tracker:
    """Follows a camera, a frame at a time; nothing of the film is kept.

    meshes: one or several `Mesh`es or files; None: they are reconstructed from the first frame that shows something,
    one for each of its masks, in metres if `camera_height_m` is given.
    """

    def __init__(
        self,
        camera: Camera,
        meshes: Any = None,
        *,
        names: Sequence[str] = (),
        camera_height_m: float | None = None,
        settings: TrackSettings = TrackSettings(),  # noqa: B008 (frozen)
    ) -> None:
        if not isinstance(camera, Camera):
            raise BadInputError(f"the camera is {short(camera)}; a Camera is accepted")
        self.camera, self.settings = camera.numpy(), settings
        self.camera_height_m = camera_height_m
        self.names = list(names)
        self.notes: list[str] = []
        self.is_metric = True
        self.reconstructed = False  # whether nobody gave meshes
        self.followers: list[Follower] = []
        self.map = Map(0)
        self._frame, self._time_s = -1, -np.inf
        self._before: list[tuple[float, Pose]] = []  # the last known cameras, at most three
        self._misled: list[int] = []
        self.masks: tuple[Mask | None, ...] = ()  # of the last frame
        self._own: Any = None  # what finds masks, if nobody gives them
        if meshes is not None:
            found, called = meshes_of(meshes)
            self._begin(found, self.names or called)

    @property
    def meshes(self) -> list[Mesh]:
        return [follower.body.mesh for follower in self.followers]

    def _begin(self, meshes: Sequence[Mesh], names: Sequence[str]) -> None:
        if len(names) != len(meshes):
            raise BadInputError(
                f"there are {len(meshes)} meshes but {len(names)} names; as many are accepted"
            )
        self.names = list(names)
        self.followers = [Follower(Body(mesh, self.camera), self.settings) for mesh in meshes]
        self.map, self._misled = Map(len(meshes)), [0] * len(meshes)

    # --- frames ---------------------------------------------------------------------------------------

    def follow(self, frames: Any, masks: Any = None, times_s: Any = None) -> Iterator[Step]:
        """A step for each frame as it comes; frames, masks and times as for `rrb.track`."""
        for frame, given, time_s in shown(frames, masks, times_s, self.names or None):
            yield self.step(frame, given, time_s=time_s)

    def step(self, image: Any, masks: Any = None, *, time_s: float | None = None) -> Step:
        """image: (H, W, 3) uint8, or None where masks are given. masks: (H, W), or one for each object, None for one
        that is not seen; without any, they are taken as `rrb.reconstruct` takes them."""
        frame = image if isinstance(image, Frame) else next(frames_of([image]))
        now = self._clocked(frame.time_s if time_s is None else time_s)
        self._frame += 1
        self._require_size(frame)
        self.masks = self.masks_of(frame, masks)
        if not self.followers and any(mask is not None for mask in self.masks):
            self.begin_with(made_from([View(frame.image, self.masks)], self.camera, self.camera_height_m))
        if not self.followers:
            return self._without_camera(now, None, ())
        self.masks = (*self.masks, *[None] * (len(self.followers) - len(self.masks)))
        return self._stepped(self.masks, now)

    def _stepped(self, masks: Sequence[Mask | None], time_s: float) -> Step:
        camera = self._predicted(time_s)
        expected = [self._expected(k, time_s, camera) for k in range(len(masks))]
        unknown = self._unknown(masks, expected)
        found: list[Found] = [Found(ABSENT, None)] * len(masks)

        def look(k: int, guess: Pose | None) -> None:
            mask = masks[k]
            follower = self.followers[k]
            found[k] = (
                follower.absent()
                if mask is None
                else follower.follow(self._frame, time_s, mask, unknown[k], guess)
            )

        steady = [k for k in range(len(masks)) if not self.followers[k].is_lost]
        run_parallel(lambda n: look(steady[n], expected[steady[n]]), len(steady))
        if len(steady) < len(masks):
            fused = fuse(self._sights(found), self.map.world_from_objects)
            for k in set(range(len(masks))) - set(steady):
                look(k, self._placed(k, fused) or expected[k])
        return self._answer(found, time_s, camera)

    def _answer(self, found: list[Found], time_s: float, predicted: Pose | None) -> Step:
        for k, follower in enumerate(self.followers):
            if follower.revised:
                self.map.forget(k)
        sights = self._sights(found)
        self.map.learn([s for s in sights if self._is_whole(found[s.object])] or sights[:1])
        fused = fuse(sights, self.map.world_from_objects)
        agreement = [1.0] * len(found)
        if fused is not None:
            for sight, weight in zip(sights, fused.agreement, strict=True):
                agreement[sight.object] = weight
            self._doubt(sights, fused)
            self._keep(time_s, fused.world_from_camera)
        revised = [
            Revised(frame, k, fit.camera_from_object, fit.covariance)
            for k, follower in enumerate(self.followers)
            for frame, fit in follower.revised
        ]
        return self._told(found, fused, agreement, time_s, predicted, tuple(revised))

    # --- pieces -----------------------------------------------------------------------------------------

    def _clocked(self, time_s: float | None) -> float:
        if time_s is None:
            time_s = (self._frame + 1) / FRAMES_A_SECOND
        now = finite_float(time_s)
        if now is None or not now > self._time_s:
            raise BadInputError(
                f"the time of frame {self._frame + 1} is {short(time_s)} after {self._time_s:g}; seconds that"
                " increase are accepted"
            )
        self._time_s = now
        return now

    def _require_size(self, frame: Frame) -> None:
        if frame.image is None:
            return
        height, width = frame.image.shape[:2]
        if (width, height) != (self.camera.width_px, self.camera.height_px):
            raise BadInputError(
                f"frame {frame.name or self._frame} is {width}x{height} but the camera's image is"
                f" {self.camera.width_px}x{self.camera.height_px}"
            )

    def masks_of(self, frame: Frame, masks: Any = None) -> tuple[Mask | None, ...]:
        """Of the frame that comes next: those given, checked, or our own."""
        if masks is not None:
            given = masks_in(masks)
            if self.followers and len(given) > len(self.followers):
                raise BadInputError(
                    f"frame {self._frame} has {len(given)} masks but there are {len(self.followers)} objects"
                )
            what = f"frame {frame.name or self._frame}, masks"
            return tuple(usable(one, self.camera, f"{what}[{k}]") for k, one in enumerate(given))
        if frame.image is None:
            raise BadInputError(f"frame {self._frame} has neither a picture nor masks; one of them is needed")
        if self._own is None:
            from rrb.recipes._track_masks import OwnMasks

            self._own = OwnMasks(self.camera)
        camera = self._predicted(self._time_s)
        expected = [self._expected(k, self._time_s, camera) for k in range(len(self.followers))]
        bodies = [follower.body for follower in self.followers]
        return tuple(self._own(frame, bodies, expected))

    def begin_with(self, made: Made) -> None:
        """Meshes that were reconstructed."""
        self.is_metric, self.notes, self.reconstructed = made.is_metric, made.notes, True
        self._begin(made.meshes, self.names or [f"object {k}" for k in range(len(made.meshes))])

    def _predicted(self, time_s: float) -> Pose | None:
        """world_from_camera as the last motion goes on; None before anything was known."""
        if not self._before:
            return None
        (first, start), (last, end) = self._before[0], self._before[-1]
        if last == first:
            return end
        ahead = min(time_s - last, self.settings.longest_s) / (last - first)
        return end @ power(start.inverse() @ end, ahead)

    def _keep(self, time_s: float, world_from_camera: Pose) -> None:
        self._before = [*self._before[-2:], (time_s, world_from_camera)]

    def _expected(self, k: int, time_s: float, world_from_camera: Pose | None) -> Pose | None:
        """camera_from_object by the map and the camera's motion, or by its own."""
        place = self.map.world_from_objects[k]
        if world_from_camera is None or place is None:
            return self.followers[k].expected(time_s)
        if time_s - self._before[-1][0] > self.settings.longest_s:
            return None
        return world_from_camera.inverse() @ place

    def _placed(self, k: int, fused: Fused | None) -> Pose | None:
        place = self.map.world_from_objects[k]
        return None if fused is None or place is None else fused.camera_from_world @ place

    def _unknown(self, masks: Sequence[Mask | None], expected: Sequence[Pose | None]) -> list[Mask | None]:
        """Of each object that is seen, what the others hide."""
        there = [k for k, mask in enumerate(masks) if mask is not None]
        if len(there) < 2:
            return [None] * len(masks)
        told = seen_at([follower.body for follower in self.followers], expected, masks)
        return [None if masks[k] is None else hidden_by_others(k, masks, *told) for k in range(len(masks))]

    def _sights(self, found: Sequence[Found]) -> list[Sight]:
        return [
            Sight(k, one.fit.camera_from_object, one.fit.covariance)
            for k, one in enumerate(found)
            if one.fit is not None
        ]

    def _is_whole(self, one: Found) -> bool:
        return one.fit is not None and one.fit.known_share == 1.0

    def _doubt(self, sights: Sequence[Sight], fused: Fused) -> None:
        """An object that contradicts the others for some frames is lost."""
        for sight, weight in zip(sights, fused.agreement, strict=True):
            k = sight.object
            contradicts = weight < _CONTRADICTS and self.map.world_from_objects[k] is not None
            self._misled[k] = self._misled[k] + 1 if contradicts else 0
            if self._misled[k] >= _MISLED:
                self.followers[k].is_lost, self._misled[k] = True, 0

    # --- the answer -------------------------------------------------------------------------------------

    def _told(
        self,
        found: Sequence[Found],
        fused: Fused | None,
        agreement: Sequence[float],
        time_s: float,
        predicted: Pose | None,
        revised: tuple[Revised, ...],
    ) -> Step:
        objects = tuple(
            Seen(
                name,
                one.state,
                None if one.fit is None else one.fit.camera_from_object,
                None if one.fit is None else one.fit.covariance,
                0.0 if one.fit is None else one.fit.iou,
                one.confidence * weight,
            )
            for name, one, weight in zip(self.names, found, agreement, strict=True)
        )
        if fused is None:
            return self._without_camera(time_s, predicted, objects)
        used = [one for k, one in enumerate(objects) if self.map.world_from_objects[k] is not None]
        doubt = float(np.prod([1 - one.confidence for one in used]))
        return Step(
            self._frame,
            time_s,
            fused.world_from_camera,
            True,
            _state_of([one.state for one in used]),
            1 - doubt,
            fused.covariance_in_world,
            objects,
            revised,
        )

    def _without_camera(self, time_s: float, predicted: Pose | None, objects: tuple[Seen, ...]) -> Step:
        recent = bool(self._before) and time_s - self._before[-1][0] <= self.settings.longest_s
        pose = Pose.identity() if predicted is None else predicted
        return Step(self._frame, time_s, pose, False, PREDICTED if recent else LOST, 0.0, None, objects)


def _state_of(states: Sequence[str]) -> str:
    """Of the camera: that of the object that is seen best."""
    for state in (TRACKED, FOUND, HIDDEN):
        if state in states:
            return state
    return LOST


# --- what is shown ----------------------------------------------------------------------------------


def shown(
    frames: Any, masks: Any, times_s: Any, names: Sequence[str] | None
) -> Iterator[tuple[Frame, Any, float | None]]:
    """Frame, masks and time, one after the other; what is shorter than the frames is refused."""
    times: Iterator[float | None] = repeat(None) if times_s is None else times_of(times_s)
    given = _mask_source(masks, names)
    for number, frame in enumerate(frames_of(frames)):
        time_s = _next(times, number, "times_s")
        yield frame, given(number, frame.name), time_s


def _mask_source(masks: Any, names: Sequence[str] | None) -> Callable[[int, str], Any]:
    if masks is None:
        return lambda number, name: None
    if isinstance(masks, str | Path):
        return MaskFolder(Path(masks), names)
    if isinstance(masks, MaskFolder):
        return masks
    if not isinstance(masks, Iterable):
        raise BadInputError(f"masks is {short(masks)}; a folder or an iterable is accepted")
    one_by_one = iter(masks)
    return lambda number, name: masks_in(_next(one_by_one, number, "masks"))


def _next(values: Iterator[Any], number: int, what: str) -> Any:
    try:
        return next(values)
    except StopIteration:
        raise BadInputError(
            f"there are {number} {what} but more frames; one for each frame is accepted"
        ) from None


# --- a whole film -----------------------------------------------------------------------------------


def track(
    frames: Any,
    camera: Camera,
    *,
    meshes: Any = None,
    masks: Any = None,
    camera_height_m: float | None = None,
    times_s: Any = None,
    smooth: bool = True,
    reconstruct_from: int = 1,
    refine: Refine | None = None,
    carve: bool | None = None,
    settings: TrackSettings = TrackSettings(),  # noqa: B008 (frozen)
    on_step: Callable[[Step], None] | None = None,
) -> Trajectory:
    """The path of the camera through a film of objects that stand still.

    frames: a folder of pictures, a video file, or an iterable of (H, W, 3) uint8.
    meshes: a mesh or a file, or several; without, one is reconstructed for each mask of the first frame that shows
    something, or of `reconstruct_from` such frames the one that explains the others' masks best.
    masks: a folder with one in it for each object, called as the mesh's file, or with the pictures themselves for a
    single object; or an iterable with, for each frame, (H, W) or one for each object, None for one that is not
    seen. Without, they are taken as `rrb.reconstruct` takes them.
    camera_height_m: above the ground at the first frame, from which reconstructed meshes have their size.
    times_s: a number of seconds for each frame, or a file; else the video's, else 30 frames a second.
    smooth: whether all frames settle the path together afterwards; without, each stands for itself.
    refine: makes better meshes out of frames, masks, meshes and poses; all frames are then fitted anew.
    carve: whether shapes then follow what all masks agree on, in turn with the path; None: where nobody gave meshes.
    on_step: told each frame as it is done.
    """
    from rrb.recipes._track_film import Film, begun

    if carve and not smooth:
        raise BadInputError("shapes are carved along a smoothed path: carve needs smooth")
    if meshes is not None:
        found, names = meshes_of(meshes)
        meshes = dict(zip(names, found, strict=True))
    else:
        names = []
    if isinstance(masks, str | Path):
        masks = MaskFolder(Path(masks), names or None)
        names = names or masks.names
    source = shown(frames, masks, times_s, names or None)
    tracker = Tracker(camera, meshes, names=names, camera_height_m=camera_height_m, settings=settings)
    source = begun(tracker, source, reconstruct_from)
    film = Film(tracker, keeps_pictures=refine is not None, looks=smooth and carve is not False)
    for frame, given, time_s in source:
        step = film.add(frame, given, time_s)
        if on_step is not None:
            on_step(step)
    return film.trajectory(smooth=smooth, refine=refine, carve=carve)

"""What a tracker saw of a whole film, and the path that all of it agrees on.

Poses and packed masks are kept, not pictures: a frame of 256 x 256 is 8 kB an object at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rrb._jit import run_parallel
from rrb.egomotion.trajectory import Trajectory
from rrb.errors import BadInputError
from rrb.fitting.observed import around
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.recipes import _track_carving as carving
from rrb.recipes._track_body import Body, Fit, Mask
from rrb.recipes._track_carving import Key
from rrb.recipes._track_hiding import hidden_by_others, seen_at
from rrb.recipes._track_map import Sight, fuse
from rrb.recipes._track_meshes import Refine, View, made_from
from rrb.recipes._track_object import HIDDEN, TRACKED, Follower
from rrb.recipes.frames import Frame
from rrb.recipes.track import PREDICTED, Step, Tracker

if TYPE_CHECKING:
    from rrb.recipes._track_views import Glances

Source = Iterator[tuple[Frame, Any, float | None]]

_BELIEVED = 0.5  # of a sighting's weight in the smoother
_RESHAPED = 3.0  # jumps that a better mesh may mean
_BRIDGED = 0.3  # confidence of a frame between two that are known
_LEAST_CONFIDENCE = 0.05
_LOOKED_AHEAD = 60  # frames, at most, before an object has to be seen that is to be reconstructed
_VIEWS = 8  # pictures from which shapes are refined; twice as many are kept


@dataclass(frozen=True, eq=False)
class Packed:
    """A mask's window, a bit a pixel."""

    bits: NDArray[np.uint8]
    window: tuple[int, int, int, int]  # top, left, bottom, right

    @staticmethod
    def of(mask: Mask) -> Packed:
        top, left, bottom, right = window = around(mask, 0.0, 0)
        return Packed(np.packbits(mask[top:bottom, left:right] >= 0.5), window)

    def mask(self, camera: Camera) -> Mask:
        top, left, bottom, right = self.window
        shape = bottom - top, right - left
        answer = np.zeros((camera.height_px, camera.width_px), np.float32)
        answer[top:bottom, left:right] = np.unpackbits(self.bits, count=shape[0] * shape[1]).reshape(shape)
        return answer


@dataclass(frozen=True, eq=False)
class Measured:
    """An object's pose in a frame."""

    camera_from_object: Pose
    covariance: NDArray[np.float64]
    confidence: float
    state: str
    fit: Fit | None = None  # that is still to be polished


@dataclass(frozen=True, eq=False)
class Path:
    """All frames' cameras. World: the frame of object `root`."""

    root: int
    world_from_camera: Pose  # (N,)
    known: NDArray[np.bool_]
    seen: NDArray[np.bool_]  # known from the frame itself
    covariances: NDArray[np.float64] | None
    world_from_objects: list[Pose | None]
    weights: dict[Key, float]  # of each sighting, by frame and object


class Film:
    """Takes frame after frame; at any time the path up to there can be asked for."""

    def __init__(self, tracker: Tracker, keeps_pictures: bool = False, looks: bool = True) -> None:
        """looks: whether the viewpoint network is to be asked, where meshes are reconstructed and carved."""
        self.tracker = tracker
        self.steps: list[Step] = []
        self.meshes: list[Mesh] | None = None  # that the last path is of; None before one was asked for
        self._found: dict[Key, Measured] = {}
        self._masks: dict[Key, Packed] = {}
        self._pictures: dict[int, NDArray[np.uint8]] | None = {} if keeps_pictures else None
        self._every = 1
        self._looks = looks
        self._glances: Glances | None = None
        self._views: dict[Key, Measured] = {}  # what the network said, once it was asked

    def follow(self, frames: Any, masks: Any = None, times_s: Any = None) -> Iterator[Step]:
        """As `Tracker.follow`."""
        from rrb.recipes.track import shown

        for frame, given, time_s in shown(frames, masks, times_s, self.tracker.names or None):
            yield self.add(frame, given, time_s)

    def add(self, frame: Any, masks: Any = None, time_s: float | None = None) -> Step:
        """As `Tracker.step`."""
        step = self.tracker.step(frame, masks, time_s=time_s)
        self.steps.append(replace(step, revised=()))
        for k, mask in enumerate(self.tracker.masks):
            if mask is not None:
                self._masks[step.frame, k] = Packed.of(mask)
        for k, one in enumerate(step.objects):
            if one.camera_from_object is not None and one.covariance is not None:
                self._found[step.frame, k] = Measured(
                    one.camera_from_object, one.covariance, one.confidence, one.state, self._whole(k)
                )
        for late in step.revised:
            before = self._found.get((late.frame, late.object))
            said = (before.confidence, before.state) if before else (0.5, TRACKED)
            self._found[late.frame, late.object] = Measured(late.camera_from_object, late.covariance, *said)
        image = frame.image if isinstance(frame, Frame) else frame
        if image is not None:
            self._keep_picture(step, image)
            self._glance(step, image)
        return step

    def _whole(self, k: int) -> Fit | None:
        """The last fit of object k, if all of it was seen: nobody knows the edges of what hides it well enough."""
        best = self.tracker.followers[k].best
        return best.fit if best is not None and best.fit.known_share == 1 else None

    def _glance(self, step: Step, image: NDArray[np.uint8]) -> None:
        """For the viewpoint network, which knows what was reconstructed, but not what somebody gave."""
        if not self._looks or not self.tracker.reconstructed:
            return
        if self._glances is None:
            from rrb.recipes._track_views import Glances

            self._glances = Glances(self.tracker.camera)
        whole = [
            None if one.state == HIDDEN else mask
            for one, mask in zip(step.objects, self.tracker.masks, strict=True)
        ]
        self._glances.keep(step.frame, image, whole)

    def _keep_picture(self, step: Step, image: NDArray[np.uint8]) -> None:
        """Every so many frames, so that there are never more than a few."""
        if self._pictures is None or not step.known or step.frame % self._every:
            return
        self._pictures[step.frame] = image
        if len(self._pictures) > 2 * _VIEWS:
            self._every *= 2
            self._pictures = {n: p for n, p in self._pictures.items() if n % self._every == 0}

    # --- the path -----------------------------------------------------------------------------------------

    def trajectory(
        self, *, smooth: bool = True, refine: Refine | None = None, carve: bool | None = None
    ) -> Trajectory:
        """The path of all frames that were added; see `rrb.track`."""
        if not self.steps:
            raise BadInputError("there are no frames; at least one is accepted")
        if not self._found:
            return self._nothing()
        bodies, self._views = [follower.body for follower in self.tracker.followers], {}
        solve = self._apart
        if smooth:
            self._polish(bodies, sorted(self._found))
            solve = self._smoothed
        path = solve()
        if refine is not None:
            bodies = self._refined(path, refine, bodies)
            self._found |= self._again(path, bodies, sorted(self._masks), _RESHAPED)
            path = solve()
        if smooth:
            if self.tracker.reconstructed if carve is None else carve:
                path, bodies = self._carved(path, bodies)
            missed = [key for key in sorted(self._masks) if path.weights.get(key, 0.0) < _BELIEVED]
            found = self._again(path, bodies, missed)
            if found:
                self._found |= found
                path = solve()
        self.meshes = [body.mesh for body in bodies]
        return self._told(path)

    def _nothing(self) -> Trajectory:
        frames, objects = len(self.steps), len(self.tracker.names)
        return Trajectory(
            np.array([step.time_s for step in self.steps]),
            Pose.identity((frames,)),
            np.zeros(frames, bool),
            np.zeros(frames),
            states=tuple(step.state for step in self.steps),
            world_from_objects=Pose.identity((objects,)) if objects else None,
            object_names=tuple(self.tracker.names),
            is_metric=self.tracker.is_metric,
            notes=(*self.tracker.notes, "no object was found in any frame"),
        )

    def _smoothed(self) -> Path:
        """Of what was found, and of what the viewpoint network said: shapes that are carved drift less beside it."""
        return self._agreed(self._found, self._views)

    def _agreed(self, found: Mapping[Key, Measured], views: Mapping[Key, Measured]) -> Path:
        """Of both; its weights are those of what was found."""
        from rrb.egomotion.smoothing import Sighting, smooth

        root, count = _root(found, views), len(self.tracker.names)
        number = [root, *(k for k in range(count) if k != root)]  # the smoother's first is its world
        keys = sorted(found)
        sightings = [
            Sighting(frame, number.index(k), one[frame, k].camera_from_object, _information(one[frame, k]))
            for one in (found, views)
            for frame, k in sorted(one)
        ]
        times_s = np.array([step.time_s for step in self.steps])
        result = smooth(sightings, len(self.steps), count, times_s=times_s)
        places: list[Pose | None] = [None] * count
        for n, k in enumerate(number):
            if result.connected[n]:
                places[k] = result.world_from_objects[n]
        return Path(
            root,
            result.world_from_camera,
            result.known,
            result.seen,
            result.covariances,
            places,
            dict(zip(keys, result.weights[: len(keys)].tolist(), strict=True)),
        )

    def _apart(self) -> Path:
        """Each frame by itself, with the map that was learned."""
        root = _root(self._found)
        places = list(self.tracker.map.world_from_objects)
        base = places[root]
        if base is None:  # it was never seen beside the others
            places = [None] * len(places)
            places[root] = base = Pose.identity()
        world_from_map = base.inverse()
        places = [None if place is None else world_from_map @ place for place in places]
        poses = list[Pose]()
        known, covariances = [], []
        weights: dict[Key, float] = {}
        for step in self.steps:
            sights = [
                Sight(k, one.camera_from_object, one.covariance)
                for k in range(len(places))
                if (one := self._found.get((step.frame, k))) is not None
            ]
            fused = fuse(sights, places)
            known.append(fused is not None)
            last = poses[-1] if poses else world_from_map @ step.world_from_camera
            poses.append(last if fused is None else fused.world_from_camera)
            covariances.append(np.full((6, 6), np.nan) if fused is None else fused.covariance_in_world)
            if fused is not None:
                weights |= {(step.frame, s.object): w for s, w in zip(sights, fused.agreement, strict=True)}
        flags = np.array(known)
        return Path(root, Pose.stack(poses), flags, flags, np.stack(covariances), places, weights)

    # --- once more ----------------------------------------------------------------------------------------

    def _again(
        self,
        path: Path,
        bodies: Sequence[Body],
        keys: Sequence[Key],
        jumps: float = 1.0,
        rounds: int | None = None,
    ) -> dict[Key, Measured]:
        """What is found at those frames and objects when it is looked for where the path says.

        rounds: of polishing; None: as the settings say.
        """
        rounds = self.tracker.settings.polish if rounds is None else rounds
        found: list[Measured | None] = [None] * len(keys)

        def look(n: int) -> None:
            frame, k = keys[n]
            camera_from_world = path.world_from_camera[frame].inverse()
            poses = [
                None if place is None else camera_from_world @ place for place in path.world_from_objects
            ]
            expected = poses[k]
            if expected is not None:
                follower = self.tracker.followers[k].with_body(bodies[k])
                mask = self._masks[frame, k].mask(self.tracker.camera)
                unknown = self._hidden(frame, k, poses, bodies)
                fit = follower.at(mask, unknown, expected, jumps)
                if fit is not None:
                    found[n] = _measured(bodies[k].polished(fit, unknown, rounds), follower)

        run_parallel(look, len(keys))
        return {key: one for key, one in zip(keys, found, strict=True) if one is not None}

    def _polish(self, bodies: Sequence[Body], keys: Sequence[Key]) -> None:
        """Correct the poses of clean masks, once."""
        found = dict(self._found)

        def correct(n: int) -> None:
            frame, k = keys[n]
            one = found[keys[n]]
            if one.fit is None:
                return
            poses = [
                other.camera_from_object if (other := found.get((frame, i))) else None
                for i in range(len(bodies))
            ]
            unknown = self._hidden(frame, k, poses, bodies)
            fit = bodies[k].polished(one.fit, unknown, self.tracker.settings.polish)
            self._found[keys[n]] = replace(
                one, camera_from_object=fit.camera_from_object, covariance=fit.covariance, fit=None
            )

        run_parallel(correct, len(keys))

    def _hidden(
        self, frame: int, k: int, poses: Sequence[Pose | None], bodies: Sequence[Body]
    ) -> Mask | None:
        """What the other objects hide of object k, all being at these poses."""
        masks = [
            self._masks[frame, i].mask(self.tracker.camera) if (frame, i) in self._masks else None
            for i in range(len(bodies))
        ]
        if sum(mask is not None for mask in masks) < 2:
            return None
        return hidden_by_others(k, masks, *seen_at(bodies, poses, masks))

    def _refined(self, path: Path, refine: Refine, bodies: Sequence[Body]) -> list[Body]:
        """The bodies with meshes that explain several frames."""
        pictures = self._pictures or {}
        frames = [n for n in sorted(pictures) if path.seen[n]]
        frames = frames[:: max(1, -(-len(frames) // _VIEWS))]
        views = [self._view(n, path, pictures[n]) for n in frames]
        camera = self.tracker.camera
        meshes = list(refine(views, camera, [body.mesh for body in bodies]))
        if len(meshes) != len(bodies):
            raise BadInputError(
                f"refine returned {len(meshes)} meshes for {len(bodies)}; as many are accepted"
            )
        return [Body(mesh, camera) for mesh in meshes]

    def _view(self, n: int, path: Path, picture: NDArray[np.uint8] | None = None) -> View:
        """Frame n with its whole masks, objects being where the path has them."""
        camera_from_world = path.world_from_camera[n].inverse()
        masks = [
            None if (packed := self._masks.get((n, k))) is None or self._is_hidden(n, k) else packed
            for k in range(len(path.world_from_objects))
        ]
        return View(
            picture,
            tuple(None if packed is None else packed.mask(self.tracker.camera) for packed in masks),
            tuple(None if p is None else camera_from_world @ p for p in path.world_from_objects),
        )

    def _is_hidden(self, n: int, k: int) -> bool:
        one = self._found.get((n, k))
        return one is not None and one.state == HIDDEN

    def _carved(self, path: Path, bodies: list[Body]) -> tuple[Path, list[Body]]:
        """Shapes and poses in turn, as `_track_carving` says; both as they were where masks do not agree."""
        camera, keys, tracked = self.tracker.camera, sorted(self._masks), self._found
        viewed = self._viewed(bodies)
        plan = carving.ALONG_THE_PATH if viewed is None else carving.FROM_VIEWS
        on = path if viewed is None else viewed
        rounds = len(plan.spared)
        for n, spared in enumerate(plan.spared):
            frames = carving.spread(np.flatnonzero(on.seen))
            before = [body.mesh for body in bodies]
            views = [self._view(f, on) for f in frames]
            meshes = carving.shapes_carved(views, camera, before, spared, plan.widest_deg)
            other = [Body(mesh, camera) for mesh in meshes]
            found = self._again(on, other, keys, _RESHAPED, None if n == rounds - 1 else 0)
            if all(a is b for a, b in zip(meshes, before, strict=True)) or 2 * len(found) < len(tracked):
                if n == 0:
                    self._views = {}
                break
            share = carving.change_of_size(_poses(self._found), _poses(found))
            bodies = [Body(carving.resized_mesh(mesh, share), camera) for mesh in meshes]
            self._found = {key: _resized(one, share) for key, one in found.items()}
            behind, path = on, self._smoothed()
            on = path
            if plan.first_stride is not None and plan.first_stride <= n < rounds - 1:
                on = replace(path, world_from_camera=carving.ahead(behind, path))
        return path, bodies

    def _viewed(self, bodies: Sequence[Body]) -> Path | None:
        """The path as the viewpoint network sees it; None where it saw too little, or was not to look."""
        if self._glances is None:
            return None
        from rrb.recipes._track_views import poses_of

        modes = self._glances.views(len(bodies))
        masks = {key: self._masks[key].mask(self.tracker.camera) for key in modes}
        self._views = {
            key: Measured(pose, covariance, 1.0, TRACKED)
            for key, (pose, covariance) in poses_of(modes, masks, bodies).items()
        }
        return self._agreed({}, self._views) if self._views else None

    # --- the answer ---------------------------------------------------------------------------------------

    def _told(self, path: Path) -> Trajectory:
        frames = len(self.steps)
        doubt = np.ones(frames)
        for (frame, k), weight in path.weights.items():
            doubt[frame] *= 1 - self._found[frame, k].confidence * weight
        confidence = np.where(path.seen, 1 - doubt, np.where(path.known, _BRIDGED, 0.0))
        states = tuple(self._state(step, path) for step in self.steps)
        places = [Pose.identity() if place is None else place for place in path.world_from_objects]
        return Trajectory(
            np.array([step.time_s for step in self.steps]),
            path.world_from_camera,
            path.known,
            np.where(path.known, confidence, 0.0),
            path.covariances,
            states,
            Pose.stack(places),
            tuple(self.tracker.names),
            self.tracker.is_metric,
            (*self.tracker.notes, *self._remarks(path)),
        )

    def _state(self, step: Step, path: Path) -> str:
        if path.seen[step.frame]:
            if step.known:
                return step.state
            states = [m.state for (frame, _), m in self._found.items() if frame == step.frame]
            return TRACKED if TRACKED in states else states[0] if states else TRACKED
        return PREDICTED if path.known[step.frame] or step.state == PREDICTED else step.state

    def _remarks(self, path: Path) -> list[str]:
        names = self.tracker.names
        notes = []
        if path.root:
            notes.append(f"{names[0]} was never found: the world is the frame of {names[path.root]}")
        notes += [
            f"{names[k]} was never seen together with the others: its place is unknown"
            for k, place in enumerate(path.world_from_objects)
            if place is None
        ]
        return notes


def _root(*said: Mapping[Key, Measured]) -> int:
    """The first object; the first that was ever found, if that never was."""
    return min(k for of in said for _, k in of)


def _measured(fit: Fit, follower: Follower) -> Measured:
    state = HIDDEN if fit.known_share < 1 else TRACKED
    return Measured(fit.camera_from_object, fit.covariance, follower.confidence_of(fit), state)


def _poses(found: Mapping[Key, Measured]) -> dict[Key, Pose]:
    return {key: one.camera_from_object for key, one in found.items()}


def _resized(one: Measured, share: float) -> Measured:
    """In a unit of which `share` are one of before."""
    wide = np.diag([1.0, 1, 1, share, share, share])
    pose = Pose(one.camera_from_object.rotation, share * one.camera_from_object.translation)
    return replace(one, camera_from_object=pose, covariance=wide @ one.covariance @ wide, fit=None)


def _information(one: Measured) -> NDArray[np.float64]:
    """(6, 6): the inverse of the covariance, less where the fit itself is doubtful."""
    scale = 1 / np.sqrt(np.diag(one.covariance))
    inverse = np.linalg.inv(one.covariance * np.outer(scale, scale)) * np.outer(scale, scale)
    return max(one.confidence, _LEAST_CONFIDENCE) ** 2 * (inverse + inverse.T) / 2


# --- the beginning ------------------------------------------------------------------------------------


def begun(tracker: Tracker, source: Source, reconstruct_from: int = 1) -> Source:
    """All frames; a tracker without meshes has begun by so many in which each of its objects is seen first."""
    if isinstance(reconstruct_from, bool) or not isinstance(reconstruct_from, int) or reconstruct_from < 1:
        raise BadInputError(f"reconstruct_from is {reconstruct_from!r}; a whole number from 1 is accepted")
    if tracker.meshes:
        return source
    taken, views, seen = [], list[View](), list[int]()
    for frame, given, time_s in source:
        masks = tracker.masks_of(frame, given)
        # Until something was seen the tracker would ask for the same masks once more.
        taken.append((frame, given if views else masks, time_s))
        seen += [0] * (len(masks) - len(seen))
        new = [
            m if m is not None and n < reconstruct_from else None for m, n in zip(masks, seen, strict=False)
        ]
        if frame.image is not None and any(mask is not None for mask in new):
            views.append(View(frame.image, tuple(new)))
            seen = [n + (k < len(new) and new[k] is not None) for k, n in enumerate(seen)]
        if min(seen, default=0) >= reconstruct_from or len(taken) == _LOOKED_AHEAD:
            break
    if views:
        tracker.begin_with(made_from(views, tracker.camera, tracker.camera_height_m))
    return chain(taken, source)

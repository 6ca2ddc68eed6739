"""`Trajectory`: where a camera was at which time, how sure that is, and where the objects stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import as_numpy, short
from rrb.geometry.pose import Pose

_SYMMETRIC = 1e-6  # of what two standard deviations allow: covariances are computed


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The camera's path. World: the first object's frame (y up, front towards -z), in metres if `is_metric`.

    The arrays are copied. A covariance is that of a step as `Pose.step` takes it, of world_from_camera: ordered
    rotation (rad), translation (m), both along the world's axes, the camera turning about its own centre.
    """

    times_s: NDArray[np.float64]  # (N,) strictly increasing
    world_from_camera: Pose  # (N,) of frames that are not known: the last known or predicted pose
    known: NDArray[np.bool_]  # (N,) whether the frame's camera was found
    confidence: NDArray[np.float64]  # (N,) in [0, 1]; 0 where not known
    covariances: NDArray[np.float64] | None = None  # (N, 6, 6); may be NaN where not known
    states: tuple[
        str, ...
    ] = ()  # per frame: "tracked", "found again", "predicted", "lost", ...; or none at all
    world_from_objects: Pose | None = None  # (M,) where the objects stand; the first is the identity
    object_names: tuple[str, ...] = ()  # (M,) or none at all
    is_metric: bool = True
    notes: tuple[str, ...] = ()  # what was assumed, a sentence each

    def __post_init__(self) -> None:
        times_s = _times(self.times_s)
        frames = len(times_s)
        known = _known(self.known, frames)
        checked = {
            "times_s": times_s,
            "world_from_camera": _poses(self.world_from_camera, frames, "world_from_camera"),
            "known": known,
            "confidence": _confidence(self.confidence, known),
            "covariances": _covariances(self.covariances, known),
            "states": _words(self.states, "states", frames),
            "world_from_objects": _objects(self.world_from_objects),
            "notes": _words(self.notes, "notes"),
        }
        objects = 0 if self.world_from_objects is None else len(self.world_from_objects)
        checked["object_names"] = _words(self.object_names, "object_names", objects)
        if not isinstance(self.is_metric, bool | np.bool_):
            raise BadInputError(f"is_metric is {short(self.is_metric)}; True or False is accepted")
        checked["is_metric"] = bool(self.is_metric)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @staticmethod
    def of_known(times_s: Any, world_from_camera: Pose, notes: tuple[str, ...] = ()) -> Trajectory:
        """Of poses alone, all of them known for sure: what TUM's and KITTI's files can say."""
        frames = len(_times(times_s))
        return Trajectory(times_s, world_from_camera, np.ones(frames, bool), np.ones(frames), notes=notes)

    def __len__(self) -> int:
        return len(self.times_s)

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: Any) -> Trajectory:
        """Some of the frames in their order: a slice, a mask (N,) or increasing numbers of frames."""
        kept = np.arange(len(self))[index]
        if kept.ndim != 1:
            raise BadInputError(
                f"{short(index)} picks no row of frames; a slice, a mask or numbers are accepted"
            )
        return Trajectory(
            self.times_s[kept],
            self.world_from_camera[kept],
            self.known[kept],
            self.confidence[kept],
            None if self.covariances is None else self.covariances[kept],
            tuple(self.states[k] for k in kept) if self.states else (),
            self.world_from_objects,
            self.object_names,
            self.is_metric,
            self.notes,
        )

    def only_known(self) -> Trajectory:
        """Without the frames whose camera was not found."""
        return self[self.known]

    # --- files ------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write `trajectory.json`, which holds everything and says its conventions."""
        from rrb.egomotion.trajectory_files import save_json

        save_json(self, path)

    @staticmethod
    def load(path: str | Path) -> Trajectory:
        """Read `trajectory.json`."""
        from rrb.egomotion.trajectory_files import load_json

        return load_json(path)

    def save_tum(self, path: str | Path) -> None:
        """Write known frames, one a line: seconds tx ty tz qx qy qz qw of world_from_camera."""
        from rrb.egomotion.trajectory_files import save_tum

        save_tum(self, path)

    @staticmethod
    def load_tum(path: str | Path) -> Trajectory:
        """Read TUM's format; every frame is known."""
        from rrb.egomotion.trajectory_files import load_tum

        return load_tum(path)

    def save_kitti(self, path: str | Path) -> None:
        """Write known frames, the 12 numbers of [R t] row by row a line; their times to NAME_times.txt beside."""
        from rrb.egomotion.trajectory_files import save_kitti

        save_kitti(self, path)

    @staticmethod
    def load_kitti(path: str | Path, times: Any = None) -> Trajectory:
        """Read KITTI's format. times: a file with a number a line, or seconds (N,).

        Without: those of NAME_times.txt beside, or else the frames' numbers.
        """
        from rrb.egomotion.trajectory_files import load_kitti

        return load_kitti(path, times)


# --- what is accepted -----------------------------------------------------------------------------


def _times(value: Any) -> NDArray[np.float64]:
    times_s = as_numpy(value)
    if times_s.ndim != 1:
        raise BadInputError(f"times_s has the shape {times_s.shape}; (N,) is accepted")
    if not np.isfinite(times_s).all():
        raise BadInputError("times_s holds numbers that are not finite; seconds are accepted")
    late = np.flatnonzero(np.diff(times_s) <= 0)
    if len(late):
        k = int(late[0])
        raise BadInputError(
            f"times_s {k + 1} is {times_s[k + 1]} after {times_s[k]}; times that strictly increase are accepted"
        )
    return times_s


def _poses(pose: Any, frames: int | None, what: str) -> Pose:
    """In float64 NumPy."""
    if not isinstance(pose, Pose):
        raise BadInputError(f"{what} is {short(pose)}; a Pose is accepted")
    wanted = "N" if frames is None else frames
    if len(pose.batch) != 1 or pose.batch[0] != (pose.batch[0] if frames is None else frames):
        raise BadInputError(f"{what} has the batch shape {pose.batch}; ({wanted},) is accepted")
    return Pose(as_numpy(pose.rotation), as_numpy(pose.translation))


def _objects(pose: Pose | None) -> Pose | None:
    return None if pose is None else _poses(pose, None, "world_from_objects")


def _known(value: Any, frames: int) -> NDArray[np.bool_]:
    known = np.array(value)
    if known.dtype != np.bool_ and known.size:
        raise BadInputError(f"known holds {known.dtype}; True and False are accepted")
    _require_shape("known", known, (frames,))
    return known.astype(np.bool_)


def _confidence(value: Any, known: NDArray[np.bool_]) -> NDArray[np.float64]:
    confidence = as_numpy(value)
    _require_shape("confidence", confidence, known.shape)
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise BadInputError("confidence holds numbers outside [0, 1], which alone is accepted")
    if confidence[~known].any():
        raise BadInputError("confidence is not 0 for a frame that is not known; 0 is accepted there")
    return confidence


def _covariances(value: Any, known: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Finite and symmetric where known; elsewhere so, or all NaN."""
    if value is None:
        return None
    matrices = as_numpy(value)
    _require_shape("covariances", matrices, (*known.shape, 6, 6))
    said = matrices[known | ~np.isnan(matrices).all((1, 2))]
    # In units of the two standard deviations, since radians and metres stand side by side.
    deviations = np.sqrt(np.abs(np.diagonal(said, axis1=1, axis2=2)))
    rounding = _SYMMETRIC * deviations[:, :, None] * deviations[:, None, :]
    if not np.isfinite(said).all() or (np.abs(said - said.swapaxes(1, 2)) > rounding).any():
        raise BadInputError(
            "covariances holds a matrix that is not symmetric and finite; such ones, and NaN for a frame that is"
            " not known, are accepted"
        )
    return matrices


def _words(value: Any, what: str, count: int | None = None) -> tuple[str, ...]:
    if isinstance(value, str) or not all(isinstance(word, str) for word in value):
        raise BadInputError(f"{what} is {short(value)}; a sequence of texts is accepted")
    if count is not None and len(value) not in (0, count):
        raise BadInputError(f"{what} has {len(value)} entries; {count} or none are accepted")
    return tuple(value)


def _require_shape(what: str, array: NDArray, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise BadInputError(f"{what} has the shape {array.shape}; {shape} is accepted")

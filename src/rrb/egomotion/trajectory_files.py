"""Files of trajectories: TUM's and KITTI's plain lines, and `trajectory.json` with everything and its conventions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.egomotion.trajectory import Trajectory
from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import as_numpy, short
from rrb.geometry.files import read_bytes, write_bytes
from rrb.geometry.json_io import read_json
from rrb.geometry.pose import Pose
from rrb.geometry.rotations import checked_rotation

FORMAT = "rrb.trajectory/1"
CONVENTION = (
    "p_world = rotation @ p_camera + translation_m of world_from_camera; camera frame: x right, y down, z forward;"
    " world: the first object's frame, y up, front towards -z, in metres if is_metric; a frame that is not known"
    " has the last known or predicted pose; confidence in [0, 1]; covariance: of rotation (rad), then translation"
    " (m), both along the world's axes, the camera turning about its own centre, null where unknown"
)
NO_TIMES = "The file says no times: the frames' numbers stand for seconds."
_UNIT = 1e-3  # how far a quaternion's length may be from 1: written with three decimals, it still passes
_LATEST_S = 1e11  # some thousand years: beyond it, a file counts in nanoseconds or milliseconds

Line = tuple[int, list[float]]
"""The line's number in its file, from 1, and what it holds."""


def load_trajectory(path: str | Path, form: str | None = None) -> Trajectory:
    """Of one of `FORMATS`; without a form, as its name and its first line say."""
    form = form or guessed_format(path)
    if form not in FORMATS:
        raise BadInputError(f"the format is {form!r}; {', '.join(FORMATS)} are accepted")
    return FORMATS[form](path)


def guessed_format(path: str | Path) -> str:
    """json by its first letter or its name, tum of 8 columns, kitti of 12."""
    text = _text(path)
    if text.lstrip().startswith("{") or Path(path).suffix.lower() == ".json":
        return "json"
    words = next((_words(line) for line in text.splitlines() if _words(line)), None)
    if words is None:
        raise BadFileError(f"{path}: it holds no pose")
    forms = {8: "tum", 12: "kitti"}
    if len(words) not in forms:
        raise BadFileError(
            f"{path}: its first line has {len(words)} columns; 8 (tum), 12 (kitti) or a trajectory.json are accepted"
        )
    return forms[len(words)]


# --- TUM ------------------------------------------------------------------------------------------


def save_tum(trajectory: Trajectory, path: str | Path) -> None:
    kept = trajectory.only_known()
    poses = kept.world_from_camera
    quaternions_xyzw = np.roll(poses.to_quaternion(), -1, axis=-1)
    rows = np.concatenate((poses.translation, quaternions_xyzw), -1)
    lines = ["# seconds tx ty tz qx qy qz qw, world_from_camera"]
    lines += [f"{_seconds(t)} {_numbers(row)}" for t, row in zip(kept.times_s, rows, strict=True)]
    _write_lines(path, lines)


def load_tum(path: str | Path) -> Trajectory:
    rows = _rows(path, 8, "seconds tx ty tz qx qy qz qw")
    before = None
    for number, row in rows:
        size = float(np.linalg.norm(row[4:]))
        if abs(size - 1) > _UNIT:
            raise BadFileError(
                f"{path}, line {number}: the quaternion's length is {size:.4g}; a unit quaternion is accepted"
            )
        _check_time(path, number, row[0], before)
        before = row[0]
    held = np.array([row for _, row in rows])
    quaternions_wxyz = np.roll(held[:, 4:], 1, axis=-1)
    return Trajectory.of_known(held[:, 0], Pose.from_quaternion(quaternions_wxyz, held[:, 1:4]))


# --- KITTI ----------------------------------------------------------------------------------------


def save_kitti(trajectory: Trajectory, path: str | Path) -> None:
    kept = trajectory.only_known()
    matrices = kept.world_from_camera.matrix[:, :3].reshape(-1, 12)
    _write_lines(path, [_numbers(row) for row in matrices])
    _write_lines(_times_path(path), [_seconds(t) for t in kept.times_s])


def load_kitti(path: str | Path, times: Any = None) -> Trajectory:
    rows = _rows(path, 12, "the 3 x 4 matrix, row by row")
    matrices = np.array([row for _, row in rows]).reshape(-1, 3, 4)
    for (number, _), matrix in zip(rows, matrices, strict=True):
        try:
            checked_rotation(matrix[:, :3])
        except BadInputError as error:
            raise BadFileError(f"{path}, line {number}: {error}") from None
    notes: tuple[str, ...] = ()
    if times is None and not _times_path(path).exists():
        times, notes = (
            np.arange(len(rows)),
            (NO_TIMES,),
        )
    elif times is None or isinstance(times, str | Path):
        times = _load_times(_times_path(path) if times is None else times)
    times_s = as_numpy(times)
    if times_s.shape != (len(rows),):
        raise BadFileError(f"{path}: it has {len(rows)} poses but {times_s.size} times")
    return Trajectory.of_known(times_s, Pose.from_matrix(matrices), notes)


def _times_path(path: str | Path) -> Path:
    return Path(path).with_name(f"{Path(path).stem}_times.txt")


def _load_times(path: str | Path) -> NDArray[np.float64]:
    rows = _rows(path, 1, "seconds")
    before = None
    for number, (time_s,) in rows:
        _check_time(path, number, time_s, before)
        before = time_s
    return np.array([row[0] for _, row in rows])


# --- trajectory.json ------------------------------------------------------------------------------


def save_json(trajectory: Trajectory, path: str | Path) -> None:
    """One frame a line, so that a long film's file stays readable and quick."""
    head = {
        "format": FORMAT,
        "convention": CONVENTION,
        "is_metric": trajectory.is_metric,
        "notes": list(trajectory.notes),
        "objects": _objects_to_json(trajectory),
        "frames": [],
    }
    begin = json.dumps(head, indent=1, ensure_ascii=False).removesuffix("[]\n}")
    frames = [
        json.dumps(_frame_to_json(trajectory, k), allow_nan=False, ensure_ascii=False)
        for k in range(len(trajectory))
    ]
    _write_lines(path, [f"{begin}[", ",\n".join(f"  {frame}" for frame in frames), " ]", "}"])


def load_json(path: str | Path) -> Trajectory:
    data = read_json(path)
    try:
        return _from_json(data)
    except BadInputError as error:
        raise BadFileError(f"{path}: {error}") from None


def _objects_to_json(trajectory: Trajectory) -> list[dict[str, Any]] | None:
    poses, names = trajectory.world_from_objects, trajectory.object_names
    if poses is None:
        return None
    return [
        {"name": names[m] if names else None, "world_from_object": poses[m].to_json()}
        for m in range(len(poses))
    ]


def _frame_to_json(trajectory: Trajectory, k: int) -> dict[str, Any]:
    covariance = None if trajectory.covariances is None else trajectory.covariances[k]
    unknown = covariance is None or bool(np.isnan(covariance).any())
    return {
        "time_s": float(trajectory.times_s[k]),
        "known": bool(trajectory.known[k]),
        "confidence": float(trajectory.confidence[k]),
        "state": trajectory.states[k] if trajectory.states else None,
        "world_from_camera": trajectory.world_from_camera[k].to_json(),
        "covariance": None if unknown or covariance is None else covariance.tolist(),
    }


def _from_json(data: Any) -> Trajectory:
    for key, accepted in (("format", FORMAT), ("convention", CONVENTION)):
        said = data.get(key) if isinstance(data, Mapping) else data
        if said != accepted:
            raise BadInputError(f"{key} is {short(said)}; {accepted!r} is accepted")
    _require_names(data, ("format", "convention", "is_metric", "notes", "objects", "frames"), "the file")
    for key in ("frames", "notes"):
        if not isinstance(data[key], list):
            raise BadInputError(f"{key} is {short(data[key])}; a list is accepted")
    frames = data["frames"]
    names = ("time_s", "known", "confidence", "state", "world_from_camera", "covariance")
    for k, frame in enumerate(frames):
        _require_names(frame, names, f"frame {k}")
    poses, object_names = _objects_from_json(data["objects"])
    return Trajectory(
        times_s=np.array([_number(frame, "time_s") for frame in frames]),
        world_from_camera=_poses([_pose(f["world_from_camera"], f"frame {k}") for k, f in enumerate(frames)]),
        known=[frame["known"] for frame in frames],  # type: ignore[arg-type]
        confidence=np.array([_number(frame, "confidence") for frame in frames]),
        covariances=_covariances_from_json([frame["covariance"] for frame in frames]),
        states=_all_or_none([frame["state"] for frame in frames], "state"),
        world_from_objects=poses,
        object_names=object_names,
        is_metric=data["is_metric"],
        notes=tuple(data["notes"]),
    )


def _objects_from_json(objects: Any) -> tuple[Pose | None, tuple[str, ...]]:
    if objects is None:
        return None, ()
    if not isinstance(objects, list):
        raise BadInputError(f"objects is {short(objects)}; a list or null is accepted")
    for m, held in enumerate(objects):
        _require_names(held, ("name", "world_from_object"), f"object {m}")
    poses = [_pose(held["world_from_object"], f"object {m}") for m, held in enumerate(objects)]
    return _poses(poses), _all_or_none([held["name"] for held in objects], "name")


def _covariances_from_json(held: list[Any]) -> NDArray[np.float64] | None:
    """NaN where a frame has none; None where no frame has one."""
    if all(matrix is None for matrix in held):
        return None
    nothing = np.full((6, 6), np.nan)
    matrices = [nothing if matrix is None else as_numpy(matrix) for matrix in held]
    for k, matrix in enumerate(matrices):
        if matrix.shape != (6, 6):
            raise BadInputError(f"frame {k} has a covariance of the shape {matrix.shape}; (6, 6) is accepted")
    return np.array(matrices)


def _all_or_none(words: list[Any], what: str) -> tuple[str, ...]:
    nothing = [word is None for word in words]
    if any(nothing) and not all(nothing):
        raise BadInputError(f"some have a {what} and some null; all or none is accepted")
    return () if None in words else tuple(words)


def _pose(data: Any, where: str) -> Pose:
    try:
        return Pose.from_json(data)
    except BadInputError as error:
        raise BadInputError(f"{where}: {error}") from None


def _poses(poses: Sequence[Pose]) -> Pose:
    return Pose.stack(poses) if poses else Pose.identity((0,))


def _number(frame: Mapping[str, Any], name: str) -> float:
    value = frame[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInputError(f"{name} is {short(value)}; a number is accepted")
    return value


def _require_names(data: Any, names: tuple[str, ...], what: str) -> None:
    """Exactly these."""
    if not isinstance(data, Mapping):
        raise BadInputError(f"{what} is {short(data)}; an object of {FORMAT} is accepted")
    missing, unknown = [n for n in names if n not in data], sorted(set(data) - set(names))
    if missing:
        raise BadInputError(f"{what} lacks {', '.join(missing)}")
    if unknown:
        raise BadInputError(f"{what} holds {', '.join(unknown)}, which {FORMAT} does not know")


# --- plain lines ----------------------------------------------------------------------------------


def _rows(path: str | Path, columns: int, meaning: str) -> list[Line]:
    """Every line that is neither empty nor a comment (#); words stand apart by blanks or commas."""
    rows = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        words = _words(line)
        if not words:
            continue
        if len(words) != columns:
            raise BadFileError(
                f"{path}, line {number}: it has {len(words)} columns; {columns} ({meaning}) are accepted"
            )
        rows.append((number, [_finite(path, number, word) for word in words]))
    if not rows:
        raise BadFileError(f"{path}: it holds no pose")
    return rows


def _text(path: str | Path) -> str:
    try:
        return read_bytes(path).decode("utf-8-sig")  # also without its mark at the start
    except UnicodeDecodeError:
        raise BadFileError(f"{path}: this is not a text file") from None


def _words(line: str) -> list[str]:
    return line.partition("#")[0].replace(",", " ").split()


def _finite(path: str | Path, number: int, word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise BadFileError(f"{path}, line {number}: {short(word)} is no number") from None
    if not np.isfinite(value):
        raise BadFileError(f"{path}, line {number}: {word} is no finite number, which alone is accepted")
    return value


def _check_time(path: str | Path, number: int, time_s: float, before: float | None) -> None:
    if before is not None and not time_s > before:
        raise BadFileError(
            f"{path}, line {number}: the time {time_s} follows {before}; times that strictly increase are accepted"
        )
    if abs(time_s) > _LATEST_S:
        raise BadFileError(f"{path}, line {number}: the time is {time_s:g}; seconds are accepted")


def _seconds(time_s: float) -> str:
    """At least nine digits after the point, and as many as read back as the same float64."""
    return np.format_float_positional(time_s, unique=True, min_digits=9)


def _numbers(row: NDArray[np.float64]) -> str:
    return " ".join(repr(float(value)) for value in row)


def _write_lines(path: str | Path, lines: Sequence[str]) -> None:
    write_bytes(path, ("\n".join(lines) + "\n").encode())


FORMATS: dict[str, Callable[[str | Path], Trajectory]] = {
    "tum": load_tum,
    "kitti": load_kitti,
    "json": load_json,
}

"""What is tracked, as files say it: pictures or a video, masks, meshes, times, the camera; refused before the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rrb.cli._camera_flags import camera_from_file, camera_from_numbers, refuse_beside
from rrb.errors import BadFileError, BadInputError

if TYPE_CHECKING:
    from rrb.cli.track import Options
    from rrb.geometry.camera import Camera
    from rrb.geometry.mesh import Mesh
    from rrb.recipes.frames import Frame

MESHES = (".obj", ".ply", ".off", ".stl", ".glb")


@dataclass(frozen=True, eq=False)
class Place:
    """What the first argument names, and what a film's folder says beside its pictures."""

    frames: Path
    camera: Path | None = None
    frames_a_second: float | None = None


@dataclass(frozen=True, eq=False)
class Source:
    """What is to be tracked."""

    options: Options
    place: Place
    camera: Camera
    meshes: dict[str, Mesh] | None  # by name; None: to be reconstructed
    total: int | None  # frames to look at; None where a video does not say it
    notes: tuple[str, ...]  # what was taken or assumed, a sentence each

    def __iter__(self) -> Iterator[tuple[Frame, Any, float]]:
        """(frame, masks, seconds) of each frame that is to be looked at."""
        from rrb.recipes.frames import MaskFolder, frames_of

        options = self.options
        names = None if self.meshes is None else list(self.meshes)
        masks = None if options.masks is None else MaskFolder(options.masks, names)
        clock = _clock(options, self.place)
        for number, frame in _chosen(options, frames_of(self.place.frames)):
            given = None if masks is None else masks(number, frame.name)
            yield frame, given, clock(number, frame)


def look(options: Options) -> Source:
    """Everything but the pictures after the first is read, and what does not go together is refused."""
    place, notes = place_of(options.frames)
    first = _first_frame(options, place)
    assert first.image is not None
    height, width = first.image.shape[:2]
    camera = _camera(options, place, width, height)
    meshes = read_meshes(options)
    if options.masks is not None:
        from rrb.recipes.frames import MaskFolder

        MaskFolder(options.masks, None if meshes is None else list(meshes))
    if options.times is None and options.fps is None and first.time_s is None and not place.frames_a_second:
        notes.append("nothing says the frames' times: 30 a second are assumed, --fps or --times says others")
    total = _total(options, place.frames)
    _require_times(options, total)
    notes += [f"{name}: {note}" for name, mesh in (meshes or {}).items() for note in mesh.notes]
    return Source(options, place, camera, meshes, total, tuple(notes))


def place_of(path: Path) -> tuple[Place, list[str]]:
    """A film's folder is one with frames/ and camera.json, as `rrb data sequence` makes it."""
    from rrb.geometry.json_io import read_json

    if not ((path / "frames").is_dir() and (path / "camera.json").is_file()):
        return Place(path), []
    rate = None
    if (path / "sequence.json").is_file():
        held = read_json(path / "sequence.json")
        rate = held.get("frames_a_second") if isinstance(held, dict) else None
    beside = [name for name in ("masks", "meshes", "truth.txt") if (path / name).exists()]
    note = f"{path} is a film: its frames and its camera are used"
    if beside:
        note += f"; its {', '.join(beside)} only where --masks, --mesh or --ground-truth names them"
    return Place(path / "frames", path / "camera.json", rate), [note]


def _camera(options: Options, place: Place, width: int, height: int) -> Camera:
    from rrb.geometry.camera import Camera

    camera, path = camera_from_file(options), options.camera
    if camera is None and place.camera is not None and options.focal_px is None and options.fov_deg is None:
        camera, path = Camera.load(place.camera), place.camera
    if camera is None:
        return camera_from_numbers(options, width, height)
    if (camera.width_px, camera.height_px) != (width, height):
        size = f"{camera.width_px}x{camera.height_px}"
        raise BadFileError(f"{path} is {size} but the frames of {place.frames} are {width}x{height}")
    return camera


def read_meshes(options: Options) -> dict[str, Mesh] | None:
    """By the names of their files; a second of a name is called NAME-2. None where none is given."""
    from rrb.geometry.mesh import Mesh

    if not options.mesh:
        return None
    found: dict[str, Mesh] = {}
    for path in (file for given in options.mesh for file in _mesh_files(given)):
        name, count = path.stem, 1
        while name in found:
            count += 1
            name = f"{path.stem}-{count}"
        found[name] = Mesh.load(path, unit=options.unit)
    return found


def _mesh_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in MESHES)
    if not files:
        raise BadFileError(f"{path}: there are no meshes in it; {', '.join(MESHES)} are accepted")
    return files


# --- which frames, and when --------------------------------------------------------------------------


def require_frames(options: Options) -> None:
    """Of the flags alone."""
    if options.first < 0 or options.every < 1 or (options.last is not None and options.last < options.first):
        last = "" if options.last is None else f" --last {options.last}"
        raise BadInputError(
            f"--first {options.first}{last} --every {options.every}; --first from 0, --last not before it and --every"
            " from 1 are accepted"
        )
    if options.times is not None:
        refuse_beside("--times", options, ("fps",))
    if options.fps is not None and not 0 < options.fps < 1e6:
        raise BadInputError(f"--fps is {options.fps:g}; a positive number of frames a second is accepted")


def _chosen(options: Options, frames: Iterator[Frame]) -> Iterator[tuple[int, Frame]]:
    stop = None if options.last is None else options.last + 1
    return islice(enumerate(frames), options.first, stop, options.every)


def _first_frame(options: Options, place: Place) -> Frame:
    from rrb.recipes.frames import frames_of, listed

    if place.frames.is_dir():  # without reading those before it
        files = listed(place.frames)[options.first :]
        frames = frames_of(files[:1])
    else:
        frames = (frame for _, frame in _chosen(options, frames_of(place.frames)))
    with closing(frames) as held:  # type: ignore[type-var]
        for frame in held:
            return frame
    raise BadInputError(f"{place.frames} has no frame {options.first}; an earlier --first is accepted")


def _total(options: Options, place: Path) -> int | None:
    from rrb.recipes.frames import listed

    count = len(listed(place)) if place.is_dir() else video_length(place)
    if count is None:
        return None
    stop = count if options.last is None else min(count, options.last + 1)
    return len(range(options.first, stop, options.every))


def video_length(path: Path) -> int | None:
    """The number of frames that a video claims to have; None where it does not."""
    from importlib import import_module
    from importlib.util import find_spec

    if find_spec("cv2") is not None:
        cv2: Any = import_module("cv2")
        count = int(cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT))
    else:
        av: Any = import_module("av")
        with av.open(str(path)) as container:
            count = int(container.streams.video[0].frames)
    return count if count > 0 else None


def _require_times(options: Options, total: int | None) -> None:
    """Enough of them for all frames that are to be looked at."""
    from rrb.recipes.frames import times_of

    if options.times is None:
        return
    count = len(list(times_of(options.times)))
    last = None if total is None else options.first + (total - 1) * options.every
    if last is not None and count <= last:
        raise BadFileError(
            f"{options.times}: it has {count} times but there is a frame {last}, counted from 0"
        )


def _clock(options: Options, place: Place) -> Any:
    """Seconds of (number, frame): as the flags say, or what was read, or the film, or 30 a second."""
    from rrb.recipes.frames import FRAMES_A_SECOND, times_of

    if options.times is not None:
        times, path = list(times_of(options.times)), options.times

        def written(number: int, frame: Frame) -> float:
            if number >= len(times):
                raise BadFileError(f"{path}: it has {len(times)} times but there is a frame {number}")
            return times[number]

        return written

    def counted(number: int, frame: Frame) -> float:
        if options.fps is None and frame.time_s is not None:
            return frame.time_s
        return number / (options.fps or place.frames_a_second or FRAMES_A_SECOND)

    return counted

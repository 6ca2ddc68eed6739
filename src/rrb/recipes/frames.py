"""What a tracker is shown, one frame after the other: pictures of a folder, a video or an iterable; masks; times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import as_numpy, short
from rrb.geometry.files import natural_order
from rrb.geometry.image_io import load_mask, load_picture
from rrb.geometry.mesh import Mesh

FRAMES_A_SECOND = 30.0
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".tga", ".gif")
VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv")

Masks = tuple[NDArray | None, ...]  # (H, W) of each object, None where it is not seen


class Frame(NamedTuple):
    """A picture and when it was taken."""

    image: NDArray[np.uint8] | None  # (H, W, 3)
    alpha: NDArray[np.float32] | None = None  # (H, W) in [0, 1]; None if it is opaque everywhere
    name: str = ""  # the file's stem, or nothing
    time_s: float | None = None  # None where nothing says it


# --- pictures ---------------------------------------------------------------------------------------


def frames_of(frames: Any) -> Iterator[Frame]:
    """Of a folder of pictures, in the order of the numbers in their names; of a video; of an iterable.

    An iterable gives (H, W, 3) uint8, files, `Frame`s or None, where only masks are given.
    """
    if isinstance(frames, str | Path):
        path = Path(frames)
        if path.is_dir():
            return (_read(file) for file in listed(path))
        return video_frames(path)
    if isinstance(frames, Iterable) and not isinstance(frames, Mapping):
        return (_frame(number, one) for number, one in enumerate(frames))
    raise BadInputError(
        f"frames is {short(frames)}; a folder, a video or an iterable of pictures is accepted"
    )


def listed(folder: Path) -> list[Path]:
    """The pictures of a folder, frame 10 after frame 9; a folder without any is refused."""
    files = [file for file in folder.iterdir() if file.suffix.lower() in PICTURES and file.is_file()]
    if not files:
        raise BadFileError(f"{folder}: there are no pictures in it; {', '.join(PICTURES)} are accepted")
    if all(_time_in(file.stem) is not None for file in files):
        return sorted(files, key=lambda file: float(file.stem))
    return sorted(files, key=lambda file: natural_order(file.stem))


def _read(file: Path) -> Frame:
    image, alpha = load_picture(file)
    return Frame(image, alpha, file.stem, _time_in(file.stem))


def _time_in(name: str) -> float | None:
    """Seconds of a name like 1341841278.842017, as recorders give them."""
    return float(name) if re.fullmatch(r"\d+\.\d{3,}", name) else None


def _frame(number: int, given: Any) -> Frame:
    if isinstance(given, Frame):
        return given
    if given is None:
        return Frame(None)
    if isinstance(given, str | Path):
        return _read(Path(given))
    image = np.asarray(given)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise BadInputError(
            f"frame {number} has the shape {image.shape} of {image.dtype}; (H, W, 3) of uint8 is accepted"
        )
    return Frame(image)


# --- videos -----------------------------------------------------------------------------------------


def video_frames(path: Path) -> Iterator[Frame]:
    """Through OpenCV, or PyAV where that is missing."""
    if not path.is_file():
        raise BadFileError(f"{path}: there is no such file; a folder of pictures or a video is accepted")
    if path.suffix.lower() in PICTURES:
        raise BadFileError(f"{path}: this is a picture; a folder of pictures or a video is accepted")
    if find_spec("cv2") is not None:
        return _by_opencv(path)
    if find_spec("av") is not None:
        return _by_pyav(path)
    raise BadInputError(
        f"{path}: videos are read through OpenCV or PyAV, and neither is installed: pip install opencv-python-headless,"
        " or pip install av; a folder of pictures needs neither"
    )


def _by_opencv(path: Path) -> Iterator[Frame]:
    cv2: Any = import_module("cv2")

    video = cv2.VideoCapture(str(path))
    try:
        if not video.isOpened():
            raise BadFileError(f"{path}: OpenCV cannot read it as a video")
        rate, number = video.get(cv2.CAP_PROP_FPS) or FRAMES_A_SECOND, 0
        while True:
            more, picture = video.read()
            if not more:
                break
            yield Frame(np.ascontiguousarray(picture[:, :, ::-1]), None, "", number / rate)
            number += 1
        if not number:
            raise BadFileError(f"{path}: OpenCV finds no frame in it")
    finally:
        video.release()


def _by_pyav(path: Path) -> Iterator[Frame]:
    av: Any = import_module("av")

    try:
        container = av.open(str(path))
    except Exception as error:  # its errors are of many kinds
        raise BadFileError(f"{path}: PyAV cannot read it as a video ({error})") from error
    with container:
        if not container.streams.video:
            raise BadFileError(f"{path}: there is no video in it")
        rate = float(container.streams.video[0].average_rate or FRAMES_A_SECOND)
        for number, picture in enumerate(container.decode(video=0)):
            time_s = number / rate if picture.time is None else float(picture.time)
            yield Frame(picture.to_ndarray(format="rgb24"), None, "", time_s)


# --- times ------------------------------------------------------------------------------------------


def times_of(times_s: Any) -> Iterator[float]:
    """Seconds that strictly increase, one a frame; of a file, the first number of each line."""
    if isinstance(times_s, str | Path):
        times_s = _times_in(Path(times_s))
    for number, time_s in enumerate(times_s):
        value = as_numpy(time_s)
        if value.ndim or not np.isfinite(value):
            raise BadInputError(f"times_s {number} is {short(time_s)}; a number of seconds is accepted")
        yield float(value)


def _times_in(path: Path) -> list[float]:
    try:
        lines = [line.split("#")[0].split() for line in path.read_text().splitlines()]
        return [float(line[0]) for line in lines if line]
    except (OSError, ValueError) as error:
        raise BadFileError(f"{path}: it is no list of seconds, a number a line ({error})") from None


# --- meshes and masks -------------------------------------------------------------------------------


def meshes_of(meshes: Any) -> tuple[list[Mesh], list[str]]:
    """Meshes and names, which are the files' stems: of a mesh, a file, a folder of .ply, or several; or by name."""
    if isinstance(meshes, Mapping):
        return [_mesh(one) for one in meshes.values()], [str(name) for name in meshes]
    if isinstance(meshes, str | Path) and Path(meshes).is_dir():
        meshes = sorted(Path(meshes).glob("*.ply"))
    given = [meshes] if isinstance(meshes, Mesh | str | Path) else list(meshes)
    if not given:
        raise BadInputError("there are no meshes; at least one is accepted, or None to reconstruct them")
    found = [_mesh(one) for one in given]
    names = [Path(mesh.name).stem for mesh in found]
    if len(set(names)) < len(names) or not all(names):
        names = [f"object {k}" for k in range(len(found))]
    return found, names


def _mesh(given: Any) -> Mesh:
    if isinstance(given, str | Path):
        return Mesh.load(given)
    if not isinstance(given, Mesh):
        raise BadInputError(f"a mesh is {short(given)}; a Mesh or a file is accepted")
    return given


class MaskFolder:
    """Masks as files: a folder for each object, called as its mesh, or pictures of a single one."""

    def __init__(self, folder: Path, names: Sequence[str] | None) -> None:
        if not folder.is_dir():
            raise BadFileError(f"{folder}: there is no such folder of masks")
        self._files = [
            {file.stem: file for file in listed(place)} for place in _places(folder, names, self._own(folder))
        ]
        self.names = list(names or [place.name for place in _places(folder, None, self._own(folder))])

    @staticmethod
    def _own(folder: Path) -> list[Path]:
        return sorted(place for place in folder.iterdir() if place.is_dir())

    def __call__(self, number: int, name: str) -> Masks:
        """Of the frame with that name, or, where it has none, of that number."""
        return tuple(self._one(files, number, name) for files in self._files)

    def _one(self, files: dict[str, Path], number: int, name: str) -> NDArray[np.float32] | None:
        if name:
            file = files.get(name)
        else:
            file = list(files.values())[number] if number < len(files) else None
        return None if file is None else load_mask(file)


def _places(folder: Path, names: Sequence[str] | None, own: list[Path]) -> list[Path]:
    if not own:
        if names is not None and len(names) > 1:
            raise BadFileError(
                f"{folder}: it holds masks of one object but there are {len(names)}; a folder in it for each, called"
                f" {', '.join(names)}, is accepted"
            )
        return [folder]
    by_name = {place.name: place for place in own}
    if names is None:
        return own
    if all(name in by_name for name in names):
        return [by_name[name] for name in names]
    if len(names) == len(own) == 1:
        return own
    raise BadFileError(
        f"{folder}: it has the folders {', '.join(by_name)}; one for each of {', '.join(names)} is accepted"
    )


def masks_in(given: Any) -> Masks:
    """Of what an iterable gives for one frame: None, a mask, a file, or one of these for each object."""
    if given is None:
        return ()
    if isinstance(given, str | Path) or (hasattr(given, "ndim") and given.ndim == 2):
        given = (given,)
    if not isinstance(given, Iterable):
        raise BadInputError(
            f"the masks of a frame are {short(given)}; (H, W), or one for each object, is accepted"
        )
    return tuple(load_mask(one) if isinstance(one, str | Path) else one for one in given)

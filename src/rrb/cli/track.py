"""Follow the camera by the objects that it sees: its path, in the frame of the first object.

FRAMES is a folder of pictures, a video file, or a film of `rrb data sequence`, whose frames and camera are taken (its
masks, meshes and true path only where they are asked for). Without --mesh the objects are reconstructed from the first
frames; without --masks our own network says which pixels are the object. World: the first object's frame, y up, its
front towards -z; in metres if the meshes are, or --camera-height-m is given.

Writes to OUT trajectory_tum.txt, trajectory_kitti.txt with trajectory_kitti_times.txt, trajectory.json (everything,
with its conventions), meshes/ (what was tracked), track.gif (outlines beside the map), path.png, confidence.png,
frames.jsonl (a line for each frame, as it is tracked), and with --ground-truth measures.json and error.png. Frames
whose camera was not found are said, and are no failure: the exit code is 0. Stopped by Ctrl-C, what was tracked so far
is written, and the same command begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from rrb.cli._camera_flags import CameraFlags, unsaid
from rrb.errors import BadInputError


@dataclass(frozen=True)
class Options(CameraFlags):
    frames: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FRAMES")]
    """A folder of pictures, a video file, or the folder of a film."""
    masks: Annotated[Path | None, unsaid("DIR")] = None
    """Where the objects are seen: a folder of pictures; for several objects a folder for each, of its mesh's name."""
    mesh: Annotated[tuple[Path, ...], unsaid("M ...")] = ()
    """Meshes of the objects (.obj, .ply, .off, .stl, .glb), or a folder of them; the first one's frame is the world."""
    unit: Literal["m", "cm", "mm", "in"] = "m"
    """What the numbers in the mesh files count."""
    camera_height_m: Annotated[float | None, unsaid("M")] = None
    """The camera's height in the first frame, above the ground of the objects: it gives reconstructions metres."""
    ground_truth: Annotated[Path | None, unsaid("FILE")] = None
    """The true path, in TUM's or KITTI's format or a trajectory.json, to be compared with."""
    fps: Annotated[float | None, unsaid("F")] = None
    """Frames a second; what the video or the film says, else 30, if not given."""
    times: Annotated[Path | None, unsaid("FILE")] = None
    """The seconds of each frame, one a line, instead of --fps."""
    first: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """The first frame to look at, counted from 0."""
    last: Annotated[int | None, unsaid("N")] = None
    """The last one; the end if not given."""
    every: Annotated[int, tyro.conf.arg(metavar="N")] = 1
    """Look at every N-th frame alone."""
    no_smooth: bool = False
    """Leave the poses as they were found frame after frame, without the smoothing of the whole path after it."""
    no_carve: bool = False
    """Leave reconstructed meshes as the first frame had them, without what the other frames' masks say of them."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("out/track")
    """The folder to write to."""


def run(options: Options) -> None:
    from rrb.cli._track_files import look
    from rrb.cli._track_run import follow
    from rrb.cli._track_write import begin, finish

    require_usable(options)
    source = look(options)
    for note in source.notes:
        print(f"note: {note}", flush=True)
    begin(options.out)
    done = follow(source, options.out)
    finish(done, options)
    if done.error is not None:
        raise done.error
    if done.stopped:
        count = len(done.film.steps)
        whole = "" if source.total is None else f" of {source.total}"
        raise KeyboardInterrupt(
            f"stopped with {count}{whole} frames tracked, which {options.out} holds; the same command begins anew"
        )


def require_usable(options: Options) -> None:
    """Refuse before the work what can be refused before."""
    from rrb.cli._batch_files import require_place
    from rrb.cli._camera_flags import camera_from_file, camera_from_numbers
    from rrb.cli._track_files import place_of, require_frames
    from rrb.egomotion.trajectory_files import load_trajectory

    require_frames(options)
    if not options.frames.exists():
        raise BadInputError(f"{options.frames}: there is no such folder or video")
    if options.camera_height_m is not None and not 0 < options.camera_height_m < 1e6:
        raise BadInputError(
            f"--camera-height-m is {options.camera_height_m:g}; a positive number is accepted"
        )
    has_camera = place_of(options.frames)[0].camera is not None
    if camera_from_file(options) is None and not (
        has_camera and options.focal_px is None and options.fov_deg is None
    ):
        camera_from_numbers(options, 64, 64)
    if options.ground_truth is not None:
        load_trajectory(options.ground_truth)
    require_place(options.out)
    _require_apart(options)


def _require_apart(options: Options) -> None:
    """What is written would stand among what is read."""
    out = options.out.resolve()
    read = [options.frames, options.masks, *options.mesh]
    film = (options.out / "sequence.json").exists() or (options.out / "frames").is_dir()
    if film or any(path is not None and path.resolve() == out for path in read):
        raise BadInputError(f"{options.out} holds what is to be tracked; another --out is accepted")

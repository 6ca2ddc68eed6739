"""The loop of `rrb track`: frame after frame, each written down as it is done; stopped between two of them."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rrb.cli._progress import Progress
from rrb.cli._track_files import Source
from rrb.errors import BadFileError, BadInputError, RrbError

if TYPE_CHECKING:
    from rrb.geometry.mesh import Mesh
    from rrb.recipes._track_film import Film
    from rrb.recipes.frames import Frame
    from rrb.recipes.track import Step
    from rrb.viz.track_animation import Kept


@dataclass(frozen=True, eq=False)
class Done:
    """What was tracked."""

    source: Source
    film: Film
    kept: Kept  # of the pictures
    seconds: tuple[float, ...]  # that each frame took, without reading it
    stopped: bool  # before the last frame, by Ctrl-C
    error: RrbError | None = None  # what could not be used, and ended it

    @property
    def meshes(self) -> Mapping[str, Mesh]:
        """Those that the path is of: once it is smoothed, shapes may have followed the masks."""
        tracker = self.film.tracker
        return dict(zip(tracker.names, self.film.meshes or tracker.meshes, strict=True))


class Interrupt:
    """Whether Ctrl-C was pressed. Once, what is under way is finished; again, it ends at once."""

    def __init__(self) -> None:
        self.asked = False

    def heard(self, number: int, frame: Any) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        print("\nstopping; what was tracked is written (Ctrl-C again: at once)", file=sys.stderr, flush=True)

    @contextmanager
    def listening(self) -> Iterator[Interrupt]:
        """Where nobody may listen, outside the main thread, or Ctrl-C is ignored, nothing is changed."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = signal.getsignal(signal.SIGINT)
        if before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self.heard)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)


def follow(source: Source, out: Path) -> Done:
    from rrb.cli._track_pictures import kept_pictures
    from rrb.recipes._track_film import Film, begun

    options = source.options
    looks = not (options.no_carve or options.no_smooth)
    tracker = _tracker(source)
    done = Run(source, Film(tracker, looks=looks), kept_pictures())
    error = None
    with Interrupt().listening() as interrupt, _lines(out / "frames.jsonl") as lines, _bar(source) as bar:
        try:
            done.follow(begun(tracker, iter(source)), lines, bar, interrupt)
        except RrbError as refused:
            if not done.film.steps:
                raise
            error = refused  # what was tracked before it is kept
    if not done.film.steps:
        raise BadInputError(f"{source.place.frames}: there is no frame to track")
    whole = len(done.film.steps) == source.total
    return Done(source, done.film, done.kept, tuple(done.seconds), interrupt.asked and not whole, error)


@dataclass(eq=False)
class Run:
    """What is under way."""

    source: Source
    film: Film
    kept: Kept
    seconds: list[float] = field(default_factory=list)

    def follow(
        self,
        frames: Iterator[tuple[Frame, Any, float | None]],
        lines: TextIO,
        bar: Progress,
        interrupt: Interrupt,
    ) -> None:
        """Until the end, or Ctrl-C; a frame that was begun is finished."""
        from rrb.cli._track_pictures import keep

        for frame, masks, time_s in frames:
            before = time.perf_counter()
            step = self.film.add(frame, masks, time_s)
            self.seconds.append(time.perf_counter() - before)
            _write(lines, _line(frame.name, step))
            keep(self.kept, step.frame, frame.image)
            bar.reach(step.frame + 1, self._change(frame.name or str(step.frame), step))
            if interrupt.asked:
                return

    def _change(self, name: str, step: Step) -> str:
        """What is worth a line of its own: that the camera was lost, or found."""
        before = self.film.steps[-2] if len(self.film.steps) > 1 else None
        if before is None:
            return f"frame {name}: {step.state}"
        if before.known and not step.known:
            return f"frame {name} ({step.time_s:.2f} s): the camera is not known, {step.state}"
        if step.known and not before.known:
            return f"frame {name} ({step.time_s:.2f} s): {step.state}"
        return ""


def _tracker(source: Source) -> Any:
    from rrb.recipes.track import Tracker

    names: list[str] = []
    if source.meshes is None and source.options.masks is not None:
        from rrb.recipes.frames import MaskFolder

        names = MaskFolder(source.options.masks, None).names
    height = source.options.camera_height_m
    return Tracker(source.camera, source.meshes, names=names, camera_height_m=height)


class _Count(Progress):
    """Of a film whose length nobody knows."""

    def pace(self) -> str:
        return super().pace().partition(",")[0]


def _bar(source: Source) -> Progress:
    return _Count(0) if source.total is None else Progress(source.total)


# --- frames.jsonl -------------------------------------------------------------------------------------


@contextmanager
def _lines(path: Path) -> Iterator[TextIO]:
    try:
        file = open(path, "w", encoding="utf-8")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise BadFileError(f"{path}: it cannot be written ({error.strerror or error})") from error
    with file:
        yield file


def _write(file: TextIO, line: Mapping[str, Any]) -> None:
    """Handed to the system at once, so that it outlives our end."""
    try:
        file.write(json.dumps(line, allow_nan=False, ensure_ascii=False) + "\n")
        file.flush()
    except OSError as error:
        raise BadFileError(f"{file.name}: it cannot be written ({error.strerror or error})") from error


def _line(name: str, step: Step) -> dict[str, Any]:
    """As found in that frame, before the path is smoothed."""
    return {
        "frame": step.frame,
        "name": name,
        "time_s": step.time_s,
        "known": step.known,
        "state": step.state,
        "confidence": float(step.confidence),
        "world_from_camera": step.world_from_camera.to_json() if step.known else None,
        "objects": [
            {
                "name": one.name,
                "state": one.state,
                "confidence": float(one.confidence),
                "iou": float(one.iou),
                "camera_from_object": None
                if one.camera_from_object is None
                else one.camera_from_object.to_json(),
            }
            for one in step.objects
        ],
    }

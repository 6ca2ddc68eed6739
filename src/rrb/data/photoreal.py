"""`Photoreal`: pictures of scenes by Blender Cycles, which runs in an environment and in processes of its own.

`make photoreal` builds the environment: bpy needs NumPy 1.26 and is GPL, so nothing of it is ever imported here.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data._blender_process import BlenderProcess, Drawn, Failure
from rrb.data._shape_files import ShapeFiles
from rrb.data.backgrounds import background_picture
from rrb.data.effects import developed
from rrb.data.scene import Picture, Scene
from rrb.data.shape import Shape
from rrb.errors import BadInputError

PYTHON_VARIABLE = "RRB_PHOTOREAL_PYTHON"
TIMEOUT_S = 300.0  # for one picture: a hundred times what a large one takes
LEAST_SIDE_PX = 4  # of Blender

Job = tuple[Scene, Mapping[str, Shape], Path | None]
"""A scene, its shapes by mesh id, and the folder of photographs behind, if any."""


class Photoreal:
    """Draws scenes in order, several at once; to be used in a `with`, whose end stops Blender.

    The same scene gives the same bytes on one machine with one version, whatever was drawn before and by however
    many workers and threads. samples: rays a pixel. threads: of all workers together; None for one a core.
    report: told of every process that broke down over a scene, which is then tried once more by another.
    """

    def __init__(
        self,
        workers: int = 1,
        samples: int = 16,
        python: str | Path | None = None,
        *,
        threads: int | None = None,
        timeout_s: float = TIMEOUT_S,
        report: Callable[[Failure], None] | None = None,
    ) -> None:
        if workers < 1 or samples < 1:
            raise BadInputError(f"{workers} workers and {samples} samples; at least 1 of each are accepted")
        self._python = photoreal_python(python)
        self._workers, self._samples = workers, samples
        self._threads = max(1, (threads or os.cpu_count() or 1) // workers)
        self._timeout_s = timeout_s
        self._report = report or _tell
        self._idle: SimpleQueue[BlenderProcess] = SimpleQueue()
        self._open: ExitStack | None = None

    def __enter__(self) -> Photoreal:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rrb-photoreal-")))
            self._files = ShapeFiles(folder)
            processes = [self._process(folder, number) for number in range(self._workers)]
            for process in processes:
                stack.callback(process.close)
            self._pool = ThreadPoolExecutor(self._workers, "photoreal")
            stack.callback(self._pool.shutdown, wait=True, cancel_futures=True)
            for process in processes:
                stack.callback(process.kill)  # so that the pool's threads do not wait for answers at the end
                process.start()
                self._idle.put(process)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            stack, self._open = self._open, None
            stack.close()

    def _process(self, folder: Path, number: int) -> BlenderProcess:
        log = folder / f"worker-{number}.log"
        return BlenderProcess(self._python, self._samples, self._threads, self._timeout_s, log)

    def draw(self, jobs: Iterable[Job]) -> Iterator[Picture | Failure]:
        """The pictures in the order of the jobs; a `Failure` for one that Blender broke down over twice."""
        if self._open is None:
            raise BadInputError("Blender is not running; `with Photoreal() as blender:` is accepted")
        waiting: deque[tuple[Job, set[Path], Future[Drawn | Failure]]] = deque()
        try:
            for job in jobs:
                waiting.append(self._submitted(job))
                self._files.forget(set().union(*(files for _, files, _ in waiting)))
                if len(waiting) > self._workers + 1:
                    yield self._finished(*waiting.popleft())
            while waiting:
                yield self._finished(*waiting.popleft())
        finally:
            for *_, future in waiting:
                future.cancel()

    def _submitted(self, job: Job) -> tuple[Job, set[Path], Future[Drawn | Failure]]:
        scene, shapes, _ = job
        _require_drawable(scene, shapes)
        files = {o.mesh_id: self._files.of(shapes[o.mesh_id]) for o in scene.objects}
        request = {
            "scene": scene.to_json(),
            "shapes": {mesh_id: str(file) for mesh_id, file in files.items()},
        }
        return job, set(files.values()), self._pool.submit(self._drawn, scene.key, request)

    def _drawn(self, key: str, request: dict[str, Any]) -> Drawn | Failure:
        """By whichever process is idle; one that breaks down is started anew, and the scene tried once more."""
        process = self._idle.get()
        try:
            answer = self._reported(process.ask(key, request))
            if isinstance(answer, Failure) and answer.worth_another_try:
                answer = self._reported(process.ask(key, request))
            return answer
        finally:
            self._idle.put(process)

    def _reported(self, answer: Drawn | Failure) -> Drawn | Failure:
        if isinstance(answer, Failure) and self._open is not None:
            self._report(answer)
        return answer

    def _finished(self, job: Job, _: set[Path], future: Future[Drawn | Failure]) -> Picture | Failure:
        answer = future.result()
        return answer if isinstance(answer, Failure) else composed(job[0], answer, job[2])


def composed(scene: Scene, drawn: Drawn, photos: Path | None) -> Picture:
    """The picture with what is behind the objects, and what the scene's camera does to it."""
    behind = background_picture(scene.background, drawn.object_index.shape, photos)
    linear = drawn.rgba[..., :3] + (1 - drawn.rgba[..., 3:]) * behind
    return Picture(developed(_contiguous(linear), scene.effects), drawn.object_index, drawn.depth_m)


def photoreal_python(python: str | Path | None = None) -> Path:
    """The Python that has bpy: the one given, the variable's, or the checkout's; refused where it is none."""
    named = python or os.environ.get(PYTHON_VARIABLE)
    found = Path(named) if named else Path(__file__).parents[3] / ".venv-photoreal" / "bin" / "python"
    if not found.is_file():
        raise BadInputError(
            f"{found}: there is no Python with Blender there; `make photoreal` in the checkout builds one,"
            f" and {PYTHON_VARIABLE} may name another"
        )
    return found


def _require_drawable(scene: Scene, shapes: Mapping[str, Shape]) -> None:
    missing = sorted({o.mesh_id for o in scene.objects} - set(shapes))
    if missing:
        raise BadInputError(
            f"scene {scene.key}: there is no shape {missing[0]}; {', '.join(shapes)} are given"
        )
    width, height = scene.camera.width_px, scene.camera.height_px
    if min(width, height) < LEAST_SIDE_PX:
        raise BadInputError(
            f"scene {scene.key} is {width}x{height} pixels; {LEAST_SIDE_PX} or more on each side are accepted"
        )


def _contiguous(linear: NDArray) -> NDArray[np.float32]:
    return np.ascontiguousarray(linear, np.float32)


def _tell(failure: Failure) -> None:
    print(f"rrb: scene {failure.key}: {failure.reason}", file=sys.stderr)

"""Making a data set: shard after shard, in several processes, continued where it was stopped."""

from __future__ import annotations

import json
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rrb.data import fast
from rrb.data.dataset import Dataset, write_description
from rrb.data.occupancy import occupancy_points
from rrb.data.order import Order, Source
from rrb.data.sample import MeshFile, Sample
from rrb.data.sample_files import mesh_path
from rrb.data.scene import Picture, Scene
from rrb.data.scenes import alone, random_scene
from rrb.data.shape import Shape
from rrb.data.shards import remove_leftovers, save_mesh, shard_is_whole, shard_path, write_shard
from rrb.errors import BadInputError, RrbError
from rrb.geometry.voxels import Voxels

if TYPE_CHECKING:
    from rrb.data.photoreal import Photoreal

LEAST_VISIBLE = 0.3  # of the object's part in the frame: where others hide more, they are left out
_TRIES = 2  # of a shard whose worker died

Shapes = Mapping[str, Shape]
Job = tuple[Scene, Shapes]
Draw = Callable[[Iterable[Job]], Iterator[Picture]]
"""Pictures of scenes, in their order."""

Told = Callable[[int, int, str], None]
"""(pictures done so far, pictures in all, a line to say or "") -> None."""


@dataclass(frozen=True)
class Task:
    """One shard."""

    split: str
    number: int
    meshes: tuple[int, ...]

    def path(self, folder: Path) -> Path:
        return shard_path(folder, self.split, self.number)


@dataclass(frozen=True)
class Maker:
    """What each process needs to know."""

    order: Order
    folder: Path
    meshes: Path | None
    photos: Path | None

    def source(self) -> Source:
        return Source(self.order, self.meshes, self.photos)


def make_dataset(
    order: Order,
    folder: Path,
    *,
    meshes: Path | None = None,
    photos: Path | None = None,
    workers: int = 1,
    told: Told = lambda done, total, line: None,
) -> int:
    """Make what of the order is not in the folder yet; how many pictures were made now.

    Stopped in any way, the same call continues: whole shards are kept, and the result is the same byte for byte.
    """
    maker = Maker(order, folder, meshes, photos)
    source = maker.source()
    _require_same_order(folder, source.asked())
    remove_leftovers(folder)
    tasks = [Task(split, number, tuple(numbers)) for split, number, numbers in source.shards()]
    missing = [task for task in tasks if not shard_is_whole(task.path(folder))]
    pictures = {task: sum(order.views_of(n) for n in task.meshes) for task in tasks}
    tally = _Tally(sum(pictures.values()), sum(pictures[t] for t in tasks if t not in set(missing)), told)
    # Blender brings processes of its own.
    if workers > 1 and len(missing) > 1 and order.style == "fast":
        _in_processes(maker, missing, min(workers, len(missing)), tally)
    elif missing:
        _in_this_process(maker, missing, workers, tally)
    return sum(pictures[task] for task in missing)


def _require_same_order(folder: Path, asked: Mapping[str, Any]) -> None:
    if not (folder / "dataset.json").exists():
        write_description(folder, asked)
        return
    before = Dataset(folder).about
    now = json.loads(json.dumps(asked))  # as a file holds it: tuples are lists
    changed = [name for name in now | before if before.get(name) != now.get(name)]
    if changed:
        raise BadInputError(
            f"{folder} was begun with another choice of {', '.join(changed)}; the same choices continue it, or give"
            " another folder"
        )


class _Tally:
    """Counts pictures, also of shards that are begun a second time."""

    def __init__(self, total: int, done: int, told: Told) -> None:
        self.total, self.finished, self._told = total, done, told
        self._begun: dict[Task, int] = {}
        self.say()

    def drawn(self, task: Task, count: int) -> None:
        self._begun[task] = count
        self.say()

    def say(self, line: str = "") -> None:
        self._told(self.finished + sum(self._begun.values()), self.total, line)


# --- one shard --------------------------------------------------------------------------------------


def make_shard(maker: Maker, source: Source, task: Task, draw: Draw, drawn: Callable[[int], None]) -> None:
    """Meshes and pictures of a shard; the shard's file comes last and in one step."""
    write_shard(
        task.path(maker.folder),
        _counted(_samples(maker, source, task, draw), drawn),
        jpeg_quality=lambda sample: sample.about["jpeg_quality"],
    )


def _counted(samples: Iterator[Sample], drawn: Callable[[int], None]) -> Iterator[Sample]:
    for count, sample in enumerate(samples, 1):
        yield sample
        drawn(count)


def _samples(maker: Maker, source: Source, task: Task, draw: Draw) -> Iterator[Sample]:
    for number in task.meshes:
        shape = source.shape(number)
        save_mesh(maker.folder, shape.mesh_id, shape.mesh, shape.description())
        extras = source.blockers(number, shape), [source.neighbour(number)]
        shapes = {s.mesh_id: s for s in (shape, *extras[0], *extras[1])}
        views = range(maker.order.views_of(number))
        scenes = [_scene(maker, source, shape, number, view, extras, shapes) for view in views]
        voxels = _voxels(shape, maker.order.voxels)
        for view, picture in zip(views, draw((scene, shapes) for scene in scenes), strict=True):
            yield _sample(maker, shape, scenes[view], picture, voxels, (number, view), task.split)


def _scene(
    maker: Maker,
    source: Source,
    shape: Shape,
    number: int,
    view: int,
    extras: tuple[list[Shape], ...],
    shapes: Shapes,
) -> Scene:
    key = f"{shape.mesh_id}-{view:02d}"
    random = source.random(number, view)
    scene = random_scene(key, shape, random, maker.order.variety, extras[0], extras[1], maker.photos)
    if len(scene.objects) > 1 and fast.visible_share(scene, shapes) < LEAST_VISIBLE:
        return alone(scene)
    return scene


def _voxels(shape: Shape, resolution: int) -> Voxels | None:
    return Voxels.from_mesh(shape.mesh, resolution) if resolution else None


def _sample(
    maker: Maker,
    shape: Shape,
    scene: Scene,
    picture: Picture,
    voxels: Voxels | None,
    place: tuple[int, int],
    split: str,
) -> Sample:
    order = maker.order
    pose = scene.camera_from_object
    height = float(pose.camera_centre_object[1]) - shape.floor
    upright = scene.viewpoint != "free"
    points = occupancy_points(shape.mesh, order.points, [order.seed, *place, 2]) if order.points else None
    return Sample(
        key=scene.key,
        image=picture.image,
        category=shape.category,
        mesh_id=shape.mesh_id,
        mask=picture.mask,
        unknown=picture.unknown if picture.unknown.any() else None,
        camera=scene.camera,
        camera_from_object=pose,
        mesh=MeshFile(mesh_path(maker.folder, shape.mesh_id)),
        depth_m=picture.depth_m if order.depth else None,
        points=points,
        voxels=voxels,
        camera_height_m=height if upright and height > 0 else None,
        turns=shape.turns,
        split=split,
        source=f"{order.style} {'procedural' if maker.meshes is None else 'real'}",
        style=shape.style,
        about={
            "viewpoint": scene.viewpoint,
            "fov_deg": scene.camera.fov_deg(),
            "background": scene.background.kind,
            "others": len(scene.objects) - 1,
            "jpeg_quality": scene.effects.jpeg_quality,
        },
    )


# --- who draws --------------------------------------------------------------------------------------


@contextmanager
def renderer(maker: Maker, workers: int = 1) -> Iterator[Draw]:
    """Our rasterizer in this process, or as many Blender processes, which end with the context."""
    if maker.order.style == "fast":
        yield partial(_draw_fast, maker.photos)
        return
    from rrb.data.photoreal import Photoreal

    with Photoreal(workers, maker.order.samples) as blender:
        yield partial(_draw_photoreal, blender, maker.photos)


def _draw_fast(photos: Path | None, jobs: Iterable[Job]) -> Iterator[Picture]:
    for scene, shapes in jobs:
        yield fast.draw(scene, shapes, photos)


def _draw_photoreal(blender: Photoreal, photos: Path | None, jobs: Iterable[Job]) -> Iterator[Picture]:
    for drawn in blender.draw((scene, shapes, photos) for scene, shapes in jobs):
        if not isinstance(drawn, Picture):
            raise RuntimeError(f"scene {drawn.key} cannot be drawn: {drawn.reason}")
        yield drawn


# --- processes --------------------------------------------------------------------------------------


def _in_this_process(maker: Maker, tasks: list[Task], workers: int, tally: _Tally) -> None:
    source = maker.source()
    with renderer(maker, workers) as draw:
        for task in tasks:
            make_shard(maker, source, task, draw, partial(tally.drawn, task))


def _in_processes(maker: Maker, tasks: list[Task], count: int, tally: _Tally) -> None:
    """Each process takes the next shard when it is through with one; one that dies is replaced."""
    context = multiprocessing.get_context("spawn")  # what was compiled or threaded here is no concern there
    waiting = [(task, 1) for task in reversed(tasks)]
    at_work: dict[Connection, tuple[Any, Task, int]] = {}
    try:
        while waiting or at_work:
            while waiting and len(at_work) < count:
                process, ours = _started(context, maker)
                _hand_out(process, ours, waiting, at_work)
            for ready in wait(list(at_work)):
                assert isinstance(ready, Connection)
                _heard(ready, waiting, at_work, tally)
    finally:
        for ours, (process, _, _) in at_work.items():
            process.kill()
            ours.close()
            process.join()


def _started(context: Any, maker: Maker) -> tuple[Any, Connection]:
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(maker, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _hand_out(process: Any, ours: Connection, waiting: list, at_work: dict) -> None:
    task, tries = waiting.pop()
    at_work[ours] = (process, task, tries)
    ours.send(task)


def _heard(ours: Connection, waiting: list, at_work: dict, tally: _Tally) -> None:
    """A count of pictures, the end of a shard, an error, or nothing because the process died."""
    process, task, tries = at_work[ours]
    try:
        said = ours.recv()
    except (EOFError, ConnectionResetError):
        del at_work[ours]
        process.join()
        if tries >= _TRIES:
            raise RuntimeError(
                f"the process that made {task.split}-{task.number:06d} died {tries} times"
            ) from None
        tally.drawn(task, 0)
        tally.say(
            f"the process that made {task.split}-{task.number:06d} died ({process.exitcode}); it is made again"
        )
        waiting.append((task, tries + 1))
        return
    if isinstance(said, int):
        tally.drawn(task, said)
    elif isinstance(said, Exception):
        raise said
    elif waiting:
        _hand_out(process, ours, waiting, at_work)
    else:
        del at_work[ours]
        ours.send(None)
        process.join()
        ours.close()


def _work(maker: Maker, theirs: Connection) -> None:
    """Make the shards that are named, until none is, or until the one who names them is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends this process
    try:
        source = maker.source()
        with renderer(maker) as draw:
            while (task := theirs.recv()) is not None:
                make_shard(maker, source, task, draw, theirs.send)
                theirs.send("done")
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent was killed
    except RrbError as error:
        theirs.send(error)
    except Exception as error:
        theirs.send(RuntimeError(f"{type(error).__name__}: {error}"))

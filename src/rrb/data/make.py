"""Making a data set: shard after shard, in several processes, continued where it was stopped."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rrb.data.beginning import begin_or_continue, only_writer
from rrb.data.order import Order, Source, Task
from rrb.data.renderers import Draw, Shapes, renderer
from rrb.data.sample import Sample
from rrb.data.sample_files import mesh_path
from rrb.data.scene import Scene
from rrb.data.shard_workers import Make, ShardWorkers
from rrb.data.shards import read_index, remove_leftovers, shard_is_whole, shard_path, write_shard
from rrb.data.subject import Shot, Subject

Told = Callable[[int, int, str], None]
"""(pictures done so far, pictures in all, a line to say or "") -> None."""


def make_dataset(
    order: Order,
    folder: str | Path,
    *,
    meshes: Path | None = None,
    photos: Path | None = None,
    workers: int = 1,
    told: Told = lambda done, total, line: None,
) -> int:
    """Make what of the order is not in the folder yet; how many pictures were made now.

    Stopped in any way, the same call continues: whole shards are kept, and the result is the same byte for byte.
    meshes: a folder with an index.json, instead of the generator. photos: a folder of backgrounds.
    """
    folder, source = Path(folder), Source(order, meshes, photos)
    with only_writer(folder):
        begin_or_continue(folder, source.asked())
        remove_leftovers(folder)
        return _made(source, folder, workers, told)


def _made(source: Source, folder: Path, workers: int, told: Told) -> int:
    order = source.order
    tasks = list(source.tasks())
    missing = [task for task in tasks if not _is_whole(_path(folder, task))]
    pictures = {task: sum(order.views_of(n) for n in task.meshes) for task in tasks}
    to_make, total = sum(pictures[task] for task in missing), sum(pictures.values())
    tally = _Tally(total, total - to_make, told)
    # Blender brings processes of its own.
    if workers > 1 and len(missing) > 1 and order.style == "fast":
        begin = partial(_makes, source, folder)
        ShardWorkers(begin, min(workers, len(missing))).run(missing, tally.drawn, tally.say)
        remove_leftovers(folder)  # of those that died
    elif missing:
        with renderer(order.style, source.photos, samples=order.samples, workers=workers) as draw:
            for task in missing:
                make_shard(source, folder, draw, task, partial(tally.drawn, task))
    return to_make


def make_shard(source: Source, folder: Path, draw: Draw, task: Task, drawn: Callable[[int], None]) -> None:
    """Meshes and pictures of a shard; the shard's file comes last and in one step."""
    write_shard(
        _path(folder, task),
        _counted(source, folder, draw, task, drawn),
        jpeg_quality=lambda sample: sample.about["jpeg_quality"],
    )


def _counted(
    source: Source, folder: Path, draw: Draw, task: Task, drawn: Callable[[int], None]
) -> Iterator[Sample]:
    """The scenes of all of its meshes in one row, so that several who draw never wait for a mesh's last."""
    waiting: deque[Shot] = deque()

    def jobs() -> Iterator[tuple[Scene, Shapes]]:
        for number in task.meshes:
            for shot in Subject.of(source, number).shots(folder):
                waiting.append(shot)
                yield shot.scene, shot.subject.shapes

    for count, picture in enumerate(draw(jobs()), 1):
        yield waiting.popleft().sample(picture)
        drawn(count)


def _makes(source: Source, folder: Path) -> Make:
    """What a process does with each task."""

    def make(task: Task, drawn: Callable[[int], None]) -> None:
        with renderer("fast", source.photos) as draw:
            make_shard(source, folder, draw, task, drawn)

    return make


def _is_whole(path: Path) -> bool:
    """The shard and the files of its meshes, which are made again with it."""
    if not shard_is_whole(path):
        return False
    meshes = (mesh_path(path.parent, mesh_id) for mesh_id in set(read_index(path).mesh_ids))
    return all(mesh.is_file() and mesh.with_suffix(".json").is_file() for mesh in meshes)


def _path(folder: Path, task: Task) -> Path:
    return shard_path(folder, task.split, task.number)


class _Tally:
    """Counts pictures, also of shards that are begun a second time."""

    def __init__(self, total: int, before: int, told: Told) -> None:
        self._total, self._before, self._told = total, before, told
        self._begun: dict[Task, int] = {}
        self.say()

    def drawn(self, task: Task, count: int) -> None:
        self._begun[task] = count
        self.say()

    def say(self, line: str = "") -> None:
        self._told(self._before + sum(self._begun.values()), self._total, line)

"""Who draws scenes: our rasterizer in this process, or Blender in processes of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rrb.data import fast
from rrb.data.scene import Picture, Scene
from rrb.data.shape import Shape

if TYPE_CHECKING:
    from rrb.data.photoreal import Photoreal

STYLES = ("fast", "photoreal")

Shapes = Mapping[str, Shape]
Draw = Callable[[Iterable[tuple[Scene, Shapes]]], Iterator[Picture]]
"""Pictures of scenes, in their order."""


@contextmanager
def renderer(
    style: str, photos: Path | None = None, *, samples: int = 16, workers: int = 1
) -> Iterator[Draw]:
    """photos: the folder of the backgrounds. Samples and workers are Blender's, which ends with the context."""
    if style == "fast":
        yield partial(_draw_fast, photos)
        return
    from rrb.data.photoreal import Photoreal

    with Photoreal(workers, samples) as blender:
        yield partial(_draw_photoreal, blender, photos)


def _draw_fast(photos: Path | None, jobs: Iterable[tuple[Scene, Shapes]]) -> Iterator[Picture]:
    for scene, shapes in jobs:
        yield fast.draw(scene, shapes, photos)


def _draw_photoreal(
    blender: Photoreal, photos: Path | None, jobs: Iterable[tuple[Scene, Shapes]]
) -> Iterator[Picture]:
    for drawn in blender.draw((scene, shapes, photos) for scene, shapes in jobs):
        if not isinstance(drawn, Picture):
            raise RuntimeError(f"scene {drawn.key} cannot be drawn: {drawn.reason}")
        yield drawn

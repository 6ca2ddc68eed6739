"""What one run of the raster benchmark measures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """A scene is (subdivisions, side in pixels); it has 20 * 4**subdivisions faces. None is not measured."""

    name: str
    budget_s: float  # for each group of contenders that is timed in common rounds
    fewest_rounds: int
    headline: tuple[int, int]
    scenes: list[tuple[int, int]]
    batch: int
    growing_sides: tuple[int, ...]  # at the headline's subdivisions
    growing_subdivisions: tuple[int, ...]  # at growing_side
    growing_side: int
    many_faces: tuple[int, int] | None  # frequency f, side: 20 * f**2 faces
    memory_side: int | None
    start: bool
    threads: tuple[int, ...] = (1, 2)


FULL = Plan(
    name="full",
    budget_s=10.0,
    fewest_rounds=7,
    headline=(4, 256),
    scenes=[(4, 256), (3, 256), (5, 256), (6, 256), (4, 128), (4, 512), (4, 1024), (6, 512), (8, 512)],
    batch=32,
    growing_sides=(256, 512, 1024),
    growing_subdivisions=(6, 7, 8),
    growing_side=512,
    many_faces=(224, 512),
    memory_side=4096,
    start=True,
)

QUICK = Plan(
    name="quick",
    budget_s=0.1,
    fewest_rounds=2,
    headline=(4, 256),
    scenes=[(4, 256), (3, 64)],
    batch=2,
    growing_sides=(32, 64),
    growing_subdivisions=(3, 4),
    growing_side=32,
    many_faces=(8, 32),
    memory_side=None,
    start=False,
)

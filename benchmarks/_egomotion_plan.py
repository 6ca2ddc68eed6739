"""How much the benchmark of egomotion measures, and of which films."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from rrb.data.photoreal import photoreal_python
from rrb.errors import BadInputError

FIRST_SEED = 100  # of films that nothing was chosen by
KINDS = ("one-chair", "two-chairs")  # the paper's two runs


@dataclass(frozen=True)
class Plan:
    seeds: int = 10  # of each kind
    first_seed: int = FIRST_SEED
    frames: int = 60
    size: tuple[int, int] = (256, 256)  # height, width
    samples: int = 16  # of a photoreal pixel
    style: str = "photoreal"
    own: int = 3  # films of each kind that are followed by our own masks, too
    hard: int = 3  # films of each kind that are made hard
    speed_frames: int = 40
    speed_sides: tuple[int, ...] = (128, 256, 512, 1024)
    speed_faces: tuple[int, ...] = (500, 2000, 8000, 32_000)
    speed_objects: tuple[int, ...] = (1, 2, 4)
    real_every: int = 1

    def quick(self) -> "Plan":
        """To see that it runs: one film of each kind, drawn fast."""
        return replace(
            self,
            seeds=1,
            first_seed=0,
            frames=16,
            style="fast",
            own=1,
            hard=1,
            speed_frames=6,
            speed_sides=(128, 256),
            speed_faces=(500, 2000),
            speed_objects=(1, 2),
            real_every=20,
        )

    def limited(self, count: int | None) -> "Plan":
        if count is None:
            return self
        return replace(
            self, seeds=min(self.seeds, count), own=min(self.own, count), hard=min(self.hard, count)
        )

    def with_style(self, style: str | None) -> "Plan":
        """As asked; photoreal without Blender becomes fast, and is said."""
        wanted = style or self.style
        if wanted == "photoreal":
            try:
                photoreal_python()
            except BadInputError as error:
                print(f"films are drawn fast: {error}", file=sys.stderr)
                wanted = "fast"
        return replace(self, style=wanted)


@dataclass(frozen=True)
class Place:
    films: Path
    shared: Path
    out: Path
    draws: bool = True  # films that are missing

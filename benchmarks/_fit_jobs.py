"""What one record of the fitting benchmark is about."""

from dataclasses import dataclass
from typing import Any

from _fit_runs import case_of


@dataclass(frozen=True)
class Job:
    """A case by its number, the road that fits it, and what the section varies."""

    protocol: str
    split: str
    number: int
    road: str = "rrb"
    options: tuple[Any, ...] = ()

    @property
    def case(self) -> tuple[str, str, int]:
        return self.protocol, self.split, self.number

    @property
    def key(self) -> str:
        """Says all of it, so that a record under this key is this job's."""
        return "/".join(
            [self.protocol, self.split, f"{self.number:04d}", self.road, *map(_text, self.options)]
        )


def _text(option: Any) -> str:
    return f"{option:g}" if isinstance(option, int | float) else str(option)


def plain(protocol: str, split: str, count: int) -> list[int]:
    """The numbers of the first `count` cases whose mesh no turn maps to itself."""
    numbers: list[int] = []
    number = 0
    while len(numbers) < count:
        if not case_of(protocol, split, number).symmetric:
            numbers.append(number)
        number += 1
    return numbers

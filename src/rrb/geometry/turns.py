"""`Turns`: the symmetry of an object about its upright axis."""

from __future__ import annotations

from dataclasses import dataclass

from rrb.errors import BadInputError


@dataclass(frozen=True)
class Turns:
    """Which turns about the object's y axis leave the object as it is.

    folds: 1 for none, n where every 1/n of a turn does, 0 where any turn does (an azimuth means nothing).
    """

    folds: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.folds, int) or self.folds < 0:
            raise BadInputError(
                f"folds is {self.folds!r}; 0 for any turn, or a whole number from 1, is accepted"
            )

    def least_azimuth_error_deg(self, difference_deg: float) -> float:
        """How far an azimuth is off, from 0, when turns that change nothing are forgiven."""
        if self.folds == 0:
            return 0.0
        period = 360.0 / self.folds
        rest = difference_deg % period
        return min(rest, period - rest)


NO_TURNS = Turns()

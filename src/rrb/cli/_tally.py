"""A bar for work that reports how much of it is done, from several processes at once."""

from __future__ import annotations

from types import TracebackType

from rrb.cli._progress import Progress


class Bar:
    """`tell(done, total, line)`, as often as one likes; what was done at the first call says nothing of the rate."""

    def __init__(self, continues: bool = True) -> None:
        """continues: whether the same command goes on where it was stopped; it is said to who stops it."""
        self._progress: Progress | None = None
        self._hint = "; the same command continues" if continues else ""

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.__exit__(kind, error, trace)
        if kind is KeyboardInterrupt:
            at = self._progress
            done = "" if at is None else f" with {at.done} of {at.total} done"
            raise KeyboardInterrupt(f"stopped{done}{self._hint}") from None

    def tell(self, done: int, total: int, line: str = "") -> None:
        if self._progress is None:
            self._progress = Progress(total, done)
            self._progress.__enter__()
        self._progress.reach(done, line)

"""A bar for work that reports how much of it is done, from several processes at once."""

from __future__ import annotations

from types import TracebackType

from rrb.cli._progress import Progress


class Bar:
    """`tell(done, total, line)`, as often as one likes; what was done at the first call says nothing of the rate."""

    def __init__(self) -> None:
        self._progress: Progress | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.__exit__(kind, error, trace)
        if kind is KeyboardInterrupt and self._progress is not None:
            done, total = self._progress.done, self._progress.total
            raise KeyboardInterrupt(
                f"stopped with {done} of {total} done; the same command continues"
            ) from None

    def tell(self, done: int, total: int, line: str = "") -> None:
        if self._progress is None:
            self._progress = Progress(total, done)
            self._progress.__enter__()
        self._progress.reach(done, line)

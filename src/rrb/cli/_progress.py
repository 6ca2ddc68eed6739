"""How far a long command is: a bar with rate and time left in a terminal, the same in front of each line elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


class Progress:
    """Of `total` things, `done` of which were finished before and say nothing about the rate."""

    def __init__(self, total: int, done: int = 0, console: Console | None = None) -> None:
        from rich import progress
        from rich.console import Console

        self.total, self.done, self._before = total, done, done
        self._console = console or Console()
        self._bar = progress.Progress(
            progress.BarColumn(),
            progress.TextColumn("{task.completed}/{task.total}, {task.fields[pace]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> Progress:
        self._start = time.perf_counter()
        self._task = self._bar.add_task("", total=self.total, completed=self.done, pace="...")
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def advance(self, line: str) -> None:
        """One more is finished, of which there is this to say."""
        self.reach(self.done + 1, line)

    def reach(self, done: int, line: str = "") -> None:
        """So many are finished. Outside a terminal, a tenth of all is worth a line of its own."""
        tenths = 10 * done // max(1, self.total) - 10 * self.done // max(1, self.total)
        self.done = done
        if self._console.is_terminal:
            self._bar.update(self._task, completed=done, pace=self.pace())
            if line:
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        elif line or tenths > 0:
            print(f"[{done}/{self.total}, {self.pace()}] {line}".rstrip(), flush=True)

    def pace(self) -> str:
        rate = (self.done - self._before) / max(time.perf_counter() - self._start, 1e-9)
        if rate <= 0:
            return "..."
        return f"{_rate(rate)}, {_clock((self.total - self.done) / rate)} left"


def _rate(per_second: float) -> str:
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{1 / per_second:.1f} s each"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

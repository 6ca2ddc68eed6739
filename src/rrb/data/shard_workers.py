"""Processes that make the shards they are told to, replaced when they die."""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any

from rrb.errors import RrbError

_TRIES = 2  # of a task whose process died
_GONE = (
    EOFError,
    BrokenPipeError,
    ConnectionResetError,
)  # what the other end of a pipe does when it is killed

Make = Callable[[Any, Callable[[int], None]], None]
"""Make a task, telling how many pictures are done."""


@dataclass(frozen=True, eq=False)
class _At:
    """What a process is at."""

    process: Any
    task: Any
    tries: int


class ShardWorkers:
    """`count` spawned processes, each of which calls `begin()` for the function that makes a task."""

    def __init__(self, begin: Callable[[], Make], count: int) -> None:
        self._begin, self._count = begin, count
        # Spawned: what was compiled or threaded here is no concern there.
        self._context = multiprocessing.get_context("spawn")
        self._at_work: dict[Connection, _At] = {}

    def run(
        self, tasks: Sequence[Any], drawn: Callable[[Any, int], None], say: Callable[[str], None]
    ) -> None:
        """Until all tasks are done. drawn: told of each picture. Whatever ends this ends the processes too."""
        self._waiting = [(task, 1) for task in reversed(tasks)]
        try:
            while self._waiting or self._at_work:
                while self._waiting and len(self._at_work) < self._count:
                    self._hand_out(*self._started())
                for ready in wait(list(self._at_work)):
                    assert isinstance(ready, Connection)
                    self._hear(ready, drawn, say)
        finally:
            for ours, at in self._at_work.items():
                at.process.kill()
                ours.close()
                at.process.join()

    def _started(self) -> tuple[Any, Connection]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(self._begin, theirs), daemon=True)
        with _deaf_to_ctrl_c():
            process.start()
        theirs.close()
        return process, ours

    def _hand_out(self, process: Any, ours: Connection) -> None:
        task, tries = self._waiting.pop()
        self._at_work[ours] = _At(process, task, tries)
        with suppress(*_GONE):  # that it died is heard
            ours.send(task)

    def _hear(self, ours: Connection, drawn: Callable[[Any, int], None], say: Callable[[str], None]) -> None:
        """A count of pictures, None for the end of a task, an error, or nothing because the process died."""
        at = self._at_work[ours]
        try:
            said = ours.recv()
        except _GONE:
            self._bury(ours, say)
            drawn(at.task, 0)
            return
        if isinstance(said, int):
            drawn(at.task, said)
        elif isinstance(said, Exception):
            raise said
        elif self._waiting:
            self._hand_out(at.process, ours)
        else:
            del self._at_work[ours]
            with suppress(*_GONE):
                ours.send(None)
            at.process.join()
            ours.close()

    def _bury(self, ours: Connection, say: Callable[[str], None]) -> None:
        at = self._at_work.pop(ours)
        ours.close()
        at.process.join()
        if at.tries >= _TRIES:
            raise RuntimeError(
                f"the process that made {at.task} died {at.tries} times ({at.process.exitcode})"
            )
        say(f"the process that made {at.task} died ({at.process.exitcode}); {at.task} is made again")
        self._waiting.append((at.task, at.tries + 1))


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Ctrl-C reaches this process, which ends those that are started here; they would each show where they were."""
    resource_tracker.ensure_running()  # which, when it starts, would listen again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(begin: Callable[[], Make], theirs: Connection) -> None:
    """Make the tasks that are named, until none is, or until the one who names them is gone."""
    with suppress(*_GONE):
        try:
            make = begin()
            while (task := theirs.recv()) is not None:
                make(task, theirs.send)
                theirs.send(None)
        except _GONE:
            raise
        except RrbError as error:
            theirs.send(error)
        except Exception as error:
            told = RuntimeError(f"{type(error).__name__}: {error}")
            told.add_note(traceback.format_exc())  # which does not travel with an exception
            theirs.send(told)

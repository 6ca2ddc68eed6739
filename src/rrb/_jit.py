"""The one owner of Numba's settings: where compiled kernels are kept, how many threads run them.

Kernels are sequential, `nogil` functions. What runs in parallel is decided in Python: `run_parallel`
hands independent pieces (images of a batch, bands of rows) to a pool of plain threads. That leaves
Numba's own threading layers out of the process: OpenMP aborts after a fork and `workqueue` aborts when
two Python threads enter it, while plain threads survive both. It also makes the results independent of
the number of threads, because a piece is computed by the same sequential code wherever it runs.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

from rrb.errors import BadInputError

_PACKAGE = Path(__file__).resolve().parent
_KEPT_CACHES = 4


def kernel(**options: Any) -> Callable[[Callable], Callable]:
    """Decorate a kernel: compiled at its first call, without the GIL, kept on disk for the next process."""

    def decorate(function: Callable) -> Callable:
        import numba

        _announce_compilation()
        dispatcher = numba.njit(nogil=True, boundscheck=False, error_model="numpy", **options)(function)
        folder = cache_folder()
        if folder is not None:
            # Numba reads the folder when caching is enabled; other packages' kernels keep their own.
            settings: Any = numba.config
            theirs = settings.CACHE_DIR
            settings.CACHE_DIR = str(folder)
            try:
                dispatcher.enable_caching()
            finally:
                settings.CACHE_DIR = theirs
        return dispatcher

    return decorate


def inline(function: Callable) -> Callable:
    """Decorate a small function that kernels call; LLVM inlines it. It is never called from Python."""
    import numba

    return numba.njit(nogil=True, boundscheck=False, error_model="numpy")(function)


def inline_early(function: Callable) -> Callable:
    """As `inline`, but merged into its caller before compilation.

    For a function of an inner loop that takes arrays: handing an array over costs a reference count, which
    LLVM does not always remove. Measured on the depth test of one row: 2.5 times the whole kernel's time.
    """
    import numba

    return numba.njit(nogil=True, boundscheck=False, error_model="numpy", inline="always")(function)


@lru_cache
def cache_folder() -> Path | None:
    """Where compiled kernels are kept, or None where no folder can be written.

    `RRB_CACHE_DIR`, else `$XDG_CACHE_HOME/rrb`, else `~/.cache/rrb`. Numba's cache does not notice that a
    function called by a kernel has changed, so the folder's name is a hash of all kernel sources.
    """
    try:
        folder = _cache_root() / "kernels" / _sources_hash()
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
        folder.touch()
        _forget_old_caches(folder)
    except (OSError, RuntimeError):  # RuntimeError: there is no home
        return None
    return folder


def _cache_root() -> Path:
    root = os.environ.get("RRB_CACHE_DIR")
    return Path(root) if root else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rrb"


def _sources_hash() -> str:
    digest = hashlib.sha256(f"{sys.version} {version('numba')}".encode())
    for path in [_PACKAGE / "_jit.py", *sorted(_PACKAGE.rglob("_*_kernel.py"))]:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _forget_old_caches(current: Path) -> None:
    """Editing a kernel leaves the old folder behind: keep the few most recent ones."""
    import shutil

    others = sorted((p for p in current.parent.iterdir() if p != current), key=lambda p: p.stat().st_mtime)
    for path in others[: -(_KEPT_CACHES - 1)]:
        shutil.rmtree(path, ignore_errors=True)


# --- "compiling" notice ---------------------------------------------------------------------------


@cache
def _announce_compilation() -> None:
    """Say on stderr when one of our kernels is compiled and how long it took, unless RRB_QUIET is set."""
    from numba.core import event

    class Notice(event.Listener):
        def on_start(self, event: Any) -> None:
            kernel = event.data["dispatcher"].py_func
            if (kernel.__module__ or "").startswith("rrb."):
                if not _started:  # what a kernel calls is compiled inside it: one line for all
                    _say_start(kernel)
                _started.append((kernel, time.perf_counter()))

        def on_end(self, event: Any) -> None:
            if _started and _started[-1][0] is event.data["dispatcher"].py_func:
                _, start = _started.pop()
                if not _started:
                    _say_end(time.perf_counter() - start)

    event.register("numba:compile", Notice())


_started: list[tuple[Callable, float]] = []
_said_why = False


def _say_start(kernel: Callable) -> None:
    global _said_why
    if os.environ.get("RRB_QUIET"):
        return
    why = "" if _said_why else f" once for this machine (kept in {cache_folder()})"
    _said_why = True
    print(f"rrb: compiling {kernel.__name__}{why} ...", end="", file=sys.stderr, flush=True)


def _say_end(seconds: float) -> None:
    if not os.environ.get("RRB_QUIET"):
        print(f" {seconds:.1f} s", file=sys.stderr, flush=True)


# --- threads --------------------------------------------------------------------------------------


def threads() -> int:
    """How many threads kernels may use: `set_threads`, else `RRB_THREADS`, else the cores of this process."""
    return _threads or _default_threads()


def set_threads(n: int) -> None:
    """Use at most `n` threads, at least 1. Results do not depend on it."""
    global _threads
    if not isinstance(n, int) or n < 1:
        raise BadInputError(f"the number of threads is {n!r}; a whole number from 1 is accepted")
    _threads = n


_threads: int | None = None


@cache
def _default_threads() -> int:
    given = os.environ.get("RRB_THREADS")
    if given is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not given.isdigit() or int(given) < 1:
        raise BadInputError(f"RRB_THREADS is {given!r}; a whole number from 1 is accepted")
    return int(given)


@cache
def _pool(most: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(most, thread_name_prefix="rrb")  # starts threads as they are needed


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of its parent's threads

_inside = threading.local()


def run_parallel(piece: Callable[[int], None], count: int) -> None:
    """Call `piece(i)` for i in 0..count-1, in any order, on up to `threads()` threads; the caller's is one.

    Each piece must write where no other does. A piece that itself asks for threads runs alone.
    """
    workers = min(threads(), count)
    if workers <= 1 or getattr(_inside, "busy", False):
        for i in range(count):
            piece(i)
        return
    claim = iter(range(count)).__next__  # atomic under the GIL

    def work() -> None:
        _inside.busy = True
        try:
            while True:
                try:
                    i = claim()
                except StopIteration:
                    return
                piece(i)
        finally:
            _inside.busy = False

    helpers = [_pool(threads() - 1).submit(work) for _ in range(workers - 1)]
    try:
        work()
    finally:
        for helper in helpers:
            helper.result()


def split(count: int, pieces: int) -> Sequence[tuple[int, int]]:
    """Cut range(count) into at most `pieces` contiguous (start, stop), as even as can be."""
    pieces = max(1, min(pieces, count))
    bounds = [count * i // pieces for i in range(pieces + 1)]
    return list(pairwise(bounds))

"""Streams that a data set is read by: shuffled the same way each time, worked on by a few threads in order."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def interleaved(streams: Iterable[Iterator[T]], at_once: int, dice: random.Random) -> Iterator[T]:
    """All of all streams, each time the next of a random one of those that are open, `at_once` or fewer."""
    waiting = iter(streams)
    opened = list(islice(waiting, at_once))
    while opened:
        number = _throw(dice, len(opened))
        try:
            yield next(opened[number])
        except StopIteration:
            opened[number : number + 1] = islice(waiting, 1)


def shuffled(stream: Iterable[T], buffer: int, dice: random.Random) -> Iterator[T]:
    """All of the stream: each time a random one of the next `buffer` that have not been given yet."""
    held: list[T] = []
    for item in stream:
        held.append(item)
        if len(held) >= buffer:
            yield _taken(held, dice)
    while held:
        yield _taken(held, dice)


def _taken(held: list[T], dice: random.Random) -> T:
    """A random one, removed; the last takes its place."""
    number = _throw(dice, len(held))
    held[number], held[-1] = held[-1], held[number]
    return held.pop()


def _throw(dice: random.Random, sides: int) -> int:
    # Of `random` alone Python promises the same numbers for ever.
    return int(dice.random() * sides)


def chunks(stream: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size`; the last may be shorter."""
    items = iter(stream)
    while chunk := list(islice(items, size)):
        yield chunk


def worked_on(items: Iterator[T], work: Callable[[T], R], workers: int) -> Iterator[R]:
    """work(item) of each, in the items' order; at most workers + 1 are begun before they are taken.

    workers: threads, started at the first item; 0 works in the caller's. A stream that is dropped half way, or
    left as it is when the program ends, takes its threads with it.
    """
    if workers == 0:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(workers, "rrb-decode")
    begun: deque[Future[R]] = deque()
    try:
        for item in items:
            begun.append(pool.submit(work, item))
            if len(begun) > workers:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

"""Timing several contenders side by side, so that whatever else the machine does hits them all alike."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import torch

BURST_S = 0.004
SLOW_S = 0.02
PAUSE_S = 0.005


@dataclass(frozen=True)
class Contender:
    """What is timed: backward(forward()), once per call; `images` pictures a call.

    Untimed: `prepare` before each turn tells the contender's library how many threads to use, `before` each
    call sets gradients back to zero, as an optimizer does.
    """

    name: str
    threads: int
    forward: Callable[[], Any]
    backward: Callable[[Any], Any] | None = None
    images: int = 1
    prepare: Callable[[], None] = lambda: None
    before: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Timing:
    """Milliseconds per picture, one entry a round."""

    contender: Contender
    forward_ms: np.ndarray
    backward_ms: np.ndarray

    @property
    def total_ms(self) -> np.ndarray:
        return self.forward_ms + self.backward_ms

    def times(self, other: "Timing") -> float:
        """How many times longer than the other, compared round by round."""
        return float(np.median(self.total_ms / other.total_ms))

    def times_at_best(self, other: "Timing") -> float:
        """The least against the least: far from `times` where the machine was busy and one run was hit more."""
        return float(self.total_ms.min() / other.total_ms.min())


def race(
    contenders: Sequence[Contender], budget_s: float, most_rounds: int = 60, fewest_rounds: int = 5
) -> list[Timing]:
    """Rounds in which each has its turn, until the budget is used or there are enough of them.

    In its turn a contender is called until 4 ms have passed and the median call stands for the round. So that
    nobody pays for whom it follows, the order is shuffled each round, the turn starts after a moment in which
    the other's threads fall asleep, and, unless calls are slow, with one call that is not counted: it fills
    the caches.
    """
    for one in contenders:
        _pin_threads(one)
        for _ in range(2):
            _call(one)
    rounds: list[list[tuple[float, float]]] = []
    shuffled = random.Random(0)
    start = time.perf_counter()
    while len(rounds) < fewest_rounds or (
        len(rounds) < most_rounds and time.perf_counter() - start < budget_s
    ):
        order = shuffled.sample(range(len(contenders)), len(contenders))
        turns = {i: _turn(contenders[i]) for i in order}
        rounds.append([turns[i] for i in range(len(contenders))])
    table = 1000 * np.array(rounds)
    return [
        Timing(one, table[:, i, 0] / one.images, table[:, i, 1] / one.images)
        for i, one in enumerate(contenders)
    ]


def _turn(one: Contender) -> tuple[float, float]:
    """Seconds for forward and backward: the medians over the calls of one turn."""
    _pin_threads(one)
    time.sleep(PAUSE_S)
    calls = [_call(one)]
    if sum(calls[0]) < SLOW_S:
        calls = []
        stop = time.perf_counter() + BURST_S
        while not calls or time.perf_counter() < stop:
            calls.append(_call(one))
    return median(c[0] for c in calls), median(c[1] for c in calls)


def _pin_threads(one: Contender) -> None:
    torch.set_num_threads(one.threads)
    one.prepare()


def _call(one: Contender) -> tuple[float, float]:
    one.before()
    start = time.perf_counter()
    drawn = one.forward()
    middle = time.perf_counter()
    if one.backward is None:
        return middle - start, 0.0
    one.backward(drawn)
    return middle - start, time.perf_counter() - middle

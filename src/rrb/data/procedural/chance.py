"""Choices by chance that read like a table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def pick(random: np.random.Generator, weights: Mapping[str, float]) -> str:
    """One of the names, as often as its weight says."""
    mark = random.random() * sum(weights.values())
    for name, weight in weights.items():
        mark -= weight
        if mark < 0:
            return name
    return [name for name, weight in weights.items() if weight > 0][-1]


def whether(random: np.random.Generator, share: float) -> bool:
    """True in this share of all cases."""
    return bool(random.random() < share)

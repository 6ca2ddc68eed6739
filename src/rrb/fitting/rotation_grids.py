"""Evenly spread directions and rotations to start a search from."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rrb.geometry import rotations
from rrb.geometry.conversions import matrix_from_viewpoint

_GOLDEN = (1 + math.sqrt(5)) / 2
# The two irrational turns of Alexa's super-Fibonacci spirals (CVPR 2022): sqrt 2 and the root of x^4 = x + 4.
_PHI, _PSI = math.sqrt(2), 1.533751168755204288118041


@lru_cache
def directions(count: int) -> NDArray[np.float64]:
    """(count, 3) unit vectors on a Fibonacci spiral."""
    i = np.arange(count) + 0.5
    y, turn = 1 - 2 * i / count, 2 * math.pi * i / _GOLDEN
    level = np.sqrt(1 - y * y)
    return np.stack([level * np.cos(turn), y, level * np.sin(turn)], -1)


@lru_cache
def all_rotations(count: int) -> NDArray[np.float64]:
    """(count, 3, 3) over all rotations."""
    i = np.arange(count) + 0.5
    inner, outer = np.sqrt(i / count), np.sqrt(1 - i / count)
    a, b = 2 * math.pi * i / _PHI, 2 * math.pi * i / _PSI
    quaternions = np.stack([inner * np.sin(a), inner * np.cos(a), outer * np.sin(b), outer * np.cos(b)], -1)
    return rotations.matrix_from_quaternion(quaternions)


@lru_cache
def upright_rotations(azimuths: int, elevations_deg: tuple[float, ...]) -> NDArray[np.float64]:
    """(count, 3, 3): rings of views around an object that stands upright in the image; rolls are 0."""
    a = np.arange(azimuths) * (2 * math.pi / azimuths)
    rings = [
        matrix_from_viewpoint(a + k * math.pi / azimuths * 0.5, np.radians(e), 0.0)
        for k, e in enumerate(elevations_deg)
    ]
    return np.concatenate(rings)

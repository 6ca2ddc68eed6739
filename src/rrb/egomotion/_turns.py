"""Rotations of whole runs, quickly: NumPy alone, where `rrb.geometry` also serves torch and its gradients.

A third of the smoother's time went into the series that keep those gradients finite.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rrb.geometry.rotations import rotation_vector_from_matrix, skew

Floats = NDArray[np.float64]

# |B_2k| / (2k)!, B being the Bernoulli numbers, for k = 1, 2, ...
_SERIES = (1 / 12, 1 / 720, 1 / 30240, 1 / 1209600, 1 / 47900160)
_SMALL = 0.04  # of the squared angle
_FAR = -0.5  # of the angle's cosine


def exp(vectors: Floats) -> Floats:
    """(K, 3, 3) of rotation vectors (K, 3)."""
    share = np.sqrt((vectors**2).sum(-1))[:, None, None] / np.pi
    cross = skew(vectors)
    return np.eye(3) + np.sinc(share) * cross + 0.5 * np.sinc(share / 2) ** 2 * (cross @ cross)


def log(rotations: Floats) -> Floats:
    """(K, 3), at most pi long, of (K, 3, 3)."""
    r = rotations.reshape(-1, 9).T
    sine_axis = 0.5 * np.stack((r[7] - r[5], r[2] - r[6], r[3] - r[1]), 1)
    cosine = 0.5 * (r[0] + r[4] + r[8] - 1)
    sine = np.sqrt((sine_axis**2).sum(1))
    there = sine > 0
    vectors = sine_axis * np.where(there, np.arctan2(sine, cosine) / np.where(there, sine, 1.0), 1.0)[:, None]
    far = cosine < _FAR  # near pi the sine says little of the axis
    if far.any():
        vectors[far] = rotation_vector_from_matrix(rotations[far])
    return vectors


def log_jacobian(vectors: Floats) -> Floats:
    """(K, 3, 3): how log(exp(w) R) changes with w at 0, where log(R) is the vector. Its transpose: log(R exp(w))."""
    square = (vectors**2).sum(-1)[:, None, None]
    half = 0.5 * np.sqrt(np.maximum(square, _SMALL))
    series = np.zeros_like(square)
    for factor in reversed(_SERIES):
        series = factor + square * series
    closed = (1 - half / np.tan(half)) / (4 * half**2)
    cross = skew(vectors)
    return np.eye(3) - 0.5 * cross + np.where(square < _SMALL, series, closed) * (cross @ cross)


def turned(matrices: Floats, vectors: Floats) -> Floats:
    """(K, n, m) times (K, m)."""
    return (matrices @ vectors[..., None])[..., 0]

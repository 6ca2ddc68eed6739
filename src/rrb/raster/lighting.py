"""Light: how bright a matt surface is for a normal. Linear light throughout, in the camera frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.geometry._arrays import is_tensor
from rrb.raster.pixels import alike, like, unit

Light = Callable[[Any], Any]
"""Normals (..., 3), unit, camera frame -> brightness (..., 1) or (..., 3), from 0, in linear light."""


@dataclass(frozen=True)
class DirectionalLight:
    """One light infinitely far away, plus the same amount from everywhere.

    towards_light (3,): from the object to the light in the camera frame (x right, y down, z forward), any
    length. A surface square to the light has brightness ambient + intensity.
    """

    towards_light: Any = (-0.45, -0.75, -0.7)  # above the camera's left shoulder
    intensity: float = 0.7
    ambient: float = 0.3

    def __post_init__(self) -> None:
        if np.shape(self.towards_light) != (3,):
            shape = np.shape(self.towards_light)
            raise BadInputError(f"towards_light has shape {shape}; a direction (3,) is accepted")

    def __call__(self, normals: Any) -> Any:
        towards = self.towards_light
        if not is_tensor(towards):
            towards = np.asarray(towards, np.float64)
        normals, towards = alike(normals, unit(towards))
        facing = (normals * towards).sum(-1)[..., None]
        facing = facing.clamp(min=0) if is_tensor(facing) else np.maximum(facing, 0)
        return like(self.ambient + self.intensity * facing, normals)


@dataclass(frozen=True)
class SphericalHarmonics:
    """Light from all around as real spherical harmonics up to order 2, already folded with the cosine.

    coefficients (9,) or (9, 3) for red, green and blue, of the orthonormal basis in the order
    1, y, z, x, x y, y z, 3 z^2 - 1, x z, x^2 - y^2 (camera frame). Negative brightness is cut to 0.
    """

    coefficients: Any

    def __post_init__(self) -> None:
        shape = tuple(np.shape(self.coefficients))
        if shape not in ((9,), (9, 3)):
            raise BadInputError(f"coefficients have shape {shape}; (9,) or (9, 3) is accepted")

    def __call__(self, normals: Any) -> Any:
        coefficients = self.coefficients
        if not is_tensor(coefficients):
            coefficients = np.asarray(coefficients, np.float64)
        columns = coefficients.reshape(9, -1)
        basis, columns = alike(spherical_harmonics(normals), columns)
        brightness = (basis[..., None] * columns).sum(-2)
        brightness = brightness.clamp(min=0) if is_tensor(brightness) else np.maximum(brightness, 0)
        return like(brightness, normals)


def spherical_harmonics(directions: Any) -> Any:
    """(..., 9): the orthonormal real basis up to order 2 at unit directions (..., 3)."""
    x, y, z = directions[..., 0], directions[..., 1], directions[..., 2]
    first = math.sqrt(3 / (4 * math.pi))
    second = math.sqrt(15 / (4 * math.pi))
    rows = [
        0 * x + math.sqrt(1 / (4 * math.pi)),
        first * y,
        first * z,
        first * x,
        second * x * y,
        second * y * z,
        math.sqrt(5 / (16 * math.pi)) * (3 * z * z - 1),
        second * x * z,
        second / 2 * (x * x - y * y),
    ]
    if is_tensor(x):
        import torch

        return torch.stack(rows, -1)
    return np.stack(rows, -1)

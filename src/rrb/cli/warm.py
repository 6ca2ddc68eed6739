"""Calls that between them run every kernel once in each precision, so that all are compiled and kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

SIZE = (8, 8)
CORNERS = np.array([[1.0, 1, 2], [7, 1, 2], [1, 7, 3], [4, 4, 4]])
FACES = np.array([[0, 1, 2], [0, 3, 1], [1, 3, 2], [2, 3, 0]])


def _rasterize(dtype: str) -> None:
    import torch

    from rrb.raster.fragments import rasterize

    vertices = torch.from_numpy(CORNERS.astype(dtype)).requires_grad_()
    seen = rasterize(vertices, FACES, SIZE)
    (seen.barycentric[..., 0] * seen.inverse_depth).sum().backward()


def _silhouette(approximation: str, dtype: str, **knobs: bool) -> None:
    import torch

    from rrb.raster.approximations import silhouette

    vertices = torch.from_numpy(CORNERS.astype(dtype)).requires_grad_()
    silhouette(vertices, FACES, SIZE, approximation=approximation, **knobs).square().sum().backward()


def _winding() -> None:
    from rrb.geometry.winding import is_inside_grid, winding_number

    points = CORNERS.mean(0, keepdims=True)
    for faces in (FACES, FACES[:2]):  # closed and open take different kernels
        winding_number(points, CORNERS, faces)
        is_inside_grid(CORNERS, faces, CORNERS.min(0), 1.0, (4, 4, 4))


def _steps() -> list[tuple[str, Callable[[], None]]]:
    from rrb.raster.approximations import APPROXIMATIONS

    steps: list[tuple[str, Callable[[], None]]] = []
    for dtype in ("float32", "float64"):
        steps.append((f"fragments {dtype}", partial(_rasterize, dtype)))
        steps += [(f"{name} {dtype}", partial(_silhouette, name, dtype)) for name in APPROXIMATIONS]
        steps.append((f"kato per face {dtype}", partial(_silhouette, "kato", dtype, per_face=True)))
    return [*steps, ("winding number", _winding)]


STEPS = _steps()

"""Which approximations there are, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from rrb.errors import BadInputError
from rrb.raster.approximations import antialias, kato, palazzi, softras

APPROXIMATIONS: dict[str, Callable[..., Any]] = {
    "antialias": antialias.silhouette,
    "kato": kato.silhouette,
    "softras": softras.silhouette,
    "palazzi": palazzi.silhouette,
}


def silhouette(
    vertices_px: Any, faces: Any, size: tuple[int, int], *, approximation: str = "antialias", **knobs: Any
) -> Any:
    """The silhouette (..., H, W) of vertices_px (..., V, 3), differentiable where they are a torch tensor.

    x, y in pixels, (0, 0) the outer corner of the first pixel; z the camera depth. faces (F, 3), or
    (..., F, 3) with one list an image, padded with rows of -1. size (height, width). `approximation` names
    the backward pass (and for two of them another forward pass); `knobs` are its own, and an unknown one is
    refused. float32 and float64 are accepted and returned.
    """
    draw = APPROXIMATIONS.get(approximation)
    if draw is None:
        raise BadInputError(
            f"approximation is {approximation!r}; one of {', '.join(APPROXIMATIONS)} is accepted"
        )
    if knobs:
        accepted = [p.name for p in inspect.signature(draw).parameters.values() if p.kind is p.KEYWORD_ONLY]
        unknown = sorted(set(knobs) - set(accepted))
        if unknown:
            raise BadInputError(
                f"{approximation} has no knob {unknown[0]!r}; {', '.join(accepted)} are accepted"
            )
    return draw(vertices_px, faces, size, **knobs)

"""The torch half of `_silhouette`, apart so that arrays need no torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from rrb.raster._inputs import Scene
from rrb.raster.approximations._silhouette import Backward, Draw


class Silhouette(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, vertices_px: torch.Tensor, given: Scene, draw: Draw, backward: Backward, sums: Any
    ) -> torch.Tensor:
        image, ctx.saved = draw(given)
        out = torch.from_numpy(given.batched(image))
        ctx.given, ctx.backward_pass, ctx.sums = given, backward, sums
        ctx.save_for_backward(vertices_px, out)  # so that an edit in place of either is noticed
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        given, image = ctx.given, ctx.saved_tensors[1]
        grad_vertices = np.zeros(given.vertices.shape, ctx.sums)
        ctx.backward_pass(
            given, given.flat(image.numpy()), ctx.saved, given.flat(grad.numpy()), grad_vertices
        )
        like_input = grad_vertices.astype(given.vertices.dtype, copy=False)
        return torch.from_numpy(given.batched(like_input)), None, None, None, None

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
        ctx: Any, vertices_px: torch.Tensor, given: Scene, draw: Draw, backward: Backward
    ) -> torch.Tensor:
        image, ctx.saved = draw(given)
        out = torch.from_numpy(image)
        ctx.given, ctx.backward_pass, ctx.shape = given, backward, vertices_px.shape
        ctx.save_for_backward(vertices_px, out)  # so that an edit in place of either is noticed
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        _, image = ctx.saved_tensors
        grad_vertices = np.zeros(ctx.given.vertices.shape)
        grad_image = np.ascontiguousarray(grad.numpy())
        ctx.backward_pass(ctx.given, image.numpy(), ctx.saved, grad_image, grad_vertices)
        like_input = grad_vertices.astype(ctx.given.vertices.dtype, copy=False)
        return torch.from_numpy(like_input).view(ctx.shape), None, None, None

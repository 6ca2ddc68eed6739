"""The derivative of fragments with respect to the vertices, for torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from rrb.raster._inputs import Scene
from rrb.raster.fragments import draw


class Locate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, vertices_px: torch.Tensor, given: Scene) -> tuple[torch.Tensor, ...]:
        face_index, barycentric, inverse_depth = (torch.from_numpy(a) for a in draw(given))
        ctx.given, ctx.shape = given, vertices_px.shape
        ctx.save_for_backward(face_index)
        ctx.mark_non_differentiable(face_index)
        return face_index, barycentric, inverse_depth

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, _: None, grad_barycentric: torch.Tensor, grad_inverse_depth: torch.Tensor
    ) -> tuple[torch.Tensor, None]:
        from rrb.raster._fragments_kernel import locate_backward

        given = ctx.given
        (face_index,) = (t.numpy() for t in ctx.saved_tensors)
        grads = [np.ascontiguousarray(g.numpy()) for g in (grad_barycentric, grad_inverse_depth)]
        grad_vertices = np.zeros_like(given.vertices)

        def image(i: int) -> None:
            faces = given.topologies[i].faces
            locate_backward(given.vertices[i], faces, face_index[i], *(g[i] for g in grads), grad_vertices[i])

        given.for_each_image(image)
        return torch.from_numpy(grad_vertices).view(ctx.shape), None

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
        face_index, barycentric, inverse_depth = (torch.from_numpy(given.batched(a)) for a in draw(given))
        ctx.given = given
        ctx.save_for_backward(vertices_px, face_index)  # so that an edit of the vertices in place is noticed
        ctx.mark_non_differentiable(face_index)
        return face_index, barycentric, inverse_depth

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, _: None, grad_barycentric: torch.Tensor, grad_inverse_depth: torch.Tensor
    ) -> tuple[torch.Tensor, None]:
        from rrb.raster._fragments_kernel import locate_backward

        given = ctx.given
        face_index = given.flat(ctx.saved_tensors[1].numpy())
        grads = [given.flat(g.numpy()) for g in (grad_barycentric, grad_inverse_depth)]
        grad_vertices = np.zeros(given.vertices.shape)

        def band(i: int, row_from: int, row_to: int, grad: np.ndarray) -> None:
            mesh = given.vertices[i], given.topologies[i].faces
            locate_backward(*mesh, row_from, row_to, face_index[i], *(g[i] for g in grads), grad)

        given.add_up(band, given.height, grad_vertices)
        like_input = grad_vertices.astype(given.vertices.dtype, copy=False)
        return torch.from_numpy(given.batched(like_input)), None

"""`Field`: a trained decoder with one code, as a function of points. What the code decides is worked out once."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from rrb.networks.occupancy import ConditionedBlock, OccupancyNetwork, waves

_AT_ONCE = 4096  # points: what is worked on stays in a core's cache


class Field:
    """Logits of being inside, at points of the canonical frame: the box's middle is 0, its longest side 1.

    The same as `OccupancyNetwork.decode`, with each conditioned normalisation folded into the layer before it.
    """

    def __init__(self, network: OccupancyNetwork, code: Tensor, extents: Tensor) -> None:
        """code (code,), extents (3,): of one of `Codes`."""
        self.network, self.code, self.extents = network, code, extents
        decoder = network.decoder
        self._first = decoder.first
        self._blocks = []
        one = code[None]
        for block in decoder.blocks:
            assert isinstance(block, ConditionedBlock)
            factor, summand = (t[0] for t in block.first_norm.affine(one))
            second, shift = (t[0] for t in block.second_norm.affine(one))
            weight = block.first.weight * second[:, None]
            bias = block.first.bias * second + shift
            self._blocks.append((factor, summand, weight, bias, block.second))
        self._last_norm = tuple(t[0] for t in decoder.norm.affine(one))
        self._last = decoder.last

    def __call__(self, points: NDArray[Any]) -> NDArray[np.float32]:
        """(N, 3) -> (N,)."""
        given = torch.from_numpy(np.ascontiguousarray(points, np.float32))
        answers = torch.empty(len(given))
        with torch.no_grad():
            for first in range(0, len(given), _AT_ONCE):
                part = slice(first, first + _AT_ONCE)
                answers[part] = self.logits(given[part] / self.extents)
        return answers.numpy()

    def logits(self, points: Tensor) -> Tensor:
        """(N, 3) in coordinates of the box -> (N,); differentiable by the points."""
        x = self._first(waves(points, self.network.config.frequencies))
        for factor, summand, weight, bias, second in self._blocks:
            y = torch.addcmul(summand, x, factor).relu()
            x = x + second(functional.linear(y, weight, bias).relu())
        factor, summand = self._last_norm
        return self._last(torch.addcmul(summand, x, factor).relu())[:, 0]

    def with_gradient(self, points: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Logits (N,) and their gradient (N, 3) at points (N, 3) of the canonical frame."""
        given = torch.from_numpy(np.ascontiguousarray(points, np.float32)).requires_grad_()
        with torch.enable_grad():
            values = self.logits(given / self.extents)
            (gradient,) = torch.autograd.grad(values.sum(), given)
        return values.detach().double().numpy(), gradient.double().numpy()

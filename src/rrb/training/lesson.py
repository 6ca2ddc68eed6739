"""What is learned: a network, what it is shown, and its loss. One file each beside this one.

A lesson makes tensors of a batch (`prepare`), by chance where it trains, and a loss of those. It never reads files:
batches come to it, with the attributes of `rrb.data`'s `Batch`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Inputs = dict[str, Tensor]


class Lesson(nn.Module, ABC):
    name: ClassVar[str]  # of the network in `build.SIZES`
    fields: ClassVar[tuple[str, ...]]  # of a batch that it reads
    looks_at: ClassVar[str] = "val"  # the split that it is judged on
    better: ClassVar[
        tuple[str, int]
    ]  # the figure that says which checkpoint is best, and +1 if more is better

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network: Any = network

    @abstractmethod
    def prepare(self, batch: Any, random: torch.Generator | None) -> Inputs:
        """Tensors of a batch, varied by chance; as they are without `random`."""

    @abstractmethod
    def forward(self, inputs: Inputs) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss to descend, and its parts."""

    @abstractmethod
    def judge(self, inputs: Inputs) -> dict[str, Tensor]:
        """Figures (B,) of each sample, for validation; NaN where a sample has none."""

    @abstractmethod
    def tiles(self, inputs: Inputs) -> list[NDArray[Any]]:
        """A picture (h, w, 3) uint8 of some samples: what was shown and what was answered."""

    def complete(self, batches: Iterable[Any]) -> bool:
        """Work out, of batches in the order of their files, what the network holds beside its weights, if anything."""
        return False

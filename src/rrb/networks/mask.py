"""`MaskNetwork`: which pixels show the object. A small U-Net (Ronneberger et al.).

Four by four pixels are one place from the beginning, and the last layer answers for all sixteen of a place: what a
laptop spends on whole pictures goes into what is seen instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from rrb.networks.encoder import Block

_PLACE = 4  # pixels along a side


@dataclass(frozen=True)
class MaskConfig:
    size_px: int = 128
    widths: tuple[int, ...] = (48, 96, 192, 288)  # at 1/4, 1/8, 1/16 and so on of the resolution


class MaskNetwork(nn.Module):
    """(B, 3, S, S) in [-1, 1] -> logits (B, S, S)."""

    def __init__(self, config: MaskConfig) -> None:
        super().__init__()
        self.config = config
        first, *rest = config.widths
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(_PLACE),
            nn.Conv2d(3 * _PLACE**2, first, 3, 1, 1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
        )
        self.down = nn.ModuleList()
        width = first
        for wide in rest:
            self.down.append(Block(width, wide, 2))
            width = wide
        # The coarsest stage sees all of the picture at once: what is the object, what only stands beside.
        self.whole = nn.Linear(width, width)
        self.up = nn.ModuleList()
        for wide in reversed(config.widths[:-1]):
            self.up.append(Join(width, wide))
            width = wide
        self.last = nn.Conv2d(width, _PLACE**2, 3, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        x = self.stem(images)
        stages = [x]
        for block in self.down:
            x = block(x)
            stages.append(x)
        x = x + self.whole(x.mean((2, 3)))[:, :, None, None]
        for join, finer in zip(self.up, reversed(stages[:-1]), strict=True):
            x = join(x, finer)
        return functional.pixel_shuffle(self.last(x), _PLACE)[:, 0]


class Join(nn.Module):
    """A coarse stage, enlarged, with the finer one beside it."""

    def __init__(self, width: int, wide: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(width, wide, 1, bias=False)
        self.both = nn.Conv2d(2 * wide, wide, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(wide)

    def forward(self, coarse: Tensor, finer: Tensor) -> Tensor:
        enlarged = functional.interpolate(self.narrow(coarse), scale_factor=2.0, mode="nearest")
        return self.norm(self.both(torch.cat([enlarged, finer], 1))).relu()


def mask_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy, and one minus the soft overlap, each a mean over B; (B, S, S)."""
    logits = logits.float()
    entropy = functional.binary_cross_entropy_with_logits(logits, mask)
    inside = logits.sigmoid()
    both = (inside * mask).sum((1, 2))
    either = (inside + mask - inside * mask).sum((1, 2))
    return entropy + 0.3 * (1 - (both + 1) / (either + 1)).mean()

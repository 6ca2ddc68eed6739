"""`OccupancyNetwork`: which points lie inside of the object of a picture (Mescheder et al., RRB's reference [24]).

An encoder makes a code of the crop; a decoder of residual blocks, whose batch normalisation is conditioned on the code,
says of any point whether it is inside. Ours asks in the coordinates of the object's box, [-0.5, 0.5] along each side,
and has the sides' lengths as three more outputs: thin legs then cost no extent, and what is known of proportions stands
in two numbers that a fit can move. `paper` in `build.SIZES` has the authors' sizes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from rrb.networks.categories import CATEGORIES
from rrb.networks.encoder import SMALL, Encoder, EncoderConfig

MODES = 12  # of the shape, that a fit may move


@dataclass(frozen=True)
class OccupancyConfig:
    encoder: EncoderConfig = field(default_factory=lambda: SMALL)
    code: int = 128
    width: int = 128  # of the decoder
    blocks: int = 3
    frequencies: int = 5  # of sines and cosines beside a point's coordinates


@dataclass(frozen=True, eq=False)
class Codes:
    """What the encoder says of B crops."""

    code: Tensor  # (B, code)
    log_extents: Tensor  # (B, 3): logarithms of the box's sides along x, y, z, of which the longest is 1

    @property
    def extents(self) -> Tensor:
        return self.log_extents.exp()


class OccupancyNetwork(nn.Module):
    code_modes: Tensor
    side_modes: Tensor

    def __init__(self, config: OccupancyConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config.encoder)
        features = config.encoder.features
        self.to_code = nn.Linear(features, config.code)
        self.to_extents = nn.Linear(features, 3)
        self.category = nn.Embedding(len(CATEGORIES), features)
        nn.init.normal_(self.category.weight, std=0.1)
        self.decoder = Decoder(config)
        # What the encoder does not know: one standard deviation of code and log_extents along each mode.
        self.register_buffer("code_modes", torch.zeros(MODES, config.code))
        self.register_buffer("side_modes", torch.zeros(MODES, 3))

    def encode(self, crops: Tensor, category: Tensor) -> Codes:
        """crops (B, 4, S, S) of `crops.object_alone`; category (B,): places in CATEGORIES."""
        features = (self.encoder(crops) + self.category(category)).relu()
        logs = self.to_extents(features).float()
        return Codes(self.to_code(features), logs - logs.amax(-1, keepdim=True))

    def decode(self, points: Tensor, code: Tensor) -> Tensor:
        """Logits (B, N) of being inside; points (B, N, 3) in coordinates of the box, y up, front towards -z."""
        return self.decoder(points, code)


class Decoder(nn.Module):
    def __init__(self, config: OccupancyConfig) -> None:
        super().__init__()
        self.frequencies = config.frequencies
        self.first = nn.Linear(3 + 6 * config.frequencies, config.width)
        self.blocks = nn.ModuleList(ConditionedBlock(config.width, config.code) for _ in range(config.blocks))
        self.norm = ConditionedNorm(config.width, config.code)
        self.last = nn.Linear(config.width, 1)

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        x = self.first(waves(points, self.frequencies))
        for block in self.blocks:
            x = block(x, code)
        return self.last(self.norm(x, code).relu())[..., 0]


class ConditionedBlock(nn.Module):
    def __init__(self, width: int, code: int) -> None:
        super().__init__()
        self.first_norm = ConditionedNorm(width, code)
        self.first = nn.Linear(width, width)
        self.second_norm = ConditionedNorm(width, code)
        self.second = nn.Linear(width, width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        y = self.first(self.first_norm(x, code).relu())
        return x + self.second(self.second_norm(y, code).relu())


class ConditionedNorm(nn.Module):
    """Batch normalisation whose scale and shift follow from the code."""

    def __init__(self, width: int, code: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width, affine=False)
        self.scale = nn.Linear(code, width)
        self.shift = nn.Linear(code, width)
        for layer, start in ((self.scale, 1.0), (self.shift, 0.0)):
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, start)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        normed = self.norm(x.flatten(0, 1)).view_as(x)
        return torch.addcmul(self.shift(code)[:, None], normed, self.scale(code)[:, None])

    def affine(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """Of a trained one: factor and summand (B, width) with which it does the same."""
        assert self.norm.running_mean is not None
        assert self.norm.running_var is not None
        factor = self.scale(code) / torch.sqrt(self.norm.running_var + self.norm.eps)
        return factor, self.shift(code) - factor * self.norm.running_mean


def waves(points: Tensor, frequencies: int) -> Tensor:
    """(..., 3) -> (..., 3 + 6 n): a point and the sines and cosines of its coordinates, up to 2^(n-1) to the box."""
    if not frequencies:
        return points
    turns = 2 * math.pi * 2.0 ** torch.arange(frequencies, dtype=points.dtype, device=points.device)
    angles = (points[..., None] * turns).flatten(-2)
    return torch.cat([points, angles.sin(), angles.cos()], -1)


def occupancy_loss(logits: Tensor, inside: Tensor) -> Tensor:
    """Mean cross-entropy of (B, N) logits and labels."""
    return functional.binary_cross_entropy_with_logits(logits.float(), inside.float())

"""`ViewpointNetwork`: from where an object is seen, as distributions (Su et al., Render for CNN, RRB's reference [41]).

Azimuth, elevation and roll each have a distribution over bins of a degree. The loss is geometry-aware: a bin near the
true angle is nearly right. An object that looks the same after a turn has as many true azimuths. Several modes survive
that way, and become the hypotheses of a fit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from rrb.networks.categories import CATEGORIES
from rrb.networks.encoder import SMALL, Encoder, EncoderConfig

BIN_DEG = 1.0
AZIMUTHS, ELEVATIONS, ROLLS = 360, 180, 360  # bins; elevation from -90, the others from -180
SPREAD_DEG = (6.0, 3.0, 3.0)  # of the loss: how far a bin counts as nearly right
_SMOOTH_DEG = 4.0
_APART_DEG = 20.0


@dataclass(frozen=True)
class ViewpointConfig:
    encoder: EncoderConfig = field(default_factory=lambda: SMALL)


class Views(NamedTuple):
    """Logits of B crops."""

    azimuth: Tensor  # (B, 360): of bins of a degree from -180
    elevation: Tensor  # (B, 180): from -90
    roll: Tensor  # (B, 360): from -180
    category: Tensor  # (B, categories)


class ViewpointNetwork(nn.Module):
    def __init__(self, config: ViewpointConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config.encoder)
        features = config.encoder.features
        self.heads = nn.ModuleList(
            nn.Linear(features, count) for count in (AZIMUTHS, ELEVATIONS, ROLLS, len(CATEGORIES))
        )

    def forward(self, crops: Tensor) -> Views:
        """crops (B, 4, S, S) of `crops.object_alone`."""
        features = self.encoder(crops).relu()
        return Views(*(head(features).float() for head in self.heads))


@dataclass(frozen=True)
class Mode:
    """One of the views that a picture may show."""

    azimuth_deg: float
    elevation_deg: float
    roll_deg: float
    weight: float  # share of the azimuth's distribution around this mode
    deviation_deg: tuple[float, float, float]  # of azimuth around this mode, elevation, roll


# --- learning ---------------------------------------------------------------------------------------


def view_loss(
    views: Views, azimuth_deg: Tensor, elevation_deg: Tensor, roll_deg: Tensor, folds: Tensor
) -> Tensor:
    """Sum of the three angles' cross-entropies with soft targets, mean over B.

    folds (B,): as `Turns.folds`; -1, where nobody said them, and 0 leave the azimuth out.
    """
    says = folds > 0
    period = 360.0 / folds.clamp(min=1)
    target = soft_target(azimuth_deg, -180.0, AZIMUTHS, SPREAD_DEG[0], period)
    azimuth = (_cross_entropy(views.azimuth, target) * says).sum() / says.sum().clamp(min=1)
    e = soft_target(elevation_deg, -90.0, ELEVATIONS, SPREAD_DEG[1])
    r = soft_target(roll_deg, -180.0, ROLLS, SPREAD_DEG[2], torch.full_like(roll_deg, 360.0))
    return azimuth + (_cross_entropy(views.elevation, e) + _cross_entropy(views.roll, r)).mean()


def soft_target(
    angle_deg: Tensor, first_deg: float, count: int, spread_deg: float, period_deg: Tensor | None = None
) -> Tensor:
    """(B, count), of sum 1: exp(-distance / spread) of each bin, distances modulo the period (B,) if there is one."""
    middles = first_deg + BIN_DEG * (torch.arange(count, device=angle_deg.device) + 0.5)
    apart = middles - angle_deg[:, None]
    if period_deg is not None:
        period = period_deg[:, None]
        apart = torch.remainder(apart + period / 2, period) - period / 2
    weights = torch.exp(-apart.abs() / spread_deg)
    return weights / weights.sum(1, keepdim=True)


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    return -(target * functional.log_softmax(logits, 1)).sum(1)


# --- reading ----------------------------------------------------------------------------------------


def modes(views: Views, index: int = 0, most: int = 4, least_weight: float = 0.03) -> list[Mode]:
    """The distinct azimuths of one crop, the likeliest first, each with the elevation and the roll."""
    azimuth, elevation, roll = (_shares(logits[index]) for logits in views[:3])
    e, e_spread = _around(elevation, int(_smoothed(elevation, False).argmax()), -90.0, False)
    r, r_spread = _around(roll, int(_smoothed(roll, True).argmax()), -180.0, True)
    found: list[Mode] = []
    smooth = _smoothed(azimuth, True)
    free = np.ones(len(smooth), np.bool_)
    while free.any() and len(found) < most:
        peak = int(np.where(free, smooth, -1).argmax())
        near = _circular(np.arange(len(smooth)) - peak, len(smooth)) <= _APART_DEG / BIN_DEG
        weight = float(azimuth[near & free].sum())
        if found and weight < least_weight:
            break
        if smooth[peak] < max(smooth[peak - 1], smooth[(peak + 1) % len(smooth)]):
            free[peak] = False  # the slope of a mode that was taken
            continue
        a, a_spread = _around(azimuth, peak, -180.0, True)
        found.append(Mode(a, e, r, weight, (a_spread, e_spread, r_spread)))
        free &= ~near
    return sorted(found, key=lambda mode: -mode.weight)


def unmirrored(views: Views) -> Views:
    """What is said of mirrored crops, as of the crops themselves."""
    return Views(views.azimuth.flip(1), views.elevation, views.roll.flip(1), views.category)


def agreed(*several: Views) -> Views:
    """One crop's views, of all that is said of several looks at it: the mean of the distributions."""
    joined = (torch.cat(parts) for parts in zip(*several, strict=True))
    return Views(*(torch.softmax(logits, 1).mean(0, keepdim=True).log() for logits in joined))


def viewed(network: Any, looks: Tensor, mirrors: bool = True) -> Views:
    """What all looks (N, 4, S, S) at one object, and their mirror images, agree on."""
    with torch.no_grad():
        said = network(looks)
        return agreed(said, unmirrored(network(looks.flip(3)))) if mirrors else agreed(said)


def category_shares(views: Views, index: int = 0) -> dict[str, float]:
    return dict(zip(CATEGORIES, map(float, _shares(views.category[index])), strict=True))


def _shares(logits: Tensor) -> NDArray[np.float64]:
    return torch.softmax(logits.detach().double().cpu(), -1).numpy()


def _smoothed(shares: NDArray[np.float64], around: bool) -> NDArray[np.float64]:
    reach = int(3 * _SMOOTH_DEG / BIN_DEG)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * BIN_DEG / _SMOOTH_DEG) ** 2)
    padded = np.pad(shares, reach, mode="wrap" if around else "constant")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


def _around(shares: NDArray[np.float64], peak: int, first_deg: float, around: bool) -> tuple[float, float]:
    """Mean and deviation in degrees of what lies near a peak."""
    steps: NDArray[np.int64] = np.arange(len(shares)) - peak
    if around:
        half = len(shares) // 2
        steps = (steps + half) % len(shares) - half
    near = np.abs(steps) <= _APART_DEG / BIN_DEG
    weights = np.where(near, shares, 0.0)
    weights = weights / max(weights.sum(), 1e-12)
    mean = float(weights @ steps)
    deviation = math.sqrt(max(float(weights @ (steps - mean) ** 2), 1e-12))
    degrees = first_deg + BIN_DEG * (peak + 0.5 + mean)
    if around:
        degrees = (degrees + 180.0) % 360.0 - 180.0
    return degrees, deviation * BIN_DEG


def _circular(steps: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.abs((steps + count // 2) % count - count // 2)

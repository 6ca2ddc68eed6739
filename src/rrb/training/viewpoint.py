"""Learning from where an object is seen, and what it is."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from rrb.networks.viewpoint import modes, view_loss
from rrb.training.lesson import Inputs, Lesson
from rrb.training.seen import categories, object_crops, tile, viewpoints

_CATEGORY = 0.3  # weight of the category's cross-entropy


class ViewpointLesson(Lesson):
    name: ClassVar[str] = "viewpoint"
    fields: ClassVar[tuple[str, ...]] = ("image", "mask", "camera", "camera_from_object")
    better: ClassVar[tuple[str, int]] = ("rotation_deg", -1)

    def prepare(self, batch: Any, random: torch.Generator | None) -> Inputs:
        crops, mirrored = object_crops(batch, self.network.config.encoder.size_px, random)
        azimuth, elevation, roll = viewpoints(batch, mirrored)
        return {
            "crops": crops,
            "category": categories(batch),
            "azimuth_deg": azimuth,
            "elevation_deg": elevation,
            "roll_deg": roll,
            "folds": torch.from_numpy(batch.turns),
        }

    def forward(self, inputs: Inputs) -> tuple[Tensor, dict[str, Tensor]]:
        views = self.network(inputs["crops"])
        angles = view_loss(
            views, inputs["azimuth_deg"], inputs["elevation_deg"], inputs["roll_deg"], inputs["folds"]
        )
        known = (inputs["category"] >= 0).sum().clamp(min=1)  # a batch may have none that is known
        category = (
            functional.cross_entropy(views.category, inputs["category"], ignore_index=-1, reduction="sum")
            / known
        )
        return angles + _CATEGORY * category, {"angles": angles, "category": category}

    def judge(self, inputs: Inputs) -> dict[str, Tensor]:
        views = self.network(inputs["crops"])
        first = [modes(views, k)[0] for k in range(len(views.azimuth))]
        found = torch.tensor([(m.azimuth_deg, m.elevation_deg, m.roll_deg) for m in first])
        folds = inputs["folds"].cpu()
        period = 360.0 / folds.clamp(min=1)
        azimuth = _off(found[:, 0] - inputs["azimuth_deg"].cpu(), period)
        azimuth = torch.where(folds > 0, azimuth, math.nan)
        elevation = (found[:, 1] - inputs["elevation_deg"].cpu()).abs()
        return {
            "azimuth_deg": azimuth,
            "elevation_deg": elevation,
            "roll_deg": _off(found[:, 2] - inputs["roll_deg"].cpu(), torch.tensor(360.0)),
            "rotation_deg": torch.nan_to_num(azimuth) + elevation,
            "category": (views.category.argmax(1).cpu() == inputs["category"].cpu()).float(),
        }

    def tiles(self, inputs: Inputs) -> list[NDArray[Any]]:
        """The crop above the azimuth's distribution, the true azimuth in green."""
        views = self.network(inputs["crops"])
        size = inputs["crops"].shape[-1]
        made = []
        for k in range(len(views.azimuth)):
            shares = torch.softmax(views.azimuth[k], 0).cpu().numpy()
            made.append(np.concatenate([_bytes(tile(inputs["crops"], k)), _chart(shares, inputs, k, size)]))
        return made


def _chart(shares: NDArray[Any], inputs: Inputs, k: int, width: int) -> NDArray[np.uint8]:
    height = 32
    columns = np.add.reduceat(shares, np.arange(width) * len(shares) // width)
    tall = height * columns / max(columns.max(), 1e-9)
    chart = np.full((height, width, 3), 255, np.uint8)
    chart[np.arange(height)[:, None] >= height - tall[None]] = (70, 70, 90)
    true = int((float(inputs["azimuth_deg"][k]) + 180) / 360 * width) % width
    chart[:, true] = (0, 160, 0)
    return chart


def _bytes(picture: Tensor) -> NDArray[np.uint8]:
    return (255 * picture.float().cpu()).round().byte().numpy()


def _off(difference_deg: Tensor, period_deg: Tensor) -> Tensor:
    return (torch.remainder(difference_deg + period_deg / 2, period_deg) - period_deg / 2).abs()

"""Learning what codes of shapes mean: each mesh of the training data has one (`shape_space`), no picture is seen."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from rrb.networks.occupancy import occupancy_loss
from rrb.networks.shapes import ShapeCodes
from rrb.training.lesson import Inputs, Lesson
from rrb.training.seen import extents_m

_POINTS = 128
_NOISE = 0.15  # of a code's deviation, added: near codes are near shapes, and an encoder is never quite right


class ShapesLesson(Lesson):
    name: ClassVar[str] = "shapes"
    fields: ClassVar[tuple[str, ...]] = ("points",)
    looks_at: ClassVar[str] = "train"  # no other mesh has a code
    better: ClassVar[tuple[str, int]] = ("point_iou", 1)

    def __init__(self, network: ShapeCodes, names: list[str], codes: Tensor) -> None:
        """names, codes (N, code): of all meshes that will be seen."""
        super().__init__(network.knowing(codes))
        self.rows = {name: row for row, name in enumerate(names)}
        self.noise = _NOISE * codes.std(0)

    def prepare(self, batch: Any, random: torch.Generator | None) -> Inputs:
        extents = extents_m(batch)
        rows = torch.tensor([self.rows.get(name, -1) for name in batch.mesh_ids])
        count = batch.points.shape[1]
        chosen = torch.arange(count)
        noise = torch.zeros(len(rows), self.network.config.code)
        if random is not None:
            chosen = torch.randperm(count, generator=random)[:_POINTS]
            noise = self.noise * torch.randn(noise.shape, generator=random)
        return {
            "rows": rows.clamp(min=0),
            "known": rows >= 0,
            "noise": noise,
            "points": torch.from_numpy(batch.points[:, chosen.numpy()]).float() / extents[:, None],
            "inside": torch.from_numpy(batch.inside[:, chosen.numpy()]),
        }

    def forward(self, inputs: Inputs) -> tuple[Tensor, dict[str, Tensor]]:
        codes = self.network.codes(inputs["rows"])
        labels = occupancy_loss(self.network(inputs["points"], codes + inputs["noise"]), inputs["inside"])
        return labels, {}

    def judge(self, inputs: Inputs) -> dict[str, Tensor]:
        """On meshes that are known: there is no code for others."""
        found = self.network(inputs["points"], self.network.codes(inputs["rows"])) > 0
        inside = inputs["inside"]
        both, either = (found & inside).sum(1), (found | inside).sum(1)
        return {"point_iou": torch.where(inputs["known"], both / either.clamp(min=1), torch.nan)}

    def tiles(self, inputs: Inputs) -> list[NDArray[Any]]:
        return []

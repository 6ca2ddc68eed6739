"""`ShapeCodes`: the shape network's decoder with a code for each known mesh, in the encoder's place.

Learned first, without pictures: what a code means is settled in minutes, and the encoder is then taught codes instead
of having to find out, through points alone, what there is to say about a shape.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rrb.networks.occupancy import Decoder, OccupancyConfig


class ShapeCodes(nn.Module):
    def __init__(self, config: OccupancyConfig, count: int = 1) -> None:
        super().__init__()
        self.config = config
        self.decoder = Decoder(config)
        self.codes = nn.Embedding(count, config.code)

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        return self.decoder(points, code)

    def knowing(self, codes: Tensor) -> ShapeCodes:
        """The same with these codes (N, code), which training leaves as they are."""
        self.codes = nn.Embedding.from_pretrained(codes.clone(), freeze=True)
        return self


class Teacher:
    """Trained codes by the mesh's name, on a scale on which their mean square is 1."""

    def __init__(self, names: list[str], codes: Tensor) -> None:
        self.rows = {name: row for row, name in enumerate(names)}
        self.codes = codes
        self.scale = float((codes - codes.mean(0)).square().mean().sqrt())

    def targets(self, names: tuple[str, ...]) -> tuple[Tensor, Tensor]:
        """Codes (B, code), and which meshes are known (B,)."""
        rows = [self.rows.get(name, -1) for name in names]
        known = torch.tensor([row >= 0 for row in rows])
        return self.codes[torch.tensor(rows).clamp(min=0)], known

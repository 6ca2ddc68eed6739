"""Learning which pixels show the object, from whole pictures and from closer looks."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from rrb.networks.crops import boxes_of, crops_around, sampled
from rrb.networks.mask import mask_loss
from rrb.training.lesson import Inputs, Lesson
from rrb.training.seen import pictures, toned

_NEARER = (
    0.5  # share of the pictures that are looked at more closely, as the second look at a large picture does
)
_FILLS = (0.45, 0.85)
_SHIFT = 0.08  # of a box's sides


class MaskLesson(Lesson):
    name: ClassVar[str] = "mask"
    fields: ClassVar[tuple[str, ...]] = ("image", "mask", "camera")
    better: ClassVar[tuple[str, int]] = ("iou", 1)

    def prepare(self, batch: Any, random: torch.Generator | None) -> Inputs:
        both, intrinsics = pictures(batch)
        seen = _whole(both, self.network.config.size_px)
        if random is None:
            return {"images": 2 * seen[:, :3] - 1, "mask": seen[:, 3]}
        chosen = torch.rand(len(both), generator=random) < _NEARER
        if chosen.any():
            seen[chosen] = _nearer(both[chosen], intrinsics[chosen], seen.shape[-1], random)
        mirrored = torch.rand(len(both), generator=random) < 0.5
        seen[mirrored] = seen[mirrored].flip(3)
        return {"images": 2 * toned(seen[:, :3], random) - 1, "mask": seen[:, 3]}

    def forward(self, inputs: Inputs) -> tuple[Tensor, dict[str, Tensor]]:
        loss = mask_loss(self.network(inputs["images"]), inputs["mask"])
        return loss, {}

    def judge(self, inputs: Inputs) -> dict[str, Tensor]:
        found = self.network(inputs["images"]) > 0
        true = inputs["mask"] >= 0.5
        both, either = (found & true).sum((1, 2)), (found | true).sum((1, 2))
        return {"iou": both / either.clamp(min=1)}

    def tiles(self, inputs: Inputs) -> list[NDArray[Any]]:
        """The picture, and the same with what is not taken for the object in grey."""
        share = self.network(inputs["images"]).sigmoid().float()[:, None]
        image = (inputs["images"].float() + 1) / 2
        cut = image * share + 0.25 * (1 - share)
        shown = torch.cat([image, cut], 3).permute(0, 2, 3, 1).cpu()
        return [(255 * one).round().byte().numpy() for one in shown]


def _nearer(both: Tensor, intrinsics: Tensor, size: int, random: torch.Generator) -> Tensor:
    """(B, 4, size, size): the object's surroundings, more or less of them, the object not quite in the middle."""
    boxes = boxes_of(both[:, 3])
    sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    boxes = boxes + _SHIFT * sides * torch.randn(boxes.shape, generator=random)
    fill = _FILLS[0] + (_FILLS[1] - _FILLS[0]) * torch.rand(len(boxes), generator=random)
    return sampled(both, crops_around(boxes, intrinsics, size, fill), intrinsics)


def _whole(both: Tensor, size: int) -> Tensor:
    """(B, 4, size, size): whole pictures as large as the network wants them, as seen by a lens of the same field."""
    if tuple(both.shape[-2:]) == (size, size):
        return both
    return torch.nn.functional.interpolate(both, size=(size, size), mode="bilinear", antialias=True)

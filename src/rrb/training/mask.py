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
        image, mask, intrinsics = pictures(batch)
        size = self.network.config.size_px
        whole = _whole(image, mask, intrinsics, size)
        if random is not None:
            boxes = boxes_of(mask[:, 0])
            sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
            boxes = boxes + _SHIFT * sides * torch.randn(boxes.shape, generator=random)
            fill = _FILLS[0] + (_FILLS[1] - _FILLS[0]) * torch.rand(len(boxes), generator=random)
            near = sampled(
                torch.cat([image, mask], 1), crops_around(boxes, intrinsics, size, fill), intrinsics
            )
            nearer = torch.rand(len(near), generator=random) < _NEARER
            whole = torch.where(nearer[:, None, None, None], near, whole)
            mirrored = torch.rand(len(near), generator=random) < 0.5
            whole = torch.where(mirrored[:, None, None, None], whole.flip(3), whole)
        image, mask = whole[:, :3], whole[:, 3]
        image = image if random is None else toned(image, random)
        return {"images": 2 * image - 1, "mask": mask}

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


def _whole(image: Tensor, mask: Tensor, intrinsics: Tensor, size: int) -> Tensor:
    """(B, 4, size, size): whole pictures as large as the network wants them, as seen by a lens of the same field."""
    both = torch.cat([image, mask], 1)
    if tuple(both.shape[-2:]) == (size, size):
        return both
    return torch.nn.functional.interpolate(both, size=(size, size), mode="bilinear", antialias=True)

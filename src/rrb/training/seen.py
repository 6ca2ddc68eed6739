"""From a batch to what networks see of it, varied by chance: crops, tones, masks that are not quite right, mirrors."""

from __future__ import annotations

from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from rrb.errors import BadInputError
from rrb.geometry.pose import Pose
from rrb.networks.categories import ALIASES, CATEGORIES
from rrb.networks.crops import FILL, boxes_of, crops_around, object_alone, sampled

_SHIFT = 0.04  # of a box's sides
_FILLS = (0.78, 0.92)


def pictures(batch: Any) -> tuple[Tensor, Tensor]:
    """Colours and mask as four channels (B, 4, H, W) in [0, 1]; intrinsics (B, 3, 3)."""
    count, height, width = batch.mask.shape
    both = torch.empty(count, 4, height, width)
    both[:, :3] = torch.from_numpy(batch.image).permute(0, 3, 1, 2)
    both[:, :3] /= 255
    both[:, 3] = torch.from_numpy(batch.mask)
    return both, torch.from_numpy(batch.intrinsics).float()


def object_crops(
    batch: Any, size: int, random: torch.Generator | None, mirrors: bool = True
) -> tuple[Tensor, Tensor]:
    """(B, 4, size, size) as `object_alone`, and which were mirrored (B,), left for right, if any may be."""
    both, intrinsics = pictures(batch)
    boxes = boxes_of(both[:, 3])
    fill: float | Tensor = FILL
    if random is not None:
        sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
        boxes = boxes + _SHIFT * sides * torch.randn(boxes.shape, generator=random)
        fill = _uniform(random, len(boxes), *_FILLS)
    crops = crops_around(boxes, intrinsics, size, fill)
    both = sampled(both, crops, intrinsics)
    image, mask = both[:, :3], both[:, 3:]
    if random is None:
        return object_alone(image, mask), torch.zeros(len(image), dtype=torch.bool)
    seen = object_alone(toned(image, random), worn(mask, random))
    mirrored = torch.rand(len(seen), generator=random) < (0.5 if mirrors else 0.0)
    seen[mirrored] = seen[mirrored].flip(3)
    return seen, mirrored


def toned(image: Tensor, random: torch.Generator) -> Tensor:
    """Other exposure, contrast and white balance, now and then without colour."""
    count = len(image)
    gain = _uniform(random, count, 0.75, 1.25)[:, None] * _uniform(random, 3 * count, 0.9, 1.1).view(count, 3)
    shift = _uniform(random, count, -0.1, 0.1)[:, None]
    grey = (torch.rand(count, generator=random) < 0.1)[:, None, None]
    mixing = torch.where(grey, torch.full((3, 3), 1 / 3), torch.eye(3)) * gain[..., None]
    beyond = 0.5 - 0.5 * mixing.sum(2) + shift
    mixed = torch.baddbmm(beyond[..., None], mixing, image.flatten(2))
    return mixed.view_as(image).clamp_(0, 1)


def worn(mask: Tensor, random: torch.Generator) -> Tensor:
    """Half of the masks (B, 1, S, S) as a network might give them: borders that waver, grown or shrunk, soft."""
    count, size = len(mask), mask.shape[-1]
    chosen = torch.rand(count, generator=random) < 0.5
    few = int(chosen.sum())
    true = mask[chosen]
    coarse = functional.avg_pool2d(true, 2)
    coarse = coarse + 0.15 * functional.interpolate(
        torch.randn((few, 1, size // 8, size // 8), generator=random), size=coarse.shape[-2:], mode="bilinear"
    )
    soft = functional.interpolate(coarse, size=mask.shape[-2:], mode="bilinear")
    level = _uniform(random, few, 0.35, 0.65)[:, None, None, None]
    steep = _uniform(random, few, 6.0, 30.0)[:, None, None, None]
    worn = mask.clone()
    worn[chosen] = torch.sigmoid(steep * (soft - level)) * _grown(true)  # no islands where nothing is
    return worn


def _grown(mask: Tensor) -> Tensor:
    """The largest of 5 x 5 pixels, one way after the other: `max_pool2d`, which is slow, asks all 25."""
    for axis, beyond in ((2, (0, 0, 2, 2)), (3, (2, 2, 0, 0))):
        wide = functional.pad(mask, beyond)
        mask = reduce(torch.maximum, (wide.narrow(axis, k, mask.shape[axis]) for k in range(5)))
    return mask


def viewpoints(batch: Any, mirrored: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Azimuth, elevation, roll (B,) in degrees, of mirrored objects where they are."""
    pose = Pose(torch.from_numpy(batch.rotation), torch.from_numpy(batch.translation))
    view = pose.to_viewpoint()
    sign = torch.where(mirrored, -1.0, 1.0)
    return sign * view.azimuth_deg, view.elevation_deg, sign * view.roll_deg


def categories(batch: Any) -> Tensor:
    """(B,): places in CATEGORIES, -1 for others."""
    names = [ALIASES.get(name, name) for name in batch.categories]
    return torch.tensor([CATEGORIES.index(n) if n in CATEGORIES else -1 for n in names])


def extents_m(batch: Any) -> Tensor:
    """(B, 3): the sides of the objects' boxes, in metres. Refused where one is not known."""
    extents = torch.from_numpy(batch.extents_m).float()
    if not torch.isfinite(extents).all():
        raise BadInputError("a sample does not say the extents of its object, which shapes are learned from")
    return extents


def tile(crops: Tensor, index: int) -> Tensor:
    """(S, S, 3) in [0, 1] of one of `object_alone`."""
    return ((crops[index, :3] + 1) / 2).permute(1, 2, 0)


def _uniform(random: torch.Generator, count: int, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=random)

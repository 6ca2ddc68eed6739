"""What a network sees: the object alone, as a camera of the same place that looks straight at it would show it.

A crop of a picture shows an object obliquely, the more so the farther it lies from the optical axis. Here the picture
is resampled through the turned camera, so that the ray to the middle of the object's box becomes the crop's axis and
a viewpoint means the same in every part of a picture: `Pose.from_viewpoint(..., ray_camera=...)` undoes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from rrb.geometry.conversions import ray_rotation

FILL = 0.85  # of a crop's side: the object's box
_AT_ONCE = 1 << 18  # pixels of a large picture: what is made on the way stays small


@dataclass(frozen=True, eq=False)
class Crops:
    """B square cameras that stand where the pictures' cameras stand."""

    camera_from_crop: Tensor  # (B, 3, 3)
    focal_px: Tensor  # (B,), of crops of `size` pixels
    size: int  # pixels, both ways; the axis goes through the middle

    @property
    def ray(self) -> Tensor:
        """(B, 3): the axis of each crop in its picture's camera frame, through the middle of the object's box.

        Viewpoints that are taught and fitted are those along the ray to the object's origin, which is nearly this.
        """
        return self.camera_from_crop[..., 2]


def crops_around(boxes_px: Tensor, intrinsics: Tensor, size: int, fill: float | Tensor = FILL) -> Crops:
    """boxes_px (B, 4): left, top, right, bottom, (0, 0) the outer corner; intrinsics (B, 3, 3): `Camera.matrix`."""
    focal = torch.stack([intrinsics[:, 0, 0], intrinsics[:, 1, 1]], -1)
    middle = intrinsics[:, :2, 2]
    left, top, right, bottom = boxes_px.unbind(-1)
    rays = _rays((boxes_px[:, :2] + boxes_px[:, 2:]) / 2, focal, middle)
    camera_from_crop = ray_rotation(rays)
    reach = torch.zeros_like(left)
    for x in (left, right):
        for y in (top, bottom):
            corner = _rays(torch.stack([x, y], -1), focal, middle)
            seen = torch.einsum("bji,bj->bi", camera_from_crop, corner)
            # A corner at right angles to the axis would need a crop without end.
            tangent = (seen[:, :2].abs() / seen[:, 2:].clamp(min=0.05)).amax(-1)
            reach = torch.maximum(reach, tangent)
    return Crops(camera_from_crop, fill * size / 2 / reach.clamp(min=1e-6), size)


def sampled(pictures: Tensor, crops: Crops, intrinsics: Tensor) -> Tensor:
    """(B, C, H, W) through the crops: (B, C, size, size), 0 outside of the pictures."""
    factor = averaged_by(crops, intrinsics, *pictures.shape[-2:])
    if factor > 1:  # averaged first, since what follows reads four pixels
        pictures, intrinsics = _reduced(pictures, intrinsics, factor)
    height, width = pictures.shape[-2:]
    at = (torch.arange(crops.size, dtype=pictures.dtype, device=pictures.device) + 0.5) - crops.size / 2
    y, x = torch.meshgrid(at, at, indexing="ij")
    flat = torch.stack([x, y], -1).reshape(1, -1, 2) / crops.focal_px[:, None, None]
    rays = functional.pad(flat, (0, 1), value=1.0) @ crops.camera_from_crop.transpose(1, 2)
    places = rays @ intrinsics.transpose(1, 2)
    depth = places[..., 2:]
    ends = places.new_tensor([width, height])
    # grid_sample counts as we do: -1 is the outer corner of the first pixel. Behind the camera nothing is seen.
    grid = torch.where(depth > 1e-6, 2 * places[..., :2] / depth.clamp(min=1e-6) / ends - 1, 2.0)
    grid = grid.reshape(len(pictures), crops.size, crops.size, 2)
    return functional.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def averaged_by(crops: Crops, intrinsics: Tensor, height: int, width: int) -> int:
    """How many pixels of a picture, each way, are at least one of the crops'."""
    share = float((intrinsics[:, 0, 0] / crops.focal_px).min())
    return max(1, min(int(share), height, width))


def returned(values: Tensor, crops: Crops, intrinsics: Tensor, height: int, width: int) -> Tensor:
    """(B, C, size, size) of crops, brought back to pictures (B, C, height, width); 0 where no crop reaches."""
    back = values.new_zeros(*values.shape[:2], height, width)
    left, top, right, bottom = reach(crops, intrinsics, height, width)
    step = max(1, _AT_ONCE // max(1, right - left))
    for first in range(top, bottom, step):
        last = min(first + step, bottom)
        grid = _grid_back(values, crops, intrinsics, (left, first, right, last))
        back[..., first:last, left:right] = functional.grid_sample(
            values, grid, mode="bilinear", padding_mode="zeros", align_corners=False
        )
    return back


def _grid_back(values: Tensor, crops: Crops, intrinsics: Tensor, window: tuple[int, int, int, int]) -> Tensor:
    """(B, h, w, 2): where the crops show the pixels of a window of the picture, as grid_sample counts."""
    left, top, right, bottom = window
    x, y = (torch.arange(a, b, dtype=values.dtype) + 0.5 for a, b in ((left, right), (top, bottom)))
    focal = torch.stack([intrinsics[:, 0, 0], intrinsics[:, 1, 1]], -1)
    middle = intrinsics[:, :2, 2]
    across = (x.to(values.device) - middle[:, :1]) / focal[:, :1]
    down = (y.to(values.device) - middle[:, 1:]) / focal[:, 1:]
    turn = crops.camera_from_crop[:, None, None]

    def along(axis: int) -> Tensor:
        one = turn[..., 0, axis] * across[:, None, :]
        return one + (turn[..., 1, axis] * down[:, :, None] + turn[..., 2, axis])

    depth = along(2)
    # What lies behind the crop's camera is thrown far out: no two rays through a picture are opposite.
    factor = (2 / crops.size * crops.focal_px)[:, None, None] / depth.clamp(min=1e-6)
    grid = values.new_empty(*depth.shape, 2)
    for axis in (0, 1):
        torch.mul(along(axis), factor, out=grid[..., axis])
    return grid


def reach(crops: Crops, intrinsics: Tensor, height: int, width: int) -> tuple[int, int, int, int]:
    """left, top, right, bottom of what any of the crops shows of a picture, whole pixels; all, where one looks back."""
    half = crops.size / 2 + 1
    ends = half * crops.camera_from_crop.new_tensor([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    rays = functional.pad(ends / crops.focal_px[:, None, None], (0, 1), value=1.0)
    places = rays @ crops.camera_from_crop.transpose(1, 2) @ intrinsics.transpose(1, 2)
    depth = places[..., 2:]
    if not bool((depth > 1e-3).all()):
        return 0, 0, width, height
    at = (places[..., :2] / depth).flatten(0, 1).double()
    (left, top), (right, bottom) = at.amin(0).floor().tolist(), at.amax(0).ceil().tolist()
    left, right = (int(min(max(x, 0), width)) for x in (left, right))
    top, bottom = (int(min(max(y, 0), height)) for y in (top, bottom))
    return left, top, right, bottom


def object_alone(image: Tensor, mask: Tensor) -> Tensor:
    """(B, 4, S, S): colours (B, 3, S, S) in [0, 1] where the mask (B, 1, S, S) is, grey elsewhere; and the mask."""
    return torch.cat([(2 * image - 1) * mask, 2 * mask - 1], 1)


def boxes_of(masks: Tensor) -> Tensor:
    """(B, H, W) in [0, 1] -> (B, 4): left, top, right, bottom of what is at least 0.5; if nothing is, all."""
    inside = masks >= 0.5
    sides: list[Any] = []
    for axis in (1, 2):  # columns, then rows
        there = inside.any(axis)
        length = there.shape[1]
        first = there.int().argmax(1)
        last = length - there.flip(1).int().argmax(1)
        sides.append((torch.where(there.any(1), first, 0), torch.where(there.any(1), last, length)))
    (left, right), (top, bottom) = sides
    return torch.stack([left, top, right, bottom], -1).to(masks.dtype)


def _rays(points_px: Tensor, focal: Tensor, middle: Tensor) -> Tensor:
    return functional.pad((points_px - middle) / focal, (0, 1), value=1.0)


def _reduced(pictures: Tensor, intrinsics: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """Means of factor x factor pixels. What does not fill the last of them is made up by the picture's edge."""
    height, width = pictures.shape[-2:]
    beyond = (0, -width % factor, 0, -height % factor)
    pictures = functional.avg_pool2d(functional.pad(pictures, beyond, mode="replicate"), factor)
    scale = intrinsics.new_tensor([1 / factor, 1 / factor, 1.0])
    return pictures, intrinsics * scale[:, None]

"""Learning shapes: labels of points, and the proportions of the box."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from rrb.errors import BadInputError
from rrb.networks.occupancy import CATEGORIES, occupancy_loss
from rrb.networks.shapes import Teacher
from rrb.training.lesson import Inputs, Lesson
from rrb.training.seen import categories, extents_m, object_crops, tile
from rrb.training.shape_modes import shape_modes

_POINTS, _POINTS_TAUGHT = 128, 64  # of those that a picture has; fewer where the code is taught
_PROPORTIONS = 3.0  # weight of their error beside the cross-entropy
_NEARLY = 0.1  # error of a logarithm from which on it counts linearly
_SLICES = 32  # of what is drawn


class OccupancyLesson(Lesson):
    name: ClassVar[str] = "occupancy"
    fields: ClassVar[tuple[str, ...]] = ("image", "mask", "camera", "points")
    better: ClassVar[tuple[str, int]] = ("point_iou", 1)

    def __init__(self, network: nn.Module, teacher: Teacher | None = None) -> None:
        """teacher: what the encoder should say of the meshes that have a code already."""
        super().__init__(network)
        self.teacher = teacher

    def prepare(self, batch: Any, random: torch.Generator | None) -> Inputs:
        # A mesh's code is not its mirror image's.
        size, mirrors = self.network.config.encoder.size_px, self.teacher is None
        crops, mirrored = object_crops(batch, size, random, mirrors)
        extents = extents_m(batch)
        category = categories(batch)
        if (category < 0).any():
            unknown = batch.categories[int((category < 0).int().argmax())]
            raise BadInputError(
                f"a sample is of the category {unknown!r}; {', '.join(CATEGORIES)} are accepted for learning shapes"
            )
        count = batch.points.shape[1]
        chosen = torch.arange(count)
        if random is not None:  # points near the surface come last: take of all
            few = _POINTS if self.teacher is None else _POINTS_TAUGHT
            chosen = torch.randperm(count, generator=random)[:few]
        points = torch.from_numpy(batch.points[:, chosen.numpy()]).float() / extents[:, None]
        points[..., 0] = torch.where(mirrored[:, None], -points[..., 0], points[..., 0])
        logs = extents.log()
        taught: Inputs = {}
        if self.teacher is not None:
            taught["target"], taught["known"] = self.teacher.targets(batch.mesh_ids)
        return {
            **taught,
            "crops": crops,
            "category": category,
            "points": points,
            "inside": torch.from_numpy(batch.inside[:, chosen.numpy()]),
            "log_extents": logs - logs.amax(1, keepdim=True),
        }

    def forward(self, inputs: Inputs) -> tuple[Tensor, dict[str, Tensor]]:
        codes = self.network.encode(inputs["crops"], inputs["category"])
        labels = occupancy_loss(self.network.decode(inputs["points"], codes.code), inputs["inside"])
        sides = functional.smooth_l1_loss(codes.log_extents, inputs["log_extents"], beta=_NEARLY)
        loss = labels + _PROPORTIONS * sides
        if self.teacher is None:
            return loss, {"labels": labels, "proportions": sides}
        off = ((codes.code.float() - inputs["target"]) / self.teacher.scale).square().mean(1)
        code = (off * inputs["known"]).sum() / inputs["known"].sum().clamp(min=1)
        return loss + code, {"labels": labels, "proportions": sides, "code": code}

    def judge(self, inputs: Inputs) -> dict[str, Tensor]:
        codes = self.network.encode(inputs["crops"], inputs["category"])
        found = self.network.decode(inputs["points"], codes.code) > 0
        inside = inputs["inside"]
        both, either = (found & inside).sum(1), (found | inside).sum(1)
        off = (codes.log_extents - inputs["log_extents"]).abs()
        return {"point_iou": both / either.clamp(min=1), "proportion_error": off.mean(1)}

    def tiles(self, inputs: Inputs) -> list[NDArray[Any]]:
        """The crop beside the shape's thickness, seen from the front and from the left."""
        codes = self.network.encode(inputs["crops"], inputs["category"])
        at = (torch.arange(_SLICES) + 0.5) / _SLICES - 0.5
        x, y, z = torch.meshgrid(at, at, at, indexing="ij")
        grid = torch.stack([x, y, z], -1).reshape(1, -1, 3).to(codes.code.device)
        size = inputs["crops"].shape[-1]
        made = []
        for k in range(len(codes.code)):
            inside = self.network.decode(grid, codes.code[k : k + 1]).sigmoid().reshape(x.shape).float()
            # Who stands in front, at -z, has +x to the left; who stands on the left, at -x, has +z to the right.
            front, side = inside.mean(2).T.flip(0, 1).cpu(), inside.mean(0).flip(0).cpu()
            shown = [tile(inputs["crops"], k).float().cpu()]
            for thickness in (front, side):
                grey = functional.interpolate(1 - thickness.sqrt()[None, None], size=(size, size))[0, 0]
                shown.append(grey[..., None].expand(-1, -1, 3))
            made.append((255 * torch.cat(shown, 1)).round().byte().numpy())
        return made

    def complete(self, batches: Iterable[Any]) -> bool:
        """The modes along which a fit may move a shape."""
        modes = shape_modes(self, batches)
        if modes is None:
            return False
        self.network.code_modes.copy_(modes[0])  # onto the network's device
        self.network.side_modes.copy_(modes[1])
        return True

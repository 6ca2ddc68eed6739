"""Where a tracker's meshes come from if nobody gives them: reconstructed from one frame, or the best of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.recipes._track_body import Body, Mask, usable

NO_HEIGHT = "the size of what is seen is unknown without the camera's height: lengths are in units of the first object"


@dataclass(frozen=True, eq=False)
class View:
    """One frame as a shape may be refined from it."""

    image: NDArray[np.uint8] | None  # (H, W, 3)
    masks: tuple[Mask | None, ...]  # of each object, None where it is not seen
    camera_from_objects: tuple[Pose | None, ...] = ()  # likewise


Refine = Callable[[Sequence[View], Camera, Sequence[Mesh]], Sequence[Mesh]]
"""Takes frames with masks and poses, the camera and the meshes; returns as many better meshes, in the same frames."""


@dataclass(frozen=True, eq=False)
class Made:
    """What was reconstructed."""

    meshes: list[Mesh]
    is_metric: bool
    notes: list[str]


def made_from(views: Sequence[View], camera: Camera, camera_height_m: float | None) -> Made:
    """One mesh for each mask: of several views the one that explains the others' masks best."""
    count = max(len(view.masks) for view in views)
    meshes, notes, metric = [], list[str](), True
    for k in range(count):
        found = [
            _reconstructed(view.image, mask, camera, camera_height_m)
            for view in views
            if view.image is not None and (mask := _mask(view, k, camera)) is not None
        ]
        if not found:
            raise BadInputError(
                f"object {k} is in none of the first frames; give its mesh, or begin where it is seen"
            )
        masks = [m for view in views if (m := _mask(view, k, camera)) is not None]
        best = max(found, key=lambda one: _explained(one.mesh, masks, camera)) if len(found) > 1 else found[0]
        meshes.append(best.mesh)
        metric = metric and best.is_metric
        notes += [f"object {k}: {note}" for note in best.notes]
    return Made(meshes, metric, notes if metric else [*notes, NO_HEIGHT])


def _mask(view: View, k: int, camera: Camera) -> Mask | None:
    return usable(view.masks[k], camera, f"masks[{k}]") if k < len(view.masks) else None


def _reconstructed(image: NDArray[np.uint8], mask: Mask, camera: Camera, height: float | None):  # type: ignore[no-untyped-def]
    from rrb.recipes.reconstruct import reconstruct

    return reconstruct(image, mask=mask, camera=camera, camera_height_m=height)


def _explained(mesh: Mesh, masks: Sequence[Mask], camera: Camera) -> float:
    """The mean overlap with masks, each at the pose that a search finds."""
    body = Body(mesh, camera)
    ious = [found[0].iou if (found := body.searched(mask, None)) else 0.0 for mask in masks]
    return float(np.mean(ious))

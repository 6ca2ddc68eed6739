"""Reconstruct, rasterize, backprop: one picture to a mesh with a metric pose.

`Rrb` is the system in its two settings. The paper's (its section 3): the occupancy network's mesh, the viewpoint
network's azimuth and elevation, the size from the camera's height and the picture's box, and Adam on the Huber loss of
Kato's silhouettes, from that one start. Ours: all of the network's modes are fitted by second-order steps, held by how
sure the network was; the best one's pose and shape then follow the silhouette together; what fits worse is not taken.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from rrb.errors import BadInputError
from rrb.fitting import first_order
from rrb.fitting.deformable import ShapeDescent, deform
from rrb.fitting.fit import fit
from rrb.fitting.result import FitResult, Step
from rrb.fitting.scale import pose_in_box
from rrb.fitting.search import SecondOrder
from rrb.fitting.variables import angles_of
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose, Viewpoint
from rrb.networks.categories import CATEGORIES
from rrb.networks.field import Field
from rrb.networks.looks import looks_at
from rrb.networks.occupancy import OccupancyNetwork
from rrb.networks.viewpoint import Mode, ViewpointNetwork, Views, category_shares, modes, viewed
from rrb.recipes.answer import (
    Candidate,
    covariance_of,
    distinct,
    doubts,
    hypotheses,
    measured,
    overlap,
    size_deviation,
)
from rrb.recipes.result import Reconstruction
from rrb.recipes.shape import Shape, deformable, shape_of, surface

_NEAR = SecondOrder(coarse=4, fine=1, views=16)  # if the start is not good: a few views around it
_IMPOSSIBLE = 20.0  # off the logarithm of the weight of a view from below the ground that the camera is above


@dataclass(frozen=True)
class Settings:
    name: str = "rrb"
    fills: tuple[float, ...] = (0.80, 0.85, 0.90)  # of a crop, by the object: as many looks
    mirrors: bool = True  # whether the view is also asked of the looks' mirror images
    starts: int = 4  # modes of the viewpoint network that are fitted
    resolution: int = 128  # cells along the longest side of the mesh that is returned
    level: float = -1.0  # logit of the surface: thin parts are never sure
    views_trusted: float = 0.15  # of the network's own deviations: shapes are wrong too
    least_deviation_deg: float = 0.3
    overlap_weight: float = 25.0  # of a fit's IoU against the logarithm of its mode's weight
    shape: ShapeDescent | None = field(default_factory=ShapeDescent)
    road: first_order.FirstOrder | None = None  # None: second order, held by the view


OURS = Settings()
# One look, one start, and the descent of the released script. The shape is our network's.
PAPER = Settings(name="rrb-paper", fills=(0.85,), mirrors=False, starts=1, shape=None, road=first_order.RRB)


class Rrb:
    """Networks in, pictures through. Each step may be called by itself, or replaced."""

    def __init__(
        self, occupancy: OccupancyNetwork, viewpoint: ViewpointNetwork, settings: Settings = OURS
    ) -> None:
        self.occupancy, self.viewpoint, self.settings = occupancy, viewpoint, settings

    def __call__(
        self,
        image: NDArray[np.uint8],
        mask: NDArray[np.float32],
        camera: Camera,
        *,
        camera_height_m: float | None = None,
        category: str | None = None,
        mask_from: str = "given",
        unknown: NDArray[np.float32] | None = None,
        notes: Sequence[str] = (),
    ) -> Reconstruction:
        """image (H, W, 3), mask (H, W) in [0, 1] and unknown as `rrb.fit`'s; notes: what the caller assumed."""
        clock = Clock()
        seen = self.look(image, mask, camera)
        views = self.views(seen)
        shares = category_shares(views)
        named = category or max(shares, key=lambda name: shares[name])
        shape = self.shape(seen, named)
        clock.stop("shape and viewpoint")
        starts = modes(views, most=self.settings.starts)
        found = self.fits(shape.mesh, mask, camera, starts, unknown, camera_height_m is not None)
        clock.stop("fit")
        if self.settings.shape is not None:
            shape, found = self.refined(shape, found, mask, camera, unknown)
            clock.stop("shape and pose together")
        fine = self.surface(shape)
        best = found[0].fit
        made = measured(fine, best.camera_from_object, camera_height_m)
        iou = overlap(made, camera, mask, unknown)
        clock.stop("mesh")
        covariance = covariance_of(best, made)
        loose = size_deviation(made, covariance)
        reason = doubts(found, made, iou, loose, None if category else shares[named], shape.lowered)
        return Reconstruction(
            mesh=made.mesh,
            camera_from_object=made.camera_from_object,
            camera=camera,
            metres_per_canonical_unit=made.size if made.metric else None,
            size_deviation=loose,
            category=named,
            category_share=None if category else shares[named],
            mask=mask,
            mask_from=mask_from,
            iou=iou,
            covariance=covariance,
            hypotheses=hypotheses(found, made, fine, camera_height_m),
            accepted=reason is None,
            reason=reason,
            history=(started(found[0], camera), *best.history),
            history_mesh=shape.mesh,
            recipe=self.settings.name,
            notes=(*notes, made.note),
            seconds=clock.seconds,
        )

    # --- what the networks say --------------------------------------------------------------------

    def look(self, image: NDArray[np.uint8], mask: NDArray[np.float32], camera: Camera) -> Tensor:
        """(N, 4, S, S): the object alone, as a camera that is turned to it would show it, from near to far."""
        size, fills = self.viewpoint.config.encoder.size_px, self.settings.fills
        return looks_at(image, mask, camera.matrix, size, fills)

    def views(self, seen: Tensor) -> Views:
        return viewed(self.viewpoint, seen, self.settings.mirrors)

    def shape(self, seen: Tensor, category: str) -> Shape:
        size = self.occupancy.config.encoder.size_px
        if seen.shape[-1] != size:
            seen = functional.interpolate(seen, size=(size, size), mode="bilinear", antialias=True)
        with torch.no_grad():
            codes = self.occupancy.encode(seen, torch.tensor([CATEGORIES.index(category)] * len(seen)))
        sides = codes.log_extents.mean(0)
        field = Field(self.occupancy, codes.code.mean(0), (sides - sides.max()).exp())
        return shape_of(field, self.settings.level)

    # --- the pose -----------------------------------------------------------------------------------

    def fits(
        self,
        mesh: Mesh,
        mask: NDArray[np.float32],
        camera: Camera,
        views: Sequence[Mode],
        unknown: NDArray[np.float32] | None = None,
        above: bool = False,
    ) -> list[Candidate]:
        """The distinct ones of what the modes lead to, the likeliest first. above: the camera is over the ground."""
        found, reason = [], None
        for mode in views:
            try:
                found.append(self._fitted(mesh, mask, camera, mode, unknown, above))
            except BadInputError as error:  # a start from which nothing of the mesh is seen, say
                reason = error
        if not found:
            raise BadInputError(f"from no view does the shape fit the mask ({reason})")
        return distinct(mesh, found)

    def _fitted(
        self, mesh: Mesh, mask: NDArray[np.float32], camera: Camera, mode: Mode, unknown: Any, above: bool
    ) -> Candidate:
        start = placed(mesh, mask, camera, mode, unknown)
        road = self.settings.road
        if road is not None:
            result = fit(mesh, mask, camera, init=start, road=road, unknown=unknown)
        else:
            result = self._held(mesh, mask, camera, start, start, mode, unknown)
        score = math.log(max(mode.weight, 1e-6)) + self.settings.overlap_weight * result.iou
        if above and result.camera_from_object.camera_centre_object[1] <= mesh.bounding_box()[0, 1]:
            score -= _IMPOSSIBLE
        return Candidate(mode, start, result, score)

    def _held(
        self,
        mesh: Mesh,
        mask: NDArray[np.float32],
        camera: Camera,
        start: Pose,
        view: Pose,
        mode: Mode,
        unknown: Any,
    ) -> FitResult:
        """Second-order steps from a start, with the network's view and its deviations as a prior."""
        means = np.degrees(angles_of(view))
        spread = self._deviations_deg(mode)
        names = ("azimuth", "elevation", "roll")
        priors = {f"{n}_deg": (float(m), s) for n, m, s in zip(names, means, spread, strict=True)}
        return fit(
            mesh, mask, camera, init=start, variables=(*names, "translation"), priors=priors, unknown=unknown,
            road=_NEAR,
        )  # fmt: skip

    def _deviations_deg(self, mode: Mode) -> tuple[float, float, float]:
        least, trusted = self.settings.least_deviation_deg, self.settings.views_trusted
        a, e, r = (max(least, trusted * d) for d in mode.deviation_deg)
        return a, e, r

    # --- shape and pose together ----------------------------------------------------------------------

    def refined(
        self,
        shape: Shape,
        found: list[Candidate],
        mask: NDArray[np.float32],
        camera: Camera,
        unknown: NDArray[np.float32] | None = None,
    ) -> tuple[Shape, list[Candidate]]:
        """The best candidate with a shape that follows the silhouette; as it was, if that fits no better."""
        best = found[0]
        assert self.settings.shape is not None
        movable, change = deformable(shape, self.occupancy)
        a, e, r = map(math.radians, self._deviations_deg(best.mode))
        moved = deform(
            movable, mask, camera, best.fit.camera_from_object, (a, e, r), self.settings.shape, unknown, best.start
        )  # fmt: skip
        try:
            other = shape_of(change(moved.coordinates), shape.level)
            again = self._held(
                other.mesh, mask, camera, moved.camera_from_object, best.start, best.mode, unknown
            )
        except BadInputError:  # nothing of the shape is left, or in the picture
            return shape, found
        if not again.iou > best.fit.iou:
            return shape, found
        # Its weight against the others stays that of the shape that all were fitted with.
        return other, [replace(best, fit=again), *found[1:]]

    # --- the answer ---------------------------------------------------------------------------------

    def surface(self, shape: Shape) -> Mesh:
        """The fine mesh, at the level of the one that was fitted."""
        return surface(shape.field, self.settings.resolution, shape.level)


# --- pieces -----------------------------------------------------------------------------------------


def placed(mesh: Mesh, mask: NDArray[np.float32], camera: Camera, mode: Mode, unknown: Any = None) -> Pose:
    """The mesh as the mode sees it, where it fits the mask's box; its size is the mesh's own."""
    view = Viewpoint(mode.azimuth_deg, mode.elevation_deg, mode.roll_deg, 1.0)
    return pose_in_box(mesh, view, camera, mask, unknown)


def started(one: Candidate, camera: Camera) -> Step:
    """Where the network's view put the mesh, before any fit."""
    return Step(one.start, 1.0, float(camera.fx_px), math.inf, "the network's view")


class Clock:
    """How long each stage took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def stop(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = now - self._since
        self._since = now

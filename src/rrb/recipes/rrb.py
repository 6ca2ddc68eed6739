"""Reconstruct, rasterize, backprop: one picture to a mesh with a metric pose.

`Rrb` is the system in its two settings. The paper's (its section 3): the occupancy network's mesh, the viewpoint
network's azimuth and elevation, the size from the camera's height and the picture's box, and Adam on the Huber loss of
Kato's silhouettes, from that one start. Ours: all of the network's modes are fitted by second-order steps, held by how
sure the network was; the best one's pose and shape then follow the silhouette together; what fits worse is not taken.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from rrb.errors import BadInputError
from rrb.fitting.deformable import Deformable, ShapeDescent, deform
from rrb.fitting.first_order import FirstOrder
from rrb.fitting.fit import fit
from rrb.fitting.result import FitResult, Step
from rrb.fitting.scale import pose_in_box, scale_of_pose
from rrb.fitting.search import SecondOrder
from rrb.fitting.variables import angles_of
from rrb.geometry.camera import Camera
from rrb.geometry.isosurface import extract
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose, Viewpoint
from rrb.geometry.pose_io import Hypothesis
from rrb.networks.categories import CATEGORIES
from rrb.networks.crops import boxes_of, crops_around, object_alone, sampled
from rrb.networks.field import Field
from rrb.networks.occupancy import OccupancyNetwork
from rrb.networks.viewpoint import Mode, ViewpointNetwork, Views, agreed, category_shares, modes, unmirrored
from rrb.recipes.result import Reconstruction

_SPECK = 0.02  # of the largest piece's area: what is smaller and apart is noise of the network
MARGIN = 0.03  # of the longest side: around the box in which the surface is looked for
_FIT_RESOLUTION, _FIT_FACES = 64, 3000
_FILLS = (0.80, 0.85, 0.90)  # of a crop, by the object: three looks
_NEAR = SecondOrder(coarse=4, fine=1, views=16)  # if the start is not good: a few views around it
_LEAST_SLOPE = 2.0  # logits over the longest side; where it is flatter nothing says how the surface moves
_MOST_SHIFT = 0.05  # of a vertex along one deviation of a mode
_RIVAL = math.log(3.0)  # a view that is at least a third as likely
ENOUGH_OVERLAP = 0.75
_BELOW = "seen from below the object's lowest point, so that the camera's height gives no size"


@dataclass(frozen=True)
class Settings:
    name: str = "rrb"
    starts: int = 4  # modes of the viewpoint network that are fitted
    resolution: int = 128  # cells along the longest side of the mesh that is returned
    level: float = -1.0  # logit of the surface: thin parts are never sure
    views_trusted: float = (
        0.3  # how many times the network's own deviations hold a fit: its shape is wrong as well
    )
    least_deviation_deg: float = 0.5
    overlap_weight: float = 25.0  # of a fit's IoU against the logarithm of its mode's weight
    shape: ShapeDescent | None = field(default_factory=ShapeDescent)
    road: FirstOrder | None = None  # None: second order, with the viewpoint's distribution as prior


OURS = Settings()
PAPER = Settings(name="rrb-paper", starts=1, shape=None, road=FirstOrder())


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
        found = self.fits(shape.mesh, mask, camera, modes(views, most=self.settings.starts), unknown)
        clock.stop("fit")
        if self.settings.shape is not None:
            shape, found = self.refined(shape, found, mask, camera, unknown)
            clock.stop("shape and pose together")
        made = self.measured(shape, found[0].fit, camera_height_m)
        clock.stop("mesh")
        best, reason = found[0].fit, doubts(found, made)
        return Reconstruction(
            mesh=made.mesh,
            camera_from_object=made.camera_from_object,
            camera=camera,
            metres_per_canonical_unit=made.size if made.metric else None,
            category=named,
            category_share=None if category else shares[named],
            mask=mask,
            mask_from=mask_from,
            iou=best.iou,
            covariance=in_units(best.covariance, made.size),
            hypotheses=hypotheses(found, made.size, made.middle),
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
        count, height, width = len(_FILLS), *mask.shape
        intrinsics = torch.from_numpy(camera.matrix.astype(np.float32)).expand(count, 3, 3)
        alpha = torch.from_numpy(np.ascontiguousarray(mask, np.float32))[None]
        colours = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1).float() / 255
        boxes = boxes_of(alpha).expand(count, 4)
        crops = crops_around(boxes, intrinsics, self.viewpoint.config.encoder.size_px, torch.tensor(_FILLS))
        both = torch.cat([colours, alpha]).expand(count, 4, height, width)
        both = sampled(both, crops, intrinsics)
        return object_alone(both[:, :3], both[:, 3:])

    def views(self, seen: Tensor) -> Views:
        """What all looks and their mirror images agree on."""
        with torch.no_grad():
            return agreed(self.viewpoint(seen), unmirrored(self.viewpoint(seen.flip(3))))

    def shape(self, seen: Tensor, category: str) -> Shape:
        size = self.occupancy.config.encoder.size_px
        if seen.shape[-1] != size:
            seen = functional.interpolate(seen, size=(size, size), mode="bilinear", antialias=True)
        with torch.no_grad():
            codes = self.occupancy.encode(seen, torch.tensor([CATEGORIES.index(category)] * len(seen)))
        sides = codes.log_extents.mean(0)
        return self.meshed(Field(self.occupancy, codes.code.mean(0), (sides - sides.max()).exp()))

    def meshed(self, field: Field) -> Shape:
        """With a mesh that is coarse enough to be fitted quickly."""
        mesh = surface(field, _FIT_RESOLUTION, self.settings.level)
        return Shape(field, mesh.simplify(_FIT_FACES) if len(mesh.faces) > _FIT_FACES else mesh)

    # --- the pose -----------------------------------------------------------------------------------

    def fits(
        self,
        mesh: Mesh,
        mask: NDArray[np.float32],
        camera: Camera,
        views: Sequence[Mode],
        unknown: NDArray[np.float32] | None = None,
    ) -> list[Candidate]:
        """One for each mode, the likeliest first."""
        found = [self._fitted(mesh, mask, camera, mode, unknown) for mode in views]
        return sorted(found, key=lambda one: -one.score)

    def _fitted(
        self, mesh: Mesh, mask: NDArray[np.float32], camera: Camera, mode: Mode, unknown: Any
    ) -> Candidate:
        start = placed(mesh, mask, camera, mode, unknown)
        road = self.settings.road
        if road is not None:
            result = fit(mesh, mask, camera, init=start, road=road, unknown=unknown)
        else:
            result = self._held(mesh, mask, camera, start, start, mode, unknown)
        return Candidate(mode, start, result, self._score(mode, result))

    def _score(self, mode: Mode, result: FitResult) -> float:
        return math.log(max(mode.weight, 1e-6)) + self.settings.overlap_weight * result.iou

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
            other = self.meshed(change(moved.coordinates))
        except BadInputError:  # nothing of the shape is left
            return shape, found
        again = self._held(other.mesh, mask, camera, moved.camera_from_object, best.start, best.mode, unknown)
        if not again.iou > best.fit.iou:
            return shape, found
        gained = replace(best, fit=again, score=self._score(best.mode, again))
        return other, [gained, *found[1:]]

    # --- the answer ---------------------------------------------------------------------------------

    def measured(self, shape: Shape, best: FitResult, camera_height_m: float | None) -> Measured:
        """The fine mesh, centred, and its pose, in metres if the camera's height says how long one is."""
        fine = surface(shape.field, self.settings.resolution, self.settings.level)
        low, high = fine.bounding_box()
        middle, size = (low + high) / 2, 1 / float((high - low).max())
        metric, note = False, "nothing says the size: lengths are in units of the object's longest side"
        if camera_height_m is not None:
            try:
                size, metric = scale_of_pose(fine, best.camera_from_object, camera_height_m).scale, True
                note = "the object stands on the ground below the camera"
            except BadInputError:
                note = f"{_BELOW}: lengths are in units of the object's longest side"
        mesh = fine.with_vertices(size * (fine.vertices - middle))
        return Measured(mesh, resized(best.camera_from_object, size, middle), size, middle, metric, note)


# --- pieces -----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Shape:
    """What the occupancy network says, with a coarse mesh of it, both in the canonical frame."""

    field: Field
    mesh: Mesh


@dataclass(frozen=True, eq=False)
class Measured:
    """What is handed out: of the canonical mesh, less `middle`, times `size`."""

    mesh: Mesh
    camera_from_object: Pose
    size: float
    middle: NDArray[np.float64]
    metric: bool
    note: str


@dataclass(frozen=True, eq=False)
class Candidate:
    """A mode of the viewpoint network, where it puts the mesh, and what became of it."""

    mode: Mode
    start: Pose
    fit: FitResult
    score: float


def surface(field: Field, resolution: int, level: float) -> Mesh:
    """The mesh of a field; where nothing is as sure as `level`, of what is the surest."""
    half = field.extents.double().numpy() / 2 + MARGIN
    for coarse, lower in (
        (resolution // 4, 0.0),
        (resolution // 2, 0.0),
        (resolution // 2, 1.0),
        (resolution, 3.0),
    ):
        try:
            return extract(field, -half, half, resolution=resolution, coarse=coarse, level=level - lower).mesh
        except BadInputError as error:
            reason = error
    raise BadInputError(f"the network sees no shape in what is taken for the object ({reason})")


def placed(mesh: Mesh, mask: NDArray[np.float32], camera: Camera, mode: Mode, unknown: Any = None) -> Pose:
    """The mesh as the mode sees it, where it fits the mask's box; its size is the mesh's own."""
    view = Viewpoint(mode.azimuth_deg, mode.elevation_deg, mode.roll_deg, 1.0)
    return pose_in_box(mesh, view, camera, mask, unknown)


def deformable(
    shape: Shape, network: OccupancyNetwork
) -> tuple[Deformable, Callable[[NDArray[np.float64]], Field]]:
    """The mesh with how it moves along each mode of the shape, and the field at given coordinates of the modes.

    Modes are of the code and of the box's proportions together, one standard deviation of what the network does not
    know each. Along a code's mode a vertex moves so that the field at it keeps its value (the implicit derivative).
    """
    field, vertices = shape.field, shape.mesh.vertices
    code_modes, side_modes = network.code_modes, network.side_modes  # (K, code), (K, 3)
    logits, gradient = field.with_gradient(vertices)
    steep = np.maximum((gradient**2).sum(1), _LEAST_SLOPE**2)
    modes = np.empty((*vertices.shape, len(code_modes)))
    for k, (code_mode, side_mode) in enumerate(zip(code_modes, side_modes, strict=True)):
        other = Field(network, field.code + code_mode, field.extents)
        change = other(vertices) - logits
        inwards = -gradient * (change / steep)[:, None]
        length = np.linalg.norm(inwards, axis=1, keepdims=True)
        modes[:, :, k] = inwards * np.minimum(1.0, _MOST_SHIFT / np.maximum(length, 1e-12))
        modes[:, :, k] += vertices * side_mode.numpy()

    def at(w: NDArray[np.float64]) -> Field:
        amounts = torch.from_numpy(w.astype(np.float32))
        return Field(network, field.code + amounts @ code_modes, field.extents * (amounts @ side_modes).exp())

    return Deformable(shape.mesh, modes), at


def hypotheses(
    found: Sequence[Candidate], size: float, middle: NDArray[np.float64]
) -> tuple[Hypothesis, ...]:
    """The candidates as poses of the result's mesh, with weights that sum to 1.

    size, middle: that mesh is the canonical one less `middle`, times `size`.
    """
    scores = np.array([one.score for one in found])
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    return tuple(
        Hypothesis(
            resized(one.fit.camera_from_object, size, middle),
            float(weight),
            one.fit.iou,
            one.fit.hypotheses[0].symmetry,
        )
        for one, weight in zip(found, weights, strict=True)
    )


def resized(pose: Pose, size: float, middle: NDArray[np.float64]) -> Pose:
    """The pose of (p - middle) * size that shows what `pose` shows of p."""
    return Pose(pose.rotation, size * (pose.translation + pose.rotation @ middle))


def in_units(covariance: NDArray[np.float64] | None, size: float) -> NDArray[np.float64] | None:
    """Of the canonical frame, in the result's unit: translation grows with the size."""
    if covariance is None:
        return None
    factors = np.array([1.0, 1.0, 1.0, size, size, size])
    return covariance * np.outer(factors, factors)


def started(one: Candidate, camera: Camera) -> Step:
    """Where the network's view put the mesh, before any fit."""
    return Step(one.start, 1.0, float(camera.fx_px), math.inf, "the network's view")


def doubts(found: Sequence[Candidate], made: Measured) -> str | None:
    """Why the result should not be relied on, or None."""
    best = found[0]
    if best.fit.iou < ENOUGH_OVERLAP:
        return f"the drawn outline and the mask overlap by {100 * best.fit.iou:.0f} % only"
    rivals = [one for one in found[1:] if best.score - one.score < _RIVAL]
    if rivals:
        return f"{len(rivals) + 1} different views explain the picture about equally well: see hypotheses"
    return _BELOW if made.note.startswith(_BELOW) else None


class Clock:
    """How long each stage took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def stop(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = now - self._since
        self._since = now

"""One object of a film as the tracker's fits see it: its mesh, prepared once, against one mask after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.fitting import confidence, search
from rrb.fitting.contour import Contour
from rrb.fitting.fit import fit
from rrb.fitting.mask_checks import LEAST_CONTOUR, checked_mask
from rrb.fitting.observed import observe
from rrb.fitting.search import FINE_REACH_PX, Found
from rrb.fitting.variables import choose
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.simplify import simplify
from rrb.raster.render import render
from rrb.recipes._track_motion import difference, moved

Mask = NDArray[np.float32]

_MOST_FACES = 6000  # reconstructed meshes have ten times as many, which a mask of 256 pixels does not show
_GOOD_IOU = 0.8  # of an upright view; below, the camera may be tilted
_BETTER = 0.03  # by how much of IoU another view must be better than an upright one
_LEAST_POINTS = 2 * LEAST_CONTOUR
_EPS = 1e-12
_CLEAN_PX = 0.5  # of residuals: those of a mask in whole pixels are about half of it
_SHARPER = 4.0  # of the covariance, which counts pixels as if each were rounded anew; measured


@dataclass(frozen=True, eq=False)
class Fit:
    """Where a mask says that an object is, and how well that explains it."""

    camera_from_object: Pose
    iou: float  # of drawing and mask, over what is known
    cost: float  # in [0, 2], see `fitting.contour`
    rms_px: float
    evidence: (
        float  # what a difference in cost is multiplied by to become one in log-likelihood, without noise
    )
    covariance: NDArray[np.float64]  # (6, 6) as `FitResult.covariance`
    weight: float = 1.0  # among the poses that explain the mask
    known_share: float = 1.0  # of the drawing: how much lies where the mask is believed

    @property
    def information(self) -> NDArray[np.float64]:
        """(6, 6): the inverse of the covariance."""
        scale = np.sqrt(np.diag(self.covariance)) + _EPS
        return np.linalg.inv(self.covariance / np.outer(scale, scale)) / np.outer(scale, scale)


def usable(mask: NDArray | None, camera: Camera, what: str = "mask") -> Mask | None:
    """(H, W) float32, or None where nothing is seen: no mask, an empty one, or one without a contour.

    A mask of another size or kind is refused: that is a mistake and no loss.
    """
    if mask is None:
        return None
    values = np.asarray(mask)
    if values.shape == (camera.height_px, camera.width_px) and values.dtype.kind in "bf":
        inside = values >= 0.5 if values.dtype.kind == "f" else values
        if not inside.any() or inside.all() or _sides(inside) < _LEAST_POINTS:
            return None
    return checked_mask(mask, camera, what)


def _sides(inside: NDArray[np.bool_]) -> int:
    return int(
        np.count_nonzero(inside[1:] != inside[:-1]) + np.count_nonzero(inside[:, 1:] != inside[:, :-1])
    )


class Body:
    """A mesh and a camera. Everything is in the camera's pixels; poses are of the mesh as stored."""

    def __init__(self, mesh: Mesh, camera: Camera) -> None:
        self.mesh, self.camera = mesh, camera.numpy()
        self._light = _lightened(mesh)
        self._variables = choose(("rotation", "translation"), self.camera)
        low, high = (np.asarray(side, np.float64) for side in mesh.bounding_box())
        self.middle, self.lowest = (low + high) / 2, float(low[1])

    def drawn(self, pose: Pose) -> NDArray[np.floating]:
        """(H, W): one over the depth of the object alone, 0 where it is not seen."""
        return np.asarray(render(self._light, pose, self.camera).fragments.inverse_depth)

    def is_above_ground(self, pose: Pose) -> bool:
        """Whether the camera is higher than the object's lowest vertex, as where things stand on a ground."""
        return bool(pose.camera_centre_object[1] > self.lowest)

    def polished(self, fit: Fit, unknown: Mask | None, rounds: int) -> Fit:
        """The pose whose own mask, drawn in whole pixels, is fitted by the pose that the mask led to.

        A fit errs by what pixels are rounded to and by what the contour's corners lose; where the drawn mask is nearly
        the observed one, it errs likewise, and both errors cancel. Noisy masks, and shapes that are not quite those
        that are seen, err by more, which this would not mend.
        """
        if rounds < 1 or not fit.rms_px < _CLEAN_PX:
            return fit
        pose = wanted = fit.camera_from_object
        for _ in range(rounds):
            again = self._fitted_again(pose, unknown)
            if again is None or _turn_px(self, wanted, again) > 1.0:
                return fit
            pose = moved(pose, difference(wanted, again))
        return replace(fit, camera_from_object=pose, covariance=fit.covariance / _SHARPER)

    def _fitted_again(self, pose: Pose, unknown: Mask | None) -> Pose | None:
        """What a fit makes of the drawing at a pose."""
        contour = self._contour((self.drawn(pose) > 0).astype(np.float32), unknown)
        if contour is None:
            return None
        states, outcomes, _ = contour.refine(contour.state(pose)[None], search.stages(contour)[1][1:])
        return contour.poses(states)[0] if outcomes[0, 0] < np.inf else None

    def fitted(self, mask: Mask, unknown: Mask | None, start: Pose) -> Fit | None:
        """The minimum next to the start; None where nothing can be compared."""
        contour = self._contour(mask, unknown)
        if contour is None:
            return None
        found = search.from_start(contour, contour.state(start))
        if not found.cost < np.inf:
            return None
        return self._judged(contour, found, mask, unknown)

    def searched(self, mask: Mask, unknown: Mask | None) -> list[Fit]:
        """The distinct poses that explain the mask, best first: upright ones, or all where those fit badly."""
        if self._contour(mask, unknown) is None:
            return []
        found = self._search(mask, unknown, upright=True)
        if not found or found[0].iou < _GOOD_IOU:
            tilted = self._search(mask, unknown, upright=False)
            if tilted and (not found or tilted[0].iou > found[0].iou + _BETTER):
                return tilted
        return found

    # --- pieces -------------------------------------------------------------------------------------

    def _contour(self, mask: Mask, unknown: Mask | None, whole: bool = False) -> Contour | None:
        try:
            observed = observe(mask, unknown, self.camera, whole=whole)
        except BadInputError:  # what hides it leaves nothing
            return None
        if len(observed.points) < _LEAST_POINTS:
            return None
        return Contour(self._light, observed, self._variables)

    def _judged(self, contour: Contour, found: Found, mask: Mask, unknown: Mask | None) -> Fit:
        if contour.reaches_beyond(found.state):
            whole = self._contour(mask, unknown, whole=True)
            if whole is not None:
                contour, found = whole, search.again(whole, [found])[0]
        judged = contour.judge(found.state, FINE_REACH_PX)
        sure = confidence.certainty(contour, found.state, judged)
        return Fit(
            contour.poses(found.state[None])[0],
            judged.iou,
            judged.cost,
            judged.rms_px,
            confidence.evidence(contour),
            sure.covariance,
        )

    def _search(self, mask: Mask, unknown: Mask | None, *, upright: bool) -> list[Fit]:
        try:
            result = fit(self._light, mask, self.camera, unknown=unknown, upright=upright)
        except BadInputError:  # no view fits
            return []
        refined = []
        for hypothesis in result.hypotheses:
            one = self.fitted(mask, unknown, hypothesis.camera_from_object)
            if one is not None:
                refined.append(replace(one, weight=float(hypothesis.weight or 0.0)))
        return refined


def _turn_px(body: Body, pose: Pose, other: Pose) -> float:
    """How far two opposite corners of the mesh's box lie apart in the picture, at most."""
    low, high = (np.asarray(side, np.float64) for side in body.mesh.bounding_box())
    points = np.stack([low, high])
    here, there = body.camera.project(pose.apply(points)), body.camera.project(other.apply(points))
    return float(np.abs(here - there)[:, :2].max())


def _lightened(mesh: Mesh) -> Mesh:
    faces = np.asarray(mesh.faces)
    if len(faces) <= _MOST_FACES:
        return mesh
    try:
        vertices, fewer = simplify(mesh.vertices, faces, _MOST_FACES)
    except BadInputError:  # it falls into too many parts
        return mesh
    return Mesh(vertices, fewer, name=mesh.name)

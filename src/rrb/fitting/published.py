"""The first-order road's answer as a `FitResult`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.fitting import confidence
from rrb.fitting.contour import Contour
from rrb.fitting.first_order import FirstOrder, answer, descend
from rrb.fitting.mask_checks import remarks
from rrb.fitting.observed import observe
from rrb.fitting.result import FitResult
from rrb.fitting.search import FINE_REACH_PX
from rrb.fitting.variables import Variables, bound_met
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.pose_io import Hypothesis


def fit_first_order(
    mesh: Mesh,
    mask: NDArray[np.float32],
    camera: Camera,
    init: Pose,
    road: FirstOrder,
    variables: Variables,
    scale: float,
    unknown: Any,
) -> FitResult:
    """One descent from `init`. It says nothing of other poses, and gives no covariance."""
    steps = descend(mesh, mask, camera, init.numpy(), road, variables=variables, scale=scale, unknown=unknown)
    last = answer(steps, road)
    found_camera = camera.with_focal_px(last.focal_px)
    contour = Contour(mesh, observe(mask, unknown, found_camera), variables)
    state = contour.state(last.camera_from_object, last.scale)
    if contour.reaches_beyond(state):
        contour = Contour(mesh, observe(mask, unknown, found_camera, whole=True), variables)
    iou = contour.judge(state, FINE_REACH_PX).iou
    met = bound_met(variables, last.camera_from_object, last.scale, last.focal_px / camera.numpy().fx_px)
    reason = confidence.reason_against(confidence.agreement(contour, state), np.ones(1), {}, met, iou=iou)
    return FitResult(
        camera_from_object=last.camera_from_object,
        scale=last.scale,
        camera=found_camera if variables.moves[7] else camera,
        iou=iou,
        covariance=None,
        moved=variables.moved,
        hypotheses=(Hypothesis(last.camera_from_object, 1.0, iou, None, last.scale),),
        history=tuple(steps),
        accepted=reason is None,
        reason=reason,
        notes=remarks(mask),
    )

"""What a found pose is worth: overlap, how far the surface lies from where it should, angle and way."""

from dataclasses import dataclass

import numpy as np

from _fit_cases import Case
from _fit_surface import surface_of
from rrb import Mesh, Pose, render

RIGHT_IOU = 0.97
RIGHT_CLOSEST_SHARE = 0.01
_POINTS = 4000  # of each surface


@dataclass(frozen=True)
class Score:
    """iou: of the mask with the mesh that was drawn, at the pose, where the mask is known.

    closest_share: the mean distance from one placing of the surface to the other, both ways, of the largest
    extent; a symmetric object that is turned onto itself is where it was. rotation_deg counts such a turn.
    translation_share: from origin to origin, of the true distance from the camera.
    """

    iou: float
    closest_share: float
    right: bool
    rotation_deg: float
    translation_share: float


def score(case: Case, pose: Pose, iou_scale: float = 1.0) -> Score:
    """`right` asks for `iou_scale` times `RIGHT_IOU`, and for `RIGHT_CLOSEST_SHARE`.

    Where the mask was damaged the truth itself overlaps less: give `attainable_iou(case)` there.
    """
    pose = pose.numpy()
    iou, closest = overlap(case, pose), closest_share(case.drawn.mesh, case.truth, pose)
    degrees, way = case.truth.distance(pose)
    return Score(
        iou=iou,
        closest_share=closest,
        right=iou >= RIGHT_IOU * iou_scale and closest <= RIGHT_CLOSEST_SHARE,
        rotation_deg=float(degrees),
        translation_share=float(way / np.linalg.norm(case.truth.translation)),
    )


def attainable_iou(case: Case) -> float:
    """What the truth scores: below 1 since the mask has pixels, and much below where it was damaged."""
    return overlap(case, case.truth)


def overlap(case: Case, pose: Pose) -> float:
    """Intersection over union; pixels whose centre the mesh covers, of those that are not unknown."""
    observed = case.mask >= 0.5
    drawn = render(case.drawn.mesh, pose, case.camera).fragments.covered
    if case.unknown is not None:
        known = case.unknown < 0.5
        observed, drawn = observed & known, drawn & known
    union = (observed | drawn).sum()
    return float((observed & drawn).sum() / union) if union else 1.0


def closest_share(mesh: Mesh, truth: Pose, pose: Pose) -> float:
    """Mean distance of points of either placed surface to the other, of the mesh's largest extent."""
    surface = surface_of(mesh)
    points = surface.points[:_POINTS]
    # Both placings share one mesh, so one tree serves: the points go to where the other placing has it.
    truth_from_pose = truth.inverse() @ pose
    there, back = truth_from_pose.apply(points), truth_from_pose.inverse().apply(points)
    mean = (surface.distance(there).mean() + surface.distance(back).mean()) / 2
    return float(mean / mesh.largest_extent)

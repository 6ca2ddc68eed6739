"""What a found pose is worth: overlap, how far the surface lies from where it should, angle and way."""

from dataclasses import dataclass

import numpy as np

from _fit_cases import SAMPLES, Case
from _fit_surface import surface_of
from rrb import Camera, Mesh, Pose, render

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
    """What the truth scores: 1, but where the mask was damaged, or the camera is not the one that drew it."""
    return overlap(case, case.truth)


def overlap(case: Case, pose: Pose) -> float:
    """Intersection over union, of the pixels that are known."""
    observed, drawn = case.mask >= 0.5, covered(case.drawn.mesh, pose, case.camera)
    if case.unknown is not None:
        known = case.unknown < 0.5
        observed, drawn = observed & known, drawn & known
    union = (observed | drawn).sum()
    return float((observed & drawn).sum() / union) if union else 1.0


def covered(mesh: Mesh, pose: Pose, camera: Camera) -> np.ndarray:
    """(H, W) bool: where masks of cases would be 1, by the same samples, drawn fast.

    A sample a pixel would not do: of a chair of thin bars it misses 3 % at the very pose.
    """
    drawn = np.zeros((camera.height_px, camera.width_px), bool)
    left, top, right, bottom = _window(pose.apply(mesh.vertices), camera)
    width, height = right - left, bottom - top
    if width > 0 and height > 0:
        fine = camera.crop(left, top, width, height).resize(SAMPLES * width, SAMPLES * height)
        samples = render(mesh, pose, fine).fragments.covered
        shares = samples.reshape(height, SAMPLES, width, SAMPLES).mean((1, 3))
        drawn[top:bottom, left:right] = shares >= 0.5
    return drawn


def _window(points: np.ndarray, camera: Camera) -> tuple[int, int, int, int]:
    """The pixels, from and to, outside which nothing of these points is drawn."""
    size = np.array([camera.width_px, camera.height_px])
    if points[:, 2].min() <= 0:
        return 0, 0, int(size[0]), int(size[1])
    pixels = camera.project(points)[:, :2]
    low, high = (np.clip(edge, 0, size).astype(int) for edge in (pixels.min(0), np.ceil(pixels.max(0))))
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def closest_share(mesh: Mesh, truth: Pose, pose: Pose) -> float:
    """Mean distance of points of either placed surface to the other, of the mesh's largest extent."""
    surface = surface_of(mesh)
    points = surface.points[:_POINTS]
    # Both placings share one mesh, so one tree serves: the points go to where the other placing has it.
    truth_from_pose = truth.inverse() @ pose
    there, back = truth_from_pose.apply(points), truth_from_pose.inverse().apply(points)
    mean = (surface.distance(there).mean() + surface.distance(back).mean()) / 2
    return float(mean / mesh.largest_extent)

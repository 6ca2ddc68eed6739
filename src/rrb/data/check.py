"""Whether samples are what they say: their masks drawn again by the readable reference, their labels counted again."""

from __future__ import annotations

import numpy as np

from rrb.data.sample import Sample
from rrb.geometry._arrays import numpy_view
from rrb.geometry.winding import winding_number_reference
from rrb.raster.reference import area_sampled_silhouette

LEAST_IOU = 0.995
LEAST_LABELS = 0.999


def mask_agreement(sample: Sample) -> float | None:
    """IoU of the stored mask with the one that the readable rasterizer draws from mesh, pose and camera.

    Both are hard, at the pixels' centres; pixels that show another object do not count. None where the sample lacks
    one of them, or the object reaches behind the camera, which the reference does not draw.
    """
    mesh, camera, pose = sample.load_mesh(), sample.camera, sample.camera_from_object
    if mesh is None or camera is None or pose is None or sample.mask is None:
        return None
    vertices_px = camera.project(pose.apply(np.asarray(numpy_view(mesh.vertices), np.float64), sample.scale))
    if vertices_px[:, 2].min() <= 0:
        return None
    drawn = area_sampled_silhouette(vertices_px, numpy_view(mesh.faces), sample.size, samples=1) >= 0.5
    counts = np.ones(sample.size, bool) if sample.unknown is None else ~sample.unknown
    stored = sample.mask >= 0.5
    union = ((drawn | stored) & counts).sum()
    return float((drawn & stored & counts).sum() / union) if union else 1.0


def label_agreement(sample: Sample, most: int = 200) -> tuple[int, int] | None:
    """(labels that agree, labels counted): the first points of each kind against winding numbers face by face.

    None where the sample has no points or no mesh.
    """
    mesh, held = sample.load_mesh(), sample.points
    if mesh is None or held is None:
        return None
    half = max(1, most // 2)
    chosen = np.concatenate([np.flatnonzero(held.near_surface == near)[:half] for near in (False, True)])
    points = np.asarray(held.points[chosen], np.float64)
    inside = np.abs(winding_number_reference(points, numpy_view(mesh.vertices), numpy_view(mesh.faces))) > 0.5
    return int((inside == held.inside[chosen]).sum()), len(chosen)

"""The readable oracle: hard visibility and area coverage by plain loops over faces.

Slow on purpose. Nothing but tests, and data that must not depend on the kernels, uses it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rrb.errors import BadInputError


def fragments(
    vertices_px: np.ndarray, faces: np.ndarray, size: tuple[int, int], near: float = 1e-12
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(face_index (H, W), barycentric (H, W, 3), inverse_depth (H, W)) of one mesh wholly in front of `near`.

    For every face and every pixel centre: signed areas say whether the centre is inside, the top-left rule
    decides on an edge, and the largest 1 / z stays.
    """
    height, width = size
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    face_index = np.full(size, -1, np.int32)
    weights, inverse_depth = np.zeros((height, width, 3)), np.zeros(size)
    for f, corners in enumerate(np.asarray(vertices_px, np.float64)[faces]):
        if corners[:, 2].min() <= near:
            raise BadInputError("the reference draws only what lies wholly in front of the camera")
        area = cross(*(corners[1] - corners[0])[:2], *(corners[2] - corners[0])[:2])
        if area == 0:
            continue
        shares = []
        inside = np.ones(size, bool)
        for i in range(3):
            (ax, ay), (bx, by) = corners[(i + 1) % 3, :2], corners[(i + 2) % 3, :2]
            share = cross(ax - x, ay - y, bx - x, by - y) / area
            dx, dy = np.sign(area) * (bx - ax), np.sign(area) * (by - ay)
            owns_its_edge = dy < 0 or (dy == 0 and dx > 0)  # a left edge, or a top one
            inside &= (share >= 0) if owns_its_edge else (share > 0)
            shares.append(share)
        screen = np.stack(shares, -1)
        inverse = (screen / corners[:, 2]).sum(-1)
        nearer = inside & (inverse > inverse_depth)
        face_index[nearer], inverse_depth[nearer] = f, inverse[nearer]
        weights[nearer] = (screen / corners[:, 2])[nearer] / inverse[nearer][:, None]
    return face_index, weights, inverse_depth


def cross(ax: Any, ay: Any, bx: Any, by: Any) -> Any:
    return ax * by - bx * ay


def area_sampled_silhouette(
    vertices_px: np.ndarray, faces: np.ndarray, size: tuple[int, int], samples: int = 16
) -> np.ndarray:
    """(H, W) float64: the share of samples x samples points in each pixel that the surface covers."""
    height, width = size
    covered = np.zeros((height * samples, width * samples), bool)
    fine = np.asarray(vertices_px, np.float64)[:, :2] * samples
    for corners in fine[faces]:
        area = cross(*(corners[1] - corners[0]), *(corners[2] - corners[0]))
        if area == 0:
            continue
        low = np.clip(np.floor(corners.min(0)).astype(int), 0, None)
        high = np.clip(np.ceil(corners.max(0)).astype(int), 0, [width * samples, height * samples])
        x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
        inside = np.ones(x.shape, bool)
        for i in range(3):
            a, b = corners[i], corners[(i + 1) % 3]
            inside &= cross(a[0] - x, a[1] - y, b[0] - x, b[1] - y) * np.sign(area) >= 0
        covered[low[1] : high[1], low[0] : high[0]] |= inside
    return covered.reshape(height, samples, width, samples).mean((1, 3))

"""Bundle adjustment: the cameras and points that explain where points were seen, robustly.

Levenberg and Marquardt with the points eliminated first (Schur's complement), dense: a few dozen cameras and a few
thousand points, as a short film has. Cameras are camera_from_world, (C, 3, 4); pixels are OpenCV's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_HUBER = 2.0  # deviations of a pixel from which on an observation counts less
_LEAST_GAIN = 1e-4  # of the cost: less of it ends the steps
_BEHIND = 1e-3  # depth at which a point is no longer in front of a camera


@dataclass(frozen=True)
class Sights:
    """Which camera saw which point where, each (N,) or (N, 2)."""

    camera: NDArray[np.int64]
    point: NDArray[np.int64]
    pixels: Floats
    sigma_px: Floats


def residuals(cameras: Floats, points: Floats, sights: Sights, k: Floats) -> tuple[Floats, Floats]:
    """((N, 2) in deviations, (N, 3) points in their cameras' frames)."""
    chosen = cameras[sights.camera]
    seen = np.einsum("nij,nj->ni", chosen[:, :, :3], points[sights.point]) + chosen[:, :, 3]
    depth = np.maximum(seen[:, 2:], _BEHIND)
    projected = seen[:, :2] / depth * [k[0, 0], k[1, 1]] + k[:2, 2]
    return (projected - sights.pixels) / sights.sigma_px[:, None], seen


def adjust(
    cameras: Floats, points: Floats, sights: Sights, k: Floats, free: NDArray[np.bool_], steps: int = 20
) -> tuple[Floats, Floats]:
    """Better cameras and points; `free` (C,) says which cameras may move."""
    damping, (cost, *normal) = 1e-3, _normal(cameras, points, sights, k)
    for _ in range(steps):
        moved = _moved(cameras, points, *_step(normal, sights, free, damping))
        new_cost, *new_normal = _normal(*moved, sights, k)
        if new_cost < cost:
            gain, damping = 1 - new_cost / cost, damping / 5
            (cameras, points), cost, normal = moved, new_cost, new_normal
            if gain < _LEAST_GAIN:
                break
        else:
            damping *= 10
            if damping > 1e6:
                break
    return cameras, points


def locate(camera: Floats, points: Floats, pixels: Floats, sigma_px: Floats, k: Floats) -> Floats:
    """One camera (3, 4), of points (N, 3) that stay where they are."""
    count = len(points)
    sights = Sights(np.zeros(count, np.int64), np.arange(count), pixels, sigma_px)
    damping, cameras = 1e-4, camera[None]
    cost, (h_c, _, _, g_c, _) = _cost(cameras, points, sights, k), _blocks(cameras, points, sights, k)
    for _ in range(15):
        step = -np.linalg.solve(h_c[0] + damping * np.diag(np.diag(h_c[0])) + 1e-12 * np.eye(6), g_c[0])
        moved = _turned(cameras, step[None])
        new_cost = _cost(moved, points, sights, k)
        if new_cost >= cost:
            damping *= 10
            continue
        small = 1 - new_cost / cost < _LEAST_GAIN
        cameras, cost, damping = moved, new_cost, damping / 5
        if small:
            break
        h_c, _, _, g_c, _ = _blocks(cameras, points, sights, k)
    return cameras[0]


# --- one step -------------------------------------------------------------------------------------


def _normal(cameras: Floats, points: Floats, sights: Sights, k: Floats) -> tuple:
    return _cost(cameras, points, sights, k), *_blocks(cameras, points, sights, k)


def _cost(cameras: Floats, points: Floats, sights: Sights, k: Floats) -> float:
    """Huber's; a point behind its camera is projected far away, and so costs much."""
    size = np.linalg.norm(residuals(cameras, points, sights, k)[0], axis=1)
    return float(np.where(size < _HUBER, size**2, _HUBER * (2 * size - _HUBER)).sum())


def _blocks(cameras: Floats, points: Floats, sights: Sights, k: Floats) -> tuple:
    """Of the normal equations: cameras (C, 6, 6), points (P, 3, 3), both (N, 6, 3), gradients (C, 6), (P, 3)."""
    error, seen = residuals(cameras, points, sights, k)
    weight = np.minimum(1, _HUBER / np.maximum(np.linalg.norm(error, axis=1), 1e-12))
    to_camera, to_point = _derivatives(cameras, seen, sights, k)
    weighted = to_camera * weight[:, None, None]
    h_c, g_c = np.zeros((len(cameras), 6, 6)), np.zeros((len(cameras), 6))
    h_p, g_p = np.zeros((len(points), 3, 3)), np.zeros((len(points), 3))
    np.add.at(h_c, sights.camera, np.einsum("nki,nkj->nij", weighted, to_camera))
    np.add.at(g_c, sights.camera, np.einsum("nki,nk->ni", weighted, error))
    point_weighted = to_point * weight[:, None, None]
    np.add.at(h_p, sights.point, np.einsum("nki,nkj->nij", point_weighted, to_point))
    np.add.at(g_p, sights.point, np.einsum("nki,nk->ni", point_weighted, error))
    return h_c, h_p, np.einsum("nki,nkj->nij", weighted, to_point), g_c, g_p


def _derivatives(cameras: Floats, seen: Floats, sights: Sights, k: Floats) -> tuple[Floats, Floats]:
    """(N, 2, 6) by a turn and a move of the camera frame, (N, 2, 3) by the point."""
    x, y, z = seen[:, 0], seen[:, 1], np.maximum(seen[:, 2], _BEHIND)
    by_seen = np.zeros((len(seen), 2, 3))
    by_seen[:, 0, 0], by_seen[:, 0, 2] = k[0, 0] / z, -k[0, 0] * x / z**2
    by_seen[:, 1, 1], by_seen[:, 1, 2] = k[1, 1] / z, -k[1, 1] * y / z**2
    by_seen /= sights.sigma_px[:, None, None]
    turned = by_seen @ -_cross(seen)
    return np.concatenate([turned, by_seen], axis=2), by_seen @ cameras[sights.camera][:, :, :3]


def _step(
    normal: list, sights: Sights, free: NDArray[np.bool_], damping: float
) -> tuple[Floats, NDArray[np.float64]]:
    """The damped step of cameras (C, 6) and of points (P, 3)."""
    h_c, h_p, between, g_c, g_p = normal
    cameras, points = len(h_c), len(h_p)
    inverse = np.linalg.inv(h_p + _damped(h_p, damping))
    both = np.zeros((cameras, 6, points, 3))
    both[sights.camera, :, sights.point] = between
    solved = np.einsum("cipk,pkl->cipl", both, inverse).reshape(6 * cameras, 3 * points)
    both = both.reshape(6 * cameras, 3 * points)
    system = -solved @ both.T
    for c, block in enumerate(h_c + _damped(h_c, damping)):
        system[6 * c : 6 * c + 6, 6 * c : 6 * c + 6] += block
    right = -g_c.ravel() + solved @ g_p.ravel()
    moving = np.repeat(free, 6)
    step = np.zeros(6 * cameras)
    if moving.any():
        step[moving] = np.linalg.solve(system[np.ix_(moving, moving)], right[moving])
    back = -g_p - (both.T @ step).reshape(-1, 3)
    return step.reshape(-1, 6), np.einsum("pij,pj->pi", inverse, back)


def _damped(blocks: Floats, damping: float) -> Floats:
    size = blocks.shape[-1]
    return np.einsum("nij,ij->nij", blocks, damping * np.eye(size)) + 1e-9 * np.eye(size)


def _moved(
    cameras: Floats, points: Floats, camera_steps: Floats, point_steps: Floats
) -> tuple[Floats, Floats]:
    return _turned(cameras, camera_steps), points + point_steps


def _turned(cameras: Floats, steps: Floats) -> Floats:
    """(C, 3, 4) after a turn and a move (C, 6) along the cameras' own axes."""
    angle = np.linalg.norm(steps[:, :3], axis=1)[:, None, None]
    axis = _cross(steps[:, :3] / np.maximum(angle[:, :, 0], 1e-12))
    turn = np.eye(3) + np.sin(angle) * axis + (1 - np.cos(angle)) * axis @ axis
    moved = turn @ cameras
    moved[:, :, 3] += steps[:, 3:]
    return moved


def _cross(v: Floats) -> Floats:
    """(N, 3, 3): what takes u to v x u."""
    matrices = np.zeros((len(v), 3, 3))
    matrices[:, 0, 1], matrices[:, 0, 2], matrices[:, 1, 2] = -v[:, 2], v[:, 1], -v[:, 0]
    return matrices - matrices.swapaxes(1, 2)

"""How far a pose may be trusted: its covariance, the weights of its alternatives, and whether to accept it.

The covariance is the sandwich estimate A^-1 B A^-1: A the curvature of the cost, B the scatter of its gradient. Both
are measured. The normal matrix N gives A its shape; how much of N the gradient really shows is found by moving
the pose by half a pixel, since partners change as the contours move: A = bend N. Noise on the contour is taken
to be alike all along it, so that B = s N: s is how much the forces that the residuals put on the contour
scatter between tiles of 16 pixels, which errors that hang together over some pixels do not fool.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.fitting.contour import CONTOUR_PX, CORRELATION_PX, Contour, Judgement
from rrb.fitting.search import FINE_REACH_PX
from rrb.fitting.variables import Variables
from rrb.geometry.conversions import viewpoint_from_matrix
from rrb.geometry.pose import Pose

# What is known before looking: any rotation, anywhere up to ten times as far, any size and lens within a factor of e.
_ANY_ROTATION_RAD = math.pi / math.sqrt(3)
_ANY_DISTANCE = 10.0
_LEAST_BEND = 0.2
_LEAST_OWN = 0.05
# Rows and columns of a Hadamard matrix: choices of directions that are balanced against each other.
_SIGNS = np.array([[1.0] * 8, [1, -1] * 4, [1, 1, -1, -1] * 2])

_AGREEMENT_PX, _AGREEMENT_SHARE = 2.0, 0.03
ENOUGH_AGREEMENT, ENOUGH_OVERLAP = 0.65, 0.7
RIVAL_WEIGHT = 0.2
LOOSE_ROTATION_DEG, LOOSE_DEPTH_SHARE = 5.0, 0.05
GROWN_PX, GROWN_SHARE = 0.6, 0.01


def angle_axes(state: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3): the columns are the rotation vectors of azimuth, elevation and roll, in the camera frame."""
    _, _, roll = viewpoint_from_matrix(state[:9].reshape(3, 3))
    return np.array([[state[1], math.cos(roll), 0], [state[4], math.sin(roll), 0], [state[7], 0, 1]])


def basis_of(variables: Variables, state: NDArray[np.float64]) -> NDArray[np.float64]:
    """(8, n): how rotation, translation, log scale and log focal move with each number that moves."""
    basis = np.eye(8)
    if variables.angles and "rotation" not in variables.names:
        basis[:3, :3] = angle_axes(state)
    return basis[:, variables.moves]


def free_directions(
    variables: Variables,
    pose: Pose,
    state: NDArray[np.float64],
    lowest: float,
    basis: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(n, m) orthonormal: the directions of the n numbers that keep the camera's height."""
    if variables.camera_height_m is None:
        return np.eye(basis.shape[1])
    up, scale = state[[1, 4, 7]], math.exp(state[12])
    row = np.concatenate([-np.cross(up, pose.translation), -up, [-scale * lowest, 0.0]]) @ basis
    return np.linalg.svd(row[None])[2][1:].T


@dataclass(frozen=True, eq=False)
class Certainty:
    """What is known of the numbers that move."""

    covariance: NDArray[np.float64]  # (n, n): rad, m, and relative changes of scale and focal length
    depth_share: float  # standard deviation of the depth of the object's middle, of its distance
    growth_px: float  # by how much the mask seems too large all around
    growth_share: float  # of its distance, by which that makes the object seem nearer


def certainty(contour: Contour, state: NDArray[np.float64], judged: Judgement) -> Certainty:
    v = contour.variables
    middle = contour.middle_camera(state)
    distance = float(np.linalg.norm(middle))
    known = np.array([_ANY_ROTATION_RAD] * 3 + [_ANY_DISTANCE * distance] * 3 + [1.0, 1.0])
    basis = basis_of(v, state)
    spread = known[v.moves]  # numbers in units of what is known before looking: no unit matters any more
    pose = contour.poses(state[None])[0]
    keep = free_directions(v, pose, state, contour.lowest + contour.centre[1], basis * spread)
    # The kernel turns the mesh about its own centre, the user about the mesh's origin.
    to_kernel = _carried(basis, state[9:12] - pose.translation) @ (spread[:, None] * keep)
    information = to_kernel.T @ judged.normal_matrix[:8, :8] @ to_kernel
    # Cov = (s / bend^2) N^-1, and what is known before looking is information like any other.
    noise = (_scatter(judged) + _whole_pixels(contour)) / _bend(contour, state, judged, to_kernel) ** 2
    prior = np.outer(spread, spread) * _prior_information(v, state)
    before = keep.T @ (np.eye(len(spread)) + prior) @ keep
    covariance = np.linalg.inv(information / noise + before)
    # A mask too large by g adds g to all residuals: another column of the Jacobian, left out by the fit.
    shared = to_kernel.T @ judged.normal_matrix[:8, 8]
    answering = covariance @ shared / noise
    own = judged.normal_matrix[8, 8] - shared @ answering
    # Where size and growth draw alike, as of a ball, nothing can be said of it.
    growth = -judged.gradient[8] / own if own > _LEAST_OWN * judged.normal_matrix[8, 8] else 0.0
    to_user = spread[:, None] * keep
    depth = _carried(basis, middle - pose.translation)[5] @ to_user
    return Certainty(
        _symmetric(to_user @ covariance @ to_user.T),
        math.sqrt(depth @ covariance @ depth) / distance,
        float(growth),
        float(-growth * (depth @ answering) / distance),
    )


def _carried(basis: NDArray[np.float64], arm: NDArray[np.float64]) -> NDArray[np.float64]:
    """(8, n): the motion of a point at `arm` from the mesh's origin, in place of the origin's."""
    answer = basis.copy()
    answer[3:6] += np.cross(basis[:3].T, arm).T + np.outer(arm, basis[6])
    return answer


def _prior_information(v: Variables, state: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, n) in the numbers that move; a prior on angles is turned to the rotation's axes where that moves."""
    weight = np.diag(v.prior_weight)
    if v.angles and "rotation" in v.names and v.prior_weight[:3].any():
        back = np.linalg.pinv(angle_axes(state))
        weight[:3, :3] = back.T @ weight[:3, :3] @ back
    return weight[np.ix_(v.moves, v.moves)]


def _symmetric(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return (matrix + matrix.T) / 2


def _scatter(judged: Judgement) -> float:
    """s of B = s N, from the forces on tiles: the largest of three widths, so that long waves in the noise count.

    Of two numbers a tile the fit has taken up six; and since s is an estimate itself, from as few numbers as
    are left, it is enlarged to the width that Student's distribution has over the normal one.
    """
    largest = 0.0
    for width in (1, 2, 3):
        rows, columns = (np.arange(0, n, width) for n in judged.tiles.shape[:2])
        tiles = np.add.reduceat(np.add.reduceat(judged.tiles, rows, 0), columns, 1).reshape(-1, 3)
        tiles = tiles[tiles[:, 2] > 0]
        numbers = 2 * len(tiles)
        free = max(numbers - 6, 6)
        scatter = float((tiles[:, :2] ** 2).sum() / tiles[:, 2].sum()) * numbers / (free - 2)
        largest = max(largest, scatter)
    return largest


def _whole_pixels(contour: Contour) -> float:
    """The least s: a mask of whole pixels errs by up to half of one, anew every pixel or so along the contour."""
    return 2 / 12 / (contour.length_px * FINE_REACH_PX**2)


def _bend(
    contour: Contour, state: NDArray[np.float64], judged: Judgement, to_kernel: NDArray[np.float64]
) -> float:
    """How much of the normal matrix the gradient shows over half a pixel, averaged over directions."""
    if not to_kernel.shape[1]:
        return 1.0
    values, vectors = np.linalg.eigh(to_kernel.T @ judged.normal_matrix[:8, :8] @ to_kernel)
    strong = values > 1e-6 * values[-1]
    # A step of length 1 under N costs the square of its pixels, over half the reach's square.
    half_pixel = math.sqrt(0.5**2 * 2 / FINE_REACH_PX**2)
    unit = vectors[:, strong] * half_pixel / np.sqrt(values[strong])
    signs = _SIGNS[:, : unit.shape[1]]
    steps = signs @ unit.T @ to_kernel.T / math.sqrt(signs.shape[1])
    change = (contour.pulls(state, steps, FINE_REACH_PX) - judged.gradient)[:, :8]
    return float(np.clip((change * steps).sum(1).mean() / half_pixel**2, _LEAST_BEND, 1.0))


def agreement(contour: Contour, state: NDArray[np.float64]) -> float:
    """The share of both contours that has the other near it, judged softly."""
    reach = max(_AGREEMENT_PX, _AGREEMENT_SHARE * contour.observed.size_px)
    return max(1 - contour.judge(state, reach).cost / 2, 0.0)


def evidence(contour: Contour) -> float:
    """What a cost is multiplied by to become minus a log-likelihood, see `Contour`."""
    return contour.length_px / CORRELATION_PX * FINE_REACH_PX**2 / (4 * CONTOUR_PX**2)


def weights(contour: Contour, costs: NDArray[np.float64], rms_px: float) -> NDArray[np.float64]:
    """(K,) that sum to 1, of costs (K,) at the finest reach. The noise is that which the best leaves, if larger."""
    noise = max(rms_px / CONTOUR_PX, 1.0)
    odds = np.exp(-evidence(contour) / noise**2 * (costs - costs.min()))
    return odds / odds.sum()


def reason_against(
    agreement: float,
    weights: NDArray[np.float64],
    deviations: dict[str, float],
    at_bound: str | None,
    growth: tuple[float, float] = (0.0, 0.0),
    off_height: bool = False,
    iou: float = 1.0,
) -> str | None:
    """Why a result should not be relied on, the gravest reason first, or None.

    growth: by how many pixels the mask seems too large, and what share of its distance that brings the object
    nearer.
    """
    if agreement < ENOUGH_AGREEMENT:
        return (
            f"only {100 * agreement:.0f} % of the contours agree; {100 * ENOUGH_AGREEMENT:.0f} % are expected of"
            " the right mesh, camera and mask"
        )
    if iou < ENOUGH_OVERLAP:
        return (
            f"mask and drawing overlap by {100 * iou:.0f} % only; {100 * ENOUGH_OVERLAP:.0f} % are expected of the"
            " right mesh, camera and mask"
        )
    if len(weights) > 1 and weights[1] >= RIVAL_WEIGHT:
        rivals = int((weights[1:] >= RIVAL_WEIGHT * weights[0]).sum())
        return f"{rivals + 1} different poses explain the mask about equally well: see hypotheses"
    if at_bound is not None:
        return f"the best pose lies beyond the bounds on {at_bound}"
    if off_height:
        return "within what may move the camera cannot be as high as was said"
    px, nearer = growth
    if abs(px) > GROWN_PX and abs(nearer) > GROWN_SHARE:
        return (
            f"the mask seems {abs(px):.1f} px too {'large' if px > 0 else 'small'} all around, which makes the object"
            f" seem {100 * abs(nearer):.1f} % {'nearer' if nearer > 0 else 'farther'} than it is"
        )
    if deviations.get("rotation_deg", 0.0) > LOOSE_ROTATION_DEG:
        degrees = deviations["rotation_deg"]
        return f"the mask hardly settles the rotation: its standard deviation is {degrees:.0f} degrees"
    if deviations.get("depth_share", 0.0) > LOOSE_DEPTH_SHARE:
        share = 100 * deviations["depth_share"]
        return f"the mask hardly settles the distance: its standard deviation is {share:.0f} % of it"
    return None


def height_missed(v: Variables, pose: Pose, scale: float, lowest: float) -> bool:
    """Whether the camera is not as high as it was said to be; `lowest` is the mesh's lowest y as stored."""
    if v.camera_height_m is None:
        return False
    height = -float(pose.rotation[:, 1] @ pose.translation) - scale * lowest
    return abs(height - v.camera_height_m) > 1e-6 * v.camera_height_m

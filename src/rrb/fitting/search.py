"""From many starts to the few poses that explain the mask: rank by overlap, refine, prune, refine the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.fitting.contour import Contour
from rrb.fitting.rotation_grids import all_rotations, upright_rotations
from rrb.geometry.conversions import matrix_from_viewpoint, ray_rotation, viewpoint_from_matrix

FINE_REACH_PX = 1.5
_UPRIGHT_AZIMUTHS = 24
_UPRIGHT_ELEVATIONS_DEG = (-20.0, -5.0, 10.0, 25.0, 40.0, 55.0, 70.0)
_ANY_VIEWS = 2000
_NEAR_RAD = math.radians(75)
# By how much a box may really reach beyond a side at which the image or the known part ends, in sizes.
_BEYOND = (0.0, 0.35, 0.8, 1.5)
_SAME_RAD = math.radians(4)
# Starts that lie beyond bounds by about the distance between starts are moved to the bound.
_BESIDE_RAD = math.radians(15)


@dataclass(frozen=True)
class SecondOrder:
    """The second-order road and its search. All defaults were chosen on training meshes by benchmarks/fit.py."""

    coarse: int = 32
    """How many of the views that overlap best are refined at low resolution."""
    fine: int = 8
    """How many of those are refined at full resolution."""
    views: int = _ANY_VIEWS
    """How many rotations a search over all of them starts from."""

    def __post_init__(self) -> None:
        for name in ("coarse", "fine", "views"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise BadInputError(f"{name} is {value!r}; a whole number from 1 is accepted")


@dataclass(frozen=True, eq=False)
class Found:
    """A refined state (14,), its cost in [0, 2] and the states (T, 15) that led to it, a list for each stage."""

    state: NDArray[np.float64]
    cost: float
    trail: list[NDArray[np.float64]]


def stages(contour: Contour) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What to do at low and at full resolution, see `refine`: as far as a part of the object's size reaches."""
    size = contour.observed.size_px
    stride = 4.0 if size >= 100 else (2.0 if size >= 50 else 1.0)
    coarse = [[stride, 0.08 * size, 1.0, 10.0], [stride, 0.03 * size, 0.0, 6.0]]
    fine = [
        [max(stride / 2, 1.0), max(0.02 * size, FINE_REACH_PX), 0.0, 6.0],
        [1.0, FINE_REACH_PX, 0.0, 12.0],
    ]
    return np.array(coarse), np.array(fine)


def from_start(contour: Contour, start: NDArray[np.float64]) -> Found:
    """The minimum that one start leads to."""
    coarse, fine = stages(contour)
    states, outcomes, trails = contour.refine(start[None], np.concatenate([coarse[:1], fine]))
    return Found(states[0], float(outcomes[0, 0]), [trails[0]])


def best_of(contour: Contour, starts: NDArray[np.float64], settings: SecondOrder) -> list[Found]:
    """The distinct minima that starts (K, 14) lead to, best first; starts that a known height forbids are left out."""
    starts = _within(contour, starts)
    if not len(starts):
        return []
    order = np.argsort(-contour.overlap(starts), kind="stable")[: settings.coarse]
    coarse, fine = stages(contour)
    states, outcomes, ways = contour.refine(starts[order], coarse)
    kept: list[int] = []
    for k in np.argsort(outcomes[:, 0], kind="stable"):
        if (
            len(kept) < settings.fine
            and outcomes[k, 0] < 2
            and not any(_same(states[k], states[i]) for i in kept)
        ):
            kept.append(int(k))
    states, outcomes, last = contour.refine(states[kept], fine)
    found = [
        Found(states[i], float(outcomes[i, 0]), [ways[kept[i]], last[i]])
        for i in np.argsort(outcomes[:, 0], kind="stable")
        if outcomes[i, 0] < np.inf
    ]
    return found


def again(contour: Contour, found: list[Found]) -> list[Found]:
    """The same minima once more, from where they were found, best first: for another view of the same picture."""
    _, fine = stages(contour)
    states, outcomes, trails = contour.refine(np.stack([one.state for one in found]), fine)
    order = np.argsort(outcomes[:, 0], kind="stable")
    moved = [Found(states[i], float(outcomes[i, 0]), [*found[i].trail, trails[i]]) for i in order]
    return [one for one in moved if one.cost < np.inf] or found


def starts_anywhere(
    contour: Contour, upright: bool, scale: float, settings: SecondOrder
) -> NDArray[np.float64]:
    """(K, 14) over the view sphere, or over rings of views of an upright object."""
    level = not contour.variables.moves[2]
    if upright or level:
        turned = upright_rotations(_UPRIGHT_AZIMUTHS, _UPRIGHT_ELEVATIONS_DEG)
    else:
        turned = all_rotations(settings.views)
    # A camera that must not roll sees an object beside the axis as it stands; else a view is of the object's crop.
    return _placed(contour, turned if level else _ray_rotation(contour) @ turned, scale)


def starts_around(contour: Contour, start: NDArray[np.float64], settings: SecondOrder) -> NDArray[np.float64]:
    """(K, 14): the start itself, and others turned from it by up to 75 degrees, in what may turn."""
    here = start[:9].reshape(3, 3)
    turned = all_rotations(settings.views)
    cosine = (np.trace(turned, axis1=1, axis2=2) - 1) / 2
    turned = turned[cosine > math.cos(_NEAR_RAD)] @ here
    return np.concatenate([start[None], _placed(contour, turned, math.exp(start[12]))])


def _placed(contour: Contour, turned: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    states = np.zeros((len(turned), 14))
    states[:, :9] = turned.reshape(-1, 9)
    states[:, 12] = math.log(scale)
    return np.concatenate([contour.place(states, box) for box in _boxes(contour)])


def _boxes(contour: Contour) -> list[tuple[float, float, float, float]]:
    """The mask's box; and larger ones, where it may go on beyond what is seen."""
    x0, y0, x1, y1 = contour.observed.box
    left, top, right, bottom = contour.observed.cut
    width, height = x1 - x0, y1 - y0
    return [
        (x0 - left * f * width, y0 - top * f * height, x1 + right * f * width, y1 + bottom * f * height)
        for f in (_BEYOND if any(contour.observed.cut) else (0.0,))
    ]


def _ray_rotation(contour: Contour) -> NDArray[np.float64]:
    x0, y0, x1, y1 = contour.observed.box
    middle = contour.observed.camera.unproject(np.array([(x0 + x1) / 2, (y0 + y1) / 2]), 1.0)
    return np.asarray(ray_rotation(middle))


def _within(contour: Contour, states: NDArray[np.float64]) -> NDArray[np.float64]:
    """Those that bounds and a known camera height allow, moved to satisfy them where they are not far from it."""
    v = contour.variables
    states = states.copy()
    if np.isfinite([v.lower[:3], v.upper[:3]]).any():
        angles = np.stack(viewpoint_from_matrix(states[:, :9].reshape(-1, 3, 3)), -1)
        near, middles = np.ones(len(states), bool), np.nan_to_num(v.middles)
        for k in range(3):
            low, high = v.lower[k], v.upper[k]
            counted = angles[:, k] - 2 * math.pi * np.round((angles[:, k] - middles[k]) / (2 * math.pi))
            near &= (counted >= low - _BESIDE_RAD) & (counted <= high + _BESIDE_RAD)
            angles[:, k] = np.clip(counted, low, high)
        states, angles = states[near], angles[near]
        states[:, :9] = np.asarray(matrix_from_viewpoint(*angles.T)).reshape(-1, 9)
    if v.camera_height_m is not None and v.moves[3:7].all():
        states = at_height(contour, states)
    coordinates = states[:, 9:14]
    np.clip(coordinates, v.lower[3:8], v.upper[3:8], out=coordinates)
    return states


def at_height(contour: Contour, states: NDArray[np.float64]) -> NDArray[np.float64]:
    """States scaled together with their distance, which changes no picture, to the known camera height."""
    up, t = states[:, [1, 4, 7]], states[:, 9:12]
    height = -(up * t).sum(1) - np.exp(states[:, 12]) * contour.lowest
    above = height > 1e-6 * np.linalg.norm(t, axis=1)
    states, factor = states[above].copy(), contour.variables.camera_height_m / height[above]
    states[:, 9:12] *= factor[:, None]
    states[:, 12] += np.log(factor)
    return states


def _same(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Whether two states are so close that they lead to one minimum."""
    return float(a[:9] @ b[:9]) > 1 + 2 * math.cos(_SAME_RAD)

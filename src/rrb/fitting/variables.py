"""What moves in a fit: names to coordinates, with bounds and priors on each.

A fit has eight coordinates: 0-2 rotation, 3-5 translation (m), 6 log of the scale, 7 log of the focal length over
the camera's own. The rotation is either a left perturbation in the camera frame (rad), or, where the user names
or bounds angles, (azimuth, elevation, roll) of the camera's orientation as `viewpoint_from_matrix` reads
them off R: azimuth turns the object about its own y axis, elevation tips the camera, roll turns the image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import finite_float, short
from rrb.geometry.camera import Camera
from rrb.geometry.conversions import viewpoint_from_matrix
from rrb.geometry.pose import Pose

SIZE = 8
ROTATION, TRANSLATION, SCALE, FOCAL = slice(0, 3), slice(3, 6), 6, 7
COORDINATES = {
    "rotation": (0, 1, 2),
    "azimuth": (0,),
    "elevation": (1,),
    "roll": (2,),
    "translation": (3, 4, 5),
    "scale": (6,),
    "focal_length": (7,),
}
ANGLES = ("azimuth", "elevation", "roll")
_ROWS = ("x", "y", "z")

# The quantities that bounds and priors are given in, and the variables and coordinates that they concern.
LIMITED = {
    "azimuth_deg": (0,),
    "elevation_deg": (1,),
    "roll_deg": (2,),
    "translation_m": (3, 4, 5),
    "scale": (6,),
    "focal_px": (7,),
}
_TURNING = ("azimuth_deg", "roll_deg")
SPREAD_ONLY = "rotation_deg"  # a prior about the start, which has no mean of its own


@dataclass(frozen=True, eq=False)
class Variables:
    """Arrays over the eight coordinates; where nothing is said, bounds are infinite and prior weights 0."""

    moves: NDArray[np.bool_]
    angles: bool  # whether coordinates 0-2 are angles
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    prior_mean: NDArray[np.float64]
    prior_weight: NDArray[np.float64]  # 1 / variance
    camera_height_m: float | None
    names: tuple[str, ...]

    @property
    def middles(self) -> NDArray[np.float64]:
        """(3,): where each angle is expected, so that it is counted from there and not across half a turn, or NaN."""
        middle = np.full(3, np.nan)
        bounded = np.isfinite(self.lower[:3]) & np.isfinite(self.upper[:3])
        middle[bounded] = (self.lower[:3][bounded] + self.upper[:3][bounded]) / 2
        expected = self.angles & (self.prior_weight[:3] > 0)
        middle[expected] = self.prior_mean[:3][expected]
        return middle

    @property
    def moved(self) -> tuple[str, ...]:
        """One name for each number that moves, in the order of the covariance's rows."""
        rows = []
        for name, coordinates in COORDINATES.items():
            if name in self.names:
                rows += [name] if len(coordinates) == 1 else [f"{name}_{_ROWS[c % 3]}" for c in coordinates]
        return tuple(rows)


def choose(
    names: Sequence[str],
    camera: Camera,
    *,
    bounds: Mapping[str, Any] | None = None,
    priors: Mapping[str, Any] | None = None,
    camera_height_m: float | None = None,
) -> Variables:
    """Check the names and what is known of them; see `rrb.fit` for what each means."""
    names = _checked_names(names)
    moves = np.zeros(SIZE, bool)
    for name in names:
        moves[list(COORDINATES[name])] = True
    lower, upper = np.full(SIZE, -np.inf), np.full(SIZE, np.inf)
    mean, weight = np.zeros(SIZE), np.zeros(SIZE)
    angles = any(name in ANGLES for name in names)
    for what, known in (("bounds", bounds), ("priors", priors)):
        if known is not None and not isinstance(known, Mapping):
            raise BadInputError(f"{what} are {short(known)}; a dictionary by name is accepted")
    for key, given in (bounds or {}).items():
        where = _coordinates_of(key, moves, "bounds", LIMITED)
        low, high = _pair("bounds", key, given, len(where))
        if not (low < high).all():
            raise BadInputError(
                f"the bounds on {key} are {short(given)}; lower ones below upper ones are accepted"
            )
        if key in _TURNING and 360 <= high[0] - low[0] < np.inf:
            continue  # all there is
        lower[where], upper[where] = _internal(key, low, camera), _internal(key, high, camera)
        angles |= where[0] < 3
    for key, given in (priors or {}).items():
        if key == SPREAD_ONLY:
            where = [0, 1, 2]
            if not moves[where].all() or angles:
                raise BadInputError(
                    "a prior on rotation_deg needs the variable rotation, without bounds on angles"
                )
            sigma = np.radians(_positive("the prior on rotation_deg", given))
            weight[where] = 1 / sigma**2
            continue
        where = _coordinates_of(key, moves, "priors", {**LIMITED, SPREAD_ONLY: (0, 1, 2)})
        centre, sigma = _pair("priors", key, given, len(where))
        if not (sigma > 0).all() or not np.isfinite(centre).all():
            raise BadInputError(
                f"the prior on {key} is {short(given)}; (mean, positive standard deviation) is accepted"
            )
        mean[where] = _internal(key, centre, camera)
        weight[where] = 1 / _internal_spread(key, centre, sigma) ** 2
        angles |= where[0] < 3
    if weight[:3].any() and SPREAD_ONLY in (priors or {}) and angles:
        raise BadInputError("rotation_deg and angles cannot both be limited; give one or the other")
    height = None if camera_height_m is None else _positive("camera_height_m", camera_height_m)
    _require_settled(names, moves, weight, height)
    return Variables(moves, angles, lower, upper, mean, weight, height, names)


def _checked_names(names: Sequence[str]) -> tuple[str, ...]:
    try:
        names = (names,) if isinstance(names, str) else tuple(names)
    except TypeError:
        raise BadInputError(
            f"variables are {short(names)}; names of {', '.join(COORDINATES)} are accepted"
        ) from None
    unknown = [name for name in names if not isinstance(name, str) or name not in COORDINATES]
    if unknown:
        raise BadInputError(f"{short(unknown[0])} is no variable; {', '.join(COORDINATES)} are accepted")
    if len(set(names)) < len(names):
        raise BadInputError(f"the variables {', '.join(names)} name one twice; each once is accepted")
    if not names:
        raise BadInputError(f"there is nothing to move; at least one of {', '.join(COORDINATES)} is accepted")
    if "rotation" in names and any(name in ANGLES for name in names):
        raise BadInputError("rotation already holds azimuth, elevation and roll: name it or them")
    return names


def _require_settled(
    names: tuple[str, ...], moves: NDArray[np.bool_], weight: NDArray[np.float64], height: float | None
) -> None:
    """Refuse what no mask can tell apart."""
    resized = [name for name in ("translation", "scale") if name in names]
    if len(resized) == 2 and height is None and not (weight[6] or weight[5]):
        raise BadInputError(
            "a mask cannot settle both scale and translation: an object twice as large and twice as far draws the"
            " same; give camera_height_m, a prior on scale or on translation_m, or leave one out"
        )
    if height is not None and not resized:
        raise BadInputError("a known camera_height_m needs translation or scale to move; neither does")


def _coordinates_of(
    key: str, moves: NDArray[np.bool_], what: str, accepted: Mapping[str, tuple[int, ...]]
) -> list[int]:
    if key not in accepted:
        raise BadInputError(f"{what} hold {short(key)}; {', '.join(accepted)} are accepted")
    where = list(accepted[key])
    if not moves[where].all():
        raise BadInputError(f"{what} hold {key}, which does not move; name its variable or leave it out")
    return where


def _pair(what: str, key: str, given: Any, size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    try:
        first, second = (np.broadcast_to(np.asarray(v, np.float64), (size,)).copy() for v in given)
    except (TypeError, ValueError):
        first = second = np.array([np.nan])
    if np.isnan(first).any() or np.isnan(second).any():
        each = "two numbers" if size == 1 else f"two numbers or two triples of numbers ({size} each)"
        raise BadInputError(f"{what} of {key} are {short(given)}; {each} are accepted")
    return first, second


def _internal(key: str, value: NDArray[np.float64], camera: Camera) -> NDArray[np.float64]:
    if key.endswith("_deg"):
        return np.radians(value)
    if key in ("scale", "focal_px"):
        if not (value > 0).all():
            raise BadInputError(f"a limit on {key} is {value[0]:g}; positive numbers are accepted")
        return np.log(value / (float(camera.fx_px) if key == "focal_px" else 1.0))
    return value


def _internal_spread(key: str, mean: NDArray[np.float64], sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    if key.endswith("_deg"):
        return np.radians(sigma)
    return sigma / mean if key in ("scale", "focal_px") else sigma


def _positive(what: str, value: Any) -> float:
    number = finite_float(value)
    if number is None or not number > 0:
        raise BadInputError(f"{what} is {short(value)}; a positive number is accepted")
    return number


def angles_of(pose: Pose) -> NDArray[np.float64]:
    """(..., 3): azimuth, elevation and roll of the camera's orientation in radians."""
    return np.stack(viewpoint_from_matrix(pose.rotation), -1)


def require_inside(variables: Variables, pose: Pose, scale: float) -> None:
    """Refuse a start beyond the bounds."""
    at = _limited_at(pose, scale, 1.0)
    for key, where in LIMITED.items():
        for c in where:
            turn = 2 * math.pi if key in _TURNING else 0.0
            low, high = variables.lower[c], variables.upper[c]
            if not any(low - 1e-9 <= at[c] + k * turn <= high + 1e-9 for k in (-1, 0, 1)):
                raise BadInputError(
                    f"the start lies beyond the bounds on {key}; a start within them is accepted"
                )


def bound_met(variables: Variables, pose: Pose, scale: float, focal: float) -> str | None:
    """The first quantity that stands at one of its bounds; focal: over the camera's own."""
    at = _limited_at(pose, scale, focal)
    for key, where in LIMITED.items():
        for c in where:
            for limit in (variables.lower[c], variables.upper[c]):
                off = at[c] - limit if np.isfinite(limit) else math.inf
                if abs(math.remainder(off, 2 * math.pi) if c < 3 and np.isfinite(off) else off) < 1e-9:
                    return key
    return None


def _limited_at(pose: Pose, scale: float, focal: float) -> NDArray[np.float64]:
    """(8,): what bounds are held against: the coordinates, the first three always as angles."""
    return np.concatenate([angles_of(pose), pose.translation, [math.log(scale), math.log(focal)]])

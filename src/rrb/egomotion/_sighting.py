"""`Sighting`: an object's pose in one frame, and how sure each direction of it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from rrb.egomotion._smoothing_terms import Measured
from rrb.errors import BadInputError
from rrb.geometry._arrays import as_numpy, short
from rrb.geometry.pose import Pose

# Of what the two standard deviations allow: matrices are computed, and beyond this an inverse means nothing.
_SYMMETRIC, _SINGULAR = 1e-6, 1e-13


@dataclass(frozen=True, eq=False)
class Sighting:
    """One object's pose in one frame, as measured there.

    information: (6, 6), the inverse covariance of a step (`Pose.step`) of camera_from_object, ordered rotation
    (rad), translation (m): in the camera frame, the object turning about its own origin. The inverse of
    `FitResult.covariance`. Positive definite: what was not measured at all has a small information, not none.
    """

    frame: int  # from 0
    object: int  # from 0; object 0 is the world
    camera_from_object: Pose
    information: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("frame", "object"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
                raise BadInputError(
                    f"a sighting's {name} is {short(value)}; a whole number from 0 is accepted"
                )
        pose = self.camera_from_object
        if not isinstance(pose, Pose) or pose.batch:
            raise BadInputError(f"a sighting's pose is {short(pose)}; one single Pose is accepted")
        pose = pose.numpy()
        object.__setattr__(
            self, "camera_from_object", Pose(as_numpy(pose.rotation), as_numpy(pose.translation))
        )
        object.__setattr__(self, "information", _information(self.information))


def measured(
    sightings: Sequence[Sighting], times_s: NDArray[np.float64], objects: int
) -> tuple[Measured, NDArray[np.int64]]:
    """As sorted arrays, and the place of each of them in what was given."""
    if isinstance(objects, bool) or not isinstance(objects, Integral) or objects < 1:
        raise BadInputError(f"the number of objects is {short(objects)}; a whole number from 1 is accepted")
    if not len(sightings):
        raise BadInputError("there are no sightings; at least one, of the first object, is needed")
    for number, sighting in enumerate(sightings):
        _check_place(number, sighting, len(times_s), int(objects))
    frame, thing = (np.array([getattr(s, n) for s in sightings], np.int64) for n in ("frame", "object"))
    order = np.lexsort((thing, frame))
    rotation = np.stack([s.camera_from_object.rotation for s in sightings])
    translation = np.stack([s.camera_from_object.translation for s in sightings])
    information = np.stack([s.information for s in sightings])
    arrays = (a[order] for a in (frame, thing, rotation, translation, information))
    return Measured(*arrays, times_s, int(objects)), order


def _check_place(number: int, sighting: object, frames: int, objects: int) -> None:
    if not isinstance(sighting, Sighting):
        raise BadInputError(f"sighting {number} is {short(sighting)}; a Sighting is accepted")
    for what, value, count in (("frame", sighting.frame, frames), ("object", sighting.object, objects)):
        if value >= count:
            raise BadInputError(f"sighting {number} is of {what} {value}; 0 to {count - 1} are accepted")


def _information(value: object) -> NDArray[np.float64]:
    matrix = as_numpy(value).astype(float)
    if matrix.shape != (6, 6):
        raise BadInputError(f"a sighting's information has the shape {matrix.shape}; (6, 6) is accepted")
    deviations = np.sqrt(np.maximum(np.diagonal(matrix), 0.0))
    if not np.isfinite(matrix).all() or not (deviations > 0).all():
        raise BadInputError(
            "a sighting's information holds numbers that are not finite, or has none of some direction; a positive"
            " definite matrix is accepted"
        )
    alike = matrix / np.outer(deviations, deviations)  # radians and metres stand side by side
    if np.abs(alike - alike.T).max() > _SYMMETRIC or np.linalg.eigvalsh(alike)[0] < _SINGULAR:
        raise BadInputError(
            "a sighting's information is singular or not symmetric; a positive definite matrix, the inverse of a"
            " covariance, is accepted"
        )
    return (matrix + matrix.T) / 2

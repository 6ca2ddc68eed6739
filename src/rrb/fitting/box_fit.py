"""Where a mesh of known rotation stands so that its box in the image is the one that was seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import as_numpy, numpy_view, short
from rrb.geometry.camera import Camera

Array = NDArray[np.float64]

SIDES = ("left", "top", "right", "bottom")
_CLIPPED_PX = 1.0  # who counts the last pixel as W - 1 clips a box there
_AXIS, _FAR = np.array([0, 1, 0, 1]), np.array([False, False, True, True])  # of the four sides
_MOST_STEPS, _HALVINGS = 50, 12
_ROUNDING = 1e-13
_NEAREST = 1e-9  # vertex in front of the camera, in sizes of the mesh


def checked_box(box: Any, camera: Camera) -> Array:
    """(4,): left, top, right, bottom in pixels, NaN for a side that is not known.

    A side within a pixel of the picture's border, or beyond it, becomes NaN: there the picture ends, not the
    object.
    """
    sides = as_numpy(box)
    if sides.shape != (4,) or np.isinf(sides).any() or not (~(sides[:2] >= sides[2:])).all():
        raise BadInputError(
            f"a box is {short(sides.tolist())}; left, top, right, bottom in pixels, left < right and top < bottom,"
            " are accepted"
        )
    size = np.array([camera.width_px, camera.height_px])
    inside = np.concatenate((sides[:2] > _CLIPPED_PX, sides[2:] < size - _CLIPPED_PX))
    return np.where(inside, sides, np.nan)


def box_of_mask(mask: Any, unknown: Any = None) -> Array:
    """(4,) as `checked_box`, of mask (H, W) in [0, 1], finer than a pixel where its edges are soft.

    NaN for a side at the picture's border, or where a neighbour of its pixels is unknown (H, W), from 0.5 on.
    """
    mask = numpy_view(mask).astype(np.float64)
    known = np.ones(mask.shape, bool) if unknown is None else numpy_view(unknown) < 0.5
    height, width = mask.shape
    left, right = (_first(mask[:, ::way], known[:, ::way]) for way in (1, -1))
    top, bottom = (_first(mask.T[:, ::way], known.T[:, ::way]) for way in (1, -1))
    return np.array([left, top, width - right, height - bottom])


def _first(mask: NDArray, known: NDArray[np.bool_]) -> float:
    """Where the object begins in x; NaN where the picture, or what is known of it, begins no earlier.

    Values are shares of pixels that are covered, so the edge lies as far left as the first pixel from 0.5 on and
    the one before it are covered together.
    """
    inside = (mask >= 0.5) & known
    column = int(inside.any(0).argmax())
    rows = np.flatnonzero(inside[:, column])
    if column == 0 or not known[rows, column - 1].all():
        return float("nan")
    return column + 1 - float((mask[rows, column] + mask[rows, column - 1]).max())


def translation_from_box(arms: Array, camera: Camera, box: Array) -> tuple[Array, Array]:
    """(t (3,), the mesh's box (4,) in pixels) of least squared distance between the sides that are known.

    arms (V, 3): from the object's origin to each vertex, camera frame. box (4,): NaN for an unknown side; three
    are needed. A side is where the plane through the camera's centre and the image's side touches the mesh,
    min (x - left z) = 0 over the vertices arms + t, say. That is linear in t: three sides are met exactly and
    four nearly; Gauss-Newton steps then fit the four in pixels, through the vertices that make the sides.
    """
    known = ~np.isnan(box)
    if known.sum() < 3:
        names = ", ".join(name for name, yes in zip(SIDES, known, strict=True) if yes) or "none"
        raise BadInputError(
            f"of the box's sides {names} can be used, the others are at the picture's border or unknown; three or"
            " four are needed"
        )
    t = touching(arms, camera, box, known)
    if not (arms[:, 2] + t[2]).min() > _NEAREST * np.abs(arms).max():
        # Planes that are all touched enclose what lies in front; but a needle seen end-on meets a wide box only
        # with its point in the camera.
        raise BadInputError(
            "no place in front of the camera gives the mesh such a box: shape, rotation and box do not go together"
        )
    for _ in range(_MOST_STEPS):
        nearer = _stepped(arms, t, camera, box, known)
        if nearer is None:
            break
        t = nearer
    return t, _sides(arms + t, camera)[0]


def _stepped(arms: Array, t: Array, camera: Camera, box: Array, known: NDArray[np.bool_]) -> Array | None:
    """A Gauss-Newton step, or a share of it, that fits better; None at a minimum."""
    sides, slopes = _sides(arms + t, camera)
    misses = (sides - box)[known]
    step = np.linalg.lstsq(slopes[known], -misses, rcond=None)[0]
    if np.linalg.norm(step) <= _ROUNDING * np.linalg.norm(t):
        return None
    for share in 0.5 ** np.arange(_HALVINGS):
        new = t + share * step
        if (arms[:, 2] + new[2]).min() > 0:
            new_misses = (_sides(arms + new, camera)[0] - box)[known]
            if new_misses @ new_misses < misses @ misses:
                return new
    return None  # two vertices change places there


def touching(arms: Array, camera: Camera, box: Array, known: NDArray[np.bool_]) -> Array:
    """t with the mesh between the planes through the box's sides, touching each."""
    focal, centre = _numbers(camera)
    normals = np.zeros((4, 3))
    normals[np.arange(4), _AXIS] = 1
    normals[:, 2] = -(box - centre) / focal
    normals = normals[known]
    reach = arms @ normals.T
    return np.linalg.lstsq(normals, -np.where(_FAR[known], reach.max(0), reach.min(0)), rcond=None)[0]


def _sides(points: Array, camera: Camera) -> tuple[Array, Array]:
    """The box (4,) of points (V, 3) in the camera frame, in pixels, and its derivative (4, 3) by a shift of all."""
    at = as_numpy(camera.project(points))[:, :2]
    vertex = np.concatenate((at.argmin(0), at.argmax(0)))
    sides = at[vertex, _AXIS]
    focal, centre = _numbers(camera)
    slopes = np.zeros((4, 3))
    slopes[np.arange(4), _AXIS] = focal
    slopes[:, 2] = centre - sides
    return sides, slopes / points[vertex, 2:]


def _numbers(camera: Camera) -> tuple[Array, Array]:
    """Focal length and principal point of each of the four sides."""
    focal = as_numpy(camera.matrix)[[0, 1], [0, 1]]
    centre = as_numpy(camera.matrix)[:2, 2]
    return focal[_AXIS], centre[_AXIS]

"""Rotation matrices, rotation vectors and quaternions, in radians.

Matrices (..., 3, 3) act on columns, p_turned = R @ p. NumPy or torch; gradients are finite at the identity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import alike, as_numpy, length, namespace, take_along_last

# Written with four decimals, a rotation still passes.
ROTATION_TOLERANCE = 5e-4


def checked_rotation(rotation: Any, what: str = "the rotation") -> None:
    """Refuse what is not a rotation: R^T R = 1 within 5e-4 in every entry, and det R > 0."""
    numbers = as_numpy(rotation)
    if numbers.shape[-2:] != (3, 3):
        raise BadInputError(f"{what} has the shape {numbers.shape}; (..., 3, 3) is accepted")
    if not np.isfinite(numbers).all():
        raise BadInputError(f"{what} holds numbers that are not finite; a rotation matrix is accepted")
    off = np.abs(numbers.swapaxes(-1, -2) @ numbers - np.eye(3)).max(initial=0.0)
    if off > ROTATION_TOLERANCE:
        raise BadInputError(
            f"{what} is no rotation: R^T R differs from the identity by {off:.2g};"
            f" at most {ROTATION_TOLERANCE:g} is accepted (a scale belongs beside the pose)"
        )
    if (np.linalg.det(numbers) < 0).any():
        raise BadInputError(f"{what} is a reflection (its determinant is -1); a rotation is accepted")


# --- rotation vectors -----------------------------------------------------------------------------


def matrix_from_rotation_vector(vector: Any) -> Any:
    """(..., 3, 3) = exp([w]x) of w (..., 3): the axis times the angle, right-handed."""
    (vector,) = alike(vector)
    first, second, _ = angle_series(vector)
    cross = skew(vector)
    return identity_like(cross) + first * cross + second * (cross @ cross)


def rotation_vector_from_matrix(rotation: Any) -> Any:
    """w (..., 3), at most pi long, with exp([w]x) = rotation.

    Taken from the quaternion, so that it is exact to rounding at both 0 and pi. At exactly pi the axis is the
    one whose largest component is positive.
    """
    quaternion = quaternion_from_matrix(rotation)
    cosine, sine_axis = quaternion[..., :1], quaternion[..., 1:]
    xp = namespace(quaternion)
    square = (sine_axis * sine_axis).sum(-1)[..., None]
    # 2 atan(u) / u with u = sine / cosine of half the angle, by its series where u is small.
    small = square < 1e-2
    one = xp.ones_like(square)
    u2 = xp.where(small, square, 0 * square) / xp.where(small, cosine * cosine, one)
    series = sum((-u2) ** k / (2 * k + 1) for k in range(9)) / xp.where(small, cosine, one)
    sine = xp.sqrt(xp.where(small, one, square))
    return 2.0 * sine_axis * xp.where(small, series, xp.arctan2(sine, cosine) / sine)


def angle_series(vector: Any) -> tuple[Any, Any, Any]:
    """sin(a)/a, (1 - cos(a))/a^2 and (a - sin(a))/a^3 of the angle a = |vector|, each (..., 1, 1)."""
    xp = namespace(vector)
    square = (vector * vector).sum(-1)[..., None, None]
    small = square < 0.25  # below half a radian the closed forms cancel
    near = xp.where(small, square, 0.0 * square)
    angle = xp.sqrt(xp.where(small, xp.ones_like(square), square))
    closed = (
        xp.sin(angle) / angle,
        (1 - xp.cos(angle)) / angle**2,
        (angle - xp.sin(angle)) / angle**3,
    )

    def series(start: int) -> Any:
        return sum((-near) ** k / math.factorial(start + 2 * k) for k in range(8))

    first, second, third = (xp.where(small, series(i + 1), closed[i]) for i in range(3))
    return first, second, third


def skew(vector: Any) -> Any:
    """[w]x (..., 3, 3) with [w]x @ p = w x p."""
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    o = 0.0 * x
    return matrix_of([[o, -z, y], [z, o, -x], [-y, x, o]])


# --- quaternions ----------------------------------------------------------------------------------


def matrix_from_quaternion(quaternion_wxyz: Any) -> Any:
    """(..., 3, 3) of (..., 4), w first, of any length but 0; q and -q are the same rotation."""
    (q,) = alike(quaternion_wxyz)
    if q.shape[-1:] != (4,):
        raise BadInputError(f"a quaternion has the shape {tuple(q.shape)}; (..., 4), w first, is accepted")
    size = length(q)[..., None]
    if not (as_numpy(size) > 0).all():
        raise BadInputError("a quaternion is 0 or not a number; any other (w, x, y, z) is accepted")
    q = q / size
    w, x, y, z = (q[..., i] for i in range(4))
    return matrix_of(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_from_matrix(rotation: Any) -> Any:
    """(..., 4) of length 1, w first and w >= 0; where w is exactly 0 the largest component is positive."""
    (r,) = alike(rotation)
    xp = namespace(r)
    xx, yy, zz = r[..., 0, 0], r[..., 1, 1], r[..., 2, 2]
    wx, wy, wz = r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1]
    xy, xz, yz = r[..., 0, 1] + r[..., 1, 0], r[..., 0, 2] + r[..., 2, 0], r[..., 1, 2] + r[..., 2, 1]
    # 4 q q^T: every column is a multiple of q; the one with the largest diagonal is far from 0.
    products = matrix_of(
        [
            [1 + xx + yy + zz, wx, wy, wz],
            [wx, 1 + xx - yy - zz, xy, xz],
            [wy, xy, 1 - xx + yy - zz, yz],
            [wz, xz, yz, 1 - xx - yy + zz],
        ]
    )
    diagonal = xp.stack([products[..., i, i] for i in range(4)], -1)
    column = take_along_last(products, diagonal.argmax(-1)[..., None, None])[..., 0]
    unit = column / length(column)[..., None]
    return xp.where(unit[..., :1] < 0, -unit, unit)


# --- matrices ----------------------------------------------------------------------------


def about_axis(axis: int, angle: Any) -> Any:
    """(..., 3, 3): right-handed rotation about x (0), y (1) or z (2)."""
    (angle,) = alike(angle)
    xp = namespace(angle)
    c, s, o, one = xp.cos(angle), xp.sin(angle), 0.0 * angle, xp.ones_like(angle)
    rows = [[[one, o, o], [o, c, -s], [o, s, c]], [[c, o, s], [o, one, o], [-s, o, c]]]
    return matrix_of([*rows, [[c, -s, o], [s, c, o], [o, o, one]]][axis])


def angle_of(rotation: Any) -> Any:
    """The angle (...) in [0, pi], accurate at both ends (no arccosine of the trace)."""
    quaternion = quaternion_from_matrix(rotation)
    return 2.0 * namespace(quaternion).arctan2(length(quaternion[..., 1:]), quaternion[..., 0])


def random_rotations(rng: np.random.Generator, batch: Sequence[int] = ()) -> NDArray[np.float64]:
    """(*batch, 3, 3), uniform over all rotations."""
    return matrix_from_quaternion(rng.normal(size=(*batch, 4)))


def matrix_of(rows: Sequence[Sequence[Any]]) -> Any:
    """(..., n, m) of n rows of m entries (...) each."""
    xp = namespace(rows[0][0])
    return xp.stack([xp.stack(tuple(row), -1) for row in rows], -2)


def identity_like(matrix: Any) -> Any:
    """(3, 3) of the kind, type and device of `matrix`."""
    xp = namespace(matrix)
    eye = xp.eye(3, dtype=matrix.dtype)
    return eye if xp is np else eye.to(matrix.device)


def pole_width(array: Any) -> float:
    """How far from a pole rounding alone can bring a unit vector of this precision."""
    return 64 * float(namespace(array).finfo(array.dtype).eps)

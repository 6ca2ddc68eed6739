"""The exponential map of rigid motions: what couples a twist's translation part with its rotation part."""

from __future__ import annotations

from typing import Any

from rrb.geometry._arrays import namespace
from rrb.geometry.rotations import angle_series, identity_like, skew

# |B_2k| / (2k)! for k = 1..7, B being the Bernoulli numbers: 1/a^2 - cot(a/2)/(2a) as a series in a^2.
_INVERSE_SERIES = (
    1 / 12,
    1 / 720,
    1 / 30240,
    1 / 1209600,
    1 / 47900160,
    691 / 1307674368000,
    1 / 74724249600,
)


def left_jacobian(vector: Any) -> Any:
    """V (..., 3, 3) of a rotation vector w: exp([w, v]) has the translation V v. V is 1 at w = 0.

    It is the mean of exp(s [w]x) over s in [0, 1].
    """
    _, second, third = angle_series(vector)
    cross = skew(vector)
    return identity_like(cross) + second * cross + third * (cross @ cross)


def inverse_left_jacobian(vector: Any) -> Any:
    """V^-1 (..., 3, 3), for rotation vectors shorter than 2 pi."""
    xp = namespace(vector)
    square = (vector * vector).sum(-1)[..., None, None]
    small = square < 0.25  # the closed form cancels there
    near = xp.where(small, square, 0.0 * square)
    angle = xp.sqrt(xp.where(small, xp.ones_like(square), square))
    series = sum(c * near**k for k, c in enumerate(_INVERSE_SERIES))
    closed = (1 - 0.5 * angle * xp.cos(0.5 * angle) / xp.sin(0.5 * angle)) / angle**2
    cross = skew(vector)
    return identity_like(cross) - 0.5 * cross + xp.where(small, series, closed) * (cross @ cross)

"""Symmetric systems whose blocks couple neighbours only, by odd-even reduction.

Every second unknown is eliminated at once, what is left is again such a system of half the length, and so on:
a thousand frames take ten rounds of a few array expressions, where a loop over frames would take a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Chain:
    """A positive definite matrix of N x N blocks (n, n) that is 0 beside its three block diagonals, reduced.

    Unknowns 1, 3, 5, ... are eliminated here; `rest` is what is left of unknowns 0, 2, 4, ....
    """

    inverse: Floats  # (N // 2, n, n): of the diagonal blocks of what is eliminated, or of the only block
    to_left: Floats  # (N // 2, n, n): inverse @ (block that couples to the unknown before)
    to_right: Floats  # (N // 2, n, n): the same of the one behind; 0 where there is none
    rest: Chain | None

    @staticmethod
    def of(diagonal: Floats, upper: Floats) -> Chain:
        """diagonal (N, n, n) and upper (N - 1, n, n), the blocks (k, k + 1). N is 1 or more."""
        if len(diagonal) == 1:
            inverse = np.asarray(np.linalg.inv(diagonal), np.float64)
            return Chain(inverse, 0 * inverse, 0 * inverse, None)
        left, right = upper[0::2], upper[1::2]
        odd, even = diagonal[1::2], diagonal[0::2].copy()
        inverse = np.asarray(np.linalg.inv(odd), np.float64)
        to_left, to_right = inverse @ left.swapaxes(1, 2), np.zeros_like(odd)
        to_right[: len(right)] = inverse[: len(right)] @ right
        even[: len(left)] -= left @ to_left
        even[1:] -= right.swapaxes(1, 2) @ to_right[: len(right)]
        between = -left[: len(right)] @ to_right[: len(right)]
        return Chain(inverse, to_left, to_right, Chain.of((even + even.swapaxes(1, 2)) / 2, between))

    def solve(self, right_side: Floats) -> Floats:
        """x (N, n, m) with matrix @ x = right_side (N, n, m)."""
        if self.rest is None:
            return self.inverse @ right_side
        odd, even = right_side[1::2], right_side[0::2].copy()
        behind = len(even) - 1
        even[: len(odd)] -= self.to_left.swapaxes(1, 2) @ odd
        even[1:] -= self.to_right[:behind].swapaxes(1, 2) @ odd[:behind]
        answer = np.empty_like(right_side)
        answer[0::2] = known = self.rest.solve(even)
        answer[1::2] = self.inverse @ odd - self.to_left @ known[: len(odd)]
        answer[1 : 2 * behind : 2] -= self.to_right[:behind] @ known[1:]
        return answer

    def inverse_blocks(self) -> tuple[Floats, Floats]:
        """Of the inverse matrix: the blocks (k, k), (N, n, n), and (k, k + 1), (N - 1, n, n)."""
        if self.rest is None:
            return self.inverse, np.empty((0, *self.inverse.shape[1:]))
        even, between = self.rest.inverse_blocks()
        odds, behind = len(self.inverse), len(even) - 1
        # x_odd = -to_left x_before - to_right x_behind + a part of covariance `inverse` of its own.
        before, after = even[:odds], np.zeros_like(self.inverse)
        across, last = np.zeros_like(after), np.zeros_like(after)
        last[:behind], across[:behind] = even[1:], between
        with_before = -(self.to_left @ before + self.to_right @ across.swapaxes(1, 2))
        with_after = -(self.to_left @ across + self.to_right @ last)
        own = (
            self.inverse
            - with_before @ self.to_left.swapaxes(1, 2)
            - with_after @ self.to_right.swapaxes(1, 2)
        )
        count = len(even) + odds
        diagonal, upper = np.empty((count, *own.shape[1:])), np.empty((count - 1, *own.shape[1:]))
        diagonal[0::2], diagonal[1::2] = even, (own + own.swapaxes(1, 2)) / 2
        upper[0::2], upper[1::2] = with_before.swapaxes(1, 2), with_after[:behind]
        return diagonal, upper

"""Which sightings to believe, and how much the camera's motion changes: both are found along with the path.

A sighting counts fully or not at all: what it costs is its squared distance in standard deviations, but at most
`cut` squared. That cost has many minima, so the descent starts with one that has few (Yang et al., graduated
non-convexity): sightings count the less the farther off they are, and round by round this becomes the sharp cut.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rrb.egomotion import _smoothing_terms as terms
from rrb.egomotion import _turns as turns
from rrb.egomotion._smoothing_solve import Problem, Solved, descend, normal_equations
from rrb.egomotion._smoothing_terms import Measured, State
from rrb.egomotion._turns import Floats

# The sharpness to begin with (at 20 times the cut nothing is believed), its growth in a round, and where it ends.
_BLUNT, _SHARPER, _SHARP = 1 / 16, 4.0, 256.0
_ROUNDS = 12
_MIDDLE = 5.348  # median of the squared length of six normal numbers
_OPTIMISTIC = 1.5  # times that, and the sightings' own information is no longer believed
_MIDDLE_OF_THREE = 2.366  # and of three
LEAST_DENSITY, USUAL_DENSITY = 1e-6, 1.0  # rad^2/s^3 and m^2/s^3
_FEW = 6.0  # intervals that the first guess of the motion's density is worth


def distances(state: State, seen: Measured) -> Floats:
    """(S,) squared, in the sightings' own standard deviations."""
    return terms.squares(terms.sighting_residuals(state, seen), seen.information)


def widening(off: Floats, seen: Measured) -> Floats:
    """(S,) >= 1: by what the squares must be divided where an object's sightings claim too much.

    Told by the median, which wrong sightings do not move much. Each object has its own.
    """
    factor = np.ones(seen.objects)
    for number in np.unique(seen.object):
        factor[number] = np.median(off[seen.object == number]) / (_OPTIMISTIC * _MIDDLE)
    return np.maximum(factor, 1.0)[seen.object]


def belief(off: Floats, cut: float, sharpness: float) -> Floats:
    """(S,) in [0, 1] of squared distances: 1 below, 0 above a band around `cut` that narrows with sharpness."""
    low, high = sharpness / (sharpness + 1) * cut**2, (sharpness + 1) / sharpness * cut**2
    between = cut * np.sqrt(sharpness * (sharpness + 1) / np.maximum(off, low)) - sharpness
    return np.where(off <= low, 1.0, np.where(off >= high, 0.0, between))


def judged(problem: Problem, state: State, cut: float, sharpness: float) -> Problem:
    """With belief and widening as the state suggests."""
    off = distances(state, problem.seen)
    wide = widening(off, problem.seen)
    return replace(problem, believed=belief(off / wide, cut, sharpness), wide=wide)


def settle(problem: Problem, state: State, cut: float) -> tuple[Problem, State, int]:
    """Believed sightings and the state after graduation; and the steps taken."""
    state, steps = descend(problem, state, 4)
    sharpness = _BLUNT
    while sharpness < _SHARP:
        state, more = descend(judged(problem, state, cut, sharpness), state, 1)
        steps, sharpness = steps + more, _SHARPER * sharpness
    return judged(problem, state, cut, _SHARP), state, steps


# --- motion ---------------------------------------------------------------------------------------


def first_densities(state: State, sees: NDArray[np.bool_], times_s: Floats) -> Floats:
    """(2,) of the acceleration's white noise, from cameras as single frames show them.

    The change of the mean velocity from one interval to the next, over three frames that follow one another, has
    the variance q (t1 + t2) / 3.
    """
    at = np.flatnonzero(sees)
    if len(at) < 3:
        return np.full(2, USUAL_DENSITY)
    dt = np.diff(times_s[at])[:, None]
    rotations = state.rotations[at]
    rates = turns.log(rotations[1:] @ rotations[:-1].swapaxes(1, 2)) / dt
    changes = np.stack((np.diff(rates, axis=0), np.diff(np.diff(state.centres[at], axis=0) / dt, axis=0)))
    squared = (changes**2).sum(-1) / ((dt[1:] + dt[:-1])[:, 0] / 3)
    return np.maximum(np.median(squared, axis=1) / _MIDDLE_OF_THREE, LEAST_DENSITY)


def better_densities(problem: Problem, state: State, first: Floats) -> Floats:
    """One round of expectation and maximisation: the mean square of the acceleration, what is unsure included."""
    steps_s = problem.steps_s
    residuals = terms.motion_residuals(state, steps_s)
    own, pairs, _ = Solved(normal_equations(problem, state)).covariances()
    motion = terms.motion_blocks(state, steps_s, residuals, np.ones(2))
    unsure = motion.before * own[:-1] + motion.behind * own[1:] + 2 * motion.across * pairs
    squared = terms.motion_squares(residuals, steps_s).sum(0) + unsure.sum((0, 2)).reshape(2, 6).sum(0)
    found = squared.reshape(2, 3).sum(1)
    return np.maximum((found + 6 * _FEW * first) / (6 * (len(steps_s) + _FEW)), LEAST_DENSITY)


def refine(problem: Problem, state: State, cut: float, measured: bool) -> tuple[Problem, State, int]:
    """Believe sightings and, if `measured`, find the motion's densities, in turns until neither changes."""
    first, total = problem.densities, 0
    for _ in range(_ROUNDS):
        state, steps = descend(problem, state, 2)
        before, total = problem, total + steps
        problem = judged(problem, state, cut, _SHARP)
        if measured:
            problem = replace(problem, densities=better_densities(problem, state, first))
        if np.allclose(problem.weights, before.weights, rtol=1e-3, atol=1e-3) and np.allclose(
            problem.densities, before.densities, rtol=0.02
        ):
            break
    return problem, state, total

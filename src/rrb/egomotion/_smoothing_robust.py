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
from rrb.egomotion._smoothing_solve import Covariances, Problem, Solved, descend, normal_equations
from rrb.egomotion._smoothing_terms import Measured, State
from rrb.egomotion._turns import Floats

# The sharpness to begin with (at 20 times the cut nothing is believed), its growth in a round, and where it ends.
_BLUNT, _SHARPER, _SHARP = 1 / 16, 4.0, 256.0
_ROUNDS = 12
_NEAR_SHARE, _NEAR = 0.3, 3.828  # the squared length of six normal numbers is as often below that
_TELLING = 10  # from so many numbers on is a quantile believed
_LEAST_LEFT = 0.05  # of a sighting's square, where the state follows it
_MIDDLE_OF_THREE = 2.366  # median of the squared length of three normal numbers
_SAME = 0.02  # relative change of what was found at which to stop looking
LEAST_DENSITY, USUAL_DENSITY = 1e-6, 1.0  # rad^2/s^3 and m^2/s^3
# Where the sightings' noise hides the motion: the first guess, with that noise in it, is worth one number, at a tenth.
_GUESS = 0.1


def distances(state: State, seen: Measured) -> Floats:
    """(S,) squared, in the sightings' own standard deviations."""
    return terms.squares(terms.sighting_residuals(state, seen), seen.information)


def widening(off: Floats, seen: Measured, followed: Floats | None) -> Floats:
    """(S,) >= 1: by what the squares must be divided where an object's sightings claim too much.

    followed (S,): the share of each sighting's square that is missing because the state has followed it. Without,
    or with few sightings of an object, one factor is found for all. Told by the nearer sightings, of which few are
    wrong, and of several of one object in one frame by the nearest.
    """
    whole = off if followed is None else off / np.maximum(1 - followed, _LEAST_LEFT)
    starts = np.flatnonzero(np.diff(seen.frame * seen.objects + seen.object, prepend=-1))
    nearest, thing = np.minimum.reduceat(whole, starts), seen.object[starts]
    factor = np.full(seen.objects, overstated(nearest))
    for number in np.unique(thing) if followed is not None else []:
        if (thing == number).sum() >= _TELLING:
            factor[number] = overstated(nearest[thing == number])
    return factor[seen.object]


def overstated(squares: Floats) -> float:
    """By what squared distances must be divided to be as expected; up to 1.4 nothing is: chance makes as much."""
    if len(squares) < _TELLING:
        return 1.0
    times = float(np.quantile(squares, _NEAR_SHARE)) / _NEAR
    return float(np.interp(times, [1.4, 1.6], [1.0, 1.6])) if times < 1.6 else times


def belief(off: Floats, cut: float, sharpness: float) -> Floats:
    """(S,) in [0, 1] of squared distances: 1 below, 0 above a band around `cut` that narrows with sharpness."""
    low, high = sharpness / (sharpness + 1) * cut**2, (sharpness + 1) / sharpness * cut**2
    between = cut * np.sqrt(sharpness * (sharpness + 1) / np.maximum(off, low)) - sharpness
    return np.where(off <= low, 1.0, np.where(off >= high, 0.0, between))


def judged(
    problem: Problem, state: State, cut: float, sharpness: float, followed: Floats | None = None
) -> Problem:
    """With belief and widening as the state suggests."""
    off = distances(state, problem.seen)
    wide = widening(off, problem.seen, followed)
    return replace(problem, believed=belief(off / wide, cut, sharpness), wide=wide)


def settle(problem: Problem, state: State, cut: float) -> tuple[Problem, State, int]:
    """Believed sightings and the state after graduation; and the steps taken."""
    state, steps = descend(problem, state, 2)
    sharpness = _BLUNT
    while sharpness < _SHARP:
        problem = judged(problem, state, cut, sharpness)
        state, more = descend(problem, state, 1)
        steps, sharpness = steps + more, _SHARPER * sharpness
    return problem, state, steps


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


def better_densities(problem: Problem, state: State, known: Covariances, first: Floats) -> Floats:
    """The densities that make the motion as large as it is (MacKay's rule for the width of a prior).

    q (n - g) = E: E the squares of the motion's n numbers with q = 1, g the part of them that is not seen but
    filled in, of which E shows nothing.
    """
    steps_s = problem.steps_s
    residuals = terms.motion_residuals(state, steps_s)
    motion = terms.motion_blocks(state, steps_s, residuals, problem.densities)
    unsure = motion.before * known.frames[:-1] + motion.behind * known.frames[1:]
    unsure += 2 * motion.across * known.pairs
    filled = unsure.sum((0, 2)).reshape(2, 2, 3).sum((0, 2))
    shown = terms.motion_squares(residuals, steps_s).reshape(-1, 2, 3).sum((0, 2))
    numbers = np.maximum(6 * len(steps_s) - filled, 0.0)
    return np.maximum((shown + _GUESS * first) / (numbers + 1), LEAST_DENSITY)


def share_followed(problem: Problem, state: State, known: Covariances) -> Floats:
    """(S,) in [0, 1): how much of each sighting's own noise the state has taken up, of what it is believed."""
    seen = problem.seen
    residuals = terms.sighting_residuals(state, seen)
    by_frame, by_object = terms.sighting_jacobians(state, seen, residuals)
    both = np.concatenate((by_frame, by_object), 2)
    spread = both @ known.of_sightings(problem) @ both.swapaxes(1, 2)
    return problem.weights * (spread * seen.information).sum((1, 2)) / 6


def refine(problem: Problem, state: State, cut: float, measured: bool) -> tuple[Problem, State, int]:
    """Believe sightings and, if `measured`, find the motion's densities, in turns until neither changes."""
    first, total = problem.densities, 0
    for _ in range(_ROUNDS):
        state, steps = descend(problem, state, 1)
        before, total = problem, total + steps
        known = Solved(normal_equations(problem, state)).covariances()
        densities = better_densities(problem, state, known, first) if measured else first
        problem = judged(problem, state, cut, _SHARP, share_followed(problem, state, known))
        problem = replace(problem, densities=densities)
        if np.allclose(problem.weights, before.weights, rtol=_SAME, atol=_SAME) and np.allclose(
            problem.densities, before.densities, rtol=_SAME
        ):
            break
    return problem, state, total

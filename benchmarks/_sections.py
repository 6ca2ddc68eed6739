"""The measurements of the raster benchmark, one function each; they return what is printed and checked."""

import math
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from _deodr import deodr_batch, deodr_in_two_processes
from _ours import floor, rasterize, silhouette
from _peer import Peer
from _peers import ONE_THREAD_ONLY, PEERS
from _plan import Plan
from _processes import APPROXIMATIONS
from _rounds import Timing, race
from _scene import Scene, ellipsoid, geodesic, in_random_order, stretched


@dataclass(frozen=True)
class Race:
    """Contenders timed in common rounds, on scenes of so many faces and pixels a side."""

    faces: int
    side_px: int
    timings: list[Timing]

    def get(self, name: str, threads: int = 1) -> Timing | None:
        found = (t for t in self.timings if (t.contender.name, t.contender.threads) == (name, threads))
        return next(found, None)

    def times(
        self, name: str, other: str, threads: int = 1, other_threads: int = 1
    ) -> tuple[float, float] | None:
        """How many times longer one takes than the other a picture, round by round and at best.

        None where one of them did not run.
        """
        one, another = self.get(name, threads), self.get(other, other_threads)
        return (one.times(another), one.times_at_best(another)) if one and another else None


@lru_cache(maxsize=4)
def scene_of(subdivisions: int, side_px: int, seed: int = 0) -> Scene:
    return ellipsoid(subdivisions, side_px, seed)


def side_by_side(plan: Plan, subdivisions: int, side_px: int, peers: Iterable[str]) -> Race:
    """Every approximation and peer on one picture, with the floor under each approximation."""
    scene = scene_of(subdivisions, side_px)
    contenders = [silhouette([scene], a, n) for n in plan.threads for a in APPROXIMATIONS]
    contenders += [floor(scene, a) for a in APPROXIMATIONS]
    for name in peers:
        threads = (1,) if name in ONE_THREAD_ONLY else plan.threads
        contenders += [PEERS[name](scene, n).contender for n in threads]
    timings = race(contenders, plan.budget_s, fewest_rounds=plan.fewest_rounds)
    return Race(len(scene.faces), side_px, timings)


def batches(plan: Plan, with_deodr: bool) -> Race:
    """A batch of differently turned objects, beside single pictures, whose names end in ' x1'."""
    subdivisions, side_px = plan.headline
    scenes = [ellipsoid(subdivisions, side_px, seed) for seed in range(plan.batch)]
    single = [silhouette(scenes[:1], a, 1) for a in APPROXIMATIONS]
    contenders = [replace(c, name=f"{c.name} x1") for c in single]
    contenders += [silhouette(scenes, a, n) for n in plan.threads for a in APPROXIMATIONS]
    with ExitStack() as stack:
        if with_deodr:
            contenders += [deodr_batch(scenes), stack.enter_context(deodr_in_two_processes(scenes))]
        timings = race(contenders, 2 * plan.budget_s, fewest_rounds=plan.fewest_rounds)
    return Race(len(scenes[0].faces), side_px, timings)


@dataclass(frozen=True)
class Growth:
    """cost ~ amount ** exponent between the first and the last amount (pixels, faces); 1 is linear."""

    approximation: str
    what: str
    amounts: list[int]
    total_ms: list[float]
    exponent: float
    last_exponent: float  # between the last two amounts


def growth(plan: Plan, what: str, settings: Sequence[tuple[int, int]]) -> list[Growth]:
    """Pictures of growing `what` ("pixels" or "faces"), all settings in common rounds, on one thread."""
    scenes = [ellipsoid(*setting) for setting in settings]
    amounts = [s.side_px**2 if what == "pixels" else len(s.faces) for s in scenes]
    found = []
    for approximation in APPROXIMATIONS:
        contenders = [silhouette([scene], approximation, 1) for scene in scenes]
        timings = race(contenders, plan.budget_s / 2, fewest_rounds=plan.fewest_rounds)
        steps = [_exponent(timings, amounts, first) for first in (0, -2)]
        found.append(Growth(approximation, what, amounts, [median_ms(t) for t in timings], *steps))
    return found


def _exponent(timings: Sequence[Timing], amounts: Sequence[int], first: int) -> float:
    return math.log(timings[-1].times(timings[first])) / math.log(amounts[-1] / amounts[first])


def many_faces(plan: Plan) -> Race | None:
    """The forward pass alone, on one thread; with vertices and faces in random order, named so, too."""
    if plan.many_faces is None:
        return None
    frequency, side_px = plan.many_faces
    scene = stretched(*geodesic(frequency), side_px)
    contenders = [silhouette([scene], a, 1) for a in APPROXIMATIONS] + [rasterize(scene, 1)]
    shuffled = in_random_order(scene)
    again = (silhouette([shuffled], "antialias", 1), rasterize(shuffled, 1))
    contenders += [replace(c, name=f"{c.name}, shuffled") for c in again]
    forward_alone = [replace(c, backward=None) for c in contenders]
    timings = race(forward_alone, plan.budget_s, fewest_rounds=plan.fewest_rounds)
    return Race(len(scene.faces), scene.side_px, timings)


def median_ms(timing: Timing) -> float:
    return float(np.median(timing.total_ms))


@dataclass(frozen=True)
class Agreement:
    """Overlap of a peer's object with ours, and how many entries of its gradient are not 0."""

    name: str
    iou: float
    nonzero: int
    entries: int
    does: str


def agreement(name: str, scene: Scene) -> Agreement:
    peer: Peer = PEERS[name](scene, 1)
    covered, ours = peer.covered(), rasterize(scene, 1).forward().covered.numpy()
    iou = float((covered & ours).sum() / (covered | ours).sum())
    peer.contender.before()
    peer.contender.backward(peer.contender.forward())
    gradient = peer.gradient()
    return Agreement(name, iou, int(np.count_nonzero(gradient)), gradient.size, peer.does)

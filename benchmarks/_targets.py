"""What was asked of the rasterizer's speed, beside what one run measured."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from _plan import Plan
from _processes import Memory, Start
from _sections import Growth, Race, median_ms

SMALL_ENOUGH_MS = 50.0
MANY_FACES_MS = 60.0
MEMORY_MB = 400.0


@dataclass(frozen=True)
class Check:
    """`met` is None where nothing was measured, or nothing was asked."""

    what: str
    asked: str
    measured: str
    met: bool | None


@dataclass(frozen=True)
class Findings:
    plan: Plan
    races: Sequence[Race]  # the first is the headline
    batch: Race
    growths: Sequence[Growth]
    many_faces: Race | None
    memory: dict[str, Memory]
    start: Start | None


def checks(found: Findings) -> list[Check]:
    return [
        *_against_deodr(found),
        *_approximations(found.races[0]),
        *_batch_growth(found.batch),
        *(_growth(g) for g in found.growths),
        *_many_faces(found.many_faces),
        *(_memory(name, memory, found.plan) for name, memory in found.memory.items()),
        *_start(found.start),
    ]


Ratio = tuple[float, float] | None  # over the rounds, at best


def at_least(what: str, least: float, ratio: Ratio, aim: str = "") -> Check:
    met = None if ratio is None else ratio[0] >= least
    return Check(what, f"at least {least:g} times{aim}", _times(ratio), met)


def at_most(what: str, most: float, value: float | None, unit: str) -> Check:
    measured = "not measured" if value is None else f"{value:.2f} {unit}"
    return Check(what, f"at most {most:g} {unit}", measured, None if value is None else value <= most)


def _times(ratio: Ratio) -> str:
    return "not measured" if ratio is None else f"{ratio[0]:.2f} times (least to least {ratio[1]:.2f})"


def _against_deodr(found: Findings) -> list[Check]:
    first, batch = found.races[0], found.batch
    ours, theirs = "rrb antialias", "deodr"
    two = max(found.plan.threads)
    case = f"antialias, {first.side_px} px, {first.faces:,} faces, 1 thread: faster than DEODR"
    in_batch = f"antialias, batch of {found.plan.batch}, {two} threads, per image: faster than DEODR on 1"
    against_two = batch.times("deodr, 2 processes", ours, 2, two)
    return [
        at_least(case, 5, first.times(theirs, ours), ", aim 8"),
        _unasked("   the same against DEODR's public Scene2D", first.times("deodr Scene2D", ours)),
        at_least(in_batch, 9, batch.times(theirs, ours, 1, two)),
        _unasked("   the same against DEODR in two processes", against_two),
    ]


def _unasked(what: str, ratio: Ratio) -> Check:
    return Check(what, "", _times(ratio), None)


def _approximations(first: Race) -> list[Check]:
    soft = [first.get(f"rrb {name}") for name in ("softras", "palazzi")]
    kato = first.times("rrb kato", "rrb antialias")
    return [
        Check("kato against antialias", "at most 2 times", _times(kato), kato is not None and kato[0] <= 2),
        *(at_most(t.contender.name, SMALL_ENOUGH_MS, median_ms(t), "ms") for t in soft if t),
    ]


def _batch_growth(batch: Race) -> list[Check]:
    """Linear or better: a batch costs no more than its pictures one by one."""
    singles = [t for t in batch.timings if t.contender.name.endswith(" x1")]
    found = []
    for single in singles:
        name = single.contender.name.removesuffix(" x1")
        many = batch.get(name)
        assert many is not None
        exponent = 1 + math.log(many.times(single)) / math.log(many.contender.images)
        found.append(_exponent(f"{name}, 1 to {many.contender.images} pictures", exponent, "at most"))
    return found


def _growth(grown: Growth) -> Check:
    what = f"rrb {grown.approximation}, {grown.amounts[0]:,} to {grown.amounts[-1]:,} {grown.what}"
    bound = "at most" if grown.what == "pixels" else "under"
    return _exponent(what, grown.exponent, bound, f", of the last step {grown.last_exponent:.2f}")


def _exponent(what: str, exponent: float, bound: str, also: str = "") -> Check:
    """Judged as it is printed, to two decimals: below that is noise."""
    rounded = round(exponent, 2)
    met = rounded <= 1 if bound == "at most" else rounded < 1
    return Check(f"{what}: exponent of the cost", f"{bound} 1", f"{rounded:.2f}{also}", met)


def _many_faces(race: Race | None) -> list[Check]:
    if race is None:
        return [at_most("a million faces, forward, 1 thread", MANY_FACES_MS, None, "ms")]
    case = f"{race.faces:,} faces, {race.side_px} px, forward, 1 thread"
    found = []
    for name in ("rrb antialias", "rrb rasterize"):
        timing, shuffled = race.get(name), race.get(f"{name}, shuffled")
        assert timing is not None
        assert shuffled is not None
        found.append(at_most(f"{name}: {case}", MANY_FACES_MS, median_ms(timing), "ms"))
        found.append(Check("   the same shuffled", "", f"{median_ms(shuffled):.2f} ms", None))
    return found


def _memory(name: str, added: Memory, plan: Plan) -> Check:
    case = f"{name}, {plan.memory_side} px: beyond the idle process"
    measured = f"{added.forward_mb:.0f} MB, with backward and its gradient picture {added.both_mb:.0f} MB"
    return Check(case, f"at most {MEMORY_MB:g} MB", measured, added.forward_mb <= MEMORY_MB)


def _start(start: Start | None) -> list[Check]:
    if start is None:
        return []
    warm = f"{start.warm_s:.1f} s, of which Python and torch {start.torch_s:.1f} s"
    return [
        at_most("cold start: compile everything for float32, draw with all four", 90, start.cold_s, "s"),
        Check("warm start: the same again", "", warm, None),
    ]

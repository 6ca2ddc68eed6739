"""The sections of the fitting benchmark: which jobs each has, and how a job is measured."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import rrb
from _fit_cost import costs, measure_cost, measure_search, searches
from _fit_degrade import DEGRADATIONS, contour_noise, fine_signed_distance
from _fit_jobs import Job, plain
from _fit_plan import PROTOCOLS, THREADS, Plan
from _fit_runs import case_of, covered, degraded, gained, measured, road_of, started
from _fit_store import Progress, Record, Store

KINDS = ("clean", *(kind for kind in DEGRADATIONS if kind != "contour noise"))
DEGRADED_PROTOCOLS = ("near", "upright")
PUBLISHED_PROTOCOLS = ("near", "far")
_CHUNK = 10  # jobs that follow each other mostly share a case, and what is derived from it


@dataclass(frozen=True)
class Section:
    """seconds: that a job takes, about. timed: measured alone, in this process; else in several at once."""

    name: str
    jobs: Callable[[Plan], Iterator[Job]]
    measure: Callable[[Job], Record]
    seconds: float
    timed: bool = False


# --- the protocols, by our road and by the published one ------------------------------------------


def _whole(protocol: str) -> Callable[[Plan], Iterator[Job]]:
    def jobs(plan: Plan) -> Iterator[Job]:
        for split in plan.splits:
            for number in range(plan.cases):
                yield Job(protocol, split, number, options=(plan.repeats if protocol == "near" else 1,))

    return jobs


def _measure_whole(job: Job) -> Record:
    (repeats,) = job.options
    road = road_of("rrb")
    return measured(case_of(*job.case), road, threads=THREADS[job.protocol], repeats=repeats)[0]


def _published(plan: Plan) -> Iterator[Job]:
    """On one thread each, taking turns."""
    for protocol in PUBLISHED_PROTOCOLS:
        for split in plan.splits:
            for number in range(plan.published):
                yield Job(protocol, split, number, "kato", (plan.first_order_steps,))
                yield Job(protocol, split, number, "rrb", (None,))


def _measure_published(job: Job) -> Record:
    return measured(case_of(*job.case), road_of(job.road, *job.options), threads=1)[0]


# --- what goes wrong, and how sure a fit is -------------------------------------------------------


def _degraded(plan: Plan) -> Iterator[Job]:
    for protocol in DEGRADED_PROTOCOLS:
        for split in plan.splits:
            for number in range(plan.degraded):
                for kind in KINDS:
                    yield Job(protocol, split, number, options=(kind,))


def _measure_degraded(job: Job) -> Record:
    (kind,) = job.options
    return degraded(case_of(*job.case), DEGRADATIONS.get(kind))


def _covariance(plan: Plan) -> Iterator[Job]:
    for split in plan.splits:
        for number in plain("near", split, plan.covariance):
            for length in (None, *plan.lengths_px):
                yield Job("near", split, number, options=(length,))


def _measure_covariance(job: Job) -> Record:
    (length,) = job.options
    case = case_of(*job.case)
    return covered(case if length is None else contour_noise(case, length_px=length))


# --- from how far; what resolution and steps are worth --------------------------------------------


def _starts(plan: Plan) -> Iterator[Job]:
    roads = {"rrb": plan.starts, "kato": plan.starts_published, "RRB script": plan.starts_published}
    for road, count in roads.items():
        steps = None if road == "rrb" else plan.first_order_steps
        for split in plan.splits:
            for number in plain("near", split, count):
                for angle in plan.start_angles_deg:
                    yield Job("near", split, number, road, (angle, steps))


def _measure_starts(job: Job) -> Record:
    angle, steps = job.options
    return measured(started(case_of(*job.case), angle), road_of(job.road, steps))[0]


def _gains(plan: Plan) -> Iterator[Job]:
    for split in plan.splits:
        for number in plain("near", split, plan.gains):
            for road in ("rrb", "kato", "palazzi"):
                steps = None if road == "rrb" else plan.first_order_steps
                for side in plan.gain_sides_px:
                    trail = plan.gain_steps if side == max(plan.gain_sides_px) else ()
                    yield Job("near", split, number, road, (side, steps, *trail))


def _measure_gains(job: Job) -> Record:
    side, steps, *trail = job.options
    return gained(case_of(*job.case), road_of(job.road, steps), side, trail)


SECTIONS = {
    section.name: section
    for section in (
        Section("near", _whole("near"), _measure_whole, 0.13, timed=True),
        Section("far", _whole("far"), _measure_whole, 0.18, timed=True),
        Section("upright", _whole("upright"), _measure_whole, 0.3, timed=True),
        Section("any", _whole("any"), _measure_whole, 0.5, timed=True),
        Section("degrade", _degraded, _measure_degraded, 0.2),
        Section("covariance", _covariance, _measure_covariance, 0.12),
        Section("published", _published, _measure_published, 1.0, timed=True),
        Section("starts", _starts, _measure_starts, 0.5),
        Section("gains", _gains, _measure_gains, 0.7),
        Section("cost", costs, measure_cost, 0.3, timed=True),
        Section("search", searches, measure_search, 0.5, timed=True),
    )
}
assert set(PROTOCOLS) <= set(SECTIONS)


def run(names: list[str], plan: Plan, store: Store, machine: dict[str, str]) -> None:
    """Measure what the store has not; what is there is kept."""
    waiting = {}
    for name in names:
        kept = store.open(name, machine)
        waiting[name] = [job for job in SECTIONS[name].jobs(plan) if job.key not in kept]
    progress = Progress({name: _expected_s(name, plan) * len(jobs) for name, jobs in waiting.items()})
    try:
        for name, jobs in waiting.items():
            if not jobs:
                continue
            run_section = _one_by_one if SECTIONS[name].timed or plan.workers == 1 else _at_once
            for done, (job, record) in enumerate(run_section(SECTIONS[name], jobs, plan), 1):
                store.add(name, job.key, record)
                progress.advance(name, done, len(jobs), _expected_s(name, plan))
            store.save()
    finally:
        store.save()


def draw(plan: Plan) -> Iterator[str]:
    """Draw the masks and simplify the meshes that the disk does not have yet; says what was done last."""
    for protocol in PROTOCOLS:
        for split in plan.splits:
            for number in range(plan.cases):
                yield case_of(protocol, split, number).name
    for job in _degraded(plan):
        if job.options[0] in ("border", "coarse"):
            yield DEGRADATIONS[job.options[0]](case_of(*job.case)).name
    for job in _covariance(plan):
        if job.options == (None,):
            fine_signed_distance(case_of(*job.case))
            yield f"{case_of(*job.case).name}, finer"


def _expected_s(name: str, plan: Plan) -> float:
    section = SECTIONS[name]
    return section.seconds / (1 if section.timed else plan.workers)


Done = Iterator[tuple[Job, Record]]


def _one_by_one(section: Section, jobs: list[Job], plan: Plan) -> Done:
    """The first of each road is measured once more beforehand: what compiles or loads then is not timed."""
    if section.timed:
        for job in {(job.road, job.protocol): job for job in reversed(jobs)}.values():
            section.measure(job)
    for job in jobs:
        yield job, section.measure(job)


def _at_once(section: Section, jobs: list[Job], plan: Plan) -> Done:
    """One thread each, in processes of their own."""
    pool: Any = ProcessPoolExecutor(plan.workers, get_context("spawn"), rrb.set_threads, (1,))
    with pool:
        try:
            records = pool.map(_measure, [(section.name, job) for job in jobs], chunksize=_CHUNK)
            yield from zip(jobs, records, strict=True)
        finally:
            pool.shutdown(cancel_futures=True)


def _measure(named: tuple[str, Job]) -> Record:
    name, job = named
    return SECTIONS[name].measure(job)

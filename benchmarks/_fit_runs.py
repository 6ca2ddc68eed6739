"""One fit of one case, measured: what the sections of the fitting benchmark are made of."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

import rrb
from _fit_cases import Case, cases, drawn_mask
from _fit_score import Score, attainable_iou, overlap, score
from _fit_store import Record
from _fit_views import disturbed
from rrb import FirstOrder, Pose, SecondOrder
from rrb.errors import BadInputError
from rrb.fitting.first_order import GRABNER, PALAZZI, RRB, answer
from rrb.fitting.result import FitResult

# The published roads by name; "rrb" is ours, with its defaults.
PUBLISHED = {"kato": FirstOrder(), "RRB script": RRB, "palazzi": PALAZZI, "grabner": GRABNER}
START_SHARE = 0.05  # how far off a start lies, whatever its angle
SIX_95 = 12.59  # the 95 % quantile of chi squared with six degrees of freedom
_MOST, _KEPT = 10_000, 3
_reading: dict[tuple[str, str], tuple[Iterator[Case], list[Case]]] = {}


def road_of(name: str, steps: int | None = None) -> FirstOrder | SecondOrder:
    if name == "rrb":
        return SecondOrder()
    road = PUBLISHED[name]
    return road if steps is None else replace(road, steps=steps, translation_first=0)


def case_of(protocol: str, split: str, number: int) -> Case:
    """Read one after the other, as they come; those of the last few protocols and splits are kept."""
    key = protocol, split
    coming, read = _reading.pop(key, None) or (cases(protocol, split, _MOST), [])
    _reading[key] = coming, read
    while len(_reading) > _KEPT:
        del _reading[next(iter(_reading))]
    while len(read) <= number:
        read.append(next(coming))
    return read[number]


def measured(
    case: Case,
    road: FirstOrder | SecondOrder,
    *,
    threads: int = 1,
    repeats: int = 1,
    attainable: float = 1.0,
) -> tuple[Record, FitResult | None]:
    """The record of a fit, and what `rrb.fit` returned, or None where it refused."""
    rrb.set_threads(threads)
    record = {
        "mesh": case.name.split("/")[-1],
        "category": case.category,
        "symmetry": case.symmetry,
        "right": False,
        "among": False,
        "accepted": False,
    }
    try:
        found, times = _timed(lambda: _fit(case, road), repeats)
    except BadInputError as error:
        return record | {"refused": str(error)}, None
    record |= scored(case, found.camera_from_object, attainable)
    record["among"] = record["right"] or any(
        score(case, h.camera_from_object, attainable).right for h in found.hypotheses[1:]
    )
    return record | {
        "ms": float(np.median(times)),
        "threads": threads,
        "steps": len(found.history) - 1,
        "accepted": found.accepted,
        "reason": found.reason,
        "hypotheses": len(found.hypotheses),
        "says_symmetric": any(h.symmetry for h in found.hypotheses),
    }, found


def _fit(case: Case, road: FirstOrder | SecondOrder) -> FitResult:
    return rrb.fit(
        case.mesh,
        case.mask,
        case.camera,
        init=case.init,
        unknown=case.unknown,
        upright=case.protocol == "upright",
        road=road,
    )


def _timed(do: Callable[[], FitResult], repeats: int) -> tuple[FitResult, list[float]]:
    """Milliseconds of each; the results are the same."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        found = do()
        times.append(1e3 * (time.perf_counter() - begin))
    return found, times


def scored(case: Case, pose: Pose, attainable: float = 1.0) -> Record:
    found: Score = score(case, pose, attainable)
    return {
        "right": bool(found.right),
        "iou": found.iou,
        "closest": found.closest_share,
        "deg": found.rotation_deg,
        "trans": found.translation_share,
    }


def degraded(case: Case, damage: Callable[[Case], Case] | None) -> Record:
    """Right is what overlaps as well as the truth itself does with what is left of the mask."""
    damaged = case if damage is None else damage(case)
    attainable = attainable_iou(damaged)
    record, _ = measured(damaged, SecondOrder(), attainable=attainable)
    return record | {"attainable": attainable}


def covered(case: Case) -> Record:
    """With how far the truth lies off, by the covariance: its squared Mahalanobis distance."""
    record, found = measured(case, SecondOrder())
    if found is None or found.covariance is None:
        return record
    pose = found.camera_from_object
    turn = Pose(case.truth.rotation @ pose.rotation.T, np.zeros(3)).to_rotation_vector()
    off = np.concatenate([turn, case.truth.translation - pose.translation])
    deviations = np.sqrt(np.linalg.eigvalsh(found.covariance[:3, :3])[[0, -1]])
    return record | {
        "squared": float(off @ np.linalg.solve(found.covariance, off)),
        "worst_deg": float(np.degrees(deviations[-1])),
    }


def started(case: Case, degrees: float) -> Case:
    """The same, to be fitted from that far off."""
    random = np.random.default_rng([case.seed, round(degrees)])
    init = disturbed(case.truth, degrees, START_SHARE, case.size_m, random)
    return replace(case, init=init)


def gained(case: Case, road: FirstOrder | SecondOrder, side_px: int, steps: Sequence[int]) -> Record:
    """What a fit to a mask of `side_px` a side gains; always measured at the case's own resolution.

    trail: overlap, degrees and share of the distance after so many steps, the start (0 steps) first.
    """
    camera = case.camera.resize(side_px, side_px)
    small = replace(case, camera=camera, mask=drawn_mask(case.drawn.mesh, case.truth, camera))
    record, found = measured(small, road)
    trail = [_errors(case, case.init)]
    if found is not None:
        trail += [_errors(case, _after(found, road, n)) for n in steps if n > 0]
        trail.append(_errors(case, found.camera_from_object))
    return record | {"trail": trail}


def _after(found: FitResult, road: FirstOrder | SecondOrder, steps: int) -> Pose:
    """Had it stopped then."""
    history = found.history[: steps + 1]
    last = answer(history, road) if isinstance(road, FirstOrder) else history[-1]
    return last.camera_from_object


def _errors(case: Case, pose: Pose) -> list[float]:
    degrees, way = case.truth.distance(pose)
    return [overlap(case, pose), float(degrees), float(way / np.linalg.norm(case.truth.translation))]

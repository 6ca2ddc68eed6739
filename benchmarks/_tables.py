"""The tables of the raster benchmark, for people and as JSON."""

import dataclasses
import json
from collections.abc import Sequence

import numpy as np

from _report import print_table
from _sections import Growth, Race, median_ms
from _targets import Check, Findings

SCENE = ("faces", "px", "drawn by", "threads")
MILLISECONDS = ("forward", "backward", "median", "least", "floor")
COLUMNS = (*SCENE, *MILLISECONDS, "x antialias")


def print_race(race: Race, title: str) -> None:
    """Milliseconds a picture; "x antialias" is how many times longer it takes, compared round by round."""
    first = race.get("rrb antialias")
    rows = []
    for timing in race.timings:
        one = timing.contender
        if one.name.startswith("floor"):
            continue
        below = race.get(one.name.replace("rrb", "floor")) if one.name.startswith("rrb") else None
        parts = [float(np.median(part)) for part in (timing.forward_ms, timing.backward_ms)]
        if one.backward is None:
            parts = [None, None]
        total = (median_ms(timing), float(timing.total_ms.min()), below and median_ms(below))
        rows.append((race.faces, race.side_px, one.name, one.threads, *parts, *total, timing.times(first)))
    rounds = f"{len(first.total_ms)} rounds"
    print_table(f"{title} ({rounds})" if title else f"({rounds})", COLUMNS, rows)


def print_growths(growths: Sequence[Growth]) -> None:
    rows = []
    for g in growths:
        costs = ", ".join(f"{n:,}: {ms:.3f}" for n, ms in zip(g.amounts, g.total_ms, strict=True))
        rows.append((g.approximation, g.what, costs, g.exponent, g.last_exponent))
    columns = ("approximation", "growing", "amount: ms", "exponent", "of the last step")
    print_table("How the cost grows, one thread: cost ~ amount ** exponent", columns, rows)


def as_json(described: dict[str, str], found: Findings, results: Sequence[Check]) -> str:
    races = [("side by side", race) for race in found.races]
    races += [("batch", found.batch), ("forward alone", found.many_faces)]
    content = {
        "machine": described,
        "plan": dataclasses.asdict(found.plan),
        "timings": [row for section, race in races if race for row in _as_rows(section, race)],
        "growth": [dataclasses.asdict(g) for g in found.growths],
        "memory": {name: dataclasses.asdict(m) for name, m in found.memory.items()},
        "start": dataclasses.asdict(found.start) if found.start else None,
        "checks": [dataclasses.asdict(c) for c in results],
    }
    return json.dumps(content, indent=1) + "\n"


def _as_rows(section: str, race: Race) -> list[dict]:
    """One entry a round; forward and backward are null where they were not timed apart."""
    return [
        {
            "section": section,
            "faces": race.faces,
            "side_px": race.side_px,
            "drawn_by": t.contender.name,
            "threads": t.contender.threads,
            "images": t.contender.images,
            "forward_ms": t.forward_ms.tolist() if t.contender.backward else None,
            "backward_ms": t.backward_ms.tolist() if t.contender.backward else None,
            "total_ms": t.total_ms.tolist(),
        }
        for t in race.timings
    ]

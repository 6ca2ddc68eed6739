"""What was asked of egomotion, beside what was measured."""

from collections.abc import Mapping, Sequence

from _egomotion_runs import RECONSTRUCTED, TRUE
from _egomotion_store import Record
from _egomotion_tables import chosen, known_share, middle_and_worst
from _rrb_targets import Target
from _table import Row, Table

# Of each kind: (ATE, RPE) with reconstructed meshes after Sim(3).
_RECONSTRUCTED: Mapping[str, tuple[float, float]] = {"one-chair": (0.02, 0.03), "two-chairs": (0.04, 0.10)}
_TRUE_ATE_M = 0.003
RUNS = 10
_FPS = {"given": 60.0, "own": 10.0}


def checks(found: Mapping[str, Sequence[Record]]) -> Table:
    rows = [*_runs(found["runs"]), *_hard(found["hard"]), *_speed(found["speed"])]
    note = "Of runs the median is judged, and the worst is beside it: ten seeds of each kind were asked for."
    return Table("Asked and measured", ("what", "asked", "measured", "verdict"), rows, note)


def _runs(records: Sequence[Record]) -> list[Row]:
    rows: list[Row] = []
    for kind, limits in _RECONSTRUCTED.items():
        made, true = (chosen(records, kind=kind, way=way) for way in (RECONSTRUCTED, TRUE))
        for name, measure, most in zip(("ATE", "RPE"), ("ate_sim3_m", "rpe_sim3_m"), limits, strict=True):
            rows += _both(f"{kind}, reconstructed meshes: {name}, Sim(3)", made, measure, most)
        rows += _both(f"{kind}, true meshes: ATE, SE(3)", true, "ate_se3_m", _TRUE_ATE_M)
        rows.append(Target("   frames known", "%", least=100).row(known_share([*made, *true])))
        count = len({r.get("film", r["name"]) for r in made})
        rows.append(Target("   seeds", least=RUNS).row(float(count) if made else None))
    return rows


def _both(what: str, records: Sequence[Record], measure: str, most: float) -> list[Row]:
    middle, worst = middle_and_worst(records, measure)
    return [
        Target(f"{what}, median", "m", most=most).row(middle),
        Target("   worst", "m", most=most).row(worst),
    ]


def _hard(records: Sequence[Record]) -> list[Row]:
    said = [r["unnoticed"] for r in records if "unnoticed" in r]
    return [
        Target("hard films: lost frames that go unnoticed", most=0).row(float(sum(said)) if said else None)
    ]


def _speed(records: Sequence[Record]) -> list[Row]:
    """By the clock, and as the CPU time of all threads would allow on an idle machine with one core."""
    rows = []
    for masks, least in _FPS.items():
        found = [
            r for r in chosen(records, masks=masks) if (r["side_px"], r["objects"]) == (256, 1) and "fps" in r
        ]
        by_clock = min((r["fps"] for r in found), default=None)
        by_cpu = min((1000 / r["cpu_ms"] for r in found), default=None)
        what = f"{masks} masks, 256 px, one object, two threads"
        rows.append(Target(what, "frames/s", least=least).row(by_clock))
        rows.append(
            Target("   by CPU time, which a busy machine does not lengthen", "frames/s", least=least).row(
                by_cpu
            )
        )
    return rows

"""What was measured, as tables."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from _egomotion_hard import SPOILS
from _egomotion_plan import KINDS
from _egomotion_runs import ODOMETRY, WAYS
from _egomotion_store import Record
from _table import Row, Table

# ATE and RPE of the paper's Table 2, metres.
PUBLISHED: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "one-chair": {"RRB, published": (0.0256, 0.0505), "ORB-SLAM, published": (0.0955, 1.0138)},
    "two-chairs": {"RRB, published": (0.0582, 0.2116), "ORB-SLAM, published": (0.1122, 0.8260)},
}
_MEASURES = ("ate_sim3_m", "rpe_sim3_m", "ate_se3_m", "rpe_se3_m")
_SAID = ("ATE", "RPE", "ATE, SE(3)", "RPE, SE(3)")


def value(record: Record, measure: str) -> float:
    """Infinite for a run that was refused, or that knows too few frames to say."""
    found = record.get(measure)
    return math.inf if found is None else float(found)


def middle_and_worst(records: Sequence[Record], measure: str) -> tuple[float, float] | tuple[None, None]:
    values = [value(record, measure) for record in records]
    return (median(values), max(values)) if values else (None, None)


def chosen(records: Iterable[Record], **wanted: str) -> list[Record]:
    return [r for r in records if all(r.get(key) == word for key, word in wanted.items())]


def known_share(records: Sequence[Record]) -> float | None:
    """In percent, of all frames."""
    frames = sum(record.get("frames", 0) for record in records)
    return 100 * sum(record.get("known", 0) for record in records) / frames if frames else None


# --- the paper's runs -------------------------------------------------------------------------------


def runs(records: Sequence[Record], odometry: Sequence[Record]) -> list[Table]:
    tables = []
    for kind in KINDS:
        rows: list[Row] = []
        for way in (*WAYS, ODOMETRY):
            found = chosen([*records, *odometry], kind=kind, way=way)
            if found:
                said = _MEASURES[:2] if way == ODOMETRY else _MEASURES
                spread = [number for m in said for number in middle_and_worst(found, m)]
                spread += [None] * (2 * len(_MEASURES) - len(spread))
                rows.append([way, len(found), known_share(found), *spread])
        rows += [
            [name, 1, None, ate, None, rpe, None, None, None, None, None]
            for name, (ate, rpe) in PUBLISHED[kind].items()
        ]
        columns = [f"{said}, {word}" for said in _SAID for word in ("median", "worst")]
        tables.append(
            Table(f"The paper's run: {kind}", ("method", "runs", "frames known, %", *columns), rows, _NOTE)
        )
    if [*records, *odometry]:
        tables.append(each([*records, *odometry]))
    return tables


_NOTE = (
    "Metres; root mean squares over the frames that are known, RPE over one frame, translation; after Sim(3) unless"
    " SE(3) is said, which an odometry without a scale has no answer to. '-': a run that says too little."
)


def each(records: Sequence[Record]) -> Table:
    rows = []
    for r in sorted(records, key=lambda r: (r.get("kind", ""), r.get("film", ""), r.get("way", ""))):
        said = _MEASURES[:2] if r.get("way") == ODOMETRY else _MEASURES
        shown = [value(r, m) for m in said] + [None] * (len(_MEASURES) - len(said))
        scale = r.get("scale_sim3")
        rows.append(
            [r.get("film", r["name"]), r.get("way", ""), r.get("known"), r.get("frames"), *shown]
            + [scale, r.get("unnoticed"), r.get("cpu_s"), r.get("refused", "")]
        )
    columns = ("film", "method", "known", "frames", *_SAID, "scale", "unnoticed", "CPU, s", "refused")
    return Table("Each run", columns, rows)


# --- hard films -------------------------------------------------------------------------------------


def hard(records: Sequence[Record]) -> list[Table]:
    rows = []
    for spoil in SPOILS:
        for way in dict.fromkeys(r.get("way") for r in records):
            found = chosen(records, spoil=spoil, way=way)
            if found:
                whole = sum(r.get("whole", 0) for r in found)
                rows.append(
                    [spoil, way, len(found), known_share(found)]
                    + [100 * sum(r.get("known_of_whole", 0) for r in found) / whole if whole else None]
                    + [*middle_and_worst(found, "ate_sim3_m"), *middle_and_worst(found, "ate_se3_m")]
                    + [sum(r.get("off", 0) for r in found), sum(r.get("unnoticed", 0) for r in found)]
                    + [sum("refused" in r for r in found)]
                )
    columns = (
        "what", "meshes", "runs", "known, %", "of unspoilt, %", "ATE, median", "worst", "ATE, SE(3), median",
        "worst", "off", "unnoticed", "refused",
    )  # fmt: skip
    note = (
        "Off: frames that are said to be known and whose camera is more than 0.2 m or 15 degrees off; unnoticed: those"
        " of them with a confidence over 0.5. With true meshes that is in the first object's frame, with reconstructed"
        " ones after Sim(3). Unspoilt: the share of the frames with nothing missing that is known."
    )
    return [Table("What goes wrong", columns, rows, note)] if rows else []


# --- real frames and time ---------------------------------------------------------------------------


def real(records: Sequence[Record]) -> list[Table]:
    rows = [
        [r.get("masks", r["name"]), r.get("frames"), r.get("known"), r.get("without_mask")]
        + [value(r, m) for m in _MEASURES]
        + [r.get("ate_sim3_deg"), r.get("scale_sim3"), r.get("unnoticed"), r.get("refused", "")]
        for r in records
    ]
    sizes = next((r["size_m"] for r in records if "size_m" in r), None)
    said = "" if sizes is None else f"The box is {' x '.join(f'{side:.3f}' for side in sizes)} m. "
    note = f"{said}Masks and the box's size come from the data as the docstring of `_egomotion_real.py` says. {_NOTE}"
    columns = (
        "masks", "frames", "known", "without mask", *_SAID, "turn, deg", "scale", "unnoticed", "refused",
    )  # fmt: skip
    return [Table("TUM's fr3 cabinet", columns, rows, note)] if rows else []


def speed(records: Sequence[Record]) -> list[Table]:
    rows = [
        [r.get("masks"), r.get("side_px"), r.get("faces_now"), r.get("objects")]
        + [
            r.get("fps"),
            r.get("fps_mean"),
            r.get("cpu_ms"),
            r.get("first_s"),
            r.get("known"),
            r.get("frames"),
        ]
        for r in records
    ]
    columns = (
        "masks", "side, px", "faces", "objects", "frames/s", "of the mean", "CPU, ms a frame", "first frame, s",
        "known", "frames",
    )  # fmt: skip
    tables = [Table("Frames a second, two threads, streaming", columns, rows, _SPEED)] if rows else []
    return [*tables, *_growth(records)]


_SPEED = (
    "Of the median frame by the clock, which other work on the machine lengthens; CPU is of all threads, and is what to"
    " compare on a busy machine."
)


def _growth(records: Sequence[Record]) -> list[Table]:
    rows = []
    for what, size in _SIZES.items():
        grown = sorted((r for r in records if r.get("grows") == what), key=size)
        if len(grown) > 1:
            first, last = grown[0], grown[-1]
            ratio = math.log(size(last) / size(first))
            rows.append(
                [what, size(first), size(last), first["cpu_ms"], last["cpu_ms"]]
                + [math.log(last["cpu_ms"] / first["cpu_ms"]) / ratio if ratio else None]
            )
    columns = ("what grows", "from", "to", "CPU, ms", "to", "exponent")
    return [Table("How the time of a frame grows", columns, rows)] if rows else []


_SIZES: Mapping[str, Callable[[Record], float]] = {
    "pixels": lambda r: r["side_px"] ** 2,
    "faces": lambda r: r["faces_now"],
    "objects": lambda r: r["objects"],
}

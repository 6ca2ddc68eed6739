"""Records of `benchmark` as tables: RRB's Table 1, shapes, whether results can be trusted, and any group apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rrb.evaluation.benchmark import Record
from rrb.evaluation.published import PUBLISHED_RRB
from rrb.evaluation.table import Column, Row, Summary, summary

_SCORES = {"shape_box_iou", "metric_box_iou", "size_iou", "volume_iou", "f_score", "mask_iou"}  # high is good
_TITLES = {
    "shape_box_iou": "shape box IoU",
    "metric_box_iou": "metric box IoU",
    "size_iou": "size IoU",
    "azimuth_deg": "azimuth",
    "elevation_deg": "elevation",
    "translation_m": "translation",
    "volume_iou": "volume IoU",
    "chamfer": "Chamfer",
    "f_score": "F-score",
    "mask_iou": "mask IoU",
}
_PLACED = ("shape_box_iou", "metric_box_iou", "size_iou", "azimuth_deg", "elevation_deg", "translation_m")
_SHAPED = ("volume_iou", "chamfer", "f_score", "mask_iou")
_SHORT = ("shape_box_iou", "metric_box_iou", "azimuth_deg", "elevation_deg", "translation_m", "volume_iou")
_REFUSED, _ACCEPTED, _CATEGORY = "refused", "accepted", "right category"
Table = tuple[list[Row], dict[str, Column]]


def poses(records: Sequence[Record], methods: Sequence[str]) -> Table:
    """The paper's Table 1, its own rows first; how many pictures each method refused stands in the last column."""
    rows = [
        Row(f"{name}, published", {
            _TITLES["shape_box_iou"]: said.box_iou,
            _TITLES["azimuth_deg"]: said.azimuth_deg,
            _TITLES["elevation_deg"]: said.elevation_deg,
            _TITLES["translation_m"]: said.translation_m,
        })
        for name, said in PUBLISHED_RRB.items()
    ]  # fmt: skip
    rows += [_row(name, records, name, _PLACED) for name in methods]
    return rows, {**_columns(_PLACED), _REFUSED: Column()}


def shapes(records: Sequence[Record], methods: Sequence[str]) -> Table:
    """Pose plays no part in it; only methods that give a shape."""
    rows = []
    for name in methods:
        row = _row(name, records, name, _SHAPED)
        named = [
            r["found"][name]["category"] == r["groups"].get("category")
            for r in records
            if "category" in r["found"][name]
        ]
        if any(isinstance(cell, Summary) for cell in row.cells.values()):
            rows.append(Row(name, {**row.cells, _CATEGORY: _share(sum(named), len(named))}))
    return rows, {**_columns(_SHAPED), _CATEGORY: Column(), _REFUSED: Column()}


def trust(records: Sequence[Record], methods: Sequence[str]) -> Table:
    """What each method accepts, and what it does not, apart."""
    rows = []
    for name in methods:
        answers = [r for r in records if r["found"][name].get("accepted") is not None]
        for accepted, words in ((True, "accepted"), (False, "not accepted")):
            part = [r for r in answers if r["found"][name]["accepted"] is accepted]
            if answers:
                row = _row(f"{name}: {words}", part, name, _SHORT)
                cells = {k: v for k, v in row.cells.items() if k != _REFUSED}
                rows.append(Row(row.name, {_ACCEPTED: _share(len(part), len(answers)), **cells}))
    return rows, {_ACCEPTED: Column(), **_columns(_SHORT)}


def groups(records: Sequence[Record], method: str, group: str) -> Table:
    """One method's results by what a group's name says of each picture; no row where there is one value only."""
    counts = Counter(r["groups"][group] for r in records if group in r["groups"])
    if len(counts) < 2:
        return [], {}
    rows = []
    for value in sorted(counts):
        part = [r for r in records if r["groups"].get(group) == value]
        row = _row(value, part, method, _SHORT)
        answers = [r["found"][method] for r in part if "scores" in r["found"][method]]
        accepted = _share(sum(bool(a["accepted"]) for a in answers), len(answers))
        rows.append(Row(value, {**row.cells, _ACCEPTED: accepted}))
    return rows, {**_columns(_SHORT), _ACCEPTED: Column(), _REFUSED: Column()}


def with_structure(records: Sequence[Record]) -> list[Record]:
    """The same with a group "structure": whether an object is in pieces, and its solidity against the median.

    The median is of the objects, not of the pictures.
    """
    objects = {r["true"].get("mesh_id", r["name"]): r["true"].get("structure") for r in records}
    known = [held["solidity"] for held in objects.values() if held]
    if not known:
        return list(records)
    middle = float(np.median(known))
    return [
        {**r, "groups": {**r["groups"], "structure": _structure(r["true"]["structure"], middle)}}
        if r["true"].get("structure")
        else r
        for r in records
    ]


def _structure(held: Mapping[str, float], middle: float) -> str:
    whole = "in one piece" if held["pieces"] <= 1 else "in pieces"
    thin = "thin" if held["solidity"] < middle else "solid"
    return f"{thin} (under {middle:.2f} of its box), {whole}" if thin == "thin" else f"{thin}, {whole}"


# --- what was left out ------------------------------------------------------------------------------

_ROUND, _NO_FRONT, _NO_HEIGHT = "round", "without a front", "without a camera height"
_LEFT_OUT: Mapping[str, tuple[Callable[[Record], bool], str]] = {
    _ROUND: (lambda r: r["true"]["folds"] == 0, "look alike after any turn: left out of azimuth"),
    _NO_FRONT: (
        lambda r: r["true"]["folds"] is None,
        "are of objects without a known front: left out of azimuth, size and shape",
    ),
    _NO_HEIGHT: (
        lambda r: r["true"].get("camera_height_m") is None,
        "have no camera height, so nothing says the size: left out of boxes and translation",
    ),
}


def left_out(records: Sequence[Record], methods: Sequence[str]) -> list[str]:
    """A sentence for each reason why a figure is not of all pictures."""
    total = len(records)
    lines = [
        f"{count} of {total} pictures {words}"
        for counts, words in _LEFT_OUT.values()
        if (count := sum(counts(r) for r in records))
    ]
    for name in methods:
        answers = [r["found"][name] for r in records]
        refused = [a["refused"] for a in answers if "refused" in a]
        if refused:
            reason = Counter(refused).most_common(1)[0][0]
            lines.append(
                f"{name}: {len(refused)} of {total} pictures refused; they are in no mean ({reason})"
            )
        sizeless = sum(_is_sizeless(r, name) for r in records)
        if sizeless:
            lines.append(f"{name}: {sizeless} results with a camera height but no size; in no mean of metres")
    return lines


def _is_sizeless(record: Record, name: str) -> bool:
    answer = record["found"][name]
    has_shape = answer.get("extents") is not None
    return has_shape and not answer["metric"] and not _LEFT_OUT[_NO_HEIGHT][0](record)


# --- rows -------------------------------------------------------------------------------------------


def measured(records: Sequence[Record], method: str, measure: str) -> Summary | None:
    """One measure of one method, over the pictures that say it."""
    values = [
        answer["scores"][measure] for r in records if "scores" in (answer := r["found"].get(method, {}))
    ]
    return summary(values, higher_is_better=measure in _SCORES)


def _row(title: str, records: Sequence[Record], method: str, measures: Sequence[str]) -> Row:
    refused = sum("refused" in r["found"][method] for r in records)
    cells = {_TITLES[measure]: measured(records, method, measure) for measure in measures}
    return Row(title, {**cells, _REFUSED: str(refused)})


def _columns(measures: Sequence[str]) -> dict[str, Column]:
    """With what they count: degrees with one digit, metres and shares with three."""
    return {
        _TITLES[m]: Column("deg", 1)
        if m.endswith("_deg")
        else Column("m", 3)
        if m.endswith("_m")
        else Column(digits=3)
        for m in measures
    }


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"

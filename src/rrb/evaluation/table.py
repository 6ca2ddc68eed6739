"""Many results as a few numbers, and those as a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rrb.errors import BadInputError

STATISTICS = {  # fields of `Summary` that a cell can show, and their words
    "mean": "mean",
    "median": "median",
    "p90": "what nine in ten reach",
    "worst": "worst",
}
_NOTHING = "–"


@dataclass(frozen=True)
class Summary:
    """Of several values of one measure. The tail is the bad one: of errors the large, of scores the small."""

    count: int  # the values there were; those that are None are not among them
    mean: float
    median: float
    p90: float  # nine in ten values are at least as good: the 90th percentile of errors, the 10th of scores
    worst: float


@dataclass(frozen=True)
class Column:
    """How a column is headed and written."""

    unit: str = ""
    digits: int = 2  # after the point


@dataclass(frozen=True)
class Row:
    """One line of a table: what was measured, by the columns' names."""

    name: str
    cells: Mapping[str, Summary | float | str | None] = field(default_factory=dict)
    note: str = ""  # below the table


def summary(values: Iterable[float | None], *, higher_is_better: bool = False) -> Summary | None:
    """Of all values but None; None if nothing remains. Percentiles lie on straight lines between values."""
    numbers = np.array([value for value in values if value is not None], np.float64)
    if not len(numbers):
        return None
    if not np.isfinite(numbers).all():
        raise BadInputError(
            "a value to summarise is not finite; finite ones, and None for none, are accepted"
        )
    return Summary(
        len(numbers),
        float(numbers.mean()),
        float(np.median(numbers)),
        float(np.percentile(numbers, 10 if higher_is_better else 90)),
        float(numbers.min() if higher_is_better else numbers.max()),
    )


def markdown(
    rows: Sequence[Row], columns: Mapping[str, Column], statistics: Sequence[str] = ("mean", "median", "p90")
) -> str:
    """The rows as a table in Markdown, its notes below; each cell's summary shows the named `STATISTICS`."""
    lines = [[_escaped(cell) for cell in line] for line in _lines(rows, columns, statistics)]
    rule = [":--", *["--:"] * (len(lines[0]) - 1)]
    table = ["| " + " | ".join(line) + " |" for line in (lines[0], rule, *lines[1:])]
    notes = [f"- {note}" for note in _notes(rows, statistics)]
    return "\n".join([*table, "", *notes] if notes else table) + "\n"


def text(
    rows: Sequence[Row], columns: Mapping[str, Column], statistics: Sequence[str] = ("mean", "median", "p90")
) -> str:
    """The same aligned for a terminal: names to the left, numbers to the right."""
    lines = _lines(rows, columns, statistics)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    table = [_aligned(line, widths) for line in lines]
    return "\n".join([*table, *(f"  {note}" for note in _notes(rows, statistics))]) + "\n"


def _lines(rows: Sequence[Row], columns: Mapping[str, Column], statistics: Sequence[str]) -> list[list[str]]:
    """Head and body as text: name, count, columns."""
    _check(rows, columns, statistics)
    head = [
        "",
        "n",
        *(f"{name} ({column.unit})" if column.unit else name for name, column in columns.items()),
    ]
    return [head, *(_line(row, columns, statistics) for row in rows)]


def _line(row: Row, columns: Mapping[str, Column], statistics: Sequence[str]) -> list[str]:
    count = max((cell.count for cell in row.cells.values() if isinstance(cell, Summary)), default=0)
    cells = [_cell(row.cells.get(name), column, statistics, count) for name, column in columns.items()]
    return [row.name, str(count or ""), *cells]


def _cell(
    cell: Summary | float | str | None, column: Column, statistics: Sequence[str], row_count: int
) -> str:
    if cell is None:
        return _NOTHING
    if isinstance(cell, str):
        return cell
    if not isinstance(cell, Summary):
        return _number(cell, column)
    numbers = " / ".join(_number(getattr(cell, name), column) for name in statistics)
    return numbers if cell.count == row_count else f"{numbers} (n {cell.count})"


def _number(value: float, column: Column) -> str:
    return f"{value:.{column.digits}f}" if math.isfinite(value) else str(value)


def _notes(rows: Sequence[Row], statistics: Sequence[str]) -> list[str]:
    summaries = any(isinstance(cell, Summary) for row in rows for cell in row.cells.values())
    words = [" / ".join(STATISTICS[name] for name in statistics)] if summaries and len(statistics) > 1 else []
    return words + [f"{row.name}: {row.note}" for row in rows if row.note]


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.rjust(width) if i else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(line, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")


def _check(rows: Sequence[Row], columns: Mapping[str, Column], statistics: Sequence[str]) -> None:
    for name in statistics:
        if name not in STATISTICS:
            raise BadInputError(f"a statistic is {name!r}; {', '.join(STATISTICS)} are accepted")
    for row in rows:
        for name in row.cells:
            if name not in columns:
                raise BadInputError(
                    f"row {row.name!r} has a cell {name!r}; the columns are {', '.join(columns)}"
                )

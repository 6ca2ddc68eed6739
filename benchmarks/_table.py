"""A table as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Row = Sequence[object]


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    note: str = ""

    def __str__(self) -> str:
        cells = [list(self.columns)] + [[text(value) for value in row] for row in self.rows]
        widths = [max(len(row[k]) for row in cells) for k in range(len(self.columns))]
        left = [any(isinstance(row[k], str) for row in self.rows) for k in range(len(self.columns))]
        lines = [_line(row, widths, left) for row in cells]
        lines.insert(1, _line(["-" * w for w in widths], widths, left))
        return "\n".join([f"\n### {self.title}\n", *([self.note + "\n"] if self.note else []), *lines])


def _line(cells: Sequence[str], widths: Sequence[int], left: Sequence[bool]) -> str:
    aligned = (c.ljust(w) if l else c.rjust(w) for c, w, l in zip(cells, widths, left, strict=True))
    return f"| {' | '.join(aligned)} |"


def text(value: object) -> str:
    """Three digits that count, as many as are known."""
    if value is None:
        return ""
    if isinstance(value, float):
        if not np.isfinite(value):
            return "-"
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)

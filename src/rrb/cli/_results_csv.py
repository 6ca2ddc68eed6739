"""A table that grows by a line for each thing done, and outlives being killed at any moment."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from rrb.cli._growing import append, whole_lines
from rrb.errors import BadFileError
from rrb.geometry.files import write_bytes

Row = Mapping[str, str]


class Results:
    """The lines of a file by their first column, the last of each name. Half a line at its end does not count."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path, self.columns = path, tuple(columns)
        self.rows: dict[str, Row] = {}
        if path.exists():
            self._read()

    def keep(self, names: Collection[str]) -> None:
        """Leave these lines, in their order, and drop the others; the file is replaced in one step."""
        self.rows = {name: row for name, row in self.rows.items() if name in names}
        lines = [self.columns, *(tuple(row.values()) for row in self.rows.values())]
        write_bytes(self.path, "".join(map(_line, lines)).encode())

    def add(self, row: Mapping[str, object]) -> None:
        """Write a line at the end; what `row` does not say stays empty."""
        said = {c: _cell(row.get(c)) for c in self.columns}
        append(self.path, _line(tuple(said.values())))
        self.rows[said[self.columns[0]]] = said

    def _read(self) -> None:
        whole = whole_lines(self.path)
        header, *lines = list(csv.reader(whole.split("\n"))) or [[]]
        if whole and tuple(header) != self.columns:
            raise BadFileError(f"{self.path}: this is another table; a folder without one is accepted")
        for cells in lines:
            if len(cells) == len(self.columns):
                self.rows[cells[0]] = dict(zip(self.columns, cells, strict=True))


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _cell(value: object) -> str:
    """Numbers so that they read back the same; text without line ends."""
    return "" if value is None else " ".join(str(value).split())

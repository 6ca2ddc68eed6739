"""JSON lines, one for each thing done, each with a name; outlives being killed at any moment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rrb.cli._growing import append, whole_lines
from rrb.errors import BadFileError
from rrb.geometry.files import write_bytes


class JsonLines:
    """The lines of a file by their "name", the last of each. Half a line at its end does not count."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: dict[str, dict[str, Any]] = {}
        for number, line in enumerate(whole_lines(path).split("\n") if path.exists() else [], 1):
            if line.strip():
                self._read(line, number)

    def keep(self, names: Sequence[str]) -> None:
        """Leave the lines of these names, in this order, and drop the others; the file is replaced in one step."""
        self.rows = {name: self.rows[name] for name in names}
        save_lines(self.path, list(self.rows.values()))

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a line at the end."""
        append(self.path, _line(row))
        self.rows[row["name"]] = dict(row)

    def _read(self, line: str, number: int) -> None:
        try:
            row = json.loads(line)
            self.rows[row["name"]] = row
        except (ValueError, LookupError, TypeError, RecursionError):
            raise BadFileError(
                f"{self.path}: its line {number} is no JSON object with a name; a folder without this file is accepted"
            ) from None


def save_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """The whole file, in one step."""
    write_bytes(path, "".join(map(_line, rows)).encode())


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(dict(row), allow_nan=False, ensure_ascii=False) + "\n"

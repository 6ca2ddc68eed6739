"""Text files that grow by a line at a time, and outlive being killed at any moment."""

from __future__ import annotations

import os
from pathlib import Path

from rrb.errors import BadFileError
from rrb.geometry.files import read_bytes


def append(path: Path, line: str) -> None:
    """Write a line, its end included, behind the others."""
    try:
        with open(path, "ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise BadFileError(f"{path}: it cannot be written ({error.strerror or error})") from error


def whole_lines(path: Path) -> str:
    """Without the last line end; half a line behind it does not count."""
    return read_bytes(path).decode(errors="replace").rpartition("\n")[0]

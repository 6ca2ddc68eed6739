"""Tables of numbers in text files: parsed by column, with the number of the line that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError

MOST_BYTES = 1 << 30  # parsed, text takes a dozen times its own space


@dataclass(frozen=True)
class Row:
    """Where a row stands, for messages."""

    path: Path
    number: int

    def refuse(self, what: str) -> BadFileError:
        return BadFileError(f"{self.path}: line {self.number}: {what}")


@dataclass(frozen=True)
class Table:
    """Rows of numbers of different lengths: row i is values[starts[i] : starts[i] + counts[i]]."""

    path: Path
    values: NDArray[np.float64]  # (sum of counts,), finite
    starts: NDArray[np.int64]  # (N,)
    counts: NDArray[np.int64]  # (N,)
    lines: Sequence[int]  # (N,) line numbers, counted from 1

    def __len__(self) -> int:
        return len(self.counts)

    def row(self, index: int) -> Row:
        return Row(self.path, self.lines[index])

    def columns(self, start: int, stop: int) -> NDArray[np.float64]:
        """(N, stop - start); every row must reach that far."""
        return self.values[self.starts[:, None] + np.arange(start, stop)]

    def require(self, allowed: Iterable[int], what: str) -> None:
        """Refuse the first row whose length is not among the allowed ones."""
        wrong = ~np.isin(self.counts, list(allowed))
        if wrong.any():
            at = int(wrong.argmax())
            accepted = " or ".join(map(str, allowed))
            raise self.row(at).refuse(f"{what} of {self.counts[at]} numbers; {accepted} are accepted")


def require_size(path: Path, n_bytes: int) -> None:
    if n_bytes > MOST_BYTES:
        raise BadFileError(f"{path}: {n_bytes} bytes of text; at most {MOST_BYTES} are accepted")


def table(path: Path, rows: Sequence[bytes], lines: Sequence[int]) -> Table:
    """Parse rows of numbers divided by blanks; what is no finite number is refused with its line."""
    counts = np.fromiter(map(len, map(bytes.split, rows)), np.int64, len(rows))
    joined = b" ".join(rows)
    try:
        if b"_" in joined:
            raise ValueError("Python reads 1_0 as 10")
        values = np.fromiter(map(float, joined.split()), np.float64, int(counts.sum()))
    except ValueError:
        raise _first_bad(path, rows, lines) from None
    if not np.isfinite(values).all():
        raise _first_bad(path, rows, lines)
    return Table(path, values, np.cumsum(counts) - counts, counts, lines)


def _first_bad(path: Path, rows: Sequence[bytes], lines: Sequence[int]) -> BadFileError:
    for row, line in zip(rows, lines, strict=True):
        for token in row.split():
            if not _is_number(token):
                return Row(path, line).refuse(f"{shown(token)} where a finite number is accepted")
    raise AssertionError("all rows could be read")


def _is_number(token: bytes) -> bool:
    try:
        return b"_" not in token and bool(np.isfinite(float(token)))
    except ValueError:
        return False


def shown(text: bytes) -> str:
    """At most 40 characters of a file, safe to print."""
    short = text[:40] + (b"..." if len(text) > 40 else b"")
    return repr(short.decode("ascii", "replace"))


def whole_numbers(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which floats are integers that an index can hold."""
    return (values == np.floor(values)) & (np.abs(values) < 2**53)


def formatted(prefix: str, rows: NDArray) -> str:
    """One line a row; floats get as many digits as bring back the same bits, integers none."""
    pattern = (prefix + " ".join(["%r"] * rows.shape[1]) + "\n") * len(rows)
    return pattern % tuple(rows.ravel().tolist())

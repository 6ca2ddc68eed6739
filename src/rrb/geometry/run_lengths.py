"""Masks as COCO's run lengths: how many pixels of 0, of 1, of 0, ... down the columns from left to right."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import short

_MOST_CHARACTERS = 7  # of one compressed number: 35 bits, more than any picture needs


def from_run_lengths(counts: Any, height: int, width: int) -> NDArray[np.float32]:
    """(H, W) float32, 0 and 1. counts: whole numbers that add up to the pixels, or their compressed text."""
    runs = _decompressed(counts) if isinstance(counts, str | bytes) else _plain(counts)
    pixels = height * width
    # Each one is looked at before the sum, which might overflow.
    if runs.min() < 0 or runs.max() > pixels or runs.sum() != pixels:
        held = "a run below 0" if runs.min() < 0 else f"{sum(runs.tolist())} pixels"
        raise BadInputError(f"the counts hold {held}; runs that add up to {width} x {height} are accepted")
    values = np.zeros(len(runs), np.uint8)
    values[1::2] = 1
    columns = np.repeat(values, runs).reshape(width, height)
    return columns.T.astype(np.float32, order="C")


def _plain(counts: Any) -> NDArray[np.int64]:
    try:
        runs = np.asarray(counts)
    except (ValueError, OverflowError):  # rows of different lengths
        runs = np.empty(0)
    if runs.ndim != 1 or runs.dtype.kind != "i" or not len(runs):
        raise BadInputError(
            f"counts is {short(counts)}; a list of whole numbers or their compressed text is accepted"
        )
    return runs.astype(np.int64)


def _decompressed(text: str | bytes) -> NDArray[np.int64]:
    """Numbers in groups of five bits, the lowest first, each a character from "0" on.

    Bit 5 of a character says that another follows, bit 4 of a number's last is its sign. From the fourth
    number on, what is written is the difference from the one two before.
    """
    data = text.encode(errors="replace") if isinstance(text, str) else text
    codes = np.frombuffer(data, np.uint8).astype(np.int64) - ord("0")
    if not len(codes) or codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        raise BadInputError(f"counts is {short(text)}, which is cut off or no compressed run lengths")
    last = np.flatnonzero((codes & 32) == 0)
    first = np.concatenate(([0], last[:-1] + 1))
    lengths = last - first + 1
    if lengths.max() > _MOST_CHARACTERS:
        raise BadInputError("counts holds a number beyond any picture's size; run lengths are accepted")
    place = np.arange(len(codes)) - np.repeat(first, lengths)
    numbers = np.add.reduceat((codes & 31) << (5 * place), first)
    numbers -= np.where(codes[last] & 16, 1 << (5 * lengths), 0)
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers

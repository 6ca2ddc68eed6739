"""A data set is begun once: what was asked for is kept, and whoever continues it must ask for the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rrb.data.dataset import Dataset, write_description
from rrb.errors import BadInputError
from rrb.geometry._arrays import short


def begin_or_continue(folder: Path, asked: Mapping[str, Any]) -> None:
    """Write DIR/dataset.json, or see that the one there was asked for the same; what differs is said.

    One that nothing was made for yet is replaced; what was made and nothing tells of is refused.
    """
    made = any(folder.glob("*-000000.tar")) or any(folder.glob("meshes/[!.]*"))
    if (folder / "dataset.json").exists():
        before = Dataset(folder).about
        if made:
            _require_same(folder, before, asked)
            return
    elif made:
        raise BadInputError(
            f"{folder}: its dataset.json is gone, and so is what it was made for; give another folder"
        )
    write_description(folder, asked)


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """While this is entered no other process enters it for the folder; a killed one has left it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"{folder}: it cannot be made a folder to write to ({error.strerror})") from None
    try:
        import fcntl
    except ImportError:  # not a POSIX system: nobody is kept out
        yield
        return
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise BadInputError(
            f"{folder}: another process is writing to it; one at a time is accepted"
        ) from None
    try:
        yield
    finally:
        os.close(held)


def _require_same(folder: Path, before: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    was, now = _flat(before), _flat(json.loads(json.dumps(asked)))  # as a file holds it: tuples are lists
    if was.keys() != now.keys():
        raise BadInputError(
            f"{folder} was begun by another command, or another version of it; give another folder"
        )
    changed = [
        f"{name.rpartition('.')[2]} ({_said(was[name])} before, {_said(now[name])} now)"
        for name in now
        if was[name] != now[name]
    ]
    if changed:
        raise BadInputError(
            f"{folder} was begun with another choice of {', '.join(changed)}; the same choices continue it, or give"
            " another folder"
        )


def _flat(choices: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """Choices inside of choices by their whole path, "variety.photos"."""
    flat: dict[str, Any] = {}
    for name, value in choices.items():
        path = f"{within}{name}"
        flat |= _flat(value, f"{path}.") if isinstance(value, Mapping) else {path: value}
    return flat


def _said(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, list):
        return short(" ".join(map(str, value))).strip("'") if value else "none"
    return short(value).strip("'")

"""What batches share: one thing after the other, each kept as it is finished, the same options all the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from rrb.cli._camera_flags import flag_of
from rrb.cli._progress import Progress
from rrb.errors import BadFileError, BadInputError, RrbError
from rrb.geometry._arrays import short


class Named(Protocol):
    """A piece of the work."""

    @property
    def name(self) -> str: ...
    @property
    def inputs(self) -> str: ...  # a hash of what it is made of; empty where that cannot be read


class Kept(Protocol):
    """Where its line is written."""

    def add(self, row: Mapping[str, Any]) -> None: ...


J = TypeVar("J", bound=Named)


def require_same_options(out: Path, now: dict[str, Any], what: str) -> None:
    """Refuse to mix in one folder what was found with different options; now: as JSON holds them, with a format."""
    from rrb.geometry.files import write_bytes
    from rrb.geometry.json_io import json_bytes, read_json

    path = out / "batch.json"
    if not path.exists():
        write_bytes(path, json_bytes(now))
        return
    before = read_json(path)
    if not isinstance(before, dict) or before.keys() != now.keys() or before["format"] != now["format"]:
        raise BadFileError(f"{path}: it is not of {now['format']}; give another --out")
    flags = {name: name if name == "weights" else flag_of(name) for name in now}
    changed = [f"{flags[n]} was {short(before[n])}, is {short(now[n])}" for n in now if before[n] != now[n]]
    if changed:
        raise BadInputError(
            f"{out} holds {what} of other options ({', '.join(changed)}): give another --out, or delete"
            f" {path} to do them all again"
        )


def work(
    jobs: Sequence[J], total: int, do: Callable[[J], tuple[dict[str, Any], str]], results: Kept
) -> Exception | None:
    """Do them all; the first error that is no fault of the files, if there was one.

    do: the line of the results, and what is said. What is refused is said, written down and skipped.
    """
    first: Exception | None = None
    with Progress(total, total - len(jobs)) as progress:
        try:
            for job in jobs:
                row, line = {"name": job.name, "inputs": job.inputs}, ""
                try:
                    more, line = do(job)
                    row |= more
                except RrbError as error:
                    row["error"] = " ".join(str(error).split())
                except Exception as error:
                    first = first or error
                    what = " ".join(f"{type(error).__name__}: {error}".split())
                    row["error"] = f"a fault of ours ({what})"
                results.add(row)
                progress.advance(f"{job.name}: {line or 'skipped: ' + row['error']}")
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"stopped with {progress.done} of {total} done; the same command continues"
            ) from None
    return first

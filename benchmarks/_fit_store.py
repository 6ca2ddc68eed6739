"""What the fitting benchmark has measured, on the disk while it runs, so that a stopped run goes on."""

import json
import os
import sys
import time
from pathlib import Path

from _fit_cache import key_of

Record = dict
_SAVE_EVERY_S = 10.0
_SHOW_EVERY_S = 2.0
_HERE = Path(__file__).parent
# What a measurement depends on: tables and plots may change without any fit being made again.
_MEASURED_BY = ("cases", "degrade", "meshes", "runs", "score", "sections", "surface", "views")


def code_version() -> str:
    """Changes with whatever code the results come from."""
    source = _HERE.parent / "src" / "rrb"
    files = [p for part in ("fitting", "geometry", "raster") for p in sorted((source / part).rglob("*.py"))]
    files += [_HERE / f"_fit_{name}.py" for name in _MEASURED_BY] + sorted(_HERE.glob("_procedural*.py"))
    return key_of(*(p.read_bytes() for p in files))


class Store:
    """Records by section and key, in one JSON file, a line each.

    A section that is opened by other code than it was measured with begins anew; the others stay.
    """

    def __init__(self, path: Path, version: str, fresh: bool = False) -> None:
        self.path, self.version = path, version
        self.sections: dict[str, dict] = {}
        self._saved = time.monotonic()
        if path.exists() and not fresh:
            self.sections = json.loads(path.read_text())["sections"]

    def open(self, section: str, machine: dict[str, str]) -> dict[str, Record]:
        kept = self.sections.get(section)
        if kept is None or kept["version"] != self.version:
            if kept is not None:
                print(f"{section}: measured by other code; begun anew", file=sys.stderr)
            kept = self.sections[section] = {"version": self.version, "machine": machine, "records": {}}
        return kept["records"]

    def records(self, section: str) -> dict[str, Record]:
        return self.sections.get(section, {"records": {}})["records"]

    def stale(self) -> list[str]:
        """The sections that other code measured."""
        return [name for name, kept in self.sections.items() if kept["version"] != self.version]

    def add(self, section: str, key: str, record: Record) -> None:
        self.sections[section]["records"][key] = record
        if time.monotonic() - self._saved > _SAVE_EVERY_S:
            self.save()

    def save(self) -> None:
        """The file appears whole, or stays as it was."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".part")
        unfinished.write_text(self._text())
        os.replace(unfinished, self.path)
        self._saved = time.monotonic()

    def _text(self) -> str:
        parts = []
        for name, kept in self.sections.items():
            rows = ",\n".join(f"{json.dumps(k)}: {json.dumps(r)}" for k, r in kept["records"].items())
            head = f'"version": {json.dumps(kept["version"])}, "machine": {json.dumps(kept["machine"])}'
            parts.append(f'{json.dumps(name)}: {{{head}, "records": {{\n{rows}\n}}}}')
        return '{"format": "rrb.fit-benchmark/1", "sections": {\n' + ",\n".join(parts) + "\n}}\n"


class Progress:
    """What is done and how long the rest will take, on standard error; one line, where that is a terminal."""

    def __init__(self, expected_s: dict[str, float]) -> None:
        """expected_s: of each section, all told, on an idle machine; only their proportions matter in the end."""
        self._left = dict(expected_s)
        self._begun = self._shown = time.monotonic()
        self._done_s = 0.0
        self._in_place = sys.stderr.isatty()

    def advance(self, section: str, done: int, of: int, expected_s: float) -> None:
        self._left[section] -= expected_s
        self._done_s += expected_s
        now = time.monotonic()
        if now - self._shown < (_SHOW_EVERY_S if self._in_place else 10 * _SHOW_EVERY_S) and done < of:
            return
        self._shown = now
        pace = (now - self._begun) / self._done_s
        left = pace * max(0.0, sum(self._left.values()))
        line = f"{section}: {done} of {of}; {left / 60:.0f} min {left % 60:02.0f} s left in all"
        print(line.ljust(78), end="\r" if self._in_place and done < of else "\n", file=sys.stderr, flush=True)

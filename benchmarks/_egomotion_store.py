"""What the benchmark of egomotion has measured, on the disk as it comes, so that a stopped run goes on."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import rrb
from _egomotion_plan import Plan
from rrb.cli._results_jsonl import JsonLines
from rrb.errors import BadInputError

Record = dict[str, Any]
_PARTS = ("egomotion", "evaluation", "fitting", "geometry", "networks", "raster", "recipes")
_HERE = Path(__file__).parent
_MEASURED_BY = ("films", "hard", "real", "runs", "scenes", "score", "speed")
_ODOMETRY = ("bundle", "features", "map", "vo", "films", "score")


def versions(plan: Plan) -> dict[str, str]:
    """Of each section: changes with the code, the weights and the kind of films that its results come from."""
    made = (plan.frames, plan.size, plan.samples, plan.style, plan.speed_frames, plan.real_every)
    package = Path(rrb.__file__).parent
    code = [path for part in _PARTS for path in sorted((package / part).rglob("*.py"))]
    code += sorted((package / "assets" / "weights").glob("*.safetensors"))
    own = hashed([*code, *_ours(_MEASURED_BY)], made)
    return {
        **dict.fromkeys(("runs", "hard", "real", "speed"), own),
        "vo": hashed(_ours(_ODOMETRY), made),
    }


def _ours(names: Iterable[str]) -> list[Path]:
    return [_HERE / f"_egomotion_{name}.py" for name in names]


def hashed(files: Iterable[Path], more: object) -> str:
    digest = hashlib.sha256(repr(more).encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class Store:
    """A file of JSON lines for each section and version of the code; other versions' files stay."""

    def __init__(self, folder: Path, versions_: dict[str, str], go_on: bool = False) -> None:
        """go_on: with what the last run measured, whatever code that was."""
        folder.mkdir(parents=True, exist_ok=True)
        self._files: dict[str, JsonLines] = {}
        for section, version in versions_.items():
            path = folder / f"{section}-{version}.jsonl"
            if go_on and (before := sorted(folder.glob(f"{section}-*.jsonl"), key=_age)):
                path = before[-1]
            self._files[section] = JsonLines(path)

    def records(self, section: str) -> list[Record]:
        return list(self._files[section].rows.values())

    def get(self, section: str, name: str, measure: Callable[[], Record]) -> Record:
        """As it was measured before, or now; what is refused is a record, too."""
        lines = self._files[section]
        if name not in lines.rows:
            try:
                found = measure()
            except BadInputError as error:
                found = {"refused": str(error)}
            lines.add({"name": name, **found})
        return lines.rows[name]


def _age(path: Path) -> float:
    return path.stat().st_mtime

"""Small orders of data sets, folders of meshes as the generator's place, and what lies in a folder."""

import json
from pathlib import Path

from rrb.data.order import Order
from rrb.data.scenes import Variety
from rrb.geometry.primitives import box

SIZE = (32, 32)


def small(**more) -> Order:
    """24 pictures of 12 meshes in 6 shards: train has four, val and test one each."""
    fields = {"count": 24, "views": 2, "meshes_a_shard": 3, "variety": Variety(size=SIZE)}
    return Order(**{**fields, **more})


def everything(folder: Path) -> dict[str, bytes]:
    """All files, hidden ones too, by their place in the folder; but for the lock of who writes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in _all(folder) if p.is_file()}


def times(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in _all(folder)}


def _all(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.name != ".lock"]


def some_meshes(folder: Path, splits: dict[str, str], category: str = "chair") -> Path:
    """Boxes that differ, by name, with an index.json that says these splits."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for count, (name, split) in enumerate(splits.items()):
        box((1.0, 2.0 + count, 3.0)).save(folder / f"{name}.obj")
        said = {"file": f"{name}.obj", "name": name, "category": category, "split": split}
        entries.append({**said, "largest_extent_m": 0.8})
    (folder / "index.json").write_text(json.dumps(entries))
    return folder


def sentence(capsys):
    """What a command said when it refused: one sentence, no fault of ours."""
    error = capsys.readouterr().err.strip()
    assert error.startswith("rrb: ")
    assert "\n" not in error
    assert "fault of ours" not in error
    return error

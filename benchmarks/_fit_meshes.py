"""The meshes of the fitting benchmark: those beside the checkout, by split, and procedural ones.

All are metric, centred on their bounding box and of at most 3,000 faces. Nothing is ever tuned on "test".
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from _fit_cache import cached, key_of
from _fit_symmetry import symmetry
from _procedural import KINDS, procedural
from rrb import Mesh
from rrb.errors import BadInputError

SHARED = Path(__file__).parents[2] / "shared"
SPLITS = ("train", "test", "procedural")
MOST_FACES = 3000
N_PROCEDURAL = 60
_VERSION = 1  # counts up when a mesh is prepared in another way
# Of the largest extent: vertices that coincide but for this are joined where a mesh cannot be simplified
# otherwise, because every face of it stands alone.
_JOINED = (0.0, 3e-4, 1e-3, 3e-3)


@dataclass(frozen=True, eq=False)
class BenchMesh:
    """symmetry: which rotation maps the mesh to itself, "2-fold" to "8-fold" or "continuous", or None."""

    name: str
    split: str
    category: str
    mesh: Mesh
    symmetry: str | None

    @property
    def symmetric(self) -> bool:
        return self.symmetry is not None


@lru_cache
def bench_meshes(split: str, shared: Path = SHARED) -> tuple[BenchMesh, ...]:
    """The meshes of a split, always in the same order."""
    if split not in SPLITS:
        raise BadInputError(f"the split is {split!r}; {', '.join(SPLITS)} are accepted")
    if split == "procedural":
        return tuple(_procedural(seed) for seed in range(N_PROCEDURAL))
    entries = json.loads((shared / "meshes" / "index.json").read_text())
    return tuple(_from_file(entry, shared) for entry in entries if entry["split"] == split)


def _from_file(entry: dict, shared: Path) -> BenchMesh:
    path, extent = shared / entry["file"], float(entry["largest_extent_m"])
    key = key_of("file", path.read_bytes(), extent, MOST_FACES, _JOINED, _VERSION)
    stored = cached("meshes", key, lambda: _as_arrays(prepared(Mesh.load(path), extent)))
    return _as_bench_mesh(entry["name"], entry["split"], entry["category"], stored)


def _procedural(seed: int) -> BenchMesh:
    kind = KINDS[seed % len(KINDS)]
    made = procedural(kind, seed).mesh
    key = key_of("procedural", made.vertices, made.faces, _VERSION)
    stored = cached("meshes", key, lambda: _as_arrays(made))
    return _as_bench_mesh(f"{kind}_{seed:03d}", "procedural", kind, stored)


def prepared(mesh: Mesh, extent_m: float) -> Mesh:
    """Centred, of that largest extent, of at most `MOST_FACES` faces."""
    unit = mesh.normalised()[0]
    for tolerance in _JOINED:
        joined = unit
        if tolerance:
            joined = unit.with_vertices(np.round(unit.vertices / tolerance) * tolerance).merged()
        try:
            simpler = joined.simplify(MOST_FACES)
        except BadInputError:
            continue
        return simpler.normalised()[0].transformed(scale=extent_m)
    raise BadInputError(f"{mesh.name}: {len(mesh.faces)} faces cannot be brought to {MOST_FACES}")


def _as_arrays(mesh: Mesh) -> dict[str, np.ndarray]:
    described = np.array(symmetry(mesh) or "")
    return {"vertices": mesh.vertices, "faces": mesh.faces, "symmetry": described}


def _as_bench_mesh(name: str, split: str, category: str, stored: dict[str, np.ndarray]) -> BenchMesh:
    mesh = Mesh(stored["vertices"], stored["faces"], name=name)
    return BenchMesh(name, split, category, mesh, str(stored["symmetry"]) or None)

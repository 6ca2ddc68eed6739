"""The meshes of the fitting benchmark: those beside the checkout, by split, and procedural ones.

All are metric, centred on their bounding box and of at most 3,000 faces. Nothing is ever tuned on "test".
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from _fit_cache import cached, key_of
from _fit_symmetry import symmetry
from _procedural import KINDS, procedural
from rrb import Camera, Mesh, Pose, render
from rrb.errors import BadInputError

SHARED = Path(__file__).parents[2] / "shared"
SPLITS = ("train", "test", "procedural")
MOST_FACES = 3000
N_PROCEDURAL = 60
_VERSION = 3  # counts up when a mesh is prepared in another way
# Of the largest extent: vertices that coincide but for this are joined, since a mesh of which every face
# stands alone comes apart when it is simplified.
_JOINED = (0.0, 3e-4, 1e-3, 3e-3)
_GOOD_IOU, _LEAST_IOU = 0.99, 0.95  # of silhouettes before and after, on the mean over `_VIEWS` of them
_COARSELY_JOINED, _COARSE_IOU = (*_JOINED, 1e-2), 0.9
_VIEWS = 12


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
    """The meshes of a split, always in the same order; without those that cannot be simplified (one: a net)."""
    if split not in SPLITS:
        raise BadInputError(f"the split is {split!r}; {', '.join(SPLITS)} are accepted")
    if split == "procedural":
        return tuple(_procedural(seed) for seed in range(N_PROCEDURAL))
    entries = json.loads((shared / "meshes" / "index.json").read_text())
    found = (_from_file(entry, shared) for entry in entries if entry["split"] == split)
    return tuple(mesh for mesh in found if mesh is not None)


def _from_file(entry: dict, shared: Path) -> BenchMesh | None:
    path, extent = shared / entry["file"], float(entry["largest_extent_m"])
    key = key_of("file", path.read_bytes(), extent, MOST_FACES, _VERSION)
    stored = cached("meshes", key, lambda: _as_arrays(prepared(Mesh.load(path), extent)))
    return _as_bench_mesh(entry["name"], entry["split"], entry["category"], stored) if stored else None


def _procedural(seed: int) -> BenchMesh:
    kind = KINDS[seed % len(KINDS)]
    made = procedural(kind, seed).mesh
    key = key_of("procedural", made.vertices, made.faces, _VERSION)
    stored = cached("meshes", key, lambda: _as_arrays(made))
    return _as_bench_mesh(f"{kind}_{seed:03d}", "procedural", kind, stored)


def prepared(mesh: Mesh, extent_m: float) -> Mesh | None:
    """Centred, of that largest extent, of at most `MOST_FACES` faces; None if those cannot show it."""
    simpler, iou = _simplified(mesh.normalised()[0], MOST_FACES, _JOINED, _GOOD_IOU)
    return simpler.normalised()[0].transformed(scale=extent_m) if iou >= _LEAST_IOU else None


def coarsened(mesh: Mesh, n_faces: int) -> Mesh:
    """The same, where it was, in `n_faces` faces or in the least number, half as many again and again, that
    shows at least nine tenths of it: collapsing edges reaches few numbers for a mesh of many parts."""

    def make() -> dict[str, np.ndarray]:
        unit, done = mesh.normalised()
        wanted = n_faces
        while True:
            simpler, iou = _simplified(unit, wanted, _COARSELY_JOINED, _COARSE_IOU)
            if iou >= _COARSE_IOU:
                return {"vertices": done.undo(simpler.vertices), "faces": simpler.faces}
            wanted = int(1.5 * wanted) + 1

    stored = cached("meshes", key_of("coarse", mesh.vertices, mesh.faces, n_faces, _VERSION), make)
    return Mesh(stored["vertices"], stored["faces"], name=mesh.name)


def _simplified(unit: Mesh, n_faces: int, tolerances: Sequence[float], good_iou: float) -> tuple[Mesh, float]:
    """The first that is good, else the best, and how much of the silhouettes it keeps."""
    if len(unit.faces) <= n_faces:
        return unit, 1.0
    best, best_iou = unit, 0.0
    for tolerance in tolerances:
        joined = unit
        if tolerance:
            joined = unit.with_vertices(np.round(unit.vertices / tolerance) * tolerance)
        try:
            simpler = _without_doubled_faces(joined.merged()).simplify(n_faces)
        except BadInputError:  # it cannot be brought so low
            continue
        iou = silhouettes_iou(unit, simpler)
        if iou > best_iou:
            best, best_iou = simpler, iou
        if iou >= good_iou:
            break
    return best, best_iou


def _without_doubled_faces(mesh: Mesh) -> Mesh:
    """One of those with the same corners: both sides of a sheet would be torn apart when simplified."""
    _, first = np.unique(np.sort(mesh.faces, axis=1), axis=0, return_index=True)
    return Mesh(mesh.vertices, mesh.faces[np.sort(first)], name=mesh.name)


def silhouettes_iou(unit: Mesh, other: Mesh) -> float:
    """The mean overlap of two meshes in the unit box, seen from all around and a little above."""
    camera = Camera.from_fov(40, width=256, height=256)
    turns = np.arange(_VIEWS) / _VIEWS
    poses = Pose.from_viewpoint(360 * turns - 170, 10 + 36 * turns, distance_m=2.2)
    a, b = (render(mesh, poses, camera).fragments.covered for mesh in (unit, other))
    return float(((a & b).sum((1, 2)) / (a | b).sum((1, 2))).mean())


def _as_arrays(mesh: Mesh | None) -> dict[str, np.ndarray]:
    if mesh is None:
        return {}
    described = np.array(symmetry(mesh) or "")
    return {"vertices": mesh.vertices, "faces": mesh.faces, "symmetry": described}


def _as_bench_mesh(name: str, split: str, category: str, stored: dict[str, np.ndarray]) -> BenchMesh:
    mesh = Mesh(stored["vertices"], stored["faces"], name=name)
    return BenchMesh(name, split, category, mesh, str(stored["symmetry"]) or None)

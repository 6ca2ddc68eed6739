"""Shapes from a folder of mesh files with an index: scaled to metres, given materials by chance."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data import materials
from rrb.data.materials import Material
from rrb.data.procedural.build import rounded
from rrb.data.sample import KEY_LETTERS
from rrb.data.shape import Shape
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.files import read_bytes
from rrb.geometry.json_io import read_json
from rrb.geometry.mesh import Mesh
from rrb.geometry.symmetry import Symmetry

INDEX = "index.json"
SIZE_SPREAD = 0.1  # what an index says of a size is right, give or take this share
_NEEDED = ("file", "name", "category", "split", "largest_extent_m")
_MOST_LOOKS = 3
_Maker = Callable[[np.random.Generator], Material]
_LOOKS: Mapping[str, tuple[_Maker, ...]] = {
    "car": (materials.paint, materials.paint, materials.glass),
    "airplane": (materials.paint, materials.plastic),
    "sofa": (materials.fabric, materials.leather),
}
_ANY_LOOKS: tuple[_Maker, ...] = (
    materials.wood,
    materials.wood,
    materials.plastic,
    materials.fabric,
    materials.metal,
)


@dataclass(frozen=True)
class RealMesh:
    path: Path
    name: str
    category: str
    split: str  # "train" or "test"
    largest_extent_m: float
    has_front: bool  # whether it faces -z: an azimuth means nothing otherwise

    def fingerprint(self) -> list[Any]:
        """All that decides what is made of it."""
        digest = hashlib.sha256(read_bytes(self.path)).hexdigest()[:16]
        return [self.name, self.split, self.largest_extent_m, self.has_front, digest]


def listed(folder: Path, category: str | None = None) -> list[RealMesh]:
    """The meshes that FOLDER/index.json names, in its order; of one category, or all."""
    path = folder / INDEX
    entries = read_json(path)
    if not isinstance(entries, list):
        raise BadFileError(f"{path}: it holds a {type(entries).__name__}; a list of meshes is accepted")
    if not entries:
        raise BadFileError(f"{path}: it names no mesh")
    meshes = [_entry(path, folder, number, entry) for number, entry in enumerate(entries)]
    twice = [name for name, count in Counter(_plain(m.name) for m in meshes).items() if count > 1]
    if twice:
        raise BadFileError(
            f"{path}: two meshes are called {twice[0]}, as far as letters and digits go; one is accepted"
        )
    chosen = [m for m in meshes if category in (None, m.category)]
    if not chosen:
        held = ", ".join(sorted({m.category for m in meshes}))
        raise BadInputError(f"{path} has no {category}; it holds {held}")
    return chosen


def _entry(path: Path, folder: Path, number: int, entry: Any) -> RealMesh:
    if not isinstance(entry, dict) or any(name not in entry for name in _NEEDED):
        raise BadFileError(f"{path}, entry {number}: {', '.join(_NEEDED)} are needed")
    for name in ("file", "name", "category"):
        if not isinstance(entry[name], str):
            raise BadFileError(f"{path}, entry {number}: {name} is {entry[name]!r}; a text is accepted")
    file = Path(entry["file"])
    if file.parts[:1] == (folder.resolve().name,):  # the index may count from the folder above
        file = Path(*file.parts[1:])
    if entry["split"] not in ("train", "test"):
        raise BadFileError(
            f"{path}, entry {number}: split is {entry['split']!r}; train and test are accepted"
        )
    size = entry["largest_extent_m"]
    if not isinstance(size, int | float) or not size > 0:
        raise BadFileError(f"{path}, entry {number}: largest_extent_m is {size!r}; metres are accepted")
    has_front = str(entry.get("front", "-z")).startswith("-z")
    return RealMesh(folder / file, entry["name"], entry["category"], entry["split"], float(size), has_front)


def shape_of(real: RealMesh, variant: int, seed: int) -> Shape:
    """The mesh in metres, centred; variant: of size and materials, 0, 1, ...; its parts are what hangs together."""
    random = np.random.default_rng([seed, variant, *real.name.encode()])
    stored = Mesh.load(real.path).merged()
    extent = real.largest_extent_m * random.uniform(1 - SIZE_SPREAD, 1 + SIZE_SPREAD)
    vertices = (stored.vertices - stored.centre) * (extent / float(stored.largest_extent))
    mesh_id = f"{_plain(real.name)}-{seed}-{variant}"
    looks = _LOOKS.get(real.category, _ANY_LOOKS)
    count = int(random.integers(1, _MOST_LOOKS + 1))
    face_part = random.integers(count, size=len(stored.faces))[_components(stored)]
    used, face_part = np.unique(face_part, return_inverse=True)
    return Shape(
        mesh_id=mesh_id,
        category=real.category,
        mesh=Mesh(rounded(vertices), stored.faces, name=mesh_id),
        face_part=face_part.astype(np.int64),
        parts=tuple(f"part{k}" for k in range(len(used))),
        materials=tuple(looks[int(random.integers(len(looks)))](random) for _ in used),
        style={"source": real.name, "front": "-z" if real.has_front else "not defined"},
        turns=Symmetry(stored).turns_about_up(),
    )


def _components(mesh: Mesh) -> NDArray[np.int64]:
    """(F,): for each face, a face of what it hangs together with, the same for all of it."""
    faces = np.asarray(mesh.faces)
    label = np.arange(len(mesh.vertices))
    while True:  # the lowest number spreads along faces; pointers are followed until nothing moves
        lowest = label[faces].min(1)
        before = label.copy()
        for corner in range(3):
            np.minimum.at(label, faces[:, corner], lowest)
        label = label[label]
        if (label == before).all():
            break
    _, first, inverse = np.unique(label[faces[:, 0]], return_index=True, return_inverse=True)
    return first[inverse]


def _plain(name: str) -> str:
    return "".join(c if c in KEY_LETTERS else "_" for c in name)

"""The models of a BOP set: meshes in millimetres and what models_info.json says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rrb.data.readers._reading import field, folder, named, number, numbers, whole
from rrb.data.readers.bop_rows import MM_PER_M
from rrb.data.sample import MeshFile
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.json_io import read_json
from rrb.geometry.turns import NO_TURNS, Turns

_SYMMETRIES = ("symmetries_discrete", "symmetries_continuous")


@dataclass(frozen=True, eq=False)
class Model:
    category: str  # "obj_000001": a set names its objects by number alone
    mesh: MeshFile
    turns: Turns
    about: Mapping[str, Any]  # obj_id, diameter_m, symmetries as the file has them, in millimetres


def load_models(path: Path) -> dict[int, Model]:
    """By obj_id; every mesh that models_info.json names must be there."""
    file = folder(path) / "models_info.json"
    data = read_json(file)
    if not isinstance(data, Mapping) or not data:
        raise BadFileError(f"{file}: it holds no objects; one entry for each is accepted")
    models = {}
    for key, info in data.items():
        with named(file, f"object {key}"):
            obj_id = whole(key, "an object's number")
            models[obj_id] = _model(path, obj_id, info)
    return models


def _model(path: Path, obj_id: int, info: Any) -> Model:
    name = f"obj_{obj_id:06d}"
    mesh = path / f"{name}.ply"
    if not mesh.is_file():
        raise BadFileError(f"{mesh}: there is no such file, but models_info.json names object {obj_id}")
    diameter = number(field(info, "diameter", "its entry"), "diameter") / MM_PER_M
    symmetries = {k: info[k] for k in _SYMMETRIES if k in info}
    if not all(isinstance(held, list) for held in symmetries.values()):
        raise BadInputError("its symmetries are no list; one entry for each symmetry is accepted")
    about = {"obj_id": obj_id, "diameter_m": diameter, **symmetries}
    return Model(name, MeshFile(mesh, unit="mm"), _turns(info), about)


def _turns(info: Mapping[str, Any]) -> Turns:
    """Symmetries about the y axis alone; those about another axis are no `Turns`."""
    axes = [
        numbers(field(s, "axis", "a symmetry"), (3,), "axis") for s in info.get("symmetries_continuous", [])
    ]
    if any(np.abs(axis[[0, 2]]).max() < 1e-6 for axis in axes):
        return Turns(0)
    turned = [numbers(s, (4, 4), "a discrete symmetry")[:3, :3] for s in info.get("symmetries_discrete", [])]
    about_y = sum(abs(rotation[1, 1] - 1) < 1e-6 for rotation in turned)
    return Turns(int(about_y) + 1) if about_y else NO_TURNS

"""Shapes as files that another process reads: each written once, named by what it holds."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Set
from pathlib import Path
from typing import Any

import numpy as np

from rrb.data.shape import Shape
from rrb.geometry._arrays import as_numpy

KEPT = 64


class ShapeFiles:
    """Equal shapes are one file, whatever their ids; what was not asked for in a long time is deleted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: OrderedDict[Shape, Path] = OrderedDict()  # a shape is compared by identity

    def of(self, shape: Shape) -> Path:
        """An .npz of vertices (V, 3), faces (F, 3), face_part (F,) and the parts' materials as JSON."""
        if shape not in self._files:
            self._files[shape] = self._written(shape)
        self._files.move_to_end(shape)
        return self._files[shape]

    def forget(self, needed: Set[Path]) -> None:
        """Delete the oldest of more than `KEPT`, but none of these."""
        surplus = [shape for shape, file in self._files.items() if file not in needed][
            : len(self._files) - KEPT
        ]
        for shape in surplus if len(self._files) > KEPT else ():
            file = self._files.pop(shape)
            if file not in self._files.values():
                file.unlink(missing_ok=True)

    def _written(self, shape: Shape) -> Path:
        arrays: dict[str, Any] = {
            "vertices": as_numpy(shape.mesh.vertices).astype(np.float64),
            "faces": as_numpy(shape.mesh.faces).astype(np.int32),
            "face_part": shape.face_part.astype(np.int32),
        }
        materials = json.dumps([material.to_json() for material in shape.materials])
        digest = hashlib.sha256(materials.encode())
        for array in arrays.values():
            digest.update(str(array.shape).encode() + array.tobytes())
        file = self._folder / f"{digest.hexdigest()}.npz"
        if not file.exists():
            np.savez(file, materials=np.array(materials), **arrays)
        return file

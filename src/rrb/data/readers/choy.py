"""Choy: the ShapeNet renderings of 3D-R2N2 (Choy et al.), 24 views of each model on nothing, 137 x 137.

    ShapeNetRendering/<synset>/<model>/rendering/00.png ... 23.png   RGBA; alpha is the mask
                                                 renderings.txt      the pictures' names, one a line
                                                 rendering_metadata.txt
    ShapeNetVox32/<synset>/<model>/model.binvox                      where this folder is there
    ShapeNetCore.v1/<synset>/<model>/model.obj                       where this folder is there

A line of the metadata belongs to the picture of the same line: azimuth, elevation, in-plane rotation, distance and a
field of view of 25 that was never used (`Pose.from_choy` says what they mean). The camera had a lens of 35 mm before
a sensor of 32 mm. Poses are in ShapeNet's units, which are no metres: a mesh is about 1 along its diagonal.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.data.readers._layout import folders, required_file, with_alpha, words
from rrb.data.readers._reading import key_of, named
from rrb.data.readers.binvox import load_binvox
from rrb.data.sample import MeshFile, Sample
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.conversions import CHOY_FOCAL_WIDTHS
from rrb.geometry.mesh_io import text
from rrb.geometry.pose import Pose
from rrb.geometry.voxels import Voxels

CATEGORIES = {
    "airplane": "02691156",
    "bench": "02828884",
    "cabinet": "02933112",
    "car": "02958343",
    "chair": "03001627",
    "display": "03211117",
    "lamp": "03636649",
    "loudspeaker": "03691459",
    "rifle": "04090263",
    "sofa": "04256520",
    "table": "04379243",
    "telephone": "04401088",
    "watercraft": "04530566",
}
_NAMES = {synset: name for name, synset in CATEGORIES.items()}
_COLUMNS = ("azimuth_deg", "elevation_deg", "in_plane_deg", "distance_ratio")


def read(source: Path, *, category: str | None = None, voxels: bool = True) -> Iterator[Sample]:
    """Every view, by synset, model and the metadata's order.

    category: a name of `CATEGORIES` or a synset, or None for all that are there. voxels: whether the grids are read
    where they are there.
    """
    root = Path(source) / "ShapeNetRendering"
    found = folders(root, "folders named by synset, as 03001627")
    if category is not None:
        synset = CATEGORIES.get(category, category)
        found = [folder for folder in found if folder.name == synset]
        if not found:
            raise BadInputError(
                f"{root}: it holds no {category!r}; {', '.join(CATEGORIES)}, or a synset, are known"
            )
    for folder in found:
        for model in folders(folder, "one folder for each model"):
            yield from _views(Path(source), model, voxels)


def _views(source: Path, model: Path, with_voxels: bool) -> Iterator[Sample]:
    synset, mesh_id = model.parent.name, model.name
    folder = model / "rendering"
    names = _picture_names(folder)
    views = _metadata(folder / "rendering_metadata.txt", len(names))
    mesh = _beside(source / "ShapeNetCore.v1", synset, mesh_id, "model.obj")
    grid_file = _beside(source / "ShapeNetVox32", synset, mesh_id, "model.binvox") if with_voxels else None
    grid = None if grid_file is None else load_binvox(grid_file)
    for name, view in zip(names, views.tolist(), strict=True):
        with named(folder / name):
            yield _sample(folder / name, view, mesh, grid)


def _sample(path: Path, view: list[float], mesh: Path | None, grid: Voxels | None) -> Sample:
    model = path.parent.parent
    synset, mesh_id = model.parent.name, model.name
    image, mask = with_alpha(path)
    if mask is None:
        raise BadFileError(
            f"{path}: it has no alpha, or 255 everywhere; alpha that is the object's mask is accepted"
        )
    height, width = mask.shape
    if width != height:
        raise BadFileError(
            f"{path}: it is {width}x{height}; a square picture, as all were published, is accepted"
        )
    azimuth, elevation, in_plane, ratio = view
    return Sample(
        key=key_of(synset, mesh_id, path.stem),
        image=image,
        category=_NAMES.get(synset, synset),
        mesh_id=key_of(synset, mesh_id),
        mask=mask,
        camera=Camera.from_focal_px(CHOY_FOCAL_WIDTHS * width, width=width, height=height),
        camera_from_object=Pose.from_choy(azimuth, elevation, in_plane, distance_ratio=ratio),
        mesh=None if mesh is None else MeshFile(mesh),
        voxels=grid,
        source="choy",
        frame="y up, front -z, ShapeNet's unit",
        about={"synset": synset, "model": mesh_id, **dict(zip(_COLUMNS, view, strict=True))},
    )


def _picture_names(folder: Path) -> list[str]:
    """What renderings.txt lists: each there, no other picture beside them."""
    index = folder / "renderings.txt"
    names = [b" ".join(held).decode(errors="replace") for _, held in words(index)]
    if not names or len(set(names)) != len(names):
        raise BadFileError(f"{index}: it lists {len(names)} pictures; at least one, each once, is accepted")
    for name in names:
        if Path(name).name != name:
            raise BadFileError(f"{index}: it lists {name[:80]!r}; a file's name is accepted")
        required_file(folder / name, index)
    extra = sorted({p.name for p in folder.glob("*.png")} - set(names))
    if extra:
        raise BadFileError(f"{folder / extra[0]}: {index.name} beside it does not list this picture")
    return names


def _metadata(path: Path, count: int) -> NDArray[np.float64]:
    """(count, 4): the columns that were used."""
    rows = words(path)
    table = text.table(path, [b" ".join(held) for _, held in rows], [number for number, _ in rows])
    table.require([5], "a view")
    if len(table) != count:
        raise BadFileError(
            f"{path}: it holds {len(table)} views; {count}, one for each picture, are accepted"
        )
    return table.columns(0, 4)


def _beside(folder: Path, synset: str, model: str, name: str) -> Path | None:
    """The model's file in a folder that may be missing as a whole, but not in part."""
    if not folder.is_dir():
        return None
    return required_file(folder / synset / model / name, f"ShapeNetRendering/{synset}/{model}")

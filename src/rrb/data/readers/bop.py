"""BOP: RGB-D pictures with the pose of each object, in the layout "scene-wise" of bop.felk.cvut.cz.

    <source>/<split>/000001/rgb/000000.png      or gray/, .jpg, .tif
    <source>/<split>/000001/depth/000000.png    16 bits, times depth_scale in millimetres
    <source>/<split>/000001/mask/000000_000000.png, mask_visib/000000_000000.png    <image>_<row of scene_gt>
    <source>/<split>/000001/scene_camera.json, scene_gt.json, scene_gt_info.json
    <source>/models/obj_000001.ply, models_info.json                     millimetres
    <source>/test_targets_bop19.json

One sample for each row of scene_gt. Millimetres become metres. The object's frame is the model's own, whose front
nothing says; which axis is up differs (mostly z), so that symmetries stay in `about`, and a `Turns` is given only
where they are about y. The mask is what is seen; unknown is the hidden rest of the whole silhouette. That rest
was drawn from the true pose: whoever judges a fit by this mask lets the fit see where the object is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.readers._reading import (
    box_around,
    field,
    folder,
    key_of,
    named,
    number,
    numbers,
    picture,
    whole,
    with_suffix,
)
from rrb.data.readers.bop_models import Model, load_models
from rrb.data.readers.bop_rows import MM_PER_M, box_of, info_of, pose_of, world_of
from rrb.data.readers.bop_targets import Targets, load_targets
from rrb.data.sample import Sample
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.image_io import load_depth, load_mask
from rrb.geometry.json_io import read_json

_SUFFIXES = (".png", ".jpg", ".tif")
_SPLITS = ("train", "val", "test")


def read(
    source: Path,
    *,
    split: str = "test",
    category: str | None = None,
    models: str = "models",
    targets: str | None = None,
    masks: bool = True,
    depth: bool = True,
) -> Iterator[Sample]:
    """split: a folder, such as "train_pbr". category: "obj_000005"; None for all. models: a folder, such as
    "models_eval". targets: a file, such as "test_targets_bop19.json": only what it lists is given. masks, depth:
    whether these pictures are read; a set that has none needs False."""
    known = load_models(source / models)
    if category is not None and category not in {model.category for model in known.values()}:
        raise BadInputError(f"the category is {category!r}; obj_000001 and so on, of {models}, are accepted")
    listed = None if targets is None else load_targets(source / targets)
    for path in sorted(p for p in folder(source / split).iterdir() if p.is_dir()):
        scene = _Scene(path, split, known, masks, depth)
        yield from scene.samples(category, listed)


@dataclass(frozen=True)
class _Scene:
    path: Path
    split: str
    models: Mapping[int, Model]
    masks: bool
    depth: bool

    def samples(self, category: str | None, listed: Targets | None) -> Iterator[Sample]:
        cameras, truth, info = (self._json(name) for name in ("camera", "gt", "gt_info"))
        scene_id = self.id
        for im_id, rows in sorted(truth.items()):
            with named(self.path / "scene_gt.json", f"image {im_id}"):
                wanted = [i for i, row in enumerate(rows) if category in (None, self._model(row).category)]
            if listed is not None:
                with named(self.path / "scene_gt_info.json", f"image {im_id}"):
                    wanted = listed.chosen(scene_id, im_id, rows, info.get(im_id), wanted)
            if wanted:
                if im_id not in cameras:
                    raise BadFileError(
                        f"{self.path / 'scene_camera.json'}: image {im_id}, which has poses, lacks"
                    )
                yield from self._of_image(im_id, cameras[im_id], rows, info.get(im_id), wanted)

    @property
    def id(self) -> int:
        with named(self.path):
            return whole(self.path.name, "a scene's folder")

    def _of_image(
        self, im_id: int, camera: Any, rows: list[Any], info: list[Any] | None, wanted: list[int]
    ) -> Iterator[Sample]:
        image = picture(self._picture(im_id))
        height, width = image.shape[:2]
        with named(self.path / "scene_camera.json", f"image {im_id}"):
            k = numbers(field(camera, "cam_K", "an entry"), (3, 3), "cam_K")
            seen_by = Camera.from_opencv(k, width=width, height=height)
            depth_m = self._depth(im_id, camera, (height, width)) if self.depth else None
        for row in wanted:
            with named(self.path / "scene_gt.json", f"image {im_id}, row {row}"):
                pose, model = pose_of(rows[row]), self._model(rows[row])
            with named(self.path / "scene_gt_info.json", f"image {im_id}"):
                known = info_of(info, row, len(rows))
            mask, hidden = self._masks(im_id, row, (height, width)) if self.masks else (None, None)
            yield Sample(
                key=key_of(self.split, f"{self.id:06d}", f"{im_id:06d}", f"{row:06d}"),
                image=image,
                category=model.category,
                mesh_id=model.category,
                mask=mask,
                unknown=hidden,
                camera=seen_by,
                camera_from_object=pose,
                mesh=model.mesh,
                depth_m=depth_m,
                box_px=box_of(known) if mask is None else box_around(mask),
                turns=model.turns,
                split=next((s for s in _SPLITS if self.split.split("_")[0] == s), None),
                source="bop",
                frame="as the model is stored, metres",
                about={
                    "scene_id": self.id, "im_id": im_id, "gt_row": row, **model.about, **known, **world_of(camera),
                },
            )  # fmt: skip

    # --- files --------------------------------------------------------------------------------------

    def _json(self, name: str) -> dict[int, Any]:
        """scene_<name>.json by image; scene_gt_info.json may be absent."""
        path = self.path / f"scene_{name}.json"
        if name == "gt_info" and not path.exists():
            return {}
        data = read_json(path)
        with named(path):
            if not isinstance(data, Mapping):
                raise BadInputError("it is no object of images; one entry for each image is accepted")
            found = {whole(key, "an image's number"): value for key, value in data.items()}
            if name != "camera" and not all(isinstance(rows, list) for rows in found.values()):
                raise BadInputError("an image's entry is no list; a row for each object is accepted")
            return found

    def _model(self, row: Any) -> Model:
        obj_id = whole(field(row, "obj_id", "a row"), "obj_id")
        if obj_id not in self.models:
            raise BadInputError(f"obj_id is {obj_id}, which models_info.json does not hold")
        return self.models[obj_id]

    def _picture(self, im_id: int) -> Path:
        kind = "gray" if (self.path / "gray").is_dir() and not (self.path / "rgb").is_dir() else "rgb"
        return with_suffix(folder(self.path / kind) / f"{im_id:06d}", _SUFFIXES)

    def _depth(self, im_id: int, camera: Any, size: tuple[int, int]) -> NDArray[np.float32]:
        scale = number(field(camera, "depth_scale", "an entry"), "depth_scale")
        if not scale > 0:
            raise BadInputError(f"depth_scale is {scale:g}; a positive number is accepted")
        path = with_suffix(self.path / "depth" / f"{im_id:06d}", (".png", ".tif"))
        depth = load_depth(path, MM_PER_M / scale)
        if depth.shape != size:
            raise BadFileError(
                f"{path}: it is {depth.shape[1]}x{depth.shape[0]} but the picture is {size[1]}x{size[0]}"
            )
        return depth

    def _masks(
        self, im_id: int, row: int, size: tuple[int, int]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        name = f"{im_id:06d}_{row:06d}.png"
        seen, whole_of_it = (load_mask(self.path / k / name, size=size) for k in ("mask_visib", "mask"))
        return seen, (whole_of_it >= 0.5) & (seen < 0.5)

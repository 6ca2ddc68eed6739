"""The films of the benchmark, made where they are missing, and what is true of them."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from _egomotion_plan import KINDS, Place, Plan
from rrb.data.sequences import SequenceOrder, make_sequence
from rrb.egomotion.trajectory import Trajectory
from rrb.errors import BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.image_io import load_image, load_mask
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose

Image = NDArray[np.uint8]
Masks = tuple[NDArray[np.float32] | None, ...]  # (H, W) of each object, None where it is not seen


@dataclass(frozen=True, eq=False)
class Film:
    """A folder of `rrb data sequence`. World: the first object's frame, as trajectories have it."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def kind(self) -> str:
        return self._about["asked"]["kind"]

    @cached_property
    def _about(self) -> dict:
        return json.loads((self.folder / "sequence.json").read_text())

    @property
    def names(self) -> list[str]:
        return [one["mesh_id"] for one in self._about["objects"]]

    @cached_property
    def camera(self) -> Camera:
        return Camera.load(self.folder / "camera.json")

    @cached_property
    def _truth(self) -> Trajectory:
        return Trajectory.load_tum(self.folder / "truth.txt")

    @property
    def times_s(self) -> NDArray[np.float64]:
        return self._truth.times_s

    @cached_property
    def world_from_camera(self) -> Pose:
        """(N,) in the first object's frame."""
        first = Pose.from_json(self._about["objects"][0]["world_from_object"])
        return first.inverse() @ self._truth.world_from_camera

    @property
    def camera_height_m(self) -> float:
        """Above the ground, at the first frame."""
        return float(self._truth.world_from_camera.translation[0, 1])

    @property
    def turns(self) -> int:
        """How many turns about y leave the first object as it is."""
        about = json.loads((self.folder / "meshes" / f"{self.names[0]}.json").read_text())
        return int(about["turns_about_y"]) or 1

    @cached_property
    def meshes(self) -> dict[str, Mesh]:
        return {name: Mesh.load(self.folder / "meshes" / f"{name}.ply") for name in self.names}

    @cached_property
    def frames(self) -> list[Image]:
        return [load_image(path) for path in sorted((self.folder / "frames").glob("*.png"))]

    @cached_property
    def masks(self) -> list[Masks]:
        """Of each frame; an object of which no pixel is seen has none."""
        folders = [self.folder / "masks" / name for name in self.names]
        count = len(self.world_from_camera)
        found = [[load_mask(folder / f"{n:06d}.png") for folder in folders] for n in range(count)]
        return [tuple(mask if mask.any() else None for mask in masks) for masks in found]


def is_whole(folder: Path, frames: int) -> bool:
    return len(list((folder / "frames").glob("*.png"))) >= frames


def films(plan: Plan, place: Place, count: int | None = None) -> Iterator[Film]:
    """Of each kind so many, the kinds in turn; what is missing is drawn first, or passed over if it cannot be."""
    for seed in range(plan.first_seed, plan.first_seed + (plan.seeds if count is None else count)):
        for kind in KINDS:
            found = _film(kind, seed, plan, place)
            if found is not None:
                yield found


def _film(kind: str, seed: int, plan: Plan, place: Place) -> Film | None:
    folder = place.films / f"{kind}-{seed}"
    order = SequenceOrder(kind, seed, plan.frames, plan.size, plan.style, plan.samples)
    if not is_whole(folder, plan.frames):
        if not place.draws:
            return None
        try:
            make_sequence(order, folder, told=lambda done, total, line: _told(folder.name, done, total))
        except BadInputError as error:  # another process draws it, say
            print(f"{folder.name} is left out: {error}", file=sys.stderr)
            return None
    return Film(folder)


def _told(name: str, done: int, total: int) -> None:
    print(f"{name}: frame {done} of {total} is drawn".ljust(78), end="\r", file=sys.stderr)

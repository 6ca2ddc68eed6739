"""`Sample`: one picture of an object and all that is known of it. The contract between data and whoever learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import short
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.turns import Turns
from rrb.geometry.voxels import Voxels

KEY_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
SPLITS = ("train", "val", "test")


@dataclass(frozen=True, eq=False)
class MeshFile:
    """A mesh that is read when asked for, turned into the object frame of its sample.

    p_object = object_from_file @ p_file, after the file's numbers were divided by the unit.
    """

    path: Path
    unit: str = "m"
    object_from_file: NDArray[np.float64] | None = None  # (3, 3) or (4, 4), a scale and a mirror allowed

    def load(self) -> Mesh:
        """The mesh, kept for the next sample of the same file."""
        turned = None if self.object_from_file is None else self.object_from_file.astype(np.float64).tobytes()
        return _loaded(self.path, self.unit, turned)


@dataclass(frozen=True, eq=False)
class OccupancyPoints:
    """Points of the object frame and whether they lie inside the object."""

    points: NDArray[np.floating]  # (N, 3) metres
    inside: NDArray[np.bool_]  # (N,)
    near_surface: NDArray[
        np.bool_
    ]  # (N,): drawn around the surface; the others uniformly from the box around it

    def __post_init__(self) -> None:
        count = len(self.points)
        if self.points.shape != (count, 3) or not np.isfinite(self.points).all():
            raise BadInputError(
                f"points have the shape {self.points.shape}; finite numbers (N, 3) are accepted"
            )
        for name in ("inside", "near_surface"):
            held = getattr(self, name)
            if held.shape != (count,) or held.dtype != np.bool_:
                raise BadInputError(f"{name} is {held.dtype} {held.shape}; bool ({count},) is accepted")


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture and its truth. None where a source does not say; nothing is guessed.

    The pose is p_camera = R @ (scale * p_object) + t of the mesh that `load_mesh` gives; `frame` says its axes and
    unit: y up, front towards -z, metres, wherever the source knows.
    """

    key: str  # unique in its data set; letters, digits, "-" and "_"
    image: NDArray[np.uint8]  # (H, W, 3) sRGB
    category: str
    mesh_id: str  # "" where no mesh belongs to it
    mask: NDArray[np.float32] | None = None  # (H, W) in [0, 1]: what is seen of the object
    unknown: NDArray[np.bool_] | None = None  # (H, W): where another thing is seen and the mask knows nothing
    camera: Camera | None = None
    camera_from_object: Pose | None = None
    scale: float = 1.0
    mesh: Mesh | MeshFile | None = None
    depth_m: NDArray[np.float32] | None = None  # (H, W): z, 0 for none
    points: OccupancyPoints | None = None
    voxels: Voxels | None = None
    box_px: tuple[float, float, float, float] | None = (
        None  # x0, y0, x1, y1 from the first pixel's outer corner
    )
    extents_m: tuple[float, float, float] | None = None  # along the object's x, y, z, where no mesh says it
    camera_height_m: float | None = None  # from the camera's centre to the ground
    turns: Turns | None = None  # which of them leave it as it is
    frame: str = ""  # the object frame and its unit in words; "" where there is none
    split: str | None = None  # by mesh
    source: str = ""  # "procedural", "pix3d", ...
    style: Mapping[str, str] = field(default_factory=dict)  # discrete facts about the object
    about: Mapping[str, Any] = field(default_factory=dict)  # what else the source says, as JSON

    def __post_init__(self) -> None:
        if not self.key or not set(self.key) <= KEY_LETTERS:
            raise BadInputError(f"a sample's key is {self.key!r}; letters, digits, '-' and '_' are accepted")
        try:
            self._check()
        except BadInputError as error:
            raise BadInputError(f"sample {self.key}: {error}") from None
        for name in ("style", "about"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def _check(self) -> None:
        image = self.image
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise BadInputError(f"the image is {image.dtype} {image.shape}; uint8 (H, W, 3) is accepted")
        height, width = self.size
        for name, dtype in (("mask", np.float32), ("unknown", np.bool_), ("depth_m", np.float32)):
            held = getattr(self, name)
            if held is not None and (held.shape != (height, width) or held.dtype != dtype):
                raise BadInputError(
                    f"{name} is {held.dtype} {held.shape}; {np.dtype(dtype)} ({height}, {width}), as large as the"
                    " image, is accepted"
                )
        if self.mask is not None and not ((self.mask >= 0) & (self.mask <= 1)).all():
            raise BadInputError(
                f"the mask goes from {self.mask.min()} to {self.mask.max()}; 0 to 1 is accepted"
            )
        if self.depth_m is not None and not (np.isfinite(self.depth_m) & (self.depth_m >= 0)).all():
            raise BadInputError(
                "the depth holds negative or infinite numbers; metres, 0 for none, are accepted"
            )
        if self.camera is not None and (self.camera.height_px, self.camera.width_px) != (height, width):
            raise BadInputError(
                f"the image is {width}x{height} but its camera {self.camera.width_px}x{self.camera.height_px};"
                " equal sizes are accepted"
            )
        if self.camera_from_object is not None and self.camera_from_object.batch:
            raise BadInputError(f"it has {self.camera_from_object.batch} poses; one is accepted")
        if not np.isfinite(self.scale) or not self.scale > 0:
            raise BadInputError(f"the scale is {short(self.scale)}; a positive number is accepted")
        if self.split is not None and self.split not in SPLITS:
            raise BadInputError(f"the split is {self.split!r}; {', '.join(SPLITS)} are accepted")

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the image in pixels."""
        return self.image.shape[0], self.image.shape[1]

    def load_mesh(self) -> Mesh | None:
        """The mesh that the pose refers to, read from its file where it is one; None where there is none."""
        return self.mesh.load() if isinstance(self.mesh, MeshFile) else self.mesh

    def with_(self, **changes: Any) -> Sample:
        """A copy with other fields, checked again."""
        return replace(self, **changes)


@lru_cache(maxsize=64)
def _loaded(path: Path, unit: str, object_from_file: bytes | None) -> Mesh:
    mesh = Mesh.load(path, unit=unit)
    if object_from_file is None:
        return mesh
    turn = np.frombuffer(object_from_file, np.float64)
    side = 3 if turn.size == 9 else 4
    turn = turn.reshape(side, side)
    vertices = np.asarray(mesh.vertices, np.float64) @ turn[:3, :3].T
    if side == 4:
        vertices = vertices + turn[:3, 3]
    mirrored = np.linalg.det(turn[:3, :3]) < 0
    return Mesh(vertices, mesh.faces[:, ::-1] if mirrored else mesh.faces, name=mesh.name, notes=mesh.notes)

"""`Scene`: everything that a picture shows, in numbers that a file can hold; fast and photoreal draw the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose

FORMAT = "rrb.scene/1"
BACKGROUNDS = ("white", "plain", "gradient", "noise", "photo")


@dataclass(frozen=True, eq=False)
class Placed:
    """One object; which one is `shapes[mesh_id]` of whoever draws."""

    mesh_id: str
    world_from_object: Pose


@dataclass(frozen=True)
class Lighting:
    """World frame, y up. Linear light: 1 is what makes a white surface white.

    sky: nine coefficients for each of red, green and blue, (9, 3), of `SphericalHarmonics` in the world frame:
    brightness of a matt white surface by its normal. sun: brightness added where a surface faces the sun.
    """

    sky: tuple[tuple[float, float, float], ...]
    towards_sun: tuple[float, float, float]  # unit
    sun: tuple[float, float, float]
    sun_size_deg: float = 1.0  # the larger, the softer the edges of shadows


@dataclass(frozen=True)
class Background:
    """kind "white": 255. "plain": `colours[0]`. "gradient": from the first to the second from top to bottom, turned
    by `angle_deg`. "noise": the two mixed by smooth noise of `seed`. "photo": `photo`, a file's name in the folder of
    photographs, cut to the picture by `seed`; where that folder is absent another kind is drawn when the scene is made.
    """

    kind: str = "white"
    colours: tuple[tuple[float, float, float], ...] = ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
    angle_deg: float = 0.0
    photo: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in BACKGROUNDS:
            raise BadInputError(f"a background is {self.kind!r}; {', '.join(BACKGROUNDS)} are accepted")


@dataclass(frozen=True)
class Effects:
    """What a camera and a file do to a picture, after it was drawn: exposure, blur and tint to linear light, then
    saturation, contrast, noise and compression to sRGB."""

    exposure: float = 1.0  # times linear light
    blur_px: float = 0.0  # standard deviation
    contrast: float = 1.0  # about mid grey
    saturation: float = 1.0  # 0 is grey
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)  # times linear light
    noise: float = 0.0  # standard deviation in sRGB, 0 to 1
    jpeg_quality: int = 95
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Scene:
    """objects[0] is the one that mask and pose belong to; the others hide it, or stand beside or behind it."""

    key: str
    camera: Camera
    camera_from_world: Pose
    objects: tuple[Placed, ...]
    lighting: Lighting
    background: Background = field(default_factory=Background)
    effects: Effects = field(default_factory=Effects)
    ground_m: float | None = None  # the world's height of a ground that takes shadows; None for none
    ground_colour: tuple[float, float, float] | None = None  # sRGB; None: it shows the background, darkened
    viewpoint: str = ""  # how the camera was chosen: "choy", "pascal", "street", "free"

    @property
    def camera_from_object(self) -> Pose:
        """Of the object that the picture is about."""
        return self.pose_of(0)

    def pose_of(self, index: int) -> Pose:
        return self.camera_from_world @ self.objects[index].world_from_object

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "convention": "camera x right, y down, z forward; world and objects y up; metres; sRGB 0 to 1",
            "key": self.key,
            "camera": self.camera.to_json(),
            "camera_from_world": self.camera_from_world.to_json(),
            "objects": [
                {"mesh_id": o.mesh_id, "world_from_object": o.world_from_object.to_json()}
                for o in self.objects
            ],
            "lighting": asdict(self.lighting),
            "background": asdict(self.background),
            "effects": asdict(self.effects),
            "ground_m": self.ground_m,
            "ground_colour": self.ground_colour,
            "viewpoint": self.viewpoint,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Scene:
        """The inverse of `to_json`."""
        if data.get("format") != FORMAT:
            raise BadInputError(f"format is {data.get('format')!r}; {FORMAT!r} is accepted")
        light, behind, effects = (dict(data[k]) for k in ("lighting", "background", "effects"))
        return Scene(
            key=data["key"],
            camera=Camera.from_json(data["camera"]),
            camera_from_world=Pose.from_json(data["camera_from_world"]),
            objects=tuple(
                Placed(o["mesh_id"], Pose.from_json(o["world_from_object"])) for o in data["objects"]
            ),
            lighting=Lighting(**{k: _tupled(v) for k, v in light.items()}),
            background=Background(**{k: _tupled(v) for k, v in behind.items()}),
            effects=Effects(**{k: _tupled(v) for k, v in effects.items()}),
            ground_m=data["ground_m"],
            ground_colour=_tupled(data["ground_colour"]),
            viewpoint=data["viewpoint"],
        )


@dataclass(frozen=True, eq=False)
class Picture:
    """What drawing a scene gives; the masks are hard: a pixel belongs to what its centre sees."""

    image: NDArray[np.uint8]  # (H, W, 3) sRGB, before it is stored as a JPEG
    object_index: NDArray[np.int16]  # (H, W): which of the scene's objects is seen, -1 for none
    depth_m: NDArray[np.float32]  # (H, W): z of that object, 0 for none; ground and background have none

    @property
    def mask(self) -> NDArray[np.float32]:
        return (self.object_index == 0).astype(np.float32)

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """(H, W): where another object is seen, in front of the first or behind."""
        return self.object_index > 0


def _tupled(value: Any) -> Any:
    return tuple(_tupled(v) for v in value) if isinstance(value, list | tuple) else value

"""Videos of objects standing still, seen by a moving camera: frames, masks, intrinsics and the true path.

```
DIR/sequence.json              what was asked, conventions, and where each object stands: `world_from_object`
DIR/camera.json
DIR/frames/000000.png
DIR/masks/MESH_ID/000000.png   what is seen of each object
DIR/meshes/MESH_ID.ply
DIR/truth.txt                  TUM's format: seconds tx ty tz qx qy qz qw of world_from_camera, one line a frame
```

The world is y up and its ground y = 0; the camera x right, y down, z forward, as TUM's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.beginning import only_writer
from rrb.data.procedural.build import make
from rrb.data.renderers import STYLES, Shapes, renderer
from rrb.data.scene import Background, Effects, Lighting, Picture, Placed, Scene
from rrb.data.scenes import lighting_indoors, rounded
from rrb.data.shape import Shape
from rrb.data.shards import remove_leftovers, save_mesh
from rrb.errors import BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.files import write_bytes
from rrb.geometry.image_io import save_image, save_mask
from rrb.geometry.json_io import json_bytes, read_json
from rrb.geometry.pose import Pose

FORMAT = "rrb.sequence/1"
CONVENTION = (
    "world y up, ground y = 0, metres; camera x right, y down, z forward; truth.txt: world_from_camera, seconds"
    " tx ty tz qx qy qz qw; a pixel of a mask is 255 where its centre sees the object"
)
FRAMES_A_SECOND = 30.0
HALF_AXES_M = (2.0, 1.5)
HEIGHT_M = 1.2
_APART_M = 0.5  # of the two chairs' middles from the path's
_FOV_DEG = 70.0  # across, or more where an object would leave the picture
_MARGIN = 0.98  # of the way from the picture's middle to its border that objects may take
_MESHES_APART = 1_000  # of the kind "random" from those of the other two

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SequenceOrder:
    kind: str = "two-chairs"
    seed: int = 0
    frames: int = 120
    size: tuple[int, int] = (256, 256)  # height, width
    style: str = "fast"
    samples: int = 16  # of a photoreal pixel

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadInputError(f"the kind of a sequence is {self.kind!r}; {', '.join(KINDS)} are accepted")
        if self.style not in STYLES:
            raise BadInputError(f"the style is {self.style!r}; {', '.join(STYLES)} are accepted")
        if self.frames < 2 or self.seed < 0 or min(self.size) < 16 or max(self.size) > 4096:
            raise BadInputError(
                f"{self.frames} frames of {self.size[1]}x{self.size[0]}, seed {self.seed}; from 2 frames, 16 to 4096"
                " pixels a side and a seed from 0 are accepted"
            )
        if self.samples < 1:
            raise BadInputError(f"samples is {self.samples}; a whole number from 1 is accepted")


@dataclass(frozen=True, eq=False)
class Sequence:
    """Everything but the pictures."""

    camera: Camera
    world_from_camera: Pose  # (N,)
    shapes: tuple[Shape, ...]
    placed: tuple[Placed, ...]
    lighting: Lighting
    effects: Effects

    @property
    def times_s(self) -> Floats:
        return np.arange(len(self.world_from_camera)) / FRAMES_A_SECOND

    def scene(self, frame: int) -> Scene:
        scene = Scene(
            key=f"frame-{frame:06d}",
            camera=self.camera,
            camera_from_world=self.world_from_camera[frame].inverse(),
            objects=self.placed,
            lighting=self.lighting,
            background=Background("plain", ((0.75, 0.74, 0.72),) * 2),
            effects=Effects(**{**asdict(self.effects), "seed": frame}),
            ground_m=0.0,
            ground_colour=(0.55, 0.5, 0.45),
            viewpoint="path",
        )
        return rounded(scene)


# --- what is filmed ---------------------------------------------------------------------------------


def sequence(order: SequenceOrder) -> Sequence:
    """The same for the same order on any machine."""
    random = np.random.default_rng([order.seed, list(KINDS).index(order.kind), 3])
    shapes, places, path, aims, effects = KINDS[order.kind](order, random)
    placed = tuple(_standing(s, *place) for s, place in zip(shapes, places, strict=True))
    camera_from_world = Pose.look_at(path, aims)
    return Sequence(
        camera=_camera(order.size, camera_from_world, shapes, placed),
        world_from_camera=camera_from_world.inverse(),
        shapes=tuple(shapes),
        placed=placed,
        lighting=lighting_indoors(random),
        effects=effects,
    )


def _camera(
    size: tuple[int, int], camera_from_world: Pose, shapes: list[Shape], placed: tuple[Placed, ...]
) -> Camera:
    """As wide as the longest lens that keeps every object wholly in view, all along the path."""
    camera = Camera.from_fov(_FOV_DEG, width=size[1], height=size[0])
    longest = [camera.fx_px]
    for shape, one in zip(shapes, placed, strict=True):
        corners = one.world_from_object.apply(shape.mesh.vertices)
        for k in range(len(camera_from_world)):
            seen = camera_from_world[k].apply(corners)
            slopes = np.abs(seen[:, :2] / seen[:, 2:]).max(0)
            longest += list(_MARGIN * 0.5 * np.array(size[::-1]) / slopes)
    return Camera.from_focal_px(round(float(min(longest)), 6), width=size[1], height=size[0])


_Kind = tuple[list[Shape], list[tuple[float, float, float]], Floats, Floats, Effects]
"""(shapes, (x, z, azimuth in degrees) of each, the camera's centres (N, 3), what it looks at (N, 3), its faults)."""


def _unseen(category: str, number: int) -> Shape:
    """A mesh that every order (`Order`) has in its split `test`: nothing that is filmed was ever learned from."""
    return make(category, 10 * number + 9)


def _one_chair(order: SequenceOrder, random: np.random.Generator) -> _Kind:
    """Half way around a chair, two metres away."""
    turn = np.linspace(-math.pi / 2, math.pi / 2, order.frames) + random.uniform(-math.pi, math.pi)
    path = _around(turn, (HALF_AXES_M[0],) * 2, HEIGHT_M)
    chair = _unseen("chair", 2 * order.seed)
    aims = np.broadcast_to([0.0, -chair.floor, 0.0], path.shape)
    return [chair], [(0.0, 0.0, 0.0)], path, aims, Effects()


def _two_chairs(order: SequenceOrder, random: np.random.Generator) -> _Kind:
    """Once around two chairs on an ellipse."""
    turn = np.linspace(0, 2 * math.pi, order.frames, endpoint=False) + random.uniform(-math.pi, math.pi)
    path = _around(turn, HALF_AXES_M, HEIGHT_M)
    chairs = [_unseen("chair", 2 * order.seed + k) for k in range(2)]
    places = [(side * _APART_M, 0.0, float(random.uniform(-180, 180))) for side in (-1, 1)]
    aims = np.broadcast_to([0.0, -sum(chair.floor for chair in chairs) / 2, 0.0], path.shape)
    return chairs, places, path, aims, Effects()


def _by_seed(order: SequenceOrder, random: np.random.Generator) -> _Kind:
    """One to three objects of a category of furniture, a path that sways, a camera with faults."""
    category = str(random.choice(["chair", "chair", "table", "sofa"]))
    count = int(random.integers(1, 4))
    shapes = [_unseen(category, _MESHES_APART + 3 * order.seed + k) for k in range(count)]
    reach = max(shape.reach for shape in shapes)
    ring = 0.0 if count == 1 else 1.15 * reach / math.sin(math.pi / count)
    places = []
    for k in range(count):
        angle = 2 * math.pi * k / count
        places.append((ring * math.cos(angle), ring * math.sin(angle), float(random.uniform(-180, 180))))
    size = ring + reach
    tall = max(float(shape.extents[1]) for shape in shapes)
    axes = (size + tall) * random.uniform(1.6, 2.4, 2)
    span = random.uniform(0.5, 2.0) * math.pi * random.choice([-1, 1])
    turn = np.linspace(0, span, order.frames) + random.uniform(-math.pi, math.pi)
    path = _around(turn, (axes[0], axes[1]), random.uniform(1.0, 1.7))
    path = path + _swaying(random, order.frames) * [0.1, 0.06, 0.1]
    aims = np.array([0.0, 0.5 * tall, 0.0]) + _swaying(random, order.frames) * 0.08 * size
    return shapes, places, path, aims, Effects(blur_px=0.5, noise=float(round(random.uniform(0.0, 0.02), 4)))


KINDS: dict[str, Callable[[SequenceOrder, np.random.Generator], _Kind]] = {
    "one-chair": _one_chair,
    "two-chairs": _two_chairs,
    "random": _by_seed,
}


def _around(turn: Floats, half_axes_m: tuple[float, float], height_m: float) -> Floats:
    x, z = half_axes_m[0] * np.cos(turn), half_axes_m[1] * np.sin(turn)
    return np.stack([x, np.full(len(turn), height_m), z], axis=1)


def _swaying(random: np.random.Generator, frames: int) -> Floats:
    """(N, 3): a few slow waves, each coordinate about one at most."""
    share = np.linspace(0, 2 * math.pi, frames)[:, None]
    rates, phases = random.uniform(0.5, 3, (3, 1, 3)), random.uniform(0, 2 * math.pi, (3, 1, 3))
    return np.sin(rates * share + phases).mean(0)


def _standing(shape: Shape, x: float, z: float, azimuth_deg: float) -> Placed:
    turn = Pose.from_euler_zyx(0.0, azimuth_deg, 0.0).rotation
    return Placed(shape.mesh_id, Pose(turn, [x, -shape.floor, z]))


# --- files ------------------------------------------------------------------------------------------


def make_sequence(
    order: SequenceOrder,
    folder: Path,
    *,
    workers: int = 1,
    told: Callable[[int, int, str], None] = lambda done, total, line: None,
) -> Sequence:
    """Write what of the sequence is not in the folder yet."""
    film = sequence(order)
    with only_writer(folder):
        _make(order, film, folder, workers, told)
    return film


def _make(
    order: SequenceOrder, film: Sequence, folder: Path, workers: int, told: Callable[[int, int, str], None]
) -> None:
    _begin(order, film, folder)
    remove_leftovers(folder)
    for place in _picture_folders(film, folder):
        remove_leftovers(place)
    missing = [n for n in range(order.frames) if not _is_done(film, folder, n)]
    done = order.frames - len(missing)
    told(done, order.frames, "")
    shapes = {shape.mesh_id: shape for shape in film.shapes}
    for number, picture in zip(missing, _drawn(order, film, missing, shapes, workers), strict=True):
        for k, placed in enumerate(film.placed):
            save_mask(_mask_path(folder, placed.mesh_id, number), picture.object_index == k)
        save_image(_frame_path(folder, number), picture.image)  # last: it says that the frame is whole
        done += 1
        told(done, order.frames, "")


def _drawn(
    order: SequenceOrder, film: Sequence, numbers: list[int], shapes: Shapes, workers: int
) -> Iterator[Picture]:
    with renderer(order.style, samples=order.samples, workers=workers) as draw:
        yield from draw((film.scene(n), shapes) for n in numbers)


def _begin(order: SequenceOrder, film: Sequence, folder: Path) -> None:
    """Everything but the pictures; a folder that holds another sequence is refused."""
    asked = json.loads(json.dumps(asdict(order)))
    about = folder / "sequence.json"
    if about.exists() and (before := read_json(about).get("asked")) != asked:
        raise BadInputError(f"{folder} holds another sequence ({before}); give another folder")
    for place in _picture_folders(film, folder):
        place.mkdir(parents=True, exist_ok=True)
    objects = [
        {"mesh_id": p.mesh_id, "world_from_object": p.world_from_object.to_json()} for p in film.placed
    ]
    held: dict[str, Any] = {"format": FORMAT, "convention": CONVENTION, "asked": asked, "objects": objects}
    write_bytes(about, json_bytes({**held, "frames_a_second": FRAMES_A_SECOND}))
    for shape in film.shapes:
        save_mesh(folder, shape.mesh_id, shape.mesh, shape.description())
    film.camera.save(folder / "camera.json")
    write_bytes(folder / "truth.txt", tum_lines(film.times_s, film.world_from_camera).encode())


def _picture_folders(film: Sequence, folder: Path) -> list[Path]:
    return [folder / "frames", *(folder / "masks" / shape.mesh_id for shape in film.shapes)]


def tum_lines(times_s: Floats, world_from_camera: Pose) -> str:
    """A trajectory in TUM's format."""
    lines = ["# seconds tx ty tz qx qy qz qw, world_from_camera"]
    rows = zip(times_s, world_from_camera.translation, world_from_camera.to_quaternion(), strict=True)
    for time_s, (x, y, z), (qw, qx, qy, qz) in rows:
        lines.append(" ".join(f"{value:.9f}" for value in (time_s, x, y, z, qx, qy, qz, qw)))
    return "\n".join(lines) + "\n"


def _is_done(film: Sequence, folder: Path, number: int) -> bool:
    masks = [_mask_path(folder, shape.mesh_id, number) for shape in film.shapes]
    return all(path.exists() for path in (*masks, _frame_path(folder, number)))


def _frame_path(folder: Path, number: int) -> Path:
    return folder / "frames" / f"{number:06d}.png"


def _mask_path(folder: Path, mesh_id: str, number: int) -> Path:
    return folder / "masks" / mesh_id / f"{number:06d}.png"

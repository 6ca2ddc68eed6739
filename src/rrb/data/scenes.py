"""Scenes by chance: a view, light, what is behind and beside, what hides, and what the camera does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.backgrounds import photo_names
from rrb.data.scene import Background, Effects, Lighting, Placed, Scene
from rrb.data.shape import Shape
from rrb.data.viewpoints import VIEWPOINTS, View
from rrb.errors import BadInputError
from rrb.geometry.pose import Pose

DECIMALS = 9  # of every number in a scene: coarser than what libraries round differently
_SH0 = 1 / 0.28209479177387814  # a coefficient that makes a sky of brightness 1

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Variety:
    """How much chance may do. Shares are of the pictures."""

    size: tuple[int, int] = (128, 128)  # height, width in pixels
    viewpoints: tuple[str, ...] = ("choy", "pascal", "street", "free")  # each as often
    white: float = 0.2  # on plain white, as the papers' pictures
    photos: float = 0.6  # of the others, where there is a folder of photographs
    ground: float = 0.6  # of the upright ones: a ground with the sun's shadow
    truncated: float = 0.1
    occluded: float = 0.15
    beside: float = 0.15  # other objects that do not hide the one
    effects: bool = True  # blur, noise, tone

    def __post_init__(self) -> None:
        if min(self.size) < 16 or max(self.size) > 4096:
            raise BadInputError(
                f"the size is {self.size[1]}x{self.size[0]}; 16 to 4096 pixels a side are accepted"
            )
        unknown = [name for name in self.viewpoints if name not in VIEWPOINTS]
        if unknown or not self.viewpoints:
            raise BadInputError(
                f"the viewpoints are {self.viewpoints}; some of {', '.join(VIEWPOINTS)} are accepted"
            )
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not 0 <= value <= 1:
                raise BadInputError(f"{field.name} is {value}; a share from 0 to 1 is accepted")


def random_scene(
    key: str,
    shape: Shape,
    random: np.random.Generator,
    variety: Variety = Variety(),
    blockers: Sequence[Shape] = (),
    neighbours: Sequence[Shape] = (),
    photos: Path | None = None,
) -> Scene:
    """A scene about a shape; the blockers are what may hide it, the neighbours what may stand beside it."""
    name = str(random.choice(variety.viewpoints))
    view = VIEWPOINTS[name](random, shape, variety.size, bool(random.random() < variety.truncated))
    others = _others(random, shape, view, variety, blockers, neighbours)
    background, painted, bare = _background(random, variety, photos), _colour(random), random.random()
    grounded = view.upright and view.camera_from_object.camera_centre_object[1] > shape.floor
    ground = shape.floor if grounded and random.random() < variety.ground else None
    scene = Scene(
        key=key,
        camera=view.camera,
        camera_from_world=view.camera_from_object,
        objects=(Placed(shape.mesh_id, Pose.identity()), *others),
        lighting=_lighting(random, view),
        background=background,
        effects=_effects(random, variety),
        ground_m=ground,
        ground_colour=painted if ground is not None and background.kind != "white" and bare < 0.5 else None,
        viewpoint=view.name,
    )
    return rounded(scene)


def alone(scene: Scene) -> Scene:
    """The same without any other object."""
    return replace(scene, objects=scene.objects[:1])


# --- other objects ----------------------------------------------------------------------------------


def _others(
    random: np.random.Generator,
    shape: Shape,
    view: View,
    variety: Variety,
    blockers: Sequence[Shape],
    neighbours: Sequence[Shape],
) -> list[Placed]:
    """Each has random numbers of its own, so that whether it is there changes nothing else."""
    hides, stands = random.random(2) < (variety.occluded, variety.beside)
    seeds = random.integers(1 << 31, size=2)
    found = []
    if hides and blockers:
        own = np.random.default_rng(seeds[0])
        found.append(_hiding(own, shape, _one_of(own, blockers), view))
    if stands and neighbours:
        own = np.random.default_rng(seeds[1])
        found.append(_beside(own, shape, _one_of(own, neighbours), view))
    return [placed for placed in found if placed is not None]


def _hiding(random: np.random.Generator, shape: Shape, other: Shape, view: View) -> Placed | None:
    """Between the camera and the object, off its middle, so that it hides a part."""
    centre = view.camera_from_object.camera_centre_object
    near = random.uniform(0.15, 0.45)
    sideways = np.cross(centre, random.normal(size=3))
    sideways /= np.linalg.norm(sideways)
    off = random.uniform(0.15, 0.5) * (1 - near) * shape.extent
    turn = _any_turn(random, view)
    place = near * centre + off * sideways
    # Nearer, on the same line of sight, where the two would run into each other.
    distance = float(np.linalg.norm(centre))
    along = centre / distance
    front, depth = (shape.mesh.vertices @ along).max(), -(other.mesh.vertices @ turn.T @ along).min()
    share = min(1.0, (distance - front - depth) / (distance - place @ along))
    if share <= 0:
        return None
    place = centre + share * (place - centre)
    if view.upright:  # not sunk into the ground
        place[1] = max(place[1], shape.floor - other.floor)
        if place @ along - depth < front - 1e-9:  # from below, up is away from the camera
            return None
    return _if_in_front(Placed(other.mesh_id, Pose(turn, place)), other, view)


def _beside(random: np.random.Generator, shape: Shape, other: Shape, view: View) -> Placed | None:
    """On the same ground, next to the object or behind it, as the camera sees it; their boxes do not meet."""
    centre = view.camera_from_object.camera_centre_object
    away = math.atan2(-centre[2], -centre[0]) + random.uniform(-1.9, 1.9)
    distance = random.uniform(1.0, 1.6) * (shape.reach + other.reach)
    place = np.array([distance * math.cos(away), shape.floor - other.floor, distance * math.sin(away)])
    turn = Pose.from_euler_zyx(0.0, random.uniform(-180, 180), 0.0).rotation
    return _if_in_front(Placed(other.mesh_id, Pose(turn, place)), other, view)


def _if_in_front(placed: Placed, other: Shape, view: View) -> Placed | None:
    """None where it would reach behind the camera, or nearly."""
    depth = (view.camera_from_object @ placed.world_from_object).apply(other.mesh.vertices)[:, 2]
    return placed if depth.min() > 0.1 * other.extent else None


def _any_turn(random: np.random.Generator, view: View) -> Floats:
    upright = Pose.from_euler_zyx(0.0, random.uniform(-180, 180), 0.0)
    anyhow = Pose.random(random)
    return (upright if view.upright else anyhow).rotation


def _one_of(random: np.random.Generator, shapes: Sequence[Shape]) -> Shape:
    return shapes[int(random.integers(len(shapes)))]


# --- light ------------------------------------------------------------------------------------------


def _lighting(random: np.random.Generator, view: View) -> Lighting:
    """A sun on the camera's side more often than not."""
    return _sky_and_sun(random, _towards_sun(random, view))


def lighting_indoors(random: np.random.Generator) -> Lighting:
    """A lamp high above."""
    sideways = random.normal(0, 0.3, 2)
    towards = np.array([sideways[0], 1.0, sideways[1]])
    return _sky_and_sun(random, towards / np.linalg.norm(towards))


def _sky_and_sun(random: np.random.Generator, towards: Floats) -> Lighting:
    """A sky brighter above than below with a random tilt, and a sun."""
    sky = random.uniform(0.25, 0.7)
    coefficients = np.zeros((9, 3))
    coefficients[0] = 1.0
    coefficients[1] = random.uniform(0.0, 0.5) / math.sqrt(3)
    coefficients[2:4] = random.normal(0, 0.12, (2, 1))
    coefficients[4:] = random.normal(0, 0.06, (5, 1))
    warmth = random.normal(0, 0.06)
    tints = np.array([1 + warmth, 1.0, 1 - warmth])
    coefficients = _SH0 * sky * coefficients * tints
    if random.random() < 0.25:  # lamps of other colours
        coefficients[1:] *= 1 + random.normal(0, 0.3, (8, 3))
    sun = random.uniform(0.0, 1.2 - sky) * tints
    return Lighting(
        sky=_triples(coefficients),
        towards_sun=_triples(towards[None])[0],
        sun=_triples(np.maximum(sun, 0.0)[None])[0],
        sun_size_deg=float(random.uniform(0.5, 8)),
    )


def _towards_sun(random: np.random.Generator, view: View) -> Floats:
    """(3,): at least 15 degrees above the horizon of upright objects, from anywhere for others."""
    height = random.uniform(math.sin(math.radians(15)), 1) if view.upright else random.uniform(-1, 1)
    turn = random.uniform(-math.pi, math.pi)
    across = math.sqrt(1 - height * height)
    sun = np.array([across * math.cos(turn), height, across * math.sin(turn)])
    behind = sun @ view.camera_from_object.camera_centre_object < 0
    return sun * [-1, 1, -1] if behind and random.random() < 0.6 else sun


# --- behind and after -------------------------------------------------------------------------------


def _background(random: np.random.Generator, variety: Variety, photos: Path | None) -> Background:
    names = photo_names(photos)
    white, photo = random.random() < variety.white, random.random() < variety.photos
    which, seed = random.random(), int(random.integers(1 << 31))
    plain = str(random.choice(["plain", "gradient", "gradient", "noise"]))
    colours, angle = (_colour(random), _colour(random)), float(random.uniform(-180, 180))
    if white:
        return Background()
    if photo and names:
        return Background("photo", photo=names[int(which * len(names))], seed=seed)
    return Background(plain, colours, angle, seed=seed)


def _effects(random: np.random.Generator, variety: Variety) -> Effects:
    blur = random.uniform(0.3, 1.2) if random.random() < 0.3 else 0.0
    noise = random.uniform(0.004, 0.04) if random.random() < 0.5 else 0.0
    made = Effects(
        exposure=float(np.exp(random.normal(0, 0.2))),
        blur_px=float(blur),
        contrast=float(random.uniform(0.8, 1.2)),
        saturation=float(random.uniform(0.6, 1.3)),
        tint=_triples(np.exp(random.normal(0, 0.05, (1, 3))))[0],
        noise=float(noise),
        jpeg_quality=int(random.integers(60, 96)),
        seed=int(random.integers(1 << 31)),
    )
    return made if variety.effects else Effects(seed=made.seed)


def _colour(random: np.random.Generator) -> tuple[float, float, float]:
    """Greyish more often than not."""
    grey, spread = random.uniform(0.15, 0.95), random.choice([0.03, 0.1, 0.3])
    return _triples(np.clip(grey + random.uniform(-spread, spread, (1, 3)), 0, 1))[0]


# --- numbers ----------------------------------------------------------------------------------------


def _triples(rows: Floats) -> Any:
    return tuple(tuple(float(value) for value in row) for row in rows)


def rounded(value: Any) -> Any:
    """A scene, or what is in one, with its numbers cut: it is the same wherever it is made."""
    if isinstance(value, float):
        return round(value, DECIMALS) + 0.0
    if isinstance(value, tuple):
        if value and isinstance(value[0], float):
            return tuple([round(held, DECIMALS) + 0.0 for held in value])
        return tuple([rounded(held) for held in value])
    if isinstance(value, Pose):
        cut = (np.round(held, DECIMALS) + 0.0 for held in (value.rotation, value.translation))
        return Pose(*cut)
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{field.name: rounded(getattr(value, field.name)) for field in fields(value)})
    return value

"""Pictures of scenes by our own rasterizer: patterns, sky and sun, shadows, gloss, a ground, a camera's faults.

A hundred or more a second on one core at 128 x 128. What it leaves out, against `photoreal`: light from one object
onto another, sharp reflections, glass that is seen through, soft edges of shadows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.data.backgrounds import background_picture
from rrb.data.effects import developed
from rrb.data.materials import PATTERNS, Material
from rrb.data.scene import Lighting, Picture, Scene
from rrb.data.shape import Shape
from rrb.errors import BadInputError
from rrb.geometry.camera import Camera
from rrb.raster.smoothing import crease_normals
from rrb.raster.texture import linear_from_srgb

SAMPLES = 2  # along each side of a pixel, of the colours; masks and depths are those of the pixel's centre
_CREASE = math.radians(35)
_SHADOW_SIDE = 192
_SUN_FAR = 1e4  # how far the sun's camera stands, in sizes of the scene: its rays are then parallel

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Ready:
    """What of a shape does not depend on the view."""

    points: Floats  # (V, 3)
    faces: NDArray[np.int32]  # (F, 3)
    normals: NDArray[np.float32]  # (F, 3, 3)
    materials: Floats  # (M, 12)
    face_material: NDArray[np.int32]  # (F,)


@dataclass(frozen=True, eq=False)
class _Scenery:
    """All objects as one list of faces; points in each object's own frame and in the world's."""

    points: Floats
    points_world: Floats
    faces: NDArray[np.int32]
    normals: NDArray[np.float32]
    face_object: NDArray[np.int32]
    face_material: NDArray[np.int32]
    materials: Floats
    world_from_object: Floats  # (K, 3, 4)


def draw(
    scene: Scene, shapes: Mapping[str, Shape], photos: Path | None = None, samples: int = SAMPLES
) -> Picture:
    """The picture of a scene whose objects are `shapes` by their mesh ids; photos: folder of the backgrounds."""
    things = _scenery(scene, shapes)
    vertices_px = _projected(scene, scene.camera_from_world.apply(things.points_world))
    seen, depth = _seen(scene, things, vertices_px)
    return Picture(
        developed(_shaded(scene, things, vertices_px, photos, samples), scene.effects), seen, depth
    )


def visible_share(scene: Scene, shapes: Mapping[str, Shape]) -> float:
    """How much of the first object, of what the picture's frame shows of it, the others leave to be seen."""
    size = (scene.camera.height_px, scene.camera.width_px)
    nearness = []
    for k, placed in enumerate(scene.objects):
        ready = _ready(_shape(scene, shapes, placed.mesh_id))
        vertices_px = _projected(scene, scene.pose_of(k).apply(ready.points))
        nearness.append(_rasterized(vertices_px, ready.faces, size)[1])
    whole = nearness[0] > 0
    return float((whole & (nearness[0] >= np.maximum.reduce(nearness))).sum() / max(1, whole.sum()))


def _projected(scene: Scene, points_camera: Floats) -> Floats:
    if points_camera[:, 2].min() <= 0:
        raise BadInputError(
            f"scene {scene.key}: an object reaches behind the camera; all in front is accepted"
        )
    return scene.camera.project(points_camera)


def _seen(
    scene: Scene, things: _Scenery, vertices_px: Floats
) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """(object_index, depth_m), each (H, W), of the pixels' centres."""
    size = (scene.camera.height_px, scene.camera.width_px)
    face_index, inverse = _rasterized(vertices_px, things.faces, size)
    depth = np.divide(1.0, inverse, out=np.zeros_like(inverse), where=inverse > 0)
    # Index -1, no face, is the last.
    return np.append(things.face_object, -1)[face_index].astype(np.int16), depth.astype(np.float32)


# --- what is drawn ----------------------------------------------------------------------------------


def _shape(scene: Scene, shapes: Mapping[str, Shape], mesh_id: str) -> Shape:
    if mesh_id not in shapes:
        raise BadInputError(f"scene {scene.key}: there is no shape {mesh_id}; {', '.join(shapes)} are given")
    return shapes[mesh_id]


@lru_cache(maxsize=16)
def _ready(shape: Shape) -> _Ready:
    faces = np.ascontiguousarray(shape.mesh.faces, np.int32)
    points = np.asarray(shape.mesh.vertices, np.float64)
    normals = crease_normals(points, faces, _CREASE).astype(np.float32)
    table = np.array([_row(material) for material in shape.materials])
    return _Ready(points, faces, normals, table, shape.face_part.astype(np.int32))


def _row(material: Material) -> Floats:
    colours = linear_from_srgb(np.array([material.colour, material.second])).ravel()
    pattern = PATTERNS.index(material.pattern)
    numbers = [
        pattern,
        material.period_m,
        material.axis,
        material.roughness,
        material.metallic,
        material.seed,
    ]
    return np.concatenate([colours, numbers])


def _scenery(scene: Scene, shapes: Mapping[str, Shape]) -> _Scenery:
    ready = [_ready(_shape(scene, shapes, placed.mesh_id)) for placed in scene.objects]
    poses = [placed.world_from_object for placed in scene.objects]
    n_vertices = np.cumsum([0, *(len(r.points) for r in ready[:-1])])
    n_materials = np.cumsum([0, *(len(r.materials) for r in ready[:-1])])
    return _Scenery(
        points=_joined([r.points for r in ready]),
        points_world=_joined([pose.apply(r.points) for pose, r in zip(poses, ready, strict=True)]),
        faces=_joined(
            [r.faces + np.int32(k) if k else r.faces for r, k in zip(ready, n_vertices, strict=True)]
        ),
        normals=_joined([r.normals for r in ready]),
        face_object=np.repeat(np.arange(len(ready), dtype=np.int32), [len(r.faces) for r in ready]),
        face_material=_joined(
            [
                r.face_material + np.int32(k) if k else r.face_material
                for r, k in zip(ready, n_materials, strict=True)
            ]
        ),
        materials=_joined([r.materials for r in ready]),
        world_from_object=np.stack([pose.matrix[:3] for pose in poses]),
    )


def _joined(arrays: list[Any]) -> Any:
    """One after the other; most scenes have one object, whose arrays are not copied."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


# --- how it is drawn --------------------------------------------------------------------------------


def _rasterized(
    vertices_px: Floats, faces: NDArray[np.int32], size: tuple[int, int]
) -> tuple[NDArray[np.int32], Floats]:
    """(face_index (H, W), 1 / depth (H, W)): the rasterizer's first half, without barycentric coordinates."""
    from rrb.raster._fragments_kernel import nearest_faces

    face_index, inverse = np.empty(size, np.int32), np.empty(size)
    nearest_faces(vertices_px, faces, 0.0, 0, size[0], face_index, inverse)
    return face_index, inverse


def _shaded(
    scene: Scene, things: _Scenery, vertices_px: Floats, photos: Path | None, samples: int
) -> NDArray[np.float32]:
    """(H, W, 3) in linear light, samples x samples a pixel."""
    from rrb.data import _fast_kernel as kernel

    camera, light = scene.camera, scene.lighting
    size = (camera.height_px, camera.width_px)
    finer = vertices_px * [samples, samples, 1]
    face_index, _ = _rasterized(finer, things.faces, (size[0] * samples, size[1] * samples))
    shadow_map, shadow_from_world, texel_m = _seen_by_sun(things, light)
    world_from_camera = scene.camera_from_world.inverse()
    plain = scene.ground_colour is None
    out = np.empty((*size, 3), np.float32)
    kernel.shade(
        finer, things.faces, face_index, samples,
        things.points, things.normals, things.face_object, things.face_material, things.materials,
        things.world_from_object, world_from_camera.translation, _rays(camera, samples, world_from_camera.rotation),
        np.array(light.sky), np.array(light.sun), np.array(light.towards_sun),
        shadow_map, shadow_from_world, texel_m,
        background_picture(scene.background, size, photos),
        math.nan if scene.ground_m is None else scene.ground_m,
        np.zeros(3) if plain else np.asarray(linear_from_srgb(np.array(scene.ground_colour))), plain, out,
    )  # fmt: skip
    return out


def _rays(camera: Camera, samples: int, world_from_camera: Floats) -> Floats:
    """(3, 3): to world directions with z = 1 in the camera, from (column, row, 1) of finer pixels."""
    fx, fy, n = camera.fx_px, camera.fy_px, samples
    camera_from_px = [[1 / (n * fx), 0, -camera.cx_px / fx], [0, 1 / (n * fy), -camera.cy_px / fy], [0, 0, 1]]
    return np.ascontiguousarray(world_from_camera @ np.array(camera_from_px))


def _seen_by_sun(things: _Scenery, light: Lighting) -> tuple[Floats, Floats, float]:
    """(1 / depth (S, S) as the sun sees it, (3, 4) to its columns, rows and depths, metres a texel)."""
    forward = -np.asarray(light.towards_sun)
    right = np.cross(forward, np.eye(3)[np.abs(forward).argmin()])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(forward, right), forward])
    at = things.points_world @ axes.T
    low, high = at.min(0), at.max(0)
    metres = float((high - low)[:2].max()) / (_SHADOW_SIDE - 4)
    scale = np.array([1 / metres, 1 / metres, 1.0])
    middle = (low + high) / 2
    far = _SUN_FAR * float((high - low).max())
    offset = np.array([_SHADOW_SIDE / 2, _SHADOW_SIDE / 2, far]) - middle * scale
    _, inverse = _rasterized(at * scale + offset, things.faces, (_SHADOW_SIDE, _SHADOW_SIDE))
    return inverse, np.ascontiguousarray(np.concatenate([axes * scale[:, None], offset[:, None]], 1)), metres

"""Calls that between them run every kernel once in each precision, so that all are compiled and kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

SIZE = (8, 8)
CORNERS = np.array([[1.0, 1, 2], [7, 1, 2], [1, 7, 3], [4, 4, 4]])
FACES = np.array([[0, 1, 2], [0, 3, 1], [1, 3, 2], [2, 3, 0]])


def _rasterize(dtype: str) -> None:
    import torch

    from rrb.raster.fragments import rasterize

    vertices = torch.from_numpy(CORNERS.astype(dtype)).requires_grad_()
    seen = rasterize(vertices, FACES, SIZE)
    (seen.barycentric[..., 0] * seen.inverse_depth).sum().backward()


def _silhouette(approximation: str, dtype: str, **knobs: bool) -> None:
    import torch

    from rrb.raster.approximations import silhouette

    vertices = torch.from_numpy(CORNERS.astype(dtype)).requires_grad_()
    silhouette(vertices, FACES, SIZE, approximation=approximation, **knobs).square().sum().backward()


def _winding() -> None:
    from rrb.geometry.winding import is_inside_grid, winding_number

    points = CORNERS.mean(0, keepdims=True)
    for faces in (FACES, FACES[:2]):  # closed and open take different kernels
        winding_number(points, CORNERS, faces)
        is_inside_grid(CORNERS, faces, CORNERS.min(0), 1.0, (4, 4, 4))


def _fit() -> None:
    from rrb.fitting.fit import fit
    from rrb.fitting.mask_checks import blobs
    from rrb.fitting.search import SecondOrder
    from rrb.geometry.camera import Camera
    from rrb.geometry.mesh import Mesh
    from rrb.geometry.pose import Pose
    from rrb.geometry.symmetry import Symmetry
    from rrb.raster.approximations import silhouette

    camera = Camera.from_fov(45.0, width=32, height=32)
    mesh, pose = Mesh(CORNERS, FACES), Pose.from_viewpoint(30.0, 20.0, distance_m=40.0)
    mask = silhouette(camera.project(pose @ mesh.vertices), mesh.faces, (32, 32)) >= 0.5
    fit(mesh, mask, camera, road=SecondOrder(views=8, coarse=2, fine=2))
    blobs(mask)
    Symmetry(mesh).holds(Pose.identity())


def _carving() -> None:
    from rrb.fitting.carving import Hull
    from rrb.geometry.camera import Camera
    from rrb.geometry.pose import Pose

    camera, mask = Camera.from_fov(45.0, width=8, height=8), np.eye(8)
    Hull([mask], camera, [Pose.from_viewpoint(30.0, 20.0, distance_m=4.0)], [None], 0.0)(CORNERS)


def _surface() -> None:
    from rrb.evaluation.surface import surface_distances

    surface_distances(CORNERS.mean(0, keepdims=True), CORNERS, FACES)


def _picture() -> None:
    from rrb.data.fast import draw
    from rrb.data.materials import Material
    from rrb.data.scene import Effects, Lighting, Placed, Scene
    from rrb.data.shape import Shape
    from rrb.geometry.camera import Camera
    from rrb.geometry.mesh import Mesh
    from rrb.geometry.pose import Pose

    part = np.zeros(len(FACES), np.int64)
    shape = Shape("warm", "warm", Mesh(CORNERS, FACES), part, ("part",), (Material("plastic", (1, 1, 1)),))
    pose = Pose.from_viewpoint(30.0, 20.0, distance_m=40.0)
    light = Lighting(((1.0, 1.0, 1.0),) * 9, (0.0, 1.0, 0.0), (1.0, 1.0, 1.0))
    objects = (Placed("warm", Pose.identity()),)
    camera = Camera.from_fov(45.0, width=16, height=16)
    draw(Scene("warm", camera, pose, objects, light, effects=Effects(blur_px=1.0)), {"warm": shape})


def _steps() -> list[tuple[str, Callable[[], None]]]:
    from rrb.raster.approximations import APPROXIMATIONS

    steps: list[tuple[str, Callable[[], None]]] = []
    for dtype in ("float32", "float64"):
        steps.append((f"fragments {dtype}", partial(_rasterize, dtype)))
        steps += [(f"{name} {dtype}", partial(_silhouette, name, dtype)) for name in APPROXIMATIONS]
        steps.append((f"kato per face {dtype}", partial(_silhouette, "kato", dtype, per_face=True)))
    return [
        *steps,
        ("winding number", _winding),
        ("fit", _fit),
        ("carving", _carving),
        ("distances", _surface),
        ("picture of a scene", _picture),
    ]


STEPS = _steps()

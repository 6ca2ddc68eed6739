"""`render`: a mesh seen by a camera, as every picture that fragments give."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rrb.errors import BadInputError
from rrb.raster import shading
from rrb.raster._inputs import MAX_SIDE, as_numpy
from rrb.raster.approximations import silhouette
from rrb.raster.colour import lit_colour, supersampled_colour
from rrb.raster.fragments import Fragments, rasterize
from rrb.raster.lighting import DirectionalLight, Light

if TYPE_CHECKING:
    from rrb.geometry.camera import Camera
    from rrb.geometry.mesh import Mesh
    from rrb.geometry.pose import Pose

WHITE = (1.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Drawing:
    """What a camera sees of a mesh; each picture is computed when first asked for, from one rasterization.

    Pictures are (..., H, W) or (..., H, W, 3), the batch being that of the poses; arrays, or tensors that
    are differentiable in pose and mesh if either was given as a tensor.
    """

    mesh: Mesh
    vertices_camera: Any  # (..., V, 3) metres, camera frame
    vertices_px: Any  # (..., V, 3) x, y in pixels and z in metres
    size: tuple[int, int]  # height, width
    near: float | None = field(repr=False)
    approximation: str = field(repr=False)
    light: Light | None = field(repr=False)
    background: Any = field(repr=False)
    supersampling: int = field(repr=False)

    @cached_property
    def fragments(self) -> Fragments:
        """Which face each pixel sees, and where."""
        return rasterize(self.vertices_px, self.mesh.faces, self.size, near=self.near)

    @cached_property
    def silhouette(self) -> Any:
        """(..., H, W) in [0, 1], by the chosen approximation."""
        return silhouette(
            self.vertices_px, self.mesh.faces, self.size, approximation=self.approximation, near=self.near
        )

    @cached_property
    def depth(self) -> Any:
        """(..., H, W): z of the camera frame in metres, 0 where nothing is seen."""
        return shading.depth(self.fragments)

    @cached_property
    def normals(self) -> Any:
        """(..., H, W, 3): unit normals in the camera frame, towards the camera; 0 where nothing is seen."""
        return shading.normals(self.vertices_camera, self.mesh.faces, self.fragments)

    @cached_property
    def coordinates(self) -> Any:
        """(..., H, W, 3): object coordinates, 0 to 1 over the bounding box on each axis; 0 background."""
        mesh = self.mesh
        return shading.object_coordinates(mesh.vertices, mesh.faces, self.fragments, mesh.bounding_box())

    @cached_property
    def colour(self) -> Any:
        """(..., H, W, 3): sRGB in [0, 1], lit in linear light, on the background, averaged over samples."""
        mesh, points, light, behind = self.mesh, self.vertices_camera, self.light, self.background
        n = self.supersampling
        if n == 1:
            return lit_colour(mesh, points, self.fragments, light, behind)
        return supersampled_colour(mesh, points, self.vertices_px, self.size, light, behind, n, self.near)


def render(
    mesh: Mesh,
    camera_from_object: Pose,
    camera: Camera,
    *,
    light: Light | None = DirectionalLight(),  # noqa: B008 (frozen)
    background: Any = WHITE,
    supersampling: int = 1,
    scale: Any = 1.0,
    near: float | None = None,
    approximation: str = "antialias",
) -> Drawing:
    """Draw `mesh` at `camera_from_object`, one pose or a batch: p_camera = R @ (scale * p_object) + t.

    light: brightness from normals, or None for the bare colours. background: an sRGB colour (3,) or picture
    (H, W, 3) in [0, 1]. supersampling: colour is averaged over that many samples along each side of a pixel;
    the other pictures always have one. approximation: that of `silhouette`. near: see `rasterize`.
    """
    if not isinstance(supersampling, int) or not 1 <= supersampling <= 16:
        raise BadInputError(f"supersampling is {supersampling!r}; a whole number from 1 to 16 is accepted")
    size = (camera.height_px, camera.width_px)
    if max(size) * supersampling > MAX_SIDE:
        raise BadInputError(
            f"the size is {size[1]} x {size[0]} with {supersampling} samples a side; width and height times"
            f" samples up to {MAX_SIDE} are accepted"
        )
    shape = np.shape(background)
    if shape != (3,) and shape[-3:] != (*size, 3):
        raise BadInputError(
            f"the background has shape {tuple(shape)}; a colour (3,) or a picture {(*size, 3)} is accepted"
        )
    behind = as_numpy(background, "the background")
    if not ((behind >= 0) & (behind <= 1)).all():
        raise BadInputError(f"the background goes from {behind.min()} to {behind.max()}; 0 to 1 is accepted")
    vertices_camera = camera_from_object.apply(mesh.vertices, scale)
    vertices_px = camera.project(vertices_camera)
    return Drawing(
        mesh=mesh,
        vertices_camera=vertices_camera,
        vertices_px=vertices_px,
        size=size,
        near=near,
        approximation=approximation,
        light=light,
        background=background,
        supersampling=supersampling,
    )

"""Colour of a mesh: its own, lit, on a background, averaged over samples."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rrb.geometry._arrays import is_tensor
from rrb.raster import shading
from rrb.raster.fragments import Fragments, rasterize
from rrb.raster.lighting import Light
from rrb.raster.pixels import like
from rrb.raster.texture import linear_from_srgb, sample_texture, srgb_from_linear

if TYPE_CHECKING:
    from rrb.geometry.mesh import Mesh

BARE = 0.8  # sRGB grey of a mesh without colours
SAMPLES_AT_ONCE = 4_000_000


def base_colour(mesh: Mesh, fragments: Fragments) -> Any:
    """(..., H, W, 3): the surface's own colour, linear light: vertex colours times texture; grey without."""
    colour: Any = None
    if mesh.vertex_colours is not None:
        colour = shading.interpolate(linear_from_srgb(mesh.vertex_colours), mesh.faces, fragments)
    if mesh.texture is not None:
        texture = mesh.texture
        texture = texture / 255.0 if is_tensor(texture) else texture.astype(np.float32) / np.float32(255)
        uv = shading.interpolate_corners(mesh.uv, fragments)
        seen = sample_texture(linear_from_srgb(texture), uv)
        colour = seen if colour is None else colour * seen
    if colour is None:
        grey = fragments.barycentric * 0 + 1  # its shape, kind and precision
        colour = grey * float(linear_from_srgb(BARE))
    return colour


def lit_colour(
    mesh: Mesh, vertices_camera: Any, fragments: Fragments, light: Light | None, background: Any, n: int = 1
) -> Any:
    """(..., H, W, 3) sRGB in [0, 1] of fragments (..., n H, n W), n x n samples a pixel."""
    colour = base_colour(mesh, fragments)
    if light is not None:
        colour = colour * light(shading.normals(vertices_camera, mesh.faces, fragments))
    covered = like(fragments.covered, colour)[..., None]
    behind = like(linear_from_srgb(background), colour)
    return srgb_from_linear(_averaged(colour * covered, n) + (1 - _averaged(covered, n)) * behind)


def supersampled_colour(
    mesh: Mesh,
    vertices_camera: Any,
    vertices_px: Any,
    size: tuple[int, int],
    light: Light | None,
    background: Any,
    n: int,
    near: float | None = None,
) -> Any:
    """`lit_colour` of n x n samples in each pixel, drawn a band of rows at a time, so that memory stays bounded."""
    height, width = size
    n_images = max(1, math.prod(vertices_px.shape[:-2]))
    rows = max(1, SAMPLES_AT_ONCE // (n_images * width * n * n))
    bands = []
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        finer = (vertices_px - like(np.array([0, top, 0]), vertices_px)) * like(
            np.array([n, n, 1]), vertices_px
        )
        fragments = rasterize(finer, mesh.faces, ((bottom - top) * n, width * n), near=near)
        behind = background[..., top:bottom, :, :] if np.ndim(background) > 1 else background
        bands.append(lit_colour(mesh, vertices_camera, fragments, light, behind, n))
    if not is_tensor(bands[0]):
        return np.concatenate(bands, -3)
    import torch

    return torch.cat(bands, -3)


def _averaged(picture: Any, n: int) -> Any:
    """(..., H, W, C) of (..., n H, n W, C): means over n x n blocks."""
    if n == 1:
        return picture
    *batch, height, width, channels = picture.shape
    blocks = picture.reshape(*batch, height // n, n, width // n, n, channels)
    return blocks.mean((-4, -2))

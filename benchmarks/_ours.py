"""Our side of the raster benchmark: rrb itself, and the floor under it."""

from collections.abc import Sequence

import numba
import numpy as np
import torch

import rrb
from _rounds import Contender
from _scene import Scene

# What a pass writes for each pixel, besides the gradient of the vertices (V, 3).
BUFFERS = {
    "antialias": [np.float32],  # the picture
    "kato": [np.float32, np.int32],  # the picture, the face index
    "softras": [np.float32, np.float64],  # the picture, the logarithm of what is left of the background
    "palazzi": [np.float32],
}


def silhouette(scenes: Sequence[Scene], approximation: str, threads: int) -> Contender:
    """rrb.silhouette(vertices_px, faces, size) and .backward(gradient), float32; several scenes are a batch."""
    stack = np.stack([s.vertices_px for s in scenes]) if len(scenes) > 1 else scenes[0].vertices_px
    vertices_px = torch.tensor(stack, dtype=torch.float32, requires_grad=True)
    faces, size = torch.from_numpy(scenes[0].faces), scenes[0].size
    gradient = torch.from_numpy(scenes[0].gradient)
    if len(scenes) > 1:
        gradient = gradient.expand(len(scenes), *size).contiguous()

    def forget_gradient() -> None:
        vertices_px.grad = None

    return Contender(
        name=f"rrb {approximation}",
        threads=threads,
        forward=lambda: rrb.silhouette(vertices_px, faces, size, approximation=approximation),
        backward=lambda image: image.backward(gradient),
        images=len(scenes),
        prepare=lambda: rrb.set_threads(threads),
        before=forget_gradient,
    )


def rasterize(scene: Scene, threads: int) -> Contender:
    """rrb.rasterize alone: face index, barycentrics and inverse depth of every pixel, float32."""
    vertices_px = torch.tensor(scene.vertices_px, dtype=torch.float32)
    faces = torch.from_numpy(scene.faces)
    return Contender(
        name="rrb rasterize",
        threads=threads,
        forward=lambda: rrb.rasterize(vertices_px, faces, scene.size),
        prepare=lambda: rrb.set_threads(threads),
    )


def floor(scene: Scene, approximation: str) -> Contender:
    """Clear once and read once, on one thread, the buffers that the pass writes: nothing can be faster."""
    pixels = [np.empty(scene.size, dtype).ravel() for dtype in BUFFERS[approximation]]
    grad_vertices = np.empty(scene.vertices_px.size, np.float32)
    return Contender(
        name=f"floor {approximation}",
        threads=1,
        forward=lambda: [_clear_and_read(buffer) for buffer in pixels],
        backward=lambda _: _clear_and_read(grad_vertices),
    )


@numba.njit(fastmath=True, nogil=True)
def _clear_and_read(buffer):
    buffer[:] = 0
    total = buffer[0]
    for i in range(buffer.size):
        total += buffer[i]
    return total

"""Soft closed parts: padded blocks, throw cushions, what is swept along a curve."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.parts import Floats, Triple, loft, rounded_rectangle
from rrb.geometry.mesh import Mesh


def padded(
    extents: Triple, middle: Triple, radius: float, turn: Floats | None = None, *, sections: int = 3
) -> Mesh:
    """A box whose edges are all rounded, as of foam under cloth; turned (3, 3) before it is put there."""
    x, y, z = (float(e) for e in extents)
    radius = min(radius, 0.49 * x, 0.49 * y, 0.49 * z)
    angle = np.linspace(0.15, 1, sections) * np.pi / 2  # the first ring keeps a little of a corner
    inset, up = radius * (1 - np.sin(angle)), y / 2 - radius + radius * np.cos(angle)
    rings = [
        np.insert(rounded_rectangle(x - 2 * i, z - 2 * i, radius - i, sections), 1, h, axis=1)
        for i, h in [*zip(inset, up, strict=True), *zip(inset[::-1], -up[::-1], strict=True)]
    ]
    mesh = loft(np.stack(rings))
    vertices = mesh.vertices if turn is None else mesh.vertices @ turn.T
    return mesh.with_vertices(vertices + np.asarray(middle, float))


def pillow(
    width: float,
    height: float,
    thickness: float,
    middle: Triple,
    turn: Floats | None = None,
    *,
    sections: int = 6,
) -> Mesh:
    """A throw cushion in the plane of x and y: four corners, thin along its seam; `sections` is even."""
    steps = np.sin(np.linspace(-1, 1, sections + 1) * np.pi / 2)
    u, v = (grid.ravel() for grid in np.meshgrid(steps, steps, indexing="ij"))
    x, y = width / 2 * u * (0.92 + 0.08 * v**2), height / 2 * v * (0.92 + 0.08 * u**2)
    swell = thickness / 2 * ((1 - u**2) * (1 - v**2)) ** 0.45
    seam = (np.abs(u) > 1 - 1e-9) | (np.abs(v) > 1 - 1e-9)
    behind = np.where(seam, np.arange(len(u)), len(u) + np.cumsum(~seam) - 1)  # front and back share the seam
    vertices = np.concatenate([np.stack([x, y, -swell], 1), np.stack([x, y, swell], 1)[~seam]])
    index = np.arange(len(u)).reshape(sections + 1, sections + 1)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    # Halved towards the corners: a triangle with all of its points on the seam would be its own rear side.
    rising = (u[a] + u[c]) * (v[a] + v[c]) > 0
    p, q, r, s = (np.where(rising, one, other) for one, other in ((a, b), (b, c), (c, d), (d, a)))
    front = np.concatenate([np.stack([p, r, q], 1), np.stack([p, s, r], 1)])
    faces = np.concatenate([front, behind[front[:, ::-1]]])
    mesh = Mesh(vertices if turn is None else vertices @ turn.T, faces)
    return mesh.with_vertices(mesh.vertices + np.asarray(middle, float))


def swept(
    path: Floats,
    thickness: float,
    low: float,
    high: Floats | float,
    radius: float,
    lean: Floats | float = 0.0,
) -> Mesh:
    """A wall of rounded section along a path (M, 2) of x and z, from y = low to high, one or M of them.

    lean: how far each metre up goes towards the path's right hand, seen from above (x right, z up).
    """
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    right = np.stack([along[:, 1], -along[:, 0]], axis=1)
    high, lean = np.broadcast_to(high, len(path)), np.broadcast_to(lean, len(path))
    rings = []
    for at, side, top, tilt in zip(path, right, high, lean, strict=True):
        out, up = (rounded_rectangle(thickness, top - low, radius, 3) + [0, (top - low) / 2]).T
        flat = at + (out + tilt * up)[:, None] * side
        rings.append(np.stack([flat[:, 0], up + low, flat[:, 1]], axis=1))
    return loft(np.stack(rings))


def dome(outline: Floats, low: float, high: float, radius: float, crown: float = 0.0) -> Mesh:
    """A cushion over an outline (N, 2) of x and z around (0, 0): round edges above and below, a crowned upper side."""
    half = np.abs(outline).max(0)
    radius = min(radius, 0.49 * (high - low))
    angle = np.linspace(0.25, 1, 4) * np.pi / 2
    edge = [
        (radius * (1 - np.sin(a)), radius * (1 - np.cos(a))) for a in angle
    ]  # in from the side, from the end
    levels = [(i, low + h) for i, h in edge] + [(i, high - h) for i, h in edge[::-1]]
    rings = [np.insert(outline * (1 - i / half), 1, y, axis=1) for i, y in levels]
    if crown:
        shares = ((0.75, 0.55), (0.4, 0.9))
        rings += [np.insert(outline * share, 1, high + crown * rise, axis=1) for share, rise in shares]
    return loft(np.stack(rings))

"""Closed parts that several of the aeroplane's files use, and how they come into a design."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rrb.data.procedural.build import Design
from rrb.data.procedural.parts import lathe, loft, mirrored, moved, outwards, turned
from rrb.geometry.mesh import Mesh

Floats = NDArray[np.float64]
Pieces = list[tuple[str, Mesh]]
"""Each with its kind."""
SIDES = 18  # of what is round


def put(design: Design, pieces: Pieces) -> None:
    for kind, piece in pieces:
        design.add(kind, piece)


def with_mirror(pieces: Pieces) -> Pieces:
    """The same on both sides."""
    return [(kind, piece) for kind, one in pieces for piece in (one, mirrored(one))]


def along_z(profile: Floats, middle: Floats, sections: int = SIDES) -> Mesh:
    """`lathe` about z: the outline's second coordinate runs back from the middle (3,)."""
    return moved(turned(lathe(profile, sections=sections), 0, np.pi / 2), middle)


def hoop(profile: Floats, middle: Floats, sides: int = SIDES) -> Mesh:
    """A closed outline (K, 2) of radius and z, turned about z around the middle (3,): a ring with a hole."""
    angle = 2 * np.pi * np.arange(sides) / sides
    circle = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    rings = profile[:, None, :1] * circle + profile[:, None, 1:] * np.array([0.0, 0.0, 1.0])
    index = np.arange(len(profile) * sides).reshape(len(profile), sides)
    net = (
        index,
        np.roll(index, -1, axis=1),
        np.roll(index, -1, axis=0),
        np.roll(index, (-1, -1), axis=(0, 1)),
    )
    a, b, c, d = (part.ravel() for part in net)
    faces = np.concatenate([np.stack([a, d, b], 1), np.stack([a, c, d], 1)])
    return outwards(rings.reshape(-1, 3) + middle, faces)


def drop(
    start: float,
    end: float,
    half_width: float,
    half_height: float,
    crown: float = 0.4,
    x: float = 0.0,
    y: float = 0.0,
    tilt: float = 0.0,
    fine: int = 12,
) -> Mesh:
    """A smooth lump from z to z around (x, y), largest at the share `crown`: canopies, fairings, tanks.

    tilt: how much higher its end is than its beginning; fine: how many sides it has, an even number.
    """
    t = (1 - np.cos(np.linspace(0.06, np.pi - 0.06, 2 + fine // 2))) / 2
    u = np.where(t < crown, (t - crown) / crown, (t - crown) / (1 - crown))
    size = np.sqrt(np.maximum(1 - u**2, 0.004))[:, None]
    angle = 2 * np.pi * (np.arange(fine) + 0.5) / fine
    aside, up = half_width * size**0.8 * np.cos(angle), half_height * size * np.sin(angle)
    z = start + (end - start) * t[:, None]
    return loft(np.stack([x + aside, y + tilt * t[:, None] + up, z + 0 * up], axis=-1))


def plugs(outer: Floats, inner: Floats) -> Mesh:
    """Many small prisms in one mesh: convex outlines (W, N, 3) outside and inside."""
    count, around = outer.shape[:2]
    k = np.arange(around)
    following = np.roll(k, -1)
    fan = np.stack([0 * k[2:], k[1:-1], k[2:]], 1)
    sides = [
        np.stack([following, k, k + around], 1),
        np.stack([following, k + around, following + around], 1),
    ]
    faces = np.concatenate([fan, fan[:, ::-1] + around, *sides])
    first = 2 * around * np.arange(count)[:, None, None]
    vertices = np.concatenate([outer, inner], axis=1).reshape(-1, 3)
    return outwards(vertices, (faces + first).reshape(-1, 3))

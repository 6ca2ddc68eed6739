"""Closed parts that objects are put together from: every one is watertight and faces outwards.

Metres, y up. What is round has `sections` sides. Parts may run into each other: a union is what is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rrb.geometry.mesh import Mesh
from rrb.geometry.primitives import box

SECTIONS = 16
Floats = NDArray[np.float64]
Triple = Sequence[float] | Floats


# --- blocks -----------------------------------------------------------------------------------------


def block(extents: Triple, middle: Triple, turn: Floats | None = None) -> Mesh:
    """A box of these extents along x, y, z around its middle, turned (3, 3) before it is put there."""
    return _placed(box(tuple(extents)), middle, turn)


def cushion(
    extents: Triple, middle: Triple, turn: Floats | None = None, *, softness: float = 0.5, sections: int = 5
) -> Mesh:
    """A box with round edges and bulging sides: softness 0 is nearly a box, 1 an ellipsoid."""
    corner, faces = _cube_grid(sections)
    power = 2.0 + 10.0 * (1.0 - softness) ** 2
    # Points of the unit cube, pushed along their ray onto |x|^p + |y|^p + |z|^p = 1.
    reach = (np.abs(corner) ** power).sum(1, keepdims=True) ** (1.0 / power)
    vertices = corner / reach * (np.asarray(extents, float) / 2)
    return _placed(Mesh(vertices, faces), middle, turn)


def slab(outline: Floats, thickness: float, middle: Triple = (0.0, 0.0, 0.0), axis: int = 1) -> Mesh:
    """A flat plate: a closed outline (N, 2) around a point that sees all of it, drawn out along an axis.

    The outline's two coordinates are the other axes in the order x, y, z; `middle` is where (0, 0) of the
    outline and half of the thickness come to lie.
    """
    flat = np.zeros((2, len(outline), 3))
    flat[:, :, [a for a in range(3) if a != axis]] = outline
    flat[0, :, axis], flat[1, :, axis] = -thickness / 2, thickness / 2
    return _placed(loft(flat), middle, None)


# --- along lines ------------------------------------------------------------------------------------


def loft(rings: Floats) -> Mesh:
    """A skin over rings (K, N, 3), K >= 2, each a closed line, with a fan over the first and the last.

    The fans need ends whose mean point sees all of their ring.
    """
    vertices = np.concatenate([rings.reshape(-1, 3), rings[[0, -1]].mean(1)])
    faces = _loft_faces(*rings.shape[:2])
    return Mesh(vertices, faces[:, ::-1] if _signed_volume(vertices, faces) < 0 else faces)


def tube(path: Floats, radii: Floats | float, sections: int = SECTIONS) -> Mesh:
    """Circles, of one radius or one each, around the points of a path (K, 3), K >= 2, at right angles to it."""
    circle = _circle(sections)
    along, side = _frames(np.asarray(path, float))
    up = np.cross(along, side)
    radii = np.broadcast_to(radii, len(path))[:, None, None]
    return loft(path[:, None] + radii * (circle[:, :1] * side[:, None] + circle[:, 1:] * up[:, None]))


def bar(path: Floats, width: float, height: float, across: Triple = (1.0, 0.0, 0.0)) -> Mesh:
    """A rectangular section along a path (K, 3): `width` along `across`, `height` at right angles to both."""
    path = np.asarray(path, float)
    along = _tangents(path)
    side = np.asarray(across, float) - along * (along @ np.asarray(across, float))[:, None]
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(along, side)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2 * [width, height]
    return loft(path[:, None] + corners[:, :1] * side[:, None] + corners[:, 1:] * up[:, None])


def rod(
    start: Triple, end: Triple, radius: float, radius_end: float | None = None, sections: int = SECTIONS
) -> Mesh:
    """A cylinder from point to point, or a cone with another radius at its end."""
    radii = np.array([radius, radius if radius_end is None else radius_end])
    return tube(np.array([start, end], float), radii, sections)


def lathe(profile: Floats, middle: Triple = (0.0, 0.0, 0.0), sections: int = 2 * SECTIONS) -> Mesh:
    """The solid whose outline (K, 2) of radius and y is turned around y; every radius is above 0.

    An outline that comes back to where it began (a torus) is closed by its last ring lying on its first: leave
    a hair's breadth.
    """
    circle = _circle(sections)
    circle = np.stack([circle[:, 0], 0 * circle[:, 0], circle[:, 1]], axis=1)
    rings = profile[:, None, :1] * circle + profile[:, None, 1:] * np.array([0.0, 1.0, 0.0])
    return _placed(loft(rings), middle, None)


def upright(path: Floats, sizes: Floats | float, outline: Floats) -> Mesh:
    """Sections level with the ground around a path (K, 3) that climbs: the foot stands flat however it leans.

    outline (N, 2) of x and z is scaled by a size, by one a point (K,), or by two (K, 2) along x and z.
    """
    path = np.asarray(path, float)
    sizes = np.asarray(sizes, float)
    scale = np.broadcast_to(sizes[:, None] if sizes.ndim == 1 else sizes, (len(path), 2))
    rings = np.repeat(path[:, None], len(outline), axis=1)
    rings[:, :, ::2] += outline * scale[:, None]
    return loft(rings)


def moulded(outline: Floats, profile: Floats, middle: Triple = (0.0, 0.0, 0.0)) -> Mesh:
    """What `lathe` does for a circle, for any outline (N, 2) of x and z that (0, 0) sees all of.

    profile (K, 2): what share of the outline is reached, above 0, and at which y.
    """
    rings = np.empty((len(profile), len(outline), 3))
    rings[:, :, ::2] = profile[:, None, :1] * outline
    rings[:, :, 1] = profile[:, 1:]
    return _placed(loft(rings), middle, None)


def sheet(points: Floats, thickness: Floats | float) -> Mesh:
    """A bent plate: a net of points (M, N, 3), M and N >= 2, and half of a thickness to each side of it.

    The thickness is one, or one a point (M, N), above 0.
    """
    rows, columns = points.shape[:2]
    across = np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1))
    across /= np.linalg.norm(across, axis=2, keepdims=True)
    offset = across * np.broadcast_to(thickness, (rows, columns))[:, :, None] / 2
    faces = _sheet_faces(rows, columns)
    vertices = np.concatenate([(points + offset).reshape(-1, 3), (points - offset).reshape(-1, 3)])
    return Mesh(vertices, faces)


def shell(outer: Floats, inner: Floats) -> Mesh:
    """The solid between two nets of points (M, N, 3), M and N >= 2, whose rims are joined."""
    faces = _sheet_faces(*outer.shape[:2])
    return outwards(np.concatenate([outer.reshape(-1, 3), inner.reshape(-1, 3)]), faces)


def outwards(vertices: Floats, faces: NDArray[np.int64]) -> Mesh:
    """A closed surface whose faces agree about the outside, turned over if it is inside out."""
    return Mesh(vertices, faces[:, ::-1] if _signed_volume(vertices, faces) < 0 else faces)


# --- lines ------------------------------------------------------------------------------------------


def arc(points: Floats, count: int = 9) -> Floats:
    """(count, K): a smooth line through control points (N, K) as a Bezier curve: it begins at the first, ends at
    the last, and is drawn towards those between."""
    share = np.linspace(0, 1, count)[:, None]
    line = [np.broadcast_to(point, (count, len(point))) for point in np.asarray(points, float)]
    while len(line) > 1:  # de Casteljau
        line = [a * (1 - share) + b * share for a, b in pairwise(line)]
    return line[0]


def rounded_line(points: Floats, radius: float, sections: int = 4) -> Floats:
    """(K, 3): a line through points (N, 3) whose corners are cut round, beginning this far before and after."""
    points = np.asarray(points, float)
    steps = np.diff(points, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    reach = np.minimum(radius, 0.49 * np.minimum(lengths[:-1], lengths[1:]))[:, None]
    before = points[1:-1] - steps[:-1] / lengths[:-1, None] * reach
    after = points[1:-1] + steps[1:] / lengths[1:, None] * reach
    corners = [arc(np.stack(three), sections + 1) for three in zip(before, points[1:-1], after, strict=True)]
    return np.concatenate([points[:1], *corners, points[-1:]])


def rounded_rectangle(width: float, depth: float, radius: float, sections: int = 4) -> Floats:
    """(N, 2): an outline around (0, 0) with round corners."""
    radius = min(radius, 0.499 * width, 0.499 * depth)
    quarter = np.linspace(0, np.pi / 2, sections + 1)
    corner = radius * np.stack([np.cos(quarter), np.sin(quarter)], 1)
    half = np.array([width / 2 - radius, depth / 2 - radius])
    turns = [(1, 1, 1), (-1, 1, -1), (-1, -1, 1), (1, -1, -1)]  # the order along the corner runs around
    return np.concatenate([(corner[::order] + half) * [x, y] for x, y, order in turns])


def ellipse(width: float, depth: float, sections: int = 2 * SECTIONS) -> Floats:
    """(N, 2): an outline around (0, 0)."""
    return _circle(sections) * [width / 2, depth / 2]


# --- motions ----------------------------------------------------------------------------------------


def moved(mesh: Mesh, offset: Triple) -> Mesh:
    return mesh.with_vertices(mesh.vertices + np.asarray(offset, float))


def turned(mesh: Mesh, axis: int, angle: float, about: Triple = (0.0, 0.0, 0.0)) -> Mesh:
    """Turned by an angle in radians about an axis through a point, by the right-hand rule."""
    pivot = np.asarray(about, float)
    return mesh.with_vertices((mesh.vertices - pivot) @ turn(axis, angle).T + pivot)


def turn(axis: int, angle: float) -> Floats:
    """(3, 3): the rotation by an angle in radians about the axis x, y or z (0, 1, 2)."""
    sine, cosine = np.sin(angle), np.cos(angle)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = cosine
    matrix[second, first], matrix[first, second] = sine, -sine
    return matrix


def mirrored(mesh: Mesh) -> Mesh:
    """The other one of a pair: x becomes -x, faces stay outwards."""
    return Mesh(mesh.vertices * [-1.0, 1.0, 1.0], mesh.faces[:, ::-1])


def both_sides(mesh: Mesh) -> tuple[Mesh, Mesh]:
    """The mesh and its mirror image."""
    return mesh, mirrored(mesh)


# --- inside -----------------------------------------------------------------------------------------


def _placed(mesh: Mesh, middle: Triple, rotation: Floats | None) -> Mesh:
    vertices = mesh.vertices if rotation is None else mesh.vertices @ rotation.T
    return mesh.with_vertices(vertices + np.asarray(middle, float))


@lru_cache(maxsize=256)
def _loft_faces(count: int, around: int) -> NDArray[np.int64]:
    """The triangles between rings of this count, and of fans around the last two vertices, the ends' middles."""
    index = np.arange(count * around).reshape(count, around)
    following = np.roll(index, -1, axis=1)
    a, b, c, d = (part.ravel() for part in (index[:-1], following[:-1], following[1:], index[1:]))
    first, last = np.full(around, count * around), np.full(around, count * around + 1)
    fans = [np.stack([first, following[0], index[0]], 1), np.stack([last, index[-1], following[-1]], 1)]
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1), *fans])


def _signed_volume(vertices: Floats, faces: NDArray[np.int64]) -> float:
    """Positive where faces point outwards."""
    a, b, c = (vertices - vertices[0])[faces.T]
    return float(np.einsum("fi,fi->", a, np.cross(b, c))) / 6


@lru_cache(maxsize=64)
def _sheet_faces(rows: int, columns: int) -> NDArray[np.int64]:
    """The triangles of both sides of a net, the second side's points after the first's, and of its rim."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    front = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    rim = np.concatenate([index[:-1, 0], index[-1, :-1], index[:0:-1, -1], index[0, :0:-1]])
    following, other = np.roll(rim, -1), rows * columns
    edge = [
        np.stack([rim, rim + other, following], 1),
        np.stack([following, rim + other, following + other], 1),
    ]
    return np.concatenate([front, front[:, ::-1] + other, *edge])


@lru_cache(maxsize=64)
def _circle(sections: int) -> Floats:
    angle = 2 * np.pi * np.arange(sections) / sections
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _tangents(path: Floats) -> Floats:
    """(K, 3) of length 1: half-way between the directions before and after each point."""
    steps = np.diff(path, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    along = np.concatenate([steps[:1], steps[:-1] + steps[1:], steps[-1:]])
    return along / np.linalg.norm(along, axis=1, keepdims=True)


def _frames(path: Floats) -> tuple[Floats, Floats]:
    """Tangents (K, 3) and sides (K, 3) at right angles to them, turned as little as can be along the path."""
    along = _tangents(path)
    side = np.cross(along[0], np.eye(3)[np.abs(along[0]).argmin()])
    sides = []
    for direction in along:
        side = side - direction * (direction @ side)
        side = side / np.linalg.norm(side)
        sides.append(side)
    return along, np.array(sides)


@lru_cache(maxsize=16)
def _cube_grid(sections: int) -> tuple[Floats, NDArray[np.int64]]:
    """The surface of the cube [-1, 1]^3 cut into sections x sections squares a side: vertices and triangles."""
    steps = np.tan(np.linspace(-np.pi / 4, np.pi / 4, sections + 1))  # alike when seen from the middle
    u, v = (grid.ravel() for grid in np.meshgrid(steps, steps, indexing="ij"))
    sides: list[Floats] = []
    squares: list[NDArray[np.int64]] = []
    index = np.arange((sections + 1) ** 2).reshape(sections + 1, sections + 1)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    for axis in range(3):
        for sign in (-1.0, 1.0):
            side = np.empty((len(u), 3))
            side[:, axis], side[:, (axis + 1) % 3], side[:, (axis + 2) % 3] = sign, u, v
            order = (a, b, c, d) if sign > 0 else (a, d, c, b)
            first = len(u) * len(sides)
            sides.append(side)
            squares += [np.stack([order[0], order[1], order[2]], 1) + first]
            squares += [np.stack([order[0], order[2], order[3]], 1) + first]
    mesh = Mesh(np.round(np.concatenate(sides), 12) + 0.0, np.concatenate(squares)).merged()
    return mesh.vertices, mesh.faces

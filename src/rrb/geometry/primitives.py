"""Simple closed shapes, float64, centred on their bounding box, faces outwards; metres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry.mesh import Mesh

_FINEST = 9  # 5 million faces


def icosphere(subdivisions: int = 3, radius: float = 1.0) -> Mesh:
    """A sphere of 20 * 4**subdivisions (0 to 9) nearly equal triangles, every vertex at `radius`."""
    _require_whole("subdivisions", subdivisions, 0, _FINEST)
    _require_positive("radius", radius)
    vertices, faces = _icosahedron()
    for _ in range(subdivisions):
        vertices, faces = _subdivided(vertices, faces)
        vertices /= np.linalg.norm(vertices, axis=1, keepdims=True)
    return Mesh(vertices * radius, faces, name="icosphere")


def box(extents: Sequence[float] = (1.0, 1.0, 1.0)) -> Mesh:
    """Eight vertices and twelve faces; extents along x, y, z."""
    for extent in _three(extents):
        _require_positive("extent", extent)
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    return Mesh(corners * np.asarray(extents, np.float64), _halved(np.array(quads)), name="box")


def cylinder(radius: float = 0.5, height: float = 1.0, sections: int = 32) -> Mesh:
    """A closed prism of `sections` sides around the y axis, its corners on the circle."""
    _require_positive("radius", radius)
    _require_positive("height", height)
    _require_whole("sections", sections, 3, 1_000_000)
    angle = np.arange(sections) * (2 * np.pi / sections)
    x, z = radius * np.cos(angle), radius * np.sin(angle)
    rings = [np.stack((x, np.full(sections, y), z), axis=1) for y in (-height / 2, height / 2)]
    vertices = np.concatenate((*rings, [[0, -height / 2, 0], [0, height / 2, 0]]))
    low = np.arange(sections)
    following, high = np.roll(low, -1), low + sections
    sides = _halved(np.stack((low, high, following + sections, following), axis=1))
    bottom = np.stack((np.full(sections, 2 * sections), low, following), axis=1)
    top = np.stack((np.full(sections, 2 * sections + 1), following + sections, high), axis=1)
    return Mesh(vertices, np.concatenate((sides, bottom, top)), name="cylinder")


def plane(extents: Sequence[float] = (1.0, 1.0), divisions: int = 1) -> Mesh:
    """A rectangle in y = 0 that faces up (+y), open; extents along x and z, divisions^2 squares."""
    if len(extents) != 2:
        raise BadInputError(
            f"a plane has the extents {tuple(extents)}; two numbers, along x and z, are accepted"
        )
    for extent in extents:
        _require_positive("extent", extent)
    _require_whole("divisions", divisions, 1, 2000)
    steps = np.arange(divisions + 1) / divisions - 0.5
    x, z = np.meshgrid(steps * extents[0], steps * extents[1], indexing="ij")
    vertices = np.stack((x, np.zeros_like(x), z), axis=-1).reshape(-1, 3)
    index = np.arange(len(vertices)).reshape(divisions + 1, divisions + 1)
    quads = np.stack((index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]), axis=-1)
    return Mesh(vertices, _halved(quads.reshape(-1, 4)), name="plane")


def torus(
    major_radius: float = 0.75, minor_radius: float = 0.25, sections: int = 48, sides: int = 24
) -> Mesh:
    """A ring around the y axis: `sections` along it, `sides` around it, vertices on the surface."""
    _require_positive("minor_radius", minor_radius)
    if not minor_radius < major_radius < np.inf:
        raise BadInputError(f"a torus of radii {major_radius} and {minor_radius}; the first has to be larger")
    _require_whole("sections", sections, 3, 4000)
    _require_whole("sides", sides, 3, 4000)
    along, around = np.meshgrid(
        np.arange(sections) * (2 * np.pi / sections), np.arange(sides) * (2 * np.pi / sides), indexing="ij"
    )
    ring = major_radius + minor_radius * np.cos(around)
    vertices = np.stack((ring * np.cos(along), minor_radius * np.sin(around), ring * np.sin(along)), axis=-1)
    index = np.arange(sections * sides).reshape(sections, sides)
    onwards, up = np.roll(index, -1, axis=0), np.roll(index, -1, axis=1)
    both = np.roll(onwards, -1, axis=1)
    quads = np.stack((index, up, both, onwards), axis=-1)
    return Mesh(vertices.reshape(-1, 3), _halved(quads.reshape(-1, 4)), name="torus")


def _icosahedron() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Twelve unit vertices: three golden rectangles; the faces are the triples at edge distance."""
    golden = (1 + 5**0.5) / 2
    flat = np.array([[0, s, t * golden] for s in (-1, 1) for t in (-1, 1)])
    vertices = np.concatenate([np.roll(flat, shift, axis=1) for shift in range(3)])
    near = np.linalg.norm(vertices[:, None] - vertices[None], axis=2) < 2.5
    triples = [
        (a, b, c) for a in range(12) for b in range(a + 1, 12) for c in range(b + 1, 12)
        if near[a, b] and near[b, c] and near[c, a]
    ]  # fmt: skip
    faces = np.array(triples)
    inwards = np.linalg.det(vertices[faces]) < 0
    faces[inwards] = faces[inwards][:, [0, 2, 1]]
    return vertices / np.linalg.norm(vertices[0]), faces


def _subdivided(
    vertices: NDArray[np.float64], faces: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Each triangle as four around the middles of its edges, which neighbours share."""
    start, end = faces, np.roll(faces, -1, axis=1)
    keys = np.minimum(start, end) * len(vertices) + np.maximum(start, end)
    edges, number = np.unique(keys, return_inverse=True)
    middles = (vertices[edges // len(vertices)] + vertices[edges % len(vertices)]) / 2
    ab, bc, ca = (len(vertices) + number.reshape(-1, 3)).T
    a, b, c = faces.T
    four = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.concatenate((vertices, middles)), np.concatenate([np.stack(t, axis=1) for t in four])


def _halved(quads: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.stack((quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]), axis=1).reshape(-1, 3)


def _three(extents: Sequence[float]) -> Sequence[float]:
    if len(extents) != 3:
        raise BadInputError(f"a box has the extents {tuple(extents)}; three numbers are accepted")
    return extents


def _require_positive(what: str, value: float) -> None:
    if not 0 < value < np.inf:
        raise BadInputError(f"the {what} is {value}; a positive number is accepted")


def _require_whole(what: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        raise BadInputError(f"{what} is {value!r}; a whole number from {low} to {high} is accepted")

"""The table of marching cubes: which triangles a cell holds, for each of the 256 ways its corners lie.

Corner c of a cell stands at (c >> 2, c >> 1 & 1, c & 1); bit c of a case says that it is inside. Edge
4 * axis + n starts at the n-th of the corners whose coordinate along the axis is 0.

The table is worked out, not copied, so that its surfaces close: what a case draws on a face of its cell
depends on the signs of that face alone, and no triangle has a side across a face that the face itself did
not draw. So every side of a triangle belongs to exactly two. Where a face's inside corners lie on one
diagonal they are joined, since a thin leg shall stay in one piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

Ring = tuple[int, ...]  # edges in order, counter-clockwise seen from the corners that are outside

_STEP = (4, 2, 1)  # from a corner to the next along x, y, z
_EDGES = [(a, a + _STEP[axis]) for axis in range(3) for a in range(8) if not a & _STEP[axis]]
_EDGE_OF = {frozenset(ends): number for number, ends in enumerate(_EDGES)}


@cache
def marching_table() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(256,) the number of triangles of each case, and (256, most, 3) the edges that their corners lie on.

    Triangles are counter-clockwise seen from the corners that are outside.
    """
    rows = [[t for ring in _rings(case) for t in _triangles(ring)] for case in range(256)]
    counts = np.array([len(row) for row in rows])
    table = np.zeros((256, counts.max(), 3), np.int64)
    for case, row in enumerate(rows):
        table[case, : len(row)] = np.reshape(row, (-1, 3))
    return counts, table


def edge_starts() -> NDArray[np.int64]:
    """(12, 4): the offset (x, y, z) of each edge's first corner in the cell, and the edge's axis."""
    return np.array([(a >> 2, a >> 1 & 1, a & 1, edge // 4) for edge, (a, _) in enumerate(_EDGES)])


def _faces() -> Iterator[tuple[int, int, int, int]]:
    """The six faces' corners, counter-clockwise seen from outside the cell."""
    for axis in range(3):
        u, v = _STEP[(axis + 1) % 3], _STEP[(axis + 2) % 3]
        yield 0, v, u + v, u
        yield _STEP[axis], _STEP[axis] + u, _STEP[axis] + u + v, _STEP[axis] + v


_FACES = list(_faces())
_FACE_EDGES = [frozenset(_EDGE_OF[frozenset((f[i], f[i - 1]))] for i in range(4)) for f in _FACES]


def _rings(case: int) -> list[Ring]:
    """The closed lines in which the surface meets the cell's faces."""
    following = {start: end for face in _FACES for start, end in _lines(case, face)}
    rings = []
    while following:
        start, at = following.popitem()
        ring = [start]
        while at != start:
            ring.append(at)
            at = following.pop(at)
        rings.append(tuple(ring))
    return rings


def _lines(case: int, face: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """From each edge where a walk round the face comes in to the edge before, where it last went out.

    Outside corners are cut off one run at a time, which joins the inside ones.
    """
    walk = [(face[i], face[(i + 1) % 4]) for i in range(4)]
    inside = [bool(case >> corner & 1) for corner in face]
    crossed = [
        (_EDGE_OF[frozenset(pair)], inside[i]) for i, pair in enumerate(walk) if inside[i] != inside[i - 3]
    ]
    return [(edge, crossed[i - 1][0]) for i, (edge, leaves_inside) in enumerate(crossed) if not leaves_inside]


def _triangles(ring: Ring) -> list[Ring]:
    """Cut a ring into triangles whose new sides cross no face of the cell: the first such way."""
    return next(_ways(ring))


def _ways(ring: Ring) -> Iterator[list[Ring]]:
    """All of them: the side from the last to the first edge is in a triangle with one of the others."""
    if len(ring) < 3:
        yield []
        return
    for tip in range(1, len(ring) - 1):
        left, right = ring[: tip + 1], ring[tip:]
        if any(len(part) > 2 and _on_one_face(part[0], part[-1]) for part in (left, right)):
            continue
        for before in _ways(left):
            for after in _ways(right):
                yield [(ring[0], ring[tip], ring[-1]), *before, *after]


def _on_one_face(a: int, b: int) -> bool:
    return any({a, b} <= edges for edges in _FACE_EDGES)

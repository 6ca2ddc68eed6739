"""The surface where a field takes a level, as a closed mesh, asking the field only near that surface.

A coarse grid is asked everywhere. Then cells are halved until they are fine enough: a new corner is first
guessed, as the mean of the corners around it, and the field is asked at both ends of every edge whose ends
lie on different sides. Where an answer turns a guess round, the edges around it are looked at again, until no
guess has a neighbour on the other side. So the surface is followed wherever it goes, and what is left as a
guess lies behind corners that were asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import short
from rrb.geometry._isosurface_table import edge_starts, marching_table
from rrb.geometry.mesh import Mesh

Floats = NDArray[np.float64]
Field = Callable[[NDArray[np.float32]], NDArray[np.floating]]  # points (N, 3) -> values (N,)
FieldAndGradient = Callable[[NDArray[np.float32]], tuple[NDArray[np.floating], NDArray[np.floating]]]

FINEST = 512  # cells along the longest side: 0.8 GB
LEAST_SHARE = 1e-3  # of an edge, between a vertex and its end: no face is without area
_FAR = 1e30  # values are cut off here, so that means of them stay finite
_TO_BE_ASKED = 2


@dataclass(frozen=True, eq=False)
class Surface:
    """What `extract` found."""

    mesh: Mesh  # closed, facing outwards; float64 vertices in the field's coordinates, each shared and used
    evaluations: int  # points at which the field was asked, each once
    dense: int  # the corners of the finest grid, which a dense evaluation would have asked


def extract(
    field: Field,
    low: Any,
    high: Any,
    *,
    resolution: int = 128,
    coarse: int = 32,
    level: float = 0.0,
    chunk: int = 65536,
) -> Surface:
    """The surface around what is above `level` between the corners `low` and `high` (3,) of a box.

    field: points (N, 3) float32 -> finite values (N,); asked at most `chunk` points at once.
    resolution: cubic cells along the longest side; the other sides get as many as they need, and are widened
    by the same amount, less than half a cell, at both ends. coarse: the same of the first grid;
    resolution = coarse * 2^k.

    The mesh equals that of a dense evaluation (coarse = resolution) wherever each connected part of the
    inside and of the outside holds a corner of the coarse grid; what is wider than two coarse cells does.
    Corners are connected along the edges of the finest grid. Outside the box everything counts as below the
    level: what touches the border is closed there, a thousandth of a cell beyond it. Two faces meet at every
    edge; vertices lie where the field, linear along an edge, takes the level, at least a thousandth of the
    edge from its ends. A part thinner than a coarse cell is found where it hangs together with one that was.
    """
    grid = _Grid.of(low, high, resolution, coarse)
    asked = _Asked(field, grid, _checked_level(level), _checked_count(chunk, "the chunk"))
    values, known = _coarsest(asked, grid)
    for stride in grid.finer_strides:
        values, known = _finer(values, known, asked, stride)
    nx, ny, nz = grid.corners
    vertices, faces = _marched(values[:nx, :ny, :nz])
    return Surface(Mesh(grid.places(vertices), faces), asked.count, math.prod(grid.corners))


def refined(
    mesh: Mesh,
    field_and_gradient: FieldAndGradient,
    *,
    level: float = 0.0,
    steps: int = 2,
    most: float | None = None,
) -> Mesh:
    """The mesh with its vertices brought nearer the level set by Newton steps along the gradient.

    field_and_gradient: points (N, 3) float32 -> values (N,) and gradients (N, 3); asked steps + 1 times.
    most: how far a vertex may end from where it began, in the mesh's unit; None: half the mean edge. A
    vertex moves only to where the field is nearer the level than before, so none gets worse; after a step
    that was not, its steps are halved. Faces stay.
    """
    level, steps = _checked_level(level), _checked_count(steps, "the number of steps")
    start = np.array(mesh.vertices, np.float64)
    most = _half_mean_edge(mesh) if most is None else _checked_most(most)
    best, share = start.copy(), np.ones(len(start))
    values, gradients = _value_and_gradient(field_and_gradient, start, level)
    for _ in range(steps):
        step = _newton_step(values, gradients) * share[:, None]
        # What is judged is what is returned: the points as the field sees them.
        there = (start + _shortened(best + step - start, most)).astype(np.float32).astype(np.float64)
        new_values, new_gradients = _value_and_gradient(field_and_gradient, there, level)
        better = np.abs(new_values) < np.abs(values)
        best[better], values[better], gradients[better] = (
            there[better],
            new_values[better],
            new_gradients[better],
        )
        share[~better] /= 2
    return mesh.with_vertices(best.astype(np.asarray(mesh.vertices).dtype))


# --- the grid -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Grid:
    """The finest grid: its corner (i, j, k) lies at origin + (i, j, k) * cell."""

    origin: Floats  # (3,)
    cell: float
    corners: tuple[int, int, int]  # along each axis
    stride: int  # fine cells along a coarse one

    @staticmethod
    def of(low: Any, high: Any, resolution: int, coarse: int) -> _Grid:
        stride = _checked_stride(resolution, coarse)
        low, high = _checked_box(low, high)
        cell = float((high - low).max()) / resolution
        # What rounding adds to a whole number of cells makes no further one.
        cells = np.maximum(np.ceil((high - low) / cell - 1e-6), 1)
        nx, ny, nz = (int(n) + 1 for n in cells)
        return _Grid((low + high - cells * cell) / 2, cell, (nx, ny, nz), stride)

    @property
    def finer_strides(self) -> list[int]:
        return [self.stride >> k for k in range(1, self.stride.bit_length())]

    def corners_at(self, stride: int) -> tuple[int, int, int]:
        """Corners along each axis of the grid of cells `stride` wide that are not beyond the finest grid."""
        nx, ny, nz = ((n - 1) // stride + 1 for n in self.corners)
        return nx, ny, nz

    def coarse_shape(self) -> tuple[int, int, int]:
        """Corners along each axis of the coarse grid, which may reach beyond the finest grid's last."""
        nx, ny, nz = (-(-(n - 1) // self.stride) + 1 for n in self.corners)
        return nx, ny, nz

    def places(self, indices: NDArray) -> Floats:
        """(N, 3): where corners of the finest grid, or places between, lie."""
        return self.origin + indices * self.cell


class _Asked:
    """The field less its level at corners of the grid, asked a chunk at a time and counted."""

    def __init__(self, field: Field, grid: _Grid, level: float, chunk: int) -> None:
        self.field, self.grid, self.level, self.chunk = field, grid, level, chunk
        self.count = 0

    def at(self, corners: NDArray[np.int64], shape: tuple[int, ...], stride: int) -> NDArray[np.float32]:
        """(N,) at flat indices (N,) into the grid of this shape whose cells are `stride` fine ones."""
        parts = [corners[i : i + self.chunk] for i in range(0, len(corners), self.chunk)]
        self.count += len(corners)
        return np.concatenate([self._part(part, shape, stride) for part in parts])

    def _part(self, corners: NDArray[np.int64], shape: tuple[int, ...], stride: int) -> NDArray[np.float32]:
        indices = np.stack(np.unravel_index(corners, shape), axis=1) * stride
        points = self.grid.places(indices).astype(np.float32)
        values = _checked_values(self.field(points), points) - self.level
        return np.clip(values, -_FAR, _FAR).astype(np.float32)


# --- from coarse to fine --------------------------------------------------------------------------


def _coarsest(asked: _Asked, grid: _Grid) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """(values, known) of the coarse grid, every corner asked."""
    shape = grid.coarse_shape()
    values, known = np.full(shape, -_FAR, np.float32), np.zeros(shape, np.uint8)
    _close_beyond(values, known, grid.corners_at(grid.stride))
    corners = np.flatnonzero(known == 0)
    found = asked.at(corners, shape, grid.stride)
    _check_both_sides(found, asked.level)
    values.reshape(-1)[corners] = found
    return values, np.ones(shape, np.uint8)


def _finer(
    values: NDArray[np.float32], known: NDArray[np.uint8], asked: _Asked, stride: int
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """(values, known) of the grid whose cells are half as wide, `stride` fine ones."""
    from rrb.geometry._isosurface_kernel import guesses_around, halved, mark_crossings

    nx, ny, nz = (2 * n - 1 for n in values.shape)
    finer, finer_known = np.empty((nx, ny, nz), np.float32), np.zeros((nx, ny, nz), np.uint8)
    halved(values, finer)
    finer_known[::2, ::2, ::2] = known
    _close_beyond(finer, finer_known, asked.grid.corners_at(stride))
    mark_crossings(finer, finer_known, _TO_BE_ASKED)
    flat, corners = finer.reshape(-1), np.flatnonzero(finer_known == _TO_BE_ASKED)
    finer_known.reshape(-1)[corners] = 1
    while len(corners):
        flat[corners] = asked.at(corners, finer.shape, stride)
        found = np.empty(6 * len(corners), np.int64)
        corners = found[: guesses_around(finer, finer_known, corners, found)]
    return finer, finer_known


def _close_beyond(
    values: NDArray[np.float32], known: NDArray[np.uint8], corners: tuple[int, int, int]
) -> None:
    """Corners beyond the finest grid are known to be outside."""
    for axis, count in enumerate(corners):
        beyond = (slice(None),) * axis + (slice(count, None),)
        values[beyond], known[beyond] = -_FAR, 1


def _marched(values: NDArray[np.float32]) -> tuple[Floats, NDArray[np.int64]]:
    """Marching cubes: (vertices (V, 3) in cells from the first corner, faces (F, 3))."""
    from rrb.geometry._isosurface_kernel import march, surface_size

    triangles_of, table = marching_table()
    nx, ny, nz = values.shape
    inside = np.zeros((nx + 2, ny + 2, nz + 2), np.uint8)
    inside[1:-1, 1:-1, 1:-1] = values > 0
    n_vertices, n_faces = surface_size(inside, triangles_of)
    vertices, faces = np.empty((n_vertices, 3)), np.empty((n_faces, 3), np.int64)
    march(values, inside, -_FAR, LEAST_SHARE, triangles_of, table, edge_starts(), vertices, faces)
    return vertices, faces


# --- Newton steps ---------------------------------------------------------------------------------


def _value_and_gradient(ask: FieldAndGradient, points: Floats, level: float) -> tuple[Floats, Floats]:
    seen = points.astype(np.float32)
    values, given = ask(seen)
    gradients = np.array(given, np.float64)
    if gradients.shape != points.shape:
        raise BadInputError(
            f"the field gave gradients of shape {gradients.shape} for {len(points)} points;"
            f" {points.shape} is accepted"
        )
    return _checked_values(values, seen) - level, gradients


def _newton_step(values: Floats, gradients: Floats) -> Floats:
    """(N, 3): to where the field, linear along its gradient, takes the level; 0 where there is no gradient."""
    square = (gradients * gradients).sum(axis=1)
    usable = np.isfinite(square) & (square > 0)
    ratio = np.divide(-values, square, out=np.zeros_like(values), where=usable)
    return ratio[:, None] * np.where(usable[:, None], gradients, 0)


def _shortened(vectors: Floats, most: float) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors * np.minimum(1, most / np.maximum(length, 1e-300))


def _half_mean_edge(mesh: Mesh) -> float:
    corners = np.asarray(mesh.vertices, np.float64)[mesh.faces]
    return float(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).mean() / 2)


# --- what is accepted -----------------------------------------------------------------------------


def _checked_values(values: Any, points: NDArray[np.float32]) -> Floats:
    values = np.asarray(values)
    if values.shape != (len(points),) or values.dtype.kind != "f":
        raise BadInputError(
            f"the field gave {values.dtype} of shape {values.shape} for {len(points)} points;"
            f" floats of shape ({len(points)},) are accepted"
        )
    finite = np.isfinite(values)
    if not finite.all():
        bad = int((~finite).argmax())
        raise BadInputError(
            f"the field is {values[bad]} at {points[bad].tolist()}; finite numbers are accepted"
        )
    return values.astype(np.float64)


def _check_both_sides(values: NDArray[np.float32], level: float) -> None:
    above = int((values > 0).sum())
    if above == 0 or above == len(values):
        where, cause = ("nowhere", "is empty") if above == 0 else ("everywhere", "is full")
        raise BadInputError(
            f"the field is {where} above {level} at the {len(values)} corners of the coarse grid:"
            f" the box {cause} as far as that grid sees, and a surface needs both sides"
        )


def _checked_stride(resolution: Any, coarse: Any) -> int:
    resolution, coarse = _checked_count(resolution, "the resolution"), _checked_count(coarse, "coarse")
    stride = resolution // coarse
    if resolution > FINEST or stride * coarse != resolution or stride.bit_count() != 1:
        raise BadInputError(
            f"the resolution is {resolution} with a coarse grid of {coarse};"
            f" coarse times a power of two, up to {FINEST}, is accepted"
        )
    return stride


def _checked_count(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise BadInputError(f"{what} is {short(value)}; a whole number from 1 is accepted")
    return int(value)


def _checked_box(low: Any, high: Any) -> tuple[Floats, Floats]:
    low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    fits = low.shape == high.shape == (3,) and np.isfinite([low, high]).all() and (low < high).all()
    if not fits:
        raise BadInputError(
            f"the box reaches from {low.tolist()} to {high.tolist()};"
            f" three finite numbers each, the first below the second, are accepted"
        )
    return low, high


def _checked_level(level: Any) -> float:
    if not isinstance(level, int | float | np.integer | np.floating) or not math.isfinite(level):
        raise BadInputError(f"the level is {short(level)}; a finite number is accepted")
    return float(level)


def _checked_most(most: Any) -> float:
    if not isinstance(most, int | float | np.floating) or not 0 < most < math.inf:
        raise BadInputError(
            f"the most that a vertex may move is {short(most)}; a positive number is accepted"
        )
    return float(most)

"""One mesh against one observed mask, second order: what the kernels need, and calls that run many states at once.

A state is (14,): R row by row, t (m), log of the scale, log of the focal length over the camera's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rrb._jit import run_parallel, split, threads
from rrb.fitting.observed import CELL_PX, Observed
from rrb.fitting.variables import Variables
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_parts import used_part
from rrb.geometry.pose import Pose
from rrb.raster.topology import topology

# A prior and the contour are weighed against each other as if the contour were known to half a pixel, anew every
# four pixels along it.
CONTOUR_PX, CORRELATION_PX = 0.5, 4.0
TILE_PX = 16
_SEARCH_STRIDE = 4
_DIRECTIONS = 256
_TRAIL = 96


@dataclass(frozen=True, eq=False)
class Judgement:
    """A picture compared with the mask; see `judge`."""

    cost: float  # robust, in [0, 2]
    rms_px: float
    iou: float
    normal_matrix: NDArray[np.float64]  # (9, 9): the ninth is how far the mask is too large, px
    gradient: NDArray[np.float64]  # (9,)
    tiles: NDArray[np.float64]  # (T, T, 3): force (2) on the contour in each tile, and its weight


class Contour:
    """A mesh, an observed mask and what may move.

    States speak of the mesh moved by `-centre`: to the middle of its box where its place is free, so that turning it
    moves it little wherever its origin is, and not at all where something is known of the place of its origin.
    """

    def __init__(
        self, mesh: Mesh, observed: Observed, variables: Variables, start: NDArray[np.float64] | None = None
    ) -> None:
        """start: (3, 3), the rotation that a prior on rotation_deg is about; None for that of each state."""
        vertices, faces = used_part(mesh)
        t = topology(faces, len(vertices))
        low, high = vertices.min(0), vertices.max(0)
        place = slice(3, 6)
        is_free = (
            variables.moves[place].all()
            and np.isinf(variables.lower[place]).all()
            and np.isinf(variables.upper[place]).all()
            and not variables.prior_weight[place].any()
        )
        self.middle = (low + high) / 2
        self.centre = self.middle if is_free else np.zeros(3)
        self.extent = float((high - low).max())
        self.lowest = float(low[1] - self.centre[1])
        self.vertices, self.observed, self.variables = vertices - self.centre, observed, variables
        self._start = None if start is None else np.ascontiguousarray(start, np.float64).reshape(9)
        self._mesh = self.vertices, t.faces, t.face_edges, t.edge_vertices
        camera = observed.camera
        self._lens = np.array([camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px], np.float64)
        o = observed
        self._observed = o.bits, o.points, o.normals, o.lines, o.outer, o.near, o.far, float(CELL_PX)
        along = np.abs(np.where(o.lines < 0, o.normals[:, 1], o.normals[:, 0]))
        self.length_px = float(along.sum())

    def state(self, pose: Pose, scale: float = 1.0) -> NDArray[np.float64]:
        place = pose.translation + scale * (pose.rotation @ self.centre)
        return np.concatenate([np.ravel(pose.rotation), place, [np.log(scale), 0.0]])

    def poses(self, states: NDArray[np.float64]) -> Pose:
        """Of states (K, 14), as the mesh is stored."""
        turned = states[:, :9].reshape(-1, 3, 3)
        return Pose(turned, states[:, 9:12] - np.exp(states[:, 12:13]) * (turned @ self.centre))

    def middle_camera(self, state: NDArray[np.float64]) -> NDArray[np.float64]:
        """(3,): where the middle of the mesh's box is, camera frame."""
        return state[9:12] + math.exp(state[12]) * (state[:9].reshape(3, 3) @ (self.middle - self.centre))

    def reaches_beyond(self, state: NDArray[np.float64]) -> bool:
        """Whether part of the mesh is drawn in the picture but outside the window that is compared."""
        points = state[9:12] + math.exp(state[12]) * (self.vertices @ state[:9].reshape(3, 3).T)
        if not (points[:, 2] > 0).all():
            return False
        x, y = self.observed.camera.project(points)[:, :2].T
        left, top, right, bottom = self.observed.open_sides
        height, width = self.observed.mask.shape
        return bool(
            (left and (x < 0).any())
            or (top and (y < 0).any())
            or (right and (x > width).any())
            or (bottom and (y > height).any())
        )

    def refine(
        self, states: NDArray[np.float64], stages: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], list[NDArray[np.float64]]]:
        """(K, 14) moved to the nearest minimum; their outcomes (K, 4) and ways, see the kernel."""
        from rrb.fitting._contour_kernel import refine

        states = states.copy()
        outcomes, trails = np.zeros((len(states), 4)), np.empty((len(states), _TRAIL, 15))
        v = self.variables
        limits = v.moves, v.angles, v.lower, v.upper, v.prior_mean, v.prior_weight
        middles = v.middles

        def one(k: int) -> None:
            start = states[k, :9].copy() if self._start is None else self._start
            freedom = *limits, start, float(v.camera_height_m or 0.0), self.lowest, middles
            args = self._mesh, self._lens, self._observed, stages, freedom, self.length_px
            refine(*args, states[k], trails[k], outcomes[k])

        run_parallel(one, len(states))
        return states, outcomes, [trail[: int(o[2])] for trail, o in zip(trails, outcomes, strict=True)]

    def judge(self, state: NDArray[np.float64], reach_px: float) -> Judgement:
        from rrb.fitting._contour_kernel import judge

        height, width = self.observed.bits.shape
        tiles, found = np.zeros((-(-height // TILE_PX), -(-width // TILE_PX), 3)), np.zeros(3)
        matrix, gradient = np.zeros((9, 9)), np.zeros(9)
        judge(self._mesh, self._lens, self._observed, reach_px, state, matrix, gradient, tiles, found)
        cost, rms_px, iou = found.tolist()
        return Judgement(cost, rms_px, iou, matrix, gradient, tiles)

    def pulls(
        self, state: NDArray[np.float64], steps: NDArray[np.float64], reach_px: float
    ) -> NDArray[np.float64]:
        """(K, 9): the gradients of the cost after steps (K, 8) from the state."""
        from rrb.fitting._contour_kernel import pulls

        gradients = np.zeros((len(steps), 9))
        pulls(self._mesh, self._lens, self._observed, reach_px, state, np.ascontiguousarray(steps), gradients)
        return gradients

    def place(
        self, states: NDArray[np.float64], box: tuple[float, float, float, float]
    ) -> NDArray[np.float64]:
        """The states (K, 14) moved so that the mesh's box in the image is `box`."""
        from rrb.fitting._contour_kernel import place

        states, points, target = states.copy(), self._extremes, np.array(box, np.float64)
        pieces = split(len(states), 4 * threads())
        run_parallel(lambda i: place(points, self._lens, target, states, *pieces[i]), len(pieces))
        return states

    def overlap(self, states: NDArray[np.float64]) -> NDArray[np.float64]:
        """(K,): IoU of each with the mask, on cells of four pixels."""
        from rrb.fitting._contour_kernel import overlap

        share, known = self._cells()
        answer = np.zeros(len(states))
        pieces = split(len(states), 4 * threads())
        run_parallel(
            lambda i: overlap(
                self._mesh, self._lens, share, known, _SEARCH_STRIDE, states, *pieces[i], answer
            ),
            len(pieces),
        )
        return answer

    def _cells(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        bits, n = self.observed.bits, _SEARCH_STRIDE
        height, width = (-(-side // n) for side in bits.shape)
        padded = np.zeros((height * n, width * n), np.uint8)
        padded[: bits.shape[0], : bits.shape[1]] = bits
        cells = padded.reshape(height, n, width, n)
        return (cells == 3).mean((1, 3)), (cells >= 2).mean((1, 3))

    @cached_property
    def _extremes(self) -> NDArray[np.float64]:
        """(M, 3): vertices that are the farthest in one of many directions; their box is almost the mesh's."""
        from rrb.fitting.rotation_grids import directions

        farthest = [(self.vertices @ direction).argmax() for direction in directions(_DIRECTIONS)]
        return np.ascontiguousarray(self.vertices[np.unique(farthest)])

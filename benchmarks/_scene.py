"""The scene of the raster benchmark: an icosphere stretched to 1 : 0.7 : 0.5, three away, turned."""

from dataclasses import dataclass

import numpy as np

DISTANCE = 3.0
FOCAL_PER_WIDTH = 1.2
STRETCH = (1.0, 0.7, 0.5)


@dataclass(frozen=True)
class Scene:
    """points (V, 3) in the camera frame; vertices_px (V, 3): x, y in pixels, z the depth; faces (F, 3) int64.

    gradient (H, W) float32 is what every contender gets for its picture: dense, the same in every call.
    """

    points: np.ndarray
    vertices_px: np.ndarray
    faces: np.ndarray
    gradient: np.ndarray

    @property
    def side_px(self) -> int:
        return len(self.gradient)

    @property
    def size(self) -> tuple[int, int]:
        return self.side_px, self.side_px


def ellipsoid(subdivisions: int, side_px: int, seed: int = 0) -> Scene:
    """20 * 4**subdivisions faces on a square picture; the seed chooses the rotation."""
    return stretched(*icosphere(subdivisions), side_px, seed)


def stretched(sphere: np.ndarray, faces: np.ndarray, side_px: int, seed: int = 0) -> Scene:
    """The scene, from a mesh (V, 3), (F, 3) of the unit sphere."""
    points = (sphere * STRETCH) @ rotation(seed).T + [0.0, 0.0, DISTANCE]
    gradient = np.random.default_rng(0).normal(size=(side_px, side_px)).astype(np.float32)
    return Scene(points, project(points, side_px), faces, gradient)


def project(points: np.ndarray, side_px: int) -> np.ndarray:
    z = points[:, 2]
    xy = FOCAL_PER_WIDTH * side_px * points[:, :2] / z[:, None] + side_px / 2
    return np.column_stack([xy, z])


def rotation(seed: int) -> np.ndarray:
    """(3, 3), uniform over all rotations."""
    quaternion = np.random.default_rng(seed).normal(size=4)
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def icosphere(subdivisions: int) -> tuple[np.ndarray, np.ndarray]:
    """vertices (V, 3) on the unit sphere, faces (20 * 4**subdivisions, 3) counter-clockwise from outside."""
    vertices, faces = icosahedron()
    for _ in range(subdivisions):
        start, end = faces, np.roll(faces, -1, axis=1)
        keys = np.minimum(start, end) * len(vertices) + np.maximum(start, end)
        unique, edge = np.unique(keys, return_inverse=True)
        middles = vertices[unique // len(vertices)] + vertices[unique % len(vertices)]
        (a, b, c), (ab, bc, ca) = faces.T, edge.reshape(-1, 3).T + len(vertices)
        vertices = np.concatenate([vertices, middles / np.linalg.norm(middles, axis=1, keepdims=True)])
        # The four children of a face follow one another, so that near in the list is near on the surface.
        faces = np.stack([a, ab, ca, b, bc, ab, c, ca, bc, ab, bc, ca], axis=-1).reshape(-1, 3)
    return vertices, faces


def geodesic(frequency: int) -> tuple[np.ndarray, np.ndarray]:
    """The sphere of 20 * frequency**2 faces: each side of the icosahedron cut into so many pieces.

    Vertices are numbered in the order in which the faces first name them.
    """
    corners, sides = icosahedron()
    a, b, c = (corners[sides[:, k], None] for k in range(3))
    row, column = np.tril_indices(frequency + 1)
    down, across = row[:, None] / frequency, column[:, None] / frequency
    points = a + down * (b - a) + across * (c - b)  # (20, P, 3)
    at = row * (row + 1) // 2 + column
    below = at + row + 1
    inner, left = row < frequency, (row < frequency) & (column < row)
    pointing_up = np.stack([at, below, below + 1], axis=-1)[inner]
    pointing_down = np.stack([at, below + 1, at + 1], axis=-1)[left]
    each = np.concatenate([pointing_up, pointing_down])
    faces = (each + np.arange(20)[:, None, None] * len(at)).reshape(-1, 3)
    vertices = points.reshape(-1, 3) / np.linalg.norm(points.reshape(-1, 3), axis=1, keepdims=True)
    _, kept, which = np.unique(vertices.round(9), axis=0, return_index=True, return_inverse=True)
    return in_order_of_use(vertices[kept], which.reshape(-1)[faces])


def in_order_of_use(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(np.unique(faces, return_index=True)[1])
    return vertices[order], np.argsort(order)[faces]


def in_random_order(scene: Scene) -> Scene:
    """The same surface, vertices and faces shuffled: nothing near in memory is near in the picture."""
    random = np.random.default_rng(0)
    order = random.permutation(len(scene.points))
    faces = random.permutation(np.argsort(order)[scene.faces])
    return Scene(scene.points[order], scene.vertices_px[order], faces, scene.gradient)


def icosahedron() -> tuple[np.ndarray, np.ndarray]:
    """Two poles and two rings of five."""
    turn = 2 * np.pi * np.arange(5) / 5
    up, out = 1 / 5**0.5, 2 / 5**0.5
    upper = np.column_stack([out * np.cos(turn), out * np.sin(turn), np.full(5, up)])
    lower = np.column_stack([out * np.cos(turn + np.pi / 5), out * np.sin(turn + np.pi / 5), np.full(5, -up)])
    vertices = np.concatenate([[[0, 0, 1]], upper, lower, [[0, 0, -1]]])
    u, l = 1 + np.arange(5), 6 + np.arange(5)
    u_next, l_next = np.roll(u, -1), np.roll(l, -1)
    north, south = np.zeros(5, int), np.full(5, 11)
    bands = [(north, u, u_next), (u, l, u_next), (u_next, l, l_next), (south, l_next, l)]
    return vertices, np.concatenate([np.stack(band, axis=1) for band in bands])

"""Normals of corners, smooth where faces meet at less than a given angle."""

import math

import numpy as np

from rrb._jit import kernel


@kernel()
def crease_normals(vertices, faces, least_cosine, area_normals, out):
    """Fill out (F, 3, 3), unit, and area_normals (F, 3), each twice its face's area long.

    Around each corner the faces of its vertex count whose normals, one of them turned round if need be, meet at a
    cosine above the least; by their areas. A face without area has none; the sum is 0 where nothing counts.
    """
    n_faces = faces.shape[0]
    first = np.zeros(vertices.shape[0] + 1, np.int64)
    for f in range(n_faces):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ux, uy, uz = (
            vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2],
        )  # fmt: skip
        vx, vy, vz = (
            vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2],
        )  # fmt: skip
        area_normals[f, 0] = uy * vz - uz * vy
        area_normals[f, 1] = uz * vx - ux * vz
        area_normals[f, 2] = ux * vy - uy * vx
        for k in range(3):
            first[faces[f, k] + 1] += 1
    for v in range(vertices.shape[0]):
        first[v + 1] += first[v]
    around, filled = np.empty(3 * n_faces, np.int64), first[:-1].copy()
    for f in range(n_faces):
        for k in range(3):
            v = faces[f, k]
            around[filled[v]] = f
            filled[v] += 1
    for f in range(n_faces):
        nx, ny, nz = area_normals[f, 0], area_normals[f, 1], area_normals[f, 2]
        size = math.sqrt(nx * nx + ny * ny + nz * nz)
        for k in range(3):
            v = faces[f, k]
            x = y = z = 0.0
            for i in range(first[v], first[v + 1]):
                g = around[i]
                mx, my, mz = area_normals[g, 0], area_normals[g, 1], area_normals[g, 2]
                product = nx * mx + ny * my + nz * mz
                limit = least_cosine * size * math.sqrt(mx * mx + my * my + mz * mz)
                if g == f or abs(product) > limit:
                    sign = -1.0 if product < 0.0 else 1.0
                    x += sign * mx
                    y += sign * my
                    z += sign * mz
            length = math.sqrt(x * x + y * y + z * z)
            scale = 1.0 / length if length > 0.0 else 0.0
            out[f, k, 0], out[f, k, 1], out[f, k, 2] = x * scale, y * scale, z * scale

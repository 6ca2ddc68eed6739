"""Kernels of winding.py: solid angles summed over a tree of faces, and signed crossings of rays along +z.

The tree is complete and binary: the children of node n are 2n+1 and 2n+2, its `first_leaf` inner nodes
come first, and leaf l holds the rows [l * leaf_size, (l + 1) * leaf_size) of `corners` (faces, 3, 3).
"""

import math

import numpy as np

from rrb._jit import inline, kernel

DEEPEST = 64  # a depth-first walk keeps at most one node a level waiting


@inline
def _tangent_parts(corners, face, x, y, z):
    """(numerator, denominator) of tan(half the solid angle) of a face, seen from (x, y, z)."""
    ax, ay, az = corners[face, 0, 0] - x, corners[face, 0, 1] - y, corners[face, 0, 2] - z
    bx, by, bz = corners[face, 1, 0] - x, corners[face, 1, 1] - y, corners[face, 1, 2] - z
    cx, cy, cz = corners[face, 2, 0] - x, corners[face, 2, 1] - y, corners[face, 2, 2] - z
    a = math.sqrt(ax * ax + ay * ay + az * az)
    b = math.sqrt(bx * bx + by * by + bz * bz)
    c = math.sqrt(cx * cx + cy * cy + cz * cz)
    volume = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    ab = ax * bx + ay * by + az * bz
    bc = bx * cx + by * cy + bz * cz
    ca = cx * ax + cy * ay + cz * az
    return volume, a * b * c + ab * c + bc * a + ca * b


@inline
def _leaf(corners, start, stop, x, y, z):
    """Solid angle of a few faces with one arctangent: half angles add up as complex numbers multiply.

    The product forgets whole turns; one is counted wherever both factors lie on one side of the real axis
    and the product on the other.
    """
    real, imaginary, turns = 1.0, 0.0, 0.0
    for face in range(start, stop):
        sine, cosine = _tangent_parts(corners, face, x, y, z)
        if sine == 0.0:  # seen edge-on, without area, or from a point on the face: no side to be on
            continue
        product = real * sine + imaginary * cosine
        if imaginary > 0.0 and sine > 0.0 and product < 0.0:
            turns += 1.0
        elif imaginary < 0.0 and sine < 0.0 and product > 0.0:
            turns -= 1.0
        real = real * cosine - imaginary * sine
        imaginary = product
    return 2.0 * (math.atan2(imaginary, real) + 2.0 * math.pi * turns)


@inline
def _far_field(moments, node, x, y, z, inverse_square):
    """Solid angle of a node's faces whose centre lies at (x, y, z) from the point: see `winding._series`."""
    m = moments[node]
    dipole = m[4] * x + m[5] * y + m[6] * z
    quadrupole = x * (m[7] * x + m[8] * y + m[9] * z) + y * (m[10] * y + m[11] * z) + m[12] * z * z
    octupole = (
        x * (x * (m[13] * x + m[14] * y + m[15] * z) + y * (m[16] * y + m[17] * z) + m[18] * z * z)
        + y * (y * (m[19] * y + m[20] * z) + m[21] * z * z)
        + m[22] * z * z * z
    )
    series = dipole + inverse_square * (quadrupole + inverse_square * octupole)
    return series * inverse_square * math.sqrt(inverse_square)


@kernel()
def tree_winding(points, moments, corners, first_leaf, leaf_size, beta, out):
    """out[i] = winding number at points[i]; a node further than beta * its radius is seen as a multipole."""
    waiting = np.empty(DEEPEST, np.int64)
    beta_square = beta * beta
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        angle = 0.0
        waiting[0] = 0
        count = 1
        while count > 0:
            count -= 1
            node = waiting[count]
            dx, dy, dz = moments[node, 0] - x, moments[node, 1] - y, moments[node, 2] - z
            square = dx * dx + dy * dy + dz * dz
            if square > 1e60 * moments[node, 3]:  # nothing to see, and its terms would overflow
                continue
            if square > beta_square * moments[node, 3]:
                angle += _far_field(moments, node, dx, dy, dz, 1.0 / square)
            elif node >= first_leaf:
                start = (node - first_leaf) * leaf_size
                angle += _leaf(corners, start, start + leaf_size, x, y, z)
            else:
                waiting[count] = 2 * node + 1
                waiting[count + 1] = 2 * node + 2
                count += 2
        out[i] = angle / (4.0 * math.pi)


@inline
def _edge_crossing(corners, face, i, j, x, y):
    """+1 or -1 where edge i -> j passes to the right of (x, y) going up or down in the xy plane, else 0.

    The edge is always evaluated from its lower to its upper end, so that both faces that share it agree.
    """
    if corners[face, i, 1] <= y < corners[face, j, 1]:
        low, high, sign = i, j, 1
    elif corners[face, j, 1] <= y < corners[face, i, 1]:
        low, high, sign = j, i, -1
    else:
        return 0
    low_x, low_y = corners[face, low, 0], corners[face, low, 1]
    high_x, high_y = corners[face, high, 0], corners[face, high, 1]
    left_of = (high_x - low_x) * (y - low_y) - (x - low_x) * (high_y - low_y)
    return sign if left_of > 0.0 else 0


@inline
def _turns_in_plane(corners, face, x, y):
    """How often the face, seen along z, goes round (x, y): 1 if it faces +z, -1 if -z, 0 if it misses."""
    return (
        _edge_crossing(corners, face, 0, 1, x, y)
        + _edge_crossing(corners, face, 1, 2, x, y)
        + _edge_crossing(corners, face, 2, 0, x, y)
    )


@inline
def _height(corners, face, x, y):
    """z of the face's plane at (x, y), kept within the face's own range, which a steep face needs."""
    ax, ay, az = corners[face, 0, 0], corners[face, 0, 1], corners[face, 0, 2]
    ux, uy, uz = corners[face, 1, 0] - ax, corners[face, 1, 1] - ay, corners[face, 1, 2] - az
    vx, vy, vz = corners[face, 2, 0] - ax, corners[face, 2, 1] - ay, corners[face, 2, 2] - az
    area = ux * vy - uy * vx
    if area == 0.0:
        return az
    s = ((x - ax) * vy - (y - ay) * vx) / area
    t = (ux * (y - ay) - uy * (x - ax)) / area
    z = az + s * uz + t * vz
    low = min(az, min(az + uz, az + vz))
    high = max(az, max(az + uz, az + vz))
    return min(max(z, low), high)


@kernel()
def ray_winding(points, boxes, corners, first_leaf, leaf_size, out):
    """out[i] = signed crossings of the ray from points[i] along +z: a closed mesh's winding number.

    boxes (nodes, 6): x, y, z from, x, y, z to.
    """
    waiting = np.empty(DEEPEST, np.int64)
    for i in range(points.shape[0]):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        crossings = 0
        waiting[0] = 0
        count = 1
        while count > 0:
            count -= 1
            node = waiting[count]
            if x < boxes[node, 0] or x > boxes[node, 3] or y < boxes[node, 1] or y > boxes[node, 4]:
                continue
            if z >= boxes[node, 5]:
                continue
            if node < first_leaf:
                waiting[count] = 2 * node + 1
                waiting[count + 1] = 2 * node + 2
                count += 2
                continue
            start = (node - first_leaf) * leaf_size
            for face in range(start, start + leaf_size):
                turns = _turns_in_plane(corners, face, x, y)
                if turns != 0 and _height(corners, face, x, y) > z:
                    crossings += turns
        out[i] = crossings


@inline
def _centres_below(value, start, size, count):
    """How many of the centres start + (k + 0.5) * size, k = 0..count-1, lie below a value."""
    return int(min(max(math.ceil((value - start) / size - 0.5), 0.0), float(count)))


@kernel()
def column_crossings(corners, origin, size, first_column, crossings):
    """crossings[i, j, k] += sign for each face that column (first_column + i, j) crosses above k centres.

    crossings (columns in x, Ny, Nz + 1) int32: summed from the far end it is a closed mesh's winding number
    at the voxels' centres. Every column is one ray along z, so the cost hardly depends on Nz.
    """
    nx, ny, nz = crossings.shape[0], crossings.shape[1], crossings.shape[2] - 1
    start_x = origin[0] + first_column * size
    for face in range(corners.shape[0]):
        low_x = min(corners[face, 0, 0], min(corners[face, 1, 0], corners[face, 2, 0]))
        high_x = max(corners[face, 0, 0], max(corners[face, 1, 0], corners[face, 2, 0]))
        low_y = min(corners[face, 0, 1], min(corners[face, 1, 1], corners[face, 2, 1]))
        high_y = max(corners[face, 0, 1], max(corners[face, 1, 1], corners[face, 2, 1]))
        # One column more on either side: which columns a face touches is decided by its edges alone.
        from_i = max(_centres_below(low_x, start_x, size, nx) - 1, 0)
        to_i = min(_centres_below(high_x, start_x, size, nx) + 1, nx)
        from_j = max(_centres_below(low_y, origin[1], size, ny) - 1, 0)
        to_j = min(_centres_below(high_y, origin[1], size, ny) + 1, ny)
        for i in range(from_i, to_i):
            x = origin[0] + (first_column + i + 0.5) * size
            for j in range(from_j, to_j):
                y = origin[1] + (j + 0.5) * size
                turns = _turns_in_plane(corners, face, x, y)
                if turns != 0:
                    z = _height(corners, face, x, y)
                    crossings[i, j, _centres_below(z, origin[2], size, nz)] += turns

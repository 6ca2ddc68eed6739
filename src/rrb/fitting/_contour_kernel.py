"""Levenberg-Marquardt on contours: kernels of `second_order` and `search`.

A state is (14,): R row by row, t (m), log of the scale, log of the focal length over the camera's. Residuals are
in pixels of the observed window. Of each rendered contour point, the distance to the tangent of the nearest
observed one that faces the same way; of each observed point, the distance along its normal to the rendered
contour met on its own row or column. Both pull, so parts that only one of the two has count as well. Points
are weighted to count by arc length, and each of the two sums is divided by the length it was taken over: a pose
is not better for drawing less. A rendered point is where the surface is seen edge-on (or ends); its pixel
moves as the surface point does, to first order, so the Jacobian is that of a fixed point.

The robust loss is Geman's and McClure's, r^2 c^2 / (c^2 + r^2) / 2, as a share of its limit c^2 / 2: 0 where
the contours agree, 1 where nothing does. What finds no partner counts as 1 and pulls nowhere.
"""

import math

import numpy as np

from rrb._jit import inline, inline_early, kernel
from rrb.fitting._observed_kernel import sector
from rrb.raster.approximations._antialias_kernel import count_layers, cover, find_crossings

_AGREE = 0.3  # the least cosine between the normals of partners
_TILE = 16.0  # pixels: forces on the contour are added up in tiles this wide


@inline
def project(vertices, state, lens, stride, image_points):
    """Fill image_points (V, 3): pixels of a picture `stride` times smaller, and depth. Returns whether z > 0."""
    scale, focal = math.exp(state[12]), math.exp(state[13])
    fx, fy, cx, cy = lens[0] * focal / stride, lens[1] * focal / stride, lens[2] / stride, lens[3] / stride
    nearest, farthest = np.inf, 0.0
    for v in range(vertices.shape[0]):
        x, y, z = vertices[v, 0] * scale, vertices[v, 1] * scale, vertices[v, 2] * scale
        depth = state[6] * x + state[7] * y + state[8] * z + state[11]
        image_points[v, 0] = fx * (state[0] * x + state[1] * y + state[2] * z + state[9]) / depth + cx
        image_points[v, 1] = fy * (state[3] * x + state[4] * y + state[5] * z + state[10]) / depth + cy
        image_points[v, 2] = depth
        nearest, farthest = min(nearest, depth), max(farthest, depth)
    return nearest > 1e-3 * farthest


@inline_early
def surface_point(vertices, state, scale, image_points, a, b, share):
    """Camera-frame point of edge ab, given how far along the edge it lies in the image."""
    wa, wb = (1.0 - share) / image_points[a, 2], share / image_points[b, 2]
    t = wb / (wa + wb)
    x = scale * ((1.0 - t) * vertices[a, 0] + t * vertices[b, 0])
    y = scale * ((1.0 - t) * vertices[a, 1] + t * vertices[b, 1])
    z = scale * ((1.0 - t) * vertices[a, 2] + t * vertices[b, 2])
    # Relative to the object's origin, in the camera frame.
    return (
        state[0] * x + state[1] * y + state[2] * z,
        state[3] * x + state[4] * y + state[5] * z,
        state[6] * x + state[7] * y + state[8] * z,
    )


@inline_early
def jacobian(state, lens, focal, px, py, pz, nx, ny, row):
    """Fill row (9,) with how a residual moves with rotation, translation, log scale, log focal, and the last.

    The last is by how many pixels the mask is too large all around: no step takes it, but see `judge`.
    """
    fx, fy = lens[0] * focal, lens[1] * focal
    x, y, z = px + state[9], py + state[10], pz + state[11]
    gx, gy = nx * fx / z, ny * fy / z
    gz = -(gx * x + gy * y) / z
    row[0] = py * gz - pz * gy
    row[1] = pz * gx - px * gz
    row[2] = px * gy - py * gx
    row[3], row[4], row[5] = gx, gy, gz
    row[6] = gx * px + gy * py + gz * pz
    row[7] = gx * x + gy * y
    row[8] = 1.0


@inline_early
def line_place(image_points, a, b, by_column, line):
    """(share of the way from a to b, normal x, normal y) where edge ab crosses a line of centres."""
    xa, ya = image_points[a, 0], image_points[a, 1]
    dx, dy = image_points[b, 0] - xa, image_points[b, 1] - ya
    along = (line + 0.5 - xa) / dx if by_column else (line + 0.5 - ya) / dy
    length = math.sqrt(dx * dx + dy * dy)
    return along, dy / length, -dx / length


@inline
def outward(nx, ny, by_column, lower):
    """The normal turned out of the surface, which lies on the lower side of its line or not."""
    component = ny if by_column else nx
    return (nx, ny) if (component > 0.0) == lower else (-nx, -ny)


@inline_early
def add(normal_matrix, gradient, row, weight, residual):
    for i in range(9):
        w = weight * row[i]
        gradient[i] += w * residual
        for j in range(i + 1):
            normal_matrix[i, j] += w * row[j]


@inline_early
def tell_tile(tiles, x, y, nx, ny, weight, residual):
    """Note a residual's force on the contour in the tile of the window that it lies in, and its weight."""
    if tiles.shape[0]:
        i = min(int(y / _TILE), tiles.shape[0] - 1)
        j = min(int(x / _TILE), tiles.shape[1] - 1)
        tiles[i, j, 0] += weight * residual * nx
        tiles[i, j, 1] += weight * residual * ny
        tiles[i, j, 2] += weight


@inline
def keep_outer(crossings, positions, chains):
    """Leave in each row's and column's chain only the first and last crossing, if the surface lies between.

    The others are marked by a negative code.
    """
    for line in range(chains.shape[0]):
        first, last, at = -1, -1, chains[line]
        while at >= 0:
            if first < 0 or positions[at] < positions[first]:
                first = at
            if last < 0 or positions[at] > positions[last]:
                last = at
            at = crossings[at, 5]
        if first >= 0 and crossings[first, 4] & 1:
            first = -1
        if last >= 0 and crossings[last, 4] & 1 == 0:
            last = -1
        at = chains[line]
        chains[line] = -1
        while at >= 0:
            following = crossings[at, 5]
            if at in (first, last):
                crossings[at, 5], chains[line] = chains[line], at
            else:
                crossings[at, 4] = -1
            at = following


@inline
def evaluate(mesh, lens, observed, stride, reach, hull, state, work, normal_matrix, gradient, tiles):
    """The cost in [0, 2], rms of the residuals in px; fill the normal matrix (lower half) and the gradient.

    mesh: vertices, faces, face_edges, edge_vertices; observed: bits, points, normals, lines, near, far, cell.
    `reach` is the c of the robust loss. With `hull` only the outermost contour points of each row and column
    count: bars and slats, each as good as its neighbour, do not hold the pose where it is. A pose that no
    picture can be drawn of costs infinitely much.
    """
    vertices, faces, face_edges, edge_vertices = mesh
    bits, points, normals, lines, outer, near, far, cell = observed
    image_points, layers, image, row = work
    normal_matrix[:] = 0.0
    gradient[:] = 0.0
    tiles[:] = 0.0
    if not project(vertices, state, lens, float(stride), image_points):
        return np.inf, np.inf
    in_front = count_layers(image_points, faces, face_edges, 0.0, layers)
    cover(image_points, faces, edge_vertices, layers, in_front, 0.0, 0, image.shape[0], image)
    crossings, positions, chains = find_crossings(image_points, edge_vertices, layers, 0.0, image, True)

    if hull:
        keep_outer(crossings, positions, chains)
    height, width = bits.shape
    lines_down = image.shape[0]
    reach2 = reach * reach
    scale, focal = math.exp(state[12]), math.exp(state[13])
    squares = 0.0
    # The lengths are known only afterwards: each half is added up on its own, then both are joined.
    total, loss = 0.0, 0.0
    for i in range(crossings.shape[0]):
        if crossings[i, 4] < 0:
            continue
        by_column, lower = (crossings[i, 4] & 2) != 0, (crossings[i, 4] & 1) != 0
        line = crossings[i, 1] if by_column else crossings[i, 0]
        x = stride * (line + 0.5 if by_column else positions[i])
        y = stride * (positions[i] if by_column else line + 0.5)
        column_px, row_px = min(int(x), width - 1), min(int(y), height - 1)
        if bits[row_px, column_px] & 2 == 0:
            continue
        a, b = crossings[i, 2], crossings[i, 3]
        share, mx, my = line_place(image_points, a, b, by_column, line)
        if (abs(my) < abs(mx)) == by_column:
            continue  # a flat contour is met by columns, a steep one by rows
        mx, my = outward(mx, my, by_column, lower)
        weight = 1.0 / (abs(my) if by_column else abs(mx))  # its length between two lines
        total += weight
        partner = -1 if hull else near[row_px, column_px]
        if partner < 0 or normals[partner, 0] * mx + normals[partner, 1] * my < _AGREE:
            cell_row, cell_column = min(int(y / cell), far.shape[1] - 1), min(int(x / cell), far.shape[2] - 1)
            partner = far[sector(mx, my) + (4 if hull else 0), cell_row, cell_column]
            if partner < 0 or normals[partner, 0] * mx + normals[partner, 1] * my < _AGREE:
                loss += weight
                continue
        nx, ny = normals[partner, 0], normals[partner, 1]
        residual = nx * (x - points[partner, 0]) + ny * (y - points[partner, 1])
        trust = reach2 / (reach2 + residual * residual)
        loss += weight * (1.0 - trust)
        squares += weight * residual * residual * trust
        px, py, pz = surface_point(vertices, state, scale, image_points, a, b, share)
        jacobian(state, lens, focal, px, py, pz, nx, ny, row)
        weight *= trust * trust / reach2
        add(normal_matrix, gradient, row, weight, residual)
        tell_tile(tiles, x, y, nx, ny, weight, residual)
    if total == 0.0:
        return np.inf, np.inf
    drawn = 1.0 / total
    cost = loss / total
    rms = squares / total
    for i in range(9):
        gradient[i] *= drawn
        for j in range(i + 1):
            normal_matrix[i, j] *= drawn
    if tiles.shape[0]:
        tiles *= drawn

    total, loss, squares = 0.0, 0.0, 0.0
    for n in range(points.shape[0]):
        on_column = lines[n] < 0
        number = -1 - lines[n] if on_column else lines[n]
        if number % stride != stride // 2 or (hull and not outer[n]):
            continue
        nx, ny = abs(normals[n, 0]), abs(normals[n, 1])
        if (ny < nx) != on_column:
            total += 1.0 / (ny if on_column else nx)
    if total == 0.0:
        return np.inf, np.inf
    seen = 1.0 / total
    for n in range(points.shape[0]):
        on_column = lines[n] < 0
        number = -1 - lines[n] if on_column else lines[n]
        if number % stride != stride // 2 or (hull and not outer[n]):
            continue
        nx, ny = normals[n, 0], normals[n, 1]
        if (abs(ny) < abs(nx)) == on_column:
            continue
        weight = 1.0 / (abs(ny) if on_column else abs(nx))
        x, y = points[n, 0], points[n, 1]
        best, found = np.inf, -1
        for by_column in (False, True):
            component = ny if by_column else nx
            if abs(component) < 0.2:
                continue
            line = int((x if by_column else y) / stride)
            side = 1 if component > 0.0 else 0
            at = chains[line + lines_down] if by_column else chains[line]
            while at >= 0:
                if (crossings[at, 4] & 1) == side:
                    place = stride * positions[at]
                    off = stride * (line + 0.5) - (x if by_column else y)
                    d = (place - (y if by_column else x)) ** 2 + off * off
                    if d < best:
                        best, found = d, at
                at = crossings[at, 5]
        if found < 0:
            loss += weight
            continue
        by_column, lower = (crossings[found, 4] & 2) != 0, (crossings[found, 4] & 1) != 0
        line = crossings[found, 1] if by_column else crossings[found, 0]
        a, b = crossings[found, 2], crossings[found, 3]
        share, mx, my = line_place(image_points, a, b, by_column, line)
        mx, my = outward(mx, my, by_column, lower)
        if mx * nx + my * ny < _AGREE:
            loss += weight
            continue
        rx = stride * (line + 0.5 if by_column else positions[found])
        ry = stride * (positions[found] if by_column else line + 0.5)
        residual = nx * (rx - x) + ny * (ry - y)
        trust = reach2 / (reach2 + residual * residual)
        loss += weight * (1.0 - trust)
        squares += weight * residual * residual * trust
        px, py, pz = surface_point(vertices, state, scale, image_points, a, b, share)
        jacobian(state, lens, focal, px, py, pz, nx, ny, row)
        weight *= trust * trust / reach2 * seen
        add(normal_matrix, gradient, row, weight, residual)
        tell_tile(tiles, x, y, nx, ny, weight, residual)
    cost += loss * seen
    rms += squares * seen
    return cost, math.sqrt(0.5 * rms)


@inline
def solve(matrix, vector, m, answer):
    """Solve the symmetric positive definite (m, m) system by Cholesky; whether that was possible."""
    for i in range(m):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i == j:
                if not total > 0.0:
                    return False
                matrix[i, i] = math.sqrt(total)
            else:
                matrix[i, j] = total / matrix[j, j]
    for i in range(m):
        total = vector[i]
        for k in range(i):
            total -= matrix[i, k] * answer[k]
        answer[i] = total / matrix[i, i]
    for i in range(m - 1, -1, -1):
        total = answer[i]
        for k in range(i + 1, m):
            total -= matrix[k, i] * answer[k]
        answer[i] = total / matrix[i, i]
    return True


@inline
def turn(state, wx, wy, wz):
    """R <- exp([w]x) R."""
    angle2 = wx * wx + wy * wy + wz * wz
    angle = math.sqrt(angle2)
    first = math.sin(angle) / angle if angle > 1e-6 else 1.0 - angle2 / 6.0
    second = (1.0 - math.cos(angle)) / angle2 if angle > 1e-4 else 0.5 - angle2 / 24.0
    for column in range(3):
        x, y, z = state[column], state[3 + column], state[6 + column]
        cx, cy, cz = wy * z - wz * y, wz * x - wx * z, wx * y - wy * x
        state[column] = x + first * cx + second * (wy * cz - wz * cy)
        state[3 + column] = y + first * cy + second * (wz * cx - wx * cz)
        state[6 + column] = z + first * cz + second * (wx * cy - wy * cx)


@inline
def set_angles(state, azimuth, elevation, roll):
    """R of a viewpoint, as `matrix_from_viewpoint`."""
    ca, sa = math.cos(azimuth), math.sin(azimuth)
    ce, se = math.cos(elevation), math.sin(elevation)
    cr, sr = math.cos(roll), math.sin(roll)
    right0, right2 = -ca, -sa
    down0, down1, down2 = se * sa, -ce, -se * ca
    state[0], state[1], state[2] = cr * right0 - sr * down0, -sr * down1, cr * right2 - sr * down2
    state[3], state[4], state[5] = sr * right0 + cr * down0, cr * down1, sr * right2 + cr * down2
    state[6], state[7], state[8] = -ce * sa, -se, ce * ca


@inline
def wrapped(angle, middle):
    """The angle plus the whole turns that bring it nearest to `middle`; NaN asks for none."""
    if middle != middle:
        return angle
    return angle - 2.0 * math.pi * round((angle - middle) / (2.0 * math.pi))


@inline
def coordinates(state, angles, start, middles, values, basis):
    """Fill values (8,) of the coordinates and basis (3, 3): the rotation vector of a step in each of the first three.

    Without angles the first three values are the rotation vector that turns `start` to R.
    """
    basis[:] = 0.0
    if angles:
        level = math.hypot(state[6], state[8])
        ux, uy = state[1], state[4]
        if level > 1e-9:
            azimuth, roll = math.atan2(-state[6], state[8]), math.atan2(ux, -uy)
        else:
            azimuth, roll = math.atan2(-state[2], -state[0]), 0.0
        values[0] = wrapped(azimuth, middles[0])
        values[1] = math.atan2(-state[7], level)
        values[2] = wrapped(roll, middles[2])
        basis[0, 0], basis[1, 0], basis[2, 0] = state[1], state[4], state[7]
        basis[0, 1], basis[1, 1] = math.cos(roll), math.sin(roll)
        basis[2, 2] = 1.0
    else:
        # R start^T is exp([w]x): its antisymmetric part is sin|w| w / |w|, its trace 1 + 2 cos|w|.
        for k in range(3):
            basis[k, k] = 1.0
        i21 = state[6] * start[3] + state[7] * start[4] + state[8] * start[5]
        i12 = state[3] * start[6] + state[4] * start[7] + state[5] * start[8]
        i02 = state[0] * start[6] + state[1] * start[7] + state[2] * start[8]
        i20 = state[6] * start[0] + state[7] * start[1] + state[8] * start[2]
        i10 = state[3] * start[0] + state[4] * start[1] + state[5] * start[2]
        i01 = state[0] * start[3] + state[1] * start[4] + state[2] * start[5]
        x, y, z = 0.5 * (i21 - i12), 0.5 * (i02 - i20), 0.5 * (i10 - i01)
        sine, trace = math.sqrt(x * x + y * y + z * z), 0.0
        for k in range(9):
            trace += state[k] * start[k]
        longer = math.atan2(sine, 0.5 * (trace - 1.0)) / sine if sine > 1e-9 else 1.0
        values[0], values[1], values[2] = longer * x, longer * y, longer * z
    for k in range(5):
        values[3 + k] = state[9 + k]


@inline
def prior_cost(values, prior_mean, prior_weight):
    total = 0.0
    for k in range(8):
        if prior_weight[k] > 0.0:
            total += 0.5 * prior_weight[k] * (values[k] - prior_mean[k]) ** 2
    return total


@inline
def height_of(state, lowest):
    """Of the camera above the ground that the object stands on; `lowest` is its lowest y as stored."""
    return -(state[1] * state[9] + state[4] * state[10] + state[7] * state[11]) - math.exp(state[12]) * lowest


@inline
def height_row(state, lowest, basis, row):
    """Fill row (8,) with how the height moves with each coordinate."""
    ux, uy, uz = state[1], state[4], state[7]
    tx, ty, tz = state[9], state[10], state[11]
    hx, hy, hz = -(uy * tz - uz * ty), -(uz * tx - ux * tz), -(ux * ty - uy * tx)
    for k in range(3):
        row[k] = hx * basis[0, k] + hy * basis[1, k] + hz * basis[2, k]
    row[3], row[4], row[5] = -ux, -uy, -uz
    row[6] = -math.exp(state[12]) * lowest
    row[7] = 0.0


@inline
def to_height(state, freedom):
    """Move the state to the known camera height, if there is one, by what may move; bounds come first.

    Where size and place are both free, both are scaled, which changes no picture.
    """
    moves, lower, upper, height, lowest = freedom[0], freedom[2], freedom[3], freedom[7], freedom[8]
    if not height > 0.0:
        return
    now = height_of(state, lowest)
    places = moves[3] and moves[4] and moves[5]
    if places and moves[6] and now > 0.0:
        factor = height / now
        for k in range(9, 12):
            state[k] *= factor
        state[12] += math.log(factor)
    elif moves[6] and not (moves[3] or moves[4] or moves[5]):
        size = (height - now) / -lowest + math.exp(state[12]) if lowest != 0.0 else -1.0
        if size > 0.0:
            state[12] = math.log(size)
    for k in range(5):
        state[9 + k] = min(max(state[9 + k], lower[3 + k]), upper[3 + k])
    # What is left, straight up or down, as far as the place may move.
    off, length = height - height_of(state, lowest), 0.0
    for k in range(3):
        if moves[3 + k]:
            length += state[1 + 3 * k] ** 2
    if length > 1e-12:
        for k in range(3):
            if moves[3 + k]:
                moved = state[9 + k] - off * state[1 + 3 * k] / length
                state[9 + k] = min(max(moved, lower[3 + k]), upper[3 + k])


@inline
def step_from(state, normal_matrix, gradient, damping, freedom, worth, step, room):
    """Fill step (8,) in the coordinates; whether there is one. Bounds are kept, a known height is approached."""
    moves, angles, lower, upper, prior_mean, prior_weight, start, height, lowest, middles = freedom
    values, basis, full, reduced, vector, answer, row, index = room
    coordinates(state, angles, start, middles, values, basis)
    # To the coordinates: only the first three differ.
    for i in range(8):
        for j in range(8):
            full[i, j] = normal_matrix[max(i, j), min(i, j)]
    if angles:
        for i in range(3, 8):
            for k in range(3):
                reduced[k, 0] = 0.0
                for q in range(3):
                    reduced[k, 0] += basis[q, k] * normal_matrix[i, q]
            for k in range(3):
                full[i, k] = full[k, i] = reduced[k, 0]
        for k in range(3):
            for n in range(3):
                total = 0.0
                for p in range(3):
                    for q in range(3):
                        total += basis[p, k] * normal_matrix[max(p, q), min(p, q)] * basis[q, n]
                full[k, n] = total
    for i in range(8):
        vector[i] = gradient[i]
    if angles:
        for k in range(3):
            vector[k] = basis[0, k] * gradient[0] + basis[1, k] * gradient[1] + basis[2, k] * gradient[2]
    for k in range(8):
        full[k, k] *= 1.0 + damping
        if prior_weight[k] > 0.0:
            vector[k] += worth * prior_weight[k] * (values[k] - prior_mean[k])
            full[k, k] += worth * prior_weight[k]
    m = 0
    for k in range(8):
        step[k] = 0.0
        held = (values[k] <= lower[k] and vector[k] > 0.0) or (values[k] >= upper[k] and vector[k] < 0.0)
        if moves[k] and not held:
            index[m] = k
            m += 1
    pivot, offset = -1, 0.0
    if height > 0.0:
        height_row(state, lowest, basis, row)
        largest = 0.0
        for i in range(m):
            # Of the lengths, so that no angle is solved for.
            if index[i] >= 3 and abs(row[index[i]]) > largest:
                largest, pivot = abs(row[index[i]]), index[i]
        if pivot >= 0:
            # step[pivot] = offset - sum over the others of row[k] / row[pivot] * step[k]
            offset = (height - height_of(state, lowest)) / row[pivot]
    n = 0
    for i in range(m):
        if index[i] != pivot:
            index[n] = index[i]
            n += 1
    if n == 0 and pivot < 0:
        return False
    for i in range(n):
        p = index[i]
        ratio = row[p] / row[pivot] if pivot >= 0 else 0.0
        answer[i] = -vector[p]
        if pivot >= 0:
            answer[i] += ratio * (vector[pivot] + full[pivot, pivot] * offset) - full[p, pivot] * offset
        for j in range(i + 1):
            q = index[j]
            reduced[i, j] = full[p, q]
            if pivot >= 0:
                other = row[q] / row[pivot]
                reduced[i, j] += (
                    ratio * other * full[pivot, pivot] - ratio * full[pivot, q] - other * full[p, pivot]
                )
    for i in range(n):
        vector[i] = answer[i]
        if not reduced[i, i] > 0.0:
            reduced[i, i] = 1.0  # nothing pulls here
    if not solve(reduced, vector, n, answer):
        return False
    if pivot >= 0:
        step[pivot] = offset
    for i in range(n):
        step[index[i]] = answer[i]
        if pivot >= 0:
            step[pivot] -= row[index[i]] / row[pivot] * answer[i]
    for k in range(8):
        step[k] = min(max(step[k], lower[k] - values[k]), upper[k] - values[k])
    return True


@inline
def apply(state, step, angles, values):
    """Move the state by a step in its coordinates, whose values are given."""
    if angles:
        if step[0] != 0.0 or step[1] != 0.0 or step[2] != 0.0:
            set_angles(state, values[0] + step[0], values[1] + step[1], values[2] + step[2])
    else:
        turn(state, step[0], step[1], step[2])
    for k in range(5):
        state[9 + k] += step[3 + k]


@kernel()
def refine(mesh, lens, observed, stages, freedom, length, state, trail, outcome):
    """Move `state` (14,) to the least cost nearby, through stages (S, 4): stride, reach in px, hull, most steps.

    length: of the observed contour in px. Fills trail (T, 15) with the states and their costs on the way and
    outcome (4,): final cost, rms in px, how many states were noted, how many pictures were drawn. The steps of a
    stage never raise its cost.
    """
    bits = observed[0]
    angles, prior_mean, prior_weight = freedom[1], freedom[4], freedom[5]
    start, middles = freedom[6], freedom[9]
    image_points = np.empty(mesh[0].shape)
    layers = np.empty(mesh[3].shape[0] + 1, np.int16)
    row = np.empty(9)
    normal_matrix, gradient = np.zeros((9, 9)), np.zeros(9)
    next_matrix, next_gradient = np.zeros((9, 9)), np.zeros(9)
    tiles = np.empty((0, 0, 3))
    room = (
        np.empty(8),
        np.empty((3, 3)),
        np.empty((8, 8)),
        np.empty((8, 8)),
        np.empty(8),
        np.empty(8),
        np.empty(8),
        np.empty(8, np.int64),
    )
    values, basis = room[0], room[1]
    step, trial = np.zeros(8), np.empty(14)
    noted, drawn = 0, 0
    cost, rms = np.inf, np.inf
    for s in range(stages.shape[0]):
        stride, reach, hull, steps = int(stages[s, 0]), stages[s, 1], stages[s, 2] > 0.0, int(stages[s, 3])
        last = s == stages.shape[0] - 1
        image = np.empty((-(-bits.shape[0] // stride), -(-bits.shape[1] // stride)), np.int16)
        work = (image_points, layers, image, row)
        # What a prior is worth beside the contour: see `confidence.evidence`.
        worth = 4.0 / (length * reach * reach)
        to_height(state, freedom)
        cost, rms = evaluate(
            mesh, lens, observed, stride, reach, hull, state, work, normal_matrix, gradient, tiles
        )
        coordinates(state, angles, start, middles, values, basis)
        cost += worth * prior_cost(values, prior_mean, prior_weight)
        drawn += 1
        if noted < trail.shape[0]:
            trail[noted, :14], trail[noted, 14] = state, cost
            noted += 1
        damping = 1e-3
        for _ in range(steps):
            if not cost < np.inf or not step_from(
                state, normal_matrix, gradient, damping, freedom, worth, step, room
            ):
                break
            trial[:] = state
            apply(trial, step, angles, values)
            to_height(trial, freedom)
            trial_cost, trial_rms = evaluate(
                mesh, lens, observed, stride, reach, hull, trial, work, next_matrix, next_gradient, tiles
            )
            coordinates(trial, angles, start, middles, values, basis)
            trial_cost += worth * prior_cost(values, prior_mean, prior_weight)
            drawn += 1
            if trial_cost < cost:
                gain = (cost - trial_cost) / cost
                state[:] = trial
                cost, rms = trial_cost, trial_rms
                normal_matrix, next_matrix = next_matrix, normal_matrix
                gradient, next_gradient = next_gradient, gradient
                damping = max(damping * 0.2, 1e-5)
                if noted < trail.shape[0]:
                    trail[noted, :14], trail[noted, 14] = state, cost
                    noted += 1
                if gain < (1e-4 if last else 1e-2):
                    break
            else:
                damping = max(damping, 1e-3) * 10.0
                if damping > 20.0:
                    break
    outcome[0], outcome[1], outcome[2], outcome[3] = cost, rms, noted, drawn


@kernel()
def judge(mesh, lens, observed, reach, state, normal_matrix, gradient, tiles, found):
    """Compare the picture at `state` with the mask, both in full.

    Fills normal_matrix (9, 9), gradient (9,), tiles (T, T, 3), unless empty, with the force (2) on the contour in
    each tile and its weight, and found (3,): cost, rms in px, IoU over what is known.
    """
    bits = observed[0]
    height, width = bits.shape
    image = np.empty((height, width), np.int16)
    work = np.empty(mesh[0].shape), np.empty(mesh[3].shape[0] + 1, np.int16), image, np.empty(9)
    found[0], found[1] = evaluate(
        mesh, lens, observed, 1, reach, False, state, work, normal_matrix, gradient, tiles
    )
    for i in range(9):
        for j in range(i):
            normal_matrix[j, i] = normal_matrix[i, j]
    both, either = 0, 0
    if found[0] < np.inf:
        for r in range(height):
            for c in range(width):
                if bits[r, c] & 2:
                    seen, drawn = bits[r, c] & 1, image[r, c] > 0
                    both += 1 if seen and drawn else 0
                    either += 1 if seen or drawn else 0
    found[2] = both / either if either else 0.0


@kernel()
def pulls(mesh, lens, observed, reach, state, steps, gradients):
    """Fill gradients (K, 9) with those of the cost after each of the steps (K, 8) from `state`."""
    image = np.empty(observed[0].shape, np.int16)
    work = np.empty(mesh[0].shape), np.empty(mesh[3].shape[0] + 1, np.int16), image, np.empty(9)
    tiles, normal_matrix = np.empty((0, 0, 3)), np.empty((9, 9))
    there = np.empty(14)
    for k in range(steps.shape[0]):
        there[:] = state
        turn(there, steps[k, 0], steps[k, 1], steps[k, 2])
        for i in range(5):
            there[9 + i] += steps[k, 3 + i]
        evaluate(mesh, lens, observed, 1, reach, False, there, work, normal_matrix, gradients[k], tiles)


@kernel()
def place(points, lens, box, states, first, last):
    """Move states first..last (K, 14) so that the box of the projected points (M, 3) is `box` (4,) at best.

    The middle agrees, and the diagonal; the rotation stays.
    """
    x0, y0, x1, y1 = box
    wanted = math.hypot(x1 - x0, y1 - y0)
    for s in range(first, last):
        state = states[s]
        scale, focal = math.exp(state[12]), math.exp(state[13])
        fx, fy = lens[0] * focal, lens[1] * focal
        radius = 0.0
        for v in range(points.shape[0]):
            radius = max(radius, points[v, 0] ** 2 + points[v, 1] ** 2 + points[v, 2] ** 2)
        radius = scale * math.sqrt(radius)
        z = 2.0 * radius * max(fx, fy) / wanted + radius
        x, y = (0.5 * (x0 + x1) - lens[2]) / fx * z, (0.5 * (y0 + y1) - lens[3]) / fy * z
        for _ in range(6):
            left, top, right, bottom = np.inf, np.inf, -np.inf, -np.inf
            for v in range(points.shape[0]):
                px, py, pz = scale * points[v, 0], scale * points[v, 1], scale * points[v, 2]
                depth = max(state[6] * px + state[7] * py + state[8] * pz + z, 1e-2 * z)
                u = fx * (state[0] * px + state[1] * py + state[2] * pz + x) / depth
                w = fy * (state[3] * px + state[4] * py + state[5] * pz + y) / depth
                left, right = min(left, u), max(right, u)
                top, bottom = min(top, w), max(bottom, w)
            ratio = math.hypot(right - left, bottom - top) / wanted
            x += (0.5 * (x0 + x1 - left - right) - lens[2]) / fx * z
            y += (0.5 * (y0 + y1 - top - bottom) - lens[3]) / fy * z
            x, y, z = x * ratio, y * ratio, z * ratio
        state[9], state[10], state[11] = x, y, z


@kernel()
def overlap(mesh, lens, share, known, stride, states, first, last, answer):
    """Fill answer (K,) for states first..last with the IoU against share (h, w): how much of each cell is mask.

    A cell is `stride` pixels wide and counts by known (h, w), its known share.
    """
    image_points = np.empty(mesh[0].shape)
    layers = np.empty(mesh[3].shape[0] + 1, np.int16)
    image = np.empty(share.shape, np.int16)
    for s in range(first, last):
        answer[s] = 0.0
        if not project(mesh[0], states[s], lens, float(stride), image_points):
            continue
        in_front = count_layers(image_points, mesh[1], mesh[2], 0.0, layers)
        cover(image_points, mesh[1], mesh[3], layers, in_front, 0.0, 0, image.shape[0], image)
        both, either = 0.0, 1e-9
        for r in range(image.shape[0]):
            for c in range(image.shape[1]):
                if image[r, c] > 0:
                    both += share[r, c]
                    either += known[r, c]
                else:
                    either += share[r, c]
        answer[s] = both / either

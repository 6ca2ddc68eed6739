"""Shading of fragments in linear light: patterns, sky, sun, shadows, gloss; and what a camera does afterwards."""

import math

import numpy as np

from rrb._jit import inline, kernel
from rrb.raster._fragments_kernel import weights

# Columns of the table of materials.
COLOUR, SECOND, PATTERN, PERIOD, AXIS, ROUGHNESS, METALLIC, SEED = 0, 3, 6, 7, 8, 9, 10, 11
STRIPES, CHECKS, GRAIN, WEAVE, SPECKLE = 1, 2, 3, 4, 5  # 0 is plain
_GRAIN_MEAN = 0.7 / 3 + 0.3 / 2  # of `second_share`; of the other patterns it is a half
_DIELECTRIC = 0.04  # what glass and plastic reflect at right angles


# --- patterns ---------------------------------------------------------------------------------------


@inline
def hashed(x, y, z, seed):
    """A number in [0, 1) for three whole ones."""
    h = (x * 73856093) ^ (y * 19349663) ^ (z * 83492791) ^ (seed * 2654435761)
    h &= 0xFFFFFFFF
    h = ((h ^ (h >> 15)) * 2246822519) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 3266489917) & 0xFFFFFFFF
    return (h ^ (h >> 16)) / 4294967296.0


@inline
def smooth_noise(x, y, z, seed):
    """In [0, 1], continuous, about one bump a unit."""
    fx, fy, fz = math.floor(x), math.floor(y), math.floor(z)
    i, j, k = int(fx), int(fy), int(fz)
    u, v, w = x - fx, y - fy, z - fz
    u, v, w = u * u * (3 - 2 * u), v * v * (3 - 2 * v), w * w * (3 - 2 * w)
    total = 0.0
    for di in range(2):
        for dj in range(2):
            for dk in range(2):
                share = (u if di else 1 - u) * (v if dj else 1 - v) * (w if dk else 1 - w)
                total += share * hashed(i + di, j + dj, k + dk, seed)
    return total


@inline
def second_share(pattern, x, y, z, axis, seed):
    """How much of the second colour is seen at a place, in periods."""
    if pattern == STRIPES:
        along = x if axis == 0 else (y if axis == 1 else z)
        return 1.0 if (along - math.floor(along)) < 0.5 else 0.0
    if pattern == CHECKS:  # shifted, so that no check's border lies on a face through the middle
        return float((math.floor(x + 0.237) + math.floor(y + 0.237) + math.floor(z + 0.237)) % 2)
    if pattern == GRAIN:
        # Rings around a line off the object's middle, along the grain; noise that is long along it.
        a, b, c = (y, z, x) if axis == 0 else ((x, z, y) if axis == 1 else (x, y, z))
        bent = 1.5 * smooth_noise(0.3 * a, 0.3 * b, 0.05 * c, seed)
        ring = math.sqrt((a + 4.0) ** 2 + (b + 7.0) ** 2) + bent
        share = ring - math.floor(ring)
        return 0.7 * share * share + 0.3 * smooth_noise(4 * a, 4 * b, 0.2 * c, seed + 1)
    if pattern == WEAVE:
        turn = 2.0 * math.pi
        return 0.5 + 0.5 * math.sin(turn * x) * math.sin(turn * (y + 0.25)) * math.sin(turn * (z + 0.125))
    if pattern == SPECKLE:
        return smooth_noise(x, y, z, seed)
    return 0.0


# --- light ------------------------------------------------------------------------------------------


@inline
def sky_light(sky, channel, x, y, z):
    """Brightness by a direction: nine coefficients of real spherical harmonics, not below 0."""
    value = 0.28209479177387814 * sky[0, channel]
    value += 0.4886025119029199 * (sky[1, channel] * y + sky[2, channel] * z + sky[3, channel] * x)
    value += 1.0925484305920792 * (
        sky[4, channel] * x * y + sky[5, channel] * y * z + sky[7, channel] * x * z
    )
    value += 0.31539156525252005 * sky[6, channel] * (3 * z * z - 1)
    value += 0.5462742152960396 * sky[8, channel] * (x * x - y * y)
    return max(value, 0.0)


@inline
def sun_reaches(shadow_map, shadow_from_world, x, y, z, slack):
    """Share of four places around a point of the world that the sun sees.

    shadow_map (S, S): 1 / depth from the sun, 0 for none. shadow_from_world (3, 4): to columns, rows, depth.
    """
    u = shadow_from_world[0, 0] * x + shadow_from_world[0, 1] * y + shadow_from_world[0, 2] * z
    v = shadow_from_world[1, 0] * x + shadow_from_world[1, 1] * y + shadow_from_world[1, 2] * z
    d = shadow_from_world[2, 0] * x + shadow_from_world[2, 1] * y + shadow_from_world[2, 2] * z
    u += shadow_from_world[0, 3]
    v += shadow_from_world[1, 3]
    inverse = 1.0 / (d + shadow_from_world[2, 3] - slack)
    seen = 0.0
    for i in range(4):
        column, row = math.floor(u + (i % 2) - 0.5), math.floor(v + (i // 2) - 0.5)
        outside = column < 0 or row < 0 or column >= shadow_map.shape[1] or row >= shadow_map.shape[0]
        if outside or shadow_map[row, column] <= inverse:
            seen += 0.25
    return seen


# --- one sample -------------------------------------------------------------------------------------


@inline
def lit(material, materials, px, py, pz, nx, ny, nz, ex, ey, ez, light, footprint, sky, sun, to_sun, out):
    """out (3,): linear colour of a surface at object coordinates p with a world normal n seen from direction e.

    light: the share of the sun that arrives. footprint: metres between neighbouring samples on the surface: what
    is finer is seen as its mean.
    """
    row = materials[material]
    period, pattern = row[PERIOD], int(row[PATTERN])
    mix = 0.0
    if pattern:
        mix = second_share(pattern, px / period, py / period, pz / period, int(row[AXIS]), int(row[SEED]))
        resolved = min(max(period / (2.0 * footprint) - 0.5, 0.0), 1.0)
        mean = _GRAIN_MEAN if pattern == GRAIN else 0.5
        mix = mean + (mix - mean) * resolved
    rough, metallic = row[ROUGHNESS], row[METALLIC]
    facing = max(nx * ex + ny * ey + nz * ez, 0.0)
    graze = (1.0 - facing) ** 5 * (1.0 - 0.8 * rough)
    cosine = max(nx * to_sun[0] + ny * to_sun[1] + nz * to_sun[2], 0.0) * light
    # Reflection of the sky, and the sun's highlight (Blinn's half-way vector).
    rx, ry, rz = 2 * facing * nx - ex, 2 * facing * ny - ey, 2 * facing * nz - ez
    hx, hy, hz = ex + to_sun[0], ey + to_sun[1], ez + to_sun[2]
    size = math.sqrt(hx * hx + hy * hy + hz * hz) + 1e-12
    half = max((nx * hx + ny * hy + nz * hz) / size, 0.0)
    sharp = 2.0 / max(rough**4, 1e-4)
    highlight = min((sharp + 8.0) / 25.0 * half**sharp, 30.0) * cosine
    ground = (
        1.0 if ry > 0.1 else max(0.35, 0.35 + 0.65 * (ry + 0.3) / 0.4)
    )  # what is below the horizon is darker
    for c in range(3):
        colour = row[COLOUR + c] + (row[SECOND + c] - row[COLOUR + c]) * mix
        mirror = _DIELECTRIC + (colour - _DIELECTRIC) * metallic
        mirror += (1.0 - mirror) * graze
        matt = colour * (1.0 - metallic) * (sky_light(sky, c, nx, ny, nz) + sun[c] * cosine)
        reflected = sky_light(sky, c, rx, ry, rz) * ground + sun[c] * highlight
        out[c] = matt + mirror * reflected


@kernel()
def shade(
    vertices_px, faces, face_index, samples,
    points_object, corner_normals, face_object, face_material, materials,
    world_from_object, camera_world, ray_world,
    sky, sun, to_sun, shadow_map, shadow_from_world, slack,
    behind, ground_m, ground_colour, background_is_ground, out,
):  # fmt: skip
    """Fill out (H, W, 3), linear light: means over samples x samples of each pixel.

    face_index (n H, n W). vertices_px (V, 3) in those finer pixels, points_object (V, 3) in each vertex' own object
    frame, corner_normals (F, 3, 3) alike, world_from_object (K, 3, 4). camera_world (3,): the camera's centre.
    ray_world (3, 3): world direction = ray_world @ (column, row, 1) of a finer pixel, with z = 1 in the camera.
    behind (H, W, 3): the background. ground_m: its height, or NaN; a ground shows `ground_colour`, or what is
    behind it where background_is_ground, darkened where the sun does not reach.
    """
    height, width = out.shape[:2]
    colour = np.empty(3)
    up_light = np.empty(3)
    for c in range(3):
        up_light[c] = sky_light(sky, c, 0.0, 1.0, 0.0)
    has_ground = ground_m == ground_m
    for row in range(height):
        for column in range(width):
            r = g = b = 0.0
            for i in range(samples * samples):
                y, x = row * samples + i // samples, column * samples + i % samples
                f = face_index[y, x]
                dx = ray_world[0, 0] * (x + 0.5) + ray_world[0, 1] * (y + 0.5) + ray_world[0, 2]
                dy = ray_world[1, 0] * (x + 0.5) + ray_world[1, 1] * (y + 0.5) + ray_world[1, 2]
                dz = ray_world[2, 0] * (x + 0.5) + ray_world[2, 1] * (y + 0.5) + ray_world[2, 2]
                if f >= 0:
                    p, q, s = faces[f, 0], faces[f, 1], faces[f, 2]
                    w0, w1, w2, area = weights(vertices_px, p, q, s, x + 0.5, y + 0.5)
                    total = w0 + w1 + w2
                    depth = area / total
                    w0, w1, w2 = w0 / total, w1 / total, w2 / total
                    px = w0 * points_object[p, 0] + w1 * points_object[q, 0] + w2 * points_object[s, 0]
                    py = w0 * points_object[p, 1] + w1 * points_object[q, 1] + w2 * points_object[s, 1]
                    pz = w0 * points_object[p, 2] + w1 * points_object[q, 2] + w2 * points_object[s, 2]
                    n = corner_normals[f]
                    ox = w0 * n[0, 0] + w1 * n[1, 0] + w2 * n[2, 0]
                    oy = w0 * n[0, 1] + w1 * n[1, 1] + w2 * n[2, 1]
                    oz = w0 * n[0, 2] + w1 * n[1, 2] + w2 * n[2, 2]
                    m = world_from_object[face_object[f]]
                    nx = m[0, 0] * ox + m[0, 1] * oy + m[0, 2] * oz
                    ny = m[1, 0] * ox + m[1, 1] * oy + m[1, 2] * oz
                    nz = m[2, 0] * ox + m[2, 1] * oy + m[2, 2] * oz
                    far = math.sqrt(dx * dx + dy * dy + dz * dz)
                    ex, ey, ez = -dx / far, -dy / far, -dz / far
                    size = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
                    if area > 0.0:  # the face, not its smoothed normal, is seen from its back: an open mesh
                        size = -size
                    nx, ny, nz = nx / size, ny / size, nz / size
                    wx, wy, wz = (
                        camera_world[0] + depth * dx,
                        camera_world[1] + depth * dy,
                        camera_world[2] + depth * dz,
                    )
                    light = 0.0
                    if nx * to_sun[0] + ny * to_sun[1] + nz * to_sun[2] > 0.0:
                        off = 1.5 * slack
                        light = sun_reaches(
                            shadow_map, shadow_from_world, wx + off * nx, wy + off * ny, wz + off * nz, slack
                        )
                    footprint = depth * math.sqrt(
                        ray_world[0, 0] ** 2 + ray_world[1, 0] ** 2 + ray_world[2, 0] ** 2
                    )
                    lit(
                        face_material[f], materials, px, py, pz, nx, ny, nz, ex, ey, ez,
                        light, footprint, sky, sun, to_sun, colour,
                    )  # fmt: skip
                    r += colour[0]
                    g += colour[1]
                    b += colour[2]
                    continue
                r0, g0, b0 = behind[row, column, 0], behind[row, column, 1], behind[row, column, 2]
                if has_ground and dy < -1e-9 and camera_world[1] > ground_m:
                    depth = (ground_m - camera_world[1]) / dy
                    wx, wz = camera_world[0] + depth * dx, camera_world[2] + depth * dz
                    light = sun_reaches(shadow_map, shadow_from_world, wx, ground_m, wz, slack)
                    above = max(to_sun[1], 0.0)
                    for c in range(3):
                        full = up_light[c] + sun[c] * above
                        arrives = up_light[c] + sun[c] * above * light
                        colour[c] = (
                            arrives / max(full, 1e-6) if background_is_ground else arrives * ground_colour[c]
                        )
                    if background_is_ground:
                        r0, g0, b0 = r0 * colour[0], g0 * colour[1], b0 * colour[2]
                    else:
                        r0, g0, b0 = colour[0], colour[1], colour[2]
                r += r0
                g += g0
                b += b0
            share = 1.0 / (samples * samples)
            out[row, column, 0], out[row, column, 1], out[row, column, 2] = r * share, g * share, b * share


# --- after the lens ---------------------------------------------------------------------------------


@kernel()
def blurred(image, taps, along_rows, out):
    """out (H, W, 3): image weighted by taps (2 k + 1,) along one axis; what is outside repeats the border."""
    height, width = image.shape[:2]
    reach = taps.shape[0] // 2
    for row in range(height):
        for column in range(width):
            for c in range(3):
                total = 0.0
                for t in range(-reach, reach + 1):
                    if along_rows:
                        at = min(max(column + t, 0), width - 1)
                        total += taps[t + reach] * image[row, at, c]
                    else:
                        at = min(max(row + t, 0), height - 1)
                        total += taps[t + reach] * image[at, column, c]
                out[row, column, c] = total


@kernel()
def developed(linear, curve, exposure, tint, contrast, saturation, noise, out):
    """out (H, W, 3) uint8 of linear light (H, W, 3) and noise (H, W, 3) in sRGB.

    curve (N,): sRGB at N evenly spaced values of the square root of linear light, which is nearly straight.
    """
    last = curve.shape[0] - 1
    rgb = np.empty(3)
    for row in range(linear.shape[0]):
        for column in range(linear.shape[1]):
            for c in range(3):
                value = min(max(linear[row, column, c] * exposure * tint[c], 0.0), 1.0)
                place = math.sqrt(value) * last
                k = min(int(place), last - 1)
                rgb[c] = curve[k] + (curve[k + 1] - curve[k]) * (place - k)
            grey = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]
            for c in range(3):
                value = grey + (rgb[c] - grey) * saturation
                value = 0.5 + (value - 0.5) * contrast + noise[row, column, c]
                out[row, column, c] = np.uint8(min(max(value, 0.0), 1.0) * 255.0 + 0.5)

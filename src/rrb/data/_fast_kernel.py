"""Shading of fragments in linear light: patterns, sky, sun, shadows, gloss; and what a camera does afterwards."""

import math

import numpy as np

from rrb._jit import inline, inline_early, kernel
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


@inline_early
def sky_light(sky, x, y, z, out, row):
    """Row of out (N, 3): brightness by a direction, of nine coefficients of real spherical harmonics, not below 0."""
    first, second = 0.4886025119029199, 1.0925484305920792
    b1, b2, b3 = first * y, first * z, first * x
    b4, b5, b7 = second * x * y, second * y * z, second * x * z
    b6, b8 = 0.31539156525252005 * (3 * z * z - 1), 0.5462742152960396 * (x * x - y * y)
    for c in range(3):
        value = 0.28209479177387814 * sky[0, c] + b1 * sky[1, c] + b2 * sky[2, c] + b3 * sky[3, c]
        value += b4 * sky[4, c] + b5 * sky[5, c] + b6 * sky[6, c] + b7 * sky[7, c] + b8 * sky[8, c]
        out[row, c] = max(value, 0.0)


@inline_early
def sun_reaches(shadow_map, shadow_from_world, x, y, z, slack):
    """Share of four places around a point of the world that the sun sees.

    shadow_map (S, S): 1 / depth from the sun, 0 for none. shadow_from_world (3, 4): to columns, rows, depth.
    """
    u = shadow_from_world[0, 0] * x + shadow_from_world[0, 1] * y + shadow_from_world[0, 2] * z
    v = shadow_from_world[1, 0] * x + shadow_from_world[1, 1] * y + shadow_from_world[1, 2] * z
    d = shadow_from_world[2, 0] * x + shadow_from_world[2, 1] * y + shadow_from_world[2, 2] * z
    u += shadow_from_world[0, 3]
    v += shadow_from_world[1, 3]
    if u < -1.0 or v < -1.0 or u > shadow_map.shape[1] + 1.0 or v > shadow_map.shape[0] + 1.0:
        return 1.0
    inverse = 1.0 / (d + shadow_from_world[2, 3] - slack)
    left, top = math.floor(u - 0.5), math.floor(v - 0.5)
    seen = 0.0
    for row in range(top, top + 2):
        for column in range(left, left + 2):
            outside = column < 0 or row < 0 or column >= shadow_map.shape[1] or row >= shadow_map.shape[0]
            if outside or shadow_map[row, column] <= inverse:
                seen += 0.25
    return seen


# --- one sample -------------------------------------------------------------------------------------


@inline_early
def lit(
    material, materials, px, py, pz, nx, ny, nz, ex, ey, ez, light, footprint, sky, sun, to_sun, work, out
):
    """out (3,): linear colour of a surface at object coordinates p with a world normal n seen from direction e.

    light: the share of the sun that arrives. footprint: metres between neighbouring samples on the surface: what
    is finer is seen as its mean. work (2, 3): room.
    """
    period, pattern = materials[material, PERIOD], int(materials[material, PATTERN])
    mix = 0.0
    if pattern:
        axis, seed = int(materials[material, AXIS]), int(materials[material, SEED])
        mix = second_share(pattern, px / period, py / period, pz / period, axis, seed)
        resolved = min(max(period / (2.0 * footprint) - 0.5, 0.0), 1.0)
        mean = _GRAIN_MEAN if pattern == GRAIN else 0.5
        mix = mean + (mix - mean) * resolved
    rough, metallic = materials[material, ROUGHNESS], materials[material, METALLIC]
    facing = max(nx * ex + ny * ey + nz * ez, 0.0)
    graze = (1.0 - facing) ** 5 * (1.0 - 0.8 * rough)
    cosine = max(nx * to_sun[0] + ny * to_sun[1] + nz * to_sun[2], 0.0) * light
    # Reflection of the sky, and the sun's highlight (Blinn's half-way vector).
    rx, ry, rz = 2 * facing * nx - ex, 2 * facing * ny - ey, 2 * facing * nz - ez
    hx, hy, hz = ex + to_sun[0], ey + to_sun[1], ez + to_sun[2]
    size = math.sqrt(hx * hx + hy * hy + hz * hz) + 1e-12
    half = max((nx * hx + ny * hy + nz * hz) / size, 0.0)
    sharp = 2.0 / max(rough**4, 1e-4)
    highlight = 0.0
    if cosine > 0.0 and sharp * (1.0 - half) < 16.0:  # beyond, less than a ten-thousandth
        highlight = min((sharp + 8.0) / 25.0 * half**sharp, 30.0) * cosine
    # What is below the horizon is darker.
    ground = 1.0 if ry > 0.1 else max(0.35, 0.35 + 0.65 * (ry + 0.3) / 0.4)
    sky_light(sky, nx, ny, nz, work, 0)
    sky_light(sky, rx, ry, rz, work, 1)
    for c in range(3):
        colour = materials[material, COLOUR + c]
        colour += (materials[material, SECOND + c] - colour) * mix
        mirror = _DIELECTRIC + (colour - _DIELECTRIC) * metallic
        mirror += (1.0 - mirror) * graze
        matt = colour * (1.0 - metallic) * (work[0, c] + sun[c] * cosine)
        reflected = work[1, c] * ground + sun[c] * highlight
        out[c] = matt + mirror * reflected


@inline_early
def surface(
    f, x, y, footprint_share, vertices_px, faces, points_object, corner_normals, face_object, face_material, materials,
    world_from_object, camera_world, dx, dy, dz, sky, sun, to_sun, shadow_map, shadow_from_world, slack, work, out,
):  # fmt: skip
    """out (3,): linear colour of face f at (x, y) of the finer pixels, seen along the world direction d (z = 1)."""
    p, q, s = faces[f, 0], faces[f, 1], faces[f, 2]
    w0, w1, w2, area = weights(vertices_px, p, q, s, x, y)
    total = w0 + w1 + w2
    depth = area / total
    w0, w1, w2 = w0 / total, w1 / total, w2 / total
    px = w0 * points_object[p, 0] + w1 * points_object[q, 0] + w2 * points_object[s, 0]
    py = w0 * points_object[p, 1] + w1 * points_object[q, 1] + w2 * points_object[s, 1]
    pz = w0 * points_object[p, 2] + w1 * points_object[q, 2] + w2 * points_object[s, 2]
    # Rows are never taken as arrays: each would be counted by whoever holds it.
    ox = w0 * corner_normals[f, 0, 0] + w1 * corner_normals[f, 1, 0] + w2 * corner_normals[f, 2, 0]
    oy = w0 * corner_normals[f, 0, 1] + w1 * corner_normals[f, 1, 1] + w2 * corner_normals[f, 2, 1]
    oz = w0 * corner_normals[f, 0, 2] + w1 * corner_normals[f, 1, 2] + w2 * corner_normals[f, 2, 2]
    k = face_object[f]
    nx = world_from_object[k, 0, 0] * ox + world_from_object[k, 0, 1] * oy + world_from_object[k, 0, 2] * oz
    ny = world_from_object[k, 1, 0] * ox + world_from_object[k, 1, 1] * oy + world_from_object[k, 1, 2] * oz
    nz = world_from_object[k, 2, 0] * ox + world_from_object[k, 2, 1] * oy + world_from_object[k, 2, 2] * oz
    far = math.sqrt(dx * dx + dy * dy + dz * dz)
    size = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
    if area > 0.0:  # the face, not its smoothed normal, is seen from its back: an open mesh
        size = -size
    nx, ny, nz = nx / size, ny / size, nz / size
    light = 0.0
    if nx * to_sun[0] + ny * to_sun[1] + nz * to_sun[2] > 0.0:
        off = 1.5 * slack
        wx, wy = camera_world[0] + depth * dx + off * nx, camera_world[1] + depth * dy + off * ny
        wz = camera_world[2] + depth * dz + off * nz
        light = sun_reaches(shadow_map, shadow_from_world, wx, wy, wz, slack)
    lit(
        face_material[f], materials, px, py, pz, nx, ny, nz, -dx / far, -dy / far, -dz / far,
        light, depth * footprint_share, sky, sun, to_sun, work, out,
    )  # fmt: skip


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
    count = samples * samples
    colour, work = np.empty(3), np.empty((2, 3))
    dark, bright = np.empty(3), np.empty(3)  # of the ground, in the shadow and in the sun
    sky_light(sky, 0.0, 1.0, 0.0, work, 0)
    for c in range(3):
        dark[c], bright[c] = work[0, c], work[0, c] + sun[c] * max(to_sun[1], 0.0)
        by = 1.0 / max(bright[c], 1e-6) if background_is_ground else ground_colour[c]
        dark[c], bright[c] = dark[c] * by, bright[c] * by
    has_ground = ground_m == ground_m
    finest = math.sqrt(ray_world[0, 0] ** 2 + ray_world[1, 0] ** 2 + ray_world[2, 0] ** 2)
    for row in range(height):
        for column in range(width):
            r = g = b = across = down = 0.0
            open_ = 0
            for y in range(row * samples, (row + 1) * samples):
                for x in range(column * samples, (column + 1) * samples):
                    f = face_index[y, x]
                    if f < 0:
                        open_ += 1
                        across += x + 0.5
                        down += y + 0.5
                        continue
                    px, py = x + 0.5, y + 0.5
                    dx = ray_world[0, 0] * px + ray_world[0, 1] * py + ray_world[0, 2]
                    dy = ray_world[1, 0] * px + ray_world[1, 1] * py + ray_world[1, 2]
                    dz = ray_world[2, 0] * px + ray_world[2, 1] * py + ray_world[2, 2]
                    surface(
                        f, px, py, finest, vertices_px, faces, points_object, corner_normals, face_object,
                        face_material, materials, world_from_object, camera_world, dx, dy, dz,
                        sky, sun, to_sun, shadow_map, shadow_from_world, slack, work, colour,
                    )  # fmt: skip
                    r += colour[0]
                    g += colour[1]
                    b += colour[2]
            if open_ > 0:  # what is behind is looked at once, in the middle of the samples that see it
                light = -1.0  # where there is no ground
                if has_ground:
                    px, py = across / open_, down / open_
                    dy = ray_world[1, 0] * px + ray_world[1, 1] * py + ray_world[1, 2]
                    if dy < -1e-9 and camera_world[1] > ground_m:
                        depth = (ground_m - camera_world[1]) / dy
                        dx = ray_world[0, 0] * px + ray_world[0, 1] * py + ray_world[0, 2]
                        dz = ray_world[2, 0] * px + ray_world[2, 1] * py + ray_world[2, 2]
                        wx, wz = camera_world[0] + depth * dx, camera_world[2] + depth * dz
                        light = sun_reaches(shadow_map, shadow_from_world, wx, ground_m, wz, slack)
                for c in range(3):
                    colour[c] = behind[row, column, c]
                    if light >= 0.0:
                        share = dark[c] + (bright[c] - dark[c]) * light
                        colour[c] = colour[c] * share if background_is_ground else share
                r += open_ * colour[0]
                g += open_ * colour[1]
                b += open_ * colour[2]
            out[row, column, 0], out[row, column, 1], out[row, column, 2] = r / count, g / count, b / count


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
def developed(linear, curve, exposure, tint, contrast, saturation, deviation, noise, out):
    """out (H, W, 3) uint8 of linear light (H, W, 3) and noise (H, W, 3), of this deviation in sRGB; 0 for none.

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
                value = 0.5 + (value - 0.5) * contrast
                if deviation > 0.0:
                    value += deviation * noise[row, column, c]
                out[row, column, c] = np.uint8(min(max(value, 0.0), 1.0) * 255.0 + 0.5)

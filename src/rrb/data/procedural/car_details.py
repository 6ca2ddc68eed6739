"""What is fixed to a car's body: lamps, grille, plates, bumpers, mirrors, lines, rails, spoilers."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.car_hull import Hull
from rrb.data.procedural.car_panels import Skin, sheet
from rrb.data.procedural.parts import Floats, bar, block, both_sides, cushion, mirrored, rod, tube
from rrb.geometry.mesh import Mesh

AHEAD, BEHIND, RIGHT = (0.0, 0.0, -1.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)


class Faces:
    """Plates on the front and rear of a skin, and its right side and the left alike."""

    def __init__(self, skin: Skin, hull: Hull) -> None:
        self.skin, self.hull = skin, hull

    def end(
        self, front: bool, x: tuple[float, float], y: tuple[float, float], count: int = 5, proud: float = 0.006,
        rows: int = 3,
    ) -> Mesh:  # fmt: skip
        """A plate on the front or rear over x and y."""
        sign, outwards = (-1.0, AHEAD) if front else (1.0, BEHIND)
        columns = np.linspace(*x, count)
        points = self.skin.grid(2, sign, np.abs(columns), np.linspace(*y, rows))  # the left as the right
        points[..., 0] = columns[:, None]
        return sheet(points, outwards, proud)

    def flank(
        self,
        y: tuple[float, float],
        z: tuple[float, float],
        rows: int = 2,
        count: int = 2,
        proud: float = 0.003,
    ) -> tuple[Mesh, Mesh]:
        """A plate on each side over y and z."""
        points = self.skin.grid(0, 1.0, np.linspace(*y, rows), np.linspace(*z, count))
        return both_sides(sheet(points, RIGHT, proud, 0.01))

    def front_height(self, share: float) -> float:
        """From the underside (0) to the top (1) where the round nose stops."""
        z = np.array([0.25 * self.hull.nose.depth])
        low, high = float(self.hull.bottom(z)[0]), float(self.hull.height(z)[0])
        return low + share * (high - low)

    def rear_height(self, share: float) -> float:
        z = np.array([self.hull.length - 0.25 * self.hull.tail.depth])
        low, high = float(self.hull.bottom(z)[0]), float(self.hull.height(z)[0])
        return low + share * (high - low)


# --- ends -------------------------------------------------------------------------------------------


def headlamps(faces: Faces, style: str, random: np.random.Generator) -> list[Mesh]:
    half = faces.hull.half_width
    outer, high = random.uniform(0.86, 0.93), random.uniform(0.66, 0.74)
    if style == "round":
        radius = random.uniform(0.075, 0.1)
        at = faces.skin.at(2, -1.0, np.array([[0.72 * half, faces.front_height(high)]]))[0]
        return list(both_sides(cushion((2 * radius, 2 * radius, 0.14), at, softness=1.0, sections=3)))
    broad, tall = {"wide": (0.42, 0.13), "narrow": (0.4, 0.07), "tall": (0.22, 0.26), "square": (0.25, 0.16)}[
        style
    ]
    y = faces.front_height(high)
    rise = tall * (faces.front_height(1.0) - faces.front_height(0.0))
    return list(
        both_sides(
            faces.end(True, ((outer - broad) * half, outer * half), (y - rise, y + 0.6 * rise), 6, 0.012)
        )
    )


def grille(faces: Faces, style: str, random: np.random.Generator) -> list[tuple[str, Mesh]]:
    half = faces.hull.half_width
    share = {"slot": (0.62, 0.7), "tall": (0.4, 0.82), "wide": (0.52, 0.74), "low": (0.2, 0.5)}
    if style == "none":
        return []
    low, high = (faces.front_height(s) for s in share[style])
    wide = {"slot": 0.4, "tall": 0.3, "wide": 0.42, "low": 0.45}[style] * half * random.uniform(0.85, 1.1)
    parts = [("dark", faces.end(True, (-wide, wide), (low, high), 7))]
    if style in ("tall", "wide"):
        bars = np.linspace(low, high, 4 if style == "tall" else 3)
        parts += [
            ("chrome", faces.end(True, (-wide, wide), (y - 0.01, y + 0.01), 7, 0.014, rows=2)) for y in bars
        ]
    return parts


def intake(faces: Faces, random: np.random.Generator) -> Mesh:
    wide = random.uniform(0.45, 0.8) * faces.hull.half_width
    return faces.end(
        True, (-wide, wide), (faces.front_height(0.1), faces.front_height(random.uniform(0.25, 0.33))), 7
    )


def tail_lamps(faces: Faces, style: str, random: np.random.Generator) -> list[Mesh]:
    half = faces.hull.half_width
    outer = random.uniform(0.86, 0.93)
    if style == "band":
        y = faces.rear_height(0.78)
        return [faces.end(False, (-outer * half, outer * half), (y - 0.04, y + 0.04), 9)]
    if style == "round":
        at = faces.skin.at(2, 1.0, np.array([[0.7 * half, faces.rear_height(0.7)]]))[0]
        return list(both_sides(rod(at - [0, 0, 0.05], at + [0, 0, 0.03], 0.09, 0.07, sections=12)))
    broad, low, high = {"wide": (0.38, 0.62, 0.8), "tall": (0.16, 0.5, 0.9), "square": (0.24, 0.58, 0.8)}[
        style
    ]
    heights = (faces.rear_height(low), faces.rear_height(high))
    return list(both_sides(faces.end(False, ((outer - broad) * half, outer * half), heights, 6, 0.012)))


def plates(faces: Faces, high: float) -> list[Mesh]:
    """Number plates in front and behind."""
    front, rear = faces.front_height(0.36), faces.rear_height(high)
    return [
        faces.end(True, (-0.26, 0.26), (front - 0.055, front + 0.055), 5, 0.02, rows=2),
        faces.end(False, (-0.26, 0.26), (rear - 0.055, rear + 0.055), 5, 0.012, rows=2),
    ]


def bumper(faces: Faces, front: bool, height: float, thickness: float, rise: float) -> Mesh:
    """A bar that follows the end's plan, around its corners."""
    hull = faces.hull
    end = hull.nose if front else hull.tail
    depth = np.array([0.0, 0.1, 0.35, 1.0, 1.0 + 0.1 / end.depth]) * end.depth
    z = depth if front else hull.length - depth
    x = hull.side(np.full_like(z, height), z) + 0.3 * thickness
    z = z + (-0.4 if front else 0.4) * thickness
    half = np.stack([x, np.full_like(x, height), z], 1)
    path = np.concatenate([half[::-1] * [-1.0, 1.0, 1.0], half])
    return bar(path, rise, thickness, across=(0.0, 1.0, 0.0))


def exhausts(hull: Hull, count: int) -> list[Mesh]:
    y, z = hull.sill + hull.tail.lift * 0.5, hull.length - 0.02
    pipe = rod((0.55 * hull.half_width, y, z - 0.4), (0.55 * hull.half_width, y, z), 0.035, sections=8)
    return [pipe] if count == 1 else list(both_sides(pipe))


# --- sides ------------------------------------------------------------------------------------------


def door_lines(faces: Faces, stations: list[float], top: float) -> list[Mesh]:
    hull = faces.hull
    lines: list[Mesh] = []
    for z in stations:
        low = float(hull.arch(np.array([z]))[0]) + 0.04
        lines += faces.flank((low, top), (z - 0.006, z + 0.006), rows=4, proud=0.006)
    return lines


def handles(faces: Faces, stations: list[float], y: float) -> list[Mesh]:
    found: list[Mesh] = []
    for z in stations:
        x = float(faces.skin.at(0, 1.0, np.array([[y, z]]))[0, 0])
        found += both_sides(block((0.035, 0.028, 0.16), (x + 0.008, y, z)))
    return found


def moulding(faces: Faces, y: float, rise: float) -> list[Mesh]:
    """A strip along the doors."""
    start, stop = faces.hull.axles[0] + faces.hull.arch_radius, faces.hull.axles[-1] - faces.hull.arch_radius
    return list(faces.flank((y - rise / 2, y + rise / 2), (start + 0.04, stop - 0.04), count=6, proud=0.012))


def running_boards(hull: Hull) -> list[Mesh]:
    start, stop = hull.axles[0] + hull.arch_radius + 0.05, hull.axles[-1] - hull.arch_radius - 0.05
    board = block((0.16, 0.05, stop - start), (hull.half_width - 0.06, hull.sill + 0.01, (start + stop) / 2))
    return list(both_sides(board))


def arch_trims(faces: Faces, broad: float) -> list[Mesh]:
    """Strips around the wheel arches."""
    hull = faces.hull
    trims: list[Mesh] = []
    angle = np.linspace(0.003 * np.pi, 0.997 * np.pi, 8)  # where the hull is cut too
    for axle in hull.axles:
        rings = []
        for radius in (hull.arch_radius + 0.002, hull.arch_radius + broad):
            y, z = hull.wheel_radius + radius * np.sin(angle), axle + radius * np.cos(angle)
            y = np.minimum(y, hull.height(z) - hull.crown)
            rings.append(faces.skin.at(0, 1.0, np.stack([y, z], 1)))
        trims += both_sides(sheet(np.stack(rings), RIGHT, 0.015, 0.03))
    return trims


def mirrors(foot: Floats, size: float, style: str) -> list[tuple[str, Mesh]]:
    """Outside mirrors at a point of the right side (3,)."""
    x, y, z = foot
    wide, tall = {"car": (1.15, 0.75), "tall": (0.8, 1.5)}[style]
    at = np.array([x + 0.75 * size, y + 0.4 * size, z])
    shell = cushion((wide * size, tall * size, 0.5 * size), at, softness=0.6, sections=2)
    arm = block((0.6 * size, 0.03, 0.05), (x + 0.2 * size, y + 0.25 * size, z))
    pane = block((0.85 * wide * size, 0.8 * tall * size, 0.02), at + [0.0, 0.0, 0.25 * size])
    return [
        *(("mirror", part) for part in both_sides(shell)),
        *(("dark", part) for part in both_sides(arm)),
        *(("glass", part) for part in both_sides(pane)),
    ]


# --- roof -------------------------------------------------------------------------------------------


def roof_rails(edge: Floats) -> list[Mesh]:
    """Rails along a line (K, 3) of the right roof edge."""
    path = edge + [0.0, 0.04, 0.0]
    path = np.concatenate([edge[:1] + [0, -0.02, 0], path[:1] * 0.7 + path[1:2] * 0.3, path[1:-1],
                           path[-2:-1] * 0.3 + path[-1:] * 0.7, edge[-1:] + [0, -0.02, 0]])  # fmt: skip
    return list(both_sides(bar(path, 0.035, 0.03)))


def taxi_sign(roof: Floats) -> Mesh:
    return cushion((0.5, 0.16, 0.16), roof + [0.0, 0.06, 0.0], softness=0.35, sections=3)


def light_bar(roof: Floats, wide: float) -> list[tuple[str, Mesh]]:
    """Feet and two coloured lamps on the roof."""
    lamp = cushion((0.46 * wide, 0.13, 0.28), roof + [0.27 * wide, 0.085, 0.0], softness=0.3, sections=3)
    return [
        ("bar", block((0.98 * wide, 0.06, 0.24), roof + [0.0, 0.01, 0.0])),
        ("beacon", lamp),
        ("beacon", mirrored(lamp)),
    ]


def aerial(foot: Floats, fin: bool) -> Mesh:
    if fin:
        return cushion((0.05, 0.14, 0.22), foot, softness=0.9, sections=3)
    return tube(
        np.array([foot - [0, 0.02, 0], foot + [0, 0.2, 0.12], foot + [0, 0.5, 0.3]]), 0.006, sections=5
    )


def wing(middle: Floats, wide: float, chord: float, lift: float) -> list[Mesh]:
    """A spoiler on two feet above the tail."""
    angle = -0.15
    path = np.array([[-wide / 2, 0, 0], [-0.45 * wide, 0.02, 0], [0.45 * wide, 0.02, 0], [wide / 2, 0, 0]])
    blade = bar(path + middle + [0.0, lift, 0.0], chord, 0.03, across=(0.0, np.sin(-angle), np.cos(angle)))
    foot = block((0.03, lift + 0.08, 0.6 * chord), middle + [0.32 * wide, lift / 2 - 0.03, 0.0])
    return [blade, *both_sides(foot)]


def lip(left_to_right: Floats, chord: float) -> Mesh:
    """A small spoiler along a line (K, 3) over the rear window or the boot's edge."""
    return bar(left_to_right, chord, 0.03, across=(0.0, 0.1, 1.0))


def spare_wheel(parts: list[tuple[str, Mesh]], at: Floats) -> list[tuple[str, Mesh]]:
    """A wheel with its outside to the rear."""
    quarter = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])  # x to z
    return [(kind, part.with_vertices(part.vertices @ quarter.T + at)) for kind, part in parts]

"""Meshes made by chance: chairs, tables, cars, aeroplanes, things with handles, symmetric things.

Metric, y up, front towards -z, centred on the bounding box. They are made for measuring fits, by simple rules
with bold proportions; parts are closed and may run into each other.
"""

from dataclasses import dataclass

import numpy as np

from _procedural_parts import SECTIONS, block, lathe, loft, refined, rod, tube
from rrb import Mesh, Pose
from rrb.geometry.primitives import torus

N_FACES = 3000
Parts = list[Mesh]


@dataclass(frozen=True, eq=False)
class Made:
    """symmetric: whether the rules say that some turn maps the mesh onto itself."""

    mesh: Mesh
    symmetric: bool


def procedural(kind: str, seed: int) -> Made:
    """The mesh of this kind and seed, of about `N_FACES` faces."""
    parts, symmetric = _MAKERS[kind](np.random.default_rng([list(_MAKERS).index(kind), seed]))
    mesh = Mesh.concatenated(parts)
    if len(mesh.faces) > N_FACES:
        mesh = mesh.simplify(N_FACES)
    mesh = refined(mesh, N_FACES - 20)
    return Made(Mesh(mesh.vertices - mesh.centre, mesh.faces, name=f"{kind}_{seed}"), symmetric)


def _chair(random: np.random.Generator) -> tuple[Parts, bool]:
    width, depth, high = random.uniform(0.38, 0.6), random.uniform(0.38, 0.6), random.uniform(0.35, 0.5)
    back, thick = random.uniform(0.3, 0.6), random.uniform(0.02, 0.1)
    parts = [block((width, thick, depth), (0, high - thick / 2, 0))]
    if random.random() < 0.2:
        parts += _star_foot(random, 0.45 * max(width, depth), high - thick)
    else:
        parts += _four_legs(random, width, depth, high - thick / 2)
    lean = Pose.from_rotation_vector([random.uniform(0, 0.3), 0, 0]).rotation
    foot = np.array([0, high - thick / 2, depth / 2 - 0.02])
    slab = random.uniform(0.02, 0.06)
    if random.random() < 0.5:
        parts.append(block((width, back, slab), foot + lean @ [0, back / 2, 0], lean))
    else:
        n_slats, slat = int(random.integers(2, 5)), random.uniform(0.03, 0.05)
        for x in np.linspace(-width / 2 + slat / 2, width / 2 - slat / 2, n_slats):
            parts.append(block((slat, back, slab), foot + lean @ [x, back / 2, 0], lean))
        rail = random.uniform(0.05, 0.15)
        parts.append(block((width, rail, slab), foot + lean @ [0, back - rail / 2, 0], lean))
    if random.random() < 0.4:
        rise, reach, bar = random.uniform(0.15, 0.25), random.uniform(0.6, 1.0) * depth, 0.04
        for side in (-1, 1):
            x, near = side * (width / 2 + bar / 2), depth / 2 - reach
            parts.append(block((bar, bar, reach), (x, high + rise, depth / 2 - reach / 2)))
            parts.append(block((bar, rise + thick, bar), (x, high + (rise - thick) / 2, near + bar / 2)))
    return parts, False


def _four_legs(random: np.random.Generator, width: float, depth: float, high: float) -> Parts:
    """Alike at all four corners, round or square, upright or spread."""
    round_, spread, thick = random.random() < 0.5, random.choice([0.0, 0.06]), random.uniform(0.025, 0.06)
    parts = []
    for x in (-1, 1):
        for z in (-1, 1):
            top = np.array([x * (width - thick) / 2, high, z * (depth - thick) / 2])
            foot = top * [1, 0, 1] + [x * spread, 0, z * spread]
            if round_ or spread:
                parts.append(rod(top, foot, thick / 2))
            else:
                parts.append(block((thick, high, thick), (top + foot) / 2))
    return parts


def _star_foot(random: np.random.Generator, radius: float, high: float) -> Parts:
    angle = 2 * np.pi * np.arange(5) / 5
    feet = np.stack([radius * np.sin(angle), np.full(5, 0.02), -radius * np.cos(angle)], axis=1)
    return [rod((0, 0.06, 0), (0, high, 0), 0.03), *(rod((0, 0.08, 0), foot, 0.025, 0.015) for foot in feet)]


def _table(random: np.random.Generator) -> tuple[Parts, bool]:
    width, depth, high = random.uniform(0.6, 1.8), random.uniform(0.5, 0.9), random.uniform(0.4, 0.8)
    thick = random.uniform(0.02, 0.06)
    style = random.integers(3)
    if style == 0:  # round, on one foot
        radius = depth / 2
        parts = [rod((0, high - thick, 0), (0, high, 0), radius), rod((0, 0, 0), (0, high - thick, 0), 0.04)]
        return [*parts, rod((0, 0, 0), (0, 0.03, 0), 0.6 * radius)], True
    parts = [
        block((width, thick, depth), (0, high - thick / 2, 0)),
        *_four_legs(random, width, depth, high - thick / 2),
    ]
    if style == 1:
        return parts, True
    chest = random.uniform(0.25, 0.4) * width  # drawers under one end
    tall = random.uniform(0.4, 0.8) * high
    middle = (width / 2 - chest / 2 - 0.02, high - thick - tall / 2, 0)
    return [*parts, block((chest, tall, 0.9 * depth), middle)], False


def _car(random: np.random.Generator) -> tuple[Parts, bool]:
    length, width, tall = random.uniform(3.6, 5.0), random.uniform(1.6, 2.0), random.uniform(1.2, 1.9)
    wheel, floor = random.uniform(0.28, 0.38), random.uniform(0.18, 0.3)
    belt = random.uniform(0.5, 0.62) * tall
    hood = random.uniform(0.15, 0.3)  # shares of the length
    roof_from = hood + random.uniform(0.08, 0.15)
    roof_to = random.choice([random.uniform(0.7, 0.8), 0.97])
    rear_end = min(roof_to + 0.1, 0.985)
    narrow = random.uniform(0.75, 0.95)
    stations = [(0, 0.85 * belt, 0.9), (0.05, 0.92 * belt, 1), (hood, 1.02 * belt, 1)]
    stations += [(roof_from, tall, narrow), (roof_to, tall, narrow), (rear_end, 1.04 * belt, 1)]
    stations += [(1, 0.95 * belt, 0.95)]
    rings = []
    for at, top, share in stations:
        half, low, edge = width / 2, floor, min(0.9 * belt, 0.95 * top)
        outline = [(-half, low), (half, low), (half, edge), (share * half, top), (-share * half, top)]
        outline += [(-half, edge)]
        rings.append([(x, y, (at - 0.5) * length) for x, y in outline])
    parts = [loft(np.array(rings))]
    for z in (-0.5 + random.uniform(0.16, 0.2), 0.5 - random.uniform(0.18, 0.24)):
        for side in (-1, 1):
            outer, inner = side * (width / 2 + 0.01), side * (width / 2 - 0.22)
            parts.append(rod((inner, wheel, z * length), (outer, wheel, z * length), wheel))
    if random.random() < 0.3:
        parts.append(block((0.9 * width, 0.05, 0.25), (0, belt + 0.35, length / 2 - 0.15)))
        parts += [block((0.05, 0.4, 0.1), (x * width, belt + 0.15, length / 2 - 0.15)) for x in (-0.3, 0.3)]
    return parts, False


def _aeroplane(random: np.random.Generator) -> tuple[Parts, bool]:
    length = random.uniform(8, 40)
    radius = random.uniform(0.04, 0.065) * length
    at = np.array([0, 0.02, 0.06, 0.14, 0.65, 0.85, 1.0])
    size = np.array([0.08, 0.4, 0.75, 1, 1, 0.6, 0.15])
    rise = np.array([-0.2, -0.15, -0.1, 0, 0, 0.3, 0.7]) * radius
    path = np.stack([0 * at, rise, (at - 0.5) * length], axis=1)
    angle = 2 * np.pi * np.arange(SECTIONS) / SECTIONS
    circle = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    parts = [loft(path[:, None] + (radius * size)[:, None, None] * circle)]
    span, sweep = random.uniform(0.4, 0.55) * length, random.uniform(0, 0.25) * length
    chord = random.uniform(0.12, 0.2) * length
    height = random.choice([-0.6, 0.9]) * radius
    root = np.array([0, height, random.uniform(-0.12, 0.02) * length])
    for side in (-1, 1):
        tip = root + [side * span, 0.04 * span, sweep]
        parts.append(_wing(root, tip, chord, 0.4 * chord, (0, 1, 0)))
        tail = np.array([0, 0.6 * radius, 0.42 * length])
        end = tail + [side * 0.35 * span, 0.02 * span, 0.3 * sweep + 0.02 * length]
        parts.append(_wing(tail, end, 0.5 * chord, 0.25 * chord, (0, 1, 0)))
        hung = root + 0.35 * (tip - root) + [0, -0.35 * radius - 0.02 * chord, 0]
        engine = np.array([0, 0, 0.35 * chord])
        parts.append(rod(hung - engine, hung + engine, 0.35 * radius))
    foot = np.array([0, 0.5 * radius, 0.41 * length])
    fin = foot + [0, random.uniform(2.2, 3.2) * radius, 0.08 * length]
    return [*parts, _wing(foot, fin, 0.6 * chord, 0.3 * chord, (1, 0, 0))], False


def _wing(root: np.ndarray, tip: np.ndarray, chord: float, chord_tip: float, across: tuple) -> Mesh:
    """From one flat section to another; chords lie along z, thickness along `across`."""
    outline = np.array([(-0.5, 0), (-0.2, 0.06), (0.2, 0.05), (0.5, 0), (0.2, -0.05), (-0.2, -0.06)])
    section = outline[:, :1] * np.array([0, 0, 1]) + outline[:, 1:] * np.array(across)
    return loft(np.stack([root + chord * section, tip + chord_tip * section]))


def _handled(random: np.random.Generator) -> tuple[Parts, bool]:
    """Mugs and jugs, pots with a spout, lamps, and blocks put together without any order."""
    style = random.integers(4)
    if style == 3:
        return _heap(random), False
    if style == 2:
        return _lamp(random), False
    high, wide = random.uniform(0.08, 0.2), random.uniform(0.035, 0.06)
    shape = np.array([random.uniform(0.7, 1.1), random.uniform(0.9, 1.3), random.uniform(0.8, 1.2)]) * wide
    wall = 0.1 * wide
    outside = np.stack([shape, np.array([0, 0.5, 1]) * high], axis=1)
    inside = (outside - [wall, 0])[::-1] + np.array([[0, 0], [0, 0], [0, wall]])
    parts = [lathe(np.concatenate([outside, inside]), sections=36)]
    angle = np.linspace(-np.pi / 2, np.pi / 2, 9)
    grip = np.array([random.uniform(0.6, 1.1) * wide, 0.33 * high])
    x, y = shape[1] * 0.93 + grip[0] * np.cos(angle), 0.52 * high + grip[1] * np.sin(angle)
    parts.append(tube(np.stack([x, y, 0 * x], axis=1), 0.13 * wide, sections=10))
    if style == 1:
        base, end = (-0.8 * shape[1], 0.35 * high, 0), (-shape[1] - random.uniform(0.8, 1.5) * wide, high, 0)
        parts.append(rod(base, end, 0.3 * wide, 0.15 * wide))
    return parts, False


def _lamp(random: np.random.Generator) -> Parts:
    elbow = np.array([0, random.uniform(0.25, 0.4), random.uniform(0.05, 0.2)])
    head = elbow + [0, random.uniform(0.0, 0.15), -random.uniform(0.2, 0.35)]
    shade = head + [random.uniform(0.02, 0.05), -0.12, -0.06]
    parts = [rod((0, 0, 0), (0, 0.03, 0), random.uniform(0.07, 0.11)), rod((0, 0.02, 0), elbow, 0.012)]
    return [*parts, rod(elbow, head, 0.012), rod(head, shade, 0.03, random.uniform(0.06, 0.1))]


def _heap(random: np.random.Generator) -> Parts:
    """Each block grows out of a side of one before."""
    parts, middle = [], np.zeros(3)
    for k in range(int(random.integers(4, 7))):
        extents = random.uniform(0.05, 0.25, 3)
        if k:
            side = random.integers(3)
            middle = middle + random.uniform(-0.06, 0.06, 3)
            middle[side] += random.choice([-1, 1]) * (extents[side] / 2 + 0.05)
        parts.append(block(extents, middle))
    return parts


def _symmetric(random: np.random.Generator) -> tuple[Parts, bool]:
    style = random.integers(4)
    if style == 0:
        return [rod((0, 0, 0), (0, random.uniform(0.1, 0.5), 0), random.uniform(0.05, 0.2))], True
    if style == 1:
        radius = random.uniform(0.1, 0.3)
        return [torus(radius, random.uniform(0.2, 0.5) * radius, 44, 30)], True
    if style == 2:
        return [block(random.uniform(0.1, 0.5, 3), (0, 0, 0))], True
    steps = np.linspace(0, 1, 8)  # a vase
    radii = random.uniform(0.06, 0.1) * (1 + 0.4 * np.sin(random.uniform(0, 6) + 5 * steps))
    return [lathe(np.stack([radii, random.uniform(0.2, 0.4) * steps], axis=1))], True


_MAKERS = {
    "chair": _chair,
    "table": _table,
    "car": _car,
    "aeroplane": _aeroplane,
    "handled": _handled,
    "symmetric": _symmetric,
}
# In which order kinds take turns: as many chairs as cars and aeroplanes together.
KINDS = ("chair", "table", "car", "aeroplane", "handled", "chair", "symmetric")

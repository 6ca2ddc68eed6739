"""What an aeroplane stands on: wheels on legs, singly, in pairs or bogies, spats, floats.

The frame of the body (aeroplane_body.py). Everything is made at its place on the +x side or in the middle.
"""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.aeroplane_pieces import Floats, Pieces
from rrb.data.procedural.parts import lathe, loft, moved, rod, turned
from rrb.geometry.mesh import Mesh

_TYRE = [(0.6, -0.5), (1.0, -0.3), (1.0, 0.3), (0.6, 0.5)]


def wheel(middle: Floats, radius: float, width: float, sides: int = 12) -> Pieces:
    """A tyre and its hub, the axle along x."""
    tyre = np.array(_TYRE) * [radius, width]
    hub = np.array([(0.5, -0.42), (0.5, 0.42)]) * [radius, 1.3 * width]
    return [
        (kind, moved(turned(lathe(outline, sections=sides), 2, -np.pi / 2), middle))
        for kind, outline, sides in (("tyre", tyre, sides), ("strut", hub, sides // 2))
    ]


def leg(top: Floats, ground: float, radius: float, pairs: int, *, twin: bool = True) -> Pieces:
    """A leg from its top (3,) down to wheels of this radius that stand on y = ground.

    pairs: of wheels behind each other; twin: two side by side, else one below the leg.
    """
    foot = np.array([top[0], ground + radius, top[2]])
    width = 0.7 * radius
    pieces: Pieces = [("strut", rod(top, foot, 0.22 * radius, 0.16 * radius, sections=6))]
    back = 2.2 * radius * (np.arange(pairs) - (pairs - 1) / 2)
    if pairs > 1:
        ends = foot + [0, 0, back[0]], foot + [0, 0, back[-1]]
        pieces.append(("strut", rod(ends[0], ends[1], 0.18 * radius, sections=4)))
    for z in back:
        axle = foot + [0, 0, z]
        aside = 0.75 * width
        pieces.append(("strut", rod(axle - [aside, 0, 0], axle + [aside, 0, 0], 0.12 * radius, sections=4)))
        sides = (-aside, aside) if twin else (0.0,)
        pieces += [
            piece for x in sides for piece in wheel(axle + [x, 0, 0], radius, width, 12 if pairs == 1 else 8)
        ]
    return pieces


def spring_leg(top: Floats, foot: Floats, radius: float, spat: bool) -> Pieces:
    """A light aeroplane's bent leg to one wheel, whose middle is the foot (3,), maybe in a drop-shaped hood."""
    knee = top + (foot - top) * [0.75, 0.9, 1.0]
    thick = 0.16 * radius
    pieces = [
        ("strut", rod(top, knee, 1.3 * thick, thick, sections=6)),
        ("strut", rod(knee + (top - knee) * 0.05, foot, thick, 0.8 * thick, sections=6)),
        *wheel(foot, radius, 0.6 * radius),
    ]
    return [*pieces, ("fairing", _spat(foot, radius))] if spat else pieces


def floats(
    middle: Floats, length: float, depth: float, struts: list[tuple[Floats, Floats]], radius: float
) -> Pieces:
    """A boat hull of this length around the middle (3,) of its deck, and struts between pairs of points."""
    share = np.array([0.0, 0.04, 0.12, 0.3, 0.52, 0.56, 0.8, 1.0])[:, None]
    wide = np.array([0.08, 0.35, 0.7, 0.95, 1.0, 1.0, 0.75, 0.15])[:, None] * 0.42 * depth
    deep = np.array([0.1, 0.35, 0.7, 0.95, 1.0, 0.85, 0.55, 0.12])[:, None] * depth
    outline = np.array([(0, 0.1), (0.7, 0.08), (1, 0), (1, -0.5), (0, -1), (-1, -0.5), (-1, 0), (-0.7, 0.08)])
    rise = 0.25 * depth * np.clip(1 - share / 0.3, 0, 1) ** 2  # the bow comes up
    rings = np.stack(
        [
            wide * outline[:, 0],
            rise + deep * outline[:, 1],
            length * (share - 0.45) + 0 * wide * outline[:, 0],
        ],
        -1,
    )
    hull = loft(rings + middle)
    return [("float", hull), *[("strut", rod(a, b, radius, sections=6)) for a, b in struts]]


def _spat(middle: Floats, radius: float) -> Mesh:
    share = np.array([0.0, 0.04, 0.15, 0.35, 0.6, 0.82, 1.0])[:, None]
    size = np.array([0.1, 0.4, 0.8, 1.0, 0.8, 0.45, 0.08])[:, None]
    angle = 2 * np.pi * np.arange(12) / 12
    x, y = 0.45 * radius * size * np.cos(angle), 0.8 * radius * size * np.sin(angle)
    z = radius * (3.4 * share - 1.35)
    return loft(np.stack([x, y + 0.25 * radius, z + 0 * x], axis=-1) + middle)

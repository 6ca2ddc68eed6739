"""Wheels: a tyre, a rim in it, and what shows between the spokes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.parts import Floats, block, lathe, mirrored, moved, rod, slab, turn, turned
from rrb.geometry.mesh import Mesh

TREAD = 20  # sides of a tyre; a multiple of 4, so that it stands on vertices
Parts = list[tuple[str, Mesh]]


def wheel(style: str, radius: float, width: float, rim: float, spokes: int) -> Parts:
    """A wheel around the origin, its outside towards +x; `rim` is the rim's share of the radius."""
    found = RIMS[style](radius * rim, width, spokes)
    return [
        ("tyre", tyre(radius, width, rim)),
        *((kind, Mesh.concatenated([p for k, p in found if k == kind])) for kind in dict(found)),
    ]


def tyre(radius: float, width: float, rim: float) -> Mesh:
    half, hollow = width / 2, 0.3 * width
    shoulder = min(0.25 * width, 0.3 * radius * (1 - rim))
    profile = [(radius, -half), (radius, half - shoulder)]  # nobody sees its inner edge
    profile += [
        (radius - 0.5 * shoulder, half),
        (rim * radius, half - 0.01),
        (0.97 * rim * radius, half - hollow),
    ]
    return _around(profile, TREAD)


def add_wheels(design: Design, parts: Parts, places: list[tuple[float, float, float]]) -> None:
    """The wheel at each place with x > 0, and its mirror image."""
    for place in places:
        for kind, part in parts:
            put = moved(part, place)
            design.add(kind, put, mirrored(put))


# --- rims: radius and width of the tyre, in metres --------------------------------------------------


def _spoked(radius: float, width: float, spokes: int) -> Parts:
    face = 0.5 * width - 0.015
    spoke = block((0.02, 0.84 * radius, 0.3 * radius * 5 / (spokes + 2)), (face - 0.012, 0.5 * radius, 0.0))
    around = [turned(spoke, 0, 2 * np.pi * k / spokes) for k in range(spokes)]
    hub = rod((face - 0.04, 0, 0), (face, 0, 0), 0.24 * radius, 0.18 * radius, sections=6)
    return [("rim", part) for part in (_ring(radius, width), hub, *around)] + [_behind(radius, width)]


def _twin_spoked(radius: float, width: float, spokes: int) -> Parts:
    face = 0.5 * width - 0.018
    around = []
    for k in range(5):
        for side in (-1, 1):
            spoke = block(
                (0.02, 0.84 * radius, 0.1 * radius), (face - 0.01, 0.5 * radius, side * 0.11 * radius)
            )
            around.append(turned(spoke, 0, 2 * np.pi * k / 5))
    hub = rod((face - 0.04, 0, 0), (face, 0, 0), 0.26 * radius, 0.2 * radius, sections=6)
    return [("rim", part) for part in (_ring(radius, width), hub, *around)] + [_behind(radius, width)]


def _steel(radius: float, width: float, spokes: int) -> Parts:
    """A pressed disc, deep in the tyre, with a cap on the nave."""
    face = 0.5 * width - 0.03
    nave, bowl = (0.5 * radius, face), (0.3 * radius, face - 0.02)
    disc = [(0.92 * radius, face - 0.05), (0.8 * radius, face - 0.045), nave, bowl]
    return [
        ("rim", _ring(radius, width)),
        ("rim", _around(disc, 12)),
        ("rim", rod((face - 0.04, 0, 0), (face + 0.015, 0, 0), 0.24 * radius, 0.16 * radius, sections=10)),
    ]


def _cover(radius: float, width: float, spokes: int) -> Parts:
    """A flat cover with dark slots."""
    face = 0.5 * width - 0.012
    edge = [(0.93 * radius, face - 0.05), (0.93 * radius, face - 0.012)]
    cover = [*edge, (0.6 * radius, face), (0.15 * radius, face + 0.004)]
    slot = block((0.02, 0.16 * radius, 0.22 * radius), (face - 0.012, 0.72 * radius, 0.0))
    slots = [("dark", turned(slot, 0, 2 * np.pi * k / spokes)) for k in range(spokes)]
    return [("rim", _around(cover, 12)), *slots]


RIMS: dict[str, Callable[[float, float, int], Parts]] = {
    "spoked": _spoked,
    "twin": _twin_spoked,
    "steel": _steel,
    "cover": _cover,
}


def _ring(radius: float, width: float) -> Mesh:
    """The rim's bed: a dish whose bottom `_behind` makes dark."""
    face = 0.5 * width - 0.006
    return _around([(radius, face - 0.06), (radius, face), (0.84 * radius, face - 0.05)], 12)


def _behind(radius: float, width: float) -> tuple[str, Mesh]:
    face = 0.5 * width - 0.05
    return "dark", rod((face - 0.02, 0, 0), (face, 0, 0), 0.85 * radius, sections=8)


def _around(profile: list[tuple[float, float]], sections: int) -> Mesh:
    """The solid of an outline of radius and x, turned around x."""
    upright = lathe(np.array(profile, float), sections=sections)
    return upright.with_vertices(upright.vertices @ turn(2, -np.pi / 2).T)


def wheel_well(radius: float, floor: float, well: float, place: tuple[float, float]) -> Mesh:
    """A dark wall behind the wheel whose axle is at the place (y, z): the wheel well's inner side, x > 0."""
    angle = np.linspace(0, np.pi, 7)
    outline: Floats = np.stack([radius * np.sin(angle), radius * np.cos(angle)], 1)
    low = np.array([(floor - place[0], -radius), (floor - place[0], radius)])
    return slab(np.concatenate([outline, low]), 0.04, (well, *place), axis=0)

"""Engines: nacelles with an intake and a cone, pylons, propellers; each on the +x side or in the middle.

The frame of the body (aeroplane_body.py): z runs back from the nose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rrb.data.procedural.aeroplane_pieces import SIDES, Floats, Pieces, along_z, hoop
from rrb.data.procedural.aeroplane_wings import Surface, plate
from rrb.data.procedural.parts import loft, moved, turned
from rrb.geometry.mesh import Mesh

UP = np.array([0.0, 1.0, 0.0])
RIGHT = np.array([1.0, 0.0, 0.0])


@dataclass(frozen=True)
class Jet:
    """A nacelle's size; `core`: how far the inner engine stands out behind, over the radius."""

    radius: float
    length: float
    core: float = 1.0
    nozzle: float = 0.66  # its radius at the end over the radius
    sides: int = 16

    def pieces(self, middle: Floats) -> Pieces:
        """Around the middle (3,) of the intake's mouth: closed parts by kind."""
        r, length = self.radius, self.length
        fan = 0.5 * r
        profile = np.array([
            (0.80, fan), (0.82, 0.04 * r), (0.86, 0.0), (0.91, 0.03 * r), (0.98, 0.35 * r), (1.0, 0.3 * length),
            (0.97, 0.55 * length), (0.86, 0.8 * length), (self.nozzle, length),
        ]) * [r, 1.0]  # fmt: skip
        lip = np.array([(0.79, 0.2), (0.81, 0.0), (0.87, -0.03), (0.985, 0.2)]) * r
        cone = np.array([(0.28, 0.56), (0.26, 0.3), (0.15, 0.12), (0.02, 0.04)]) * r
        disc = np.array([(0.78, 0.55), (0.78, 0.46)]) * r
        pieces = [("engine", profile), ("spinner", cone), ("fan", disc)]
        if self.core > 0:
            inner, back = 0.8 * self.nozzle * r, length + self.core * r
            pieces += [
                ("nozzle", np.array([(inner, length - 0.3 * r), (inner, length), (0.7 * inner, back)]))
            ]
            plug = [(0.45 * inner, back - 0.1 * r), (0.4 * inner, back), (0.03 * r, back + 0.6 * r)]
            pieces += [("nozzle", np.array(plug))]
        return [
            ("lip", hoop(lip, middle, self.sides)),
            *(
                (
                    kind,
                    along_z(outline, middle, self.sides if kind == "engine" else 2 * (self.sides // 4) + 2),
                )
                for kind, outline in pieces
            ),
        ]


def under_wing(jet: Jet, wing: Surface, share: float, gap: float, ahead: float, over: bool = False) -> Pieces:
    """Hung below the wing, or standing on it: the mouth `ahead` of the leading edge, the skin `gap` from the wing."""
    edge, chord = wing.leading(share), float(wing.chord_at(share))
    side = 1.0 if over else -1.0
    y = edge[1] + side * (wing.half_thickness(share) + gap + jet.radius)
    middle = np.array([edge[0], y, edge[2] - ahead])
    low = middle + [0.0, -0.8 * side * jet.radius, 0.28 * jet.length]
    chords = (0.55 * jet.length, 0.5 * chord)
    return [
        *jet.pieces(middle),
        ("pylon", plate(low, edge + [0, 0, 0.12 * chord], chords, 0.09, RIGHT)),
    ]


def at_side(jet: Jet, body_x: float, middle: Floats) -> Pieces:
    """Beside the body, whose skin is at `body_x`, on a level stub."""
    z = middle[2] + 0.3 * jet.length
    outer = np.array([middle[0] - 0.75 * jet.radius, middle[1], z])
    inner = np.array([0.6 * body_x, middle[1] - 0.1 * jet.radius, z])
    stub = plate(inner, outer, (0.6 * jet.length, 0.5 * jet.length), 0.14, UP)
    return [*jet.pieces(middle), ("pylon", stub)]


# --- propellers -------------------------------------------------------------------------------------


def propeller(hub: Floats, radius: float, blades: int, phase: float, spinner: float) -> Pieces:
    """Blades about z around the hub (3,), and a spinner of this radius that points forwards."""
    cone = np.array([(1.0, 0.5), (1.0, 0.0), (0.86, -0.7), (0.45, -1.3), (0.05, -1.6)]) * spinner
    one = _blade(radius, spinner)
    turns = phase + 2 * np.pi * np.arange(blades) / blades
    put = [("propeller", moved(turned(one, 2, float(angle)), hub)) for angle in turns]
    return [*put, ("spinner", along_z(cone, hub, 10))]


def _blade(radius: float, spinner: float) -> Mesh:
    """Along +y from the axis: a twisted plank of lens-shaped sections."""
    share = np.array([0.25 * spinner / radius, 0.2, 0.5, 0.85, 1.0])[:, None]
    chord = 0.16 * radius * np.interp(share, [0, 0.2, 0.5, 0.85, 0.97, 1], [0.45, 0.7, 1, 0.8, 0.55, 0.25])
    thick = chord * np.interp(share, [0, 0.2, 0.5, 1], [0.8, 0.4, 0.16, 0.1])
    twist = np.interp(share, [0, 0.2, 1], [1.1, 1.0, 0.3])
    angle = 2 * np.pi * np.arange(6) / 6
    a, b = chord / 2 * np.cos(angle), thick / 2 * np.sin(angle)
    x, z = a * np.cos(twist) - b * np.sin(twist), a * np.sin(twist) + b * np.cos(twist)
    return loft(np.stack([x, radius * share + 0 * x, z], axis=-1))


def long_nacelle(hub: Floats, radius: float, length: float, sunk: float, sides: int = SIDES) -> Mesh:
    """A nacelle behind a propeller at the hub (3,): narrow in front, deepest under the wing, a tail that rises."""
    share = np.array([0.0, 0.02, 0.15, 0.35, 0.6, 0.8, 0.93, 1.0])[:, None]
    wide = np.array([0.5, 0.62, 0.85, 1.0, 0.95, 0.65, 0.35, 0.12])[:, None]
    deep = np.array([0.55, 0.7, 1.0, 1.2, 1.1, 0.7, 0.35, 0.12])[:, None]
    angle = 2 * np.pi * (np.arange(sides) + 0.5) / sides
    x, y = radius * wide * np.cos(angle), radius * deep * np.sin(angle)
    y = y - sunk * np.interp(share, [0, 0.35, 0.6, 1], [0, 1, 1, 0.2])
    return loft(np.stack([x, y, length * share + 0 * x], axis=-1) + hub)

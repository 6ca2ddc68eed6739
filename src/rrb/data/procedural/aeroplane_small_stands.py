"""How small aeroplanes stand: on fixed legs with two wheels and a third, on floats, on one wheel, on none."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural import aeroplane_gear as gear
from rrb.data.procedural.aeroplane_body import Body
from rrb.data.procedural.aeroplane_pieces import put, with_mirror
from rrb.data.procedural.aeroplane_wings import Surface
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import rod

Random = np.random.Generator


def add_gear(
    design: Design, random: Random, body: Body, wing: Surface, tail_wheel: bool = False, fixed: bool = False
) -> None:
    """Legs, floats, or nothing to be seen of them; `fixed` ones cannot be folded away."""
    low = wing.root[1] < 0
    choices = {"down": 0.62, "up": 0.0 if fixed else 0.28 if low else 0.08, "floats": 0.1}
    chosen = pick(random, choices)
    design.style["gear"] = chosen
    if chosen == "floats":
        _floats(design, body, wing)
    elif chosen == "down":
        _wheels(design, random, body, wing, tail_wheel or whether(random, 0.3), low)


def _wheels(design: Design, random: Random, body: Body, wing: Surface, tail_wheel: bool, low: bool) -> None:
    radius = body.length * random.uniform(0.025, 0.034)
    z = wing.root[2] + wing.chord * (0.12 if tail_wheel else 0.6)
    hang = body.height * random.uniform(0.4, 0.6) + (0.3 * body.height if tail_wheel else 0.0)
    ground = float(body.bottom(z)) - hang - radius
    spat = whether(random, 0.45) and design.style["kind"] != "warbird"
    x = body.width * random.uniform(0.8, 1.1)
    share = x / wing.span
    if low:
        top = wing.at(share, 0.2 if tail_wheel else 0.55)
        foot = np.array([x * 1.03, ground + radius, float(top[2]) - 0.02])
    else:
        top = body.points(np.array(z), np.array(-0.9), -0.12)
        foot = np.array([x, ground + radius, z])
    put(design, with_mirror(gear.spring_leg(top, foot, radius, spat)))
    third = 0.9 * body.length if tail_wheel else max(0.5 * body.nose, 0.3)
    small = 0.5 * radius if tail_wheel else 0.85 * radius
    bottom = float(body.bottom(third)) - 1.7 * small if tail_wheel else ground
    start = np.array([0.0, float(body.middle(third)), third])
    put(design, gear.leg(start, bottom, small, 1, twin=False))
    design.style["third wheel"] = "tail" if tail_wheel else "nose"


def _floats(design: Design, body: Body, wing: Surface) -> None:
    z = wing.root[2] + 0.35 * wing.chord
    length, depth = 0.85 * body.length, 0.075 * body.length
    deck = np.array([1.05 * body.width, float(body.bottom(z)) - 0.75 * body.height, z + 0.02 * body.length])
    struts = []
    for along in (-0.14 * body.length, 0.16 * body.length):
        foot = deck + [0, -0.3 * depth, along]
        skin = body.points(np.array(z + along * 0.8), np.array(-0.8), -0.12)
        struts.append((foot, skin))
    put(design, with_mirror(gear.floats(deck, length, depth, struts, 0.035)))
    across = deck - [0, 0.2 * depth, 0.14 * body.length]
    design.add("strut", rod(across * [-1, 1, 1], across, 0.03, sections=6))


def one_wheel(design: Design, random: Random, body: Body, z: float) -> None:
    """A wheel half sunk into the belly, or nothing to be seen of it."""
    design.style["gear"] = "down" if whether(random, 0.5) else "up"
    if design.style["gear"] == "down":
        middle = np.array([0.0, float(body.bottom(z)) - 0.02, z])
        put(design, gear.wheel(middle, 0.2, 0.14))

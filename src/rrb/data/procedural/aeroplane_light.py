"""Light aeroplanes with one or two propellers, and warbirds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data.procedural import aeroplane_small as small
from rrb.data.procedural.aeroplane_body import Body
from rrb.data.procedural.aeroplane_cabins import cabin, glaze
from rrb.data.procedural.aeroplane_pieces import drop
from rrb.data.procedural.aeroplane_small_stands import add_gear
from rrb.data.procedural.aeroplane_wings import Surface
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import both_sides

Random = np.random.Generator


def light(design: Design, random: Random) -> None:
    """Four seats and a propeller in the nose; sometimes one on each wing."""
    place = pick(random, {"high": 0.52, "low": 0.48})
    twin = place == "low" and whether(random, 0.25)
    length = random.uniform(8.0, 11.0) if twin else random.uniform(6.2, 9.0)
    body = cabin(random, length, twin)
    wing = small.straight_wing(random, body, place, length * random.uniform(0.56, 0.72))
    design.style |= {"wing": place, "sweep": "tapered" if wing.taper < 0.85 else "straight"}
    glaze(design, random, body)
    small.side_line(design, random, body)
    design.add("wing", wing.whole())
    if place == "high" and whether(random, 0.75):
        _wing_struts(design, random, body, wing)
    if twin:
        small.wing_propellers(design, random, wing)
    else:
        small.nose_propeller(design, random, body)
    arrangement = pick(random, {"conventional": 0.66, "T-tail": 0.14, "V-tail": 0.1, "cruciform": 0.1})
    small.add_tail(design, random, body, arrangement)
    add_gear(design, random, body, wing)


def warbird(design: Design, random: Random) -> None:
    """Low-winged fighters of the forties: a long nose, a glass drop, a tail wheel."""
    radial = whether(random, 0.4)
    length = random.uniform(8.2, 11.0)
    width = length * random.uniform(0.105, 0.14)
    body = Body(
        length, width, width * random.uniform(1.2, 1.45), nose=0.22 * length, tail=0.58 * length,
        bluntness=4.0 if radial else 2.4, droop=0.0, upsweep=random.uniform(0.2, 0.6),
        fullness=random.uniform(1.3, 1.8), tail_end=0.07, squareness=2.2, mouth=0.9 if radial else 0.3,
    )  # fmt: skip
    wing = small.straight_wing(random, body, "low", length * random.uniform(0.53, 0.62))
    elliptic = whether(random, 0.6)
    wing = replace(
        wing, elliptic=elliptic, taper=random.uniform(0.4, 0.6), chord=wing.chord * 1.15, winglet=0.0
    )
    design.style |= {"wing": "low", "sweep": "elliptical" if elliptic else "tapered"}
    design.add("body", body.mesh())
    design.add("wing", wing.whole())
    z, y = 0.36 * length, float(body.top(0.45 * length))
    bubble = drop(
        z,
        z + length * random.uniform(0.2, 0.27),
        0.3 * width,
        0.3 * body.height,
        0.35,
        y=y - 0.06 * body.height,
    )
    design.add("glass", bubble)
    small.side_line(design, random, body)
    small.nose_propeller(design, random, body, blades=int(random.integers(3, 5)), size=0.17)
    small.add_tail(design, random, body, "conventional")
    add_gear(design, random, body, wing, tail_wheel=True)


def _wing_struts(design: Design, random: Random, body: Body, wing: Surface) -> None:
    share = random.uniform(0.42, 0.6)
    for along in (0.25, 0.65)[: 1 + int(whether(random, 0.35))]:
        top = wing.at(share, along)
        z = float(wing.at(0.0, along)[2])
        foot = body.points(np.array(z), np.array(-0.6), -0.1)
        design.add("strut", *both_sides(small.streamlined(foot, top, 0.14)))

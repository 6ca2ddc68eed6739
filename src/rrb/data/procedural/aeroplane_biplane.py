"""Biplanes: two wings, struts and wires between them, open seats, a round engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data.procedural import aeroplane_small as small
from rrb.data.procedural.aeroplane_body import Body
from rrb.data.procedural.aeroplane_pieces import drop
from rrb.data.procedural.aeroplane_small_stands import add_gear
from rrb.data.procedural.aeroplane_wings import Surface
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import whether
from rrb.data.procedural.parts import both_sides, rod

Random = np.random.Generator


def biplane(design: Design, random: Random) -> None:
    """Two wings, struts and wires between them, an open seat."""
    length = random.uniform(5.8, 8.2)
    width = length * random.uniform(0.11, 0.14)
    body = Body(
        length, width, width * random.uniform(1.1, 1.3), nose=0.16 * length, tail=0.62 * length, bluntness=4.0,
        droop=0.0, upsweep=random.uniform(0.4, 0.8), fullness=1.25, tail_end=0.08,
        squareness=random.uniform(2.2, 3.2), mouth=0.85,
    )  # fmt: skip
    lower = small.straight_wing(random, body, "low", length * random.uniform(0.5, 0.64))
    lower = replace(lower, winglet=0.0, taper=random.uniform(0.85, 1.0), cant=random.uniform(0.02, 0.06))
    upper = _upper_wing(random, body, lower)
    design.style |= {"wing": "two", "sweep": "straight"}
    design.add("body", body.mesh())
    design.add("wing", lower.whole(), upper.whole())
    _between(design, random, body, lower, upper)
    for k in range(1 + int(whether(random, 0.4))):
        _seat(design, body, (0.44 + 0.11 * k) * length)
    small.side_line(design, random, body)
    small.nose_propeller(design, random, body, blades=2, size=0.17)
    small.add_tail(design, random, body, "conventional")
    add_gear(design, random, body, lower, tail_wheel=True, fixed=True)


def _seat(design: Design, body: Body, z: float) -> None:
    """A dark hole in the back of the body, behind a small windscreen."""
    size, top = 0.09 * body.length, float(body.top(z))
    hole = drop(z, z + size, 0.32 * body.width, 0.08 * body.height, 0.5, y=top - 0.02 * body.height)
    design.add("fan", hole)
    pane = drop(z - 0.45 * size, z + 0.05 * size, 0.24 * body.width, 0.24 * body.height, 0.8, y=top, fine=8)
    design.add("glass", pane)


def _upper_wing(random: Random, body: Body, lower: Surface) -> Surface:
    chord = lower.chord * random.uniform(1.0, 1.15)
    above = float(body.top(lower.root[2])) + body.height * random.uniform(0.4, 0.75)
    root = (0.0, above, lower.root[2] - chord * random.uniform(0.05, 0.45))
    return replace(
        lower,
        root=root,
        chord=chord,
        span=lower.span * random.uniform(1.0, 1.15),
        cant=random.uniform(0.0, 0.03),
    )


def _between(design: Design, random: Random, body: Body, lower: Surface, upper: Surface) -> None:
    """Struts from wing to wing, from the body to the upper wing, and crossed wires."""
    pairs = int(random.integers(1, 3))
    shares = [0.72] if pairs == 1 else [0.4, 0.8]
    for share in shares:
        x = share * lower.span
        for along in (0.15, 0.62):
            low, high = lower.at(share, along), upper.at(upper.share_at(x), along)
            design.add("strut", *both_sides(small.streamlined(low, high, 0.1)))
    for along in (0.15, 0.62):
        high = upper.at(0.09, along)
        z = float(high[2]) + 0.05
        foot = body.points(np.array(z), np.array(1.0), -0.08)
        design.add("strut", *both_sides(small.streamlined(foot, high, 0.08)))
    wire = rod(lower.at(0.12, 0.3), upper.at(upper.share_at(shares[-1] * lower.span), 0.3), 0.012, sections=4)
    design.add("strut", *both_sides(wire))

"""Where large aeroplanes carry their engines: below the wing, beside the tail, in front of the wing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data.procedural import aeroplane_engines as engines
from rrb.data.procedural.aeroplane_body import Body
from rrb.data.procedural.aeroplane_engines import Jet
from rrb.data.procedural.aeroplane_pieces import put, with_mirror
from rrb.data.procedural.aeroplane_wings import Surface
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick, whether

Random = np.random.Generator


def jets_under(design: Design, random: Random, body: Body, wing: Surface) -> float:
    """Two or four below the wing, sometimes two and one at the fin; the lowest y of them."""
    choices = {"two": 0.5, "four": 0.33, "three": 0.17} if body.width > 5 else {"two": 1.0}
    count = "four" if design.style["wing"] == "high" else pick(random, choices)
    four = count == "four"
    radius = body.width * (random.uniform(0.19, 0.235) if four else random.uniform(0.26, 0.325))
    jet = Jet(
        radius, radius * random.uniform(2.6, 4.2), core=float(random.choice([0.0, 0.6, 1.0])),
        nozzle=random.uniform(0.6, 0.75), sides=12 if four else 16,
    )  # fmt: skip
    inner = max(random.uniform(0.3, 0.36), (0.5 * body.width + 2.1 * radius) / wing.span)
    shares = (inner, max(inner + 0.26, random.uniform(0.58, 0.68))) if four else (inner,)
    gap, ahead = radius * random.uniform(0.05, 0.3), jet.length * random.uniform(0.55, 0.8)
    for share in shares:
        put(design, with_mirror(engines.under_wing(jet, wing, share, gap, ahead)))
    if count == "three":
        _jet_at_fin(design, body, jet)
    design.style["engines"] = "two under wing, one at fin" if count == "three" else f"{count} under wing"
    return float(wing.leading(inner)[1]) - wing.half_thickness(inner) - gap - 2 * radius


def jets_at_tail(design: Design, random: Random, body: Body, size: float) -> float:
    """Two beside the body, sometimes a third at the fin's root; the lowest y of the body."""
    radius = size * body.width * random.uniform(0.85, 1.1)
    jet = Jet(radius, radius * random.uniform(3.4, 5.0), core=float(random.choice([0.0, 0.0, 0.5])))
    z = body.length - body.tail * random.uniform(0.95, 1.1)
    x = float(body.half_width(z)) + radius * random.uniform(1.1, 1.45)
    middle = np.array([x, body.height * random.uniform(0.12, 0.28), z])
    put(design, with_mirror(engines.at_side(jet, float(body.half_width(z + 0.5 * jet.length)), middle)))
    three = whether(random, 0.18)
    if three:
        _jet_at_fin(design, body, jet)
    design.style["engines"] = "three at tail" if three else "two at tail"
    return float(body.bottom(body.length / 2))


def _jet_at_fin(design: Design, body: Body, like: Jet) -> None:
    """On the body's back, where the fin's root runs into it."""
    z = body.length - 0.8 * body.tail
    middle = np.array([0.0, float(body.top(z)) + 0.75 * like.radius, z])
    put(design, replace(like, core=0.0, length=0.72 * body.tail).pieces(middle))


def propellers_on(
    design: Design, random: Random, wing: Surface, shares: tuple[float, ...], radius: float, blades: int
) -> None:
    """Nacelles through the wing at shares of its span, with a propeller in front of each."""
    sunk, spinner = radius * random.uniform(0.1, 0.6), 0.42 * radius
    sweep, phase = radius * random.uniform(3.4, 4.6), random.uniform(0, 2 * np.pi)
    sides = 12 if len(shares) > 1 else 18
    for share in shares:
        edge, chord = wing.leading(share), float(wing.chord_at(share))
        ahead = max(2.4 * radius, 0.5 * chord)
        hub = edge + [0.0, -0.2 * radius, -ahead]
        nacelle = engines.long_nacelle(hub, radius, ahead + 1.15 * chord, sunk, sides)
        pieces = [("engine", nacelle), *engines.propeller(hub, sweep, blades, phase, spinner)]
        put(design, with_mirror(pieces))
    design.style["engines"] = f"{'four' if len(shares) == 2 else 'two'} propellers on wing"

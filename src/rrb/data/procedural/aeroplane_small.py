"""What small aeroplanes share: straight wings, propellers, tails, a painted line."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural import aeroplane_engines as engines
from rrb.data.procedural.aeroplane_body import Body, Floats
from rrb.data.procedural.aeroplane_intakes import cylinders
from rrb.data.procedural.aeroplane_pieces import put, with_mirror
from rrb.data.procedural.aeroplane_skin import side_strip
from rrb.data.procedural.aeroplane_tails import Tail
from rrb.data.procedural.aeroplane_wings import Surface, plate
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import whether
from rrb.data.procedural.parts import both_sides, rod
from rrb.geometry.mesh import Mesh

Random = np.random.Generator


def side_line(design: Design, random: Random, body: Body) -> None:
    if whether(random, 0.6):
        low = random.uniform(-0.5, 0.1)
        high = low + random.uniform(0.1, 0.35)
        strip = side_strip(body, 0.35 * body.nose, body.length * random.uniform(0.75, 0.92), low, high, 0.006)
        design.add("stripe", *both_sides(strip))


def straight_wing(random: Random, body: Body, place: str, half_span: float) -> Surface:
    chord = half_span * random.uniform(0.26, 0.36)
    taper = random.choice([1.0, random.uniform(0.4, 0.85)])
    z = body.hump_z[1] + 0.5 if body.hump else body.length * random.uniform(0.33, 0.37)
    start = z - 0.3 * chord
    if place == "high":
        y, cant = float(body.top(z)) + 0.01 * body.height, random.uniform(0.0, 0.035)
    else:
        y, cant = float(body.bottom(z)) + 0.15 * body.height, random.uniform(0.06, 0.12)
    winglet = half_span * random.uniform(0.04, 0.09) if whether(random, 0.12) else 0.0
    return Surface(
        (0.0, y, start), half_span, chord, taper, random.uniform(-0.05, 0.06), cant, random.uniform(0.12, 0.15),
        winglet=winglet,
    )  # fmt: skip


def streamlined(low: Floats, high: Floats, chord: float) -> Mesh:
    way = (high - low) / np.linalg.norm(high - low)
    normal = np.cross([0.0, 0.0, 1.0], way)
    normal /= np.linalg.norm(normal)
    back = np.array([0.0, 0.0, chord / 2])
    return plate(low - back, high - back, (chord, chord), 0.38, normal)


def nose_propeller(design: Design, random: Random, body: Body, blades: int = 0, size: float = 0.13) -> None:
    blades = blades or int(random.choice([2, 2, 3]))
    front = np.array([0.0, float(body.middle(0.0)), 0.0])
    half = 0.5 * body.mouth * body.height
    spinner = half * random.uniform(0.3, 0.5) if half > 0.3 else 0.9 * half
    hub = front - [0, 0, 0.25 * spinner]
    reach = body.length * size * random.uniform(0.9, 1.1)
    put(design, engines.propeller(hub, reach, blades, random.uniform(0, np.pi), spinner))
    shaft = rod(hub, hub + [0, 0, 2.2 * half + 0.3 * spinner], 0.5 * spinner, sections=10)
    design.add("fan", shaft)
    if half > 0.3:  # a round hood that is wide open
        put(design, cylinders(front + [0, 0, 0.8 * half], 0.8 * half))
    design.style["engines"] = "propeller in nose"


def wing_propellers(design: Design, random: Random, wing: Surface) -> None:
    radius = 0.36
    share = random.uniform(0.29, 0.35)
    edge, chord = wing.leading(share), float(wing.chord_at(share))
    hub = edge + [0, 0.02, -1.3]
    blades, phase = int(random.integers(2, 4)), random.uniform(0, np.pi)
    body = engines.long_nacelle(hub, radius, 1.3 + chord * random.uniform(0.75, 1.1), 0.1)
    pieces = [("engine", body), *engines.propeller(hub, random.uniform(0.85, 1.05), blades, phase, 0.18)]
    put(design, with_mirror(pieces))
    design.style["engines"] = "two propellers on wing"


def add_tail(design: Design, random: Random, body: Body, arrangement: str, size: float = 1.0) -> None:
    length = body.length * size
    chord = length * random.uniform(0.13, 0.18)
    tail = Tail(
        arrangement, body.length * random.uniform(0.975, 0.99), length * random.uniform(0.17, 0.22), chord,
        random.uniform(0.15, 0.75), half_span=length * random.uniform(0.18, 0.23),
        chord=chord * random.uniform(0.75, 0.95), sweep=random.uniform(0.0, 0.2), fin_taper=random.uniform(0.4, 0.7),
        taper=random.uniform(0.5, 1.0), cant=random.uniform(0.0, 0.05), fillet=whether(random, 0.35),
    )  # fmt: skip
    put(design, tail.pieces(body))
    design.style["tail"] = arrangement

"""Light aeroplanes: one or two propellers, warbirds, biplanes, gliders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data.procedural import aeroplane_engines as engines
from rrb.data.procedural import aeroplane_gear as gear
from rrb.data.procedural.aeroplane_body import Body, Floats, drop, patch, side_strip
from rrb.data.procedural.aeroplane_engines import with_mirror
from rrb.data.procedural.aeroplane_tails import Tail
from rrb.data.procedural.aeroplane_wings import Surface, plate
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import both_sides, rod
from rrb.geometry.mesh import Mesh

Random = np.random.Generator


def light(design: Design, random: Random) -> None:
    """Four seats and a propeller in the nose; sometimes one on each wing."""
    place = pick(random, {"high": 0.52, "low": 0.48})
    twin = place == "low" and whether(random, 0.25)
    length = random.uniform(8.0, 11.0) if twin else random.uniform(6.2, 9.0)
    body = _cabin(random, length, twin)
    wing = _straight_wing(random, body, place, length * random.uniform(0.56, 0.72))
    design.style |= {"wing": place, "sweep": "tapered" if wing.taper < 0.85 else "straight"}
    _glaze(design, random, body)
    _side_line(design, random, body)
    design.add("wing", wing.whole())
    if place == "high" and whether(random, 0.75):
        _wing_struts(design, random, body, wing)
    if twin:
        _propellers(design, random, wing)
    else:
        _nose_propeller(design, random, body)
    arrangement = pick(random, {"conventional": 0.66, "T-tail": 0.14, "V-tail": 0.1, "cruciform": 0.1})
    _tail(design, random, body, arrangement)
    _gear(design, random, body, wing)


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
    wing = _straight_wing(random, body, "low", length * random.uniform(0.53, 0.62))
    elliptic = whether(random, 0.45)
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
    _side_line(design, random, body)
    _nose_propeller(design, random, body, blades=int(random.integers(3, 5)), size=0.17)
    _tail(design, random, body, "conventional")
    _gear(design, random, body, wing, tail_wheel=True)


def biplane(design: Design, random: Random) -> None:
    """Two wings, struts and wires between them, an open seat."""
    length = random.uniform(5.8, 8.2)
    width = length * random.uniform(0.11, 0.14)
    body = Body(
        length, width, width * random.uniform(1.1, 1.3), nose=0.16 * length, tail=0.62 * length, bluntness=4.0,
        droop=0.0, upsweep=random.uniform(0.4, 0.8), fullness=1.25, tail_end=0.08,
        squareness=random.uniform(2.2, 3.2), mouth=0.85,
    )  # fmt: skip
    lower = _straight_wing(random, body, "low", length * random.uniform(0.5, 0.64))
    lower = replace(lower, winglet=0.0, taper=random.uniform(0.85, 1.0), cant=random.uniform(0.02, 0.06))
    upper = _upper_wing(random, body, lower)
    design.style |= {"wing": "two", "sweep": "straight"}
    design.add("body", body.mesh())
    design.add("wing", lower.whole(), upper.whole())
    _between(design, random, body, lower, upper)
    seat = (0.44 + 0.05 * np.arange(1 + int(whether(random, 0.4)))) * length
    for k, z in enumerate(seat + 0.06 * length * np.arange(len(seat))):
        top = float(body.top(z))
        design.add(
            "fan",
            drop(z, z + 0.09 * length, 0.32 * width, 0.08 * body.height, 0.5, y=top - 0.02 * body.height),
        )
        design.add(
            "glass",
            drop(z - 0.04 * length, z + 0.005 * length, 0.24 * width, 0.24 * body.height, 0.8, y=top, fine=8),
        )
        assert k < 2
    _side_line(design, random, body)
    _nose_propeller(design, random, body, blades=2, size=0.17)
    _tail(design, random, body, "conventional")
    _gear(design, random, body, lower, tail_wheel=True)


def glider(design: Design, random: Random) -> None:
    """Very long wings, a glass nose, a thin tail, no engine."""
    length, half_span = random.uniform(6.2, 8.6), random.uniform(7.5, 12.5)
    width = random.uniform(0.6, 0.75)
    body = Body(
        length, width, width * random.uniform(1.2, 1.4), nose=random.uniform(1.7, 2.2), tail=0.66 * length,
        bluntness=random.uniform(1.6, 1.9), droop=random.uniform(0.3, 0.6), upsweep=random.uniform(0.5, 0.9),
        fullness=random.uniform(0.8, 1.0), tail_end=random.uniform(0.16, 0.22),
    )  # fmt: skip
    chord = random.uniform(0.8, 1.05)
    z = 0.36 * length
    wing = Surface(
        (0.0, float(body.top(z)) - random.uniform(0.1, 0.25) * body.height, z - chord / 4), half_span, chord,
        random.uniform(0.35, 0.5), random.uniform(-0.02, 0.03), random.uniform(0.03, 0.07), 0.14,
        winglet=random.uniform(0.3, 0.55) if whether(random, 0.5) else 0.0, winglet_cant=random.uniform(1.1, 1.45),
    )  # fmt: skip
    design.add("body", body.mesh())
    design.add("wing", wing.whole())
    end = z - 0.3 * chord
    canopy = drop(
        0.3,
        end,
        0.44 * width,
        0.42 * body.height,
        0.6,
        y=float(body.middle(0.9)) + 0.14 * body.height,
        tilt=0.06,
    )
    design.add("glass", canopy)
    design.style |= {"wing": "mid", "sweep": "tapered", "engines": "none"}
    _tail(design, random, body, pick(random, {"T-tail": 0.7, "conventional": 0.15, "V-tail": 0.15}), 0.85)
    _one_wheel(design, random, body, z)


# --- bodies -----------------------------------------------------------------------------------------


def _cabin(random: Random, length: float, twin: bool) -> Body:
    """A blunt nose for the engine, or a round one, and a hump of glass."""
    width = random.uniform(1.05, 1.3)
    height = width * random.uniform(0.85, 1.0)
    start = length * (random.uniform(0.2, 0.27) if not twin else random.uniform(0.17, 0.24))
    full = start + random.uniform(0.5, 0.9)
    end = full + random.uniform(1.3, 2.4)
    slope = random.uniform(0.7, 2.2)
    return Body(
        length, width, height, nose=start * (1.3 if twin else 0.9), tail=length - full - 0.7,
        bluntness=1.9 if twin else 3.0, droop=random.uniform(0.2, 0.4) if twin else random.uniform(-0.1, 0.2),
        upsweep=random.uniform(0.4, 0.8), fullness=random.uniform(1.15, 1.5), tail_end=0.1,
        squareness=random.uniform(2.2, 3.2), mouth=0.0 if twin else random.uniform(0.45, 0.6),
        hump=height * random.uniform(0.38, 0.55), hump_z=(start, full, end, min(end + slope, 0.9 * length)),
    )  # fmt: skip


def _glaze(design: Design, random: Random, body: Body) -> None:
    """Body, windscreen and side windows around the hump."""
    design.add("body", body.mesh())
    a, b, c, d = body.hump_z
    proud, deep = 0.012 * body.height, 0.05 * body.height
    low = random.uniform(0.35, 0.6)
    z, angle = np.meshgrid(
        np.linspace(a + 0.25 * (b - a), b - 0.02, 5), np.linspace(low, np.pi - low, 11), indexing="ij"
    )
    design.add("glass", patch(body, z, angle, proud, deep))
    panes, gap = int(random.integers(1, 4)), 0.1
    size = (c - b - gap) / panes
    for k in range(panes):
        start = b + 0.08 + k * size
        design.add(
            "glass",
            *both_sides(
                side_strip(body, start, start + size - gap, low, low + random.uniform(0.4, 0.55), 0.012)
            ),
        )
    if whether(random, 0.35):
        z, angle = np.meshgrid(
            np.linspace(c + 0.1, d - 0.3 * (d - c), 4), np.linspace(0.75, np.pi - 0.75, 7), indexing="ij"
        )
        design.add("glass", patch(body, z, angle, proud, deep))


def _side_line(design: Design, random: Random, body: Body) -> None:
    if whether(random, 0.6):
        low = random.uniform(-0.5, 0.1)
        high = low + random.uniform(0.1, 0.35)
        strip = side_strip(body, 0.35 * body.nose, body.length * random.uniform(0.75, 0.92), low, high, 0.006)
        design.add("stripe", *both_sides(strip))


# --- wings ------------------------------------------------------------------------------------------


def _straight_wing(random: Random, body: Body, place: str, half_span: float) -> Surface:
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


def _wing_struts(design: Design, random: Random, body: Body, wing: Surface) -> None:
    share = random.uniform(0.42, 0.6)
    for along in (0.25, 0.65)[: 1 + int(whether(random, 0.35))]:
        top = wing.at(share, along)
        z = float(wing.at(0.0, along)[2])
        foot = body.points(np.array(z), np.array(-0.6), -0.1)
        design.add("strut", *both_sides(_streamlined(foot, top, 0.14)))


def _between(design: Design, random: Random, body: Body, lower: Surface, upper: Surface) -> None:
    """Struts from wing to wing, from the body to the upper wing, and crossed wires."""
    pairs = int(random.integers(1, 3))
    shares = [0.72] if pairs == 1 else [0.4, 0.8]
    for share in shares:
        x = share * lower.span
        for along in (0.15, 0.62):
            low, high = lower.at(share, along), upper.at(upper.share_at(x), along)
            design.add("strut", *both_sides(_streamlined(low, high, 0.1)))
    for along in (0.15, 0.62):
        high = upper.at(0.09, along)
        z = float(high[2]) + 0.05
        foot = body.points(np.array(z), np.array(1.0), -0.08)
        design.add("strut", *both_sides(_streamlined(foot, high, 0.08)))
    wire = rod(lower.at(0.12, 0.3), upper.at(upper.share_at(shares[-1] * lower.span), 0.3), 0.012, sections=4)
    design.add("strut", *both_sides(wire))


def _streamlined(low: Floats, high: Floats, chord: float) -> Mesh:
    way = (high - low) / np.linalg.norm(high - low)
    normal = np.cross([0.0, 0.0, 1.0], way)
    normal /= np.linalg.norm(normal)
    back = np.array([0.0, 0.0, chord / 2])
    return plate(low - back, high - back, (chord, chord), 0.38, normal)


# --- engines ----------------------------------------------------------------------------------------


def _nose_propeller(design: Design, random: Random, body: Body, blades: int = 0, size: float = 0.13) -> None:
    blades = blades or int(random.choice([2, 2, 3]))
    front = np.array([0.0, float(body.middle(0.0)), 0.0])
    half = 0.5 * body.mouth * body.height
    spinner = half * random.uniform(0.3, 0.5) if half > 0.3 else 0.9 * half
    hub = front - [0, 0, 0.25 * spinner]
    reach = body.length * size * random.uniform(0.9, 1.1)
    for kind, piece in engines.propeller(hub, reach, blades, random.uniform(0, np.pi), spinner):
        design.add(kind, piece)
    shaft = rod(hub, hub + [0, 0, 1.5 * half + 0.3 * spinner], 0.5 * spinner, sections=10)
    design.add("fan", shaft)
    design.style["engines"] = "propeller in nose"


def _propellers(design: Design, random: Random, wing: Surface) -> None:
    radius = 0.36
    share = random.uniform(0.29, 0.35)
    edge, chord = wing.leading(share), float(wing.chord_at(share))
    hub = edge + [0, 0.02, -1.3]
    blades, phase = int(random.integers(2, 4)), random.uniform(0, np.pi)
    body = engines.turboprop(hub, radius, 1.3 + chord * random.uniform(0.75, 1.1), 0.1)
    pieces = [("engine", body), *engines.propeller(hub, random.uniform(0.85, 1.05), blades, phase, 0.18)]
    for kind, piece in with_mirror(pieces):
        design.add(kind, piece)
    design.style["engines"] = "two propellers on wing"


# --- tails and wheels -------------------------------------------------------------------------------


def _tail(design: Design, random: Random, body: Body, arrangement: str, size: float = 1.0) -> None:
    length = body.length * size
    chord = length * random.uniform(0.13, 0.18)
    tail = Tail(
        arrangement, body.length * random.uniform(0.975, 0.99), length * random.uniform(0.17, 0.22), chord,
        random.uniform(0.15, 0.75), half_span=length * random.uniform(0.18, 0.23),
        chord=chord * random.uniform(0.75, 0.95), sweep=random.uniform(0.0, 0.2), fin_taper=random.uniform(0.4, 0.7), taper=random.uniform(0.5, 1.0),
        cant=random.uniform(0.0, 0.05), fillet=whether(random, 0.35),
    )  # fmt: skip
    for kind, piece in tail.pieces(body):
        design.add(kind, piece)
    design.style["tail"] = arrangement


def _gear(design: Design, random: Random, body: Body, wing: Surface, tail_wheel: bool = False) -> None:
    """Fixed legs, legs folded away, or floats."""
    low = wing.root[1] < 0
    choices = {"down": 0.62, "up": 0.28 if low else 0.08, "floats": 0.1}
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
    spat = whether(random, 0.45)
    x = body.width * random.uniform(0.8, 1.1)
    share = x / wing.span
    if low:
        top = wing.at(share, 0.2 if tail_wheel else 0.55)
        foot = np.array([x * 1.03, ground + radius, float(top[2]) - 0.02])
    else:
        top = body.points(np.array(z), np.array(-0.9), -0.12)
        foot = np.array([x, ground + radius, z])
    for kind, piece in with_mirror(gear.spring_leg(top, foot, radius, spat)):
        design.add(kind, piece)
    third = 0.9 * body.length if tail_wheel else max(0.5 * body.nose, 0.3)
    small = 0.5 * radius if tail_wheel else 0.85 * radius
    bottom = float(body.bottom(third)) - 1.7 * small if tail_wheel else ground
    start = np.array([0.0, float(body.middle(third)), third])
    for kind, piece in gear.leg(start, bottom, small, 1, twin=False):
        design.add(kind, piece)
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
    for kind, piece in with_mirror(gear.floats(deck, length, depth, struts, 0.035)):
        design.add(kind, piece)
    across = deck - [0, 0.2 * depth, 0.14 * body.length]
    design.add("strut", rod(across * [-1, 1, 1], across, 0.03, sections=6))


def _one_wheel(design: Design, random: Random, body: Body, z: float) -> None:
    """A wheel half sunk into the belly, or nothing to be seen of it."""
    design.style["gear"] = "down" if whether(random, 0.5) else "up"
    if design.style["gear"] == "down":
        middle = np.array([0.0, float(body.bottom(z)) - 0.02, z])
        for kind, piece in gear.wheel(middle, 0.2, 0.14):
            design.add(kind, piece)

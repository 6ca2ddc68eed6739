"""Fighters and jet trainers: engines in the body, deltas and swept wings, one fin or two."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural import aeroplane_gear as gear
from rrb.data.procedural.aeroplane_body import Body
from rrb.data.procedural.aeroplane_engines import RIGHT
from rrb.data.procedural.aeroplane_intakes import exhaust, side_intake
from rrb.data.procedural.aeroplane_pieces import drop, put, with_mirror
from rrb.data.procedural.aeroplane_tails import Tail
from rrb.data.procedural.aeroplane_wings import Surface, plate
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import both_sides

Random = np.random.Generator


def fighter(design: Design, random: Random) -> None:
    length = random.uniform(12.5, 20.0)
    intakes = pick(random, {"side": 0.6, "belly": 0.22, "nose": 0.18})
    two = intakes == "side" and whether(random, 0.45)
    body = _body(random, length, intakes)
    shape = pick(random, {"delta": 0.38, "swept": 0.32, "trapezoid": 0.3})
    wing = _wing(random, body, shape)
    place = {True: "low", False: "mid"}[wing.root[1] < -0.15 * body.height]
    place = "high" if wing.root[1] > 0.15 * body.height else place
    design.style |= {
        "wing": place,
        "sweep": shape,
        "engines": f"{'two' if two else 'one'} in body",
        "intakes": intakes,
    }
    design.add("body", body.mesh())
    design.add("wing", wing.whole())
    _cockpit(design, random, body)
    _intakes(design, random, body, intakes)
    _nozzles(design, body, two)
    twin = whether(random, 0.7 if two else 0.15)
    _tail(design, random, body, shape, twin)
    _strakes(design, random, body, wing)
    _stores(design, random, wing)
    _gear(design, random, body, wing)


def _body(random: Random, length: float, intakes: str) -> Body:
    width = length * random.uniform(0.078, 0.1)
    return Body(
        length, width, width * random.uniform(1.0, 1.25), nose=length * random.uniform(0.28, 0.36),
        tail=0.3 * length, bluntness=random.uniform(1.15, 1.45), droop=random.uniform(0.1, 0.4),
        upsweep=0.1, fullness=2.0, tail_end=random.uniform(0.7, 0.85), squareness=random.uniform(2.0, 2.5),
        mouth=random.uniform(0.55, 0.65) if intakes == "nose" else 0.0,
    )  # fmt: skip


def _wing(random: Random, body: Body, shape: str) -> Surface:
    length = body.length
    half_span = length * random.uniform(0.27, 0.36)
    chord, taper, sweep = {
        "delta": (half_span * random.uniform(1.1, 1.5), random.uniform(0.04, 0.15), random.uniform(0.65, 0.85)),
        "swept": (half_span * random.uniform(0.55, 0.75), random.uniform(0.3, 0.55), random.uniform(0.55, 0.75)),
        "trapezoid": (half_span * random.uniform(0.75, 1.0), random.uniform(0.22, 0.35), random.uniform(0.25, 0.5)),
    }[shape]  # fmt: skip
    y = body.height * random.choice([-0.28, 0.0, 0.05, 0.3])
    end = length * (random.uniform(0.84, 0.92) if shape == "delta" else random.uniform(0.72, 0.8))
    start = max(end - chord, 0.3 * length)
    if shape == "swept":
        start = 0.42 * length
    return Surface((0.0, y, start), half_span, chord, taper, sweep, random.uniform(-0.07, 0.06), 0.06)


def _cockpit(design: Design, random: Random, body: Body) -> None:
    start = random.uniform(0.5, 0.62) * body.nose
    end = start + body.length * random.uniform(0.15, 0.24)
    middle = 0.5 * (start + end)
    y = float(body.top(middle)) - 0.1 * body.height
    tilt = 0.5 * float(body.top(end) - body.top(start))
    glass = drop(
        start, end, 0.3 * body.width, body.height * random.uniform(0.32, 0.45), 0.4, y=y - tilt / 2, tilt=tilt
    )
    design.add("glass", glass)
    if whether(random, 0.6):  # a spine behind it
        spine = drop(
            middle, body.length * random.uniform(0.6, 0.85), 0.24 * body.width, 0.3 * body.height, 0.15, y=y
        )
        design.add("body", spine)


def _intakes(design: Design, random: Random, body: Body, where: str) -> None:
    if where == "nose":
        y = float(body.middle(0.0))
        half = 0.4 * body.mouth * body.height
        design.add("fan", drop(-0.3 * half, 2.2 * half, 0.5 * half, 0.5 * half, 0.9, y=y, fine=10))
        return
    start, end = body.length * random.uniform(0.28, 0.38), body.length * random.uniform(0.82, 0.92)
    wide, tall = body.width * random.uniform(0.3, 0.42), body.height * random.uniform(0.55, 0.8)
    rake = random.uniform(-0.2, 0.6)
    if where == "side":
        low = np.array([0.36 * body.width, body.height * random.uniform(-0.45, -0.25)])
        box = side_intake(start, end, low, low + [wide, tall], rake)
        put(design, with_mirror(box))
    else:
        wide *= 1.2
        low = np.array([-wide, -0.5 * body.height - 0.55 * tall])
        box = side_intake(
            start, 0.8 * body.length, low, np.array([wide, -0.3 * body.height]), rake, fade="up"
        )
        put(design, box)


def _nozzles(design: Design, body: Body, two: bool) -> None:
    length = body.length
    size = body.tail_end * body.height / 2
    y = float(body.middle(0.97 * length))
    if two:
        radius = 0.8 * size
        put(design, with_mirror(exhaust(np.array([0.95 * radius, y, 1.03 * length]), radius, 0.3 * length)))
    else:
        put(design, exhaust(np.array([0.0, y, 1.03 * length]), 0.97 * size, 0.12 * length))


def _tail(design: Design, random: Random, body: Body, shape: str, twin: bool) -> None:
    length = body.length
    chord = length * random.uniform(0.17, 0.24)
    delta = shape == "delta" and whether(random, 0.75)
    aside = 0.42 * body.width
    tail = Tail(
        "twin fin" if twin else "conventional", length * random.uniform(0.94, 0.985),
        body.height * 0.4 + length * random.uniform(0.11, 0.16) * (0.9 if twin else 1.0), chord,
        random.uniform(0.5, 0.85), half_span=0.0 if delta else length * random.uniform(0.16, 0.2),
        chord=chord * random.uniform(0.6, 0.8), sweep=random.uniform(0.45, 0.75), fin_taper=random.uniform(0.25, 0.45),
        taper=random.uniform(0.25, 0.45), cant=random.uniform(-0.1, 0.05), aside=aside,
        fin_cant=random.uniform(0.0, 0.4), back=random.uniform(0.0, 0.03) * length,
    )  # fmt: skip
    put(design, tail.pieces(body))
    design.style["tail"] = tail.arrangement
    design.style["tailplane"] = "none" if delta else "low"
    if delta and whether(random, 0.5):
        at = (0.0, 0.15 * body.height, 0.33 * length)
        canard = Surface(at, 0.14 * length, 0.1 * length, 0.35, random.uniform(0.5, 0.8), 0.05, 0.06)
        design.add("tailplane", canard.whole())
        design.style["tailplane"] = "canard"


def _strakes(design: Design, random: Random, body: Body, wing: Surface) -> None:
    """Sharp edges in front of the wing's root."""
    if design.style["sweep"] == "delta" or not whether(random, 0.5):
        return
    start = np.array([0.0, wing.root[1], wing.root[2] - 0.16 * body.length])
    share = 0.34
    reach = wing.leading(share) + [0, 0, 0.05]
    chords = (0.16 * body.length + 0.5 * wing.chord, 0.4 * float(wing.chord_at(share)))
    design.add("wing", *both_sides(plate(start, reach, chords, 0.025, np.array([0.0, 1.0, 0.0]))))


def _stores(design: Design, random: Random, wing: Surface) -> None:
    """Tanks or missiles under the wing or at its tips."""
    where = pick(random, {"none": 0.45, "tips": 0.2, "under": 0.35})
    design.style["stores"] = where
    if where == "tips":
        at, length = wing.at(0.985, 0.4), wing.span * random.uniform(0.35, 0.6)
        z, size = float(at[2]), 0.035 * length
        pod = drop(z - 0.55 * length, z + 0.45 * length, size, size, 0.25, float(at[0]), float(at[1]), fine=8)
        design.add("store", *both_sides(pod))
    elif where == "under":
        for share in (0.42, 0.66)[: 1 + int(whether(random, 0.5))]:
            at, length = wing.at(share, 0.35), wing.span * random.uniform(0.45, 0.75)
            size = length * random.uniform(0.04, 0.07)
            y, z = float(at[1]) - 1.7 * size, float(at[2])
            design.add(
                "store",
                *both_sides(
                    drop(z - 0.5 * length, z + 0.5 * length, size, size, 0.4, float(at[0]), y, fine=10)
                ),
            )
            low, high = np.array([at[0], y, z - 0.15 * length]), at - [0, 0, 0.12 * length]
            design.add("pylon", *both_sides(plate(low, high, (0.3 * length, 0.3 * length), 0.08, RIGHT)))


def _gear(design: Design, random: Random, body: Body, wing: Surface) -> None:
    design.style["gear"] = "down" if whether(random, 0.35) else "up"
    if design.style["gear"] == "up":
        return
    radius = 0.022 * body.length
    ground = float(body.bottom(0.5 * body.length)) - 0.065 * body.length
    main = np.array([0.4 * body.width, -0.1 * body.height, 0.62 * body.length])
    put(design, with_mirror(gear.leg(main, ground, radius, 1, twin=False)))
    z = 0.8 * body.nose
    put(design, gear.leg(np.array([0.0, float(body.middle(z)), z]), ground, 0.8 * radius, 1))

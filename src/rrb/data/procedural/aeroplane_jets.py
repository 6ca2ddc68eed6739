"""Aeroplanes that carry people and freight by the dozen: airliners, transports, business jets, turboprops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data.procedural.aeroplane_body import Body
from rrb.data.procedural.aeroplane_mounts import jets_at_tail, jets_under, propellers_on
from rrb.data.procedural.aeroplane_pieces import put
from rrb.data.procedural.aeroplane_stands import gear_at_body, gear_under_wing
from rrb.data.procedural.aeroplane_tails import Tail
from rrb.data.procedural.aeroplane_tubes import belly_fairing, fill, flap_fairings, hump_fairing, tube
from rrb.data.procedural.aeroplane_wings import Surface
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick, whether

Random = np.random.Generator


def airliner(design: Design, random: Random) -> None:
    """Tubes with swept wings: engines under the wing or at the tail."""
    size = pick(random, {"narrow": 0.45, "wide": 0.32, "regional": 0.23})
    at_tail = whether(random, {"narrow": 0.2, "wide": 0.0, "regional": 0.55}[size])
    lengths = {"narrow": (29, 47), "wide": (45, 66), "regional": (25, 36)}[size]
    widths = {"narrow": (3.5, 4.1), "wide": (5.2, 6.5), "regional": (2.6, 3.2)}[size]
    length, width = random.uniform(*lengths), random.uniform(*widths)
    length = min(length, 13.2 * width)
    body = tube(random, length, width)
    two_decks = size == "wide" and whether(random, 0.22)
    if two_decks:
        body = _with_upper_deck(random, body)
    half_span = length * (random.uniform(0.36, 0.46) if at_tail else random.uniform(0.43, 0.53))
    wing = _swept_wing(random, body, half_span, low=True, at=0.54 if at_tail else 0.46)
    fill(design, body, random, cabin=True)
    design.add("wing", wing.whole())
    belly_fairing(design, body, wing, random)
    design.style |= {"wing": "low", "sweep": "swept", "winglets": "yes" if wing.winglet else "no"}
    design.style["decks"] = "two" if two_decks else "one"
    low = jets_at_tail(design, random, body, 0.36) if at_tail else jets_under(design, random, body, wing)
    arrangement = pick(random, {"T-tail": 0.85, "cruciform": 0.15}) if at_tail else "conventional"
    _swept_tail(design, random, body, arrangement)
    flap_fairings(design, wing, random)
    gear_under_wing(design, random, body, wing, low)


def transport(design: Design, random: Random) -> None:
    """High-winged freighters: four jets or propellers, a T-tail, wheels at the belly."""
    length, width = random.uniform(28, 55), random.uniform(4.2, 6.6)
    length = min(max(length, 6.2 * width), 9.5 * width)
    propellers = whether(random, 0.4)
    body = replace(tube(random, length, width), tail=0.42 * length, upsweep=random.uniform(0.85, 1.0))
    wing = _swept_wing(random, body, length * random.uniform(0.46, 0.56), low=False, at=0.42)
    if propellers:
        wing = replace(wing, sweep=random.uniform(0, 0.06), kink=0.0, kink_chord=0.0, cant=0.03)
    fill(design, body, random, cabin=False)
    design.add("wing", wing.whole())
    hump_fairing(design, body, wing)
    design.style |= {"wing": "high", "sweep": "straight" if propellers else "swept"}
    design.style["winglets"] = "yes" if wing.winglet else "no"
    if propellers:
        propellers_on(design, random, wing, (0.3, 0.58), 0.16 * width, blades=int(random.choice([4, 6])))
    else:
        jets_under(design, random, body, wing)
    _swept_tail(design, random, body, pick(random, {"T-tail": 0.65, "conventional": 0.35}))
    gear_at_body(design, random, body, wing, pairs=2)


def business_jet(design: Design, random: Random) -> None:
    """Small jets with two or three engines at the tail."""
    length = random.uniform(11, 26)
    width = float(np.clip(length * random.uniform(0.095, 0.13), 1.5, 2.5))
    body = tube(random, length, width)
    body = replace(body, bluntness=random.uniform(1.35, 1.75), nose=random.uniform(1.8, 2.6) * width)
    wing = _swept_wing(random, body, length * random.uniform(0.4, 0.52), low=True, at=0.53)
    wing = replace(wing, sweep=random.uniform(0.03, 0.55), kink=0.0, kink_chord=0.0)
    fill(design, body, random, cabin=True)
    design.add("wing", wing.whole())
    belly_fairing(design, body, wing, random)
    design.style |= {"wing": "low", "sweep": "swept" if wing.sweep > 0.15 else "straight"}
    design.style["winglets"] = "yes" if wing.winglet else "no"
    jets_at_tail(design, random, body, random.uniform(0.27, 0.36))
    _swept_tail(design, random, body, pick(random, {"T-tail": 0.7, "cruciform": 0.25, "V-tail": 0.05}))
    gear_under_wing(design, random, body, wing, float(body.bottom(wing.root[2])))


def turboprop(design: Design, random: Random) -> None:
    """Straight wings, two propellers."""
    length = random.uniform(10, 32)
    width = float(np.clip(length * random.uniform(0.095, 0.13), 1.5, 2.9))
    high = whether(random, 0.55)
    body = tube(random, length, width)
    half_span = length * random.uniform(0.48, 0.62)
    wing = _swept_wing(random, body, half_span, low=not high, at=0.43)
    wing = replace(
        wing,
        sweep=random.uniform(0, 0.08),
        kink=0.0,
        kink_chord=0.0,
        chord=half_span * random.uniform(0.2, 0.27),
    )
    wing = replace(wing, cant=random.uniform(0, 0.04) if high else random.uniform(0.06, 0.12))
    wing = replace(
        wing, taper=random.uniform(0.4, 0.9), root=(0.0, wing.root[1], 0.43 * length - wing.chord / 4)
    )
    fill(design, body, random, cabin=True)
    design.add("wing", wing.whole())
    hump_fairing(design, body, wing) if high else belly_fairing(design, body, wing, random)
    design.style |= {
        "wing": "high" if high else "low",
        "sweep": "straight",
        "winglets": "yes" if wing.winglet else "no",
    }
    radius = 0.24 * width
    share = max(0.27, (0.5 * width + 5.2 * radius) / half_span)
    propellers_on(design, random, wing, (share,), radius, blades=int(random.integers(3, 7)))
    _swept_tail(
        design,
        random,
        body,
        pick(random, {"T-tail": 0.45, "conventional": 0.3, "cruciform": 0.15, "twin fin": 0.1}),
    )
    if high:
        gear_at_body(design, random, body, wing, pairs=1)
    else:
        gear_under_wing(design, random, body, wing, float(body.bottom(wing.root[2])) - 0.25 * body.height)


# --- wings and tails --------------------------------------------------------------------------------


def _with_upper_deck(random: Random, body: Body) -> Body:
    """A hump from above the nose, as far back as chance will have it."""
    full, end = 0.95 * body.nose, random.uniform(0.24, 0.5) * body.length
    reach = (0.2 * body.nose, full, end, end + 0.12 * body.length)
    return replace(body, hump=random.uniform(0.2, 0.28) * body.height, hump_z=reach)


def _swept_wing(random: Random, body: Body, half_span: float, low: bool, at: float) -> Surface:
    """Its mean quarter chord at a share of the body's length."""
    chord = half_span * random.uniform(0.27, 0.36)
    sweep = random.uniform(0.38, 0.6)
    start = at * body.length - chord / 4 - 0.42 * half_span * np.tan(sweep)
    middle = start + 0.6 * chord
    y = float(body.bottom(middle)) + body.height * random.uniform(0.13, 0.24)
    cant = random.uniform(0.06, 0.13)
    if not low:
        y, cant = (
            float(body.top(middle)) - body.height * random.uniform(0.02, 0.08),
            random.uniform(-0.07, 0.0),
        )
    kinked = whether(random, 0.75)
    winglet = half_span * random.uniform(0.06, 0.13) if whether(random, 0.5) else 0.0
    return Surface(
        (0.0, y, start), half_span, chord, random.uniform(0.2, 0.36), sweep, cant, random.uniform(0.11, 0.14),
        kink=random.uniform(0.3, 0.4) if kinked else 0.0, kink_chord=random.uniform(0.12, 0.35) if kinked else 0.0,
        winglet=winglet, winglet_cant=random.uniform(0.7, 1.5),
    )  # fmt: skip


def _swept_tail(design: Design, random: Random, body: Body, arrangement: str) -> None:
    reach = 0.88 * body.length**0.9  # tails grow slower than bodies
    height = body.height * 0.4 + reach * random.uniform(0.26, 0.34) * (0.85 if arrangement == "T-tail" else 1)
    chord = reach * random.uniform(0.26, 0.34)
    swept = design.style["sweep"] == "swept"
    sweep = random.uniform(0.55, 0.8) if swept else random.uniform(0.2, 0.6)
    tail = Tail(
        arrangement, body.length * random.uniform(0.93, 0.965), height, chord, sweep,
        half_span=reach * random.uniform(0.27, 0.35), chord=0.72 * chord,
        sweep=random.uniform(0.45, 0.65) if swept else random.uniform(0.05, 0.25),
        fin_taper=random.uniform(0.3, 0.45), taper=random.uniform(0.35, 0.5),
        cant=random.uniform(-0.05, 0.02) if arrangement == "T-tail" else random.uniform(0.05, 0.14),
        fillet=whether(random, 0.4), fins_at_tips=True, back=0.02 * body.length,
    )  # fmt: skip
    put(design, tail.pieces(body))
    design.style["tail"] = arrangement

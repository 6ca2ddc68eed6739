"""Aeroplanes that carry people and freight by the dozen: airliners, transports, business jets, turboprops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data.procedural import aeroplane_engines as engines
from rrb.data.procedural import aeroplane_gear as gear
from rrb.data.procedural.aeroplane_body import (
    Body,
    Floats,
    drop,
    patch,
    side_strip,
    window_row,
    windscreen,
)
from rrb.data.procedural.aeroplane_engines import Jet, with_mirror
from rrb.data.procedural.aeroplane_tails import Tail
from rrb.data.procedural.aeroplane_wings import Surface
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import both_sides
from rrb.geometry.mesh import Mesh

Random = np.random.Generator
Pieces = list[tuple[str, Mesh]]


def airliner(design: Design, random: Random) -> None:
    """Tubes with swept wings: engines under the wing or at the tail."""
    size = pick(random, {"narrow": 0.45, "wide": 0.32, "regional": 0.23})
    at_tail = whether(random, {"narrow": 0.2, "wide": 0.0, "regional": 0.55}[size])
    lengths = {"narrow": (29, 47), "wide": (46, 70), "regional": (25, 36)}[size]
    widths = {"narrow": (3.5, 4.1), "wide": (5.2, 6.5), "regional": (2.6, 3.2)}[size]
    length, width = random.uniform(*lengths), random.uniform(*widths)
    length = min(length, 13.2 * width)
    body = _tube(random, length, width)
    half_span = length * (random.uniform(0.36, 0.46) if at_tail else random.uniform(0.43, 0.53))
    wing = _swept_wing(random, body, half_span, low=True, at=0.54 if at_tail else 0.46)
    _fill(design, body, random, cabin=True)
    design.add("wing", wing.whole())
    _belly_fairing(design, body, wing, random)
    design.style |= {"wing": "low", "sweep": "swept", "winglets": "yes" if wing.winglet else "no"}
    low = _jets_at_tail(design, random, body, 0.36) if at_tail else _jets_under(design, random, body, wing)
    arrangement = pick(random, {"T-tail": 0.85, "cruciform": 0.15}) if at_tail else "conventional"
    _swept_tail(design, random, body, arrangement)
    _flap_fairings(design, wing, random)
    _gear_under_wing(design, random, body, wing, low)


def transport(design: Design, random: Random) -> None:
    """High-winged freighters: four jets or propellers, a T-tail, wheels at the belly."""
    length, width = random.uniform(28, 55), random.uniform(4.2, 6.6)
    length = min(max(length, 6.2 * width), 9.5 * width)
    propellers = whether(random, 0.4)
    body = replace(_tube(random, length, width), tail=0.42 * length, upsweep=random.uniform(0.85, 1.0))
    wing = _swept_wing(random, body, length * random.uniform(0.46, 0.56), low=False, at=0.42)
    if propellers:
        wing = replace(wing, sweep=random.uniform(0, 0.06), kink=0.0, kink_chord=0.0, cant=0.03)
    _fill(design, body, random, cabin=False)
    design.add("wing", wing.whole())
    _hump_fairing(design, body, wing)
    design.style |= {"wing": "high", "sweep": "straight" if propellers else "swept"}
    design.style["winglets"] = "yes" if wing.winglet else "no"
    if propellers:
        _propellers_on(design, random, wing, (0.3, 0.58), 0.16 * width, blades=int(random.choice([4, 6])))
    else:
        _jets_under(design, random, body, wing)
    _swept_tail(design, random, body, pick(random, {"T-tail": 0.65, "conventional": 0.35}))
    _gear_at_body(design, random, body, wing, pairs=2)


def business_jet(design: Design, random: Random) -> None:
    """Small jets with two or three engines at the tail."""
    length = random.uniform(11, 26)
    width = float(np.clip(length * random.uniform(0.095, 0.13), 1.5, 2.5))
    body = _tube(random, length, width)
    body = replace(body, bluntness=random.uniform(1.35, 1.75), nose=random.uniform(1.8, 2.6) * width)
    wing = _swept_wing(random, body, length * random.uniform(0.4, 0.52), low=True, at=0.53)
    wing = replace(wing, sweep=random.uniform(0.03, 0.55), kink=0.0, kink_chord=0.0)
    _fill(design, body, random, cabin=True)
    design.add("wing", wing.whole())
    _belly_fairing(design, body, wing, random)
    design.style |= {"wing": "low", "sweep": "swept" if wing.sweep > 0.15 else "straight"}
    design.style["winglets"] = "yes" if wing.winglet else "no"
    _jets_at_tail(design, random, body, random.uniform(0.27, 0.36))
    _swept_tail(design, random, body, pick(random, {"T-tail": 0.7, "cruciform": 0.25, "V-tail": 0.05}))
    _gear_under_wing(design, random, body, wing, float(body.bottom(wing.root[2])))


def turboprop(design: Design, random: Random) -> None:
    """Straight wings, two propellers."""
    length = random.uniform(10, 32)
    width = float(np.clip(length * random.uniform(0.095, 0.13), 1.5, 2.9))
    high = whether(random, 0.55)
    body = _tube(random, length, width)
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
    _fill(design, body, random, cabin=True)
    design.add("wing", wing.whole())
    _hump_fairing(design, body, wing) if high else _belly_fairing(design, body, wing, random)
    design.style |= {
        "wing": "high" if high else "low",
        "sweep": "straight",
        "winglets": "yes" if wing.winglet else "no",
    }
    radius = 0.24 * width
    share = max(0.27, (0.5 * width + 5.2 * radius) / half_span)
    _propellers_on(design, random, wing, (share,), radius, blades=int(random.integers(3, 7)))
    _swept_tail(
        design,
        random,
        body,
        pick(random, {"T-tail": 0.45, "conventional": 0.3, "cruciform": 0.15, "twin fin": 0.1}),
    )
    if high:
        _gear_at_body(design, random, body, wing, pairs=1)
    else:
        _gear_under_wing(design, random, body, wing, float(body.bottom(wing.root[2])) - 0.25 * body.height)


# --- bodies -----------------------------------------------------------------------------------------


def _tube(random: Random, length: float, width: float) -> Body:
    return Body(
        length, width, width * random.uniform(0.98, 1.1),
        nose=width * random.uniform(1.1, 1.7), tail=width * random.uniform(2.6, 3.6),
        bluntness=random.uniform(1.75, 2.2), droop=random.uniform(0.2, 0.5), upsweep=random.uniform(0.55, 0.9),
        fullness=random.uniform(1.5, 2.0), tail_end=random.uniform(0.06, 0.14),
    )  # fmt: skip


def _fill(design: Design, body: Body, random: Random, cabin: bool) -> None:
    """The body, its glass, its windows and a livery's lines on it."""
    design.add("body", body.mesh())
    low = random.uniform(0.24, 0.4)
    design.add(
        "glass",
        windscreen(body, low, low + random.uniform(0.26, 0.4), body.nose * random.uniform(0.62, 0.85)),
    )
    start, end = 1.05 * body.nose, body.length - 0.75 * body.tail
    windows = pick(random, {"row": 0.7, "strip": 0.2, "none": 0.1}) if cabin else "none"
    level = random.uniform(0.12, 0.3)
    if windows == "row":
        _window_rows(design, body, random, start, end, level)
    elif windows == "strip":
        design.add("window", *both_sides(side_strip(body, start, end, level - 0.05, level + 0.06)))
    line = pick(random, {"none": 0.45, "line": 0.25, "belly": 0.2, "rear": 0.1})
    if line == "line":
        top = level - 0.1 if windows != "none" else 0.1
        stripe = side_strip(
            body,
            0.55 * body.nose,
            body.length - 0.25 * body.tail,
            top - random.uniform(0.08, 0.3),
            top,
            0.005,
        )
        design.add("stripe", *both_sides(stripe))
    elif line != "none":
        design.add("belly" if line == "belly" else "stripe", _wrap(body, line, random))
    design.style["windows"] = windows


def _window_rows(design: Design, body: Body, random: Random, start: float, end: float, level: float) -> None:
    small = body.length < 27
    pitch = random.uniform(0.75, 1.3) if small else random.uniform(1.0, 1.5)
    size = np.array([0.34, 0.4]) if small else np.array([0.32, 0.44]) * random.uniform(0.9, 1.2)
    count = int(np.clip((end - start) / pitch, 4, 34))
    decks = [level] if body.width < 5.9 or whether(random, 0.7) else [level - 0.12, level + 0.42]
    for deck in decks:
        reach = end if deck == decks[0] else start + (end - start) * random.uniform(0.3, 1.0)
        many = max(4, round(count * (reach - start) / (end - start)))
        design.add("window", *both_sides(window_row(body, start, reach, many, size, deck)))


def _wrap(body: Body, where: str, random: Random) -> Mesh:
    """A second colour around the belly, or all around the rear."""
    if where == "belly":
        ends, depth = (0.45 * body.nose, body.length - 0.2 * body.tail), random.uniform(0.05, 0.5)
        angle = np.linspace(-np.pi + depth, -depth, 14)
    else:
        end = body.length - 0.12 * body.tail
        ends = (end - body.tail * random.uniform(0.5, 1.4), end)
        angle = np.linspace(-np.pi / 2, 1.5 * np.pi, 25)
    inside = body.stations()
    z = np.concatenate([ends[:1], inside[(inside > ends[0]) & (inside < ends[1])], ends[1:]])
    at, around = np.meshgrid(z, angle, indexing="ij")
    return patch(body, at, around, 0.005 * body.height, 0.02 * body.height)


# --- wings and tails --------------------------------------------------------------------------------


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
        arrangement, body.length * random.uniform(0.965, 0.985), height, chord, sweep,
        half_span=reach * random.uniform(0.27, 0.35), chord=0.72 * chord,
        sweep=random.uniform(0.45, 0.65) if swept else random.uniform(0.05, 0.25),
        fin_taper=random.uniform(0.3, 0.45), taper=random.uniform(0.35, 0.5),
        cant=random.uniform(-0.05, 0.02) if arrangement == "T-tail" else random.uniform(0.05, 0.14),
        fillet=whether(random, 0.4), fins_at_tips=True,
    )  # fmt: skip
    for kind, piece in tail.pieces(body):
        design.add(kind, piece)
    design.style["tail"] = arrangement


def _belly_fairing(design: Design, body: Body, wing: Surface, random: Random) -> None:
    chord = float(wing.chord_at(0.0))
    y = float(body.bottom(wing.root[2] + 0.5 * chord)) + 0.24 * body.height
    wide, deep = body.width * random.uniform(0.46, 0.56), body.height * random.uniform(0.25, 0.32)
    ends = wing.root[2] - 0.35 * chord, wing.root[2] + 1.45 * chord
    design.add("fairing", drop(*ends, wide, deep, 0.5, y=y))


def _hump_fairing(design: Design, body: Body, wing: Surface) -> None:
    chord = float(wing.chord_at(0.0))
    y = wing.root[1] - 0.08 * body.height
    half = 0.6 * wing.thickness * chord + 0.06 * body.height
    ends = wing.root[2] - 0.3 * chord, wing.root[2] + 1.3 * chord
    design.add("fairing", drop(*ends, 0.36 * body.width, half, 0.45, y=y))


def _flap_fairings(design: Design, wing: Surface, random: Random) -> None:
    """Canoes under the trailing edge."""
    if not whether(random, 0.45):
        return
    for share in (0.24, 0.46, 0.66):
        chord = float(wing.chord_at(share))
        at = wing.at(share, 0.6)
        low = float(at[1]) - 0.45 * wing.thickness * chord
        canoe = drop(
            float(at[2]),
            float(at[2]) + 0.52 * chord,
            0.035 * chord,
            0.055 * chord,
            0.4,
            float(at[0]),
            low,
            fine=8,
        )
        design.add("wing", *both_sides(canoe))


# --- engines ----------------------------------------------------------------------------------------


def _jets_under(design: Design, random: Random, body: Body, wing: Surface) -> float:
    """Two or four below the wing; the lowest y of them."""
    four = design.style["wing"] == "high" or (body.width > 5 and whether(random, 0.35))
    radius = body.width * (random.uniform(0.19, 0.235) if four else random.uniform(0.26, 0.325))
    jet = Jet(
        radius, radius * random.uniform(2.6, 4.2), core=float(random.choice([0.0, 0.6, 1.0])),
        nozzle=random.uniform(0.6, 0.75), sides=14 if four else 18,
    )  # fmt: skip
    inner = max(random.uniform(0.3, 0.36), (0.5 * body.width + 2.1 * radius) / wing.span)
    shares = (inner, max(inner + 0.26, random.uniform(0.58, 0.68))) if four else (inner,)
    gap, ahead = radius * random.uniform(0.05, 0.3), jet.length * random.uniform(0.55, 0.8)
    lowest = 0.0
    for share in shares:
        for kind, piece in with_mirror(engines.under_wing(jet, wing, share, gap, ahead)):
            design.add(kind, piece)
            lowest = min(lowest, float(piece.vertices[:, 1].min()))
    design.style["engines"] = f"{'four' if four else 'two'} under wing"
    return lowest


def _jets_at_tail(design: Design, random: Random, body: Body, size: float) -> float:
    """Two beside the body, sometimes a third at the fin's root; the lowest y of the body."""
    radius = size * body.width * random.uniform(0.85, 1.1)
    jet = Jet(radius, radius * random.uniform(3.4, 5.0), core=random.choice([0.0, 0.0, 0.5]))
    z = body.length - body.tail * random.uniform(0.95, 1.1)
    skin = float(body.half_width(z + 0.5 * jet.length))
    middle = np.array(
        [
            float(body.half_width(z)) + radius * random.uniform(1.1, 1.45),
            body.height * random.uniform(0.12, 0.28),
            z,
        ]
    )
    for kind, piece in with_mirror(engines.at_side(jet, skin, middle)):
        design.add(kind, piece)
    three = whether(random, 0.18)
    if three:
        z = body.length - 0.8 * body.tail
        top = np.array([0.0, float(body.top(z)) + 0.75 * radius, z])
        for kind, piece in replace(jet, core=0.0, length=0.72 * body.tail).pieces(top):
            design.add(kind, piece)
    design.style["engines"] = "three at tail" if three else "two at tail"
    return float(body.bottom(body.length / 2))


def _propellers_on(
    design: Design, random: Random, wing: Surface, shares: tuple[float, ...], radius: float, blades: int
) -> None:
    drop_down, spinner = radius * random.uniform(0.1, 0.6), 0.42 * radius
    sweep = radius * random.uniform(3.4, 4.6)
    phase = random.uniform(0, 2 * np.pi)
    for share in shares:
        edge, chord = wing.leading(share), float(wing.chord_at(share))
        ahead = max(2.4 * radius, 0.5 * chord)
        hub = edge + [0.0, -0.2 * radius, -ahead]
        body = engines.turboprop(hub, radius, ahead + 1.15 * chord, drop_down)
        pieces = [("engine", body), *engines.propeller(hub, sweep, blades, phase, spinner)]
        for kind, piece in with_mirror(pieces):
            design.add(kind, piece)
    design.style["engines"] = f"{'four' if len(shares) == 2 else 'two'} propellers on wing"


# --- wheels -----------------------------------------------------------------------------------------


def _wheel_radius(body: Body) -> float:
    return 0.16 * body.width if body.width < 2.6 else 0.28 + 0.055 * body.width


def _gear_under_wing(design: Design, random: Random, body: Body, wing: Surface, lowest: float) -> None:
    """Legs from the wing, inside of its engines, and one below the nose."""
    down = whether(random, 0.45)
    design.style["gear"] = "down" if down else "up"
    if not down:
        return
    radius = _wheel_radius(body)
    ground = min(lowest - 0.45 * radius, float(body.bottom(body.length / 2)) - 2.4 * radius)
    share = max(0.15, 0.62 * body.width / wing.span)
    pairs = 1 if body.width < 4.6 else int(random.integers(2, 4))
    top = wing.at(share, 0.62)
    twin = body.width > 2 or whether(random, 0.5)
    _stand(design, body, ground, radius, top, pairs, twin)


def _gear_at_body(design: Design, random: Random, body: Body, wing: Surface, pairs: int) -> None:
    """Legs from blisters at the sides of the belly."""
    down = whether(random, 0.5)
    design.style["gear"] = "down" if down else "up"
    radius = _wheel_radius(body)
    z = wing.root[2] + 0.6 * wing.chord
    x, y = 0.47 * body.width, float(body.bottom(z)) + 0.22 * body.height
    reach = (1.6 + 1.2 * pairs) * radius + 0.4 * body.width
    blister = drop(z - reach, z + reach, 0.17 * body.width, 0.2 * body.height, 0.45, x, y)
    design.add("fairing", *both_sides(blister))
    if down:
        ground = float(body.bottom(z)) - 1.3 * radius
        _stand(design, body, ground, radius, np.array([x + 0.03 * body.width, y, z]), pairs, True)


def _stand(
    design: Design, body: Body, ground: float, radius: float, top: Floats, pairs: int, twin: bool
) -> None:
    for kind, piece in with_mirror(gear.leg(top, ground, radius, pairs, twin=twin)):
        design.add(kind, piece)
    z = 0.85 * body.nose
    nose = np.array([0.0, float(body.middle(z)), z])
    for kind, piece in gear.leg(nose, ground, 0.75 * radius, 1):
        design.add(kind, piece)

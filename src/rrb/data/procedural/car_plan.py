"""The measures of a car of each body style, by chance: from ranges to a hull and a cabin."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from rrb.data.procedural.car_cabin import Cabin
from rrb.data.procedural.car_hull import End, Hull
from rrb.data.procedural.parts import Floats

Range = tuple[float, float]
LEAST_ROOF = 0.55  # length in metres


@dataclass(frozen=True)
class Ranges:
    """From least to most. Metres, or shares where it says so."""

    length: Range
    width: Range
    height: Range
    sill: Range
    wheel: Range  # radius
    front: Range  # from the front to the first axle, share of the length
    base: Range  # between the axles, share of the length
    nose: Range  # height of the bonnet's front edge, share of the height
    belt: Range  # share of the height
    deck: Range  # height of the tail's top line, share of the belt
    cowl: Range  # where the windscreen begins, share of the length
    screen: Range  # how far it leans back
    back: Range  # where the rear window ends, share of the length
    fall: Range  # how far the rear window leans forward
    upright: Range  # width of the roof, share of the belt's
    crown: Range = (0.07, 0.13)  # from shoulder to bonnet
    dome: Range = (0.05, 0.09)  # of the roof
    nose_depth: Range = (0.18, 0.3)
    nose_width: Range = (0.5, 0.75)  # share
    tail_depth: Range = (0.14, 0.26)
    tail_width: Range = (0.55, 0.8)  # share
    taper: Range = (0.02, 0.07)  # share
    gap: Range = (0.035, 0.06)  # between tyre and arch
    cabin: Range = (0.93, 0.97)  # width of the cabin at the belt, share of the shoulder's


@dataclass
class Plan:
    """What a car is made of."""

    body: str
    height: float
    width: float
    hull: Hull
    cabin: Cabin
    tyre_width: float


SEDAN = Ranges(
    length=(4.3, 5.1), width=(1.70, 1.92), height=(1.38, 1.52), sill=(0.17, 0.24), wheel=(0.31, 0.355),
    front=(0.17, 0.2), base=(0.57, 0.62), nose=(0.47, 0.54), belt=(0.62, 0.67), deck=(1.0, 1.1), cowl=(0.27, 0.32),
    screen=(0.55, 0.85), back=(0.82, 0.89), fall=(0.45, 0.8), upright=(0.74, 0.84),
)  # fmt: skip
HATCHBACK = Ranges(
    length=(3.5, 4.4), width=(1.62, 1.82), height=(1.42, 1.58), sill=(0.17, 0.23), wheel=(0.29, 0.34),
    front=(0.17, 0.205), base=(0.6, 0.66), nose=(0.46, 0.54), belt=(0.61, 0.66), deck=(1.0, 1.06), cowl=(0.22, 0.28),
    screen=(0.5, 0.85), back=(0.955, 0.975), fall=(0.18, 0.55), upright=(0.76, 0.86),
)  # fmt: skip
WAGON = Ranges(
    length=(4.4, 5.0), width=(1.72, 1.9), height=(1.42, 1.55), sill=(0.17, 0.25), wheel=(0.305, 0.35),
    front=(0.17, 0.2), base=(0.57, 0.61), nose=(0.47, 0.54), belt=(0.62, 0.66), deck=(1.0, 1.05), cowl=(0.26, 0.3),
    screen=(0.55, 0.8), back=(0.96, 0.98), fall=(0.12, 0.5), upright=(0.76, 0.85),
)  # fmt: skip
SUV = Ranges(
    length=(3.9, 5.1), width=(1.76, 2.0), height=(1.62, 1.92), sill=(0.26, 0.4), wheel=(0.345, 0.41),
    front=(0.165, 0.2), base=(0.57, 0.63), nose=(0.52, 0.6), belt=(0.6, 0.65), deck=(0.98, 1.04), cowl=(0.23, 0.3),
    screen=(0.25, 0.75), back=(0.955, 0.98), fall=(0.06, 0.45), upright=(0.78, 0.9), nose_depth=(0.12, 0.26),
    nose_width=(0.6, 0.85), gap=(0.05, 0.08), cabin=(0.95, 0.98),
)  # fmt: skip
PICKUP = Ranges(
    length=(4.9, 5.9), width=(1.76, 2.0), height=(1.66, 1.95), sill=(0.3, 0.44), wheel=(0.345, 0.42),
    front=(0.16, 0.18), base=(0.58, 0.62), nose=(0.54, 0.6), belt=(0.61, 0.65), deck=(0.96, 1.0), cowl=(0.23, 0.27),
    screen=(0.45, 0.75), back=(0.47, 0.53), fall=(0.05, 0.2), upright=(0.78, 0.87), nose_depth=(0.12, 0.22),
    nose_width=(0.65, 0.85), tail_depth=(0.05, 0.1), tail_width=(0.88, 0.94), gap=(0.05, 0.08), cabin=(0.95, 0.98),
)  # fmt: skip
VAN = Ranges(
    length=(4.3, 6.0), width=(1.75, 2.05), height=(1.75, 2.55), sill=(0.2, 0.32), wheel=(0.31, 0.36),
    front=(0.16, 0.19), base=(0.58, 0.64), nose=(0.42, 0.48), belt=(0.5, 0.57), deck=(1.0, 1.0), cowl=(0.12, 0.22),
    screen=(0.4, 0.9), back=(0.98, 0.992), fall=(0.02, 0.16), upright=(0.84, 0.93), crown=(0.05, 0.08),
    tail_depth=(0.06, 0.12), tail_width=(0.8, 0.92), cabin=(0.97, 0.99), dome=(0.05, 0.12),
)  # fmt: skip
SPORTS = Ranges(
    length=(3.9, 4.7), width=(1.74, 1.98), height=(1.14, 1.32), sill=(0.11, 0.16), wheel=(0.305, 0.35),
    front=(0.19, 0.225), base=(0.56, 0.6), nose=(0.42, 0.5), belt=(0.63, 0.69), deck=(1.0, 1.1), cowl=(0.27, 0.42),
    screen=(0.6, 0.9), back=(0.8, 0.94), fall=(0.5, 1.1), upright=(0.68, 0.78), nose_depth=(0.22, 0.38),
    nose_width=(0.4, 0.65), tail_depth=(0.15, 0.28), gap=(0.025, 0.045), crown=(0.06, 0.12),
)  # fmt: skip
BUS = Ranges(
    length=(6.5, 11.5), width=(2.2, 2.5), height=(2.7, 3.2), sill=(0.26, 0.36), wheel=(0.42, 0.5),
    front=(0.16, 0.24), base=(0.5, 0.56), nose=(0.36, 0.4), belt=(0.4, 0.44), deck=(1.0, 1.0), cowl=(0.008, 0.015),
    screen=(0.1, 0.35), back=(0.988, 0.994), fall=(0.02, 0.12), upright=(0.93, 0.97), crown=(0.04, 0.06),
    nose_depth=(0.12, 0.25), nose_width=(0.8, 0.9), tail_depth=(0.08, 0.15), tail_width=(0.85, 0.93),
    taper=(0.0, 0.01), cabin=(0.98, 0.995), dome=(0.1, 0.18),
)  # fmt: skip
# A truck's cab; what it carries is in car_truck.py. Shares are of the cab's length.
CAB = Ranges(
    length=(1.55, 2.0), width=(1.95, 2.4), height=(2.15, 2.8), sill=(0.42, 0.55), wheel=(0.38, 0.5),
    front=(0.5, 0.62), base=(0.5, 0.5), nose=(0.5, 0.55), belt=(0.55, 0.6), deck=(1.0, 1.0), cowl=(0.03, 0.08),
    screen=(0.12, 0.4), back=(0.97, 0.98), fall=(0.0, 0.05), upright=(0.85, 0.94), crown=(0.04, 0.07),
    nose_depth=(0.12, 0.2), nose_width=(0.75, 0.9), tail_depth=(0.05, 0.08), tail_width=(0.92, 0.96),
    taper=(0.0, 0.02), cabin=(0.97, 0.99), dome=(0.05, 0.12),
)  # fmt: skip
BONNETED_CAB = Ranges(
    length=(2.6, 3.3), width=(1.95, 2.3), height=(2.1, 2.6), sill=(0.42, 0.55), wheel=(0.4, 0.5),
    front=(0.3, 0.36), base=(0.5, 0.5), nose=(0.52, 0.58), belt=(0.58, 0.62), deck=(1.0, 1.0), cowl=(0.42, 0.52),
    screen=(0.15, 0.45), back=(0.97, 0.98), fall=(0.0, 0.05), upright=(0.84, 0.92), crown=(0.1, 0.16),
    nose_depth=(0.12, 0.22), nose_width=(0.65, 0.85), tail_depth=(0.05, 0.08), tail_width=(0.92, 0.96),
    taper=(0.05, 0.16), cabin=(0.96, 0.98), dome=(0.05, 0.12),
)  # fmt: skip

DOUBLE_CAB = replace(PICKUP, back=(0.59, 0.66))
RANGES = {
    "sedan": SEDAN,
    "hatchback": HATCHBACK,
    "wagon": WAGON,
    "SUV": SUV,
    "pickup": PICKUP,
    "van": VAN,
    "sports": SPORTS,
    "bus": BUS,
}


def drawn(ranges: Ranges, random: np.random.Generator) -> dict[str, float]:
    return {f.name: float(random.uniform(*getattr(ranges, f.name))) for f in fields(ranges)}


def plan(body: str, ranges: Ranges, random: np.random.Generator, posts: tuple[float, ...]) -> Plan:
    """A hull of this style with a cabin on it; what is missing (a bed, cargo) is added by the caller."""
    m = drawn(ranges, random)
    length, half, height = m["length"], m["width"] / 2, m["height"]
    wheel, arch = m["wheel"], m["wheel"] + m["gap"]
    nose_depth = min(m["nose_depth"], 0.1 * length)
    front = max(m["front"] * length, nose_depth + arch + 0.04)
    rear = front + m["base"] * length
    rear = min(rear, length - m["tail_depth"] - arch - 0.04)
    axles = (front,) if ranges in (CAB, BONNETED_CAB) else (front, rear)
    tyre_width = float(random.uniform(0.55, 0.72)) * wheel + (0.02 if body == "sports" else 0.0)
    belt = m["belt"] * height
    nose = min(m["nose"] * height, belt - 0.02)
    nose = max(nose, wheel + arch + 0.02 if body != "sports" else nose)
    hull = Hull(
        length=length, half_width=half, sill=m["sill"], axles=axles, wheel_radius=wheel, arch_radius=arch,
        well=half - tyre_width - 0.12,
        nose=_end(random, nose_depth, m["nose_width"], nose - m["sill"]),
        tail=_end(random, m["tail_depth"], m["tail_width"], belt - m["sill"]),
        top=top_line(m, nose, belt, bulge=float(random.uniform(0.3, 0.75))),
        crown=m["crown"], tuck=float(random.uniform(0.02, 0.09)), lean=float(random.uniform(0.02, 0.07)),
        taper=(m["taper"], 0.7 * m["taper"]), flare=float(random.choice([0.0, 0.0, 0.015, 0.03])),
        edge=float(random.uniform(2.6, 5.0)),
    )  # fmt: skip
    return Plan(body, height, 2 * half, hull, _cabin(m, hull, belt, random, posts), tyre_width)


def top_line(m: dict[str, float], nose: float, belt: float, bulge: float) -> Floats:
    """(K, 2): bonnet, belt, deck; a bonnet is the rounder, the smaller its bulge."""
    length = m["length"]
    cowl, back = m["cowl"] * length, m["back"] * length
    share = np.linspace(0, 1, 6)
    bonnet = np.stack([share * cowl, nose + (belt - nose) * share**bulge], 1)
    deck = belt * m["deck"]
    tail = [(back - 0.25 * length, belt), (back - 0.06 * length, deck), (0.5 * (back + length), deck)]
    tail += [(length, deck - 0.03)]
    tail = [(z, y) for z, y in tail if z > cowl + 0.1]
    return np.concatenate([bonnet, np.array(tail)])


def _end(random: np.random.Generator, depth: float, width: float, rise: float) -> End:
    return End(
        depth=depth,
        width=width,
        drop=float(random.uniform(0.12, 0.3)) * rise * min(1.0, depth / 0.2),
        lift=float(random.uniform(0.08, 0.22)) * rise,
        round=float(random.uniform(1.8, 2.8)),
    )


def _cabin(
    m: dict[str, float], hull: Hull, belt: float, random: np.random.Generator, posts: tuple[float, ...]
) -> Cabin:
    length = m["length"]
    start, stop = m["cowl"] * length, m["back"] * length
    shoulder = float(hull.width(np.array([(start + stop) / 2]))[0]) * (1 - hull.lean)
    width = m["cabin"] * shoulder
    steep = m["screen"] < 0.4
    bulge = float(random.uniform(0.02, 0.08) if steep else random.uniform(0.08, 0.2))
    corner = float(random.uniform(0.05, 0.12))
    lean = min(1.0, (stop - start - LEAST_ROOF) / (m["screen"] + m["fall"]))
    screen, fall = lean * m["screen"], lean * m["fall"]
    return Cabin(
        front=(start, start + screen),
        rear=(stop, stop - fall),
        half_width=(width, width * m["upright"]),
        belt=belt - hull.crown * (1 - (1 - m["cabin"] ** hull.edge) ** (1 / hull.edge)) - 0.005,
        roof=m["height"],
        dome=m["dome"],
        bulge=(bulge, float(random.uniform(0.01, 0.06) if fall < 0.25 else random.uniform(0.05, 0.12))),
        corner=(corner, float(random.uniform(0.04, 0.1))),
        bend=float(random.uniform(0.9, 1.15)),
        narrow=float(random.uniform(0.0, 0.05)),
        posts=posts,
        post_width=float(random.uniform(0.06, 0.12)) / (stop - start - 0.6 * (screen + fall)),
    )

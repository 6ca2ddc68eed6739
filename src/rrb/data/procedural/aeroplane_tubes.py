"""Bodies of airliners and their like: tubes with a windscreen, rows of windows, painted lines, fairings."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.aeroplane_body import Body
from rrb.data.procedural.aeroplane_pieces import drop
from rrb.data.procedural.aeroplane_skin import patch, side_strip, window_row, windscreen
from rrb.data.procedural.aeroplane_wings import Surface
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick, whether
from rrb.data.procedural.parts import both_sides
from rrb.geometry.mesh import Mesh

Random = np.random.Generator


def tube(random: Random, length: float, width: float) -> Body:
    return Body(
        length, width, width * random.uniform(0.98, 1.1),
        nose=width * random.uniform(1.1, 1.7), tail=width * random.uniform(2.6, 3.6),
        bluntness=random.uniform(1.75, 2.2), droop=random.uniform(0.2, 0.5), upsweep=random.uniform(0.55, 0.9),
        fullness=random.uniform(1.5, 2.0), tail_end=random.uniform(0.06, 0.14),
    )  # fmt: skip


def fill(design: Design, body: Body, random: Random, cabin: bool) -> None:
    """The body, its glass, its windows and a livery's lines on it."""
    design.add("body", body.mesh())
    low = 0.75 if body.hump else random.uniform(0.24, 0.4)  # a crew sits on the upper deck, if there is one
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
    count = int(np.clip((end - start) / pitch, 4, 30))
    decks = [level] if body.width < 5.9 or whether(random, 0.7) else [level - 0.12, level + 0.42]
    count = count if len(decks) == 1 else min(count, 18)
    for deck in decks:
        reach = end if deck == decks[0] else start + (end - start) * random.uniform(0.3, 1.0)
        many = max(4, round(count * (reach - start) / (end - start)))
        design.add("window", *both_sides(window_row(body, start, reach, many, size, deck)))


def _wrap(body: Body, where: str, random: Random) -> Mesh:
    """A second colour around the belly, or all around the rear."""
    if where == "belly":
        ends, depth = (0.45 * body.nose, body.length - 0.2 * body.tail), random.uniform(0.05, 0.5)
        angle = np.linspace(-np.pi + depth, -depth, 13)
    else:
        end = body.length - 0.12 * body.tail
        ends = (end - body.tail * random.uniform(0.5, 1.4), end)
        angle = np.linspace(-np.pi / 2, 1.5 * np.pi, 25)
    inside = body.stations()
    z = np.concatenate([ends[:1], inside[(inside > ends[0]) & (inside < ends[1])], ends[1:]])
    at, around = np.meshgrid(z, angle, indexing="ij")
    return patch(body, at, around, 0.005 * body.height, 0.02 * body.height)


def belly_fairing(design: Design, body: Body, wing: Surface, random: Random) -> None:
    chord = float(wing.chord_at(0.0))
    y = float(body.bottom(wing.root[2] + 0.5 * chord)) + 0.24 * body.height
    wide, deep = body.width * random.uniform(0.46, 0.56), body.height * random.uniform(0.25, 0.32)
    ends = wing.root[2] - 0.35 * chord, wing.root[2] + 1.45 * chord
    design.add("fairing", drop(*ends, wide, deep, 0.5, y=y))


def hump_fairing(design: Design, body: Body, wing: Surface) -> None:
    chord = float(wing.chord_at(0.0))
    y = wing.root[1] - 0.08 * body.height
    half = 0.6 * wing.thickness * chord + 0.06 * body.height
    ends = wing.root[2] - 0.3 * chord, wing.root[2] + 1.3 * chord
    design.add("fairing", drop(*ends, 0.36 * body.width, half, 0.45, y=y))


def flap_fairings(design: Design, wing: Surface, random: Random) -> None:
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

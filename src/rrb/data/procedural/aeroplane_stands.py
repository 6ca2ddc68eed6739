"""How large aeroplanes stand: on legs from the wing or from blisters at the belly, or with both folded away."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural import aeroplane_gear as gear
from rrb.data.procedural.aeroplane_body import Body, Floats
from rrb.data.procedural.aeroplane_pieces import drop, put, with_mirror
from rrb.data.procedural.aeroplane_wings import Surface
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import whether
from rrb.data.procedural.parts import both_sides

Random = np.random.Generator


def gear_under_wing(design: Design, random: Random, body: Body, wing: Surface, lowest: float) -> None:
    """Legs from the wing, inside of its engines, and one below the nose."""
    down = whether(random, 0.45)
    design.style["gear"] = "down" if down else "up"
    if not down:
        return
    radius = _wheel_radius(body)
    ground = min(lowest - 0.45 * radius, float(body.bottom(body.length / 2)) - 2.4 * radius)
    share = max(0.15, 0.62 * body.width / wing.span)
    pairs = 1 if body.width < 4.6 else 2
    pairs += int(pairs == 2 and design.style["engines"] == "two under wing" and whether(random, 0.4))
    top = wing.at(share, 0.62)
    twin = body.width > 2 or whether(random, 0.5)
    _stand(design, body, ground, radius, top, pairs, twin)


def gear_at_body(design: Design, random: Random, body: Body, wing: Surface, pairs: int) -> None:
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
    put(design, with_mirror(gear.leg(top, ground, radius, pairs, twin=twin)))
    z = 0.85 * body.nose
    nose = np.array([0.0, float(body.middle(z)), z])
    put(design, gear.leg(nose, ground, 0.75 * radius, 1))


def _wheel_radius(body: Body) -> float:
    return 0.16 * body.width if body.width < 2.6 else 0.28 + 0.055 * body.width

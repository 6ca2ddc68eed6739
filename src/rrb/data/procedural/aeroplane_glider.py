"""Gliders."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural import aeroplane_small as small
from rrb.data.procedural.aeroplane_body import Body
from rrb.data.procedural.aeroplane_pieces import drop
from rrb.data.procedural.aeroplane_small_stands import one_wheel
from rrb.data.procedural.aeroplane_wings import Surface
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick, whether

Random = np.random.Generator


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
    small.add_tail(
        design, random, body, pick(random, {"T-tail": 0.7, "conventional": 0.15, "V-tail": 0.15}), 0.85
    )
    one_wheel(design, random, body, z)

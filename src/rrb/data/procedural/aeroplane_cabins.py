"""Bodies of light aeroplanes: a nose for the engine, and a hump of glass to sit in."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.aeroplane_body import Body
from rrb.data.procedural.aeroplane_skin import patch, side_strip
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import whether
from rrb.data.procedural.parts import both_sides

Random = np.random.Generator


def cabin(random: Random, length: float, twin: bool) -> Body:
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


def glaze(design: Design, random: Random, body: Body) -> None:
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

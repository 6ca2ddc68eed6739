"""Aeroplanes: airliners most of all, business jets, turboprops, light ones, gliders, biplanes, fighters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rrb.data.procedural import aeroplane_jets as jets
from rrb.data.procedural import aeroplane_light as lights
from rrb.data.procedural.aeroplane_fighter import fighter
from rrb.data.procedural.aeroplane_looks import livery
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick

Fill = Callable[[Design, np.random.Generator], None]

# How often each kind is made, what fills it in, and how it is painted.
KINDS: dict[str, tuple[float, Fill, str]] = {
    "airliner": (0.38, jets.airliner, "airline"),
    "transport": (0.06, jets.transport, "military"),
    "business jet": (0.1, jets.business_jet, "private"),
    "turboprop": (0.1, jets.turboprop, "airline"),
    "light": (0.16, lights.light, "private"),
    "fighter": (0.1, fighter, "military"),
    "glider": (0.04, lights.glider, "private"),
    "biplane": (0.03, lights.biplane, "private"),
    "warbird": (0.03, lights.warbird, "military"),
}


def design(shape: np.random.Generator, looks: np.random.Generator) -> Design:
    """One aeroplane; what a style holds: kind, wing, sweep, engines, tail, gear and what its kind adds."""
    kind = pick(shape, {name: weight for name, (weight, _, _) in KINDS.items()})
    _, fill, family = KINDS[kind]
    made = Design(style={"kind": kind})
    fill(made, shape)
    made.materials = livery(looks, family)
    return made

"""Aeroplanes: airliners most of all, business jets, turboprops, light ones, gliders, biplanes, fighters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rrb.data.procedural import aeroplane_jets as jets
from rrb.data.procedural.aeroplane_biplane import biplane
from rrb.data.procedural.aeroplane_fighter import fighter
from rrb.data.procedural.aeroplane_glider import glider
from rrb.data.procedural.aeroplane_light import light, warbird
from rrb.data.procedural.aeroplane_looks import livery
from rrb.data.procedural.build import Design
from rrb.data.procedural.chance import pick

Fill = Callable[[Design, np.random.Generator], None]

_CIVIL, _PRIVATE, _ARMED = {"airline": 1.0}, {"private": 1.0}, {"military": 0.8, "private": 0.2}

# How often each kind is made, what fills it in, and how it is painted how often.
KINDS: dict[str, tuple[float, Fill, dict[str, float]]] = {
    "airliner": (0.38, jets.airliner, _CIVIL),
    "transport": (0.06, jets.transport, _ARMED),
    "business jet": (0.1, jets.business_jet, _PRIVATE),
    "turboprop": (0.1, jets.turboprop, _CIVIL),
    "light": (0.15, light, _PRIVATE),
    "fighter": (0.1, fighter, _ARMED),
    "glider": (0.035, glider, _PRIVATE),
    "biplane": (0.03, biplane, _PRIVATE),
    "warbird": (0.045, warbird, _ARMED),
}


def design(shape: np.random.Generator, looks: np.random.Generator) -> Design:
    """One aeroplane; what a style holds: kind, wing, sweep, engines, tail, gear and what its kind adds."""
    kind = pick(shape, {name: weight for name, (weight, _, _) in KINDS.items()})
    _, fill, families = KINDS[kind]
    made = Design(style={"kind": kind})
    fill(made, shape)
    made.materials = livery(looks, pick(looks, families))
    return made

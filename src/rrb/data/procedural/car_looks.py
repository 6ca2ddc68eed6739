"""What a car's parts are made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data.materials import Material, fabric, glass, lamp, leather, metal, paint, plastic, rubber
from rrb.data.procedural.build import Design

WHITE, YELLOW, AMBER = (0.88, 0.88, 0.86), (0.93, 0.72, 0.08), (0.9, 0.45, 0.05)
BLUE, RED = (0.1, 0.2, 0.8), (0.55, 0.04, 0.04)


def materials(made: Design, looks: np.random.Generator) -> dict[str, Material]:
    """One for each kind of part, drawn whether this car has it or not: what one car has changes no other part."""
    body, other = paint(looks), paint(looks)
    if made.style.get("sign") == "taxi" and looks.random() < 0.7:
        body = replace(body, colour=YELLOW)
    dark = replace(plastic(looks), colour=(0.05, 0.05, 0.055))
    two_tone, bare = looks.random() < 0.15, looks.random() < 0.3
    cargo = replace(paint(looks), colour=WHITE) if looks.random() < 0.5 else paint(looks)
    chrome, rim = _grey(metal(looks)), _grey(metal(looks))
    found = {
        "body": body, "cabin": other if two_tone else body, "glass": glass(looks),
        "tyre": rubber(looks), "rim": rim,
        "dark": dark, "chrome": chrome, "lamp": lamp(looks), "tail": lamp(looks, RED),
        "plate": replace(plastic(looks), colour=WHITE if looks.random() < 0.8 else YELLOW),
        "mirror": dark if bare else body, "handle": dark if bare else body, "rail": chrome if bare else dark,
        "spoiler": body if looks.random() < 0.7 else dark, "sign": lamp(looks, (0.95, 0.85, 0.3)),
        "beacon": lamp(looks, BLUE if looks.random() < 0.6 else AMBER), "bar": dark,
        "seat": leather(looks) if looks.random() < 0.6 else fabric(looks), "frame": dark, "cargo": cargo,
        "trim": paint(looks),
    }  # fmt: skip
    return {kind: found[kind] for kind in dict.fromkeys(kind for kind, _ in made.pieces)}


def _grey(coated: Material) -> Material:
    """Bumpers and rims are bare metal or painted grey, seldom in a colour."""
    if coated.metallic:
        return coated
    mean = round(sum(coated.colour) / 3, 3)
    return replace(coated, colour=(mean, mean, mean))

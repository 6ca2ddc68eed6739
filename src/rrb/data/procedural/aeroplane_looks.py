"""What aeroplanes are painted in: a base colour, an accent on fin, engines or belly, glass, metal and rubber."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data import materials
from rrb.data.materials import Colour, Material
from rrb.data.procedural.chance import pick, whether

_BASES: dict[str, Colour] = {
    "white": (0.93, 0.93, 0.93), "cream": (0.9, 0.87, 0.78), "grey": (0.62, 0.64, 0.66), "silver": (0.74, 0.75, 0.77),
}  # fmt: skip
_MILITARY: dict[str, Colour] = {
    "grey": (0.45, 0.48, 0.51), "light": (0.62, 0.65, 0.67), "dark": (0.22, 0.23, 0.25), "green": (0.27, 0.31, 0.2),
    "sand": (0.6, 0.53, 0.4), "blue": (0.25, 0.33, 0.45),
}  # fmt: skip
_SKIN = (
    "body",
    "wing",
    "fin",
    "tailplane",
    "engine",
    "pylon",
    "fairing",
    "belly",
    "stripe",
    "store",
)


def livery(random: np.random.Generator, family: str) -> dict[str, Material]:
    """A material for every kind of part that any aeroplane has; family "airline", "private" or "military"."""
    base = _base(random, family)
    accent, second = materials.paint(random), materials.paint(random)
    skin = dict.fromkeys(_SKIN, base)
    skin |= _military(random, base) if family == "military" else _coloured(random, base, accent, second)
    dark = replace(materials.metal(random), colour=(0.09, 0.09, 0.1), roughness=0.5)
    bare = materials.metal(random)
    return skin | {
        "window": materials.glass(random),
        "glass": materials.glass(random),
        "lip": replace(bare, colour=(0.75, 0.76, 0.78)),
        "nozzle": replace(materials.metal(random), colour=(0.34, 0.32, 0.31)),
        "fan": dark,
        "spinner": pick_one(random, [accent, bare, dark, base]),
        "propeller": pick_one(random, [dark, bare, second]),
        "strut": pick_one(random, [bare, base]),
        "tyre": materials.rubber(random),
        "float": pick_one(random, [base, bare, accent]),
    }


def pick_one(random: np.random.Generator, choices: list[Material]) -> Material:
    return choices[int(random.integers(len(choices)))]


def _base(random: np.random.Generator, family: str) -> Material:
    paint = materials.paint(random)
    if family == "military":
        name = pick(random, dict.fromkeys(_MILITARY, 1.0))
        return replace(paint, colour=_jittered(random, _MILITARY[name]), roughness=0.5)
    kept = {"airline": 0.15, "private": 0.35}[family]
    if whether(random, kept):
        return paint
    name = pick(random, {"white": 6.0, "cream": 1.0, "grey": 1.0, "silver": 1.0})
    metallic = 1.0 if name == "silver" and whether(random, 0.6) else 0.0
    return replace(paint, colour=_jittered(random, _BASES[name]), metallic=metallic)


def _coloured(
    random: np.random.Generator, base: Material, accent: Material, second: Material
) -> dict[str, Material]:
    grey = replace(base, colour=_jittered(random, (0.7, 0.71, 0.73)), metallic=0.0)
    found = {"fin": accent if whether(random, 0.8) else base, "stripe": pick_one(random, [accent, second])}
    found["engine"] = pick_one(random, [base, base, accent, second])
    found["belly"] = pick_one(random, [base, grey, accent, second])
    found["fairing"] = pick_one(random, [base, grey, found["belly"]])
    found["tailplane"] = pick_one(random, [base, base, grey, accent])
    found["wing"] = pick_one(random, [base, grey, grey, accent] if whether(random, 0.5) else [base, grey])
    found["pylon"] = pick_one(random, [base, grey])
    return found | {"store": pick_one(random, [base, accent])}


def _military(random: np.random.Generator, base: Material) -> dict[str, Material]:
    share = random.uniform(0.6, 1.0)
    darker = replace(base, colour=_shaded(base.colour, share))
    other = replace(base, colour=_jittered(random, _MILITARY[pick(random, dict.fromkeys(_MILITARY, 1.0))]))
    under = pick_one(random, [base, darker, other])
    return {
        "wing": pick_one(random, [base, base, darker]),
        "fin": pick_one(random, [base, darker, other]),
        "belly": under,
        "stripe": pick_one(random, [darker, other]),
        "store": pick_one(random, [base, other]),
    }


def _jittered(random: np.random.Generator, colour: Colour) -> Colour:
    shift = random.uniform(-0.05, 0.05)
    red, green, blue = (
        round(float(np.clip(c + shift + random.uniform(-0.015, 0.015), 0, 1)), 3) for c in colour
    )
    return (red, green, blue)


def _shaded(colour: Colour, share: float) -> Colour:
    red, green, blue = (round(c * share, 3) for c in colour)
    return (red, green, blue)

"""`Material`: what a part of an object is made of, as both the fast and the photoreal renderer draw it."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from rrb.errors import BadInputError

Colour = tuple[float, float, float]
"""sRGB, each from 0 to 1."""

# How a pattern mixes the two colours, over the object's coordinates divided by the period.
PATTERNS = ("plain", "stripes", "checks", "grain", "weave", "speckle")


@dataclass(frozen=True)
class Material:
    """A surface's look. Glass is drawn as the dark gloss that it is from outside, not seen through."""

    name: str  # "wood", "fabric", "paint", ...
    colour: Colour
    second: Colour = (0.0, 0.0, 0.0)  # the pattern's other colour; nothing for "plain"
    pattern: str = "plain"
    period_m: float = 0.05  # from one stripe, check or ring to the next
    axis: int = 0  # across which object axis stripes follow each other, or along which grain runs
    roughness: float = 0.6  # 0 a mirror, 1 chalk
    metallic: float = 0.0  # 1 for bare metal
    seed: int = 0  # of what is irregular in the pattern

    def __post_init__(self) -> None:
        if self.pattern not in PATTERNS:
            raise BadInputError(f"a pattern is {self.pattern!r}; {', '.join(PATTERNS)} are accepted")
        if self.axis not in (0, 1, 2) or not 0 < self.period_m < math.inf:
            raise BadInputError(
                f"a pattern has axis {self.axis} and period {self.period_m} m; 0 to 2 and a positive one are accepted"
            )
        for name in ("colour", "second"):
            colour = tuple(float(c) for c in getattr(self, name))
            if len(colour) != 3 or not all(0 <= c <= 1 for c in colour):
                raise BadInputError(f"a {name} is {colour}; three numbers from 0 to 1 are accepted")
            object.__setattr__(self, name, colour)
        for name in ("roughness", "metallic"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadInputError(f"{name} is {getattr(self, name)}; 0 to 1 is accepted")

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"colour": list(self.colour), "second": list(self.second)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Material:
        unknown = set(data) - {f.name for f in fields(Material)}
        if unknown or not {"name", "colour"} <= set(data):
            raise BadInputError(
                f"a material holds {sorted(data)}; name, colour and what it adds are accepted"
            )
        return Material(
            **{**data, "colour": tuple(data["colour"]), "second": tuple(data.get("second", (0, 0, 0)))}
        )


# --- materials by chance ----------------------------------------------------------------------------


def wood(random: np.random.Generator, axis: int = 1) -> Material:
    """From birch to wenge, the grain along an axis; sometimes painted."""
    if random.random() < 0.2:
        return _with(random, "wood", _painted(random), roughness=random.uniform(0.3, 0.7))
    hue, light = random.uniform(0.04, 0.1), random.uniform(0.12, 0.85)
    colour = _hsv(hue, random.uniform(0.25, 0.75) * (1.15 - 0.5 * light), light)
    return _with(
        random, "wood", colour, _shaded(colour, random.uniform(0.6, 0.85)), "grain",
        period_m=random.uniform(0.01, 0.04), axis=axis, roughness=random.uniform(0.25, 0.7),
    )  # fmt: skip


def fabric(random: np.random.Generator) -> Material:
    colour = _painted(random, strongest=0.8)
    pattern = str(random.choice(["plain", "weave", "weave", "stripes", "checks", "speckle"]))
    other = _shaded(colour, random.uniform(0.5, 0.9)) if random.random() < 0.6 else _painted(random)
    period = random.uniform(0.004, 0.012) if pattern == "weave" else random.uniform(0.02, 0.12)
    return _with(
        random, "fabric", colour, other, pattern,
        period_m=period, axis=int(random.integers(2)) * 2, roughness=random.uniform(0.8, 1.0),
    )  # fmt: skip


def leather(random: np.random.Generator) -> Material:
    dark = random.random() < 0.5
    colour = _hsv(
        random.uniform(0.02, 0.1), random.uniform(0.1, 0.7), random.uniform(0.05, 0.2 if dark else 0.9)
    )
    return _with(
        random, "leather", colour, _shaded(colour, 0.85), "speckle",
        period_m=random.uniform(0.004, 0.01), roughness=random.uniform(0.3, 0.6),
    )  # fmt: skip


def plastic(random: np.random.Generator) -> Material:
    return _with(random, "plastic", _painted(random), roughness=random.uniform(0.15, 0.6))


def paint(random: np.random.Generator) -> Material:
    """Of a car body: white, grey and black most of all, then strong colours."""
    if random.random() < 0.6:
        colour = _hsv(
            random.uniform(0, 1), random.uniform(0, 0.08), random.choice([0.04, 0.2, 0.45, 0.7, 0.9])
        )
    else:
        colour = _hsv(
            random.choice([0.0, 0.02, 0.1, 0.35, 0.58, 0.62]),
            random.uniform(0.6, 1),
            random.uniform(0.3, 0.9),
        )
    return _with(random, "paint", colour, roughness=random.uniform(0.1, 0.35))


def metal(random: np.random.Generator) -> Material:
    """Chrome, brushed steel, brass, or coated in a plain colour."""
    if random.random() < 0.3:
        return _with(random, "metal", _painted(random, strongest=0.5), roughness=random.uniform(0.3, 0.6))
    hue, saturation = (0.11, random.uniform(0.3, 0.6)) if random.random() < 0.15 else (0.6, 0.03)
    colour = _hsv(hue, saturation, random.uniform(0.55, 0.9))
    return _with(random, "metal", colour, roughness=random.uniform(0.1, 0.45), metallic=1.0)


def glass(random: np.random.Generator) -> Material:
    colour = _hsv(random.uniform(0.5, 0.65), random.uniform(0, 0.3), random.uniform(0.02, 0.18))
    return _with(random, "glass", colour, roughness=random.uniform(0.02, 0.1))


def rubber(random: np.random.Generator) -> Material:
    grey = random.uniform(0.02, 0.1)
    return _with(random, "rubber", (grey, grey, grey), roughness=random.uniform(0.7, 0.95))


def lamp(random: np.random.Generator, colour: Colour = (0.9, 0.9, 0.85)) -> Material:
    """Head and tail lights, switched off."""
    return _with(random, "lamp", colour, roughness=random.uniform(0.05, 0.2))


def _with(
    random: np.random.Generator, name: str, colour: Colour, second: Colour = (0.0, 0.0, 0.0), pattern: str = "plain",
    *, period_m: float = 0.05, axis: int = 0, roughness: float = 0.6, metallic: float = 0.0,
) -> Material:  # fmt: skip
    """Numbers cut to what a description says: a scene is the same wherever it is made."""
    return Material(
        name, _cut(colour), _cut(second), pattern, round(float(period_m), 4), int(axis),
        round(float(roughness), 3), metallic, int(random.integers(1 << 16)),
    )  # fmt: skip


def _painted(random: np.random.Generator, strongest: float = 1.0) -> Colour:
    """White, grey or black as often as any colour."""
    if random.random() < 0.45:
        return _hsv(
            random.uniform(0, 1), random.uniform(0, 0.08), float(random.choice([0.06, 0.3, 0.6, 0.88, 0.95]))
        )
    return _hsv(random.uniform(0, 1), random.uniform(0.2, strongest), random.uniform(0.25, 0.95))


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    return colorsys.hsv_to_rgb(float(hue), min(1.0, float(saturation)), float(value))


def _shaded(colour: Colour, share: float) -> Colour:
    return (colour[0] * share, colour[1] * share, colour[2] * share)


def _cut(colour: Colour) -> Colour:
    return (round(float(colour[0]), 3), round(float(colour[1]), 3), round(float(colour[2]), 3))

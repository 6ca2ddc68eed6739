"""Openings of the body: intakes, exhausts, the cylinders that a round hood shows.

The frame of the body (aeroplane_body.py): z runs back from the nose.
"""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.aeroplane_pieces import SIDES, Floats, Pieces, along_z, with_mirror
from rrb.data.procedural.parts import loft, rod


def side_intake(start: float, end: float, low: Floats, high: Floats, rake: float, fade: str = "in") -> Pieces:
    """A box of round corners along the body: corners (2,) in x, y from `low` to `high`, hollow in front.

    fade: where its end is drawn to, "in" to the plane of symmetry or "up".
    """
    middle, half = (low + high) / 2, (high - low) / 2
    angle = 2 * np.pi * (np.arange(SIDES) + 0.5) / SIDES
    outline = np.sign(np.stack([np.cos(angle), np.sin(angle)], 1))
    outline = outline * np.abs(np.stack([np.cos(angle), np.sin(angle)], 1)) ** 0.45
    deep = 1.2 * half[1]
    z = start + np.array([deep, 0.05 * deep, 0.0, 0.06 * deep])
    z = np.append(z, np.linspace(start + deep, end, 5))
    size = np.array([0.8, 0.86, 0.92, 1.0, 1.0, 1.0, 0.97, 0.85, 0.5])
    drawn = np.array([0, 0, 0, 0, 0, 0, 0.05, 0.3, 0.9])[:, None] * half[0 if fade == "in" else 1]
    rings = np.empty((len(z), SIDES, 3))
    rings[..., 0] = middle[0] + size[:, None] * half[0] * outline[:, 0] - (drawn if fade == "in" else 0)
    rings[..., 1] = middle[1] + size[:, None] * half[1] * outline[:, 1] + (drawn if fade == "up" else 0)
    rings[..., 2] = z[:, None]
    rings[1:4, :, 2] -= rake * (outline[:, 1] * half[1])  # the upper lip is ahead of the lower one
    inner = rings[0] * [1, 1, 0] + [0, 0, start + 0.9 * deep]
    fan = loft(np.stack([inner, inner + [0, 0, 0.2 * deep]]) * [1, 1, 1])
    return [("engine", loft(rings)), ("fan", fan)]


def exhaust(middle: Floats, radius: float, length: float) -> Pieces:
    """A nozzle that ends at the middle (3,) and is hollow behind."""
    profile = [(0.7, -0.8), (0.8, 0.0), (0.84, 0.0), (1.0, -0.9), (1.0, -length / radius)]
    disc = [(0.68, -0.9), (0.68, -0.75)]
    return [
        ("nozzle", along_z(np.array(profile) * radius, middle)),
        ("fan", along_z(np.array(disc) * radius, middle)),
    ]


def cylinders(middle: Floats, radius: float, pairs: int = 3) -> Pieces:
    """A star of cylinders around the middle (3,): one upright and pairs to both sides."""
    angles = 2 * np.pi * np.arange(pairs + 1) / (2 * pairs + 1)
    ends = middle + radius * np.stack([np.sin(angles), np.cos(angles), 0 * angles], 1)
    star = [("fan", rod(middle, end, 0.13 * radius, sections=6)) for end in ends]
    return star[:1] + with_mirror(star[1:])

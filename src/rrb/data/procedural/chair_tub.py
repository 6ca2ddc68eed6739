"""Backs that run around the sitter and seats that are one with their back: bands on spindles, barrels, shells."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chair_plan import Plan, Shell, Tub, patch
from rrb.data.procedural.chance import whether
from rrb.data.procedural.parts import arc, tube


def add_curved(design: Design, shape: np.random.Generator, plan: Plan, *, arms: bool) -> None:
    """A bent rail around the back on spindles; with `arms` it comes forward far enough to lean on."""
    reach = shape.uniform(1.75, 2.1) if arms else shape.uniform(1.0, 1.5)
    height = shape.uniform(0.18, 0.28) if arms else shape.uniform(0.22, 0.36)
    lean = shape.uniform(0.05, 0.2)
    tub = Tub(0.47 * plan.width, 0.45 * plan.depth, 0.0, plan.height, height, reach, lean)
    low = 1 - shape.uniform(0.02, 0.05) / height if whether(shape, 0.5) else shape.uniform(0.45, 0.75)
    rail = patch(tub, (-1, 1), (low, 1), shape.uniform(0.014, 0.03), net=(4, 21), power=9, pillow=0.3)
    design.add("back", rail)
    if arms and whether(shape, 0.4):
        design.add("back", patch(tub, (-0.4, 0.4), (0.97, 1.5), 0.02, net=(5, 9), power=4))
    wide, radius = whether(shape, 0.3), shape.uniform(0.006, 0.011)
    for u in np.linspace(-0.92, 0.92, int(shape.integers(4, 12))):
        _stay(design, tub, plan, u, (low + 1) / 2, radius, wide=wide)


def _stay(design: Design, tub: Tub, plan: Plan, u: float, top: float, radius: float, *, wide: bool) -> None:
    angle = u * tub.reach
    foot = np.array(
        [
            0.42 * plan.width * np.sin(angle),
            plan.height - 0.6 * plan.thickness,
            0.41 * plan.depth * np.cos(angle),
        ]
    )
    end = tub(u, top)
    path = foot + (end - foot) * np.linspace(0, 1, 5)[:, None]
    design.add("spindle", tube(path, radius * (1.4 if wide else 1.0) * np.array([0.8, 1, 1.3, 1, 0.8]), 8))


def add_barrel(design: Design, shape: np.random.Generator, plan: Plan) -> None:
    """An upholstered wall around the seat, lower in front."""
    thick = shape.uniform(0.06, 0.11)
    height = shape.uniform(0.28, 0.5)
    deep = plan.height - plan.under
    tub = Tub(
        0.5 * plan.width + 0.3 * thick, 0.5 * plan.depth, 0.0, plan.under, height + deep, shape.uniform(1.7, 2.2),
        shape.uniform(0.0, 0.12), shape.uniform(0.0, 0.55), shape.uniform(2, 5),
    )  # fmt: skip
    design.add("back_cushion", patch(tub, (-1, 1), (0, 1), thick, net=(8, 25), power=16, pillow=0.4))


def add_shell(
    design: Design, shape: np.random.Generator, plan: Plan, height: float, *, bucket: bool
) -> Shell:
    """Seat and back in one bent sheet; a bucket's sides come up."""
    d, rake = plan.depth, shape.uniform(0.1, 0.4)
    corner = d / 2 * shape.uniform(0.85, 1.0)
    front = -d / 2
    line = np.array([
        (-shape.uniform(0.0, 0.05), front), (0.02, 0.6 * front), (-0.01, 0.0), (-0.03, corner), (0.0, corner),
        (0.45 * height, corner + 0.1 * rake * height), (height, corner + rake * height),
    ])  # fmt: skip
    y, z = arc(line, 41)[:30].T
    line[:, 0] += plan.height - 2e-3 - y[np.abs(z) < 0.14].min()  # what stands below reaches no further
    w = plan.width / 2
    back = shape.uniform(0.7, 1.0)
    half = w * np.array(
        [shape.uniform(0.75, 0.95), 1.05, 1.0, 1.1, 1.0, back, shape.uniform(0.55, 0.95) * back]
    )
    depth = shape.uniform(0.06, 0.13) if bucket else shape.uniform(0.0, 0.04)
    hollow = depth * np.array([0.0, 0.2, 0.6, 1.6, 1.6, 0.6, 0.2])
    shell = Shell(line, half, hollow)
    thick = shape.uniform(0.006, 0.014) if whether(shape, 0.75) else shape.uniform(0.025, 0.05)
    power = float(shape.choice([4.0, 6.0, 10.0]))
    design.add("shell", patch(shell, (-1, 1), (0, 1), thick, net=(21, 11), power=power, pillow=0.3))
    if whether(shape, 0.25):
        pad = patch(shell, (-0.75, 0.75), (0.08, 0.38), 0.03, net=(7, 7), power=5, pillow=0.6, lift=thick / 2)
        design.add("cushion", pad)
    return shell

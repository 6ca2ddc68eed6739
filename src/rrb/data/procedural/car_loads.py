"""What a truck carries, and the frame under it: z runs backwards from the truck's front, the ground is y = 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.car_panels import sheet
from rrb.data.procedural.parts import (
    Floats,
    block,
    both_sides,
    ellipse,
    loft,
    moved,
    rod,
    rounded_rectangle,
    tube,
)
from rrb.geometry.mesh import Mesh

Span = tuple[float, float]


def add_frame(
    design: Design, span: Span, floor: float, half: float, axles: list[float], radius: float
) -> None:
    """Two beams with cross members up to the load's floor, axles, tank, and what stops cars from driving under."""
    start, stop = span
    beam = block((0.09, 0.2, stop - start), (0.4, floor - 0.1, (start + stop) / 2))
    design.add("frame", *both_sides(beam))
    for z in np.linspace(start + 0.3, stop - 0.05, 4):
        design.add("frame", block((0.8, 0.1, 0.08), (0.0, floor - 0.12, z)))
    for z in axles:
        design.add("frame", rod((-half + 0.3, radius, z), (half - 0.3, radius, z), 0.07, sections=8))
        design.add(
            "frame",
            *both_sides(block((0.07, floor - 0.1 - radius, 0.3), (0.4, (floor - 0.1 + radius) / 2, z))),
        )
    design.add("dark", block((1.9 * half, 0.1, 0.06), (0.0, 0.52, stop - 0.05)))
    design.add(
        "frame", *both_sides(block((0.06, floor - 0.5, 0.06), (0.4, (floor + 0.5) / 2 - 0.02, stop - 0.08)))
    )


def add_side_tank(design: Design, z: float, half: float, floor: float) -> None:
    """A fuel tank, on the left only."""
    outline = rounded_rectangle(0.4, 0.36, 0.08, 2) + [-half + 0.3, floor - 0.4]
    ends = [np.column_stack([outline, np.full(len(outline), z + side)]) for side in (-0.35, 0.35)]
    design.add("chrome", loft(np.stack(ends)))
    design.add("frame", block((half - 0.55, 0.06, 0.3), (-half / 2 - 0.125, floor - 0.2, z)))


def guards(axles: list[float], half: float, radius: float, broad: float) -> list[Mesh]:
    """Mudguards: a curved plate over each wheel."""
    angle = np.linspace(0.12, np.pi - 0.12, 7)
    line = np.stack([0 * angle, 1.12 * radius * np.sin(angle), 1.12 * radius * np.cos(angle)], 1)
    edges = np.stack([line + [half - broad, radius, 0.0], line + [half, radius, 0.0]])
    guard = sheet(edges, (0.0, 1.0, 0.0), 0.0, 0.02)
    return [part for z in axles for part in both_sides(moved(guard, (0.0, 0.0, z)))]


# --- loads ------------------------------------------------------------------------------------------


def _box(
    design: Design, random: np.random.Generator, span: Span, floor: float, half: float, top: float
) -> None:
    start, stop = span
    width, height = 2 * half * random.uniform(0.97, 1.04), top - floor
    outline = rounded_rectangle(width, height, random.uniform(0.02, 0.12), 3) + [0.0, floor + height / 2]
    design.add("cargo", _drawn(outline, start, stop))
    for x in (-0.25 * width, 0.25 * width):  # the bars of the doors behind
        design.add(
            "chrome", rod((x, floor + 0.1, stop + 0.015), (x, top - 0.1, stop + 0.015), 0.02, sections=6)
        )
    design.add("dark", block((0.012, 0.94 * height, 0.012), (0.0, floor + height / 2, stop + 0.002)))
    if random.random() < 0.5:
        for z in np.linspace(start + 0.02, stop - 0.02, int((stop - start) / 0.6) + 2):
            design.add(
                "trim", *both_sides(block((0.03, 0.96 * height, 0.05), (width / 2, floor + height / 2, z)))
            )
    if random.random() < 0.3:  # a cooling unit over the cab
        design.add("dark", block((0.7 * width, 0.4, 0.35), (0.0, top - 0.45, start - 0.15)))


def _tank(
    design: Design, random: np.random.Generator, span: Span, floor: float, half: float, top: float
) -> None:
    start, stop = span
    wide, high = 2 * half * 0.97, min(top - floor - 0.12, 2 * half)
    outline = ellipse(wide, high, 20)
    middle = [0.0, floor + 0.12 + high / 2]
    rings = [
        np.column_stack([outline * scale + middle, np.full(20, z)])
        for scale, z in [(0.55, start), (0.85, start + 0.06), (1, start + 0.2), (1, stop - 0.2), (0.85, stop - 0.06),
                         (0.55, stop)]
    ]  # fmt: skip
    design.add("cargo", loft(np.stack(rings)))
    for z in np.linspace(start + 0.5, stop - 0.5, 3):
        design.add("frame", block((0.7 * wide, 0.35, 0.12), (0.0, floor + 0.15, z)))
        design.add("chrome", rod((0, floor + high, z), (0, floor + high + 0.2, z), 0.22, sections=12))
    rail = np.array([[0.3, floor + high + 0.28, z] for z in (start + 0.4, (start + stop) / 2, stop - 0.4)])
    design.add("chrome", *both_sides(tube(rail, 0.02, sections=6)))
    for z in (start + 0.4, stop - 0.4):
        post = rod((0.3, floor + 0.9 * high, z), (0.3, floor + high + 0.28, z), 0.02, sections=6)
        design.add("chrome", *both_sides(post))


def _flatbed(
    design: Design, random: np.random.Generator, span: Span, floor: float, half: float, top: float
) -> None:
    start, stop = span
    middle, length = (start + stop) / 2, stop - start
    design.add("cargo", block((2 * half, 0.12, length), (0.0, floor + 0.06, middle)))
    wall = random.uniform(0.3, 0.6)
    if random.random() < 0.75:
        design.add(
            "cargo", *both_sides(block((0.04, wall, length), (half - 0.02, floor + 0.1 + wall / 2, middle)))
        )
        design.add("cargo", block((2 * half - 0.02, wall, 0.04), (0.0, floor + 0.1 + wall / 2, stop - 0.02)))
        for z in np.linspace(start + 0.05, stop - 0.05, 4):
            design.add(
                "frame",
                *both_sides(block((0.06, wall + 0.04, 0.08), (half - 0.01, floor + 0.1 + wall / 2, z))),
            )
    high = random.uniform(0.7, 1.1)
    for x in np.linspace(-half + 0.05, half - 0.05, 5):
        design.add("frame", block((0.06, high, 0.06), (x, floor + high / 2, start + 0.04)))
    for y in (0.5 * high, high - 0.05):
        design.add("frame", block((2 * half - 0.06, 0.06, 0.05), (0.0, floor + y, start + 0.04)))
    if random.random() < 0.4:  # something on it, under a sheet or in crates
        size = (1.5 * half, random.uniform(0.5, 1.0), 0.5 * length)
        design.add("trim", block(size, (0.0, floor + 0.1 + size[1] / 2, middle + 0.1 * length)))


def _tipper(
    design: Design, random: np.random.Generator, span: Span, floor: float, half: float, top: float
) -> None:
    """A tub, open at the top, whose front is higher and leans over the cab."""
    start, stop = span
    height, wall = random.uniform(0.7, 1.2), 0.05
    outer = [(0.8 * half, floor), (half, floor + 0.25), (half, floor + height), (half - wall, floor + height)]
    inner = [(half - wall, floor + 0.28), (0.8 * half - wall, floor + wall)]
    half_ring = np.array([(0, floor), *outer, *inner, (0, floor + wall)])
    right = np.concatenate([half_ring, half_ring[-2:0:-1] * [-1, 1]])
    # A trough's section is no star: its ends are hidden inside the front and rear walls.
    design.add("cargo", _drawn(right, start + wall / 2, stop - wall / 2))
    for z, high in ((start, height + 0.15), (stop - wall, height)):
        outline = np.array([(-half, floor + 0.25), (-0.8 * half, floor), (0.8 * half, floor), (half, floor + 0.25),
                            (half, floor + high), (-half, floor + high)])  # fmt: skip
        design.add("cargo", _drawn(outline, z, z + wall))
    for z in np.linspace(start + 0.1, stop - 0.1, 5):
        design.add(
            "trim",
            *both_sides(block((0.06, height - 0.28, 0.08), (half + 0.01, floor + 0.27 + height / 2, z))),
        )
    design.add("cargo", block((1.6 * half, 0.06, 0.5), (0.0, floor + height + 0.12, start - 0.22)))


LOADS: dict[str, Callable[[Design, np.random.Generator, Span, float, float, float], None]] = {
    "box": _box,
    "tank": _tank,
    "flatbed": _flatbed,
    "tipper": _tipper,
}


def _drawn(outline: Floats, start: float, stop: float) -> Mesh:
    """An outline (N, 2) of x and y drawn out along z."""
    return loft(np.stack([np.column_stack([outline, np.full(len(outline), z)]) for z in (start, stop)]))

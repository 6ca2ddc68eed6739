"""Arms: rails on posts, bent tubes, pads on stems, boards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rrb.data.procedural.build import Design
from rrb.data.procedural.chair_legs import Legs
from rrb.data.procedural.chair_plan import SQUARE, Floats, Plan, Rest
from rrb.data.procedural.chance import whether
from rrb.data.procedural.parts import (
    arc,
    bar,
    block,
    both_sides,
    cushion,
    ellipse,
    rod,
    rounded_line,
    tube,
    upright,
)
from rrb.geometry.mesh import Mesh


@dataclass(frozen=True)
class Joints:
    """What arms are fastened to."""

    rest: Rest
    legs: Legs
    corner: Floats | None = None  # the top of the right front leg where it goes on as a post


def add_arms(design: Design, shape: np.random.Generator, plan: Plan, kind: str, to: Joints) -> None:
    """A pair at both sides; kinds that lean on the back end at its edges."""
    ARMS[kind](design, shape, plan, to)


def _both(design: Design, kind: str, *pieces: Mesh) -> None:
    for piece in pieces:
        design.add(kind, *both_sides(piece))


def _rail_and_post(design: Design, shape: np.random.Generator, plan: Plan, to: Joints) -> Floats:
    """An upright in front and a rail from it to the back; the rail's line at +x."""
    size = float(np.clip(to.legs.size, 0.022, 0.045))
    height = shape.uniform(0.17, 0.26)
    front = 1.5 * plan.cut - plan.depth / 2 * shape.uniform(0.55, 0.93)
    x, low = plan.half(front) + 0.3 * size, plan.under
    if to.corner is not None:
        x, low, front = to.corner
        size = to.legs.size * to.legs.sizes[-1]
    lean = shape.uniform(0.0, 0.05)
    hind = to.rest(1.0, to.rest.share(height))
    fore = np.array([x + lean, plan.height + height * shape.uniform(0.9, 1.1), front])
    post = np.array([[x, low, front], fore + [0, 0.004, 0]])
    outline = ellipse(1, 1, 10) if to.legs.round else SQUARE
    _both(design, "arm", upright(post, size * np.array([1.0, 0.8]), outline))
    ahead = fore + [0, 0.01, -shape.uniform(0.02, 0.07)]
    middle = (ahead + hind) / 2 + [shape.uniform(0.0, 0.04), 0.01, 0]
    path = arc(np.stack([ahead, middle, hind + [0, 0, 0.005]]), 7)
    if to.legs.round and whether(shape, 0.6):
        _both(design, "arm", tube(path, 0.45 * size + 0.003, 10))
    else:
        wide = shape.uniform(0.035, 0.065)
        _both(design, "arm", bar(path, wide, shape.uniform(0.016, 0.028)))
    return path


def _spindled(design: Design, shape: np.random.Generator, plan: Plan, to: Joints) -> None:
    path = _rail_and_post(design, shape, plan, to)
    count = int(shape.integers(2, 6))
    for share in np.linspace(0.3, 0.85, count):
        top = np.array([np.interp(share, np.linspace(0, 1, len(path)), c) for c in path.T])
        foot = np.array([plan.half(top[2]) - 0.012, plan.height - 0.5 * plan.thickness, top[2]])
        _both(design, "spindle", rod(foot, top, 0.007, sections=8))


def _swept(design: Design, shape: np.random.Generator, plan: Plan, to: Joints) -> None:
    """From the back forwards in a bow and down to the seat."""
    radius = shape.uniform(0.009, 0.016)
    height, front = shape.uniform(0.2, 0.32), -plan.depth / 2 * shape.uniform(0.2, 0.7)
    x = plan.half(front)
    hind = to.rest(1.0, to.rest.share(height))
    foot = np.array([x - 0.3 * radius, plan.height - 0.6 * plan.thickness, front])
    out = shape.uniform(0.02, 0.07)
    knee = np.array([x + out, hind[1] + 0.02, front - 0.12])
    line = np.stack(
        [
            hind,
            hind * [0, 1, 0.3] + [x + out, 0, 0],
            knee,
            foot * [1, 0, 1] + [out, plan.height + 0.1, 0],
            foot,
        ]
    )
    path = arc(line, 13)
    _both(design, "arm", tube(path, radius, 10) if to.legs.round else bar(path, 2.2 * radius, 1.4 * radius))


def _loop(design: Design, shape: np.random.Generator, plan: Plan, to: Joints) -> None:
    """A bent tube over the seat's side, both ends at the seat."""
    radius, height = shape.uniform(0.009, 0.014), shape.uniform(0.18, 0.25)
    front, rear = -plan.depth * shape.uniform(0.15, 0.33), plan.depth * shape.uniform(0.15, 0.33)
    out = shape.uniform(0.02, 0.06)
    y = plan.under + 0.5 * plan.thickness
    feet = [np.array([plan.half(z) - 0.03, y, z]) for z in (front, rear)]
    tops = [np.array([plan.half(z) + out, plan.height + height, z]) for z in (front - 0.02, rear)]
    sides = [np.array([plan.half(z) + out, y, z]) for z in (front, rear)]
    line = rounded_line(np.stack([feet[0], sides[0], *tops, sides[1], feet[1]]), 0.06)
    _both(design, "frame", tube(line, radius, 8))
    if whether(shape, 0.5):
        size = (0.05, 0.025, 0.8 * (rear - front))
        middle = (tops[0] + tops[1]) / 2 + [0, radius, 0]
        _both(design, "arm_pad", cushion(size, middle, softness=0.25, sections=4))


def _on_stem(design: Design, shape: np.random.Generator, plan: Plan, to: Joints) -> None:
    """A pad on an upright that comes from under the seat."""
    height, out = shape.uniform(0.17, 0.25), shape.uniform(0.015, 0.05)
    x, z, y = plan.half(0) + out, plan.depth * shape.uniform(-0.05, 0.2), plan.under - 0.004
    line = rounded_line(np.array([(0.4 * x, y, z), (x, y, z), (x, plan.height + height, z)]), 0.04)
    _both(design, "frame", bar(line, shape.uniform(0.03, 0.06), 0.014, across=(0, 0, 1)))
    size = (shape.uniform(0.06, 0.1), shape.uniform(0.02, 0.035), shape.uniform(0.2, 0.3))
    soft = shape.uniform(0.1, 0.45)
    _both(
        design,
        "arm_pad",
        cushion(size, (x, plan.height + height + 0.006, z - 0.03), softness=soft, sections=4),
    )


def _board(design: Design, shape: np.random.Generator, plan: Plan, to: Joints) -> None:
    """A closed side from the seat's underside up to a flat rail."""
    height, thick = shape.uniform(0.18, 0.26), shape.uniform(0.018, 0.04)
    x = plan.half(0) + 0.4 * thick
    low, high = plan.under, plan.height + height
    depth = plan.depth * shape.uniform(0.9, 1.0)
    _both(design, "arm", block((thick, high - low, depth), (x, (low + high) / 2, 0.01)))
    _both(design, "arm", block((thick + shape.uniform(0.02, 0.05), 0.02, depth + 0.02), (x, high, 0.01)))


ARMS = {
    "posts": _rail_and_post, "spindled": _spindled, "swept": _swept, "loop": _loop, "stem": _on_stem, "board": _board,
}  # fmt: skip

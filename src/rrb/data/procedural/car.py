"""Cars: a hull over sections along its length, a cabin on it, wheels in its arches, and what is fixed to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rrb.data.procedural import car_details as details
from rrb.data.procedural import car_dressing as dress
from rrb.data.procedural.build import Design
from rrb.data.procedural.car_cabin import Cabin
from rrb.data.procedural.car_hull import Bed
from rrb.data.procedural.car_looks import materials
from rrb.data.procedural.car_panels import Skin
from rrb.data.procedural.car_plan import DOUBLE_CAB, RANGES, Plan, plan
from rrb.data.procedural.car_truck import truck
from rrb.data.procedural.parts import both_sides, cushion, lathe, moved, tube, turned

# How often each body style is drawn, and the cluster of Palazzi et al. (section 4.1) that it is closest to. A
# pickup carries its load in the open, behind a cab: by its silhouette it is cargo.
BODIES = {
    "sedan": (0.2, "sedan"),
    "hatchback": (0.14, "sedan"),
    "wagon": (0.08, "sedan"),
    "sports": (0.1, "sedan"),
    "SUV": (0.18, "SUV"),
    "pickup": (0.09, "cargo"),
    "van": (0.11, "cargo"),
    "truck": (0.08, "cargo"),
    "bus": (0.02, "cargo"),
}


def design(shape: np.random.Generator, looks: np.random.Generator) -> Design:
    made = Design()
    body = dress.pick(shape, {name: share for name, (share, _) in BODIES.items()})
    made.style = {"body": body, "cluster": BODIES[body][1]}
    if body == "truck":
        truck(made, shape)
    else:
        _car(made, shape, body)
    made.materials = materials(made, looks)
    return made


def _car(made: Design, random: np.random.Generator, body: str) -> None:
    doors, posts, windows = _side_windows(random, body)
    ranges = DOUBLE_CAB if body == "pickup" and doors == "4" else RANGES[body]
    car = plan(body, ranges, random, posts)
    made.style |= {"doors": doors}
    open_top = body == "sports" and random.random() < 0.25
    if open_top or body == "pickup":
        bed = _bed(car, open_top)
        car.hull = replace(car.hull, bed=bed)
    hull_mesh = car.hull.mesh()
    made.add("body", hull_mesh)
    meshes = [hull_mesh]
    made.style["roof"] = "open" if open_top else "closed"
    if open_top:
        _cockpit(made, car.cabin, bed)
    else:
        cabin_mesh = car.cabin.mesh()
        made.add("cabin", cabin_mesh)
        meshes.append(cabin_mesh)
        dress.glaze(made, random, car.cabin, windows, body)
    faces = details.Faces(Skin(*meshes), car.hull)
    dress.wheels(made, random, car, body)
    dress.ends(made, random, faces, body)
    dress.flanks(made, random, faces, car, body)
    dress.mirrors(
        made, car.cabin, 0.14 if body == "bus" else 0.1, "tall" if body in ("bus", "van") else "car"
    )
    if not open_top:
        dress.roof(made, random, car, body)
    if body == "sports" or (body == "sedan" and random.random() < 0.15):
        dress.wing(made, random, car)


def _side_windows(
    random: np.random.Generator, body: str
) -> tuple[str, tuple[float, ...], list[tuple[float, float]]]:
    """How many doors, where the pillars are and which parts of the sides are glass, in shares of the side."""
    middle = float(random.uniform(0.42, 0.5))
    if body == "sports" or (body in ("hatchback", "pickup") and random.random() < 0.4):
        post = float(random.uniform(0.58, 0.7))
        single = body == "pickup" or (body == "sports" and random.random() < 0.5)
        return "2", (post,), [(0.04, post if not single else 0.92)] + ([] if single else [(post, 0.9)])
    if body in ("wagon", "SUV") or (body == "van" and random.random() < 0.5):
        first, second = 0.8 * middle, float(random.uniform(0.66, 0.72))
        return "4", (first, second), [(0.03, first), (first, second), (second, 0.95)]
    if body == "van":
        first = float(random.uniform(0.24, 0.34))
        blind = random.random() < 0.7
        return "2", (first,), [(0.03, first)] + ([] if blind else [(first + 0.03, 0.6)])
    if body == "bus":
        posts = tuple(np.linspace(0.0, 1.0, int(random.integers(6, 9)))[1:-1].tolist())
        return "2", posts, list(zip((0.02, *posts), (*posts, 0.98), strict=True))
    if random.random() < 0.35:
        return "4", (middle, 0.82), [(0.04, middle), (middle, 0.82), (0.82, 0.96)]
    return "4", (middle,), [(0.04, middle), (middle, float(random.uniform(0.86, 0.93)))]


def _bed(car: Plan, open_top: bool) -> Bed:
    """A cockpit between the wheel arches, or a load's bed above them."""
    hull, cabin = car.hull, car.cabin
    if open_top:
        start = max(cabin.front[0] + 0.25, hull.axles[0] + hull.arch_radius + 0.03)
        stop = min(start + 1.5, hull.axles[-1] - hull.arch_radius - 0.03)
        return Bed(start, stop, hull.sill + 0.25, 0.14)
    floor = max(hull.sill + 0.28, hull.wheel_radius + hull.arch_radius + 0.03)
    return Bed(cabin.rear[0] + 0.06, hull.length - hull.tail.depth - 0.02, floor, 0.08)


def _cockpit(made: Design, cabin: Cabin, bed: Bed) -> None:
    """An open car's windscreen in its frame, seats and steering wheel."""
    made.add("glass", cabin.windscreen(low=0.3))
    post = cabin.points(np.array([0.2, 1.0, 2.0, 3.0, 3.95]), np.array([2.75]))[:, 0]
    made.add("cabin", *both_sides(tube(post, 0.025, sections=6)))
    top = cabin.points(np.array([3.93]), np.array([0.0, 1.0, 2.0, 2.75]))[0]
    made.add("cabin", tube(np.concatenate([top[:0:-1] * [-1, 1, 1], top]), 0.022, sections=6))
    x, y, z = 0.36, bed.floor, bed.front
    back = cushion((0.48, 0.68, 0.16), (x, y + 0.46, z + 1.12), softness=0.4, sections=3)
    seat = [
        cushion((0.5, 0.2, 0.5), (x, y + 0.12, z + 0.85), softness=0.4, sections=3),
        turned(back, 0, 0.2, (x, y + 0.2, z + 1.07)),
        cushion((0.26, 0.2, 0.12), (x, y + 0.86, z + 1.24), softness=0.5, sections=3),
    ]
    for part in seat:
        made.add("seat", *both_sides(part))
    disc = lathe(np.array([(0.19, -0.012), (0.19, 0.012), (0.12, 0.02)]), sections=14)
    made.add("dark", moved(turned(disc, 0, np.pi / 2 - 0.4), (-x, y + 0.58, z + 0.4)))
    column = np.array([(-x, y + 0.58, z + 0.4), (-x, y + 0.5, z - 0.05)])
    made.add("dark", tube(column, 0.03, sections=6))

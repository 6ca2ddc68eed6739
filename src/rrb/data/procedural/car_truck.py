"""Trucks: a cab, a frame behind it and what stands on that."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural import car_details as details
from rrb.data.procedural import car_dressing as dress
from rrb.data.procedural.build import Design
from rrb.data.procedural.car_loads import LOADS, add_frame, add_side_tank, guards
from rrb.data.procedural.car_panels import Skin
from rrb.data.procedural.car_plan import BONNETED_CAB, CAB, Plan, plan
from rrb.data.procedural.car_wheels import add_wheels, wheel
from rrb.data.procedural.parts import block, both_sides


def truck(made: Design, random: np.random.Generator) -> None:
    cab_style = dress.pick(random, {"flat": 2.0, "bonnet": 1.0})
    car = plan("truck", CAB if cab_style == "flat" else BONNETED_CAB, random, (0.88,))
    load = dress.pick(random, {"box": 2.0, "flatbed": 1.0, "tipper": 1.0, "tank": 1.2})
    made.style |= {"cab": cab_style, "load": load, "doors": "2", "roof": "closed"}
    hull_mesh, cabin_mesh = car.hull.mesh(), car.cabin.mesh()
    made.add("body", hull_mesh)
    made.add("cabin", cabin_mesh)
    dress.glaze(made, random, car.cabin, [(0.04, 0.85)], "truck")
    faces = details.Faces(Skin(hull_mesh, cabin_mesh), car.hull)
    dress.wheels(made, random, car, "bus")
    dress.ends(made, random, faces, "truck")
    level = car.cabin.points(np.array([1.0]), car.cabin.side_column(np.array([0.02, 0.88])))[0, :, 2]
    made.add("dark", *details.door_lines(faces, [float(z) for z in level], car.cabin.belt - 0.05))
    made.add("handle", *details.handles(faces, [float(level[1]) - 0.15], car.cabin.belt - 0.12))
    dress.mirrors(made, car.cabin, 0.17, "tall")
    _behind_cab(made, random, car, load)


def _behind_cab(made: Design, random: np.random.Generator, car: Plan, load: str) -> None:
    hull, radius = car.hull, car.hull.wheel_radius
    start = hull.length + float(random.uniform(0.06, 0.2))
    stop = start + float(random.uniform(2.6, 5.4))
    half = hull.half_width * float(random.uniform(0.98, 1.08))
    floor = 2 * radius + float(random.uniform(0.12, 0.22))
    top = max(car.height + float(random.uniform(-0.2, 0.8)), floor + 1.3)
    rear = stop - float(random.uniform(0.18, 0.3)) * (stop - start) - radius
    axles = [rear] if stop - start < 4.2 or random.random() < 0.5 else [rear, rear + 2.2 * radius]
    add_frame(made, (hull.axles[0], stop), floor, half, axles, radius)
    LOADS[load](made, random, (start, stop), floor, half, top)
    tyre = 1.7 * car.tyre_width  # twins
    parts = wheel("steel", radius, tyre, 0.58, 6)
    add_wheels(made, parts, [(half - 0.03 - tyre / 2, radius, z) for z in axles])
    if load != "box":
        made.add("dark", *guards(axles, half - 0.02, radius, tyre))
    if rear - start > 1.6:
        add_side_tank(made, start + 0.6, half, floor)
    made.add("tail", *both_sides(block((0.3, 0.12, 0.05), (0.75 * half, 0.62, stop))))
    made.add("plate", block((0.5, 0.11, 0.02), (0.0, 0.52, stop - 0.01)))

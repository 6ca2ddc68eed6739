"""What a car's hull and cabin are given by chance: windows, wheels, lamps, lines, mirrors, things on the roof."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural import car_details as details
from rrb.data.procedural.build import Design
from rrb.data.procedural.car_cabin import Cabin
from rrb.data.procedural.car_plan import Plan
from rrb.data.procedural.car_wheels import add_wheels, wheel, wheel_well
from rrb.data.procedural.parts import mirrored, rod


def pick(random: np.random.Generator, shares: dict[str, float]) -> str:
    total = sum(shares.values())
    return str(random.choice(list(shares), p=[share / total for share in shares.values()]))


def glaze(
    made: Design, random: np.random.Generator, cabin: Cabin, windows: list[tuple[float, float]], body: str
) -> None:
    dark_posts = random.random() < 0.5 and body != "pickup"
    half = cabin.post_width / 2
    for start, stop in windows:
        inset_a = 0.0 if start not in cabin.posts else (0.004 if dark_posts else half)
        inset_b = 0.0 if stop not in cabin.posts else (0.004 if dark_posts else half)
        made.add("glass", *cabin.side_window(start + inset_a, stop - inset_b))
    made.add("glass", cabin.windscreen())
    if body != "van" or random.random() < 0.7:
        made.add("glass", cabin.rear_window(high=3.7 if body != "van" else 3.2))


def wheels(made: Design, random: np.random.Generator, car: Plan, body: str) -> None:
    hull = car.hull
    rims = {"steel": 1.0, "cover": 1.5, "spoked": 3.0, "twin": 1.5}
    if body in ("sports", "SUV"):
        rims |= {"steel": 0.1, "cover": 0.2}
    if body == "bus":
        rims = {"steel": 1.0, "cover": 0.5}
    made.style["rims"] = pick(random, rims)
    share = random.uniform(0.66, 0.76) if body == "sports" else random.uniform(0.56, 0.7)
    parts = wheel(
        made.style["rims"], hull.wheel_radius, car.tyre_width, float(share), int(random.integers(5, 9))
    )
    inset = float(random.uniform(0.005, 0.03))
    places = []
    for axle in hull.axles:
        lip = float(hull.side(np.array([hull.wheel_radius + 0.7 * hull.arch_radius]), np.array([axle]))[0])
        places.append((lip - inset - car.tyre_width / 2, hull.wheel_radius, axle))
        well = wheel_well(hull.arch_radius - 0.004, hull.sill + 0.01, hull.well, (hull.wheel_radius, axle))
        made.add("dark", well, mirrored(well))
        x, y, z = places[-1]
        made.add("dark", rod((-x, y, z), (x, y, z), 0.04, sections=6))
    add_wheels(made, parts, places)


def ends(made: Design, random: np.random.Generator, faces: details.Faces, body: str) -> None:
    boxy = body in ("SUV", "van", "pickup", "truck", "bus")
    lamps = {
        "wide": 2.0,
        "narrow": 1.5,
        "square": 2.0 if boxy else 0.7,
        "round": 0.7,
        "tall": 1.2 if boxy else 0.5,
    }
    tails = {"wide": 2.0, "tall": 2.0 if boxy or body in ("hatchback", "wagon") else 0.2, "square": 1.0,
             "round": 0.5, "band": 0.7}  # fmt: skip
    grilles = {"slot": 1.0, "tall": 1.0, "wide": 1.5, "low": 1.0, "none": 0.5}
    made.style |= {"headlamps": pick(random, lamps), "grille": pick(random, grilles)}
    made.add("lamp", *details.headlamps(faces, made.style["headlamps"], random))
    for kind, part in details.grille(faces, made.style["grille"], random):
        made.add(kind, part)
    if made.style["grille"] != "low":
        made.add("dark", details.intake(faces, random))
    made.style["bumpers"] = pick(random, {"moulded": 2.0, "bar": 1.0 if boxy else 0.5})
    if made.style["bumpers"] == "bar":
        kind = "dark" if random.random() < 0.5 else "chrome"
        thick, rise = random.uniform(0.07, 0.12), random.uniform(0.1, 0.18)
        height = faces.front_height(0.22)
        made.add(
            kind,
            *(
                details.bumper(faces, front, float(height), float(thick), float(rise))
                for front in (True, False)
            ),
        )
    if body == "truck":
        return
    made.style["tail_lamps"] = pick(random, tails)
    made.add("tail", *details.tail_lamps(faces, made.style["tail_lamps"], random))
    made.add("plate", *details.plates(faces, 0.55 if random.random() < 0.6 else 0.3))
    if random.random() < 0.6:
        made.add("chrome", *details.exhausts(faces.hull, int(random.integers(1, 3))))


def flanks(made: Design, random: np.random.Generator, faces: details.Faces, car: Plan, body: str) -> None:
    hull, cabin = car.hull, car.cabin
    level = cabin.points(np.array([1.0]), cabin.side_column(np.array([0.02, *cabin.posts])))[0, :, 2]
    top = float(hull.height(level[1:2])[0]) - hull.crown
    lines = [float(z) for z in level]
    if body in ("sedan", "hatchback", "wagon", "SUV", "pickup") and made.style["doors"] == "4":
        lines = lines[:2] + [
            float(min(level[-1] if len(level) > 2 else lines[1] + 0.85, hull.axles[-1] + 0.1))
        ]
    if body == "bus":
        lines = [lines[0], lines[1]]
    made.add("dark", *details.door_lines(faces, lines, top))
    made.add("handle", *details.handles(faces, [z - 0.14 for z in lines[1:]], top - 0.08))
    if body == "SUV" or (body in ("pickup", "wagon") and random.random() < 0.5):
        made.add("dark", *details.arch_trims(faces, float(random.uniform(0.04, 0.08))))
    if body in ("SUV", "pickup") and random.random() < 0.5:
        made.add("dark", *details.running_boards(hull))
    if random.random() < 0.3 and len(hull.axles) > 1:
        made.add("dark", *details.moulding(faces, hull.sill + 0.5 * (top - hull.sill), 0.06))


def mirrors(made: Design, cabin: Cabin, size: float, style: str) -> None:
    at = cabin.points(np.array([1.3]), cabin.side_column(np.array([0.05])))[0, 0]
    for kind, part in details.mirrors(at, size, style):
        made.add(kind, part)


def roof(made: Design, random: np.random.Generator, car: Plan, body: str) -> None:
    cabin = car.cabin
    top = cabin.half_rings()[-1][:, 2]
    middle = np.array([0.0, cabin.roof, (top[0] + top[-1]) / 2])
    if body in ("SUV", "wagon", "van") and random.random() < 0.5:
        made.style["rails"] = "yes"
        edge = cabin.points(np.array([5.2]), cabin.side_column(np.array([0.08, 0.3, 0.6, 0.93])))[0]
        made.add("rail", *details.roof_rails(edge))
    sign = pick(random, {"none": 0.86, "taxi": 0.08, "bar": 0.06})
    if sign == "taxi" and body in ("sedan", "wagon", "van", "hatchback"):
        made.style["sign"] = "taxi"
        made.add("sign", details.taxi_sign(middle))
    elif sign == "bar" and body in ("sedan", "wagon", "SUV", "van", "pickup"):
        made.style["sign"] = "bar"
        place = middle if body != "van" else np.array([0.0, cabin.roof, top[0] + 0.1])
        for kind, part in details.light_bar(place, 1.5 * cabin.half_width[1]):
            made.add(kind, part)
    if random.random() < 0.4:
        foot = np.array([0.0, cabin.roof, top[-1] - 0.1])
        made.add("dark", details.aerial(foot, bool(random.random() < 0.6)))
    if body in ("hatchback", "SUV", "wagon") and random.random() < 0.5:
        last = cabin.half_rings().shape[1] - 1
        line = cabin.points(np.array([4.0]), last - np.array([0.0, 1.0, 2.0]))[0] + [0.0, 0.015, 0.03]
        made.add("cabin", details.lip(np.concatenate([line[:0:-1] * [-1, 1, 1], line]), 0.22))
    if body == "SUV" and random.random() < 0.25:
        _spare(made, car)


def _spare(made: Design, car: Plan) -> None:
    hull = car.hull
    made.style["spare"] = "yes"
    parts = wheel("cover", hull.wheel_radius * 0.97, car.tyre_width, 0.62, 6)
    at = np.array([0.0, hull.sill + 0.42 + hull.wheel_radius * 0.6, hull.length + 0.45 * car.tyre_width])
    for kind, part in details.spare_wheel(parts, at):
        made.add(kind, part)


def wing(made: Design, random: np.random.Generator, car: Plan) -> None:
    hull = car.hull
    style = pick(random, {"none": 1.0, "lip": 1.0, "wing": 1.0})
    made.style["spoiler"] = style
    z = hull.length - hull.tail.depth * 0.6 - 0.08
    middle = np.array([0.0, float(hull.height(np.array([z]))[0]), z])
    wide = 1.7 * float(hull.width(np.array([z]))[0])
    if style == "wing":
        lift = float(random.uniform(0.12, 0.3))
        made.add("spoiler", *details.wing(middle, wide, float(random.uniform(0.2, 0.32)), lift))
    elif style == "lip":
        x = np.linspace(-0.47, 0.47, 5) * wide
        line = np.stack([x, middle[1] + 0.015 - 0.1 * (x / wide) ** 2, middle[2] - 0.2 * (x / wide) ** 2], 1)
        made.add("spoiler", details.lip(line, 0.14))

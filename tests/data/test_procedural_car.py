"""Cars by chance: closed parts in the right places, as large as cars are, every style, the same seed the same car."""

from functools import cache

import numpy as np
import pytest

from rrb.data.procedural import make
from rrb.data.procedural.build import CATEGORIES
from rrb.data.procedural.car import BODIES, design
from rrb.data.procedural.car_panels import Skin, sheet
from rrb.data.procedural.parts import block
from rrb.data.shape import Shape
from rrb.geometry.mesh import Mesh
from rrb.geometry.winding import winding_number, winding_number_reference

SEEDS = range(60)
CLUSTERS = {"sedan", "SUV", "cargo"}
# Metres (length, width without mirrors' reach, height without signs and aerials): the ranges of cars on the road.
SIZES = {
    "sedan": ((4.2, 5.3), (1.65, 2.3), (1.3, 2.1)),
    "hatchback": ((3.4, 4.7), (1.55, 2.2), (1.3, 2.2)),
    "wagon": ((4.3, 5.3), (1.65, 2.3), (1.35, 2.2)),
    "sports": ((3.8, 5.0), (1.7, 2.4), (0.9, 1.9)),
    "SUV": ((3.8, 5.6), (1.7, 2.45), (1.55, 2.5)),
    "pickup": ((4.8, 6.2), (1.7, 2.45), (1.6, 2.5)),
    "van": ((4.2, 6.3), (1.7, 2.6), (1.7, 3.2)),
    "truck": ((4.2, 9.5), (1.9, 3.1), (2.0, 3.8)),
    "bus": ((6.4, 12.0), (2.1, 3.0), (2.6, 3.8)),
}


@cache
def car(seed: int) -> Shape:
    return make("car", seed)


@cache
def pieces(seed: int) -> tuple[tuple[str, Mesh], ...]:
    number = list(CATEGORIES).index("car")
    return tuple(design(*(np.random.default_rng([number, seed, k]) for k in range(2))).pieces)


@cache
def styles(seed: int) -> dict[str, str]:
    return dict(car(seed).style)


def vertices_of(shape: Shape, *kinds: str) -> np.ndarray:
    chosen = np.isin(shape.face_part, [shape.parts.index(kind) for kind in kinds if kind in shape.parts])
    return shape.mesh.vertices[np.unique(shape.mesh.faces[chosen])]


def ground(shape: Shape) -> float:
    return float(shape.mesh.vertices[:, 1].min())


# --- parts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_every_piece_is_closed_and_faces_outwards(seed):
    for kind, piece in pieces(seed):
        assert np.isfinite(piece.vertices).all(), kind
        assert piece.is_watertight, kind
        x, y, z = np.moveaxis((piece.vertices - piece.vertices.mean(0))[piece.faces], 1, 0)
        assert np.einsum("fi,fi->", x, np.cross(y, z)) > 0, kind


@pytest.mark.parametrize("seed", SEEDS)
def test_hull_and_cabin_do_not_run_through_themselves(seed):
    """A skin folded over itself (an arch that meets the load's bed) goes round a point twice, or backwards."""
    for kind, piece in pieces(seed):
        if kind in ("body", "cabin"):
            points = np.random.default_rng(seed).uniform(*piece.bounding_box(), (500, 3))
            times = winding_number(points, piece.vertices, piece.faces)
            assert np.abs(times - np.round(times)).max() < 0.05
            assert set(np.round(times)) <= {0.0, 1.0}, kind


@pytest.mark.parametrize("seed", SEEDS)
def test_no_piece_floats(seed):
    """From the body every piece is reached over boxes that touch."""
    boxes = np.array([piece.bounding_box() for _, piece in pieces(seed)])  # (P, 2, 3)
    touch = (
        (boxes[:, None, 0] <= boxes[None, :, 1] + 1e-6) & (boxes[:, None, 1] >= boxes[None, :, 0] - 1e-6)
    ).all(2)
    reached = np.zeros(len(boxes), bool)
    reached[0] = True
    for _ in boxes:
        reached = touch[reached].any(0)
    assert reached.all(), [kind for (kind, _), ok in zip(pieces(seed), reached, strict=True) if not ok]


@pytest.mark.parametrize("seed", range(0, 60, 12))
def test_the_whole_has_the_winding_numbers_of_its_parts(seed):
    shape = car(seed)
    points = np.random.default_rng(seed).uniform(*shape.mesh.bounding_box(), (60, 3))
    times = winding_number_reference(points, shape.mesh.vertices, shape.mesh.faces)
    middle = Mesh.concatenated([piece for _, piece in pieces(seed)]).centre
    parts = sum(winding_number_reference(points + middle, p.vertices, p.faces) for _, p in pieces(seed))
    np.testing.assert_allclose(times, np.round(times), atol=1e-3)
    np.testing.assert_allclose(times, parts, atol=1e-3)
    assert times.min() > -0.5
    assert 0.1 < (times > 0.5).mean() < 0.9


@pytest.mark.parametrize("rows", [1, -1])
@pytest.mark.parametrize("columns", [1, -1])
def test_a_plate_rises_on_the_side_it_is_told_whatever_its_grid_s_order(rows, columns):
    x, y = np.meshgrid(np.linspace(0, 1, 4), np.linspace(0, 2, 3), indexing="ij")
    grid = np.stack([x, y, 0 * x], 2)[::rows, ::columns]
    plate = sheet(grid, (0.1, 0.2, -1.0), proud=0.01, depth=0.03)
    np.testing.assert_allclose(plate.bounding_box(), [[0, 0, -0.01], [1, 2, 0.03]], atol=1e-12)
    middle = np.array([[0.5, 1.0, 0.0], [0.5, 1.0, -0.02], [0.5, 1.0, 0.04]])
    np.testing.assert_allclose(
        winding_number_reference(middle, plate.vertices, plate.faces), [1, 0, 0], atol=1e-9
    )


def test_the_skin_is_met_first_from_outside():
    skin = Skin(block((2.0, 2.0, 2.0), (0.0, 0.0, 0.0)), block((1.0, 1.0, 1.0), (0.0, 0.0, -1.0)))
    over = np.array([[0.1, 0.2], [0.7, 0.2], [0.3, -0.9]])
    np.testing.assert_allclose(skin.at(2, -1.0, over)[:, 2], [-1.5, -1.0, -1.0])
    np.testing.assert_allclose(skin.at(2, 1.0, over)[:, 2], 1.0)
    np.testing.assert_allclose(
        skin.at(0, 1.0, np.array([[0.1, -1.3], [0.1, 0.4]])), [[0.5, 0.1, -1.3], [1, 0.1, 0.4]]
    )


# --- shape ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_a_car_stands_on_its_tyres_and_on_nothing_else(seed):
    shape = car(seed)
    tyres = vertices_of(shape, "tyre")
    standing = tyres[tyres[:, 1] < ground(shape) + 1e-3]
    others = vertices_of(shape, *(kind for kind in shape.parts if kind not in ("tyre", "rim")))
    assert others[:, 1].min() > ground(shape) + 0.05
    # On both sides, in front of the middle and behind it.
    assert {(x > 0, z > 0) for x, _, z in standing} == {
        (True, True),
        (True, False),
        (False, True),
        (False, False),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_left_is_the_mirror_image_of_right(seed):
    """But for a truck's fuel tank (chrome, on its frame), an open car's steering wheel and a single exhaust."""
    shape = car(seed)
    lopsided = {"chrome", "frame"} if shape.style["body"] == "truck" else {"chrome"}
    if shape.style["roof"] == "open":
        lopsided = lopsided | {"dark"}
    found = vertices_of(shape, *(set(shape.parts) - lopsided))
    middle = (found[:, 0].min() + found[:, 0].max()) / 2
    right = {tuple(p) for p in np.round((found - [middle, 0, 0]) * 1e4).astype(int)}
    missing = [
        (x, y, z)
        for x, y, z in right
        if not any(
            (-x + a, y + b, z + c) in right for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)
        )
    ]
    assert not missing


@pytest.mark.parametrize("seed", range(150))
def test_sizes_are_those_of_cars(seed):
    shape = car(seed)
    width, height, length = np.ptp(shape.mesh.vertices, axis=0)
    for (low, high), size in zip(SIZES[shape.style["body"]], (length, width, height), strict=True):
        assert low <= size <= high, (shape.style["body"], (length, width, height))
    body = np.ptp(vertices_of(shape, "body"), axis=0)[0]
    assert 1.55 <= body <= 2.6
    tyres = vertices_of(shape, "tyre")
    assert np.ptp(tyres[:, 0]) <= max(body, np.ptp(vertices_of(shape, "body", "cargo", "frame")[:, 0])) + 0.12


@pytest.mark.parametrize("seed", SEEDS)
def test_wheels_are_the_size_of_wheels(seed):
    wheel = next(piece for kind, piece in pieces(seed) if kind == "tyre")
    width, height, length = np.ptp(wheel.vertices, axis=0)
    assert height == pytest.approx(length, rel=0.02)
    low, high = (0.74, 1.02) if car(seed).style["body"] in ("truck", "bus") else (0.57, 0.86)
    assert low <= height <= high
    assert 0.13 <= width <= 0.4


@pytest.mark.parametrize("seed", SEEDS)
def test_glass_lies_above_the_middle_of_the_body(seed):
    shape = car(seed)
    body = vertices_of(shape, "body")[:, 1]
    glass = vertices_of(shape, "glass")[:, 1]
    assert glass.min() > (body.min() + body.max()) / 2
    assert glass.max() > body.max()


@pytest.mark.parametrize("seed", SEEDS)
def test_front_and_rear_differ(seed):
    """White lamps in front, red ones behind, and the side view is not its own mirror image."""
    shape = car(seed)
    assert vertices_of(shape, "lamp")[:, 2].max() < 0 < vertices_of(shape, "tail")[:, 2].min()
    middle = np.random.default_rng(0).uniform(*shape.mesh.bounding_box(), (1000, 3)) * [0.5, 1, 1]
    inside = [
        winding_number(middle * [1, 1, sign], shape.mesh.vertices, shape.mesh.faces) > 0.5 for sign in (1, -1)
    ]
    assert (inside[0] & inside[1]).sum() / (inside[0] | inside[1]).sum() < 0.96


def test_a_pickup_is_open_above_its_bed():
    beds = [seed for seed in range(150) if car(seed).style["body"] == "pickup"]
    assert len(beds) > 5
    for seed in beds:
        body = next(piece for kind, piece in pieces(seed) if kind == "body")
        (_, _, front), (_, high, rear) = body.bounding_box()
        z = rear - 0.15 * (rear - front)
        points = np.array([[0.0, high - 0.1, z], [0.0, 0.62 * high, z]])
        np.testing.assert_allclose(
            winding_number_reference(points, body.vertices, body.faces), [0, 1], atol=1e-6
        )


# --- chance -----------------------------------------------------------------------------------------


CHOICES = {
    "rims": 4,
    "headlamps": 5,
    "grille": 5,
    "tail_lamps": 5,
    "load": 4,
    "cab": 2,
    "sign": 2,
    "spoiler": 3,
}


def test_every_style_and_cluster_appears():
    found = [styles(seed) for seed in range(300)]
    assert {style["body"] for style in found} == set(BODIES)
    assert {style["cluster"] for style in found} == CLUSTERS
    for choice, count in CHOICES.items():
        assert len({style[choice] for style in found if choice in style}) == count, choice


def test_a_cluster_follows_from_the_body():
    for seed in range(300):
        assert styles(seed)["cluster"] == BODIES[styles(seed)["body"]][1]


def test_the_same_seed_is_the_same_car():
    for seed in (0, 7, 12345678):
        first, again = make("car", seed), make("car", seed)
        assert first.mesh.vertices.tobytes() == again.mesh.vertices.tobytes()
        assert first.mesh.faces.tobytes() == again.mesh.faces.tobytes()
        assert first.face_part.tobytes() == again.face_part.tobytes()
        assert first.description() == again.description()


def test_seeds_differ():
    assert len({car(seed).mesh.vertices.tobytes() for seed in range(150)}) == 150
    assert len({car(seed).mesh.largest_extent for seed in range(150)}) == 150
    assert len({car(seed).materials[0].colour for seed in SEEDS}) > 15


def test_looks_do_not_change_the_shape():
    """Other random numbers for the looks paint the same car."""
    first, other = (design(np.random.default_rng(3), np.random.default_rng(looks)) for looks in (1, 2))
    assert first.materials != other.materials
    for (kind, piece), (kind_again, again) in zip(first.pieces, other.pieces, strict=True):
        assert kind == kind_again
        np.testing.assert_array_equal(piece.vertices, again.vertices)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_car_is_made_of(seed):
    shape = car(seed)
    name = {kind: material.name for kind, material in zip(shape.parts, shape.materials, strict=True)}
    assert (name["body"], name["glass"], name["tyre"], name["rim"]) == ("paint", "glass", "rubber", "metal")
    assert shape.turns.folds == 1
    assert len(shape.mesh.faces) <= 6500

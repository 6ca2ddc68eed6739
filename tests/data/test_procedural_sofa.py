"""Sofas: closed parts that hang together, backs at +z, real sizes, true symmetry, the same from the same seed."""

import numpy as np
import pytest

from furniture_laws import asymmetry, design_of, groups, volume, wanted
from rrb.data.procedural import make
from rrb.data.procedural.parts import turn
from rrb.data.procedural.sofa import FORMS
from rrb.data.procedural.upholstery import dome, padded, pillow, swept
from rrb.geometry.winding import is_inside, winding_number_reference

SEEDS = range(60)
MANY = range(500)
BACKLESS = ("ottoman", "daybed", "chaise longue")  # a chaise longue is high at one end
EDGE = np.array([(0.4, 0.3), (-0.4, 0.3), (-0.4, -0.3), (0.4, -0.3)])


@pytest.fixture(scope="module")
def many():
    return [make("sofa", seed) for seed in MANY]


def above(shape, share):
    """Points spread over the surface that lie above a share of the height."""
    points = shape.mesh.sample_surface(2000, 0)[0]
    low, high = shape.mesh.bounding_box()[:, 1]
    return points[points[:, 1] > low + share * (high - low)]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_piece_is_closed_faces_outwards_and_touches_the_others(seed):
    pieces = [piece for _, piece in design_of("sofa", seed).pieces]
    assert all(p.is_watertight and volume(p) > 0 for p in pieces)
    assert len(groups(pieces)) == 1


def test_sizes_are_those_of_sofas(many):
    for shape in many:
        x, y, z = np.ptp(shape.mesh.vertices, axis=0)
        assert 0.45 <= x <= 3.6, shape.mesh_id
        assert 0.3 <= z <= 2.6, shape.mesh_id
        if shape.style["kind"] not in BACKLESS:
            assert 0.5 <= y <= 1.3, shape.mesh_id
            assert x >= 0.5 * int(shape.style.get("seats", 1)), shape.mesh_id
        else:
            assert 0.3 <= y <= 1.1, shape.mesh_id
    assert max(len(s.mesh.faces) for s in many) <= 6000
    assert np.mean([len(s.mesh.faces) for s in many]) <= 3000


def test_all_choices_appear(many):
    def seen(name):
        return {s.style[name] for s in many if name in s.style}

    assert seen("kind") == set(FORMS)
    assert seen("seats") == {"1", "2", "3", "4"}
    assert seen("arms") >= {
        "block",
        "round",
        "rolled",
        "sloped",
        "pillow",
        "winged",
        "flared",
        "panel",
        "open",
        "none",
    }
    assert seen("back") >= {"plain", "rolled", "camel", "channels", "buttons", "heads", "falling"}
    assert seen("feet") >= {"block", "tapered", "cone", "bun", "plinth", "sled", "skirt", "disc"}
    assert seen("side") == {"left", "right", "both", "none"}
    assert seen("throws") == {"0", "1", "2", "3", "4"}
    assert {s.turns.folds for s in many} >= {0, 1, 2, 4}


def test_a_seed_always_gives_the_same_bytes_and_no_two_seeds_do(many):
    for seed in range(0, 90, 3):
        again = make("sofa", seed)
        assert again.mesh.vertices.tobytes() == many[seed].mesh.vertices.tobytes()
        assert again.mesh.faces.tobytes() == many[seed].mesh.faces.tobytes()
        assert again.description() == many[seed].description()
    assert len({s.mesh.vertices.tobytes() for s in many}) == len(many)
    extents = np.array([np.ptp(s.mesh.vertices, axis=0) for s in many])
    assert len(np.unique(extents.round(3), axis=0)) > 0.99 * len(many)


def test_the_back_is_at_plus_z(many):
    """What lies above four fifths of the height is the back: behind the middle of the whole."""
    for shape in many[:200]:
        if shape.style["kind"] not in BACKLESS:
            assert above(shape, 0.8)[:, 2].mean() > 0.03, (shape.mesh_id, dict(shape.style))
    for shape in wanted(many, **{"kind": "chaise longue", "back": "falling"}):
        assert above(shape, 0.6)[:, 2].mean() > 0, shape.mesh_id


@pytest.mark.parametrize(("side", "sign"), [("left", -1), ("right", 1)])
@pytest.mark.parametrize("kind", ["corner", "chaise longue"])
def test_left_and_right_are_the_sitters(many, kind, side, sign):
    """The sitter looks to -z: the right hand is at +x. A corner's wing reaches forward there, a chaise rises there."""
    for shape in wanted(many, kind=kind, side=side):
        points = shape.mesh.sample_surface(2000, 0)[0]
        if kind == "corner":
            chosen = points[points[:, 2] < shape.mesh.vertices[:, 2].min() + 0.25]
        else:
            chosen = above(shape, 0.85)
        assert sign * chosen[:, 0].mean() > 0.1, (shape.mesh_id, dict(shape.style))


def test_the_recorded_turns_leave_the_surface_where_it_is(many):
    for shape in [s for s in many if s.turns.folds != 1]:
        folds = shape.turns.folds
        angles = [2 * np.pi / folds] if folds else [0.3, 1.234]
        assert max(asymmetry(shape.mesh, a, 25) for a in angles) < 0.005, (shape.mesh_id, folds)


def test_turns_are_not_understated(many):
    for shape in wanted(many, outline="round", feet="plinth"):
        assert shape.turns.folds == 0
    for shape in wanted(many, outline="square"):
        assert shape.turns.folds == 4, shape.mesh_id
    for shape in wanted(many, kind="daybed"):
        assert shape.turns.folds == (1 if shape.style["ends"] == "one roll" else 2), shape.mesh_id
    for shape in [s for s in many if s.turns.folds == 1][:20]:
        assert asymmetry(shape.mesh, np.pi, 150) > 0.005, shape.mesh_id


@pytest.mark.parametrize("seed", range(0, 60, 10))
def test_the_whole_winds_around_a_point_as_often_as_its_pieces_hold_it(seed):
    design = design_of("sofa", seed)
    shape = make("sofa", seed)
    corners = np.concatenate([p.bounding_box() for _, p in design.pieces])
    centre = (corners.min(0) + corners.max(0)) / 2
    random = np.random.default_rng(seed)
    low, high = shape.mesh.bounding_box()
    near = shape.mesh.sample_surface(10, seed)[0] + random.normal(0, 0.02, (10, 3))
    points = np.concatenate([random.uniform(low, high, (8, 3)), near])
    held = sum(is_inside(points + centre, p.vertices, p.faces).astype(int) for _, p in design.pieces)
    np.testing.assert_allclose(
        winding_number_reference(points, shape.mesh.vertices, shape.mesh.faces), held, atol=1e-5
    )


# --- soft parts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("radius", [0.005, 0.05, 1.0])
def test_a_padded_block_keeps_its_extents_and_loses_its_edges(radius):
    piece = padded([0.6, 0.2, 0.5], [1, 2, 3], radius)
    assert piece.is_watertight
    np.testing.assert_allclose(piece.bounding_box()[:, [0, 2]], [[0.7, 2.75], [1.3, 3.25]], atol=1e-9)
    assert (
        0.97 * 0.2 - 0.006 <= np.ptp(piece.vertices[:, 1]) <= 0.2
    )  # the last ring is a little way down the round
    full = 0.6 * 0.2 * 0.5
    assert 0.5 * full < volume(piece) < full
    assert volume(padded([0.6, 0.2, 0.5], [0, 0, 0], 0.08)) < volume(padded([0.6, 0.2, 0.5], [0, 0, 0], 0.01))


@pytest.mark.parametrize("sections", [2, 4, 6, 8])
def test_a_throw_cushion_is_closed_thick_in_the_middle_and_thin_at_its_seam(sections):
    piece = pillow(0.4, 0.3, 0.12, [0, 0, 0], turn(1, 0.0), sections=sections)
    assert piece.is_watertight
    assert volume(piece) > 0
    np.testing.assert_allclose(np.ptp(piece.vertices, axis=0), [0.4, 0.3, 0.12], atol=1e-12)
    seam = np.abs(piece.vertices[:, 0]) > 0.19
    assert np.abs(piece.vertices[seam, 2]).max() < 0.03


def test_a_wall_leans_to_the_right_hand_of_its_path():
    """Along +z, seen from above with x to the right and z up, the right hand is at +x."""
    path = np.array([(0, 0), (0, 0.5), (0, 1.0)])
    wall = swept(path, 0.1, 0.2, 1.2, 0.02, lean=0.3)
    top = wall.vertices[wall.vertices[:, 1] > 1.15]
    assert wall.is_watertight
    assert volume(wall) > 0
    np.testing.assert_allclose(top[:, 0].mean(), 0.3, atol=0.02)
    np.testing.assert_allclose(wall.bounding_box()[:, 1], [0.2, 1.2], atol=1e-9)


@pytest.mark.parametrize("crown", [0.0, 0.05])
def test_a_dome_stays_between_its_levels_but_for_its_crown(crown):
    piece = dome(EDGE, 0.3, 0.5, 0.05, crown)
    assert piece.is_watertight
    assert volume(piece) > 0
    low, high = piece.bounding_box()
    assert 0.3 <= low[1] < 0.32
    assert 0.48 < high[1] <= 0.5 + crown
    np.testing.assert_allclose([low[0], high[0], low[2], high[2]], [-0.4, 0.4, -0.3, 0.3], atol=0.002)

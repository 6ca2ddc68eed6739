"""Tables: closed parts that hang together, real sizes, true symmetry, the same from the same seed."""

import numpy as np
import pytest

from furniture_laws import asymmetry, design_of, groups, turned_about_y, volume, wanted
from rrb.data.procedural import make
from rrb.data.procedural.furniture import EDGES, hoop, plate, post
from rrb.data.procedural.parts import ellipse, rounded_rectangle
from rrb.data.procedural.table import BASES, KINDS
from rrb.geometry.winding import is_inside, winding_number_reference

SEEDS = range(60)
MANY = range(500)


@pytest.fixture(scope="module")
def many():
    return [make("table", seed) for seed in MANY]


def middle_of(shape, kind):
    """(3,): the mean corner of the faces of a kind."""
    faces = shape.mesh.faces[shape.face_part == shape.parts.index(kind)]
    return shape.mesh.vertices[faces].mean((0, 1))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_piece_is_closed_faces_outwards_and_touches_the_others(seed):
    pieces = [piece for _, piece in design_of("table", seed).pieces]
    assert all(p.is_watertight and volume(p) > 0 for p in pieces)
    assert len(groups(pieces)) == 1


def test_sizes_are_those_of_tables(many):
    for shape in many:
        x, y, z = np.ptp(shape.mesh.vertices, axis=0)
        low, high = KINDS[shape.style["kind"]][2]
        above = 0.6 if "above" in shape.style else 0.06  # shelves on a desk, a tray's rim
        assert low - 0.01 <= y <= high + above, shape.mesh_id
        assert 0.3 <= x <= 2.4, shape.mesh_id
        assert 0.15 <= z <= 2.0, shape.mesh_id
    assert max(len(s.mesh.faces) for s in many) <= 5000


CHOICES = {
    "top": {"solid", "glass", "framed", "planks", "tray", "stone"},
    "leg": {"square", "tapered", "round", "cone", "turned", "sabre", "cabriole", "hairpin", "panel", "sled"},
    "stretcher": {"none", "H", "box", "X", "sides", "Y"},
    "shelf": {"none", "board", "slats", "rods"},
    "edge": set(EDGES),
    "handle": {"knob", "bar", "lip", "none"},
    "drawers": {"left", "right", "both", "apron", "corner"},
    "leaves": {"both down", "one up", "both up"},
    "outline": {"rectangle", "rounded", "oval", "boat", "cut", "live", "round", "square", "octagon", "half"},
    "kind": set(KINDS),
    "base": set(BASES) | {"chests", "corner", "plinth", "floor", "picnic"},
}


@pytest.mark.parametrize("name", CHOICES)
def test_all_choices_appear(many, name):
    assert {s.style[name] for s in many if name in s.style} == CHOICES[name]


def test_all_symmetries_appear(many):
    assert {s.turns.folds for s in many} >= {0, 1, 2, 3, 4, 5, 8}


def test_a_seed_always_gives_the_same_bytes_and_no_two_seeds_do(many):
    for shape in many[:30]:
        again = make("table", MANY[many.index(shape)])
        assert again.mesh.vertices.tobytes() == shape.mesh.vertices.tobytes()
        assert again.mesh.faces.tobytes() == shape.mesh.faces.tobytes()
        assert again.description() == shape.description()
    assert len({s.mesh.vertices.tobytes() for s in many}) == len(many)
    extents = np.array([np.ptp(s.mesh.vertices, axis=0) for s in many])
    assert len(np.unique(extents.round(3), axis=0)) > 0.99 * len(many)


def test_looks_do_not_move_the_shape():
    """Shape and materials have random numbers of their own: one can be drawn anew without the other."""
    from rrb.data.procedural.table import design

    one, other = (design(np.random.default_rng(5), np.random.default_rng(k)) for k in (0, 1))
    assert [k for k, _ in one.pieces] == [k for k, _ in other.pieces]
    assert one.style == other.style
    assert all(
        (a.vertices == b.vertices).all() for (_, a), (_, b) in zip(one.pieces, other.pieces, strict=True)
    )
    assert one.materials != other.materials


def test_the_recorded_turns_leave_the_surface_where_it_is(many):
    checked = {s.turns.folds: 0 for s in many}
    for shape in many:
        folds = shape.turns.folds
        if folds == 1 or checked[folds] == 8:
            continue
        checked[folds] += 1
        angles = [2 * np.pi / folds] if folds else [0.3, 1.234, 2.6]
        assert max(asymmetry(shape.mesh, a) for a in angles) < 0.005, (shape.mesh_id, folds)
    assert {0, 2, 3, 4} <= set(checked)


def test_three_legs_stand_around_the_axis_that_the_shape_is_centred_on(many):
    """The box around three feet is not centred between them: they must stay below the top."""
    for shape in wanted(many, legs="3"):
        used = shape.mesh.faces[shape.face_part == shape.parts.index("leg")]
        feet = shape.mesh.vertices[np.unique(used)]
        turned = turned_about_y(feet, 2 * np.pi / 3)
        apart = np.linalg.norm(turned[:, None] - feet[None], axis=2).min(1)
        assert apart.max() < 1e-5, shape.mesh_id


def test_turns_are_not_understated(many):
    """A table that any turn leaves as it is says so, and one with four like corners says four."""
    for base in ("pedestal", "tulip"):
        for shape in wanted(many, outline="round", base=base):
            assert shape.turns.folds == (4 if shape.style.get("column") == "plate" else 0), shape.mesh_id
    for shape in wanted(many, outline="square", base="legs", shelf="none", top="solid"):
        assert shape.turns.folds == (4 if shape.style["stretcher"] in ("none", "box", "X") else 2), (
            shape.mesh_id
        )
    for shape in wanted(many, outline="round", base="star"):
        assert shape.turns.folds == int(shape.style["feet"]), shape.mesh_id
    for shape in wanted(many, outline="rectangle", base="legs", kind="dining"):
        assert shape.turns.folds == 2, shape.mesh_id


def test_drawers_open_towards_the_front(many):
    """Handles and drawers of desks and night stands lie at -z of what they are drawn from."""
    for shape in [s for s in many if "drawer" in s.parts]:
        assert middle_of(shape, "drawer")[2] < middle_of(shape, "body")[2] - 0.05, shape.mesh_id
        if "handle" in shape.parts:
            assert middle_of(shape, "handle")[2] < middle_of(shape, "drawer")[2], shape.mesh_id
        assert shape.turns.folds == 1


@pytest.mark.parametrize(("side", "sign"), [("left", 1), ("right", -1)])
def test_chests_stand_where_the_sitter_has_that_hand(many, side, sign):
    """The sitter of a desk looks to +z, so that the left hand is at +x."""
    for shape in wanted(many, drawers=side):
        assert sign * middle_of(shape, "drawer")[0] > 0.1, shape.mesh_id


@pytest.mark.parametrize("seed", range(0, 60, 6))
def test_the_whole_winds_around_a_point_as_often_as_its_pieces_hold_it(seed):
    design = design_of("table", seed)
    shape = make("table", seed)
    moved = np.concatenate([p.vertices for _, p in design.pieces])
    centre = (moved.min(0) + moved.max(0)) / 2
    random = np.random.default_rng(seed)
    low, high = shape.mesh.bounding_box()
    near = shape.mesh.sample_surface(12, seed)[0] + random.normal(0, 0.01, (12, 3))
    points = np.concatenate([random.uniform(low, high, (8, 3)), near])
    held = sum(is_inside(points + centre, p.vertices, p.faces).astype(int) for _, p in design.pieces)
    np.testing.assert_allclose(
        winding_number_reference(points, shape.mesh.vertices, shape.mesh.faces), held, atol=1e-5
    )


# --- parts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edge", EDGES)
def test_a_plate_is_as_high_and_wide_as_asked_whatever_its_edge(edge):
    piece = plate(rounded_rectangle(1.2, 0.7, 0.1), 0.7, 0.74, edge)
    np.testing.assert_allclose(piece.bounding_box(), [[-0.6, 0.7, -0.35], [0.6, 0.74, 0.35]], atol=1e-12)
    assert piece.is_watertight
    assert 0 < volume(piece) <= 1.2 * 0.7 * 0.04


def test_a_hoop_is_hollow_and_as_thick_as_asked():
    band = hoop(ellipse(1.0, 0.6, 60), (0.1, 0.3), 0.02)
    assert band.is_watertight
    assert volume(band) > 0
    inside = is_inside(
        np.array([[0, 0.2, 0], [0.5, 0.2, 0], [0.48, 0.2, 0], [0, 0.2, 0.305]]), band.vertices, band.faces
    )
    assert inside.tolist() == [False, True, False, True]


def test_a_post_is_level_at_both_ends():
    piece = post(np.array([(0, 0, 0), (0.1, 1, 0.2)]), 0.04, np.array([0.06, 0.08]))
    np.testing.assert_allclose(piece.bounding_box(), [[-0.02, 0, -0.03], [0.12, 1, 0.24]], atol=1e-12)
    np.testing.assert_allclose(volume(piece), 0.04 * 0.07, rtol=1e-9)

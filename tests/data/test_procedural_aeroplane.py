"""Aeroplanes by chance: closed, alike on both sides, all in one piece, of the sizes that such things have."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial import cKDTree

from rrb.data.procedural import CATEGORIES, make
from rrb.data.procedural.aeroplane import KINDS, design
from rrb.data.procedural.aeroplane_tails import ARRANGEMENTS
from rrb.data.procedural.aeroplane_wings import section
from rrb.geometry.mesh import Mesh
from rrb.geometry.winding import winding_number, winding_number_reference

SEEDS = range(60)
MANY = 400

# Length along z and span along x in metres, of real ones give or take.
SIZES = {
    "airliner": ((24, 75), (20, 78)),
    "transport": ((26, 58), (25, 66)),
    "business jet": ((10, 28), (8, 30)),
    "turboprop": ((9.5, 34), (9.5, 42)),
    "light": ((6, 12.5), (6.5, 17)),
    "fighter": ((12, 21.5), (6.5, 15)),
    "glider": ((6, 9), (14.5, 26.5)),
    "biplane": ((5.7, 9.2), (5.5, 12.5)),
    "warbird": ((8, 12), (8.5, 14.5)),
}


@lru_cache(maxsize=MANY)
def drawn(seed):
    number = list(CATEGORIES).index("aeroplane")
    return design(*(np.random.default_rng([number, seed, k]) for k in range(2)))


def signed_volume(mesh):
    a, b, c = np.moveaxis((mesh.vertices - mesh.vertices.mean(0))[mesh.faces], 1, 0)
    return float(np.einsum("fi,fi->", a, np.cross(b, c))) / 6


def of(made, *kinds):
    return [piece for kind, piece in made.pieces if kind in kinds]


def points_of(made, *kinds):
    return np.concatenate([piece.vertices for piece in of(made, *kinds)])


def reaches(one, other):
    """Whether a vertex of one lies inside the other."""
    low, high = other.bounding_box()
    near = one.vertices[((one.vertices >= low) & (one.vertices <= high)).all(1)]
    return len(near) > 0 and bool((winding_number(near, other.vertices, other.faces) > 0.5).any())


def apart(mesh):
    """The connected pieces of a mesh."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    edges = mesh.faces[:, [0, 1, 1, 2]].reshape(-1, 2)
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(len(mesh.vertices),) * 2)
    count, label = connected_components(graph, directed=False)
    return [Mesh(mesh.vertices, mesh.faces[label[mesh.faces[:, 0]] == k]) for k in range(count)]


# --- each part --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_are_closed_and_face_outwards(seed):
    for kind, piece in drawn(seed).pieces:
        assert piece.is_watertight, kind
        assert piece.face_areas().min() > 0, kind
        assert signed_volume(piece) > 0, kind


@pytest.mark.parametrize("seed", range(12))
def test_every_window_of_a_row_faces_outwards(seed):
    for piece in of(drawn(seed), "window", "glass"):
        for one in apart(piece):
            assert signed_volume(Mesh(one.vertices - one.vertices[one.faces[0, 0]], one.faces)) > 0


def test_a_section_is_an_aerofoil_without_camber():
    outline = section(np.zeros(3), 2.0, 0.12, np.array([0.0, 1.0, 0.0]))
    up, back = outline[:, 1], outline[:, 2]
    assert outline[:, 0] == pytest.approx(0)
    assert (back.min(), back.max()) == pytest.approx((0, 2))
    assert np.ptp(up) == pytest.approx(0.12 * 2, rel=0.005)
    assert 0.2 < back[up.argmax()] / 2 < 0.4  # thickest about 30 % behind the leading edge
    assert sorted(up) == pytest.approx(sorted(-up))


# --- the whole --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_left_and_right_are_mirror_images(seed):
    made = drawn(seed)
    kinds = {kind for kind, _ in made.pieces} - {"propeller"}
    for kind in kinds:
        vertices = points_of(made, kind)
        distance, _ = cKDTree(vertices).query(vertices * [-1, 1, 1])
        assert distance.max() < 1e-6, kind


@pytest.mark.parametrize("seed", SEEDS)
def test_the_nose_is_at_minus_z(seed):
    made = drawn(seed)
    body = points_of(made, "body")
    start, end = body[:, 2].min(), body[:, 2].max()

    def share(*kinds):
        return (points_of(made, *kinds)[:, 2].mean() - start) / (end - start)

    assert share("fin") > 0.7
    assert share("glass") < 0.5
    assert 0.25 < share("wing") < share("fin")
    if made.style["engines"] == "propeller in nose":
        assert share("propeller") < 0.05
    if of(made, "lip"):
        assert points_of(made, "lip")[:, 2].mean() < points_of(made, "engine")[:, 2].mean()


def test_the_wing_lifts_about_the_middle():
    """Its quarter chord, averaged over its area, lies where the weight is, not at an end."""
    for seed in SEEDS:
        made = drawn(seed)
        wing, body = of(made, "wing")[0].vertices, points_of(made, "body")
        front, back = wing[:, 2].min(), wing[:, 2].max()
        quarter = front + 0.4 * (back - front)
        assert 0.25 < (quarter - body[:, 2].min()) / np.ptp(body[:, 2]) < 0.75, seed


def test_engines_hang_below_the_wing_from_pylons_that_reach_both():
    found = 0
    for seed in SEEDS:
        made = drawn(seed)
        if "under wing" not in made.style["engines"]:
            continue
        wing = of(made, "wing")[0]
        hung = [piece for piece in of(made, "engine") if abs(piece.centre[0]) > 1]
        pylons = of(made, "pylon")
        assert len(hung) == len(pylons) == {"two": 2, "four": 4}[made.style["engines"].split()[0]]
        for engine, pylon in zip(hung, pylons, strict=True):
            near = np.abs(wing.vertices[:, 0] - engine.centre[0]).argsort()[:8]
            assert engine.centre[1] < wing.vertices[near, 1].min()
            assert reaches(pylon, engine)
            assert reaches(pylon, wing)
            found += 1
    assert found > 10


def test_an_engine_at_the_fin_sits_on_the_body():
    found = 0
    for seed in range(MANY):
        made = drawn(seed)
        if made.style["engines"] in ("three at tail", "two under wing, one at fin"):
            (middle,) = (piece for piece in of(made, "engine") if abs(piece.centre[0]) < 0.01)
            assert reaches(middle, of(made, "body")[0]), seed
            found += 1
    assert found > 10


@pytest.mark.parametrize("kind", KINDS)
def test_no_part_floats(kind):
    for seed in [seed for seed in range(MANY) if drawn(seed).style["kind"] == kind][:2]:
        pieces = [one for _, piece in drawn(seed).pieces for one in apart(piece)]
        fresh, waiting = pieces[:1], pieces[1:]
        while fresh and waiting:
            fresh = [p for p in waiting if any(reaches(p, q) or reaches(q, p) for q in fresh)]
            waiting = [p for p in waiting if not any(p is f for f in fresh)]
        assert not waiting, seed


@pytest.mark.parametrize("kind", ["biplane", "light"])
def test_struts_between_wing_and_body_reach_both(kind):
    seeds = [seed for seed in range(MANY) if drawn(seed).style["kind"] == kind]
    struts = 0
    for seed in seeds[:15]:
        made = drawn(seed)
        wings, bodies = of(made, "wing"), of(made, "body")
        if made.style["wing"] == "low" or made.style["gear"] == "floats":
            continue
        middle = bodies[0].centre[1]  # legs and wheels are below it, a tail wheel is in the plane of symmetry
        beside = [p for p in of(made, "strut") if abs(p.centre[0]) > 0.01]
        above = [p for p in beside if p.vertices[:, 1].max() > middle]
        for strut in above:
            assert sum(reaches(strut, held) for held in wings + bodies) == 2
        struts += len(above)
    assert struts > 5


@pytest.mark.parametrize("seed", SEEDS)
def test_sizes_are_those_of_real_ones(seed):
    made = drawn(seed)
    whole = np.concatenate([piece.vertices for _, piece in made.pieces])
    across, high, along = np.ptp(whole, axis=0)
    (shortest, longest), (narrowest, widest) = SIZES[made.style["kind"]]
    assert shortest < along < longest
    assert narrowest < across < widest
    assert 0.08 < high / max(along, across) < 0.5


def test_wheels_are_what_is_lowest():
    for seed in SEEDS:
        made = drawn(seed)
        if made.style["gear"] == "down":
            whole = np.concatenate(
                [p.vertices for kind, p in made.pieces if kind not in ("tyre", "propeller")]
            )
            assert points_of(made, "tyre")[:, 1].min() < whole[:, 1].min() + 1e-9, seed


# --- all of them ------------------------------------------------------------------------------------


def test_every_style_is_made():
    styles = [drawn(seed).style for seed in range(MANY)]

    def made(key):
        return {style[key] for style in styles}

    assert made("kind") == set(KINDS) == set(SIZES)
    assert made("wing") == {"low", "mid", "high", "two"}
    assert made("sweep") == {"straight", "tapered", "swept", "delta", "trapezoid", "elliptical"}
    assert made("tail") == set(ARRANGEMENTS)
    assert made("gear") == {"up", "down", "floats"}
    assert made("engines") == {
        "two under wing", "four under wing", "two under wing, one at fin", "two at tail", "three at tail", "none",
        "propeller in nose", "two propellers on wing", "four propellers on wing", "one in body", "two in body",
    }  # fmt: skip
    kinds = [style["kind"] for style in styles]
    assert max(set(kinds), key=kinds.count) == "airliner"


def test_faces_are_few_enough_to_draw_fast():
    counts = [sum(len(piece.faces) for _, piece in drawn(seed).pieces) for seed in range(MANY)]
    assert np.mean(counts) < 4500
    assert np.quantile(counts, 0.9) < 6000
    assert max(counts) < 7500


def test_the_same_seed_makes_the_same_bytes():
    for seed in range(10):
        one, other = make("aeroplane", seed), make("aeroplane", seed)
        assert one.mesh.vertices.tobytes() == other.mesh.vertices.tobytes()
        assert one.mesh.faces.tobytes() == other.mesh.faces.tobytes()
        assert one.description() == other.description()


def test_seeds_differ():
    assert len({make("aeroplane", seed).mesh.vertices.tobytes() for seed in SEEDS}) == len(SEEDS)


def test_looks_do_not_change_the_shape():
    shapes = [design(np.random.default_rng(5), np.random.default_rng(k)) for k in range(2)]
    assert [p.vertices.tobytes() for _, p in shapes[0].pieces] == [
        p.vertices.tobytes() for _, p in shapes[1].pieces
    ]
    assert shapes[0].materials != shapes[1].materials


@pytest.mark.parametrize("seed", range(4))
def test_inside_is_what_the_reference_says(seed):
    made = make("aeroplane", seed)
    vertices, faces = made.mesh.vertices, made.mesh.faces
    low, high = made.mesh.bounding_box()
    random = np.random.default_rng(seed)
    points = np.concatenate(
        [random.uniform(low, high, (10, 3)), vertices[random.integers(len(vertices), size=10)] * 0.97]
    )
    expected = winding_number_reference(points, vertices, faces)
    assert winding_number(points, vertices, faces) == pytest.approx(expected, abs=1e-6)
    assert expected == pytest.approx(np.round(expected), abs=1e-6)
    assert expected.min() > -0.5

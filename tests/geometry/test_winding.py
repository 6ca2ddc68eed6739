"""Laws of the winding number, the fast ways against the readable one and against counting ray crossings."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from rrb import _jit
from rrb.errors import BadInputError
from rrb.geometry.face_tree import FaceTree
from rrb.geometry.winding import (
    BETA,
    is_inside,
    is_inside_grid,
    winding_number,
    winding_number_reference,
)

SHARED = Path(__file__).parents[3] / "shared"
BOUND = 0.01  # of the error at the default beta, stated in winding_number


def sphere(subdivisions=3):
    trimesh = pytest.importorskip("trimesh")
    mesh = trimesh.creation.icosphere(subdivisions)
    return np.array(mesh.vertices), np.array(mesh.faces)


def box():
    """A box from -(1, 2, 3) to (1, 2, 3), facing outwards."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-2, 2) for z in (-3, 3)], np.float64)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return corners, np.array([f for a, b, c, d in quads for f in ((a, b, c), (a, c, d))])


def read_obj(path):
    vertices, faces = [], []
    for line in path.read_text().splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            vertices.append([float(x) for x in rest[:3]])
        elif word == "f":
            corners = [int(x.split("/")[0]) - 1 for x in rest]
            faces += [[corners[0], corners[k], corners[k + 1]] for k in range(1, len(corners) - 1)]
    return np.array(vertices), np.array(faces)


def shared_mesh(name):
    path = SHARED / "meshes" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return read_obj(path)


def points_around(vertices, count, seed=0, margin=0.2):
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    uniform = np.random.default_rng(seed).uniform(-margin, 1 + margin, (count, 3))
    return low + uniform * (high - low)


def crossings_parity(points, vertices, faces, direction):
    """Whether a ray crosses the surface an odd number of times; solves point + t d = a + u e1 + v e2."""
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    system = np.stack((b - a, c - a, np.broadcast_to(-direction, a.shape)), axis=-1)
    solvable = np.abs(np.linalg.det(system)) > 1e-14 * np.abs(system).max(axis=(1, 2)) ** 3
    inverse = np.linalg.inv(system[solvable])
    u, v, t = np.moveaxis(np.einsum("fij,pfj->pfi", inverse, points[:, None] - a[solvable]), 2, 0)
    return ((u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)).sum(axis=1) % 2 == 1


WATERTIGHT = ["table/kit_table.obj", "chair/kit_chair-desk.obj", "chair/ikea_chair_sigurd.obj"]
WATERTIGHT += ["car/kit_sedan.obj", "chair/aws_ChairA_01.obj", "boat/odedstein_boat.obj"]
OPEN = ["chair/ikea_chair_applaro.obj", "chair/ikea_chair_applaro_2.obj"]


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("beta", [BETA, math.inf])
def test_is_one_inside_and_zero_outside_a_box(scale, beta):
    vertices, faces = box()
    offset = np.array([5.0, -7.0, 3.0]) * scale
    points = np.random.default_rng(1).uniform(-4, 4, (500, 3))
    inside = (np.abs(points) < [1, 2, 3]).all(axis=1)
    moved, placed = points * scale + offset, vertices * scale + offset
    assert 0 < inside.sum() < 500
    np.testing.assert_allclose(winding_number(moved, placed, faces), inside, atol=1e-12)
    angles = FaceTree.of(placed, faces).winding_by_angles(moved, beta)
    np.testing.assert_allclose(angles, inside, atol=1e-9 if beta == math.inf else BOUND)
    np.testing.assert_array_equal(is_inside(moved, placed, faces), inside)


def test_turning_the_faces_round_negates_it_and_still_fills():
    vertices, faces = sphere()
    points = points_around(vertices, 300)
    inwards = faces[:, ::-1]
    np.testing.assert_array_equal(
        winding_number(points, vertices, inwards), -winding_number(points, vertices, faces)
    )
    np.testing.assert_array_equal(is_inside(points, vertices, inwards), is_inside(points, vertices, faces))


def test_is_additive_over_parts():
    vertices, faces = sphere()
    half = len(faces) // 2
    points = points_around(vertices, 300)
    parts = [winding_number(points, vertices, f, math.inf) for f in (faces[:half], faces[half:])]
    np.testing.assert_allclose(sum(parts), winding_number(points, vertices, faces), atol=1e-10)
    twice = winding_number(points, vertices, np.concatenate((faces, faces)))
    np.testing.assert_allclose(twice, 2 * winding_number(points, vertices, faces), atol=1e-12)


def test_one_face_is_seen_under_its_solid_angle():
    """A face of the regular octahedron is an eighth of the sphere from the centre."""
    one = winding_number(np.zeros((1, 3)), np.eye(3), [[0, 1, 2]])
    np.testing.assert_allclose(one, 1 / 8, atol=1e-14)
    from_far = winding_number(np.full((1, 3), 1e4), np.eye(3), [[0, 1, 2]])
    assert -1e-8 < from_far[0] < 0


def test_does_not_depend_on_duplicated_vertices():
    """Files often store each face's corners apart: closed in space, not in the indices."""
    vertices, faces = sphere()
    apart, apart_faces = vertices[faces.reshape(-1)], np.arange(faces.size).reshape(-1, 3)
    points = points_around(vertices, 300)
    assert FaceTree.of(apart, apart_faces).is_closed
    np.testing.assert_array_equal(
        winding_number(points, apart, apart_faces), winding_number(points, vertices, faces)
    )


def test_a_flipped_or_missing_face_is_noticed():
    vertices, faces = sphere()
    flipped = faces.copy()
    flipped[7] = flipped[7, ::-1]
    points = points_around(vertices, 100)
    for broken in (flipped, np.delete(faces, 7, axis=0)):
        assert not FaceTree.of(vertices, broken).is_closed
        np.testing.assert_allclose(
            winding_number(points, vertices, broken),
            winding_number_reference(points, vertices, broken),
            atol=BOUND,
        )


@pytest.mark.parametrize("removed", [1, 30, 160])
def test_a_sphere_with_a_hole_still_fills(removed):
    vertices, faces = sphere()
    by_height = np.argsort(-vertices[faces].mean(axis=1)[:, 1])
    points = points_around(vertices, 2000)
    away_from_hole = points[:, 1] < 0.5
    radius = np.linalg.norm(points, axis=1)
    clear = away_from_hole & ((radius < 0.95) | (radius > 1.05))
    inside = is_inside(points[clear], vertices, faces[by_height[removed:]])
    np.testing.assert_array_equal(inside, radius[clear] < 1)


@pytest.mark.parametrize("beta", [1.5, 2.0, 3.0, math.inf])
def test_error_shrinks_with_beta(beta):
    vertices, faces = sphere(4)
    faces = faces[vertices[faces].mean(axis=1)[:, 2] < 0.6]
    points = points_around(vertices, 1500)
    error = np.abs(
        winding_number(points, vertices, faces, beta) - winding_number(points, vertices, faces, math.inf)
    )
    assert error.max() <= (0 if beta == math.inf else 0.1 / beta**4)


@pytest.mark.parametrize("name", WATERTIGHT)
def test_watertight_meshes_agree_with_solid_angles_and_with_ray_parity(name):
    vertices, faces = shared_mesh(name)
    points = points_around(vertices, 150)
    fast = winding_number(points, vertices, faces)
    exact = winding_number_reference(points, vertices, faces)
    np.testing.assert_allclose(fast, exact, atol=1e-9)
    tree = FaceTree.of(vertices, faces)
    np.testing.assert_allclose(tree.winding_by_angles(points, math.inf), exact, atol=1e-9)
    direction = np.array([0.3618, 0.7713, -0.5236])
    few = slice(0, 40)
    parity = crossings_parity(points[few], vertices, faces, direction)
    np.testing.assert_array_equal(np.round(fast[few]).astype(int) % 2 == 1, parity)


@pytest.mark.parametrize("name", WATERTIGHT + OPEN)
def test_error_bound_at_the_default_beta(name):
    vertices, faces = shared_mesh(name)
    points = points_around(vertices, 4000, seed=3)
    tree = FaceTree.of(vertices, faces)
    error = np.abs(tree.winding_by_angles(points, BETA) - tree.winding_by_angles(points, math.inf))
    assert error.max() < BOUND
    assert error.mean() < 0.0015


def test_closed_means_whole_winding_numbers():
    """Among them mammut_1, watertight by its edges, but with parts inside out against their neighbours."""
    if not (SHARED / "meshes" / "index.json").exists():
        pytest.skip(f"{SHARED}/meshes is not there")
    index = json.loads((SHARED / "meshes" / "index.json").read_text())
    closed = []
    for entry in index:
        if entry["watertight"] and entry["n_faces"] < 3000:
            vertices, faces = read_obj(SHARED / entry["file"])
            exact = winding_number_reference(points_around(vertices, 60), vertices, faces)
            is_whole = np.abs(exact - np.round(exact)).max() < 1e-9
            assert FaceTree.of(vertices, faces).is_closed == is_whole, entry["name"]
            closed.append(is_whole)
    assert True in closed


@pytest.mark.parametrize("cut", [False, True], ids=["closed", "open"])
def test_a_grid_is_what_its_centres_are(cut):
    vertices, faces = sphere()
    faces = faces[40:] if cut else faces
    origin, size, shape = np.array([-1.1, -0.7, -1.3]), 0.083, (29, 23, 31)
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    centres = (origin + (index + 0.5) * size).reshape(-1, 3)
    grid = is_inside_grid(vertices, faces, origin, size, shape)
    np.testing.assert_array_equal(grid.reshape(-1), is_inside(centres, vertices, faces))


def test_rays_through_vertices_and_edges_count_once():
    """Points whose ray along +z leaves the mesh exactly through a vertex or an edge."""
    vertices, faces = sphere(2)
    middles = (vertices[faces] + np.roll(vertices[faces], -1, axis=1)).reshape(-1, 3) / 2
    for on_surface in (vertices, middles):
        below = on_surface[on_surface[:, 2] > 0.3] * [1, 1, 0.5]
        np.testing.assert_array_equal(winding_number(below, vertices, faces), 1)
        np.testing.assert_array_equal(winding_number(below - [0, 0, 4], vertices, faces), 0)
    corners, quads = box()
    steps = np.linspace(-0.9, 0.9, 7)
    diagonal = np.stack((steps, 2 * steps, np.zeros(7)), axis=1)  # under the edge between two faces
    np.testing.assert_array_equal(winding_number(diagonal, corners, quads), 1)


@pytest.mark.parametrize("cut", [0, 40])
def test_same_bits_for_any_number_of_threads(cut):
    vertices, faces = sphere()
    points = points_around(vertices, 9000)
    before = _jit.threads()
    results = []
    for threads in (1, 2, 5):
        _jit.set_threads(threads)
        results.append(winding_number(points, vertices, faces[cut:]))
    _jit.set_threads(before)
    assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()


def test_faces_without_area_change_nothing():
    vertices, faces = box()
    points = points_around(vertices, 200)
    degenerate = np.array([[0, 0, 1], [2, 2, 2], [0, 1, 0]])
    for mesh_faces in (faces, faces[:-1]):
        both = np.concatenate((mesh_faces, degenerate))
        np.testing.assert_allclose(
            winding_number(points, vertices, both, math.inf),
            winding_number(points, vertices, mesh_faces, math.inf),
            atol=1e-12,
        )
    only = winding_number(points, vertices, degenerate[1:2])
    np.testing.assert_array_equal(only, 0)


def test_nothing_gives_nothing():
    vertices, faces = box()
    assert winding_number(np.zeros((0, 3)), vertices, faces).shape == (0,)
    np.testing.assert_array_equal(winding_number(np.zeros((4, 3)), vertices, np.zeros((0, 3), int)), 0)
    assert not is_inside_grid(vertices, np.zeros((0, 3), int), (0, 0, 0), 1.0, (2, 2, 2)).any()


def test_takes_tensors():
    torch = pytest.importorskip("torch")
    vertices, faces = box()
    leaf = torch.tensor(vertices, requires_grad=True)
    value = winding_number(torch.zeros(1, 3), leaf, torch.as_tensor(faces))
    np.testing.assert_array_equal(value, [1.0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"points": np.zeros((3, 2))}, r"points have the shape \(3, 2\); \(N, 3\)"),
        ({"points": np.full((1, 3), np.nan)}, r"point 0 is \[nan"),
        ({"vertices": np.full((8, 3), np.inf)}, r"vertex 0 is \[inf"),
        ({"vertices": np.zeros((8, 2))}, r"vertices have the shape \(8, 2\)"),
        ({"faces": np.array([[0, 1, 8]])}, r"faces name vertices 0 to 8; with 8 vertices 0 to 7"),
        ({"faces": np.array([[0, 1, -1]])}, r"faces name vertices -1 to 1"),
        ({"faces": np.zeros((2, 3))}, r"faces are float64"),
        ({"beta": 0.5}, r"beta is 0.5"),
        ({"beta": math.nan}, r"beta is nan"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change, said):
    vertices, faces = box()
    given = {"points": np.zeros((1, 3)), "vertices": vertices, "faces": faces} | change
    with pytest.raises(BadInputError, match=said):
        winding_number(**given)


@pytest.mark.parametrize("far", [1e20, 1e100, 1e160, 1e300])
@pytest.mark.parametrize("beta", [BETA, math.inf])
def test_points_however_far_away_are_outside(far, beta):
    """Also of an open mesh, whose solid angles are summed up."""
    vertices, faces = sphere()
    points = far * np.array([[1.0, 0, 0], [-1, 1, 0], [0.3, -0.2, 1]])
    np.testing.assert_allclose(winding_number(points, vertices, faces[1:], beta), 0, atol=1e-12)

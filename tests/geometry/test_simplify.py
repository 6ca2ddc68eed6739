"""Laws of simplification: few enough, sound, close to the original, the same every time."""

import numpy as np
import pytest

from rrb.errors import BadInputError
from rrb.geometry.simplify import simplify

trimesh = pytest.importorskip("trimesh")

MAKE = {
    "sphere": lambda: trimesh.creation.icosphere(4),
    "torus": lambda: trimesh.creation.torus(1.0, 0.3, major_sections=64, minor_sections=32),
    "box": lambda: trimesh.creation.box((1, 2, 3)).subdivide().subdivide().subdivide(),
}


def make(name):
    mesh = MAKE[name]()
    return np.array(mesh.vertices), np.array(mesh.faces)


def volume(vertices, faces):
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    return np.einsum("fi,fi->", a, np.cross(b, c)) / 6


def samples(vertices, faces, steps=6):
    """Points spread over each face."""
    grid = [(i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)]
    return np.einsum("kc,fcx->fkx", np.array(grid) / steps, vertices[faces]).reshape(-1, 3)


def is_closed(faces):
    edges = np.sort(np.stack((faces, np.roll(faces, -1, axis=1)), axis=-1).reshape(-1, 2), axis=1)
    return (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()


def distance_to_sphere(points):
    return np.abs(np.linalg.norm(points, axis=1) - 1)


def distance_to_torus(points):
    ring = np.hypot(points[:, 0], points[:, 1]) - 1
    return np.abs(np.hypot(ring, points[:, 2]) - 0.3)


@pytest.mark.parametrize("n_faces", [1000, 301, 100])
@pytest.mark.parametrize("name", MAKE)
def test_result_is_small_and_sound(name, n_faces):
    vertices, faces = simplify(*make(name), n_faces)
    assert 4 <= len(faces) <= n_faces
    assert np.isfinite(vertices).all()
    np.testing.assert_array_equal(np.unique(faces), np.arange(len(vertices)))
    assert (np.diff(np.sort(faces, axis=1), axis=1) > 0).all()
    assert is_closed(faces)
    euler = len(vertices) - len(faces) // 2
    assert euler == (0 if name == "torus" else 2)


@pytest.mark.parametrize(
    ("name", "distance", "n_faces", "within"),
    [
        ("sphere", distance_to_sphere, 1000, 0.015),
        ("sphere", distance_to_sphere, 200, 0.06),
        ("torus", distance_to_torus, 1000, 0.03),
        ("torus", distance_to_torus, 400, 0.06),
    ],
)
def test_surface_stays_near(name, distance, n_faces, within):
    """One way: no part of the result is far from the true surface; the other: its volume is not lost."""
    original = make(name)
    vertices, faces = simplify(*original, n_faces)
    assert distance(samples(vertices, faces)).max() < within
    assert abs(volume(vertices, faces) / volume(*original) - 1) < 2 * within
    nearest = [np.linalg.norm(samples(vertices, faces) - p, axis=1).min() for p in original[0][::20]]
    assert max(nearest) < 2 * within


@pytest.mark.parametrize("n_faces", [400, 100, 20])
def test_a_box_stays_a_box(n_faces):
    vertices, faces = simplify(*make("box"), n_faces)
    np.testing.assert_allclose(vertices.min(axis=0), [-0.5, -1, -1.5], atol=1e-9)
    np.testing.assert_allclose(vertices.max(axis=0), [0.5, 1, 1.5], atol=1e-9)
    np.testing.assert_allclose(volume(vertices, faces), 6, rtol=1e-9)
    on_a_side = np.isclose(np.abs(samples(vertices, faces)), [0.5, 1, 1.5], atol=1e-9).any(axis=1)
    assert on_a_side.all()


def test_the_same_every_time_and_not_changing_its_input():
    vertices, faces = make("torus")
    before = vertices.tobytes(), faces.tobytes()
    first, again = simplify(vertices, faces, 500), simplify(vertices, faces, 500)
    assert first[0].tobytes() == again[0].tobytes()
    assert first[1].tobytes() == again[1].tobytes()
    assert before == (vertices.tobytes(), faces.tobytes())


@pytest.mark.parametrize("scale", [2.0**-20, 2.0**20])
def test_the_unit_does_not_matter(scale):
    vertices, faces = make("torus")
    plain, scaled = simplify(vertices, faces, 500), simplify(vertices * scale, faces, 500)
    np.testing.assert_array_equal(scaled[1], plain[1])
    np.testing.assert_allclose(scaled[0], plain[0] * scale, rtol=1e-12, atol=1e-15 * scale)


def test_a_mesh_with_few_enough_faces_comes_back_as_it_is():
    vertices, faces = make("box")
    same_vertices, same_faces = simplify(vertices, faces, len(faces))
    np.testing.assert_array_equal(same_vertices, vertices)
    np.testing.assert_array_equal(same_faces, faces)


def test_duplicated_and_unused_vertices_do_not_tear_it():
    vertices, faces = make("sphere")
    apart = np.concatenate((vertices[faces.reshape(-1)], [[9.0, 9, 9]]))
    small_vertices, small_faces = simplify(apart, np.arange(faces.size).reshape(-1, 3), 300)
    assert is_closed(small_faces)
    assert np.abs(small_vertices).max() < 1.1


def test_faces_without_area_do_no_harm():
    vertices, faces = make("torus")
    middle = vertices[faces[0, :2]].mean(axis=0)
    vertices = np.concatenate((vertices, [middle]))
    a, b, m = faces[0, 0], faces[0, 1], len(vertices) - 1
    degenerate = [[a, b, m], [b, a, m], [a, a, b], [m, m, m]]
    small_vertices, small_faces = simplify(vertices, np.concatenate((faces, degenerate)), 500)
    assert np.isfinite(small_vertices).all()
    assert len(small_faces) <= 500
    assert abs(volume(small_vertices, small_faces) / volume(vertices, faces) - 1) < 0.03


def test_an_open_mesh_keeps_its_rim():
    vertices, faces = make("sphere")
    bowl = faces[vertices[faces].mean(axis=1)[:, 2] < 0.3]
    small_vertices, small_faces = simplify(vertices, bowl, 200)
    assert len(small_faces) <= 200
    assert distance_to_sphere(samples(small_vertices, small_faces)).max() < 0.06
    assert abs(small_vertices[:, 2].max() - vertices[bowl][..., 2].max()) < 0.1


def test_float_and_index_types_stay():
    vertices, faces = make("sphere")
    small = simplify(vertices.astype(np.float32), faces.astype(np.int32), 100)
    assert [array.dtype for array in small] == [np.float32, np.int32]


def test_what_cannot_be_reached_is_refused_with_what_can():
    """Pages of a book: twelve faces on one edge, none of which can go without the others."""
    angle = np.arange(12) * np.pi / 6
    rim = np.stack((np.cos(angle), np.sin(angle), np.full(12, 0.5)), axis=1)
    faces = np.stack((np.zeros(12, int), np.ones(12, int), 2 + np.arange(12)), axis=1)
    with pytest.raises(BadInputError, match=r"12 faces cannot be brought to 5 .*; 12 or more is accepted"):
        simplify(np.concatenate(([[0, 0, 0], [0, 0, 1]], rim)), faces, 5)


@pytest.mark.parametrize("n_faces", [3, 0, -5, 10.5, True, "many"])
def test_a_wrong_number_is_refused(n_faces):
    with pytest.raises(BadInputError, match="the wanted number of faces is"):
        simplify(*make("box"), n_faces)


def test_a_bad_mesh_is_refused():
    with pytest.raises(BadInputError, match="vertex 3 is"):
        simplify(np.array([[0, 0, 0]] * 3 + [[np.nan] * 3]), [[0, 1, 2]], 4)

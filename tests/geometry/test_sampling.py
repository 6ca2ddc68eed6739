"""Laws of surface samples: by area, on the face, repeatable, differentiable; statistics at fixed seeds."""

import numpy as np
import pytest

from rrb.errors import BadInputError
from rrb.geometry.sampling import sample_surface

# Two faces in the plane z = 0 with areas 1/2 and 3/2, and one with none.
VERTICES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [3, 0, 0], [3, 1, 0], [0.5, 0, 0]], np.float64)
FACES = np.array([[0, 1, 2], [0, 5, 1], [3, 4, 0]])


def test_one_seed_gives_the_same_bits_and_another_gives_others():
    first, again, other = (sample_surface(VERTICES, FACES, 100, seed) for seed in (5, 5, 6))
    assert first[0].tobytes() == again[0].tobytes()
    assert first[1].tobytes() == again[1].tobytes()
    assert first[0].tobytes() != other[0].tobytes()


def test_faces_are_chosen_by_area():
    count = 40_000
    _, face_index = sample_surface(VERTICES, FACES, count, seed=0)
    chosen = np.bincount(face_index, minlength=3)
    deviation = np.sqrt(count * 0.25 * 0.75)
    assert abs(chosen[0] - count / 4) < 4 * deviation
    assert chosen[1] == 0
    assert chosen.sum() == count


def test_points_lie_on_their_face():
    random = np.random.default_rng(3)
    vertices, faces = random.normal(size=(20, 3)), random.integers(0, 20, (40, 3))
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])]
    points, face_index = sample_surface(vertices, faces, 500, seed=1)
    corners = vertices[faces[face_index]]
    edges = np.moveaxis(corners[:, 1:] - corners[:, :1], 1, 2)
    uv = np.einsum("nij,nj->ni", np.linalg.pinv(edges), points - corners[:, 0])
    np.testing.assert_allclose(np.einsum("nij,nj->ni", edges, uv), points - corners[:, 0], atol=1e-10)
    assert uv.min() >= -1e-10
    assert uv.sum(axis=1).max() <= 1 + 1e-10


def test_points_are_uniform_within_a_face():
    """Mean and second moments of the unit right triangle: E[x] = 1/3, E[x^2] = 1/6, E[xy] = 1/12."""
    count = 40_000
    points, _ = sample_surface(VERTICES[:3], FACES[:1], count, seed=2)
    x, y = points[:, 0], points[:, 1]
    for values, expected in ((x, 1 / 3), (y, 1 / 3), (x * x, 1 / 6), (y * y, 1 / 6), (x * y, 1 / 12)):
        assert abs(values.mean() - expected) < 4 * values.std() / np.sqrt(count)


def test_moving_turning_and_scaling_the_mesh_moves_the_points():
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    points, face_index = sample_surface(VERTICES, FACES, 200, seed=4)
    moved, moved_index = sample_surface(2 * VERTICES @ turn.T + 5, FACES, 200, seed=4)
    np.testing.assert_array_equal(face_index, moved_index)
    np.testing.assert_allclose(moved, 2 * points @ turn.T + 5, atol=1e-12)


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_tensors_and_arrays_get_the_same_points(name):
    torch = pytest.importorskip("torch")
    vertices = VERTICES.astype(name)
    points, face_index = sample_surface(vertices, FACES, 50, seed=7)
    tensor_points, tensor_index = sample_surface(
        torch.as_tensor(vertices), torch.as_tensor(FACES), 50, seed=7
    )
    assert points.dtype == name
    assert tensor_points.dtype == getattr(torch, name)
    np.testing.assert_array_equal(face_index, tensor_index)
    np.testing.assert_allclose(points, tensor_points.numpy(), rtol=1e-6, atol=1e-7)


def test_gradient_in_the_vertices():
    """Each point is a mean of its corners with weights that sum to one, so are the gradients."""
    torch = pytest.importorskip("torch")
    vertices = torch.tensor(VERTICES, requires_grad=True)
    points, face_index = sample_surface(vertices, torch.as_tensor(FACES), 30, seed=8)
    points.sum().backward()
    np.testing.assert_allclose(vertices.grad.sum(dim=0).numpy(), 30, rtol=1e-12)

    shift = np.random.default_rng(0).normal(size=VERTICES.shape) * 1e-6
    plus, plus_index = sample_surface(VERTICES + shift, FACES[[0, 2]], 30, seed=8)
    minus, minus_index = sample_surface(VERTICES - shift, FACES[[0, 2]], 30, seed=8)
    np.testing.assert_array_equal(plus_index, minus_index)
    np.testing.assert_array_equal(np.array([0, 2])[plus_index], face_index)
    expected = (vertices.grad.numpy() * shift).sum()
    np.testing.assert_allclose((plus - minus).sum() / 2, expected, rtol=1e-4)


def test_none_wanted_none_drawn():
    points, face_index = sample_surface(VERTICES, FACES, 0, seed=0)
    assert points.shape == (0, 3)
    assert face_index.shape == (0,)


@pytest.mark.parametrize("faces", [np.zeros((0, 3), int), np.array([[0, 5, 1], [0, 0, 1], [2, 2, 2]])])
def test_a_mesh_without_area_is_refused(faces):
    with pytest.raises(BadInputError, match=f"none of the mesh's {len(faces)} faces has an area"):
        sample_surface(VERTICES, faces, 10, seed=0)


def test_rounding_is_not_an_area():
    """Three points on one line, in coordinates that binary numbers do not hold exactly."""
    line = np.outer([0.1, 0.2, 0.7], [0.3, 0.9, -0.1])
    with pytest.raises(BadInputError, match="has an area"):
        sample_surface(line, [[0, 1, 2]], 10, seed=0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"count": -1}, "the count of points is -1"),
        ({"count": 2.5}, r"the count of points is 2.5; a whole number"),
        ({"faces": np.array([[0, 1, 6]])}, "faces name vertices 0 to 6"),
        ({"vertices": np.full((6, 3), np.nan)}, "vertex 0 is"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change, said):
    with pytest.raises(BadInputError, match=said):
        sample_surface(**({"vertices": VERTICES, "faces": FACES, "count": 3, "seed": 0} | change))

"""The distance to a surface: equal to the readable one on any triangles, and to what geometry says of a box."""

import numpy as np
import pytest

from rrb.evaluation.surface import surface_distances, surface_distances_reference
from rrb.geometry.primitives import box, icosphere, torus


@pytest.mark.parametrize("n_faces", [1, 2, 7, 8, 9, 100])
@pytest.mark.parametrize("seed", range(3))
def test_any_triangles_as_the_readable_one_has_it(n_faces, seed):
    random = np.random.default_rng(seed)
    vertices, faces = random.normal(size=(30, 3)), random.integers(0, 30, (n_faces, 3))  # some without area
    points = np.concatenate([2 * random.normal(size=(200, 3)), vertices])
    expected = surface_distances_reference(points, vertices, faces)
    np.testing.assert_allclose(surface_distances(points, vertices, faces), expected, atol=1e-9)


@pytest.mark.parametrize("width", [1e-3, 1e-7, 1e-12, 0.0])
def test_slivers_as_the_sides_they_nearly_are(width):
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0.4, width, 0]])
    points = np.random.default_rng(0).normal(size=(200, 3))
    foot = np.stack([points[:, 0].clip(0, 1), np.zeros(200), np.zeros(200)], axis=1)
    found = surface_distances(points, vertices, [[0, 1, 2]])
    np.testing.assert_allclose(found, np.linalg.norm(points - foot, axis=1), atol=1.01 * width + 1e-12)


def test_a_box_from_inside_and_outside():
    extents = np.array([1.0, 2.0, 3.0])
    points = np.random.default_rng(1).uniform(-3, 3, (2000, 3))
    beyond = np.abs(points) - extents / 2
    expected = np.linalg.norm(beyond.clip(0), axis=1) + np.abs(beyond.max(axis=1).clip(None, 0))
    mesh = box(extents)
    np.testing.assert_allclose(surface_distances(points, mesh.vertices, mesh.faces), expected, atol=1e-12)


@pytest.mark.parametrize("mesh", [icosphere(4, 0.5), torus(0.4, 0.15)], ids=["sphere", "torus"])
@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_a_surface_is_0_from_itself_whatever_the_points(mesh, scale):
    mesh = mesh.with_vertices(mesh.vertices * scale + 3 * scale)
    points, _ = mesh.sample_surface(5000, 0)
    assert surface_distances(points, mesh.vertices, mesh.faces).max() < 1e-9 * scale


def test_thousands_of_faces_and_points_as_the_sphere_has_it():
    mesh = icosphere(5, 1.0)
    points = np.random.default_rng(2).normal(size=(5000, 3))
    expected = np.abs(np.linalg.norm(points, axis=1) - 1)
    np.testing.assert_allclose(surface_distances(points, mesh.vertices, mesh.faces), expected, atol=1e-3)


def test_no_points_have_no_distances():
    assert surface_distances(np.zeros((0, 3)), box().vertices, box().faces).shape == (0,)

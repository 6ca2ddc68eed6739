"""Laws of the points that occupancy is learned from."""

import numpy as np
import pytest
import trimesh
from scipy.stats import kstest, norm

from plain_scenes import corner
from rrb.data.occupancy import NEAR, PADDING, occupancy_points
from rrb.data.procedural.build import make
from rrb.errors import BadInputError
from rrb.geometry.mesh import Mesh
from rrb.geometry.primitives import box, cylinder, icosphere
from rrb.geometry.winding import winding_number_reference

LUCK = 1e-3  # the seeds are fixed: a law that holds passes


@pytest.mark.parametrize("name", ["corner", "ball", "inside out", "car"])
def test_labels_are_those_of_the_readable_winding_number(name):
    ball = icosphere(2)
    mesh = {
        "corner": corner().mesh,  # parts that overlap
        "ball": ball,
        "inside out": Mesh(ball.vertices, ball.faces[:, ::-1]),
        "car": make("car", 2).mesh,
    }[name]
    made = occupancy_points(mesh, 400, 5)
    winding = winding_number_reference(made.points.astype(float), mesh.vertices, mesh.faces)
    assert (made.inside == (np.abs(winding) > 0.5)).mean() >= 0.999
    assert 0.02 < made.inside.mean() < 0.9


def test_labels_are_those_of_geometry():
    made = occupancy_points(box((1, 2, 3)), 4000, 1)
    beyond = np.abs(made.points.astype(float)) - np.array([1, 2, 3]) / 2
    sure = (np.abs(beyond) > 1e-6).all(1)  # on the surface itself either is right
    assert sure.mean() > 0.99
    np.testing.assert_array_equal(made.inside[sure], (beyond < 0).all(1)[sure])
    made = occupancy_points(cylinder(0.5, 1.0, 400), 4000, 2)
    radius, height = np.linalg.norm(made.points[:, [0, 2]], axis=1), np.abs(made.points[:, 1])
    sure = (np.abs(radius - 0.5) > 1e-4) & (np.abs(height - 0.5) > 1e-6)  # the prism is not quite a cylinder
    np.testing.assert_array_equal(made.inside[sure], ((radius < 0.5) & (height < 0.5))[sure])


def test_labels_of_a_ring_made_by_another_library():
    """What is in its hole is outside."""
    solid = trimesh.creation.torus(1.0, 0.4, major_sections=64, minor_sections=48)
    made = occupancy_points(Mesh(np.asarray(solid.vertices), np.asarray(solid.faces)), 3000, 3)
    x, y, z = made.points.astype(float).T
    depth = 0.4 - np.hypot(np.hypot(x, y) - 1.0, z)
    sure = np.abs(depth) > 3e-3  # the ring has flat faces
    assert sure.mean() > 0.9
    np.testing.assert_array_equal(made.inside[sure], depth[sure] > 0)
    assert ((np.hypot(x, y) < 0.6) & ~made.inside).sum() > 100


@pytest.mark.parametrize("count", [4, 5, 1000, 1001])
def test_half_is_near_the_surface(count):
    made = occupancy_points(icosphere(2), count, 0)
    assert made.points.shape == (count, 3)
    assert made.points.dtype == np.float32
    assert made.near_surface.sum() == count // 2


def test_uniform_points_fill_the_padded_box():
    mesh = Mesh(box((1.0, 2.0, 4.0)).vertices + [1.0, -2.0, 3.0], box().faces)
    made = occupancy_points(mesh, 20_000, 7)
    low, high = mesh.bounding_box()
    low, high = low - PADDING * 4.0, high + PADDING * 4.0
    share = (made.points[~made.near_surface] - low) / (high - low)
    for axis in range(3):
        assert kstest(share[:, axis], "uniform").pvalue > LUCK
    assert np.abs(np.corrcoef(share.T) - np.eye(3)).max() < 0.03


@pytest.mark.parametrize("scale", [1.0, 4.5])
def test_distances_from_the_surface_are_gaussian_of_two_widths(scale):
    """Half of each, as shares of the largest extent; on a large flat thing the sides are planes."""
    side = 2.0 * scale
    mesh = box((side, 0.8 * side, side))
    made = occupancy_points(mesh, 20_000, 9)
    points = made.points[made.near_surface].astype(float)
    # Points around the middle of the upper side, far from its edges.
    middle = (np.abs(points[:, [0, 2]]) < 0.3 * side).all(1) & (points[:, 1] > 0)
    distance = (points[middle, 1] - 0.4 * side) / side
    assert len(distance) > 400

    def mixture(x):
        return np.mean([norm.cdf(x / deviation) for deviation in NEAR], axis=0)

    assert kstest(distance, mixture).pvalue > LUCK
    assert kstest(distance, lambda x: norm.cdf(x / NEAR[1])).pvalue < LUCK  # and not of one


def test_near_points_lie_all_over_the_surface():
    made = occupancy_points(icosphere(4), 8000, 3)
    directions = made.points[made.near_surface].astype(float)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for axis in range(3):  # uniform on a sphere: every coordinate is
        assert kstest((directions[:, axis] + 1) / 2, "uniform").pvalue > LUCK


def test_the_same_seed_gives_the_same_points():
    one, again, other = (occupancy_points(icosphere(2), 100, seed) for seed in ([1, 2], [1, 2], [1, 3]))
    np.testing.assert_array_equal(one.points, again.points)
    np.testing.assert_array_equal(one.inside, again.inside)
    assert (one.points != other.points).any()


@pytest.mark.parametrize("count", [3, 0, -5, 10.0, "many"])
def test_too_few_points_are_refused(count):
    with pytest.raises(BadInputError, match=r"the count of points is .*; a whole number from 4 is accepted"):
        occupancy_points(icosphere(1), count, 0)

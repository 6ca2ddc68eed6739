"""From where pictures are taken: as the papers say, with the object in the picture."""

import numpy as np
import pytest

from plain_scenes import corner, shape_of
from rrb.data.procedural.build import make
from rrb.data.viewpoints import VIEWPOINTS, choy, free, pascal, street
from rrb.geometry.conversions import CHOY_DISTANCE
from rrb.geometry.primitives import box, cylinder

SHAPES = {
    "corner": corner(),
    "cube": shape_of(box(), "cube"),
    "pole": shape_of(cylinder(0.05, 2.0, 8), "pole"),
    "wing": shape_of(box((30.0, 3.0, 28.0)), "wing"),
    "car": make("car", 1),
}
SIZES = [(64, 64), (48, 96), (96, 48)]
each_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
each_size = pytest.mark.parametrize("size", SIZES, ids=str)


def views(kind, shape, size=(64, 64), truncated=False, count=40):
    random = np.random.default_rng(3)
    return [kind(random, shape, size, truncated) for _ in range(count)]


def on_picture(view, shape):
    return view.camera.project(view.camera_from_object.apply(shape.mesh.vertices))


def is_inside(view, shape):
    at = on_picture(view, shape)[:, :2]
    return bool(
        (at >= -1e-9).all() and (at <= np.array([view.camera.width_px, view.camera.height_px]) + 1e-9).all()
    )


def elevations(made):
    return np.array([float(v.camera_from_object.to_viewpoint().elevation_deg) for v in made])


def azimuths(made):
    return np.array([float(v.camera_from_object.to_viewpoint().azimuth_deg) for v in made])


# --- all of them ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", VIEWPOINTS.values(), ids=VIEWPOINTS)
@each_shape
def test_the_object_is_in_the_picture_and_in_front_of_the_camera(kind, shape):
    for size in SIZES:
        for view in views(kind, shape, size, count=25):
            assert (view.camera.height_px, view.camera.width_px) == size
            assert view.camera.fx_px == view.camera.fy_px
            assert on_picture(view, shape)[:, 2].min() > 0.1 * shape.radius
            assert is_inside(view, shape)


@pytest.mark.parametrize("kind", [pascal, free, street])
@each_shape
def test_what_is_cut_by_the_border_is_still_seen_in_part(kind, shape):
    cut = 0
    for size in SIZES:
        for view in views(kind, shape, size, truncated=True, count=25):
            at = on_picture(view, shape)
            low, high = at[:, :2].min(0), at[:, :2].max(0)
            seen = np.clip(np.minimum(high, size[::-1]) - np.maximum(low, 0), 0, None)
            assert (seen / (high - low)).prod() > 0.499
            assert at[:, 2].min() > 0.1 * shape.radius
            cut += not is_inside(view, shape)
    assert cut >= 1 if kind is street else cut > 25


@pytest.mark.parametrize("kind", VIEWPOINTS.values(), ids=VIEWPOINTS)
def test_the_object_is_worth_a_picture(kind):
    """Large enough to be seen, of any lens."""
    for view in views(kind, SHAPES["car"]):
        extent = np.ptp(on_picture(view, SHAPES["car"])[:, :2], axis=0).max()
        assert 0.15 * 64 < extent <= 64


@pytest.mark.parametrize("kind", VIEWPOINTS.values(), ids=VIEWPOINTS)
def test_the_same_random_numbers_give_the_same_view(kind):
    for one, other in zip(views(kind, SHAPES["car"]), views(kind, SHAPES["car"]), strict=True):
        assert one.camera == other.camera
        np.testing.assert_array_equal(one.camera_from_object.matrix, other.camera_from_object.matrix)


@pytest.mark.parametrize("kind", [choy, pascal, free])
def test_the_size_of_the_object_does_not_matter(kind):
    """A model of the same thing ten times as large, from ten times as far."""
    large = shape_of(SHAPES["corner"].mesh.transformed(scale=10.0))
    for one, other in zip(views(kind, SHAPES["corner"]), views(kind, large), strict=True):
        np.testing.assert_allclose(
            on_picture(one, SHAPES["corner"])[:, :2], on_picture(other, large)[:, :2], atol=1e-6
        )


# --- Choy et al. ------------------------------------------------------------------------------------


@each_shape
@each_size
def test_choy_is_the_ring_of_their_renderings(shape, size):
    made = views(choy, shape, size)
    for view in made:
        # Undone: what their file would say of the model with a bounding box of diagonal 1.
        pose = view.camera_from_object
        diagonal = np.linalg.norm(shape.extents)
        azimuth, elevation, in_plane, ratio = type(pose)(pose.rotation, pose.translation / diagonal).to_choy()
        assert 25 - 1e-6 <= elevation <= 30 + 1e-6
        assert 0.65 - 1e-9 <= ratio <= 1 + 1e-9
        assert in_plane % 360 == pytest.approx(0, abs=1e-6) or in_plane % 360 == pytest.approx(360, abs=1e-6)
        assert 0 <= azimuth < 360
        np.testing.assert_allclose(pose.translation[:2], 0, atol=1e-9 * diagonal)  # in the middle
        assert np.linalg.norm(pose.translation) == pytest.approx(CHOY_DISTANCE * ratio * diagonal)
        assert view.camera.fx_px == pytest.approx(35 / 32 * min(size))
        assert view.upright
    assert np.abs(np.exp(1j * np.radians(azimuths(made))).mean()) < 0.35
    assert np.ptp(elevations(made)) > 4


# --- PASCAL3D+ --------------------------------------------------------------------------------------


def test_pascal_is_spread_as_it_says():
    made = views(pascal, SHAPES["corner"], count=500)
    elevation = elevations(made)
    roll = np.array([float(v.camera_from_object.to_viewpoint().roll_deg) for v in made])
    assert elevation.mean() == pytest.approx(
        12.6, abs=2
    )  # 12, and a little more: the lower end is cut at -15
    assert elevation.std() == pytest.approx(14, abs=2)
    assert elevation.min() >= -15 - 1e-6
    assert elevation.max() <= 70 + 1e-6
    assert roll.mean() == pytest.approx(0, abs=1)
    assert roll.std() == pytest.approx(5, abs=0.7)
    assert np.abs(np.exp(1j * np.radians(azimuths(made))).mean()) < 0.12
    fov = np.array([v.camera.fov_deg("diagonal") for v in made])
    assert 20 - 1e-9 <= fov.min() < 23
    assert 62 < fov.max() <= 65 + 1e-9
    assert all(v.upright for v in made)


@pytest.mark.parametrize("kind", [pascal, free])
def test_objects_are_anywhere_in_the_picture(kind):
    shape = SHAPES["corner"]
    middles = np.array([on_picture(v, shape)[:, :2].mean(0) for v in views(kind, shape, count=200)])
    assert (middles.std(0) > 5).all()
    np.testing.assert_allclose(middles.mean(0), 32, atol=4)


# --- Palazzi's street -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["corner", "cube", "wing", "car"])
def test_on_the_street_the_camera_is_at_eye_height_and_looks_at_the_ground(name):
    shape = SHAPES[name]
    lowest, side = shape.mesh.vertices[:, 1].min(), shape.extent
    columns, aims = set(), set()
    for view in views(street, shape):
        pose = view.camera_from_object
        centre = pose.camera_centre_object
        assert centre[1] == pytest.approx(lowest + 1.5, abs=1e-9)
        axis = pose.rotation[2]
        assert axis[1] < 0
        aim = centre + axis * (lowest - centre[1]) / axis[1]
        place = aim[[0, 2]] / (0.25 * side)  # one of 3 x 3
        np.testing.assert_allclose(place, np.round(place), atol=1e-6)
        assert np.abs(place).max() < 1.01
        grid = (centre[[0, 2]] / (8 * side) + 0.5) * 9  # one of 10 x 10
        np.testing.assert_allclose(grid, np.round(grid), atol=1e-6)
        assert -0.01 < grid.min() <= grid.max() < 9.01
        np.testing.assert_allclose(pose.rotation[0, 1], 0, atol=1e-12)  # no roll
        assert 40 - 1e-9 <= view.camera.fov_deg() <= 60 + 1e-9
        columns.add(tuple(np.round(grid).tolist()))
        aims.add(tuple(np.round(place).tolist()))
    assert len(columns) > 10
    assert len(aims) > 4


# --- any rotation -----------------------------------------------------------------------------------


def test_free_rotations_are_uniform():
    """Of uniform rotations every entry has mean 0 and mean square 1/3, and traces of them mean 0 and square 1."""
    made = views(free, SHAPES["cube"], count=1500)
    rotation = np.array([v.camera_from_object.rotation for v in made])
    error = 4 / np.sqrt(3 * 1500)
    assert np.abs(rotation.mean(0)).max() < error
    assert np.abs((rotation**2).mean(0) - 1 / 3).max() < error
    trace = np.trace(rotation, axis1=1, axis2=2)
    assert (trace**2).mean() == pytest.approx(1, abs=0.15)
    sine = np.sin(np.radians(elevations(made)))  # uniform in its sine
    np.testing.assert_allclose(np.quantile(sine, [0.1, 0.5, 0.9]), [-0.8, 0, 0.8], atol=0.08)
    assert not any(v.upright for v in made)

"""Pictures of reconstructions: the surface lies on the picture where the camera saw it, and the other side is whole."""

import numpy as np
import pytest

from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box
from rrb.raster.render import render
from rrb.viz.fit_picture import FRAMES, Guess, backdrop
from rrb.viz.pictures import VERMILLION
from rrb.viz.reconstruction import (
    TURN_DEG,
    film,
    from_other_side,
    other_side,
    outlines,
    overview,
    photo,
    shaded,
    widened,
)

MESH = box((1.0, 0.5, 0.3))
RED, GREY = (220, 30, 30), (90, 90, 90)
SCENES = {
    "wide": (Camera.from_fov(50.0, width=800, height=500), Pose.from_viewpoint(30.0, 20.0, distance_m=3.0)),
    "narrow": (
        Camera.from_fov(40.0, width=90, height=200),
        Pose.from_viewpoint(90.0, 5.0, 80.0, distance_m=3.0),
    ),
    "off centre": (
        Camera(500.0, 450.0, 100.0, 160.0, 320, 240),
        Pose.from_viewpoint(200.0, 30.0, distance_m=4.0).step([0, 0, 0, 0.3, -0.1, 0]),
    ),
}


def draw(pose, scale, camera):
    return render(MESH, pose, camera, scale=scale).silhouette


def shade(pose, camera, behind):
    return render(MESH, pose, camera, background=behind).colour


@pytest.fixture(params=SCENES)
def scene(request):
    """(backdrop, picture, guess): the object red on grey, where it was found."""
    camera, pose = SCENES[request.param]
    mask = draw(pose, 1.0, camera)
    image = np.rint(GREY + (np.array(RED) - GREY) * mask[..., None]).astype(np.uint8)
    return backdrop(mask, image), image, Guess(pose, 1.0, camera, "found")


def near(picture, colour, steps=12):
    return np.abs(picture.astype(int) - colour).max(-1) < steps


def test_the_photo_is_cut_as_the_backdrop_is(scene):
    behind, image, _ = scene
    red = photo(behind, image)[..., 0] > (RED[0] + GREY[0]) / 2
    inside = behind.mask >= 0.5
    assert (red & inside).sum() / (red | inside).sum() > 0.97


def test_the_surface_covers_what_was_seen_and_the_rest_is_the_faded_picture(scene):
    behind, image, guess = scene
    shown = shaded(behind, image, guess, shade)
    faded = 255 - 0.35 * (255 - np.array(GREY))
    drawn = draw(guess.camera_from_object, 1.0, behind.view(guess.camera))
    outside = (drawn == 0) & (behind.mask == 0)
    assert near(shown[outside], faded, 3).all()
    inside = (drawn == 1) & (behind.mask == 1)
    assert np.ptp(shown[inside], axis=-1).max() <= 2  # bare grey, nothing of the red below
    assert inside.mean() > 0.1


def test_the_other_side_shows_the_whole_mesh_turned():
    mesh = MESH.transformed(Pose(np.eye(3), [3.0, 0.5, -1.0]))  # its middle is not its origin
    for azimuth in (0.0, 100.0, -170.0):
        pose, camera = other_side(mesh, Pose.from_viewpoint(azimuth, 35.0, 20.0, distance_m=9.0), 200)
        x, y, z = camera.project(pose.apply(mesh.vertices)).T
        assert (z > 0).all()
        assert min(x.min(), y.min()) >= 0
        assert max(x.max(), y.max()) <= 200
        assert max(np.ptp(x), np.ptp(y)) > 100
        centre = pose.camera_centre_object - mesh.centre
        turned = np.degrees(np.arctan2(centre[0], -centre[2])) - azimuth
        assert (turned - TURN_DEG) % 360 == pytest.approx(0, abs=1e-6) or (
            turned - TURN_DEG
        ) % 360 > 360 - 1e-6
        up = pose.rotation @ [0, 1, 0]
        assert up[1] < 0  # camera y points down
        assert abs(up[0]) < 1e-9


def test_an_overview_has_a_panel_for_each_view_and_each_guess(scene):
    behind, image, guess = scene
    other = Guess(guess.camera_from_object.step([0, 0, 0, 0.2, 0, 0]), 1.0, guess.camera, "or this")
    surface = shaded(behind, image, guess, shade)
    turned = from_other_side(MESH, guess.camera_from_object, behind, shade)
    first, second = (outlines(behind, g, draw) for g in (guess, other))
    said = [guess.caption, "shaded", "other side"]
    one = overview([first, surface, turned], said)
    two = overview([first, surface, turned, second], [*said, other.caption])
    width = max(behind.mask.shape[1], 300)
    assert two.shape[1] == one.shape[1] + width + 12
    np.testing.assert_array_equal(two[:, : one.shape[1]], one)
    lines = near(two, VERMILLION, 20).sum(0)
    assert lines[: width + 18].sum() > 300
    assert lines[width + 18 : one.shape[1]].sum() == 0
    assert lines[one.shape[1] :].sum() > 300


@pytest.mark.parametrize("count", [0, 1, 5, 100])
def test_a_film_ends_with_the_surface(scene, count):
    behind, image, guess = scene
    steps = [
        Guess(guess.camera_from_object, 1 - 0.3 / (i + 1), guess.camera, f"step {i}") for i in range(count)
    ]
    surface = shaded(behind, image, guess, shade)
    frames = film(behind, steps, draw, surface, guess.caption)
    assert len({frame.shape for frame in frames}) == 1
    assert min(count, 20) + 1 <= len(frames) <= FRAMES + 1
    height, width = behind.mask.shape
    end = frames[-1][12 : 12 + height, 12 : 12 + width]
    np.testing.assert_array_equal(end, surface)


def test_narrow_panels_get_room_for_their_caption():
    panel = np.zeros((10, 41, 3), np.uint8)
    wide = widened(panel, 60)
    assert wide.shape == (10, 60, 3)
    assert (wide == 0).all(-1).sum() == 410
    assert abs(int(np.flatnonzero((wide[0] == 0).all(-1)).mean()) - 30) <= 1
    assert widened(panel, 20) is panel or widened(panel, 20).shape == panel.shape

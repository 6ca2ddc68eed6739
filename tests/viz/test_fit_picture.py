"""Pictures of fits: the window and the drawing agree, whatever the sizes."""

import numpy as np
import pytest

from rrb.errors import BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.viz.fit_picture import FRAMES, LONGEST_PX, Guess, backdrop, fits, frames
from rrb.viz.pictures import BLUE, VERMILLION


def sphere(pose, scale, camera):
    """Of radius 0.3 as a disc: exact on the axis, and the same for every window of one picture."""
    x, y = np.meshgrid(np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5)
    cx, cy, z = camera.project(pose.translation)
    rx, ry = camera.fx_px * 0.3 * scale / z, camera.fy_px * 0.3 * scale / z
    distance = np.hypot((x - cx) / rx, (y - cy) / ry)
    return np.clip(0.5 + (1 - distance) * 0.5 * (rx + ry), 0, 1)


def at(x=0.0, y=0.0, z=2.0):
    return Pose(np.eye(3), [x, y, z])


def near(picture, colour):
    return np.abs(picture.astype(int) - colour).max(-1) < 12


SCENES = {
    "reduced": (Camera.from_fov(50.0, width=1600, height=1200), at(0.2, 0.1)),
    "enlarged": (Camera.from_fov(50.0, width=60, height=48), at(-0.1, 0.05)),
    "far and beside": (Camera.from_fov(50.0, width=640, height=480), at(3.0, -2.0, 12.0)),
    "cut by the border": (Camera.from_fov(50.0, width=300, height=200), at(0.85, 0.0)),
    "filling it": (Camera.from_fov(20.0, width=90, height=120), at()),
    "oblong pixels": (Camera(300.0, 450.0, 160.0, 120.0, 320, 240), at(0.1, 0.1)),
}


@pytest.mark.parametrize("name", SCENES)
def test_what_is_drawn_in_the_window_lies_on_what_was_seen(name):
    camera, pose = SCENES[name]
    behind = backdrop(sphere(pose, 1.0, camera))
    view = behind.view(camera)
    assert behind.mask.shape == (view.height_px, view.width_px)
    assert max(behind.mask.shape) == LONGEST_PX
    seen, drawn = behind.mask >= 0.5, sphere(pose, 1.0, view) >= 0.5
    assert drawn.sum() > 0.1 * drawn.size  # the object is what the picture shows
    assert (seen & drawn).sum() / (seen | drawn).sum() > 0.985


def test_a_panel_for_each_guess_with_both_contours():
    camera, pose = SCENES["reduced"]
    behind = backdrop(sphere(pose, 1.0, camera))
    guesses = [Guess(pose, scale, camera, f"scale {scale}") for scale in (0.8, 1.2)]
    shown = fits(behind, guesses, sphere)
    height, width = behind.mask.shape
    assert shown.shape[1] > 2 * width
    left = shown[: height + 12, : width + 12]
    centre = np.array(behind.view(camera).project(pose.translation)[:2]) + 12
    radius = behind.view(camera).fx_px * 0.15
    for colour, factor in ((BLUE, 1.0), (VERMILLION, 0.8)):
        rows, columns = np.nonzero(near(left, colour))
        distances = np.hypot(columns + 0.5 - centre[0], rows + 0.5 - centre[1])
        assert len(rows) > 300
        np.testing.assert_allclose(distances, radius * factor, atol=2.0)


def test_the_photo_is_shown_and_what_is_unknown_is_hatched():
    camera, pose = SCENES["far and beside"]
    mask = sphere(pose, 1.0, camera)
    photo = np.zeros((480, 640, 3), np.uint8)
    photo[..., 0] = (np.arange(640) * 255 / 639)[None]
    unknown = np.zeros((480, 640))
    unknown[:100] = 1
    plain, hatched = backdrop(mask, photo), backdrop(mask, photo, unknown)
    assert (plain.picture[0, :, 1:] == 0).all()
    left, top, width, height = plain.window
    expected = (left + (np.arange(LONGEST_PX) + 0.5) * width / LONGEST_PX - 0.5) * 255 / 639
    np.testing.assert_allclose(plain.picture[0, 2:-2, 0], expected[2:-2], atol=1.5)
    differs = (plain.picture != hatched.picture).any(-1)
    until = (100 - top) * hatched.mask.shape[0] / height
    assert 0 < until < LONGEST_PX
    assert not differs[int(until) + 1 :].any()
    assert 0.3 < differs[: int(until)].mean() < 0.7


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 400])
def test_frames_hold_the_first_and_the_last(count):
    camera, pose = SCENES["enlarged"]
    behind = backdrop(sphere(pose, 1.0, camera))
    guesses = [Guess(pose, 0.5 + i / count, camera, "") for i in range(count)]
    drawn = []

    def remember(pose, scale, camera):
        drawn.append(scale)
        return sphere(pose, scale, camera)

    shown = frames(behind, guesses, remember)
    assert len(shown) == len(drawn) <= FRAMES
    assert (drawn[0], drawn[-1]) == (guesses[0].scale, guesses[-1].scale)
    assert drawn == sorted(drawn)
    assert len(shown) >= min(count, 20)
    assert len({frame.shape for frame in shown}) == 1


def test_no_guesses_are_no_frames():
    assert frames(backdrop(np.ones((4, 4))), [], sphere) == []


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (20, 30)])
def test_masks_without_a_contour_are_shown(value, shape):
    behind = backdrop(np.full(shape, value))
    assert behind.window == (0, 0, shape[1], shape[0])
    camera = Camera.from_fov(50.0, width=shape[1], height=shape[0])
    assert fits(behind, [Guess(at(), 1.0, camera, "x")], sphere).dtype == np.uint8


def test_pictures_of_another_size_are_refused():
    with pytest.raises(BadInputError, match="the image is 6x4 but the mask is 5x4"):
        backdrop(np.zeros((4, 5)), np.zeros((4, 6, 3)))
    with pytest.raises(BadInputError, match="the unknown mask is 5x3"):
        backdrop(np.zeros((4, 5)), None, np.zeros((3, 5)))

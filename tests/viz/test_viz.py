"""Laws of what draws on arrays."""

import numpy as np
import pytest
from PIL import Image

from rrb.errors import BadInputError, RrbError
from rrb.viz.animation import save_gif
from rrb.viz.overlay import COLOURS, contours, overlay, side_by_side
from rrb.viz.pictures import rgb8


def disc(size=(40, 60), centre=(33.0, 17.5), radius=10.0):
    x, y = np.meshgrid(np.arange(size[1]) + 0.5, np.arange(size[0]) + 0.5)
    return np.clip(radius + 0.5 - np.hypot(x - centre[0], y - centre[1]), 0, 1)


def test_the_contour_of_a_disc_is_its_circle_in_our_pixels():
    (line,) = contours(disc())
    distance = np.hypot(*(line - [33.0, 17.5]).T)
    np.testing.assert_allclose(distance, 10.0, atol=0.15)


def test_the_border_of_the_picture_is_no_contour():
    assert contours(np.ones((8, 9))) == []
    half = np.zeros((8, 9))
    half[:, :4] = 1
    (line,) = contours(half)
    np.testing.assert_allclose(line[:, 0], 4.0)


@pytest.mark.parametrize("scale", [1, 3])
def test_overlay_colours_the_contour_and_leaves_the_rest(scale):
    picture = np.full((40, 60, 3), 90, np.uint8)
    drawn = overlay(picture, [disc()], scale=scale, width_px=2)
    assert drawn.shape == (40 * scale, 60 * scale, 3)
    np.testing.assert_array_equal(drawn[0, 0], 90)
    assert abs(drawn[int(17.5 * scale), int(33 * scale)].astype(int) - 90).max() == 0
    on_line = np.abs(drawn.astype(int) - COLOURS[0]).max(-1) < 12
    rows, columns = np.nonzero(on_line)
    radius = np.hypot((columns + 0.5) / scale - 33, (rows + 0.5) / scale - 17.5)
    assert len(rows) > 20 * scale
    np.testing.assert_allclose(radius, 10, atol=1.3)


def test_overlay_refuses_a_mask_of_another_size():
    with pytest.raises(BadInputError, match="60x40"):
        overlay(np.zeros((30, 60, 3)), [disc()])


def test_panels_keep_their_pixels():
    first, second = np.full((10, 20, 3), 50, np.uint8), np.full((14, 8, 3), 200, np.uint8)
    joined = side_by_side([first, second], ["one", "two"], gap_px=4)
    np.testing.assert_array_equal(joined[4:14, 4:24], first)
    np.testing.assert_array_equal(joined[4:18, 28:36], second)
    assert joined[18:].min() < 128  # the captions


def test_a_missing_folder_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(RrbError, match="cannot be written"):
        save_gif(tmp_path / "a" / "b.gif", [np.zeros((2, 2, 3))])


def test_an_animation_has_its_frames_and_colours(tmp_path):
    frames = [np.full((12, 16, 3), value, np.uint8) for value in (90, 200, 255)]
    save_gif(tmp_path / "a.gif", frames, frame_s=0.1, last_s=1.0)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 3
        for i, frame in enumerate(frames):
            gif.seek(i)
            shown = np.asarray(gif.convert("RGB")).astype(int)
            assert abs(shown - frame).max() <= 3
            assert gif.info["duration"] == (1000 if i == 2 else 100)


def test_paper_stays_white_among_nearly_white_pixels(tmp_path):
    frame = np.full((40, 40, 3), 255, np.uint8)
    frame[:20] = np.random.default_rng(0).integers(0, 256, (20, 40, 3))
    frame[20:25] = (252, 250, 248)
    save_gif(tmp_path / "a.gif", [frame])
    with Image.open(tmp_path / "a.gif") as gif:
        np.testing.assert_array_equal(np.asarray(gif.convert("RGB"))[30:], 255)


def test_frames_of_different_sizes_or_none_are_refused(tmp_path):
    with pytest.raises(BadInputError, match="at least one"):
        save_gif(tmp_path / "a.gif", [])
    with pytest.raises(BadInputError, match="differ in size"):
        save_gif(tmp_path / "a.gif", [np.zeros((2, 2, 3)), np.zeros((2, 3, 3))])


def test_pictures_of_other_shapes_are_refused():
    with pytest.raises(BadInputError, match="accepted"):
        rgb8(np.zeros((4, 4, 4)))

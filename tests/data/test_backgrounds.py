"""Laws of what is behind the objects."""

import numpy as np
import pytest
from PIL import Image

from rrb.data.backgrounds import background_picture, photo_names
from rrb.data.scene import Background
from rrb.errors import BadFileError, BadInputError
from rrb.raster.texture import linear_from_srgb

RED, BLUE = (0.9, 0.1, 0.2), (0.0, 0.3, 0.8)


def linear(colour):
    return linear_from_srgb(np.array(colour))


def picture(folder, name, values):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(folder / name)


def checks(height, width, side):
    """Black and white, so that stretching shows."""
    y, x = np.mgrid[:height, :width]
    return np.repeat((((x // side + y // side) % 2) * 255).astype(np.uint8)[..., None], 3, 2)


@pytest.mark.parametrize("kind", ["white", "plain", "gradient", "noise"])
@pytest.mark.parametrize("size", [(5, 9), (64, 48), (300, 20)])
def test_it_is_light_of_the_size_asked_for(kind, size):
    made = background_picture(Background(kind, (RED, BLUE), 12.0, seed=3), size)
    assert made.shape == (*size, 3)
    assert made.dtype == np.float32
    assert 0 <= made.min() <= made.max() <= 1


def test_white_and_plain_are_one_colour():
    assert (background_picture(Background(), (4, 5)) == 1).all()
    made = background_picture(Background("plain", (RED, BLUE)), (4, 5))
    np.testing.assert_allclose(made, np.broadcast_to(linear(RED), (4, 5, 3)), atol=1e-6)


# --- gradients --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("angle", "first", "last"),
    [
        (0, np.s_[0, :], np.s_[-1, :]),
        (180, np.s_[-1, :], np.s_[0, :]),
        (90, np.s_[:, 0], np.s_[:, -1]),
        (-90, np.s_[:, -1], np.s_[:, 0]),
        (45, np.s_[0, 0], np.s_[-1, -1]),
        (-45, np.s_[0, -1], np.s_[-1, 0]),
    ],
)
def test_a_gradient_runs_from_one_colour_to_the_other(angle, first, last):
    made = background_picture(Background("gradient", (RED, BLUE), angle), (200, 200))
    np.testing.assert_allclose(made[first] - linear(RED), 0, atol=0.01)
    np.testing.assert_allclose(made[last] - linear(BLUE), 0, atol=0.01)


@pytest.mark.parametrize("angle", [0.0, 30.0, 77.0, -120.0, 180.0])
@pytest.mark.parametrize("size", [(40, 40), (30, 90)])
def test_a_gradient_reaches_both_colours_in_the_corners_and_nothing_else(angle, size):
    made = background_picture(Background("gradient", ((0, 0, 0), (1, 1, 1)), angle), size)[..., 0]
    corners = made[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.min() == pytest.approx(made.min())
    assert corners.max() == pytest.approx(made.max())
    assert made.min() < 0.06
    assert made.max() > 0.94
    for axis in (0, 1):  # even: the same step everywhere
        assert np.ptp(np.diff(made, axis=axis)) < 1e-5


# --- noise ------------------------------------------------------------------------------------------


def test_noise_mixes_its_two_colours_and_nothing_else():
    low, high = np.minimum(linear(RED), linear(BLUE)), np.maximum(linear(RED), linear(BLUE))
    for seed in range(8):
        made = background_picture(Background("noise", (RED, BLUE), seed=seed), (64, 80))
        assert (made >= low - 1e-6).all()
        assert (made <= high + 1e-6).all()
        share = (made - linear(RED)) / (linear(BLUE) - linear(RED))
        np.testing.assert_allclose(share.min(2), share.max(2), atol=1e-4)  # on the line between them
        assert 0.35 < share.mean() < 0.65
        assert share.std() > 0.05
        # Smooth: neighbours differ by far less than what is far apart.
        assert np.abs(np.diff(share, axis=1)).mean() < 0.4 * share.std()


def test_noise_is_its_seed_s():
    one, again, other = (
        background_picture(Background("noise", (RED, BLUE), seed=s), (20, 30)) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


# --- photographs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("photo", [(240, 360), (360, 240), (100, 300)])
@pytest.mark.parametrize("size", [(100, 100), (60, 150), (150, 60)])
def test_a_photograph_is_cut_not_stretched(tmp_path, photo, size):
    picture(tmp_path, "checks.png", checks(*photo, 10))
    for seed in range(6):
        made = background_picture(Background("photo", photo="checks.png", seed=seed), size, tmp_path)
        assert made.shape == (*size, 3)
        white = made[..., 0] > 0.2
        # Crossings from check to check for each pixel along rows and columns: as many, if checks stay square.
        along_rows = (white[:, 1:] != white[:, :-1]).sum() / white[:, 1:].size
        along_columns = (white[1:] != white[:-1]).sum() / white[1:].size
        assert along_rows == pytest.approx(along_columns, rel=0.35)
        runs = 1 / along_rows
        least = 0.5 * min(photo[0] / size[0], photo[1] / size[1])
        assert 10 / (2.2 * least) <= runs <= 10 / (0.85 * least)


def test_a_window_lies_in_the_photograph_sometimes_mirrored(tmp_path):
    """Columns tell where they come from."""
    ramp = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (200, 256, 3))
    picture(tmp_path, "ramp.png", np.ascontiguousarray(ramp))
    directions, lefts = set(), set()
    for seed in range(20):
        made = background_picture(Background("photo", photo="ramp.png", seed=seed), (50, 50), tmp_path)[
            20, :, 0
        ]
        steps = np.diff(made)
        assert (steps > 0).all() or (steps < 0).all()
        directions.add(bool(steps[0] > 0))
        lefts.add(round(float(made.min()), 3))
    assert directions == {True, False}
    assert len(lefts) > 10


def test_a_photograph_is_decoded_to_linear_light(tmp_path):
    picture(tmp_path, "grey.png", np.full((50, 60, 3), (10, 128, 250), np.uint8))
    made = background_picture(Background("photo", photo="grey.png"), (20, 20), tmp_path)
    expected = linear(np.array([10, 128, 250]) / 255)
    np.testing.assert_allclose(made, np.broadcast_to(expected, (20, 20, 3)), atol=1e-6)


def test_a_photograph_smaller_than_the_picture_is_enlarged(tmp_path):
    picture(tmp_path, "small.png", checks(12, 10, 3))
    assert background_picture(Background("photo", photo="small.png"), (64, 64), tmp_path).shape == (64, 64, 3)


def test_a_photograph_that_is_missing_is_refused(tmp_path):
    with pytest.raises(BadInputError, match=r"the background is a.jpg; the folder of photographs is needed"):
        background_picture(Background("photo", photo="a.jpg"), (20, 20))
    with pytest.raises(BadFileError, match=r"a\.jpg"):
        background_picture(Background("photo", photo="a.jpg"), (20, 20), tmp_path)


# --- which there are --------------------------------------------------------------------------------


def test_photographs_are_found_below_their_folder_in_order(tmp_path):
    grey = np.zeros((8, 8, 3), np.uint8)
    for name in ("z.png", "b/y.jpg", "a/x.JPEG", "b/a/w.webp"):
        picture(tmp_path, name, grey)
    (tmp_path / "readme.txt").write_text("no picture")
    assert photo_names(tmp_path) == ("a/x.JPEG", "b/a/w.webp", "b/y.jpg", "z.png")
    for name in photo_names(tmp_path):
        background_picture(Background("photo", photo=name), (20, 20), tmp_path)
    assert photo_names(None) == ()


def test_folders_called_backgrounds_are_preferred(tmp_path):
    """So that photographs of objects are not put behind objects."""
    grey = np.zeros((8, 8, 3), np.uint8)
    for name in (
        "objects/car.png",
        "backgrounds_b/2.png",
        "backgrounds_a/1.png",
        "background/3.png",
        "4.png",
    ):
        picture(tmp_path, name, grey)
    assert photo_names(tmp_path) == ("background/3.png", "backgrounds_a/1.png", "backgrounds_b/2.png")


def test_a_folder_that_is_missing_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="nowhere: there is no such folder of photographs"):
        photo_names(tmp_path / "nowhere")


def test_the_photographs_beside_the_checkout_are_those_meant_as_backgrounds(shared):
    names = photo_names(shared / "photos")
    assert len(names) == 268
    assert all(name.startswith("backgrounds") for name in names)
    made = background_picture(Background("photo", photo=names[0], seed=1), (64, 64), shared / "photos")
    assert made.std() > 0.01

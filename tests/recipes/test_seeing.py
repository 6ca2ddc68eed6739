"""Which pixels are the object: alpha, a plain background, the network, and what is refused."""

import numpy as np
import pytest
import torch
from torch import nn

import rrb
from rrb.networks.mask import MaskConfig
from rrb.recipes import seeing


def disc(height=80, width=120, x=50.0, y=40.0, radius=22.0):
    """(H, W) bool: pixels whose centres lie in a circle; continuous pixel coordinates."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    return (columns - x) ** 2 + (rows - y) ** 2 < radius**2


def painted(inside, object_colour=(200, 40, 40), background=(255, 255, 255), noise=0, seed=0):
    image = np.where(inside[..., None], np.uint8(object_colour), np.uint8(background)).astype(np.int16)
    image += np.random.default_rng(seed).integers(-noise, noise + 1, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("background", [(255, 255, 255), (0, 0, 0), (30, 90, 160)])
def test_a_plain_background_shows_the_object(background):
    inside = disc()
    found = seeing.plain_background(painted(inside, background=background, noise=3))
    assert (found == inside).all()


def test_an_object_at_the_border_needs_more_than_the_background():
    # A third of the border is the object's: nobody can say which colour lies behind.
    assert seeing.plain_background(painted(disc(x=0, radius=60))) is None


def test_a_picture_of_many_colours_has_no_plain_background():
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    assert seeing.plain_background(noise) is None


def test_a_soft_shadow_is_no_object_and_no_plain_background():
    inside = disc()
    image = painted(inside)
    rows, columns = np.mgrid[:80, :120] + 0.5
    away = np.hypot(columns - 80, rows - 55)
    dark = (60 * np.clip(1 - away / 22, 0, 1)).astype(np.uint8)[..., None]
    shaded = np.where(inside[..., None], image, image - dark)
    assert seeing.plain_background(image) is not None
    assert seeing.plain_background(shaded) is None


def test_a_gradient_is_no_plain_background():
    image = painted(disc())
    inner = np.linspace(255, 235, 100).astype(np.uint8)[None, :, None]
    image[10:70, 10:110] = np.where(disc()[10:70, 10:110, None], image[10:70, 10:110], inner)
    assert seeing.plain_background(image) is None


def test_soft_edges_are_the_object_s_from_the_middle_on():
    inside = disc(240, 360, 150, 120, 66)
    image = painted(inside).astype(float).reshape(80, 3, 120, 3, 3).mean((1, 3)).round().astype(np.uint8)
    share = inside.reshape(80, 3, 120, 3).mean((1, 3))
    found = seeing.plain_background(image)
    assert (found[share > 0.2] == 1).all()
    assert (found[share == 0] == 0).all()


def test_one_colour_everywhere_shows_nothing():
    assert seeing.plain_background(np.full((60, 80, 3), 255, np.uint8)) is None


# --- the looks of the network -------------------------------------------------------------------------


class Reddish(nn.Module):
    """In place of the network: what is red is the object. It answers in the pixels that it is given."""

    config = MaskConfig(size_px=64)

    def __init__(self):
        super().__init__()
        self.looks = []

    def forward(self, images):
        self.looks.append(images)
        red = images[:, 0] - images[:, 1]
        return 20 * (red - 0.3)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (60, 80), (300, 400), (1000, 600)])
def test_the_network_s_answer_lies_where_the_object_is(height, width):
    inside = disc(height, width, 0.4 * width, 0.55 * height, 0.22 * min(height, width))
    image = painted(inside, background=(60, 60, 60))
    camera = rrb.Camera.from_fov(50, width=width, height=height)
    found = seeing.predicted(image, camera, Reddish())
    assert found.shape == inside.shape
    there = found >= 0.5
    overlap = (there & inside).sum() / (there | inside).sum()
    assert overlap > 0.9
    rows, columns = (np.mgrid[:height, :width] + 0.5)[:, there]
    assert abs(columns.mean() - 0.4 * width) < 0.01 * width
    assert abs(rows.mean() - 0.55 * height) < 0.01 * height


@pytest.mark.parametrize("size", [64, 300])
def test_a_picture_is_looked_at_nearer_and_nearer(size):
    network = Reddish()
    image = painted(disc(size, size, size / 2, size / 2, size / 5))
    seeing.predicted(image, rrb.Camera.from_fov(50, width=size, height=size), network)
    shares = [float((look[0, 0] - look[0, 1] > 0.3).float().mean()) for look in network.looks]
    assert len(shares) == 3
    assert 0.1 < shares[0] < 0.8 * shares[1] < 0.64 * shares[2]


class Leaning(Reddish):
    """Believes more of what is to the left, and tells apart what it saw first and its mirror image."""

    def forward(self, images):
        columns = torch.linspace(-1, 1, images.shape[-1])
        assert torch.equal(images[1], images[0].flip(2))
        return super().forward(images) / 20 - 0.15 * columns


def test_a_network_that_leans_to_one_side_is_set_upright_by_mirror_images():
    inside = disc(100, 100, 50, 50, 25)
    image = painted(inside, background=(60, 60, 60))
    share = seeing.predicted(image, rrb.Camera.from_fov(50, width=100, height=100), Leaning())
    np.testing.assert_allclose(share, share[:, ::-1], atol=0.02)
    assert np.ptp(share) > 0.1


def test_a_second_look_is_finer():
    size = 640
    inside = disc(size, size, 480, 170, 60)
    camera = rrb.Camera.from_fov(50, width=size, height=size)
    found = seeing.predicted(painted(inside, background=(60, 60, 60)), camera, Reddish()) >= 0.5
    # A look of 64 pixels at the whole has pixels of ten; the object's outline would be off by more than this.
    assert (found != inside).sum() < 0.05 * inside.sum()


class Twice(Reddish):
    """Answers the second look as it is told."""

    def __init__(self, second):
        super().__init__()
        self.second = second

    def forward(self, images):
        return super().forward(images) if not self.looks else self.second(super().forward(images))


def aside(logits):
    """Something else than what was seen first: beside it."""
    return logits.roll(40, 2)


@pytest.mark.parametrize("second", [lambda logits: -logits.abs(), aside])
def test_where_the_second_look_sees_nothing_or_something_else_the_first_stands(second):
    inside = disc(300, 400, 180, 140, 60)
    image = painted(inside, background=(60, 60, 60))
    camera = rrb.Camera.from_fov(50, width=400, height=300)
    network = Twice(second)
    there = seeing.predicted(image, camera, network) >= 0.5
    assert len(network.looks) == 2
    assert (there & inside).sum() / (there | inside).sum() > 0.9


def test_what_the_second_look_adds_is_kept():
    inside = disc(300, 400, 180, 140, 40)
    camera = rrb.Camera.from_fov(50, width=400, height=300)
    network = Twice(lambda logits: torch.nn.functional.max_pool2d(logits[:, None], 13, 1, 6)[:, 0])
    there = seeing.predicted(painted(inside, background=(60, 60, 60)), camera, network) >= 0.5
    assert there.sum() > 1.4 * inside.sum()


@pytest.mark.parametrize("times", [1, 3, 13])
def test_the_whole_is_looked_at_with_all_its_pixels_counted(times):
    """As torch's own antialiased interpolation, whatever is done before it to be quick."""
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (12, 16, 3), np.uint8).repeat(8 * times, 0).repeat(8 * times, 1)
    image = image - np.minimum(image, random.integers(0, 40, image.shape, np.uint8))
    whole = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    wanted = torch.nn.functional.interpolate(whole, size=(32, 32), mode="bilinear", antialias=True)
    off = (seeing._whole(image, 32) - wanted).abs()
    assert float(off.max()) < 0.03
    assert float(off.mean()) < 0.006


# --- parts, and what is refused -----------------------------------------------------------------------


def test_islands_far_from_the_object_are_specks():
    inside, island = np.zeros((2, 50, 60), bool)
    inside[10:40, 10:40] = True
    island[45:48, 50:55] = True
    assert (seeing.specks(inside | island) == island).all()


def test_two_large_parts_are_both_the_object():
    inside = np.zeros((50, 60), bool)
    inside[5:20, 10:40] = True
    inside[30:45, 10:40] = True
    assert not seeing.specks(inside).any()
    assert not seeing.specks(np.zeros((50, 60), bool)).any()


@pytest.mark.parametrize("size", [64, 300])
def test_islands_are_left_out_of_every_look(size):
    inside = disc(size, size, 0.4 * size, 0.4 * size, 0.25 * size)
    island = disc(size, size, 0.68 * size, 0.68 * size, 0.05 * size)
    network = Reddish()
    image = painted(inside | island, background=(60, 60, 60))
    there = seeing.predicted(image, rrb.Camera.from_fov(50, width=size, height=size), network) >= 0.5
    assert len(network.looks) == 3
    assert not there[island].any()
    assert there[inside].mean() > 0.9


def test_specks_on_a_plain_background_do_not_widen_the_object():
    inside = disc()
    specks = np.zeros_like(inside)
    specks[4:7, 100:103] = specks[70, 110] = True
    hole = disc(x=50, y=40, radius=4)
    found = seeing.plain_background(painted((inside | specks) & ~hole))
    assert (found == (inside & ~hole)).all()


@pytest.mark.parametrize(
    ("mask", "words"), [(np.zeros((40, 40)), "no object"), (np.ones((40, 40)), "no outline")]
)
def test_nothing_and_everything_are_refused(mask, words):
    with pytest.raises(rrb.RrbError, match=words):
        seeing.require_object(mask.astype(np.float32), "a.png")

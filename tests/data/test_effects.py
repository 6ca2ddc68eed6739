"""Laws of what a camera does to light."""

import numpy as np
import pytest

from rrb.data.effects import developed
from rrb.data.scene import Effects
from rrb.raster.texture import linear_from_srgb, srgb_from_linear

RANDOM = np.random.default_rng(0)
LIGHT = RANDOM.random((40, 50, 3), np.float32)
RAMP = np.linspace(0, 1, 3 * 4000, dtype=np.float32).reshape(40, 100, 3)


def flat(value, size=(60, 60)):
    return np.broadcast_to(np.float32(value), (*size, 3)).copy()


def srgb(values):
    return 255 * np.asarray(srgb_from_linear(values))


@pytest.mark.parametrize("light", [LIGHT, RAMP, RAMP**3])
def test_without_effects_light_is_encoded(light):
    made = developed(light, Effects())
    assert made.dtype == np.uint8
    assert np.abs(made - srgb(light)).max() <= 0.75


def test_every_grey_comes_back():
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    linear = linear_from_srgb(greys / 255.0).astype(np.float32)
    np.testing.assert_array_equal(developed(linear, Effects()), greys)


def test_what_is_too_bright_is_white():
    made = developed(np.array([[[1.5, -0.2, 1.0]]], np.float32), Effects())
    np.testing.assert_array_equal(made, [[[255, 0, 255]]])


@pytest.mark.parametrize("exposure", [0.5, 0.9, 1.7])
def test_exposure_and_tint_are_factors_of_linear_light(exposure):
    tint = (0.8, 1.0, 1.1)
    made = developed(LIGHT, Effects(exposure=exposure, tint=tint))
    assert np.abs(made - srgb(LIGHT * exposure * np.array(tint))).max() <= 1
    np.testing.assert_array_equal(
        developed(LIGHT, Effects(exposure=0.5)), developed(LIGHT * np.float32(0.5), Effects())
    )


# --- blur -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deviation", [0.4, 0.8, 1.2, 2.5])
def test_blur_is_a_gaussian_in_linear_light(deviation):
    from scipy.ndimage import gaussian_filter

    made = developed(LIGHT, Effects(blur_px=deviation))
    expected = gaussian_filter(LIGHT.astype(float), (deviation, deviation, 0), mode="nearest")
    error = linear_from_srgb(made / 255.0) - expected
    assert np.abs(error).max() < 0.012
    assert np.abs(error.mean()) < 0.001


def test_blur_keeps_the_light_and_spreads_it_evenly():
    point = np.zeros((41, 41, 3), np.float32)
    point[20, 20] = 20.0
    made = linear_from_srgb(developed(point, Effects(blur_px=2.0)) / 255.0)
    assert made[..., 0].sum() == pytest.approx(20, rel=0.02)
    for other in (made[::-1], made[:, ::-1], made.transpose(1, 0, 2)):
        np.testing.assert_array_equal(made, other)
    offset = np.arange(41) - 20
    assert (made[..., 0].sum(0) * offset**2).sum() / made[..., 0].sum() == pytest.approx(4, rel=0.1)


def test_what_is_even_stays_even_when_blurred():
    made = developed(flat((0.2, 0.5, 0.7)), Effects(blur_px=1.5))
    assert (made == made[0, 0]).all()
    np.testing.assert_array_equal(made[0, 0], developed(flat((0.2, 0.5, 0.7)), Effects())[0, 0])


# --- tone -------------------------------------------------------------------------------------------


def test_saturation_zero_is_grey_of_the_same_luma():
    made = developed(LIGHT, Effects(saturation=0.0))
    assert np.ptp(made, axis=2).max() == 0
    luma = srgb(LIGHT) @ [0.299, 0.587, 0.114]  # of ITU-R BT.601
    assert np.abs(made[..., 0] - luma).max() <= 1


@pytest.mark.parametrize("saturation", [0.5, 1.3])
def test_saturation_scales_the_distance_from_grey(saturation):
    light = 0.3 + 0.1 * LIGHT
    made = developed(light, Effects(saturation=saturation)).astype(float)
    before = srgb(light)
    grey = (before @ [0.299, 0.587, 0.114])[..., None]
    assert np.abs(made - (grey + saturation * (before - grey))).max() <= 1


@pytest.mark.parametrize("contrast", [0.5, 0.8, 1.2])
def test_contrast_scales_the_distance_from_mid_grey(contrast):
    made = developed(LIGHT, Effects(contrast=contrast))
    expected = np.clip(127.5 + contrast * (srgb(LIGHT) - 127.5), 0, 255)
    assert np.abs(made - expected).max() <= 1
    middle = float(linear_from_srgb(0.5))
    assert abs(int(developed(flat(middle), Effects(contrast=contrast))[0, 0, 0]) - 128) <= 1


# --- noise ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deviation", [0.01, 0.04])
def test_noise_has_the_deviation_it_says_in_srgb(deviation):
    light = flat(0.2, (200, 200))
    made = developed(light, Effects(noise=deviation, seed=4)).astype(float)
    assert made.std() == pytest.approx(255 * deviation, rel=0.04)
    assert made.mean() == pytest.approx(srgb(0.2), abs=0.2)
    channels = np.corrcoef(made.reshape(-1, 3).T)
    assert np.abs(channels - np.eye(3)).max() < 0.03  # each of its own
    neighbours = np.corrcoef(made[:, 1:].ravel(), made[:, :-1].ravel())[0, 1]
    assert abs(neighbours) < 0.03


def test_noise_is_its_seed_s():
    one, again, other = (developed(LIGHT, Effects(noise=0.02, seed=s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).mean() > 0.3
    np.testing.assert_array_equal(developed(LIGHT, Effects(seed=1)), developed(LIGHT, Effects(seed=2)))


def test_noise_does_not_wrap_around():
    for value, limit in ((0.0, 0), (1.0, 255)):
        made = developed(flat(value), Effects(noise=0.05)).astype(int)
        assert np.abs(made - limit).max() < 255 * 0.05 * 6


def test_the_given_light_is_left_as_it_was():
    light = LIGHT.copy()
    developed(light, Effects(exposure=2, blur_px=1, contrast=1.2, saturation=0.5, noise=0.1))
    np.testing.assert_array_equal(light, LIGHT)

"""What cannot place an object is refused in one sentence; what can comes back as it is."""

import numpy as np
import pytest
import torch
from skimage.measure import label

import rrb
from rrb.errors import BadInputError
from rrb.fitting.mask_checks import LEAST_CONTOUR, blobs, checked_mask, checked_unknown, remarks

SIZE = (48, 64)
CAMERA = rrb.Camera.from_fov(45, width=64, height=48)
Y, X = np.mgrid[:48, :64]
DISC = (X - 30) ** 2 + (Y - 20) ** 2 < 150
SOFT = np.clip(12.5 - np.hypot(X - 30, Y - 20), 0, 1)


def square(side: int) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[10 : 10 + side, 20 : 20 + side] = True
    return mask


@pytest.mark.parametrize(
    "given",
    [
        DISC,
        DISC.tolist(),
        DISC.astype(np.float16),
        DISC.astype(np.float32),
        DISC.astype(np.float64),
        np.asfortranarray(DISC),
        np.asfortranarray(DISC.astype(np.float32)),
        DISC[::-1][::-1],
        torch.tensor(DISC),
        torch.tensor(DISC, dtype=torch.bfloat16),
        torch.tensor(DISC, dtype=torch.float64, requires_grad=True),
        np.where(DISC, 1 + 1e-6, -1e-6),
    ],
    ids=lambda given: f"{type(given).__name__} {getattr(given, 'dtype', '')}",
)
def test_masks_come_back_as_float32(given):
    mask = checked_mask(given, CAMERA)
    assert mask.dtype == np.float32
    assert mask.flags.c_contiguous
    np.testing.assert_array_equal(mask, DISC)


def test_soft_edges_are_kept_and_nothing_given_is_changed():
    given = SOFT.copy()
    np.testing.assert_array_equal(checked_mask(given, CAMERA), SOFT.astype(np.float32))
    np.testing.assert_array_equal(checked_mask(checked_mask(given, CAMERA), CAMERA), SOFT.astype(np.float32))
    np.testing.assert_array_equal(given, SOFT)


RGB = np.repeat(DISC[:, :, None], 3, axis=2).astype(np.uint8) * 255


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (DISC[:40, :60], "mask is 60x40 but the camera's image is 64x48"),
        (DISC.T, "mask is 48x64 but the camera's image is 64x48"),
        (RGB, r"\(48, 64, 3\).*one channel.*in colours"),
        (DISC[None], r"\(1, 48, 64\).*one channel"),
        (DISC[0], r"\(64,\)"),
        (3.0, r"the shape \(\)"),
        ([[1.0], [1.0, 2.0]], "different lengths"),
        (DISC * np.uint8(255), "uint8 up to 255.*divide by 255.*load_mask"),
        ((SOFT * 255).astype(np.uint8), "divide by 255"),
        ((SOFT * 65535).astype(np.uint16), "divide by 65535"),
        (torch.tensor(DISC * np.uint8(255)), "divide by 255"),
        (DISC.astype(np.uint8), r"uint8 of 0, 1;.*astype\(bool\)"),
        (DISC.astype(np.int64), r"int64 of 0, 1;.*astype\(bool\)"),
        (DISC * 7, "labels 0, 7; .*mask == label"),
        (DISC * 2 - 1, "labels -1, 1"),
        (DISC * 100_000, "labels 0, 100000"),
        (np.where(X < 20, 1, 2), "labels 1, 2"),
        (DISC.astype(complex), "complex128; bool or floats"),
        (np.full(SIZE, "a"), "bool or floats"),
        (DISC * 255.0, "from 0 to 255; 0 to 1 are accepted: divide by 255"),
        (DISC * 1.5, "from 0 to 1.5; 0 to 1 are accepted$"),
        (DISC - 0.5, "from -0.5 to 0.5"),
        (np.where(DISC, np.nan, 0), "nan"),
        (np.where(DISC, np.inf, 0), "inf"),
        (np.zeros(SIZE), "empty: its largest value is 0;"),
        (DISC * 0.49, "empty: its largest value is 0.49"),
        (DISC / 255, "empty: its largest value is 0.00392"),
        (np.ones(SIZE), "full"),
        (np.full(SIZE, 0.5), "full"),
        (square(1), "1 pixels inside and a contour of 4 sides"),
        (square(2), "contour of 8 sides"),
        ((X < 5) & (Y < 5), "contour of 10 sides"),  # the picture's border is no contour
    ],
)
def test_what_cannot_be_used_is_one_sentence(given, said):
    with pytest.raises(BadInputError, match=said) as caught:
        checked_mask(given, CAMERA)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
    with pytest.raises(BadInputError, match=r"^a\.png "):
        checked_mask(given, CAMERA, what="a.png")


def test_the_least_contour_is_enough():
    assert LEAST_CONTOUR == 12
    checked_mask(square(3), CAMERA)
    checked_mask(X < 1, CAMERA)
    checked_mask(~square(3), CAMERA)


# --- what is unknown ------------------------------------------------------------------------------


def test_unknown_comes_back_as_float32():
    for given in (X < 30, (X < 30).astype(float), torch.tensor(X < 30)):
        unknown = checked_unknown(given, CAMERA, DISC)
        assert unknown.dtype == np.float32
        np.testing.assert_array_equal(unknown, X < 30)
    assert not checked_unknown(np.zeros(SIZE), CAMERA).any()


def test_a_contour_that_is_unknown_all_round_is_refused():
    ring = np.abs(np.hypot(X - 30, Y - 20) - 12.2) < 3
    with pytest.raises(BadInputError, match=r"unknown hides all but 0 of the \d+ sides"):
        checked_unknown(ring, CAMERA, DISC)
    with pytest.raises(BadInputError, match="hides all but 0"):
        checked_unknown(DISC, CAMERA, DISC)  # a side is known if both of its pixels are
    with pytest.raises(BadInputError, match="everywhere"):
        checked_unknown(np.ones(SIZE), CAMERA)
    checked_unknown(ring & (Y < 25), CAMERA, DISC)
    checked_unknown(np.ones(SIZE) * 0.49, CAMERA, DISC)


def test_a_contour_of_which_too_little_is_known_is_refused():
    mask = X < 30  # one side a row
    checked_unknown(Y >= 12, CAMERA, mask)
    with pytest.raises(BadInputError, match="all but 11 of the 48 sides"):
        checked_unknown(Y >= 11, CAMERA, mask)


@pytest.mark.parametrize("given", [X[:5] < 3, RGB, (X < 3).astype(np.uint8), np.full(SIZE, np.nan)])
def test_unknown_is_checked_as_a_mask_is(given):
    with pytest.raises(BadInputError, match=r"^unknown "):
        checked_unknown(given, CAMERA, DISC)


# --- parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (17, 23), (40, 40)])
def test_parts_are_those_of_scikit_image(shape):
    random = np.random.default_rng(0)
    for share in np.linspace(0, 1, 25):
        mask = random.random(shape) < share
        expected = np.sort(np.bincount(label(mask, connectivity=2).reshape(-1))[1:])[::-1]
        assert blobs(mask) == expected.tolist()


def test_the_most_parts_there_can_be():
    assert blobs((X % 2 == 0) & (Y % 2 == 0)) == [1] * (24 * 32)
    assert blobs((X + Y) % 2 == 0) == [24 * 64]  # touching corners connect


def test_parts_that_meet_late_are_one():
    teeth = (X % 2 == 0) | (Y == 47)
    snake = (Y % 2 == 0) | (np.where(Y % 4 == 1, 0, 63) == X)
    for mask in (teeth, teeth[::-1], snake, snake[:, ::-1], snake.T):
        assert blobs(mask) == [mask.sum()]


def test_parts_are_told_but_specks_are_not():
    assert remarks(DISC) == ()
    speck = DISC | ((X > 60) & (Y > 44))
    assert blobs(speck) == [DISC.sum(), 9]
    assert remarks(speck) == ()
    legs = ((X // 4) % 4 == 1) & (X < 48) & (Y > 20)
    said = "the mask has 3 separate parts; all are fitted as one object"
    assert remarks(legs) == (said,)
    assert remarks(torch.tensor(legs, dtype=torch.float32)) == (said,)

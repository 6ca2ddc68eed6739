"""`rrb.reconstruct`: what it takes for the object, the camera and what hides it, and what it refuses."""

import numpy as np
import pytest
from PIL import Image

import rrb
import stub_recipe
from rrb.geometry.image_io import save_mask
from rrb.networks.categories import ALIASES
from rrb.recipes import reconstruct as face
from rrb.recipes import seeing

CAMERA = rrb.Camera.from_fov(45.0, width=96, height=72)
SEEN = "predicted by the network"
PLAIN = "what differs from the plain background"
PASSED_OVER = ", for the alpha channel outlines nothing"


@pytest.fixture
def recipe(monkeypatch):
    made = stub_recipe.Recipe()
    monkeypatch.setattr(face, "RECIPES", dict.fromkeys(face.RECIPES, lambda: made))
    return made


@pytest.fixture
def network(monkeypatch, truth):
    """In place of the mask network: it sees the object, whatever the picture."""
    from rrb.networks import build

    monkeypatch.setattr(build, "shipped", lambda name: (name, {}))
    monkeypatch.setattr(seeing, "predicted", lambda image, camera, network: truth.astype(np.float32))


@pytest.fixture(scope="module")
def truth():
    """(H, W) bool: the chair of `stub_recipe.pose(1)`."""
    return rrb.render(stub_recipe.chair(), stub_recipe.pose(1), CAMERA).silhouette >= 0.5


@pytest.fixture(scope="module")
def image(truth):
    return np.where(truth[..., None], np.uint8(stub_recipe.GREEN), np.uint8(255))


def many_colours():
    return np.random.default_rng(0).integers(0, 256, (72, 96, 3), np.uint8)


def with_alpha(path, colours, alpha):
    values = np.concatenate([colours, np.round(255 * alpha).astype(np.uint8)[..., None]], -1)
    Image.fromarray(values).save(path)
    return path


# --- which pixels are the object ------------------------------------------------------------------------


def test_a_picture_on_white_is_reconstructed(image, truth, recipe):
    found = rrb.reconstruct(image, camera=CAMERA)
    view = found.camera_from_object.to_viewpoint()
    assert float(view.azimuth_deg) == pytest.approx(45.0)
    (call,) = recipe.calls
    assert (call["mask"] == truth).all()
    assert (call["mask_from"], call["unknown"], call["notes"]) == (PLAIN, None, [])


def test_alpha_that_outlines_the_object_is_its_mask(tmp_path, truth, recipe):
    soft = np.where(truth, 0.8, 0.2)
    rrb.reconstruct(with_alpha(tmp_path / "a.png", many_colours(), soft), camera=CAMERA)
    np.testing.assert_allclose(recipe.calls[0]["mask"], soft)
    assert recipe.calls[0]["mask_from"] == "the picture's alpha channel"


def corners():
    alpha = np.ones((72, 96))
    alpha[:3, :3] = alpha[-3:, -3:] = 0
    return alpha


def nearly_nothing():
    alpha = np.zeros((72, 96))
    alpha[40:43, 50:54] = 1
    return alpha


@pytest.mark.parametrize("alpha", [corners(), nearly_nothing()], ids=["corners", "nearly nothing"])
def test_alpha_that_outlines_nothing_is_passed_over_and_said(tmp_path, truth, recipe, network, alpha):
    found = rrb.reconstruct(with_alpha(tmp_path / "a.png", many_colours(), alpha), camera=CAMERA)
    call = recipe.calls[0]
    assert (call["mask"] == truth).all()
    assert call["mask_from"] == SEEN + PASSED_OVER
    assert PASSED_OVER in found.explain()


def test_behind_alpha_that_outlines_nothing_a_plain_background_counts(tmp_path, image, truth, recipe):
    rrb.reconstruct(with_alpha(tmp_path / "a.png", image, corners()), camera=CAMERA)
    assert (recipe.calls[0]["mask"] == truth).all()
    assert recipe.calls[0]["mask_from"] == PLAIN + PASSED_OVER


@pytest.mark.parametrize("as_file", [False, True])
def test_a_given_mask_comes_before_everything(tmp_path, image, recipe, as_file):
    other = rrb.render(stub_recipe.chair(), stub_recipe.pose(3), CAMERA).silhouette >= 0.5
    save_mask(tmp_path / "mask.png", other)
    path = with_alpha(tmp_path / "a.png", image, (image != 255).any(-1))
    rrb.reconstruct(path, mask=tmp_path / "mask.png" if as_file else other, camera=CAMERA)
    assert (recipe.calls[0]["mask"] == other).all()
    assert recipe.calls[0]["mask_from"] == "given"


def test_a_picture_that_may_not_be_written_to_is_taken(image, recipe):
    held = image.copy()
    held.flags.writeable = False
    rrb.reconstruct(held, camera=CAMERA)
    assert recipe.calls


def test_a_picture_that_is_open_is_not_read_again(tmp_path, image, recipe):
    path = with_alpha(tmp_path / "a.png", image, (image != 255).any(-1))
    picture = face.opened(path)
    path.unlink()
    rrb.reconstruct(picture, camera=CAMERA)
    assert recipe.calls[0]["mask_from"] == "the picture's alpha channel"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.zeros((72, 96), np.uint8), "shape"),
        (np.zeros((72, 96, 3)), "float64"),
        (np.zeros((72, 96, 4), np.uint8), "shape"),
        (np.zeros((15, 96, 3), np.uint8), "96x15"),
    ],
)
def test_what_is_no_picture_is_a_sentence(recipe, given, words):
    with pytest.raises(rrb.RrbError, match=words):
        rrb.reconstruct(given)


# --- what hides it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_file", [False, True])
def test_what_hides_the_object_is_handed_on(tmp_path, image, recipe, as_file):
    hidden = np.zeros((72, 96), bool)
    hidden[:, 60:] = True
    save_mask(tmp_path / "hidden.png", hidden)
    rrb.reconstruct(image, unknown=tmp_path / "hidden.png" if as_file else hidden, camera=CAMERA)
    assert recipe.calls[0]["unknown"].dtype == np.float32
    assert (recipe.calls[0]["unknown"] == hidden).all()


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        (np.ones((72, 96), bool), "hides all but 0"),
        (np.zeros((70, 96), bool), "96x70"),
        (np.full((72, 96), 7), "labels"),
    ],
)
def test_what_cannot_be_unknown_is_a_sentence(image, recipe, hidden, words):
    with pytest.raises(rrb.RrbError, match=words):
        rrb.reconstruct(image, unknown=hidden, camera=CAMERA)
    assert not recipe.calls


def test_an_unknown_that_hides_all_names_its_file(tmp_path, image, recipe):
    save_mask(tmp_path / "hidden.png", np.ones((72, 96), bool))
    with pytest.raises(rrb.RrbError, match=r"hidden\.png"):
        rrb.reconstruct(image, unknown=tmp_path / "hidden.png", camera=CAMERA)


# --- the camera -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True])
def test_without_a_camera_fifty_degrees_along_the_longer_side_are_assumed_and_said(image, recipe, turned):
    rrb.reconstruct(image.transpose(1, 0, 2) if turned else image)
    call = recipe.calls[0]
    assert call["camera"].fx_px == call["camera"].fy_px
    assert call["camera"].fx_px == pytest.approx(48 / np.tan(np.radians(25)))
    assert any("50 degrees" in note for note in call["notes"])


def test_a_camera_may_be_said_in_three_ways(image, recipe):
    focal = 48 / np.tan(np.radians(22.5))
    for said in ({"camera": CAMERA}, {"fov_deg": 45.0}, {"focal_px": focal}):
        rrb.reconstruct(image, **said)
        assert recipe.calls[-1]["notes"] == []
        np.testing.assert_allclose(recipe.calls[-1]["camera"].matrix, CAMERA.matrix)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"camera": CAMERA, "fov_deg": 45.0}, "say the same"),
        ({"focal_px": 99.0, "fov_deg": 45.0}, "say the same"),
        ({"camera": rrb.Camera.from_fov(45.0, width=72, height=96)}, "72x96"),
    ],
)
def test_cameras_that_do_not_go_together_are_a_sentence(image, recipe, said, words):
    with pytest.raises(rrb.RrbError, match=words):
        rrb.reconstruct(image, **said)


# --- what else is known -----------------------------------------------------------------------------------


def test_other_names_of_categories_are_known(image, recipe):
    assert ALIASES["airplane"] == "aeroplane"
    rrb.reconstruct(image, category="airplane", camera=CAMERA)
    rrb.reconstruct(image, category="aeroplane", camera=CAMERA)
    rrb.reconstruct(image, camera=CAMERA)
    assert [call["category"] for call in recipe.calls] == ["aeroplane", "aeroplane", None]


@pytest.mark.parametrize("height", [0.01, 1.6, 1000])
def test_heights_of_cameras_are_taken(image, recipe, height):
    rrb.reconstruct(image, camera_height_m=height, camera=CAMERA)
    assert recipe.calls[0]["camera_height_m"] == height


@pytest.mark.parametrize(
    "said",
    [
        *({"camera_height_m": height} for height in (0, -1, 1e-9, 0.0099, 1001, np.nan, np.inf, "high")),
        *({"category": name} for name in ("boat", "", 3, ["chair"])),
        {"recipe": "best"},
    ],
)
def test_what_cannot_be_known_is_a_sentence(image, recipe, said):
    with pytest.raises(rrb.RrbError, match="accepted"):
        rrb.reconstruct(image, camera=CAMERA, **said)
    assert not recipe.calls


def test_an_object_that_the_border_cuts_is_noted(image, recipe):
    rrb.reconstruct(image[:, :50], mask=(image[:, :50] != 255).any(-1), fov_deg=40.0)
    assert any("border" in note for note in recipe.calls[0]["notes"])

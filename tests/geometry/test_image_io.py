"""Laws of pictures as files: round trips, every mode means the same, labels are never taken for masks."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

import rrb
from rrb.errors import BadFileError, BadInputError
from rrb.geometry import image_io
from rrb.geometry.image_io import (
    load_depth,
    load_image,
    load_mask,
    save_coordinates,
    save_depth,
    save_image,
    save_mask,
    save_normals,
)

RANDOM = np.random.default_rng(0)
PICTURE = RANDOM.integers(0, 256, (5, 7, 3)).astype(np.uint8)


def disc(size: int = 64, softness: float = 1.0) -> np.ndarray:
    """How much of each pixel lies in a disc, blurred over `softness` pixels, in [0, 1]."""
    y, x = np.mgrid[:size, :size] + 0.5
    return np.clip((size * 0.3 - np.hypot(x - size / 2, y - size / 2)) / softness + 0.5, 0, 1)


def grey(values: np.ndarray, path) -> None:
    Image.fromarray(values).save(path)


# --- pictures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".webp", ".tif"])
def test_pictures_come_back(tmp_path, suffix):
    save_image(tmp_path / f"a{suffix}", PICTURE)
    np.testing.assert_array_equal(load_image(tmp_path / f"a{suffix}"), PICTURE)


def test_smooth_pictures_nearly_come_back_from_jpeg(tmp_path):
    ramp = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    save_image(tmp_path / "a.jpg", ramp)
    assert abs(load_image(tmp_path / "a.jpg").astype(int) - ramp).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_undone(tmp_path, orientation):
    """The eight ways to hold a camera store the same picture."""
    turns = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what stores it so that the tag undoes it
    stored = Image.fromarray(PICTURE)
    if turns[orientation] is not None:
        stored = stored.transpose(Image.Transpose(turns[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(load_image(tmp_path / "a.png"), PICTURE)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I;16"])
def test_every_mode_shows_the_same_black_and_white(tmp_path, mode):
    values = np.where(disc(16) > 0.5, 255, 0).astype(np.uint8)
    picture = Image.fromarray(values)
    picture = (
        Image.fromarray(values.astype(np.uint16) * 257)
        if mode == "I;16"
        else picture.convert("RGB").convert(mode)
    )
    name = "a.tif" if mode in ("CMYK", "YCbCr", "LA") else "a.png"
    (picture.convert("RGB") if mode == "HSV" else picture).save(tmp_path / name)
    np.testing.assert_array_equal(load_image(tmp_path / name), np.repeat(values[:, :, None], 3, axis=2))
    np.testing.assert_array_equal(load_mask(tmp_path / name), values / 255)


def test_transparent_lies_on_white(tmp_path):
    rgba = np.dstack((PICTURE, np.where(np.arange(7) < 3, 0, 255)[None].repeat(5, 0))).astype(np.uint8)
    Image.fromarray(rgba).save(tmp_path / "a.png")
    np.testing.assert_array_equal(load_image(tmp_path / "a.png")[:, :3], 255)
    np.testing.assert_array_equal(load_image(tmp_path / "a.png")[:, 3:], PICTURE[:, 3:])


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises many pixels and holds none."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("load", [load_image, load_mask, load_depth])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no picture of a known kind"),
        (b"hello", "no picture of a known kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture of a known kind"),
        (bomb(9000, 9000), "at most 80000000"),
        (bomb(10000, 10000), "at most"),
        (bomb(60000, 60000), "at most"),
        (bomb(20, 20), "cut off or broken"),
    ],
    ids=["empty", "text", "postscript", "large", "larger", "huge", "hollow"],
)
def test_what_is_no_picture_is_one_sentence(tmp_path, load, content, said):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(BadFileError, match=said) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif", ".webp"])
def test_pictures_cut_off_are_refused(tmp_path, suffix):
    picture = RANDOM.integers(0, 256, (40, 40, 3)).astype(np.uint8)
    save_image(tmp_path / f"a{suffix}", picture)
    data = (tmp_path / f"a{suffix}").read_bytes()
    for share in (0.02, 0.3, 0.7):
        (tmp_path / f"b{suffix}").write_bytes(data[: int(len(data) * share)])
        with pytest.raises(BadFileError):
            load_image(tmp_path / f"b{suffix}")


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(BadFileError, match="no such file"):
        load_image(tmp_path / "a.png")
    with pytest.raises(BadFileError, match="folder"):
        load_mask(tmp_path)


@pytest.mark.parametrize("image", [PICTURE / 255, PICTURE[:, :, :2], PICTURE[:0], PICTURE[0, 0]])
def test_what_is_no_picture_is_not_written(tmp_path, image):
    with pytest.raises(BadInputError, match="uint8"):
        save_image(tmp_path / "a.png", image)
    with pytest.raises(BadInputError, match=r"\.png, \.jpg"):
        save_image(tmp_path / "a.gif", PICTURE)
    assert not list(tmp_path.iterdir())


# --- masks ----------------------------------------------------------------------------------------


def test_it_is_the_public_loader():
    assert rrb.load_mask is load_mask


@pytest.mark.parametrize(
    "values", [disc(), disc() > 0.5, disc(softness=20), np.zeros((4, 5)), np.ones((4, 5))]
)
def test_masks_come_back(tmp_path, values):
    save_mask(tmp_path / "a.png", values)
    back = load_mask(tmp_path / "a.png")
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, values, atol=0.5 / 255 + 1e-7)
    save_mask(tmp_path / "b.png", back)
    np.testing.assert_array_equal(load_mask(tmp_path / "b.png"), back)


@pytest.mark.parametrize("value", [0.001, 0.5, 0.998])
def test_one_partly_covered_row_is_a_mask(tmp_path, value):
    """An upright box whose edge lies inside a row of pixels has one value between."""
    mask = np.zeros((20, 20))
    mask[5:15, 5:15], mask[15, 5:15] = 1, value
    save_mask(tmp_path / "a.png", mask)
    np.testing.assert_allclose(load_mask(tmp_path / "a.png"), mask, atol=0.5 / 255 + 1e-7)


def test_lossy_masks_are_masks(tmp_path):
    values = (disc(128) * 255).astype(np.uint8)
    Image.fromarray(values).save(tmp_path / "a.jpg", quality=60)
    Image.fromarray(values).convert("RGB").save(tmp_path / "b.jpg", quality=60)
    for name in ("a.jpg", "b.jpg"):
        mask = load_mask(tmp_path / name)
        decided = (values == 0) | (values == 255)  # the compression itself may tip a pixel of the edge
        np.testing.assert_array_equal(mask[decided] > 0.5, values[decided] > 127)
        with Image.open(tmp_path / name) as picture:
            np.testing.assert_array_equal(mask, np.array(picture.convert("L")) / np.float32(255))


def test_sixteen_bits_are_read_in_full(tmp_path):
    values = np.rint(disc() * 65535).astype(np.uint16)
    grey(values, tmp_path / "a.png")
    np.testing.assert_allclose(load_mask(tmp_path / "a.png"), values / 65535, rtol=1e-6)


def test_alpha_is_the_mask_where_it_says_something(tmp_path):
    rgb = RANDOM.integers(0, 256, (64, 64, 3)).astype(np.uint8)
    alpha = np.rint(disc() * 255).astype(np.uint8)
    Image.fromarray(np.dstack((rgb, alpha))).save(tmp_path / "a.png")
    np.testing.assert_allclose(load_mask(tmp_path / "a.png"), alpha / 255, atol=1e-7)
    opaque = np.dstack((alpha, alpha, alpha, np.full_like(alpha, 255)))
    Image.fromarray(opaque).save(tmp_path / "b.png")
    np.testing.assert_allclose(load_mask(tmp_path / "b.png"), alpha / 255, atol=1e-7)


@pytest.mark.parametrize(
    "alpha", [disc(), disc(softness=30), np.where(disc() > 0.5, 0.55, 0), np.zeros((64, 64))]
)
def test_alpha_is_coverage_whatever_its_values(tmp_path, alpha):
    """Soft fringes and half glass fill areas as labels would, but alpha never is one; nor are the colours asked."""
    values = np.rint(alpha * 255).astype(np.uint8)
    rgb = RANDOM.integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(np.dstack((rgb, values))).save(tmp_path / "a.png")
    np.testing.assert_allclose(load_mask(tmp_path / "a.png"), values / 255, atol=1e-7)


def test_alpha_that_reaches_no_half_is_refused(tmp_path):
    ones = np.dstack((np.zeros((9, 9, 3), np.uint8), np.eye(9, dtype=np.uint8)))
    Image.fromarray(ones).save(tmp_path / "a.png")
    with pytest.raises(BadFileError, match="its alpha reaches 1 of 255"):
        load_mask(tmp_path / "a.png")


def test_a_mask_of_another_size_than_asked_for_is_refused(tmp_path):
    save_mask(tmp_path / "a.png", disc()[:40])
    np.testing.assert_array_equal(load_mask(tmp_path / "a.png", size=(40, 64)), load_mask(tmp_path / "a.png"))
    with pytest.raises(BadFileError, match=r"a\.png: the mask is 64x40 but 40x64 is asked for"):
        load_mask(tmp_path / "a.png", size=(64, 40))
    with pytest.raises(BadInputError, match=r"\[height, width\]"):
        load_mask(tmp_path / "a.png", size=64)


def areas(*values: int) -> np.ndarray:
    """Stripes of 8 pixels."""
    return np.repeat(np.array(values, np.uint8), 8)[None].repeat(24, axis=0)


LABELS = {
    "zero and one": areas(0, 1),
    "zero and half": areas(0, 127),
    "three": areas(0, 1, 2),
    "with void": areas(0, 15, 255),
    "trimap": areas(0, 128, 255),
    "one and void": areas(0, 1, 255),
    "almost white": areas(0, 254, 255),
    "instances": areas(*range(0, 256, 5)),
    "evenly spaced": areas(0, 51, 102, 153, 204, 255),
    "many of both ends": areas(*range(20), *range(236, 256)),
    "no background": areas(7),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_are_refused_until_one_is_chosen(tmp_path, name):
    values = LABELS[name]
    grey(values, tmp_path / "a.png")
    with pytest.raises(BadFileError, match=r"a\.png: its values are .*choose a label="):
        load_mask(tmp_path / "a.png")
    for label in np.unique(values)[:3].tolist():
        np.testing.assert_array_equal(load_mask(tmp_path / "a.png", label=label), values == label)
    with pytest.raises(BadFileError, match=r"no pixel has the label 99; it holds"):
        load_mask(tmp_path / "a.png", label=99)


def test_palettes_are_chosen_by_index_or_colour(tmp_path):
    index = areas(0, 1, 2)
    picture = Image.fromarray(index)
    picture.putpalette([0, 0, 0, 200, 0, 0, 0, 200, 0])
    picture.save(tmp_path / "a.png")
    with pytest.raises(BadFileError, match=r"in colours; choose what is the object by label= \(0, 1, 2\)"):
        load_mask(tmp_path / "a.png")
    np.testing.assert_array_equal(load_mask(tmp_path / "a.png", label=2), index == 2)
    np.testing.assert_array_equal(load_mask(tmp_path / "a.png", label=(200, 0, 0)), index == 1)
    picture.convert("RGB").save(tmp_path / "b.png")
    np.testing.assert_array_equal(load_mask(tmp_path / "b.png", label=(0, 200, 0)), index == 2)
    with pytest.raises(BadFileError, match="three numbers"):
        load_mask(tmp_path / "b.png", label=1)
    with pytest.raises(BadFileError, match="it holds other colours"):
        load_mask(tmp_path / "b.png", label=(1, 2, 3))


def test_photographs_are_no_masks(tmp_path):
    save_image(tmp_path / "a.png", PICTURE)
    with pytest.raises(BadFileError, match="in colours"):
        load_mask(tmp_path / "a.png")


@pytest.mark.parametrize("mask", [disc() * 2 - 1, disc() * 255, disc()[None], disc() * np.nan])
def test_what_is_no_mask_is_not_written(tmp_path, mask):
    with pytest.raises(BadInputError, match=r"\(H, W\) in \[0, 1\]"):
        save_mask(tmp_path / "a.png", mask)
    with pytest.raises(BadInputError, match=r"\.png is accepted"):
        save_mask(tmp_path / "a.jpg", disc())


def test_masks_of_the_collection(shared):
    folder = shared / "photos" / "davis_car-shadow" / "Annotations"
    for path in sorted(folder.iterdir())[:3]:
        assert set(np.unique(load_mask(path))) == {0, 1}
    label = shared / "real" / "ycbv_frame" / "000002-label.png"
    with pytest.raises(BadFileError, match="choose a label="):
        load_mask(label)


# --- depth, normals, coordinates ------------------------------------------------------------------


def test_depth_comes_back(tmp_path):
    depth = np.where(disc() > 0.5, 0.001 + 65 * RANDOM.random((64, 64)), 0).astype(np.float32)
    save_depth(tmp_path / "a.png", depth)
    back = load_depth(tmp_path / "a.png")
    np.testing.assert_allclose(back, depth, atol=0.0005 + 1e-5)
    np.testing.assert_array_equal(back == 0, depth == 0)
    np.testing.assert_array_equal(load_depth(tmp_path / "a.npy"), depth)
    save_depth(tmp_path / "b.png", back)
    np.testing.assert_array_equal(load_depth(tmp_path / "b.png"), back)


def test_depth_units_are_chosen(tmp_path):
    grey(np.full((2, 3), 5000, np.uint16), tmp_path / "a.png")
    np.testing.assert_array_equal(load_depth(tmp_path / "a.png", units_per_metre=5000), 1)
    with pytest.raises(BadInputError, match="positive"):
        load_depth(tmp_path / "a.png", units_per_metre=0)


@pytest.mark.parametrize("far", [65.536, 1000.0, 0.0004])
def test_depths_that_a_png_cannot_say_are_refused(tmp_path, far):
    depth = np.array([[0, 1, far]], np.float32)
    with pytest.raises(BadInputError, match=r"save the metres alone as \.npy"):
        save_depth(tmp_path / "a.png", depth)
    assert not list(tmp_path.iterdir())
    save_depth(tmp_path / "a.npy", depth)
    np.testing.assert_array_equal(load_depth(tmp_path / "a.npy"), depth)
    save_depth(tmp_path / "b.png", np.array([[65.535]]))
    np.testing.assert_allclose(load_depth(tmp_path / "b.png"), 65.535)


@pytest.mark.parametrize("depth", [[[-1.0]], [[np.nan]], [[np.inf]], [1.0], np.zeros((0, 3))])
def test_what_is_no_depth_is_not_written(tmp_path, depth):
    with pytest.raises(BadInputError, match="finite, from 0"):
        save_depth(tmp_path / "a.png", np.array(depth))


def test_what_is_no_depth_is_not_read(tmp_path):
    grey(np.zeros((2, 2), np.uint8), tmp_path / "a.png")
    with pytest.raises(BadFileError, match="16 bits"):
        load_depth(tmp_path / "a.png")
    np.save(tmp_path / "a.npy", np.zeros((2, 2), np.float32))
    data = (tmp_path / "a.npy").read_bytes()
    for content in (
        b"",
        b"hello",
        data[:-4],
        data.replace(b"(2, 2)", b"(2000000000, 2000000000)"),
        data[:40],
    ):
        (tmp_path / "b.npy").write_bytes(content)
        with pytest.raises(BadFileError, match="no whole"):
            load_depth(tmp_path / "b.npy")
    for array in (np.full((2, 2), np.nan), np.zeros(3), -np.ones((2, 2))):
        np.save(tmp_path / "b.npy", array)
        with pytest.raises(BadFileError, match="finite, from 0"):
            load_depth(tmp_path / "b.npy")
    np.save(tmp_path / "b.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(BadFileError, match="no whole"):
        load_depth(tmp_path / "b.npy")


def test_normals_are_half_plus_half(tmp_path):
    normals = RANDOM.normal(size=(6, 5, 3))
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    normals[0] = 0
    save_normals(tmp_path / "a.png", normals.astype(np.float32))
    stored = load_image(tmp_path / "a.png")
    np.testing.assert_allclose(stored / 255 * 2 - 1, normals, atol=1 / 255 + 1e-6)
    np.testing.assert_array_equal(stored[0], 128)
    with pytest.raises(BadInputError, match=r"in \[-1, 1\]"):
        save_normals(tmp_path / "a.png", normals * 2)


def test_coordinates_are_parts_of_the_box(tmp_path):
    coordinates = RANDOM.random((6, 5, 3))
    save_coordinates(tmp_path / "a.png", coordinates)
    np.testing.assert_allclose(load_image(tmp_path / "a.png") / 255, coordinates, atol=0.5 / 255 + 1e-9)
    for wrong in (coordinates - 0.5, coordinates * np.nan, coordinates[0], coordinates[:, :, :2]):
        with pytest.raises(BadInputError, match=r"normalised by the bounding box"):
            save_coordinates(tmp_path / "a.png", wrong)


def test_tensors_are_written_too(tmp_path):
    torch = pytest.importorskip("torch")
    mask = torch.tensor(disc(), requires_grad=True)
    save_mask(tmp_path / "a.png", mask)
    np.testing.assert_allclose(load_mask(tmp_path / "a.png"), disc(), atol=0.5 / 255 + 1e-7)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    save_image(tmp_path / "a.png", PICTURE)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(BadFileError, match="cannot be written"):
        save_image(tmp_path / "a.png", PICTURE[::-1])
    np.testing.assert_array_equal(load_image(tmp_path / "a.png"), PICTURE)
    assert len(list(tmp_path.iterdir())) == 1


def test_limits_are_as_documented():
    assert image_io.MOST_PIXELS < Image.MAX_IMAGE_PIXELS  # ours is what refuses, not Pillow's warning


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("a.png", np.zeros((4, 4, 3), np.uint16)),
        ("a.jpg", np.zeros((4, 4), np.uint16)),
        ("a.bmp", np.zeros((4, 4), np.uint16)),
        ("a.webp", np.zeros((4, 4), np.uint16)),
        ("a.png", np.zeros((4, 4), np.float32)),
        ("a.png", np.zeros((4, 4, 4), np.uint8)),
    ],
)
def test_pictures_that_a_format_cannot_hold_are_refused(tmp_path, name, image):
    with pytest.raises(BadInputError, match=r"uint8 \(H, W, 3\).* (is|are) accepted for"):
        save_image(tmp_path / name, image)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_of_grey_are_kept(tmp_path, suffix):
    image = np.arange(0, 60000, 5000, dtype=np.uint16).reshape(3, 4)
    save_image(tmp_path / f"a{suffix}", image)
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / f"a{suffix}")), image)


@pytest.mark.parametrize("quality", [50, 75, 95])
def test_a_mask_kept_as_jpeg_is_a_mask(tmp_path, quality):
    """One that fills its picture with few soft pixels: its noise leaves a gap between dark and bright."""
    mask = np.zeros((96, 96), np.uint8)
    mask[20:70, 30:80] = 255
    Image.fromarray(mask).save(tmp_path / "mask.jpg", quality=quality)
    held = rrb.load_mask(tmp_path / "mask.jpg")
    np.testing.assert_array_equal(held >= 0.5, mask > 0)

"""What a sample becomes as files, and that it comes back."""

import contextlib
import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rrb.data.picture_bytes import grey_png_bytes, grey_png_pixels, jpeg_bytes, jpeg_pixels
from rrb.data.sample import MeshFile, OccupancyPoints
from rrb.data.sample_arrays import depth_from_png, depth_png, points_from_npz, points_npz, stored_points
from rrb.data.sample_files import FIELDS, decode, encode, mesh_path
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.primitives import box
from stored_samples import assert_same, assert_same_facts, plain_sample, samples


def assert_depth_is_kept(depth, back):
    """Within 1/65535 of the farthest; what is nearer than that is still seen."""
    step = depth.max() / 65535
    assert np.array_equal(back > 0, depth > 0)
    assert np.abs(back - depth)[(depth == 0) | (depth >= step)].max(initial=0) <= step
    assert back[depth < step].max(initial=0) <= 2 * step


@settings(max_examples=150, deadline=None)
@given(samples())
def test_round_trip(sample):
    """Facts, hard masks, labels and grids come back as they were, other arrays within what is stated."""
    back = decode(encode(sample, None))
    assert_same_facts(sample, back)
    assert np.array_equal(back.image, sample.image)
    for name in ("mask", "unknown", "depth_m", "points", "voxels"):
        assert (getattr(back, name) is None) == (getattr(sample, name) is None), name
    if sample.mask is not None:
        assert np.abs(back.mask - sample.mask).max() <= 0.5001 / 255
        hard = (sample.mask == 0) | (sample.mask == 1)
        assert np.array_equal(back.mask[hard], sample.mask[hard])
    if sample.depth_m is not None:
        assert_depth_is_kept(sample.depth_m, back.depth_m)
    if sample.points is not None:
        largest = np.abs(sample.points.points).max(initial=0)
        assert np.abs(back.points.points - sample.points.points).max(initial=0) <= largest / 32767 * 1.001


@settings(max_examples=100, deadline=None)
@given(samples())
def test_what_was_read_is_kept_as_it_is(sample):
    """Nothing is rounded twice, and the same sample gives the same bytes."""
    once = decode(encode(sample, None))
    assert_same(decode(encode(once, None)), once)
    assert encode(decode(encode(once, None)), None) == encode(once, None)


def test_nothing_of_the_clock_is_in_the_bytes(monkeypatch):
    rng = np.random.default_rng(0)
    points = OccupancyPoints(rng.normal(size=(9, 3)), rng.random(9) < 0.5, rng.random(9) < 0.5)
    before = encode(plain_sample(1, points=points))
    monkeypatch.setattr("time.time", lambda: 1e9)
    monkeypatch.setattr("time.localtime", lambda *_: (2001, 9, 9, 1, 46, 40, 6, 252, 0))
    assert encode(plain_sample(1, points=points)) == before
    with zipfile.ZipFile(io.BytesIO(before["points.npz"])) as archive:
        assert {entry.date_time[:3] for entry in archive.infolist()} == {(1980, 1, 1)}


def test_members_are_plain_files():
    """What any other program reads: a JPEG, an 8-bit PNG of 0 and 255, a 16-bit PNG, a JSON with its convention."""
    depth = np.linspace(0, 3, 24 * 32, dtype=np.float32).reshape(24, 32)
    sample = plain_sample(3, depth_m=depth, unknown=depth > 2)
    files = encode(sample, 90)
    assert list(files) == ["json", "jpg", "mask.png", "unknown.png", "depth.png"]
    pictures = {name: Image.open(io.BytesIO(data)) for name, data in files.items() if name != "json"}
    assert {name: p.format for name, p in pictures.items()} == {
        "jpg": "JPEG", "mask.png": "PNG", "unknown.png": "PNG", "depth.png": "PNG",
    }  # fmt: skip
    assert np.array_equal(np.array(pictures["mask.png"]), 255 * sample.mask.astype(np.uint8))
    assert np.array_equal(np.array(pictures["unknown.png"]), 255 * sample.unknown.astype(np.uint8))
    facts = json.loads(files["json"])
    assert facts["format"] == "rrb.sample/1"
    assert "x right, y down, z forward" in facts["convention"]
    metres = np.array(pictures["depth.png"]) / facts["depth_units_per_metre"]
    assert np.abs(metres - depth).max() < 1e-4


@pytest.mark.parametrize("quality", [100, 90, 60, 20])
def test_jpeg_is_read_as_pillow_reads_it(quality):
    image = plain_sample(5, size=(37, 50)).image
    data = jpeg_bytes(image, quality)
    assert np.array_equal(jpeg_pixels(data, (37, 50)), np.array(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"subsampling": 0}, {"optimize": True, "quality": 85}]
)
def test_jpegs_of_others_are_read(options):
    image = plain_sample(5, size=(37, 50)).image
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", **options)
    assert np.array_equal(jpeg_pixels(buffer.getvalue(), (37, 50)), np.array(Image.open(buffer)))


@pytest.mark.parametrize("wrong", [(37, 49), (36, 50), (50, 37), (1, 1), (4000, 4000)])
def test_a_picture_of_another_size_is_refused(wrong):
    image = plain_sample(5, size=(37, 50)).image
    for read, data in (
        (jpeg_pixels, jpeg_bytes(image, 90)),
        (grey_png_pixels, grey_png_bytes(image[..., 0])),
    ):
        with pytest.raises(BadFileError, match="it is 50x37"):
            read(data, wrong)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_picture_of_other_channels_is_refused(mode):
    buffer = io.BytesIO()
    Image.fromarray(plain_sample(5).image).convert(mode).save(buffer, "JPEG")
    with pytest.raises(BadFileError, match=f"it is 32x24 {mode}; 32x24 RGB is accepted"):
        jpeg_pixels(buffer.getvalue(), (24, 32))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**32))
def test_grey_png_is_a_png(height, width, seed):
    values = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    data = grey_png_bytes(values)
    assert np.array_equal(np.array(Image.open(io.BytesIO(data))), values)
    assert np.array_equal(grey_png_pixels(data, (height, width)), values)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")  # filtered: the long way
    assert np.array_equal(grey_png_pixels(buffer.getvalue(), (height, width)), values)


@pytest.mark.parametrize("kind", ["jpg", "mask.png", "json"])
def test_damage_is_refused_or_harmless(kind):
    """Cut anywhere, a member is refused by its name and the sample's; a flipped bit never does worse."""
    sample, rng = plain_sample(2), np.random.default_rng(0)
    files = encode(sample)
    whole = files[kind]
    for at in rng.integers(0, len(whole) - 2, 60):
        try:  # what is cut after its last pixel is still that picture
            assert_same(decode({**files, kind: whole[:at]}), decode(files))
        except BadFileError as error:
            assert kind.replace("json", "sample") in str(error)  # noqa: PT017
        flipped = bytearray(whole)
        flipped[at] ^= 1 << rng.integers(8)
        with contextlib.suppress(BadFileError):
            decode({**files, kind: bytes(flipped)})


@pytest.mark.parametrize("kind", ["jpg", "mask.png", "json"])
def test_half_a_member_is_refused(kind):
    files = encode(plain_sample(2))
    with pytest.raises(BadFileError, match="sample"):
        decode({**files, kind: files[kind][: len(files[kind]) // 2]})


def test_only_what_is_asked_for_is_decoded():
    files = encode(plain_sample(2, depth_m=np.ones((24, 32), np.float32)))
    broken = {**files, "jpg": b"no picture", "depth.png": b""}
    back = decode(broken, ("mask", "camera"))
    assert back.mask is not None
    assert back.camera is not None
    assert back.camera_from_object is None
    assert back.depth_m is None
    assert back.image.shape == (24, 32, 3)
    assert not back.image.any()
    with pytest.raises(BadFileError, match=r"sample s-00002: jpg: it is no whole JPEG"):
        decode(broken)


def test_a_missing_member_is_refused():
    files = encode(plain_sample(2))
    with pytest.raises(BadFileError, match=r"sample s-00002: its mask.png is missing"):
        decode({name: data for name, data in files.items() if name != "mask.png"})
    with pytest.raises(BadFileError, match=r"has no \.json"):
        decode({"jpg": files["jpg"]})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "rrb.sample/2"}, "format is 'rrb.sample/2'; 'rrb.sample/1' is accepted"),
        ({"colour": 3}, "beyond rrb.sample/1: colour"),
        ({"scale": -1.0}, "the scale is -1.0"),
        ({"scale": "big"}, "its json is not as rrb.sample/1 has it"),
        ({"width_px": 33}, "it is 32x24"),
        ({"camera": {"format": "rrb.camera/9"}}, "rrb.camera/9"),
        ({"camera_from_object": {"rotation": [[2, 0, 0], [0, 1, 0], [0, 0, 1]], "translation_m": [0, 0, 1]}}, "no rot"),
    ],
)  # fmt: skip
def test_a_json_of_another_kind_is_refused(change, says):
    files = encode(plain_sample(2))
    facts = json.loads(files["json"]) | change
    with pytest.raises(BadFileError, match=says):
        decode({**files, "json": json.dumps(facts).encode()})


def test_the_mesh_is_a_file_of_the_folder(tmp_path):
    mesh = box((1, 2, 3))
    files = encode(plain_sample(0, mesh=mesh))
    assert decode(files).mesh is None
    back = decode(files, FIELDS, tmp_path)
    assert isinstance(back.mesh, MeshFile)
    assert back.mesh.path == tmp_path / "meshes" / "chair-000.ply"
    assert decode(encode(plain_sample(0)), FIELDS, tmp_path).mesh is None
    with pytest.raises(BadInputError, match="mesh_id is ''"):
        encode(plain_sample(0, mesh=mesh, mesh_id=""))


@pytest.mark.parametrize("mesh_id", ["../../etc/passwd", "", "a/b", "a.b", "ä"])
def test_no_mesh_id_leads_out_of_the_folder(mesh_id, tmp_path):
    with pytest.raises(BadInputError, match="letters, digits"):
        mesh_path(tmp_path, mesh_id)


@pytest.mark.parametrize("about", [{"a": float("nan")}, {"a": np.float32(1)}, {"a": {1, 2}}])
def test_what_is_no_json_is_refused(about):
    with pytest.raises(BadInputError, match=r"sample s-00001: what it says of itself is no JSON"):
        encode(plain_sample(1, about=about))


@pytest.mark.parametrize("quality", [0, 101, 95.0, True, "high"])
def test_a_quality_that_is_none_is_refused(quality):
    with pytest.raises(BadInputError, match="1 to 100"):
        encode(plain_sample(1), quality)


# --- what is rounded ----------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(st.floats(1e-6, 1e6), st.integers(0, 2**32))
def test_stored_points_are_stored_exactly(size, seed):
    """Points that were rounded before they were labelled come back to the bit, and rounding again changes nothing."""
    rng = np.random.default_rng(seed)
    points = stored_points(size * rng.normal(size=(50, 3)))
    back = points_from_npz(points_npz(OccupancyPoints(points, rng.random(50) < 0.5, rng.random(50) < 0.5)))
    assert np.array_equal(back.points, points)
    assert np.array_equal(stored_points(points), points)


@pytest.mark.parametrize("far", [1e-4, 0.5, 2.0, 6.5536, 80.0, 1e5])
def test_depth_keeps_what_is_seen(far):
    depth = np.array([[0, far * 1e-9, far / 3, far]], np.float32)
    data, units = depth_png(depth)
    back = depth_from_png(data, (1, 4), units)
    assert_depth_is_kept(depth, back)
    assert np.log2(units) % 1 == 0


def test_nothing_seen_is_a_depth_too():
    data, units = depth_png(np.zeros((3, 4), np.float32))
    assert not depth_from_png(data, (3, 4), units).any()

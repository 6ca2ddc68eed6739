"""Pix3D: an index as published, its pictures drawn by what the authors' Blender demo does."""

import json
from functools import lru_cache

import numpy as np
import pytest
from PIL import Image

from painted import agreement, drawn, iou, must_tell_mistakes, odd_chair, painted, write_obj
from rrb.data.readers.pix3d import WRONG_MASKS, read
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.image_io import save_mask
from rrb.geometry.rotations import matrix_from_rotation_vector as turned

WIDTH, HEIGHT = 220, 150
# rot_mat, trans_mat, focal_length: seen from the front; from the left above; upside down and far off the middle.
POSES = [
    (np.eye(3), [0.05, -0.02, 1.5], 35.0),
    (turned([-0.45, 0.0, 0.0]) @ turned([0.0, 0.9, 0.0]), [0.1, 0, 1.7], 41.5),
    (turned([0.3, -2.0, 1.0]), [-0.35, 0.15, 2.5], 60.0),
]  # fmt: skip


def as_blender_draws(vertices, rotation, translation, focal_mm):
    """(V, 2) pixels: the object's matrix is rot_mat and trans_mat, the importer's own turn being overwritten.

    The camera stays at the origin with the Euler angles (0, pi, 0) and looks along its -z, y up; its sensor is 32 mm
    wide and fits the picture's width.
    """
    world = vertices @ np.asarray(rotation).T + translation
    camera = np.diag([-1.0, 1.0, -1.0])  # half a turn about y
    right, up, back = (world @ camera).T
    focal = focal_mm * WIDTH / 32
    return np.stack([WIDTH / 2 + focal * right / -back, HEIGHT / 2 - focal * up / -back], -1)


def entry(number, category="chair", model="model/chair/IKEA_ODD_1/odd.obj"):
    rotation, translation, focal_mm = POSES[number % len(POSES)]
    rotation = np.asarray(rotation)
    return {
        "img": f"img/{category}/{number:04d}.png",
        "category": category,
        "img_size": [WIDTH, HEIGHT],
        "2d_keypoints": [[[10.5, 20.25], [-1.0, -1.0]]],
        "mask": f"mask/{category}/{number:04d}.png",
        "img_source": "ikea",
        "model": model,
        "model_raw": "",
        "model_source": "ikea",
        "3d_keypoints": model.replace("odd.obj", "3d_keypoints.txt"),
        "voxel": model.replace("odd.obj", "voxel.mat"),
        "rot_mat": rotation.tolist(),
        "trans_mat": list(translation),
        "focal_length": focal_mm,
        "cam_position": (-rotation.T @ translation).tolist(),
        "inplane_rotation": -0.002,
        "truncated": False,
        "occluded": False,
        "slightly_occluded": number == 1,
        "bbox": [20, 10, 180, 140],
    }


def save_index(folder, entries):
    (folder / "pix3d.json").write_text(json.dumps(entries))


@lru_cache
def coverage_of(number):
    one = entry(number)
    vertices, faces = odd_chair()
    at = as_blender_draws(vertices, one["rot_mat"], one["trans_mat"], one["focal_length"])
    return painted(at, faces, (HEIGHT, WIDTH))


@pytest.fixture
def published(tmp_path):
    entries = [entry(2), entry(0), entry(1), entry(3, "table", "model/table/SS_001/odd.obj")]
    for one in entries:
        for kind in ("img", "mask"):
            (tmp_path / one[kind]).parent.mkdir(parents=True, exist_ok=True)
        picture = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        Image.fromarray(picture).save(tmp_path / one["img"])
        save_mask(tmp_path / one["mask"], coverage_of(int(one["img"][-8:-4])) > 0.5)
        write_obj(tmp_path / one["model"], *odd_chair())
    save_index(tmp_path, entries)
    return tmp_path


def changed(folder, **fields):
    """The first entry by name with other fields."""
    entries = json.loads((folder / "pix3d.json").read_text())
    entries[1] |= fields
    save_index(folder, entries)


def test_every_mesh_is_drawn_where_its_picture_shows_it(published):
    samples = list(read(published))
    assert [s.key for s in samples] == ["chair-0000", "chair-0001", "chair-0002", "table-0003"]
    for sample, number in zip(samples, (0, 1, 2, 3), strict=True):
        coverage = coverage_of(number)
        assert iou(sample.mask, coverage) == 1
        assert agreement(sample, coverage) > 0.99
        must_tell_mistakes(sample, coverage)


def test_the_canonical_view_is_the_documented_one(published):
    """Without a turn: x goes left, y up, z away; the front, which is at -z, is seen."""
    sample = next(read(published))
    origin, x, y, z = sample.camera.project(
        sample.camera_from_object @ np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.1]])
    )
    assert x[0] < origin[0] - 5
    assert abs(x[1] - origin[1]) < 1e-9
    assert y[1] < origin[1] - 5
    assert z[2] == pytest.approx(origin[2] + 0.1)
    assert abs(sample.camera_from_object.to_viewpoint().azimuth_deg) < 5


def test_the_camera_stands_where_the_index_says(published):
    for sample in read(published):
        np.testing.assert_allclose(
            sample.camera_from_object.camera_centre_object, sample.about["cam_position"], atol=1e-12
        )


def test_the_focal_length_goes_with_the_width(published):
    """The other side of the picture would be a third off."""
    sample = next(read(published))
    assert sample.camera.fx_px == sample.camera.fy_px == pytest.approx(35 / 32 * WIDTH)
    coverage = coverage_of(0)
    wrong = sample.camera.with_focal_px(35 / 32 * HEIGHT)
    assert iou(drawn(sample, camera=wrong), coverage) < 0.6


def test_what_a_sample_says(published):
    sample = list(read(published))[1]
    assert (sample.category, sample.source, sample.split) == ("chair", "pix3d", None)
    assert sample.mesh_id == "chair-IKEA_ODD_1-odd"
    assert sample.box_px == (20, 10, 180, 140)
    assert sample.about["slightly_occluded"] is True
    assert sample.about["truncated"] is False
    assert sample.about["voxel"] == "model/chair/IKEA_ODD_1/voxel.mat"
    assert sample.about["inplane_rotation"] == -0.002
    assert sample.about["2d_keypoints"] == [[[10.5, 20.25], [-1.0, -1.0]]]


def test_truth_values_may_be_texts(published):
    """As their description has them."""
    changed(published, truncated="true", occluded="false")
    about = next(read(published)).about
    assert about["truncated"] is True
    assert about["occluded"] is False


def test_categories(published):
    assert [s.key for s in read(published, category="table")] == ["table-0003"]
    with pytest.raises(BadInputError, match="bathtub"):
        list(read(published, category="bathtub"))
    with pytest.raises(TypeError, match="split"):
        read(published, split="train")


def test_entries_are_left_out_by_name_alone(published):
    assert len(list(read(published, without=("img/chair/0001.png",)))) == 3
    (published / "img/table").joinpath("0045.png").write_bytes(b"")
    entries = json.loads((published / "pix3d.json").read_text())
    save_index(published, [*entries, entry(0) | {"img": WRONG_MASKS[0]}])
    assert len(list(read(published))) == 4
    with pytest.raises(BadFileError, match=r"0045\.png"):
        list(read(published, without=()))


def other_size(path):
    Image.new("L", (WIDTH, HEIGHT + 1), 255).save(path)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("img/chair/0000.png", lambda p: p.unlink(), r"img/chair/0000\.png.*no such file"),
        (
            "img/chair/0000.png",
            lambda p: p.write_bytes(p.read_bytes()[:-300]),
            r"img/chair/0000\.png.*cut off",
        ),
        ("img/chair/0000.png", other_size, r"img/chair/0000\.png.*220x151"),
        ("mask/chair/0000.png", lambda p: p.unlink(), r"mask/chair/0000\.png.*no such file"),
        ("mask/chair/0000.png", other_size, r"mask/chair/0000\.png.*220"),
        ("mask/chair/0000.png", lambda p: p.write_bytes(b"GIF"), r"mask/chair/0000\.png"),
        ("model/chair/IKEA_ODD_1/odd.obj", lambda p: p.unlink(), r"odd\.obj.*no such file"),
        ("pix3d.json", lambda p: p.unlink(), r"pix3d\.json.*no such file"),
        ("pix3d.json", lambda p: p.write_text("[{"), r"pix3d\.json.*not JSON"),
        ("pix3d.json", lambda p: p.write_text("{}"), r"pix3d\.json.*no list"),
        ("pix3d.json", lambda p: p.write_text("[3]"), r"pix3d\.json.*entry 0"),
    ],
)
def test_broken_sets_are_refused_by_name(published, name, change, said):
    change(published / name)
    with pytest.raises(BadFileError, match=said):
        list(read(published))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"img": 7}, "no text 'img'"),
        ({"img": ""}, "a path in a folder"),
        ({"model": "odd.obj"}, "a path in a folder"),
        ({"img": "img/chair/0001.jpg"}, "chair-0001 is there twice"),
        ({"mask": "../mask/chair/0000.png"}, "leads out"),
        ({"model": "/etc/odd.obj"}, "leads out"),
        ({"img_size": [HEIGHT, WIDTH]}, "150x220"),
        ({"img_size": [220.5, 150]}, "img_size"),
        ({"focal_length": 0}, "focal length"),
        ({"focal_length": None}, "focal_length"),
        ({"rot_mat": np.diag([1.0, 1, -1]).tolist()}, "reflection"),
        ({"rot_mat": np.diag([2.0, 2, 2]).tolist()}, "no rotation"),
        ({"rot_mat": [[1, 0], [0, 1]]}, "rot_mat"),
        ({"trans_mat": [0, 0]}, "trans_mat"),
        ({"trans_mat": [0, 0, "far"]}, "trans_mat"),
        ({"bbox": [1, 2, 3]}, "bbox"),
        ({"truncated": 1}, "truncated"),
        ({"occluded": None}, "occluded"),
        ({"cam_position": "here"}, "cam_position"),
    ],
)
def test_broken_entries_are_refused(published, fields, said):
    changed(published, **fields)
    with pytest.raises(BadFileError, match=said) as refused:
        list(read(published))
    assert str(refused.value).startswith(str(published))


def test_numbers_that_json_does_not_know(published):
    text = (published / "pix3d.json").read_text()
    (published / "pix3d.json").write_text(text.replace("35.0", "NaN"))
    with pytest.raises(BadFileError, match="NaN"):
        list(read(published))

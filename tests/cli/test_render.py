"""`rrb render`: files in the stated formats that agree with each other, and one sentence where it cannot."""

import json

import numpy as np
import pytest
from PIL import Image

import rrb
from rrb.cli.main import main
from rrb.geometry.image_io import load_depth, load_image
from rrb.geometry.pose_io import load_pose
from rrb.geometry.primitives import box

FILES = {
    "colour.png",
    "silhouette.png",
    "depth.png",
    "depth.npy",
    "normals.png",
    "coordinates.png",
    "camera.json",
    "pose.json",
}


@pytest.fixture
def mesh_file(tmp_path):
    path = tmp_path / "box.obj"
    box((1.0, 0.6, 0.8)).save(path)
    return path


def draw(mesh_file, out, *more):
    arguments = ["render", str(mesh_file), "--out", str(out), "--size", "64", "--supersampling", "2", *more]
    return main(arguments)


def refusal(capsys, *arguments):
    assert main([*map(str, arguments)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


def test_the_files_are_there_in_the_stated_formats(mesh_file, tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    assert draw(mesh_file, out, "--distance-m", "3") == 0
    assert {p.name for p in out.iterdir()} == FILES
    said = capsys.readouterr().out
    assert all(name in said for name in FILES)
    assert "looks at the object's origin" in said
    for name, mode in (("colour", "RGB"), ("silhouette", "L"), ("normals", "RGB"), ("coordinates", "RGB")):
        with Image.open(out / f"{name}.png") as picture:
            assert (picture.mode, picture.size) == (mode, (64, 64))
    metres = np.load(out / "depth.npy")
    assert metres.dtype == np.float32
    assert json.loads((out / "camera.json").read_text())["format"] == "rrb.camera/1"
    assert json.loads((out / "pose.json").read_text())["format"] == "rrb.pose/1"


def test_the_files_agree_with_each_other_and_draw_the_same_again(mesh_file, tmp_path):
    out = tmp_path / "out"
    draw(mesh_file, out, "--azimuth-deg", "40", "--roll-deg", "10", "--distance-m", "2.5")
    camera, held = rrb.Camera.load(out / "camera.json"), load_pose(out / "pose.json")
    assert held.camera == camera
    drawing = rrb.render(rrb.Mesh.load(mesh_file), held.camera_from_object, camera, scale=held.scale)
    np.testing.assert_allclose(
        rrb.load_mask(out / "silhouette.png"), drawing.silhouette, atol=0.5 / 255 + 1e-6
    )
    np.testing.assert_array_equal(np.load(out / "depth.npy"), drawing.depth.astype(np.float32))
    np.testing.assert_allclose(load_depth(out / "depth.png"), drawing.depth, atol=0.0005 + 1e-6)
    seen = drawing.fragments.covered
    normals = load_image(out / "normals.png") / 255 * 2 - 1
    np.testing.assert_allclose(normals[seen], drawing.normals[seen], atol=0.005)
    coordinates = load_image(out / "coordinates.png") / 255
    np.testing.assert_allclose(coordinates, drawing.coordinates, atol=0.0025)

    again = tmp_path / "again"
    files = ["--camera", str(out / "camera.json"), "--pose", str(out / "pose.json")]
    assert main(["render", str(mesh_file), *files, "--supersampling", "2", "--out", str(again)]) == 0
    for name in FILES:
        assert (again / name).read_bytes() == (out / name).read_bytes()


def test_azimuth_90_shows_the_plus_x_side(mesh_file, tmp_path):
    draw(mesh_file, tmp_path / "out", "--azimuth-deg", "90", "--elevation-deg", "0", "--distance-m", "3")
    middle = load_image(tmp_path / "out" / "coordinates.png")[31:33, 31:33].astype(float)  # around the centre
    assert (middle[..., 0] == 255).all()  # x is at its largest
    np.testing.assert_allclose(middle.mean((0, 1))[1:], 127.5, atol=1)
    assert np.load(tmp_path / "out" / "depth.npy")[32, 32] == pytest.approx(2.5)


def test_size_focal_length_and_principal_point(mesh_file, tmp_path):
    more = ["--width", "80", "--height", "48", "--focal-px", "70", "--principal-point", "30.5", "20"]
    assert draw(mesh_file, tmp_path / "out", *more) == 0
    camera = rrb.Camera.load(tmp_path / "out" / "camera.json")
    assert camera == rrb.Camera(70.0, 70.0, 31.0, 20.5, 80, 48)


def test_the_unit_is_the_files(mesh_file, tmp_path):
    big = tmp_path / "big.obj"
    rrb.Mesh.load(mesh_file).save(big, unit="mm")
    draw(mesh_file, tmp_path / "a")
    draw(big, tmp_path / "b", "--unit", "mm")
    first, second = (np.load(tmp_path / name / "depth.npy") for name in "ab")
    np.testing.assert_allclose(first, second, atol=1e-6)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (["--distance-m", "0.1"], "inside"),
        (["--distance-m", "5000"], "smaller than a pixel"),
        (["--principal-point", "-500", "0"], "outside the picture"),
        (["--fov-deg", "20", "--distance-m", "2"], "border"),
        (["--distance-m", "100"], "depth.npy"),
    ],
)
def test_what_was_hardly_meant_is_said(mesh_file, tmp_path, capsys, more, word):
    assert draw(mesh_file, tmp_path / "out", *more) == 0
    assert word in capsys.readouterr().out


def test_an_object_behind_the_camera_is_said(mesh_file, tmp_path, capsys):
    from rrb.geometry.pose_io import save_pose

    save_pose(tmp_path / "pose.json", rrb.Pose.identity().step([0, 0, 0, 0, 0, -4.0]), None)
    assert draw(mesh_file, tmp_path / "out", "--pose", str(tmp_path / "pose.json")) == 0
    assert "behind the camera" in capsys.readouterr().out


def test_a_bad_mesh_is_one_sentence_and_nothing_is_written(tmp_path, capsys):
    out = tmp_path / "out"
    (tmp_path / "text.ply").write_text("hello")
    (tmp_path / "none.obj").write_text("v 0 0 0\n")
    (tmp_path / "range.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n")
    for name in ("text.ply", "none.obj", "range.obj", "missing.obj", "mesh.xyz"):
        assert name in refusal(capsys, "render", tmp_path / name, "--out", out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (["--distance-m", "-1"], "distance_m"),
        (["--azimuth-deg", "nan"], "azimuth-deg"),
        (["--fov-deg", "180"], "fov_deg"),
        (["--size", "0"], "width"),
        (["--size", "100000"], "size"),
        (["--supersampling", "0"], "supersampling"),
        (["--focal-px", "70", "--fov-deg", "30"], "--fov-deg"),
        (["--pose", "pose.json", "--azimuth-deg", "3"], "--azimuth-deg"),
        (["--camera", "camera.json", "--size", "3"], "--size"),
        (["--camera", "no.json"], "no.json"),
        (["--pose", "no.json"], "no.json"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(mesh_file, tmp_path, capsys, more, word):
    assert word in refusal(capsys, "render", mesh_file, "--out", tmp_path / "out", *more)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made(mesh_file, capsys):
    assert "cannot be made" in refusal(capsys, "render", mesh_file, "--out", mesh_file / "below")

"""`rrb demo` and the bundled chair."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import rrb
from rrb.cli import demo
from rrb.cli.main import main
from rrb.geometry.pose_io import load_pose


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The whole demo, once, and what it said."""
    import contextlib
    import io

    out, said = tmp_path_factory.mktemp("demo"), io.StringIO()
    with contextlib.redirect_stdout(said):
        assert main(["demo", "--out", str(out)]) == 0
    return out, said.getvalue()


@pytest.mark.parametrize("name", sorted(demo.pictures()))
def test_a_bundled_picture_is_reconstructed(made, name):
    out = made[0] / name
    mesh, held = rrb.Mesh.load(out / "mesh.glb"), load_pose(out / "pose.json")
    said, found = demo.pictures()[name], json.loads((made[0] / "numbers.json").read_text())[name]
    assert mesh.is_watertight
    # The camera stands as high above the mesh as was said: the mesh is metric.
    height = held.camera_from_object.camera_centre_object[1] - mesh.bounding_box()[0][1]
    assert height == pytest.approx(said["camera_height_m"], rel=1e-4)
    # What is compared with the truth is what the files say.
    truth = rrb.Pose(said["rotation"], said["translation_m"])
    off = float(np.linalg.norm(held.camera_from_object.translation - truth.translation))
    assert off == pytest.approx(found["translation_error_m"], abs=1e-6)
    assert 0 < found["box_iou"] <= 1
    for file in ("overlay.png", "fit.gif"):
        with Image.open(out / file) as picture:
            assert min(picture.size) > 100


def test_the_chair_is_found_without_a_start_and_the_files_say_so(made):
    out = made[0] / "fit"
    numbers = json.loads((out / "numbers.json").read_text())
    assert numbers["rotation_error_deg"] < 0.2
    assert numbers["translation_error_m"] < 0.005
    assert numbers["iou"] > 0.98
    held = load_pose(out / "pose.json")
    degrees, metres = held.camera_from_object.distance(load_pose(demo.TRUTH).camera_from_object)
    assert float(degrees) == pytest.approx(numbers["rotation_error_deg"])
    assert float(metres) == pytest.approx(numbers["translation_error_m"])
    assert held.accepted
    with Image.open(out / "fit.gif") as animation:
        assert animation.n_frames > 5
    with Image.open(out / "overlay.png") as picture:
        assert min(picture.size) > 100
    assert "against the truth" in made[1]


def test_the_truth_is_not_what_the_fit_is_given(monkeypatch, tmp_path):
    """Found again where the mask is another one: a chair seen from elsewhere gets another pose."""
    from rrb.geometry.image_io import save_mask

    camera = rrb.Camera.from_fov(demo.FOV_DEG, width=200, height=200)
    pose = rrb.Pose.from_viewpoint(120.0, 10.0, distance_m=2.0)
    mask = rrb.render(rrb.Mesh.load(demo.CHAIR), pose, camera).fragments.covered
    save_mask(tmp_path / "mask.png", mask.astype(np.float32))
    monkeypatch.setattr(demo, "MASK", tmp_path / "mask.png")
    monkeypatch.setattr(demo, "PICTURE", tmp_path / "mask.png")
    monkeypatch.setattr(demo, "pictures", dict)
    assert main(["demo", "--out", str(tmp_path / "out")]) == 0
    held = load_pose(tmp_path / "out" / "fit" / "pose.json")
    assert float(held.camera_from_object.distance(pose)[0]) < 0.3


def test_the_truth_is_not_what_the_reconstruction_is_given(monkeypatch, tmp_path):
    """With another truth in the list the same is found, and the errors are others."""
    name, said = next(iter(demo.pictures().items()))
    first = demo._reconstructed(name, said, tmp_path / "one")
    moved = {**said, "translation_m": [t + 1.0 for t in said["translation_m"]]}
    second = demo._reconstructed(name, moved, tmp_path / "two")
    poses = [load_pose(tmp_path / n / "pose.json").camera_from_object.matrix for n in ("one", "two")]
    np.testing.assert_array_equal(*poses)
    assert second["translation_error_m"] > first["translation_error_m"] + 0.3


def test_the_chair_keeps_our_conventions():
    """Metric, centred on its bounding box, closed, wound outwards, small, and without a mirror symmetry."""
    mesh = rrb.Mesh.load(demo.CHAIR)
    assert demo.CHAIR.stat().st_size < 150_000
    assert 2000 <= len(mesh.faces) <= 4000
    np.testing.assert_allclose(mesh.bounding_box().sum(0), 0, atol=1e-6)
    assert mesh.is_watertight
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    assert np.einsum("fi,fi->", a, np.cross(b, c)) > 0
    height = np.ptp(mesh.vertices[:, 1])
    assert 0.8 < height < 1.1
    high = mesh.vertices[mesh.vertices[:, 1] > 0.3 * height]
    assert high[:, 2].min() > 0  # the back is behind: the front looks to -z
    arm = mesh.vertices[np.abs(mesh.vertices[:, 1] - 0.2) < 0.03]
    assert (arm[arm[:, 2] < 0][:, 0] > 0).all()  # the one armrest


def test_the_chair_is_made_by_its_tool(tmp_path):
    tool = Path(__file__).parents[2] / "tools" / "make_assets.py"
    subprocess.run([sys.executable, tool, tmp_path], check=True, capture_output=True)
    made, kept = rrb.Mesh.load(tmp_path / "chair.glb"), rrb.Mesh.load(demo.CHAIR)
    np.testing.assert_array_equal(made.faces, kept.faces)
    np.testing.assert_allclose(made.vertices, kept.vertices, atol=1e-6)
    for name in ("chair_mask.png", "chair.json"):
        assert (tmp_path / name).read_bytes() == (demo.ASSETS / name).read_bytes()

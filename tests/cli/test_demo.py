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


def test_the_pose_is_recovered_and_the_files_say_so(tmp_path, capsys):
    out = tmp_path / "demo"
    assert main(["demo", "--out", str(out)]) == 0
    numbers = json.loads((out / "numbers.json").read_text())
    assert numbers["before"]["rotation_error_deg"] == pytest.approx(20.0)
    assert numbers["before"]["iou"] < 0.6
    assert numbers["after"]["rotation_error_deg"] < 0.1
    assert numbers["after"]["translation_error_m"] < 0.001
    assert numbers["after"]["iou"] > 0.99
    with Image.open(out / "fit.gif") as animation:
        assert animation.n_frames > 10
    with Image.open(out / "overlay.png") as picture:
        assert picture.size[0] > picture.size[1] > 100
    shown = capsys.readouterr().out
    assert "rotation error" in shown
    assert "IoU" in shown


@pytest.mark.parametrize("axis", [(0, 1, 0), (0, -1, 0), (1, 0, 0), (0, 0, -1), (-1, -1, 1)])
def test_it_is_recovered_whatever_the_axis(axis):
    mesh, camera = rrb.Mesh.load(demo.CHAIR), rrb.Camera.from_fov(42.0, width=128, height=128)
    truth = rrb.Pose.from_viewpoint(35.0, 20.0, distance_m=1.75)
    turn = np.radians(20.0) * np.array(axis) / np.linalg.norm(axis)
    start = truth.step(np.concatenate([turn, [0, 0, 0]]))
    target = rrb.render(mesh, truth, camera).silhouette
    with demo.one_torch_thread():
        found = demo.recover(mesh, camera, target, start, 150)[-1]
    degrees, metres = found.distance(truth)
    assert degrees < 0.3
    assert metres < 0.003


def test_iterations_below_one_are_refused(capsys):
    assert main(["demo", "--iterations", "0"]) == 2
    assert "--iterations" in capsys.readouterr().err


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

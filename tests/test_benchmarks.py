"""The benchmarks run and print what they promise; how fast anything is, no test says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The printed text and the JSON of one quick run without peers."""
    file = tmp_path_factory.mktemp("raster") / "raster.json"
    command = [sys.executable, BENCHMARKS / "raster.py", "--quick", "--no-peers", "--json", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(file.read_text())


@pytest.mark.parametrize("heading", ["The machine", "Milliseconds per picture", "Asked and measured"])
def test_it_prints_its_tables(run, heading):
    assert heading in run[0]


@pytest.mark.parametrize("approximation", ["antialias", "kato", "softras", "palazzi"])
@pytest.mark.parametrize("threads", [1, 2])
def test_every_approximation_is_timed_forward_and_backward(run, approximation, threads):
    rows = [
        row
        for row in run[1]["timings"]
        if (row["drawn_by"], row["threads"]) == (f"rrb {approximation}", threads)
    ]
    assert {row["section"] for row in rows} >= {"side by side", "batch"}
    for row in rows:
        apart = row["section"] != "forward alone"
        assert (row["backward_ms"] is not None) == apart
        assert all(time > 0 for part in ("forward_ms", "backward_ms") for time in row[part] or ())
        assert all(time > 0 for time in row["total_ms"])


def test_rounds_are_common_to_all_contenders_of_a_picture(run):
    counts = {}
    for row in run[1]["timings"]:
        picture = row["section"], row["faces"], row["side_px"]
        counts.setdefault(picture, set()).add(len(row["total_ms"]))
    assert all(len(found) == 1 for found in counts.values())
    assert all(min(found) >= run[1]["plan"]["fewest_rounds"] for found in counts.values())


def test_what_was_not_measured_is_not_called_met(run):
    unmeasured = [check for check in run[1]["checks"] if check["measured"] == "not measured"]
    assert unmeasured, "without peers nothing can be compared with them"
    assert all(check["met"] is None for check in unmeasured)


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize(("mesh", "n", "n_faces"), [("icosphere", 3, 1280), ("geodesic", 7, 980)])
def test_the_scene_is_the_closed_ellipsoid_that_it_claims(monkeypatch, mesh, n, n_faces, shuffled):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import numpy as np

    import _scene

    scene = _scene.stretched(*getattr(_scene, mesh)(n), 256)
    scene = _scene.in_random_order(scene) if shuffled else scene
    corners = scene.points[scene.faces]
    sixfold_volumes = np.einsum("fi,fi->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
    assert len(scene.faces) == n_faces
    # A closed outward surface encloses the same volume from wherever it is summed; inscribed, a little less.
    assert sixfold_volumes.sum() / 6 == pytest.approx(4 / 3 * np.pi * 0.7 * 0.5, rel=0.02)
    directed = np.concatenate([scene.faces[:, [0, 1]], scene.faces[:, [1, 2]], scene.faces[:, [2, 0]]])
    edges = {tuple(edge) for edge in directed.tolist()}
    assert len(edges) == len(directed)
    assert all((b, a) in edges for a, b in edges)

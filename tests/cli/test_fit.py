"""`rrb fit` for one mask: its files, its words, and one sentence where it cannot."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image

import rrb
import stub_fit
from rrb.cli.demo import CHAIR
from rrb.cli.main import main
from rrb.geometry.bop import load_bop_results
from rrb.geometry.image_io import save_image, save_mask
from rrb.geometry.pose_io import load_pose, save_pose
from rrb.geometry.primitives import box


@pytest.fixture
def solver(monkeypatch):
    made = stub_fit.Solver()
    monkeypatch.setitem(sys.modules, "rrb.fitting.fit", made.module)
    return made


@pytest.fixture
def files(tmp_path):
    """A mesh, a mask of it, 64 x 48, and more that goes with them."""
    mesh, camera = box((1.0, 0.6, 0.8)), rrb.Camera.from_fov(45.0, width=64, height=48)
    mesh.save(tmp_path / "box.obj")
    save_mask(tmp_path / "mask.png", rrb.render(mesh, stub_fit.FOUND, camera).silhouette)
    save_mask(tmp_path / "unknown.png", np.arange(64)[None] + np.zeros((48, 1)) < 10)
    save_image(tmp_path / "photo.png", np.full((48, 64, 3), (10, 200, 10), np.uint8))
    camera.save(tmp_path / "camera.json")
    save_pose(tmp_path / "start.json", stub_fit.OTHER, camera, scale=1.5)
    return tmp_path


def fit(files, *more, mask="mask.png", mesh="box.obj"):
    return main(["fit", str(files / mesh), str(files / mask), "--out", str(files / "out"), *map(str, more)])


def refusal(capsys, files, *more, **names):
    assert fit(files, *more, **names) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert not (files / "out").exists()
    return lines[0]


def test_the_files_hold_the_result(files, solver, capsys):
    assert fit(files, "--fov-deg", "45") == 0
    out = files / "out"
    assert {p.name for p in out.iterdir()} == {"pose.json", "overlay.png", "fit.gif"}
    held = load_pose(out / "pose.json")
    np.testing.assert_allclose(held.camera_from_object.matrix, stub_fit.FOUND.matrix)
    assert (held.iou, held.accepted, len(held.hypotheses)) == (0.875, True, 2)
    assert held.camera == rrb.Camera.from_fov(45.0, width=64, height=48)
    with Image.open(out / "overlay.png") as picture:
        assert picture.size[0] > 2 * 300  # a panel for each hypothesis
    with Image.open(out / "fit.gif") as animation:
        assert animation.n_frames == 10
    said = capsys.readouterr().out
    assert all(name in said for name in ("pose.json", "overlay.png", "fit.gif"))


def test_the_words_are_those_of_the_result(files, solver, capsys):
    fit(files, "--fov-deg", "45")
    said = capsys.readouterr().out
    assert "accepted: IoU 0.875" in said
    assert "azimuth 30.0, elevation 20.0, roll 5.0 degrees, distance 2.000 m" in said
    assert "rotation 2 degrees, translation 30 mm" in said  # roots of the largest eigenvalues
    assert "hypothesis 1: weight 0.75, IoU 0.875, azimuth 30.0" in said
    assert "weight 0.25, IoU 0.750, mirrored, azimuth 150.0, elevation -20.0" in said
    assert "the stub assumes everything" in said
    assert "assumed: metres, the camera's axis meets the middle of the picture" in said
    assert len(said.splitlines()) < 16


def test_nothing_is_said_to_be_assumed_that_was_given(files, solver, capsys):
    fit(files, "--camera", files / "camera.json", "--unit", "cm")
    assert "assumed:" not in capsys.readouterr().out


def test_what_is_not_accepted_is_said_and_no_failure(files, solver, capsys):
    solver.answer = stub_fit.rejected
    assert fit(files, "--fov-deg", "45") == 0
    assert "not accepted: the overlap is too small (IoU 0.300)" in capsys.readouterr().out
    held = load_pose(files / "out" / "pose.json")
    assert (held.accepted, held.reason) == (False, "the overlap is too small")


def test_everything_said_reaches_the_solver(files, solver):
    start, unknown = files / "start.json", files / "unknown.png"
    more = ["--init", start, "--unknown", unknown, "--upright", "--camera-height-m", "1.25", "--unit", "mm"]
    lens = ["--focal-px", "70", "--principal-point", "30.5", "20"]
    assert fit(files, *more, *lens) == 0
    (call,) = solver.calls
    np.testing.assert_array_equal(call["mask"], rrb.load_mask(files / "mask.png"))
    np.testing.assert_array_equal(call["unknown"], rrb.load_mask(unknown))
    np.testing.assert_allclose(call["init"].matrix, stub_fit.OTHER.matrix)
    np.testing.assert_allclose(np.ptp(call["mesh"].vertices, axis=0), [0.001, 0.0006, 0.0008])
    assert call["camera"] == rrb.Camera(70.0, 70.0, 31.0, 20.5, 64, 48)
    assert (call["scale"], call["upright"], call["camera_height_m"]) == (1.5, True, 1.25)
    assert call["variables"] == ("rotation", "translation", "scale")


def test_without_flags_the_solver_is_told_nothing(files, solver):
    fit(files, "--fov-deg", "45")
    (call,) = solver.calls
    known = {name: call[name] for name in ("init", "unknown", "camera_height_m", "upright", "scale")}
    assert known == {"init": None, "unknown": None, "camera_height_m": None, "upright": False, "scale": 1.0}
    assert call["variables"] == ("rotation", "translation")


def test_variables_that_are_said_are_the_variables(files, solver):
    fit(files, "--fov-deg", "45", "--camera-height-m", "1", "--variables", "azimuth", "translation")
    assert solver.calls[0]["variables"] == ("azimuth", "translation")


def test_a_label_chooses_the_object(files, solver):
    labels = np.zeros((48, 64), np.uint8)
    labels[10:30, 20:40], labels[30:40, 20:40] = 3, 5
    save_image(files / "labels.png", labels)
    assert fit(files, "--fov-deg", "45", "--label", "3", mask="labels.png") == 0
    np.testing.assert_array_equal(solver.calls[0]["mask"], labels == 3)
    colours = np.stack([labels, 0 * labels, 2 * labels], -1)
    save_image(files / "colours.png", colours)
    assert fit(files, "--fov-deg", "45", "--label", "5", "0", "10", mask="colours.png") == 0
    np.testing.assert_array_equal(solver.calls[1]["mask"], labels == 5)


def test_a_mask_may_be_an_annotation_of_coco(files, solver, capsys):
    square = {"id": 7, "segmentation": [[10, 10, 30, 10, 30, 40, 10, 40]]}
    other = {"id": 8, "segmentation": [[0, 0, 9, 0, 9, 9]]}
    (files / "mask.json").write_text(json.dumps({"annotations": [square, other]}))
    lens = ["--fov-deg", "45", "--label", "7"]
    assert "--image" in refusal(capsys, files, *lens, mask="mask.json")
    assert "--label" in refusal(capsys, files, *lens[:2], mask="mask.json")
    for more in (
        [*lens, "--image", files / "photo.png"],
        ["--camera", files / "camera.json", "--label", "7"],
    ):
        assert fit(files, *more, mask="mask.json") == 0
        seen = solver.calls[-1]["mask"]
        assert seen.shape == (48, 64)
        assert (seen[10:40, 10:30].all(), seen.sum()) == (True, 600)


def test_the_photo_is_drawn_on(files, solver):
    fit(files, "--fov-deg", "45")
    plain = np.asarray(Image.open(files / "out" / "overlay.png")).astype(int)
    fit(files, "--fov-deg", "45", "--image", files / "photo.png")
    photo = np.asarray(Image.open(files / "out" / "overlay.png")).astype(int)
    green = [(np.abs(p - (10, 200, 10)).max(-1) < 3).mean() for p in (plain, photo)]
    assert green[0] == 0
    assert green[1] > 0.5


def test_scale_and_focal_length_are_said_where_they_moved(files, solver, capsys):
    def answer(mesh, mask, camera, **known):
        result = stub_fit.found(mesh, mask, camera, **known)
        covariance = np.diag([*np.diagonal(result.covariance), 0.03**2, 0.04**2])
        wider = replace(camera, fx_px=100.0, fy_px=100.0)
        moved = (*result.moved, "scale", "focal_length")
        return replace(result, scale=2.0, camera=wider, moved=moved, covariance=covariance)

    solver.answer = answer
    fit(files, "--fov-deg", "45", "--camera-height-m", "1")
    said = capsys.readouterr().out
    assert "scale 2: the object is 2 x 1.2 x 1.6 m" in said
    assert "focal length 100.0 pixels" in said
    assert "scale 3 %" in said
    assert "focal length 4 %" in said


def test_hypotheses_without_weight_are_neither_said_nor_drawn(files, solver, capsys):
    def answer(*args, **known):
        best, other = (result := stub_fit.found(*args, **known)).hypotheses
        return replace(result, hypotheses=(replace(best, weight=0.998), replace(other, weight=0.002)))

    solver.answer = answer
    fit(files, "--fov-deg", "45")
    assert "hypothesis" not in capsys.readouterr().out
    assert len(load_pose(files / "out" / "pose.json").hypotheses) == 2
    with Image.open(files / "out" / "overlay.png") as picture:
        assert picture.size[0] < 2 * 300


def test_every_hypothesis_is_drawn_at_its_own_size_and_focal_length(files, solver, monkeypatch):
    from rrb.raster import render as module

    def answer(*args, **known):
        result = stub_fit.found(*args, **known)
        best, other = result.hypotheses
        return replace(result, hypotheses=(best, replace(other, scale=1.5, focal_px=200.0)), history=())

    drawn, render = [], module.render
    monkeypatch.setattr(
        module,
        "render",
        lambda *a, **k: drawn.append((k["scale"], a[2].fx_px / a[2].width_px)) or render(*a, **k),
    )
    solver.answer = answer
    assert fit(files, "--focal-px", "100") == 0
    (first, focal), (second, longer) = drawn[:2]
    assert (first, second) == (1.0, 1.5)
    assert longer == pytest.approx(2 * focal)


def test_a_result_without_covariance_and_hypotheses_is_shown(files, solver, capsys):
    def answer(*args, **known):
        return replace(stub_fit.found(*args, **known), covariance=None, hypotheses=(), history=())

    solver.answer = answer
    assert fit(files, "--fov-deg", "45") == 0
    assert "unknown" in capsys.readouterr().out
    with Image.open(files / "out" / "fit.gif") as animation:
        assert animation.n_frames == 1


# --- BOP ------------------------------------------------------------------------------------------


def test_a_row_of_bop_is_the_pose(files, solver, capsys):
    assert fit(files, "--fov-deg", "45", "--bop-ids", "3", "14", "5") == 0
    (row,) = load_bop_results(files / "out" / "bop.csv")
    assert (row.scene_id, row.im_id, row.obj_id, row.score) == (3, 14, 5, 0.875)
    np.testing.assert_allclose(row.camera_from_object.matrix, stub_fit.FOUND.matrix, atol=1e-12)
    assert row.time_s >= 0
    capsys.readouterr()
    fit(files, "--fov-deg", "45", "--bop")
    assert "--bop-ids 1 0 1" in capsys.readouterr().out


def test_bop_has_no_scale(files, solver, capsys):
    for more in (
        ["--camera-height-m", "1"],
        ["--variables", "rotation", "scale"],
        ["--init", files / "start.json"],
    ):
        assert "scale" in refusal(capsys, files, "--fov-deg", "45", "--bop", *more)


# --- what cannot be used --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ([], "--focal-px"),
        (["--principal-point", "3", "4"], "--fov-deg"),
        (["--fov-deg", "45", "--focal-px", "70"], "--fov-deg"),
        (["--fov-deg", "45", "--camera", "{}/camera.json"], "--fov-deg"),
        (["--fov-deg", "0"], "fov_deg"),
        (["--camera", "{}/none.json"], "none.json"),
        (["--camera", "{}/start.json"], "start.json"),
        (["--fov-deg", "45", "--init", "{}/camera.json"], "camera.json"),
        (["--fov-deg", "45", "--init", "{}/none.json"], "none.json"),
        (["--fov-deg", "45", "--init", "{}"], "folder"),
        (["--fov-deg", "45", "--unknown", "{}/none.png"], "none.png"),
        (["--fov-deg", "45", "--unknown", "{}/small.png"], "small.png is 8x6 but the mask"),
        (["--fov-deg", "45", "--image", "{}/small.png"], "small.png is 8x6 but the mask"),
        (["--fov-deg", "45", "--image", "{}/box.obj"], "box.obj"),
        (["--camera", "{}/small.json"], "small.json is 8x6 but the mask"),
        (["--fov-deg", "45", "--bop-ids", "-1", "0", "1"], "--bop-ids"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(files, solver, capsys, more, word):
    save_mask(files / "small.png", np.ones((6, 8)))
    rrb.Camera.from_fov(45.0, width=8, height=6).save(files / "small.json")
    assert word in refusal(capsys, files, *(m.replace("{}", str(files)) for m in more))
    assert not solver.calls


def test_bad_meshes_and_masks_are_one_sentence(files, solver, capsys):
    said = partial(refusal, capsys, files, "--fov-deg", "45")
    save_mask(files / "empty.png", np.zeros((48, 64)))
    save_image(files / "labels.png", np.kron([[0, 1], [2, 3]], np.ones((9, 9))).astype(np.uint8))
    (files / "text.png").write_text("hello")
    assert "none.obj" in said(mesh="none.obj")
    assert "mask.png" in said(mesh="mask.png")
    assert "none.png" in said(mask="none.png")
    assert "box.obj" in said(mask="box.obj")
    assert "text.png" in said(mask="text.png")
    assert "empty.png" in said(mask="empty.png")
    assert "--label" in said(mask="labels.png")
    assert not solver.calls


def test_out_that_is_a_file_is_refused_before_the_work(files, solver, capsys):
    for out in (files / "mask.png", files / "mask.png" / "below"):
        arguments = ["fit", files / "box.obj", files / "mask.png", "--fov-deg", "45", "--out", out]
        assert main([*map(str, arguments)]) == 2
        assert "mask.png is a file" in capsys.readouterr().err
    assert not solver.calls


def test_help_fits_a_screen_and_is_light():
    code = (
        "import sys\nfrom rrb.cli.main import main\n"
        "try: main(['fit', '--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'numba', 'PIL', 'skimage'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"COLUMNS": "120"}
    )
    assert done.stdout.strip().endswith("[]")
    assert len(done.stdout.splitlines()) < 48
    assert "None" not in done.stdout


# --- with the solver ------------------------------------------------------------------------------


def test_a_chair_is_found_and_drawn_again_where_it_was(tmp_path, capsys):
    """The real thing, without a start: the pose of the drawing that the mask was taken from."""
    out, truth = str(tmp_path / "drawn"), rrb.Pose.from_viewpoint(35.0, 20.0, 5.0, distance_m=2.0)
    lens = ["--fov-deg", "45"]
    view = [
        "--azimuth-deg",
        "35",
        "--elevation-deg",
        "20",
        "--roll-deg",
        "5",
        "--distance-m",
        "2",
        "--size",
        "160",
    ]
    assert main(["render", str(CHAIR), *view, *lens, "--supersampling", "1", "--out", out]) == 0
    mask, image = f"{out}/silhouette.png", f"{out}/colour.png"
    assert (
        main(["fit", str(CHAIR), mask, *lens, "--image", image, "--bop", "--out", str(tmp_path / "fit")]) == 0
    )
    assert "\naccepted: IoU 0.9" in capsys.readouterr().out
    held = load_pose(tmp_path / "fit" / "pose.json")
    (row,) = load_bop_results(tmp_path / "fit" / "bop.csv")
    for pose in (held.camera_from_object, row.camera_from_object):
        degrees, metres = pose.distance(truth)
        assert degrees < 0.5
        assert metres < 0.02

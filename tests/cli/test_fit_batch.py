"""`rrb fit` for many masks: nothing finished is done again, nothing half done is believed, nothing bad stops it."""

import csv
import io
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

import rrb
import stub_fit
from rrb.cli._progress import Progress
from rrb.cli._results_csv import Results
from rrb.cli.main import main
from rrb.errors import BadFileError
from rrb.geometry.bop import load_bop_results
from rrb.geometry.image_io import save_image, save_mask
from rrb.geometry.pose_io import load_pose, save_pose
from rrb.geometry.primitives import box

NAMES = ["a", "b", "c", "d"]
LENS = ("--fov-deg", "45")


@pytest.fixture
def solver(monkeypatch):
    made = stub_fit.Solver()
    monkeypatch.setitem(sys.modules, "rrb.fitting.fit", made.module)
    return made


@pytest.fixture
def files(tmp_path):
    """Four masks, 32 x 24, that differ."""
    box((1.0, 0.6, 0.8)).save(tmp_path / "box.obj")
    for i, name in enumerate(NAMES):
        save_mask(mask_path(tmp_path, name), patch(i))
    return tmp_path


def mask_path(files, name):
    (files / "masks").mkdir(exist_ok=True)
    return files / "masks" / f"{name}.png"


def patch(i):
    mask = np.zeros((24, 32))
    mask[4:18, 5 : 12 + i] = 1
    return mask


def arguments(files, *more, mesh="box.obj", masks="masks"):
    return ["fit", str(files / mesh), str(files / masks), "--out", str(files / "out"), *map(str, more)]


def fit(files, *more, **names):
    return main(arguments(files, *LENS, *more, **names))


def table(files):
    with open(files / "out" / "results.csv", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def fitted(solver):
    """Which of the patches the solver was given since last asked."""
    found = [int(call["mask"].any(0).sum()) - 7 for call in solver.calls]
    solver.calls.clear()
    return found


def everything(folder):
    return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_every_mask_has_its_files_and_its_line(files, solver, capsys):
    assert fit(files) == 0
    assert fitted(solver) == [0, 1, 2, 3]
    for name in NAMES:
        assert {p.name for p in (files / "out" / name).iterdir()} == {"pose.json", "overlay.png"}
    rows = table(files)
    assert list(rows) == NAMES
    held = load_pose(files / "out" / "c" / "pose.json")
    assert float(rows["c"]["iou"]) == held.iou == 0.875
    assert (rows["c"]["accepted"], rows["c"]["error"], rows["c"]["hypotheses"]) == ("yes", "", "2")
    view = [float(rows["c"][n]) for n in ("azimuth_deg", "elevation_deg", "roll_deg", "distance_m")]
    np.testing.assert_allclose(view, held.camera_from_object.to_viewpoint())
    assert float(rows["c"]["rotation_sd_deg"]) == pytest.approx(2.0)
    assert float(rows["c"]["translation_sd_mm"]) == pytest.approx(30.0)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 5
    assert [line.split("] ")[1].split(":")[0] for line in said[:4]] == NAMES
    assert said[0].startswith("[1/4, ")
    assert "4 masks: 4 accepted, 0 not accepted, 0 skipped" in said[4]


def test_done_again_nothing_is_done(files, solver, capsys):
    fit(files, "--gif")
    before = everything(files / "out")
    fitted(solver)
    assert fit(files, "--gif") == 0
    assert fitted(solver) == []
    assert everything(files / "out") == before
    assert "4 of 4 were done before" in capsys.readouterr().out


def test_what_is_missing_or_new_is_done(files, solver):
    fit(files)
    fitted(solver)
    (files / "out" / "b" / "overlay.png").unlink()
    (files / "out" / "c" / "pose.json").unlink()
    save_mask(mask_path(files, "e"), patch(7))
    fit(files)
    assert fitted(solver) == [1, 2, 7]
    fit(files, "--gif")
    assert fitted(solver) == [0, 1, 2, 3, 7]
    assert sorted(table(files)) == [*NAMES, "e"]


def test_a_file_that_holds_something_else_is_done_again(files, solver):
    unknown = files / "unknown.png"
    save_mask(unknown, np.zeros((24, 32)))
    fit(files, "--unknown", unknown)
    save_mask(mask_path(files, "b"), patch(9))
    fitted(solver)
    fit(files, "--unknown", unknown)
    assert fitted(solver) == [9]
    # The same bytes under another date are the same.
    mask_path(files, "c").write_bytes(mask_path(files, "c").read_bytes())
    fit(files, "--unknown", unknown)
    assert fitted(solver) == []
    save_mask(unknown, np.arange(32)[None] + np.zeros((24, 1)) < 3)
    fit(files, "--unknown", unknown)
    assert fitted(solver) == [0, 1 + 8, 2, 3]
    box((1.0, 0.5, 0.8)).save(files / "box.obj")
    fit(files, "--unknown", unknown)
    assert len(fitted(solver)) == 4
    with open(files / "out" / "results.csv") as file:
        assert len(file.readlines()) == 5  # no line twice


@pytest.mark.parametrize(
    "more",
    [
        ["--fov-deg", "46"],
        ["--focal-px", "30"],
        ["--camera", "camera.json"],
        [*LENS, "--unit", "cm"],
        [*LENS, "--upright"],
        [*LENS, "--camera-height-m", "1"],
        [*LENS, "--variables", "azimuth", "translation"],
        [*LENS, "--principal-point", "15", "11.5"],
    ],
)
def test_other_options_are_refused_and_change_nothing(files, solver, capsys, monkeypatch, more):
    monkeypatch.chdir(files)
    rrb.Camera.from_fov(45.0, width=32, height=24).save("camera.json")
    fit(files)
    before = everything(files / "out")
    fitted(solver)
    assert main(arguments(files, *more)) == 2
    said = capsys.readouterr().err
    assert any(flag in said for flag in more if flag.startswith("--"))
    assert everything(files / "out") == before
    (files / "out" / "batch.json").unlink()
    assert main(arguments(files, *more)) == 0
    assert fitted(solver) == [0, 1, 2, 3]


def test_what_cannot_be_used_is_skipped_and_said(files, solver, capsys):
    fit(files)
    mask_path(files, "b").write_text("hello")
    save_mask(mask_path(files, "d"), np.zeros((24, 32)))
    fitted(solver)
    assert fit(files) == 0
    assert fitted(solver) == []
    said = capsys.readouterr().out
    assert "b: skipped: " in said
    assert "4 masks: 2 accepted, 0 not accepted, 2 skipped" in said
    rows = table(files)
    assert sorted(rows) == NAMES
    assert "b.png" in rows["b"]["error"]
    assert "empty" in rows["d"]["error"]
    assert not (files / "out" / "b" / "pose.json").exists()  # that of the mask which was there
    save_mask(mask_path(files, "b"), patch(1))
    assert fit(files) == 0
    assert fitted(solver) == [1]  # mended
    assert table(files)["b"]["error"] == ""


def test_if_nothing_can_be_fitted_it_is_two(files, solver, capsys):
    for name in NAMES:
        save_mask(mask_path(files, name), np.zeros((24, 32)))
    assert fit(files) == 2
    assert "none of the 4" in capsys.readouterr().err


def test_not_accepted_is_counted_and_no_failure(files, solver, capsys):
    def answer(mesh, mask, camera, **known):
        made = stub_fit.rejected if mask.any(0).sum() == 8 else stub_fit.found
        return made(mesh, mask, camera, **known)

    solver.answer = answer
    assert fit(files) == 0
    assert "3 accepted, 1 not accepted, 0 skipped" in capsys.readouterr().out
    assert (table(files)["b"]["accepted"], table(files)["b"]["reason"]) == ("no", "the overlap is too small")


def test_a_fault_of_ours_does_not_stop_the_others(files, solver, capsys):
    def answer(mesh, mask, camera, **known):
        if mask.any(0).sum() == 8:
            raise ZeroDivisionError("division\nby zero")
        return stub_fit.found(mesh, mask, camera, **known)

    solver.answer = answer
    assert fit(files) == 1
    assert "3 accepted, 0 not accepted, 1 skipped" in capsys.readouterr().out
    assert "ZeroDivisionError: division by zero" in table(files)["b"]["error"]
    with pytest.raises(RuntimeError) as raised:
        fit(files, "--debug")
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


# --- killed and stopped ---------------------------------------------------------------------------

CHILD = """
import signal, sys
sys.path.insert(0, {tests!r})
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background
import stub_fit

def answer(*args, **known):
    if len(solver.calls) == 3:
        print("waiting", flush=True)
        sys.stdin.read()
    return stub_fit.found(*args, **known)

solver = stub_fit.Solver(answer)
solver.install()
from rrb.cli.main import main
sys.exit(main({arguments!r}))
"""


def stopped(files, number):
    """A process that was sent a signal while its third fit was under way: (exit code, stderr)."""
    code = CHILD.format(tests=str(Path(stub_fit.__file__).parent), arguments=arguments(files, *LENS))
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in child.stdout:
        if line == "waiting\n":
            child.send_signal(number)
            break
    _, said = child.communicate()
    return child.returncode, said


def test_killed_in_the_middle_it_continues(files, solver):
    code, _ = stopped(files, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert list(table(files)) == ["a", "b"]
    finished = everything(files / "out" / "a") | everything(files / "out" / "b")
    assert fit(files) == 0
    assert fitted(solver) == [2, 3]
    now = everything(files / "out")
    assert {path: now[path] for path in finished} == finished
    assert list(table(files)) == NAMES


def test_stopped_by_hand_it_says_how_to_continue(files, solver):
    code, said = stopped(files, signal.SIGINT)
    assert code == 130
    assert said.strip().splitlines() == ["rrb: stopped with 2 of 4 done; the same command continues"]
    assert fit(files) == 0
    assert fitted(solver) == [2, 3]


@pytest.mark.parametrize("kept", [1, 20, -1])
def test_half_a_line_is_no_line(files, solver, kept):
    """Whatever part of the third line reached the disk."""
    fit(files)
    path = files / "out" / "results.csv"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:kept])
    fitted(solver)
    assert fit(files) == 0
    assert fitted(solver) == [2, 3]
    assert list(table(files)) == NAMES


def test_a_killed_write_leaves_no_pose_that_is_believed(files, solver):
    """The pose of what was there goes before the pictures of what comes: a line tells only of whole folders."""
    fit(files)
    save_mask(mask_path(files, "b"), patch(8))

    def answer(mesh, mask, camera, **known):
        assert not (files / "out" / "b" / "pose.json").exists()
        raise KeyboardInterrupt

    solver.answer = answer
    assert fit(files) == 130
    assert "b" not in table(files)


# --- which files belong together ------------------------------------------------------------------


def test_folders_go_with_the_masks_by_name(files, solver):
    for folder in ("meshes", "unknown", "photos", "starts"):
        (files / folder).mkdir()
    save_pose(files / "start.json", stub_fit.OTHER, None)
    for i, name in enumerate(NAMES):
        box((1.0 + i, 0.6, 0.8)).save(files / "meshes" / f"{name}.ply")
        save_mask(files / "unknown" / f"{name}.png", np.arange(32)[None] + np.zeros((24, 1)) < i)
        save_image(files / "photos" / f"{name}.jpg", np.full((24, 32, 3), (10, 200, 10), np.uint8))
        pose = stub_fit.FOUND.step([0, 0, 0, 0.1 * i, 0, 0])
        if i % 2:  # as an earlier batch leaves them
            (files / "starts" / name).mkdir()
        path = files / "starts" / (f"{name}/pose.json" if i % 2 else f"{name}.json")
        save_pose(path, pose, None, scale=1.0 + i)
    folders = ["--unknown", files / "unknown", "--image", files / "photos", "--init", files / "starts"]
    assert fit(files, *folders, mesh="meshes") == 0
    for i, call in enumerate(solver.calls):
        assert np.ptp(call["mesh"].vertices[:, 0]) == pytest.approx(1.0 + i)
        assert call["unknown"].any(0).sum() == i
        assert call["scale"] == 1.0 + i
        np.testing.assert_allclose(call["init"].translation[0], 0.1 * i, atol=1e-12)
    overlay = np.asarray(Image.open(files / "out" / "c" / "overlay.png")).astype(int)
    assert (np.abs(overlay - (10, 200, 10)).max(-1) < 6).any()


def test_what_is_not_in_a_folder_is_said(files, solver, capsys):
    (files / "starts").mkdir()
    (files / "meshes").mkdir()
    for name in NAMES[:3]:
        box().save(files / "meshes" / f"{name}.ply")
        save_pose(files / "starts" / f"{name}.json", stub_fit.FOUND, None)
    box().save(files / "meshes" / "a.obj")
    (files / "starts" / "b.json").unlink()
    assert fit(files, "--init", files / "starts", mesh="meshes") == 0
    rows = table(files)
    assert "several of a.obj, a.ply" in rows["a"]["error"]
    assert "none of b.json, b/pose.json" in rows["b"]["error"]
    assert rows["c"]["error"] == ""
    assert "none of d." in rows["d"]["error"]


def test_masks_of_several_sizes_have_their_own_cameras(files, solver):
    save_mask(mask_path(files, "b"), np.kron(patch(1), np.ones((2, 2))))
    fit(files)
    assert [call["camera"].width_px for call in solver.calls] == [32, 64, 32, 32]
    assert all(call["camera"].fov_deg() == pytest.approx(45.0) for call in solver.calls)


def test_a_pattern_chooses(files, solver):
    (files / "masks" / "notes.txt").write_text("no mask")
    (files / "masks" / ".hidden.png").write_text("no mask")
    fit(files)
    assert list(table(files)) == NAMES
    assert fit(files, masks="masks/[bc].*") == 0
    assert list(table(files)) == NAMES
    fitted(solver)
    assert (
        main(
            ["fit", *map(str, (files / "box.obj", files / "masks/[bc].*")), *LENS, "--out", str(files / "2")]
        )
        == 0
    )
    assert fitted(solver) == [1, 2]


@pytest.mark.parametrize(
    ("prepare", "word"),
    [
        (lambda files: [p.unlink() for p in (files / "masks").iterdir()], "no mask"),
        (
            lambda files: save_image(files / "masks" / "a.bmp", np.zeros((4, 4), np.uint8)),
            "several masks are called a",
        ),
        (lambda files: (files / "box.obj").unlink(), "box.obj"),
        (lambda files: (files / "out").write_text(""), "is a file"),
        (
            lambda files: ((files / "out").mkdir(), (files / "out" / "results.csv").write_text("x,y\n")),
            "another table",
        ),
        (
            lambda files: ((files / "out").mkdir(), (files / "out" / "batch.json").write_text("{}")),
            "batch.json",
        ),
    ],
)
def test_what_no_mask_could_use_is_refused_at_once(files, solver, capsys, prepare, word):
    prepare(files)
    assert fit(files) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert word in lines[0]
    assert not solver.calls


def test_no_camera_is_refused_at_once(files, solver, capsys):
    assert main(arguments(files)) == 2
    assert "--focal-px" in capsys.readouterr().err
    assert not (files / "out").exists()


# --- BOP ------------------------------------------------------------------------------------------


def test_bop_rows_of_one_image_share_its_time(files, solver):
    for name in NAMES:
        mask_path(files, name).unlink()
    for i, name in enumerate(("000003_000000", "000003_000001", "000012_000000")):
        save_mask(mask_path(files, name), patch(i))
    assert fit(files, "--bop-ids", "7", "0", "9") == 0
    rows = load_bop_results(files / "out" / "bop.csv")
    assert [(r.scene_id, r.im_id, r.obj_id) for r in rows] == [(7, 3, 9), (7, 3, 9), (7, 12, 9)]
    seconds = [float(row["seconds"]) for row in table(files).values()]
    np.testing.assert_allclose(
        [r.time_s for r in rows], [seconds[0] + seconds[1]] * 2 + [seconds[2]], atol=1e-5
    )


def test_bop_needs_numbers_for_names(files, solver, capsys):
    assert fit(files, "--bop") == 2
    assert "number" in capsys.readouterr().err
    assert not (files / "out").exists()


# --- its parts ------------------------------------------------------------------------------------


def test_a_terminal_has_a_bar():
    screen = io.StringIO()
    with Progress(5, 2, Console(file=screen, force_terminal=True, width=100)) as progress:
        progress.advance("first [red]line[/red]")
        progress.advance("second")
    shown = screen.getvalue()
    assert "first [red]line[/red]\n" in shown
    assert "3/5" in shown or "4/5" in shown
    assert "left" in shown


def test_a_table_survives_what_is_written_in_it(tmp_path):
    results = Results(tmp_path / "r.csv", ("name", "text", "number"))
    results.keep(())
    odd = {'a,"b"': 'quotes " and, commas\nand lines', "ü": "", "c": "x"}
    for i, (name, text) in enumerate(odd.items()):
        results.add({"name": name, "text": text, "number": i / 3})
    again = Results(tmp_path / "r.csv", ("name", "text", "number"))
    assert list(again.rows) == list(odd)
    assert again.rows['a,"b"']["text"] == 'quotes " and, commas and lines'
    assert float(again.rows["ü"]["number"]) == 1 / 3
    before = (tmp_path / "r.csv").read_bytes()
    again.keep(odd)
    assert (tmp_path / "r.csv").read_bytes() == before
    with pytest.raises(BadFileError, match="another table"):
        Results(tmp_path / "r.csv", ("name", "other"))


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_a_table_that_was_cut_anywhere_is_read(tmp_path, cut):
    results = Results(tmp_path / "r.csv", ("name", "text"))
    results.keep(())
    for i in range(4):
        results.add({"name": i, "text": 'long "text", quoted'})
    data = (tmp_path / "r.csv").read_bytes()[:cut]
    (tmp_path / "r.csv").write_bytes(data)
    again = Results(tmp_path / "r.csv", ("name", "text"))
    assert list(again.rows) == [str(i) for i in range(max(data.count(b"\n") - 1, 0))]

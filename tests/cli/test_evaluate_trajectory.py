"""`rrb evaluate trajectory`: evo's numbers by evo's flags, what is told of the files, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

import rrb
from made_data import sentence
from rrb.cli.main import main
from rrb.egomotion import Trajectory
from rrb.geometry.rotations import about_axis

EVO = Path(__file__).parents[1] / "evaluation" / "evo"
CASES = json.loads((EVO / "numbers.json").read_text())["cases"]


def evaluate(*arguments):
    return main(["evaluate", "trajectory", *map(str, arguments)])


def measures_of(folder):
    held = json.loads((folder / "measures.json").read_text())
    assert held["format"] == "rrb.trajectory-measures/1"
    return held


def evos(measure, pair, relation, options):
    (numbers,) = (
        case["numbers"]
        for case in CASES
        if (case["measure"], case["pair"], case["relation"], case["options"])
        == (measure, pair, relation, options)
    )
    return numbers


def assert_evos(entry, numbers):
    assert entry["count"] == len(entry["errors"]) == len(entry["times_s"]) == numbers["n"]
    for name, value in entry["statistics"].items():
        assert value == pytest.approx(numbers[name], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("flags", "options"),
    [
        (["--no-align"], {}),
        (["--align"], {"align": True}),
        (["-a", "-s"], {"align": True, "correct_scale": True}),
        (["-as", "--n_to_align", 15], {"align": True, "correct_scale": True, "n_to_align": 15}),
        (["--correct_scale"], {"correct_scale": True}),
        (["--align-origin"], {"align_origin": True}),
        (["--align_origin", "-s"], {"align_origin": True, "correct_scale": True}),
    ],
)
def test_flags_mean_what_evos_do(flags, options, tmp_path):
    files = EVO / "true.txt", EVO / "noisy.txt"
    assert evaluate(*files, *flags, "-r", "full", "--out", tmp_path) == 0
    ate, rpe = measures_of(tmp_path)["measures"]
    assert (ate["measure"], rpe["measure"]) == ("ATE", "RPE")
    assert_evos(ate, evos("ape", 0, "full", options))


@pytest.mark.parametrize(
    ("flags", "options"),
    [
        (["-d", 7], {"delta": 7, "delta_unit": "f", "all_pairs": False}),
        (["-d", 0.5, "-u", "m", "--all_pairs"], {"delta": 0.5, "delta_unit": "m", "all_pairs": True}),
        (["--delta", 12, "--delta-unit", "d"], {"delta": 12.0, "delta_unit": "d", "all_pairs": False}),
    ],
)
def test_motions_are_those_of_evo(flags, options, tmp_path):
    files = EVO / "true.txt", EVO / "dense.txt"
    assert evaluate(*files, "--t_offset", -2.5, "-s", *flags, "-r", "angle_deg", "--out", tmp_path) == 0
    _, rpe = measures_of(tmp_path)["measures"]
    assert_evos(rpe, evos("rpe", 2, "angle_deg", {**options, "correct_scale": True}))


def test_times_nearer_than_asked(tmp_path):
    files = EVO / "true.txt", EVO / "noisy.txt"
    assert evaluate(*files, "--t-max-diff", 0.003, "-a", "--out", tmp_path) == 0
    assert_evos(measures_of(tmp_path)["measures"][0], evos("ape", 1, "trans_part", {"align": True}))


def test_nothing_asked_shows_both_alignments(capsys, tmp_path):
    assert evaluate(EVO / "true.txt", EVO / "noisy.txt", "--out", tmp_path / "new") == 0
    printed = capsys.readouterr().out
    se3, sim3 = printed.split("After Sim(3) alignment, the estimate's scale times 1.42526")
    for part, options in ((se3, {"align": True}), (sim3, {"align": True, "correct_scale": True})):
        for name, relation in (("translation (m)", "trans_part"), ("rotation (deg)", "angle_deg")):
            (line,) = (line for line in part.splitlines() if line.startswith(f"ATE {name}"))
            numbers = list(evos("ape", 0, relation, options).values())
            shown = line.removeprefix(f"ATE {name}").split()
            assert [float(word) for word in shown] == pytest.approx(numbers, abs=6e-7)
            assert f"RPE {name}" in part
    assert "60 poses" in se3
    assert "48 poses belong together" in se3
    assert len(measures_of(tmp_path / "new")["measures"]) == 8


def test_the_alignment_in_the_file_is_the_one_that_was_used(tmp_path):
    evaluate(EVO / "street_true.txt", EVO / "street.txt", "-as", "--out", tmp_path)
    ate = measures_of(tmp_path)["measures"][0]
    reference, estimate = (
        Trajectory.load_kitti(EVO / name).world_from_camera.translation
        for name in ("street_true.txt", "street.txt")
    )
    said = ate["alignment"]
    aligned = said["scale"] * estimate @ np.transpose(said["rotation"]) + said["translation_m"]
    np.testing.assert_allclose(np.linalg.norm(aligned - reference, axis=1), ate["errors"], atol=1e-12)


def test_a_motions_error_has_the_time_of_its_later_pose(tmp_path):
    evaluate(EVO / "true.txt", EVO / "true.txt", "-d", 7, "--out", tmp_path)
    times_s = Trajectory.load_tum(EVO / "true.txt").times_s
    for entry in measures_of(tmp_path)["measures"]:
        assert entry["times_s"] == list(times_s if entry["measure"] == "ATE" else times_s[7::7])


# --- formats ----------------------------------------------------------------------------------------


@pytest.fixture
def path():
    turn = np.linspace(0, 3, 20)
    centres = np.stack([np.cos(turn), 0.1 * turn, np.sin(turn)], 1)
    return Trajectory.of_known(turn, rrb.Pose(about_axis(1, turn), centres))


def test_formats_may_differ(path, tmp_path, capsys):
    path.save_tum(tmp_path / "t.txt")
    path.save_kitti(tmp_path / "k.txt")
    path.save(tmp_path / "path.json")
    for other in ("k.txt", "path.json"):
        assert evaluate(tmp_path / "t.txt", tmp_path / other, "--no-align", "--out", tmp_path) == 0
        assert all(m["statistics"]["max"] < 1e-6 for m in measures_of(tmp_path)["measures"])
    capsys.readouterr()
    assert evaluate(tmp_path / "t.txt", tmp_path / "t.txt", "--format", "kitti") == 2
    assert "it has 8 columns; 12" in sentence(capsys)


def test_frames_that_are_not_known_are_left_out(path, tmp_path, capsys):
    known = np.arange(20) % 4 != 0
    wrong = rrb.Pose(
        path.world_from_camera.rotation, path.world_from_camera.translation + 9.0 * ~known[:, None]
    )
    Trajectory(path.times_s, wrong, known, 1.0 * known, is_metric=False).save(tmp_path / "found.json")
    path.save_tum(tmp_path / "true.txt")
    assert evaluate(tmp_path / "true.txt", tmp_path / "found.json", "--no-align", "--out", tmp_path) == 0
    printed = capsys.readouterr().out
    assert "15 poses known of 20; its scale is not known" in printed
    assert "15 poses belong together" in printed
    assert measures_of(tmp_path)["measures"][0]["statistics"]["max"] < 1e-9


def test_files_without_times_go_line_by_line(path, tmp_path, capsys):
    path.save_kitti(tmp_path / "true.txt")
    path[:-1].save_kitti(tmp_path / "short.txt")
    for name in ("true", "short"):
        (tmp_path / f"{name}_times.txt").unlink()
    assert evaluate(tmp_path / "true.txt", tmp_path / "true.txt") == 0
    assert "20 poses belong together, line by line" in capsys.readouterr().out
    assert evaluate(tmp_path / "true.txt", tmp_path / "short.txt") == 2
    assert "has 20 poses and" in sentence(capsys)


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["true.txt", "nowhere.txt"], "there is no such file"),
        (["true.txt", "dense.txt"], "are within 0.01 s; --t-offset and --t-max-diff say"),
        (["true.txt", "street.txt"], "has 60 poses and"),
        (["true.txt", "numbers.json"], "format is None; 'rrb.trajectory/1'"),
        (["true.txt", "noisy.txt", "-a", "--align-origin"], "--align and --align-origin exclude each other"),
        (["true.txt", "noisy.txt", "-s", "--no-align"], "--no-align and --correct-scale exclude each other"),
        (["true.txt", "noisy.txt", "-d", 0.5], "delta is 0.5 frames"),
        (["true.txt", "noisy.txt", "-d", 90, "-u", "m"], "no two of 48 poses are 90 metres apart"),
        (["true.txt", "noisy.txt", "--t-max-diff", -1], "a difference from 0"),
        (["true.txt", "noisy.txt", "--n-to-align", 0], "0 poses are to align by"),
        (["true.txt", "noisy.txt", "--out", EVO / "true.txt"], "the folder cannot be made"),
    ],
)
def test_bad_input_is_one_sentence(arguments, said, capsys, monkeypatch):
    monkeypatch.chdir(EVO)
    assert evaluate(*arguments) == 2
    assert said in sentence(capsys)


def test_a_line_is_refused_with_a_way_out(tmp_path, capsys):
    line = Trajectory.of_known(np.arange(9), rrb.Pose(np.eye(3), np.outer(np.arange(9), [0.5, 0, 1])))
    line.save_tum(tmp_path / "line.txt")
    assert evaluate(tmp_path / "line.txt", tmp_path / "line.txt") == 2
    assert "lie on one line" in sentence(capsys)
    assert evaluate(tmp_path / "line.txt", tmp_path / "line.txt", "--align-origin") == 0


def test_an_unknown_relation_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        evaluate(EVO / "true.txt", EVO / "noisy.txt", "-r", "speed")
    assert stop.value.code == 2
    assert "speed" in capsys.readouterr().err

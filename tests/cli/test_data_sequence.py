"""`rrb data sequence`: the film, a sheet of it, and one sentence for what cannot be filmed."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from made_data import everything, sentence
from rrb.cli.main import main
from rrb.geometry.camera import Camera
from rrb.geometry.image_io import load_image

SMALL = ("--frames", "3", "--size", "48", "32", "--workers", "1")


def film(out, *more):
    return main(["data", "sequence", "--out", str(out), *map(str, (*SMALL, *more))])


@pytest.mark.parametrize(
    ("kind", "objects"), [("one-chair", {1}), ("two-chairs", {2}), ("random", {1, 2, 3})]
)
def test_a_film_and_its_sheet(tmp_path, capsys, kind, objects):
    assert film(tmp_path, "--kind", kind, "--seed", 2) == 0
    said = capsys.readouterr().out.splitlines()
    about = json.loads((tmp_path / "sequence.json").read_text())
    assert about["asked"]["seed"] == 2
    ids = [held["mesh_id"] for held in about["objects"]]
    assert len(ids) in objects
    assert said[-1].startswith(f"3 frames of {', '.join(ids)}; wrote ")
    camera = Camera.load(tmp_path / "camera.json")
    assert (camera.width_px, camera.height_px) == (48, 32)
    assert load_image(tmp_path / "frames" / "000002.png").shape == (32, 48, 3)
    sheet = load_image(tmp_path / "sheet.png")
    assert sheet.shape[1] == 3 * (192 + 2) + 2
    assert len((tmp_path / "truth.txt").read_text().splitlines()) == 1 + 3


def test_the_same_command_continues_and_ends_the_same(tmp_path):
    film(tmp_path / "whole")
    film(tmp_path / "film")
    for name in ("000000.png", "000002.png"):
        (tmp_path / "film" / "frames" / name).unlink()
    assert film(tmp_path / "film") == 0
    assert everything(tmp_path / "film") == everything(tmp_path / "whole")


def test_another_film_is_refused(tmp_path, capsys):
    film(tmp_path)
    capsys.readouterr()
    assert film(tmp_path, "--seed", 1) == 2
    assert "another" in sentence(capsys)


def test_ctrl_c_leaves_what_can_be_continued(tmp_path):
    code = "import sys; from rrb.cli.main import main; sys.exit(main(sys.argv[1:]))"
    flags = ["data", "sequence", "--out", str(tmp_path / "film"), "--size", "48", "32", "--frames", "400"]
    child = subprocess.Popen(
        [sys.executable, "-c", code, *flags],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "RRB_QUIET": "1"},
    )
    until = time.monotonic() + 100
    while not (tmp_path / "film" / "frames" / "000001.png").exists():
        assert child.poll() is None
        assert time.monotonic() < until
    child.send_signal(signal.SIGINT)
    _, error = child.communicate()
    assert child.returncode == 130
    (line,) = error.strip().splitlines()
    assert line.startswith("rrb: stopped with ")
    assert line.endswith(" of 400 done; the same command continues")
    for path in (tmp_path / "film" / "frames").iterdir():
        assert load_image(path).shape == (32, 48, 3)


def test_progress_in_a_file_is_about_ten_lines(tmp_path, capsys):
    assert film(tmp_path, "--frames", 40) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("[")]
    assert 9 <= len(lines) <= 12


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--frames", 1], "1 frames"),
        (["--frames", -5], "-5 frames"),
        (["--seed", -1], "seed -1"),
        (["--size", 0, 0], "0x0"),
        (["--size", 64, 100000], "64x100000"),
        (["--samples", 0], "samples is 0"),
        (["--workers", 0], "--workers is 0"),
        (["--workers", -1], "--workers is -1"),
    ],
)
def test_what_cannot_be_filmed_is_one_sentence(tmp_path, capsys, flags, named):
    assert film(tmp_path / "out", *flags) == 2
    assert named in sentence(capsys)
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert film(tmp_path / "file") == 2
    assert "file" in sentence(capsys)


def test_an_unknown_kind_is_bad_usage(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["data", "sequence", "--kind", "three-chairs"])
    assert exit.value.code == 2
    assert "two-chairs" in capsys.readouterr().err

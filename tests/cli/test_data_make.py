"""`rrb data make`: what is asked for is made, what cannot be is refused in a sentence, and a stop costs a shard."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from made_data import everything, sentence, some_meshes, times
from rrb.cli import data_make
from rrb.cli.main import main
from rrb.data import fast
from rrb.data.dataset import Dataset

SMALL = ("--size", "32", "32", "--views", "2", "--workers", "1")
DEADLINE_S = 100


def make(out, *more):
    return main(["data", "make", "--out", str(out), *map(str, (*SMALL, *more))])


def usage_error(capsys, *arguments):
    """What a flag that cannot be read says, in the box that our command line draws."""
    with pytest.raises(SystemExit) as exit:
        main(["data", "make", *map(str, arguments)])
    assert exit.value.code == 2
    return capsys.readouterr().err


# --- what is made -------------------------------------------------------------------------------------


def test_every_flag_arrives(tmp_path, capsys):
    flags = ["--count", 6, "--category", "table", "--seed", 3, "--depth", "--points", 20, "--voxels", 8]
    assert make(tmp_path, *flags, "--size", 48, 32, "--viewpoints", "choy") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-3].startswith("made 6 pictures in ")
    assert said[-2] == "6 pictures of 3 meshes: 6 train"
    assert said[-1].startswith(f"wrote {tmp_path};")
    found = list(Dataset(tmp_path).samples())
    assert len(found) == 6
    assert sorted({s.mesh_id for s in found}) == [f"table-0300000{n}" for n in range(3)]
    for sample in found:
        assert sample.size == (32, 48)
        assert sample.about["viewpoint"] == "choy"
        assert sample.depth_m is not None
        assert len(sample.points.points) == 20
        assert sample.voxels.occupancy.shape == (8, 8, 8)


def test_without_flags_nothing_more_is_kept(tmp_path):
    assert make(tmp_path, "--count", 2) == 0
    for sample in Dataset(tmp_path).samples():
        assert (sample.depth_m, sample.points, sample.voxels) == (None, None, None)


def test_it_adds_nothing_to_what_is_whole(tmp_path, capsys):
    make(tmp_path, "--count", 4)
    before = times(tmp_path)
    capsys.readouterr()
    assert make(tmp_path, "--count", 4) == 0
    assert "made 0 pictures" in (said := capsys.readouterr().out)
    assert "4 were there before" in said
    assert times(tmp_path) == before


def test_white_is_white_before_it_is_stored(tmp_path, monkeypatch):
    pictures, draw = [], fast.draw
    monkeypatch.setattr(fast, "draw", lambda *given: pictures.append(draw(*given)) or pictures[-1])
    assert make(tmp_path, "--count", 8, "--white") == 0
    for picture, sample in zip(pictures, Dataset(tmp_path).samples(), strict=True):
        border = np.ones((32, 32), bool)
        rows, columns = np.nonzero(picture.object_index == 0)
        border[max(0, rows.min() - 2) : rows.max() + 3, max(0, columns.min() - 2) : columns.max() + 3] = False
        assert (picture.image[border] == 255).all()
        assert sample.about["others"] == 0
        assert sample.about["background"] == "white"
        assert sample.unknown is None


def test_meshes_and_photographs(tmp_path):
    from rrb.geometry.image_io import save_image

    meshes = some_meshes(tmp_path / "meshes", {"a": "train", "b": "test"}, category="lamp")
    (tmp_path / "photos").mkdir()
    save_image(tmp_path / "photos" / "green.png", np.full((64, 64, 3), (20, 200, 20), np.uint8))
    flags = ["--meshes", meshes, "--photos", tmp_path / "photos", "--category", "lamp", "--count", 24]
    assert make(tmp_path / "out", *flags, "--plain", "--views", 12) == 0
    found = list(Dataset(tmp_path / "out").samples())
    assert {(s.style["source"], s.split) for s in found} == {("a", "train"), ("b", "test")}
    behind = [s.image[s.mask == 0].astype(float) for s in found if s.about["background"] == "photo"]
    assert len(behind) > 6
    green = [(pixels[:, 1] > 3 * pixels[:, 0]).mean() for pixels in behind]
    assert np.median(green) > 0.9  # a ground of a colour may hide it


# --- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--count", -1], "count is -1"),
        (["--count", 0], "count is 0"),
        (["--views", 0], "views is 0"),
        (["--views", -3], "views is -3"),
        (["--seed", -1], "seed is -1"),
        (["--points", -1], "points is -1"),
        (["--voxels", 1000], "voxels is 1000"),
        (["--samples", 0], "samples is 0"),
        (["--workers", 0], "--workers is 0"),
        (["--size", 0, 32], "0x32"),
        (["--size", 32, 100000], "32x100000"),
        (["--viewpoints"], "viewpoints"),
        (["--category", "teapot"], "chair, car, aeroplane, table, sofa"),
        (["--photos", "/nowhere"], "/nowhere"),
        (["--meshes", "/nowhere"], "/nowhere/index.json"),
        (["--count", 10**9, "--views", 1], "1000000 meshes"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(tmp_path, capsys, flags, named):
    assert make(tmp_path / "out", *flags) == 2
    assert named in sentence(capsys)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--style", "slow"], "photoreal"),
        (["--viewpoints", "street", "moon"], "pascal"),
        (["--count", "many"], "--count"),
        (["--size", 32], "--size"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_what_is_no_value_of_a_flag_is_bad_usage(capsys, flags, named):
    assert named in usage_error(capsys, *flags)


def test_a_folder_without_photographs_is_refused(tmp_path, capsys):
    assert make(tmp_path / "out", "--photos", tmp_path) == 2
    assert "no photograph" in sentence(capsys)


def test_another_choice_is_refused_by_name(tmp_path, capsys):
    make(tmp_path, "--count", 2)
    capsys.readouterr()
    before = times(tmp_path)
    assert make(tmp_path, "--count", 2, "--depth") == 2
    assert "another choice of depth (no before, yes now)" in sentence(capsys)
    assert times(tmp_path) == before


def test_a_file_is_no_folder(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert make(tmp_path / "file", "--count", 2) == 2
    assert "file" in sentence(capsys)


# --- help and progress --------------------------------------------------------------------------------


def test_help_says_what_every_flag_takes(capsys):
    shown = usage(capsys, "make")
    for flag in ("category", "count", "style", "seed", "out", "views", "size", "viewpoints", "photos", "meshes",
                 "white", "plain", "depth", "points", "voxels", "samples", "workers"):  # fmt: skip
        assert f"--{flag} " in shown
        told = shown.split(f"--{flag} ")[1].split("│ --")[0]
        assert len(" ".join(told.replace("│", "").replace("(default", "").split())) > 20, flag
    assert "pixels" in shown.split("--size")[1][:120]
    assert "metres" in shown.split("--depth")[1][:120]


def usage(capsys, *command):
    with pytest.raises(SystemExit) as exit:
        main(["data", *command, "--help"])
    assert exit.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", [["make"], ["sequence"], ["show"], ["check"], ["import"], ["export"], []])
def test_help_of_the_data_commands_is_light(command):
    code = (
        "import sys\nfrom rrb.cli.main import main\n"
        f"try: main({['data', *command, '--help']})\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'numba', 'trimesh', 'matplotlib', 'PIL', 'skimage', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_progress_in_a_file_is_about_ten_lines(tmp_path, capsys):
    assert make(tmp_path, "--count", 60, "--views", 4) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("[")]
    assert 9 <= len(lines) <= 12
    assert lines[-1].startswith("[60/60, ")


# --- stopped ------------------------------------------------------------------------------------------


CODE = """
import sys
from rrb.cli import data_make, main
data_make._meshes_a_shard = lambda options: 1
if __name__ == "__main__":
    sys.exit(main.main(sys.argv[1:]))
"""
SIX_SHARDS = ("--size", "32", "32", "--count", "240", "--views", "40")


class Command:
    """`rrb data make` in a process group of its own, whose output is read line by line."""

    def __init__(self, out, workers):
        script = out.parent / "command.py"
        script.write_text(CODE)
        flags = [*SIX_SHARDS, "--out", str(out), "--workers", str(workers)]
        self.process = subprocess.Popen(
            [sys.executable, str(script), "data", "make", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "RRB_QUIET": "1"},
        )
        self.out = out

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        for child in self.children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.process.stdout.close()
        self.process.stderr.close()

    def wait_for(self, pattern):
        """Until such a file is there."""
        until = time.monotonic() + DEADLINE_S
        while not list(self.out.glob(pattern)):
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < until, f"no {pattern} after {DEADLINE_S} s"

    def children(self):
        """Ids of all processes of the group, its first one excepted."""
        found = []
        for place in os.listdir("/proc"):
            if place.isdigit() and int(place) != self.process.pid:
                try:
                    told = Path(f"/proc/{place}/stat").read_text().rpartition(")")[2]
                except OSError:
                    continue
                state, _, group = told.split()[:3]
                if int(group) == self.process.pid and state != "Z":
                    found.append(int(place))
        return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_make, "_meshes_a_shard", lambda options: 1)
        make(folder, *SIX_SHARDS)
    assert len(list(folder.glob("*.tar"))) == 6
    return everything(folder)


def continued(command, workers=1):
    """What the same command makes of what is there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_make, "_meshes_a_shard", lambda options: 1)
        assert make(command.out, *SIX_SHARDS, "--workers", workers) == 0
    return everything(command.out)


@pytest.mark.parametrize("moment", ["meshes/*.ply", pytest.param("train-*.json", marks=pytest.mark.slow)])
def test_the_whole_group_is_killed(whole, tmp_path, moment):
    with Command(tmp_path / "out", 2) as command:
        command.wait_for(moment)
        os.killpg(command.process.pid, signal.SIGKILL)
        command.process.communicate()
        assert continued(command, workers=2) == whole


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are looked up in /proc")
def test_no_process_outlives_a_killed_command(tmp_path):
    with Command(tmp_path / "out", 2) as command:
        command.wait_for("meshes/*.ply")
        assert len(command.children()) >= 2
        command.process.kill()
        command.process.wait()
        until = time.monotonic() + 20
        while command.children():
            assert time.monotonic() < until, "processes are left that nobody waits for"
        _, error = command.process.communicate()
        assert error == ""


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("moment", ["dataset.json", "train-*.tar"])
def test_ctrl_c_says_how_to_continue(whole, tmp_path, moment, workers):
    with Command(tmp_path / "out", workers) as command:
        command.wait_for(moment)
        os.killpg(command.process.pid, signal.SIGINT)
        _, error = command.process.communicate(timeout=DEADLINE_S)
        assert command.process.returncode == 130
        (line,) = error.strip().splitlines()
        kept = len(Dataset(command.out))
        assert line == f"rrb: stopped; {kept} of 240 pictures are in whole files; the same command continues"
        assert command.children() == []
        assert continued(command) == whole

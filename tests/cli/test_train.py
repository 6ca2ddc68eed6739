"""`rrb train`: stopped in any way it goes on to the same bytes; what it cannot learn from is one sentence."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from made_data import sentence, small, some_meshes, times
from rrb.cli import _training, _training_setup
from rrb.cli._training_pictures import curve_picture, short, ticks
from rrb.cli._training_setup import Place
from rrb.cli.main import main
from rrb.cli.train import Options
from rrb.data.dataset import Dataset
from rrb.data.make import make_dataset
from rrb.geometry.image_io import load_image
from rrb.networks.build import build, load
from rrb.networks.weights import save_weights
from rrb.training import shape_modes
from rrb.training.checkpoint import read_lines
from rrb.training.loop import Training
from rrb.training.occupancy import OccupancyLesson
from rrb.training.shapes import ShapesLesson
from tiny_training import STEPS, arguments, made, shrink, train

DEADLINE_S = 100
TESTS = str(Path(__file__).parents[1])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return made(tmp_path_factory.mktemp("data") / "chairs")


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The end of a run that nobody stopped. Masks are learned fastest."""
    out = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch.setitem)
        patch.setattr(_training, "_LINE_STEPS", 3)
        assert train(out, data, network="mask") == 0
    return end_of(out)


@pytest.fixture(autouse=True)
def tiny_and_talkative(monkeypatch):
    shrink(monkeypatch.setitem)
    monkeypatch.setattr(_training, "_LINE_STEPS", 3)


def end_of(out):
    with safe_open(out / "last.safetensors", "pt") as file:
        facts = file.metadata()
    tensors = {name: t.numpy().tobytes() for name, t in load_file(out / "last.safetensors").items()}
    return facts, tensors, (out / "best.safetensors").read_bytes(), (out / "curve.jsonl").read_text()


# --- a whole run --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "figures"),
    [
        ("mask", {"loss", "val_iou"}),
        ("viewpoint", {"loss", "angles", "category", "val_azimuth_deg", "val_elevation_deg", "val_roll_deg",
                       "val_rotation_deg", "val_category"}),
        ("occupancy", {"loss", "labels", "proportions", "val_point_iou", "val_proportion_error"}),
    ],
)  # fmt: skip
def test_a_run_leaves_weights_a_curve_and_pictures(data, tmp_path, capsys, network, figures):
    out = tmp_path / "new" / "run"
    assert train(out, data, network=network, steps=4) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == f"wrote {out / 'best.safetensors'}; how it went is in {out / 'curve.png'}"
    assert said[-2].startswith("[4/4, ")
    assert " left] loss " in said[-2]
    found, about = load(out / "best.safetensors", network)
    assert not found.training
    assert (about["size"], about["samples"], about["trained_steps"]) == ("small", Dataset(data).counts, 4)
    asked = {"category": "chair", "count": 40, "style": "fast", "seed": 0, "views": 2, "meshes": "procedural"}
    assert asked.items() <= about["data"]["chairs"].items()
    lines = read_lines(out / "curve.jsonl")
    assert [line["step"] for line in lines] == [3, 4]
    assert lines[-1].keys() == {"step", "samples", "rate"} | figures
    assert {f"val_{name}": value for name, value in about["measured"].items()}.items() <= lines[-1].items()
    for name in ("samples.png", "curve.png"):
        assert load_image(out / name).std() > 5


def test_one_that_is_finished_says_so_and_does_nothing(data, tmp_path, capsys):
    train(tmp_path, data, network="mask", steps=2)
    before = times(tmp_path)
    capsys.readouterr()
    assert train(tmp_path, data, network="mask", steps=2) == 0
    assert capsys.readouterr().out == f"{tmp_path}: this run was finished before, after 2 steps\n"
    assert times(tmp_path) == before


def test_the_best_weights_are_those_of_the_average(data, tmp_path):
    train(tmp_path, data, network="mask", steps=2)
    kept, _ = load(tmp_path / "best.safetensors", "mask")
    state = load_file(tmp_path / "last.safetensors")
    for name, value in kept.state_dict().items():
        there = state[f"average.network.{name}"]
        assert torch.equal(value, there.half().float() if there.is_floating_point() else there)


def test_without_a_val_split_the_last_weights_are_kept(tmp_path, capsys):
    make_dataset(small(count=8), tmp_path / "few", workers=1)
    assert set(Dataset(tmp_path / "few").counts) == {"train"}
    assert train(tmp_path / "out", tmp_path / "few", network="mask", steps=2) == 0
    assert load(tmp_path / "out" / "best.safetensors", "mask")[1]["trained_steps"] == 2


def test_folders_are_learned_from_together(data, tmp_path):
    other = made(tmp_path / "more" / "chairs", seed=1)
    assert train(tmp_path / "out", data, other, network="mask", steps=2) == 0
    about = load(tmp_path / "out" / "best.safetensors", "mask")[1]
    assert about["samples"]["train"] == 64
    assert [asked["seed"] for asked in about["data"].values()] == [0, 1]


def test_it_begins_with_weights_of_the_same_network(data, tmp_path):
    train(tmp_path / "first", data, network="mask", steps=2)
    best = tmp_path / "first" / "best.safetensors"
    more = ["--start", best, "--rate", "1e-12"]
    assert train(tmp_path / "second", data, network="mask", steps=1, more=more) == 0
    before, after = (load(tmp_path / n / "best.safetensors", "mask")[0] for n in ("first", "second"))
    for ours, theirs in zip(before.parameters(), after.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_it_begins_with_the_encoder_of_another(data, tmp_path):
    torch.manual_seed(5)
    given = build("viewpoint", "small")
    save_weights(tmp_path / "view.safetensors", "viewpoint", "small", given, {})
    more = ["--start", tmp_path / "view.safetensors", "--rate", "1e-12"]
    assert train(tmp_path / "out", data, network="occupancy", steps=1, more=more) == 0
    found, _ = load(tmp_path / "out" / "best.safetensors", "occupancy")
    for ours, theirs in zip(given.encoder.parameters(), found.encoder.parameters(), strict=True):
        assert torch.equal(ours.half().float(), theirs)


@pytest.mark.parametrize("flushed", [False, True])
@pytest.mark.parametrize("batch", [4, 33], ids=["trained", "refused"])
def test_what_torch_was_told_before_holds_afterwards(data, tmp_path, flushed, batch):
    """Training has its own threads, tiny numbers and random numbers; other things run in the same process."""
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        torch.set_flush_denormal(flushed)
        random_before = torch.get_rng_state()
        done = train(tmp_path, data, network="mask", steps=1, more=["--batch", batch])
        assert done == (0 if batch == 4 else 2)
        assert torch.get_num_threads() == threads + 1
        assert bool(torch.tensor([1e-37]) * 1e-3 == 0) == flushed
        assert torch.equal(torch.get_rng_state(), random_before)
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(False)


# --- stopped ------------------------------------------------------------------------------------------


def test_the_same_command_gives_the_same_bytes(whole, data, tmp_path):
    assert train(tmp_path, data, network="mask") == 0
    assert end_of(tmp_path) == whole


class Killed(Exception):
    pass


@pytest.mark.parametrize("often", [True, False], ids=["kept often", "kept at looks"])
def test_broken_off_between_steps_it_ends_with_the_same_bytes(
    whole, data, tmp_path, monkeypatch, capsys, often
):
    monkeypatch.setattr(_training, "_SAVE_S", 0.0 if often else 1e9)
    step = Training.step
    for stop_at in random.Random(0).sample(range(STEPS), 4):

        def broken(self, stop_at=stop_at):
            if self.done >= stop_at:
                raise Killed
            step(self)

        with monkeypatch.context() as patch:
            patch.setattr(Training, "step", broken)
            assert train(tmp_path, data, network="mask") == 1
    capsys.readouterr()
    assert train(tmp_path, data, network="mask") == 0
    assert f"goes on at step {10 if often else 8} of {STEPS}" in capsys.readouterr().out
    assert end_of(tmp_path) == whole


@pytest.mark.parametrize("moment", ["prepare", "forward", "judge"])
def test_ctrl_c_keeps_what_was_learned(whole, data, tmp_path, monkeypatch, capsys, moment):
    """Whatever is going on: half a step is neither kept nor lost."""
    from rrb.training.mask import MaskLesson

    held, calls = getattr(MaskLesson, moment), []

    def interrupted(*given):
        calls.append(1)
        if len(calls) == 5 or moment == "judge":
            os.kill(os.getpid(), signal.SIGINT)
        return held(*given)

    with monkeypatch.context() as patch:
        patch.setattr(MaskLesson, moment, interrupted)
        assert train(tmp_path, data, network="mask") == 130
    error = capsys.readouterr().err.strip()
    # The first `prepare` is that of the look at the data before it begins.
    assert (
        error
        == f"rrb: stopped with {4 if moment != 'forward' else 5} of {STEPS} steps done; the same command continues"
    )
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert train(tmp_path, data, network="mask") == 0
    assert end_of(tmp_path) == whole


@pytest.mark.parametrize("moment", ["begins", "ends"])
def test_broken_off_after_the_last_step_it_is_completed(data, tmp_path, monkeypatch, capsys, moment):
    """The modes of shapes are worked out when all is learned and kept."""
    monkeypatch.setattr(shape_modes, "_FEWEST", 8)
    assert train(tmp_path / "whole", data, network="occupancy", steps=2) == 0
    best, expected = tmp_path / "out" / "best.safetensors", tmp_path / "whole" / "best.safetensors"
    held = OccupancyLesson.complete

    def broken(self, batches):
        if moment == "ends":
            held(self, batches)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(OccupancyLesson, "complete", broken)
        assert train(tmp_path / "out", data, network="occupancy", steps=2) == 1
    assert best.read_bytes() != expected.read_bytes()
    capsys.readouterr()
    assert train(tmp_path / "out", data, network="occupancy", steps=2) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"wrote {best}")
    assert best.read_bytes() == expected.read_bytes()
    network, about = load(best, "occupancy")
    assert about["completed"] is True
    assert network.code_modes.any()
    assert train(tmp_path / "out", data, network="occupancy", steps=2) == 0
    assert "finished before" in capsys.readouterr().out


def environment():
    paths = [TESTS, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "OMP_NUM_THREADS": "1", "RRB_QUIET": "1", "PYTHONPATH": os.pathsep.join(paths)}


CODE = """
import sys
import tiny_training
from rrb.cli import _training, main
tiny_training.shrink()
_training._SAVE_S, _training._LINE_STEPS = 0.0, 3
if __name__ == "__main__":
    sys.exit(main.main(sys.argv[1:]))
"""


def killed(out, data, delay_s):
    """Begun, and killed so long after its first state was written."""
    script = out.parent / "command.py"
    script.write_text(CODE)
    command = [sys.executable, str(script), *arguments(out, data, network="mask")]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment()
    )
    try:
        until = time.monotonic() + DEADLINE_S
        while not (out / "last.safetensors").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.01)
        time.sleep(delay_s)
    finally:
        process.kill()
        process.communicate()
    return process.returncode


def test_killed_it_ends_with_the_same_bytes(whole, data, tmp_path, monkeypatch):
    assert killed(tmp_path / "out", data, 0.2) == -signal.SIGKILL
    monkeypatch.setattr(_training, "_SAVE_S", 0.0)
    assert train(tmp_path / "out", data, network="mask") == 0
    assert end_of(tmp_path / "out") == whole


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_with_the_same_bytes(whole, data, tmp_path):
    dice = random.Random(1)
    for n in range(6):
        folder = tmp_path / str(n)
        folder.mkdir()
        for _ in range(2):
            killed(folder / "out", data, dice.random() * 3)
        assert train(folder / "out", data, network="mask") == 0
        assert end_of(folder / "out") == whole


# --- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--steps", 0], "steps is 0"),
        (["--steps", -5], "steps is -5"),
        (["--batch", 0], "batch_size is 0"),
        (["--batch", 33], "--batch is 33, but there are 32 samples"),
        (["--rate", 0], "learning_rate is 0"),
        (["--rate", "nan"], "learning_rate is nan"),
        (["--seed", -1], "the seed is -1"),
        (["--every", 0], "--every is 0"),
        (["--look", 0], "--look is 0"),
        (["--threads", 0], "--threads is 0"),
        (["--start", "/nowhere.safetensors"], "/nowhere.safetensors: there is no such file"),
        (["--data", "/nowhere"], "/nowhere/dataset.json: there is no such file"),
        (["--data"], "--data names no folder"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence(data, tmp_path, capsys, flags, named):
    assert train(tmp_path / "out", data, network="mask", more=flags) == 2
    said = sentence(capsys)
    assert named in said
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused(data, tmp_path, capsys):
    assert train(tmp_path / "out", data, more=["--device", "cuda"]) == 2
    assert "torch finds no GPU here" in sentence(capsys)


def test_shapes_need_points(tmp_path, capsys):
    make_dataset(small(count=8), tmp_path / "few", workers=1)
    assert train(tmp_path / "out", tmp_path / "few", network="occupancy") == 2
    assert "it has no points" in sentence(capsys)
    assert not (tmp_path / "out").exists()


def test_shapes_need_a_category_that_is_known(tmp_path, capsys):
    meshes = some_meshes(tmp_path / "meshes", dict.fromkeys("abcd", "train"), category="lamp")
    make_dataset(small(count=8, category="lamp", points=16), tmp_path / "lamps", meshes=meshes, workers=1)
    assert train(tmp_path / "out", tmp_path / "lamps", network="occupancy", steps=1) == 2
    assert "category 'lamp'; chair, car" in sentence(capsys)
    assert train(tmp_path / "out", tmp_path / "lamps", network="viewpoint", steps=1) == 0


def test_a_data_set_to_test_on_is_not_learned_from(tmp_path, capsys):
    meshes = some_meshes(tmp_path / "meshes", dict.fromkeys("ab", "test"))
    make_dataset(small(count=4), tmp_path / "tests", meshes=meshes, workers=1)
    assert train(tmp_path / "out", tmp_path / "tests") == 2
    assert "nothing in the train split" in sentence(capsys)


def test_weights_of_another_size_are_no_start(data, tmp_path, capsys):
    save_weights(tmp_path / "paper.safetensors", "mask", "paper", build("mask", "paper"), {})
    assert (
        train(tmp_path / "out", data, network="mask", more=["--start", tmp_path / "paper.safetensors"]) == 2
    )
    assert "its mask of size paper has no weights for the mask of size small" in sentence(capsys)
    assert (
        train(tmp_path / "out", data, network="viewpoint", more=["--start", tmp_path / "paper.safetensors"])
        == 2
    )
    assert "no weights for the viewpoint" in sentence(capsys)


def test_a_folder_that_cannot_be_written_is_refused(data, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert train(tmp_path / "file", data, network="mask") == 2
    assert str(tmp_path / "file") in sentence(capsys)
    assert train(tmp_path / "file" / "below", data, network="mask") == 2
    assert "the folder cannot be made" in sentence(capsys)


def test_other_choices_are_refused_by_name(data, tmp_path, capsys):
    train(tmp_path, data, network="mask", steps=2)
    before = times(tmp_path)
    capsys.readouterr()
    for flags, named in (
        (["--seed", 3], "seed 0, not 3"),
        (["--look", 8], "'look': 4"),
        (["--steps", 5], "steps 2"),
    ):
        assert train(tmp_path, data, network="mask", steps=2, more=flags) == 2
        assert named in sentence(capsys)
    assert train(tmp_path, data, network="viewpoint", steps=2) == 2
    assert "network 'mask', not 'viewpoint'" in sentence(capsys)
    assert times(tmp_path) == before


def test_a_damaged_state_is_refused(data, tmp_path, capsys):
    train(tmp_path, data, network="mask", steps=2)
    path = tmp_path / "last.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    capsys.readouterr()
    assert train(tmp_path, data, network="mask", steps=2) == 2
    assert "last.safetensors: this state of a training is damaged" in sentence(capsys)


def test_precision_without_torchs_own_word_is_float32(monkeypatch):
    name = "_is_avx512_bf16_supported"
    monkeypatch.setattr(torch.cpu, name, lambda: True, raising=False)
    assert _training_setup.precision_of("auto", "cpu") == "bfloat16"
    monkeypatch.delattr(torch.cpu, name)
    assert _training_setup.precision_of("auto", "cpu") == "float32"
    assert _training_setup.precision_of("bfloat16", "cpu") == "bfloat16"


# --- help and pictures --------------------------------------------------------------------------------


def test_help_is_light_and_says_what_every_flag_takes(capsys):
    code = (
        "import sys\nfrom rrb.cli.main import main\n"
        "try: main(['train', '--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'torch', 'numba', 'trimesh', 'matplotlib', 'PIL', 'skimage', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
    for flag in ("data", "out", "size", "steps", "batch", "rate", "seed", "start", "threads", "device", "precision",
                 "every", "look"):  # fmt: skip
        told = done.stdout.split(f"--{flag} ")[1].split("│ --")[0]
        assert len(" ".join(told.replace("│", "").split("(default")[0].split())) > 20, flag


def test_a_network_that_is_unknown_is_bad_usage(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["train", "poses", "--data", "x"])
    assert exit.value.code == 2
    assert "viewpoint" in capsys.readouterr().err


def lines(count, **figures):
    return [
        {"step": n, "samples": 64 * n, "rate": 0.1, **{name: of(n) for name, of in figures.items()}}
        for n in range(1, count + 1)
    ]


def test_a_curve_that_falls_is_drawn_falling():
    picture = curve_picture(lines(200, loss=lambda n: 10 - 0.04 * n))
    blue = (picture[36:] == (0, 114, 178)).all(-1)
    columns = np.flatnonzero(blue.any(0))
    heights = np.array([np.flatnonzero(blue[:, c]).mean() for c in columns])
    assert (np.diff(heights) >= -0.5).all()
    assert heights[-1] - heights[0] > 100
    assert columns[-1] - columns[0] > 600


@pytest.mark.parametrize(
    ("figures", "panels"),
    [
        ({"loss": 1.0}, 1),
        ({"loss": 0.0, "half": 0.0}, 1),
        ({"loss": 1.0, "val_iou": 0.5}, 2),
        ({"loss": 1.0, "val_a_deg": 3.0, "val_b_deg": 5.0, "val_category": 0.5}, 3),
        ({"loss": 1.0, "val_a_deg": np.nan}, 2),
    ],
)
@pytest.mark.parametrize("count", [1, 3])
def test_every_kind_of_figure_has_a_panel(figures, panels, count):
    picture = curve_picture(lines(count, **{name: lambda n, v=v: v for name, v in figures.items()}))
    assert picture.dtype == np.uint8
    assert picture.shape[0] == panels * curve_picture(lines(2, loss=float)).shape[0]


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.037, 0.9), (3, 14.2), (-2, 1e6), (0, 512_000), (5, 5.0001)]
)
def test_ticks_are_few_round_and_even(low, high):
    found = ticks(low, high, 5)
    assert 3 <= len(found) <= 7
    assert low - 1e-9 <= found[0]
    assert found[-1] <= high + 1e-6 * abs(high)
    steps = np.diff(found)
    assert steps == pytest.approx([steps[0]] * len(steps))
    assert f"{steps[0]:.0e}"[0] in "125"
    assert ticks(3, 3, 5) == [3]


def test_large_numbers_are_said_shortly():
    assert [short(n) for n in (0, 44, 250_000, 1_500_000)] == ["0", "44", "250k", "1.5M"]


# --- several processes --------------------------------------------------------------------------------

TWO = """
import sys, torch
import tiny_training
from rrb.cli import _training, main
tiny_training.shrink()
_training._LINE_STEPS = 3
step = _training.Training.step
def told(self):
    step(self)
    if self.done in (3, 11):
        with open(f"{self.folder}-{self.rank}-{self.done}.pt", "wb") as file:
            torch.save({n: p.detach().clone() for n, p in self.lesson.named_parameters()}, file)
_training.Training.step = told
if __name__ == "__main__":
    code = main.main(sys.argv[1:])
    assert not torch.distributed.is_initialized()
    sys.exit(code)
"""


def torchrun(script, *given, processes=2):
    launcher = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        str(processes),
    ]
    command = [*launcher, *script, *given]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=240, env=environment(), check=False
    )


@pytest.mark.slow
def test_two_processes_learn_one_network(data, tmp_path):
    script = tmp_path / "command.py"
    script.write_text(TWO)
    done = torchrun([str(script)], *arguments(tmp_path / "out", data, network="mask"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("wrote ") == 1
    assert done.stdout.count("[11/11") == 1
    for at in (3, 11):
        first, second = (torch.load(tmp_path / f"out-{rank}-{at}.pt", weights_only=True) for rank in (0, 1))
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)
    assert [line["step"] for line in read_lines(tmp_path / "out" / "curve.jsonl")] == [3, 4, 6, 8, 9, 11]
    assert load(tmp_path / "out" / "best.safetensors", "mask")[1]["devices"] == 2


@pytest.mark.slow
def test_two_processes_go_on_to_the_same_bytes(data, tmp_path):
    script, broken = tmp_path / "command.py", tmp_path / "broken.py"
    script.write_text(TWO)
    broken.write_text(TWO.replace("    step(self)\n", "    step(self)\n    if self.done == 9: sys.exit(3)\n"))
    assert torchrun([str(script)], *arguments(tmp_path / "whole", data, network="mask")).returncode == 0
    assert torchrun([str(broken)], *arguments(tmp_path / "out", data, network="mask")).returncode != 0
    done = torchrun([str(script)], *arguments(tmp_path / "out", data, network="mask"))
    assert done.returncode == 0, done.stderr
    assert "goes on at step 8 of 11" in done.stdout
    assert end_of(tmp_path / "out")[1] == end_of(tmp_path / "whole")[1]


def test_each_process_learns_its_own_share_of_the_points(data):
    samples = Dataset(data)
    options = Options("shapes", (str(data),), batch=2)
    seen = []
    for rank in range(2):
        batches = _training_setup.kept_batches(options, samples, ShapesLesson, Place(rank, 2, "cpu"))
        epochs = [list(batches(epoch)) for epoch in range(6)]
        assert len({len(epoch) for epoch in epochs}) == 1
        seen.append((len(epochs[0]), {key for epoch in epochs for batch in epoch for key in keys(batch)}))
    (first_count, first), (second_count, second) = seen
    assert first_count == second_count
    assert not first & second
    whole = samples.batches(32, "train", ShapesLesson.fields, workers=0)
    assert first | second == {key for batch in whole for key in keys(batch)}


def keys(batch):
    points = batch.points.astype(np.float16)
    return [(name, one.tobytes()) for name, one in zip(batch.mesh_ids, points, strict=True)]


SHAPES = """
from rrb.networks.build import SIZES
from rrb.networks.occupancy import OccupancyConfig
from rrb.networks.shapes import ShapeCodes
SIZES["shapes"]["small"] = lambda: ShapeCodes(OccupancyConfig(code=12, width=16, blocks=2, frequencies=2))
"""


@pytest.mark.slow
def test_two_processes_learn_shapes(data, tmp_path):
    script = tmp_path / "command.py"
    script.write_text(TWO.replace("def told", f"{SHAPES}def told"))
    done = torchrun([str(script)], *arguments(tmp_path / "out", data, network="shapes"))
    assert done.returncode == 0, done.stderr
    for line in ("making grids of", "[11/11", "wrote "):
        assert done.stdout.count(line) == 1
    first, second = (torch.load(tmp_path / f"out-{rank}-11.pt", weights_only=True) for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert [line["step"] for line in read_lines(tmp_path / "out" / "curve.jsonl")] == [3, 4, 6, 8, 9, 11]


@pytest.mark.slow
def test_more_processes_than_files_are_refused(tmp_path):
    make_dataset(small(count=6), tmp_path / "few", workers=1)
    done = torchrun(["-m", "rrb.cli.main"], *arguments(tmp_path / "out", tmp_path / "few", network="mask"))
    assert done.returncode != 0
    assert "rrb: 2 processes share 1 files of the train split" in done.stderr
    assert "exitcode  : 2" in done.stderr

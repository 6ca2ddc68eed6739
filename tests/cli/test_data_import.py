"""`rrb data import`: choices by name, every format told of, an import that continues, one sentence for what fails."""

import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from made_data import everything, times
from painted import painted, save_rgba
from reader_files import moved, tripod, write
from rrb.cli import data_import
from rrb.cli.main import main
from rrb.data.dataset import Dataset
from rrb.data.readers.table import READERS, choices, read
from rrb.data.readers.view_list import View
from rrb.geometry.camera import Camera

COUNT = 5


@pytest.fixture
def source(tmp_path):
    """The RRB authors' layout: a list of views, pictures whose alpha is the mask, meshes."""
    folder = tmp_path / "published"
    camera = Camera.from_focal_px(35 / 32 * 48, width=48, height=48)
    lines = []
    for n in range(COUNT):
        mesh = moved(tripod(), -tripod().centre)
        view = View(f"chair{n}", f"view{n}.png", 30.0 * n, 20.0, 0.0, 1.5)
        px = camera.project(view.camera_from_object.apply(mesh.vertices))
        save_rgba(folder / "images" / f"chair{n}" / f"view{n}.png", painted(px[:, :2], mesh.faces, (48, 48)))
        (folder / "meshes").mkdir(exist_ok=True)
        mesh.save(folder / "meshes" / f"chair{n}.obj")
        lines.append(f"chair{n} view{n}.png {30.0 * n} 20.0 0.0 1.5")
    return write(folder / "views.txt", "\n".join(lines) + "\n")


def bring(source, out, *more, kind="view_list"):
    return main(["data", "import", kind, str(source), str(out), *map(str, more)])


def sentence(capsys):
    error = capsys.readouterr().err.strip()
    assert error.startswith("rrb: ")
    assert "Traceback" not in error
    assert "fault of ours" not in error
    return error.removeprefix("rrb: ")


# --- what is brought ----------------------------------------------------------------------------------


def test_samples_come_out_as_the_reader_gives_them(source, tmp_path, capsys):
    out = tmp_path / "out"
    assert bring(source, out, "--a-shard", 2) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:3] == [f"train-00000{n}.tar: {count} samples so far" for n, count in enumerate((2, 4, 5))]
    assert said[3] == f"imported 5 train; wrote {out}"
    data = Dataset(out)
    for sample in read("view_list", source):
        back = data.sample(sample.key)
        assert np.array_equal(back.image, sample.image)
        assert np.array_equal(back.mask, sample.mask)
        assert np.array_equal(back.camera_from_object.matrix, sample.camera_from_object.matrix)
        assert back.camera == sample.camera
        assert np.array_equal(back.load_mesh().vertices, sample.load_mesh().vertices)
    assert main(["data", "check", str(out)]) == 0
    assert main(["data", "show", str(out)]) == 0


def test_choices_reach_the_reader(source, tmp_path):
    out = tmp_path / "out"
    (source.parent / "images").rename(tmp_path / "pictures")
    chosen = ["--choose", "category=car", "focal_widths=2", f"images={tmp_path / 'pictures'}"]
    assert bring(source, out, *chosen, "--split", "test") == 0
    for sample in Dataset(out).samples():
        assert sample.category == "car"
        assert sample.camera.fx_px == 96.0
        assert sample.split == "test"


def test_choices_may_be_said_together_or_one_by_one(source, tmp_path):
    together, single = ["category=car", "focal_widths=2"], ["category=car", "--choose", "focal_widths=2"]
    for name, flags in (("a", together), ("b", single)):
        assert bring(source, tmp_path / name, "--choose", *flags) == 0
    assert everything(tmp_path / "a") == everything(tmp_path / "b")
    assert {(s.category, s.camera.fx_px) for s in Dataset(tmp_path / "b").samples()} == {("car", 96.0)}


def test_a_real_set_with_several_choices(shared, tmp_path):
    source = shared / "real" / "ycbv_frame"
    assert bring(source, tmp_path, "--choose", "category=004_sugar_box", kind="ycbv_frame") == 0
    (sample,) = Dataset(tmp_path).samples()
    assert sample.category == "004_sugar_box"


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        ("bool", "yes", True),
        ("bool", "no", False),
        ("int", "12", 12),
        ("float", "1.5", 1.5),
        ("float", "2", 2.0),
        ("str", "a=b", "a=b"),
        ("str | None", "chair", "chair"),
        ("tuple[str, ...]", "a,b", ("a", "b")),
        ("tuple[str, ...]", "a", ("a",)),
    ],
)
def test_values_have_the_type_that_the_reader_says(annotation, text, value):
    found = data_import._typed("name", text, annotation)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("name", READERS)
def test_every_choice_of_every_reader_can_be_said(name):
    """A default, written as text, is read as itself."""
    for choice, parameter in choices(name).items():
        default = parameter.default
        if default in (None, ()):
            continue
        text = {True: "yes", False: "no"}.get(default) if isinstance(default, bool) else str(default)
        if isinstance(default, tuple):
            text = ",".join(default)
        assert data_import._typed(choice, text, str(parameter.annotation)) == default


# --- continued ----------------------------------------------------------------------------------------


def test_the_same_command_adds_nothing(source, tmp_path):
    bring(source, tmp_path / "out", "--a-shard", 2)
    before = times(tmp_path / "out")
    assert bring(source, tmp_path / "out", "--a-shard", 2) == 0
    assert times(tmp_path / "out") == before


def test_a_broken_source_can_be_mended_and_the_import_continued(source, tmp_path, capsys):
    bring(source, tmp_path / "whole", "--a-shard", 2)
    picture = source.parent / "images" / "chair3" / "view3.png"
    held = picture.read_bytes()
    picture.write_bytes(held[:100])
    capsys.readouterr()
    assert bring(source, tmp_path / "out", "--a-shard", 2) == 2
    assert str(picture) in sentence(capsys)
    picture.write_bytes(held)
    assert bring(source, tmp_path / "out", "--a-shard", 2) == 0
    assert everything(tmp_path / "out") == everything(tmp_path / "whole")


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--a-shard", 3], "a_shard (2 before, 3 now)"),
        (["--a-shard", 2, "--split", "val"], "split (none before, val now)"),
        (["--a-shard", 2, "--choose", "category=car"], "chosen (none before, category=car now)"),
    ],
)
def test_other_choices_are_refused_by_name(source, tmp_path, capsys, more, named):
    bring(source, tmp_path / "out", "--a-shard", 2)
    capsys.readouterr()
    assert bring(source, tmp_path / "out", *more) == 2
    assert named in sentence(capsys)


def test_another_source_is_refused(source, tmp_path, capsys, monkeypatch):
    """Its pictures would be taken for those that are there."""
    bring(source, tmp_path / "out")
    copy = source.with_name("other.txt")
    copy.write_bytes(source.read_bytes())
    capsys.readouterr()
    assert bring(copy, tmp_path / "out") == 2
    assert "another choice of source" in sentence(capsys)
    monkeypatch.chdir(source.parent)
    assert bring(source.name, tmp_path / "out") == 0, "the same place by another name"


CHILD = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from rrb.data import shards, importing
import rrb.cli.main

write = importing.write_shard

def slow(*arguments, **named):
    index = write(*arguments, **named)
    if index.keys[0].startswith("chair2"):
        os.kill(os.getpid(), int(sys.argv[1]))
    return index

importing.write_shard = slow
sys.exit(rrb.cli.main.main(sys.argv[2:]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_it_says_how_to_continue(source, tmp_path, number):
    command = ["data", "import", "view_list", source, tmp_path / "out", "--a-shard", 2]
    arguments = [sys.executable, "-c", CHILD, str(int(number)), *map(str, command)]
    done = subprocess.run(arguments, capture_output=True, text=True)
    if number == signal.SIGINT:
        assert done.returncode == 130
        assert done.stderr.strip() == "rrb: stopped; the same command continues"
    else:
        assert done.returncode == -signal.SIGKILL
    assert len(Dataset(tmp_path / "out")) == 4
    assert bring(source, tmp_path / "out", "--a-shard", 2) == 0
    bring(source, tmp_path / "whole", "--a-shard", 2)
    assert everything(tmp_path / "out") == everything(tmp_path / "whole")


# --- refused ------------------------------------------------------------------------------------------


def test_an_unknown_format_lists_all(source, tmp_path, capsys):
    assert bring(source, tmp_path / "out", kind="shapenet") == 2
    lines = sentence(capsys).splitlines()
    assert "'shapenet'" in lines[0]
    assert [line.split()[0] for line in lines[1:]] == list(READERS)
    for line, reader in zip(lines[1:], READERS.values(), strict=True):
        assert line.endswith(f" {reader.what}")
        assert reader.what.endswith(".")


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--choose", "colour=red"], "category (str)"),
        (["--choose", "category"], "NAME=VALUE"),
        (["--choose", "=car"], "NAME=VALUE"),
        (["--choose", "focal_widths=wide"], "focal_widths is 'wide'; a number is accepted"),
        (["--choose", "focal_widths=nan"], "nan"),
        (["--choose", "category=car", "category=sofa"], "says category twice"),
        (["--choose", "category=car", "--choose", "category=car"], "says category twice"),
        (["--choose", "images=/nowhere"], "/nowhere"),
        (["--split", "dev"], "'dev'; train, val, test"),
        (["--a-shard", 0], "0 pictures"),
        (["--a-shard", -5], "-5 pictures"),
    ],
)
def test_what_cannot_be_chosen_is_one_sentence(source, tmp_path, capsys, more, named):
    assert bring(source, tmp_path / "out", *more) == 2
    said = sentence(capsys)
    assert named in said
    assert "\n" not in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", READERS)
def test_a_source_that_is_not_there_is_one_sentence(tmp_path, capsys, name):
    assert bring(tmp_path / "nowhere", tmp_path / "out", kind=name) == 2
    said = sentence(capsys)
    assert "nowhere" in said
    assert "\n" not in said
    assert not (tmp_path / "out").exists()


def test_yes_or_no_is_asked_for(tmp_path, capsys):
    assert bring(tmp_path, tmp_path / "out", "--choose", "masks=true", kind="bop") == 2
    assert "masks is 'true'; yes or no is accepted" in sentence(capsys)


def test_a_file_is_no_folder(source, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert bring(source, tmp_path / "file") == 2
    assert "file" in sentence(capsys)


def test_pictures_of_alpha_are_masks(source, tmp_path):
    """The fixture itself: what is painted is what comes out."""
    bring(source, tmp_path / "out")
    picture = np.asarray(Image.open(source.parent / "images" / "chair0" / "view0.png"))
    (key,) = (k for s in Dataset(tmp_path / "out").shards for k in s.index.keys if k.startswith("chair0"))
    mask = Dataset(tmp_path / "out").sample(key).mask
    assert np.abs(mask - picture[..., 3] / 255).max() < 1e-6
    assert mask.sum() > 50

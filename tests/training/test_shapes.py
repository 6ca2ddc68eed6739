"""Codes of shapes, learned from points and taught to the encoder; by hand and by the command."""

import json

import pytest
import torch
from safetensors.torch import load_file

from made_data import sentence
from rrb.data.dataset import Dataset
from rrb.networks.build import SIZES, build
from rrb.networks.occupancy import OccupancyConfig
from rrb.networks.shapes import ShapeCodes, Teacher
from rrb.networks.weights import FORMAT, load_weights, packed
from rrb.training.occupancy import OccupancyLesson
from rrb.training.shapes import ShapesLesson
from tiny_training import ENCODER, made, shrink, train


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return made(tmp_path_factory.mktemp("data") / "chairs")


@pytest.fixture
def data(folder):
    return Dataset(folder)


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    shrink(monkeypatch.setitem)
    config = OccupancyConfig(ENCODER, code=12, width=16, blocks=2, frequencies=2)
    monkeypatch.setitem(SIZES["shapes"], "small", lambda: ShapeCodes(config))
    torch.manual_seed(0)


def names_of(data):
    return sorted({name for batch in data.batches(8, "train", ()) for name in batch.mesh_ids})


def codes_of(names, seed=3):
    return torch.randn((len(names), 12), generator=torch.Generator().manual_seed(seed))


def lesson_of(names):
    return ShapesLesson(build("shapes", "small"), names, codes_of(names))


def learned(data, steps=80):
    lesson = lesson_of(names_of(data))
    inputs = lesson.prepare(next(iter(data.batches(16, "train", lesson.fields, workers=0))), None)
    optimizer = torch.optim.Adam((p for p in lesson.parameters() if p.requires_grad), 2e-2)
    for _ in range(steps):
        loss, _ = lesson(inputs)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return lesson, inputs


def test_a_mesh_has_one_code_in_all_its_pictures(data):
    lesson = lesson_of(names_of(data))
    batch = next(iter(data.batches(16, "train", lesson.fields, workers=0)))
    rows = lesson.prepare(batch, None)["rows"].tolist()
    by_mesh = {}
    for name, row in zip(batch.mesh_ids, rows, strict=True):
        assert by_mesh.setdefault(name, row) == row
    assert len(set(by_mesh.values())) == len(by_mesh)


def test_codes_come_to_tell_shapes_apart(data):
    lesson, inputs = learned(data)
    lesson.eval()
    with torch.no_grad():
        right, _ = lesson(inputs)
        wrong, _ = lesson({**inputs, "rows": inputs["rows"].roll(3)})
    assert float(right) < float(wrong) - 0.02


def test_learning_leaves_the_codes_as_they_are(data):
    lesson, _ = learned(data, steps=5)
    assert (lesson.network.codes.weight == codes_of(names_of(data))).all()


def test_noise_is_as_large_as_what_a_code_says(data):
    names = names_of(data)
    codes = codes_of(names) * torch.linspace(2.0, 0.1, 12)
    lesson = ShapesLesson(build("shapes", "small"), names, codes)
    batch = next(iter(data.batches(32, "train", lesson.fields, workers=0)))
    noise = lesson.prepare(batch, torch.Generator().manual_seed(0))["noise"]
    assert float(noise[:, 0].std()) > 8 * float(noise[:, -1].std())
    assert (lesson.prepare(batch, None)["noise"] == 0).all()


def test_meshes_without_a_code_are_not_judged(data):
    names = names_of(data)
    lesson = lesson_of(names[: len(names) // 2])
    batch = next(iter(data.batches(32, "train", lesson.fields, workers=0)))
    figures = lesson.eval().judge(lesson.prepare(batch, None))["point_iou"]
    known = torch.tensor([name in lesson.rows for name in batch.mesh_ids])
    assert (figures.isnan() == ~known).all()
    assert known.any()
    assert not known.all()


def test_a_teacher_knows_whom_it_knows_and_on_which_scale():
    codes = 5.0 + 0.3 * torch.randn((50, 12), generator=torch.Generator().manual_seed(0))
    teacher = Teacher([f"m{k}" for k in range(50)], codes)
    assert teacher.scale == pytest.approx(0.3, rel=0.1)  # of what tells them apart, not of their mean
    targets, known = teacher.targets(("m7", "nobody", "m0"))
    assert known.tolist() == [True, False, True]
    assert (targets[0] == codes[7]).all()
    assert (targets[2] == codes[0]).all()


def test_who_is_taught_is_drawn_to_the_code_and_is_never_mirrored(data):
    network = build("occupancy", "small")
    codes = torch.randn((len(names_of(data)), 12), generator=torch.Generator().manual_seed(1))
    lesson = OccupancyLesson(network, Teacher(names_of(data), codes))
    batch = next(iter(data.batches(16, "train", lesson.fields, workers=0)))
    random = torch.Generator().manual_seed(2)
    inputs = lesson.prepare(batch, random)
    expected, _ = lesson.teacher.targets(batch.mesh_ids)
    assert (inputs["target"] == expected).all()
    # Points keep their sides: with mirrors half of them would not.
    plain = OccupancyLesson(network).prepare(batch, None)
    sides = {tuple(p) for p in plain["points"][0].tolist()}
    assert all(tuple(p) in sides for p in inputs["points"][0].tolist())
    optimizer = torch.optim.Adam(lesson.parameters(), 1e-2)
    first = None
    for _ in range(120):
        loss, parts = lesson(inputs)
        first = float(parts["code"].detach()) if first is None else first
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(parts["code"].detach()) < 0.5 * first


def test_strangers_are_not_taught(data):
    lesson = OccupancyLesson(build("occupancy", "small"), Teacher(["another"], torch.zeros(1, 12)))
    lesson.teacher.scale = 1.0
    batch = next(iter(data.batches(8, "train", lesson.fields, workers=0)))
    loss, parts = lesson(lesson.prepare(batch, None))
    assert float(parts["code"].detach()) == 0.0
    assert torch.isfinite(loss)


def test_the_commands_hand_codes_on(folder, tmp_path, capsys):
    assert train(tmp_path / "shapes", folder, network="shapes") == 0
    weights = load_weights(tmp_path / "shapes" / "best.safetensors")
    assert weights.network == "shapes"
    assert sorted(weights.about["meshes"]) == names_of(Dataset(folder))
    best = tmp_path / "shapes" / "best.safetensors"
    assert train(tmp_path / "one", folder, network="occupancy", more=("--shapes", best)) == 0
    assert '"code"' in (tmp_path / "one" / "curve.jsonl").read_text()
    assert load_weights(tmp_path / "one" / "best.safetensors").about["shapes"] == str(best)
    assert train(tmp_path / "two", folder, network="viewpoint", more=("--shapes", best)) == 2
    assert "--shapes is for occupancy" in capsys.readouterr().err
    wrong = tmp_path / "one" / "best.safetensors"
    assert train(tmp_path / "three", folder, network="occupancy", more=("--shapes", wrong)) == 2
    assert "shapes of size small" in capsys.readouterr().err
    names = weights.about["meshes"]
    for about, said in (({}, "names no meshes"), ({"meshes": names[1:]}, f"names {len(names) - 1} meshes")):
        header = {"format": FORMAT, "network": "shapes", "size": "small", "about": json.dumps(about)}
        (tmp_path / "odd").write_bytes(packed(load_file(best), header))
        assert train(tmp_path / "four", folder, network="occupancy", more=("--shapes", tmp_path / "odd")) == 2
        assert f"its header {said}, but it holds {len(names)} codes" in sentence(capsys)


def test_a_broken_off_run_of_shapes_ends_with_the_same_bytes(folder, tmp_path, monkeypatch):
    assert train(tmp_path / "whole", folder, network="shapes") == 0
    step = ShapesLesson.forward
    calls = iter(range(100))

    def breaks(self, inputs):
        if next(calls) == 6:
            raise RuntimeError("the plug was pulled")
        return step(self, inputs)

    monkeypatch.setattr(ShapesLesson, "forward", breaks)
    assert train(tmp_path / "broken", folder, network="shapes") == 1
    monkeypatch.setattr(ShapesLesson, "forward", step)
    assert train(tmp_path / "broken", folder, network="shapes") == 0
    for name in ("best.safetensors", "curve.jsonl"):
        assert (tmp_path / "broken" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()

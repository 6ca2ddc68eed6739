"""The benchmark of reconstructions runs, puts the truth where it says, and counts as it says; no test says how good."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from made_data import small
from rrb.data.dataset import Dataset
from rrb.data.make import make_dataset
from rrb.data.scenes import Variety
from rrb.networks import build
from rrb.networks.viewpoint import Views
from rrb.recipes import reconstruct, seeing
from rrb.recipes import rrb as recipe_module
from rrb.recipes import shape as shape_module

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
MODULES = ("plan", "sections", "stages", "targets", "time")
STEPS = recipe_module.Rrb


class Block:
    """What the blind recipe takes every object for: a block as high as wide."""

    extents = torch.tensor([1.0, 1.0, 1.0])

    def __call__(self, points):
        return 100 * (0.5 - np.abs(points).max(-1))


class Blind(STEPS):
    """Networks that see nothing: every object is a block, seen from its front."""

    def __init__(self, occupancy=None, viewpoint=None, settings=recipe_module.OURS):
        super().__init__(None, None, replace(settings, resolution=32))

    def look(self, image, mask, camera):
        return None

    def views(self, seen):
        azimuth, elevation, roll = (torch.full((1, n), -30.0) for n in (360, 180, 360))
        azimuth[0, 180] = elevation[0, 90] = roll[0, 180] = 0.0
        return Views(azimuth, elevation, roll, torch.tensor([[5.0, 0, 0, 0, 0]]))

    def shape(self, seen, category):
        return _block()

    def refined(self, shape, found, *_):
        return shape, found


@cache
def _block():
    return shape_module.Shape(Block(), shape_module.surface(Block(), 16, 0.0), 0.0)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chairs")
    alone = {"truncated": 0.0, "occluded": 0.0, "beside": 0.0, "effects": False, "viewpoints": ("choy",)}
    make_dataset(small(count=4, views=1, variety=Variety(size=(96, 96), **alone)), folder)
    return folder


@pytest.fixture
def bench(data, monkeypatch):
    """The benchmark's modules by their short names, the recipe blind; its own mask is the true one, moved."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    masks = {s.image.tobytes(): np.roll(s.mask, 5, axis=1) for s in Dataset(data).samples()}
    monkeypatch.setattr(recipe_module, "Rrb", Blind)
    monkeypatch.setattr(build, "shipped", lambda name: (None, {}))
    recipes = {"rrb-paper": lambda: Blind(settings=replace(recipe_module.OURS, starts=1)), "rrb": Blind}
    monkeypatch.setattr(reconstruct, "RECIPES", recipes)
    monkeypatch.setattr(seeing, "plain_background", lambda image: None)
    monkeypatch.setattr(seeing, "predicted", lambda image, camera, network: masks[image.tobytes()])
    found = SimpleNamespace(**{name: import_module(f"_rrb_{name}") for name in MODULES})
    for module in (found.stages, found.time):
        monkeypatch.setattr(module, "Rrb", Blind)
        monkeypatch.setattr(module, "shipped", build.shipped)
    monkeypatch.setattr("rrb.evaluation.benchmark.SHAPE_POINTS", 500)
    monkeypatch.setattr(found.time, "_cold", lambda sample, times: None)
    found.main = _script().main
    return found


def _script():
    spec = importlib.util.spec_from_file_location("rrb_benchmark", BENCHMARKS / "rrb.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- a run ------------------------------------------------------------------------------------------


def test_it_writes_every_section_and_the_verdicts(bench, data, tmp_path, capsys):
    arguments = ["--data", str(data), "--split", "all", "--quick", "--out", str(tmp_path)]
    bench.main(arguments)
    told = (tmp_path / "rrb.md").read_text()
    for title in ("The machine", "RRB's Table 1", "Stages, given", "Time of one image", "Asked and measured"):
        assert f"### {title}" in told
    for block in told.split("### ")[1:]:
        assert len({line.count("|") for line in block.splitlines() if line.startswith("|")}) == 1
    assert "RRB, published" in capsys.readouterr().out
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.jsonl")}
    assert len(before) == 2
    bench.main([*arguments, "--sections", "table", "stages"])
    assert "2 of 2 were done before" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in before} == before


def test_without_data_it_makes_its_own(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(bench.plan, "_style", lambda: "fast")
    plan = bench.plan.Plan().quick()
    (one,) = bench.plan.sets_of([], "test", plan, tmp_path, tmp_path / "nothing")
    assert one.split == "all"
    assert len(Dataset(one.folders[0])) == plan.made
    assert f"seed {bench.plan.SEED}" in one.note


def test_beside_the_script_rrb_is_still_the_package():
    code = f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r}); import rrb; print(rrb.Camera.__module__, sys.path[0])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["rrb.geometry.camera", str(BENCHMARKS)]


# --- stages -----------------------------------------------------------------------------------------


@pytest.fixture
def records(bench, data):
    from rrb.cli._evaluate_methods import Structures, case_of
    from rrb.evaluation.benchmark import record

    samples, structures = list(Dataset(data).samples())[:1], Structures()
    return [record(case_of(s.key, s, structures), bench.stages.ways()) for s in samples]


def test_with_the_truth_everywhere_no_error_is_left(records):
    for row in records:
        said = row["found"]["mask + shape + viewpoint"]["scores"]
        assert said["metric_box_iou"] > 0.9
        assert said["azimuth_deg"] < 1
        assert said["elevation_deg"] < 1
        assert said["translation_m"] < 0.05
        assert said["mask_iou"] is None


def test_each_truth_mends_its_own_stage(records):
    for row in records:
        found = {name: answer["scores"] for name, answer in row["found"].items()}
        assert found["shape"]["f_score"] == pytest.approx(1, abs=0.01)
        assert found["nothing"]["f_score"] < 0.5
        # The rotation is held; a block stands elsewhere in the mask, and so is seen along another ray.
        assert found["viewpoint"]["azimuth_deg"] < min(6, found["nothing"]["azimuth_deg"])
        assert found["nothing"]["azimuth_deg"] == pytest.approx(abs(row["true"]["azimuth_deg"]), abs=25)
        assert (
            found["mask + shape + viewpoint"]["translation_m"] < found["shape + viewpoint"]["translation_m"]
        )


def test_the_share_is_of_the_error_over_the_same_pictures(bench):
    names = ["nothing", "mask"]

    def row(before, after):
        return {"found": {"nothing": _said(before), "mask": _said(after)}}

    records = [row(0.5, 0.75), row(0.7, 0.9), row(None, 0.1), row(0.0, None)]
    held = bench.stages.means(records, names, "mask")["shape_box_iou"]
    assert held.value == pytest.approx(0.825)
    _, share = bench.stages.tables("x", records, names)
    cells = dict(zip(share.columns, share.rows[0], strict=True))
    assert cells["shape box IoU"] == "56"  # an error of 0.4 became one of 0.175


def _said(value):
    every = dict.fromkeys(("metric_box_iou", "azimuth_deg", "elevation_deg", "translation_m", "volume_iou"))
    return {"scores": {**every, "shape_box_iou": value}}


# --- time and verdicts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "peak"), [("bytearray(300_000_000)", (300, 400)), ("1; import sys; sys.exit(3)", (1, 100))]
)
def test_a_command_is_measured_by_itself(code, peak):
    held = bytearray(500_000_000)  # of ours, which must not count
    command = [sys.executable, str(BENCHMARKS / "_rrb_process.py"), sys.executable, "-c", f"x = {code}"]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert said["code"] == (3 if "exit" in code else 0)
    assert peak[0] <= said["peak_mb"] < peak[1]
    assert said["seconds"] > 0
    del held


def test_verdicts_need_a_measurement(bench):
    rows = bench.targets.checks([], bench.time.Times()).rows
    assert all(row[2:] == ["not measured", ""] for row in rows)
    times = bench.time.Times(whole=[0.5, 0.9, 3.0], cold_s=6.0)
    said = {row[0]: row[3] for row in bench.targets.checks([], times).rows}
    assert said["one image, model loaded, median"] == "met"
    assert said["from the shell, cold"] == "missed"


def test_a_verdict_is_of_its_own_kind_of_pictures(bench):
    def row(source, category, value):
        scores = {**_said(None)["scores"], "shape_box_iou": value}
        found = {bench.targets.OURS: {"scores": scores}}
        return {"groups": {"category": category, "source": source}, "found": found}

    records = [
        row("photoreal procedural", "chair", 0.9),
        row("photoreal real", "chair", 0.5),
        row("fast procedural", "car", 0.1),
    ]
    said = {row[0]: row[2:] for row in bench.targets.checks(records, bench.time.Times()).rows}
    assert said["generated chairs: shape box IoU"] == ["0.900", "met"]
    assert said["real chairs: shape box IoU"] == ["0.500", "missed"]

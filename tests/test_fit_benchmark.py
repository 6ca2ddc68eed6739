"""The fitting benchmark runs, keeps what it measured, and counts as it says; how good fits are, no test says."""

import json
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import rrb
from rrb import Camera, Pose
from rrb.geometry.pose_io import Hypothesis
from rrb.geometry.primitives import box

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
MODULES = (
    "found",
    "cases",
    "cost",
    "jobs",
    "meshes",
    "plan",
    "plots",
    "runs",
    "sections",
    "store",
    "tables",
    "targets",
)
PROTOCOLS = ("near", "far", "upright", "any")
SECTIONS = (*PROTOCOLS, "degrade", "covariance", "published", "starts", "gains", "cost", "search")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """The benchmark's modules by their short names; two small meshes, small masks, a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        found = SimpleNamespace(**{name: import_module(f"_fit_{name}") for name in MODULES})
        found.fit, found.cache = import_module("fit"), import_module("_fit_cache")
        patch.setattr(found.cache, "FOLDER", tmp_path_factory.mktemp("cache"))
        views = import_module("_fit_views")
        patch.setattr(views, "SIDE_PX", 64)
        patch.setattr(found.cases, "SAMPLES", 2)
        patch.setattr(import_module("_fit_score"), "SAMPLES", 2)
        patch.setattr(import_module("_fit_score"), "_POINTS", 200)
        parts = import_module("_procedural_parts")
        steps = parts.Mesh.concatenated([box((1, 0.2, 0.5)), box((0.3, 0.7, 0.4)).with_vertices(_moved())])
        mesh = parts.refined(steps, 200)
        odd = found.meshes.BenchMesh("steps", "procedural", "chair", mesh, None)
        brick = found.meshes.BenchMesh(
            "brick", "procedural", "box", parts.refined(box((1, 0.4, 0.6)), 200), "2-fold"
        )
        patch.setattr(found.cases, "bench_meshes", lambda split: (odd, brick))
        yield found
        found.runs._reading.clear()
    rrb.set_threads(1)


def _moved():
    return box((0.3, 0.7, 0.4)).vertices + [0.3, 0.4, 0.1]


@pytest.fixture(scope="module")
def plan(bench):
    from dataclasses import replace

    return replace(bench.plan.QUICK, gain_sides_px=(16, 64), cost_faces=(100, 400), cost_sides_px=(32, 64))


@pytest.fixture(scope="module")
def ran(bench, plan, tmp_path_factory):
    """A whole run with the procedural split alone: where it wrote, and what it printed."""
    out = tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.plan, "QUICK", plan)
        bench.fit.main(["--quick", "--splits", "procedural", "--out", str(out)])
    return out


@pytest.fixture
def found(bench, plan, ran):
    few = bench.plan.limited(plan, None, ("procedural",))
    return bench.found.Found(few, bench.store.Store(ran / "fit.json", bench.store.code_version()))


# --- a run ----------------------------------------------------------------------------------------


def test_it_writes_a_table_of_each_section_and_the_verdicts(ran, bench):
    text = (ran / "fit.md").read_text()
    for title in (
        "The machine",
        "Accuracy, time and confidence of each road",
        "What remains",
        "Whether the covariance",
        "The published road's time",
        "From how far",
        "Gain by the resolution",
        "Gain by the number of steps",
        "What a fit costs",
        "What searching more widely",
        "Whether hypotheses tell",
        "Asked and measured",
    ):
        assert f"### {title}" in text
    for block in text.split("### ")[1:]:
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) == 1


@pytest.mark.parametrize("name", SECTIONS)
def test_every_job_of_every_section_has_a_record(name, bench, found):
    section = bench.sections.SECTIONS[name]
    jobs = list(section.jobs(found.plan))
    assert jobs
    assert len({job.key for job in jobs}) == len(jobs), "two jobs under one key"
    assert len(found.pairs(name)) == len(jobs)
    assert all(record.keys() >= {"right", "among", "accepted"} for _, record in found.pairs(name))


def test_no_section_is_forgotten_here(bench):
    assert set(SECTIONS) == set(bench.sections.SECTIONS) == set(bench.tables.TABLES)


def test_plots_are_pictures(bench, ran):
    from PIL import Image

    for name in bench.plots.PLOTS:
        with Image.open(ran / f"{name}.png") as picture:
            assert np.ptp(np.asarray(picture.convert("L"))) > 100


def test_a_second_run_measures_only_what_is_missing(bench, plan, ran, monkeypatch):
    few = bench.plan.limited(plan, None, ("procedural",))
    store = bench.store.Store(ran / "fit.json", bench.store.code_version())
    lost = next(iter(store.records("near")))
    del store.records("near")[lost]
    measured = []
    section = bench.sections.SECTIONS["near"]
    monkeypatch.setitem(
        bench.sections.SECTIONS,
        "near",
        _with(section, measure=lambda job: measured.append(job.key) or section.measure(job)),
    )
    bench.sections.run(["near", "far"], few, store, {})
    assert set(measured) == {lost}
    assert lost in json.loads((ran / "fit.json").read_text())["sections"]["near"]["records"]


def _with(section, **changes):
    from dataclasses import replace

    return replace(section, **changes)


def test_what_other_code_measured_is_measured_again_but_not_lost_elsewhere(bench, ran, capsys):
    store = bench.store.Store(ran / "fit.json", "other code")
    assert store.open("near", {}) == {}
    assert "begun anew" in capsys.readouterr().err
    assert store.records("far")
    assert "far" in store.stale()


def test_only_what_a_choice_may_be_made_on_is_searched_in_many_ways(bench):
    jobs = bench.sections.SECTIONS["search"].jobs(bench.plan.Plan(search=2))
    assert {job.split for job in jobs} == {"train", "procedural"}


# --- what is counted ------------------------------------------------------------------------------


def test_the_distance_is_that_of_a_step_drawn_from_the_covariance(bench, monkeypatch):
    """truth = pose stepped by x: then the distance is x' C^-1 x, whatever the pose."""
    random = np.random.default_rng(3)
    case = bench.runs.case_of("near", "procedural", 0)
    root = random.normal(size=(6, 6)) * 0.01
    covariance = root @ root.T + 1e-6 * np.eye(6)
    off = np.linalg.cholesky(covariance) @ random.normal(size=6)
    pose = _stepped_back(case.truth, off)
    assert pose.step(off).matrix == pytest.approx(case.truth.matrix, abs=1e-12)
    _answer(monkeypatch, pose, covariance)
    record = bench.runs.covered(case)
    assert record["squared"] == pytest.approx(off @ np.linalg.inv(covariance) @ off, rel=1e-6)
    assert record["worst_deg"] == pytest.approx(
        np.degrees(np.sqrt(np.linalg.eigvalsh(covariance[:3, :3]).max()))
    )


def _stepped_back(truth: Pose, off: np.ndarray) -> Pose:
    """The pose that a left perturbation by `off`, rotation and translation apart, brings to the truth."""
    turn = Pose.from_rotation_vector(off[:3]).rotation
    return Pose(turn.T @ truth.rotation, truth.translation - off[3:])


def _answer(monkeypatch, pose, covariance=None, others=(), **also):
    """`rrb.fit` returns that."""
    known = {"accepted": True, "reason": None, "history": (None,) * 4, "covariance": covariance} | also
    hypotheses = tuple(Hypothesis(p) for p in (pose, *others))
    result = SimpleNamespace(camera_from_object=pose, hypotheses=hypotheses, **known)
    monkeypatch.setattr(rrb, "fit", lambda *_, **__: result)


def test_the_true_pose_among_others_is_not_right_but_among(bench, monkeypatch):
    case = bench.runs.case_of("any", "procedural", 0)
    wrong = Pose(case.truth.rotation, 1.2 * case.truth.translation)
    _answer(monkeypatch, wrong, others=(wrong, case.truth))
    record, _ = bench.runs.measured(case, None)
    assert (record["right"], record["among"], record["steps"]) == (False, True, 3)
    _answer(monkeypatch, wrong, others=(wrong,))
    assert not bench.runs.measured(case, None)[0]["among"]
    _answer(monkeypatch, case.truth)
    record, _ = bench.runs.measured(case, None)
    assert record["right"]
    assert record["among"]


def test_what_a_fit_refuses_is_counted_as_wrong(bench):
    from dataclasses import replace

    case = bench.runs.case_of("near", "procedural", 0)
    record, found = bench.runs.measured(replace(case, mask=np.zeros_like(case.mask)), None)
    assert found is None
    assert record["refused"]
    assert not record["right"]
    assert not record["accepted"]
    assert bench.found.share([record], "right") == 0


@pytest.mark.parametrize("degrees", [5, 90, 180])
def test_a_start_is_as_far_off_as_it_says(bench, degrees):
    case = bench.runs.started(bench.runs.case_of("near", "procedural", 0), degrees)
    angle, _ = case.truth.distance(case.init)
    assert angle == pytest.approx(degrees, abs=1e-6)
    ratio = np.linalg.norm(case.init.translation) / np.linalg.norm(case.truth.translation)
    assert abs(ratio - 1) == pytest.approx(bench.runs.START_SHARE, abs=0.01)


@pytest.mark.parametrize("side", [16, 64])
def test_the_gain_of_a_fit_that_stays_is_nothing(bench, side, monkeypatch):
    case = bench.runs.case_of("near", "procedural", 0)
    stays = SimpleNamespace(camera_from_object=case.init)
    _answer(monkeypatch, case.init, history=(stays,) * 4)
    trail = bench.runs.gained(case, rrb.SecondOrder(), side, (0, 1, 2))["trail"]
    assert len(trail) == 4
    assert all(entry == trail[0] for entry in trail)
    assert trail[0][1] == pytest.approx(15.0)


@pytest.mark.parametrize("n_faces", [100, 900])
def test_a_mesh_of_other_faces_is_drawn_alike(bench, n_faces):
    case = bench.runs.case_of("near", "procedural", 0)
    other = bench.cost.with_faces(case, n_faces)
    assert len(other.mesh.faces) == pytest.approx(n_faces, rel=0.05)
    assert bench.meshes.silhouettes_iou(case.mesh.normalised()[0], other.mesh.normalised()[0]) > 0.99


def test_a_larger_picture_shows_the_same(bench):
    case = bench.runs.case_of("near", "procedural", 0)
    large = bench.cost.with_side(case, 128)
    assert large.mask.shape == (128, 128)
    small = large.mask.reshape(64, 2, 64, 2).mean((1, 3))
    assert np.abs(small - case.mask).mean() < 0.02
    assert isinstance(large.camera, Camera)


# --- tables and verdicts --------------------------------------------------------------------------


def _record(**known):
    return {"right": True, "among": True, "accepted": True, "symmetry": None} | known


def test_angles_of_symmetric_meshes_do_not_count(bench):
    records = [_record(deg=1.0), _record(deg=3.0), _record(deg=180.0, symmetry="2-fold"), _record()]
    assert bench.found.median(records, "deg", plain=True) == 2.0
    assert bench.found.median(records, "deg") == 3.0


def test_confidence_is_told_of_the_right_and_of_the_wrong_apart(bench):
    right = [_record(), _record(), _record(), _record(accepted=False)]
    wrong = [_record(right=False), _record(right=False, accepted=False)]
    assert bench.found.confidence(right + wrong) == [75.0, 50.0, 2]


def test_another_minimum_is_left_out_of_the_coverage_and_counted(bench):
    near = [_record(squared=1.0, closest=0.001), _record(squared=20.0, closest=0.002)]
    left_out = [_record(squared=1e6, closest=0.2), _record(refused="for a reason")]
    assert bench.found.inside(near + left_out) == (50.0, 2)


@pytest.mark.parametrize(
    ("values", "pooled", "expected"),
    [
        ({"train": 98.0, "test": 99.0, "all": 98.5}, False, "met"),
        ({"train": 97.9, "test": 99.0, "all": 98.5}, False, "missed (train)"),
        ({"train": 10.0, "test": 10.0, "all": 98.5}, True, "met"),
        ({"train": 99.0, "test": np.nan, "all": 50.0}, False, "met"),
        ({"train": 99.0, "test": 99.0, "all": 50.0}, True, "missed (all)"),
        ({"train": np.nan, "test": np.nan, "all": np.nan}, False, ""),
    ],
)
def test_a_verdict_needs_every_split_and_a_measurement(bench, values, pooled, expected):
    target = bench.targets.Target("right", "near", None, "%", least=98, pooled=pooled)
    assert bench.targets.verdict(target, values) == expected


def test_a_bound_above_and_below_is_asked_for_as_both(bench):
    target = bench.targets.Target("inside", "covariance", None, "%", 90, 99)
    assert target.asked == "90 to 99 %"
    assert [target.met(v) for v in (89.9, 90.0, 99.0, 99.1)] == [False, True, True, False]


def test_nothing_measured_is_told_so(bench, plan, tmp_path):
    empty = bench.found.Found(plan, bench.store.Store(tmp_path / "none.json", "v"))
    assert bench.tables.tables(empty, SECTIONS) == []
    rows = bench.targets.checks(empty).rows
    assert rows
    assert all(row[-1] == "" and "not measured" in row for row in rows)

"""The benchmark of egomotion measures what it says, spoils films as it says, and its opponent is a real one."""

import importlib.util
import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from rrb.data.sample import Sample
from rrb.data.sequences import SequenceOrder, make_sequence
from rrb.egomotion.trajectory import Trajectory
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
MODULES = (
    "films",
    "hard",
    "plan",
    "real",
    "runs",
    "scenes",
    "score",
    "sections",
    "speed",
    "store",
    "targets",
)


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        names = (*MODULES, "bundle", "tables")
        yield SimpleNamespace(**{name: import_module(f"_egomotion_{name}") for name in names})


@pytest.fixture(scope="module")
def films_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    for kind in ("one-chair", "two-chairs"):
        make_sequence(SequenceOrder(kind, 0, 16, (64, 64)), folder / f"{kind}-0")
    return folder


@pytest.fixture
def film(bench, films_folder):
    return bench.films.Film(folder=films_folder / "two-chairs-0")


# --- scores -----------------------------------------------------------------------------------------


@pytest.fixture
def truth():
    turn = np.linspace(0, 2, 20)
    centres = np.stack([2 * np.cos(turn), 1.2 + 0.1 * np.sin(3 * turn), 2 * np.sin(turn)], axis=1)
    return Pose.look_at(centres, np.zeros((20, 3))).inverse()


def path(poses, known=None, confidence=None):
    known = np.ones(20, bool) if known is None else known
    return Trajectory(np.arange(20.0), poses, known, known * (1.0 if confidence is None else confidence))


def moved(poses, number, by):
    translation = poses.translation.copy()
    translation[number] += by
    return Pose(poses.rotation, translation)


ELSEWHERE = Pose.from_euler_zyx(30.0, 70.0, 10.0, [1.0, 2.0, 3.0])


def test_where_the_world_is_costs_nothing_and_its_size_only_without_a_scale(bench, truth):
    larger = ELSEWHERE @ Pose(truth.rotation, 1.1 * truth.translation)
    score = bench.score.scored(truth, path(larger))
    assert score["ate_sim3_m"] == pytest.approx(0, abs=1e-9)
    assert score["rpe_sim3_m"] == pytest.approx(0, abs=1e-9)
    assert score["scale_sim3"] == pytest.approx(1 / 1.1)
    step = np.linalg.norm(np.diff(truth.translation, axis=0), axis=1)
    assert score["rpe_se3_m"] == pytest.approx(0.1 * np.sqrt((step**2).mean()))
    spread = truth.translation - truth.translation.mean(0)
    assert score["ate_se3_m"] == pytest.approx(0.1 * np.sqrt((spread**2).sum(1).mean()))


def test_frames_that_are_not_known_are_in_no_error(bench, truth):
    known = np.ones(20, bool)
    known[[5, 6]] = False
    score = bench.score.scored(truth, path(moved(truth, [5, 6], 9.0), known))
    assert (score["known"], score["frames"]) == (18, 20)
    assert score["ate_sim3_m"] == pytest.approx(0, abs=1e-9)
    assert score["rpe_sim3_m"] == pytest.approx(0, abs=1e-9)  # nor is the step over the gap
    assert score["off"] == score["unnoticed"] == 0


@pytest.mark.parametrize("align", ["none", "sim3"])
@pytest.mark.parametrize(("confidence", "unnoticed"), [(0.9, 1), (0.4, 0)])
def test_a_lost_camera_is_unnoticed_only_where_it_is_called_sure(bench, truth, align, confidence, unnoticed):
    sure = np.ones(20)
    sure[7] = confidence
    score = bench.score.scored(truth, path(moved(truth, 7, [0.0, 0.5, 0.0]), confidence=sure), align=align)
    assert score["off"] == 1
    assert score["unnoticed"] == unnoticed


def test_turned_cameras_are_lost_too_and_symmetric_objects_excuse(bench, truth):
    turned = Pose.from_euler_zyx(0.0, 180.0, 0.0) @ truth
    assert bench.score.scored(truth, path(turned), align="none")["unnoticed"] == 20
    assert bench.score.scored(truth, path(turned), align="none", turns=2)["unnoticed"] == 0
    rotation = truth.rotation.copy()
    rotation[3] = rotation[3] @ Pose.from_euler_zyx(20.0, 0.0, 0.0).rotation
    assert bench.score.scored(truth, path(Pose(rotation, truth.translation)))["unnoticed"] == 1


@pytest.mark.parametrize("count", [0, 2])
def test_too_few_known_frames_say_no_error(bench, truth, count):
    score = bench.score.scored(truth, path(truth, np.arange(20) < count))
    assert score["known"] == count
    assert score["ate_sim3_m"] is None
    assert bench.tables.middle_and_worst([score], "ate_sim3_m") == (np.inf, np.inf)


# --- films ------------------------------------------------------------------------------------------


def test_a_film_is_in_its_first_object_s_frame(film):
    assert [mask is not None for mask in film.masks[0]] == [True, True]
    mesh, mask = film.meshes[film.names[0]], film.masks[0][0]
    seen = film.camera.project(film.world_from_camera.inverse()[0].apply(mesh.vertices))[:, :2]
    rows, columns = np.nonzero(mask)
    assert seen.min(0) == pytest.approx([columns.min(), rows.min()], abs=2)
    assert film.camera_height_m == pytest.approx(1.2)


def shown(bench, film):
    return bench.hard.as_it_is(film)


def test_ragged_masks_differ_near_their_contour_alone(bench, film):
    before = shown(bench, film)
    after = bench.hard.ragged(before, np.random.default_rng(1))
    for old, new in zip(before.masks, after.masks, strict=True):
        for a, b in zip(old, new, strict=True):
            distance = np.abs(bench.hard.signed_distance(a))
            assert (a != b)[distance < 2].mean() > 0.1
            assert not (a != b)[distance > 12].any()


def test_halves_are_hidden_in_a_fifth_of_the_frames_and_never_in_the_first(bench, film):
    before = shown(bench, film)
    after = bench.hard.half_hidden(before, np.random.default_rng(1))
    assert after.spoilt.sum() == round(0.2 * 16)
    few = bench.hard.Shown(before.frames, [(None,)] * 16, np.zeros(16, bool))
    spoilt = [bench.hard.half_hidden(few, np.random.default_rng(seed)).spoilt for seed in range(30)]
    assert np.any(spoilt, axis=0).tolist() == [False] + [True] * 15
    for old, new, spoilt in zip(before.masks, after.masks, after.spoilt, strict=True):
        for a, b in zip(old, new, strict=True):
            assert (b <= a).all()
            assert b.sum() / a.sum() == pytest.approx(0.5 if spoilt else 1.0, abs=0.13)


def test_ten_frames_are_without_any_object(bench, film):
    after = bench.hard.absent(shown(bench, film), np.random.default_rng(1))
    gone = [not any(mask.any() for mask in row) for row in after.masks]
    assert gone == after.spoilt.tolist()
    assert sum(gone) == 10
    assert not gone[0]
    assert not gone[-1]


def test_blur_mixes_neighbours_and_leaves_what_stands_still(bench, film):
    before = shown(bench, film)
    after = bench.hard.blurred(before, np.random.default_rng(1))
    mixed = sum(w * before.frames[n].astype(float) for w, n in zip((0.25, 0.5, 0.25), (4, 5, 6), strict=True))
    assert after.frames[5] == pytest.approx(mixed, abs=0.5)
    soft = after.masks[5][0]
    assert ((soft > 0) & (soft < 1)).any()
    still = bench.hard.Shown([before.frames[0]] * 4, [before.masks[0]] * 4, np.zeros(4, bool))
    again = bench.hard.blurred(still, np.random.default_rng(1))
    assert all((frame == before.frames[0]).all() for frame in again.frames)
    assert all((row[1] == before.masks[0][1]).all() for row in again.masks)


# --- the opponent -----------------------------------------------------------------------------------


K = np.array([[260.0, 0, 127.5], [0, 260.0, 127.5], [0, 0, 1]])


def scene(random, cameras=5, points=60):
    places = random.uniform(-1, 1, (points, 3)) * [1, 1, 0.5]
    centres = np.stack([np.linspace(-1, 1, cameras), np.zeros(cameras), np.full(cameras, -3.0)], axis=1)
    poses = Pose.look_at(centres, np.zeros((cameras, 3)), np.array([0.0, -1.0, 0.0]))
    return np.concatenate([poses.rotation, poses.translation[..., None]], axis=2), places


def sights_of(bench, cameras, places):
    camera, point = (index.ravel() for index in np.indices((len(cameras), len(places))))
    blank = bench.bundle.Sights(camera, point, np.zeros((len(camera), 2)), np.ones(len(camera)))
    pixels, _ = bench.bundle.residuals(cameras, places, blank, K)
    return bench.bundle.Sights(camera, point, pixels, np.ones(len(camera)))


@pytest.mark.parametrize(("mistaken", "most_m"), [(0, 1e-5), (12, 0.01)])
def test_bundle_adjustment_finds_the_scene_again_despite_mistaken_sights(bench, mistaken, most_m):
    random = np.random.default_rng(3)
    cameras, places = scene(random)
    sights = sights_of(bench, cameras, places)
    sights.pixels[random.choice(len(sights.pixels), mistaken, replace=False)] += 40
    start = cameras.copy()
    start[2:, :, 3] += random.normal(0, 0.05, (3, 3))
    off = random.normal(0, 0.1, places.shape)
    free = np.arange(5) >= 2  # two cameras hold the world and its size
    found, points = bench.bundle.adjust(start, places + off, sights, K, free, 60)
    assert found == pytest.approx(cameras, abs=most_m)
    assert np.median(np.linalg.norm(points - places, axis=1)) < most_m
    assert (found[:2] == cameras[:2]).all()


def test_derivatives_of_sights_are_those_of_differences(bench):
    random = np.random.default_rng(4)
    cameras, places = scene(random, 2, 7)
    sights = sights_of(bench, cameras, places)
    _, seen = bench.bundle.residuals(cameras, places, sights, K)
    by_camera, by_point = bench.bundle._derivatives(cameras, seen, sights, K)
    step = 1e-6

    def differs(moved_cameras, moved_places):
        return bench.bundle.residuals(moved_cameras, moved_places, sights, K)[0] / step

    for k in range(6):
        steps = np.zeros((2, 6))
        steps[:, k] = step
        assert by_camera[:, :, k] == pytest.approx(
            differs(bench.bundle._turned(cameras, steps), places), abs=2e-3
        )
    for k in range(3):
        assert by_point[:, :, k] == pytest.approx(differs(cameras, places + step * np.eye(3)[k]), abs=2e-3)


def room(frames):
    """A wall and boards before it, all with a rough pattern, and a camera that goes past: (pictures, its poses)."""
    cv2 = pytest.importorskip(
        "cv2", reason="the visual odometry is OpenCV's; pip install opencv-python-headless"
    )
    random = np.random.default_rng(0)
    boards = [(np.array([0, 0, 1.5]), 0.0, 5.0)]
    boards += [(random.uniform([-1, -1, -0.6], [1, 1, 0.6]), random.uniform(-30, 30), 0.6) for _ in range(6)]
    boards = [(c, Pose.from_euler_zyx(0.0, turn, 0.0).rotation, side) for c, turn, side in boards]
    patterns = [random.uniform(0, 255, (200, 200, 3)).astype(np.float32) for _ in boards]
    patterns = [
        np.clip((cv2.GaussianBlur(p, (0, 0), 1.5) - 127) * 4 + 127, 0, 255).astype(np.uint8) for p in patterns
    ]
    turn = np.radians(np.linspace(-20, 20, frames))
    centres = np.stack([3 * np.sin(turn), 0.3 * np.sin(3 * turn), -3 * np.cos(turn)], axis=1)
    poses = Pose.look_at(centres, np.zeros((frames, 3)), np.array([0.0, -1.0, 0.0]))
    return [_boards_seen(cv2, boards, patterns, poses[k]) for k in range(frames)], poses.inverse()


def _boards_seen(cv2, boards, patterns, camera_from_world):
    image = np.full((256, 256, 3), 128, np.uint8)
    for n in sorted(range(len(boards)), key=lambda n: -boards[n][0][2]):  # from far to near
        centre, turn, side = boards[n]
        axes = turn[:, :2] * side / 200
        plane = np.concatenate([axes, (centre - axes.sum(1) * 100)[:, None]], axis=1)
        seen = K @ (camera_from_world.rotation @ plane + np.outer(camera_from_world.translation, [0, 0, 1]))
        there = cv2.warpPerspective(np.full((200, 200), 255, np.uint8), seen, (256, 256)) > 127
        image[there] = cv2.warpPerspective(patterns[n], seen, (256, 256))[there]
    return image


def test_the_visual_odometry_follows_where_there_is_texture(bench):
    pictures, truth_ = room(12)
    once = import_module("_egomotion_features").Settings(starts=1)
    found = import_module("_egomotion_vo").odometry(pictures, K, once)
    assert found.lost == ()
    score = bench.score.scored(truth_, Trajectory.of_known(np.arange(12.0), found.world_from_camera))
    assert score["ate_sim3_m"] < 0.01  # of a way of 2 m
    assert score["ate_sim3_deg"] < 2


def test_the_visual_odometry_says_which_frames_it_lost(bench):
    pictures, truth_ = room(12)
    grey = np.full_like(pictures[0], 128)
    shown_ = [grey, *pictures[:6], grey, *pictures[7:], grey]
    once = import_module("_egomotion_features").Settings(starts=1)
    found = import_module("_egomotion_vo").odometry(shown_, K, once)
    assert found.lost == (0, 7, 13)
    kept = found.world_from_camera[found.known]
    index = np.delete(np.arange(12), 6)
    assert bench.score.scored(truth_[index], Trajectory.of_known(index, kept))["ate_sim3_m"] < 0.01
    nothing = import_module("_egomotion_vo").odometry([grey] * 4, K)
    assert nothing.lost == (0, 1, 2, 3)


# --- the cabinet ------------------------------------------------------------------------------------


def cabinet_sample(size=(0.44, 0.56, 0.78)):
    """A dark box on a light floor as depth and colours, seen from above."""
    from rrb.raster.render import render

    camera = Camera.from_fov(60.0, width=160, height=120)
    pose = Pose.look_at([1.1, 1.3, -1.4], [0.0, 0.2, 0.0])
    standing = box(size).transformed(Pose(np.eye(3), [0.0, size[1] / 2, 0.0]))
    ground = box((8.0, 0.001, 8.0))
    depths = [np.asarray(render(mesh, pose, camera).depth) for mesh in (standing, ground)]
    near, far = (np.where(np.isfinite(d) & (d > 0), d, np.inf) for d in depths)
    there = near < far
    image = np.where(there[..., None], [40, 40, 80], [190, 185, 175]).astype(np.uint8)
    depth = np.where(np.isfinite(np.minimum(near, far)), np.minimum(near, far), 0).astype(np.float32)
    return Sample("cabinet", image, "cabinet", "", camera=camera, depth_m=depth), there


def test_the_cabinet_s_size_and_masks_come_from_the_pictures(bench):
    sample, there = cabinet_sample()
    assert bench.real.measured_size(sample) == pytest.approx([0.44, 0.56, 0.78], abs=0.03)
    for way in (bench.real.by_colour, bench.real.by_depth):
        mask = way(sample) >= 0.5
        assert (mask & there).sum() / (mask | there).sum() > 0.95


def test_the_box_is_followed_by_the_masks_of_the_pictures(bench):
    sample, _ = cabinet_sample()
    poses = [{"seconds": float(n), "world_from_camera": Pose.identity().to_json()} for n in range(3)]
    found = bench.real.Cabinet(tuple(replace(sample, about=about) for about in poses))
    row = bench.real.run(found, "above the floor by depth")
    assert row["size_m"] == pytest.approx([0.44, 0.56, 0.78], abs=0.03)
    assert (row["frames"], row["known"], row["without_mask"]) == (3, 3, 0)


# --- time -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("faces", "most"), [(300, 300), (5000, 20_000)])
def test_a_mesh_has_the_faces_asked_for_or_up_to_four_times_more_and_its_shape(bench, film, faces, most):
    mesh = film.meshes[film.names[0]]
    found = bench.speed._with_faces(mesh, faces)
    assert 0.95 * faces <= len(found.faces) <= most
    assert found.bounding_box() == pytest.approx(mesh.bounding_box(), abs=0.03)
    assert sum(found.face_areas()) == pytest.approx(sum(mesh.face_areas()), rel=0.1)


@pytest.mark.parametrize("objects", [1, 3])
def test_every_object_of_a_ring_is_wholly_in_view(bench, objects):
    film = bench.scenes.ring(objects, 4, 64)
    frames, masks = bench.scenes.drawn(film)
    assert frames[0].shape == (64, 64, 3)
    for row in masks:
        assert len(row) == objects
        together = np.sum(row, axis=0)
        assert together.max() == 1
        assert together[1:-1, 1:-1].sum() == together.sum()
        assert all(mask.sum() > 30 for mask in row)


# --- a run ------------------------------------------------------------------------------------------


@pytest.fixture
def main(bench, monkeypatch):
    """The script, with trackers that say the truth; how often they were asked is counted."""
    asked = []

    def perfect(film):
        asked.append(film.name)
        return Trajectory.of_known(film.times_s, film.world_from_camera)

    def followed(case):
        shares = {"fps": 100.0, "fps_mean": 90.0, "cpu_ms": case.side_px / 100, "first_s": 0.1, "known": 6}
        return {
            "side_px": case.side_px,
            "faces_now": case.faces,
            "objects": case.objects,
            "masks": case.masks,
        } | shares

    def spoilt(film, spoil, way):
        score = bench.score.scored(film.world_from_camera, perfect(film))
        return {"film": film.name, "kind": film.kind, "way": way, "spoil": spoil, **score}

    monkeypatch.setattr(bench.runs, "WAYS", dict.fromkeys(bench.runs.WAYS, perfect))
    monkeypatch.setattr(
        bench.runs, "odometry", lambda film: bench.runs.run(film, "own masks") | {"way": bench.runs.ODOMETRY}
    )
    monkeypatch.setattr(bench.hard, "run", spoilt)
    monkeypatch.setattr(bench.speed, "run", followed)
    spec = importlib.util.spec_from_file_location("egomotion_benchmark", BENCHMARKS / "egomotion.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return SimpleNamespace(run=module.main, asked=asked, sections=module.SECTIONS)


@pytest.fixture
def arguments(bench, films_folder, tmp_path, monkeypatch):
    quick = bench.plan.Plan().quick()
    small = type(quick)(**{**vars(quick), "size": (64, 64)})
    monkeypatch.setattr(bench.plan.Plan, "quick", lambda plan: small)
    return [
        "--quick",
        "--films",
        str(films_folder),
        "--shared",
        str(tmp_path),
        "--out",
        str(tmp_path / "out"),
    ]


def test_a_perfect_tracker_meets_what_was_asked_and_a_stopped_run_goes_on(
    bench, main, arguments, tmp_path, capsys
):
    main.run(arguments)
    told = (tmp_path / "out" / "egomotion.md").read_text()
    for title in (
        "The machine",
        "The paper's run: two-chairs",
        "What goes wrong",
        "Frames a second",
        "Asked and",
    ):
        assert f"### {title}" in told
    assert "ORB-SLAM, published" in told
    for block in told.split("### ")[1:]:
        assert len({line.count("|") for line in block.splitlines() if line.startswith("|")}) == 1
    verdicts = [line for line in told.split("### Asked")[1].splitlines() if line.startswith("|")][2:]
    missed = [line for line in verdicts if "| met" not in line]
    assert all("seeds" in line for line in missed)  # one seed where ten are asked
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert {name for name, rows in results["sections"].items() if rows} >= {"runs", "hard", "speed"}
    before = len(main.asked)
    main.run(arguments)
    assert len(main.asked) == before
    capsys.readouterr()


def test_other_code_begins_anew_unless_told_to_go_on(bench, tmp_path):
    first = bench.store.Store(tmp_path, {"runs": "a"})
    assert first.get("runs", "x", lambda: {"value": 1}) == {"name": "x", "value": 1}
    assert bench.store.Store(tmp_path, {"runs": "b"}).records("runs") == []
    on = bench.store.Store(tmp_path, {"runs": "b"}, go_on=True)
    assert on.get("runs", "x", lambda: {"value": 2})["value"] == 1
    plan = bench.plan.Plan()
    assert bench.store.versions(plan) == bench.store.versions(plan.limited(2))
    assert bench.store.versions(plan)["runs"] != bench.store.versions(plan.quick())["runs"]


def test_a_refused_run_and_a_blind_one_are_missed_targets(bench):
    blind = {"name": "a", "film": "a", "kind": "one-chair", "way": "true meshes", "frames": 60, "known": 1}
    refused = {"name": "b", "refused": "no object"}
    found = {"runs": [blind, refused], "hard": [], "speed": []}
    rows = {row[0]: row for row in bench.targets.checks(found).rows}
    assert rows["one-chair, true meshes: ATE, SE(3), median"][3] == "missed"
    assert rows["two-chairs, true meshes: ATE, SE(3), median"][2] == "not measured"
    assert "no object" in str(bench.tables.each([blind, refused]))


def test_the_script_and_its_sections_agree(bench, main):
    assert main.sections == bench.sections.SECTIONS

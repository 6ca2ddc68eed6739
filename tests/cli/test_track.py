"""`rrb track`: its files agree with each other, frames keep their masks and times, every end leaves what was found."""

import json
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import rrb
from light_help import loaded_for_help
from rrb.cli import _track_pictures as pictures
from rrb.cli import _track_write as written
from rrb.cli.main import main
from rrb.egomotion import Trajectory
from rrb.errors import BadFileError
from rrb.geometry.image_io import save_image, save_mask
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box
from rrb.recipes import _track_film, frames
from rrb.recipes import track as recipe
from rrb.viz import trajectory as drawing

COUNT = 8
WIDTH, HEIGHT = 48, 36
LENS = ("--fov-deg", "50")
FILES = {
    "trajectory.json",
    "trajectory_tum.txt",
    "trajectory_kitti.txt",
    "trajectory_kitti_times.txt",
    "frames.jsonl",
    "meshes",
}


def true_path(count=COUNT) -> Pose:
    """World from camera: about the object, rising."""
    turn = np.linspace(0, 2, count)
    path = np.stack([2 * np.sin(turn), 0.5 + 0.2 * turn, -2 * np.cos(turn)], 1)
    return Pose.look_at(path, np.zeros_like(path)).inverse()


# --- a tracker that knows the path --------------------------------------------------------------------


@dataclass
class Stub:
    """What was asked of it, and how it answers."""

    calls: list = field(default_factory=list)  # (frame's name, masks, time)
    lost: tuple = ()
    metric: bool = True
    on_frame: object = None
    smooth: bool | None = None
    height: float | None = None

    def tracker(self, camera, meshes=None, *, names=(), camera_height_m=None):
        self.camera, self.height = camera, camera_height_m
        given = {"object 0": box((0.5, 0.4, 0.3))} if meshes is None else meshes
        self.names, self.meshes = list(names) or list(given), list(given.values())
        return self

    def film(self, tracker, looks=True):
        self.tracker_made, self.looks, self.steps = tracker, looks, []
        return _Film(self)


class _Film:
    def __init__(self, stub):
        self.stub, self.tracker, self.steps = stub, stub, stub.steps

    def add(self, frame, masks, time_s):
        k = len(self.steps)
        self.stub.calls.append((frame, masks, time_s))
        if self.stub.on_frame is not None:
            self.stub.on_frame(k)
        known = k not in self.stub.lost
        pose, state = true_path(100)[k], "tracked" if known else "lost"
        objects = tuple(
            recipe.Seen(name, state, pose.inverse() if known else None, None, 0.9, 0.9)
            for name in self.stub.names
        )
        self.steps.append(recipe.Step(k, time_s, pose, known, state, 0.9 * known, None, objects))
        return self.steps[-1]

    meshes = None

    def trajectory(self, *, smooth=True, carve=None):
        self.stub.smooth, self.stub.carve = smooth, carve
        steps, names = self.steps, tuple(self.stub.names)
        return Trajectory(
            np.array([s.time_s for s in steps]),
            Pose.stack([s.world_from_camera for s in steps]),
            np.array([s.known for s in steps]),
            np.array([float(s.confidence) for s in steps]),
            states=tuple(s.state for s in steps),
            world_from_objects=Pose(
                np.tile(np.eye(3), (len(names), 1, 1)), np.arange(len(names))[:, None] * [1.0, 0, 0]
            ),
            object_names=names,
            is_metric=self.stub.metric,
            notes=("this was assumed",),
        )


@pytest.fixture
def stub(monkeypatch):
    made = Stub()
    monkeypatch.setattr(recipe, "Tracker", made.tracker)
    monkeypatch.setattr(_track_film, "Film", made.film)
    return made


@pytest.fixture
def drawings():
    """For tests that look at pictures; see `quick`."""


@pytest.fixture(autouse=True)
def quick(request, monkeypatch):
    """Drawing takes its time."""
    if "drawings" not in request.fixturenames:
        monkeypatch.setattr(pictures, "draw", lambda *_: [])


@pytest.fixture
def place(tmp_path):
    """pictures/, of which frame k is of the grey 20 k; masks/, whose frame k has k + 1 pixels; box.ply; truth.txt."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "masks").mkdir()
    for k in range(COUNT):
        save_image(tmp_path / "pictures" / f"f{k}.png", np.full((HEIGHT, WIDTH, 3), 20 * k, np.uint8))
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[5, : k + 1] = True
        save_mask(tmp_path / "masks" / f"f{k}.png", mask)
    box((0.5, 0.4, 0.3)).save(tmp_path / "box.ply")
    return tmp_path


def film(place):
    """The same as a film of `rrb data sequence`."""
    folder = place / "film"
    (folder / "meshes").mkdir(parents=True)
    (place / "pictures").rename(folder / "frames")
    (folder / "masks" / "box").parent.mkdir()
    (place / "masks").rename(folder / "masks" / "box")
    (place / "box.ply").rename(folder / "meshes" / "box.ply")
    rrb.Camera.from_fov(40.0, width=WIDTH, height=HEIGHT).save(folder / "camera.json")
    (folder / "sequence.json").write_text('{"frames_a_second": 25.0}')
    return folder


def truth(place, world=None, count=COUNT, scale=1.0, rate=30.0):
    """truth.txt: the true path in another world."""
    poses = true_path(100)[:count]
    moved = (world or Pose.identity()) @ Pose(poses.rotation, scale * poses.translation)
    Trajectory.of_known(np.arange(count) / rate, moved).save_tum(place / "truth.txt")
    return place / "truth.txt"


def track(place, *more, what="pictures"):
    return main(["track", str(place / what), "--out", str(place / "out"), *map(str, more)])


def refusal(capsys, place, *more, what="pictures", writes=False):
    """The one sentence; nothing was written."""
    assert track(place, *more, what=what) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert (place / "out" / "trajectory.json").exists() == writes
    return lines[0]


def lines(out):
    return [json.loads(line) for line in (out / "frames.jsonl").read_text().splitlines()]


def masked(stub):
    """How many pixels the mask of each frame has."""
    return [None if masks is None else [int((m >= 0.5).sum()) for m in masks] for _, masks, _ in stub.calls]


# --- files --------------------------------------------------------------------------------------------


def test_the_three_files_hold_the_same_path(place, stub):
    stub.lost = (3,)
    assert track(place, *LENS, "--mesh", place / "box.ply") == 0
    out = place / "out"
    assert {p.name for p in out.iterdir()} == FILES
    whole = Trajectory.load(out / "trajectory.json")
    assert whole.known.tolist() == [k != 3 for k in range(COUNT)]
    assert whole.object_names == ("box",)
    known = whole.only_known()
    for other in (
        Trajectory.load_tum(out / "trajectory_tum.txt"),
        Trajectory.load_kitti(out / "trajectory_kitti.txt"),
    ):
        np.testing.assert_array_equal(other.times_s, known.times_s)
        degrees, metres = other.world_from_camera.distance(known.world_from_camera)
        assert max(degrees.max(), metres.max()) < 1e-5
    expected = true_path(100)[:COUNT].translation
    np.testing.assert_allclose(whole.world_from_camera.translation, expected, atol=1e-12)


def test_every_frame_has_its_line(place, stub):
    stub.lost = (3,)
    track(place, *LENS)
    held = lines(place / "out")
    assert [(line["frame"], line["name"]) for line in held] == [(k, f"f{k}") for k in range(COUNT)]
    assert [line["known"] for line in held] == [k != 3 for k in range(COUNT)]
    assert held[3]["world_from_camera"] is None
    assert held[3]["objects"][0]["camera_from_object"] is None
    pose = Pose.from_json(held[5]["world_from_camera"])
    np.testing.assert_allclose(pose.translation, true_path(100)[5].translation)


def test_what_was_tracked_is_written_as_meshes(place, stub):
    track(place, *LENS, "--mesh", place / "box.ply")
    mesh = rrb.Mesh.load(place / "out" / "meshes" / "box.glb")
    np.testing.assert_allclose(mesh.bounding_box(), rrb.Mesh.load(place / "box.ply").bounding_box())


def test_what_was_found_is_said(place, stub, capsys):
    stub.lost = (2, 3)
    track(place, *LENS)
    said = capsys.readouterr().out
    assert "8 frames, 0.23 s, 2 of them without a camera" in said
    assert "tracked: 6, lost: 2" in said
    assert "frame f2 (0.07 s): the camera is not known, lost" in said
    assert "frame f4 (0.13 s): tracked" in said
    assert "frames a second" in said
    assert "note: this was assumed" in said
    assert all(name in said for name in FILES)


def test_without_metres_it_says_so(place, stub, capsys):
    stub.metric = False
    track(place, *LENS)
    assert "has no metres: --camera-height-m" in capsys.readouterr().out


def test_nothing_of_an_earlier_run_stays(place, stub):
    track(place, *LENS, "--mesh", place / "box.ply", "--ground-truth", truth(place))
    out = place / "out"
    assert (out / "measures.json").exists()
    (place / "box.ply").rename(place / "other.ply")
    track(place, *LENS, "--mesh", place / "other.ply")
    assert {p.name for p in out.iterdir()} == FILES
    assert [p.name for p in (out / "meshes").iterdir()] == ["other.glb"]


def test_a_film_in_which_nothing_was_found_is_no_failure(place, stub, drawings):
    stub.lost = tuple(range(COUNT))
    assert track(place, *LENS) == 0
    assert not Trajectory.load(place / "out" / "trajectory.json").known.any()


def test_flags_reach_the_tracker(place, stub):
    track(
        place, *LENS, "--no-smooth", "--camera-height-m", "1.5", "--mesh", place / "box.ply", "--unit", "mm"
    )
    assert (stub.smooth, stub.height) == (False, 1.5)
    assert stub.camera == rrb.Camera.from_fov(50.0, width=WIDTH, height=HEIGHT)
    assert stub.meshes[0].largest_extent == pytest.approx(0.0005)
    track(place, *LENS)
    assert (stub.smooth, stub.height, stub.names) == (True, None, ["object 0"])


# --- what is read -------------------------------------------------------------------------------------


def test_masks_go_with_their_frames(place, stub):
    (place / "masks" / "f4.png").unlink()  # not seen
    track(
        place,
        *LENS,
        "--mesh",
        place / "box.ply",
        "--masks",
        place / "masks",
        "--first",
        1,
        "--last",
        5,
        "--every",
        2,
    )
    assert [frame.name for frame, _, _ in stub.calls] == ["f1", "f3", "f5"]
    assert masked(stub) == [[2], [4], [6]]
    assert [int(frame.image[0, 0, 0]) for frame, _, _ in stub.calls] == [20, 60, 100]
    np.testing.assert_allclose([t for *_, t in stub.calls], np.array([1, 3, 5]) / 30)


def test_a_film_gives_frames_camera_and_rate_and_no_more(place, stub, capsys):
    folder = film(place)
    (folder / "truth.txt").write_text("not read\n")
    assert track(place, what="film") == 0
    assert stub.camera == rrb.Camera.load(folder / "camera.json")
    assert masked(stub) == [None] * COUNT
    np.testing.assert_allclose([t for *_, t in stub.calls], np.arange(COUNT) / 25)
    said = capsys.readouterr().out
    assert "its frames and its camera are used" in said
    assert "masks, meshes, truth.txt only where" in said


def test_a_films_folders_are_named_by_flags(place, stub):
    folder = film(place)
    track(place, "--masks", folder / "masks", "--mesh", folder / "meshes", what="film")
    assert stub.names == ["box"]
    assert masked(stub) == [[k + 1] for k in range(COUNT)]
    track(place, "--masks", folder / "masks", what="film")  # to be reconstructed, called as their masks
    assert stub.names == ["box"]


def test_flags_win_over_a_films_camera_and_rate(place, stub):
    film(place)
    track(place, "--focal-px", "70", "--fps", "10", what="film")
    assert stub.camera.fx_px == 70
    assert stub.calls[3][2] == pytest.approx(0.3)


def test_two_meshes_of_one_name_are_told_apart(place, stub):
    track(place, *LENS, "--mesh", place / "box.ply", place / "box.ply")
    assert stub.names == ["box", "box-2"]
    assert {p.name for p in (place / "out" / "meshes").iterdir()} == {"box.glb", "box-2.glb"}


def test_times_are_taken_from_where_they_are_said(place, stub, capsys):
    track(place, *LENS)
    assert "30 a second are assumed" in capsys.readouterr().out
    (place / "times.txt").write_text("".join(f"{100 + k * k}\n" for k in range(COUNT)))
    track(place, *LENS, "--times", place / "times.txt", "--first", "2")
    assert [t for *_, t in stub.calls[COUNT:]] == [100 + k * k for k in range(2, COUNT)]
    for k in range(COUNT):
        (place / "pictures" / f"f{k}.png").rename(place / "pictures" / f"{k + 5}.125000.png")
    capsys.readouterr()
    stub.calls.clear()
    track(place, *LENS)
    assert [t for *_, t in stub.calls] == [k + 5.125 for k in range(COUNT)]
    assert "assumed, --fps" not in capsys.readouterr().out


def test_a_video_of_unknown_length_is_followed(place, stub, monkeypatch, capsys):
    from rrb.cli import _track_files

    def decoded(path):
        for k in range(COUNT):
            yield frames.Frame(np.full((HEIGHT, WIDTH, 3), k, np.uint8), None, "", k / 12)

    (place / "clip.mp4").write_bytes(b"a video")
    monkeypatch.setattr(frames, "video_frames", decoded)
    monkeypatch.setattr(_track_files, "video_length", lambda path: None)
    assert track(place, *LENS, "--masks", place / "masks", "--first", "2", what="clip.mp4") == 0
    assert [int(frame.image[0, 0, 0]) for frame, _, _ in stub.calls] == list(range(2, COUNT))
    assert masked(stub) == [[k + 1] for k in range(2, COUNT)]
    assert stub.calls[0][2] == pytest.approx(2 / 12)
    assert "6 frames" in capsys.readouterr().out


# --- refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "--fov-deg, --focal-px or --camera is needed"),
        ((*LENS, "--every", "0"), "--every from 1"),
        ((*LENS, "--first", "5", "--last", "4"), "--last not before it"),
        ((*LENS, "--first", "8"), "no frame 8"),
        ((*LENS, "--fps", "0"), "positive"),
        ((*LENS, "--fps", "10", "--times", "t.txt"), "give one or the other"),
        ((*LENS, "--camera-height-m", "-1"), "positive"),
        ((*LENS, "--mesh", "nowhere.ply"), "no such file"),
        ((*LENS, "--mesh", "pictures"), "there are no meshes"),
        ((*LENS, "--masks", "nowhere"), "no such folder of masks"),
        ((*LENS, "--ground-truth", "nowhere.txt"), "no such file"),
        ((*LENS, "--times", "short.txt"), "it has 2 times but there is a frame 7"),
        (("--camera", "large.json"), "large.json is 96x72 but the frames"),
        (("--camera", "large.json", "--fov-deg", "30"), "give one or the other"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_written(
    place, stub, capsys, monkeypatch, more, says
):
    monkeypatch.chdir(place)
    rrb.Camera.from_fov(50.0, width=96, height=72).save("large.json")
    Path("short.txt").write_text("0.0\n0.1\n")
    assert says in refusal(capsys, place, *more)
    assert not stub.calls
    assert not (place / "out").exists()


def test_a_missing_place_and_an_empty_one_are_refused(place, stub, capsys):
    assert "no such folder or video" in refusal(capsys, place, *LENS, what="nowhere")
    (place / "empty").mkdir()
    assert "no pictures" in refusal(capsys, place, *LENS, what="empty")


def test_what_is_tracked_is_not_written_into(place, stub, capsys):
    folder = film(place)
    assert main(["track", str(folder), "--out", str(folder)]) == 2
    assert "another --out" in capsys.readouterr().err
    assert (
        main(["track", str(folder), "--out", str(folder / "frames"), "--mesh", str(folder / "frames")]) == 2
    )
    assert not stub.calls
    (place / "others").mkdir()
    save_image(place / "others" / "a.png", np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    assert main(["track", str(place / "others"), *LENS, "--out", str(folder)]) == 2  # a film, if another
    assert "another --out" in capsys.readouterr().err


# --- the ends of a run --------------------------------------------------------------------------------


def interrupt(k):
    if k == 3:
        os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_keeps_what_was_tracked(place, stub, capsys):
    before = signal.getsignal(signal.SIGINT)
    stub.on_frame = interrupt
    assert track(place, *LENS, "--ground-truth", truth(place)) == 130
    assert signal.getsignal(signal.SIGINT) is before
    out = place / "out"
    assert len(Trajectory.load(out / "trajectory.json")) == len(lines(out)) == 4  # that frame is finished
    assert (out / "measures.json").exists()
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "stopped with 4 of 8 frames tracked" in said
    assert "the same command begins anew" in said
    stub.on_frame = None
    assert track(place, *LENS) == 0
    assert len(lines(out)) == COUNT


def test_ctrl_c_at_the_last_frame_is_the_end(place, stub):
    stub.on_frame = interrupt
    assert track(place, *LENS, "--last", "3") == 0


def test_ctrl_c_twice_ends_at_once(place, stub):
    def twice(k):
        if k == 3:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    stub.on_frame = twice
    assert track(place, *LENS) == 130
    assert len(lines(place / "out")) == 3
    assert not (place / "out" / "trajectory.json").exists()


def test_a_frame_that_cannot_be_used_leaves_those_before_it(place, stub, capsys):
    (place / "pictures" / "f5.png").write_text("no picture")
    assert "f5.png" in refusal(capsys, place, *LENS, writes=True)
    assert len(Trajectory.load(place / "out" / "trajectory.json")) == 5


def test_a_first_frame_that_is_refused_is_all_that_is_said(place, stub, capsys):
    def refuse(k):
        raise BadFileError("no mask")

    stub.on_frame = refuse
    assert "no mask" in refusal(capsys, place, *LENS)


# --- beside the truth -----------------------------------------------------------------------------------


WORLD = Pose.from_euler_zyx(10.0, 70.0, -20.0, [3.0, -1.0, 5.0])


def test_an_exact_path_has_no_error_in_another_world(place, stub, capsys):
    assert track(place, *LENS, "--ground-truth", truth(place, WORLD)) == 0
    out = place / "out"
    held = json.loads((out / "measures.json").read_text())
    rmse = {(m["measure"], m["alignment"]["kind"]): m["statistics"]["rmse"] for m in held["measures"]}
    assert max(rmse.values()) < 1e-5
    said = capsys.readouterr().out
    assert "After SE(3) alignment" in said
    assert "ATE translation" in said
    assert (out / "error.png").exists()
    assert "error.png" in said


@pytest.mark.parametrize(("metric", "scale"), [(True, 1.0), (False, 2.5)])
def test_the_truth_is_drawn_on_an_exact_path(place, stub, monkeypatch, metric, scale):
    stub.metric = metric
    seen = []
    monkeypatch.setattr(pictures, "draw", lambda route, *_: seen.append(route) or [])
    whole = truth(place, WORLD, count=COUNT + 20, scale=scale)
    track(place, *LENS, "--ground-truth", whole)  # no more of it than was tracked
    (route,) = seen
    np.testing.assert_allclose(route.truth, route.centres, atol=1e-6)
    np.testing.assert_allclose(route.truth_times_s, route.times_s)


def test_measures_are_those_of_rrb_evaluate(place, stub, monkeypatch):
    """Of a path that is not exact."""
    rng = np.random.default_rng(0)
    noisy = true_path(100)[:COUNT].step(rng.normal(0, 0.02, (COUNT, 6)))
    Trajectory.of_known(np.arange(COUNT) / 30, noisy).save_tum(place / "truth.txt")
    track(place, *LENS, "--ground-truth", place / "truth.txt")
    out = place / "out"
    ours = json.loads((out / "measures.json").read_text())["measures"]
    assert max(m["statistics"]["rmse"] for m in ours) > 0.01
    main(
        [
            "evaluate",
            "trajectory",
            str(place / "truth.txt"),
            str(out / "trajectory_tum.txt"),
            "--out",
            str(place / "e"),
        ]
    )
    theirs = json.loads((place / "e" / "measures.json").read_text())["measures"]
    for a, b in zip(ours, theirs, strict=True):
        assert a["statistics"] == pytest.approx(b["statistics"], abs=1e-6)


def test_what_cannot_be_compared_is_refused_with_the_path_in_place(place, stub, capsys):
    path = truth(place, rate=1000.0)
    path.write_text("\n".join(f"{1000 + k} {k} 0 0 0 0 0 1" for k in range(5)))
    assert "--t-offset" in refusal(capsys, place, *LENS, "--ground-truth", path, writes=True)


# --- drawn --------------------------------------------------------------------------------------------


def frames_of(path):
    with Image.open(path) as gif:
        return gif.n_frames


def test_pictures_are_drawn(place, stub, drawings):
    stub.lost = (2,)
    track(place, *LENS, "--mesh", place / "box.ply", "--ground-truth", truth(place))
    out = place / "out"
    assert {p.name for p in out.iterdir()} == FILES | {*written.PICTURES, *written.JUDGED}
    assert frames_of(out / "track.gif") == COUNT


def test_a_long_film_is_thinned_out(place, stub, drawings, monkeypatch):
    monkeypatch.setattr(pictures, "SCENES", 5)
    track(place, *LENS)
    assert frames_of(place / "out" / "track.gif") == 4


def test_outlines_lie_where_the_path_has_the_camera(place, stub):
    track(place, *LENS, "--mesh", place / "box.ply")
    mesh, camera = rrb.Mesh.load(place / "box.ply"), rrb.Camera.from_fov(50.0, width=96, height=72)
    path = Trajectory.load(place / "out" / "trajectory.json")
    kept = pictures.kept_pictures()
    kept.add(5, np.zeros((72, 96, 3), np.uint8))
    route = pictures.route_of(path, camera, {"box": mesh})
    (scene,) = pictures.scenes(route, kept)
    expected = rrb.render(mesh, true_path(100)[5].inverse(), camera).silhouette
    np.testing.assert_allclose(scene.silhouettes[0], expected, atol=1e-6)


def test_objects_without_a_place_are_not_drawn(place):
    poses = Pose.stack([Pose.identity()] * 3)
    path = Trajectory(
        np.arange(2.0),
        true_path(2),
        np.ones(2, bool),
        np.ones(2),
        world_from_objects=poses,
        object_names=("a", "b", "c"),
    )
    meshes = {name: box((1, 1, 1)) for name in "abc"}
    route = pictures.route_of(path, rrb.Camera.from_fov(50.0, width=9, height=9), meshes)
    assert [landmark.name for landmark in route.landmarks] == ["a"]
    assert isinstance(route, drawing.Route)


# --- with the real tracker ------------------------------------------------------------------------------


def test_a_film_is_tracked_from_its_masks(tmp_path, capsys):
    asked = ["--kind", "one-chair", "--seed", "3", "--frames", "40", "--size", "96", "96"]
    folder, out = tmp_path / "film", tmp_path / "out"
    assert main(["data", "sequence", *asked, "--out", str(folder)]) == 0
    more = ["--masks", folder / "masks", "--mesh", folder / "meshes", "--ground-truth", folder / "truth.txt"]
    assert main(["track", str(folder), *map(str, more), "--last", "7", "--out", str(out)]) == 0
    held = json.loads((out / "measures.json").read_text())
    ate = next(m for m in held["measures"] if m["measure"] == "ATE")
    assert ate["count"] == 8
    assert ate["statistics"]["rmse"] < 0.02  # of two metres, at 96 pixels


def test_help_is_light():
    assert loaded_for_help("track", of=("torch", "numba", "PIL", "skimage")) == "[]"

"""Files of paths: what is written reads back, published layouts are read, and each fault is named with its line."""

import json

import numpy as np
import pytest

import rrb
from rrb.egomotion import Trajectory
from rrb.egomotion.trajectory_files import CONVENTION, NO_TIMES, guessed_format, load_trajectory
from rrb.errors import BadFileError, BadInputError

# As the recordings of TU Munich come, comments and digits included.
TUM = """\
# ground truth trajectory
# file: 'rgbd_dataset_freiburg3_made_up.bag'
# timestamp tx ty tz qx qy qz qw
1341847980.7900 -0.6832 2.6909 1.7373 0.0003 0.8617 -0.5072 -0.0145
1341847980.8000 -0.6831 2.6908 1.7374 0.0003 0.8616 -0.5074 -0.0143

1341847980.8200 -0.6830 2.6907 1.7375 0.0003 0.8617 -0.5072 -0.0145
"""
# As the odometry benchmark's poses come: the camera turned by 0.01 about y.
KITTI = "\n".join(
    [
        "1.000000e+00 9.043680e-12 2.326809e-11 5.551115e-17 9.043683e-12 1.000000e+00 2.392370e-10 3.330669e-16"
        " 2.326810e-11 2.392370e-10 9.999999e-01 -4.440892e-16",
        "9.999500e-01 0.000000e+00 9.999833e-03 -4.690294e-02 0.000000e+00 1.000000e+00 0.000000e+00 -2.839928e-02"
        " -9.999833e-03 0.000000e+00 9.999500e-01 8.586941e-01\n",
    ]
)
LINE = "1.0 0.5 0.25 0.125 0 0 0 1"


def some_path(seed, *, known=True):
    """Everything said, in numbers that no decimal ends."""
    random = np.random.default_rng(seed)
    count = 7
    found = random.random(count) > 0.4 if known is None else np.full(count, known)
    spread = random.normal(size=(count, 6, 6))
    covariances = spread @ spread.swapaxes(1, 2)
    covariances[~found] = np.nan
    return Trajectory(
        np.cumsum(random.uniform(1e-4, 0.1, count)) + random.choice([0.0, 1.3e9]),
        rrb.Pose.random(random, (count,), 10.0 ** random.integers(-3, 4) * random.normal(size=(count, 3))),
        found,
        np.where(found, random.random(count), 0.0),
        covariances,
        tuple(random.choice(["tracked", "predicted", "lost"], count)),
        rrb.Pose.random(random, (3,), random.normal(size=(3, 3))),
        ("one", "zwei ü", 'three "3"'),
        bool(seed % 2),
        ("A note.", "Another\nin two lines."),
    )


def assert_same_poses(found, path, exact=1e-12):
    np.testing.assert_array_equal(found.times_s, path.times_s)
    size = max(1.0, np.abs(path.world_from_camera.translation).max(initial=0.0))
    np.testing.assert_allclose(
        found.world_from_camera.matrix, path.world_from_camera.matrix, rtol=0, atol=exact * size
    )


# --- round trips ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_json_holds_everything(seed, tmp_path):
    path = some_path(seed, known=None)
    path.save(tmp_path / "trajectory.json")
    found = Trajectory.load(tmp_path / "trajectory.json")
    for name in ("times_s", "known", "confidence", "covariances"):
        np.testing.assert_array_equal(getattr(found, name), getattr(path, name))
    for name in ("world_from_camera", "world_from_objects"):
        np.testing.assert_array_equal(getattr(found, name).matrix, getattr(path, name).matrix)
    for name in ("states", "object_names", "is_metric", "notes"):
        assert getattr(found, name) == getattr(path, name)


def test_json_holds_what_is_not_said(tmp_path):
    bare = Trajectory.of_known([0.0, 0.5], rrb.Pose.random(1, (2,)))
    for path in (bare, bare[:0]):
        path.save(tmp_path / "trajectory.json")
        found = Trajectory.load(tmp_path / "trajectory.json")
        assert_same_poses(found, path)
        assert (found.covariances, found.world_from_objects) == (None, None)
        assert (found.states, found.object_names, found.notes) == ((), (), ())


def test_json_says_its_format_and_convention(tmp_path):
    some_path(0).save(tmp_path / "t.json")
    held = json.loads((tmp_path / "t.json").read_text())
    assert held["format"] == "rrb.trajectory/1"
    assert held["convention"] == CONVENTION
    for words in ("y down", "metres", "front towards -z", "rotation (rad)"):
        assert words in CONVENTION
    assert len(held["frames"]) == 7
    assert held["objects"][1]["name"] == "zwei ü"


@pytest.mark.parametrize("form", ["tum", "kitti"])
@pytest.mark.parametrize("seed", range(8))
def test_lines_read_back_to_the_last_digit(form, seed, tmp_path):
    path = some_path(seed)
    getattr(path, f"save_{form}")(tmp_path / "camera.txt")
    assert_same_poses(getattr(Trajectory, f"load_{form}")(tmp_path / "camera.txt"), path)
    assert guessed_format(tmp_path / "camera.txt") == form


@pytest.mark.parametrize("form", ["tum", "kitti"])
def test_lines_are_of_known_frames(form, tmp_path):
    path = some_path(3, known=None)
    assert 0 < path.known.sum() < len(path)
    getattr(path, f"save_{form}")(tmp_path / "camera.txt")
    assert_same_poses(load_trajectory(tmp_path / "camera.txt"), path.only_known())


def test_written_lines_mean_what_tum_and_kitti_say(tmp_path):
    quarter = rrb.Pose(np.array([[[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]]), [[1.0, 2.0, 3.0]])  # about z
    Trajectory.of_known([0.5], quarter).save_tum(tmp_path / "t.txt")
    (line,) = [s for s in (tmp_path / "t.txt").read_text().splitlines() if not s.startswith("#")]
    half = np.sqrt(0.5)
    assert line.startswith("0.500000000 1.0 2.0 3.0 ")
    np.testing.assert_allclose(np.array(line.split(), float)[4:], [0, 0, half, half], atol=1e-15)
    Trajectory.of_known([0.5], quarter).save_kitti(tmp_path / "k.txt")
    assert np.array((tmp_path / "k.txt").read_text().split(), float).tolist() == [
        *[0, -1, 0, 1],
        *[1, 0, 0, 2],
        *[0, 0, 1, 3],
    ]
    assert (tmp_path / "k_times.txt").read_text() == "0.500000000\n"


# --- what others write ------------------------------------------------------------------------------


def write(folder, text, name="camera.txt"):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / name


def test_a_published_recording_is_read(tmp_path):
    path = load_trajectory(write(tmp_path, TUM))
    assert path.times_s.tolist() == [1341847980.79, 1341847980.8, 1341847980.82]
    assert path.known.all()
    np.testing.assert_array_equal(path.world_from_camera.translation[0], [-0.6832, 2.6909, 1.7373])
    w, *xyz = path.world_from_camera.to_quaternion()[0] * np.sign(
        path.world_from_camera.to_quaternion()[0, 0]
    )
    np.testing.assert_allclose([*xyz, w], -np.array([0.0003, 0.8617, -0.5072, -0.0145]), atol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(" ", ", ").replace("#,", "#"),
        lambda text: text.replace(" ", "\t"),
        lambda text: text.replace("-0.0145\n", "-0.0145   # a remark\n"),
        lambda text: "\n\n" + text.rstrip("\n"),
    ],
)
def test_the_same_recording_otherwise_written(change, tmp_path):
    as_published = load_trajectory(write(tmp_path, TUM, "published.txt"))
    assert_same_poses(load_trajectory(write(tmp_path, change(TUM))), as_published, exact=0)


def test_published_odometry_is_read(tmp_path):
    path = load_trajectory(write(tmp_path, KITTI, "00.txt"))
    assert path.times_s.tolist() == [0.0, 1.0]
    assert path.notes == (NO_TIMES,)
    np.testing.assert_array_equal(
        path.world_from_camera.translation[1], [-4.690294e-02, -2.839928e-02, 8.586941e-01]
    )
    assert path.world_from_camera.rotation[1, 0, 2] == 9.999833e-03


def test_odometry_takes_times_from_where_they_are(tmp_path):
    poses = write(tmp_path, KITTI, "00.txt")
    other = write(tmp_path, "0.0\n1.037875e-01\n", "times.txt")
    assert Trajectory.load_kitti(poses, [3.0, 5.5]).times_s.tolist() == [3.0, 5.5]
    assert Trajectory.load_kitti(poses, other).times_s.tolist() == [0.0, 0.1037875]
    write(tmp_path, "7.0\n8.0\n", "00_times.txt")
    found = Trajectory.load_kitti(poses)
    assert (found.times_s.tolist(), found.notes) == ([7.0, 8.0], ())
    with pytest.raises(BadFileError, match="2 poses but 3 times"):
        Trajectory.load_kitti(poses, [0.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{LINE}\n# no\n2.0 0 0 0 0 0 1", "line 3: it has 7 columns; 8"),
        (f"{LINE}\n2.0 0 0 0 0 0 0 1 1", "line 2: it has 9 columns"),
        (f"{LINE}\n\n2.0 nan 0 0 0 0 0 1", "line 3: nan is no finite number"),
        (f"{LINE}\n2.0 0 inf 0 0 0 0 1", "line 2: inf is no finite number"),
        (f"{LINE}\n2.0 0 zero 0 0 0 0 1", "line 2: 'zero' is no number"),
        (f"{LINE}\n2.0 0 0 0 0 0 0 2", "line 2: the quaternion's length is 2;"),
        (f"{LINE}\n2.0 0 0 0 0 0 0 0", "line 2: the quaternion's length is 0;"),
        (f"{LINE}\n2.0 0 0 0 0 0 0 1\n1.5 0 0 0 0 0 0 1", "line 3: the time 1.5 follows 2.0"),
        (f"{LINE}\n{LINE}", "line 2: the time 1.0 follows 1.0"),
        ("1403636580838555648 0 0 0 0 0 0 1", r"line 1: the time is 1.40364e\+18; seconds"),
        ("# nothing\n\n", "it holds no pose"),
        ("", "it holds no pose"),
        (b"\xff\xfe\x00\x01", "not a text file"),
    ],
)
def test_a_faulty_line_is_named(text, said, tmp_path):
    with pytest.raises(BadFileError, match=f"camera.txt.*{said}"):
        Trajectory.load_tum(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (KITTI.replace("9.999500e-01 0", "1.2 0"), "line 2: the rotation is no rotation"),
        (KITTI.replace("9.999500e-01 0", "nan 0"), "line 2: nan is no finite"),
        (KITTI + "1 2 3", "line 3: it has 3 columns; 12"),
        (KITTI + "-1 0 0 0 0 1 0 0 0 0 1 0", "line 3: the rotation is a reflection"),
    ],
)
def test_a_faulty_matrix_is_named(text, said, tmp_path):
    with pytest.raises(BadFileError, match=f"camera.txt.*{said}"):
        Trajectory.load_kitti(write(tmp_path, text))


def test_faulty_times_are_named(tmp_path):
    write(tmp_path, "1.0\n0.5\n", "camera_times.txt")
    with pytest.raises(BadFileError, match=r"camera_times.txt, line 2: the time 0.5 follows 1.0"):
        Trajectory.load_kitti(write(tmp_path, KITTI))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda held: held.update(format="rrb.pose/1"), "format is 'rrb.pose/1'; 'rrb.trajectory/1'"),
        (lambda held: held.update(convention="other"), "convention is 'other'"),
        (lambda held: held.pop("notes"), "the file lacks notes"),
        (lambda held: held.update(extra=1), "the file holds extra"),
        (lambda held: held["frames"][2].pop("known"), "frame 2 lacks known"),
        (lambda held: held["frames"][2].update(known=1), "known holds"),
        (lambda held: held["frames"][2].update(time_s=-5.0), "times_s 2 is -5.0"),
        (lambda held: held["frames"][2].update(time_s="1"), "time_s is '1'"),
        (lambda held: held["frames"][1].update(state=None), "some have a state"),
        (lambda held: held["frames"][1].update(confidence=2.0), r"outside \[0, 1\]"),
        (
            lambda held: held["frames"][1].update(covariance=[[1.0]]),
            r"frame 1 has a covariance of the shape \(1, 1\)",
        ),
        (lambda held: held["frames"][1]["world_from_camera"].update(rotation=[[2]]), "frame 1: rotation"),
        (lambda held: held["frames"].__setitem__(3, 4), "frame 3 is 4; an object"),
        (lambda held: held.update(frames={}), "frames is {}; a list"),
        (lambda held: held.update(objects=[1]), "object 0 is 1"),
        (lambda held: held.update(is_metric="yes"), "is_metric is 'yes'"),
    ],
)
def test_a_changed_json_is_refused(change, said, tmp_path):
    some_path(1).save(tmp_path / "t.json")
    held = json.loads((tmp_path / "t.json").read_text())
    change(held)
    (tmp_path / "t.json").write_text(json.dumps(held))
    with pytest.raises(BadFileError, match=f"t.json: .*{said}"):
        Trajectory.load(tmp_path / "t.json")


# --- formats ----------------------------------------------------------------------------------------


def test_formats_are_told_apart_by_what_is_in_the_file(tmp_path):
    some_path(1).save(tmp_path / "path.txt")
    assert guessed_format(tmp_path / "path.txt") == "json"
    assert guessed_format(write(tmp_path, TUM, "path.csv")) == "tum"
    assert guessed_format(write(tmp_path, KITTI, "path.dat")) == "kitti"
    with pytest.raises(BadFileError, match="its first line has 3 columns; 8"):
        guessed_format(write(tmp_path, "1 2 3\n"))


def test_a_format_that_is_said_counts(tmp_path):
    with pytest.raises(BadFileError, match="line 4: it has 8 columns; 12"):
        load_trajectory(write(tmp_path, TUM), "kitti")
    with pytest.raises(BadInputError, match="the format is 'bag'; tum, kitti, json are accepted"):
        load_trajectory(write(tmp_path, TUM), "bag")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadFileError, match=r"nowhere.txt: there is no such file"):
        load_trajectory(tmp_path / "nowhere.txt")

"""Laws of a path: what it refuses, and that picking frames picks everything that belongs to them."""

import dataclasses

import numpy as np
import pytest

import rrb
from rrb.egomotion import Trajectory
from rrb.errors import BadInputError

FRAMES = 6


def fields(seed=0):
    """Of a path with everything said; two of its frames are not known."""
    random = np.random.default_rng(seed)
    known = np.array([True, True, False, True, False, True])
    spread = random.normal(size=(FRAMES, 6, 6))
    covariances = spread @ spread.swapaxes(1, 2)
    covariances[2] = np.nan
    return {
        "times_s": np.cumsum(random.uniform(0.01, 1, FRAMES)),
        "world_from_camera": rrb.Pose.random(random, (FRAMES,), random.normal(size=(FRAMES, 3))),
        "known": known,
        "confidence": np.where(known, random.uniform(size=FRAMES), 0.0),
        "covariances": covariances,
        "states": tuple("tracked" if k else "lost" for k in known),
        "world_from_objects": rrb.Pose.random(random, (2,), random.normal(size=(2, 3))),
        "object_names": ("a chair", "ein Stühlchen"),
        "is_metric": False,
        "notes": ("The first frame's height was given.", 'A "quoted" note.'),
    }


def test_what_was_given_is_held():
    given = fields()
    path = Trajectory(**given)
    assert len(path) == FRAMES
    for name in ("times_s", "known", "confidence", "covariances"):
        np.testing.assert_array_equal(getattr(path, name), given[name])
    np.testing.assert_array_equal(path.world_from_camera.matrix, given["world_from_camera"].matrix)
    for name in ("states", "object_names", "is_metric", "notes"):
        assert getattr(path, name) == given[name]


def test_arrays_are_copied():
    given = fields()
    path = Trajectory(**given)
    given["times_s"][:] = 0
    given["confidence"][:] = 7
    assert (np.diff(path.times_s) > 0).all()
    assert path.confidence.max() <= 1


def test_tensors_become_arrays():
    torch = pytest.importorskip("torch")
    given = fields()
    path = Trajectory(**{**given, "world_from_camera": given["world_from_camera"].tensor(torch.float32)})
    assert path.world_from_camera.translation.dtype == np.float64
    np.testing.assert_allclose(
        path.world_from_camera.matrix, given["world_from_camera"].matrix, atol=1e-6, rtol=0
    )


def test_a_path_without_frames_is_one():
    empty = Trajectory.of_known([], rrb.Pose.identity((0,)))
    assert len(empty) == len(empty.only_known()) == 0
    assert len(Trajectory(**fields())[:0]) == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("times_s", np.zeros((FRAMES, 1)), r"times_s has the shape \(6, 1\)"),
        ("times_s", [0, 1, 2, 2, 3, 4], r"times_s 3 is 2.0 after 2.0"),
        ("times_s", [0, 1, 2, 1.5, 3, 4], r"times_s 3 is 1.5 after 2.0"),
        ("times_s", [0, 1, 2, np.nan, 3, 4], "not finite"),
        ("times_s", [0, 1, 2], r"known has the shape \(6,\); \(3,\)"),
        (
            "world_from_camera",
            rrb.Pose.identity((3,)),
            r"world_from_camera has the batch shape \(3,\); \(6,\)",
        ),
        ("world_from_camera", rrb.Pose.identity(), r"world_from_camera has the batch shape \(\)"),
        ("world_from_camera", np.eye(4), "a Pose is accepted"),
        ("known", np.ones(FRAMES), "known holds float64; True and False"),
        ("known", np.ones(4, bool), r"known has the shape \(4,\); \(6,\)"),
        ("confidence", np.zeros(5), r"confidence has the shape \(5,\)"),
        ("confidence", [1, 1, 0, 1, 0, 1.01], r"outside \[0, 1\]"),
        ("confidence", [1, 1, 0, 1, 0, -0.1], r"outside \[0, 1\]"),
        ("confidence", [1, 1, 0, 1, 0, np.nan], r"outside \[0, 1\]"),
        ("confidence", [1, 1, 0.5, 1, 0, 1], "a frame that is not known"),
        ("covariances", np.ones((FRAMES, 3, 3)), r"covariances has the shape \(6, 3, 3\)"),
        ("covariances", np.full((FRAMES, 6, 6), np.nan), "symmetric and finite"),
        ("covariances", np.arange(36.0 * FRAMES).reshape(FRAMES, 6, 6), "symmetric and finite"),
        ("states", ("tracked",), "states has 1 entries; 6 or none"),
        ("states", "track!", "states is 'track!'; a sequence of texts"),
        ("object_names", ("one",), "object_names has 1 entries; 2 or none"),
        ("world_from_objects", rrb.Pose.identity(), "world_from_objects has the batch shape"),
        ("is_metric", 1, "is_metric is 1"),
        ("notes", "a sentence", "notes is 'a sentence'"),
        ("notes", (1,), "a sequence of texts"),
    ],
)
def test_what_cannot_be_is_refused(name, value, said):
    with pytest.raises(BadInputError, match=said):
        Trajectory(**{**fields(), name: value})


def test_names_need_objects():
    with pytest.raises(BadInputError, match="object_names has 2 entries; 0"):
        Trajectory(**{**fields(), "world_from_objects": None})


@pytest.mark.parametrize("index", [slice(1, None, 2), [0, 3, 5], np.array([True, False] * 3), slice(0)])
def test_picking_frames_picks_what_belongs_to_them(index):
    path = Trajectory(**fields())
    picked, numbers = path[index], np.arange(FRAMES)[index]
    assert len(picked) == len(numbers)
    for k, number in enumerate(numbers):
        for name in ("times_s", "known", "confidence", "covariances", "states"):
            np.testing.assert_array_equal(getattr(picked, name)[k], getattr(path, name)[number])
        np.testing.assert_array_equal(
            picked.world_from_camera[k].matrix, path.world_from_camera[number].matrix
        )
    for field in dataclasses.fields(Trajectory)[6:]:
        if field.name != "world_from_objects":
            assert getattr(picked, field.name) == getattr(path, field.name)


def test_one_frame_is_no_path_and_time_runs_forward():
    path = Trajectory(**fields())
    with pytest.raises(BadInputError, match="picks no row"):
        path[2]
    with pytest.raises(BadInputError, match="strictly increase"):
        path[::-1]


def test_only_known_keeps_those():
    kept = Trajectory(**fields()).only_known()
    assert kept.known.all()
    np.testing.assert_array_equal(kept.times_s, Trajectory(**fields()).times_s[[0, 1, 3, 5]])
    assert kept.states == ("tracked",) * 4

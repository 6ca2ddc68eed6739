"""Meshes that nobody gives are made of the frames in which their objects are first seen."""

import numpy as np
import pytest

from rrb.errors import BadInputError
from rrb.recipes import _track_film
from rrb.recipes._track_film import begun
from rrb.recipes._track_meshes import Made
from rrb.recipes.track import Tracker, shown
from track_films import chair, film, stool

PICTURE = np.full((160, 160, 3), 90, np.uint8)


@pytest.fixture(scope="module")
def both():
    return film([chair(), stool()], places=((0.0, 0.0), (0.9, 0.3)), frames=8)


def late(both, hidden: int):
    """The stool is in no mask of the first frames."""
    return [[chair, None if n < hidden else stool] for n, (chair, stool) in enumerate(both.masks)]


@pytest.fixture
def asked(both, monkeypatch):
    views = []

    def made(given, camera, height):
        views.extend(given)
        return Made(both.meshes, True, [])

    monkeypatch.setattr(_track_film, "made_from", made)
    return views


def begin(both, masks, count: int = 1):
    tracker = Tracker(both.camera)
    return tracker, begun(tracker, shown([PICTURE] * len(masks), masks, None, None), count)


def test_all_are_in_the_first_frame(both, asked):
    tracker, frames = begin(both, both.masks)
    assert [[mask is not None for mask in view.masks] for view in asked] == [[True, True]]
    assert len(tracker.meshes) == 2
    assert len(list(frames)) == 8


def test_one_enters_later(both, asked):
    tracker, frames = begin(both, late(both, 3))
    assert [[mask is not None for mask in view.masks] for view in asked] == [[True, False], [False, True]]
    np.testing.assert_array_equal(asked[1].masks[1], both.masks[3][1])
    steps = list(tracker.follow((frame for frame, _, _ in frames), late(both, 3)))
    assert len(steps) == 8
    assert all(step.known for step in steps)
    assert [step.objects[1].camera_from_object is not None for step in steps] == 3 * [False] + 5 * [True]


def test_several_frames_of_each(both, asked):
    begin(both, late(both, 3), 2)
    assert [[mask is not None for mask in view.masks] for view in asked] == [
        [True, False],
        [True, False],
        [False, True],
        [False, True],
    ]


def test_given_meshes_ask_for_no_frame(both, asked):
    tracker, source = Tracker(both.camera, both.meshes), iter(())
    assert begun(tracker, source) is source
    assert not asked


def test_no_object_no_mesh(both, asked):
    tracker, frames = begin(both, [[None, None]] * 4)
    assert not asked
    assert len(list(frames)) == 4
    assert not tracker.meshes


@pytest.mark.parametrize("count", [0, -1, True, 1.5])
def test_a_count_that_is_none_is_refused(both, count):
    with pytest.raises(BadInputError, match="whole number from 1"):
        begin(both, both.masks, count)


def test_own_masks_are_made_once_for_each_frame(monkeypatch):
    one, asked = film([chair()], frames=5), []

    def own(frame, bodies, expected):
        asked.append(frame)
        return [one.masks[len(asked) - 1][0]]

    monkeypatch.setattr(_track_film, "made_from", lambda *given: Made(one.meshes, True, []))
    tracker = Tracker(one.camera)
    tracker._own = own
    frames = begun(tracker, shown([PICTURE] * 5, None, None, None))
    assert all(tracker.step(frame, masks).known for frame, masks, _ in frames)
    assert len(asked) == 5

"""What an order holds does not depend on how it is made, and nothing of it leaks from one split into another."""

import json
import sys
from collections import Counter, defaultdict
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_data import small, some_meshes
from rrb.data.make import make_dataset
from rrb.data.order import POINTS, SCENE, Order, Source
from rrb.data.scenes import Variety
from rrb.errors import BadFileError, BadInputError

SPLITS = {"a": "train", "b": "test", "c": "train", "d": "train", "e": "test", "f": "train"}


@pytest.fixture
def meshes(tmp_path):
    return some_meshes(tmp_path / "meshes", SPLITS)


# --- numbers ------------------------------------------------------------------------------------------


@given(st.integers(1, 400), st.integers(1, 50), st.integers(1, 30))
def test_shards_hold_every_picture_once(count, views, meshes_a_shard):
    order = Order(count=count, views=views, meshes_a_shard=meshes_a_shard)
    source = Source(order)
    tasks = list(source.tasks())
    numbers = [n for task in tasks for n in task.meshes]
    assert sorted(numbers) == list(range(order.n_meshes))
    assert sum(order.views_of(n) for n in numbers) == count
    assert all(1 <= order.views_of(n) <= views for n in numbers)
    for task in tasks:
        assert 1 <= len(task.meshes) <= meshes_a_shard
        assert {source.split(n) for n in task.meshes} == {task.split}
    names = [(task.split, task.number) for task in tasks]
    for split, most in Counter(split for split, _ in names).items():
        assert [number for which, number in names if which == split] == list(range(most))


def test_a_tenth_is_kept_for_choosing_and_a_tenth_for_judging():
    source = Source(Order())
    assert Counter(source.split(n) for n in range(1000)) == {"train": 800, "val": 100, "test": 100}


def test_a_longer_order_begins_as_the_shorter_one():
    short, long = (Source(small(count=count, views=views)) for count, views in ((10, 2), (400, 24)))
    for number in range(5):
        assert short.split(number) == long.split(number)
        assert np.array_equal(short.shape(number).mesh.vertices, long.shape(number).mesh.vertices)
        for view in range(2):
            for purpose in (SCENE, POINTS):
                drawn = [source.random(purpose, number, view).random() for source in (short, long)]
                assert drawn[0] == drawn[1]
        one, other = ([b.mesh.vertices for b in s.blockers(number, s.shape(number))] for s in (short, long))
        assert all(map(np.array_equal, one, other))


# --- seeds --------------------------------------------------------------------------------------------


def test_two_seeds_share_no_mesh():
    first, second = (Source(small(seed=seed)) for seed in (0, 1))
    ids = [{source.shape(n).mesh_id for n in range(12)} for source in (first, second)]
    assert len(ids[0]) == len(ids[1]) == 12
    assert not ids[0] & ids[1]
    looks = {s.shape(n).mesh.vertices.tobytes() for s in (first, second) for n in range(12)}
    assert len(looks) == 24


def test_so_many_meshes_that_seeds_would_share_some_are_refused():
    most = Source(Order(count=24_000_000, views=24)).order.n_meshes
    assert Source(Order(seed=0)).shape(most - 1).mesh_id != Source(Order(seed=1)).shape(0).mesh_id
    with pytest.raises(BadInputError, match="1000000 meshes"):
        Order(count=24_000_001, views=24)


def test_nothing_draws_the_random_numbers_of_another_thing(tmp_path, monkeypatch):
    """A chair whose style were drawn by the numbers that choose its view would always be seen from there."""
    drawn_by: dict[bytes, set[str]] = defaultdict(set)
    theirs = np.random.default_rng

    def recorded(seed=None):
        made = theirs(seed)
        if not isinstance(seed, np.random.Generator):
            state = made.bit_generator.seed_seq.generate_state(4).tobytes()
            drawn_by[state].add(_caller())
        return made

    monkeypatch.setattr(np.random, "default_rng", recorded)
    make_dataset(small(count=30, views=6, points=8), tmp_path)
    monkeypatch.undo()
    callers = {caller for found in drawn_by.values() for caller in found}
    assert len(callers) >= 4, "scenes, blockers, points and shapes have random numbers of their own"
    assert [found for found in drawn_by.values() if len(found) > 1] == []
    assert sum(found == {"scene"} for found in drawn_by.values()) == 30


def _caller() -> str:
    """The function that wanted random numbers."""
    frame = sys._getframe(2)
    while frame.f_code.co_name in ("<genexpr>", "<listcomp>", "random"):
        frame = frame.f_back
    return frame.f_code.co_name


def test_every_picture_has_its_own_random_numbers():
    drawn = [
        Source(small(seed=seed, category=category)).random(purpose, number, view).random()
        for seed in range(3)
        for category in ("chair", "car")
        for purpose in (SCENE, POINTS)
        for number in range(6)
        for view in range(6)
    ]
    assert len(set(drawn)) == len(drawn)


# --- who stands beside --------------------------------------------------------------------------------


def test_a_neighbour_is_another_mesh_of_the_same_split():
    source = Source(small())
    split_of = {source.shape(n).mesh_id: source.split(n) for n in range(30)}
    for number in range(12):
        beside = source.neighbour(number).mesh_id
        assert beside != source.shape(number).mesh_id
        assert split_of[beside] == source.split(number)


def test_real_meshes_keep_their_splits(meshes):
    source = Source(small(count=40), meshes)
    seen = defaultdict(set)
    for number in range(20):
        shape = source.shape(number)
        name = shape.style["source"]
        assert source.split(number) == SPLITS[name]
        assert SPLITS[source.neighbour(number).style["source"]] == SPLITS[name]
        seen[name].add(shape.mesh_id)
    assert set(seen) == set(SPLITS)
    assert len(set().union(*seen.values())) == 20, "every round of the meshes has other sizes and looks"
    for task in source.tasks():
        assert {SPLITS[source.shape(n).style["source"]] for n in task.meshes} == {task.split}


def test_real_meshes_have_the_size_that_the_index_says(meshes):
    source = Source(small(), meshes)
    sizes = [source.shape(n).extent for n in range(12)]
    assert all(0.72 <= size <= 0.88 for size in sizes)
    assert len({round(size, 6) for size in sizes}) == 12


# --- what it says of itself ---------------------------------------------------------------------------


def changed(value):
    """Another value that is as good."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 4
    if isinstance(value, float):
        return value / 2 + 0.25
    if isinstance(value, str):
        return {"chair": "car", "fast": "photoreal"}[value]
    return {(32, 32): (32, 48)}.get(value, ("choy", "free"))


@pytest.mark.parametrize("name", [f.name for f in fields(Order) if f.name != "variety"])
def test_every_choice_is_told(name):
    one = small()
    assert Source(one).asked() != Source(replace(one, **{name: changed(getattr(one, name))})).asked()


@pytest.mark.parametrize("name", [f.name for f in fields(Variety)])
def test_every_choice_of_variety_is_told(name):
    one = small()
    other = replace(one.variety, **{name: changed(getattr(one.variety, name))})
    assert Source(one).asked() != Source(replace(one, variety=other)).asked()


def test_meshes_and_photographs_are_told(meshes, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"")
    told = [Source(small(), *more).asked() for more in ((), (meshes,), (None, tmp_path / "photos"))]
    assert told[0] != told[1] != told[2] != told[0]
    for one in told:
        assert json.loads(json.dumps(one))


# --- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"style": "real"}, "fast, photoreal"),
        ({"count": 0}, "count is 0"),
        ({"count": 2.5}, "count is 2.5"),
        ({"views": -1}, "views is -1"),
        ({"meshes_a_shard": 0}, "meshes_a_shard"),
        ({"seed": -1}, "seed is -1"),
        ({"samples": 0}, "samples is 0"),
        ({"points": 3}, "points is 3"),
        ({"points": -5}, "points is -5"),
        ({"voxels": -1}, "voxels is -1"),
        ({"voxels": 1}, "voxels is 1"),
        ({"voxels": 257}, "voxels is 257"),
    ],
)
def test_what_makes_no_data_set_is_refused(wrong, said):
    with pytest.raises(BadInputError, match=said):
        small(**wrong)


def test_a_category_that_nobody_makes_names_those_that_are(meshes):
    with pytest.raises(BadInputError, match=r"'teapot'; chair, car, aeroplane, table, sofa"):
        Source(small(category="teapot"))
    with pytest.raises(BadInputError, match="has no car; it holds chair"):
        Source(small(category="car"), meshes)


def test_folders_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(BadFileError, match=r"index\.json"):
        Source(small(), tmp_path)
    with pytest.raises(BadInputError, match="nowhere"):
        Source(small(), None, tmp_path / "nowhere")


def test_a_folder_without_photographs_is_refused(tmp_path):
    """Else all backgrounds would be others than were asked for, and nobody told."""
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(BadInputError, match="no photograph"):
        Source(small(), None, tmp_path)

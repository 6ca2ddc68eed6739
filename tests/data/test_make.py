"""A data set is the same however it was made, in one go or in many, and what it says of its pictures is true."""

import json
import multiprocessing
import os
import signal
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from made_data import SIZE, everything, small, some_meshes, times
from rrb.data import fast
from rrb.data import subject as subject_module
from rrb.data.beginning import only_writer
from rrb.data.check import label_agreement, mask_agreement
from rrb.data.dataset import Dataset, write_description
from rrb.data.make import make_dataset
from rrb.data.order import Order, Source
from rrb.data.scenes import Variety
from rrb.data.shard_workers import ShardWorkers
from rrb.data.subject import Subject
from rrb.data.verify import problems
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.image_io import save_image
from rrb.geometry.winding import winding_number_reference
from rrb.raster.reference import area_sampled_silhouette, fragments

RICH = small(depth=True, points=60, voxels=12)
TINY = small(count=5, meshes_a_shard=1)  # three shards


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Made in one go, by one process."""
    folder = tmp_path_factory.mktemp("whole")
    assert make_dataset(RICH, folder) == 24
    return folder


@pytest.fixture(scope="module")
def samples(whole):
    return list(Dataset(whole).samples())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    make_dataset(TINY, folder)
    return everything(folder)


# --- what is there ------------------------------------------------------------------------------------


def test_it_has_as_many_pictures_as_asked_for(whole, samples):
    data = Dataset(whole)
    assert data.counts == {"train": 20, "val": 2, "test": 2}
    assert list(problems(data)) == []
    assert len({sample.key for sample in samples}) == 24
    assert set(Counter(sample.mesh_id for sample in samples).values()) == {2}
    assert {sample.size for sample in samples} == {SIZE}
    assert not [name for name in everything(whole) if "/." in f"/{name}"], "nothing temporary is left"


def test_the_last_mesh_has_what_remains(tiny, tmp_path):
    make_dataset(TINY, tmp_path)
    assert sorted(Counter(s.mesh_id for s in Dataset(tmp_path).samples()).values()) == [1, 2, 2]


def test_no_mesh_is_in_two_splits(samples):
    splits = {(sample.mesh_id, sample.split) for sample in samples}
    assert len({mesh_id for mesh_id, _ in splits}) == len(splits) == 12


def test_real_meshes_of_the_split_test_are_in_no_other(tmp_path):
    splits = {"a": "train", "b": "test", "c": "train", "d": "train"}
    meshes = some_meshes(tmp_path / "meshes", splits)
    beside = Variety(size=SIZE, beside=1.0)
    make_dataset(small(variety=beside), tmp_path / "out", meshes=meshes)
    found = list(Dataset(tmp_path / "out").samples())
    assert {s.split for s in found} == {"train", "test"}
    for sample in found:
        assert splits[sample.style["source"]] == sample.split
        assert sample.source == "fast real"
        assert mask_agreement(sample) >= 0.995


# --- the same bytes -----------------------------------------------------------------------------------


def test_the_same_order_gives_the_same_bytes(whole, tmp_path):
    make_dataset(RICH, tmp_path)
    assert everything(tmp_path) == everything(whole)


def test_several_processes_give_the_same_bytes_and_end_in_silence(whole, tmp_path, capfd):
    make_dataset(RICH, tmp_path, workers=2)
    assert everything(tmp_path) == everything(whole)
    assert capfd.readouterr() == ("", "")


def test_another_seed_gives_other_pictures(whole, tmp_path):
    make_dataset(replace(RICH, seed=1), tmp_path)
    ours, theirs = everything(whole), everything(tmp_path)
    assert set(ours.values()).isdisjoint(theirs.values())


def test_a_picture_does_not_depend_on_what_else_is_made(whole, samples, tmp_path):
    """Neither on how many there are nor on what is kept of them."""
    make_dataset(small(count=48, views=4, meshes_a_shard=5), tmp_path)
    longer = {sample.key: sample for sample in Dataset(tmp_path).samples()}
    for sample in samples:
        other = longer[sample.key]
        assert np.array_equal(sample.image, other.image)
        assert np.array_equal(sample.mask, other.mask)
        assert np.array_equal(sample.camera_from_object.matrix, other.camera_from_object.matrix)
        assert (sample.camera, sample.split, sample.about) == (other.camera, other.split, other.about)


def killed(order: Order, folder, moment: int) -> bool:
    """A copy of this process makes the data set and is killed before its n-th write or picture; whether it was."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        assert not os.WIFSIGNALED(status) or os.WTERMSIG(status) == signal.SIGKILL, "it hangs"
        return os.WIFSIGNALED(status)
    signal.alarm(100)
    left = moment

    def counted(function):
        def call(*arguments, **named):
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return function(*arguments, **named)

        return call

    os.replace, os.fsync, fast.draw = counted(os.replace), counted(os.fsync), counted(fast.draw)
    try:
        make_dataset(order, folder)
    finally:
        os._exit(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_continues_to_the_same_bytes(tiny, tmp_path, step):
    moment = step - 1
    while killed(TINY, folder := tmp_path / str(moment), moment):
        if moment % 2 == 0:
            killed(TINY, folder, 2)  # and once more
        make_dataset(TINY, folder)
        assert everything(folder) == tiny, moment
        moment += step
    assert moment > 30
    assert everything(folder) == tiny


def test_what_is_whole_is_not_touched(whole, monkeypatch):
    monkeypatch.setattr(fast, "draw", None)
    before, told = times(whole), []
    assert make_dataset(RICH, whole, told=lambda *now: told.append(now)) == 0
    assert make_dataset(RICH, whole, workers=2) == 0
    assert times(whole) == before
    assert told == [(24, 24, "")]


def test_only_the_shard_that_is_missing_is_made(whole, tmp_path):
    make_dataset(RICH, tmp_path)
    before = times(tmp_path)
    (tmp_path / "train-000001.json").unlink()
    told = []
    assert make_dataset(RICH, tmp_path, told=lambda *now: told.append(now)) == 6
    assert everything(tmp_path) == everything(whole)
    touched = {name for name, time in times(tmp_path).items() if before.get(name) != time}
    numbers = (3, 4, 5)
    made = {f"meshes/chair-{n:08d}.{end}" for n in numbers for end in ("ply", "json")}
    assert touched == {"meshes", "train-000001.tar", "train-000001.json", *made}
    assert [done for done, _, _ in told] == [18, *range(19, 25)]
    assert {total for _, total, _ in told} == {24}


def test_what_a_killed_writer_left_is_removed(tiny, tmp_path):
    make_dataset(TINY, tmp_path)
    (tmp_path / "train-000001.json").unlink()
    for name in (".train-000001.tar.17-0123abcd.tmp", "meshes/.chair-00000000.ply.17-0123abcd.tmp"):
        (tmp_path / name).write_bytes(b"half")
    make_dataset(TINY, tmp_path)
    assert everything(tmp_path) == tiny


def test_meshes_that_are_gone_are_made_again(tiny, tmp_path):
    make_dataset(TINY, tmp_path)
    (tmp_path / "meshes" / "chair-00000001.ply").unlink()
    assert make_dataset(TINY, tmp_path) == 2
    assert everything(tmp_path) == tiny


def test_what_nothing_tells_of_is_not_continued(tmp_path):
    """Else its shards would be taken for those of any order."""
    make_dataset(TINY, tmp_path)
    (tmp_path / "dataset.json").unlink()
    before = times(tmp_path)
    with pytest.raises(BadInputError, match=r"dataset\.json is gone"):
        make_dataset(replace(TINY, seed=1), tmp_path)
    assert times(tmp_path) == before


def test_what_nothing_was_made_for_yet_may_be_begun_otherwise(tmp_path):
    make_dataset(TINY, tmp_path / "whole")
    write_description(tmp_path / "out", Source(replace(TINY, seed=1)).asked())
    make_dataset(TINY, tmp_path / "out")
    assert everything(tmp_path / "out") == everything(tmp_path / "whole")


# --- processes ----------------------------------------------------------------------------------------


def test_a_process_that_dies_is_replaced(whole, tmp_path):
    """Two processes make what one makes; who is killed is told of, and leaves nothing behind."""
    lines, victims = [], []

    def told(done, total, line):
        lines.append(line)
        if not victims and done:
            victims.append(multiprocessing.active_children()[0].pid)
            os.kill(victims[0], signal.SIGKILL)

    assert make_dataset(RICH, tmp_path, workers=2, told=told) == 24
    (line,) = filter(None, lines)
    assert "died (-9); train-00000" in line
    assert everything(tmp_path) == everything(whole)
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_a_process_that_dies_between_two_shards_is_replaced(tiny, tmp_path, monkeypatch):
    handed, hand_out = [], ShardWorkers._hand_out

    def after_a_kill(self, process, ours):
        handed.append(process)
        if len(handed) == 3:
            process.kill()
            process.join()
        hand_out(self, process, ours)

    monkeypatch.setattr(ShardWorkers, "_hand_out", after_a_kill)
    make_dataset(TINY, tmp_path, workers=2)
    assert len(handed) == 4
    assert everything(tmp_path) == tiny


@pytest.mark.slow
def test_a_shard_that_kills_each_process_is_given_up(tmp_path):
    def told(done, total, line):
        for process in multiprocessing.active_children() if done else ():
            process.kill()

    with pytest.raises(RuntimeError, match=r"the process that made train-\d+ died 2 times"):
        make_dataset(RICH, tmp_path, workers=2, told=told)
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_what_a_process_refuses_is_refused_here(tmp_path):
    meshes = some_meshes(tmp_path / "meshes", dict.fromkeys("abcd", "train"))
    (meshes / "c.obj").unlink()
    with pytest.raises(BadFileError, match=r"c\.obj: there is no such file"):
        make_dataset(TINY, tmp_path / "out", meshes=meshes, workers=2)
    assert multiprocessing.active_children() == []


# --- another order in the same folder -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (replace(RICH, seed=5), "seed"),
        (replace(RICH, count=48), "count"),
        (replace(RICH, depth=False), "depth"),
        (replace(RICH, points=100), "points"),
        (replace(RICH, category="car"), "category"),
        (replace(RICH, variety=Variety(size=(32, 48))), "size_px"),
        (replace(RICH, variety=Variety(size=SIZE, viewpoints=("free",))), "viewpoints"),
        (replace(RICH, variety=Variety(size=SIZE, white=1.0)), "white"),
    ],
)
def test_another_order_is_refused_by_what_differs(whole, other, named):
    before = times(whole)
    with pytest.raises(BadInputError) as raised:
        make_dataset(other, whole)
    said = str(raised.value)
    assert len(said) < 300
    differing = said.split("another choice of ")[1].split(";")[0]
    assert differing.split(" ")[0] == named
    assert differing.count(" before, ") == 1
    assert times(whole) == before


def test_both_values_are_said(whole):
    with pytest.raises(BadInputError, match=r"another choice of seed \(0 before, 7 now\);"):
        make_dataset(replace(RICH, seed=7), whole)
    with pytest.raises(BadInputError, match=r"size_px \(32x32 before, 48x32 now\);"):
        make_dataset(replace(RICH, variety=Variety(size=(32, 48))), whole)


def test_meshes_and_photographs_are_choices_too(whole, tmp_path):
    meshes = some_meshes(tmp_path, {f"mesh{n}": "train" for n in range(200)})
    with pytest.raises(BadInputError, match="another choice of meshes") as raised:
        make_dataset(RICH, whole, meshes=meshes)
    assert len(str(raised.value)) < 400
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(BadInputError, match="another choice of backgrounds"):
        make_dataset(RICH, whole, photos=tmp_path)


def test_meshes_and_photographs_that_changed_are_other_ones(tmp_path):
    """The same names do not make the same bytes."""
    meshes = some_meshes(tmp_path / "meshes", dict.fromkeys("abc", "train"))
    (tmp_path / "photos").mkdir()
    save_image(tmp_path / "photos" / "a.png", np.zeros((40, 40, 3), np.uint8))
    given = {"meshes": meshes, "photos": tmp_path / "photos"}
    make_dataset(TINY, tmp_path / "out", **given)
    assert make_dataset(TINY, tmp_path / "out", **given) == 0
    (meshes / "b.obj").write_bytes((meshes / "a.obj").read_bytes())
    with pytest.raises(BadInputError, match="another choice of meshes"):
        make_dataset(TINY, tmp_path / "out", **given)
    save_image(tmp_path / "photos" / "a.png", np.ones((40, 80, 3), np.uint8))
    with pytest.raises(BadInputError, match=r"another choice of meshes .* backgrounds"):
        make_dataset(TINY, tmp_path / "out", **given)


def test_two_writers_at_once_are_refused(whole):
    before = times(whole)
    with only_writer(whole), pytest.raises(BadInputError, match="another process is writing"):
        make_dataset(RICH, whole)
    assert make_dataset(RICH, whole) == 0
    assert times(whole) == before


def test_a_folder_that_holds_something_else_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInputError, match="file"):
        make_dataset(TINY, tmp_path / "file")
    with pytest.raises(BadInputError, match="file"):
        make_dataset(TINY, tmp_path / "file" / "below")
    (tmp_path / "dataset.json").write_text('{"format": "theirs"}')
    with pytest.raises(BadFileError, match="theirs"):
        make_dataset(TINY, tmp_path)
    assert (tmp_path / "dataset.json").read_text() == '{"format": "theirs"}'
    assert not (tmp_path / "meshes").exists()


# --- what is said is true -----------------------------------------------------------------------------


def lowest(mesh) -> float:
    return float(mesh.vertices[:, 1].min())


def drawn(sample, samples=1):
    """(H, W) bool: what the readable reference sees of the object, were it alone, of any of a pixel's samples."""
    mesh = sample.load_mesh()
    vertices_px = sample.camera.project(sample.camera_from_object.apply(mesh.vertices))
    return area_sampled_silhouette(vertices_px, mesh.faces, sample.size, samples) > 0


def test_masks_are_those_of_mesh_and_pose(samples):
    assert min(mask_agreement(sample) for sample in samples) >= 0.995


def test_heights_are_above_the_lowest_point(samples):
    free = [sample for sample in samples if sample.about["viewpoint"] == "free"]
    assert free
    for sample in samples:
        height = sample.camera_from_object.camera_centre_object[1] - lowest(sample.load_mesh())
        if sample.about["viewpoint"] == "free" or height <= 0:
            assert sample.camera_height_m is None
        else:
            assert sample.camera_height_m == pytest.approx(height, abs=2e-6)
            # Upright: the camera does not roll by more than a hand does.
            assert sample.camera_from_object.rotation[1, 1] < 0


def test_what_it_says_of_a_mesh_is_what_the_mesh_was_made_as(whole, samples):
    source = Source(RICH)
    for number in range(RICH.n_meshes):
        shape = source.shape(number)
        beside = json.loads((whole / "meshes" / f"{shape.mesh_id}.json").read_text())
        for sample in (s for s in samples if s.mesh_id == shape.mesh_id):
            assert dict(sample.style) == dict(shape.style) == beside["style"]
            assert sample.turns.folds == shape.turns.folds == beside["turns_about_y"]
            assert sample.category == shape.category == "chair"
            assert sample.split == source.split(number)
            assert np.array_equal(sample.load_mesh().vertices, shape.mesh.vertices)
            assert np.array_equal(sample.load_mesh().faces, shape.mesh.faces)


def test_what_it_says_of_the_picture(samples):
    for sample in samples:
        assert sample.about["fov_deg"] == pytest.approx(sample.camera.fov_deg())
        assert sample.about["viewpoint"] in ("choy", "pascal", "street", "free")
        assert (sample.unknown is not None) <= (sample.about["others"] > 0)
        assert sample.source == "fast procedural"
    assert {sample.about["others"] for sample in samples} >= {0, 1}


def test_depth_is_that_of_the_mesh(samples):
    seen = [sample for sample in samples if sample.mask.any()]
    for sample in seen[::6]:
        mesh = sample.load_mesh()
        vertices_px = sample.camera.project(sample.camera_from_object.apply(mesh.vertices))
        _, _, inverse = fragments(vertices_px, mesh.faces, sample.size)
        mask = (sample.mask > 0) & (inverse > 0)
        assert mask.sum() > 20
        assert np.abs(sample.depth_m[mask] * inverse[mask] - 1).max() < 2e-4
        nothing = (sample.mask == 0) & (True if sample.unknown is None else ~sample.unknown)
        assert not sample.depth_m[nothing].any()


def test_unknown_is_what_may_hide_the_object(tmp_path):
    """And nothing that stands wholly behind it: there the mask knows that the object is not."""
    crowded = Variety(size=SIZE, occluded=0.5, beside=1.0)
    make_dataset(small(count=40, views=10, variety=crowded, depth=True), tmp_path)
    found = list(Dataset(tmp_path).samples())
    behind = 0
    for sample in found:
        farthest = sample.camera_from_object.apply(sample.load_mesh().vertices)[:, 2].max()
        unknown = np.zeros(SIZE, bool) if sample.unknown is None else sample.unknown
        others = (sample.depth_m > 0) & (sample.mask == 0)
        assert (others[unknown]).all()
        assert (sample.depth_m[unknown] < farthest + 1e-3).all()
        assert (sample.depth_m[others & ~unknown] > farthest - 1e-3).all()
        behind += (others & ~unknown).sum()
    assert behind > 50
    assert sum(sample.unknown is not None for sample in found) > 5


def test_extents_are_those_of_the_mesh(samples):
    for sample in samples:
        low, high = sample.load_mesh().bounding_box()
        np.testing.assert_allclose(sample.extents_m, high - low, atol=1e-12)


def test_labels_are_those_of_the_mesh(samples):
    right, counted = np.sum([label_agreement(sample, 40) for sample in samples], axis=0)
    assert counted == 24 * 40
    assert right >= 0.999 * counted
    labels = np.concatenate([sample.points.inside for sample in samples])
    assert 0.1 < labels.mean() < 0.9
    assert len({sample.points.points.tobytes() for sample in samples}) == 24, "each picture has other points"


def test_voxels_are_those_of_the_mesh(samples):
    for sample in samples[::8]:
        grid, mesh = sample.voxels, sample.load_mesh()
        assert grid.occupancy.shape == (12, 12, 12)
        assert grid.occupancy.any()
        some = np.random.default_rng(0).integers(12, size=(100, 3))
        at = np.concatenate([some, np.argwhere(grid.occupancy)[:50]])
        centres = grid.origin + (at + 0.5) * grid.voxel_size_m
        inside = np.abs(winding_number_reference(centres, mesh.vertices, mesh.faces)) > 0.5
        assert (grid.occupancy[tuple(at.T)] == inside).all()
        assert 0 < inside.sum() < len(at)
        low, high = mesh.bounding_box()
        assert (grid.origin <= low + 1e-6).all()
        assert (grid.origin + 12 * grid.voxel_size_m >= high - 1e-6).all()


def test_objects_are_never_hidden_for_the_most_part(monkeypatch):
    crowded = Variety(size=SIZE, occluded=1.0, beside=1.0, truncated=0.0)
    source = Source(small(count=120, views=30, variety=crowded))
    subjects = [Subject.of(source, number) for number in range(4)]

    def shares():
        scenes = [(s, s.scene(view)) for s in subjects for view in range(30)]
        return np.array([fast.visible_share(scene, s.shapes) for s, scene in scenes])

    kept = shares()
    monkeypatch.setattr(subject_module, "LEAST_VISIBLE", 0.0)
    by_chance = shares()
    assert by_chance.min() < 0.3
    assert kept.min() >= 0.3
    assert (kept[by_chance >= 0.3] == by_chance[by_chance >= 0.3]).all()
    assert (kept[by_chance < 0.3] == 1).all()


def test_what_is_hidden_is_no_part_of_the_mask(tmp_path):
    crowded = Variety(size=SIZE, occluded=1.0, beside=1.0, truncated=0.0)
    make_dataset(small(count=24, views=12, variety=crowded), tmp_path)
    hidden = [sample for sample in Dataset(tmp_path).samples() if sample.unknown is not None]
    assert len(hidden) > 8
    for sample in hidden:
        assert not (sample.unknown & (sample.mask > 0)).any()
    assert min(sample.mask.sum() / drawn(sample).sum() for sample in hidden) < 0.8


def test_the_white_of_papers_is_white(monkeypatch, tmp_path):
    pictures = []

    def kept(*arguments):
        pictures.append(draw(*arguments))
        return pictures[-1]

    draw = fast.draw
    monkeypatch.setattr(fast, "draw", kept)
    plain = Variety(size=SIZE, white=1.0, ground=0.0, occluded=0.0, beside=0.0, truncated=0.0, effects=False)
    make_dataset(small(count=8, variety=plain), tmp_path)
    for picture, sample in zip(pictures, Dataset(tmp_path).samples(), strict=True):
        clear = ~drawn_near(sample)
        assert clear.sum() > 100
        assert (picture.image[clear] == 255).all()
        assert picture.image[~clear].min() < 250
        assert sample.about["others"] == 0


def drawn_near(sample):
    """(H, W) bool: the object and what is next to it."""
    mask = np.pad(drawn(sample, 4) | (sample.mask > 0), 2)
    shifts = [np.roll(mask, (y, x), (0, 1)) for y in (-2, -1, 0, 1, 2) for x in (-2, -1, 0, 1, 2)]
    return np.any(shifts, axis=0)[2:-2, 2:-2]


def test_without_effects_the_picture_is_what_light_makes_it(tmp_path):
    for effects in (True, False):
        make_dataset(
            small(count=8, variety=Variety(size=SIZE, effects=effects)), folder := tmp_path / str(effects)
        )
        qualities = {sample.about["jpeg_quality"] for sample in Dataset(folder).samples()}
        assert (qualities == {95}) != effects

"""A folder of shards as a stream: everything once, in an order that the seed alone decides, nothing left running."""

import itertools
import json
import pickle
import random
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrb.data.batches import FIELDS as BATCH_FIELDS
from rrb.data.batches import Batch
from rrb.data.dataset import Dataset, write_description
from rrb.data.sample import OccupancyPoints
from rrb.data.shards import shard_path, write_shard
from rrb.data.stream import chunks, interleaved, shuffled, worked_on
from rrb.data.verify import problems
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.voxels import Voxels
from stored_samples import assert_same, plain_sample

COUNTS = {"train": (20, 20, 7, 13, 1), "val": (6,)}


def make(folder, counts=COUNTS, **more):
    """Shards of so many samples; a mesh belongs to one shard alone."""
    write_description(folder, {"count": 60})
    for split, sizes in counts.items():
        for number, size in enumerate(sizes):
            prefix = f"{split}{number}"
            samples = [
                plain_sample(i, prefix=prefix, mesh_id=f"{prefix}-{i // 4}", **more) for i in range(size)
            ]
            write_shard(shard_path(folder, split, number), samples)
    return Dataset(folder)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make(tmp_path_factory.mktemp("data"))


@pytest.fixture
def own(tmp_path):
    """A data set that a test may damage."""
    return make(tmp_path)


def keys(stream):
    return [sample.key for sample in stream]


def all_keys(data, split):
    return [key for shard in data.shards if shard.index.split == split for key in shard.index.keys]


# --- what is there ------------------------------------------------------------------------------------


def test_it_knows_what_it_holds(data):
    assert data.counts == {"train": 61, "val": 6}
    assert data.splits == ("train", "val")
    assert len(data) == 67
    assert data.about == {"count": 60}
    assert data.unfinished == ()
    assert "61 train, 6 val" in repr(data)
    assert list(problems(data)) == []


def test_a_shard_without_index_is_unfinished(own):
    own.shards[1].path.with_suffix(".json").unlink()
    less = Dataset(own.folder)
    assert less.counts["train"] == 41
    assert less.unfinished == (own.shards[1].path,)
    assert len(keys(less.samples("train"))) == 41
    (problem,) = problems(less)
    assert "train-000001.tar: it has no index" in problem


def test_a_shard_that_was_lost_is_not_passed_over(own):
    own.shards[1].path.unlink()
    data = Dataset(own.folder)
    says = r"train-000001.tar: it has 0 bytes but its index says"
    for split in ("train", None):
        with pytest.raises(BadFileError, match=says):
            data.samples(split)
    assert len(list(data.batches(3, "val"))) == 2
    (problem,) = problems(data)
    assert "train-000001.tar: it has 0 bytes" in problem


def test_what_is_no_data_set_is_refused(own, tmp_path):
    with pytest.raises(BadFileError, match=r"dataset.json: there is no such file"):
        Dataset(tmp_path / "nowhere")
    (own.folder / "dataset.json").write_text('{"format": "rrb.dataset/2"}')
    with pytest.raises(BadFileError, match=r"its format is 'rrb.dataset/2'; 'rrb.dataset/1' is accepted"):
        Dataset(own.folder)


def test_other_files_do_no_harm(own):
    for name in ("train-1.tar", "train-000000.tar.gz", "notes.json", ".train-000009.tar.12-0123abcd.tmp"):
        (own.folder / name).write_bytes(b"?")
    assert Dataset(own.folder).counts == own.counts


def test_what_is_in_two_places_is_named(own):
    samples = [plain_sample(0, prefix="train0", mesh_id="train0-0"), plain_sample(1, mesh_id="")]
    write_shard(shard_path(own.folder, "test", 0), samples)
    write_shard(shard_path(own.folder, "val", 9), [plain_sample(2, mesh_id="")])
    key, mesh = problems(Dataset(own.folder))
    assert "test-000000.tar: sample train0-00000 is also in train-000000.tar" in key
    assert "test-000000.tar: mesh train0-0 is in the split 'train' too" in mesh


# --- order --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_the_order_is_that_of_the_files_or_of_the_seed(data, workers):
    assert keys(data.samples("train", workers=workers)) == all_keys(data, "train")
    assert keys(data.samples(workers=workers)) == all_keys(data, "train") + all_keys(data, "val")
    for buffer in (1, 7, 1000):
        order = keys(data.samples("train", shuffle_seed=5, buffer=buffer, workers=workers))
        assert sorted(order) == sorted(all_keys(data, "train"))
        assert order == keys(data.samples("train", ("mask",), shuffle_seed=5, buffer=buffer, workers=0))
        batches = data.batches(9, "train", shuffle_seed=5, buffer=buffer, workers=workers)
        assert order == [key for batch in batches for key in batch.keys]
    orders = [tuple(keys(data.samples("train", ("mask",), shuffle_seed=seed))) for seed in range(4)]
    assert len(set(orders)) == 4


def test_a_seed_means_the_same_in_every_program(data, tmp_path):
    code = """
import json, sys
from rrb.data.dataset import Dataset
print(json.dumps([s.key for s in Dataset(sys.argv[1]).samples("train", ("mask",), shuffle_seed=3)]))
"""
    order = keys(data.samples("train", ("mask",), shuffle_seed=3))
    assert run(tmp_path / "reads.py", code, data.folder) == order


@given(st.lists(st.integers(0, 9), max_size=6), st.integers(1, 4), st.integers(1, 20), st.integers(0, 99))
def test_mixing_keeps_everything(sizes, at_once, buffer, seed):
    streams = [[(i, j) for j in range(size)] for i, size in enumerate(sizes)]
    mixed = list(interleaved(map(iter, streams), at_once, random.Random(seed)))
    assert sorted(mixed) == sorted(item for stream in streams for item in stream)
    for i, stream in enumerate(streams):  # each stream in its own order
        assert [item for item in mixed if item[0] == i] == stream
    assert sorted(shuffled(mixed, buffer, random.Random(seed))) == sorted(mixed)


def test_every_order_is_as_likely(data):
    """The first of a shuffled stream of ten is each of the ten, about equally often (within five deviations)."""
    first = [next(shuffled(range(10), 10, random.Random(seed))) for seed in range(2000)]
    counts = np.bincount(first, minlength=10)
    assert np.abs(counts - 200).max() < 5 * np.sqrt(2000 * 0.1 * 0.9)


@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("world", [1, 2, 3, 5])
def test_readers_share_everything_once(data, world, seed):
    parts = [
        keys(data.samples("train", ("mask",), shards=(r, world), shuffle_seed=seed)) for r in range(world)
    ]
    assert all(parts)
    assert sorted(itertools.chain(*parts)) == sorted(all_keys(data, "train"))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda d: d.samples("test"), "no sample is of the split 'test'; train, val are accepted"),
        (lambda d: d.samples("train", ("colour",)), "no field 'colour' to read; image, mask"),
        (lambda d: d.batches(4, "train", ("mesh",)), "no field 'mesh' in a batch; image, mask"),
        (lambda d: d.samples("train", shards=(0, 6)), "6 readers share 5 shards"),
        (lambda d: d.samples("train", shards=(2, 2)), r"shards is \(2, 2\)"),
        (lambda d: d.samples("train", buffer=0), "the buffer is 0"),
        (lambda d: d.samples("train", workers=-1), "the number of workers is -1"),
        (lambda d: d.samples("train", shuffle_seed=-1), "the seed is -1"),
        (lambda d: d.samples("train", shuffle_seed=0.5), "the seed is 0.5"),
        (lambda d: d.batches(0), "the size of a batch is 0"),
        (lambda d: d.sample("nobody"), "none of its 67 samples is 'nobody'"),
    ],
)
def test_what_cannot_be_read_is_refused_at_once(data, call, says):
    with pytest.raises(BadInputError, match=says):
        call(data)


def test_an_empty_folder_is_refused_when_it_is_read(tmp_path):
    write_description(tmp_path, {})
    with pytest.raises(BadInputError, match="there is no whole shard"):
        Dataset(tmp_path).samples()


# --- samples and batches ------------------------------------------------------------------------------


def test_one_sample_by_its_key(data):
    for sample in data.samples("val"):
        assert_same(data.sample(sample.key), sample)


def grids_and_points(number=0):
    rng = np.random.default_rng(number)
    points = OccupancyPoints(rng.normal(size=(11, 3)), rng.random(11) < 0.5, rng.random(11) < 0.5)
    voxels = Voxels(rng.random((3, 4, 5)) < 0.5, rng.normal(size=3), 0.1)
    return {"points": points, "voxels": voxels, "depth_m": np.full((24, 32), 2.5, np.float32)}


def test_a_batch_is_its_samples(tmp_path):
    data = make(tmp_path, {"train": (10, 3)}, **grids_and_points(), scale=1.5)
    samples = list(data.samples("train", shuffle_seed=1))
    batches = list(data.batches(5, "train", BATCH_FIELDS, shuffle_seed=1))
    assert [len(batch) for batch in batches] == [5, 5, 3]
    assert [len(batch) for batch in data.batches(5, "train", drop_last=True)] == [5, 5]
    for batch, start in zip(batches, (0, 5, 10), strict=True):
        part = samples[start : start + 5]
        assert batch.keys == tuple(s.key for s in part)
        assert batch.mesh_ids == tuple(s.mesh_id for s in part)
        assert_stacked(batch, part)


def assert_stacked(batch: Batch, samples):
    wanted = {
        "image": [s.image for s in samples],
        "mask": [s.mask for s in samples],
        "unknown": [np.zeros((24, 32), np.bool_) for _ in samples],
        "depth_m": [s.depth_m for s in samples],
        "intrinsics": [s.camera.matrix for s in samples],
        "rotation": [s.camera_from_object.rotation for s in samples],
        "translation": [s.camera_from_object.translation for s in samples],
        "scale": [s.scale for s in samples],
        "turns": [-1 if s.turns is None else s.turns.folds for s in samples],
        "points": [s.points.points for s in samples],
        "inside": [s.points.inside for s in samples],
        "near_surface": [s.points.near_surface for s in samples],
        "occupancy": [s.voxels.occupancy for s in samples],
        "grid_origin": [s.voxels.origin for s in samples],
        "voxel_size_m": [s.voxels.voxel_size_m for s in samples],
    }
    for name, values in wanted.items():
        held = getattr(batch, name)
        assert np.array_equal(held, np.array(values).astype(held.dtype)), name
        assert held.flags.writeable, name


def test_arrays_of_samples_may_be_written(data):
    for sample in data.samples("val", ("image", "mask")):
        sample.image[0] = 0
        sample.mask[0] = 0


def test_a_batch_of_what_is_missing_is_refused(tmp_path):
    write_description(tmp_path, {})
    write_shard(shard_path(tmp_path, "train", 0), [plain_sample(0), plain_sample(1, mask=None, camera=None)])
    write_shard(shard_path(tmp_path, "val", 0), [plain_sample(2), plain_sample(3, size=(25, 32))])
    data = Dataset(tmp_path)
    for field in ("mask", "camera"):
        with pytest.raises(BadFileError, match=rf"train-000000.tar: sample s-00001: it has no {field}"):
            list(data.batches(2, "train", (field,)))
    with pytest.raises(BadFileError, match=r"val-000000.tar: sample s-00003: its image is \(25, 32, 3\) but"):
        list(data.batches(2, "val", ("image",)))
    assert len(list(data.batches(1, "val"))) == 2


@pytest.mark.parametrize("workers", [0, 2])
def test_damage_is_named(own, workers):
    """A rotation that is none, and a picture that is none, deep in a stream."""
    path = own.shards[2].path
    bad = path.read_bytes().replace(b'"rotation":[[', b'"rotation":[[9')
    path.write_bytes(bad)
    with pytest.raises(BadFileError):  # a digit more moves everything after it
        list(own.samples("train", workers=workers))
    make(own.folder)
    data = path.read_bytes()
    at = data.index(b"\xff\xd8\xff", data.index(b"train2-00003.jpg"))
    path.write_bytes(data[:at] + b"\0\0\0" + data[at + 3 :])
    for stream in (own.samples("train", workers=workers), own.batches(4, "train", workers=workers)):
        with pytest.raises(
            BadFileError, match=r"train-000002.tar: sample train2-00003: jpg: it is no whole JPEG"
        ):
            list(stream)
    assert len(list(own.samples("train", ("mask",), workers=workers))) == 61  # whoever does not look at it


def test_a_rotation_that_is_none_is_named(own):
    shard = own.shards[5]
    raw = shard.path.read_bytes()
    at = raw.index(b'"rotation":[[', raw.index(b"val0-00004.json")) + len(b'"rotation":[[')
    shard.path.write_bytes(raw[:at] + b"9" + raw[at + 1 :])
    for stream in (own.samples("val"), own.batches(6, "val")):
        with pytest.raises(
            BadFileError, match=r"val-000000.tar: sample val0-00004: the rotation is no rotation"
        ):
            list(stream)


# --- threads and processes ----------------------------------------------------------------------------


def decoders():
    return [thread for thread in threading.enumerate() if thread.name.startswith("rrb-decode")]


def test_a_stream_that_is_left_takes_its_threads_with_it(data):
    assert not decoders()
    for _ in data.samples("train", workers=3):
        break
    assert not decoders()
    stream = data.batches(2, "train", workers=3)
    next(stream)
    assert decoders()
    stream.close()
    assert not decoders()


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_look_ahead_is_bounded(workers):
    """However slowly a stream is taken, only a few items are begun."""
    begun = []
    stream = worked_on((begun.append(i) or i for i in range(100)), lambda i: 10 * i, workers)
    for taken in range(100):
        assert next(stream) == 10 * taken
        assert len(begun) <= taken + 1 + workers
    assert next(stream, None) is None


def test_what_is_done_first_waits_for_its_turn():
    """The first item is not done before the second is: the order is kept all the same."""
    second_done = threading.Event()

    def work(item):
        if item == 0:
            assert second_done.wait(20)
        if item == 1:
            second_done.set()
        return item

    assert list(worked_on(iter(range(5)), work, 2)) == list(range(5))


def test_an_error_in_a_thread_arrives():
    def work(item):
        return 1 // (3 - item)

    stream = worked_on(iter(range(9)), work, 2)
    assert [next(stream) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(stream)
    assert not decoders()


def test_chunks():
    assert list(chunks(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunks([], 3)) == []


def test_a_data_set_can_be_sent(data):
    assert keys(pickle.loads(pickle.dumps(data)).samples("val")) == all_keys(data, "val")


def run(script, code, *arguments):
    """What a program prints; it must end by itself, without a warning."""
    script.write_text(code)
    out = subprocess.run(
        [sys.executable, "-W", "error", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (out.returncode, out.stderr) == (0, "")
    return json.loads(out.stdout)


def test_a_program_ends_with_a_stream_left_open(data, tmp_path):
    code = """
import sys
from rrb.data.dataset import Dataset
stream = Dataset(sys.argv[1]).samples("train", workers=2)
kept = [next(stream) for _ in range(3)]
print(len(kept))
"""
    assert run(tmp_path / "reads.py", code, data.folder) == 3


def test_forked_children_read_while_their_parent_does(data, tmp_path):
    code = """
import json, os, sys
from rrb.data.dataset import Dataset
data = Dataset(sys.argv[1])
stream = data.samples("train", workers=2)
first = next(stream).key
child = os.fork()
if child == 0:
    os._exit(len(list(data.samples("train", workers=2))))
_, status = os.waitpid(child, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), 1 + sum(1 for _ in stream)]))
"""
    assert run(tmp_path / "reads.py", code, data.folder) == [61, 61]


@pytest.mark.parametrize("context", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def test_torch_reads_it_by_processes(data, context, tmp_path):
    """The `DataLoader` of the docstring: every sample once, from two processes."""
    code = """
import json, sys
import torch
from rrb.data.dataset import Dataset

class Views(torch.utils.data.IterableDataset):
    def __init__(self, folder):
        self.data = Dataset(folder)

    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        share = (info.id, info.num_workers) if info else None
        return self.data.batches(8, "train", shards=share, shuffle_seed=0, workers=1)

if __name__ == "__main__":
    folder, context = sys.argv[1:]
    views = Views(folder)
    loader = torch.utils.data.DataLoader(
        views, batch_size=None, num_workers=2, multiprocessing_context=context
    )
    next(iter(loader))  # left after one
    print(json.dumps(sorted(key for batch in loader for key in batch.keys)))
"""
    found = run(tmp_path / "loads.py", code, data.folder, context)
    assert found == sorted(all_keys(data, "train"))

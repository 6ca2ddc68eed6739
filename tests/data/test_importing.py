"""Samples of any source come back equal from the data set that they were imported into; an import can be continued."""

import numpy as np
import pytest

from made_data import everything, times
from rrb.data import importing
from rrb.data.beginning import only_writer
from rrb.data.dataset import Dataset
from rrb.data.importing import import_samples
from rrb.data.readers.table import read
from rrb.data.sample import MeshFile
from rrb.data.verify import problems
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.mesh import Mesh
from rrb.geometry.primitives import box
from stored_samples import assert_same, plain_sample

ASKED = {"format": "ours", "source": "/somewhere", "chosen": []}
SPLITS = ("train", "test", None)


def some(count=11, **more):
    """In three splits, one of which is not said; every second without a mesh."""
    for n in range(count):
        mesh = box((1.0, 2.0, 3.0 + n)) if n % 2 else None
        yield plain_sample(n, split=SPLITS[n % 3], mesh=mesh, mesh_id=f"box-{n}" if mesh else "", **more)


def imported(folder, samples=None, **more):
    return import_samples(some() if samples is None else samples, folder, ASKED, a_shard=2, **more)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    assert imported(folder, split="val") == {"train": 4, "test": 4, "val": 3}
    return folder


# --- what comes back ----------------------------------------------------------------------------------


def test_samples_come_back_as_they_were(whole):
    data = Dataset(whole)
    assert list(problems(data)) == []
    assert data.counts == {"train": 4, "val": 3, "test": 4}
    for sample in some():
        back = data.sample(sample.key)
        assert_same(back, sample.with_(split=sample.split or "val"))
        one, other = back.load_mesh(), sample.load_mesh()
        assert (one is None) == (other is None)
        if one is not None:
            assert np.array_equal(one.vertices, other.vertices)
            assert np.array_equal(one.faces, other.faces)


def test_order_is_kept_and_shards_are_full(whole):
    shards = Dataset(whole).shards
    assert [len(s.index) for s in shards] == [2, 2, 2, 1, 2, 2]
    for split in ("train", "val", "test"):
        keys = [key for s in shards if s.index.split == split for key in s.index.keys]
        assert keys == sorted(keys)


def test_a_mesh_is_as_its_sample_had_it_turned(tmp_path):
    """In metres and in the object's frame: whoever reads the data set need not know how it was published."""
    Mesh(
        np.array([[0, 0, 0], [1000, 0, 0], [0, 2000, 0], [0, 0, 3000.0]]),
        [[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]],
    ).save(tmp_path / "tetra.obj")
    turn = np.array([[0, 1, 0], [0, 0, -1], [-1, 0, 0.0]])
    mesh = MeshFile(tmp_path / "tetra.obj", unit="mm", object_from_file=turn)
    samples = [plain_sample(n, mesh=mesh, mesh_id="tetra") for n in range(3)]
    import_samples(samples, tmp_path / "out", ASKED)
    stored = Mesh.load(tmp_path / "out" / "meshes" / "tetra.ply")
    np.testing.assert_allclose(stored.vertices, [[0, 0, 0], [0, 0, -1], [2, 0, 0], [0, -3, 0]], atol=1e-12)
    assert np.array_equal(Dataset(tmp_path / "out").sample("s-00002").load_mesh().vertices, stored.vertices)


def test_a_published_picture_comes_back(shared, tmp_path):
    source = shared / "real" / "ycbv_frame"
    import_samples(read("ycbv_frame", source), tmp_path, ASKED)
    data = Dataset(tmp_path)
    samples = list(read("ycbv_frame", source))
    assert len(data) == len(samples) == 4
    for sample in samples:
        back = data.sample(sample.key)
        for name in ("image", "mask", "unknown"):
            assert np.array_equal(getattr(back, name), getattr(sample, name))
        assert back.camera == sample.camera
        assert back.box_px == sample.box_px
        assert np.array_equal(back.camera_from_object.matrix, sample.camera_from_object.matrix)
        assert np.abs(back.depth_m - sample.depth_m).max() < 6e-4
        if sample.mesh is not None:
            assert np.array_equal(back.load_mesh().vertices, sample.load_mesh().vertices)


# --- continued ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("until", range(1, 11))
def test_stopped_anywhere_it_continues_to_the_same_bytes(whole, tmp_path, until):
    def stopped():
        for n, sample in enumerate(some()):
            if n == until:
                raise KeyboardInterrupt
            yield sample

    with pytest.raises(KeyboardInterrupt):
        imported(tmp_path, stopped(), split="val")
    kept = times(tmp_path)
    imported(tmp_path, split="val")
    assert everything(tmp_path) == everything(whole)
    assert all(times(tmp_path)[name] == kept[name] for name in kept if name.endswith(".tar"))


def test_a_mesh_whose_description_was_never_written_is_written_again(whole, tmp_path, monkeypatch):
    def killed(*arguments):
        arguments[2].save(tmp_path / "meshes" / "box-1.ply")
        raise KeyboardInterrupt

    (tmp_path / "meshes").mkdir()
    monkeypatch.setattr(importing, "save_mesh", killed)
    with pytest.raises(KeyboardInterrupt):
        imported(tmp_path, split="val")
    monkeypatch.undo()
    imported(tmp_path, split="val")
    assert everything(tmp_path) == everything(whole)


def test_what_is_whole_is_not_touched(whole):
    before = times(whole)
    assert imported(whole, split="val") == {"train": 4, "test": 4, "val": 3}
    assert times(whole) == before


def test_a_source_that_changed_is_refused(whole):
    """Else the new pictures would be left out, and nobody told."""
    before = times(whole)
    with pytest.raises(BadInputError, match="other samples than the source does now"):
        imported(whole, some(prefix="other"), split="val")
    assert times(whole) == before


def test_shards_of_large_pictures_have_fewer(tmp_path, monkeypatch):
    each = plain_sample(0).image.nbytes + plain_sample(0).mask.nbytes
    monkeypatch.setattr(importing, "MOST_BYTES", 3 * each)
    told = []
    import_samples((plain_sample(n) for n in range(8)), tmp_path, ASKED, told=told.append)
    assert [len(s.index) for s in Dataset(tmp_path).shards] == [3, 3, 2]
    assert told[-1] == "train-000002.tar: 8 samples so far"


# --- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ASKED)
def test_other_choices_are_refused_by_name(whole, name):
    with pytest.raises(BadInputError, match=f"another choice of {name} "):
        import_samples(some(), whole, {**ASKED, name: "other"}, a_shard=2)


def test_a_made_data_set_is_not_imported_into(tmp_path):
    from made_data import small
    from rrb.data.make import make_dataset

    make_dataset(small(count=1), tmp_path)
    before = times(tmp_path)
    with pytest.raises(BadInputError, match="another command"):
        imported(tmp_path)
    assert times(tmp_path) == before


@pytest.mark.parametrize(
    ("more", "said"),
    [({"split": "dev"}, "'dev'; train, val, test"), ({"a_shard": 0}, "0 pictures in a shard")],
)
def test_what_makes_no_shards_is_refused(tmp_path, more, said):
    with pytest.raises(BadInputError, match=said):
        import_samples(some(), tmp_path / "out", ASKED, **more)
    assert not (tmp_path / "out").exists()


def test_a_source_that_cannot_be_read_leaves_no_folder(tmp_path):
    with pytest.raises(BadInputError, match="no sample"):
        imported(tmp_path / "out", iter(()))
    with pytest.raises(BadFileError, match="nowhere"):
        imported(tmp_path / "out", read("coco", tmp_path / "nowhere"))
    assert not (tmp_path / "out").exists()


def test_a_sample_that_cannot_be_stored_is_named(tmp_path):
    bad = plain_sample(1, mesh=box((1, 1, 1)), mesh_id="../up")
    with pytest.raises(BadInputError, match=r"\.\./up"):
        imported(tmp_path / "out", [plain_sample(0), bad])
    assert not list(tmp_path.rglob("*.tmp"))
    assert not (tmp_path / "up.ply").exists()


def test_two_writers_at_once_are_refused(whole):
    with only_writer(whole), pytest.raises(BadInputError, match="another process is writing"):
        imported(whole, split="val")

"""`rrb data check`: says nothing of a good set, and names what is wrong with a bad one."""

import json
import shutil

import numpy as np
import pytest

from made_data import small, some_meshes
from rrb.cli.main import main
from rrb.data.dataset import Dataset, write_description
from rrb.data.make import make_dataset
from rrb.data.sample import OccupancyPoints
from rrb.data.scenes import Variety
from rrb.data.shards import write_shard
from rrb.geometry.pose import Pose
from stored_samples import plain_sample

ORDER = small(count=12, meshes_a_shard=2, points=40, variety=Variety(size=(48, 48)))


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Of boxes, which the readable reference draws at once."""
    folder = tmp_path_factory.mktemp("good")
    meshes = some_meshes(tmp_path_factory.mktemp("meshes"), dict.fromkeys("abcdef", "train"))
    make_dataset(ORDER, folder, meshes=meshes)
    return folder


@pytest.fixture
def data(good, tmp_path):
    """A copy to damage."""
    return shutil.copytree(good, tmp_path / "data")


def check(folder, *more):
    return main(["data", "check", str(folder), *map(str, more)])


def wrong(capsys):
    """The lines about what is wrong, after what is said at the end was seen to be one sentence."""
    out, error = capsys.readouterr()
    assert error.startswith("rrb: ")
    assert len(error.strip().splitlines()) == 1
    return [line for line in out.splitlines() if line.startswith("wrong: ")]


def rewrite(data, change, number=1):
    """Write a shard again with a sample changed, so that all checksums are right; its key."""
    shard = data.shards[number]
    samples = [data.sample(key) for key in shard.index.keys]
    samples[1] = change(samples[1])
    write_shard(shard.path, samples)
    return samples[1].key


# --- good ---------------------------------------------------------------------------------------------


def test_a_good_set_is_called_good(good, capsys):
    assert check(good) == 0
    out, error = capsys.readouterr()
    assert error == ""
    assert "12 samples in 3 shards: checksums and contents are right" in out
    assert "12 of 12 masks drawn again: IoU 1.0000 at least" in out
    assert "480 labels of points counted again: 100.000 % agree" in out
    assert "wrong" not in out


@pytest.mark.parametrize("category", ["table", pytest.param("aeroplane", marks=pytest.mark.slow)])
def test_the_smallest_pictures_are_good_too(tmp_path, capsys, category):
    """Where a single pixel would be more than the half per cent that is allowed."""
    make_dataset(small(count=8, category=category, variety=Variety(size=(16, 16))), tmp_path)
    assert check(tmp_path) == 0
    assert "8 of 8 masks" in capsys.readouterr().out


def test_some_may_be_drawn_or_none(good, capsys):
    assert check(good, "--count", 3) == 0
    assert "3 of 3 masks" in capsys.readouterr().out
    assert check(good, "--count", 0) == 0
    assert "masks" not in capsys.readouterr().out


def test_samples_without_meshes_have_only_their_bytes_checked(tmp_path, capsys):
    write_description(tmp_path, {"format": "coco"})
    write_shard(tmp_path / "train-000000.tar", [plain_sample(n) for n in range(4)])
    assert check(tmp_path) == 0
    assert "none of 4 samples has mesh, pose, camera and mask" in capsys.readouterr().out


# --- bad ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.95])
def test_a_flipped_byte_is_found(data, capsys, share):
    path = Dataset(data).shards[1].path
    held = bytearray(path.read_bytes())
    held[int(share * len(held))] ^= 0x10
    path.write_bytes(held)
    assert check(data) == 2
    assert any(path.name in line and "sha256" in line for line in wrong(capsys))


def test_all_that_is_damaged_is_named_not_the_first_alone(data, capsys):
    paths = [shard.path for shard in Dataset(data).shards]
    for path in paths[:2]:
        held = bytearray(path.read_bytes())
        held[900] ^= 0x10
        path.write_bytes(held)
    with open(paths[2], "ab") as file:
        file.write(b"more")
    assert check(data) == 2
    lines = wrong(capsys)
    for path in paths:
        assert any(path.name in line for line in lines)


def test_a_set_whose_every_shard_is_broken_is_named(good, data, capsys):
    for shard in Dataset(data).shards:
        shard.path.write_bytes(b"")
    assert check(data) == 2
    lines = wrong(capsys)
    for shard in Dataset(good).shards:
        assert any(shard.path.name in line for line in lines)


def test_a_shifted_mask_is_named(data, capsys):
    key = rewrite(Dataset(data), lambda s: s.with_(mask=np.roll(s.mask, 1, axis=1)))
    assert check(data) == 2
    (line,) = wrong(capsys)
    assert f"the mask of {key} agrees to 0." in line


def test_a_pose_of_another_convention_is_named(data, capsys):
    def flipped(sample):
        rotation = np.diag([1.0, -1.0, -1.0]) @ sample.camera_from_object.rotation
        return sample.with_(camera_from_object=Pose(rotation, sample.camera_from_object.translation))

    key = rewrite(Dataset(data), flipped)
    assert check(data) == 2
    assert key in wrong(capsys)[0]


def test_wrong_labels_are_named(data, capsys):
    def turned(sample):
        points = sample.points
        return sample.with_(points=OccupancyPoints(points.points, ~points.inside, points.near_surface))

    key = rewrite(Dataset(data), turned)
    assert check(data) == 2
    (line,) = wrong(capsys)
    assert f"wrong are 40 of {key}" in line


def test_a_missing_mesh_is_named(data, capsys):
    (path,) = (p for p in (data / "meshes").glob("c-*.ply"))
    path.unlink()
    assert check(data) == 2
    assert any(path.name in line and "missing" in line for line in wrong(capsys))


def test_a_mesh_that_cannot_be_read_is_named_once(data, capsys):
    (path,) = (p for p in (data / "meshes").glob("c-*.ply"))
    path.write_bytes(path.read_bytes()[:500])
    assert check(data) == 2
    lines = wrong(capsys)
    assert sum(path.name in line and "sha256" in line for line in lines) == 1
    assert sum(path.name in line and "sha256" not in line for line in lines) == 1, "not once for each view"


def test_a_mesh_in_two_splits_is_named(data, capsys):
    samples = [Dataset(data).sample(key).with_(split="val") for key in Dataset(data).shards[0].index.keys]
    write_shard(data / "val-000000.tar", samples)
    assert check(data) == 2
    assert any("splits are by mesh" in line for line in wrong(capsys))


def test_a_shard_without_index_is_named(data, capsys):
    path = Dataset(data).shards[1].path
    path.with_suffix(".json").unlink()
    assert check(data) == 2
    assert any(path.name in line and "not finished" in line for line in wrong(capsys))


def test_imported_masks_are_reported_not_judged(data, capsys):
    """Other people's masks are drawn with other tools."""
    about = json.loads((data / "dataset.json").read_text())
    about["asked"] = {"format": "pix3d"}
    (data / "dataset.json").write_text(json.dumps(about))
    key = rewrite(Dataset(data), lambda s: s.with_(mask=np.roll(s.mask, 2, axis=1)))
    assert check(data) == 0
    assert f"least: {key} 0." in capsys.readouterr().out


# --- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [["--count", -1], ["--named", -2]])
def test_negative_numbers_are_refused(good, capsys, flags):
    assert check(good, *flags) == 2
    assert " ".join(map(str, flags)).replace("-1", "is -1") in capsys.readouterr().err


def test_folders_without_shards_are_refused(tmp_path, capsys):
    write_description(tmp_path / "begun", {})
    for name in ("nowhere", "begun"):
        assert check(tmp_path / name) == 2
        error = capsys.readouterr().err.strip()
        assert name in error
        assert "\n" not in error

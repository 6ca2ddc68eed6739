"""Tar files that any reader of tars understands, whole or not there."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from rrb.data.sample_files import decode, encode
from rrb.data.shards import (
    decoded,
    read_index,
    read_one,
    read_shard,
    remove_leftovers,
    save_mesh,
    shard_is_whole,
    shard_path,
    write_shard,
)
from rrb.data.tar_blocks import member_bytes
from rrb.data.verify import verify
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.mesh import Mesh
from rrb.geometry.primitives import box
from stored_samples import assert_same, plain_sample

COUNT = 9
TESTS = Path(__file__).parents[1]


def some_samples(count=COUNT, **more):
    return [plain_sample(i, **more) for i in range(count)]


@pytest.fixture
def shard(tmp_path):
    path = shard_path(tmp_path, "train", 3)
    write_shard(path, some_samples())
    return path


def reindex(path, **changes):
    """Change what the index says."""
    index = path.with_suffix(".json")
    index.write_text(json.dumps(json.loads(index.read_text()) | changes))


def rewrite(path, members):
    """A tar of these (name, bytes), with the size in the index set right: damage that no size shows."""
    path.write_bytes(b"".join(member_bytes(*m) for m in members) + bytes(1024))
    reindex(path, bytes=path.stat().st_size)


def members_in(path):
    with tarfile.open(path) as tar:
        return [(entry.name, tar.extractfile(entry).read()) for entry in tar]


# --- as others read it --------------------------------------------------------------------------------


def test_webdataset_groups_it(shard):
    """WebDataset's rule: plain files in a row whose names are equal to the first dot are one sample."""
    groups: list[tuple[str, dict]] = []
    with tarfile.open(shard) as tar:
        for entry in tar:
            assert entry.isfile()
            key, _, extension = entry.name.partition(".")
            if not groups or groups[-1][0] != key:
                groups.append((key, {}))
            assert extension not in groups[-1][1]
            groups[-1][1][extension] = tar.extractfile(entry).read()
    assert [key for key, _ in groups] == [sample.key for sample in some_samples()]
    for (_, members), sample in zip(groups, some_samples(), strict=True):
        assert members == encode(sample.with_(split="train"))


def test_nothing_of_clock_or_user_is_in_it(shard, tmp_path, monkeypatch):
    with tarfile.open(shard) as tar:
        told = {(e.mtime, e.uid, e.gid, e.uname, e.gname, e.mode) for e in tar}
    assert told == {(0, 0, 0, "", "", 0o644)}
    monkeypatch.setattr("time.time", lambda: 1e9)
    again = shard_path(tmp_path, "train", 4)
    write_shard(again, iter(some_samples()))
    assert again.read_bytes() == shard.read_bytes()
    assert again.with_suffix(".json").read_bytes() == shard.with_suffix(".json").read_bytes()


def test_the_index_tells_the_truth(shard):
    index = read_index(shard)
    data = shard.read_bytes()
    assert (index.split, index.bytes, len(index)) == ("train", len(data), COUNT)
    assert index.sha256 == hashlib.sha256(data).hexdigest()
    assert index.mesh_ids == tuple(sample.mesh_id for sample in some_samples())
    for key, offset in zip(index.keys, index.offsets, strict=True):
        assert data[offset:].startswith(f"{key}.json\0".encode())


# --- round trip ---------------------------------------------------------------------------------------


def test_round_trip(shard):
    index = read_index(shard)
    back = [decoded(raw) for raw in read_shard(shard, index)]
    for one, sample in zip(back, some_samples(), strict=True):
        assert_same(one, decode(encode(sample.with_(split="train"))))
        assert_same(decoded(read_one(shard, index, sample.key)), one)


def test_a_picture_alone_comes_back(tmp_path):
    """As COCO and KITTI have them: no mesh, no camera, no pose, no mask."""
    path = shard_path(tmp_path, "val", 0)
    bare = plain_sample(0, mask=None, camera=None, camera_from_object=None, mesh_id="")
    write_shard(path, [bare], jpeg_quality=None)
    (back,) = (decoded(raw) for raw in read_shard(path, read_index(path)))
    assert_same(back, bare.with_(split="val"))
    assert back.load_mesh() is None
    assert verify(path) == []


def test_a_soft_mask_keeps_its_255_steps(tmp_path):
    path = shard_path(tmp_path, "val", 0)
    soft = (np.arange(768).reshape(24, 32) % 256 / np.float32(255)).astype(np.float32)
    write_shard(path, [plain_sample(0, mask=soft)])
    assert np.array_equal(decoded(next(read_shard(path, read_index(path)))).mask, soft)


def test_only_wanted_members_are_read(shard):
    for raw in read_shard(shard, read_index(shard), {"json", "mask.png"}):
        assert set(raw.members) == {"json", "mask.png"}


def test_a_quality_for_each_sample(tmp_path):
    path = shard_path(tmp_path, "train", 0)
    index = write_shard(path, some_samples(), lambda sample: 20 if sample.key.endswith("3") else None)
    kinds = [set(raw.members) & {"jpg", "png"} for raw in read_shard(path, index)]
    assert kinds == [{"jpg"} if i == 3 else {"png"} for i in range(COUNT)]


def test_the_mesh_is_kept_to_the_bit(tmp_path):
    vertices = np.random.default_rng(0).normal(size=(8, 3))
    mesh = Mesh(vertices, box((1, 1, 1)).faces)
    save_mesh(tmp_path, "chair-000", mesh, {"category": "chair"})
    path = shard_path(tmp_path, "train", 0)
    write_shard(path, [plain_sample(0, mesh=mesh)])
    back = decoded(next(read_shard(path, read_index(path)))).load_mesh()
    assert np.array_equal(back.vertices, vertices)
    assert np.array_equal(back.faces, mesh.faces)
    assert verify(path) == []
    (tmp_path / "meshes" / "chair-000.ply").unlink()
    (problem,) = verify(path)
    assert "sample s-00000: its mesh" in problem


# --- all or nothing -----------------------------------------------------------------------------------


def test_a_writer_that_fails_leaves_nothing(tmp_path):
    def failing():
        yield plain_sample(0)
        raise RuntimeError("no more")

    path = shard_path(tmp_path, "train", 0)
    with pytest.raises(RuntimeError, match="no more"):
        write_shard(path, failing())
    assert list(tmp_path.iterdir()) == []


DIES = """
import os, sys
from pathlib import Path
from rrb.data import shards
from stored_samples import plain_sample

path, when = Path(sys.argv[1]), sys.argv[2]

def samples():
    for i in range(9):
        if when == "in the samples" and i == 4:
            os._exit(9)  # as a kill: nothing is tidied up
        yield plain_sample(i)

if when == "before the index":
    shards.write_bytes = lambda *_: os._exit(9)
elif when == "before the tar":
    os.replace = lambda *_: os._exit(9)
shards.write_shard(path, samples())
"""


@pytest.mark.parametrize("when", ["in the samples", "before the tar", "before the index"])
@pytest.mark.parametrize("over_another", [False, True])
def test_a_killed_writer_leaves_a_whole_shard_or_none(tmp_path, when, over_another):
    path = shard_path(tmp_path, "train", 0)
    # Of the same size in all but the pictures' contents, so that no size tells them apart.
    older = some_samples(prefix="t") if over_another else None
    if older:
        write_shard(path, older)
    command = [sys.executable, "-c", DIES, str(path), when]
    assert subprocess.run(command, cwd=TESTS, timeout=60).returncode == 9
    if shard_is_whole(path):
        assert older, "a killed writer cannot have finished"
        assert verify(path) == []
        assert read_index(path).keys == tuple(sample.key for sample in older)
    write_shard(path, some_samples())
    uninterrupted = shard_path(tmp_path, "train", 1)
    write_shard(uninterrupted, some_samples())
    assert path.read_bytes() == uninterrupted.read_bytes()
    left = remove_leftovers(tmp_path)
    assert len(left) == (0 if when == "before the index" else 1)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "train-000000.json", "train-000000.tar", "train-000001.json", "train-000001.tar",
    ]  # fmt: skip


def test_leftovers_are_only_what_writers_leave(tmp_path):
    mine = [tmp_path / ".notes.tmp", tmp_path / "x.tmp", tmp_path / ".train-000000.tar.tmp"]
    for path in mine:
        path.touch()
    assert remove_leftovers(tmp_path) == []
    assert all(path.exists() for path in mine)


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        ([], "there are no samples"),
        ([plain_sample(1), plain_sample(1)], "sample s-00001 comes twice"),
        ([plain_sample(1, split="val")], "sample s-00001 is of the split 'val'; 'train' is accepted"),
        ([plain_sample(1, key="k" * 89)], "its key has 89 letters; 88 fit a tar"),
        ([plain_sample(1, about={"x": float("inf")})], "sample s-00001: what it says of itself is no JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused(tmp_path, samples, says):
    path = shard_path(tmp_path, "train", 0)
    with pytest.raises(BadInputError, match=says) as error:
        write_shard(path, samples)
    assert str(error.value).startswith(str(path))
    assert list(tmp_path.iterdir()) == []


def test_the_longest_key_fits(tmp_path):
    path = shard_path(tmp_path, "train", 0)
    unknown = np.zeros((24, 32), np.bool_)
    write_shard(path, [plain_sample(1, key="k" * 88, unknown=unknown)])
    assert verify(path) == []


def test_names_of_shards(tmp_path):
    assert shard_path(tmp_path, "val", 12).name == "val-000012.tar"
    for split, number in (("training", 0), ("val", -1), ("val", 1_000_000)):
        with pytest.raises(BadInputError, match="are accepted"):
            shard_path(tmp_path, split, number)
    with pytest.raises(BadInputError, match=r"like train-000000\.tar"):
        write_shard(tmp_path / "chairs.tar", some_samples())
    with pytest.raises(BadFileError, match="cannot be written"):
        write_shard(shard_path(tmp_path / "nowhere", "val", 0), some_samples())


# --- damage -------------------------------------------------------------------------------------------


def test_every_flipped_byte_is_found(shard):
    whole = shard.read_bytes()
    for at in np.random.default_rng(0).integers(0, len(whole), 25):
        damaged = bytearray(whole)
        damaged[at] ^= 255
        shard.write_bytes(damaged)
        found = verify(shard)
        assert found
        assert all(str(shard) in problem for problem in found)
    shard.write_bytes(whole)
    assert verify(shard) == []


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_cut_tar_is_not_whole(shard, share):
    data = shard.read_bytes()
    shard.write_bytes(data[: int(share * len(data))])
    assert not shard_is_whole(shard)
    (problem,) = verify(shard)
    assert f"but its index says {len(data)}" in problem
    # Also where the index agrees: whoever streams it sees the end.
    reindex(shard, bytes=shard.stat().st_size)
    with pytest.raises(BadFileError, match=rf"{shard}: it is cut off"):
        list(read_shard(shard, read_index(shard)))


def test_the_member_that_is_cut_off_is_named(shard):
    at = shard.read_bytes().index(b"s-00004.jpg\0")
    os.truncate(shard, at + 700)
    reindex(shard, bytes=at + 700)
    with pytest.raises(BadFileError, match=rf"{shard}: it is cut off within s-00004.jpg"):
        list(read_shard(shard, read_index(shard)))


@pytest.mark.parametrize("place", [0, 3, 130, 150, 300, 511])
def test_a_damaged_header_is_refused_at_once(shard, place):
    """By its own checksum: no stream looks at the shard's."""
    at = shard.read_bytes().index(b"s-00004.jpg\0")
    damaged = bytearray(shard.read_bytes())
    damaged[at + place] ^= 1
    shard.write_bytes(damaged)
    with pytest.raises(BadFileError, match=f"{shard}: at byte {at} there is no header"):
        list(read_shard(shard, read_index(shard)))


def test_without_its_index_a_shard_is_not_whole(shard):
    shard.with_suffix(".json").rename(shard.parent / "kept")
    assert not shard_is_whole(shard)
    (shard.parent / "kept").rename(shard.with_suffix(".json"))
    assert shard_is_whole(shard)
    shard.unlink()
    assert not shard_is_whole(shard)


def test_a_damaged_picture_is_named(shard):
    members = members_in(shard)
    broken = [(n, b"\xff\xd8broken" if n == "s-00004.jpg" else d) for n, d in members]
    rewrite(shard, broken)
    checksum, picture = verify(shard)
    assert "sha256" in checksum
    assert picture.startswith(f"{shard}: sample s-00004: jpg: it is no whole JPEG")
    with pytest.raises(BadFileError, match=r"train-000003.tar: sample s-00004: jpg: it is no whole JPEG"):
        [decoded(raw) for raw in read_shard(shard, read_index(shard))]


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        ("s-00004.jpg", "sample s-00004: its jpg or png is missing"),
        ("s-00004.mask.png", "sample s-00004: its mask.png is missing"),
        ("s-00004.json", "sample s-00004: a sample has no .json"),
    ],
)
def test_a_lost_member_is_named(shard, lost, says):
    rewrite(shard, [m for m in members_in(shard) if m[0] != lost])
    assert f"{shard}: {says}" in verify(shard)


def test_what_the_json_does_not_tell_of_is_named(shard):
    members = members_in(shard)
    members.insert(3, ("s-00000.depth.png", b"?"))
    rewrite(shard, members)
    assert f"{shard}: sample s-00000: there is a depth.png that its json does not tell of" in verify(shard)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m[3:], "there is sample s-00001 where its index says sample s-00000"),
        (lambda m: m[:-3], "it holds 8 samples but its index says 9"),
        (lambda m: [*m, ("more.json", b"{}")], "there is sample more where its index says no sample after 9"),
        (lambda m: m[3:6] + m[:3] + m[6:], "there is sample s-00001 where its index says sample s-00000"),
    ],
)
def test_an_index_of_another_tar_is_refused(shard, change, says):
    rewrite(shard, change(members_in(shard)))
    with pytest.raises(BadFileError, match=says):
        list(read_shard(shard, read_index(shard)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "rrb.shard/2"}, "its format is 'rrb.shard/2'; 'rrb.shard/1' is accepted"),
        ({"colour": 1}, "beyond rrb.shard/1: colour"),
        ({"keys": ["s-00000"]}, "with an entry for each sample"),
        ({"keys": 9}, "no index of a shard"),
        ({"bytes": 12}, "bytes but its index says 12"),
    ],
)
def test_an_index_of_another_kind_is_refused(shard, change, says):
    reindex(shard, **change)
    with pytest.raises(BadFileError, match=says):
        read_index(shard)
    assert not shard_is_whole(shard)
    assert len(verify(shard)) == 1


def test_facts_that_differ_from_the_index_are_named(shard):
    categories = ["chair"] * COUNT
    categories[5] = "table"
    reindex(shard, categories=categories)
    (problem,) = verify(shard)
    assert problem.startswith(
        f"{shard}: sample s-00005: its split, category or mesh id is not 'train', 'table'"
    )


@pytest.mark.parametrize("kind", [tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_only_plain_files_are_accepted(shard, kind):
    entry = tarfile.TarInfo("s-00000.json")
    entry.type, entry.linkname = kind, "/etc/passwd"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(entry)
    shard.write_bytes(buffer.getvalue())
    reindex(shard, bytes=len(buffer.getvalue()))
    with pytest.raises(BadFileError, match="at byte 0 there is no header of a plain file"):
        list(read_shard(shard, read_index(shard)))

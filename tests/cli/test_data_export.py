"""`rrb data export`: files that any program opens, and that our own readers take for what they were."""

import csv

import numpy as np
import pytest
from PIL import Image

from made_data import everything, small
from rrb.cli.main import main
from rrb.data.dataset import Dataset, write_description
from rrb.data.make import make_dataset
from rrb.data.readers.table import read
from rrb.data.readers.view_list import load_view_list
from rrb.data.scenes import Variety
from rrb.data.shards import shard_path, write_shard
from rrb.geometry.camera import Camera
from rrb.geometry.image_io import load_depth, load_image, load_mask
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.pose_io import load_pose
from stored_samples import plain_sample


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    variety = Variety(size=(48, 48), viewpoints=("choy", "pascal"), occluded=0.5)
    make_dataset(small(depth=True, variety=variety), folder)
    return folder


def export(folder, out, *more):
    return main(["data", "export", str(folder), str(out), *map(str, more)])


# --- single files -------------------------------------------------------------------------------------


def test_every_sample_is_there_in_files(data, tmp_path, capsys):
    assert export(data, tmp_path) == 0
    assert "wrote 24 samples" in capsys.readouterr().out
    seen = set()
    for sample in Dataset(data).samples():
        assert np.array_equal(load_image(tmp_path / "images" / f"{sample.key}.png"), sample.image)
        assert np.array_equal(load_mask(tmp_path / "masks" / f"{sample.key}.png"), sample.mask)
        if sample.unknown is not None:
            path = tmp_path / "unknown" / f"{sample.key}.png"
            assert np.array_equal(load_mask(path) > 0.5, sample.unknown)
            seen.add(path)
        depth = load_depth(tmp_path / "depths" / f"{sample.key}.png")
        assert np.abs(depth - sample.depth_m).max() < 6e-4
        assert Camera.load(tmp_path / "cameras" / f"{sample.key}.json") == sample.camera
        pose = load_pose(tmp_path / "poses" / f"{sample.key}.json")
        assert np.array_equal(pose.camera_from_object.matrix, sample.camera_from_object.matrix)
        mesh = Mesh.load(tmp_path / "meshes" / f"{sample.mesh_id}.obj")
        np.testing.assert_allclose(mesh.vertices, sample.load_mesh().vertices, atol=1e-9)
        assert np.array_equal(mesh.faces, sample.load_mesh().faces)
    assert seen
    assert set(tmp_path.glob("unknown/*")) == seen
    assert len(list((tmp_path / "meshes").iterdir())) == 12


def test_others_open_them(data, tmp_path):
    export(data, tmp_path, "--count", 2)
    assert len([np.load(path) for path in (tmp_path / "depths").glob("*.npy")]) == 2
    for folder in ("images", "masks", "depths"):
        paths = list((tmp_path / folder).glob("*.png"))
        assert len(paths) == 2
        for path in paths:
            with Image.open(path) as picture:
                assert picture.size == (48, 48)


def test_exporting_again_changes_nothing(data, tmp_path):
    export(data, tmp_path)
    before = everything(tmp_path)
    assert export(data, tmp_path) == 0
    assert everything(tmp_path) == before


def test_what_a_sample_lacks_has_no_file(tmp_path, capsys):
    bare = plain_sample(0, mask=None, camera=None, camera_from_object=None, mesh_id="")
    write_description(tmp_path / "in", {})
    write_shard(shard_path(tmp_path / "in", "val", 0), [bare], jpeg_quality=None)
    assert export(tmp_path / "in", tmp_path / "out") == 0
    assert list(everything(tmp_path / "out")) == ["images/s-00000.png", "index.csv"]


def test_the_index_tells_of_every_picture(data, tmp_path):
    export(data, tmp_path)
    with open(tmp_path / "index.csv", newline="") as file:
        rows = {row["key"]: row for row in csv.DictReader(file)}
    for sample in Dataset(data).samples():
        row = rows.pop(sample.key)
        assert (row["mesh_id"], row["category"], row["split"]) == (sample.mesh_id, "chair", sample.split)
    assert rows == {}


def test_an_index_holds_any_name(tmp_path):
    write_description(tmp_path / "in", {})
    odd = 'chair, "wing"'
    write_shard(shard_path(tmp_path / "in", "val", 0), [plain_sample(0, category=odd)])
    assert export(tmp_path / "in", tmp_path / "out") == 0
    with open(tmp_path / "out" / "index.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["category"] == odd


def test_a_split_and_a_count(data, tmp_path):
    assert export(data, tmp_path / "val", "--split", "val") == 0
    assert export(data, tmp_path / "five", "--count", 5) == 0
    keys = [k for s in Dataset(data).shards for k in s.index.keys]
    of_val = [k for s in Dataset(data).shards if s.index.split == "val" for k in s.index.keys]
    assert sorted(p.stem for p in (tmp_path / "val" / "images").iterdir()) == sorted(of_val)
    assert sorted(p.stem for p in (tmp_path / "five" / "images").iterdir()) == sorted(keys[:5])


# --- the list of views --------------------------------------------------------------------------------


def test_the_list_read_back_has_the_same_views(data, tmp_path):
    """Pose, camera, picture and mesh, by the reader of the authors' layout."""
    export(data, tmp_path)
    ours = {sample.key: sample for sample in Dataset(data).samples()}
    choy = {key for key, sample in ours.items() if sample.about["viewpoint"] == "choy"}
    back = list(read("view_list", tmp_path / "views.txt"))
    assert len(back) > 6
    assert {sample.about["image"].removesuffix(".png") for sample in back} == choy
    for sample in back:
        one = ours[sample.about["image"].removesuffix(".png")]
        assert sample.mesh_id == one.mesh_id
        assert np.array_equal(sample.image, one.image)
        np.testing.assert_allclose(sample.camera_from_object.matrix, one.camera_from_object.matrix, atol=1e-6)
        for name in ("fx_px", "fy_px", "cx_px", "cy_px"):
            assert getattr(sample.camera, name) == pytest.approx(getattr(one.camera, name), abs=1e-3)
        assert np.array_equal(sample.load_mesh().faces, one.load_mesh().faces)


def test_views_through_another_lens_are_not_in_the_list(tmp_path):
    """Which cannot say the lens: whoever reads it would take the pictures for larger or smaller objects."""
    write_description(tmp_path / "in", {})
    straight = plain_sample(0, size=(32, 32)).camera_from_object.rotation
    pose = Pose(straight, [0.0, 0.0, 2.0])
    lenses = [Camera.from_focal_px(f, width=32, height=32) for f in (35.0, 36.0)]
    shifted = Camera.from_focal_px(35.0, width=32, height=32, principal_point=(16.5, 15.5))
    samples = [
        plain_sample(n, size=(32, 32), camera=camera, camera_from_object=pose, mesh_id=f"m{n}")
        for n, camera in enumerate((*lenses, shifted))
    ]
    write_shard(shard_path(tmp_path / "in", "val", 0), samples)
    assert export(tmp_path / "in", tmp_path / "out") == 0
    assert [view.mesh_id for view in load_view_list(tmp_path / "out" / "views.txt")] == ["m0"]


# --- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "named"),
    [(["--count", 0], "--count is 0"), (["--count", -2], "--count is -2"), (["--split", "dev"], "'dev'")],
)
def test_what_cannot_be_exported_is_one_sentence(data, tmp_path, capsys, flags, named):
    assert export(data, tmp_path / "out", *flags) == 2
    error = capsys.readouterr().err.strip()
    assert named in error
    assert "\n" not in error
    assert not (tmp_path / "out").exists()


def test_folders_that_are_none_are_refused(data, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    write_description(tmp_path / "begun", {})
    for source, out in (("nowhere", "out"), ("begun", "out")):
        assert export(tmp_path / source, tmp_path / out) == 2
        error = capsys.readouterr().err.strip()
        assert source in error
        assert "\n" not in error
    assert export(data, tmp_path / "file") == 2
    error = capsys.readouterr().err.strip()
    assert "file" in error
    assert "fault of ours" not in error

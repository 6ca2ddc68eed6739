"""`rrb data show`: a sheet of any samples, whatever they lack, on which a wrong pose is seen."""

import math

import numpy as np
import pytest

from made_data import everything, small
from rrb.cli.data_show import drawn
from rrb.cli.main import main
from rrb.data.dataset import Dataset, write_description
from rrb.data.make import make_dataset
from rrb.data.shards import save_mesh, shard_path, write_shard
from rrb.geometry.camera import Camera
from rrb.geometry.image_io import load_image
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box
from stored_samples import plain_sample

CAPTION_PX, GAP_PX = 13, 2


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    make_dataset(small(), folder)
    return folder


def show(folder, *more):
    return main(["data", "show", str(folder), *map(str, more)])


def stored(folder, *samples):
    write_description(folder, {})
    for sample in samples:
        if sample.mesh is not None:
            save_mesh(folder, sample.mesh_id, sample.mesh)
    write_shard(shard_path(folder, "train", 0), samples, jpeg_quality=None)
    return folder


def bare(number, **more):
    nothing = {"mask": None, "camera": None, "camera_from_object": None, "mesh_id": ""}
    return plain_sample(number, **{**nothing, **more})


# --- the sheet ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "columns", "side"), [(24, 8, 64), (5, 3, 40), (1, 8, 100), (64, 7, 32)])
def test_the_sheet_has_a_tile_for_each(data, tmp_path, capsys, count, columns, side):
    out = tmp_path / "sheet.png"
    assert show(data, "--count", count, "--columns", columns, "--tile", side, "--out", out) == 0
    shown = min(count, 24)
    rows, across = math.ceil(shown / columns), min(columns, shown)
    height, width, _ = load_image(out).shape
    assert width == across * (side + GAP_PX) + GAP_PX
    assert height == rows * (side + CAPTION_PX + GAP_PX) + GAP_PX
    assert (
        f"24 samples (20 train, 2 val, 2 test), {shown} of them drawn; wrote {out}" in capsys.readouterr().out
    )


def test_it_lies_in_the_folder_and_changes_nothing_else(data):
    before = everything(data)
    assert show(data, "--tile", 16) == 0
    after = everything(data)
    assert set(after) - set(before) <= {"sheet.png"}
    (data / "sheet.png").unlink()
    assert everything(data) == before


def test_a_split_alone_is_shown(data, tmp_path, capsys):
    assert show(data, "--split", "val", "--tile", 32, "--out", tmp_path / "val.png") == 0
    assert " 2 of them drawn" in capsys.readouterr().out


def test_those_shown_are_spread_over_all(data, tmp_path, monkeypatch):
    asked, sample = [], Dataset.sample
    monkeypatch.setattr(Dataset, "sample", lambda self, key: asked.append(key) or sample(self, key))
    assert show(data, "--count", 6, "--tile", 16, "--out", tmp_path / "s.png") == 0
    keys = [key for shard in Dataset(data).shards for key in shard.index.keys]
    assert asked == keys[::4]


@pytest.mark.parametrize(
    "sample",
    [
        bare(0),
        bare(1, box_px=(3.0, 4.0, 20.0, 18.0)),
        bare(2, mask=np.zeros((24, 32), np.float32)),
        plain_sample(3, mesh_id=""),
        plain_sample(4, mask=None, extents_m=(1.0, 1.0, 1.0)),
        plain_sample(5, mesh=box((0.5, 0.5, 0.5)), mesh_id="box", scale=2.0),
        plain_sample(6, camera_from_object=Pose(np.eye(3), [0, 0, -1.0]), extents_m=(1.0, 1.0, 1.0)),
        plain_sample(7, size=(40, 900), mesh_id=""),
        bare(8, size=(700, 500)),
    ],
    ids=lambda sample: sample.key,
)
def test_whatever_a_sample_lacks_it_is_shown(tmp_path, sample):
    assert show(stored(tmp_path, sample), "--tile", 64) == 0
    assert load_image(tmp_path / "sheet.png").shape[1] == 64 + 2 * GAP_PX


def test_samples_of_all_kinds_share_a_sheet(tmp_path):
    samples = bare(0), plain_sample(1, mesh=box((1, 1, 1)), mesh_id="b"), plain_sample(2, size=(60, 20))
    assert show(stored(tmp_path, *samples)) == 0


# --- what is drawn ------------------------------------------------------------------------------------

BLUE, GREEN = np.array([31, 119, 180]), np.array([44, 160, 44])


def near(tile, colour):
    """(N, 2): columns and rows of pixels of about that colour."""
    rows, columns = np.nonzero(np.abs(tile.astype(int) - colour).max(-1) < 40)
    return np.stack([columns, rows], 1)


def looked_at(azimuth_deg, **more):
    """A grey picture of a box whose pose is this view."""
    size = (96, 96)
    return plain_sample(
        0,
        size=size,
        image=np.full((*size, 3), 230, np.uint8),
        mask=None,
        camera=Camera.from_fov(40, width=96, height=96),
        camera_from_object=Pose.from_viewpoint(azimuth_deg, 10.0, distance_m=4.0),
        mesh=box((1.0, 1.0, 1.0)),
        **more,
    )


def test_axes_show_where_the_front_is():
    """From the object's left side its front points to one side of the picture, from its right side to the other."""
    ends = {}
    for azimuth in (-90.0, 90.0):
        tile = drawn(looked_at(azimuth), 192)
        up = near(tile, GREEN)
        assert len(up) > 20
        assert up[:, 1].mean() < 96 - 5
        ends[azimuth] = near(tile, BLUE)[:, 0].mean() - 96
    assert ends[-90.0] * ends[90.0] < 0
    pose = Pose.from_viewpoint(90.0, 10.0, distance_m=4.0)
    front = pose.apply(np.array([0.0, 0.0, -0.5]))
    assert np.sign(front[0]) == np.sign(ends[90.0])


def test_a_small_object_of_a_large_picture_is_looked_at_closely():
    """Its contour and its axes stay where they belong."""
    size, camera = (900, 1200), Camera.from_fov(60, width=1200, height=900)
    pose = Pose.from_viewpoint(30.0, 20.0, distance_m=8.0, ray_camera=camera.unproject([900.0, 600.0], 1.0))
    y, x = np.mgrid[:900, :1200]
    mask = ((abs(x - 900) < 30) & (abs(y - 600) < 30)).astype(np.float32)
    sample = plain_sample(
        0,
        size=size,
        image=np.full((*size, 3), 230, np.uint8),
        mask=mask,
        camera=camera,
        camera_from_object=pose,
        mesh=box((0.5, 0.5, 0.5)),
    )
    tile = drawn(sample, 180)
    without_axes = drawn(sample.with_(camera_from_object=None), 180)[:180].astype(int)
    rows, columns = np.nonzero(np.ptp(without_axes, axis=-1) > 8)  # whatever colour its contour has
    np.testing.assert_allclose([columns.mean(), rows.mean()], 90, atol=3)
    assert 40 < np.ptp(columns) < 90
    assert len(near(tile[:180], GREEN)) > 10
    np.testing.assert_allclose(near(tile[:180], GREEN).mean(0), 90, atol=25)


# --- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--count", 0], "--count is 0"),
        (["--columns", -1], "--columns is -1"),
        (["--tile", 0], "--tile is 0"),
        (["--split", "dev"], "no sample of dev"),
        (["--out", "/nowhere/sheet.png"], "/nowhere/sheet.png"),
        (["--out", "sheet.txt"], "sheet.txt"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(data, capsys, flags, named):
    assert show(data, *flags) == 2
    error = capsys.readouterr().err.strip()
    assert named in error
    assert "\n" not in error


def test_folders_without_samples_are_refused(tmp_path, capsys):
    (tmp_path / "begun").mkdir()
    write_description(tmp_path / "begun", {})
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    for name in ("nowhere", "empty", "file", "begun"):
        assert show(tmp_path / name) == 2
        error = capsys.readouterr().err.strip()
        assert name in error
        assert "\n" not in error


def test_what_is_damaged_is_said_and_left_out(tmp_path, capsys):
    make_dataset(small(), tmp_path)
    with open(tmp_path / "train-000001.tar", "ab") as file:
        file.write(b"more")
    assert show(tmp_path, "--tile", 16) == 0
    said = capsys.readouterr().out
    assert "left out: " in said
    assert "train-000001.tar" in said
    assert "18 samples" in said

"""Readers on the real pictures beside the checkout: what is known of these scenes must come out."""

import numpy as np
import pytest

from reader_files import agreement
from rrb.data.readers.table import read
from rrb.geometry.pose import Pose


def test_ycbv_hulls_lie_on_their_labels(shared):
    """Labels were drawn by the set's authors with other tools and finer meshes; a pixel of a border is 1 %."""
    samples = {s.category: s for s in read("ycbv_frame", shared / "real" / "ycbv_frame")}
    found = {name: agreement(s) for name, s in samples.items() if s.load_mesh() is not None}
    assert set(found) == {"002_master_chef_can", "004_sugar_box", "010_potted_meat_can"}
    assert min(found.values()) > 0.975, found


def test_ycbv_depth_is_that_of_the_placed_points(shared):
    """Of each object's points those that no other point hides: their z is what the sensor saw."""
    root = shared / "real" / "ycbv_frame"
    for sample in read("ycbv_frame", root):
        points = np.loadtxt(root / sample.about["points"])
        seen = sample.camera.project(sample.camera_from_object @ points)
        column, row = np.floor(seen[:, :2]).astype(int).T
        on = sample.mask[row, column] > 0
        depth = sample.depth_m[row, column]
        behind = (seen[:, 2] - depth)[on & (depth > 0)]
        assert np.percentile(behind, 10) > -0.01  # hardly any lies before the surface: those along borders
        assert (np.abs(behind) < 0.01).mean() > 0.4  # and the near side on it


def test_ycbv_boxes_are_around_the_whole_objects(shared):
    """Also around what is hidden: around all points as they are projected, and so around the mask."""
    root = shared / "real" / "ycbv_frame"
    for sample in read("ycbv_frame", root):
        points = np.loadtxt(root / sample.about["points"])
        seen = sample.camera.project(sample.camera_from_object @ points)[:, :2]
        off = np.subtract(np.concatenate([seen.min(0), seen.max(0)]), sample.box_px)
        assert np.abs(off).max() < 3, sample.key
        row, column = np.nonzero(sample.mask)
        x0, y0, x1, y1 = sample.box_px
        assert (np.array([column.min(), row.min()]) > [x0 - 1, y0 - 1]).all()
        assert (np.array([column.max(), row.max()]) < [x1, y1]).all()


def test_tum_floor_is_level_at_height_0(shared):
    """Depth, K, the camera's path and its quaternions' order: the floor below the cabinet is the world's z = 0."""
    samples = list(read("tum", shared / "real" / "tum_fr3_cabinet"))
    assert len(samples) == 58
    for sample in samples[::8]:
        points = (sample.camera.rays() * sample.depth_m[..., None])[400:][sample.depth_m[400:] > 0]
        z = (Pose.from_json(sample.about["world_from_camera"]) @ points)[:, 2]
        assert abs(np.median(z)) < 0.05
        assert np.percentile(z, 75) - np.percentile(z, 25) < 0.03
    assert sum(s.box_px is None for s in samples) == 7


def test_m3t_estimates_are_within_a_centimetre_or_two(shared):
    poses = [
        next(read("m3t", shared / "real" / "m3t_triangle", estimate=name)).camera_from_object
        for name in ("tracker", "optimizer", "refiner", "detector")
    ]
    assert max(poses[0].distance(p)[1] for p in poses) < 0.02
    first, second = read("m3t", shared / "real" / "m3t_triangle")
    assert second.camera_from_object is None
    centre = first.camera.project(first.camera_from_object @ first.load_mesh().centre)
    assert 0 < centre[0] < 960
    # The triangle is green there.
    red, green, blue = first.image[int(centre[1]), int(centre[0])].astype(int)
    assert green > red
    assert green > blue


def test_rbot_starts_on_the_squirrel(shared):
    (sample,) = read("rbot", shared / "real" / "rbot_squirrel")
    start = Pose.from_json(sample.about["start"])
    seen = sample.camera.project(start @ sample.load_mesh().vertices)
    assert 0.05 < sample.load_mesh().largest_extent < 0.2  # a toy, in metres
    low, high = seen[:, :2].min(0), seen[:, :2].max(0)
    assert (low > [270, 120]).all()
    assert (high < [420, 340]).all()


def test_davis_car_moves_a_little_from_frame_to_frame(shared):
    samples = list(read("davis", shared / "photos" / "davis_car-shadow"))
    assert len(samples) == 40
    boxes = np.array([s.box_px for s in samples])
    assert np.abs(np.diff(boxes, axis=0)).max() < 25
    assert (boxes[:, 3] > 200).all()  # on the street, in the lower half of 480 rows


@pytest.mark.parametrize(
    ("category", "count"), [(None, 12), ("person", 6), ("sofa", 1), ("bus", 2), ("car", 1), ("bottle", 1)]
)
def test_labelme_objects(shared, category, count):
    assert len(list(read("labelme", shared / "photos" / "voc_labelme", category=category))) == count

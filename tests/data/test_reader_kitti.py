"""KITTI's objects: corners worked out as its development kit does, and the labels of real pictures."""

import numpy as np
import pytest

from reader_files import cut, noise, write
from rrb.data.readers.kitti import read
from rrb.errors import BadFileError, BadInputError

SIZE = (60, 200)
P2 = np.array([[140.0, 0, 98.5, 45.0], [0, 141.0, 31.0, -3.0], [0, 0, 1, 0.02]])
# type, truncated, occluded, alpha, left, top, right, bottom, height, width, length, x, y, z, rotation_y
CAR = [1.5, 1.7, 4.1, -2.0, 1.6, 12.0, 0.6]


def label(kind="Car", box=(60.0, 20.0, 90.0, 45.0), rest=CAR):
    return " ".join(map(str, [kind, 0.25, 1, -1.1, *box, *rest]))


DONT_CARE = "DontCare -1 -1 -10 5.0 6.0 17.0 18.0 -1 -1 -1 -1000 -1000 -1000 -10"


@pytest.fixture
def toy(tmp_path):
    root = tmp_path / "training"
    for stem in ("000007", "000010"):
        write(root / "image_2" / f"{stem}.png", noise(int(stem), SIZE))
        rows = "".join(f"P{i}: {numbers(P2 + i - 2)}\n" for i in range(4))
        write(root / "calib" / f"{stem}.txt", rows + "R0_rect: 1 0 0 0 1 0 0 0 1\n\n")
    write(root / "label_2" / "000007.txt", "\n".join([label(), DONT_CARE, label("Person_sitting")]) + "\n")
    write(root / "label_2" / "000010.txt", label("Van") + "\n")
    return tmp_path


def numbers(matrix):
    return " ".join(f"{v:.12e}" for v in matrix.reshape(-1))


def kit_corners(height, width, length, x, y, z, yaw):
    """(8, 3) in camera 0, in the order of the kit's drawing: four at the bottom, four above; 0, 1, 4, 5 in front."""
    xs = np.array([1, 1, -1, -1, 1, 1, -1, -1]) * length / 2
    ys = np.array([0, 0, 0, 0, -1, -1, -1, -1]) * height
    zs = np.array([1, -1, -1, 1, 1, -1, -1, 1]) * width / 2
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    return (turn @ np.stack([xs, ys, zs])).T + [x, y, z]


def our_corners(sample):
    """The same eight, named in our axes: front -z, up y, the right side of who looks along -z is +x."""
    front, bottom, right = -1, -1, 1
    signs = [
        (-right, bottom, front),
        (right, bottom, front),
        (right, bottom, -front),
        (-right, bottom, -front),
    ]
    signs += [(x, -y, z) for x, y, z in signs]
    return np.array(signs) * np.array(sample.extents_m) / 2


def test_corners_project_where_p2_puts_them(toy):
    """Corner by corner: a mirror, a swapped extent, P2's fourth column or half a pixel would move one."""
    sample = next(read(toy))
    u, v, w = P2 @ np.append(kit_corners(*CAR), np.ones((8, 1)), axis=1).T
    seen = sample.camera.project(sample.camera_from_object @ our_corners(sample))
    np.testing.assert_allclose(seen[:, :2], np.stack([u / w, v / w], 1) + 0.5, atol=1e-9)


def test_what_a_label_says(toy):
    samples = list(read(toy))
    assert [s.key for s in samples] == ["000007-00", "000007-02", "000010-00"]
    assert [s.category for s in samples] == ["car", "person_sitting", "van"]
    first = samples[0]
    assert first.extents_m == (1.7, 1.5, 4.1)
    assert first.box_px == (60.5, 20.5, 90.5, 45.5)
    assert first.about["unlabelled_px"] == [[5.5, 6.5, 17.5, 18.5]]
    assert (first.about["truncated"], first.about["occluded"], first.about["alpha_rad"]) == (0.25, 1, -1.1)
    assert first.split == "train"
    assert first.mask is None
    assert first.load_mesh() is None
    assert (first.image == noise(7, SIZE)).all()


def test_the_height_is_above_the_boxs_bottom(toy):
    sample = next(read(toy))
    centre = sample.camera_from_object.inverse().translation  # of the camera, in the object's frame
    assert sample.camera_height_m == pytest.approx(centre[1] + sample.extents_m[1] / 2)


@pytest.mark.parametrize(
    ("yaw", "azimuth"),
    [(-np.pi / 2, 180), (np.pi / 2, 0), (0.0, 90), (np.pi, -90)],
)
def test_yaw_and_azimuth(toy, yaw, azimuth):
    """A car straight ahead: driving away its back is seen, driving to the right its right side."""
    offset = np.linalg.solve(P2[:, :3], P2[:, 3])
    ahead = [1.5, 1.7, 4.1, -offset[0], 0.75 - offset[1], 12.0, yaw]
    write(toy / "training/label_2/000007.txt", label(rest=ahead))
    view = next(read(toy)).camera_from_object.to_viewpoint()
    assert abs((view.azimuth_deg - azimuth + 180) % 360 - 180) < 1e-6
    assert view.elevation_deg == pytest.approx(0)


def test_one_category_and_no_folder_training(toy):
    assert [s.key for s in read(toy, category="van")] == ["000010-00"]
    (sample,) = read(toy / "training", category="van")
    assert sample.split is None


def test_a_label_without_a_box_in_space_has_no_pose(toy):
    rest = [-1, -1, -1, -1000, -1000, -1000, -10]
    write(toy / "training/label_2/000007.txt", label("Misc", rest=rest))
    sample = next(read(toy))
    assert sample.camera_from_object is None
    assert sample.extents_m is None
    assert sample.camera_height_m is None


# --- what is missing or broken ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["image_2/000010.png", "calib/000010.txt", "label_2/000010.txt"])
def test_a_missing_file_is_named(toy, name):
    path = toy / "training" / name
    path.unlink()
    with pytest.raises(BadFileError) as error:
        list(read(toy))
    assert str(error.value).startswith(f"{path}: there is no such file")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("label_2/000010.txt", label() + " 0.9", "line 1: it has 16 columns"),
        ("label_2/000010.txt", label() + "\n" + label()[:-10], "line 2: it has 1[0-9] columns"),
        ("label_2/000010.txt", label("Bus"), "the type is 'Bus'"),
        ("label_2/000010.txt", label(box=(90.0, 20.0, 60.0, 45.0)), "left, top, right, bottom"),
        ("label_2/000010.txt", label(rest=[*CAR[:6], float("nan")]), "finite numbers"),
        ("label_2/000010.txt", label(rest=["x", *CAR[1:]]), "finite numbers"),
        ("label_2/000010.txt", label(rest=[0, *CAR[1:]]), "dimensions"),
        ("calib/000010.txt", "P0: 1 2 3", "0 lines P2"),
        ("calib/000010.txt", "P2: " + numbers(P2)[:-20], "12 finite numbers"),
        ("calib/000010.txt", "P2: nan " + numbers(P2).partition(" ")[2], "12 finite numbers"),
        ("calib/000010.txt", "P2: -1 " + numbers(P2).partition(" ")[2], "positive focal length"),
        ("calib/000010.txt", b"\xff\xfe\x00", "no text"),
    ],
)
def test_a_broken_line_is_named(toy, name, content, says):
    path = write(toy / "training" / name, content)
    with pytest.raises(BadFileError, match=says) as error:
        list(read(toy))
    assert str(error.value).startswith(str(path))


def test_a_picture_cut_off_is_named(toy):
    cut(toy / "training/image_2/000010.png")
    with pytest.raises(BadFileError, match=r"000010\.png"):
        list(read(toy))


def test_an_unknown_category_is_refused(toy):
    with pytest.raises(BadInputError, match="car, van"):
        next(read(toy, category="Car"))


# --- the real pictures ------------------------------------------------------------------------------


def test_real_boxes_in_space_fill_the_real_boxes_in_the_picture(shared):
    """Also where the picture's border cuts them off: labelled boxes end there."""
    samples = list(read(shared / "real" / "kitti_cars"))
    assert len(samples) == 17
    for sample in samples:
        corners = sample.camera_from_object @ our_corners(sample)
        assert (corners[:, 2] > 0).all()
        seen = sample.camera.project(corners)[:, :2]
        height, width = sample.size
        low, high = (np.clip(edge, 0.5, [width - 0.5, height - 0.5]) for edge in (seen.min(0), seen.max(0)))
        off = np.abs(np.concatenate([low, high]) - sample.box_px)
        assert off.max() < 2.5, (sample.key, off)


def test_real_ground_is_about_as_far_below_as_kittis_car_is_high(shared):
    heights = [s.camera_height_m for s in read(shared / "real" / "kitti_cars") if s.about["truncated"] > 0]
    assert np.median(heights) == pytest.approx(1.65, abs=0.1)

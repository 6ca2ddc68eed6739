"""The readers of single published scenes, on tiny ones in the same layout, drawn by hand as OpenCV counts."""

import numpy as np
import pytest

from reader_files import (
    SIZE,
    K,
    R,
    T,
    agreement,
    cut,
    drawn,
    drawn_depth,
    edit,
    in_pixels,
    jpeg,
    moved,
    noise,
    redrawn,
    tripod,
    write,
)  # fmt: skip
from rrb.data.readers import m3t, rbot, tum, ycbv_frame
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.pose import Pose

HEIGHT, WIDTH = SIZE


# --- YCB-Video --------------------------------------------------------------------------------------


@pytest.fixture
def ycbv(tmp_path):
    labels = np.where(drawn(tripod()), 3, 0).astype(np.uint8)
    labels[:20, :22] = 9
    write(tmp_path / "000002-color.png", noise(2))
    write(tmp_path / "000002-label.png", labels)
    write(tmp_path / "000002-depth.png", np.rint(drawn_depth(tripod()) * 10000).astype(np.uint16))
    write(tmp_path / "000002-box.txt", "003_tripod 1.5 2.5 30.5 40.5\n")
    objects = [
        {"name": "003_tripod", "label": 3, "R": R.tolist(), "t": T.tolist()},
        {"name": "009_can", "label": 9, "R": np.eye(3).tolist(), "t": [0, 0, 1]},
    ]
    truth = {"K": K.tolist(), "width": WIDTH, "height": HEIGHT, "depth_factor": 10000.0, "objects": objects}
    write(tmp_path / "gt.json", truth)
    for name in ("003_tripod", "009_can"):
        write(tmp_path / "models" / f"{name}.xyz", "0 0 0\n")
    tripod().save(tmp_path / "models" / "003_tripod_hull.obj")
    return tmp_path


def test_ycbv_labels_are_what_mesh_pose_and_camera_draw(ycbv):
    first, second = list(ycbv_frame.read(ycbv))
    assert agreement(first) == 1.0
    assert (second.unknown == (first.mask > 0)).all()
    assert second.load_mesh() is None
    seen = first.mask > 0
    assert np.abs(first.depth_m - drawn_depth(tripod()))[seen].max() < 1e-4
    assert first.box_px == (2, 3, 31, 41)
    assert [s.category for s in ycbv_frame.read(ycbv, category="009_can")] == ["009_can"]


@pytest.mark.parametrize(
    "name", ["color.png", "label.png", "depth.png", "box.txt", "gt.json", "models/009_can.xyz"]
)
def test_ycbv_missing_files_are_named(ycbv, name):
    path = ycbv / name if "/" in name or name == "gt.json" else ycbv / f"000002-{name}"
    path.unlink()
    with pytest.raises(BadFileError):
        list(ycbv_frame.read(ycbv))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d["K"][0].__setitem__(0, float("nan")), "NaN"),
        (lambda d: d["K"].pop(), "K is"),
        (lambda d: d.update(width=HEIGHT), "64x48 but is said to be 48x48"),
        (lambda d: d["objects"][0]["R"].reverse(), "reflection|rotation"),
        (lambda d: d["objects"][0].update(label=4), "no pixel has the label 4"),
        (lambda d: d.update(objects=[]), "no list"),
    ],
)
def test_ycbv_broken_truth_is_named(ycbv, change, says):
    edit(ycbv / "gt.json", change)
    with pytest.raises(BadFileError, match=says):
        list(ycbv_frame.read(ycbv))


# --- M3T --------------------------------------------------------------------------------------------

CAMERA_YAML = """%YAML:1.2
load_directory: "./"
intrinsics:
  f_u: {fx}
  f_v: {fy}
  pp_x: {cx}
  pp_y: {cy}
  width: {width}
  height: {height}
camera2world_pose: !!opencv-matrix
  rows: 4
  cols: 4
  dt: d
  data: [ 1., 0, 0, 0,
          0, 1., 0, 0,
          0, 0, 1., 0,
          0, 0, 0, 1. ]
load_index: 200
"""
BODY_YAML = """%YAML:1.2
geometry_path: "triangle.obj"
geometry_unit_in_meter: 1.0
geometry2body_pose: !!opencv-matrix
  rows: 4
  cols: 4
  dt: d
  data: [ 1., 0, 0, 0,
          0, 1., 0, 0.02,
          0, 0, 1., -0.06,
          0, 0, 0, 1. ]
"""


@pytest.fixture
def triangle(tmp_path):
    size = {"width": WIDTH, "height": HEIGHT}
    numbers = {"fx": K[0, 0], "fy": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
    write(tmp_path / "_sequence/color_camera.yaml", CAMERA_YAML.format(**numbers, **size))
    for frame in (200, 201):
        write(tmp_path / f"_sequence/color_camera_image_{frame}.png", noise(frame))
    write(tmp_path / "_body/triangle.yaml", BODY_YAML)
    tripod().save(tmp_path / "_body/triangle.obj")
    for k, name in enumerate(m3t.ESTIMATES.values()):
        rows = np.vstack([np.column_stack([R, T + 0.01 * k]), [0, 0, 0, 1]])
        text = "".join("".join(f"{v:.6g},\t" for v in row) + "\n" for row in rows)
        write(tmp_path / name, f"triangle_pose.txt\n4,\t4,\n{text}")
    return tmp_path


def test_m3t_poses_place_the_mesh_as_stored(triangle):
    first, second = list(m3t.read(triangle))
    assert (redrawn(first) == drawn(moved(tripod(), [0, 0.02, -0.06]))).all()
    assert second.camera_from_object is None
    assert (second.image == noise(201)).all()
    other = next(m3t.read(triangle, estimate="refiner")).camera_from_object
    assert other.translation - first.camera_from_object.translation == pytest.approx([0.02] * 3)
    with pytest.raises(BadInputError, match="tracker, optimizer"):
        next(m3t.read(triangle, estimate="mean"))


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("tracker_test/triangle_pose.txt", "4,\t4,", "3,\t4,", "4, 4"),
        ("tracker_test/triangle_pose.txt", "0.36,", "nan,", "16 finite numbers"),
        ("tracker_test/triangle_pose.txt", "0.36,", "", "16 finite numbers"),
        ("_sequence/color_camera.yaml", "f_u", "f_w", "f_u 0 times"),
        ("_sequence/color_camera.yaml", "83.0", "nan", "f_u"),
        ("_sequence/color_camera.yaml", "[ 1., 0, 0, 0,", "[ 1., 0, 0, 1,", "no identity"),
        ("_body/triangle.yaml", "meter: 1.0", "meter: 0.001", "metres are accepted"),
        ("_body/triangle.yaml", "triangle.obj", "square.obj", "geometry_path"),
        ("_body/triangle.yaml", "opencv-matrix", "matrix", "no matrix"),
    ],
)
def test_m3t_broken_files_are_named(triangle, name, old, new, says):
    text = (triangle / name).read_text()
    assert old in text
    write(triangle / name, text.replace(old, new))
    with pytest.raises(BadFileError, match=says) as error:
        list(m3t.read(triangle))
    assert str(error.value).startswith(str(triangle / name))


def test_m3t_missing_or_cut_frames_are_named(triangle):
    cut(triangle / "_sequence/color_camera_image_201.png")
    with pytest.raises(BadFileError, match=r"image_201\.png"):
        list(m3t.read(triangle))
    (triangle / "_sequence/color_camera_image_200.png").unlink()
    with pytest.raises(BadFileError, match=r"image_200\.png: there is no such file"):
        list(m3t.read(triangle))


# --- RBOT -------------------------------------------------------------------------------------------


@pytest.fixture
def squirrel(tmp_path):
    tripod().save(tmp_path / "squirrel_demo_low.obj", unit="mm")
    start = {"t": (1000 * T).tolist(), "euler_deg": [55, -20, 205]}
    data = {"K": K.tolist(), "units": "mm", "width": WIDTH, "height": HEIGHT, "init_pose": start}
    write(tmp_path / "camera_and_init.json", data)
    write(tmp_path / "frame.png", noise(5))
    return tmp_path


def about_axis(axis, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix, (i, j) = np.eye(3), ((1, 2), (2, 0), (0, 1))[axis]
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def test_rbot_has_a_start_and_no_truth(squirrel):
    (sample,) = rbot.read(squirrel)
    assert sample.camera_from_object is None
    start = Pose.from_json(sample.about["start"])
    seen = sample.camera.project(start @ sample.load_mesh().vertices)
    turn = about_axis(0, 55) @ about_axis(1, -20) @ about_axis(2, 205)
    centred = tripod().vertices - tripod().centre
    np.testing.assert_allclose(seen, in_pixels(centred, rotation=turn), atol=1e-5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(units="m"), "units are 'm'"),
        (lambda d: d["init_pose"].update(euler_deg=[1, 2]), "euler_deg"),
        (lambda d: d["K"][0].__setitem__(2, float("inf")), "Infinity"),
        (lambda d: d.pop("height"), "height"),
    ],
)
def test_rbot_broken_files_are_named(squirrel, change, says):
    edit(squirrel / "camera_and_init.json", change)
    with pytest.raises(BadFileError, match=says):
        list(rbot.read(squirrel))


# --- TUM --------------------------------------------------------------------------------------------

WORLD_FROM_CAMERA = Pose.from_quaternion([0.7, 0.1, 0.7, -0.1], [1.0, 2.0, 3.0])


@pytest.fixture
def cabinet(tmp_path):
    camera = {"K": K.tolist(), "width": WIDTH, "height": HEIGHT, "depth_factor": 5000}
    write(tmp_path / "camera.json", camera)
    for count in range(2):
        write(tmp_path / f"raw_imgs/{count:04d}_rgb_raw.jpg", jpeg(noise(count)))
        depth = np.full(SIZE, 5000 * (count + 1), np.uint16)
        write(tmp_path / f"depth_imgs/{count:04d}_depth_raw.png", depth)
    write(tmp_path / "filter_2d_obj_txts/0000_yolo2_0.15.txt", "1\t2\t3\t4\t0.2\n5 6 7 8 0.9\n")
    write(tmp_path / "filter_2d_obj_txts/0001_yolo2_0.15.txt", "")
    lines = [f"{10.5 + i}\t1\t2\t3\t0.1\t0.7\t-0.1\t0.7\t\n" for i in range(2)]
    write(tmp_path / "truth_cam_poses.txt", "".join(lines))
    return tmp_path


def test_tum_frames_have_a_path_and_no_object_pose(cabinet):
    first, second = list(tum.read(cabinet))
    assert (first.box_px, second.box_px) == ((5, 6, 12, 14), None)
    assert (first.depth_m == 1).all()
    assert (second.depth_m == 2).all()
    assert second.about["seconds"] == 11.5
    assert first.camera_from_object is None
    pose = Pose.from_json(first.about["world_from_camera"])
    assert max(pose.distance(WORLD_FROM_CAMERA)) < 1e-6
    np.testing.assert_allclose(first.camera.to_opencv(), K)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("truth_cam_poses.txt", "1 1 2 3 0 0 0 1\n", "1 lines but raw_imgs 2"),
        ("truth_cam_poses.txt", "1 1 2 3 0 0 0 1\n2 1 2 3 0 0 0\n", "line 2: .* 8 finite"),
        ("truth_cam_poses.txt", "1 1 2 3 0 0 0 1\n2 nan 2 3 0 0 0 1\n", "line 2: .* 8 finite"),
        ("truth_cam_poses.txt", "1 1 2 3 0 0 0 1\n2 1 2 3 0 0 0 2\n", "line 2: .* length"),
        ("truth_cam_poses.txt", "2 1 2 3 0 0 0 1\n1 1 2 3 0 0 0 1\n", "line 2: .* after"),
        ("filter_2d_obj_txts/0001_yolo2_0.15.txt", "1 2 3 4\n", "line 1: .* 5 finite"),
        ("depth_imgs/0001_depth_raw.png", np.zeros((HEIGHT, WIDTH + 1), np.uint16), "depth_m"),
        ("raw_imgs/0001_rgb_raw.jpg", b"\xff\xd8", "cut off|no picture"),
    ],
)
def test_tum_broken_files_are_named(cabinet, name, content, says):
    write(cabinet / name, content)
    with pytest.raises(BadFileError, match=says) as error:
        list(tum.read(cabinet))
    assert str(error.value).startswith(str(cabinet / name))


@pytest.mark.parametrize(
    "name", ["camera.json", "depth_imgs/0001_depth_raw.png", "filter_2d_obj_txts/0001_yolo2_0.15.txt"]
)
def test_tum_missing_files_are_named(cabinet, name):
    (cabinet / name).unlink()
    with pytest.raises(BadFileError) as error:
        list(tum.read(cabinet))
    assert str(error.value).startswith(f"{cabinet / name}: there is no such file")

"""BOP result files: the published layout, and what is read back is what was written."""

import numpy as np
import pytest

from rrb.errors import BadFileError, BadInputError
from rrb.geometry.bop import (
    BopEstimate,
    append_bop_results,
    load_bop_results,
    save_bop_results,
)
from rrb.geometry.pose import Pose

POSE = Pose([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], [0.125, -0.25, 1.5])

# The first two estimates of the example in the benchmark's description of its results (T-LESS, scene 1, image 0,
# object 25), as rows of the layout of today.
PUBLISHED = """scene_id,im_id,obj_id,score,R,t,time
1,0,25,2.591,0.164305 -0.116608 -0.979493 -0.881643 0.427981 -0.198842 0.442391 0.896233 -0.0324873,\
-45.7994 75.008 801.078,1.6553
1,0,25,3.495,-0.321302 0.937843 -0.131205 -0.926472 -0.282636 0.248529 0.195999 0.201411 0.959697,\
-77.2591 -23.8807 770.016,1.6553"""


def random_pose(seed):
    rng = np.random.default_rng(seed)
    return Pose.exp(rng.normal(size=6))


def test_the_layout_is_the_published_one(tmp_path):
    save_bop_results(tmp_path / "bop.csv", [BopEstimate(3, 14, 5, 0.5, POSE, 2.25)])
    assert (tmp_path / "bop.csv").read_text().splitlines() == [
        "scene_id,im_id,obj_id,score,R,t,time",
        "3,14,5,0.5,0.0 -1.0 0.0 1.0 0.0 0.0 0.0 0.0 1.0,125.0 -250.0 1500.0,2.25",
    ]


def test_published_rows_are_read(tmp_path):
    """Without a last line end, as the toolkit writes them."""
    (tmp_path / "bop.csv").write_text(PUBLISHED)
    first, second = load_bop_results(tmp_path / "bop.csv")
    assert (first.scene_id, first.im_id, first.obj_id) == (1, 0, 25)
    assert (first.score, second.score, first.time_s) == (2.591, 3.495, 1.6553)
    assert first.camera_from_object.rotation[0, 2] == -0.979493
    np.testing.assert_allclose(first.camera_from_object.translation, [-0.0457994, 0.075008, 0.801078])


@pytest.mark.parametrize("count", [0, 1, 5])
def test_what_was_written_is_read_back(tmp_path, count):
    rows = [BopEstimate(1, i, 2, i / 7, random_pose(i), 0.1 * i) for i in range(count)]
    save_bop_results(tmp_path / "bop.csv", rows)
    again = load_bop_results(tmp_path / "bop.csv")
    assert len(again) == count
    for row, same in zip(rows, again, strict=True):
        assert (row.im_id, row.score, row.time_s) == (same.im_id, same.score, same.time_s)
        np.testing.assert_array_equal(row.camera_from_object.rotation, same.camera_from_object.rotation)
        np.testing.assert_allclose(
            row.camera_from_object.translation, same.camera_from_object.translation, rtol=1e-15
        )


def test_appending_is_writing_all_at_once(tmp_path):
    rows = [BopEstimate(1, i, 2, 0.5, random_pose(i)) for i in range(3)]
    save_bop_results(tmp_path / "once.csv", rows)
    for row in rows:
        append_bop_results(tmp_path / "piecemeal.csv", [row])
    assert (tmp_path / "piecemeal.csv").read_bytes() == (tmp_path / "once.csv").read_bytes()


def test_appending_to_a_file_without_a_last_line_end(tmp_path):
    (tmp_path / "bop.csv").write_text(PUBLISHED)
    append_bop_results(tmp_path / "bop.csv", [BopEstimate(1, 1, 25, 0.5, POSE)])
    assert (tmp_path / "bop.csv").read_text().startswith(PUBLISHED + "\n1,1,25,")
    assert len(load_bop_results(tmp_path / "bop.csv")) == 3


def test_a_point_projects_where_their_formula_says(tmp_path):
    """s * pixel = K * [R t] * p with p and t in millimetres and K as OpenCV's."""
    from rrb.geometry.camera import Camera

    pose = random_pose(4).step([0, 0, 0, 0, 0, 9.0])
    camera = Camera.from_focal_px(500.0, width=640, height=480, principal_point=(300.0, 250.0))
    save_bop_results(tmp_path / "bop.csv", [BopEstimate(1, 0, 1, 1.0, pose)])
    cells = (tmp_path / "bop.csv").read_text().splitlines()[1].split(",")
    r, t = np.array(cells[4].split(), float).reshape(3, 3), np.array(cells[5].split(), float)
    point_mm = np.array([120.0, -80.0, 40.0])
    x, y, s = camera.to_opencv() @ (r @ point_mm + t)
    ours = camera.project(pose @ (point_mm / 1000))
    np.testing.assert_allclose(ours[:2] - 0.5, [x / s, y / s], rtol=1e-12)


def test_two_times_for_one_image_are_refused(tmp_path):
    rows = [BopEstimate(1, 0, obj, 1.0, POSE, time) for obj, time in ((1, 0.5), (2, 0.6))]
    with pytest.raises(BadInputError, match="one time"):
        save_bop_results(tmp_path / "bop.csv", rows)
    append_bop_results(tmp_path / "bop.csv", rows[:1])
    with pytest.raises(BadInputError, match="one time"):
        append_bop_results(tmp_path / "bop.csv", rows[1:])
    assert len(load_bop_results(tmp_path / "bop.csv")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"scene_id": -1},
        {"im_id": 1.5},
        {"obj_id": True},
        {"score": float("nan")},
        {"time_s": -2.0},
        {"time_s": float("inf")},
    ],
)
def test_numbers_that_mean_nothing_are_refused(wrong):
    given = {"scene_id": 1, "im_id": 0, "obj_id": 1, "score": 1.0, "camera_from_object": POSE, **wrong}
    with pytest.raises(BadInputError, match=next(iter(wrong))):
        BopEstimate(**given)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("1,0,1,0.5,1 0 0 0 1 0 0 0 1,0 0 1000", "cells"),
        ("a,0,1,0.5,1 0 0 0 1 0 0 0 1,0 0 1000,1", "scene_id"),
        ("1,0.5,1,0.5,1 0 0 0 1 0 0 0 1,0 0 1000,1", "im_id"),
        ("1,0,1,high,1 0 0 0 1 0 0 0 1,0 0 1000,1", "score"),
        ("1,0,1,nan,1 0 0 0 1 0 0 0 1,0 0 1000,1", "score"),
        ("1,0,1,0.5,1 0 0 0 1 0 0 0,0 0 1000,1", "R is"),
        ("1,0,1,0.5,2 0 0 0 1 0 0 0 1,0 0 1000,1", "no rotation"),
        ("1,0,1,0.5,1 0 0 0 1 0 0 0 1,0 0,1", "t is"),
        ("1,0,1,0.5,1 0 0 0 1 0 0 0 1,0 0 inf,1", "finite"),
        ('"', "cells"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path, row, word):
    path = tmp_path / "bop.csv"
    path.write_text(f"scene_id,im_id,obj_id,score,R,t,time\n{row}\n")
    with pytest.raises(BadFileError, match=f"line 2: .*{word}"):
        load_bop_results(path)


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "bop.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFileError, match="no text"):
        load_bop_results(tmp_path / "bop.csv")
    with pytest.raises(BadFileError, match="no such file"):
        load_bop_results(tmp_path / "none.csv")

"""What a benchmark says of answers that are known: the truth itself, and truths that were moved by a known amount."""

import numpy as np
import pytest

from rrb.errors import BadInputError
from rrb.evaluation import benchmark_tables as tables
from rrb.evaluation import text
from rrb.evaluation.benchmark import Case, Found, Truth, record, scores
from rrb.evaluation.structure import structure
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box
from rrb.geometry.rotations import about_axis
from rrb.geometry.turns import Turns

SIDES = np.array([0.6, 1.0, 0.4])
ONE = Turns(1)


def at(mesh, place):
    return mesh.with_vertices(mesh.vertices + np.array(place))


def chair(size=1.0) -> Mesh:
    """A seat and a back behind it: only a whole turn leaves it as it is."""
    seat, back = box((0.6, 0.1, 0.5)), at(box((0.6, 1.0, 0.1)), (0, 0.2, 0.3))
    mesh = Mesh.concatenated([seat, back])
    return mesh.with_vertices(size * (mesh.vertices - mesh.centre))


def truth(mesh=None, turns=ONE, **more) -> Truth:
    pose = Pose.from_viewpoint(30.0, 20.0, 4.0, distance_m=3.0, ray_camera=(0.1, -0.05, 1.0))
    return Truth.of(chair() if mesh is None else mesh, pose, turns=turns, **more)


def answer(true: Truth, *, turn_deg=0.0, shift=(0, 0, 0), size=1.0, **more) -> Found:
    """The truth, turned about its own y axis, moved in the camera's frame, and of another size."""
    rotation = true.pose.rotation @ about_axis(1, np.radians(turn_deg))
    pose = Pose(rotation, true.pose.translation + np.array(shift))
    return Found(pose, true.mesh.transformed(scale=size), **{"metric": True, **more})


# --- scores ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("turns", [ONE, Turns(4), Turns(0)])
def test_the_truth_itself_is_without_error(turns):
    true = truth(turns=turns)
    said = scores(answer(true, mask_iou=1.0), true)
    for name in ("shape_box_iou", "metric_box_iou", "size_iou", "volume_iou", "f_score", "mask_iou"):
        assert getattr(said, name) == pytest.approx(1, abs=1e-9), name
    for name in ("elevation_deg", "translation_m", "chamfer"):
        assert getattr(said, name) == pytest.approx(0, abs=1e-6), name
    assert said.azimuth_deg == (None if turns.folds == 0 else pytest.approx(0, abs=1e-6))


@pytest.mark.parametrize(
    ("folds", "turn_deg", "error"),
    [(1, 40, 40), (1, 180, 180), (2, 180, 0), (2, 130, 50), (4, 100, 10), (4, -45, 45)],
)
def test_a_turned_answer_is_off_by_what_the_symmetry_does_not_forgive(folds, turn_deg, error):
    true = truth(turns=Turns(folds))
    said = scores(answer(true, turn_deg=turn_deg), true)
    assert said.azimuth_deg == pytest.approx(error, abs=1e-6)
    assert said.elevation_deg == pytest.approx(0, abs=1e-6)
    assert said.translation_m == pytest.approx(0, abs=1e-9)
    assert said.volume_iou == pytest.approx(1), "the shape's own score knows no pose"
    assert said.size_iou == pytest.approx(1)


def test_a_mirrored_view_has_the_mirrored_azimuth():
    true = truth()
    view = true.pose.to_viewpoint()
    mirrored = Pose.from_viewpoint(
        180 - view.azimuth_deg, -view.elevation_deg, view.roll_deg, distance_m=view.distance_m
    )
    said = scores(Found(mirrored), true)
    assert said.azimuth_deg == pytest.approx(abs(180 - 2 * 30))
    assert said.elevation_deg == pytest.approx(40)
    assert said.translation_m is None
    assert said.shape_box_iou is None
    assert said.volume_iou is None


def test_a_shifted_answer_keeps_its_shape_and_loses_its_place():
    true = truth(box(SIDES))
    move = true.pose.rotation @ np.array([0.3, 0, 0])  # half the width, along the object's x axis
    said = scores(answer(true, shift=move), true)
    assert said.translation_m == pytest.approx(0.3)
    assert said.shape_box_iou == pytest.approx(1)
    assert said.metric_box_iou == pytest.approx(1 / 3)


def test_a_larger_answer_has_another_box_and_the_same_shape():
    true = truth()
    said = scores(answer(true, size=2.0), true)
    assert said.shape_box_iou == pytest.approx(1 / 8)
    assert said.size_iou == pytest.approx(1 / 8)
    assert said.volume_iou == pytest.approx(1)
    assert said.chamfer == pytest.approx(0, abs=1e-9)


def test_without_metres_nothing_is_said_in_metres():
    true = truth()
    said = scores(answer(true, size=2.0, metric=False), true)
    assert said.translation_m is None
    assert said.shape_box_iou is None
    assert said.metric_box_iou is None
    assert said.size_iou is None
    assert said.azimuth_deg == pytest.approx(0, abs=1e-6)
    assert said.f_score == pytest.approx(1)


def test_without_a_front_the_box_is_compared_and_the_shape_is_not():
    true = truth(box(SIDES), turns=None)
    said = scores(answer(true, turn_deg=90.0), true)
    assert said.azimuth_deg is None
    assert said.size_iou is None
    assert said.volume_iou is None
    assert said.shape_box_iou < 0.9, "its place is off by a quarter of a turn, whatever its front is called"
    assert said.translation_m == pytest.approx(0, abs=1e-9)


def test_a_mesh_of_any_unit_and_origin_is_the_same_truth():
    plain = truth()
    mesh = chair()
    moved = mesh.with_vertices(1000 * mesh.vertices + np.array([70.0, -20.0, 5.0]))
    middle = 0.001 * np.asarray(moved.centre)
    pose = Pose(plain.pose.rotation, plain.pose.translation - plain.pose.rotation @ middle)
    other = Truth.of(moved, pose, scale=0.001, turns=ONE)
    said = scores(answer(plain), other)
    assert said.metric_box_iou == pytest.approx(1)
    assert said.translation_m == pytest.approx(0, abs=1e-9)


# --- records and tables -----------------------------------------------------------------------------


def oracle(true):
    return answer(true, accepted=True)


def refuses(true):
    raise BadInputError("nothing is seen in it")


def breaks(true):
    raise ZeroDivisionError("oh")


def turned(true):
    return answer(true, turn_deg=30.0, accepted=False)


METHODS = {"oracle": oracle, "turned": turned}


def recorded(methods, turns=(ONE, ONE), heights=None, groups=None):
    rows = []
    for number, turn in enumerate(turns):
        true = truth(turns=turn)
        about = {"mesh_id": f"m{number}", "camera_height_m": 1.0 if heights is None else heights[number]}
        group = {} if groups is None else {"style": groups[number]}
        rows.append(record(Case(f"data/{number}", true, true, group, about), methods))
    return rows


def cells(table, row):
    return next(r for r in table[0] if r.name == row).cells


def test_a_record_says_what_is_true_and_what_was_found():
    (row,) = recorded({"turned": turned}, [ONE])
    assert row["name"] == "data/0"
    assert row["true"]["azimuth_deg"] == pytest.approx(30)
    assert row["true"]["extents"] == pytest.approx(chair().bounding_box()[1] * 2)
    assert row["found"]["turned"]["azimuth_deg"] == pytest.approx(60)
    assert row["found"]["turned"]["scores"]["azimuth_deg"] == pytest.approx(30)
    assert row["found"]["turned"]["accepted"] is False


def test_published_rows_stand_beside_ours():
    rows = recorded(METHODS)
    told = tables.poses(rows, list(METHODS))
    assert cells(told, "RRB, published")["azimuth"] == 10.793
    assert cells(told, "OCC-NET, published")["translation"] is None
    assert cells(told, "oracle")["shape box IoU"].mean == pytest.approx(1)
    assert cells(told, "turned")["azimuth"].p90 == pytest.approx(30)
    assert text(*told).count("\n") >= 8


def test_what_was_refused_is_counted_and_in_no_mean():
    calls = iter([oracle, refuses, breaks])
    rows = recorded({"some": lambda true: next(calls)(true)}, [ONE, ONE, ONE])
    said = cells(tables.poses(rows, ["some"]), "some")
    assert said["refused"] == "2"
    assert said["azimuth"].count == 1
    assert [row["found"]["some"].get("fault", False) for row in rows] == [False, False, True]
    assert any("2 of 3 pictures refused" in line for line in tables.left_out(rows, ["some"]))


def test_what_is_left_out_is_counted():
    turns = [ONE, Turns(0), None, None]
    rows = recorded({"turned": turned}, turns, heights=[1.0, None, None, None])
    lines = "\n".join(tables.left_out(rows, ["turned"]))
    assert "1 of 4 pictures look alike" in lines
    assert "2 of 4 pictures are of objects without a known front" in lines
    assert "3 of 4 pictures have no camera height" in lines
    assert cells(tables.poses(rows, ["turned"]), "turned")["azimuth"].count == 1


def test_a_result_without_a_size_is_counted_where_one_could_be_said():
    rows = recorded({"up to scale": lambda true: answer(true, metric=False)}, heights=[1.0, None])
    lines = tables.left_out(rows, ["up to scale"])
    assert any("1 results with a camera height but no size" in line for line in lines)


def test_accepted_and_other_results_are_told_apart():
    calls = iter([oracle, turned, turned, turned])
    rows = recorded({"rrb": lambda true: next(calls)(true)}, [ONE] * 4)
    told = tables.trust(rows, ["rrb"])
    assert cells(told, "rrb: accepted")["accepted"] == "25 %"
    assert cells(told, "rrb: accepted")["azimuth"].mean == pytest.approx(0, abs=1e-6)
    assert cells(told, "rrb: not accepted")["azimuth"].mean == pytest.approx(30)


def test_groups_are_told_apart_where_there_are_several():
    calls = iter([oracle, turned, oracle])
    rows = recorded({"rrb": lambda true: next(calls)(true)}, [ONE] * 3, groups=["club", "bar", "club"])
    told = tables.groups(rows, "rrb", "style")
    assert cells(told, "club")["azimuth"].count == 2
    assert cells(told, "bar")["azimuth"].mean == pytest.approx(30)
    assert tables.groups(rows[:1], "rrb", "style") == ([], {})


# --- structures -------------------------------------------------------------------------------------


def test_a_block_is_solid_and_whole():
    found = structure(box(SIDES))
    assert found.pieces == 1
    assert found.solidity == pytest.approx(1, abs=0.01)


def test_pieces_that_a_gap_parts_are_counted_and_those_that_touch_are_not():
    apart = Mesh.concatenated([box((0.2, 1, 0.2)), at(box((0.2, 1, 0.2)), (0.5, 0, 0))])
    touching = Mesh.concatenated([box((0.2, 1, 0.2)), at(box((0.2, 1, 0.2)), (0.2, 0, 0))])
    assert structure(apart).pieces == 2
    assert structure(touching).pieces == 1


def test_a_sheet_is_seen_though_it_encloses_nothing():
    sheet = Mesh(
        np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0.5], [0, 1, 0.5]]), np.array([[0, 1, 2], [0, 2, 3]])
    )
    found = structure(sheet)
    assert found.pieces == 1
    assert 0.02 < found.solidity < 0.3


def test_thin_is_what_is_under_the_median_of_objects():
    rows = recorded({"oracle": oracle}, [ONE] * 4)
    held = [(0.1, 1), (0.2, 2), (0.5, 1), (0.5, 1)]
    for number, (row, (solidity, pieces)) in enumerate(zip(rows, held, strict=True)):
        row["true"] |= {
            "mesh_id": f"m{min(number, 2)}",
            "structure": {"pieces": pieces, "solidity": solidity},
        }
    kinds = [row["groups"]["structure"] for row in tables.with_structure(rows)]
    assert kinds[0].startswith("thin")
    assert kinds[0].endswith("in one piece")
    assert kinds[1].startswith("solid"), "the median of three objects is the second's own"
    assert kinds[1].endswith("in pieces")
    assert kinds[2] == kinds[3]

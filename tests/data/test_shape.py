"""Shapes: their sizes, their parts, and which turns leave them as they are."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plain_scenes import corner, shape_of
from rrb.data.materials import Material
from rrb.data.shape import NO_TURNS, Shape, Turns
from rrb.errors import BadInputError
from rrb.geometry.primitives import box, cylinder

ANGLES = st.floats(-1000, 1000)
FOLDS = st.integers(0, 12)
CHALK = Material("chalk", (1.0, 1.0, 1.0))


# --- turns ------------------------------------------------------------------------------------------


@given(FOLDS, ANGLES)
def test_an_error_is_between_none_and_half_a_period(folds, angle):
    error = Turns(folds).least_azimuth_error_deg(angle)
    assert 0 <= error <= (180 / folds if folds else 0)


@given(FOLDS, ANGLES)
def test_left_and_right_are_alike(folds, angle):
    turns = Turns(folds)
    assert turns.least_azimuth_error_deg(angle) == pytest.approx(
        turns.least_azimuth_error_deg(-angle), abs=1e-9
    )


@given(st.integers(1, 12), ANGLES, st.integers(-20, 20))
def test_turns_that_change_nothing_are_forgiven(folds, angle, times):
    turns = Turns(folds)
    turned = turns.least_azimuth_error_deg(angle + times * 360 / folds)
    assert turned == pytest.approx(turns.least_azimuth_error_deg(angle), abs=1e-9)
    assert turns.least_azimuth_error_deg(times * 360 / folds) == pytest.approx(0, abs=1e-9)


@given(st.integers(1, 12), st.floats(-1, 1))
def test_a_small_error_is_what_it_is(folds, share):
    angle = share * 179.9 / folds
    assert Turns(folds).least_azimuth_error_deg(angle) == pytest.approx(abs(angle), abs=1e-9)


@given(st.integers(1, 6), st.integers(1, 4), ANGLES)
def test_more_symmetry_forgives_more(folds, times, angle):
    finer = Turns(folds * times).least_azimuth_error_deg(angle)
    assert finer <= Turns(folds).least_azimuth_error_deg(angle) + 1e-9


def test_the_azimuth_of_what_is_round_means_nothing():
    assert Turns(0).least_azimuth_error_deg(123.4) == 0
    assert Turns(1).least_azimuth_error_deg(350) == pytest.approx(10)
    assert Turns(4).least_azimuth_error_deg(100) == pytest.approx(10)
    assert Turns(1) == NO_TURNS


@pytest.mark.parametrize("folds", [-1, 1.5, 2.0, "4", None])
def test_other_folds_are_refused(folds):
    with pytest.raises(
        BadInputError, match=r"folds is .*; 0 for any turn, or a whole number from 1, is accepted"
    ):
        Turns(folds)


# --- shapes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mesh", [box((1, 2, 3)), box((4, 0.5, 0.1)), cylinder(0.3, 2.0)], ids=str)
def test_its_sizes_are_those_of_its_mesh(mesh):
    shape = shape_of(mesh)
    np.testing.assert_allclose(shape.extents, np.ptp(mesh.vertices, axis=0))
    assert shape.extent == pytest.approx(np.ptp(mesh.vertices, axis=0).max())
    assert shape.floor == pytest.approx(mesh.vertices[:, 1].min())
    assert (np.linalg.norm(mesh.vertices, axis=1) <= shape.radius + 1e-9).all()
    assert (np.linalg.norm(mesh.vertices[:, [0, 2]], axis=1) <= shape.reach + 1e-9).all()


def test_a_box_fills_its_sphere_and_its_circle():
    shape = shape_of(box((1, 2, 3)))
    assert shape.radius == pytest.approx(np.sqrt(1 + 4 + 9) / 2)
    assert shape.reach == pytest.approx(np.sqrt(1 + 9) / 2)


def test_its_description_is_json():
    shape = Shape(
        "chair-1", "chair", box(), np.zeros(12, np.int64), ("seat",), (CHALK,), {"base": "star"}, Turns(5)
    )
    told = json.loads(json.dumps(shape.description(), allow_nan=False))
    assert told["mesh_id"] == "chair-1"
    assert told["category"] == "chair"
    assert told["style"] == {"base": "star"}
    assert told["turns_about_y"] == 5
    assert told["parts"] == ["seat"]
    assert [Material.from_json(m) for m in told["materials"]] == [CHALK]


@pytest.mark.parametrize(
    ("face_part", "parts", "sentence"),
    [
        (np.zeros(11, np.int64), 1, r"thing: face_part has the shape \(11,\); \(12,\) is accepted"),
        (np.zeros((12, 1), np.int64), 1, r"face_part has the shape \(12, 1\)"),
        (
            np.full(12, 1),
            1,
            "1 parts, 1 materials and faces of part 1; as many materials as parts are accepted",
        ),
        (np.full(12, -1), 1, "faces of part -1"),
        (np.zeros(12, np.int64), 2, "2 parts, 1 materials"),
    ],
)
def test_parts_that_do_not_fit_are_refused(face_part, parts, sentence):
    with pytest.raises(BadInputError, match=sentence):
        Shape("thing", "thing", box(), face_part, ("part",) * parts, (CHALK,))


def test_the_corner_of_the_tests_is_centred():
    low, high = corner().mesh.bounding_box()
    np.testing.assert_allclose(low, -high, atol=1e-12)

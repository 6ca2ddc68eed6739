"""Which turns leave an object as it was, wherever its origin lies, and how that is said."""

import math
import re

import numpy as np
import pytest

import rrb
from fit_scenes import ODD, TWO_SIDED, chair, shifted
from rrb.geometry.primitives import box, cylinder, icosphere, torus
from rrb.geometry.rotations import matrix_from_rotation_vector
from rrb.geometry.symmetry import Symmetry

SHIFTS = [(0, 0, 0), (0.7, -0.4, 0.25), (5.0, 3.0, -8.0)]
X, Y, Z = np.eye(3)
FREE = cylinder(0.3, 1.0, 64), torus(0.4, 0.15)


def about(axis, turns: float, point) -> rrb.Pose:
    """A share of a turn about the axis through the point."""
    turn = matrix_from_rotation_vector(2 * math.pi * turns * np.asarray(axis, float))
    return rrb.Pose(turn, np.asarray(point, float) - turn @ point)


def prism(folds: int) -> rrb.Mesh:
    return cylinder(0.4, 0.6, folds)


CASES = [
    *[(FREE[0], Y, turns, True) for turns in (0.013, 0.1, 0.25, 0.5, 0.77)],
    *[(FREE[1], Y, turns, True) for turns in (0.07, 0.5)],
    (FREE[0], X, 0.5, True),
    (FREE[0], [0.6, 0, 0.8], 0.5, True),
    (FREE[0], X, 0.25, False),
    (FREE[0], X, 0.05, False),
    (FREE[1], Z, 0.5, True),
    (FREE[1], Z, 0.25, False),
    *[(box((1, 0.6, 0.8)), axis, 0.5, True) for axis in (X, Y, Z)],
    *[(box((1, 0.6, 0.8)), axis, 0.25, False) for axis in (X, Y, Z)],
    (box((0.6, 1, 0.6)), Y, 0.25, True),
    (box((0.6, 1, 0.6)), Y, 0.125, False),
    (box((0.6, 1, 0.6)), X, 0.25, False),
    (box(), np.ones(3) / 3**0.5, 1 / 3, True),
    (box(), np.ones(3) / 3**0.5, 1 / 6, False),
    *[(prism(n), Y, k / n, True) for n in (3, 4, 5, 6) for k in (1, 2)],
    *[(prism(n), Y, 0.5 / n, False) for n in (3, 4, 5, 6)],
    (icosphere(4, 0.5), [0.48, 0.6, 0.64], 0.2, True),
    *[(mesh, axis, 0.5, False) for mesh in (ODD, TWO_SIDED) for axis in (X, Y, Z)],
    (ODD, Y, 0.02, False),
]


@pytest.mark.parametrize("by", SHIFTS)
@pytest.mark.parametrize(("mesh", "axis", "turns", "holds"), CASES)
def test_a_turn_holds_if_the_surface_comes_to_lie_on_itself(mesh, axis, turns, holds, by):
    symmetry = Symmetry(shifted(mesh, by))
    assert symmetry.holds(about(axis, turns, by)) is holds
    assert symmetry.holds(about(axis, -turns, by)) is holds
    if any(by):  # about another axis it is a shift as well
        assert not symmetry.holds(about(axis, turns, np.add(by, [0.1, 0.2, -0.15])))


def test_nothing_turns_a_chair():
    symmetry = Symmetry(chair())
    assert not any(
        symmetry.holds(about(axis, turns, chair().centre))
        for axis in (X, Y, Z)
        for turns in (0.5, 0.25, 0.05)
    )


@pytest.mark.parametrize("mesh", [ODD, FREE[0], chair()], ids=["odd", "cylinder", "chair"])
def test_staying_holds_and_moving_away_does_not(mesh):
    symmetry = Symmetry(mesh)
    assert symmetry.holds(rrb.Pose.identity())
    for by in (0.05, 1.0, 100.0):
        assert not symmetry.holds(rrb.Pose(np.eye(3), [by, 0, 0]))


@pytest.mark.parametrize("factor", [1e-3, 1000.0])
def test_units_do_not_matter(factor):
    symmetry = Symmetry(box((0.6, 1, 0.6)).with_vertices(box((0.6, 1, 0.6)).vertices * factor))
    assert symmetry.holds(about(Y, 0.25, np.zeros(3)))
    assert not symmetry.holds(about(Y, 0.1, np.zeros(3)))


def test_half_of_a_surface_on_itself_is_not_enough():
    """Every point of a part lies on the whole, but not the other way round."""
    arm = rrb.Mesh.concatenated([cylinder(0.3, 1.0, 64), shifted(box((0.3, 0.2, 0.1)), [0.4, 0, 0])])
    assert not Symmetry(arm).holds(about(Y, 0.5, np.zeros(3)))


# --- in words -------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", SHIFTS)
@pytest.mark.parametrize(
    ("mesh", "axis", "turns", "words"),
    [
        (FREE[0], Y, 0.23, "any turn about its y axis"),
        (FREE[1], Y, 0.5, "any turn about its y axis"),
        (FREE[0], X, 0.5, "1/2 of a turn about its x axis"),
        (box((1, 0.6, 0.8)), Z, 0.5, "1/2 of a turn about its z axis"),
        (box((0.6, 1, 0.6)), Y, 0.25, "1/4 of a turn about its y axis"),
        (box((0.6, 1, 0.6)), Y, 0.5, "1/4 of a turn about its y axis"),
        (prism(3), Y, 2 / 3, "1/3 of a turn about its y axis"),
        (prism(5), Y, 0.4, "1/5 of a turn about its y axis"),
        (prism(6), Y, 0.5, "1/6 of a turn about its y axis"),
        (box(), np.ones(3) / 3**0.5, 1 / 3, r"1/3 of a turn about the axis \(0.58, 0.58, 0.58\)"),
    ],
)
def test_the_symmetry_of_a_turn_is_described(mesh, axis, turns, words, by):
    said = Symmetry(shifted(mesh, by)).described(about(axis, turns, by))
    assert re.fullmatch(f"looks the same after {words}", said)


@pytest.mark.parametrize("by", SHIFTS[:2])
@pytest.mark.parametrize(
    ("mesh", "words"),
    [
        (FREE[0], "any turn about its y axis"),
        (FREE[1], "any turn about its y axis"),
        (box((0.6, 1, 0.6)), "1/4 of a turn about its y axis"),
        (prism(5), "1/5 of a turn about its y axis"),
        (box((1, 0.6, 0.8)), "1/2 of a turn about its . axis"),
        (ODD, None),
        (TWO_SIDED, None),
    ],
)
def test_an_object_s_symmetry_is_found_and_told(mesh, words, by):
    said = Symmetry(shifted(mesh, by)).in_words
    assert said is None if words is None else re.fullmatch(f"looks the same after {words}", said)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "mesh", [prism(5), box((0.6, 1, 0.6)), box((1, 0.6, 0.8))], ids=["five", "four", "two"]
)
def test_an_axis_need_not_be_one_of_the_mesh_s_own(mesh, seed):
    """There may be several; that which is told is one of them."""
    turn, middle = rrb.Pose.random(seed).rotation, [0.3, 0.2, 0.1]
    tilted = mesh.with_vertices(mesh.vertices @ turn.T + middle)
    said = re.fullmatch(
        r"looks the same after 1/(\d) of a turn about the axis \((.*)\)", Symmetry(tilted).in_words
    )
    axis = np.array([float(n) for n in said[2].split(", ")])
    assert Symmetry(tilted).holds(about(axis / np.linalg.norm(axis), 1 / int(said[1]), middle))


def test_a_chair_has_none():
    assert Symmetry(chair()).in_words is None


@pytest.mark.parametrize(
    ("mesh", "folds"),
    [
        (prism(6), 6),
        (prism(3), 1),  # about its own axis, which is not its box's
        (box((1, 0.6, 0.8)), 2),
        (box((0.8, 0.6, 0.8)), 4),
        (FREE[0], 0),
        (ODD, 1),
        (TWO_SIDED, 1),
    ],
)
@pytest.mark.parametrize("shift", SHIFTS)
def test_turns_about_the_vertical_are_counted(mesh, folds, shift):
    assert Symmetry(shifted(mesh, shift)).turns_about_up().folds == folds

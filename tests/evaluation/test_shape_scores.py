"""Laws of box and shape scores: exact cases, symmetries, what a camera, a unit and a symmetry cannot change."""

import math

import numpy as np
import pytest

import rrb
from rrb.errors import BadInputError
from rrb.evaluation import box_iou, box_ious, shape_scores
from rrb.geometry.primitives import box, icosphere, plane
from rrb.geometry.rotations import about_axis
from rrb.geometry.turns import NO_TURNS, Turns

UNIT = np.zeros(3), np.ones(3)
LONG = box((0.4, 1.0, 2.0)).vertices
ODD = LONG * np.where(LONG[:, :1] > 0, [[1.5, 0.7, 1.0]], 1.0)  # no turn leaves its box as it is
FEW = {"n_points": 2000}


def moved(mesh, by):
    return mesh.with_vertices(mesh.vertices + by)


def random_pose(seed):
    return rrb.Pose.random(seed, translation=np.random.default_rng(seed).normal(size=3) + [0, 0, 4])


# --- one box and another --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "iou"),
    [
        ((0, 0, 0), (1, 1, 1), 1),
        ((0.5, 0, 0), (1.5, 1, 1), 1 / 3),
        ((0, -0.5, 0), (1, 0.5, 1), 1 / 3),
        ((0.25, 0.25, 0.25), (0.75, 0.75, 0.75), 1 / 8),
        ((0.5, 0.5, 0.5), (1.5, 1.5, 1.5), 1 / 15),
        ((1, 0, 0), (2, 1, 1), 0),
        ((0.2, 0.2, 3), (0.8, 0.8, 4), 0),
        ((0, -3, 2), (1, -2, 3), 0),  # apart along two axes: the product of the overlaps is positive
        ((0.2, 0, 0.2), (0.8, 0, 0.8), 0),
    ],
)
def test_the_iou_of_boxes_is_exact(low, high, iou):
    assert box_iou(*UNIT, low, high) == pytest.approx(iou, abs=1e-15)
    assert box_iou(low, high, *UNIT) == pytest.approx(iou, abs=1e-15)


def test_boxes_without_volume_are_equal_or_not():
    flat = (0, 0, 0), (1, 0, 1)
    assert box_iou(*flat, *flat) == 1
    assert box_iou(*flat, (0, 0, 0), (1, 0, 2)) == 0


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_no_iou_exceeds_1(scale):
    corners = np.random.default_rng(0).normal(size=(500, 2, 3)) * scale
    ious = [box_iou(low, high, low, high) for low, high in np.sort(corners, axis=1)]
    np.testing.assert_allclose(ious, 1, atol=1e-14)
    assert max(ious) <= 1


# --- the boxes of placed objects ------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("turns", [None, NO_TURNS, Turns(4), Turns(0)])
def test_an_object_that_is_found_has_all_three(seed, turns):
    ious = box_ious(ODD, random_pose(seed), ODD, random_pose(seed), turns)
    np.testing.assert_allclose([ious.shape, ious.metric, ious.size], 1, atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("turns", [None, Turns(2), Turns(0)])
def test_another_camera_frame_changes_nothing(seed, turns):
    found, true, other_from_camera = random_pose(seed), random_pose(seed + 50), random_pose(seed + 100)
    true = rrb.Pose(true.rotation, found.translation + 0.1)
    before = box_ious(ODD, found, LONG, true, turns)
    after = box_ious(ODD, other_from_camera @ found, LONG, other_from_camera @ true, turns)
    assert 0 < before.metric < 1
    np.testing.assert_allclose(list(vars(after).values()), list(vars(before).values()), atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_the_found_box_is_that_of_the_vertices_where_the_true_object_sees_them(seed):
    """Of the motion between the two poses, in the true object's frame."""
    random, true = np.random.default_rng(seed), random_pose(seed)
    motion = rrb.Pose(rrb.Pose.random(seed + 50).rotation, random.normal(size=3) / 10)
    vertices = random.normal(size=(20, 3))
    at = motion @ vertices
    ious = box_ious(vertices, true @ motion, ODD, true)
    expected = box_iou(at.min(axis=0), at.max(axis=0), ODD.min(axis=0), ODD.max(axis=0))
    assert ious.metric == pytest.approx(expected)


@pytest.mark.parametrize("axis", range(3))
def test_a_step_along_the_true_axes_costs_the_metric_score_alone(axis):
    """Half the object's length along an axis of its own: a third is common."""
    true = random_pose(7)
    step = np.zeros(3)
    step[axis] = np.ptp(LONG[:, axis]) / 2
    found = true @ rrb.Pose(np.eye(3), step)
    ious = box_ious(LONG, found, LONG, true)
    np.testing.assert_allclose([ious.shape, ious.metric, ious.size], [1, 1 / 3, 1], atol=1e-9)


def test_a_turned_object_is_boxed_along_the_true_axes():
    """A bar 0.4 x 1 x 2 across itself: 0.4 x 1 x 0.4 is common."""
    true = random_pose(8)
    found = true @ rrb.Pose(about_axis(1, math.pi / 2), np.zeros(3))
    ious = box_ious(LONG, found, LONG, true)
    common = 0.4 * 0.4
    np.testing.assert_allclose(ious.shape, common / (0.8 + 0.8 - common), atol=1e-9)
    assert ious.metric == pytest.approx(ious.shape)
    assert ious.size == pytest.approx(1)


def test_a_cube_turned_by_an_eighth_has_the_box_around_it():
    cube, true = box().vertices, random_pose(9)
    found = true @ rrb.Pose(about_axis(1, math.pi / 4), np.zeros(3))
    assert box_ious(cube, found, cube, true).shape == pytest.approx(1 / 2)
    # The other way round the cube is found straight, in the frame of a cube that stands askew.
    assert box_ious(cube, true, cube, found).shape == pytest.approx(1 / 2)


def test_size_is_wrong_by_the_volume_of_what_is_too_large():
    ious = box_ious(2 * LONG, random_pose(1), LONG, random_pose(1))
    np.testing.assert_allclose(list(vars(ious).values()), 1 / 8, atol=1e-9)


def test_a_mesh_that_is_not_centred_counts_where_it_lies():
    pose = random_pose(2)
    ious = box_ious(LONG + [0.2, 0, 0], pose, LONG, pose)
    np.testing.assert_allclose([ious.shape, ious.metric, ious.size], [1, 1 / 3, 1], atol=1e-9)


def test_a_mirrored_pose_is_told_apart():
    """Left taken for right: the odd half of the object stands out on the wrong side."""
    true = random_pose(3)
    half_turn = true @ rrb.Pose(about_axis(1, math.pi), np.zeros(3))
    assert box_ious(ODD, half_turn, ODD, true).metric < 0.95
    assert box_ious(ODD, half_turn, ODD, true, NO_TURNS).metric < 0.95


@pytest.mark.parametrize(
    ("degrees", "turns", "forgiven"),
    [
        (180, Turns(2), True),
        (90, Turns(4), True),
        (37, Turns(0), True),
        (90, Turns(2), False),
        (120, Turns(4), False),
        (37, NO_TURNS, False),
        (37, None, False),
    ],
)
def test_only_the_turns_of_the_symmetry_are_forgiven(degrees, turns, forgiven):
    true = random_pose(4)
    found = true @ rrb.Pose(about_axis(1, math.radians(degrees)), np.zeros(3))
    ious = box_ious(ODD, found, ODD, true, turns)
    assert (ious.metric > 0.999) is forgiven
    assert (ious.shape > 0.999) is forgiven


# --- volumes and surfaces -------------------------------------------------------------------------


@pytest.mark.parametrize("mesh", [box((1, 0.5, 2)), icosphere(3, 0.5), moved(box(), [5, 5, 5])])
def test_a_mesh_and_itself_agree(mesh):
    scores = shape_scores(mesh, mesh, **FEW)
    assert (scores.volume_iou, scores.f_score) == (1, 1)
    assert scores.chamfer < 1e-12


def test_a_surface_is_0_from_itself_however_it_is_cut():
    """Points drawn on the one are none of the other's."""
    true = box((1, 0.5, 2))
    found = rrb.Mesh(*quartered(true))
    scores = shape_scores(found, true, **FEW)
    assert scores.chamfer < 1e-12
    assert (scores.volume_iou, scores.f_score) == (1, 1)


def quartered(mesh):
    """Each face in four, their order turned round."""
    a, b, c = (mesh.vertices[mesh.faces[::-1, i]] for i in range(3))
    ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
    corners = np.stack([(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)])
    vertices = corners.transpose(0, 2, 1, 3).reshape(-1, 3)
    return vertices, np.arange(len(vertices)).reshape(-1, 3)


def common_volume_iou(a, b):
    return shape_scores(a, b, n_points=20_000).volume_iou


def sampling_error(iou, box_share):
    """Four standard deviations of a share seen at the points of 20,000 that lie in either mesh."""
    return 4 * math.sqrt(iou * (1 - iou) / (20_000 * box_share))


def test_volumes_of_boxes_that_overlap():
    """1/3 of the union, which fills the box around both."""
    iou = common_volume_iou(box(), moved(box(), [0, 0.5, 0]))
    assert abs(iou - 1 / 3) < sampling_error(1 / 3, 1)


def test_volumes_of_a_sphere_within_its_cube():
    iou = common_volume_iou(icosphere(4, 0.5), box())
    assert abs(iou - math.pi / 6) < sampling_error(math.pi / 6, 1) + 0.002  # the sphere has flat faces


def test_volumes_of_a_sphere_within_a_sphere():
    iou = common_volume_iou(icosphere(4, 0.4), icosphere(4, 0.5))
    assert abs(iou - 0.512) < sampling_error(0.512, math.pi / 6)


def test_parts_that_overlap_are_one_volume_and_inside_out_fills_too():
    two = rrb.Mesh.concatenated([box(), moved(box(), [0.3, 0, 0])])
    assert common_volume_iou(two, box((1.3, 1, 1))) < 0.9
    assert common_volume_iou(two, moved(box((1.3, 1, 1)), [0.15, 0, 0])) == 1
    inwards = rrb.Mesh(box().vertices, box().faces[:, ::-1])
    assert common_volume_iou(inwards, box()) == 1


def test_an_open_mesh_is_closed_over_its_hole():
    without_one_face = rrb.Mesh(icosphere(3, 0.5).vertices, icosphere(3, 0.5).faces[1:])
    assert common_volume_iou(without_one_face, icosphere(3, 0.5)) > 0.99


def test_what_has_no_inside_has_no_volume_to_compare():
    """Nor have two sides of a sheet; a speck has, however large what it is compared with."""
    speck = box((0.1, 0.1, 0.1))
    assert shape_scores(plane(), plane(), **FEW).volume_iou is None
    assert shape_scores(box(), plane(), **FEW).volume_iou is None
    assert shape_scores(box(), speck, **FEW).volume_iou == pytest.approx(0.001, rel=0.5)
    assert shape_scores(plane(), box(), **FEW).volume_iou == 0
    assert shape_scores(speck, box(), **FEW).volume_iou < 0.01


@pytest.mark.parametrize("extent", [0.5, 2.0])
def test_chamfer_of_parallel_planes_is_their_distance(extent):
    """In units of the true one."""
    sheet = plane((extent, extent))
    scores = shape_scores(moved(sheet, [0, 0.1, 0]), sheet, **FEW)
    assert scores.chamfer == pytest.approx(0.1 / extent)


def test_chamfer_counts_both_ways_alike():
    """A small plane lies within a large one: from it nothing is missing, to it much is."""
    small, large = plane((0.1, 1.0)), plane((1.0, 1.0))
    one, other = shape_scores(small, large, n_points=5000), shape_scores(large, small, n_points=5000)
    # Across a margin 0.45 wide on both sides the distance grows evenly: 0.9 of the area is 0.225 away.
    assert one.chamfer == pytest.approx(0.9 * 0.225 / 2, rel=0.05)
    assert other.chamfer == pytest.approx(one.chamfer, rel=1e-9)
    assert other.f_score == pytest.approx(one.f_score, rel=1e-9)


def test_f_score_is_the_harmonic_mean_of_the_shares_that_are_close():
    small, large = plane((0.1, 1.0)), plane((1.0, 1.0))
    scores = shape_scores(small, large, n_points=5000, at=0.05)
    share = 0.1 + 2 * 0.05  # of the large plane; all of the small one
    assert scores.f_score == pytest.approx(2 * share / (1 + share), rel=0.05)
    assert shape_scores(moved(small, [0, 0.06, 0]), large, n_points=5000, at=0.05).f_score == 0


@pytest.mark.parametrize("factor", [1e-3, 1000.0])
def test_units_do_not_matter(factor):
    found, true = icosphere(2, 0.4), box((1, 0.7, 0.8))
    there = shape_scores(found.transformed(scale=factor), true.transformed(scale=factor), **FEW)
    here = shape_scores(found, true, **FEW)
    assert there.volume_iou == pytest.approx(here.volume_iou, abs=2e-3)
    assert there.chamfer == pytest.approx(here.chamfer, rel=1e-6)
    assert there.f_score == pytest.approx(here.f_score, abs=2e-3)


def test_the_unit_is_the_true_mesh_s():
    found, true = icosphere(2, 0.25), icosphere(2, 1.0)
    one, other = shape_scores(found, true, **FEW).chamfer, shape_scores(true, found, **FEW).chamfer
    assert other == pytest.approx(4 * one)


def test_one_seed_gives_the_same_and_another_nearly():
    found, true = icosphere(2, 0.4), box()
    first, again, other = (shape_scores(found, true, seed=seed, **FEW) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert other.chamfer == pytest.approx(first.chamfer, rel=0.05)


def test_tensors_are_taken():
    torch = pytest.importorskip("torch")
    mesh = rrb.Mesh(torch.tensor(box().vertices, requires_grad=True), torch.tensor(box().faces))
    scores = shape_scores(mesh, mesh, **FEW)
    assert (scores.volume_iou, scores.f_score) == (1, 1)
    assert scores.chamfer < 1e-12


# --- input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"n_points": 0}, "the number of points is 0"),
        ({"n_points": 1.5}, "the number of points is 1.5"),
        ({"at": 0}, "close is 0"),
        ({"at": math.nan}, "close is nan"),
    ],
)
def test_settings_that_mean_nothing_are_refused(options, sentence):
    with pytest.raises(BadInputError, match=sentence):
        shape_scores(box(), box(), **options)


@pytest.mark.parametrize(
    "corners",
    [((0, 0, 0), (1, -1, 1)), ((0, 0, math.nan), (1, 1, 1)), ((0, 0), (1, 1)), ((0, 0, 0), (1, 1, math.inf))],
)
def test_what_is_no_box_is_refused(corners):
    with pytest.raises(BadInputError, match="box"):
        box_iou(*UNIT, *corners)


@pytest.mark.parametrize("vertices", [np.zeros((0, 3)), np.zeros((4, 2)), np.full((2, 3), np.nan)])
def test_what_are_no_vertices_are_refused(vertices):
    with pytest.raises(BadInputError, match="the found vertices"):
        box_ious(vertices, random_pose(0), LONG, random_pose(0))

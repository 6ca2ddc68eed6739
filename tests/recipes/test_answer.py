"""From fits to what is handed out: covariance, rivals, sizes and doubts, each against its definition."""

import math
from dataclasses import replace

import numpy as np
import pytest

import rrb
from rrb.fitting.fit import fit
from rrb.geometry.primitives import box, icosphere
from rrb.networks.viewpoint import Mode
from rrb.recipes import answer
from rrb.recipes.answer import Candidate

CAMERA = rrb.Camera.from_fov(45, width=128, height=96)
MODE = Mode(0.0, 0.0, 0.0, 1.0, (3.0, 3.0, 3.0))


def odd():
    """Like no turn of itself, its box's middle away from its origin."""
    parts = [
        ((0.8, 0.2, 0.5), (0, 0, 0)),
        ((0.2, 0.7, 0.2), (0.3, 0.4, 0.1)),
        ((0.5, 0.1, 0.2), (-0.3, 0, -0.3)),
    ]
    meshes = [box(size).with_vertices(box(size).vertices + at) for size, at in parts]
    return rrb.Mesh.concatenated(meshes)


def seen(mesh, pose):
    return rrb.render(mesh, pose, CAMERA).fragments.covered.astype(np.float32)


def fitted(mesh, pose, variables=("azimuth", "elevation", "roll", "translation")):
    return fit(mesh, seen(mesh, pose), CAMERA, init=pose, variables=variables)


POSE = rrb.Pose.from_viewpoint(35.0, 25.0, 8.0, distance_m=2.4, ray_camera=(0.08, -0.05, 1.0))


def test_angles_and_a_rotation_vector_give_one_covariance():
    mesh = odd()
    made = answer.measured(mesh, POSE, None)
    by_angles = answer.covariance_of(fitted(mesh, POSE), made)
    by_vector = answer.covariance_of(fitted(mesh, POSE, ("rotation", "translation")), made)
    spread = np.sqrt(np.diagonal(by_vector))
    ours, theirs = (c / np.outer(spread, spread) for c in (by_angles, by_vector))
    common = np.trace(ours) / 6  # how much residuals scatter is measured anew by each fit
    assert 0.8 < common < 1.25
    np.testing.assert_allclose(ours / common, theirs, atol=0.02)


def test_the_covariance_is_of_the_middle_of_the_mesh_in_its_size():
    # Drawn perturbations of the canonical pose, carried over one by one, scatter as the covariance says.
    mesh, rng = odd(), np.random.default_rng(0)
    result = fitted(mesh, POSE, ("rotation", "translation"))
    result = replace(result, covariance=1e-6 * np.diag([1, 2, 3, 4, 5, 6.0]) + 5e-7)
    made = answer.measured(mesh, POSE, 1.7)
    said = answer.covariance_of(result, made)
    steps = rng.multivariate_normal(np.zeros(6), result.covariance, 40_000)
    nominal = answer.resized(POSE, made.size, made.middle)
    found = []
    for step in steps[:4000]:
        other = answer.resized(POSE.step(step), made.size, made.middle)
        turn = (other @ nominal.inverse()).log()[:3]
        found.append(np.concatenate([turn, other.translation - nominal.translation]))
    scatter = np.cov(np.array(found).T)
    spread = np.sqrt(np.diagonal(said))
    np.testing.assert_allclose(scatter / np.outer(spread, spread), said / np.outer(spread, spread), atol=0.08)


def test_a_resized_pose_draws_the_same():
    mesh = odd()
    made = answer.measured(mesh, POSE, 1.7)
    before, after = seen(mesh, POSE), seen(made.mesh, made.camera_from_object)
    assert (before != after).mean() < 1e-3
    np.testing.assert_allclose(made.mesh.bounding_box().sum(0), 0, atol=1e-12)
    assert answer.overlap(made, CAMERA, before, None) > 0.99


def test_the_overlap_is_that_of_what_is_handed_out_and_only_where_it_is_known():
    mesh = odd()
    made, mask = answer.measured(mesh, POSE, None), seen(mesh, POSE)
    half = mask.copy()
    half[:, : mask.shape[1] // 2] = 0
    hidden = np.zeros_like(mask)
    hidden[:, : mask.shape[1] // 2] = 1
    told = answer.overlap(made, CAMERA, half, hidden)
    assert told > 0.97
    assert answer.overlap(made, CAMERA, half, None) < 0.9 * told


def candidate(mesh, pose, score):
    return Candidate(MODE, pose, fitted(mesh, pose), score)


def test_turns_that_look_the_same_are_one_answer():
    table = box((1.0, 0.4, 0.6))
    turned = [rrb.Pose.from_viewpoint(a, 25.0, distance_m=2.4) for a in (35.0, -145.0)]
    kept = answer.distinct(
        table, [candidate(table, p, math.log(w)) for p, w in zip(turned, (0.6, 0.4), strict=True)]
    )
    assert len(kept) == 1
    assert "1/2 of a turn" in kept[0].symmetry
    assert kept[0].score == pytest.approx(0.0)  # 0.6 and 0.4
    assert kept[0].fit.camera_from_object.distance(turned[0])[0] < 1.0


def test_turns_that_look_different_stay_apart():
    mesh = odd()
    poses = [rrb.Pose.from_viewpoint(a, 25.0, distance_m=2.4) for a in (35.0, -145.0)]
    kept = answer.distinct(mesh, [candidate(mesh, p, s) for p, s in zip(poses, (-1.0, 0.0), strict=True)])
    assert [one.score for one in kept] == [0.0, -1.0]


def test_two_starts_that_end_at_one_place_are_one_answer():
    mesh = odd()
    kept = answer.distinct(mesh, [candidate(mesh, POSE, 0.0), candidate(mesh, POSE, -0.5)])
    assert len(kept) == 1
    assert kept[0].symmetry is None


def test_each_hypothesis_stands_at_the_height_that_was_said():
    mesh = odd()
    poses = [rrb.Pose.from_viewpoint(a, e, distance_m=2.4) for a, e in ((35.0, 25.0), (-100.0, 45.0))]
    found = [candidate(mesh, pose, score) for pose, score in zip(poses, (0.0, -1.0), strict=True)]
    made = answer.measured(mesh, found[0].fit.camera_from_object, 1.7)
    for told in answer.hypotheses(found, made, mesh, 1.7):
        pose, low = told.camera_from_object, told.scale * made.mesh.bounding_box()[0, 1]
        assert pose.camera_centre_object[1] - low == pytest.approx(1.7, rel=1e-6)


def test_a_level_view_says_little_of_the_size():
    mesh = icosphere(3, 0.3)
    deviations = []
    for elevation in (2.0, 30.0):
        pose = rrb.Pose.from_viewpoint(0.0, elevation, distance_m=2.4)
        made = answer.measured(mesh, pose, 1.0)
        deviations.append(answer.size_deviation(made, 1e-4 * np.eye(6)))
    assert deviations[0] > 2 * deviations[1]
    nothing = answer.measured(mesh, pose, None)
    assert answer.size_deviation(nothing, np.eye(6)) is None


def test_every_doubt_is_said_and_the_gravest_first():
    mesh = odd()
    one = candidate(mesh, POSE, 0.0)
    made = answer.measured(mesh, POSE, 1.7)

    def doubt(found=(one,), iou=0.9, loose=0.05, share=0.9, lowered=False, made=made):
        return answer.doubts(found, made, iou, loose, share, lowered)

    assert doubt() is None
    assert doubt(share=None) is None
    assert "overlap by 50 %" in doubt(iou=0.5)
    rival = replace(one, score=-0.5)
    assert "2 different views" in doubt(found=(one, rival))
    assert doubt(found=(one, replace(one, score=-1.5))) is None
    assert "40 %" in doubt(share=0.4)
    assert "nowhere sure" in doubt(lowered=True)
    assert "30 %" in doubt(loose=0.3)
    below = answer.measured(mesh, rrb.Pose.from_viewpoint(0, -60, distance_m=2.4), 1.0)
    assert "below" in doubt(made=below)
    assert "overlap" in doubt(found=(one, rival), iou=0.5, share=0.1)

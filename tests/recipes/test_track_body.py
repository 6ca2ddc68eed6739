"""One object against one mask: search, fit, correction; and what hides it."""

import numpy as np
import pytest

from rrb.geometry.pose import Pose
from rrb.recipes._track_body import Body, usable
from rrb.recipes._track_hiding import grown, hidden_by_others, missing
from rrb.recipes._track_motion import difference
from track_films import boxes, chair, film, stool

SEEN = film([chair()], frames=6)


def truth(n: int) -> Pose:
    return SEEN.world_from_camera[n].inverse()


def test_a_correction_by_its_own_drawing_brings_a_pose_nearer():
    body = Body(SEEN.meshes[0], SEEN.camera)
    plain, corrected = [], []
    for n, (mask,) in enumerate(SEEN.masks):
        fit = body.fitted(mask, None, truth(n))
        plain.append(difference(fit.camera_from_object, truth(n)))
        corrected.append(difference(body.polished(fit, None, 2).camera_from_object, truth(n)))
    assert np.square(corrected)[:, :3].sum() < 0.6 * np.square(plain)[:, :3].sum()


def test_a_search_finds_the_pose_among_few():
    body = Body(SEEN.meshes[0], SEEN.camera)
    found = body.searched(SEEN.masks[0][0], None)
    assert 1 <= len(found) <= 5
    assert found[0].camera_from_object.distance(truth(0))[0] < 1.5
    assert sum(fit.weight for fit in found) == pytest.approx(1.0, abs=1e-6)


def test_masks_without_a_contour_show_nothing():
    camera = SEEN.camera
    shape = camera.height_px, camera.width_px
    speck = np.zeros(shape)
    speck[5, 5] = 1
    for mask in (None, np.zeros(shape), np.ones(shape), speck, np.zeros(shape, bool)):
        assert usable(mask, camera) is None
    assert usable(SEEN.masks[0][0] > 0.5, camera) is not None


# --- hiding -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [0, 1, 3])
def test_growing_is_that_of_every_pixel(by):
    inside = np.random.default_rng(0).random((20, 23)) > 0.95
    wanted = np.zeros_like(inside)
    for row, column in np.argwhere(inside):
        wanted[max(row - by, 0) : row + by + 1, max(column - by, 0) : column + by + 1] = True
    assert np.array_equal(grown(inside, by), wanted)


def test_nothing_is_missing_where_a_pose_is_a_little_off():
    body = Body(SEEN.meshes[0], SEEN.camera)
    assert missing(SEEN.masks[1][0], None, body.drawn(truth(0)))[0] == 0


def test_a_half_that_is_missing_is_measured():
    body = Body(SEEN.meshes[0], SEEN.camera)
    mask = SEEN.masks[0][0].copy()
    columns = np.nonzero(mask)[1]
    cut = int(np.median(columns))
    mask[:, :cut] = 0
    share, unknown = missing(mask, None, body.drawn(truth(0)))
    assert 0.4 < share < 0.6
    assert unknown[SEEN.masks[0][0] > mask].mean() > 0.95
    assert unknown[mask > 0].mean() < 0.2


def test_the_nearer_of_two_hides_the_other():
    wall = boxes(((-0.3, -0.6, -0.05), (0.3, 0.6, 0.05)))
    both = film([wall, stool()], places=[(0.9, 0.4), (0.0, 0.0)], frames=1)
    bodies = [Body(mesh, both.camera) for mesh in both.meshes]
    poses = [both.world_from_camera[0].inverse() @ both.world_from_objects[k] for k in range(2)]
    drawn = [body.drawn(pose) for body, pose in zip(bodies, poses, strict=True)]
    assert ((drawn[0] > 0) & (drawn[1] > 0)).sum() > 50  # or nothing is tested
    middles = [float(pose.translation[2]) for pose in poses]
    near = int(np.argmin(middles))
    assert hidden_by_others(near, both.masks[0], drawn, middles) is None
    unknown = hidden_by_others(1 - near, both.masks[0], drawn, middles)
    assert (unknown >= both.masks[0][near]).all()

"""What masks from all around leave of an object: its visual hull, no more than the pixels let it be known."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from rrb import Camera, Mesh, Pose, render
from rrb.errors import BadInputError
from rrb.fitting._carving_kernel import signed_distances
from rrb.fitting.carving import Hull, carved
from scenes import icosphere

CAMERA = Camera.from_fov(40.0, width=120, height=100)
HALF = np.array([0.3, 0.5, 0.2])
PIXEL_M = 3.0 / float(CAMERA.fx_px)  # of a pixel, where the object stands


def egg():
    """An ellipsoid with these half axes: its hull from many sides is itself, which a box's is not."""
    vertices, faces = icosphere(3)
    return Mesh(vertices * HALF, faces)


def around(count=24):
    """Poses of what stands before a camera going around it, and above it once."""
    poses = [
        Pose.from_viewpoint(360.0 * k / count, 20.0 * np.sin(2.0 * k), distance_m=3.0) for k in range(count)
    ]
    return [*poses, Pose.from_viewpoint(10.0, 80.0, distance_m=3.0)]


def seen(mesh, poses):
    return [render(mesh, pose, CAMERA).fragments.covered for pose in poses]


def test_distances_are_those_to_the_nearest_pixel_of_the_other_kind():
    mask = np.random.default_rng(0).random((40, 53)) < 0.02
    mask[10:30, 12:40] ^= True
    found = np.empty(mask.shape, np.float32)
    signed_distances(mask, 24.0, found)
    expected = np.where(mask, distance_transform_edt(mask) - 0.5, 0.5 - distance_transform_edt(~mask))
    np.testing.assert_allclose(found, np.clip(expected, -24.0, 24.0), atol=1e-5)


def test_a_mask_that_is_full_or_empty_is_as_far_inside_or_outside_as_is_told():
    found = np.empty((5, 6), np.float32)
    signed_distances(np.ones((5, 6), bool), 24.0, found)
    assert (found == 24.0).all()
    signed_distances(np.zeros((5, 6), bool), 24.0, found)
    assert (found == -24.0).all()


def test_an_egg_comes_out_as_large_as_it_is():
    poses = around()
    found = carved(seen(egg(), poses), CAMERA, poses, -HALF - 0.2, HALF + 0.2, spared=0.0)
    low, high = found.bounding_box()
    np.testing.assert_allclose(low, -HALF, atol=0.75 * PIXEL_M)
    np.testing.assert_allclose(high, HALF, atol=0.75 * PIXEL_M)


def test_what_is_left_casts_the_same_silhouettes():
    poses = around()
    masks = seen(egg(), poses)
    found = carved(masks, CAMERA, poses, -HALF - 0.2, HALF + 0.2, spared=0.0)
    for mask, drawn in zip(masks, seen(found, poses), strict=True):
        assert (mask & drawn).sum() / (mask | drawn).sum() > 0.95


def test_nothing_is_carved_where_something_hides_the_object():
    poses = around()
    masks, hidden = seen(egg(), poses), []
    for k, mask in enumerate(masks):
        half = np.zeros_like(mask)
        half[:, : 60 if k % 2 else 0] = True
        hidden.append(half)
        masks[k] = mask & ~half
    low, high = -HALF - 0.2, HALF + 0.2
    found = carved(masks, CAMERA, poses, low, high, unknown=hidden, spared=0.0)
    np.testing.assert_allclose(found.bounding_box()[1], HALF, atol=1.5 * PIXEL_M)
    with pytest.raises(BadInputError, match="nowhere above"):
        carved(masks, CAMERA, poses, low, high, spared=0.0)


def test_one_mask_that_contradicts_all_others_is_not_believed():
    poses = around(60)
    masks = seen(egg(), poses)
    masks[3] = np.zeros_like(masks[3])
    masks[3][:10, :10] = True
    found = carved(masks, CAMERA, poses, -HALF - 0.2, HALF + 0.2, spared=1 / len(masks))
    np.testing.assert_allclose(found.bounding_box()[1], HALF, atol=1.5 * PIXEL_M)
    with pytest.raises(BadInputError, match="nowhere above"):
        carved(masks, CAMERA, poses, -HALF - 0.2, HALF + 0.2, spared=0.0)


def test_what_no_camera_sees_is_not_there():
    hull = Hull(seen(egg(), around(2)), CAMERA, around(2), [None] * 3, 0.0)
    far = np.array([[0.0, 40.0, 0.0], [0.0, 0.0, 0.0]])
    values = hull(far)
    assert values[0] < -1.0 < 0.0 < values[1]


def test_units_and_frame_are_the_poses():
    """Twice as large and twice as far away looks the same and comes out twice as large."""
    poses = around()
    masks = seen(egg(), poses)
    one = carved(masks, CAMERA, poses, -HALF - 0.2, HALF + 0.2, resolution=32)
    far = [Pose(pose.rotation, 2 * pose.translation) for pose in poses]
    two = carved(masks, CAMERA, far, -2 * HALF - 0.4, 2 * HALF + 0.4, resolution=32)
    np.testing.assert_allclose(two.bounding_box(), 2 * np.asarray(one.bounding_box()), atol=1e-4)


@pytest.mark.parametrize(
    ("masks", "poses", "said"),
    [([], [], "0 masks and 0 poses"), ([np.ones((100, 120))], around(3), "1 masks and 4 poses")],
)
def test_masks_without_poses_are_refused(masks, poses, said):
    with pytest.raises(BadInputError, match=said):
        carved(masks, CAMERA, poses, -HALF, HALF)


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(BadInputError, match=r"\(50, 50\)"):
        carved([np.ones((50, 50))], CAMERA, around(0), -HALF, HALF)

"""Contact sheets: axes end where projection says, tiles are as large as they say."""

import numpy as np
import pytest

from plain_scenes import CAMERA, ODD_CAMERA, corner, scene_of, seen_from
from rrb.data import fast
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.viz.pictures import ORANGE
from rrb.viz.sheet import AXES, sheet, tile

GREY = np.full((80, 112, 3), 128, np.uint8)
EXTENTS = np.array([1.0, 0.6, 1.4])
VIEW = seen_from((1.2, 0.9, -2.4))  # sees the object's front and its +x side


def pixels_of(picture, colour, tolerance=40):
    """(N, 2): centres x, y of the pixels of about that colour."""
    rows, columns = np.nonzero(np.abs(picture.astype(int) - colour).max(2) < tolerance)
    return np.stack([columns, rows], 1) + 0.5


def expected_ends(camera, pose, zoom):
    ends = np.diag(0.5 * EXTENTS) * [1, 1, -1]
    return zoom * camera.project(pose.apply(np.vstack([[0, 0, 0], ends])))[:, :2]


@pytest.mark.parametrize("side_px", [112, 200, 448, 70])
def test_axes_end_where_projection_says(side_px):
    made = tile(GREY, side_px, camera=ODD_CAMERA, camera_from_object=VIEW, extents_m=EXTENTS)
    start, *ends = expected_ends(ODD_CAMERA, VIEW, side_px / 112)
    for end, colour in zip(ends, AXES, strict=True):
        drawn = pixels_of(made, colour)
        assert len(drawn) > 10
        assert np.linalg.norm(drawn - end, axis=1).min() < 2.5
        along = (end - start) / np.linalg.norm(end - start)
        across = (drawn - start) @ [-along[1], along[0]]
        assert np.abs(across).max() < 2.5
        assert ((drawn - start) @ along).max() < np.linalg.norm(end - start) + 2.5


def test_green_is_up_red_is_x_and_blue_is_the_front():
    """Seen from the front, a little from above and from +x: the front comes towards the camera and down."""
    made = tile(GREY, 224, camera=ODD_CAMERA, camera_from_object=VIEW, extents_m=EXTENTS)
    origin = expected_ends(ODD_CAMERA, VIEW, 2.0)[0]
    red, green, blue = (pixels_of(made, colour).mean(0) - origin for colour in AXES)
    assert green[1] < -5
    assert blue[1] > 5
    # From the front +x lies on the left.
    assert red[0] < -5
    front = VIEW.apply(np.array([0.0, 0.0, -0.7]))
    assert front[2] < VIEW.translation[2]


def test_an_axis_that_ends_behind_the_camera_is_not_drawn():
    close = Pose.look_at([0.0, 0.0, -0.5])  # within the object: the front axis ends behind
    made = tile(GREY, 112, camera=ODD_CAMERA, camera_from_object=close, extents_m=EXTENTS)
    assert len(pixels_of(made, AXES[2], 10)) < 10
    assert len(pixels_of(made, AXES[0])) > 10
    # Of an object whose origin is behind the camera nothing is drawn, though an axis may end in front.
    for distance in (-0.3, 0.0):
        behind = Pose.look_at([0.0, 0.0, distance], [0.0, 0.0, distance - 1.0])
        made = tile(GREY, 112, camera=ODD_CAMERA, camera_from_object=behind, extents_m=EXTENTS)
        assert all(len(pixels_of(made, colour)) == 0 for colour in AXES)


def test_nothing_is_drawn_of_what_is_not_known():
    for known in ({}, {"camera": ODD_CAMERA}, {"camera": ODD_CAMERA, "camera_from_object": VIEW}):
        assert (tile(GREY, 112, **known) == 128).all()


@pytest.mark.parametrize("size", [(80, 112), (112, 80), (50, 50), (700, 300)])
@pytest.mark.parametrize("side_px", [64, 128, 301])
def test_a_tile_is_as_wide_as_it_says(size, side_px):
    picture = np.full((*size, 3), 100, np.uint8)
    made = tile(picture, side_px)
    height, width = round(size[0] * side_px / max(size)), round(size[1] * side_px / max(size))
    assert made.shape == (height, side_px, 3)
    assert made.dtype == np.uint8
    assert (made[:, : width - 1] == 100).all()
    assert (made[:, width + 1 :] == 255).all()
    captioned = tile(picture, side_px, caption="chair-1")
    assert captioned.shape[0] > height
    assert captioned[height:].min() < 128  # its letters
    np.testing.assert_array_equal(captioned[:height], made)


@pytest.mark.parametrize("camera", [CAMERA, ODD_CAMERA], ids=["plain", "odd"])
def test_the_contour_of_the_mask_lies_on_the_object(camera):
    scene = scene_of(camera=camera, view=VIEW)
    picture = fast.draw(scene, {"thing": corner()})
    side = 4 * max(camera.width_px, camera.height_px)
    made = tile(np.zeros_like(picture.image), side, mask=picture.mask)
    line = pixels_of(made, ORANGE, 30) / 4
    assert len(line) > 100
    # Between which pixels the mask changes.
    rows, columns = np.nonzero(np.diff(picture.mask, axis=0))
    level = np.stack([columns + 0.5, rows + 1.0], 1)
    rows, columns = np.nonzero(np.diff(picture.mask, axis=1))
    border = np.concatenate([level, np.stack([columns + 1.0, rows + 0.5], 1)])
    distance = np.linalg.norm(line[:, None] - border, axis=2)
    assert distance.min(1).max() < 1.2
    assert distance.min(1).mean() < 0.4
    assert (distance.min(0) < 1.2).mean() > 0.6  # where it runs aslant its colour is mixed


def test_a_box_is_drawn_from_outer_corners():
    made = tile(GREY, 224, box_px=(10, 20, 50.5, 60))
    drawn = pixels_of(made, (230, 159, 0), 5)
    np.testing.assert_allclose(drawn.min(0), [20, 40], atol=1)
    np.testing.assert_allclose(drawn.max(0), [101, 120], atol=1)


# --- many -------------------------------------------------------------------------------------------


def test_a_sheet_holds_every_tile_unchanged():
    tiles = [np.full((20 + 3 * (k % 4), 30, 3), 10 + 10 * k, np.uint8) for k in range(11)]
    made = sheet(tiles, columns=4)
    for k, one in enumerate(tiles):
        rows, columns = np.nonzero((made == 10 + 10 * k).all(2))
        assert np.ptp(rows) + 1 == one.shape[0]
        assert np.ptp(columns) + 1 == 30
        assert len(rows) == one.shape[0] * 30
    first = [np.argwhere((made == 10 + 10 * k).all(2))[0] for k in range(11)]
    assert all(first[k][0] == first[0][0] for k in range(4))  # four in the first row, from left to right
    assert [f[1] for f in first[:4]] == sorted(f[1] for f in first[:4])
    assert first[4][0] > first[0][0] + 28  # below the highest of the first row
    assert first[4][1] == first[0][1]
    assert made.dtype == np.uint8


@pytest.mark.parametrize("count", [1, 3, 8, 9])
def test_a_sheet_is_no_wider_than_its_tiles(count):
    made = sheet([np.zeros((10, 16, 3), np.uint8)] * count)
    columns, rows = min(count, 8), -(-count // 8)
    assert 16 * columns <= made.shape[1] <= 16 * columns + 4 * (columns + 1)
    assert 10 * rows <= made.shape[0] <= 10 * rows + 4 * (rows + 1)
    assert (made == 0).all(2).sum() == count * 160


def test_a_tile_of_a_small_picture_is_enlarged_in_place():
    """The axes of a 20-pixel thumbnail: where those of the large picture are."""
    small = Camera.from_fov(40, width=20, height=20)
    made = tile(
        np.full((20, 20, 3), 128, np.uint8), 200, camera=small, camera_from_object=VIEW, extents_m=EXTENTS
    )
    end = expected_ends(small, VIEW, 10.0)[2]
    assert np.linalg.norm(pixels_of(made, AXES[1]) - end, axis=1).min() < 2.5

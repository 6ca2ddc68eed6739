"""The observed contour: where it lies, which way it faces, what of it is nearest, and the window around it."""

import math

import numpy as np
import pytest

import rrb
from rrb.fitting.observed import CELL_PX, observe

CAMERA = rrb.Camera(120.0, 110.0, 45.0, 33.0, 96, 80)
SIZE = (CAMERA.height_px, CAMERA.width_px)
Y, X = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5  # centres
FINE = 16
DIRECTIONS = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])  # that the four maps of `far` are for


def share(inside, size=SIZE):
    """(H, W): the share of each pixel where inside(x, y) holds."""
    y, x = (np.mgrid[: size[0] * FINE, : size[1] * FINE] + 0.5) / FINE
    return inside(x, y).reshape(size[0], FINE, size[1], FINE).mean((1, 3)).astype(np.float32)


def of(mask, unknown=None, camera=CAMERA):
    unknown = None if unknown is None else np.asarray(unknown, np.float32)
    return observe(np.asarray(mask, np.float32), unknown, camera)


def in_picture(observed, camera=CAMERA):
    """(N, 2): the contour's points in pixels of the whole picture, by way of the rays that they lie on."""
    return camera.project(observed.camera.unproject(observed.points, 1.0))[:, :2]


def disc(radius=20.3, x=47.2, y=40.6):
    return lambda px, py: (px - x) ** 2 + (py - y) ** 2 < radius**2


def blob(seed):
    """Some discs together, with holes and dents; whole pixels."""
    random = np.random.default_rng(seed)
    mask = np.zeros(SIZE, bool)
    for _ in range(8):
        x, y = random.uniform([25, 22], [70, 58])
        mask ^= disc(random.uniform(4, 14), x, y)(X, Y)
    return mask


# --- where it lies --------------------------------------------------------------------------------


def half_way(mask, known=True):
    """The places between two known pixels that differ, sorted."""
    known = np.broadcast_to(known, mask.shape)
    across = (mask[:, 1:] != mask[:, :-1]) & known[:, 1:] & known[:, :-1]
    down = (mask[1:] != mask[:-1]) & known[1:] & known[:-1]
    places = [(c + 1, r + 0.5) for r, c in np.argwhere(across)]
    return sorted(places + [(c + 0.5, r + 1) for r, c in np.argwhere(down)])


def found_at(observed):
    return sorted(map(tuple, in_picture(observed).round(6)))


@pytest.mark.parametrize("mask", [*map(blob, range(3)), disc()(X, Y)], ids=range(4))
def test_points_of_a_binary_mask_lie_half_way_between_pixels_that_differ(mask):
    np.testing.assert_allclose(found_at(of(mask)), half_way(mask), atol=1e-5)


@pytest.mark.parametrize("degrees", [0, 15, 38, 61, 90, 107, 135, 161, 180, 200, 245, 270, 305, 340])
def test_points_of_a_half_plane_lie_on_its_line(degrees):
    """Between a pixel's share and the next one's the level of a half is at most 0.0858 px off: a pixel's share a
    says that the line is a from its side, the level that it is 1.5 - 1 / 2a."""
    nx, ny = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    offset = 48 * nx + 40 * ny + 0.37
    observed = of(share(lambda x, y: nx * x + ny * y < offset))
    assert len(observed.points) > 60
    off = in_picture(observed) @ [nx, ny] - offset
    assert np.abs(off).max() < 0.09
    assert degrees % 90 == 0 or abs(off.mean()) < 0.01
    # The picture's border bends the blur of the two pixels beside it.
    inner = (np.abs(in_picture(observed) - [48, 40]) < [45, 37]).all(1)
    assert (observed.normals[inner] @ [nx, ny] > math.cos(math.radians(1.5))).all()


@pytest.mark.parametrize("radius", [6.4, 12.1, 20.3, 31.7])
@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_points_and_normals_of_a_disc_are_radial(radius, kind):
    inside = disc(radius)
    observed = of(share(inside) if kind == "soft" else inside(X, Y))
    arms = in_picture(observed) - [47.2, 40.6]
    distance = np.linalg.norm(arms, axis=1)
    # Half a pixel along x or y is at most half a pixel along the normal.
    assert np.abs(distance - radius).max() < (0.1 if kind == "soft" else 0.5)
    cosine = (arms / distance[:, None] * observed.normals).sum(1)
    off = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    assert np.median(off) < (1 if kind == "soft" else 4)
    assert (off > 15).sum() <= 8  # where a line of pixels only touches it
    np.testing.assert_allclose(np.linalg.norm(observed.normals, axis=1), 1, rtol=1e-12)
    # Every line of pixels through the disc is crossed twice.
    assert len(observed.points) == 2 * (np.ptp(observed.lines[observed.lines >= 0]) + 1) + 2 * (
        np.ptp(observed.lines[observed.lines < 0]) + 1
    )


@pytest.mark.parametrize("seed", range(3))
def test_normals_point_out_of_the_mask(seed):
    """Also of what is thinner than the blur."""
    thin = np.zeros(SIZE, bool)
    thin[30:50, 40 + seed] = thin[35 + seed, 20:70] = True
    for mask in (blob(seed), thin):
        observed = of(mask)
        on_row = observed.lines >= 0
        across = np.where(on_row[:, None], [1, 0], [0, 1])
        outside = in_picture(observed) + 0.25 * across * np.sign(observed.normals)
        column, row = np.floor(outside).astype(int).T
        assert not mask[row, column].any()


def test_each_point_names_its_row_or_column_and_whether_it_is_the_outermost():
    observed = of(blob(1))
    for line in np.unique(observed.lines):
        there = observed.lines == line
        axis = 0 if line >= 0 else 1
        along = observed.points[there, axis]
        number = line if line >= 0 else -1 - line
        np.testing.assert_allclose(observed.points[there, 1 - axis], number + 0.5)
        outermost = (along == along.min()) | (along == along.max())
        np.testing.assert_array_equal(observed.outer[there], outermost)


# --- what is no contour ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mask", "sides"),
    [
        (disc(20, 0, 40), "left"),
        (disc(20, 47, 0), "top"),
        (disc(20, 96, 40), "right"),
        (disc(20, 47, 80), "bottom"),
        (disc(20, 0, 0), "left top"),
        (disc(90, 96, 80), "top right bottom"),
        (disc(20, 47, 40), ""),
        (lambda x, y: x < 30, "left top bottom"),
        (lambda x, y: disc(20, 47, 20.0)(x, y), "top"),  # it only touches
    ],
)
def test_the_picture_s_border_is_no_contour(mask, sides):
    observed = of(mask(X, Y))
    np.testing.assert_allclose(found_at(observed), half_way(mask(X, Y)), atol=1e-5)
    found = [name for name, cut in zip(("left", "top", "right", "bottom"), observed.cut, strict=True) if cut]
    assert " ".join(found) == sides


def test_beside_what_is_unknown_is_no_contour():
    mask = disc()(X, Y)
    unknown = (X > 60) | (np.abs(Y - 35) < 3)
    observed = of(mask, unknown)
    assert 20 < len(observed.points) < len(of(mask).points)
    np.testing.assert_allclose(found_at(observed), half_way(mask, ~unknown), atol=1e-5)
    # Whatever the mask says there.
    for value in (0.0, 1.0, 0.3):
        other = of(np.where(unknown, value, mask), unknown)
        np.testing.assert_allclose(in_picture(other), in_picture(observed), atol=1e-12)
    assert observed.cut == (False, False, True, False)


def test_bits_tell_the_mask_and_what_is_known():
    mask, unknown = disc()(X, Y), X > 60
    observed = of(mask, unknown)
    x, y = np.floor(CAMERA.project(observed.camera.rays())[..., :2]).astype(int).T.swapaxes(1, 2)
    np.testing.assert_array_equal(observed.bits & 1, mask[y, x])
    np.testing.assert_array_equal(observed.bits & 2, 2 * ~unknown[y, x])


# --- the nearest ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_near_is_the_nearest_point(seed):
    """It is looked up three pixels around each point; farther than that, a point beyond may be nearer."""
    observed = of(blob(seed))
    height, width = observed.near.shape
    y, x = np.mgrid[:height, :width] + 0.5
    away = np.hypot(x[..., None] - observed.points[:, 0], y[..., None] - observed.points[:, 1])
    least = away.min(2)
    told = observed.near >= 0
    assert told[least < 3].all()
    assert not told[least > 5].any()
    found = np.take_along_axis(away, np.maximum(observed.near, 0)[..., None], 2)[..., 0]
    np.testing.assert_allclose(found[least < 3], least[least < 3], atol=1e-12)
    assert (found[told] < 5).all()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["all", "outer"])
def test_far_is_a_point_that_faces_there_and_nearly_the_nearest(seed, kind):
    """It is handed on from cell to cell, so another point may be a little nearer."""
    observed = of(blob(seed))
    rows, columns = observed.far.shape[1:]
    y, x = (np.mgrid[:rows, :columns] + 0.5) * CELL_PX
    away = np.hypot(x[..., None] - observed.points[:, 0], y[..., None] - observed.points[:, 1])
    for k, direction in enumerate(DIRECTIONS):
        found = observed.far[k + (4 if kind == "outer" else 0)]
        faces = observed.normals @ direction >= 0.38
        allowed = faces & observed.outer if kind == "outer" else faces
        assert allowed.any()
        assert allowed[found].all()
        told = np.take_along_axis(away, found[..., None], 2)[..., 0]
        farther = told - away[..., allowed].min(2)
        assert farther.mean() < CELL_PX / 2
        assert (farther > CELL_PX).mean() < 0.1
        assert farther.max() < 4 * CELL_PX


def test_where_nothing_faces_far_says_so():
    observed = of(share(lambda x, y: x < 50.0))
    assert (observed.far[0] >= 0).all()
    assert (observed.far[[1, 2, 3]] == -1).all()


# --- the window -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [96, 256, 700, 1024, 1600])
@pytest.mark.parametrize("place", ["middle", "corner"])
def test_the_window_keeps_the_rays(size, place):
    """Whatever is cut off and made smaller, points lie where the object's contour was in the picture."""
    camera = rrb.Camera(1.1 * size, size, 0.45 * size, 0.52 * size, size, size - 3)
    radius = 0.3 * size if place == "middle" else 0.08 * size
    x, y = (0.48 * size, 0.5 * size) if place == "middle" else (0.87 * size, 0.1 * size)
    py, px = np.mgrid[: size - 3, :size] + 0.5
    observed = of(disc(radius, x, y)(px, py), camera=camera)
    assert max(observed.bits.shape) <= 1.5 * 256
    shrunk = camera.fx_px / observed.camera.fx_px
    assert shrunk == pytest.approx(camera.fy_px / observed.camera.fy_px)
    away = np.linalg.norm(in_picture(observed, camera) - [x, y], axis=1) - radius
    assert np.abs(away).max() < max(0.5, 0.3 * shrunk)
    assert abs(away.mean()) < 0.1 * shrunk
    assert observed.bits.shape == (observed.camera.height_px, observed.camera.width_px)


def test_the_window_leaves_room_around_the_object():
    observed = of((np.abs(X - 47) < 6) & (np.abs(Y - 41) < 3))
    x0, y0, x1, y1 = observed.box
    assert (x1 - x0, y1 - y0) == (12, 6)
    assert observed.size_px == 12
    assert min(x0, y0) >= 6
    assert observed.bits.shape[1] - x1 >= 6
    assert observed.bits.shape[0] - y1 >= 6


@pytest.mark.parametrize("size", [128, 900])
def test_a_window_s_pixel_is_unknown_if_any_of_it_is(size):
    camera = rrb.Camera.from_focal_px(float(size), width=size, height=size)
    y, x = np.mgrid[:size, :size] + 0.5
    hidden = x > 0.61 * size
    mask = disc(0.3 * size, size / 2, size / 2)(x, y) & ~hidden
    observed = of(mask, hidden, camera)
    px = in_picture(observed, camera)[:, 0]
    assert (px < 0.61 * size).all()
    assert px.max() > 0.6 * size
    assert observed.cut == (False, False, True, False)

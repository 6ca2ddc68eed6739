"""Laws of exact visibility, and agreement with the readable oracle."""

import numpy as np
import pytest
import torch

import rrb
from rrb.errors import BadInputError, UnsupportedDeviceError
from rrb.raster import reference, topology
from scenes import ellipsoid_px, icosphere, project, rotation, soup_px

SQUARE = np.array([[0, 1, 2], [0, 2, 3]])


def covered(vertices, faces, size, **kw):
    return rrb.rasterize(np.asarray(vertices, float), np.asarray(faces), size, **kw).covered


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("size", [(23, 37), (1, 1), (40, 17)])
def test_equals_the_reference_on_random_triangles(size, seed):
    vertices, faces = soup_px(size, 30, seed)
    found = rrb.rasterize(vertices, faces, size)
    face_index, barycentric, inverse_depth = reference.fragments(vertices, faces, size)
    np.testing.assert_array_equal(found.face_index, face_index)
    np.testing.assert_allclose(found.barycentric, barycentric, atol=1e-9)
    np.testing.assert_allclose(found.inverse_depth, inverse_depth, rtol=1e-9)


def test_half_pixel_by_hand():
    """A square from (1, 1) to (3, 2) covers the pixels with centres (1.5, 1.5) and (2.5, 1.5): row 1."""
    found = covered([[1, 1, 1], [3, 1, 1], [3, 2, 1], [1, 2, 1]], SQUARE, (4, 5))
    expected = np.zeros((4, 5), bool)
    expected[1, 1:3] = True
    np.testing.assert_array_equal(found, expected)


def test_a_centre_on_an_edge_belongs_to_the_right_and_to_below():
    found = covered([[0.5, 0.5, 1], [2.5, 0.5, 1], [2.5, 2.5, 1], [0.5, 2.5, 1]], SQUARE, (4, 4))
    expected = np.zeros((4, 4), bool)
    expected[0:2, 0:2] = True
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("on_centres", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_a_tiling_covers_every_pixel_once(seed, on_centres, dtype):
    """A jittered grid of triangles, with corners on pixel centres or anywhere: no gap, no overlap."""
    rng = np.random.default_rng(seed)
    n, side = 9, 32
    x, y = np.meshgrid(np.linspace(-3.0, side + 3.0, n), np.linspace(-3.0, side + 3.0, n))
    xy = np.stack([x, y], -1) + rng.uniform(-1.2, 1.2, (n, n, 2))
    if on_centres:
        xy = np.round(xy) + 0.5
    vertices = np.concatenate([xy, np.ones((n, n, 1))], -1).reshape(-1, 3).astype(dtype)
    a = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    flip = rng.random(len(a)) < 0.5
    first = np.where(flip[:, None], np.stack([a, a + 1, a + n], -1), np.stack([a, a + 1, a + n + 1], -1))
    second = np.where(
        flip[:, None], np.stack([a + 1, a + n + 1, a + n], -1), np.stack([a, a + n + 1, a + n], -1)
    )
    faces = np.concatenate([first, second])
    count = sum(covered(vertices, face[None], (side, side)).astype(int) for face in faces)
    np.testing.assert_array_equal(count, 1)


def test_winding_does_not_matter_to_what_is_seen():
    vertices, faces = ellipsoid_px((40, 50))
    there, back = rrb.rasterize(vertices, faces, (40, 50)), rrb.rasterize(vertices, faces[:, ::-1], (40, 50))
    np.testing.assert_array_equal(there.face_index, back.face_index)


def test_of_equal_depths_the_first_face_is_seen():
    vertices = np.array([[0, 0, 2], [8, 0, 2], [0, 8, 2]] * 2, float)
    assert set(np.unique(rrb.rasterize(vertices, [[0, 1, 2], [3, 4, 5]], (8, 8)).face_index)) == {-1, 0}


def test_barycentric_gives_back_the_point_seen():
    """sum b_i P_i of the camera-frame corners projects onto the pixel's centre, at the depth reported."""
    size, focal = (48, 64), 70.0
    vertices, faces = ellipsoid_px(size, seed=3)
    found = rrb.rasterize(vertices, faces, size)
    x, y, z = vertices.T
    corners = np.stack([(x - 32) * z / focal, (y - 24) * z / focal, z], -1)[faces]
    points = np.einsum("hwi,hwij->hwj", found.barycentric, corners[found.face_index])
    rows, columns = np.nonzero(found.covered)
    seen = project(points[rows, columns], focal, size)
    np.testing.assert_allclose(seen[:, 0], columns + 0.5, atol=1e-8)
    np.testing.assert_allclose(seen[:, 1], rows + 0.5, atol=1e-8)
    np.testing.assert_allclose(1 / found.inverse_depth[rows, columns], seen[:, 2], rtol=1e-9)


def test_background_is_said():
    found = rrb.rasterize(np.array([[2.0, 2, 1], [4, 2, 1], [2, 4, 1]]), [[0, 1, 2]], (8, 8))
    outside = ~found.covered
    assert outside.any()
    assert (found.face_index[outside] == -1).all()
    assert (found.barycentric[outside] == 0).all()
    assert (found.inverse_depth[outside] == 0).all()


# --- the near plane -----------------------------------------------------------------------------------


def ground(near_edge_z):
    """A square on the plane y = 1 from z = near_edge_z to z = 10, in pixels (focal 20, centre (20, 20))."""
    corners = np.array([[-3.1, 1, near_edge_z], [3.1, 1, near_edge_z], [3.1, 1, 10], [-3.1, 1, 10]], float)
    return project(corners, 20.0, (40, 40))


@pytest.mark.parametrize("behind", [-5.0, -0.5, 0.01])
def test_a_plane_through_the_camera_fills_what_lies_in_front(behind):
    """Below the horizon of its far edge (y = 20 + 20 / 10 = 22) the ground is seen, between its sides."""
    found = covered(ground(behind), SQUARE, (40, 40), near=0.05)
    rows, columns = np.mgrid[:40, :40] + 0.5
    depth = 20.0 / np.maximum(rows - 20, 1e-9)
    expected = (rows > 22) & (np.abs((columns - 20) / 20 * depth) < 3.1) & (depth > max(0.05, behind))
    np.testing.assert_array_equal(found, expected)


def test_depth_of_a_clipped_plane_is_that_of_the_plane():
    found = rrb.rasterize(ground(-5.0), SQUARE, (40, 40), near=0.05)
    rows = np.nonzero(found.covered)[0]
    np.testing.assert_allclose(1 / found.inverse_depth[found.covered], 20.0 / (rows + 0.5 - 20), rtol=1e-9)


def test_clipping_equals_cutting_the_mesh_by_hand():
    """A soup around the camera, against the same soup cut at z = near in camera space, polygon by polygon."""
    rng, size, focal, near = np.random.default_rng(5), (32, 32), 20.0, 0.3
    points = rng.normal(size=(60, 3)) * [1, 1, 2]
    faces = rng.permutation(60).reshape(-1, 3)
    whole = covered(project(points, focal, size), faces, size, near=near)
    cut_points, cut_faces = [], []
    for face in faces:
        polygon = []
        for a, b in zip(points[face], np.roll(points[face], -1, axis=0), strict=True):
            if a[2] > near:
                polygon.append(a)
            if (a[2] > near) != (b[2] > near):
                polygon.append(a + (a[2] - near) / (a[2] - b[2]) * (b - a))
        for k in range(1, len(polygon) - 1):
            cut_faces.append(len(cut_points) + np.arange(3))
            cut_points += [polygon[0], polygon[k], polygon[k + 1]]
    by_hand = covered(project(np.array(cut_points), focal, size), cut_faces, size, near=1e-6)
    assert whole.any()
    assert not whole.all()
    np.testing.assert_array_equal(whole, by_hand)


def test_everything_behind_draws_nothing():
    vertices, faces = ellipsoid_px((20, 20))
    behind = vertices * [1, 1, -1]
    assert not covered(behind, faces, (20, 20)).any()


def test_the_default_near_plane_is_a_thousandth_of_the_range():
    """Range of depths 0.02..10.02: near is 0.01, so a triangle at 0.02 is drawn and one at 0.005 is not."""
    far = [[0, 0, 10.02], [1, 0, 10.02], [0, 1, 10.02]]
    for z, drawn in ((0.02, True), (0.005, False)):
        close = [[4, 4, z], [8, 4, z], [4, 8, z]]
        found = rrb.rasterize(np.array(far + close, float), [[0, 1, 2], [3, 4, 5]], (10, 10))
        assert (found.face_index == 1).any() == drawn


# --- awkward triangles ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_triangles(dtype):
    far = np.array([[-1e18, -1e18, 1], [1e18, -1e18, 1], [0, 1e18, 1]], dtype)
    assert covered(far, [[0, 1, 2]], (7, 9)).all()


def test_degenerate_triangles_draw_nothing():
    vertices = np.array([[1, 1, 1], [5, 5, 1], [3, 3, 1], [1, 1, 1]], float)
    assert not covered(vertices, [[0, 1, 2], [0, 3, 1], [2, 2, 2]], (8, 8)).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("axis", range(3))
def test_a_face_that_is_not_finite_is_left_out_and_no_other(bad, axis):
    vertices = np.array([[0, 0, 1], [8, 0, 1], [0, 8, 1], [1, 1, 0.5], [4, 1, 0.5], [1, 4, 0.5]], float)
    alone = rrb.rasterize(vertices[:3], [[0, 1, 2]], (8, 8), near=0.1)
    vertices[4, axis] = bad
    both = rrb.rasterize(vertices, [[0, 1, 2], [3, 4, 5]], (8, 8), near=0.1)
    np.testing.assert_array_equal(both.face_index, alone.face_index)


def test_no_faces_and_no_images():
    assert not covered(np.zeros((0, 3)), np.zeros((0, 3), int), (4, 4)).any()
    assert rrb.rasterize(np.zeros((0, 3, 3)), [[0, 1, 2]], (4, 4)).face_index.shape == (0, 4, 4)


def test_slivers_keep_weights_and_depths_within_their_corners():
    rng = np.random.default_rng(0)
    start, along = rng.uniform(0, 30, (400, 2)), rng.uniform(-20, 20, (400, 2))
    xy = np.stack([start, start + along, start + along * 0.5 + rng.normal(size=(400, 2)) * 1e-7], 1)
    z = rng.uniform(1, 9, (400, 3, 1))
    vertices = np.concatenate([xy, z], -1).reshape(-1, 3)
    found = rrb.rasterize(vertices, np.arange(1200).reshape(-1, 3), (32, 32))
    np.testing.assert_allclose(found.barycentric[found.covered].sum(-1), 1)
    assert found.barycentric.min() >= 0
    corners = 1 / vertices[:, 2].reshape(-1, 3)[found.face_index[found.covered]]
    seen = found.inverse_depth[found.covered]
    assert ((seen >= corners.min(1) - 1e-12) & (seen <= corners.max(1) + 1e-12)).all()


# --- batches, types, threads ------------------------------------------------------------------------------


def test_a_batch_is_its_images():
    size = (24, 31)
    faces = ellipsoid_px(size)[1]
    vertices = np.stack([ellipsoid_px(size, seed=s)[0] for s in range(6)]).reshape(2, 3, -1, 3)
    together = rrb.rasterize(vertices, faces, size)
    assert together.barycentric.shape == (2, 3, *size, 3)
    for i, j in np.ndindex(2, 3):
        alone = rrb.rasterize(vertices[i, j], faces, size)
        np.testing.assert_array_equal(together.face_index[i, j], alone.face_index)
        np.testing.assert_array_equal(together.inverse_depth[i, j], alone.inverse_depth)


def test_a_batch_over_different_meshes_is_padded_with_minus_one():
    size = (20, 20)
    big, big_faces = ellipsoid_px(size, 2)
    small, small_faces = ellipsoid_px(size, 1, seed=4)
    vertices = np.stack([big, np.pad(small, ((0, len(big) - len(small)), (0, 0)), constant_values=np.nan)])
    padding = ((0, len(big_faces) - len(small_faces)), (0, 0))
    faces = np.stack([big_faces, np.pad(small_faces, padding, constant_values=-1)])
    together = rrb.rasterize(vertices, faces, size)
    np.testing.assert_array_equal(together.face_index[0], rrb.rasterize(big, big_faces, size).face_index)
    np.testing.assert_array_equal(together.face_index[1], rrb.rasterize(small, small_faces, size).face_index)


def test_same_bits_for_any_number_of_threads():
    size = (1200, 1100)  # large enough to be cut into bands
    vertices, faces = ellipsoid_px(size, 3)
    found = []
    for n in (1, 2, 3, 7):
        rrb.set_threads(n)
        found.append(rrb.rasterize(vertices, faces, size))
    rrb.set_threads(2)
    for other in found[1:]:
        for name in ("face_index", "barycentric", "inverse_depth"):
            np.testing.assert_array_equal(getattr(other, name), getattr(found[0], name))


def test_float32_agrees_with_float64():
    size = (64, 64)
    vertices, faces = ellipsoid_px(size, 3)
    single = rrb.rasterize(vertices.astype(np.float32), faces, size)
    double = rrb.rasterize(vertices.astype(np.float32).astype(np.float64), faces, size)
    assert single.inverse_depth.dtype == single.barycentric.dtype == np.float32
    assert (single.face_index != double.face_index).mean() < 1e-3  # ties in depth along shared edges
    np.testing.assert_array_equal(single.covered, double.covered)
    np.testing.assert_allclose(single.inverse_depth, double.inverse_depth, rtol=1e-5)


def test_derivatives_against_finite_differences():
    size = (17, 19)
    vertices, faces = ellipsoid_px(size, 1, seed=2)
    rng = np.random.default_rng(1)
    on_weights, on_depth = rng.normal(size=(*size, 3)), rng.normal(size=size) * 5

    def value(v):
        found = rrb.rasterize(v, faces, size)
        return (found.barycentric * on_weights).sum() + (
            found.inverse_depth * on_depth
        ).sum(), found.face_index

    tensor = torch.tensor(vertices, requires_grad=True)
    found = rrb.rasterize(tensor, torch.tensor(faces), size)
    (
        (found.barycentric * torch.tensor(on_weights)).sum()
        + (found.inverse_depth * torch.tensor(on_depth)).sum()
    ).backward()
    checked = 0
    for v, k in np.ndindex(*vertices.shape):
        step = np.zeros_like(vertices)
        step[v, k] = 1e-6
        (up, index_up), (down, index_down) = value(vertices + step), value(vertices - step)
        if (index_up == index_down).all():  # visibility is held fixed by the derivative
            checked += 1
            assert (up - down) / 2e-6 == pytest.approx(tensor.grad[v, k].item(), rel=1e-4, abs=1e-4)
    assert checked > 100


def test_an_edit_between_forward_and_backward_is_an_error():
    vertices, faces = ellipsoid_px((17, 19), 1)
    tensor = torch.tensor(vertices, requires_grad=True)
    held = tensor * 1.0
    found = rrb.rasterize(held, faces, (17, 19))
    with torch.no_grad():
        held += 1.0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        found.inverse_depth.sum().backward()


def test_a_vertex_at_infinity_does_not_move_the_near_plane():
    vertices = np.array(
        [[0, 0, 10.02], [1, 0, 10.02], [0, 1, 0.02], [4, 4, 0.005], [8, 4, 0.005], [4, 8, 0.005]]
    )
    far = np.concatenate([vertices, [[0.0, 0.0, np.inf]]])
    faces = [[0, 1, 2], [3, 4, 5]]
    expected = rrb.rasterize(vertices, faces, (10, 10)).face_index
    np.testing.assert_array_equal(rrb.rasterize(far, faces, (10, 10)).face_index, expected)


def test_many_lists_of_faces_are_forgotten_again():
    for i in range(600):
        rrb.rasterize(np.zeros((i + 3, 3)), [[i, i + 1, i + 2]], (2, 2))
    assert len(topology._kept) <= topology._KEPT_LISTS


# --- what is refused ----------------------------------------------------------------------------------------

TRIANGLE = np.array([[0, 0, 1], [4, 0, 1], [0, 4, 1]], float)


@pytest.mark.parametrize(
    ("vertices", "faces", "size", "words"),
    [
        (TRIANGLE[:, :2], [[0, 1, 2]], (4, 4), "vertices_px has shape"),
        (TRIANGLE.astype(int), [[0, 1, 2]], (4, 4), "vertices_px has dtype int64"),
        (TRIANGLE, [[0, 1, 3]], (4, 4), "faces name vertex 3 but there are 3"),
        (TRIANGLE, [[0, 1, -1]], (4, 4), "negative vertex numbers"),
        (TRIANGLE, [[0, 1, -2]], (4, 4), "negative vertex numbers"),
        (TRIANGLE, [[0.0, 1, 2]], (4, 4), "dtype float64"),
        (TRIANGLE, [0, 1, 2], (4, 4), "faces has shape"),
        (TRIANGLE, [[[0, 1, 2]]] * 2, (4, 4), "batch shape"),
        (TRIANGLE, [[0, 1, 2]], (0, 4), "size is"),
        (TRIANGLE, [[0, 1, 2]], (4.5, 4), "size is"),
        (TRIANGLE, [[0, 1, 2]], 4, "size is"),
        (TRIANGLE, [[0, 1, 2]], (np.inf, 4), "size is"),
        (TRIANGLE, [[0, 1, 2]], (4, 10**6), "size is"),
    ],
)
def test_bad_input_is_one_sentence(vertices, faces, size, words):
    with pytest.raises(BadInputError, match=words) as caught:
        rrb.rasterize(vertices, np.asarray(faces), size)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("near", [0.0, -1.0, np.nan, np.inf, "close"])
def test_a_bad_near_plane_is_refused(near):
    with pytest.raises(BadInputError, match="near is"):
        rrb.rasterize(TRIANGLE, [[0, 1, 2]], (4, 4), near=near)


def test_half_precision_is_refused():
    with pytest.raises(BadInputError, match="float32 and float64"):
        rrb.rasterize(torch.tensor(TRIANGLE, dtype=torch.bfloat16), [[0, 1, 2]], (4, 4))


def test_a_device_without_kernels_is_refused():
    with pytest.raises(UnsupportedDeviceError, match="vertices_px is on meta"):
        rrb.rasterize(torch.zeros((3, 3), device="meta"), torch.tensor([[0, 1, 2]]), (4, 4))


def test_faces_edited_in_place_are_noticed():
    vertices = np.concatenate([TRIANGLE, TRIANGLE + [4, 4, 0]])
    faces = np.array([[0, 1, 2]])
    before = rrb.rasterize(vertices, faces, (8, 8)).covered
    faces[:] = [3, 4, 5]
    after = rrb.rasterize(vertices, faces, (8, 8)).covered
    np.testing.assert_array_equal(after[4:, 4:], before[:4, :4])


def test_a_mesh_of_a_million_faces_and_a_large_picture():
    vertices, faces = icosphere(7)
    faces = np.concatenate([faces] * 3 + [faces[: 1_000_000 - 3 * len(faces)]]) if len(faces) < 1e6 else faces
    points = vertices @ rotation(1).T + [0, 0, 3]
    found = rrb.rasterize(project(points, 300.0, (256, 256)).astype(np.float32), faces, (256, 256))
    radius = 300.0 / np.sqrt(8)  # the outline of a unit sphere three away
    assert found.covered.sum() == pytest.approx(np.pi * radius**2, rel=2e-3)

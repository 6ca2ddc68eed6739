"""Laws that every entry of APPROXIMATIONS obeys, and each against its readable reference."""

import numpy as np
import pytest
import torch

import rrb
from rrb.errors import BadInputError, UnsupportedDeviceError
from rrb.raster import _inputs
from rrb.raster.approximations import reference
from scenes import ellipsoid_px, soup_px

NAMES = sorted(rrb.APPROXIMATIONS)
HARD = {"antialias", "kato"}  # whose drawing is that of the exact fragments, but for a blended rim
SIZE = (29, 37)


def value_and_gradient(vertices, faces, size, weights, name, **knobs):
    tensor = torch.tensor(vertices, requires_grad=True)
    image = rrb.silhouette(tensor, torch.tensor(faces), size, approximation=name, **knobs)
    (image * torch.tensor(weights, dtype=image.dtype)).sum().backward()
    return image.detach().numpy(), tensor.grad.numpy()


def expected(vertices, faces, size, weights, name):
    tensor = torch.tensor(vertices, requires_grad=True)
    if name == "kato":
        image = (reference.fragments(vertices, faces, size)[0] >= 0).astype(float)
        return image, reference.kato(vertices, faces, size, weights)
    image = getattr(reference, name)(tensor, faces, size)
    (image * torch.tensor(weights)).sum().backward()
    return image.detach().numpy(), tensor.grad.numpy()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("kind", "seed"), [("ellipsoid", 0), ("ellipsoid", 1), ("soup", 0), ("soup", 1), ("soup", 2)]
)
def test_equals_the_reference(name, kind, seed):
    vertices, faces = ellipsoid_px(SIZE, 1, seed) if kind == "ellipsoid" else soup_px(SIZE, 12, seed)
    weights = np.random.default_rng(seed).normal(size=SIZE)
    image, gradient = value_and_gradient(vertices, faces, SIZE, weights, name)
    expected_image, expected_gradient = expected(vertices, faces, SIZE, weights, name)
    np.testing.assert_allclose(image, expected_image, atol=1e-9)
    np.testing.assert_allclose(
        gradient, expected_gradient, atol=1e-7 * max(1, np.abs(expected_gradient).max())
    )


@pytest.mark.parametrize(("kind", "seed"), [("ellipsoid", 3), ("soup", 0), ("soup", 1)])
def test_kato_per_face_equals_its_reference(kind, seed):
    vertices, faces = ellipsoid_px(SIZE, 1, seed) if kind == "ellipsoid" else soup_px(SIZE, 12, seed)
    weights = np.random.default_rng(0).normal(size=SIZE)
    _, gradient = value_and_gradient(vertices, faces, SIZE, weights, "kato", per_face=True)
    everything = reference.kato_per_face(vertices, faces, SIZE, weights)
    np.testing.assert_allclose(gradient, everything, rtol=1e-8, atol=1e-8)
    assert np.abs(everything - reference.kato(vertices, faces, SIZE, weights)).max() > 1e-3


def test_kato_of_one_triangle_is_the_same_by_outline_and_by_face():
    vertices, faces = np.array([[4.3, 3.1, 1], [30.2, 9.6, 1], [11.7, 25.4, 1]]), np.array([[0, 1, 2]])
    weights = np.random.default_rng(0).normal(size=SIZE)
    _, outline = value_and_gradient(vertices, faces, SIZE, weights, "kato")
    _, per_face = value_and_gradient(vertices, faces, SIZE, weights, "kato", per_face=True)
    np.testing.assert_allclose(outline, per_face, rtol=1e-9)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"kato"}))  # kato's is no derivative of what it draws
@pytest.mark.parametrize("seed", range(3))
def test_gradient_is_the_derivative_of_the_image(name, seed):
    vertices, faces = ellipsoid_px(SIZE, 1, seed)
    weights = np.random.default_rng(seed).normal(size=SIZE)
    _, gradient = value_and_gradient(vertices, faces, SIZE, weights, name)
    step = 1e-6
    agreed = []
    for v, k in np.ndindex(len(vertices), 2):
        move = np.zeros_like(vertices)
        move[v, k] = step
        up, down = (
            (rrb.silhouette(vertices + s * move, faces, SIZE, approximation=name) * weights).sum()
            for s in (1, -1)
        )
        numeric = (up - down) / (2 * step)
        agreed.append(abs(numeric - gradient[v, k]) < 1e-4 * (1 + abs(numeric)))
    # A vertex within a step of a pixel centre's row, or at another kink, is allowed to disagree.
    assert np.mean(agreed) > 0.97


@pytest.mark.parametrize("name", NAMES)
def test_values_lie_between_none_and_all(name):
    for seed in range(3):
        image = rrb.silhouette(*soup_px(SIZE, 40, seed), SIZE, approximation=name)
        assert image.max() > 0.7
        assert image.min() >= 0
        assert image.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_the_image_is_not_mirrored_nor_turned(name):
    """A triangle in the lower left corner, wider than high, is drawn there by every approximation."""
    vertices = np.array([[2.0, 28, 1], [16, 28, 1], [2, 21, 1]])
    image = rrb.silhouette(vertices, np.array([[0, 1, 2]]), SIZE, approximation=name)
    weight = image.sum()
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    assert (image * columns).sum() / weight == pytest.approx((2 + 16 + 2) / 3, abs=0.5)
    assert (image * rows).sum() / weight == pytest.approx((28 + 28 + 21) / 3, abs=0.5)


@pytest.mark.parametrize("name", NAMES)
def test_a_shift_by_whole_pixels_shifts_image_and_gradient(name):
    vertices, faces = ellipsoid_px((24, 24), 1, 1, fill=0.7)
    weights = np.random.default_rng(0).normal(size=(24, 24))
    weights[:, -4:] = weights[-3:] = 0
    image, gradient = value_and_gradient(vertices, faces, (24, 24), weights, name)
    moved_weights = np.roll(weights, (3, 4), (0, 1))
    moved, moved_gradient = value_and_gradient(vertices + [4, 3, 0], faces, (24, 24), moved_weights, name)
    np.testing.assert_allclose(moved[3:, 4:], image[:-3, :-4], atol=1e-9)
    if name != "kato":  # whose gradients also depend on where the picture ends
        np.testing.assert_allclose(moved_gradient, gradient, atol=1e-9 * max(1, np.abs(gradient).max()))


@pytest.mark.parametrize("name", NAMES)
def test_transposing_the_scene_transposes_everything(name):
    """x and y are treated alike: catches a row taken for a column anywhere in forward or backward."""
    vertices, faces = ellipsoid_px(SIZE, 1, 2)
    weights = np.random.default_rng(1).normal(size=SIZE)
    image, gradient = value_and_gradient(vertices, faces, SIZE, weights, name)
    turned, turned_gradient = value_and_gradient(vertices[:, [1, 0, 2]], faces, SIZE[::-1], weights.T, name)
    np.testing.assert_allclose(turned.T, image, atol=1e-9)
    np.testing.assert_allclose(
        turned_gradient[:, [1, 0, 2]], gradient, atol=1e-8 * max(1, np.abs(gradient).max())
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_a_face_s_corners_does_not_matter(name):
    vertices, faces = ellipsoid_px(SIZE, 1, 4)
    weights = np.random.default_rng(1).normal(size=SIZE)
    image, gradient = value_and_gradient(vertices, faces, SIZE, weights, name)
    for order in ([1, 2, 0], [2, 1, 0]):
        other, other_gradient = value_and_gradient(vertices, faces[:, order], SIZE, weights, name)
        np.testing.assert_allclose(other, image, atol=1e-9)
        np.testing.assert_allclose(other_gradient, gradient, atol=1e-8 * max(1, np.abs(gradient).max()))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("direction", [(1, 0), (0, 1), (-1, 0), (0, -1)])
def test_descent_moves_towards_the_target(name, direction):
    """The target is the scene moved by 3 pixels: a step down the squared loss moves the mean that way.

    A single triangle for palazzi: on a mesh its sum over layers, each zero on its own edges, is no measure of
    overlap, and descent on it goes astray (docs/approximations.md).
    """
    size = (40, 40)
    vertices, faces = ellipsoid_px(size, 2, 5, fill=0.9)
    if name == "palazzi":
        vertices, faces = np.array([[10.3, 12.1, 1], [29.2, 14.6, 1], [17.7, 30.4, 1]]), np.array([[0, 1, 2]])
    move = np.array([*direction, 0.0]) * 3
    target = rrb.silhouette(vertices + move, faces, size, approximation=name)
    image = rrb.silhouette(vertices, faces, size, approximation=name)
    _, gradient = value_and_gradient(vertices, faces, size, 2 * (image - target), name)
    step = -gradient[:, :2].sum(0)
    assert step @ direction > 0.7 * np.linalg.norm(step)
    assert np.linalg.norm(step) > 0


@pytest.mark.parametrize("name", NAMES)
def test_depth_gets_no_gradient(name):
    vertices, faces = ellipsoid_px(SIZE, 1)
    assert (value_and_gradient(vertices, faces, SIZE, np.ones(SIZE), name)[1][:, 2] == 0).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_and_tensors_give_the_same_and_keep_their_type(name, dtype):
    vertices, faces = ellipsoid_px(SIZE, 1)
    vertices = vertices.astype(dtype)
    array = rrb.silhouette(vertices, faces, SIZE, approximation=name)
    tensor = rrb.silhouette(torch.tensor(vertices), torch.tensor(faces), SIZE, approximation=name)
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, tensor.numpy())


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_is_its_images(name):
    scenes = [ellipsoid_px(SIZE, 1, seed) for seed in range(4)]
    faces = scenes[0][1]
    vertices = np.stack([v for v, _ in scenes]).reshape(2, 2, -1, 3)
    weights = np.random.default_rng(0).normal(size=(2, 2, *SIZE))
    image, gradient = value_and_gradient(vertices, faces, SIZE, weights, name)
    per_image_faces = np.broadcast_to(faces, (2, 2, *faces.shape)).copy()
    same_image, same_gradient = value_and_gradient(vertices, per_image_faces, SIZE, weights, name)
    np.testing.assert_array_equal(image, same_image)
    np.testing.assert_array_equal(gradient, same_gradient)
    for i, j in np.ndindex(2, 2):
        one, one_gradient = value_and_gradient(vertices[i, j], faces, SIZE, weights[i, j], name)
        np.testing.assert_array_equal(image[i, j], one)
        np.testing.assert_array_equal(gradient[i, j], one_gradient)


@pytest.mark.parametrize("batch", [(), (7,)])
@pytest.mark.parametrize(("name", "knobs"), [*((n, {}) for n in NAMES), ("kato", {"per_face": True})])
def test_same_bits_for_any_number_of_threads(name, knobs, batch, monkeypatch):
    """One image is cut into bands here however small it is, and the pool is seen to be asked."""
    whole = _inputs.Scene.for_each_band
    monkeypatch.setattr(
        _inputs.Scene, "for_each_band", lambda *a, **k: whole(*a, **{**k, "pays_from_pixels": 1})
    )
    pieces = []
    parallel = _inputs.run_parallel
    monkeypatch.setattr(_inputs, "run_parallel", lambda work, n: (pieces.append(n), parallel(work, n)))
    size = (60, 50)
    vertices, faces = ellipsoid_px(size, 3)
    vertices = np.broadcast_to(vertices, (*batch, *vertices.shape)).astype(np.float32)
    weights = np.random.default_rng(0).normal(size=(*batch, *size))
    found = []
    for n in (1, 2, 5, 1):
        rrb.set_threads(n)
        found.append(value_and_gradient(vertices, faces, size, weights, name, **knobs))
    rrb.set_threads(2)
    assert max(pieces) > 1
    for image, gradient in found[1:]:
        np.testing.assert_array_equal(image, found[0][0])
        np.testing.assert_array_equal(gradient, found[0][1])


@pytest.mark.parametrize("name", sorted(HARD))
@pytest.mark.parametrize("seed", range(3))
def test_hard_silhouettes_are_the_exact_coverage_away_from_the_rim(name, seed):
    vertices, faces = soup_px(SIZE, 25, seed)
    covered = rrb.rasterize(vertices, faces, SIZE).covered
    image = rrb.silhouette(vertices, faces, SIZE, approximation=name)
    np.testing.assert_array_equal(image > 0.5, covered | ((image > 0.5) & ~covered & (image < 1)))
    rim = np.zeros(SIZE, bool)
    for axis in (0, 1):
        for shift in (1, -1):
            rim |= np.roll(covered, shift, axis) != covered
    np.testing.assert_array_equal(image[~rim], covered[~rim])


@pytest.mark.parametrize("name", NAMES)
def test_what_is_behind_the_camera_does_not_harm(name):
    """Random triangles around the camera: finite values and gradients, nothing else is promised."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(90, 3))
    z = np.where(np.abs(points[:, 2]) < 1e-3, 1e-3, points[:, 2])
    vertices = np.stack([15 * points[:, 0] / z + 15, 15 * points[:, 1] / z + 15, z], -1)
    image, gradient = value_and_gradient(
        vertices, np.arange(90).reshape(-1, 3), (30, 30), np.ones((30, 30)), name
    )
    assert np.isfinite(image).all()
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_and_degenerate_things_draw_nothing(name):
    for faces in (np.zeros((0, 3), int), np.array([[0, 0, 1], [0, 1, 1]]), np.array([[-1, -1, -1]])):
        vertices = np.array([[2.0, 2, 1], [7, 5, 1]])
        image, gradient = value_and_gradient(vertices, faces, (9, 9), np.ones((9, 9)), name)
        assert (image == 0).all()
        assert (gradient == 0).all()
    vertices, faces = ellipsoid_px((9, 9), 1)
    vertices[3] = np.nan
    image, gradient = value_and_gradient(vertices, faces, (9, 9), np.ones((9, 9)), name)
    assert np.isfinite(image).all()
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (4096, 3)])
@pytest.mark.parametrize("name", NAMES)
def test_odd_sizes(name, size):
    vertices = np.array([[-1e4, -1e4, 1], [1e4, -1e4, 1], [0.0, 2e4, 1]])
    image, gradient = value_and_gradient(vertices, np.array([[0, 1, 2]]), size, np.ones(size), name)
    assert image.shape == size
    assert np.isfinite(gradient).all()
    if name in HARD:
        assert (image == 1).all()


def test_bad_choices_are_one_sentence():
    vertices, faces = ellipsoid_px(SIZE, 0)
    with pytest.raises(BadInputError, match="one of antialias, kato, softras, palazzi is accepted"):
        rrb.silhouette(vertices, faces, SIZE, approximation="nvdiffrast")
    with pytest.raises(BadInputError, match="antialias has no knob 'sigma'; near are accepted"):
        rrb.silhouette(vertices, faces, SIZE, sigma=1.0)
    for knobs in ({"sigma": 0.0}, {"sigma": float("nan")}, {"tail": 0.5}):
        with pytest.raises(BadInputError, match="is accepted"):
            rrb.silhouette(vertices, faces, SIZE, approximation="softras", **knobs)
    with pytest.raises(BadInputError, match="eps is 0"):
        rrb.silhouette(vertices, faces, SIZE, approximation="kato", eps=0)
    with pytest.raises(UnsupportedDeviceError, match="kernels for cpu only"):
        rrb.silhouette(torch.zeros((3, 3), device="meta"), faces, SIZE)


def test_faces_on_another_device_are_refused_too():
    with pytest.raises(UnsupportedDeviceError, match="faces is on meta"):
        rrb.silhouette(torch.zeros((3, 3)), torch.zeros((1, 3), dtype=torch.long, device="meta"), SIZE)


def square(low, high):
    corners = [[low, low, 1], [high, low, 1], [high, high, 1], [low, high, 1]]
    return np.array(corners, float), np.array([[0, 1, 2], [0, 2, 3]])


@pytest.mark.parametrize("offset", [0.0, 0.3, 0.5, 1e-9, 0.5 - 1e-9, 0.5 + 1e-9])
def test_area_of_an_aligned_square_grows_with_its_sides(offset):
    """Edges on pixel borders and on pixel centres: d area / d side = 2 x side, by hand."""
    vertices, faces = square(10 + offset, 20 + offset)
    image, gradient = value_and_gradient(vertices, faces, (32, 32), np.ones((32, 32)), "antialias")
    assert image.sum() == pytest.approx(100, abs=1e-6)
    outwards = np.sign(vertices[:, :2] - vertices[:, :2].mean(0))
    assert (gradient[:, :2] * outwards).sum() == pytest.approx(40, abs=2.5)  # corners blend with two edges


@pytest.mark.parametrize("knobs", [{}, {"per_face": True}])
@pytest.mark.parametrize("seed", range(8))
def test_kato_is_finite_where_corners_lie_on_centres(seed, knobs):
    vertices, faces = soup_px((16, 16), 6, seed)
    vertices[:, :2] = np.round(vertices[:, :2]) + 0.5
    weights = np.random.default_rng(seed).normal(size=(16, 16))
    image, gradient = value_and_gradient(vertices, faces, (16, 16), weights, "kato", **knobs)
    np.testing.assert_array_equal(image, rrb.rasterize(vertices, faces, (16, 16)).covered)
    assert np.isfinite(gradient).all()


def test_walls_cut_by_the_near_plane_give_finite_gradients():
    """An edge that runs along the optical axis keeps its column, but for rounding where it is cut."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        x, y, near = rng.uniform(-1, 1, 3)
        points = np.array([[0, y, near - 1], [0, y, 3], [x, y + 1, 2], [0, y - 1, 2]])
        z = np.where(np.abs(points[:, 2:]) < 1e-3, 1e-3, points[:, 2:])
        vertices = np.concatenate([20 * points[:, :2] / z + 16, z], 1).astype(np.float32)
        for name in ("antialias", "kato"):
            faces = np.array([[0, 1, 2], [0, 3, 1]])
            _, gradient = value_and_gradient(vertices, faces, (32, 32), np.ones((32, 32)), name)
            assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", NAMES)
def test_an_edit_between_forward_and_backward_is_an_error(name):
    vertices, faces = ellipsoid_px(SIZE, 1)
    tensor = torch.tensor(vertices, requires_grad=True)
    held = tensor * 1.0
    image = rrb.silhouette(held, faces, SIZE, approximation=name)
    with torch.no_grad():
        held += 1.0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        image.sum().backward()


@pytest.mark.parametrize("near", [1, np.float32(0.5), torch.tensor(0.5)])
def test_numbers_of_any_kind_are_taken_as_numbers(near):
    vertices, faces = ellipsoid_px(SIZE, 1)
    expected = rrb.silhouette(vertices, faces, SIZE, near=float(near))
    np.testing.assert_array_equal(rrb.silhouette(vertices, faces, SIZE, near=near), expected)


@pytest.mark.parametrize("name", sorted(HARD))
@pytest.mark.parametrize("pages", [100, 300])
def test_an_edge_of_very_many_faces_is_counted_right(name, pages):
    """A book: all pages share one edge, more of them than a byte counts."""
    rng = np.random.default_rng(0)
    spine = np.array([[20.3, 5.2, 1], [18.4, 24.9, 1]])
    tips = np.column_stack([rng.uniform(21, 35, pages), rng.uniform(5, 25, pages), np.ones(pages)])
    faces = np.array([(0, 1, 2 + i) if i % 2 else (1, 0, 2 + i) for i in range(pages)])
    vertices = np.concatenate([spine, tips])
    image = rrb.silhouette(vertices, faces, SIZE, approximation=name)
    covered = rrb.rasterize(vertices, faces, SIZE).covered
    rim = np.zeros(SIZE, bool)
    for axis in (0, 1):
        for shift in (1, -1):
            rim |= np.roll(covered, shift, axis) != covered
    assert (covered & ~rim).any()
    np.testing.assert_array_equal(image[~rim], covered[~rim])

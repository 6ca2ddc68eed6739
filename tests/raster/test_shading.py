"""Laws of what is drawn from fragments, for arrays and tensors."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch

from rrb.errors import BadInputError
from rrb.raster import shading
from rrb.raster.fragments import rasterize
from rrb.raster.lighting import DirectionalLight, SphericalHarmonics, spherical_harmonics
from rrb.raster.texture import linear_from_srgb, sample_texture, srgb_from_linear
from scenes import ellipsoid_px, icosphere, project, rotation

SIZE = (40, 56)
FOCAL = 60.0
CENTRE = (SIZE[1] / 2, SIZE[0] / 2)


def points_of(vertices_px):
    """Camera-frame points of x, y in pixels and z, for the camera of `scenes.project`."""
    z = vertices_px[..., 2:]
    xy = (vertices_px[..., :2] - vertices_px.new_tensor(CENTRE)) * z / FOCAL
    return torch.cat([xy, z], -1)


def sphere(subdivisions=3, distance=3.0):
    vertices, faces = icosphere(subdivisions)
    points = vertices + np.array([0.1, -0.05, distance])
    return points, project(points, FOCAL, SIZE), faces


def rays():
    x, y = np.meshgrid(np.arange(SIZE[1]) + 0.5, np.arange(SIZE[0]) + 0.5)
    return np.stack([(x - CENTRE[0]) / FOCAL, (y - CENTRE[1]) / FOCAL, np.ones(SIZE)], -1)


# --- attributes -----------------------------------------------------------------------------------


def test_interpolated_position_is_the_unprojected_pixel():
    points, vertices_px, faces = sphere(1)
    fragments = rasterize(vertices_px, faces, SIZE)
    drawn = shading.interpolate(points, faces, fragments)
    unprojected = rays() * shading.depth(fragments)[..., None]
    assert fragments.covered.sum() > 300
    np.testing.assert_allclose(drawn, unprojected, atol=1e-12)


def test_affine_functions_of_space_are_reproduced():
    points, vertices_px, faces = sphere(1)
    fragments = rasterize(vertices_px, faces, SIZE)
    slope, offset = rotation(3), np.array([1.0, -2.0, 0.5])
    drawn = shading.interpolate(points @ slope + offset, faces, fragments)
    position = rays() * shading.depth(fragments)[..., None]
    expected = (position @ slope + offset) * fragments.covered[..., None]
    np.testing.assert_allclose(drawn, expected, atol=1e-12)


def test_corner_attributes_equal_vertex_attributes_where_corners_agree():
    points, vertices_px, faces = sphere(1)
    fragments = rasterize(vertices_px, faces, SIZE)
    by_vertex = shading.interpolate(points, faces, fragments)
    np.testing.assert_array_equal(shading.interpolate_corners(points[faces], fragments), by_vertex)


def test_a_constant_stays_constant_and_background_is_zero():
    _, vertices_px, faces = sphere(2)
    fragments = rasterize(vertices_px, faces, SIZE)
    drawn = shading.interpolate(np.full((len(vertices_px), 2), 7.0), faces, fragments)
    np.testing.assert_allclose(drawn[fragments.covered], 7.0, rtol=1e-14)
    assert np.all(drawn[~fragments.covered] == 0)


def test_unseen_vertices_that_are_not_finite_do_no_harm():
    _, vertices_px, faces = sphere(1)
    values = np.vstack([np.ones((len(vertices_px), 1)), [[np.nan]]])
    padded = np.vstack([[[len(vertices_px), 0, 1]], faces])
    fragments = rasterize(np.vstack([vertices_px, [[np.nan] * 3]]), padded, SIZE)
    assert np.isfinite(shading.interpolate(values, padded, fragments)).all()


@pytest.mark.parametrize("attributes_batched", [False, True])
@pytest.mark.parametrize("faces_batched", [False, True])
def test_a_batch_is_its_images_one_by_one(attributes_batched, faces_batched):
    scenes = [ellipsoid_px(SIZE, 2, seed) for seed in range(3)]
    vertices_px = np.stack([s[0] for s in scenes])
    lists = [np.roll(scenes[0][1], i * faces_batched, axis=0) for i in range(3)]
    attributes = np.random.default_rng(0).normal(size=(3, vertices_px.shape[1], 4))
    fragments = rasterize(vertices_px, np.stack(lists) if faces_batched else lists[0], SIZE)
    faces = np.stack(lists) if faces_batched else lists[0]
    drawn = shading.interpolate(attributes if attributes_batched else attributes[0], faces, fragments)
    smooth = shading.normals(vertices_px, faces, fragments)
    for i in range(3):
        one = rasterize(vertices_px[i], lists[i], SIZE)
        expected = shading.interpolate(attributes[i if attributes_batched else 0], lists[i], one)
        np.testing.assert_array_equal(drawn[i], expected)
        np.testing.assert_allclose(smooth[i], shading.normals(vertices_px[i], lists[i], one), atol=1e-14)


@pytest.mark.parametrize("wrong", [np.zeros(5), np.zeros((2, 42, 3))])
def test_attributes_of_another_shape_are_refused(wrong):
    _, vertices_px, faces = sphere(1)
    fragments = rasterize(vertices_px, faces, SIZE)
    with pytest.raises(BadInputError, match=r"accepted|batch shape"):
        shading.interpolate(wrong, faces, fragments)


# --- depth, coordinates ---------------------------------------------------------------------------


def test_depth_of_a_slanted_plane():
    normal, distance = np.array([0.3, -0.4, -1.0]), 2.0  # normal . p = -distance
    corners = np.array([[-0.9, -0.6], [0.9, -0.6], [0.9, 0.6], [-0.9, 0.6]])
    z = -(distance + corners @ normal[:2]) / normal[2]
    vertices_px = project(np.column_stack([corners, z]), FOCAL, SIZE)
    fragments = rasterize(vertices_px, np.array([[0, 1, 2], [0, 2, 3]]), SIZE)
    expected = np.where(fragments.covered, -distance / (rays() @ normal), 0)
    np.testing.assert_allclose(shading.depth(fragments), expected, atol=1e-12)


def test_depth_of_a_sphere_within_its_facets():
    _, vertices_px, faces = sphere(4)
    fragments = rasterize(vertices_px, faces, SIZE)
    ray, centre = rays(), np.array([0.1, -0.05, 3.0])
    a, b, c = (ray**2).sum(-1), ray @ centre, centre @ centre - 1
    inner = fragments.covered & (b**2 - a * c > 0.2)
    exact = (b - np.sqrt(np.maximum(b**2 - a * c, 0))) / a
    assert inner.sum() > 300
    difference = shading.depth(fragments)[inner] - exact[inner]
    assert np.all(difference > -1e-12)  # facets lie inside
    assert np.all(difference < 0.006)


def test_object_coordinates_fill_the_box():
    points, vertices_px, faces = sphere(3)
    fragments = rasterize(vertices_px, faces, SIZE)
    low, high = box = np.stack([points.min(0), points.max(0)])
    raw = shading.object_coordinates(points, faces, fragments)
    boxed = shading.object_coordinates(points, faces, fragments, box)
    seen = fragments.covered
    np.testing.assert_allclose(boxed[seen], (raw[seen] - low) / (high - low), atol=1e-12)
    assert boxed.min() >= 0
    assert boxed.max() <= 1


def test_a_flat_mesh_has_coordinate_one_half_across():
    vertices_px = np.array([[5.0, 5, 2], [50, 5, 2], [5, 35, 2]])
    fragments = rasterize(vertices_px, np.array([[0, 1, 2]]), SIZE)
    flat = np.array([[0.0, 0, 4], [1, 0, 4], [0, 1, 4]])
    drawn = shading.object_coordinates(flat, np.array([[0, 1, 2]]), fragments, flat[[0, 0]])
    np.testing.assert_allclose(drawn[fragments.covered][:, 2], 0.5)


# --- normals --------------------------------------------------------------------------------------


def test_normals_of_a_sphere_point_out_of_it():
    points, vertices_px, faces = sphere(4)
    fragments = rasterize(vertices_px, faces, SIZE)
    seen = fragments.covered
    outward = shading.interpolate(points, faces, fragments)[seen] - [0.1, -0.05, 3.0]
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
    smooth = shading.normals(points, faces, fragments)[seen]
    flat = shading.normals(points, faces, fragments, crease_angle=0)[seen]
    assert np.einsum("pi,pi->p", smooth, outward).min() > math.cos(math.radians(0.5))
    assert np.einsum("pi,pi->p", flat, outward).min() > math.cos(math.radians(4))


@pytest.mark.parametrize("crease_angle", [0.0, shading.CREASE_ANGLE, math.pi / 2])
def test_normals_are_unit_and_do_not_depend_on_winding(crease_angle):
    points, vertices_px, faces = sphere(2)
    fragments = rasterize(vertices_px, faces, SIZE)
    drawn = shading.normals(points, faces, fragments, crease_angle=crease_angle)
    lengths = np.linalg.norm(drawn, axis=-1)
    np.testing.assert_allclose(lengths, fragments.covered, atol=1e-12)
    careless = faces.copy()
    careless[::3] = careless[::3, ::-1]
    again = shading.normals(
        points, careless, rasterize(vertices_px, careless, SIZE), crease_angle=crease_angle
    )
    np.testing.assert_allclose(again, drawn, atol=1e-9)


def test_a_cube_keeps_its_creases():
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    faces = [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]]
    faces = np.array([*faces, [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]])
    turn = rotation(5)
    points = corners @ turn.T + [0, 0, 5]
    fragments = rasterize(project(points, FOCAL, SIZE), faces, SIZE)
    drawn = shading.normals(points, faces, fragments)[fragments.covered]
    assert np.abs(drawn @ turn).max(-1).min() > 1 - 1e-12  # each along one axis of the cube


# --- gradients ------------------------------------------------------------------------------------


def scene_for_gradients():
    vertices_px, faces = ellipsoid_px(SIZE, 1, seed=4)
    return torch.from_numpy(vertices_px), faces


def drawings(vertices_px, faces, attributes):
    fragments = rasterize(vertices_px, faces, SIZE)
    points = points_of(vertices_px)
    smooth = shading.normals(points, faces, fragments)
    light = DirectionalLight((0.3, -0.5, -0.8), intensity=0.6, ambient=0.25)
    colour = shading.interpolate(attributes.sigmoid(), faces, fragments)
    return {
        "attributes": shading.interpolate(attributes, faces, fragments),
        "depth": shading.depth(fragments),
        "flat normals": shading.normals(points, faces, fragments, crease_angle=0),
        "smooth normals": smooth,
        "coordinates": shading.object_coordinates(attributes, faces, fragments, 0.5 * attributes[:2]),
        "colour": srgb_from_linear(colour * light(smooth)),
    }, fragments.face_index


@pytest.mark.parametrize("picture", drawings(*scene_for_gradients(), torch.zeros(42, 3).double())[0])
@pytest.mark.parametrize("by", ["vertices", "attributes"])
def test_gradients_are_finite_differences(picture, by):
    """Only pixels that see the same face before and after the step are compared."""
    generator = torch.Generator().manual_seed(1)
    vertices_px, faces = scene_for_gradients()
    attributes = torch.randn(len(vertices_px), 3, generator=generator, dtype=torch.float64)
    moved = vertices_px if by == "vertices" else attributes
    direction = torch.randn(moved.shape, generator=generator, dtype=torch.float64)
    weights = torch.randn(*SIZE, 3, generator=generator, dtype=torch.float64)
    step = 1e-5

    def drawn(offset):
        values = {"vertices": vertices_px, "attributes": attributes}
        values[by] = values[by] + offset * direction
        pictures, face_index = drawings(values["vertices"], faces, values["attributes"])
        return pictures[picture], face_index

    before, after = drawn(-step), drawn(step)
    same = before[1] == after[1]
    offset = torch.zeros((), dtype=torch.float64, requires_grad=True)
    middle, face_index = drawn(offset)
    same &= face_index == before[1]
    assert same.float().mean() > 0.99
    chosen = weights[..., 0] * same if middle.ndim == 2 else weights * same[..., None]
    expected = ((after[0] - before[0]) * chosen).sum() / (2 * step)
    if not middle.requires_grad:
        assert expected == 0
        return
    (gradient,) = torch.autograd.grad((middle * chosen).sum(), offset, allow_unused=True)
    torch.testing.assert_close(gradient, expected, rtol=1e-6, atol=1e-7)


def test_gradients_have_the_same_bits_for_any_number_of_threads():
    vertices_px, faces = ellipsoid_px((200, 200), 4)
    weights = torch.rand(200, 200, 3, generator=torch.Generator().manual_seed(0))

    def gradient(threads):
        torch.set_num_threads(threads)
        vertices = torch.tensor(vertices_px.astype(np.float32), requires_grad=True)
        fragments = rasterize(vertices, faces, (200, 200))
        drawn = shading.normals(vertices, faces, fragments) + shading.interpolate(vertices, faces, fragments)
        (drawn * weights).sum().backward()
        return vertices.grad

    before = torch.get_num_threads()
    try:
        assert torch.equal(gradient(1), gradient(2))
    finally:
        torch.set_num_threads(before)


def test_gradients_are_finite_where_nothing_is_seen():
    vertices_px = torch.tensor([[-9.0, -9, 2], [-5, -9, 2], [-9, -5, 2]], requires_grad=True)
    pictures, _ = drawings(vertices_px, np.array([[0, 1, 2]]), torch.zeros(3, 3))
    sum(p.sum() for p in pictures.values()).backward()
    assert torch.all(vertices_px.grad == 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_and_tensors_agree_and_keep_their_precision(dtype):
    vertices_px, faces = ellipsoid_px(SIZE, 2)
    vertices_px = vertices_px.astype(dtype)
    colours = np.random.default_rng(0).random((len(vertices_px), 3)).astype(dtype)

    def all_of(vertices, colours):
        fragments = rasterize(vertices, faces, SIZE)
        smooth = shading.normals(vertices, faces, fragments)
        yield shading.depth(fragments)
        yield smooth
        yield shading.object_coordinates(vertices, faces, fragments, vertices[:2])
        lit = shading.interpolate(colours, faces, fragments) * DirectionalLight()(smooth)
        yield srgb_from_linear(lit)
        yield linear_from_srgb(lit)
        yield SphericalHarmonics(np.arange(9) / 9)(smooth)
        yield sample_texture(colours.reshape(9, -1, 3), smooth[..., :2])

    ours = list(all_of(vertices_px, colours))
    theirs = list(all_of(torch.from_numpy(vertices_px), torch.from_numpy(colours)))
    for array, tensor in zip(ours, theirs, strict=True):
        assert array.dtype == dtype
        assert tensor.numpy().dtype == dtype
        np.testing.assert_allclose(array, tensor.numpy(), atol=1e-5 if dtype == np.float32 else 1e-12)


# --- texture and light ----------------------------------------------------------------------------


def test_texel_centres_give_the_texels():
    texture = np.random.default_rng(0).random((3, 5, 2))
    rows, columns = np.mgrid[:3, :5]
    uv = np.stack([(columns + 0.5) / 5, 1 - (rows + 0.5) / 3], -1)
    np.testing.assert_allclose(sample_texture(texture, uv), texture, atol=1e-12)


def test_the_origin_is_lower_left_and_the_texture_repeats():
    texture = np.array([[[0.0], [1]], [[2], [3]]])
    lower_right = np.array([0.75, 0.25])
    assert sample_texture(texture, lower_right) == 3
    for shift in ([1, 0], [0, -1], [-3, 5]):
        np.testing.assert_allclose(sample_texture(texture, lower_right + shift), 3)
    np.testing.assert_allclose(sample_texture(texture, np.array([0.5, 0.5])), 1.5)
    np.testing.assert_allclose(sample_texture(texture, np.array([0.0, 0.25])), 2.5)  # across the border


def test_texture_gradients():
    generator = torch.Generator().manual_seed(0)
    texture = torch.rand(4, 3, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    uv = torch.rand(7, 2, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(sample_texture, (texture, uv))


def test_srgb_round_trip_and_known_values():
    values = np.linspace(0, 1, 256)
    np.testing.assert_allclose(srgb_from_linear(linear_from_srgb(values)), values, atol=1e-7)
    np.testing.assert_allclose(linear_from_srgb(np.array([0, 188 / 255, 1])), [0, 0.5029, 1], atol=1e-4)


def test_light_from_the_right_makes_the_right_side_brighter():
    points, vertices_px, faces = sphere(3)
    fragments = rasterize(vertices_px, faces, SIZE)
    drawn = shading.normals(points, faces, fragments)
    for axis, sign in ((0, 1), (0, -1), (1, 1), (1, -1)):
        towards = np.zeros(3)
        towards[axis] = sign
        bright = (DirectionalLight(towards, ambient=0)(drawn)[..., 0] * fragments.covered).sum(axis)
        half = len(bright) // 2
        brighter, darker = (bright[half:], bright[:half]) if sign > 0 else (bright[:half], bright[half:])
        assert brighter.sum() > 5 * darker.sum()


def test_a_directional_light_square_on():
    light = DirectionalLight((0, 0, -2), intensity=0.5, ambient=0.25)
    facing = np.array([[0.0, 0, -1], [0, 0, 1], [1, 0, 0]])
    np.testing.assert_allclose(light(facing)[:, 0], [0.75, 0.25, 0.25])


def test_spherical_harmonics_are_orthonormal():
    rng = np.random.default_rng(0)
    z, angle = (np.arange(400) + 0.5) / 200 - 1, 2 * np.pi * (np.arange(64) + rng.random()) / 64
    r = np.sqrt(1 - z**2)[:, None]
    directions = np.stack([r * np.cos(angle), r * np.sin(angle), z[:, None] + 0 * angle], -1).reshape(-1, 3)
    basis = spherical_harmonics(directions)
    np.testing.assert_allclose(4 * np.pi * basis.T @ basis / len(basis), np.eye(9), atol=1e-4)


def test_harmonics_of_uniform_light_are_uniform_and_cut_at_zero():
    normals = np.random.default_rng(0).normal(size=(20, 3))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    uniform = np.eye(9)[0] * math.sqrt(4 * math.pi)
    np.testing.assert_allclose(SphericalHarmonics(uniform)(normals), 1)
    assert np.all(SphericalHarmonics(-uniform)(normals) == 0)
    assert SphericalHarmonics(np.ones((9, 3)))(normals).shape == (20, 3)


def test_arrays_need_no_torch():
    code = (
        "import sys, numpy as np\n"
        "from rrb.raster import shading\nfrom rrb.raster.fragments import rasterize\n"
        "from rrb.raster.lighting import DirectionalLight\n"
        "v = np.array([[1., 1, 2], [9, 1, 2], [1, 9, 2]]); f = np.array([[0, 1, 2]])\n"
        "seen = rasterize(v, f, (10, 10))\n"
        "DirectionalLight()(shading.normals(v, f, seen)); shading.depth(seen)\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_attributes_with_too_few_rows_are_refused():
    vertices = np.array([[1.0, 1, 2], [9, 1, 2], [1, 9, 2]])
    seen = rasterize(vertices, np.array([[0, 1, 2]]), (10, 10))
    with pytest.raises(BadInputError, match="attributes has 2 rows; the faces that are seen need 3"):
        shading.interpolate(np.ones((2, 4)), np.array([[0, 1, 2]]), seen)

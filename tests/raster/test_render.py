"""Laws of `render`: conventions checked by hand, arrays against tensors, batches, supersampling, references."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

import rrb
from rrb.errors import BadInputError
from rrb.geometry.primitives import box, icosphere
from rrb.raster.lighting import DirectionalLight
from rrb.raster.texture import linear_from_srgb, srgb_from_linear

CAMERA = rrb.Camera.from_fov(40.0, width=48, height=36)
PICTURES = ("silhouette", "depth", "normals", "coordinates", "colour")
RED, GREEN, BLUE, WHITE = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])


def coloured_box():
    mesh = box((1.0, 0.6, 0.8))
    return rrb.Mesh(mesh.vertices, mesh.faces, vertex_colours=np.random.default_rng(0).random((8, 3)))


def quad(texture):
    """A unit square in z = 0 seen from the front, its uv as Mesh says: (0, 0) is the texture's lower left.

    The camera at -z has the object's +x on its left, so the picture's right is -x.
    """
    vertices = np.array([[0.5, -0.5, 0], [-0.5, -0.5, 0], [-0.5, 0.5, 0], [0.5, 0.5, 0]])
    corners = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    return rrb.Mesh(vertices, faces, uv=corners[faces], texture=texture)


# --- conventions, by hand -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("azimuth_deg", "elevation_deg", "axis", "sign"),
    [(0, 0, 2, -1), (90, 0, 0, 1), (180, 0, 2, 1), (-90, 0, 0, -1), (0, 90, 1, 1), (0, -90, 1, -1)],
)
def test_a_viewpoint_shows_its_side(azimuth_deg, elevation_deg, axis, sign):
    """The middle pixel sees the side of the unit box that the camera stands at, at the right depth."""
    pose = rrb.Pose.from_viewpoint(azimuth_deg, elevation_deg, distance_m=3.0)
    drawing = rrb.render(box(), pose, CAMERA)
    seen = drawing.coordinates[18, 24]
    assert seen[axis] == pytest.approx(0.5 + 0.5 * sign)
    assert drawing.depth[18, 24] == pytest.approx(2.5)
    np.testing.assert_allclose(drawing.normals[18, 24], [0, 0, -1], atol=1e-12)


def test_up_is_up_and_nothing_is_mirrored():
    """Seen from the front, +y is above and +x (the object's left hand side for us) is on the left."""
    drawing = rrb.render(box(), rrb.Pose.from_viewpoint(0, 0, distance_m=3.0), CAMERA)
    rows, columns = np.nonzero(drawing.fragments.covered)
    x, y = drawing.coordinates[rows, columns, 0], drawing.coordinates[rows, columns, 1]
    assert np.corrcoef(x, columns)[0, 1] < -0.99
    assert np.corrcoef(y, rows)[0, 1] < -0.99


def test_roll_turns_the_object_clockwise():
    """A quarter turn takes what was up to the right."""
    drawing = rrb.render(box((0.2, 1.0, 0.2)), rrb.Pose.from_viewpoint(0, 0, 90.0, distance_m=3.0), CAMERA)
    rows, columns = np.nonzero(drawing.fragments.covered)
    assert np.ptp(columns) > 3 * np.ptp(rows)
    assert np.corrcoef(drawing.coordinates[rows, columns, 1], columns)[0, 1] > 0.99


def test_interpolated_points_are_unprojected_pixels():
    mesh = icosphere(2)
    pose = rrb.Pose.from_viewpoint(20, 10, distance_m=3.5)
    drawing = rrb.render(mesh, pose, CAMERA)
    points = CAMERA.rays() * drawing.depth[..., None]
    low, high = mesh.bounding_box()
    from_object = pose @ (drawing.coordinates * (high - low) + low).reshape(-1, 3)
    seen = drawing.fragments.covered
    np.testing.assert_allclose(from_object.reshape(points.shape)[seen], points[seen], atol=1e-12)


def test_scale_scales_the_object_before_it_is_moved():
    pose = rrb.Pose.from_viewpoint(20, 10, distance_m=3.5)
    mesh = coloured_box()
    scaled = rrb.render(mesh, pose, CAMERA, scale=0.7)
    by_hand = rrb.render(mesh.with_vertices(0.7 * mesh.vertices), pose, CAMERA)
    for name in PICTURES:
        np.testing.assert_allclose(getattr(scaled, name), getattr(by_hand, name), atol=1e-9)


# --- colour ---------------------------------------------------------------------------------------


def test_a_texture_is_neither_mirrored_nor_upside_down():
    texture = (255 * np.array([[RED, GREEN], [BLUE, WHITE]])).astype(np.uint8)
    pose = rrb.Pose.from_viewpoint(0, 0, distance_m=2.0)
    drawn = rrb.render(quad(texture), pose, CAMERA, light=None, background=(0, 0, 0)).colour
    for row, column, colour in ((9, 15, RED), (9, 32, GREEN), (26, 15, BLUE), (26, 32, WHITE)):
        np.testing.assert_allclose(drawn[row, column], colour, atol=0.3)


def test_an_even_texture_is_its_colour_and_vertex_colours_multiply():
    texture = np.full((3, 5, 3), 128, np.uint8)
    pose = rrb.Pose.from_viewpoint(0, 0, distance_m=2.0)
    mesh = quad(texture)
    drawn = rrb.render(mesh, pose, CAMERA, light=None).colour
    np.testing.assert_allclose(drawn[18, 24], 128 / 255, atol=1e-6)
    half = np.full((4, 3), float(srgb_from_linear(np.array(0.5))))
    both = rrb.Mesh(mesh.vertices, mesh.faces, vertex_colours=half, uv=mesh.uv, texture=texture)
    drawn = rrb.render(both, pose, CAMERA, light=None).colour
    np.testing.assert_allclose(linear_from_srgb(drawn[18, 24]), 0.5 * linear_from_srgb(128 / 255), atol=1e-6)


@pytest.mark.parametrize("supersampling", [1, 3])
def test_background_is_a_colour_or_a_picture(supersampling):
    pose = rrb.Pose.from_viewpoint(30, 20, distance_m=4.0)
    behind = np.random.default_rng(0).random((36, 48, 3))
    for background in ((0.2, 0.4, 0.6), behind):
        drawing = rrb.render(coloured_box(), pose, CAMERA, background=background, supersampling=supersampling)
        outside = drawing.silhouette == 0
        outside[1:-1, 1:-1] &= outside[:-2, 1:-1] & outside[2:, 1:-1] & outside[1:-1, :-2] & outside[1:-1, 2:]
        expected = np.broadcast_to(background, drawing.colour.shape)
        np.testing.assert_allclose(drawing.colour[outside], expected[outside], atol=1e-6)


def test_supersampling_converges_and_leaves_the_other_pictures():
    pose = rrb.Pose.from_viewpoint(30, 20, distance_m=3.0)
    draw = [rrb.render(coloured_box(), pose, CAMERA, supersampling=n) for n in (1, 4, 16)]
    error = [np.abs(d.colour - draw[2].colour).mean() for d in draw[:2]]
    assert error[1] < 0.4 * error[0]
    np.testing.assert_array_equal(draw[0].depth, draw[1].depth)
    assert draw[1].colour.shape == (36, 48, 3)


@pytest.mark.parametrize("background", [(0.2, 0.4, 0.6), np.random.default_rng(0).random((36, 48, 3))])
def test_bands_of_a_picture_are_the_picture(background, monkeypatch):
    """A large picture is supersampled in bands, which leave no seam."""
    pose = rrb.Pose.from_viewpoint(np.array([30.0, 50]), np.array([20.0, -5]), distance_m=3.0)
    whole = rrb.render(coloured_box(), pose, CAMERA, supersampling=3, background=background).colour
    monkeypatch.setattr("rrb.raster.colour.SAMPLES_AT_ONCE", 5000)
    bands = rrb.render(coloured_box(), pose, CAMERA, supersampling=3, background=background).colour
    np.testing.assert_allclose(bands, whole, atol=1e-9)


@pytest.mark.parametrize("wrong", [0, 1.5, 17])
def test_supersampling_out_of_range_is_refused(wrong):
    with pytest.raises(BadInputError, match="supersampling"):
        rrb.render(box(), rrb.Pose.from_viewpoint(0, 0, distance_m=3.0), CAMERA, supersampling=wrong)


@pytest.mark.parametrize("wrong", [(1.0, 1.0), np.zeros((48, 36, 3)), np.zeros((36, 48))])
def test_a_background_of_another_shape_is_refused(wrong):
    with pytest.raises(BadInputError, match="background"):
        rrb.render(box(), rrb.Pose.from_viewpoint(0, 0, distance_m=3.0), CAMERA, background=wrong)


@pytest.mark.parametrize("wrong", [(128, 128, 128), (0.5, -0.1, 0.5), np.full((36, 48, 3), 255, np.uint8)])
def test_a_background_beyond_white_is_refused(wrong):
    with pytest.raises(BadInputError, match="0 to 1 is accepted"):
        rrb.render(box(), rrb.Pose.from_viewpoint(0, 0, distance_m=3.0), CAMERA, background=wrong)


def test_a_picture_too_large_for_its_samples_names_both():
    camera = rrb.Camera.from_fov(40.0, width=9000, height=20)
    with pytest.raises(BadInputError, match="9000 x 20 with 4 samples"):
        rrb.render(box(), rrb.Pose.from_viewpoint(0, 0, distance_m=3.0), camera, supersampling=4)


def test_light_from_the_right_brightens_the_right():
    pose = rrb.Pose.from_viewpoint(0, 0, distance_m=3.5)
    drawn = rrb.render(icosphere(3), pose, CAMERA, light=DirectionalLight((1, 0, 0)), background=(0, 0, 0))
    assert drawn.colour[:, 26:].sum() > 1.2 * drawn.colour[:, :22].sum()


# --- arrays, tensors, batches ---------------------------------------------------------------------


@pytest.mark.parametrize("by", ["pose", "mesh"])
@pytest.mark.parametrize("supersampling", [1, 2])
def test_tensors_give_what_arrays_give_with_gradients(by, supersampling):
    mesh, pose = coloured_box(), rrb.Pose.from_viewpoint(30, 20, distance_m=3.0)
    arrays = rrb.render(mesh, pose, CAMERA, supersampling=supersampling)
    delta = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    vertices = torch.tensor(mesh.vertices, requires_grad=True)
    moved = pose.step(delta) if by == "pose" else pose
    tensors = rrb.render(
        mesh if by == "pose" else mesh.with_vertices(vertices), moved, CAMERA, supersampling=supersampling
    )
    for name in PICTURES:
        ours, theirs = getattr(arrays, name), getattr(tensors, name)
        assert isinstance(ours, np.ndarray)
        np.testing.assert_allclose(ours, theirs.detach().numpy(), atol=1e-6)
        (gradient,) = torch.autograd.grad(
            theirs.square().sum(), delta if by == "pose" else vertices, retain_graph=True
        )
        assert torch.isfinite(gradient).all()
        assert gradient.abs().max() > 0


def test_a_batch_of_poses_over_one_mesh():
    poses = rrb.Pose.from_viewpoint(np.array([0.0, 70, 200]), np.array([5.0, 20, -30]), distance_m=3.0)
    batch = rrb.render(coloured_box(), poses, CAMERA, supersampling=2)
    for i in range(3):
        one = rrb.render(coloured_box(), poses[i], CAMERA, supersampling=2)
        for name in PICTURES:
            np.testing.assert_allclose(getattr(batch, name)[i], getattr(one, name), atol=1e-12)


def test_drawing_arrays_needs_no_torch():
    code = (
        "import sys, rrb\nfrom rrb.geometry.primitives import box\n"
        "d = rrb.render(box(), rrb.Pose.from_viewpoint(30, 20, distance_m=3.),"
        " rrb.Camera.from_fov(40., width=20, height=20), supersampling=2)\n"
        f"[getattr(d, n) for n in {PICTURES}]\nprint('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_behind_the_camera_nothing_is_drawn():
    pose = rrb.Pose.identity().step([0, 0, 0, 0, 0, -5.0])
    drawing = rrb.render(box(), pose, CAMERA)
    assert not drawing.fragments.covered.any()
    for name in PICTURES[:-1]:
        assert not getattr(drawing, name).any()


# --- pictures of other renderers ------------------------------------------------------------------


def test_depth_of_the_teapot_as_neural_renderer_draws_it(shared):
    """Its test: a normalised teapot seen from +z, 2.732 away, half field of view 30 degrees.

    The picture runs from the smallest depth (0, like the background) to the largest (255), rounded down.
    """
    folder = shared / "reference_renders" / "neural_renderer_chainer" / "tests_data"
    reference = np.asarray(Image.open(folder / "test_depth.png").convert("L")).astype(float)
    mesh = rrb.Mesh.load(folder / "teapot.obj")
    vertices = mesh.vertices - mesh.vertices.min(0)
    vertices = vertices / np.abs(vertices).max() * 2
    mesh = mesh.with_vertices(vertices - vertices.max(0) / 2)
    pose = rrb.Pose.look_at((0.0, 0.0, 2.732))
    drawing = rrb.render(mesh, pose, rrb.Camera.from_fov(60.0, width=256, height=256))
    seen = drawing.fragments.covered
    low, high = drawing.depth[seen].min(), drawing.depth[seen].max()
    ours = np.where(seen, 255 * (drawing.depth - low) / (high - low), 0)
    assert np.abs(ours - reference).max() < 2.5  # 6 mm
    assert np.median(np.abs(ours - reference)[seen]) < 0.5


def test_the_cow_as_pytorch3d_draws_it(shared):
    """Every pixel of its silhouette, and its spots: camera 3 away, 10 degrees up, 4 to the side of +z, 60 wide."""
    folder = shared / "reference_renders" / "pytorch3d" / "tests_data"
    reference = np.asarray(Image.open(folder / "glb_cow.png")).astype(float) / 255
    azimuth, elevation = np.radians([4.0, 10.0])
    towards = [
        np.cos(elevation) * np.sin(azimuth),
        np.sin(elevation),
        np.cos(elevation) * np.cos(azimuth),
    ]
    camera = rrb.Camera.from_fov(60.0, width=256, height=256)
    mesh = rrb.Mesh.load(folder / "cow.glb")
    drawing = rrb.render(mesh, rrb.Pose.look_at(3.0 * np.array(towards)), camera, light=None)
    seen = drawing.fragments.covered
    np.testing.assert_array_equal(seen, reference.min(-1) < 0.995)
    correlation = np.corrcoef(drawing.colour[seen].mean(-1), reference[seen].mean(-1))[0, 1]
    assert correlation > 0.9  # it is lit, ours is not

"""Laws of the fast pictures: what is seen where, in which light, with which shadow."""

import numpy as np
import pytest

from plain_scenes import (
    BLUE,
    CAMERA,
    ODD_CAMERA,
    corner,
    light,
    linear,
    positions_world,
    rays_world,
    scene_of,
    seen_from,
    shape_of,
)
from rrb.data import fast
from rrb.data.backgrounds import background_picture
from rrb.data.effects import developed
from rrb.data.materials import PATTERNS
from rrb.data.scene import Background, Effects, Lighting
from rrb.errors import BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box, cylinder, icosphere, plane
from rrb.raster import reference
from rrb.raster.fragments import rasterize
from rrb.raster.lighting import SphericalHarmonics

CAMERAS = {"plain": CAMERA, "odd": ODD_CAMERA}
NEARLY = 0.006  # linear light of eight bits
SUNS = [(0.0, 1.0, 0.0), (1.0, 1.5, -0.4), (-0.8, 0.7, -0.6), (0.3, 0.6, 0.9)]
BALL = shape_of(icosphere(4), "ball")


def at(x, y, z, seed=None):
    """world_from_object: there, turned by chance."""
    return Pose.identity() if seed is None and (x, y, z) == (0, 0, 0) else _turned(seed, (x, y, z))


def _turned(seed, place):
    return Pose(np.eye(3) if seed is None else Pose.random(seed).rotation, place)


def cluttered(camera):
    """Three things that hide each other, one cut by the border, and their shapes."""
    shapes = {
        "one": corner("one"),
        "ball": shape_of(icosphere(2, 0.5), "ball"),
        "post": shape_of(box((0.2, 2.5, 0.2)), "post"),
    }
    placed = [
        ("one", at(0, 0, 0, 3)),
        ("ball", at(0.5, 0.3, 0.5, 4)),
        ("post", at(-0.25, 0.1, -0.9, 5)),
        ("ball", at(1.3, 0.2, 1, 6)),
    ]
    return scene_of(*placed, camera=camera, view=seen_from((0.4, 0.7, -3))), shapes


def matt(scene, shapes, **options):
    """(H, W, 3) linear: what white chalk sends back more than black chalk: all that is not mirrored."""

    def painted(colour):
        looks = {
            key: shape_of(shape.mesh, key, colour=colour, second=colour) for key, shape in shapes.items()
        }
        return linear(fast.draw(scene, looks, **options).image)

    return painted((1.0, 1.0, 1.0)) - painted((0.0, 0.0, 0.0))


# --- masks and depths -------------------------------------------------------------------------------


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_mask_and_depth_are_those_of_the_rasterizer(camera):
    scene, shapes = cluttered(camera)
    picture = fast.draw(scene, shapes)
    size = (camera.height_px, camera.width_px)
    nearest, owner = np.zeros(size), np.full(size, -1)
    for k, placed in enumerate(scene.objects):
        mesh = shapes[placed.mesh_id].mesh
        drawn = rasterize(camera.project(scene.pose_of(k).apply(mesh.vertices)), mesh.faces, size)
        nearer = drawn.inverse_depth > nearest
        owner[nearer], nearest[nearer] = k, drawn.inverse_depth[nearer]
    np.testing.assert_array_equal(picture.object_index, owner)
    assert set(np.unique(owner)) == {-1, 0, 1, 2, 3}
    depth = np.divide(1, nearest, out=np.zeros(size), where=nearest > 0)
    np.testing.assert_allclose(picture.depth_m, depth, rtol=1e-6)
    np.testing.assert_array_equal(picture.mask, owner == 0)
    assert picture.mask.dtype == np.float32
    assert picture.depth_m.dtype == np.float32


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_mask_and_depth_are_those_of_the_readable_reference(camera):
    shape = corner()
    scene = scene_of(("thing", at(0.1, 0.2, 0.3, 7)), camera=camera)
    picture = fast.draw(scene, {"thing": shape})
    vertices_px = camera.project(scene.camera_from_object.apply(shape.mesh.vertices))
    size = (camera.height_px, camera.width_px)
    face, _, inverse = reference.fragments(vertices_px, shape.mesh.faces, size)
    np.testing.assert_array_equal(picture.mask, face >= 0)
    np.testing.assert_allclose(picture.depth_m[face >= 0], 1 / inverse[face >= 0], rtol=1e-6)
    drawn = reference.area_sampled_silhouette(vertices_px, shape.mesh.faces, size, samples=1)
    np.testing.assert_array_equal(picture.mask, drawn)


def test_the_pose_of_the_scene_is_that_of_the_mask():
    """The world is turned: what a sample stores, camera_from_object, is all that the mask needs."""
    shape, world = corner(), Pose.random(1, translation=(3.0, -2.0, 1.0))
    view = seen_from((0.4, 0.7, -3))
    plain = scene_of(view=view)
    moved = scene_of(("thing", world), view=view @ world.inverse())
    one, other = (fast.draw(s, {"thing": shape}) for s in (plain, moved))
    np.testing.assert_array_equal(one.object_index, other.object_index)
    np.testing.assert_allclose(moved.camera_from_object.matrix, view.matrix, atol=1e-12)


def test_what_hides_the_object_is_no_mask():
    shapes = {
        "thing": shape_of(box((1, 1, 1))),
        "front": shape_of(plane((9, 9)).with_vertices(plane((9, 9)).vertices[:, [0, 2, 1]]), "front"),
    }
    scene = scene_of(("thing", at(0, 0, 0)), ("front", at(4.5, 0, -1)))  # covers the half at +x
    picture = fast.draw(scene, shapes)
    alone = fast.draw(scene_of(), shapes)
    half = CAMERA.width_px // 2
    # The camera looks along +z with y up, so +x lies left.
    assert (picture.object_index[:, :half] == 1).all()
    assert not (picture.object_index[:, half:] == 1).any()
    np.testing.assert_array_equal(picture.mask[:, half:], alone.mask[:, half:])
    assert not picture.mask[:, :half].any()
    assert fast.visible_share(scene, shapes) == pytest.approx(0.5, abs=0.01)
    assert fast.visible_share(scene_of(), shapes) == 1.0


def test_what_the_frame_does_not_show_is_no_loss():
    shapes = {"thing": shape_of(box((1, 1, 1))), "other": shape_of(box((0.1, 0.1, 0.1)), "other")}
    scene = scene_of(("thing", at(1.1, 0, 0)), ("other", at(-0.5, 0, 0)))
    assert fast.draw(scene, shapes).mask[:, 0].sum() > 0  # cut by the border
    assert fast.visible_share(scene, shapes) == 1.0


def test_an_unknown_shape_is_refused():
    with pytest.raises(BadInputError, match="scene test: there is no shape thing; other are given"):
        fast.draw(scene_of(), {"other": corner("other")})


def test_an_object_behind_the_camera_is_refused():
    with pytest.raises(BadInputError, match="scene test: an object reaches behind the camera"):
        fast.draw(scene_of(view=seen_from((0, 0.0, -0.1))), {"thing": corner()})


# --- the picture lies on its mask -------------------------------------------------------------------


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_the_picture_lies_on_its_mask(camera):
    scene = scene_of(camera=camera, view=seen_from((0.9, 0.8, -2.2), (0.1, 0, 0)), lighting=light(0.95))
    picture = fast.draw(scene, {"thing": corner()})
    bright, mask = linear(picture.image)[..., 1] > 0.5, picture.mask > 0
    assert iou(bright, mask) > 0.97
    for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
        assert iou(np.roll(bright, step, axis), mask) < iou(bright, mask) - 0.02
    for wrong in (bright[::-1], bright[:, ::-1], bright[::-1, ::-1]):
        assert iou(wrong, mask) < 0.8


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_brightness_is_the_share_of_the_pixel_that_is_covered(samples):
    scene = scene_of(view=seen_from((0.9, 0.8, -2.2)), lighting=light(0.7))
    shape = corner()
    share = matt(scene, {"thing": shape}, samples=samples)[..., 0] / 0.7
    vertices_px = CAMERA.project(scene.camera_from_object.apply(shape.mesh.vertices))
    covered = reference.area_sampled_silhouette(vertices_px, shape.mesh.faces, (96, 96), samples=samples)
    np.testing.assert_allclose(share, covered, atol=0.012)


def test_more_samples_converge():
    scene = scene_of(view=seen_from((0.9, 0.8, -2.2)), lighting=light(0.3, 0.5, (0.5, 1, -1)))
    shapes = {"thing": corner(pattern="stripes", period_m=0.2, second=(0.1, 0.2, 0.3))}
    one, two, four, eight = (
        linear(fast.draw(scene, shapes, samples=n).image).astype(float) for n in (1, 2, 4, 8)
    )
    errors = [np.abs(drawn - eight).mean() for drawn in (one, two, four)]
    assert errors[0] > 1.5 * errors[1] > 1.5 * 1.5 * errors[2]
    assert errors[2] < 0.004


@pytest.mark.parametrize("background", [BLUE, Background("gradient", ((0.9, 0.2, 0.1), (0.0, 0.3, 0.4)), 30)])
def test_around_the_object_is_the_background(background):
    effects = Effects(exposure=0.8, contrast=1.1, saturation=0.7, tint=(0.9, 1.0, 1.1))
    scene = scene_of(background=background, camera=ODD_CAMERA, effects=effects)
    picture = fast.draw(scene, {"thing": corner()}, samples=1)
    behind = developed(background_picture(background, (80, 112)), effects)
    nothing = picture.object_index < 0
    np.testing.assert_array_equal(picture.image[nothing], behind[nothing])
    assert (picture.image[~nothing] != behind[~nothing]).any(1).mean() > 0.9


def test_drawing_leaves_nothing_behind():
    """The same picture whatever was drawn before, and whichever other object comes first."""
    scene, shapes = cluttered(CAMERA)
    first = fast.draw(scene, shapes)
    fast.draw(scene_of(), {"thing": corner()})
    again = fast.draw(scene, {key: shape_of(shape.mesh, key) for key, shape in shapes.items()})
    np.testing.assert_array_equal(first.image, again.image)
    order = [0, 3, 2, 1]
    other = fast.draw(
        scene_of(
            *((scene.objects[k].mesh_id, scene.objects[k].world_from_object) for k in order),
            view=scene.camera_from_world,
        ),
        shapes,
    )
    np.testing.assert_array_equal(first.image, other.image)
    renamed = np.append(order, -1)[other.object_index]
    np.testing.assert_array_equal(first.object_index, renamed)


# --- light ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("towards", [(0, 0, -1), (0, 1, -1), (1, 0.3, -0.6), (-0.5, -0.5, -0.2)])
def test_a_white_surface_is_as_bright_as_sky_and_sun_say(towards):
    scene = scene_of(lighting=light(0.3, 0.5, towards))
    board = {"thing": shape_of(box((9, 9, 0.1)))}  # fills the picture, faces -z
    expected = 0.3 + 0.5 * -scene.lighting.towards_sun[2]
    drawn = matt(scene, board)
    np.testing.assert_allclose(drawn, expected, atol=NEARLY)
    # Chalk mirrors next to nothing.
    whole = linear(fast.draw(scene, board).image)
    assert np.median(whole) == pytest.approx(expected, rel=0.08)


def test_colours_are_linear_light_of_their_srgb_numbers():
    colour = (0.8, 0.4, 0.1)
    scene = scene_of(lighting=Lighting(light(0.6).sky, (0.0, 0.0, -1.0), (0.3, 0.2, 0.1)))
    board = box((9, 9, 0.1))
    black = linear(fast.draw(scene, {"thing": shape_of(board, colour=(0, 0, 0))}).image)
    drawn = linear(fast.draw(scene, {"thing": shape_of(board, colour=colour)}).image) - black
    expected = linear(np.array(colour) * 255) * [0.9, 0.8, 0.7]
    np.testing.assert_allclose(drawn[40:50, 40:50], np.broadcast_to(expected, (10, 10, 3)), atol=NEARLY)


@pytest.mark.parametrize("towards", [(0, 0, 1), (0, 1, 0.01), (1, 0, 0.5)])
def test_what_faces_away_from_the_sun_gets_none(towards):
    scene = scene_of(lighting=light(0.3, 0.6, towards))
    np.testing.assert_allclose(matt(scene, {"thing": shape_of(box((9, 9, 0.1)))}), 0.3, atol=NEARLY)


def test_a_mesh_that_is_open_is_lit_on_the_side_that_is_seen():
    board = plane((9, 9)).with_vertices(plane((9, 9)).vertices[:, [0, 2, 1]])
    for mesh in (board, Mesh(board.vertices, board.faces[:, ::-1])):
        for sun, expected in ((-1, 0.8), (1, 0.3)):
            scene = scene_of(lighting=light(0.3, 0.5, (0, 0, sun)))
            np.testing.assert_allclose(matt(scene, {"thing": shape_of(mesh)}), expected, atol=NEARLY)


@pytest.mark.parametrize("seed", range(4))
def test_the_sky_is_read_at_the_normals_of_the_world(seed):
    random = np.random.default_rng(seed)
    coefficients = 0.25 * random.normal(size=(9, 3))
    coefficients[0] = 1.8
    scene = scene_of(
        ("thing", at(0.1, -0.1, 0.2, seed)),
        lighting=Lighting(tuple(map(tuple, coefficients.tolist())), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0)),
        view=Pose.random(seed + 10, translation=(0.0, 0.1, 3.0)),
    )
    mesh = box((1.0, 0.8, 0.6))
    drawn = matt(scene, {"thing": shape_of(mesh)}, samples=1)
    pose = scene.camera_from_object
    face = rasterize(CAMERA.project(pose.apply(mesh.vertices)), mesh.faces, (96, 96)).face_index
    normals = mesh.face_normals() @ scene.objects[0].world_from_object.rotation.T
    expected = SphericalHarmonics(coefficients)(normals)[face]
    seen = face >= 0
    assert len(np.unique(face[seen] // 2)) >= 2
    np.testing.assert_allclose(drawn[seen], expected[seen], atol=NEARLY)


def turned_world(scene, motion):
    """The same scene in another world: everything in it, camera and sun, was moved alike."""
    light_ = scene.lighting
    towards = tuple((motion.rotation @ light_.towards_sun).tolist())
    return scene_of(
        *((o.mesh_id, motion @ o.world_from_object) for o in scene.objects),
        view=scene.camera_from_world @ motion.inverse(),
        lighting=Lighting(light_.sky, towards, light_.sun),
    )


@pytest.mark.parametrize("seed", range(3))
def test_turning_the_whole_world_changes_nothing(seed):
    scene, shapes = cluttered(CAMERA)
    scene = scene_of(
        *((o.mesh_id, o.world_from_object) for o in scene.objects),
        view=scene.camera_from_world,
        lighting=light(0.2, 0.6, (0.5, 1, -1)),
    )
    moved = turned_world(scene, Pose.random(seed, translation=(4.0, 1.0, -2.0)))
    one, other = (matt(s, shapes) for s in (scene, moved))
    # The map of the shadows is cut differently: their edges move by less than a texel.
    differs = np.abs(one - other).max(2) > 2 * NEARLY
    assert differs.mean() < 0.01
    assert one.max() > 0.7


def subdivided(mesh):
    """Each face in four, on the same surface."""
    faces = np.asarray(mesh.faces)
    corners = mesh.vertices[faces]
    middles = (corners + np.roll(corners, -1, axis=1)) / 2
    a, b, c = np.moveaxis(corners, 1, 0)
    ab, bc, ca = np.moveaxis(middles, 1, 0)
    triangles = np.stack([np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))], 1)
    return Mesh(triangles.reshape(-1, 3), np.arange(12 * len(faces)).reshape(-1, 3)).merged()


def test_cutting_faces_into_more_changes_nothing():
    look = {"pattern": "checks", "period_m": 0.23, "second": (0.8, 0.1, 0.2), "roughness": 0.4}
    scene = scene_of(
        ("thing", at(0, 0, 0, 2)), lighting=light(0.3, 0.5, (0.4, 1, -1)), ground_m=-1.0, background=BLUE
    )
    coarse = box((1.2, 0.7, 0.5))
    fine = subdivided(subdivided(coarse))
    one, other = (
        fast.draw(scene, {"thing": shape_of(mesh, **look)}).image.astype(int) for mesh in (coarse, fine)
    )
    assert (np.abs(one - other).max(2) > 1).mean() < 0.002


@pytest.mark.parametrize("turn", np.linspace(0, 20, 5))
def test_round_things_have_no_rim(turn):
    """Of a prism with smoothed normals some samples at its outline have a normal that looks away."""
    mesh = cylinder(0.8, 1.6, 16)
    turned = Pose.from_euler_zyx(0.0, turn, 0.0).apply(mesh.vertices)
    camera = Camera.from_focal_px(1500, width=800, height=16)
    # The camera sees +x on its left.
    scene = scene_of(view=seen_from((0, 0, -4)), lighting=light(0.1, 0.8, (1, 0, 0)), camera=camera)
    drawn = matt(scene, {"thing": shape_of(mesh.with_vertices(turned))}, samples=1)[8, :, 0]
    covered = drawn[drawn > 0.02]
    assert covered[0] > 0.8
    assert (np.diff(covered) < 0.02).all()  # from light to dark without a step back


def test_edges_are_sharp_or_smooth_by_their_angle():
    """Six sides are six planes, thirty-two a round thing."""
    values = {}
    for sections in (6, 32):
        mesh = cylinder(0.8, 1.6, sections)
        turned = mesh.with_vertices(Pose.from_euler_zyx(0.0, 8.0, 0.0).apply(mesh.vertices))
        scene = scene_of(view=seen_from((0, 0, -4)), lighting=light(0.1, 0.8, (0.6, 0, -1)))
        row = matt(scene, {"thing": shape_of(turned)}, samples=1)[48, :, 0]
        values[sections] = len(np.unique(row[row > 0.02].round(2)))
    assert values[6] <= 4
    assert values[32] > 15


# --- patterns ---------------------------------------------------------------------------------------


def striped_board(axis, period, pattern="stripes"):
    return shape_of(box((9, 9, 0.1)), second=(0, 0, 0), pattern=pattern, period_m=period, axis=axis)


def run_lengths(values):
    """Of what lies wholly in the picture."""
    return np.diff(np.flatnonzero(np.diff(values.astype(int)) != 0))


def board_px(metres, distance=3.0 - 0.05):
    return metres * CAMERA.fx_px / distance


@pytest.mark.parametrize("period", [0.2, 0.45])
def test_stripes_follow_each_other_along_their_axis(period):
    for axis in (0, 1):
        drawn = fast.draw(scene_of(), {"thing": striped_board(axis, period)}, samples=4).image[..., 0]
        bright = linear(drawn) > 0.4
        lines = bright if axis == 0 else bright.T
        assert (lines == lines[0]).all()  # straight, at right angles to the axis
        runs = run_lengths(lines[0])
        assert runs.mean() == pytest.approx(board_px(period / 2), rel=0.05)
        assert np.ptp(runs) <= 1
    deep = fast.draw(scene_of(), {"thing": striped_board(2, period)}).image
    assert np.ptp(deep[40:56, 40:56]) <= 2  # all of this face is at one depth


def test_checks_alternate_along_both_directions_of_a_face():
    drawn = fast.draw(scene_of(), {"thing": striped_board(0, 0.3, "checks")}, samples=4).image[..., 0]
    bright = linear(drawn) > 0.4
    for lines in (bright, bright.T):
        assert run_lengths(lines[48]).mean() == pytest.approx(board_px(0.3), rel=0.05)
    step = round(board_px(0.3))
    inner = bright[:-step, :-step]
    assert (bright[step:, step:] == inner).mean() > 0.9
    assert (bright[step:, :-step] != inner).mean() > 0.9


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_sticks_to_its_object(pattern):
    """Camera and object move together: the same picture; the object alone: another."""
    look = {"pattern": pattern, "second": (0.1, 0.3, 0.0), "period_m": 0.31, "seed": 5}
    shapes = {"thing": corner(**look)}
    view, motion = seen_from((0.9, 0.8, -2.2)), Pose.from_euler_zyx(0.0, 40.0, 0.0, (1.0, 0.0, 2.0))
    one = fast.draw(scene_of(view=view), shapes).image.astype(int)
    other = fast.draw(scene_of(("thing", motion), view=view @ motion.inverse()), shapes).image.astype(int)
    assert (np.abs(one - other).max(2) > 2).mean() < 0.005
    if pattern != "plain":
        plain = fast.draw(scene_of(view=view), {"thing": corner()}).image
        assert (np.abs(plain - one).max(2) > 20).sum() > 0.1 * fast.draw(
            scene_of(view=view), shapes
        ).mask.sum()


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if p != "plain"])
def test_from_far_a_pattern_is_its_mean(pattern):
    """Near enough to see it or far too fine: as bright on average."""

    def drawn(period):
        board = shape_of(
            box((20, 20, 0.1)), second=(0.0, 0.0, 0.0), pattern=pattern, period_m=period, seed=11
        )
        return matt_of_board(board)

    def matt_of_board(board):
        black = shape_of(board.mesh, colour=(0, 0, 0))
        one, other = (linear(fast.draw(scene_of(), {"thing": s}).image)[..., 0] for s in (board, black))
        return one - other

    near, far = drawn(0.11), drawn(0.0005)
    assert far.std() < 0.01
    assert near.std() > 0.05
    assert near.mean() == pytest.approx(far.mean(), abs=0.04)


def test_a_highlight_is_where_the_sun_is_mirrored():
    ball = shape_of(icosphere(5), "ball", colour=(0, 0, 0), roughness=0.2)
    for towards in ((0.5, 0.8, -1), (-1, 0.2, -0.4), (0, -0.6, -1)):
        scene = scene_of(
            ("ball", at(0, 0, 0)), lighting=light(0, 1, towards), view=seen_from((0, 0, -4)),
            effects=Effects(exposure=0.5),
        )  # fmt: skip
        picture = fast.draw(scene, {"ball": ball}, samples=4)
        bright = picture.image[..., 0].astype(float) ** 2
        where = [(bright.sum(axis) * (np.arange(96) + 0.5)).sum() / bright.sum() for axis in (0, 1)]
        # The ball's points, their normals, and how far those are from half-way between sun and eye.
        points = positions_world(scene, picture.depth_m.astype(float))
        eye = -rays_world(scene)[1]
        half = eye / np.linalg.norm(eye, axis=2, keepdims=True) + scene.lighting.towards_sun
        half /= np.linalg.norm(half, axis=2, keepdims=True)
        match = np.where(picture.mask > 0, (points * half).sum(2), -1)
        row, column = np.unravel_index(match.argmax(), match.shape)
        np.testing.assert_allclose(where, [column + 0.5, row + 0.5], atol=2.5)


def test_metal_has_no_colour_but_in_its_mirror():
    scene = scene_of(lighting=light(0.5))
    board = box((9, 9, 0.1))
    metal = linear(fast.draw(scene, {"thing": shape_of(board, colour=(0.9, 0.6, 0.1), metallic=1.0)}).image)
    middle = metal[48, 48]
    np.testing.assert_allclose(
        middle / middle[0], linear(np.array([0.9, 0.6, 0.1]) * 255) / linear(0.9 * 255.0), atol=0.05
    )


# --- shadows ----------------------------------------------------------------------------------------

GROUND = -0.5
BOX = (0.7, 0.6, 0.5)


def hits_box(points, direction, low, high):
    """Whether rays from points (..., 3) in a direction meet the box: the slabs' common stretch."""
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (low - points) / direction, (high - points) / direction
    enter, leave = np.fmin(first, second).max(-1), np.fmax(first, second).min(-1)
    return (enter <= leave) & (leave > 0)


def grounded(towards, lift, sun=0.6, **more):
    """A box over a white ground, seen from above; (scene, shapes, the box's corners)."""
    middle = np.array([0.0, GROUND + BOX[1] / 2 + lift, 0.0])
    scene = scene_of(
        ("thing", at(*middle)),
        lighting=light(0.2, sun, towards),
        **{
            "view": seen_from((1.0, 2.5, -3.0), (0, GROUND, 0)),
            "camera": ODD_CAMERA,
            "ground_m": GROUND,
            "ground_colour": (1.0, 1.0, 1.0),
            **more,
        },
    )
    half = np.array(BOX) / 2
    return scene, {"thing": shape_of(box(BOX))}, middle - half, middle + half


def on_ground(scene):
    """(H, W, 3): where the pixels' rays meet the ground."""
    centre, rays = rays_world(scene)
    return centre + ((scene.ground_m - centre[1]) / rays[..., 1:2]) * rays


@pytest.mark.parametrize("lift", [0.0, 0.4])
@pytest.mark.parametrize("towards", SUNS)
def test_a_shadow_falls_where_geometry_says(towards, lift):
    scene, shapes, low, high = grounded(towards, lift)
    picture = fast.draw(scene, shapes, samples=1)
    ground = picture.object_index < 0
    sun = np.array(scene.lighting.towards_sun)
    shaded = hits_box(on_ground(scene), sun + 1e-12, low, high) & ground
    drawn = linear(picture.image)[..., 0]
    bright = 0.2 + 0.6 * sun[1]
    dark = (drawn < (0.2 + bright) / 2) & ground
    if shaded.any():  # none right below a box that stands
        assert iou(dark, shaded) > 0.9
    assert (dark == shaded)[ground].mean() > 0.99
    assert (np.abs(drawn[ground & ~shaded] - bright) < NEARLY).mean() > 0.98
    assert shaded.sum() > 60 or lift == 0
    if shaded.sum() > 60:
        assert (np.abs(drawn[shaded] - 0.2) < NEARLY).mean() > 0.9


@pytest.mark.parametrize("towards", SUNS[1:])
def test_a_thing_that_stands_on_the_ground_touches_its_shadow(towards):
    view = seen_from((-2.5 * towards[0], 1.5, -2.5 * towards[2]), (0, GROUND, 0))  # on the shadow's side
    scene, shapes, low, high = grounded(towards, 0.0, view=view)
    picture = fast.draw(scene, shapes, samples=1)
    points = on_ground(scene)
    away = np.linalg.norm(np.maximum(np.maximum(low - points, points - high), 0)[..., [0, 2]], axis=-1)
    sun = np.array(scene.lighting.towards_sun)
    close = (picture.object_index < 0) & (away < 0.08) & hits_box(points, sun, low, high)
    drawn = linear(picture.image)[..., 0]
    assert close.sum() > 40
    assert (drawn[close] < 0.25).mean() > 0.9


@pytest.mark.parametrize("towards", [(0.1, 1, 1), (0.8, 1.2, 1), (0, 2, 1)])
def test_there_is_hardly_a_gap_between_a_thin_board_and_its_shadow(towards):
    """Three texels of the shadow's map, of which nearly 190 go over the largest extent, are allowed."""
    board = np.array([0.9, 0.6, 0.01])
    middle = np.array([0.0, GROUND + 0.3, 0.0])
    scene = scene_of(
        ("thing", at(*middle)),
        view=seen_from((0.0, GROUND + 1.5, -3.0), (0.0, GROUND, -0.05)),
        camera=Camera.from_fov(12, width=160, height=160),
        lighting=light(0.2, 0.6, towards),
        ground_m=GROUND,
        ground_colour=(1.0, 1.0, 1.0),
    )
    picture = fast.draw(scene, {"thing": shape_of(box(board))}, samples=1)
    points, sun = on_ground(scene), np.array(scene.lighting.towards_sun)
    shaded = hits_box(points, sun, middle - board / 2, middle + board / 2) & (picture.object_index < 0)
    near = shaded & (points[..., 2] > -0.06)
    beyond = near & (points[..., 2] < -0.005 - 3 * 1.1 / 188)
    dark = linear(picture.image)[..., 0] < 0.25
    assert beyond.sum() > 200
    assert dark[beyond].mean() > 0.98
    assert dark[near].mean() > 0.6


@pytest.mark.parametrize("towards", [(0.3, 0.5, -1), (-0.6, 0.2, -0.8)])
def test_objects_throw_shadows_onto_each_other(towards):
    shapes = {"thing": shape_of(box((6, 6, 0.2))), "ball": shape_of(box((0.5, 0.5, 0.5)), "ball")}
    scene = scene_of(
        ("thing", at(0, 0, 0.5)), ("ball", at(0.2, 0.1, -0.7)), lighting=light(0.2, 0.6, towards)
    )
    picture = fast.draw(scene, shapes, samples=1)
    wall = picture.object_index == 0
    points = positions_world(scene, picture.depth_m.astype(float))
    sun = np.array(scene.lighting.towards_sun)
    middle = np.array([0.2, 0.1, -0.7])
    shaded = hits_box(points, sun, middle - 0.25, middle + 0.25) & wall
    dark = (matt(scene, shapes, samples=1)[..., 0] < 0.2 + 0.3 * -sun[2]) & wall
    assert shaded.sum() > 100
    assert iou(dark, shaded) > 0.85
    assert (dark == shaded)[wall].mean() > 0.985


@pytest.mark.parametrize("towards", [(0, 0, -1), (0.2, 0.3, -1), (0.7, 0.5, -0.5), (-1, 0.1, -0.05)])
@pytest.mark.parametrize("name", ["ball", "coarse ball", "cube", "can"])
def test_what_is_convex_throws_no_shadow_onto_itself(name, towards):
    mesh = {"ball": icosphere(4), "coarse ball": icosphere(1), "cube": box(), "can": cylinder(0.7, 1.4, 24)}[
        name
    ]
    scene = scene_of(
        ("thing", at(0, 0, 0, 3 if name == "cube" else None)),
        lighting=light(0.2, 0.6, towards),
        view=seen_from((0, 0.5, -3.5)),
    )  # fmt: skip
    lit = matt(scene, {"thing": shape_of(mesh)}, samples=1)[..., 0]
    sun = np.array(scene.lighting.towards_sun)
    drawn = rasterize(CAMERA.project(scene.camera_from_object.apply(mesh.vertices)), mesh.faces, (96, 96))
    seen = drawn.face_index >= 0
    normals = (mesh.face_normals() @ scene.objects[0].world_from_object.rotation.T)[drawn.face_index]
    if name == "ball":
        depth = np.divide(1, drawn.inverse_depth, out=np.zeros((96, 96)), where=seen)
        normals = positions_world(scene, depth)
    cosine = normals @ sun
    if name in ("ball", "cube"):
        faces_sun = seen & (cosine > 0.15)
        np.testing.assert_allclose(lit[faces_sun], (0.2 + 0.6 * cosine)[faces_sun], atol=0.015)
    else:  # normals are smoothed: up to half the angle between two faces away from this
        faces_sun = seen & (cosine > 0.5)
        assert (lit[faces_sun] > 0.2 + 0.6 * 0.2).all()
    assert faces_sun.sum() > 20 or towards[2] > -0.1


def test_the_ground_ends_at_the_horizon():
    shapes = {"thing": shape_of(box((0.1, 0.1, 0.1)))}
    more = {"lighting": light(0.25, 0.35, (1, 2, 0)), "background": BLUE, "camera": ODD_CAMERA}
    scene = scene_of(view=seen_from((0, 0, -3)), ground_m=-1.0, ground_colour=(0.5, 0.6, 0.7), **more)
    picture = fast.draw(scene, shapes)
    horizon = int(ODD_CAMERA.cy_px)  # the camera looks level
    blue = developed(background_picture(BLUE, (80, 112)), Effects())
    empty = picture.object_index < 0
    above, below = empty.copy(), empty.copy()
    above[horizon - 1 :], below[: horizon + 2] = False, False
    np.testing.assert_array_equal(picture.image[above], blue[above])
    colour = linear(np.array([0.5, 0.6, 0.7]) * 255) * (0.25 + 0.35 * 2 / 5**0.5)
    drawn = linear(picture.image)[below]
    np.testing.assert_allclose(np.median(drawn, axis=0), colour, atol=NEARLY)
    assert (np.abs(drawn - colour).max(1) < NEARLY).mean() > 0.98


@pytest.mark.parametrize("colour", [None, (0.9, 0.1, 0.1)])
def test_a_ground_is_not_seen_from_below(colour):
    more = {"view": seen_from((0, -0.8, -3)), "lighting": light(0.2, 0.6, (0.2, 1, 0)), "background": BLUE}
    shapes = {"thing": corner()}
    with_ground = fast.draw(scene_of(ground_m=-0.5, ground_colour=colour, **more), shapes)
    without = fast.draw(scene_of(**more), shapes)
    np.testing.assert_array_equal(with_ground.image, without.image)


@pytest.mark.parametrize("towards", SUNS[1:3])
def test_without_a_colour_the_ground_is_the_background_with_a_shadow(towards):
    behind = Background("gradient", ((0.9, 0.7, 0.8), (0.5, 0.6, 0.9)), 20)
    scene, shapes, low, high = grounded(towards, 0.0, ground_colour=None, background=behind)
    picture = fast.draw(scene, shapes, samples=1)
    background = background_picture(behind, (80, 112))
    ground = picture.object_index < 0
    sun = np.array(scene.lighting.towards_sun)
    share = linear(picture.image) / background
    shaded = hits_box(on_ground(scene), sun, low, high) & ground
    lost = 0.2 / (0.2 + 0.6 * sun[1])
    assert (share[ground & ~shaded].min(1) > 0.97).mean() > 0.985
    assert share[ground].max() < 1.02
    assert np.abs(np.median(share[shaded], axis=0) - lost).max() < 0.02


def test_without_a_sun_there_is_no_shadow():
    scene, shapes, *_ = grounded((0.5, 1, 0), 0.2, sun=0.0)
    picture = fast.draw(scene, shapes, samples=1)
    np.testing.assert_allclose(linear(picture.image)[picture.object_index < 0], 0.2, atol=NEARLY)


def test_masks_and_depths_know_no_ground():
    with_ground, shapes, *_ = grounded((0.5, 1, 0), 0.2)
    without, *_ = grounded((0.5, 1, 0), 0.2, ground_m=None)
    one, other = fast.draw(with_ground, shapes), fast.draw(without, shapes)
    np.testing.assert_array_equal(one.object_index, other.object_index)
    np.testing.assert_array_equal(one.depth_m, other.depth_m)
    assert (one.depth_m[one.object_index < 0] == 0).all()

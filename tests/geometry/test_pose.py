"""Laws of `Pose`: a group, its exponential map, views with their signs derived by hand, files."""

import json
import math

import numpy as np
import pytest
import torch
from scipy.linalg import expm
from scipy.spatial.transform import Rotation

from rrb.errors import BadFileError, BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.geometry.pose_io import Hypothesis, load_pose, save_pose

PI = math.pi
BATCHES = [(), (1,), (5,), (2, 3)]
SCALES = [0.0, 1e-300, 1e-12, 1e-5, 0.3, 1.0]
CAMERA = Camera.from_fov(60, width=640, height=480)


def poses(batch, like=np.array, seed=0) -> Pose:
    rng = np.random.default_rng(seed)
    pose = Pose.random(rng, batch, rng.normal(size=(*batch, 3)))
    return Pose(like(pose.rotation), like(pose.translation))


def same(actual, expected, atol=2e-15):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=0, atol=atol)


def same_pose(actual: Pose, expected: Pose, atol=2e-15):
    same(actual.rotation, expected.rotation, atol)
    same(actual.translation, expected.translation, atol)


# --- the group --------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", BATCHES)
def test_group_laws(like, batch):
    a, b, c = (poses(batch, like, seed) for seed in range(3))
    same_pose((a @ b) @ c, a @ (b @ c), 1e-14)
    same_pose(a @ Pose.identity(), a, 0)
    same_pose(Pose.identity(batch) @ a, a, 0)
    same_pose(a @ a.inverse(), Pose.identity(batch))
    same_pose(a.inverse() @ a, Pose.identity(batch))
    same_pose(a.inverse().inverse(), a)
    same_pose((a @ b).inverse(), b.inverse() @ a.inverse(), 4e-15)
    assert (a @ b).batch == batch
    assert type((a @ b).rotation) is type(a.rotation)


@pytest.mark.parametrize("batch", BATCHES)
def test_matrices_compose_and_act_alike(like, batch):
    a, b = poses(batch, like, 0), poses(batch, like, 1)
    same((a @ b).matrix, a.matrix @ b.matrix, 4e-15)
    same_pose(Pose.from_matrix(a.matrix), a, 0)
    same_pose(Pose.from_matrix(a.matrix[..., :3, :]), a, 0)
    p = like(np.random.default_rng(5).normal(size=(*batch, 9, 3)))
    homogeneous = np.concatenate([p, np.ones((*batch, 9, 1))], -1)
    by_hand = np.einsum("...ij,...nj->...ni", np.asarray(a.matrix), homogeneous)[..., :3]
    same(a @ p, by_hand, 4e-15)
    same((a @ b) @ p, a @ (b @ p), 1e-14)
    assert type(a @ p) is type(p)


@pytest.mark.parametrize("batch", BATCHES)
def test_points_and_poses_broadcast(like, batch):
    a = poses(batch, like)
    p = like(np.random.default_rng(5).normal(size=(9, 3)))
    assert (a @ p).shape == (*batch, 9, 3)
    assert (a @ p[4]).shape == (*batch, 3)
    same(a @ p[4], (a @ p)[..., 4, :], 4e-16)
    assert (a @ like(np.zeros((4, *[1] * len(batch), 9, 3)))).shape == (4, *batch, 9, 3)
    assert (a @ poses((4, *[1] * len(batch)), like)).batch == (4, *batch)


def test_the_scale_comes_before_the_rotation(like):
    a = poses((2,), like)
    p = like(np.random.default_rng(5).normal(size=(9, 3)))
    same(a.apply(p, 2.5), a @ (2.5 * p), 4e-15)
    same(a.apply(p, like([2.0, 3.0]))[1], a[1] @ (3.0 * p), 4e-15)


def test_kinds_and_types_are_kept():
    pose, p = Pose.random(0), np.ones((4, 3), np.float32)
    assert (pose @ p).dtype == np.float64
    small = Pose(pose.rotation.astype(np.float32), [0, 0, 1])
    assert small.translation.dtype == np.float32
    assert (small @ p).dtype == np.float32
    assert small.matrix.dtype == small.log().dtype == small.inverse().rotation.dtype == np.float32
    # Constants follow tensors, so that networks stay in single precision.
    assert (pose @ torch.from_numpy(p)).dtype == torch.float32
    assert isinstance(pose.tensor() @ p, torch.Tensor)
    assert pose.tensor(torch.float32).rotation.dtype == torch.float32
    assert isinstance(pose.tensor().numpy().rotation, np.ndarray)
    assert Pose([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [1, 2, 3]).rotation.dtype == np.float64


def test_a_batch_can_be_picked_from_and_stacked(like):
    a = poses((2, 3), like)
    assert len(a) == 2
    assert a[1].batch == (3,)
    assert a[:, 1:].batch == (2, 2)
    same_pose(a[1][2], a[1, 2], 0)
    same_pose(Pose.stack([a[0], a[1]]), a, 0)
    assert Pose.identity((0,)).batch == (0,)


def test_one_pose_serves_many_translations(like):
    pose = Pose(like(np.eye(3)), like(np.zeros((5, 3))))
    assert pose.rotation.shape == (5, 3, 3)


# --- exponential map --------------------------------------------------------------------------------


def twists(batch, largest=1.0, seed=0):
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(*batch, 3))
    w *= largest / np.linalg.norm(w, axis=-1, keepdims=True)
    return np.concatenate([w, rng.normal(size=(*batch, 3))], -1)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("angle", [*SCALES, 3.0, 6.0])
def test_exp_is_the_matrix_exponential(like, batch, angle):
    twist = twists(batch, angle)
    generator = np.zeros((*batch, 4, 4))
    w1, w2, w3, *v = np.moveaxis(twist, -1, 0)
    generator[..., 0, 1], generator[..., 0, 2], generator[..., 1, 2] = -w3, w2, -w1
    generator[..., 1, 0], generator[..., 2, 0], generator[..., 2, 1] = w3, -w2, w1
    generator[..., :3, 3] = np.stack(v, -1)
    same(Pose.exp(like(twist)).matrix, expm(generator), 2e-14)


@pytest.mark.parametrize("angle", [*SCALES, 0.5, 3.0, PI - 1e-4, PI - 1e-9])
def test_log_undoes_exp(like, angle):
    twist = twists((20,), angle)
    same(Pose.exp(like(twist)).log(), twist, 2e-14)


@pytest.mark.parametrize("angle", [*SCALES, PI - 1e-9, PI, PI + 1e-9, 5.0])
def test_exp_undoes_log(like, angle):
    pose = Pose.exp(like(twists((20,), angle)))
    same_pose(Pose.exp(pose.log()), pose, 2e-14)
    longest = np.linalg.norm(np.asarray(pose.log())[:, :3], axis=-1).max()
    assert longest <= PI + 4 * np.finfo(float).eps  # of the norm's own rounding


def test_powers_of_a_twist_commute(like):
    twist = like(twists((4,)))
    same_pose(Pose.exp(0.3 * twist) @ Pose.exp(0.7 * twist), Pose.exp(twist), 4e-15)
    same_pose(Pose.exp(-twist), Pose.exp(twist).inverse(), 4e-15)


def test_the_parts_of_exp_are_coupled():
    """A quarter turn about z while moving 1 along the turning x: the arc's end, (2/pi, 2/pi, 0)."""
    same(Pose.exp([0, 0, PI / 2, 1, 0, 0]).translation, [2 / PI, 2 / PI, 0])


@pytest.mark.parametrize("angle", [0.0, 1e-9, 0.4999, 0.5001, 2.0])
def test_gradients_of_exp_and_log_agree_with_finite_differences(angle):
    twist = torch.tensor(twists((3,), angle), requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: Pose.exp(t).matrix, twist)
    assert torch.autograd.gradcheck(lambda t: Pose.exp(t).log(), twist)


def test_gradients_through_apply_agree_with_finite_differences():
    pose = poses((2,), torch.tensor)
    p = torch.tensor(np.random.default_rng(0).normal(size=(4, 3)), requires_grad=True)
    delta = torch.zeros((2, 6), dtype=torch.float64, requires_grad=True)
    scale = torch.tensor([0.7, 1.3], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda d, x, s: pose.step(d).apply(x, s), (delta, p, scale))


def test_a_step_turns_about_the_objects_origin(like):
    """However far the object is, a rotation step leaves its origin where it is."""
    pose = poses((4,), like)
    delta = twists((4,), 0.4)
    stepped = pose.step(like(delta))
    same(stepped.translation, np.asarray(pose.translation) + delta[:, 3:])
    turn = Rotation.from_rotvec(delta[:, :3]).as_matrix()
    same(stepped.rotation, turn @ np.asarray(pose.rotation))
    same_pose(pose.step(like(np.zeros(6))), pose, 0)
    # In the camera frame: a small turn about the optical axis takes what is right of the origin down.
    beside = pose.inverse() @ (pose.translation + like([1e-3, 0, 0]))[:, None, :]
    moved = pose.step(like([0, 0, 0.1, 0, 0, 0])) @ beside
    assert (np.asarray(moved[:, 0, 1] - pose.translation[:, 1]) > 0).all()


# --- distance ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0.0, 1e-12, 1e-6, 1e-3, 1.0, 90.0, 179.0, 180 - 1e-6, 180.0])
def test_distances_are_accurate_at_both_ends(like, degrees):
    a = poses((5,), like)
    delta = np.zeros((5, 6))
    delta[:, :3] = np.deg2rad(degrees) * twists((5,))[:, :3]
    delta[:, 4] = 0.25
    found, metres = a.distance(a.step(like(delta)))
    same(found, np.full(5, degrees), 1e-13)
    same(metres, np.full(5, 0.25))


def test_distance_is_symmetric_and_does_not_see_the_frame(like):
    a, b, c = (poses((5,), like, seed) for seed in range(3))
    for one, other in ((b.distance(a), a.distance(b)), ((c @ a).distance(c @ b), a.distance(b))):
        same(one[0], other[0], 1e-12)
        same(one[1], other[1], 1e-14)
    same(a.distance(a)[0], np.zeros(5), 1e-13)


def test_interpolation_is_even(like):
    a, b = poses((5,), like, 0), poses((5,), like, 1)
    same_pose(a.interpolate(b, 0.0), a)
    same_pose(a.interpolate(b, 1.0), b, 1e-14)
    middle = a.interpolate(b, 0.25)
    whole, part = a.distance(b), a.distance(middle)
    same(part[0], 0.25 * whole[0], 1e-12)
    same(part[1], 0.25 * whole[1], 1e-14)


# --- viewpoints: signs by hand ----------------------------------------------------------------------


def pixel(pose: Pose, point) -> np.ndarray:
    return CAMERA.project(pose @ np.array(point, float))


def test_azimuth_0_sees_the_front():
    """The camera stands at (0, 0, -3): the front, at -z, is nearer; y is up; +x is to the left."""
    pose = Pose.from_viewpoint(0, 0, distance_m=3)
    same(pose.camera_centre_object, [0, 0, -3])
    same(pixel(pose, [0, 0, 0]), [320, 240, 3], 1e-12)
    assert pixel(pose, [0, 0, -1])[2] == pytest.approx(2)
    assert pixel(pose, [1, 0, 0])[0] < 319
    assert pixel(pose, [0, 1, 0])[1] < 239


def test_azimuth_90_stands_at_plus_x():
    """Looking along -x with y up, the object's front (-z) is on the right: (-x) x y = -z."""
    pose = Pose.from_viewpoint(90, 0, distance_m=3)
    same(pose.camera_centre_object, [3, 0, 0])
    assert pixel(pose, [1, 0, 0])[2] == pytest.approx(2)
    assert pixel(pose, [0, 0, -1])[0] > 321
    assert pixel(pose, [0, 1, 0])[1] < 239


def test_positive_elevation_looks_down():
    pose = Pose.from_viewpoint(0, 30, distance_m=2)
    same(pose.camera_centre_object, [0, 1, -math.sqrt(3)])
    assert pixel(pose, [0, 1, 0])[2] < 2  # the top is nearer
    assert pixel(pose, [0, 0, -1])[1] > 241  # and the front lower than the middle


def test_roll_turns_the_object_clockwise_in_the_image():
    """What was up goes right, what was right goes down."""
    level = Pose.from_viewpoint(0, 0, distance_m=3)
    rolled = Pose.from_viewpoint(0, 0, 90, distance_m=3)
    up, right = [0, 1, 0], [-1, 0, 0]
    assert pixel(level, up)[1] < 239 < 321 < pixel(level, right)[0]
    same(pixel(rolled, up)[:2], pixel(level, right)[:2], 1e-10)
    assert pixel(rolled, right)[1] > 241
    same(rolled.camera_centre_object, level.camera_centre_object)


@pytest.mark.parametrize("ray", [(0, 0, 1), (0.4, -0.3, 1), (-2, 0, 0.1), (0.1, 0.2, -1)])
@pytest.mark.parametrize("batch", BATCHES)
def test_viewpoints_go_round(like, batch, ray):
    rng = np.random.default_rng(3)
    angles = rng.uniform([-180, -89, -180], [180, 89, 180], (*batch, 3))
    distance = rng.uniform(0.5, 5, batch)
    pose = Pose.from_viewpoint(
        *(like(angles[..., i]) for i in range(3)), distance_m=like(distance), ray_camera=ray
    )
    assert pose.batch == batch
    view = pose.to_viewpoint()
    same(
        np.stack([np.asarray(v) for v in view], -1), np.concatenate([angles, distance[..., None]], -1), 1e-11
    )
    # Measured from the camera's centre, wherever in the image the object lies.
    a, e = np.deg2rad(angles[..., 0]), np.deg2rad(angles[..., 1])
    c = distance[..., None] * np.stack([np.cos(e) * np.sin(a), np.sin(e), -np.cos(e) * np.cos(a)], -1)
    same(pose.camera_centre_object, c, 4e-15)
    same(
        np.asarray(pose.translation) / distance[..., None],
        np.broadcast_to(ray / np.linalg.norm(ray), c.shape),
    )


@pytest.mark.parametrize("batch", BATCHES)
def test_every_pose_has_a_viewpoint(like, batch):
    pose = poses(batch, like)
    view = pose.to_viewpoint()
    back = Pose.from_viewpoint(*view[:3], distance_m=view.distance_m, ray_camera=pose.translation)
    same_pose(back, pose, 1e-14)


@pytest.mark.parametrize("elevation", [-90, 90])
def test_straight_above_the_azimuth_says_all(elevation):
    view = Pose.from_viewpoint(33, elevation, 0, distance_m=2).to_viewpoint()
    same(view, [33, elevation, 0, 2], 1e-12)
    rolled = Pose.from_viewpoint(33, elevation, 20, distance_m=2)
    assert rolled.to_viewpoint().roll_deg == 0
    same_pose(Pose.from_viewpoint(*rolled.to_viewpoint()[:3], distance_m=2), rolled, 4e-15)


def test_an_off_centre_crop_shows_the_centred_view():
    """Turning the camera onto the object leaves its azimuth, elevation, roll and distance as they were."""
    pose = Pose.from_viewpoint(40, 20, 10, distance_m=3, ray_camera=(0.5, 0.2, 1))
    centred = Pose.from_viewpoint(40, 20, 10, distance_m=3)
    same(pose.camera_centre_object, centred.camera_centre_object, 4e-15)
    same(pose.to_viewpoint(), centred.to_viewpoint(), 1e-12)


def test_the_mirror_view_of_a_symmetric_object():
    """Reflecting the object in x = 0 mirrors azimuth, roll and the image."""
    p = np.random.default_rng(0).normal(size=(20, 3))
    seen = CAMERA.project(Pose.from_viewpoint(30, 10, 5, distance_m=6) @ p)
    mirrored = CAMERA.project(Pose.from_viewpoint(-30, 10, -5, distance_m=6) @ (p * [-1, 1, 1]))
    same(mirrored, seen * [-1, 1, 1] + [640, 0, 0], 1e-10)


# --- other conventions, against each other -----------------------------------------------------------


@pytest.mark.parametrize("batch", BATCHES)
def test_conversions_agree_with_each_other(like, batch):
    pose = poses(batch, like)
    t = pose.translation
    for back in (
        Pose.from_quaternion(pose.to_quaternion(), t),
        Pose.from_quaternion(-pose.to_quaternion(), t),
        Pose.from_rotation_vector(pose.to_rotation_vector(), t),
        Pose.from_euler_zyx(*pose.to_euler_zyx(), t),
        Pose.from_rotation_and_centre(*pose.to_rotation_and_centre()),
        Pose.exp(pose.log()),
        Pose.from_matrix(pose.matrix),
    ):
        same_pose(back, pose, 2e-14)
        assert type(back.rotation) is type(pose.rotation)


def test_rotation_and_centre_is_rrbs_equation():
    """X_c = R^T (X_o - c)."""
    pose, p = poses(()), np.random.default_rng(1).normal(size=(9, 3))
    r, c = pose.to_rotation_and_centre()
    same(pose @ p, (p - c) @ r, 4e-15)
    same(c, pose.camera_centre_object, 0)


def test_look_at(like):
    """From (1, 2, -3) at (0, 1, 0): the target on the axis, z up when z is called up."""
    pose = Pose.look_at(like([1, 2, -3]), like([0, 1, 0]), like([0, 0, 1]))
    same(pose.camera_centre_object, [1, 2, -3])
    same(pose @ like([0, 1, 0]), [0, 0, math.sqrt(11)], 4e-15)
    above = np.asarray(pose @ like([0, 1, 0.1]))
    assert above[1] < 0
    assert above[0] == pytest.approx(0)


def test_look_at_the_origin_is_a_level_viewpoint(like):
    pose = Pose.from_viewpoint(35, -20, distance_m=2)
    same_pose(Pose.look_at(like(pose.camera_centre_object)), pose, 4e-15)


def test_choys_front_and_side():
    """Their azimuth 0 stands at +x, 270 in front of the object (-z); the distance counts in 1.75 metres."""
    side = Pose.from_choy(0, 0, distance_ratio=0.8)
    same(side.camera_centre_object, [1.4, 0, 0])
    same(Pose.from_choy(270, 0, distance_ratio=0.8).camera_centre_object, [0, 0, -1.4])
    same(Pose.from_choy(10, 90, distance_ratio=1).camera_centre_object, [0, 1.75, 0])
    same(
        Pose.from_choy(222.9567, 28.6626, 12, distance_ratio=0.92).to_choy(),
        [222.9567, 28.6626, 12, 0.92],
        1e-12,
    )


def test_viewpoints_are_differentiable():
    angles = torch.tensor([30.0, 20.0, -10.0], dtype=torch.float64, requires_grad=True)

    def there_and_back(x: torch.Tensor) -> torch.Tensor:
        pose = Pose.from_viewpoint(x[0], x[1], x[2], distance_m=2.0, ray_camera=(0.1, 0.2, 1.0))
        return torch.stack(pose.to_viewpoint()[:3])

    same(torch.autograd.functional.jacobian(there_and_back, angles), np.eye(3), 1e-13)


# --- files ------------------------------------------------------------------------------------------


def test_files_go_round(tmp_path):
    pose, other = poses((2,))[0], poses((2,), torch.tensor)[1]
    covariance = np.diag([1e-4, 1e-4, 2e-4, 1e-6, 1e-6, 1e-5, 0.1])
    hypotheses = [
        Hypothesis(pose, np.float32(0.75), 0.9),
        Hypothesis(other, 0.25, 0.88, "mirror", 1.5, 300.0),
    ]
    path = tmp_path / "pose.json"
    save_pose(
        path,
        pose,
        CAMERA,
        scale=1.25,
        iou=np.float64(0.9),
        accepted=np.bool_(False),
        reason="ein Rückspiegel fehlt",
        covariance=covariance,
        hypotheses=hypotheses,
    )
    held = load_pose(path)
    same_pose(held.camera_from_object, pose, 0)
    assert held.camera == CAMERA
    assert (held.scale, held.iou, held.accepted, held.reason) == (1.25, 0.9, False, "ein Rückspiegel fehlt")
    same(held.covariance, covariance, 0)
    assert [(h.weight, h.iou, h.symmetry, h.scale, h.focal_px) for h in held.hypotheses] == [
        (0.75, 0.9, None, 1.0, None),
        (0.25, 0.88, "mirror", 1.5, 300.0),
    ]
    same_pose(held.hypotheses[1].camera_from_object, other, 0)


def test_what_is_unknown_is_null(tmp_path):
    save_pose(tmp_path / "pose.json", Pose.identity(), None)
    data = json.loads((tmp_path / "pose.json").read_text())
    assert data["format"] == "rrb.pose/1"
    assert data["camera_from_object"] == {
        "rotation": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        "translation_m": [0, 0, 0],
    }
    assert "p_camera" in data["convention"]
    for name in ("iou", "accepted", "reason", "covariance", "hypotheses", "camera"):
        assert data[name] is None
    assert load_pose(tmp_path / "pose.json").hypotheses is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "rrb.camera/1"}, "rrb.pose/1"),
        ({"scale": ...}, "lacks scale"),
        ({"scale": 0}, "scale is 0"),
        ({"scale": None}, "scale is None"),
        ({"scale": 10**400}, "scale is 1000"),
        ({"iou": 1.5}, "iou is 1.5"),
        ({"iou": "good"}, "iou is 'good'"),
        ({"accepted": 1}, "accepted is 1"),
        ({"reason": 3}, "reason is 3"),
        ({"covariance": [[1, 2], [3, 4]]}, "symmetric"),
        ({"covariance": [1, 2]}, r"(2,)"),
        ({"hypotheses": {}}, "hypotheses"),
        ({"hypotheses": [3]}, "hypothesis"),
        ({"hypotheses": [{"weight": 1}]}, "lacks camera_from_object"),
        ({"camera": {}}, "rrb.camera/1"),
        ({"camera_from_object": None}, "rotation and translation_m"),
        ({"camera_from_object": {"rotation": np.eye(3).tolist()}}, "rotation and translation_m"),
        ({"camera_from_object": {"rotation": [[1, 2, 3]], "translation_m": [0, 0, 0]}}, "(1, 3)"),
        ({"camera_from_object": {"rotation": "R", "translation_m": [0, 0, 0]}}, "'R'"),
        (
            {"camera_from_object": {"rotation": np.diag([1, 1, -1]).tolist(), "translation_m": [0, 0, 1]}},
            "reflection",
        ),
        ({"extra": 1}, "extra"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(tmp_path, change, says):
    path = tmp_path / "pose.json"
    save_pose(path, Pose.identity(), CAMERA)
    data = {k: v for k, v in {**json.loads(path.read_text()), **change}.items() if v is not ...}
    path.write_text(json.dumps(data))
    with pytest.raises(BadFileError) as error:
        load_pose(path)
    assert str(error.value).startswith(str(path))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


# --- refusals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Pose(np.diag([1, 1, -1]), [0, 0, 0]), "reflection"),
        (lambda: Pose(2 * np.eye(3), [0, 0, 0]), "no rotation"),
        (lambda: Pose(np.eye(3), [0, 0]), r"\(2,\)"),
        (lambda: Pose(np.eye(3), [0, 0, np.nan]), "finite"),
        (lambda: Pose(np.stack([np.eye(3)] * 2), np.zeros((3, 3))), "batch shapes"),
        (lambda: Pose.from_matrix(np.eye(3)), r"\(3, 3\)"),
        (lambda: Pose.from_matrix(np.diag([1, 1, 1, 2])), "last row"),
        (lambda: Pose.from_matrix(np.diag([2, 2, 2, 1])), "no rotation"),
        (lambda: Pose.identity() @ np.zeros((4, 2)), r"\(4, 2\)"),
        (lambda: Pose.exp(np.zeros(5)), r"\(5,\)"),
        (lambda: Pose.identity().step(np.zeros(7)), r"\(7,\)"),
        (lambda: Pose.identity()[0], "no batch"),
        (lambda: Pose.stack([]), "at least one"),
        (lambda: Pose.from_viewpoint(0, 0, distance_m=0), "distance_m is 0"),
        (lambda: Pose.from_viewpoint(0, 0, distance_m=float("nan")), "distance_m is nan"),
        (lambda: Pose.from_viewpoint(0, 0, distance_m=-np.ones(50)), r"distance_m is array\(\[-1"),
        (lambda: Pose.identity().to_viewpoint(), "length 0"),
        (lambda: Pose.identity((2,)).to_json(), "pick one"),
        (lambda: Pose(None, None), "None"),
    ],
)
def test_bad_input_is_refused(make, says):
    with pytest.raises(BadInputError, match=says):
        make()


def test_a_pose_stands_on_the_left_of_points():
    with pytest.raises(TypeError):
        np.zeros((4, 3)) @ Pose.identity()


def test_rounded_rotations_pass():
    """A matrix typed with four decimals is a rotation; with two it is not."""
    r = Pose.random(0).rotation
    Pose(np.round(r, 4), [0, 0, 1])
    with pytest.raises(BadInputError, match="no rotation"):
        Pose(np.round(r, 2), [0, 0, 1])


def test_angles_of_a_viewpoint_spread_over_each_other():
    one_by_one = [Pose.from_viewpoint(a, 20.0, distance_m=2.0).matrix for a in (0.0, 30.0, 60.0)]
    together = Pose.from_viewpoint(np.array([0.0, 30.0, 60.0]), 20.0, distance_m=2.0).matrix
    np.testing.assert_array_equal(together, np.stack(one_by_one))
    with pytest.raises(BadInputError, match="do not go together"):
        Pose.from_viewpoint(np.zeros(3), np.zeros(2), distance_m=2.0)


NAN = float("nan")


@pytest.mark.parametrize(
    "build",
    [
        lambda like: Pose.from_euler_zyx(NAN, 0, 0),
        lambda like: Pose.from_euler_zyx(0, like(np.array([math.inf, 0.0])), 0),
        lambda like: Pose.from_viewpoint(0, NAN, distance_m=1),
        lambda like: Pose.from_viewpoint(0, 0, distance_m=1, ray_camera=like(np.array([NAN, 0, 1]))),
        lambda like: Pose.from_choy(0, NAN, distance_ratio=1),
        lambda like: Pose.from_rotation_vector(like(np.array([NAN, 0, 0]))),
        lambda like: Pose.from_rotation_vector(np.zeros(3), like(np.array([NAN, 0, 0]))),
        lambda like: Pose.from_quaternion(like(np.array([1.0, 0, 0, 0])), [0, 0, NAN]),
        lambda like: Pose.from_quaternion(like(np.array([math.inf, 0, 0, 0]))),
        lambda like: Pose.look_at(like(np.array([0, 0, -2.0])), [0, NAN, 0]),
        lambda like: Pose.look_at(like(np.array([math.inf, 0, -2.0]))),
    ],
)
def test_builders_refuse_what_is_not_finite(like, build):
    with pytest.raises(BadInputError, match="finite"):
        build(like)


@pytest.mark.parametrize(
    "use",
    [
        lambda like: poses((2,), like) @ poses((3,), like),
        lambda like: poses((2,), like) @ like(np.zeros((3, 4, 3))),
        lambda like: poses((2,), like).apply(np.zeros((4, 3)), like(np.ones(3))),
        lambda like: Pose.stack([poses((2,), like), poses((3,), like)]),
        lambda like: poses((2,), like).step(like(np.zeros((3, 6)))),
        lambda like: poses((2,), like).distance(poses((3,), like)),
        lambda like: poses((2,), like).interpolate(poses((2,), like), like(np.zeros(3))),
        lambda like: Pose.from_viewpoint(like(np.zeros(2)), like(np.zeros(3)), distance_m=1),
        lambda like: Pose.from_viewpoint(0, 0, distance_m=like(np.ones(2)), ray_camera=np.ones((3, 3))),
        lambda like: Pose.from_viewpoint(0, 0, distance_m=1, ray_camera=like(np.ones(2))),
        lambda like: Pose.from_euler_zyx(like(np.zeros(2)), like(np.zeros(3)), 0),
        lambda like: Pose.from_euler_zyx(0, 0, 0, like(np.zeros(2))),
        lambda like: Pose.from_rotation_vector(like(np.zeros(4))),
        lambda like: Pose.from_rotation_vector(like(np.zeros((2, 3))), np.zeros((3, 3))),
        lambda like: Pose.from_rotation_vector(1.0),
        lambda like: Pose.from_quaternion([1, 0, 0, 0], like(np.zeros(4))),
        lambda like: Pose.look_at(like(np.ones((2, 3))), np.zeros((3, 3))),
        lambda like: Pose.look_at(like(np.ones(2))),
        lambda like: CAMERA.unproject(like(np.zeros((2, 2))), like(np.ones(3))),
    ],
)
def test_shapes_that_do_not_fit_are_a_sentence(like, use):
    with pytest.raises(BadInputError, match="shape"):
        use(like)


def test_a_pose_that_runs_backwards_becomes_a_tensor():
    backwards = poses((3,))[::-1]
    same(backwards.tensor().rotation, backwards.rotation, 0)


def test_a_pose_does_not_follow_arrays_but_follows_tensors():
    rotation, translation = np.eye(3), np.zeros(3)
    pose = Pose(rotation, translation)
    rotation[0, 0] = translation[0] = 7
    same(pose.matrix, np.eye(4), 0)
    variable = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    Pose(torch.eye(3, dtype=torch.float64), variable).apply(torch.ones(3)).sum().backward()
    same(variable.grad, np.ones(3), 0)


@pytest.mark.parametrize("convention", ["p = R p + t", None, 1])
def test_a_pose_of_another_convention_is_refused(tmp_path, convention):
    save_pose(tmp_path / "pose.json", poses(()), CAMERA)
    data = json.loads((tmp_path / "pose.json").read_text())
    (tmp_path / "pose.json").write_text(json.dumps(data | {"convention": convention}))
    with pytest.raises(BadFileError, match=r"convention is .*p_camera = rotation"):
        load_pose(tmp_path / "pose.json")
    del data["convention"]
    (tmp_path / "pose.json").write_text(json.dumps(data))
    with pytest.raises(BadFileError, match="convention is None"):
        load_pose(tmp_path / "pose.json")

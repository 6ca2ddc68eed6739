"""Rotation vectors, quaternions, Euler angles, viewpoints, rays: round trips, scipy's answers, singular cases."""

import math
import warnings

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from rrb.errors import BadInputError
from rrb.geometry import conversions, rotations, twists

PI = math.pi
EPS = np.finfo(float).eps
BATCHES = [(), (1,), (7,), (2, 3)]
ANGLES = [0.0, 1e-300, 1e-20, 1e-9, 1e-4, 0.1, 0.4999, 0.5, 0.5001, 1.5, 3.0, PI - 1e-4, PI - 1e-9, PI]
AXES = np.array(
    [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [-1, 0, 0],
        [0, -1, 0],
        [0, 0, -1],
        [1, 2, -3],
        [-1, 1e-9, 0],
        [3, -2, 1],
    ]
)
AXES = AXES / np.linalg.norm(AXES, axis=1, keepdims=True)


def vectors(batch: tuple[int, ...], largest: float = PI, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    axis = rng.normal(size=(*batch, 3))
    return axis / np.linalg.norm(axis, axis=-1, keepdims=True) * rng.uniform(0, largest, (*batch, 1))


def matrices(batch: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return rotations.random_rotations(np.random.default_rng(seed), batch)


def same(actual, expected, atol=8 * EPS):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=0, atol=atol)


# --- rotation vectors -------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", BATCHES)
def test_exp_is_scipys(like, batch):
    w = vectors(batch, 10.0)
    turned = rotations.matrix_from_rotation_vector(like(w))
    assert turned.shape == (*batch, 3, 3)
    same(turned, Rotation.from_rotvec(w.reshape(-1, 3)).as_matrix().reshape(*batch, 3, 3), 1e-14)


def test_a_quarter_turn_about_z_takes_x_to_y():
    same(rotations.matrix_from_rotation_vector([0, 0, PI / 2]), [[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    same(rotations.about_axis(2, PI / 2), [[0, -1, 0], [1, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize("angle", ANGLES)
def test_log_undoes_exp(like, angle):
    w = AXES * angle
    found = np.asarray(rotations.rotation_vector_from_matrix(rotations.matrix_from_rotation_vector(like(w))))
    if angle == PI:  # both axes are right
        found = found * np.sign((found * w).sum(-1, keepdims=True))
    same(found, w, 4e-15)


@pytest.mark.parametrize("angle", ANGLES)
def test_exp_undoes_log(like, angle):
    r = Rotation.from_rotvec(AXES * angle).as_matrix()
    same(rotations.matrix_from_rotation_vector(rotations.rotation_vector_from_matrix(like(r))), r, 4e-15)


@pytest.mark.parametrize("batch", BATCHES)
def test_log_is_scipys(like, batch):
    r = matrices(batch)
    found = rotations.rotation_vector_from_matrix(like(r))
    same(found, Rotation.from_matrix(r.reshape(-1, 3, 3)).as_rotvec().reshape(*batch, 3), 1e-13)


@pytest.mark.parametrize("axis", AXES)
def test_half_turns_have_a_well_chosen_axis(axis):
    """R = 2 n n^T - 1 exactly; of n and -n the one with a positive largest component."""
    found = rotations.rotation_vector_from_matrix(2 * np.outer(axis, axis) - np.eye(3))
    largest = np.abs(axis).argmax()
    same(found, PI * axis * np.sign(axis[largest]))


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 0.09, 0.11, 0.4999, 0.5001, 2.0, PI - 1e-4])
def test_gradients_of_exp_and_log_agree_with_finite_differences(angle):
    w = torch.tensor(AXES * angle, requires_grad=True)
    assert torch.autograd.gradcheck(rotations.matrix_from_rotation_vector, w)
    assert torch.autograd.gradgradcheck(rotations.matrix_from_rotation_vector, w[:2])
    # Along the group: any other change of a matrix leaves the rotations.
    r = torch.tensor(Rotation.from_rotvec(AXES * angle).as_matrix())

    def log_beside(delta: torch.Tensor) -> torch.Tensor:
        return rotations.rotation_vector_from_matrix(rotations.matrix_from_rotation_vector(delta) @ r)

    delta = torch.zeros((len(AXES), 3), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(log_beside, delta)


@pytest.mark.parametrize("angle", ANGLES[:-1])
def test_the_jacobian_of_log_exp_is_the_identity(angle):
    def there_and_back(w: torch.Tensor) -> torch.Tensor:
        return rotations.rotation_vector_from_matrix(rotations.matrix_from_rotation_vector(w))

    w = torch.tensor(AXES[6] * angle)
    same(torch.autograd.functional.jacobian(there_and_back, w), np.eye(3), 1e-12)


@pytest.mark.parametrize("angle", [*ANGLES, 4.0, 6.0])
def test_left_jacobians_are_inverse_and_the_mean_of_exp(like, angle):
    w = AXES * angle
    v = twists.left_jacobian(like(w))
    same(v @ twists.inverse_left_jacobian(like(w)), np.broadcast_to(np.eye(3), v.shape), 4e-14)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    steps = Rotation.from_rotvec((w[:, None] * (0.5 + 0.5 * nodes[:, None])).reshape(-1, 3)).as_matrix()
    mean = np.einsum("s,nsij->nij", 0.5 * weights, steps.reshape(len(w), 20, 3, 3))
    same(v, mean, 1e-14)


@pytest.mark.parametrize("angle", ANGLES)
def test_angles_are_accurate_at_both_ends(like, angle):
    r = rotations.matrix_from_rotation_vector(like(AXES * angle))
    same(rotations.angle_of(r), np.full(len(AXES), angle), 4e-15)
    # Tiny ones also relatively: nothing is lost to a cosine near 1. (Below 1e-154 the square is 0.)
    if 1e-150 < angle < 1e-3:
        np.testing.assert_allclose(np.asarray(rotations.angle_of(r)), angle, rtol=1e-9)


def test_gradients_are_finite_at_half_turns():
    w = torch.tensor(AXES * PI, requires_grad=True)
    rotations.rotation_vector_from_matrix(rotations.matrix_from_rotation_vector(w)).sum().backward()
    assert torch.isfinite(w.grad).all()


def test_the_angle_has_a_finite_gradient_at_zero():
    w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    rotations.angle_of(rotations.matrix_from_rotation_vector(w)).backward()
    assert torch.isfinite(w.grad).all()


def test_float32_stays_float32(like):
    w = like(vectors((5,)))
    w = w.astype(np.float32) if isinstance(w, np.ndarray) else w.float()
    r = rotations.matrix_from_rotation_vector(w)
    assert r.dtype == w.dtype
    assert rotations.rotation_vector_from_matrix(r).dtype == w.dtype
    assert rotations.quaternion_from_matrix(r).dtype == w.dtype
    same(rotations.rotation_vector_from_matrix(r), w, 3e-6)


# --- quaternions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", BATCHES)
def test_quaternions_are_scipys(like, batch):
    r = matrices(batch)
    oracle = Rotation.from_matrix(r.reshape(-1, 3, 3)).as_quat(canonical=True, scalar_first=True)
    q = rotations.quaternion_from_matrix(like(r))
    same(q, oracle.reshape(*batch, 4), 1e-14)
    same(rotations.matrix_from_quaternion(q), r, 1e-14)
    same(rotations.matrix_from_quaternion(-3.5 * q), r, 1e-14)


@pytest.mark.parametrize(
    "q", [*np.eye(4), [0, 1, 1, 0], [0, 0.6, 0, -0.8], [1e-9, -1, 0, 0], [0.5, -0.5, 0.5, 0.5]]
)
def test_quaternions_at_every_pivot(like, q):
    q = np.array(q) / np.linalg.norm(q)
    found = np.asarray(rotations.quaternion_from_matrix(rotations.matrix_from_quaternion(like(q))))
    same(found * np.sign(found @ q), q)
    assert found[0] >= 0


def test_quaternion_gradients_agree_with_finite_differences():
    q = torch.tensor(np.random.default_rng(0).normal(size=(6, 4)), requires_grad=True)
    assert torch.autograd.gradcheck(rotations.matrix_from_quaternion, q)
    assert torch.autograd.gradcheck(
        lambda q: rotations.quaternion_from_matrix(rotations.matrix_from_quaternion(q)), q
    )


@pytest.mark.parametrize("q", [[0, 0, 0, 0], [np.nan, 0, 0, 1], [1, 0, 0]])
def test_what_is_no_quaternion_is_refused(like, q):
    with pytest.raises(BadInputError, match="quaternion"):
        rotations.matrix_from_quaternion(like(q))


# --- Euler angles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", BATCHES)
def test_euler_angles_are_scipys_intrinsic_zyx(like, batch):
    rng = np.random.default_rng(1)
    zyx = np.stack(
        [rng.uniform(-PI, PI, batch), rng.uniform(-1.5, 1.5, batch), rng.uniform(-PI, PI, batch)], -1
    )
    r = conversions.matrix_from_euler_zyx(*(like(zyx[..., i]) for i in range(3)))
    oracle = Rotation.from_euler("ZYX", zyx.reshape(-1, 3))
    same(r, oracle.as_matrix().reshape(*batch, 3, 3), 1e-14)
    same(np.stack([np.asarray(a) for a in conversions.euler_zyx_from_matrix(r)], -1), zyx, 1e-13)


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("beside", [0.0, 1e-15, 1e-12, 1e-9, 1e-5])
def test_gimbal_lock_keeps_the_rotation(like, side, beside):
    y = side * (PI / 2 - beside)
    r = conversions.matrix_from_euler_zyx(like(0.7), like(y), like(-0.4))
    z, found_y, x = conversions.euler_zyx_from_matrix(r)
    same(conversions.matrix_from_euler_zyx(z, found_y, x), r, 4e-14)
    assert float(found_y) == pytest.approx(y, abs=4e-14)
    if beside == 0:
        assert float(x) == 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # scipy says that it is locked
            assert float(z) == pytest.approx(Rotation.from_matrix(np.asarray(r)).as_euler("ZYX")[0])


# --- viewpoints -------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", BATCHES)
def test_viewpoints_go_round(like, batch):
    rng = np.random.default_rng(2)
    angles = [rng.uniform(-PI, PI, batch), rng.uniform(-1.5, 1.5, batch), rng.uniform(-PI, PI, batch)]
    r = conversions.matrix_from_viewpoint(*map(like, angles))
    assert r.shape == (*batch, 3, 3)
    for found, angle in zip(conversions.viewpoint_from_matrix(r), angles, strict=True):
        same(found, angle, 1e-13)


@pytest.mark.parametrize("batch", BATCHES)
def test_every_rotation_is_a_viewpoint(like, batch):
    r = like(matrices(batch))
    same(conversions.matrix_from_viewpoint(*conversions.viewpoint_from_matrix(r)), r, 1e-14)


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("beside", [0.0, 1e-15, 1e-12, 1e-9, 1e-5])
def test_straight_above_and_below(like, side, beside):
    elevation = side * (PI / 2 - beside)
    r = conversions.matrix_from_viewpoint(like(0.7), like(elevation), like(-0.4))
    a, e, roll = conversions.viewpoint_from_matrix(r)
    same(conversions.matrix_from_viewpoint(a, e, roll), r, 4e-14)
    assert float(e) == pytest.approx(elevation, abs=4e-14)
    if beside == 0:
        assert float(roll) == 0
        level = conversions.matrix_from_viewpoint(like(0.7), like(elevation), like(0.0))
        assert float(conversions.viewpoint_from_matrix(level)[0]) == pytest.approx(0.7, abs=1e-14)


@pytest.mark.parametrize("elevation", np.deg2rad([-90, -60, -10, 0, 30, 89, 90]))
@pytest.mark.parametrize("azimuth", np.deg2rad([-180, -90, -33, 0, 45, 90, 150]))
def test_a_viewpoint_looks_from_its_direction_at_the_origin(azimuth, elevation):
    """The formula of the convention: c = (cos e sin a, sin e, -cos e cos a), seen along -c, level."""
    c = np.array(
        [
            math.cos(elevation) * math.sin(azimuth),
            math.sin(elevation),
            -math.cos(elevation) * math.cos(azimuth),
        ]
    )
    same(conversions.direction_from_viewpoint(azimuth, elevation), c)
    r = conversions.matrix_from_viewpoint(azimuth, elevation, 0.0)
    same(r @ -c, [0, 0, 1])
    assert (r @ [0, 1, 0])[0] == pytest.approx(0, abs=EPS)
    assert (r @ [0, 1, 0])[1] <= EPS  # the object's up is up in the image
    assert np.linalg.det(r) == pytest.approx(1)


@pytest.mark.parametrize("elevation", np.deg2rad([-80.0, 0, 35]))
@pytest.mark.parametrize("azimuth", np.deg2rad([-170.0, 0, 20, 90]))
def test_a_level_viewpoint_is_a_look_at(like, azimuth, elevation):
    c = conversions.direction_from_viewpoint(like(azimuth), like(elevation))
    r = conversions.matrix_from_look_at(3.0 * c, like([0, 0, 0]), like([0, 1, 0]))
    same(r, conversions.matrix_from_viewpoint(azimuth, elevation, 0.0), 1e-14)


@pytest.mark.parametrize("azimuth", [0.0, 30, 90, 200, 359])
@pytest.mark.parametrize("elevation", [-20.0, 0, 27, 85])
@pytest.mark.parametrize("in_plane", [0.0, 25, -70])
def test_choys_angles_are_those_of_their_blender_scene(azimuth, elevation, in_plane):
    """Built as their renderer does: an empty that carries a camera at +x is turned, Euler XYZ."""
    turn = Rotation.from_euler("xyz", [-in_plane, -elevation, -azimuth], degrees=True).as_matrix()
    blender_right, blender_up, blender_back = turn @ [0, 1, 0], turn @ [0, 0, 1], turn @ [1, 0, 0]
    import_from_object = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])  # y up to z up
    r = np.stack([blender_right, -blender_up, -blender_back]) @ import_from_object
    angles = conversions.viewpoint_from_choy(*np.deg2rad([azimuth, elevation, in_plane]))
    same(conversions.matrix_from_viewpoint(*angles), r, 2e-15)
    same(conversions.choy_from_viewpoint(*angles), np.deg2rad([azimuth, elevation, in_plane]), 2e-15)


# --- rays and look-at -------------------------------------------------------------------------------

RAYS = [
    [0, 0, 1],
    [1e-12, 0, 1],
    [0.3, -0.2, 1],
    [1, 0, 0],
    [0, -5, 0],
    [0.1, 0.2, -3],
    [1e-9, -1e-9, -1],
    [0, 1e-200, -1],
    [0, 0, -2],
    [1e-200, 0, -1],
]


@pytest.mark.parametrize("ray", RAYS)
def test_the_rotation_to_a_ray_is_the_smallest_one(like, ray):
    r = rotations.about_axis(0, 0.0) @ np.asarray(conversions.ray_rotation(like(ray)))
    unit = np.array(ray) / np.linalg.norm(ray)
    same(r @ [0, 0, 1], unit)
    same(r.T @ r, np.eye(3))
    angle = math.atan2(math.hypot(unit[0], unit[1]), unit[2])
    assert float(rotations.angle_of(r)) == pytest.approx(angle, abs=4e-15)
    if angle < PI:  # no turn about the axis itself
        assert rotations.rotation_vector_from_matrix(r)[2] == pytest.approx(0, abs=4e-15)


def test_rays_come_in_batches(like):
    rays = like(RAYS)
    together = conversions.ray_rotation(rays)
    for i in range(len(RAYS)):
        same(together[i], conversions.ray_rotation(rays[i]), 0)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: conversions.ray_rotation([0, 0, 0]), "length 0"),
        (lambda: conversions.matrix_from_look_at([1, 2, 3], [1, 2, 3], [0, 1, 0]), "its target"),
        (lambda: conversions.matrix_from_look_at([0, 2, 0], [0, 0, 0], [0, 1, 0]), "line of sight"),
        (lambda: conversions.matrix_from_look_at([1, 2, 0], [0, 0, 0], [0, 0, 0]), "line of sight"),
        (lambda: rotations.checked_rotation(np.diag([1, 1, -1])), "reflection"),
        (lambda: rotations.checked_rotation(2 * np.eye(3)), "differs from the identity by 3"),
        (lambda: rotations.checked_rotation(np.eye(4)), r"\(4, 4\)"),
        (lambda: rotations.checked_rotation(np.full((3, 3), np.nan)), "finite"),
        (lambda: rotations.checked_rotation("R"), "'R'"),
    ],
)
def test_bad_input_is_refused(make, says):
    with pytest.raises(BadInputError, match=says):
        make()


def test_random_rotations_are_uniform():
    """Every entry has mean 0 and mean square 1/3; an angle below a has the share (a - sin a) / pi."""
    r = matrices((20_000,))
    assert np.abs(r.mean(0)).max() < 0.02
    same((r**2).mean(0), np.full((3, 3), 1 / 3), 0.01)
    angle = rotations.angle_of(r)
    for a in (1.0, 2.0, 3.0):
        assert (angle < a).mean() == pytest.approx((a - math.sin(a)) / PI, abs=0.012)

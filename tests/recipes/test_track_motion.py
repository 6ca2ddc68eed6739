"""Single poses moved and compared: the same numbers as `Pose` gives, singular cases included."""

import math

import numpy as np
import pytest

from rrb.geometry.pose import Pose
from rrb.recipes._track_map import Map, Sight, fuse
from rrb.recipes._track_motion import angle_deg, difference, moved, power

ANGLES = [0.0, 1e-9, 1e-6, 1e-3, 0.5, 3.0, math.pi - 1e-3, math.pi - 1e-5, math.pi]


def pose(angle: float, seed: int = 0) -> Pose:
    random = np.random.default_rng(seed)
    axis = random.normal(size=3)
    return Pose.from_rotation_vector(angle * axis / np.linalg.norm(axis), random.normal(size=3))


@pytest.mark.parametrize("angle", ANGLES)
def test_a_difference_is_the_step_between(angle):
    first = Pose.random(1, translation=(1.0, 2.0, 3.0))
    second = pose(angle) @ first
    again = moved(first, difference(second, first))
    assert np.allclose(again.matrix, second.matrix, atol=1e-6)
    assert np.allclose(moved(first, np.arange(6) / 5).matrix, first.step(np.arange(6) / 5).matrix, atol=1e-12)
    assert angle_deg(second, first) == pytest.approx(second.distance(first)[0], abs=1e-5)


@pytest.mark.parametrize("angle", ANGLES[:6])
@pytest.mark.parametrize("share", [-1.0, 0.0, 0.3, 1.0, 2.5])
def test_a_share_of_a_motion(angle, share):
    motion = pose(angle, seed=3)
    wanted = Pose.exp(share * motion.log())
    assert np.allclose(power(motion, share).matrix, wanted.matrix, atol=1e-9)


# --- one camera from several objects ------------------------------------------------------------------


def sights(camera_from_world: Pose, places: list[Pose], noise: float = 0.0) -> list[Sight]:
    random = np.random.default_rng(5)
    return [
        Sight(k, moved(camera_from_world @ place, noise * random.normal(size=6)), 1e-4 * np.eye(6))
        for k, place in enumerate(places)
    ]


PLACES = [Pose.identity(), pose(0.4, 1), pose(2.0, 2)]


def test_exact_sights_give_the_camera():
    camera = pose(1.0, 7)
    fused = fuse(sights(camera, PLACES), PLACES)
    assert np.allclose(fused.camera_from_world.matrix, camera.matrix, atol=1e-9)
    assert np.allclose(fused.world_from_camera.matrix, camera.inverse().matrix, atol=1e-9)
    assert min(fused.agreement) > 0.99


def test_of_several_the_one_that_lies_is_outvoted():
    camera = pose(1.0, 7)
    told = sights(camera, PLACES, 1e-3)
    told[0] = Sight(0, moved(told[0].camera_from_object, np.full(6, 0.5)), told[0].covariance)
    fused = fuse(told, PLACES)
    assert difference(fused.camera_from_world, camera) == pytest.approx(np.zeros(6), abs=0.02)
    assert fused.agreement[0] < 0.05 < 0.9 < min(fused.agreement[1:])


def test_the_covariance_of_the_camera_is_that_of_its_errors():
    """Against noise that was drawn: in the world, as a trajectory says it."""
    camera, random = pose(1.0, 7), np.random.default_rng(0)
    spread = np.diag([1e-4, 2e-4, 3e-4, 1e-4, 4e-4, 9e-4]) * 1e-2
    errors = []
    for _ in range(400):
        noise = random.multivariate_normal(np.zeros(6), spread)
        fused = fuse([Sight(1, moved(camera @ PLACES[1], noise), spread)], PLACES)
        errors.append(difference(fused.world_from_camera, camera.inverse()))
    told = fused.covariance_in_world
    measured = np.cov(np.array(errors).T)
    scale = np.sqrt(np.diag(told))
    assert np.allclose(measured / np.outer(scale, scale), told / np.outer(scale, scale), atol=0.25)


def test_the_map_is_learned_and_forgotten():
    learned = Map(3)
    for seed in range(20):
        learned.learn(sights(pose(1.0, seed), PLACES, 1e-3))
    for place, truth in zip(learned.world_from_objects, PLACES, strict=True):
        assert difference(place, truth) == pytest.approx(np.zeros(6), abs=5e-3)
    learned.forget(2)
    assert learned.world_from_objects[2] is None
    assert learned.world_from_objects[1] is not None
    learned.forget(0)
    assert learned.world_from_objects[1] is None
    assert learned.world_from_objects[0] is not None

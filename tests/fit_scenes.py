"""Objects, cameras and masks for tests of the second-order fit; masks are drawn by the rasterizer, not by the fit."""

import functools
import math
from pathlib import Path

import numpy as np

import rrb
from rrb.fitting.contour import Contour
from rrb.fitting.observed import observe
from rrb.fitting.variables import choose
from rrb.geometry.conversions import viewpoint_from_matrix
from rrb.geometry.primitives import box, icosphere
from rrb.geometry.rotations import matrix_from_rotation_vector

CAMERA = rrb.Camera.from_fov(40, width=128, height=128)
TRUTH = rrb.Pose.from_viewpoint(30, 20, 10, distance_m=2.8)
# About nine degrees away, and a tenth of the object's size.
START = TRUTH.step(np.array([0.08, -0.06, 0.1, 0.03, -0.02, 0.15]))


def boxes(*parts: tuple[tuple, tuple]) -> rrb.Mesh:
    """Boxes of the given extents about the given places, as one mesh; they may run into each other."""
    return rrb.Mesh.concatenated(
        [box(extents).with_vertices(box(extents).vertices + at) for extents, at in parts]
    )


# Like no mirror image or turn of itself; about 1 m.
ODD = boxes(
    ((1.0, 0.3, 0.6), (0, 0, 0)),
    ((0.2, 0.7, 0.2), (0.35, 0.4, 0.15)),
    ((0.5, 0.15, 0.2), (-0.3, -0.1, -0.35)),
    ((0.15, 0.4, 0.3), (-0.4, 0.3, 0.1)),
)
# Its left is its right's mirror image, as a chair's.
TWO_SIDED = boxes(
    ((0.8, 0.15, 0.5), (0, 0, 0)),
    ((0.8, 0.7, 0.1), (0, 0.4, 0.2)),
    ((0.1, 0.4, 0.1), (0.3, -0.25, 0)),
    ((0.1, 0.4, 0.1), (-0.3, -0.25, 0)),
    ((0.3, 0.2, 0.3), (0, 0.1, -0.3)),
)
_BALL = icosphere(4, 0.5)
ELLIPSOID = _BALL.with_vertices(_BALL.vertices * [1, 0.7, 0.4] + [0.1, 0.05, 0])


@functools.cache
def chair() -> rrb.Mesh:
    return rrb.Mesh.load(Path(rrb.__file__).parent / "assets" / "chair.glb")


def shifted(mesh: rrb.Mesh, by) -> rrb.Mesh:
    return mesh.with_vertices(np.asarray(mesh.vertices) + by)


def covered(mesh=ODD, pose=TRUTH, camera=CAMERA, scale=1.0) -> np.ndarray:
    """(H, W) bool: whether a pixel's centre is covered."""
    return rrb.render(mesh, pose, camera, scale=scale).fragments.covered


def soft(mesh=ODD, pose=TRUTH, camera=CAMERA, scale=1.0, fine=8) -> np.ndarray:
    """(H, W) float32: the share of each pixel that is covered, in steps of 1 / fine^2."""
    width, height = camera.width_px, camera.height_px
    drawn = covered(mesh, pose, camera.resize(fine * width, fine * height), scale)
    return drawn.reshape(height, fine, width, fine).mean((1, 3)).astype(np.float32)


def contour_of(mesh, mask, camera=CAMERA, unknown=None, **known) -> Contour:
    """What the kernels see; `known` goes to `choose`."""
    variables = choose(known.pop("variables", ("rotation", "translation")), camera, **known)
    return Contour(mesh, observe(np.asarray(mask, np.float32), unknown, camera), variables)


def moved(state: np.ndarray, step) -> np.ndarray:
    """The state (14,) after a step (8,): a left perturbation in the camera frame about the object's origin,
    translation, and the logs of scale and focal length."""
    turn = matrix_from_rotation_vector(np.asarray(step[:3], float))
    return np.concatenate([(turn @ state[:9].reshape(3, 3)).ravel(), state[9:] + step[3:]])


def pose_of(contour: Contour, state: np.ndarray) -> rrb.Pose:
    """camera_from_object of a state, whatever point of the object its translation is of."""
    point = contour.state(rrb.Pose.identity())[9:12]
    rotation = state[:9].reshape(3, 3)
    return rrb.Pose(rotation, state[9:12] - rotation @ (math.exp(state[12]) * point))


def angles_deg(pose: rrb.Pose) -> np.ndarray:
    """Azimuth, elevation and roll of the camera's orientation."""
    return np.degrees(np.array(viewpoint_from_matrix(pose.rotation)))


def degrees(pose: rrb.Pose, other: rrb.Pose) -> float:
    return float(pose.distance(other)[0])


def assert_near(pose: rrb.Pose, truth: rrb.Pose, most_degrees: float = 1.0, most_share: float = 0.01) -> None:
    """Both in degrees, and in metres as a share of the distance."""
    turned, metres = pose.distance(truth)
    assert turned < most_degrees
    assert metres < most_share * math.sqrt(float(truth.translation @ truth.translation))

"""A solver that finds what it is told to, for tests of what stands around the solver."""

import sys
import types
from dataclasses import replace

import numpy as np

from rrb.fitting.result import FitResult, Step
from rrb.geometry.pose import Pose
from rrb.geometry.pose_io import Hypothesis

FOUND = Pose.from_viewpoint(30.0, 20.0, 5.0, distance_m=2.0)
OTHER = Pose.from_viewpoint(150.0, -20.0, -5.0, distance_m=2.1)
MOVED = tuple(f"{what}_{axis}" for what in ("rotation", "translation") for axis in "xyz")


def found(mesh, mask, camera, *, init=None, scale=1.0, **known) -> FitResult:
    """Two hypotheses; the worst standard deviations are 2 degrees and 30 mm."""
    pose = FOUND if init is None else init
    steps = [pose.step([0.1 * (9 - i), 0, 0, 0.01 * (9 - i), 0, 0]) for i in range(10)]
    history = [
        Step(step, scale, float(camera.fx_px), 1.0 / (i + 1), "search") for i, step in enumerate(steps)
    ]
    return FitResult(
        camera_from_object=pose,
        scale=scale,
        camera=camera,
        iou=0.875,
        covariance=_covariance(),
        moved=MOVED,
        hypotheses=(Hypothesis(pose, 0.75, 0.875), Hypothesis(OTHER, 0.25, 0.75, "mirrored")),
        history=tuple(history),
        accepted=True,
        reason=None,
        notes=("the stub assumes everything",),
    )


def _covariance():
    """Not diagonal: the worst direction of each part lies askew."""
    from rrb.geometry.rotations import matrix_from_rotation_vector

    turn = np.asarray(matrix_from_rotation_vector(np.array([0.3, -0.5, 0.8])))
    whole = np.zeros((6, 6))
    whole[:3, :3] = turn @ np.diag(np.radians([1.0, 2.0, 0.5]) ** 2) @ turn.T
    whole[3:, 3:] = turn.T @ np.diag(np.array([0.01, 0.02, 0.03]) ** 2) @ turn
    return (whole + whole.T) / 2


def rejected(*args, **known) -> FitResult:
    return replace(found(*args, **known), accepted=False, reason="the overlap is too small", iou=0.3)


class Solver:
    """Stands in for the module `rrb.fitting.fit`, and remembers how it was called."""

    def __init__(self, answer=found):
        self.answer, self.calls = answer, []
        self.module = types.ModuleType("rrb.fitting.fit")
        self.module.fit = self.fit

    def fit(self, mesh, mask, camera, **known):
        self.calls.append({"mesh": mesh, "mask": mask, "camera": camera, **known})
        return self.answer(mesh, mask, camera, **known)

    def install(self):
        sys.modules["rrb.fitting.fit"] = self.module

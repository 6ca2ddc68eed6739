"""`FitResult`: the pose that was found, how sure that is, and how it was found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.geometry.pose_io import Hypothesis, save_pose


@dataclass(frozen=True, eq=False)
class Step:
    """Where a fit was on its way."""

    camera_from_object: Pose
    scale: float
    focal_px: float
    cost: float  # of the road that was taken: comparable within one road and stage only
    stage: str


@dataclass(frozen=True, eq=False)
class FitResult:
    """p_camera = R @ (scale * p_object) + t, p_object being the mesh's vertices as given.

    covariance: (n, n), a left perturbation in the camera frame about the object's origin, with one row for
    each number that moved, named in `moved`: rotation in radians, translation in metres, then scale and focal
    length as relative changes. None where the road gives none.
    hypotheses: the distinct poses that explain the mask, best first, at most five; the first is the result.
    """

    camera_from_object: Pose
    scale: float
    camera: Camera  # as given, or with the focal length that was found
    iou: float  # overlap of the drawn and the observed mask where that is known, in [0, 1]
    covariance: NDArray[np.float64] | None
    moved: tuple[str, ...]
    hypotheses: tuple[Hypothesis, ...]
    history: tuple[Step, ...]
    accepted: bool
    reason: str | None  # why it is not accepted; None if it is
    notes: tuple[str, ...] = ()  # what was assumed, a sentence each

    def save(self, path: str | Path) -> None:
        """Write `pose.json`."""
        save_pose(
            path,
            self.camera_from_object,
            self.camera,
            scale=self.scale,
            iou=self.iou,
            accepted=self.accepted,
            reason=self.reason,
            covariance=self.covariance,
            hypotheses=self.hypotheses,
        )

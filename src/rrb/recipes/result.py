"""`Reconstruction`: the mesh, where it stands, how sure that is, and what was assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.fitting.result import Step
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.pose_io import Hypothesis, save_pose


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """p_camera = R @ p_object + t, p_object being the vertices of `mesh`.

    mesh: centred on its box, y up, front towards -z; in metres, or, where nothing said the size
    (`metres_per_canonical_unit` is None), in units of its longest side. The canonical unit is the longest side of the
    box that the shape network named, which the mesh nearly fills.
    hypotheses: what else it might be, best first, the first being the result; at most five.
    """

    mesh: Mesh
    camera_from_object: Pose
    camera: Camera
    metres_per_canonical_unit: float | None
    size_deviation: float | None  # of the size, as a share of it; None where it has no metres
    category: str
    category_share: float | None  # how sure the network is of it; None where it was given
    mask: NDArray[np.float32]  # (H, W) in [0, 1]: what was taken for the object
    mask_from: str  # where it comes from, in words
    iou: float  # of the drawn and the taken mask
    covariance: NDArray[np.float64] | None  # (6, 6) as `FitResult.covariance`; without the size's uncertainty
    hypotheses: tuple[Hypothesis, ...]
    accepted: bool
    reason: str | None  # why not; None if it is
    history: tuple[Step, ...]  # of the fit that won; poses of `history_mesh`
    history_mesh: Mesh
    recipe: str
    notes: tuple[str, ...] = ()  # what was assumed, a sentence each
    seconds: Mapping[str, float] = field(default_factory=dict)  # of each stage

    @property
    def is_metric(self) -> bool:
        return self.metres_per_canonical_unit is not None

    def explain(self) -> str:
        """What was found, how sure it is, what else it might be and what was assumed, a line each."""
        from rrb.recipes.words import explained

        return explained(self)

    def save_pose(self, path: str | Path) -> None:
        """Write `pose.json`; its scale is 1, for the mesh's file has the size."""
        save_pose(
            path,
            self.camera_from_object,
            self.camera,
            iou=self.iou,
            accepted=self.accepted,
            reason=self.reason,
            covariance=self.covariance,
            hypotheses=self.hypotheses,
        )

    def line(self) -> dict[str, Any]:
        """What a line of `results.jsonl` says, without the picture's name."""
        view = self.camera_from_object.to_viewpoint()
        low, high = self.mesh.bounding_box()
        return {
            "recipe": self.recipe,
            "category": self.category,
            "category_share": self.category_share,
            "accepted": self.accepted,
            "reason": self.reason,
            "iou": self.iou,
            "metric": self.is_metric,
            "metres_per_canonical_unit": self.metres_per_canonical_unit,
            "size_deviation": self.size_deviation,
            "extents": [float(side) for side in high - low],
            "azimuth_deg": float(view.azimuth_deg),
            "elevation_deg": float(view.elevation_deg),
            "roll_deg": float(view.roll_deg),
            "distance": float(view.distance_m),
            "rotation": self.camera_from_object.rotation.tolist(),
            "translation": self.camera_from_object.translation.tolist(),
            "box_corners_camera": self.box_corners_camera().tolist(),
            "mask_from": self.mask_from,
            "notes": list(self.notes),
        }

    def box_corners_camera(self) -> NDArray[np.float64]:
        """(8, 3): the corners of the mesh's box along its own axes, in the camera frame; x changes slowest."""
        low, high = self.mesh.bounding_box()
        sides = np.stack([low, high], 1)
        corners = np.stack(np.meshgrid(*sides, indexing="ij"), -1).reshape(8, 3)
        return np.asarray(self.camera_from_object.apply(corners))

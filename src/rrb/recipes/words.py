"""A reconstruction in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rrb.geometry.pose import Pose
    from rrb.recipes.result import Reconstruction

_LEAST_WEIGHT = 0.01


def explained(found: Reconstruction) -> str:
    unit = "m" if found.is_metric else "times its longest side"
    low, high = found.mesh.bounding_box()
    sides = " x ".join(f"{side:.3g}" for side in high - low)
    lines = [
        f"{_what(found)}, {sides} {unit} (width x height x depth), {len(found.mesh.faces)} faces",
        f"seen from {view(found.camera_from_object, unit)}",
        _trust(found),
        *_doubt(found),
        *_others(found),
        f"mask: {found.mask_from}",
        *(f"assumed: {note}" for note in found.notes),
    ]
    return "\n".join(lines)


def view(pose: Pose, unit: str) -> str:
    azimuth, elevation, roll, distance = (float(v) for v in pose.to_viewpoint())
    return (
        f"azimuth {azimuth:.1f}, elevation {elevation:.1f}, roll {roll:.1f} degrees,"
        f" {distance:.3g} {unit} away"
    )


def _what(found: Reconstruction) -> str:
    if found.category_share is None:
        return f"{found.category} (given)"
    return f"{found.category} (the network gives that {100 * found.category_share:.0f} %)"


def _trust(found: Reconstruction) -> str:
    overlap = f"the drawn outline and the mask overlap by {found.iou:.3f}"
    if found.accepted:
        return f"accepted; {overlap}"
    return f"not accepted: {found.reason}" + ("" if "overlap" in str(found.reason) else f"; {overlap}")


def _doubt(found: Reconstruction) -> list[str]:
    """The least certain direction of the rotation, and the distance, if the shape were right."""
    if found.covariance is None:
        return []
    turn = math.degrees(math.sqrt(max(float(np.linalg.eigvalsh(found.covariance[:3, :3])[-1]), 0.0)))
    away = math.sqrt(max(float(np.linalg.eigvalsh(found.covariance[3:6, 3:6])[-1]), 0.0))
    unit = "m" if found.is_metric else "longest sides"
    said = f"standard deviations, if the shape is right: rotation {turn:.2g} degrees, translation {away:.2g} {unit}"
    if found.size_deviation is None:
        return [said]
    return [f"{said}; size and distance together {100 * found.size_deviation:.2g} %"]


def _others(found: Reconstruction) -> list[str]:
    lines = []
    for other in found.hypotheses[1:]:
        if other.weight is not None and other.weight >= _LEAST_WEIGHT:
            azimuth = float(other.camera_from_object.to_viewpoint().azimuth_deg)
            lines.append(f"or seen from azimuth {azimuth:.1f} degrees (weight {other.weight:.2f})")
    symmetry = found.hypotheses[0].symmetry if found.hypotheses else None
    return [*lines, f"symmetry: {symmetry}"] if symmetry else lines

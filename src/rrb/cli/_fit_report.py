"""What `rrb fit` says: what came in and was assumed, what was found and how sure that is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rrb.cli._fit_files import Fitted, Item, Seen
    from rrb.cli.fit import Options
    from rrb.fitting.result import FitResult
    from rrb.geometry.camera import Camera
    from rrb.geometry.mesh import Mesh
    from rrb.geometry.pose import Pose
    from rrb.viz.fit_picture import Guess

_TURNS = ("rotation_", "azimuth", "elevation", "roll")
_LEAST_WEIGHT = 0.005


def given(options: Options, item: Item, seen: Seen, mesh: Mesh) -> list[str]:
    """What was read, and what nobody said and was assumed."""
    height, width = seen.mask.shape
    share = 100 * float((seen.mask >= 0.5).mean())
    lines = [f"{item.mesh}: {len(mesh.vertices)} vertices, {len(mesh.faces)} faces, {_extents(mesh)}"]
    lines += [f"note: {note}" for note in mesh.notes]
    lines.append(f"{item.mask}: {width}x{height}, {share:.3g} % of it the object")
    if seen.init is not None and seen.init.camera not in (None, seen.camera):
        lines.append(f"note: {item.init} was made for another camera")
    assumed = ["metres"] if options.unit == "m" else []
    if options.camera is None and options.principal_point is None:
        assumed.append("the camera's axis meets the middle of the picture")
    if options.bop and options.bop_ids is None:
        assumed.append("--bop-ids 1 0 1")
    return [*lines, f"assumed: {', '.join(assumed)}"] if assumed else lines


def found(fitted: Fitted, mesh: Mesh) -> list[str]:
    result = fitted.result
    lines = [verdict(result), f"seen from {view(result.camera_from_object)}"]
    if result.scale != 1 or "scale" in result.moved:
        lines.append(f"scale {result.scale:.4g}: the object is {_extents(mesh, result.scale)}")
    if "focal_length" in result.moved:
        lines.append(f"focal length {float(result.camera.fx_px):.1f} pixels")
    spread = ", ".join(f"{what} {value:.2g} {unit}" for what, value, unit in deviations(result))
    lines.append(f"standard deviations, the least certain direction of each: {spread or 'unknown'}")
    lines += hypotheses(result)
    lines += [f"note: {note}" for note in result.notes]
    return [*lines, f"fitted in {fitted.seconds:.3g} s"]


def hypotheses(result: FitResult) -> list[str]:
    """The poses that explain the mask, where there are several, or where one stands for several by symmetry."""
    shown = told(result)
    lines = []
    for i in shown:
        h = result.hypotheses[i]
        said = [*_claim(result, i), h.symmetry, view(h.camera_from_object)]
        if len(shown) > 1 or h.symmetry:
            lines.append(f"hypothesis {i + 1}: {', '.join(s for s in said if s)}")
    return lines


def verdict(result: FitResult) -> str:
    if result.accepted:
        return f"accepted: IoU {result.iou:.3f}"
    return f"not accepted: {result.reason} (IoU {result.iou:.3f})"


def view(pose: Pose) -> str:
    azimuth, elevation, roll, distance_m = (float(v) for v in pose.to_viewpoint())
    return f"azimuth {azimuth:.1f}, elevation {elevation:.1f}, roll {roll:.1f} degrees, distance {distance_m:.3f} m"


def told(result: FitResult) -> list[int]:
    """Which hypotheses are worth a line and a panel: the result, and others whose weight is not 0.00."""
    shares = [1.0 if h.weight is None else h.weight for h in result.hypotheses]
    return [i for i, share in enumerate(shares) if i == 0 or share >= _LEAST_WEIGHT]


def captioned(fitted: Fitted) -> list[Guess]:
    """The hypotheses as pictures name them, the result first."""
    from rrb.viz.fit_picture import Guess

    result = fitted.result
    if not result.hypotheses:
        return [Guess(result.camera_from_object, result.scale, result.camera, f"IoU {result.iou:.3f}")]
    return [
        Guess(
            result.hypotheses[i].camera_from_object,
            result.hypotheses[i].scale,
            _camera_of(result, i),
            ", ".join(_claim(result, i)),
        )
        for i in told(result)
    ]


def _camera_of(result: FitResult, i: int) -> Camera:
    focal = result.hypotheses[i].focal_px
    if focal is None:
        return result.camera
    return result.camera.with_focal_px(focal)


def _claim(result: FitResult, i: int) -> list[str]:
    h = result.hypotheses[i]
    weight = None if h.weight is None else f"weight {h.weight:.2f}"
    return [said for said in (weight, None if h.iou is None else f"IoU {h.iou:.3f}") if said]


def deviations(result: FitResult) -> list[tuple[str, float, str]]:
    """(what, standard deviation, unit) of what moved, in the direction in which each is least certain."""
    if result.covariance is None:
        return []
    groups = [
        ("rotation", math.degrees(1.0), "degrees", [n.startswith(_TURNS) for n in result.moved]),
        ("translation", 1000.0, "mm", [n.startswith("translation") for n in result.moved]),
        ("scale", 100.0, "%", [n == "scale" for n in result.moved]),
        ("focal length", 100.0, "%", [n == "focal_length" for n in result.moved]),
    ]
    spread = []
    for what, per_unit, unit, rows in groups:
        if any(rows):
            block = result.covariance[np.ix_(rows, rows)]
            largest = max(float(np.linalg.eigvalsh(block)[-1]), 0.0)
            spread.append((what, per_unit * math.sqrt(largest), unit))
    return spread


def _extents(mesh: Mesh, scale: float = 1.0) -> str:
    low, high = mesh.bounding_box()
    return " x ".join(f"{scale * side:.3g}" for side in high - low) + " m"

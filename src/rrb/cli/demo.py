"""Find where the bundled chair stands, from nothing but its mask: no start is given, and no network is asked.

Runs `rrb fit` on the mesh, mask and picture that come with rrb, and compares what it finds with the pose that the
picture was drawn at, which the fit never sees.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).parents[1] / "assets"
CHAIR, MASK, PICTURE, TRUTH = (
    ASSETS / name for name in ("chair.glb", "chair_mask.png", "chair.png", "chair.json")
)
FOV_DEG = 40.0


@dataclass(frozen=True)
class Options:
    out: Path = Path("out/demo")
    """The folder to write pose.json, overlay.png, fit.gif and numbers.json to."""


def run(options: Options) -> None:
    from rrb.cli import fit
    from rrb.geometry.files import write_bytes

    asked = fit.Options(mesh=CHAIR, mask=MASK, image=PICTURE, fov_deg=FOV_DEG, out=options.out)
    print(
        f"rrb fit {CHAIR.name} {MASK.name} --image {PICTURE.name} --fov-deg {FOV_DEG:g} --out {options.out}"
    )
    fitted = fit.run_one(asked)
    numbers = compared(fitted.result.camera_from_object, fitted.result.iou, fitted.seconds)
    write_bytes(options.out / "numbers.json", (json.dumps(numbers, indent=1) + "\n").encode())
    for path in (MASK, PICTURE):
        shutil.copyfile(path, options.out / path.name)
    print(
        f"against the truth: {numbers['rotation_error_deg']:.3f} degrees and"
        f" {1000 * numbers['translation_error_m']:.2f} mm off, {numbers['distance_m']:.2f} m away;"
        " overlay.png and fit.gif show it (blue: seen, orange: fitted)"
    )


def compared(found: Any, iou: float, seconds: float) -> dict[str, float]:
    from rrb.geometry.pose_io import load_pose

    truth = load_pose(TRUTH).camera_from_object
    rotation_deg, translation_m = found.distance(truth)
    return {
        "rotation_error_deg": float(rotation_deg),
        "translation_error_m": float(translation_m),
        "distance_m": float(truth.to_viewpoint().distance_m),
        "iou": iou,
        "seconds": round(seconds, 4),
    }

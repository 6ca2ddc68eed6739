"""Reconstruct the bundled pictures: what stands there, how large, and from where it is seen. Then fit a known mesh.

The pictures were drawn from generated objects that no network has seen, so that the truth is known: it is compared with
what is found, and never shown to it. OUT/NAME/ holds what `rrb reconstruct` writes, OUT/fit/ what `rrb fit` writes for
the bundled chair, whose mesh is known and whose pose is found from its mask alone.
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
PICTURES = ASSETS / "demo"
FOV_DEG = 40.0


@dataclass(frozen=True)
class Options:
    out: Path = Path("out/demo")
    """The folder to write to."""


def run(options: Options) -> None:
    from rrb.cli.render import make_folder
    from rrb.geometry.files import write_bytes

    make_folder(options.out)
    numbers = {name: _reconstructed(name, said, options.out / name) for name, said in pictures().items()}
    write_bytes(options.out / "numbers.json", (json.dumps(numbers, indent=1) + "\n").encode())
    _fitted(options.out / "fit")
    print(f"look at {options.out}/*/overlay.png, and open a scene.glb in any viewer")


def pictures() -> dict[str, dict[str, Any]]:
    """By name: the picture's lens and height, which a user knows, and the truth, which nobody is told."""
    held: dict[str, dict[str, Any]] = json.loads((PICTURES / "pictures.json").read_text())
    return held


def _reconstructed(name: str, said: dict[str, Any], out: Path) -> dict[str, Any]:
    from rrb.cli import reconstruct

    path, fov, height = PICTURES / f"{name}.jpg", said["fov_deg"], said["camera_height_m"]
    print(f"\nrrb reconstruct {path.name} --fov-deg {fov:g} --camera-height-m {height:g} --out {out}")
    made = reconstruct.run_one(
        reconstruct.Options(images=(path,), fov_deg=fov, camera_height_m=height, out=out)
    )
    off = against(made.found, said)
    print(
        f"against the truth: azimuth {off['azimuth_error_deg']:.1f}, elevation {off['elevation_error_deg']:.1f} degrees"
        f" off, {off['translation_error_m']:.2f} of {off['distance_m']:.2f} m, box IoU {off['box_iou']:.2f}"
    )
    return off


def against(found: Any, said: dict[str, Any]) -> dict[str, Any]:
    """The errors of a reconstruction; box: along the object's own axes, centres aligned."""
    from rrb.evaluation import box_ious, pose_errors
    from rrb.geometry.pose import Pose
    from rrb.geometry.primitives import box
    from rrb.geometry.turns import Turns

    truth = Pose(said["rotation"], said["translation_m"])
    turns = Turns(said["turns_about_y"])
    errors = pose_errors(found.camera_from_object, truth, turns)
    true_box = box(tuple(said["extents_m"])).vertices
    boxes = box_ious(found.mesh.vertices, found.camera_from_object, true_box, truth, turns)
    return {
        "azimuth_error_deg": errors.azimuth_deg,
        "elevation_error_deg": errors.elevation_deg,
        "translation_error_m": errors.translation_m,
        "distance_m": float(truth.to_viewpoint().distance_m),
        "box_iou": boxes.shape,
        "iou": found.iou,
        "accepted": found.accepted,
    }


def _fitted(out: Path) -> None:
    from rrb.cli import fit
    from rrb.geometry.files import write_bytes

    asked = fit.Options(mesh=CHAIR, mask=MASK, image=PICTURE, fov_deg=FOV_DEG, out=out)
    print(f"\nrrb fit {CHAIR.name} {MASK.name} --image {PICTURE.name} --fov-deg {FOV_DEG:g} --out {out}")
    fitted = fit.run_one(asked)
    numbers = compared(fitted.result.camera_from_object, fitted.result.iou, fitted.seconds)
    write_bytes(out / "numbers.json", (json.dumps(numbers, indent=1) + "\n").encode())
    for path in (MASK, PICTURE):
        shutil.copyfile(path, out / path.name)
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

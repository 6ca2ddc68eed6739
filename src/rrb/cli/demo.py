"""Lose a chair's pose by 20 degrees and recover it by gradient descent on its silhouette.

The only thing seen is the target's silhouette, a picture in [0, 1]. The drawn silhouette is differentiable in
the vertices, the vertices in the pose: draw, compare, step, 200 times.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rrb.errors import BadInputError

if TYPE_CHECKING:
    from rrb.geometry.camera import Camera
    from rrb.geometry.mesh import Mesh
    from rrb.geometry.pose import Pose

CHAIR = Path(__file__).parents[1] / "assets" / "chair.glb"
THROWN_DEG = 20.0
AXIS_CAMERA = (1.0, 2.0, 0.5)  # about which the pose is thrown off
LEVELS = 6
SHOWN_PX = 384
FRAMES = 32


@dataclass(frozen=True)
class Options:
    out: Path = Path("out/demo")
    """The folder to write overlay.png, fit.gif and numbers.json to."""
    iterations: int = 200
    """How many steps to take."""
    size: int = 256
    """Width and height in pixels of the silhouette that is compared."""


def run(options: Options) -> None:
    import rrb
    from rrb.cli.render import make_folder

    if options.iterations < 1:
        raise BadInputError(f"--iterations is {options.iterations}; a whole number from 1 is accepted")
    mesh = rrb.Mesh.load(CHAIR)
    camera = rrb.Camera.from_fov(42.0, width=options.size, height=options.size)
    truth = rrb.Pose.from_viewpoint(35.0, 20.0, distance_m=1.75)
    start = thrown_off(truth)
    target = rrb.render(mesh, truth, camera).silhouette

    print(f"recovering the pose of {mesh} from its silhouette ...", flush=True)
    before = time.perf_counter()
    with one_torch_thread():
        poses = recover(mesh, camera, target, start, options.iterations)
    numbers = measured(mesh, camera, truth, poses, time.perf_counter() - before)

    make_folder(options.out)
    show(mesh, camera, truth, poses, options.out)
    write_numbers(numbers, options.out / "numbers.json")
    print(table(numbers))
    print(f"wrote overlay.png, fit.gif (blue: seen, orange: fitted) and numbers.json to {options.out}")


def thrown_off(pose: Pose) -> Pose:
    axis = np.array(AXIS_CAMERA) / np.linalg.norm(AXIS_CAMERA)
    return pose.step(np.concatenate([np.radians(THROWN_DEG) * axis, np.zeros(3)]))


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Pictures this small lose more to waking torch's threads than they win, above all on a busy machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def recover(mesh: Mesh, camera: Camera, target: np.ndarray, start: Pose, iterations: int) -> list[Pose]:
    """The poses along the way, the last one the answer; target (H, W) in [0, 1] is all that is known."""
    import torch

    from rrb.raster.render import render

    wanted = torch.from_numpy(target)
    delta = torch.zeros(6, dtype=wanted.dtype, requires_grad=True)  # rotation (rad), translation (m)
    optimiser = torch.optim.Adam([delta], lr=0.02, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations, eta_min=1e-4)
    poses = [start]
    for _ in range(iterations):
        drawn = render(mesh, start.step(delta), camera).silhouette
        optimiser.zero_grad()
        difference(drawn, wanted).backward()
        optimiser.step()
        schedule.step()
        poses.append(start.step(delta).numpy())
    return poses


def difference(drawn: Any, wanted: Any) -> Any:
    """Squared difference at full size, half, a quarter, ...: the small pictures pull from far away."""
    from torch.nn.functional import avg_pool2d

    residual, total = (drawn - wanted)[None], 0.0
    for level in range(LEVELS):
        total = total + 2**level * residual.square().mean()
        if min(residual.shape[-2:]) < 2:
            break
        residual = avg_pool2d(residual, 2)
    return total


# --- what it did ----------------------------------------------------------------------------------


def measured(mesh: Mesh, camera: Camera, truth: Pose, poses: list[Pose], seconds: float) -> dict[str, Any]:
    from rrb.raster.render import render

    wanted = render(mesh, truth, camera).fragments.covered

    def compared(pose: Pose) -> dict[str, float]:
        covered = render(mesh, pose, camera).fragments.covered
        rotation_deg, translation_m = pose.distance(truth)
        iou = (covered & wanted).sum() / (covered | wanted).sum()
        return {
            "rotation_error_deg": float(rotation_deg),
            "translation_error_m": float(translation_m),
            "iou": float(iou),
        }

    return {
        "mesh": CHAIR.name,
        "image_px": [camera.width_px, camera.height_px],
        "thrown_off": {"angle_deg": THROWN_DEG, "axis_camera": list(AXIS_CAMERA)},
        "approximation": "antialias",
        "before": compared(poses[0]),
        "after": compared(poses[-1]),
        "iterations": len(poses) - 1,
        "seconds": round(seconds, 3),
    }


def table(numbers: dict[str, Any]) -> str:
    before, after = numbers["before"], numbers["after"]
    rows = [
        ("rotation error, deg", "rotation_error_deg", 1),
        ("translation error, mm", "translation_error_m", 1000),
        ("overlap (IoU)", "iou", 1),
    ]
    lines = [f"{'':<24}{'before':>10}{'after':>10}"]
    lines += [f"{text:<24}{before[key] * unit:>10.3f}{after[key] * unit:>10.3f}" for text, key, unit in rows]
    return "\n".join([*lines, f"{numbers['iterations']} iterations in {numbers['seconds']:.1f} s"])


def write_numbers(numbers: dict[str, Any], path: Path) -> None:
    from rrb.geometry.files import write_bytes

    write_bytes(path, (json.dumps(numbers, indent=1) + "\n").encode())


def show(mesh: Mesh, camera: Camera, truth: Pose, poses: list[Pose], folder: Path) -> None:
    """overlay.png, before and after, and fit.gif: the fitted contour over the target's picture and contour."""
    from rrb.geometry.image_io import save_image
    from rrb.raster.render import render
    from rrb.viz.animation import save_gif
    from rrb.viz.overlay import overlay, side_by_side

    camera = camera.resize(SHOWN_PX, SHOWN_PX)
    target = render(mesh, truth, camera, supersampling=4)

    def frame(i: int) -> np.ndarray:
        return overlay(
            target.colour, [target.silhouette, render(mesh, poses[i], camera).silhouette], width_px=2
        )

    def caption(i: int) -> str:
        return f"step {i}: {float(poses[i].distance(truth)[0]):.2f} degrees off"

    last = len(poses) - 1
    both = side_by_side([frame(0), frame(last)], [caption(0), caption(last)])
    save_image(folder / "overlay.png", both)
    # More frames where more moves: at the beginning.
    shown = np.unique(np.rint(last * np.linspace(0, 1, FRAMES) ** 1.5).astype(int)).tolist()
    save_gif(folder / "fit.gif", [side_by_side([frame(i)], [caption(i)]) for i in shown])

"""Recover a pose from a silhouette: draw, compare, step.

python examples/02_recover_pose.py [OUT_FOLDER]
"""

import sys
from importlib.resources import files
from pathlib import Path

import torch

import rrb
from rrb.geometry.image_io import save_image
from rrb.viz.overlay import overlay, side_by_side

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/examples")
out.mkdir(parents=True, exist_ok=True)
torch.set_num_threads(1)  # pictures this small lose more to waking threads than they win

mesh = rrb.Mesh.load(str(files("rrb") / "assets" / "chair.glb"))
camera = rrb.Camera.from_fov(42.0, width=192, height=192)

# What was seen: a mask. How it came about is not known to what follows.
truth = rrb.Pose.from_viewpoint(-140.0, 25.0, distance_m=1.8)
target = torch.from_numpy(rrb.render(mesh, truth, camera).silhouette)

# Where to begin: 15 degrees and some centimetres away. A step is rotation (rad), then translation (m).
start = truth.step([0.15, -0.2, 0.05, 0.03, -0.02, 0.08]).tensor()
delta = torch.zeros(6, dtype=torch.float64, requires_grad=True)
optimiser = torch.optim.Adam([delta], lr=0.02)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 150)

for step in range(150):
    drawn = rrb.render(mesh, start.step(delta), camera).silhouette  # differentiable, since delta is
    loss, residual = 0.0, (drawn - target)[None]
    for level in range(6):  # at full size, half, a quarter ...: the small pictures pull from far away
        loss = loss + 2**level * residual.square().mean()
        residual = torch.nn.functional.avg_pool2d(residual, 2)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    schedule.step()
    if step % 30 == 0:
        print(f"step {step:3d}: loss {loss.item():.5f}")

found = start.step(delta).numpy()
for name, pose in (("start", start.numpy()), ("found", found)):
    degrees, metres = pose.distance(truth)
    print(f"{name}: {degrees:.3f} degrees and {1000 * metres:.2f} mm from the truth")

picture = rrb.render(mesh, truth, camera, supersampling=4).colour
masks = [rrb.render(mesh, pose, camera).silhouette for pose in (start.numpy(), found)]
panels = [overlay(picture, [target.numpy(), mask], scale=2) for mask in masks]
save_image(out / "02_recover_pose.png", side_by_side(panels, ["start", "found"]))
print(f"wrote {out / '02_recover_pose.png'}")

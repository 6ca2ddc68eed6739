"""What each approximation says when a silhouette should move to the right.

python examples/03_silhouette_gradient.py [OUT_FOLDER]
"""

import sys
from pathlib import Path

import torch

import rrb
from rrb.geometry.image_io import save_image
from rrb.geometry.primitives import icosphere
from rrb.viz.overlay import side_by_side
from rrb.viz.pictures import enlarge, rgb8

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/examples")
out.mkdir(parents=True, exist_ok=True)

size = (64, 64)
sphere = icosphere(3)
camera = rrb.Camera.from_fov(50.0, width=size[1], height=size[0])
centred = rrb.Pose.identity().step([0, 0, 0, -0.2, 0, 4.0])
wanted = rrb.Pose.identity().step([0, 0, 0, 0.2, 0, 4.0])

faces = torch.from_numpy(sphere.faces)
target = torch.from_numpy(camera.project(wanted @ sphere.vertices))
target = rrb.silhouette(target, faces, size)

panels = [enlarge(rgb8(target), 3)]
for name in rrb.APPROXIMATIONS:
    # A tensor of vertices in pixels, and z the depth: this is what the approximations differentiate.
    vertices_px = torch.from_numpy(camera.project(centred @ sphere.vertices)).requires_grad_()
    drawn = rrb.silhouette(vertices_px, faces, size, approximation=name)
    (drawn - target).square().sum().backward()
    push_px = -vertices_px.grad[:, :2].sum(0)  # downhill: where the sphere as a whole should go
    print(f"{name:<10} pushes x by {push_px[0]:+9.3f} and y by {push_px[1]:+9.3f}")
    panels.append(enlarge(rgb8(drawn), 3))

save_image(out / "03_silhouette_gradient.png", side_by_side(panels, ["target", *rrb.APPROXIMATIONS]))
print(f"wrote {out / '03_silhouette_gradient.png'}")

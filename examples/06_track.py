"""The camera's path from the silhouettes of an object that it goes around.

python examples/06_track.py [OUT_FOLDER]
"""

import sys
from pathlib import Path

import numpy as np

import rrb
from rrb.geometry.image_io import save_image

ASSETS = Path(rrb.__file__).parent / "assets"

# A film of a chair: twelve pictures from a quarter of a circle around it, 1.2 m above the ground.
chair = rrb.Mesh.load(ASSETS / "chair.glb")
camera = rrb.Camera.from_fov(50.0, width=192, height=192)
turns = np.radians(np.linspace(20.0, 65.0, 12))
centres = np.stack([2.2 * np.sin(turns), np.full(12, 0.8), -2.2 * np.cos(turns)], 1)
camera_from_world = rrb.Pose.look_at(centres)
drawn = [rrb.render(chair, camera_from_world[n], camera) for n in range(12)]
pictures = [np.rint(255 * one.colour).astype(np.uint8) for one in drawn]
masks = [one.silhouette for one in drawn]

# Streaming: a step for each frame as it comes.
for step in rrb.Tracker(camera, chair).follow(pictures, masks):
    print(f"frame {step.frame}: {step.state}, {100 * step.confidence:.0f} % sure")

# The whole film at once, smoothed.
path = rrb.track(pictures, camera, meshes=chair, masks=masks)
error_m = np.linalg.norm(path.world_from_camera.translation - centres, axis=1)
print(f"the camera was found to {1000 * error_m.max():.1f} mm at worst, {2.2:.1f} m from the chair")

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/examples")
out.mkdir(parents=True, exist_ok=True)
path.save_tum(out / "06_track.txt")  # seconds tx ty tz qx qy qz qw

# From above: the chair's vertices in grey, the path in orange.
view = np.full((320, 320, 3), 255, np.uint8)
for points, colour in (
    (chair.vertices, (150, 150, 150)),
    (path.world_from_camera.translation, (230, 120, 20)),
):
    columns, rows = (np.clip(160 + 55 * points[:, k] * (1, 1, -1)[k], 2, 317).astype(int) for k in (0, 2))
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            view[rows + dy, columns + dx] = colour
picture = out / "06_track.png"
save_image(picture, view)
print(f"wrote {picture}: the path as seen from above, the chair's front pointing down")

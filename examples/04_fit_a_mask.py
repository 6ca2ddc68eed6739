"""Find where a chair stands from its mask alone, and look at how sure that is.

python examples/04_fit_a_mask.py [OUT_FOLDER]
"""

import sys
from importlib.resources import files
from pathlib import Path

import numpy as np

import rrb
from rrb.geometry.image_io import load_image, save_image
from rrb.viz.overlay import overlay

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/examples")
out.mkdir(parents=True, exist_ok=True)

assets = files("rrb") / "assets"
mesh = rrb.Mesh.load(str(assets / "chair.glb"))
mask = rrb.load_mask(str(assets / "chair_mask.png"))
camera = rrb.Camera.from_fov(40.0, width=mask.shape[1], height=mask.shape[0])

# No start: every side is tried. A result is returned in any case; whether to believe it is said beside it.
result = rrb.fit(mesh, mask, camera)
print(f"IoU {result.iou:.3f}: {'accepted' if result.accepted else result.reason}")
for hypothesis in result.hypotheses:
    view = hypothesis.camera_from_object.to_viewpoint()
    print(
        f"  weight {hypothesis.weight:.2f}: azimuth {view.azimuth_deg:.1f}, elevation {view.elevation_deg:.1f},"
        f" {view.distance_m:.2f} m away"
    )

# Rotation (rad), then translation (m), in the camera frame about the object's origin.
deviations = np.sqrt(np.diag(result.covariance))
print(f"give or take {np.degrees(deviations[:3]).round(3)} degrees and {1000 * deviations[3:].round(5)} mm")

# The same from a start 20 degrees off takes a few milliseconds; what is known can be said.
start = result.camera_from_object.step([0.2, -0.25, 0.1, 0.02, 0.0, 0.05])
again = rrb.fit(mesh, mask, camera, init=start, bounds={"translation_m": ((-1, -1, 1), (1, 1, 3))})
degrees, metres = again.camera_from_object.distance(result.camera_from_object)
print(f"from a start: {degrees:.3f} degrees and {1000 * metres:.2f} mm from the search")

drawn = rrb.render(mesh, result.camera_from_object, camera).silhouette
picture = overlay(load_image(str(assets / "chair.png")), [mask, drawn])
save_image(out / "04_fit_a_mask.png", picture)
print(f"wrote {out / '04_fit_a_mask.png'}")

"""One picture in, a mesh with a metric pose out, drawn over the picture.

python examples/05_reconstruct.py [OUT_FOLDER]
"""

import sys
from pathlib import Path

import rrb
from rrb.geometry.image_io import load_image, save_image
from rrb.viz.overlay import overlay

PICTURE = Path(rrb.__file__).parent / "assets" / "demo" / "sofa.jpg"

found = rrb.reconstruct(PICTURE, fov_deg=49.134, camera_height_m=1.489)
print(found.explain())

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/examples")
out.mkdir(parents=True, exist_ok=True)
found.mesh.save(out / "sofa.glb")  # metres, y up, front towards -z, centred on its box
found.save_pose(out / "sofa_pose.json")  # of that mesh: drawn with both, the picture's object is covered

drawn = rrb.render(found.mesh, found.camera_from_object, found.camera)
picture = out / "05_reconstruct.png"
save_image(picture, overlay(load_image(PICTURE), [found.mask, drawn.silhouette], scale=2))
print(f"wrote {picture}: blue, what was taken for the object; orange, the mesh where it was found")

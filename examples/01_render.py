"""Draw a mesh from a viewpoint: colour, depth and normals side by side.

python examples/01_render.py [OUT_FOLDER]
"""

import sys
from importlib.resources import files
from pathlib import Path

import rrb
from rrb.geometry.image_io import save_image
from rrb.viz.overlay import side_by_side

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/examples")
out.mkdir(parents=True, exist_ok=True)

# Any .obj, .ply, .off, .stl or .glb; nothing is moved, turned or scaled when it is read.
mesh = rrb.Mesh.load(str(files("rrb") / "assets" / "chair.glb"))

# 30 degrees to the object's +x side of its front, 20 degrees above, looking at its origin.
camera_from_object = rrb.Pose.from_viewpoint(30.0, 20.0, distance_m=1.8)
camera = rrb.Camera.from_fov(40.0, width=320, height=320)

# Arrays in, arrays out: torch is not even imported.
drawing = rrb.render(mesh, camera_from_object, camera, supersampling=4)

seen = drawing.fragments.covered
near, far = drawing.depth[seen].min(), drawing.depth[seen].max()
print(f"{mesh}: {seen.sum()} pixels, {near:.2f} to {far:.2f} m away")

depth_as_grey = seen * (1.0 - 0.8 * (drawing.depth - near) / (far - near))
panels = [drawing.colour, depth_as_grey, 0.5 + 0.5 * drawing.normals, drawing.coordinates]
picture = side_by_side(panels, ["colour", "depth", "normals", "object coordinates"])
save_image(out / "01_render.png", picture)
print(f"wrote {out / '01_render.png'}")

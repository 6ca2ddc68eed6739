"""Mesh files. To add a format, write a file with `read` and `write` and give it a line in FORMATS."""

from rrb.geometry.mesh_io import glb, obj, off, ply, stl

# suffix -> (read(path) -> Mesh, write(mesh, path)); readers give float64 vertices and int64 faces
FORMATS = {
    ".obj": (obj.read, obj.write),
    ".ply": (ply.read, ply.write),
    ".off": (off.read, off.write),
    ".stl": (stl.read, stl.write),
    ".glb": (glb.read, glb.write),
}

__all__ = ["FORMATS"]

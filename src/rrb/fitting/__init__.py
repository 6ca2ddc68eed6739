"""The pose of a mesh from a mask: close the loop through the rasterizer."""

"""The rasterizer: exact fragments, what is drawn from them, and the backward approximations."""

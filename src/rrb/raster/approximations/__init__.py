"""The backward approximations: one file each, one line in the table each."""

from rrb.raster.approximations.table import APPROXIMATIONS, silhouette

__all__ = ["APPROXIMATIONS", "silhouette"]

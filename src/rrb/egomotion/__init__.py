"""Object poses become a camera's path: the path itself with its files, and what smooths it."""

from rrb.egomotion.smoothing import Sighting, Smoothed, smooth
from rrb.egomotion.trajectory import Trajectory

__all__ = ["Sighting", "Smoothed", "Trajectory", "smooth"]

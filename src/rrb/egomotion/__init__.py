"""Object poses become a camera's path: the path itself, and its files."""

from rrb.egomotion.trajectory import Trajectory

__all__ = ["Trajectory"]

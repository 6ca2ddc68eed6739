"""Whether turning a mesh can bring it back onto itself, found by trying."""

from collections.abc import Iterator, Sequence

import numpy as np

from _fit_surface import Surface
from rrb import Mesh, Pose

FOLDS = range(2, 9)
LARGEST_SHARE = 0.005  # of the largest extent: as near as that, on the mean over the surface, is the same
_CONTINUOUS_DEG = (37.1, 83.7, 141.3)  # no whole share of a turn: only a solid of revolution survives all
_FEW, _MANY = 300, 2000


def symmetry(mesh: Mesh) -> str | None:
    """The rotation of the highest order that maps the mesh to itself, as in "4-fold", or None.

    Tried: a half to an eighth of a turn, and any angle, about the coordinate axes and the principal axes of the
    surface, through the middle of the bounding box and the centroid of the surface.
    """
    surface = Surface(mesh)
    few = np.random.default_rng(0).permutation(surface.points)[:_FEW]
    found = None
    for axis, centre in _axes(mesh, surface.points):
        for fold in FOLDS:
            if _maps(surface, few, axis, centre, [360.0 / fold], mesh.largest_extent):
                found = max(found or 0, fold)
        if found and _maps(surface, few, axis, centre, _CONTINUOUS_DEG, mesh.largest_extent):
            return "continuous"
    return f"{found}-fold" if found else None


def _axes(mesh: Mesh, points: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    centroid = points.mean(0)
    _, principal = np.linalg.eigh(np.cov((points - centroid).T))
    for centre in (mesh.centre, centroid):
        for axis in (*np.eye(3), *principal.T):
            yield axis, centre


def _maps(
    surface: Surface,
    few: np.ndarray,
    axis: np.ndarray,
    centre: np.ndarray,
    angles_deg: Sequence[float],
    extent: float,
) -> bool:
    """Whether every angle does; a few points refuse most of them."""
    for angle in angles_deg:
        turn = Pose.from_rotation_vector(np.radians(angle) * axis)
        moved = [turn.apply(p - centre) + centre for p in (few, surface.points[:_MANY])]
        if surface.distance(moved[0]).mean() > 1.5 * LARGEST_SHARE * extent:
            return False
        # Both ways: a rod on a disc turns into the disc's rim one way and not the other.
        back = turn.inverse().apply(surface.points[:_MANY] - centre) + centre
        if max(surface.distance(p).mean() for p in (moved[1], back)) > LARGEST_SHARE * extent:
            return False
    return True

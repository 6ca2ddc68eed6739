"""What stands on a car's lower body: a skin over level sections, and windows as panels on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rrb.data.procedural.car_hull import mirrored_rings
from rrb.data.procedural.car_panels import sheet
from rrb.data.procedural.parts import Floats, loft, mirrored
from rrb.geometry.mesh import Mesh

# Level sections: how high between belt and roof edge (1), and how far drawn in on the roof (0 to 1).
LEVELS = np.array([-0.12, 0.0, 0.35, 0.7, 0.95, 1.0, 1.0, 1.0])
INSETS = np.array([0.0, 0.0, 0.0, 0.0, 0.012, 0.06, 0.3, 0.65])
FRONT = np.array([0.0, 0.5, 0.9])  # columns of half a windscreen, from the middle
BELT, EDGE = 1, 5  # rows
TOP = 3.8  # the row where windows end


@dataclass(frozen=True)
class Cabin:
    """Metres; z from the car's front. Pairs are at the belt and at the roof's edge."""

    front: tuple[float, float]
    rear: tuple[float, float]
    half_width: tuple[float, float]
    belt: float
    roof: float  # highest point
    dome: float  # from the roof's edge to its highest point
    bulge: tuple[float, float]  # of windscreen and rear window, seen from above
    corner: tuple[float, float]  # radius of the edges beside them, seen from above
    bend: float  # below 1 the windscreen steepens downwards; 1 is straight
    narrow: float  # how much narrower the rear end is
    posts: tuple[float, ...]  # middles of the pillars between side windows, in shares of the side
    post_width: float = 0.05  # in shares of the side

    # --- skin -------------------------------------------------------------------------------------

    @property
    def columns(self) -> Floats:
        """Where the sides are cut, in shares of their length."""
        edges = [0.0, 1.0, 0.25, 0.75] + [p + s * self.post_width / 2 for p in self.posts for s in (-1, 1)]
        found = np.sort(edges)
        return found[np.diff(found, prepend=-1.0) > 0.02]

    def half_rings(self) -> Floats:
        """(8, P, 3): level sections from the middle in front along +x to the middle behind."""
        up = LEVELS[:, None]
        y = self.belt + (self.roof - self.dome - self.belt) * LEVELS + self.dome * _dome(INSETS)
        bent = np.where(up > 0, np.clip(up, 0, None) ** self.bend, up)
        front = self.front[0] + (self.front[1] - self.front[0]) * bent
        rear = self.rear[0] + (self.rear[1] - self.rear[0]) * bent
        width = self.half_width[0] + (self.half_width[1] - self.half_width[0]) * np.where(
            up > 0, np.abs(up) ** 1.3, 0
        )
        x, z = self._outline(front, rear, width)
        middle = (front + rear) / 2
        x, z = x * (1 - INSETS[:, None]), middle + (z - middle) * (1 - 0.8 * INSETS[:, None])
        return np.stack([x, np.broadcast_to(y[:, None], x.shape), z], axis=2)

    def _outline(self, front: Floats, rear: Floats, width: Floats) -> tuple[Floats, Floats]:
        """x and z, (levels, P) each, seen from above: windscreen, corner, side, corner, rear window."""
        ends = []
        for start, bulge, radius, sign in (
            (front, self.bulge[0], self.corner[0], 1),
            (rear, self.bulge[1], self.corner[1], -1),
        ):
            broad = width - radius
            x = np.concatenate([broad * FRONT, width - 0.3 * radius], axis=1)
            z = start + sign * (bulge * (x / width) ** 2)
            z[:, -1:] += sign * 0.3 * radius
            ends.append((x, z, start + sign * (bulge + radius)))
        share = self.columns
        side_z = _upright(ends[0][2], ends[1][2], share)
        side_x = width * (1 - 0.012 * (1 - share) ** 2 - self.narrow * share**2)
        behind = ends[1][0][:, ::-1] * (1 - self.narrow), ends[1][1][:, ::-1]
        return np.concatenate([ends[0][0], side_x, behind[0]], 1), np.concatenate(
            [ends[0][1], side_z, behind[1]], 1
        )

    def mesh(self) -> Mesh:
        return loft(mirrored_rings(self.half_rings()))

    # --- panels -----------------------------------------------------------------------------------

    def points(self, rows: Floats, columns: Floats) -> Floats:
        """(K, N, 3): points of the skin at broken row and column numbers of the half rings."""
        rings = self.half_rings()
        return _between(_between(rings, rows, 0), columns, 1)

    def side_column(self, share: Floats) -> Floats:
        """The column number at shares of the side's length."""
        return np.interp(share, self.columns, len(FRONT) + 1.0 + np.arange(len(self.columns)))

    def windscreen(self, low: float = 1.05, high: float = 3.95, wide: float = 2.75) -> Mesh:
        return self._across(np.array([0.0, 1.0, 2.0, wide]), low, high, (0.0, 0.3, -1.0))

    def rear_window(self, low: float = 1.1, high: float = 3.7, wide: float = 2.4) -> Mesh:
        last = self.half_rings().shape[1] - 1
        return self._across(last - np.array([0.0, 1.0, 2.0, wide]), low, high, (0.0, 0.3, 1.0))

    def _across(self, columns: Floats, low: float, high: float, outwards: tuple[float, ...]) -> Mesh:
        half = self.points(_rows(low, high), columns)
        return sheet(np.concatenate([half[:, :0:-1] * [-1.0, 1.0, 1.0], half], axis=1), outwards)

    def side_window(
        self, start: float, stop: float, low: float = 1.1, high: float = TOP
    ) -> tuple[Mesh, Mesh]:
        """Both sides' windows between two shares of the side's length."""
        inside = self.columns[(self.columns > start + 0.02) & (self.columns < stop - 0.02)]
        columns = self.side_column(np.concatenate([[start], inside, [stop]]))
        window = sheet(self.points(_rows(low, high), columns), (1.0, 0.0, 0.0))
        return window, mirrored(window)


def _rows(low: float, high: float) -> Floats:
    """Row numbers from low to high with every whole one between: a panel bends where the skin does."""
    whole = np.arange(np.floor(low) + 1, np.ceil(high))
    return np.concatenate([[low], whole, [high]])


def _upright(start: Floats, stop: Floats, share: Floats) -> Floats:
    """z, (levels, C), of columns between two ends (levels, 1): beside them as slanted as they are, plumb between."""
    slanted = start + (stop - start) * share
    plumb = slanted[EDGE // 2]
    away = np.abs(slanted - plumb).max()
    short = float((stop - start).min())
    return slanted + (plumb - slanted) * 4 * share * (1 - share) * min(0.9, 0.2 * short / (away + 1e-9))


def _dome(inset: Floats) -> Floats:
    """Height on the roof, 0 at its edge to 1, an ellipse over how far one is drawn in."""
    return np.sqrt(np.clip(1 - (1 - np.clip(inset / 0.65, 0, 1)) ** 2.5, 0, None))


def _between(values: Floats, at: Floats, axis: int) -> Floats:
    """Values at broken indices along an axis, in straight lines."""
    low = np.clip(np.floor(at).astype(int), 0, values.shape[axis] - 2)
    share = (np.asarray(at) - low).reshape([-1 if a == axis else 1 for a in range(values.ndim)])
    return np.take(values, low, axis) * (1 - share) + np.take(values, low + 1, axis) * share

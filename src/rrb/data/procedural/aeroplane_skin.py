"""What lies on the skin of a body: panes, rows of windows, painted bands. Each is closed and reaches into the body."""

from __future__ import annotations

import numpy as np

from rrb.data.procedural.aeroplane_body import AROUND, Body, Floats
from rrb.data.procedural.aeroplane_pieces import plugs
from rrb.data.procedural.parts import shell
from rrb.geometry.mesh import Mesh


def patch(body: Body, z: Floats, angle: Floats, proud: float, depth: float) -> Mesh:
    """A closed sheet over the skin at (z, angle), each (M, N), that stands out of it and reaches into it."""
    return shell(body.points(z, angle, proud), body.points(z, angle, -depth))


def windscreen(body: Body, low: float, high: float, back: float, columns: int = 6) -> Mesh:
    """Glass around the nose between two shares of the half height, back to z = `back`."""
    z = np.linspace(0, body.nose, 200)
    levels = body.middle(body.nose) + body.height / 2 * np.linspace(low, high, 3)
    front = np.interp(levels, body.top(z), z)[:, None]
    along = np.linspace(-1, 1, 2 * columns + 1)
    at = front + np.maximum(back - front, 0.02 * body.nose) * along**2
    _, middle, half = body.sizes(at)
    sine = np.clip((levels[:, None] - middle) / (half + body._hump(at)), 0.0, 1.0)
    sine[:, columns] = 1.0
    angle = np.arcsin(sine ** (body.squareness / 2))
    angle = np.where(along < 0, np.pi - angle, angle)
    return patch(body, at, angle, 0.012 * body.height, 0.04 * body.height)


def side_strip(body: Body, start: float, end: float, low: float, high: float, proud: float = 0.008) -> Mesh:
    """A band along the +x side from z to z, between two angles."""
    inside = body.stations()
    z = np.concatenate([[start], inside[(inside > start) & (inside < end)], [end]])
    angle = np.linspace(low, high, 2 + int((high - low) / (2 * np.pi / AROUND)))
    z, angle = np.meshgrid(z, angle, indexing="ij")
    return patch(body, z, angle, proud * body.height, 0.03 * body.height)


def window_row(body: Body, start: float, end: float, count: int, size: Floats, angle: float) -> Mesh:
    """Windows on the +x side, their middles from z to z; `size` is along z and over the skin, in metres."""
    middle = np.linspace(start, end, count)[:, None]
    if count > 12:  # far away: corners are not seen
        along, up = np.array([-1, 1, 1, -1]), np.array([1, 1, -1, -1])
    else:
        along, up = np.array([-1, -0.5, 0.5, 1, 0.5, -0.5]), np.array([0, 1, 1, 0, -1, -1])
    along, up = along * size[0] / 2, up * size[1] / body.height
    z, angles = middle + along, angle + up + 0 * middle
    return plugs(body.points(z, angles, 0.008 * body.height), body.points(z, angles, -0.03 * body.height))

"""Pictures of a camera's path: the map from above, coordinates over time, how sure each frame is, errors.

The world is y up. Maps look down at it: x to the right, z towards the reader, so that nothing is mirrored.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.viz.pictures import BLUE, GREEN, ORANGE, VERMILLION
from rrb.viz.plot import FINE, GREY, INK, Colour, Figure, Floats, Panel, alike, around, runs

PURPLE, SKY = (204, 121, 167), (86, 180, 233)
OBJECT_COLOURS: tuple[Colour, ...] = (VERMILLION, GREEN, ORANGE, PURPLE, SKY)
PATH, TRUTH = BLUE, INK
STATE_COLOURS: dict[str, Colour] = {
    "tracked": BLUE,
    "partly hidden": SKY,
    "found again": GREEN,
    "predicted": ORANGE,
    "lost": VERMILLION,
}
_LANES = tuple(STATE_COLOURS)
_VIEWS = 12  # on a map of the whole path
_VIEW = 0.09  # their length, as a share of the map's width
_SIGMAS = 2.0  # of the bands about a path


@dataclass(frozen=True, eq=False)
class Landmark:
    """An object that stands in the world."""

    name: str
    mesh: Mesh
    world_from_object: Pose

    def corners(self) -> Floats:
        """(8, 3): those of the box along the object's own axes, in the world; x changes slowest."""
        sides = np.stack(self.mesh.bounding_box(), 1)
        corners = np.stack(np.meshgrid(*sides, indexing="ij"), -1).reshape(8, 3)
        return np.asarray(self.world_from_object.apply(corners))


@dataclass(frozen=True, eq=False)
class Route:
    """A camera's path, with what is known about it. N frames."""

    times_s: Floats  # (N,)
    world_from_camera: Pose  # (N,)
    known: NDArray[np.bool_]  # (N,)
    confidence: Floats  # (N,) in [0, 1]
    states: tuple[str, ...]  # (N,), a word each
    camera: Camera
    landmarks: tuple[Landmark, ...] = ()
    deviations_m: Floats | None = None  # (N, 3): standard deviations of the centre along the world's axes
    truth_times_s: Floats | None = None  # (M,)
    truth: Floats | None = None  # (M, 3): the true centres, moved into this world
    unit: str = "m"  # of lengths

    @property
    def centres(self) -> Floats:
        """(N, 3): where the camera was; not finite where that is not known."""
        return np.where(self.known[:, None], np.asarray(self.world_from_camera.translation), np.nan)

    @property
    def unknown_spans(self) -> list[tuple[float, float]]:
        """(from, to) in seconds, to half way to the neighbouring frames."""
        edges = np.concatenate([self.times_s[:1], midway(self.times_s), self.times_s[-1:]])
        return [(float(edges[run.start]), float(edges[run.stop])) for run in runs(~self.known)]


def midway(values: Floats) -> Floats:
    return 0.5 * (values[1:] + values[:-1])


# --- the map ----------------------------------------------------------------------------------------


class Map:
    """The world from above. Only what does not move is drawn at first."""

    def __init__(self, figure: Figure, route: Route, box: tuple[float, float, float, float]) -> None:
        self.route = route
        x, z = alike(*self._ranges(), box[2], box[3])
        unit = route.unit
        self.panel = Panel(figure, box, x, z, x_label=f"x ({unit})", y_label=f"z ({unit})", down=True)
        for k, landmark in enumerate(route.landmarks):
            self._stand(landmark, object_colour(k))
        self.truth()

    def truth(self) -> None:
        if self.route.truth is not None:
            self.panel.line(self.route.truth[:, [0, 2]], TRUTH, 1.5, dashed=True)

    def copy(self) -> Map:
        """Another with the same drawn on it, to draw more on."""
        twin = copy(self)
        twin.panel = copy(self.panel)
        twin.panel.figure = self.panel.figure.copy()
        return twin

    def path(self, last: int | None = None) -> None:
        """As far as a frame, that included; where the camera was not known the way is dotted."""
        centres = self.route.centres[: None if last is None else last + 1, [0, 2]]
        known = np.flatnonzero(np.isfinite(centres).all(1))
        for before, after in pairwise(known):
            if after > before + 1:
                self.panel.line(centres[[before, after]], (*PATH, 150), 1.2, dashed=True)
        self.panel.line(centres, PATH, 2.2)

    def view(self, frame: int, *, bold: bool = False) -> None:
        """From the camera's centre to both sides of the picture. Hollow and red where it is not known."""
        pose, known = self.route.world_from_camera[frame], bool(self.route.known[frame])
        colour = PATH if known else VERMILLION
        length = _VIEW * (self.panel.x[1] - self.panel.x[0]) * (1.6 if bold else 1.0)
        corners = np.asarray(pose.apply(length * _side_rays(self.route.camera)))[:, [0, 2]]
        self.panel.polygon(corners, (*colour, 60) if known else None, colour, 1.6 if bold else 1.0)
        if bold:
            self.panel.dots(corners[:1], colour if known else "white", 3.5, colour)

    def name_landmarks(self) -> None:
        for k, landmark in enumerate(self.route.landmarks):
            outline = landmark.corners()[:, [0, 2]]
            at = (float(outline[:, 0].mean()), float(outline[:, 1].max()))
            self.panel.words(at, landmark.name, _darker(object_colour(k)), anchor="mt")

    def _ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        held = [self.route.centres, *(landmark.corners() for landmark in self.route.landmarks)]
        if self.route.truth is not None:
            held.append(self.route.truth)
        points = np.concatenate(held)[:, [0, 2]]
        return around(points[:, 0], margin=0.12), around(points[:, 1], margin=0.12)

    def _stand(self, landmark: Landmark, colour: Colour) -> None:
        """Its faces from above, its box, and a tick at the front."""
        ground = np.asarray(landmark.world_from_object.apply(landmark.mesh.vertices))[:, [0, 2]]
        pale = tuple(round(255 - 0.35 * (255 - c)) for c in colour)
        for face in np.asarray(landmark.mesh.faces):
            self.panel.polygon(ground[face], pale)
        corners = landmark.corners()
        self.panel.polygon(hull(corners[:, [0, 2]]), None, colour, 1.5)
        front = corners[[0, 2, 4, 6]].mean(0)[[0, 2]]  # z changes fastest: these have the least, the front
        middle = corners.mean(0)[[0, 2]]
        size = np.linalg.norm(corners.max(0) - corners.min(0))
        forwards = (front - middle) / max(np.linalg.norm(front - middle), 1e-12)
        self.panel.line([front, front + 0.12 * size * forwards], colour, 3.0)


def object_colour(k: int) -> Colour:
    return OBJECT_COLOURS[k % len(OBJECT_COLOURS)]


def _side_rays(camera: Camera) -> Floats:
    """(3, 3): the camera's centre, and points on its rays through the middles of the picture's sides, z = 1."""
    sides = np.array([[x, 0.5 * camera.height_px] for x in (0.0, camera.width_px)])
    return np.concatenate([np.zeros((1, 3)), np.asarray(camera.numpy().unproject(sides, np.ones(2)))])


def hull(points: Floats) -> Floats:
    """The corners (K, 2) of the convex hull of (N, 2), in order (Andrew's monotone chain)."""
    ordered = sorted({(float(x), float(y)) for x, y in points})

    def half(sequence: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        kept: list[tuple[float, float]] = []
        for p in sequence:
            while len(kept) > 1 and _turn(kept[-2], kept[-1], p) <= 0:
                kept.pop()
            kept.append(p)
        return kept[:-1]

    return np.array(half(ordered) + half(ordered[::-1]) or ordered)


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _darker(colour: Colour) -> Colour:
    r, g, b = (round(0.7 * c) for c in colour)
    return r, g, b


# --- whole pictures -----------------------------------------------------------------------------------


def path_picture(route: Route, title: str = "") -> NDArray[np.uint8]:
    """The map beside x, y and z over time, with bands of two standard deviations where they are known."""
    figure = Figure(1120, 600)
    figure.words((20, 14), title, size=15)
    figure.legend((640, 52), _legend(route))
    chart = Map(figure, route, (62, 66, 480, 480))
    chart.path()
    chart.truth()  # once more, above a path that hides it
    for frame in _spread(np.flatnonzero(route.known), _VIEWS):
        chart.view(int(frame))
    chart.name_landmarks()
    known = np.flatnonzero(route.known)
    if known.size:
        first, last = route.centres[known[0], [0, 2]], route.centres[known[-1], [0, 2]]
        chart.panel.dots(first[None], "white", 5.0, PATH)
        chart.panel.dots(last[None], PATH, 5.0)
    _coordinates(figure, route)
    return figure.picture()


def _legend(route: Route) -> list[tuple[str, Colour, bool]]:
    entries = [("camera (o: its first frame)", PATH, False)]
    return [*entries, ("truth, aligned", TRUTH, True)] if route.truth is not None else entries


def _coordinates(figure: Figure, route: Route) -> None:
    times, centres = route.times_s, route.centres
    seen = centres if route.truth is None else np.concatenate([centres, route.truth])
    # What hardly changes is not blown up until it looks as if it did.
    least = 0.1 * max((float(np.ptp(c[np.isfinite(c)])) for c in seen.T if np.isfinite(c).any()), default=0)
    for k, name in enumerate("xyz"):
        box = (640.0, 92.0 + 160 * k, 450.0, 120.0 + (14 if k == 2 else 0))
        panel = Panel(
            figure,
            box,
            around(times, margin=0.0),
            around(seen[:, k], least=least),
            x_label="time (s)" if k == 2 else "",
            y_label=f"{name} ({route.unit})",
        )
        panel.columns(route.unknown_spans)
        if route.deviations_m is not None:
            reach = _SIGMAS * route.deviations_m[:, k]
            panel.band(times, centres[:, k] - reach, centres[:, k] + reach, (*PATH, 60))
        panel.line(np.stack([times, centres[:, k]], 1), PATH)
        if route.truth is not None and route.truth_times_s is not None:
            panel.line(np.stack([route.truth_times_s, route.truth[:, k]], 1), TRUTH, 1.5, dashed=True)


def confidence_picture(route: Route, title: str = "") -> NDArray[np.uint8]:
    """Over time: confidence, each frame's state in a lane of its own, the centre's standard deviation."""
    lanes = [s for s in _LANES if s in route.states] + sorted(set(route.states) - set(_LANES))
    rows = 2 if route.deviations_m is None else 3
    low = 84 + 24 * max(1, len(lanes))
    figure = Figure(900, 160 + low + (174 if rows == 3 else 0))
    figure.words((20, 14), title, size=15)
    times = around(route.times_s, margin=0.0)
    top = Panel(figure, (130, 66, 740, 120), times, (0.0, 1.05), y_label="confidence")
    top.columns(route.unknown_spans)
    top.line(np.stack([route.times_s, route.confidence], 1), PATH)
    last = rows == 2
    y = 212 + 24 * len(lanes)
    _lanes(figure, route, lanes, times, (130, 212, 740, 24 * len(lanes)), "time (s)" if last else "")
    if route.deviations_m is not None:
        total = np.where(route.known, np.sqrt((route.deviations_m**2).sum(1)), np.nan)
        factor, unit = fine_unit(total, route.unit)
        panel = Panel(
            figure,
            (130, y + 44, 740, 120),
            times,
            (0.0, around([0.0, *(factor * total[np.isfinite(total)])])[1]),
            x_label="time (s)",
            y_label=f"standard deviation of the camera's centre ({unit})",
        )
        panel.columns(route.unknown_spans)
        panel.line(np.stack([route.times_s, factor * total], 1), PATH)
    return figure.picture()


def _lanes(
    figure: Figure,
    route: Route,
    lanes: Sequence[str],
    times: tuple[float, float],
    box: tuple[float, float, float, float],
    label: str,
) -> None:
    """A block in its lane for each frame."""
    panel = Panel(figure, box, times, (-0.5, len(lanes) - 0.5), x_label=label, lanes=lanes, down=True)
    edges = np.concatenate([route.times_s[:1], midway(route.times_s), route.times_s[-1:]])
    for lane, name in enumerate(lanes):
        held = np.array([state == name for state in route.states], bool)
        for run in runs(held):
            (x0, y0), (x1, y1) = panel.at([[edges[run.start], lane - 0.3], [edges[run.stop], lane + 0.3]])
            x1 = max(x1, x0 + FINE)
            figure.pen.rectangle([x0, y0, x1, y1], fill=STATE_COLOURS.get(name, GREY))


def errors_picture(
    times_s: Floats,
    position: Floats,
    rotation_deg: Floats,
    *,
    unit: str = "m",
    title: str = "",
    unknown_spans: Sequence[tuple[float, float]] = (),
) -> NDArray[np.uint8]:
    """Errors (N,) of the aligned path over time, with their root mean squares."""
    figure = Figure(900, 410)
    figure.words((20, 14), title, size=15)
    factor, fine = fine_unit(position, unit)
    rows = ((factor * position, "position", fine), (rotation_deg, "rotation", "deg"))
    for k, (values, name, said) in enumerate(rows):
        high = around([0.0, *values[np.isfinite(values)]])[1]
        panel = Panel(
            figure,
            (80, 66 + 160 * k, 790, 120),
            around(times_s, margin=0.0),
            (0.0, high),
            x_label="time (s)" if k else "",
            y_label=f"error of the {name} ({said})",
        )
        panel.columns(unknown_spans)
        rms = float(np.sqrt(np.nanmean(values**2))) if np.isfinite(values).any() else 0.0
        panel.line([[panel.x[0], rms], [panel.x[1], rms]], VERMILLION, 1.5, dashed=True)
        panel.line(np.stack([times_s, values], 1), PATH)
        figure.words((868, 66 + 160 * k - 6), f"RMSE {rms:.3g} {said}", _darker(VERMILLION), anchor="rb")
    return figure.picture()


def fine_unit(values: Floats, unit: str) -> tuple[float, str]:
    """(factor, unit): millimetres where metres would all be small."""
    held = np.abs(values[np.isfinite(values)])
    small = unit == "m" and (held.max() if held.size else 0.0) < 0.1
    return (1000.0, "mm") if small else (1.0, unit)


def _spread(indices: NDArray[Any], count: int) -> NDArray[Any]:
    """About so many of them, evenly, the first and the last included."""
    if len(indices) <= count:
        return indices
    return indices[np.unique(np.rint(np.linspace(0, len(indices) - 1, count)).astype(int))]

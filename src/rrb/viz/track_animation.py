"""A film of tracking: what the camera saw, with the outlines of the objects, beside the map of its path so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.viz.overlay import overlay, side_by_side
from rrb.viz.pictures import rgb8
from rrb.viz.plot import Figure
from rrb.viz.trajectory import Map, Route, object_colour

_LINE_PX = 1.7
_MARGINS = 46, 24, 12, 42  # left, top, right, bottom of the map's frame, for its numbers


@dataclass(frozen=True, eq=False)
class Scene:
    """One frame of the film."""

    frame: int  # of the route
    picture: NDArray[np.uint8]  # (h, w, 3), all of equal size
    silhouettes: tuple[Any, ...]  # (h, w) in [0, 1] of each landmark where it was found; None draws nothing


def film(route: Route, scenes: Sequence[Scene]) -> list[NDArray[np.uint8]]:
    """The map is as high as the pictures, and square."""
    if not scenes:
        return []
    side = scenes[0].picture.shape[0]
    left, top, right, bottom = _MARGINS
    still = Map(Figure(side, side), route, (left, top, side - left - right, side - top - bottom))
    return [_frame(route, scene, still) for scene in scenes]


def _frame(route: Route, scene: Scene, still: Map) -> NDArray[np.uint8]:
    shown = [(k, s) for k, s in enumerate(scene.silhouettes) if s is not None]
    seen = rgb8(scene.picture)
    if shown:
        colours = [object_colour(k) for k, _ in shown]
        seen = overlay(seen, [s for _, s in shown], colours=colours, width_px=_LINE_PX)
    chart = still.copy()
    chart.path(scene.frame)
    chart.view(scene.frame, bold=True)
    return side_by_side([seen, chart.panel.figure.picture()], [_said(route, scene.frame), ""], gap_px=8)


def _said(route: Route, k: int) -> str:
    sure = f", confidence {route.confidence[k]:.2f}" if route.known[k] else ""
    return f"{route.times_s[k]:.2f} s: {route.states[k]}{sure}"


def shrunk(picture: Any, longest_px: int) -> NDArray[np.uint8]:
    """(h, w, 3): the longer side so many pixels; outer corners stay outer corners."""
    from PIL import Image

    whole = rgb8(picture)
    zoom = longest_px / max(whole.shape[:2])
    size = max(1, round(whole.shape[1] * zoom)), max(1, round(whole.shape[0] * zoom))
    return np.asarray(Image.fromarray(whole).resize(size, Image.Resampling.LANCZOS))


class Kept:
    """At most `most` of the things that come, evenly spread, however many there will be: for films without an end."""

    def __init__(self, most: int) -> None:
        self.most, self.every = most, 1
        self.held: list[tuple[int, Any]] = []  # (number, thing)

    def wants(self, number: int) -> bool:
        return number % self.every == 0

    def add(self, number: int, thing: Any) -> None:
        if not self.wants(number):
            return
        self.held.append((number, thing))
        while len(self.held) > self.most:
            self.every *= 2
            self.held = [one for one in self.held if self.wants(one[0])]

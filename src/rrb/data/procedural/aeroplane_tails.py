"""Tails: fin and tailplane as one of five arrangements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rrb.data.procedural.aeroplane_body import Body
from rrb.data.procedural.aeroplane_pieces import Pieces, drop
from rrb.data.procedural.aeroplane_wings import Surface, plate

ARRANGEMENTS = ("conventional", "T-tail", "V-tail", "cruciform", "twin fin")
_RIGHT = np.array([1.0, 0.0, 0.0])


@dataclass(frozen=True)
class Tail:
    """Sizes in metres, angles in radians. `end`: z of the fin's trailing edge at its root."""

    arrangement: str
    end: float
    fin_height: float  # from the middle of the body
    fin_chord: float
    fin_sweep: float
    half_span: float
    chord: float
    sweep: float
    fin_taper: float = 0.4
    taper: float = 0.5
    cant: float = 0.08  # of the tailplane; of a V-tail it is added to 35 degrees
    fillet: bool = False  # in front of the fin
    fins_at_tips: bool = False  # of a twin fin: else on the body
    aside: float = 0.0  # where fins on the body stand
    fin_cant: float = 0.0  # outwards, of fins on the body
    back: float = 0.0  # how much further back the tailplane's root ends than the fin's

    def pieces(self, body: Body) -> Pieces:
        if self.arrangement == "V-tail":
            return self._v_tail(body)
        if self.arrangement == "twin fin":
            return self._at_tips(body) if self.fins_at_tips else self._on_body(body)
        fin = self.fin(body)
        pieces: Pieces = [("fin", fin.half())]
        if self.fillet:
            start = fin.leading(0.0) - [0, 0, 0.7 * self.fin_chord]
            chords = (self.fin_chord, 0.4 * self.fin_chord)
            pieces.append(("fin", plate(start, fin.leading(0.42) + [0, 0, 0.02], chords, 0.07, _RIGHT)))
        if self.half_span <= 0:
            return pieces
        heights = {"conventional": 0.0, "T-tail": 1.0, "cruciform": 0.5}
        return pieces + self._plane_on(fin, heights[self.arrangement], body)

    def fin(self, body: Body) -> Surface:
        """The fin in the middle; its root is deep in the body."""
        start = self.end - self.fin_chord
        y = float(body.middle(self.end))
        y = min(y, float(body.top(start)) - 0.02 * self.fin_height)
        taper = max(self.fin_taper, 0.6) if self.arrangement == "T-tail" else self.fin_taper
        return Surface(
            (0.0, y, start), self.fin_height, self.fin_chord, taper, self.fin_sweep, np.pi / 2, 0.1
        )  # fmt: skip

    def plane(self, y: float, start: float) -> Surface:
        return Surface(
            (0.0, y, start), self.half_span, self.chord, self.taper, self.sweep, self.cant, 0.095
        )  # fmt: skip

    def _plane_on(self, fin: Surface, height: float, body: Body) -> Pieces:
        """A tailplane in the body, or at a share of the fin's height."""
        if height == 0:
            return [("tailplane", self._low_plane(body).whole())]
        share = 0.98 * height if height == 1 else height
        at, chord = fin.leading(share), float(fin.chord_at(share))
        start = float(at[2] + 0.5 * (chord - self.chord)) + 0.1 * chord
        plane = self.plane(float(at[1]), start).whole()
        radius = 0.075 * self.chord
        reach = (min(start, float(at[2])) - 0.06 * chord, start + 1.08 * self.chord)
        return [("tailplane", plane), ("fin", drop(*reach, radius, radius, y=float(at[1]), fine=10))]

    def _low_plane(self, body: Body) -> Surface:
        end = self.end + self.back
        middle = end - 0.5 * self.chord
        _, y, half = body.sizes(np.array(min(middle, 0.985 * body.length)))
        return self.plane(float(y + 0.15 * half), end - self.chord)

    def _v_tail(self, body: Body) -> Pieces:
        start = self.end - self.fin_chord
        y = float(body.middle(self.end - 0.4 * self.fin_chord))
        span = 0.6 * (self.half_span + self.fin_height) + 0.2 * self.half_span
        half = Surface(
            (0.0, y, start), span, self.fin_chord, self.taper, 0.7 * self.fin_sweep, self.cant + 0.61, 0.1
        )  # fmt: skip
        return [("fin", piece) for piece in half.pair()]

    def _at_tips(self, body: Body) -> Pieces:
        plane = self._low_plane(body)
        tip = plane.leading(0.97)
        chord = 1.15 * float(plane.chord_at(0.97))
        height = 0.62 * self.fin_height
        low = (float(tip[0]), float(tip[1]) - 0.35 * height, float(tip[2]) - 0.1 * chord)
        fin = Surface(low, height, chord, 0.7, 0.5 * self.fin_sweep, np.pi / 2, 0.1)
        return [("tailplane", plane.whole()), *(("fin", piece) for piece in fin.pair())]

    def _on_body(self, body: Body) -> Pieces:
        y = float(body.middle(self.end - 0.6 * self.fin_chord))
        root = (self.aside, y, self.end - self.fin_chord)
        cant = np.pi / 2 - self.fin_cant
        fin = Surface(root, self.fin_height, self.fin_chord, self.fin_taper, self.fin_sweep, cant, 0.07)
        pieces: Pieces = [("fin", piece) for piece in fin.pair()]
        plane: Pieces = [("tailplane", self._low_plane(body).whole())] if self.half_span > 0 else []
        return pieces + plane

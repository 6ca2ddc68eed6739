"""Wings, tailplanes and fins: aerofoil sections along a line, with the bends that a plan of them has.

The frame of the body (aeroplane_body.py): z runs back from the nose, x = 0 is the plane of symmetry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.data.procedural.parts import both_sides, loft
from rrb.geometry.mesh import Mesh

Floats = NDArray[np.float64]
_ALONG = np.array(
    [0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.87, 1.0]
)  # points of a section: 0.3 is where it is thickest
_SHARES = np.array([0.0, 0.3, 0.65, 0.94, 1.0])
_ELLIPSE = np.array([0.0, 0.2, 0.4, 0.58, 0.72, 0.83, 0.91, 0.96, 0.995])


@dataclass(frozen=True)
class Surface:
    """The +x half of a wing or tailplane (cant about 0), or a whole fin (cant 90 degrees)."""

    root: tuple[float, float, float]  # of the leading edge
    span: float  # along the half, before winglets
    chord: float  # at the root
    taper: float = 0.5  # the tip's chord over the root's
    sweep: float = 0.0  # of the line of quarter chords, radians
    cant: float = 0.0  # radians: the dihedral of a wing, 90 degrees for a fin
    thickness: float = 0.12  # over the chord
    kink: float = 0.0  # the share of the span up to which the chord grows inwards, 0 for none
    kink_chord: float = 0.0  # what it adds at the root, over the chord
    elliptic: bool = False
    winglet: float = 0.0  # its height
    winglet_cant: float = 1.3  # radians from level

    @property
    def outwards(self) -> Floats:
        return np.array([np.cos(self.cant), np.sin(self.cant), 0.0])

    @property
    def normal(self) -> Floats:
        return np.array([-np.sin(self.cant), np.cos(self.cant), 0.0])

    def chord_at(self, share: Floats | float) -> Floats:
        share = np.asarray(share, float)
        if self.elliptic:
            return self.chord * np.sqrt(1 - share**2)
        chord = self.chord * (1 - (1 - self.taper) * share)
        if self.kink:
            chord = chord + self.chord * self.kink_chord * np.clip(1 - share / self.kink, 0.0, 1.0)
        return chord

    def leading(self, share: Floats | float) -> Floats:
        """(..., 3): the leading edge; what a kink adds lies behind, so the edge stays straight."""
        share = np.asarray(share, float)
        straight = self.chord * (1 - (1 - self.taper) * share) if not self.elliptic else self.chord_at(share)
        quarter = self.chord / 4 + self.span * share * np.tan(self.sweep)
        at = np.asarray(self.root) + (self.span * share)[..., None] * self.outwards
        return at + (quarter - straight / 4)[..., None] * [0.0, 0.0, 1.0]

    def at(self, share: float, along: float) -> Floats:
        """(3,): in the middle of the section at a share of the span, so far from leading (0) to trailing (1)."""
        return self.leading(share) + [0.0, 0.0, along * float(self.chord_at(share))]

    def share_at(self, x: float) -> float:
        return (x - self.root[0]) / (self.span * float(np.cos(self.cant)))

    def half_thickness(self, share: float) -> float:
        """At its thickest."""
        return 0.5 * self.thickness * float(self.chord_at(share))

    # --- meshes -----------------------------------------------------------------------------------

    def whole(self) -> Mesh:
        """Both halves in one piece through the plane of symmetry; the root lies in it."""
        half = self._rings()
        half[0] = section(self.leading(0.0), float(self.chord_at(0.0)), self.thickness, np.array([0, 1.0, 0]))
        return loft(np.concatenate([half[:0:-1] * [-1.0, 1.0, 1.0], half]))

    def half(self) -> Mesh:
        return loft(self._rings())

    def pair(self) -> tuple[Mesh, Mesh]:
        return both_sides(self.half())

    def _rings(self) -> Floats:
        shares = np.sort(np.append(_SHARES, self.kink)) if self.kink else _SHARES
        shares = _ELLIPSE if self.elliptic else shares
        chord, leading = self.chord_at(shares), self.leading(shares)
        thickness = np.full(len(shares), self.thickness)
        normal = np.broadcast_to(self.normal, leading.shape)
        if self.winglet:
            more = self._winglet()
            leading, chord = np.concatenate([leading[:-2], more[0]]), np.append(chord[:-2], more[1])
            normal = np.concatenate([normal[:-2], more[2]])
            thickness = np.full(len(chord), self.thickness)
        thickness[-1] *= 0.35  # a round tip
        lost = np.zeros(len(chord))
        lost[-1] = 0.22 * chord[-1]
        leading = leading + (0.7 * lost)[:, None] * [0.0, 0.0, 1.0]
        return section(leading, chord - lost, thickness, normal)

    def _winglet(self) -> tuple[Floats, Floats, Floats]:
        """(leading edges, chords, normals) of sections that bend up from the tip."""
        angle = self.cant + (self.winglet_cant - self.cant) * np.array([0, 0.35, 0.7, 1.0, 1.0, 1.0])
        step = self.winglet * np.array([0.0, 0.12, 0.14, 0.14, 0.55, 0.05])
        way = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
        share = np.cumsum(step) / self.winglet
        chord = float(self.chord_at(0.94)) * (1 - 0.6 * share)
        leading = self.leading(0.94) + np.cumsum(step[:, None] * way, axis=0)
        leading[:, 2] += self.winglet * share * max(0.6, float(np.tan(self.sweep)))
        return leading, chord, np.stack([-way[:, 1], way[:, 0], 0 * angle], 1)


def section(leading: Floats, chord: Floats | float, thickness: Floats | float, normal: Floats) -> Floats:
    """(..., N, 3): the outline of a symmetric aerofoil from its leading edge (..., 3) back along z."""
    along, up = _outline()
    chord = np.asarray(chord, float)[..., None, None]
    thickness = np.asarray(thickness, float)[..., None, None]
    back = along[:, None] * [0.0, 0.0, 1.0]
    return leading[..., None, :] + chord * (back + thickness * up[:, None] * normal[..., None, :])


def plate(low: Floats, high: Floats, chords: tuple[float, float], thickness: float, normal: Floats) -> Mesh:
    """A blade between two leading edges (3,), with a chord at each: a pylon, a strut, a stub."""
    ends = np.stack([low, high])
    return loft(section(ends, np.array(chords), thickness, np.stack([normal, normal])))


def _outline() -> tuple[Floats, Floats]:
    """Of the NACA four-digit thickness, 1 at its thickest, closed at the trailing edge: (N,) along, (N,) up."""
    x = _ALONG
    half = 5 * (0.2969 * np.sqrt(x) - 0.126 * x - 0.3516 * x**2 + 0.2843 * x**3 - 0.1036 * x**4)
    half[-1] = 0.0
    return np.concatenate([x[:0:-1], x[:-1]]), np.concatenate([half[:0:-1], -half[:-1]])

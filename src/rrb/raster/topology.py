"""The edges of a triangle list: which faces share one.

Only an edge with more faces on one side of it in the image than on the other can be part of the silhouette.
Finding those takes the edge numbers of every face, which depend on the faces alone: they are computed once
per triangle list and kept. A kept entry is used only after comparing all indices, so faces edited in place are noticed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rrb.errors import BadInputError

_KEPT_FACES, _KEPT_LISTS = 8_000_000, 256


@dataclass(frozen=True)
class Topology:
    """A checked triangle list. `faces` (F, 3) int32, contiguous; a row of -1 is padding and draws nothing."""

    faces: np.ndarray
    n_vertices_needed: int

    @cached_property
    def _edges(self) -> tuple[np.ndarray, np.ndarray, int]:
        used = self.faces[:, 0] >= 0
        start, end = self.faces[used], np.roll(self.faces[used], -1, axis=1)
        low, high = np.minimum(start, end).astype(np.int64), np.maximum(start, end).astype(np.int64)
        keys, edge = np.unique(low * self.n_vertices_needed + high, return_inverse=True)
        face_edges = np.full(self.faces.shape, len(keys), np.int32)  # padding points past the last edge
        face_edges[used] = edge.reshape(-1, 3)
        vertices = np.stack([keys // self.n_vertices_needed, keys % self.n_vertices_needed], -1)
        most = int(np.bincount(edge.ravel()).max(initial=0))
        return face_edges, np.ascontiguousarray(vertices, dtype=np.int32), most

    @property
    def face_edges(self) -> np.ndarray:
        """(F, 3) int32: the edge from corner k to corner k + 1. Padding points at number E."""
        return self._edges[0]

    @property
    def edge_vertices(self) -> np.ndarray:
        """(E, 2) int32, the lower vertex number first."""
        return self._edges[1]

    def new_layers(self) -> np.ndarray:
        """(E + 1,) memory for a count of faces per edge: bytes unless an edge has more faces than they hold.

        A million faces visit their edges in any order, so what counts is how much of this a cache holds.
        """
        return np.empty(len(self.edge_vertices) + 1, np.int8 if self._edges[2] <= 127 else np.int32)


_kept: OrderedDict[tuple, Topology] = OrderedDict()
_lock = threading.Lock()


def topology(faces: np.ndarray, n_vertices: int) -> Topology:
    """The Topology of `faces` (F, 3), any integer type, on `n_vertices` vertices; refused where out of range."""
    sample = faces[:: max(1, len(faces) // 8)]
    key = (len(faces), sample.tobytes(), faces.dtype.str)
    found = _kept.get(key)
    if found is None or not np.array_equal(found.faces, faces):
        found = _checked(faces)
        _keep(key, found)
    else:
        _refresh(key)
    if found.n_vertices_needed > n_vertices:
        raise BadInputError(
            f"faces name vertex {found.n_vertices_needed - 1} but there are {n_vertices} vertices, counted from 0"
        )
    return found


def _checked(faces: np.ndarray) -> Topology:
    lowest, highest = (int(faces.min()), int(faces.max())) if faces.size else (0, -1)
    if lowest < -1 or (lowest == -1 and not np.array_equal((faces < 0).all(1), (faces < 0).any(1))):
        raise BadInputError(
            "faces hold negative vertex numbers; only whole rows of -1 (padding) are accepted"
        )
    if highest >= 2**31 - 1:
        raise BadInputError(f"faces name vertex {highest}; at most {2**31 - 2} is accepted")
    return Topology(np.array(faces, dtype=np.int32, order="C"), highest + 1)


def _keep(key: tuple, entry: Topology) -> None:
    """Add an entry, and drop those unused for longest until few enough lists and faces are left."""
    with _lock:
        _kept[key] = entry
        _kept.move_to_end(key)
        while len(_kept) > 1 and (
            len(_kept) > _KEPT_LISTS or sum(len(t.faces) for t in _kept.values()) > _KEPT_FACES
        ):
            _kept.popitem(last=False)


def _refresh(key: tuple) -> None:
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)

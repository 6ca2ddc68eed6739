"""The covered pixels of fragments as one list, and the few array operations that shading needs on it.

Everything here takes NumPy arrays or torch tensors and returns what it was given; a tensor among arrays makes
the result a tensor. Index arrays are always NumPy: nothing is differentiable in them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rrb.errors import BadInputError
from rrb.geometry._arrays import is_tensor
from rrb.raster._inputs import as_numpy
from rrb.raster.fragments import Fragments


@dataclass(frozen=True)
class Pixels:
    """P covered pixels, from all images of a batch.

    place (P,): position in the flattened batch of pictures. image (P,): which image. face (P,): which face of
    its list. weights (P, 3): the barycentric weights, differentiable as the fragments are. shape (..., H, W).
    """

    place: np.ndarray
    image: np.ndarray
    face: np.ndarray
    weights: Any
    shape: tuple[int, ...]

    @property
    def batch(self) -> tuple[int, ...]:
        return self.shape[:-2]

    def corner_vertices(self, faces: np.ndarray) -> np.ndarray:
        """(P, 3): the vertices of the face seen, numbered within their image; faces (F, 3) or (..., F, 3)."""
        if faces.ndim == 2:
            return faces[self.face]
        return faces.reshape(-1, *faces.shape[-2:])[self.image, self.face]

    def rows(self, table: Any, index: np.ndarray, what: str) -> Any:
        """Rows of `table` (N, C), or (..., N, C) with one for each image: table[index] for index (P, K)."""
        n_rows, n_columns = table.shape[-2:]
        if index.size and index.max() >= n_rows:
            raise BadInputError(f"{what} has {n_rows} rows; the faces that are seen need {index.max() + 1}")
        if table.ndim > 2:
            if tuple(table.shape[:-2]) != self.batch:
                raise BadInputError(
                    f"{what} has batch shape {tuple(table.shape[:-2])} but the fragments have {self.batch}"
                )
            index = index + (self.image * n_rows)[:, None]
        return take(table.reshape(-1, n_columns), index, what)

    def blend(self, corners: Any) -> Any:
        """(P, C): values at the corners (P, 3, C) weighted at the pixel."""
        corners, weights = alike(corners, self.weights)
        return (corners * weights[..., None]).sum(-2)

    def picture(self, values: Any) -> Any:
        """(..., H, W, C) of values (P, C), 0 where nothing is seen."""
        n_pixels, n_columns = math.prod(self.shape), values.shape[-1]
        if is_tensor(values):
            import torch

            empty = values.new_zeros((n_pixels, n_columns))
            return empty.index_copy(0, torch.from_numpy(self.place), values).view(*self.shape, n_columns)
        out = np.zeros((n_pixels, n_columns), values.dtype)
        out[self.place] = values
        return out.reshape(*self.shape, n_columns)


def covered_pixels(fragments: Fragments) -> Pixels:
    face_index = as_numpy(fragments.face_index, "face_index")
    shape = face_index.shape
    place = np.flatnonzero(face_index.ravel() >= 0)
    weights = take(fragments.barycentric.reshape(-1, 3), place, "barycentric")
    image = place // max(1, shape[-2] * shape[-1])
    return Pixels(place, image, face_index.ravel()[place].astype(np.int64), weights, shape)


def take(table: Any, index: np.ndarray, what: str = "the table") -> Any:
    """table[index] for table (N, C) and any shape of index; its gradient is summed in a fixed order."""
    as_numpy(table, what)
    if not is_tensor(table):
        return np.asarray(table)[index]
    import torch

    # Plain indexing sums its float32 gradients with atomics: other bits for another number of threads.
    return torch.nn.functional.embedding(torch.from_numpy(np.ascontiguousarray(index, np.int64)), table)


def sum_runs(values: Any, lengths: np.ndarray) -> Any:
    """(R, C): sums over consecutive runs of the rows of values (N, C); every length is at least 1."""
    if is_tensor(values):
        import torch

        return torch.segment_reduce(values, "sum", lengths=torch.from_numpy(lengths), axis=0, unsafe=True)
    if not len(lengths):
        return np.zeros((0, values.shape[1]), values.dtype)
    return np.add.reduceat(values, np.cumsum(lengths) - lengths, axis=0)


def alike(*arrays: Any) -> tuple[Any, ...]:
    """All as tensors if one of them is a tensor, all as they are otherwise."""
    return tuple(_tensor(a) for a in arrays) if any(is_tensor(a) for a in arrays) else arrays


def like(values: Any, template: Any) -> Any:
    """values in the precision of template, a tensor if either is one."""
    values, template = alike(values, template)
    if is_tensor(values):
        return values.to(template.dtype)
    return np.asarray(values, template.dtype)


def _tensor(array: Any) -> Any:
    import torch

    if is_tensor(array):
        return array
    array = np.asarray(array)
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def cross(a: Any, b: Any) -> Any:
    if is_tensor(a):
        import torch

        return torch.linalg.cross(a, b)
    return np.cross(a, b)


def unit(vectors: Any) -> Any:
    """Vectors (..., 3) divided by their length; a vector of length 0 stays 0, with gradient 0."""
    if is_tensor(vectors):
        import torch

        return torch.nn.functional.normalize(vectors, dim=-1, eps=_tiny(vectors.dtype))
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(lengths, np.finfo(vectors.dtype).tiny)


def _tiny(dtype: Any) -> float:
    import torch

    return torch.finfo(dtype).tiny

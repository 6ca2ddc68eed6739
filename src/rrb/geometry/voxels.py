"""`Voxels`: an occupancy grid with its place in the object frame."""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import as_numpy, is_tensor, numpy_view, short
from rrb.geometry.files import read_bytes, write_bytes
from rrb.geometry.mesh_arrays import mesh_arrays
from rrb.geometry.winding import is_inside_grid

if TYPE_CHECKING:
    from rrb.geometry.mesh import Mesh

FORMAT = "rrb.voxels/1"
CONVENTION = (
    "occupancy[x, y, z] in [0, 1], object frame; the centre of voxel (i, j, k) is "
    "origin_m + (i + 0.5, j + 0.5, k + 0.5) * voxel_size_m"
)
FINEST = 512
MOST_VOXELS = FINEST**3  # in a file
_SMALL_BYTES = 1 << 16  # what surrounds the voxels in a file


@dataclass(frozen=True, eq=False)
class Voxels:
    """Occupancy of cubic voxels, indexed [x, y, z].

    The centre of voxel (i, j, k) is origin + (i + 0.5, j + 0.5, k + 0.5) * voxel_size_m.
    """

    occupancy: Any  # (Nx, Ny, Nz) bool, or float in [0, 1]; NumPy or torch, kept as given
    origin: NDArray[np.float64]  # (3,), the outer corner of the first voxel in the object frame
    voxel_size_m: float

    def __post_init__(self) -> None:
        if not is_tensor(self.occupancy):
            object.__setattr__(self, "occupancy", _as_array(self.occupancy))
        _check_occupancy(numpy_view(self.occupancy))
        origin = as_numpy(self.origin)
        if origin.shape != (3,) or not np.isfinite(origin).all():
            raise BadInputError(f"a grid's origin is {origin.tolist()}; three finite numbers are accepted")
        size = as_numpy(self.voxel_size_m)
        if size.shape != () or not 0 < size < np.inf:
            raise BadInputError(
                f"the voxel size is {short(self.voxel_size_m)} m; a positive number is accepted"
            )
        object.__setattr__(self, "origin", origin)
        object.__setattr__(self, "voxel_size_m", float(size))

    @staticmethod
    def from_mesh(mesh: Any, resolution: int = 64, padding: float = 1.0) -> Voxels:
        """Which voxels have their centre inside a mesh (`winding.is_inside`), as bool.

        mesh: a `Mesh` or a pair (vertices (V, 3), faces (F, 3)) in metres. The grid is a cube of resolution^3
        voxels around the centre of the bounding box, with `padding` voxels free on both sides of its longest
        extent.
        """
        vertices, faces = mesh if isinstance(mesh, tuple) else (mesh.vertices, mesh.faces)
        vertices, faces = mesh_arrays(vertices, faces)
        _check_resolution(resolution, padding)
        used = vertices[np.unique(faces)]
        extent = float(np.ptp(used, axis=0).max()) if len(used) else 0.0
        if not extent > 0:
            raise BadInputError(f"the mesh has {len(faces)} faces and no extent; there is nothing to fill")
        size = extent / (resolution - 2 * padding)
        origin = (used.min(axis=0) + used.max(axis=0)) / 2 - resolution * size / 2
        shape = (resolution, resolution, resolution)
        return Voxels(is_inside_grid(vertices, faces, origin, size, shape), origin, size)

    def to_mesh(self, level: float = 0.5) -> Mesh:
        """The surface where the occupancy, interpolated between centres, is `level`; closed, facing outwards.

        Around the grid everything is empty: what touches the border is closed there, at most half a voxel
        beyond it. A bool grid gives a surface halfway between full and empty centres. Voxels that touch along
        an edge alone give edges with four faces. What is within 1e-6 of the level counts as just below it: a
        surface through centres themselves would not close.
        """
        from skimage.measure import marching_cubes

        from rrb.geometry.mesh import Mesh

        if not 0 < level < 1:
            raise BadInputError(f"the level is {level}; a number between 0 and 1 is accepted")
        field = np.pad(numpy_view(self.occupancy).astype(np.float32), 1)
        field[np.abs(field - level) <= 1e-6] = level - 1e-4
        if not field.max() > level:
            raise BadInputError(f"no voxel is fuller than {level} (the fullest is {field.max()}): no surface")
        # "ascent" is what faces outwards where the axes are x, y, z.
        corners, faces, _, _ = marching_cubes(field, level, gradient_direction="ascent")
        # Index 0 of the padded field is the centre of the voxel before the first.
        vertices = self.origin + (corners.astype(np.float64) - 0.5) * self.voxel_size_m
        return Mesh(vertices=vertices, faces=faces.astype(np.int64))

    def centres(self) -> Any:
        """(Nx, Ny, Nz, 3): the voxels' centres in the object frame; a tensor where the occupancy is one."""
        axes = [
            start + (np.arange(count) + 0.5) * self.voxel_size_m
            for start, count in zip(self.origin, self.occupancy.shape, strict=True)
        ]
        centres = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        if not is_tensor(self.occupancy):
            return centres
        import torch

        dtype = self.occupancy.dtype if self.occupancy.is_floating_point() else torch.float32
        return torch.as_tensor(centres, dtype=dtype, device=self.occupancy.device)

    def contains(self, points: Any) -> NDArray[np.bool_]:
        """(...) bool for points (..., 3) in the object frame: whether their voxel is fuller than 0.5.

        A point between two voxels belongs to the upper one; outside the grid nothing is contained.
        """
        points = numpy_view(points).astype(np.float64)
        if points.shape[-1:] != (3,) or not np.isfinite(points).all():
            raise BadInputError(f"points have the shape {points.shape}; finite numbers (..., 3) are accepted")
        occupied = numpy_view(self.occupancy) > 0.5
        index = np.floor((points - self.origin) / self.voxel_size_m)
        within = ((index >= 0) & (index < occupied.shape)).all(axis=-1)
        index = np.where(within[..., None], index, 0).astype(np.int64)
        return within & occupied[tuple(np.moveaxis(index, -1, 0))]

    def occupied_volume(self) -> Any:
        """Sum of the occupancy times a voxel's volume, m^3: a float, or a tensor with its gradient."""
        if is_tensor(self.occupancy):
            return self.occupancy.sum() * self.voxel_size_m**3
        return float(self.occupancy.sum(dtype=np.float64)) * self.voxel_size_m**3

    def save(self, path: str | Path) -> None:
        """Write an .npz file that states its convention; at most 512^3 voxels."""
        if Path(path).suffix != ".npz":
            raise BadInputError(f"{path}: voxels are saved as .npz")
        _check_count(math.prod(self.occupancy.shape), path)
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            format=np.array(FORMAT),
            convention=np.array(CONVENTION),
            occupancy=numpy_view(self.occupancy),
            origin_m=self.origin,
            voxel_size_m=np.array(self.voxel_size_m),
        )
        write_bytes(path, buffer.getvalue())

    @staticmethod
    def load(path: str | Path) -> Voxels:
        """Read what `save` wrote; the occupancy is a NumPy array. What is too large is not unpacked."""
        data = read_bytes(path)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                _check_members(archive, path)
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                if str(file["format"]) != FORMAT:
                    raise BadFileError(f"{path} is {str(file['format'])!r}; {FORMAT!r} is accepted")
                return Voxels(file["occupancy"], file["origin_m"], file["voxel_size_m"].item())
        except BadFileError:
            raise
        except BadInputError as error:
            raise BadFileError(f"{path}: {error}") from error
        except Exception as error:  # whatever zip and NumPy say about a damaged file
            reason = str(error).partition("\n")[0][:100]
            raise BadFileError(f"{path} is not a voxel file of format {FORMAT!r}: {reason}") from error


def _as_array(occupancy: Any) -> NDArray:
    try:
        return np.asarray(occupancy)
    except ValueError:
        raise BadInputError("a grid is made of rows of different lengths; (Nx, Ny, Nz) is accepted") from None


def _check_count(count: int, path: str | Path) -> None:
    if count > MOST_VOXELS:
        raise BadFileError(f"{path}: {count} voxels; at most {FINEST}^3 are accepted in a file")


def _check_members(archive: zipfile.ZipFile, path: str | Path) -> None:
    """Refuse arrays larger than a grid can be, by what their headers say and by what they unpack to."""
    for entry in archive.infolist():
        most = _SMALL_BYTES
        if entry.filename == "occupancy.npy":
            with archive.open(entry) as file:
                np.lib.format.read_magic(file)
                # Of version 1, which `save` writes: a later one could have a header of gigabytes.
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            _check_count(math.prod(shape), path)
            most += math.prod(shape) * min(dtype.itemsize, 16)
        if entry.file_size > most:
            raise BadFileError(
                f"{path}: its {entry.filename[:40]!r} unpacks to {entry.file_size} bytes;"
                f" at most {most} are accepted"
            )


def _check_occupancy(occupancy: NDArray) -> None:
    if occupancy.ndim != 3 or 0 in occupancy.shape:
        raise BadInputError(
            f"a grid has the shape {occupancy.shape}; (Nx, Ny, Nz), each at least 1, is accepted"
        )
    if occupancy.dtype.kind not in "bf":
        raise BadInputError(f"a grid holds {occupancy.dtype}; bool or floats in [0, 1] are accepted")
    if occupancy.dtype.kind == "f" and not ((occupancy >= 0) & (occupancy <= 1)).all():
        bad = np.unravel_index((~((occupancy >= 0) & (occupancy <= 1))).argmax(), occupancy.shape)
        place = tuple(int(i) for i in bad)
        raise BadInputError(f"voxel {place} holds {occupancy[place]}; occupancies in [0, 1] are accepted")


def _check_resolution(resolution: int, padding: float) -> None:
    if isinstance(resolution, bool) or not isinstance(resolution, int | np.integer):
        raise BadInputError(f"the resolution is {resolution!r}; a whole number is accepted")
    if not 1 <= resolution <= FINEST:
        raise BadInputError(f"the resolution is {resolution}; 1 to {FINEST} voxels along a side are accepted")
    if not 0 <= 2 * padding < resolution:
        raise BadInputError(
            f"a padding of {padding} voxels on both sides leaves nothing of {resolution};"
            f" 0 to less than {resolution / 2} is accepted"
        )

"""`Mesh`: a triangle mesh exactly as its file stores it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError, BadInputError
from rrb.geometry import mesh_measures
from rrb.geometry._arrays import is_tensor, numpy_view
from rrb.geometry.mesh_checks import (
    checked_colours,
    checked_faces,
    checked_texture,
    checked_uv,
    checked_vertices,
)

UNITS_PER_METRE = {"m": 1.0, "cm": 100.0, "mm": 1000.0, "in": 1 / 0.0254}


@dataclass(frozen=True)
class Normalisation:
    """What `Mesh.normalised` did: p_normalised = (p - centre) / scale."""

    centre: Any  # (3,) in the mesh's frame and unit
    scale: Any  # the largest extent, in the mesh's unit

    def apply(self, points: Any) -> Any:
        """Points (..., 3) of the mesh's frame, in the unit box around 0."""
        return (points - self.centre) / self.scale

    def undo(self, points: Any) -> Any:
        """Points (..., 3) of the unit box, back in the mesh's frame."""
        return points * self.scale + self.centre


@dataclass(frozen=True, eq=False, repr=False)
class Mesh:
    """Triangles in the object frame (y up, front towards -z), metres; NumPy or torch, kept as given.

    Faces are counter-clockwise seen from outside. Nothing is moved, merged or reordered unless asked for.
    """

    vertices: Any  # (V, 3) float32 or float64
    faces: Any  # (F, 3) int32 or int64, F >= 1
    vertex_colours: Any = None  # (V, 3) float in [0, 1], sRGB like a picture; with a texture they multiply it
    uv: Any = (
        None  # (F, 3, 2) float, one a corner; (0, 0) is the texture's lower left, (1, 1) its upper right
    )
    texture: Any = None  # (H, W, 3) uint8, sRGB, row 0 at the top; it repeats outside [0, 1]
    name: str = ""  # where the mesh is from, for messages
    notes: tuple[str, ...] = ()  # what a file held and this does not, a sentence each

    def __post_init__(self) -> None:
        try:
            self._keep("vertices", checked_vertices(self.vertices))
            self._keep("faces", checked_faces(self.faces, len(self.vertices)))
            if self.vertex_colours is not None:
                self._keep("vertex_colours", checked_colours(self.vertex_colours, len(self.vertices)))
            if self.uv is not None:
                self._keep("uv", checked_uv(self.uv, len(self.faces)))
            if self.texture is not None:
                self._keep("texture", checked_texture(self.texture, self.uv is not None))
        except BadInputError as error:
            raise BadInputError(f"{self.name or 'mesh'}: {error}") from None

    def _keep(self, field: str, value: Any) -> None:
        object.__setattr__(self, field, value)

    def __repr__(self) -> str:
        name = f"{self.name}: " if self.name else ""
        return f"Mesh({name}{len(self.vertices)} vertices, {len(self.faces)} faces)"

    # --- files ------------------------------------------------------------------------------------

    @staticmethod
    def load(path: str | Path, unit: str = "m") -> Mesh:
        """Read .obj, .ply, .off, .stl or .glb: float64 vertices and int64 faces in the file's order.

        unit: what the file's numbers count, "m", "cm", "mm" or "in"; other than metres they are divided.
        Polygons become fans around their first corner. `notes` says what was left out. Normals are not kept.
        """
        per_metre = _units_per_metre(unit)
        read, _ = _format(path)
        try:
            # Broken numbers (signalling NaNs, overflows) are refused below; NumPy need not warn first.
            with np.errstate(all="ignore"):
                mesh = read(Path(path))
            return mesh if unit == "m" else mesh.with_vertices(mesh.vertices / per_metre)
        except BadInputError as error:
            if isinstance(error, BadFileError):
                raise
            raise BadFileError(str(error)) from None

    def save(self, path: str | Path, unit: str = "m") -> None:
        """Write .obj, .ply, .off, .stl or .glb in one step, the numbers in `unit`.

        .obj keeps everything (a texture as .mtl and .texture.png beside), .ply and .off keep vertices, faces and
        colours: read again they give the same numbers. .glb keeps everything, in single precision, and
        repeats vertices on seams of uv. .stl keeps the corners of the faces alone, in single precision.
        """
        per_metre = _units_per_metre(unit)
        _, write = _format(path)
        write(self if unit == "m" else self.with_vertices(self.vertices * per_metre), Path(path))

    # --- measures ---------------------------------------------------------------------------------

    def bounding_box(self) -> Any:
        """(2, 3): the lowest and highest coordinates of the faces; vertices that no face uses don't count."""
        at = mesh_measures.corners(self.vertices, self.faces).reshape(-1, 3)
        if not is_tensor(at):
            return np.stack((at.min(axis=0), at.max(axis=0)))
        import torch

        return torch.stack((at.amin(dim=0), at.amax(dim=0)))

    @property
    def largest_extent(self) -> Any:
        """The longest side of the bounding box, in metres."""
        low, high = self.bounding_box()
        return (high - low).max()

    @property
    def centre(self) -> Any:
        """(3,): the middle of the bounding box."""
        low, high = self.bounding_box()
        return low + (high - low) / 2

    def face_normals(self) -> Any:
        """(F, 3) of length 1, outwards; 0 for a face without area."""
        return mesh_measures.unit(mesh_measures.area_vectors(self.vertices, self.faces))

    def vertex_normals(self) -> Any:
        """(V, 3) of length 1: the faces around weighted by their areas; 0 where there is no area."""
        return mesh_measures.vertex_normals(self.vertices, self.faces)

    def face_areas(self) -> Any:
        """(F,) in square metres."""
        return mesh_measures.lengths(mesh_measures.area_vectors(self.vertices, self.faces))[:, 0]

    @cached_property
    def is_watertight(self) -> bool:
        """Whether every edge, by vertex numbers, belongs to exactly two faces; `merged` joins seams."""
        return mesh_measures.has_two_faces_an_edge(numpy_view(self.faces))

    def sample_surface(self, count: int, seed: int) -> tuple[Any, NDArray[np.int64]]:
        """`count` points uniform by area, (N, 3), and the face (N,) that each lies on."""
        from rrb.geometry.sampling import sample_surface

        return sample_surface(self.vertices, self.faces, count, seed)

    # --- other meshes -----------------------------------------------------------------------------

    def with_vertices(self, vertices: Any) -> Mesh:
        """The same faces, colours and texture on other positions."""
        return replace(self, vertices=vertices)

    def transformed(self, frame_from_object: Any = None, scale: float = 1.0) -> Mesh:
        """Vertices at frame_from_object @ (scale * vertices); a `Pose`, or None for scaling alone."""
        if not scale > 0:
            raise BadInputError(f"the scale of a mesh is {scale}; a positive number is accepted")
        vertices = self.vertices * scale
        return self.with_vertices(vertices if frame_from_object is None else frame_from_object @ vertices)

    def normalised(self) -> tuple[Mesh, Normalisation]:
        """The mesh with its bounding box centred on 0 and its largest extent 1, and how to undo that."""
        done = Normalisation(self.centre, self.largest_extent)
        if not done.scale > 0:
            raise BadInputError(f"{self.name or 'mesh'}: all its corners are one point; it has no size")
        return self.with_vertices(done.apply(self.vertices)), done

    def merged(self) -> Mesh:
        """Vertices at exactly the same position become one: the first, with its colour.

        Faces that then name a vertex twice are left out, and a note says how many.
        """
        from rrb.geometry.mesh_arrays import welded

        numbers = numpy_view(self.vertices).astype(np.float64)
        count = np.arange(len(numbers))
        _, new_index = welded(numbers, count)
        first = np.full(int(new_index.max()) + 1, len(numbers))
        np.minimum.at(first, new_index, count)
        faces = new_index[numpy_view(self.faces)]
        kept = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
        lost = int((~kept).sum())
        note = (f"{lost} faces without area were left out when vertices were merged",) if lost else ()
        return replace(
            self,
            vertices=self.vertices[first],
            faces=_like(faces[kept], self.faces),
            vertex_colours=None if self.vertex_colours is None else self.vertex_colours[first],
            uv=None if self.uv is None else self.uv[kept],
            notes=self.notes + note,
        )

    def simplify(self, n_faces: int) -> Mesh:
        """Nearly the same shape in at most `n_faces` faces, in NumPy; colours and texture are left out."""
        from rrb.geometry.simplify import simplify

        vertices, faces = simplify(self.vertices, self.faces, n_faces)
        coloured = self.vertex_colours is not None or self.uv is not None
        note = ("colours and texture were left out when the mesh was simplified",) if coloured else ()
        return Mesh(vertices, faces, name=self.name, notes=self.notes + note)

    @staticmethod
    def concatenated(meshes: Sequence[Mesh]) -> Mesh:
        """All vertices and faces in order; what has no colours becomes white where another has some.

        One texture is kept; where textures differ, none is, and a note says so.
        """
        from rrb.geometry.mesh_concatenation import concatenated

        return concatenated(meshes)


def _like(faces: NDArray, given: Any) -> Any:
    if not is_tensor(given):
        return faces.astype(given.dtype)
    import torch

    return torch.as_tensor(faces, dtype=given.dtype, device=given.device)


def _units_per_metre(unit: str) -> float:
    if unit not in UNITS_PER_METRE:
        raise BadInputError(f"the unit of a mesh file is {unit!r}; {', '.join(UNITS_PER_METRE)} are accepted")
    return UNITS_PER_METRE[unit]


def _format(path: str | Path) -> tuple[Any, Any]:
    from rrb.geometry.mesh_io import FORMATS

    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        hint = " (a .gltf file keeps its data elsewhere: export it as .glb)" if suffix == ".gltf" else ""
        raise BadFileError(
            f"{path}: a mesh file ends in {suffix or 'no suffix'}; {', '.join(FORMATS)} are accepted{hint}"
        )
    return FORMATS[suffix]

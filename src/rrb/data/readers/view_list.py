"""View list: the text file of the RRB authors that says from where each picture of a data set was drawn; read, written.

    <mesh id> <image name> <azimuth> <elevation> <in-plane rotation> <radius>

a line for each picture, divided by blanks; angles in degrees. Lines that start with "#" and empty ones are skipped.
The angles are those of Choy's `rendering_metadata.txt`: the camera stands at radius * (cos e cos a, sin e, cos e sin a)
in the frame of the mesh as stored (y up) and looks at its origin, with the in-plane rotation turning the camera
clockwise and so the object counter-clockwise. The radius is in the mesh's own unit. (The authors' programs negate
the azimuth before they use it in a frame whose z is up, and ignore the in-plane rotation.)

`read` expects pictures and meshes beside the list, or where it is told, under the names that the authors use:

    images/<id>_<image> or images/<id>/<image> or images/<image>      on white; alpha, if any, is the mask
    meshes/<id>_<image without suffix>.obj or meshes/<id>.obj         where this folder is there
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from rrb.data.readers._layout import inside, with_alpha, words
from rrb.data.readers._reading import key_of, named
from rrb.data.sample import MeshFile, Sample
from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import as_numpy, finite_float, short
from rrb.geometry.camera import Camera
from rrb.geometry.conversions import CHOY_DISTANCE, CHOY_FOCAL_WIDTHS
from rrb.geometry.files import write_bytes
from rrb.geometry.mesh_io import text
from rrb.geometry.pose import Pose

HEADER = """\
# rrb view list 1: mesh id, image name, azimuth, elevation, in-plane rotation (degrees), radius (the mesh's unit)
# The camera stands at radius * (cos e cos a, sin e, cos e sin a) in the mesh's frame, y up, and looks at its origin.
# The in-plane rotation turns the camera clockwise, so the object counter-clockwise in the picture.
"""
_OFF_AXIS_DEG = 0.01  # beyond it a list would say another pose


@dataclass(frozen=True)
class View:
    """One line of a list."""

    mesh_id: str
    image: str
    azimuth_deg: float
    elevation_deg: float
    in_plane_deg: float
    radius: float

    def __post_init__(self) -> None:
        for name in ("mesh_id", "image"):
            value = getattr(self, name)
            if not value or "#" in value or len(value.split()) != 1 or value != value.strip():
                raise BadInputError(f"{name} is {short(value)}; text without blanks and '#' is accepted")
        for name in ("azimuth_deg", "elevation_deg", "in_plane_deg", "radius"):
            number = finite_float(getattr(self, name))
            if number is None or (name == "radius" and not number > 0):
                accepted = "a positive number" if name == "radius" else "a finite number"
                raise BadInputError(f"{name} is {short(getattr(self, name))}; {accepted} is accepted")
            object.__setattr__(self, name, number)

    @property
    def camera_from_object(self) -> Pose:
        ratio = self.radius / CHOY_DISTANCE
        return Pose.from_choy(self.azimuth_deg, self.elevation_deg, self.in_plane_deg, distance_ratio=ratio)

    @staticmethod
    def from_pose(mesh_id: str, image: str, camera_from_object: Pose, scale: float = 1.0) -> View:
        """Of a pose whose optical axis passes through the object's origin; a list can say no other."""
        x, y, z = as_numpy(camera_from_object.translation)
        off_deg = math.degrees(math.atan2(math.hypot(x, y), z))
        if off_deg > _OFF_AXIS_DEG:
            raise BadInputError(
                f"the object's origin lies {off_deg:.3g} degrees beside the optical axis; a view list holds views"
                f" that look straight at it, within {_OFF_AXIS_DEG:g}"
            )
        azimuth, elevation, in_plane, ratio = map(float, camera_from_object.to_choy())
        return View(mesh_id, image, azimuth, elevation, in_plane, CHOY_DISTANCE * ratio / scale)

    @staticmethod
    def from_sample(sample: Sample, image: str = "") -> View:
        """image: the picture's name in the list; by default the sample's key as a .png."""
        if sample.camera_from_object is None:
            raise BadInputError(f"sample {sample.key}: it has no pose; a view list holds nothing else")
        try:
            return View.from_pose(
                sample.mesh_id, image or f"{sample.key}.png", sample.camera_from_object, sample.scale
            )
        except BadInputError as error:
            raise BadInputError(f"sample {sample.key}: {error}") from None


# --- files ----------------------------------------------------------------------------------------


def save_view_list(path: str | Path, views: Iterable[View], *, header: bool = True) -> None:
    """Replace the file by one with these lines.

    header: whether comments say the convention. The authors' programs take neither comments nor a last line end:
    without a header none is written.
    """
    lines = "\n".join(" ".join(map(str, astuple(view))) for view in views)
    write_bytes(path, (f"{HEADER}{lines}\n" if header else lines).encode())


def load_view_list(path: str | Path) -> list[View]:
    """Lines with or without the header, divided by blanks."""
    path = Path(path)
    rows = words(path)
    lines = [number for number, _ in rows]
    table = text.table(path, [b" ".join(held[2:]) for _, held in rows], lines)
    table.require([4], "after the mesh id and the image name, a view")
    views = []
    for (line, held), view in zip(rows, table.columns(0, 4).tolist(), strict=True):
        with named(path, f"line {line}"):
            mesh_id, image = (word.decode(errors="replace") for word in held[:2])
            views.append(View(mesh_id, image, *view))
    return views


# --- samples --------------------------------------------------------------------------------------


def read(
    source: Path,
    *,
    images: Path | None = None,
    meshes: Path | None = None,
    category: str = "chair",
    focal_widths: float = CHOY_FOCAL_WIDTHS,
) -> Iterator[Sample]:
    """A sample for each line of the list `source`, in its order.

    images, meshes: folders; by default `images` and `meshes` beside the list. focal_widths: the focal length as a
    multiple of the pictures' width, the principal point in the middle (the authors': 245 px of 224).
    """
    source = Path(source)
    pictures, shapes = images or source.parent / "images", meshes or source.parent / "meshes"
    seen: dict[Path, View] = {}
    for view in load_view_list(source):
        path = _first(
            pictures, source, f"{view.mesh_id}_{view.image}", f"{view.mesh_id}/{view.image}", view.image
        )
        if path in seen:
            raise BadFileError(f"{source}: {path} is the picture of two lines; one for each is accepted")
        seen[path] = view
        with named(path):
            yield _sample(view, path, _mesh(view, shapes, source), category, focal_widths)


def _sample(view: View, path: Path, mesh: Path | None, category: str, focal_widths: float) -> Sample:
    image, mask = with_alpha(path)
    height, width = image.shape[:2]
    return Sample(
        key=key_of(view.mesh_id, Path(view.image).stem),
        image=image,
        category=category,
        mesh_id=key_of(view.mesh_id),
        mask=mask,
        camera=Camera.from_focal_px(focal_widths * width, width=width, height=height),
        camera_from_object=view.camera_from_object,
        mesh=None if mesh is None else MeshFile(mesh),
        source="view_list",
        frame="y up, the mesh's unit",
        about=asdict(view),
    )


def _mesh(view: View, folder: Path, source: Path) -> Path | None:
    if not folder.is_dir():
        return None
    return _first(folder, source, f"{view.mesh_id}_{Path(view.image).stem}.obj", f"{view.mesh_id}.obj")


def _first(folder: Path, source: Path, *names: str) -> Path:
    """The first of the names that is there."""
    for name in names:
        with named(source):
            path = inside(folder, name)
        if path.is_file():
            return path
    raise BadFileError(
        f"{folder / names[0]}: there is no such file, nor {', '.join(names[1:])}, but {source} names it"
    )

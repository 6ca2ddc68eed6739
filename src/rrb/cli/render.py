"""Draw a mesh from a viewpoint: colour, silhouette, depth, normals and object coordinates as pictures.

The camera looks at the object's origin from an azimuth (0 sees the front, +90 stands at +x) and an elevation
(up is positive), unless --pose says otherwise. Its field of view is 45 degrees unless a flag says it. Beside the
pictures lie depth.npy (metres), camera.json and pose.json.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import tyro

from rrb.cli._camera_flags import (
    CameraFlags,
    camera_from_file,
    camera_from_numbers,
    flag_of,
    refuse_beside,
    unsaid,
)
from rrb.errors import BadInputError

if TYPE_CHECKING:
    from rrb.geometry.camera import Camera
    from rrb.geometry.mesh import Mesh
    from rrb.geometry.pose import Pose
    from rrb.raster.render import Drawing


VIEW = {"azimuth_deg": 30.0, "elevation_deg": 20.0, "roll_deg": 0.0, "distance_m": 2.0}
FOV_DEG = 45.0


@dataclass(frozen=True)
class Options(CameraFlags):
    mesh: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MESH")]
    """.obj, .ply, .off, .stl or .glb."""
    azimuth_deg: Annotated[float | None, unsaid("DEG")] = None
    """Where the camera stands around the object: 0 sees the front (-z), +90 stands at +x; 30 if not given."""
    elevation_deg: Annotated[float | None, unsaid("DEG")] = None
    """How far above the object's horizon the camera stands; 20 if not given."""
    roll_deg: Annotated[float | None, unsaid("DEG")] = None
    """Turns the object clockwise in the picture; 0 if not given."""
    distance_m: Annotated[float | None, unsaid("M")] = None
    """From the camera's centre to the object's origin; 2 if not given."""
    pose: Annotated[Path | None, unsaid("JSON")] = None
    """A pose.json, instead of the four above."""
    size: Annotated[int | None, unsaid("PX")] = None
    """Width and height of the picture in pixels; 256 if not given."""
    width: Annotated[int | None, unsaid("PX")] = None
    """Width in pixels, where it is not --size."""
    height: Annotated[int | None, unsaid("PX")] = None
    """Height in pixels, where it is not --size."""
    unit: Literal["m", "cm", "mm", "in"] = "m"
    """What the numbers in the mesh file count."""
    supersampling: int = 4
    """Samples along each side of a pixel that colour.png averages."""
    out: Path = Path("out/render")
    """The folder to write to."""


def run(options: Options) -> None:
    from rrb.geometry.mesh import Mesh
    from rrb.raster.render import render

    camera, (pose, scale) = chosen_camera(options), chosen_pose(options)
    mesh = Mesh.load(options.mesh, unit=options.unit)
    drawing = render(mesh, pose, camera, scale=scale, supersampling=options.supersampling)
    for line in [*described(mesh, options), *remarks(drawing)]:
        print(line)
    written = write(drawing, pose, camera, scale, options.out)
    print(f"wrote {', '.join(written)} to {options.out}")


def chosen_camera(options: Options) -> Camera:
    held = camera_from_file(options, ("size", "width", "height"))
    if held is not None:
        return held
    side = 256 if options.size is None else options.size
    width = side if options.width is None else options.width
    height = side if options.height is None else options.height
    return camera_from_numbers(options, width, height, fov_deg=FOV_DEG)


def chosen_pose(options: Options) -> tuple[Pose, float]:
    """camera_from_object and the scale of the object."""
    from rrb.geometry.pose import Pose
    from rrb.geometry.pose_io import load_pose

    if options.pose is not None:
        refuse_beside("--pose", options, tuple(VIEW))
        held = load_pose(options.pose)
        return held.camera_from_object, held.scale
    given = {name: getattr(options, name) for name in VIEW}
    view = {name: VIEW[name] if value is None else value for name, value in given.items()}
    unfit = next((name for name, value in view.items() if not math.isfinite(value)), None)
    if unfit is not None:
        raise BadInputError(f"{flag_of(unfit)} is {view[unfit]}; a finite number is accepted")
    return Pose.from_viewpoint(**view), 1.0


def described(mesh: Mesh, options: Options) -> list[str]:
    """What was read, and what nobody said and was assumed."""
    low, high = mesh.bounding_box()
    extents = " x ".join(f"{side:.3g}" for side in high - low)
    lines = [f"{options.mesh}: {len(mesh.vertices)} vertices, {len(mesh.faces)} faces, {extents} m"]
    lines += [f"note: {note}" for note in mesh.notes]
    assumed = []
    if options.pose is None:
        assumed += [f"{flag_of(n)} {VIEW[n]:g}" for n in VIEW if getattr(options, n) is None]
        assumed.append("the camera looks at the object's origin")
    if options.camera is None and options.focal_px is None and options.fov_deg is None:
        assumed.append(f"--fov-deg {FOV_DEG:g}")
    if options.unit == "m":
        assumed.append("metres")
    return [*lines, f"assumed: {', '.join(assumed)}"] if assumed else lines


def remarks(drawing: Drawing) -> list[str]:
    """Why a picture may not show what was meant, a sentence each."""
    z = drawing.vertices_camera[..., 2]
    covered = drawing.fragments.covered
    if z.max() <= 0:
        return ["warning: the object is not visible, all of it lies behind the camera"]
    lines = []
    if z.min() <= 0:
        lines.append(
            "warning: part of the object lies behind the camera, which may stand inside it: try a larger"
            " --distance-m, or another --unit"
        )
    if not covered.any():
        low, high = drawing.vertices_px[..., :2].min(0), drawing.vertices_px[..., :2].max(0)
        small = (high - low).max() < 2 and not lines
        why = "smaller than a pixel" if small else "outside the picture"
        return [*lines, f"warning: the object is not visible, it is {why}"]
    if not lines and (covered[[0, -1]].any() or covered[:, [0, -1]].any()):
        lines.append("note: the object reaches beyond the picture's border")
    return lines


def write(drawing: Drawing, pose: Pose, camera: Camera, scale: float, folder: Path) -> list[str]:
    """Draw everything, then write it; the names of the files."""
    from rrb.geometry import image_io
    from rrb.geometry.pose_io import save_pose

    pictures = [drawing.colour, drawing.silhouette, drawing.depth, drawing.normals, drawing.coordinates]
    colour, silhouette, depth, normals, coordinates = pictures
    make_folder(folder)
    image_io.save_image(folder / "colour.png", np.rint(colour * 255).astype(np.uint8))
    image_io.save_mask(folder / "silhouette.png", silhouette)
    image_io.save_normals(folder / "normals.png", normals)
    image_io.save_coordinates(folder / "coordinates.png", coordinates)
    camera.save(folder / "camera.json")
    save_pose(folder / "pose.json", pose, camera, scale=scale, reason="given on the command line")
    names = ["colour.png", "silhouette.png", "normals.png", "coordinates.png", "camera.json", "pose.json"]
    seen = depth[depth > 0]
    if seen.size and not 0.0005 <= seen.min() <= seen.max() <= image_io.FARTHEST_M:
        reach = f"{seen.min():g} to {seen.max():g} m"
        print(f"warning: depths from {reach} do not fit depth.png; depth.npy has them")
        (folder / "depth.png").unlink(missing_ok=True)
        image_io.save_depth(folder / "depth.npy", depth)
        return [*names, "depth.npy"]
    image_io.save_depth(folder / "depth.png", depth)
    return [*names, "depth.png", "depth.npy"]


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"{folder}: the folder cannot be made ({error.strerror or error})") from error

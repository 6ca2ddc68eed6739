"""Give a mesh its metric size: the object stands on the ground, and the camera's height above it is known.

The mesh is turned as --pose or the angles say and placed so that its box in the picture is that of --mask or --box;
then mesh and distance grow until the camera is at its height. With --pose alone, which says where the mesh is, they
only grow. Writes the mesh in metres and, with --pose-out, its pose.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
from rrb.errors import BadFileError, BadInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rrb.fitting.scale import ScaledPose
    from rrb.geometry.camera import Camera
    from rrb.geometry.mesh import Mesh
    from rrb.geometry.pose_io import PoseFile

_OF_MASK = ("label", "annotation", "unknown")
_ANGLES = ("azimuth_deg", "elevation_deg", "roll_deg")
_FLAGS = {"annotation=": "--annotation", "label=": "--label", "size=(height, width)": "--width and --height"}


@dataclass(frozen=True)
class Options(CameraFlags):
    mesh: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MESH")]
    """.obj, .ply, .off, .stl or .glb."""
    camera_height_m: Annotated[float, tyro.conf.arg(metavar="M")]
    """From the camera's centre down to the ground that the object stands on."""
    mask: Annotated[Path | None, unsaid("MASK")] = None
    """Where the object is seen: a picture, or COCO's .json."""
    label: Annotated[int | tuple[int, int, int] | None, unsaid("N | R G B")] = None
    """The value or colour that is the object, where MASK is a picture of labels."""
    annotation: Annotated[int | None, unsaid("ID")] = None
    """The annotation that is the object, where MASK is a .json of several."""
    unknown: Annotated[Path | None, unsaid("MASK")] = None
    """Where MASK knows nothing, behind occluders say."""
    box: Annotated[tuple[float, float, float, float] | None, unsaid("X0 Y0 X1 Y1")] = None
    """The object's box in pixels, from the outer corner of the first, instead of MASK; nan for a side not known."""
    pose: Annotated[Path | None, unsaid("JSON")] = None
    """A pose.json: its rotation, or without MASK and box all of it; and its camera, if no flag says one."""
    azimuth_deg: Annotated[float | None, unsaid("DEG")] = None
    """Instead of a pose, where the camera stands around the object: 0 sees the front (-z), +90 stands at +x."""
    elevation_deg: Annotated[float | None, unsaid("DEG")] = None
    """How far above the object's horizon the camera stands."""
    roll_deg: Annotated[float | None, unsaid("DEG")] = None
    """Turns the object clockwise in the picture; 0 if not given."""
    width: Annotated[int | None, unsaid("PX")] = None
    """Width of the picture, where neither MASK nor a camera.json says it."""
    height: Annotated[int | None, unsaid("PX")] = None
    """Its height."""
    unit: Literal["m", "cm", "mm", "in"] = "m"
    """What the numbers in the mesh file count: matters only beside a pose."""
    out: Path = Path("out/rescaled.obj")
    """The mesh to write, in metres."""
    pose_out: Annotated[Path | None, unsaid("JSON")] = None
    """The pose.json to write: where the mesh that was written is."""


@dataclass(frozen=True, eq=False)
class Seen:
    """The picture; None for what nobody said."""

    camera: Camera | None
    mask: NDArray[np.float32] | None
    unknown: NDArray[np.float32] | None


def run(options: Options) -> None:
    from rrb.geometry.mesh import Mesh
    from rrb.geometry.pose_io import load_pose

    require_usable(options)
    held = None if options.pose is None else load_pose(options.pose)
    seen = look(options, held)
    mesh = Mesh.load(options.mesh, unit=options.unit)
    found = solve(options, mesh, held, seen)
    scaled = mesh.transformed(scale=found.scale)
    for line in [*described(found, scaled), f"assumed: {', '.join(assumed(options))}"]:
        print(line)
    print(f"wrote {', '.join(map(str, write(options, found, scaled, seen.camera)))}")


def require_usable(options: Options) -> None:
    """Refuse flags that do not go together."""
    if options.pose is not None:
        refuse_beside("--pose", options, _ANGLES)
    elif options.azimuth_deg is None or options.elevation_deg is None:
        raise BadInputError(
            "nothing says how the object is turned: --pose, or --azimuth-deg and --elevation-deg, is needed"
        )
    if options.box is not None:
        refuse_beside("--box", options, ("mask", *_OF_MASK))
    elif options.mask is None:
        alone = [flag_of(name) for name in _OF_MASK if getattr(options, name) is not None]
        if alone:
            raise BadInputError(f"{alone[0]} says something about a mask: --mask is needed")
        if options.pose is None:
            raise BadInputError("nothing says where the object is seen: --mask or --box is needed")
    if (options.width is None) != (options.height is None):
        raise BadInputError("only one of --width and --height is given; both are needed, or neither")


# --- what is given --------------------------------------------------------------------------------


def look(options: Options, held: PoseFile | None) -> Seen:
    """A camera in numbers takes its size from the mask, and polygons take theirs from the camera."""
    camera = _whole_camera(options, held)
    size = (camera.height_px, camera.width_px) if camera else None
    if options.width is not None and options.height is not None:
        size = (options.height, options.width)
    mask = None if options.mask is None else _mask(options.mask, size, options.label, options.annotation)
    unknown = None if options.unknown is None else _mask(options.unknown, size)
    if camera is None and (mask is not None or options.box is not None):
        height, width = size or (mask.shape if mask is not None else (0, 0))
        if not width:
            raise BadInputError("nothing says how large the picture is: --width and --height are needed")
        camera = camera_from_numbers(options, width, height)
    return Seen(camera, mask, unknown)


def _whole_camera(options: Options, held: PoseFile | None) -> Camera | None:
    """That of --camera, or of the pose's file unless a flag says another."""
    camera = camera_from_file(options, ("width", "height"))
    if camera is None and held is not None and options.fov_deg is None and options.focal_px is None:
        camera = held.camera
        if camera is not None:
            refuse_beside("the camera in --pose", options, ("principal_point", "width", "height"))
    return camera


def _mask(path: Path, size: tuple[int, int] | None, label: Any = None, annotation: Any = None) -> Any:
    from rrb.geometry.image_io import load_mask

    try:
        return load_mask(path, label, annotation=annotation, size=size)
    except BadFileError as error:  # which speaks to Python
        sentence = str(error)
        for name, flag in _FLAGS.items():
            sentence = sentence.replace(name, flag)
        raise BadFileError(sentence) from None


def solve(options: Options, mesh: Mesh, held: PoseFile | None, seen: Seen) -> ScaledPose:
    from rrb.fitting.scale import scale_from_camera_height, scale_of_pose
    from rrb.geometry.pose import Viewpoint

    height = options.camera_height_m
    place = options.box if seen.mask is None else seen.mask
    if seen.camera is None or place is None:
        assert held is not None  # see require_usable
        return scale_of_pose(mesh, held.camera_from_object, height, scale=held.scale)
    view = Viewpoint(options.azimuth_deg, options.elevation_deg, options.roll_deg or 0.0, None)
    rotation = view if held is None else held.camera_from_object
    return scale_from_camera_height(mesh, rotation, seen.camera, place, height, unknown=seen.unknown)


# --- what is said and written ---------------------------------------------------------------------


def described(found: ScaledPose, scaled: Mesh) -> list[str]:
    from rrb.fitting.box_fit import SIDES

    low, high = scaled.bounding_box()
    extents = " x ".join(f"{side:.3g}" for side in high - low)
    azimuth, elevation, roll, distance = (float(v) for v in found.camera_from_object.to_viewpoint())
    lines = [
        f"scale {found.scale:.6g}: {len(scaled.vertices)} vertices, {len(scaled.faces)} faces, {extents} m",
        f"{distance:.3g} m from the camera to the object's origin, azimuth {azimuth:.1f}, elevation"
        f" {elevation:.1f}, roll {roll:.1f} degrees",
        f"if the rotation is tilted by one degree, the scale is off by {100 * found.error_per_degree:.2g} %",
    ]
    if found.box_residual_px is not None:
        misses = zip(SIDES, found.box_residual_px, strict=True)
        listed = ", ".join(f"{side} {off:+.1f}" for side, off in misses if not np.isnan(off))
        lines.append(f"the mesh's box minus the picture's, in pixels: {listed}")
    return lines + [f"note: {note}" for note in (*scaled.notes, *found.notes)]


def assumed(options: Options) -> list[str]:
    """What nobody said."""
    lines = ["the object stands on the ground, its lowest vertex touching, its y axis upright"]
    if options.pose is None and options.roll_deg is None:
        lines.append("--roll-deg 0")
    if (options.focal_px is not None or options.fov_deg is not None) and options.principal_point is None:
        lines.append("the principal point in the middle")
    return lines


def write(options: Options, found: ScaledPose, scaled: Mesh, camera: Camera | None) -> list[Path]:
    """The files: the pose is that of the mesh as it is written, so its scale is 1."""
    from rrb.cli.render import make_folder
    from rrb.geometry.pose_io import save_pose

    make_folder(options.out.parent)
    scaled.save(options.out)
    if options.pose_out is None:
        return [options.out]
    make_folder(options.pose_out.parent)
    reason = f"scaled by a camera height of {options.camera_height_m:g} m"
    save_pose(options.pose_out, found.camera_from_object, camera, reason=reason)
    return [options.out, options.pose_out]

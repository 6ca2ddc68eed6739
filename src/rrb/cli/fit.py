"""Find the pose of a mesh from its mask in one picture, or, where MASK is a folder, in each of many.

Writes pose.json, overlay.png (blue: seen, orange: fitted; one panel for each pose that explains the mask) and
fit.gif. What is not accepted is said with its reason; the exit code is 0 all the same, "accepted" is in pose.json.

A batch writes them to OUT/<mask's name>/ and a line to OUT/results.csv as each is done. Stopped or killed, the same
command continues; a mask whose files have changed is fitted again, other options are refused. What cannot be used
is named and skipped; only if nothing could be fitted is the exit code 2.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from rrb.cli._camera_flags import CameraFlags, camera_from_file, camera_from_numbers, unsaid
from rrb.errors import BadFileError, BadInputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rrb.fitting.result import FitResult, Step
    from rrb.geometry.bop import BopEstimate
    from rrb.geometry.camera import Camera
    from rrb.geometry.mesh import Mesh
    from rrb.geometry.pose_io import PoseFile

BOP_IDS = (1, 0, 1)
GIF_S = 2.5  # about how long fit.gif moves


@dataclass(frozen=True)
class Options(CameraFlags):
    mesh: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MESH")]
    """.obj, .ply, .off, .stl or .glb; in a batch also a folder with one for each mask, of the same name."""
    mask: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="MASK")]
    """Where the object is seen: a picture or COCO's .json. A folder or a quoted pattern of masks is a batch."""
    init: Annotated[Path | None, unsaid("JSON")] = None
    """A pose.json to start from, instead of a search from all sides. In a batch also a folder of them."""
    unknown: Annotated[Path | None, unsaid("MASK")] = None
    """Where MASK knows nothing, behind occluders say. In a batch also a folder."""
    image: Annotated[Path | None, unsaid("PICTURE")] = None
    """The photo to draw on. In a batch also a folder."""
    label: Annotated[int | tuple[int, int, int] | None, unsaid("N | R G B")] = None
    """The value or colour that is the object, where MASK holds labels; the annotation's id in COCO's .json."""
    unit: Literal["m", "cm", "mm", "in"] = "m"
    """What the numbers in the mesh file count."""
    upright: bool = False
    """The object stands upright in the picture."""
    camera_height_m: Annotated[float | None, unsaid("M")] = None
    """The camera's height above the ground that the object stands on; unless --variables are said, scale moves too."""
    variables: Annotated[tuple[str, ...] | None, unsaid("NAME ...")] = None
    """What moves: rotation (or azimuth, elevation, roll), translation, scale, focal_length; the first two if unsaid."""
    bop: bool = False
    """Write bop.csv too, a row of BOP's result format for each mask."""
    bop_ids: Annotated[tuple[int, int, int] | None, unsaid("SCENE IM OBJ")] = None
    """The ids in it; 1 0 1 if not given. In a batch IM is the number that a mask's name begins with."""
    gif: bool = False
    """Write fit.gif in a batch too."""
    out: Path = Path("out/fit")
    """The folder to write to."""

    @property
    def moves(self) -> tuple[str, ...]:
        if self.variables is not None:
            return self.variables
        known = ("scale",) if self.camera_height_m is not None else ()
        return ("rotation", "translation", *known)

    @property
    def wants_bop(self) -> bool:
        return self.bop or self.bop_ids is not None


@dataclass(frozen=True, eq=False)
class Item:
    """The files of one fit."""

    mesh: Path
    mask: Path
    init: Path | None
    unknown: Path | None
    image: Path | None


@dataclass(frozen=True, eq=False)
class Seen:
    """What they hold."""

    mask: NDArray[np.float32]
    unknown: NDArray[np.float32] | None
    image: NDArray[np.uint8] | None
    camera: Camera
    init: PoseFile | None


@dataclass(frozen=True, eq=False)
class Fitted:
    seen: Seen
    result: FitResult
    scales: tuple[float, ...]  # of the hypotheses
    seconds: float


def run(options: Options) -> None:
    from rrb.cli import fit_batch

    require_usable(options)
    if fit_batch.is_batch(options.mask):
        fit_batch.run(options)
    else:
        run_one(options)


def require_usable(options: Options) -> None:
    """Refuse before the work what can be refused before."""
    if options.camera is None and options.fov_deg is None and options.focal_px is None:
        raise BadInputError(
            "nothing says what camera took the picture: give --fov-deg, --focal-px or --camera (no focal length is"
            " assumed)"
        )
    if options.wants_bop and "scale" in options.moves:
        raise BadInputError("a row of bop.csv has no scale: leave out --bop, or --camera-height-m and scale")
    if options.bop_ids is not None and min(options.bop_ids) < 0:
        raise BadInputError(f"--bop-ids is {options.bop_ids}; whole numbers from 0 are accepted")
    place = options.out.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir():
        raise BadInputError(f"{options.out}: {place} is a file; a folder to write to is accepted")


def run_one(options: Options) -> None:
    from rrb.cli import _fit_report
    from rrb.cli.render import make_folder
    from rrb.geometry.bop import save_bop_results
    from rrb.geometry.mesh import Mesh

    item = Item(options.mesh, options.mask, options.init, options.unknown, options.image)
    seen = look(options, item)
    mesh = Mesh.load(item.mesh, unit=options.unit)
    for line in _fit_report.given(options, item, seen, mesh):
        print(line, flush=True)
    fitted = solve(options, seen, mesh)
    for line in _fit_report.found(fitted, mesh):
        print(line)
    make_folder(options.out)
    names = write(fitted, mesh, options.out, gif=True)
    if options.wants_bop:
        save_bop_results(options.out / "bop.csv", [bop_row(options, fitted)])
        names.append("bop.csv")
    print(f"wrote {', '.join(names)} to {options.out}")


def look(options: Options, item: Item) -> Seen:
    """Read everything but the mesh, and refuse what does not go together."""
    from rrb.fitting.mask_checks import checked_mask, checked_unknown
    from rrb.geometry.image_io import load_image
    from rrb.geometry.pose_io import load_pose

    held = camera_from_file(options)
    image = None if item.image is None else load_image(item.image)
    size = (held.height_px, held.width_px) if held else None if image is None else image.shape[:2]
    mask = read_mask(item.mask, options.label, size)
    height, width = mask.shape
    camera = held or camera_from_numbers(options, width, height)
    unknown = None if item.unknown is None else read_mask(item.unknown, None, mask.shape)
    sizes = [
        (path, p.shape[1], p.shape[0])
        for path, p in ((item.unknown, unknown), (item.image, image))
        if p is not None
    ]
    for path, w, h in [*sizes, (options.camera, camera.width_px, camera.height_px)]:
        if (w, h) != (width, height):
            raise BadFileError(f"{path} is {w}x{h} but the mask {item.mask} is {width}x{height}")
    mask = checked_mask(mask, camera, str(item.mask))
    if unknown is not None:
        unknown = checked_unknown(unknown, camera, mask, str(item.unknown))
    init = None if item.init is None else load_pose(item.init)
    if options.wants_bop and init is not None and init.scale != 1:
        raise BadFileError(
            f"{item.init} has the scale {init.scale:g}; with --bop, whose rows have none, 1 is accepted"
        )
    return Seen(mask, unknown, image, camera, init)


def read_mask(path: Path, label: Any, size: tuple[int, int] | None) -> NDArray[np.float32]:
    """A picture or COCO's .json; size (height, width) is for polygons. What is refused speaks of our flags."""
    from rrb.geometry.image_io import load_mask

    try:
        if path.suffix.lower() == ".json":
            return load_mask(path, annotation=label, size=size)
        return load_mask(path, label)
    except BadInputError as error:
        said = str(error).replace("give size=(height, width)", "give --image or --camera")
        raise BadFileError(said.replace("annotation=", "--label").replace("label=", "--label")) from None


def solve(options: Options, seen: Seen, mesh: Mesh) -> Fitted:
    from rrb.fitting.fit import fit

    before = time.perf_counter()
    result = fit(
        mesh,
        seen.mask,
        seen.camera,
        init=None if seen.init is None else seen.init.camera_from_object,
        scale=1.0 if seen.init is None else seen.init.scale,
        variables=options.moves,
        unknown=seen.unknown,
        upright=options.upright,
        camera_height_m=options.camera_height_m,
    )
    seconds = time.perf_counter() - before
    return Fitted(seen, result, _scales(result, mesh, options.camera_height_m), seconds)


def _scales(result: FitResult, mesh: Mesh, camera_height_m: float | None) -> tuple[float, ...]:
    """Each hypothesis has a scale of its own, which it does not say, but which the camera's height gives."""
    low, high = (float(bound[1]) for bound in mesh.bounding_box())
    poses = [h.camera_from_object for h in result.hypotheses]
    if camera_height_m is None or "scale" not in result.moved or abs(low) < 1e-3 * (high - low):
        return (result.scale,) * len(poses)
    # The camera's centre lies -R[:, 1] . t above the object's origin, the ground scale * low (which is negative).
    found = [(-float(p.rotation[:, 1] @ p.translation) - camera_height_m) / low for p in poses]
    return tuple(scale if scale > 0 else result.scale for scale in found)


def write(fitted: Fitted, mesh: Mesh, folder: Path, *, gif: bool) -> list[str]:
    """The names of the files; pose.json comes last, so that where it is the others are."""
    from rrb.cli._fit_report import captioned
    from rrb.geometry.image_io import save_image
    from rrb.raster.render import render
    from rrb.viz import fit_picture
    from rrb.viz.animation import save_gif

    def draw(pose: Any, scale: float, camera: Any) -> Any:
        return render(mesh, pose, camera, scale=scale).silhouette

    seen, result = fitted.seen, fitted.result
    behind = fit_picture.backdrop(seen.mask, seen.image, seen.unknown)
    (folder / "pose.json").unlink(missing_ok=True)
    save_image(folder / "overlay.png", fit_picture.fits(behind, captioned(fitted), draw))
    if gif:
        steps = [_guess(result, step, i) for i, step in enumerate(result.history)]
        shown = fit_picture.frames(behind, steps or captioned(fitted)[:1], draw)
        save_gif(folder / "fit.gif", shown, frame_s=min(max(GIF_S / len(shown), 0.08), 0.4))
    result.save(folder / "pose.json")
    return ["overlay.png", *(["fit.gif"] if gif else []), "pose.json"]


def _guess(result: FitResult, step: Step, i: int) -> Any:
    from rrb.viz.fit_picture import Guess

    camera = result.camera
    stretch = step.focal_px / float(camera.fx_px)
    camera = replace(camera, fx_px=step.focal_px, fy_px=float(camera.fy_px) * stretch)
    return Guess(step.camera_from_object, step.scale, camera, f"{step.stage}, step {i}")


def bop_row(options: Options, fitted: Fitted) -> BopEstimate:
    """score is the overlap."""
    from rrb.geometry.bop import BopEstimate

    scene, im, obj = options.bop_ids or BOP_IDS
    result = fitted.result
    return BopEstimate(scene, im, obj, result.iou, result.camera_from_object, round(fitted.seconds, 6))

"""Find the pose of a mesh from its mask in one picture, or, where MASK is a folder, in each of many.

One of --fov-deg, --focal-px and --camera is needed. Writes pose.json, overlay.png (blue: seen, orange: fitted; a
panel for each pose that explains the mask) and fit.gif to OUT. What is not accepted is said with its reason, and is
no failure: the exit code is 0, "accepted" is in pose.json.

A batch writes them to OUT/NAME/, NAME being the mask's, and a line to OUT/results.csv as each is done. Other folders
hold files of the same names (--init: NAME.json or NAME/pose.json). Stopped or killed, the same command continues; a
mask whose files have changed is fitted again, other options are refused. What cannot be used is named and skipped;
only if nothing could be fitted is the exit code 2.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from rrb.cli._batch_files import require_place
from rrb.cli._camera_flags import CameraFlags, unsaid
from rrb.cli._fit_files import Fitted, Item, Seen, look, write
from rrb.errors import BadInputError

if TYPE_CHECKING:
    from rrb.geometry.bop import BopEstimate
    from rrb.geometry.mesh import Mesh

BOP_IDS = (1, 0, 1)


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
    require_place(options.out)


def run_one(options: Options) -> Fitted:
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
    return fitted


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
    return Fitted(seen, result, seconds)


def bop_row(options: Options, fitted: Fitted) -> BopEstimate:
    """score is the overlap."""
    from rrb.geometry.bop import BopEstimate

    scene, im, obj = options.bop_ids or BOP_IDS
    result = fitted.result
    return BopEstimate(scene, im, obj, result.iou, result.camera_from_object, round(fitted.seconds, 6))

"""The files of one fit: what is read and refused before it, and what is written after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rrb.cli._camera_flags import camera_from_file, camera_from_numbers
from rrb.errors import BadFileError, BadInputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rrb.cli.fit import Options
    from rrb.fitting.result import FitResult, Step
    from rrb.geometry.camera import Camera
    from rrb.geometry.mesh import Mesh
    from rrb.geometry.pose_io import PoseFile
    from rrb.viz.fit_picture import Guess

GIF_S = 2.5  # about how long fit.gif moves


@dataclass(frozen=True, eq=False)
class Item:
    """The files of one fit."""

    mesh: Path
    mask: Path
    init: Path | None
    unknown: Path | None
    image: Path | None

    @property
    def paths(self) -> tuple[Path | None, ...]:
        return self.mesh, self.mask, self.init, self.unknown, self.image


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
    """What came of it."""

    seen: Seen
    result: FitResult
    seconds: float


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


def _guess(result: FitResult, step: Step, i: int) -> Guess:
    from rrb.viz.fit_picture import Guess

    camera = result.camera.with_focal_px(step.focal_px)
    return Guess(step.camera_from_object, step.scale, camera, f"{step.stage}, step {i}")

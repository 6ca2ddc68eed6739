"""The files of one reconstruction: what is read and refused before it, and what is written after it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rrb.cli._camera_flags import camera_from_file, camera_from_numbers
from rrb.cli._fit_files import GIF_S, read_mask
from rrb.errors import BadFileError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rrb.cli.reconstruct import Options
    from rrb.recipes.result import Reconstruction
    from rrb.viz.fit_picture import Backdrop, Guess

NAMES = ("mesh.glb", "scene.glb", "overlay.png", "fit.gif", "pose.json")
_MOST_GUESSES = 3  # that overlay.png shows
_LEAST_WEIGHT = 0.01  # of those behind the first
_BACKDROP_PX = 640  # the longer side of the picture in scene.glb
_PAINT = (0.96, 0.74, 0.47)  # of the surface, sRGB: photographs are seldom orange
_SAMPLES = 2  # along each side of a pixel


@dataclass(frozen=True, eq=False)
class Item:
    """The files of one reconstruction."""

    image: Path
    mask: Path | None
    unknown: Path | None

    @property
    def paths(self) -> tuple[Path | None, ...]:
        return self.image, self.mask, self.unknown


@dataclass(frozen=True, eq=False)
class Made:
    """What came of them."""

    item: Item
    picture: NDArray[np.uint8]  # (H, W, 3)
    unknown: NDArray[np.float32] | None  # (H, W)
    found: Reconstruction
    seconds: float


def solve(options: Options, item: Item) -> Made:
    from rrb.recipes.reconstruct import opened, reconstruct

    before = time.perf_counter()
    picture = opened(item.image)
    height, width = picture.colours.shape[:2]
    mask = _read_beside(item, "mask", item.mask, options.label, (height, width))
    unknown = _read_beside(item, "unknown", item.unknown, None, (height, width))
    found = reconstruct(
        picture,
        mask=mask,
        unknown=unknown,
        **_camera(options, item, width, height),
        camera_height_m=options.camera_height_m,
        category=options.category,
        recipe=options.recipe,
    )
    return Made(item, picture.colours, unknown, found, time.perf_counter() - before)


def _read_beside(
    item: Item, what: str, path: Path | None, label: Any, size: tuple[int, int]
) -> NDArray[np.float32] | None:
    """A mask of the picture's size (height, width)."""
    if path is None:
        return None
    mask = read_mask(path, label, size)
    if mask.shape != size:
        sizes = f"{mask.shape[1]}x{mask.shape[0]} but the image {item.image} is {size[1]}x{size[0]}"
        raise BadFileError(f"{what} {path} is {sizes}")
    return mask


def _camera(options: Options, item: Item, width: int, height: int) -> dict[str, Any]:
    """What `reconstruct` is told of it: nothing, where no flag says anything."""
    held = camera_from_file(options)
    if held is not None and (held.width_px, held.height_px) != (width, height):
        size = f"{held.width_px}x{held.height_px}"
        raise BadFileError(f"{options.camera} is {size} but the image {item.image} is {width}x{height}")
    if held is None and options.principal_point is not None:
        held = camera_from_numbers(options, width, height)
    if held is not None:
        return {"camera": held}
    return {"focal_px": options.focal_px, "fov_deg": options.fov_deg}


# --- what is written ------------------------------------------------------------------------------


def row(made: Made) -> dict[str, Any]:
    """A line of results.jsonl, without the picture's name."""
    from rrb.recipes.reconstruct import at_border

    return {
        "image": made.item.image.name,
        **made.found.line(),
        "at_border": at_border(made.found.mask),
        "error": None,
        "seconds": round(made.seconds, 3),
    }


def write(made: Made, folder: Path) -> None:
    """pose.json comes last, so that where it is the others are."""
    from rrb.geometry.image_io import save_image
    from rrb.geometry.mesh_io import glb
    from rrb.geometry.mesh_io.gltf_placed import write_scene
    from rrb.viz.animation import save_gif

    found = made.found
    overview, film = pictures(made)
    (folder / "pose.json").unlink(missing_ok=True)
    glb.write(found.mesh, folder / "mesh.glb", about(found))
    reduced = _reduced(made.picture)
    write_scene(
        folder / "scene.glb", found.mesh, found.camera_from_object, found.camera, reduced, about(found)
    )
    save_image(folder / "overlay.png", overview)
    save_gif(folder / "fit.gif", film, frame_s=min(max(GIF_S / len(film), 0.08), 0.4))
    found.save_pose(folder / "pose.json")


def about(found: Reconstruction) -> Mapping[str, str]:
    """What mesh.glb and scene.glb say about themselves."""
    unit = "metre" if found.is_metric else "the object's longest side, for nothing said its size"
    frame = "the object's: y up, front towards -z, the middle of its box at 0"
    return {"unit": unit, "frame": frame, "category": found.category, "recipe": found.recipe}


def pictures(made: Made) -> tuple[NDArray[np.uint8], list[NDArray[np.uint8]]]:
    """overlay.png, and the frames of fit.gif."""
    from rrb.raster.render import render
    from rrb.viz import reconstruction

    found = made.found

    def draw_on_the_way(pose: Any, scale: float, camera: Any) -> Any:
        return render(found.history_mesh, pose, camera, scale=scale).silhouette

    behind, outlines, surface, turned = panels(found, made.picture, made.unknown)
    guesses = _guesses(found)
    said = [guesses[0].caption, _seen_from(found), _size(found), *(guess.caption for guess in guesses[1:])]
    overview = reconstruction.overview([outlines[0], surface, turned, *outlines[1:]], said)
    film = reconstruction.film(behind, _steps(found), draw_on_the_way, surface, guesses[0].caption)
    return overview, film


def panels(
    found: Reconstruction, picture: NDArray[np.uint8], unknown: NDArray[np.float32] | None = None
) -> tuple[Backdrop, list[NDArray[np.uint8]], NDArray[np.uint8], NDArray[np.uint8]]:
    """What lies behind, contours of the mask and of each guess, the surface on the picture, and its other side."""
    import numpy as np

    from rrb.raster.render import render
    from rrb.viz import fit_picture, reconstruction

    def draw(pose: Any, scale: float, camera: Any) -> Any:
        return render(found.mesh, pose, camera, scale=scale).silhouette

    painted = replace(found.mesh, vertex_colours=np.tile(_PAINT, (len(found.mesh.vertices), 1)))

    def shade(pose: Any, camera: Any, behind: Any) -> Any:
        return render(painted, pose, camera, background=behind, supersampling=_SAMPLES).colour

    behind = fit_picture.backdrop(found.mask, picture, unknown)
    guesses = _guesses(found)
    outlines = [reconstruction.outlines(behind, guess, draw) for guess in guesses]
    surface = reconstruction.shaded(behind, picture, guesses[0], shade)
    turned = reconstruction.from_other_side(found.mesh, found.camera_from_object, behind, shade)
    return behind, outlines, surface, turned


def _guesses(found: Reconstruction) -> list[Guess]:
    """The result, and what else it might be."""
    from rrb.viz.fit_picture import Guess

    doubt = "" if found.accepted else ", not accepted"
    best = Guess(found.camera_from_object, 1.0, found.camera, f"{found.category}, IoU {found.iou:.3f}{doubt}")
    others = [
        Guess(h.camera_from_object, h.scale, found.camera, f"or this: weight {h.weight:.2f}, IoU {h.iou:.3f}")
        for h in found.hypotheses[1:]
        if h.weight is not None and h.iou is not None and h.weight >= _LEAST_WEIGHT
    ]
    return [best, *others][:_MOST_GUESSES]


def _steps(found: Reconstruction) -> list[Guess]:
    from rrb.viz.fit_picture import Guess

    return [
        Guess(s.camera_from_object, s.scale, found.camera.with_focal_px(s.focal_px), f"{s.stage}, step {i}")
        for i, s in enumerate(found.history)
    ]


def _seen_from(found: Reconstruction) -> str:
    azimuth, elevation, _, distance = (float(v) for v in found.camera_from_object.to_viewpoint())
    away = f"{distance:.2f} m away" if found.is_metric else f"{distance:.2f} sizes away"
    return f"azimuth {azimuth:.0f}, elevation {elevation:.0f}, {away}"


def _size(found: Reconstruction) -> str:
    low, high = found.mesh.bounding_box()
    sides = " x ".join(f"{side:.2f}" for side in high - low)
    return f"other side: {sides} m" if found.is_metric else f"other side: {sides}, no metres"


def _reduced(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    image = Image.fromarray(picture)
    image.thumbnail((_BACKDROP_PX, _BACKDROP_PX))
    return np.asarray(image)

"""Make a mesh with a pose of the object in a picture, by what the networks have learned: one picture, or many.

Without a camera a field of view is assumed, and said; without --camera-height-m the mesh has no metres: its longest
side is 1. Writes to OUT mesh.glb (the object), scene.glb (object, camera and picture in place), pose.json, overlay.png
(blue: the mask, orange: the outline of what was found; then its surface, and its other side), fit.gif, and a line of
results.jsonl. What is not accepted is said with its reason, and is no failure: the exit code is 0.

A folder, or several pictures, are a batch: files go to OUT/NAME/, NAME being the picture's, and a line to
OUT/results.jsonl as each is done. Stopped or killed, the same command continues; a picture whose files have changed is
done again, other options, and other weights of the networks, are refused. What cannot be used is named and skipped;
only if nothing could be reconstructed is the exit code 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from rrb.cli._batch_files import hash_of, require_place
from rrb.cli._camera_flags import CameraFlags, camera_from_file, camera_from_numbers, unsaid
from rrb.cli._reconstruct_files import NAMES, Made, row, solve, write
from rrb.errors import BadInputError
from rrb.geometry._arrays import short


@dataclass(frozen=True)
class Options(CameraFlags):
    images: Annotated[tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="IMAGE ...")]
    """Pictures, or folders with pictures (not those in folders within)."""
    mask: Annotated[Path | None, unsaid("MASK")] = None
    """Where the object is: a picture or COCO's .json. In a batch a folder, with files of the pictures' names."""
    label: Annotated[int | tuple[int, int, int] | None, unsaid("N | R G B")] = None
    """The value or colour that is the object, where MASK holds labels; the annotation's id in COCO's .json."""
    unknown: Annotated[Path | None, unsaid("MASK")] = None
    """Where something hides whether the object is there: a picture or COCO's .json. In a batch a folder, as MASK."""
    camera_height_m: Annotated[float | None, unsaid("M")] = None
    """The camera's height above the ground that the object stands on, from which its size follows."""
    category: Annotated[str | None, unsaid("NAME")] = None
    """chair, car, aeroplane, table or sofa; without, the network says it."""
    recipe: str = "rrb"
    """rrb, or rrb-paper: as it is published, from a single start and by first-order steps."""
    out: Path = Path("out/reconstruct")
    """The folder to write to."""


def run(options: Options) -> None:
    from rrb.cli import reconstruct_batch

    require_usable(options)
    if reconstruct_batch.is_batch(options.images):
        reconstruct_batch.run(options)
    else:
        run_one(options)


def require_usable(options: Options) -> None:
    """Refuse before the work what no picture could be done with."""
    from rrb.recipes.reconstruct import RECIPES, checked_category, checked_height

    if not options.images:
        raise BadInputError("no picture is given; a file, several, or a folder of them is accepted")
    if options.recipe not in RECIPES:
        raise BadInputError(f"--recipe is {short(options.recipe)}; {', '.join(RECIPES)} are accepted")
    checked_category(options.category)
    checked_height(options.camera_height_m)
    if options.label is not None and options.mask is None:
        raise BadInputError("--label chooses in a mask: give --mask too")
    if camera_from_file(options) is None:
        said = (options.focal_px, options.fov_deg, options.principal_point)
        if any(value is not None for value in said):
            camera_from_numbers(options, 64, 64)
    require_place(options.out)


def run_one(options: Options) -> Made:
    from rrb.cli._results_jsonl import save_lines
    from rrb.cli.reconstruct_batch import deciding, one_of
    from rrb.cli.render import make_folder

    if (options.out / "batch.json").exists():
        raise BadInputError(f"{options.out} holds a batch; another --out is accepted")
    item = one_of(options)
    made = solve(options, item)
    print(made.found.explain())
    make_folder(options.out)
    (options.out / "results.jsonl").unlink(missing_ok=True)  # of what was there
    write(made, options.out)
    named = {"name": item.image.stem, "inputs": hash_of(item.paths, deciding(options), {})}
    save_lines(options.out / "results.jsonl", [named | row(made)])
    print(f"wrote {', '.join((*NAMES, 'results.jsonl'))} to {options.out}")
    return made

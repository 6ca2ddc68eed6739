"""The masks of a batch of `rrb fit`, the files that go with each, and what decides the poses."""

from __future__ import annotations

import glob
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rrb.cli._batch_files import PICTURES, Beside, hash_of
from rrb.cli._camera_flags import camera_from_file
from rrb.cli._fit_files import Item
from rrb.errors import BadInputError

if TYPE_CHECKING:
    from rrb.cli.fit import Options

FORMAT = "rrb.fit-batch/1"
_DECIDING = ("fov_deg", "focal_px", "principal_point", "label", "unit", "upright", "camera_height_m")


@dataclass(frozen=True, eq=False)
class Job:
    """One mask."""

    name: str
    item: Item | None
    inputs: str  # a hash of what the item's files hold and of the options; empty where there is no item
    refusal: str | None = None  # why there is none


def deciding(options: Options) -> dict[str, Any]:
    """The options that decide the poses, as JSON holds them."""
    camera = camera_from_file(options)
    said = {name: getattr(options, name) for name in _DECIDING}
    held = {"format": FORMAT, **said, "variables": options.moves, "camera": camera and camera.to_json()}
    return json.loads(json.dumps(held))


def masks_of(place: Path) -> list[Path]:
    """The pictures and COCO's files in a folder, or what a pattern names, in the order of their names."""
    if place.is_dir():
        found = [
            p
            for p in place.iterdir()
            if p.suffix.lower() in (*PICTURES, ".json") and not p.name.startswith(".")
        ]
    else:
        found = [Path(p) for p in glob.glob(str(place), recursive=True) if Path(p).is_file()]
    if not found:
        raise BadInputError(
            f"{place}: there is no mask; pictures ({', '.join(PICTURES)}) and COCO's .json are accepted"
        )
    twice = [name for name, count in Counter(p.stem for p in found).items() if count > 1]
    if twice:
        raise BadInputError(f"{place}: several masks are called {twice[0]}; names that differ are accepted")
    return sorted(found, key=lambda p: p.stem)


def jobs_of(options: Options, masks: Sequence[Path]) -> list[Job]:
    from rrb.geometry.mesh_io import FORMATS

    mesh = Beside(options.mesh, tuple(FORMATS))
    init = Beside(options.init, (".json",), "pose.json")
    unknown, image = (Beside(place, PICTURES) for place in (options.unknown, options.image))
    decided, hashes = json.dumps(deciding(options)), dict[Path, str]()
    jobs = []
    for mask in masks:
        try:
            parts = [files.of(mask.stem) for files in (init, unknown, image)]
            item = Item(mesh.needed(mask.stem), mask, *parts)
            jobs.append(Job(mask.stem, item, hash_of(item.paths, decided, hashes)))
        except BadInputError as error:
            jobs.append(Job(mask.stem, None, "", str(error)))
    return jobs

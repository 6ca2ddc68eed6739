"""Which files of a batch belong together, by their names, and a hash to know them again by what they hold."""

from __future__ import annotations

import glob
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rrb.cli._camera_flags import camera_from_file
from rrb.cli._fit_files import Item
from rrb.errors import BadFileError, BadInputError

if TYPE_CHECKING:
    from rrb.cli.fit import Options

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".tga", ".ppm", ".pgm", ".pbm")


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

    mesh = _Files(options.mesh, tuple(FORMATS))
    init = _Files(options.init, (".json",), "pose.json")
    unknown, image = (_Files(place, PICTURES) for place in (options.unknown, options.image))
    decided, hashes = json.dumps(deciding(options)), dict[Path, str]()
    jobs = []
    for mask in masks:
        try:
            parts = [files.of(mask.stem) for files in (init, unknown, image)]
            item = Item(mesh.needed(mask.stem), mask, *parts)
            jobs.append(Job(mask.stem, item, _hash(item, decided, hashes)))
        except BadInputError as error:
            jobs.append(Job(mask.stem, None, "", str(error)))
    return jobs


class _Files:
    """One file for all masks, or a folder with one for each, of the mask's name."""

    def __init__(self, place: Path | None, suffixes: Sequence[str], below: str | None = None) -> None:
        """below: what the file is called where each name is a folder of its own."""
        self.place, self.suffixes, self.below = place, suffixes, below
        self.by_name: dict[str, list[Path]] = {}
        for path in sorted(place.iterdir()) if place is not None and place.is_dir() else []:
            if path.suffix.lower() in suffixes:
                self.by_name.setdefault(path.stem, []).append(path)
            elif below is not None and (path / below).is_file():
                self.by_name.setdefault(path.name, []).append(path / below)

    def of(self, name: str) -> Path | None:
        return None if self.place is None else self.needed(name)

    def needed(self, name: str) -> Path:
        assert self.place is not None
        if not self.place.is_dir():
            return self.place
        found = self.by_name.get(name, [])
        if len(found) != 1:
            each = [name + suffix for suffix in self.suffixes] + (
                [f"{name}/{self.below}"] if self.below else []
            )
            held = "none" if not found else "several"
            raise BadFileError(f"{self.place}: there is {held} of {', '.join(each)}; one is accepted")
        return found[0]


def _hash(item: Item, decided: str, known: dict[Path, str]) -> str:
    """Of contents, so that copying the files changes nothing; `known` spares reading one mesh for every mask."""
    from rrb.geometry.files import read_bytes

    parts = [decided]
    for path in (item.mesh, item.mask, item.init, item.unknown, item.image):
        if path is not None and path not in known:
            known[path] = sha256(read_bytes(path)).hexdigest()
        parts.append("-" if path is None else known[path])
    return sha256(" ".join(parts).encode()).hexdigest()[:16]

"""Which files go with each of a batch, by their names; a hash to know them again; where results may be written."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from rrb.errors import BadFileError, BadInputError

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".tga", ".ppm", ".pgm", ".pbm")


class Beside:
    """One file for all of a batch, or a folder with one for each, of its name."""

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


def hash_of(paths: Sequence[Path | None], decided: str, known: dict[Path, str]) -> str:
    """Of contents, so that copying the files changes nothing; `known` spares reading one file for every job."""
    from rrb.geometry.files import read_bytes

    parts = [decided]
    for path in paths:
        if path is not None and path not in known:
            known[path] = sha256(read_bytes(path)).hexdigest()
        parts.append("-" if path is None else known[path])
    return sha256(" ".join(parts).encode()).hexdigest()[:16]


def require_place(out: Path) -> None:
    """Refuse a folder to write to that cannot be made, before the work."""
    place = out.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir():
        raise BadInputError(f"{out}: {place} is a file; a folder to write to is accepted")

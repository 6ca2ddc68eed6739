"""DAVIS: frames of videos with a mask for each object.

    <source>/JPEGImages/480p/<sequence>/00000.jpg, Annotations/480p/<sequence>/00000.png
    <source>/ImageSets/2017/train.txt, val.txt     (or 2016; optional: which sequences belong to which split)
    <source>/JPEGImages/00000.jpg, Annotations/00000.png         one sequence alone, named after its folder

One sample for each frame and object: an object is a number other than 0 that any of the sequence's annotations
holds (255 where there is one object). It has a sample, of an empty mask, also in frames that it is not seen in.
Where another object is seen is unknown. The set names no categories: the sequence's name stands for it. No camera,
no pose.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rrb.data.readers._reading import box_around, files, folder, key_of, labels, picture, text_lines
from rrb.data.sample import Sample
from rrb.errors import BadFileError, BadInputError

_RESOLUTION = "480p"


def read(source: Path, *, split: str | None = None, sequence: str | None = None) -> Iterator[Sample]:
    """split: "train" or "val", as ImageSets lists them; sequence: one alone; None for all."""
    pictures, annotations = (folder(source / name) for name in ("JPEGImages", "Annotations"))
    if not (pictures / _RESOLUTION).is_dir():
        if split is not None or sequence not in (None, source.name):
            raise BadInputError(f"{source} is the one sequence {source.name}; no other choice is accepted")
        yield from _sequence(source.name, pictures, annotations, None)
        return
    splits = _splits(source / "ImageSets")
    held = sorted(p.name for p in (pictures / _RESOLUTION).iterdir() if p.is_dir())
    chosen = [n for n in held if sequence in (None, n) and (split is None or splits.get(n) == split)]
    if not chosen:
        raise BadInputError(
            f"no sequence is {sequence!r} of split {split!r}; it holds {', '.join(held[:8])}, ..."
        )
    for name in chosen:
        shot, drawn = (path / _RESOLUTION / name for path in (pictures, annotations))
        yield from _sequence(name, shot, drawn, splits.get(name))


def _sequence(name: str, pictures: Path, annotations: Path, split: str | None) -> Iterator[Sample]:
    frames = [p.stem for p in files(pictures, ".jpg")]
    extra = sorted({p.stem for p in files(annotations, ".png")} - set(frames))
    if extra:
        raise BadFileError(f"{pictures / extra[0]}.jpg: there is no such file, but an annotation is of it")
    size = picture(pictures / f"{frames[0]}.jpg").shape[:2]
    # Numbers may be new in a later frame, so that all are looked through first: small pictures, a byte a pixel.
    seen = [labels(annotations / f"{frame}.png", size).astype(np.uint8) for frame in frames]
    objects = sorted({int(n) for values in seen for n in np.unique(values)} - {0})
    for frame, values in zip(frames, seen, strict=True):
        image = picture(pictures / f"{frame}.jpg", size)
        for number in objects:
            mask = (values == number).astype(np.float32)
            yield Sample(
                key=key_of(name, frame, number),
                image=image,
                category=name,
                mesh_id="",
                mask=mask,
                unknown=(values != 0) & (values != number),
                box_px=box_around(mask),
                split=split,
                source="davis",
                about={"sequence": name, "frame": frame, "object": number},
            )


def _splits(path: Path) -> dict[str, str]:
    """A sequence's split, where ImageSets says it; lines name a sequence, or a picture and its annotation."""
    found: dict[str, str] = {}
    for year in ("2017", "2016", _RESOLUTION):
        for split in ("train", "val"):
            file = path / year / f"{split}.txt"
            for line in text_lines(file) if file.is_file() else []:
                words = line.split()
                if words:
                    name = Path(words[0]).parent.name if "/" in words[0] else words[0]
                    found.setdefault(name, split)
    return found

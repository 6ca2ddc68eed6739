"""The readers by name: an explicit table, from which commands and tests take what there is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from rrb.data.sample import Sample
from rrb.errors import BadFileError, BadInputError


@dataclass(frozen=True)
class Reader:
    """A module with `read(source, **choices) -> Iterator[Sample]`, loaded when it is asked for."""

    module: str
    what: str  # one sentence for a list of them

    def load(self) -> Callable[..., Iterator[Sample]]:
        function: Callable[..., Iterator[Sample]] = import_module(self.module).read
        return function


READERS: Mapping[str, Reader] = {
    "choy": Reader("rrb.data.readers.choy", "ShapeNet objects as Choy et al. (3D-R2N2) drew them."),
    "pix3d": Reader("rrb.data.readers.pix3d", "Photographs of furniture with CAD models (Pix3D)."),
    "pascal3d": Reader("rrb.data.readers.pascal3d", "Photographs with CAD models and viewpoints (PASCAL3D+)."),
    "view_list": Reader("rrb.data.readers.view_list", "Pictures by the RRB authors' list of views."),
    "coco": Reader("rrb.data.readers.coco", "Photographs with masks of instances (COCO)."),
    "bop": Reader("rrb.data.readers.bop", "RGB-D pictures with poses of scanned objects (BOP)."),
    "kitti": Reader("rrb.data.readers.kitti", "Street pictures with boxes in space (KITTI objects)."),
    "ycbv_frame": Reader("rrb.data.readers.ycbv_frame", "One YCB-Video picture with labels, depth and poses."),
    "m3t": Reader("rrb.data.readers.m3t", "Two frames of M3T's triangle, with poses that its tracker found."),
    "rbot": Reader("rrb.data.readers.rbot", "RBOT's photograph of a squirrel, with a mesh and a rough start."),
    "tum": Reader("rrb.data.readers.tum", "RGB-D frames of a cabinet, with a camera path (TUM, as in CubeSLAM)."),
    "davis": Reader("rrb.data.readers.davis", "Frames of videos with masks (DAVIS)."),
    "labelme": Reader("rrb.data.readers.labelme", "Photographs with polygons drawn in LabelMe."),
}  # fmt: skip


def choices(name: str) -> Mapping[str, inspect.Parameter]:
    """What a reader lets its caller choose: names with their types (as text) and defaults."""
    return {
        key: parameter
        for key, parameter in inspect.signature(_reader(name).load()).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def read(name: str, source: str | Path, **chosen: Any) -> Iterator[Sample]:
    """The samples of a published data set in a folder, in a fixed order; nothing is read before they are asked for.

    A choice that the reader does not know is refused at once; two samples of one key when the second comes.
    """
    known = choices(name)
    unknown = sorted(set(chosen) - set(known))
    if unknown:
        accepted = ", ".join(known) or "no choice at all"
        raise BadInputError(f"the reader {name} knows no choice {', '.join(unknown)}; {accepted} is accepted")
    return _with_unique_keys(_reader(name).load()(Path(source), **chosen), Path(source))


def _reader(name: str) -> Reader:
    if name not in READERS:
        raise BadInputError(f"the reader is {name!r}; {', '.join(READERS)} are accepted")
    return READERS[name]


def _with_unique_keys(samples: Iterator[Sample], source: Path) -> Iterator[Sample]:
    seen: set[str] = set()
    for sample in samples:
        if sample.key in seen:
            raise BadFileError(f"{source}: two samples have the key {sample.key}; unique ones are accepted")
        seen.add(sample.key)
        yield sample

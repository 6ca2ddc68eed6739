"""Check a data set: every byte against its checksums, masks against the readable reference drawn from mesh, pose and
camera, occupancy against winding numbers summed face by face. Exit code 1 where something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from rrb.errors import BadFileError

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Options:
    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    masks: Annotated[int, tyro.conf.arg(metavar="N")] = 100
    """How many masks are drawn again, spread over all; about a tenth of a second each."""
    named: Annotated[int, tyro.conf.arg(metavar="N")] = 10
    """How many of those that agree least are named."""


def run(options: Options) -> None:
    from rrb.data.dataset import Dataset

    data = Dataset(options.folder)
    wrong = [*_files(data), *_agreement(data, options)]
    for line in wrong:
        print(f"wrong: {line}")
    if wrong:
        raise BadFileError(f"{options.folder}: {len(wrong)} things are wrong with it, see above")
    print(f"{options.folder}: nothing is wrong with it")

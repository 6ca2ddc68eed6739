"""Data sets of rendered objects: make one, film one, look at one, check one, or bring a published
one into our format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import tyro

from rrb.cli import data_check, data_export, data_import, data_make, data_sequence, data_show

Options = (
    Annotated[data_make.Options, tyro.conf.subcommand("make", description=data_make.__doc__)]
    | Annotated[data_sequence.Options, tyro.conf.subcommand("sequence", description=data_sequence.__doc__)]
    | Annotated[data_show.Options, tyro.conf.subcommand("show", description=data_show.__doc__)]
    | Annotated[data_check.Options, tyro.conf.subcommand("check", description=data_check.__doc__)]
    | Annotated[data_import.Options, tyro.conf.subcommand("import", description=data_import.__doc__)]
    | Annotated[data_export.Options, tyro.conf.subcommand("export", description=data_export.__doc__)]
)
_RUN: dict[type, Callable[[Any], None]] = {
    module.Options: module.run
    for module in (data_make, data_sequence, data_show, data_check, data_import, data_export)
}


def run(options: object) -> None:
    _RUN[type(options)](options)

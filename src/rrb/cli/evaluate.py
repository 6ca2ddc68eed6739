"""How far results are from the truth, as tables beside published numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import tyro

from rrb.cli import _evaluate_rrb

Options = (
    Annotated[_evaluate_rrb.Options, tyro.conf.subcommand("rrb", description=_evaluate_rrb.__doc__)]
    # One subcommand would be none: beside a hidden one, `rrb` has to be said from the start.
    | Annotated[None, tyro.conf.subcommand("none"), tyro.conf.Suppress]
)
_RUN: dict[type, Callable[[Any], None]] = {module.Options: module.run for module in (_evaluate_rrb,)}


def run(options: object) -> None:
    _RUN[type(options)](options)

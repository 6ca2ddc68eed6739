"""How far results are from the truth, as tables beside published numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import tyro

from rrb.cli import _evaluate_rrb, _evaluate_trajectory

Options = (
    Annotated[_evaluate_rrb.Options, tyro.conf.subcommand("rrb", description=_evaluate_rrb.__doc__)]
    | Annotated[
        _evaluate_trajectory.Options,
        tyro.conf.subcommand("trajectory", description=_evaluate_trajectory.__doc__),
    ]
)
_RUN: dict[type, Callable[[Any], None]] = {
    module.Options: module.run for module in (_evaluate_rrb, _evaluate_trajectory)
}


def run(options: object) -> None:
    _RUN[type(options)](options)

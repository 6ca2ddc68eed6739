"""What a peer of the raster benchmark gives; each is set up as favourably as it allows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from _rounds import Contender


@dataclass(frozen=True)
class Peer:
    """Its render as forward and its render-backward as backward; `does` says what exactly.

    For checking that it draws the same thing and differentiates it: `covered` draws, and gives (H, W) bool, where
    the object is; `gradient` is that of its vertices, in any shape, after a call.
    """

    contender: Contender
    does: str
    covered: Callable[[], np.ndarray]
    gradient: Callable[[], np.ndarray]

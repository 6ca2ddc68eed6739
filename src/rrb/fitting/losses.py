"""What a descent minimises: how far a drawn silhouette is from the wanted one, one number for the picture.

One contract: loss(drawn, wanted, known) -> scalar tensor with autograd. drawn and wanted (H, W) in [0, 1]; `known`
(H, W) of 0 and 1, or None where all is known: a pixel with 0 there charges nothing, whatever it holds. All but
`iou` are means over the known pixels.

Where drawing and mask are both hard (0 or 1), residuals are -1, 0 and 1. Then `huber`, whatever its delta, and
`squared` have the same gradients but for a factor, which Adam does not see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Where `cross_entropy` leaves the logarithm for its tangent: one pixel pulls at most 1 / this times as hard as one
# that is right.
LEAST_PROBABILITY = 1e-2


def huber(drawn: Any, wanted: Any, known: Any = None, *, delta: float = 1.0) -> Any:
    """r^2 / 2 up to |r| = delta, delta (|r| - delta / 2) beyond (RRB, section 3.3, which gives no delta).

    No residual is larger than 1: from delta = 1 on this is half of `squared`.
    """
    import torch

    return _mean(torch.nn.functional.huber_loss(drawn, wanted, reduction="none", delta=delta), known)


def squared(drawn: Any, wanted: Any, known: Any = None) -> Any:
    """The squared difference."""
    return _mean((drawn - wanted).square(), known)


def iou(drawn: Any, wanted: Any, known: Any = None) -> Any:
    """1 - sum(d w) / sum(d + w - d w), the overlap of soft masks (Kato et al. 2018); 1 where both are empty."""
    both = drawn * wanted
    either = drawn + wanted - both
    if known is not None:
        both, either = both * known, either * known
    return 1 - both.sum() / either.sum().clamp_min(1e-6)


def cross_entropy(drawn: Any, wanted: Any, known: Any = None) -> Any:
    """-w log(d) - (1 - w) log(1 - d) (Zhu et al., Eq. 4), the logarithms continued by their tangents near 0.

    As printed it is infinite where a hard drawing is wrong. A plain clamp has no gradient there, so that hard
    drawings would never move.
    """
    return _mean(-wanted * _log(drawn) - (1 - wanted) * _log(1 - drawn), known)


LOSSES: dict[str, Callable[..., Any]] = {
    "huber": huber,
    "squared": squared,
    "iou": iou,
    "cross_entropy": cross_entropy,
}


def _mean(charge: Any, known: Any) -> Any:
    return charge.mean() if known is None else (charge * known).sum() / known.sum()


def _log(probability: Any) -> Any:
    """The logarithm, below LEAST_PROBABILITY its tangent there: finite, and of one slope on both sides."""
    above = probability.clamp_min(LEAST_PROBABILITY)
    return above.log() + (probability - above) / LEAST_PROBABILITY

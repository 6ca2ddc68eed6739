"""How shapes may be wrong: what a fit is allowed to move, learned from what one object's pictures disagree about.

Two pictures of one object give two codes. How codes scatter about their object's mean is what a picture does not
settle, and so is the error of the box's proportions; the largest common directions of both are the modes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from rrb.networks.occupancy import MODES, OccupancyNetwork
from rrb.training.lesson import Inputs, Lesson

_SIDES = 0.1  # a difference of the sides' logarithms that counts as much as the codes' whole deviation
_FEWEST = 100  # pictures of objects that are seen more than once


@torch.no_grad()
def shape_modes(lesson: Lesson, batches: Iterable[Any]) -> tuple[Tensor, Tensor] | None:
    """(K, code) and (K, 3), on the CPU: one standard deviation along each mode, the largest first.

    None where too few objects are seen more than once to say.
    """
    lesson.eval()
    network = lesson.network
    assert isinstance(network, OccupancyNetwork)
    device = next(network.parameters()).device
    codes, errors, names = [], [], []
    for batch in batches:
        inputs: Inputs = lesson.prepare(batch, None)
        found = network.encode(inputs["crops"].to(device), inputs["category"].to(device))
        codes.append(found.code.cpu().double())
        errors.append((found.log_extents.cpu() - inputs["log_extents"]).double())
        names += batch.mesh_ids
    code, error = torch.cat(codes), torch.cat(errors)
    scatter, kept = _about_means(code, names)
    if int(kept.sum()) < _FEWEST:
        return None
    spread = float((code - code.mean(0)).square().mean().sqrt())
    joint = torch.cat([scatter[kept] / spread, error[kept] / _SIDES], 1)
    values, directions = torch.linalg.eigh(joint.T @ joint / len(joint))
    largest = values.flip(0)[:MODES].clamp(min=0).sqrt()[:, None] * directions.flip(1).T[:MODES]
    # The sign of an eigenvector is chance: the largest entry decides.
    signs = largest.gather(1, largest.abs().argmax(1, keepdim=True)).sign()
    largest = largest * signs
    count = code.shape[1]
    return (largest[:, :count] * spread).float(), (largest[:, count:] * _SIDES).float()


def _about_means(code: Tensor, names: list[str]) -> tuple[Tensor, Tensor]:
    """Each code less the mean of its object's, as widely as the object's whole scatter; and which have company."""
    places = {name: k for k, name in enumerate(dict.fromkeys(names))}
    of = torch.tensor([places[name] for name in names])
    counts = torch.bincount(of).double()
    sums = torch.zeros((len(places), code.shape[1]), dtype=code.dtype).index_add_(0, of, code)
    means = sums / counts[:, None]
    several = counts[of] > 1
    unbiased = (counts / (counts - 1).clamp(min=1)).sqrt()
    return (code - means[of]) * unbiased[of][:, None], several

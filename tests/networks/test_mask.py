"""The mask network: pixels stay in their place, and its loss is least for the truth."""

import pytest
import torch

from rrb.networks.build import build
from rrb.networks.mask import mask_loss
from tiny_training import shrink


@pytest.mark.parametrize("side", [32, 48, 64])
def test_every_pixel_is_answered(monkeypatch, side):
    shrink(monkeypatch.setitem)
    assert build("mask", "small").eval()(torch.zeros(2, 3, side, side)).shape == (2, side, side)


def test_it_learns_where_things_are(monkeypatch):
    """A pixel's answer is about that pixel: a network that mixed up its sixteen would not learn stripes."""
    shrink(monkeypatch.setitem)
    torch.manual_seed(0)
    network = build("mask", "small")
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    random = torch.Generator().manual_seed(0)
    for _ in range(150):
        mask = blocks(random)
        loss = mask_loss(network(2 * mask[:, None].repeat(1, 3, 1, 1) - 1), mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    mask = blocks(random)
    found, true = network.eval()(2 * mask[:, None].repeat(1, 3, 1, 1) - 1) > 0, mask > 0
    assert int((found & true).sum()) > 0.75 * int((found | true).sum())


def blocks(random):
    """(8, 32, 32): boxes of any width at any pixel."""
    mask = torch.zeros(8, 32, 32)
    for one in mask:
        top, left = torch.randint(0, 20, (2,), generator=random).tolist()
        tall, wide = torch.randint(3, 12, (2,), generator=random).tolist()
        one[top : top + tall, left : left + wide] = 1
    return mask


def test_the_loss_is_least_for_the_truth():
    mask = torch.zeros(1, 8, 8)
    mask[:, 2:5, 3:7] = 1
    sure = 20 * (2 * mask - 1)
    losses = [float(mask_loss(sure.roll(n, 2), mask)) for n in range(3)]
    assert losses == sorted(losses)
    assert losses[0] == pytest.approx(0, abs=1e-4)
    assert float(mask_loss(torch.zeros(1, 8, 8), mask)) > losses[0]


def test_an_empty_mask_has_a_loss():
    assert float(mask_loss(torch.full((1, 8, 8), -20.0), torch.zeros(1, 8, 8))) == pytest.approx(0, abs=1e-4)

"""The occupancy network: what a decoder may not care for, and what follows from a code alone."""

import math

import pytest
import torch

from rrb.networks.build import SIZES, build
from rrb.networks.occupancy import ConditionedNorm, occupancy_loss, waves
from tiny_training import shrink


@pytest.fixture
def network(monkeypatch):
    shrink(monkeypatch.setitem)
    torch.manual_seed(0)
    made = build("occupancy", "small")
    for parameter in made.parameters():  # fresh blocks add nothing, and fresh scales do not listen
        torch.nn.init.normal_(parameter, std=0.3)
    return made


def asked(network, count=50, batch=2):
    random = torch.Generator().manual_seed(1)
    return torch.rand(batch, count, 3, generator=random) - 0.5, torch.randn(batch, 12, generator=random)


def used(network):
    """After some training steps, so that running means are not those of the beginning."""
    network.train()
    for _ in range(3):
        network.decode(*asked(network))
    return network.eval()


def test_the_order_of_points_does_not_matter(network):
    points, code = asked(used(network))
    order = torch.randperm(points.shape[1], generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(network.decode(points[:, order], code), network.decode(points, code)[:, order])


def test_points_do_not_know_of_each_other_when_it_is_used(network):
    points, code = asked(used(network))
    whole = network.decode(points, code)
    torch.testing.assert_close(network.decode(points[:, 7:9], code), whole[:, 7:9])
    torch.testing.assert_close(network.decode(points[1:], code[1:]), whole[1:])


@torch.no_grad()
def test_points_and_codes_matter(network):
    points, code = asked(used(network))
    whole = network.decode(points, code)
    assert float((network.decode(points + 0.05, code) - whole).abs().mean()) > 1e-3
    assert float((network.decode(points, code.flip(0)) - whole).abs().mean()) > 1e-3


@pytest.mark.parametrize("batch", [1, 3])
def test_affine_is_what_the_norm_does(batch):
    torch.manual_seed(0)
    norm = ConditionedNorm(7, 4)
    for parameter in norm.parameters():
        torch.nn.init.normal_(parameter)
    for _ in range(5):
        norm(3 * torch.randn(batch, 20, 7) + 1, torch.randn(batch, 4))
    norm.eval()
    x, code = torch.randn(batch, 11, 7), torch.randn(batch, 4)
    factor, summand = norm.affine(code)
    torch.testing.assert_close(factor[:, None] * x + summand[:, None], norm(x, code), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_the_longest_side_is_one(network):
    codes = network.eval().encode(torch.randn(4, 4, 32, 32), torch.arange(4))
    assert codes.extents.amax(1).tolist() == pytest.approx([1.0] * 4)
    assert (codes.extents > 0).all()
    assert float(codes.extents.min()) < 0.999


def test_the_category_is_heard(network):
    crops = torch.randn(1, 4, 32, 32).repeat(5, 1, 1, 1)
    code = network.eval().encode(crops, torch.arange(5)).code
    assert len({tuple(row.tolist()) for row in code}) == 5


@pytest.mark.parametrize("frequencies", [0, 1, 5])
def test_waves_are_the_point_and_its_sines_and_cosines(frequencies):
    points = torch.rand(4, 6, 3, dtype=torch.float64) - 0.5
    found = waves(points, frequencies)
    assert found.shape == (4, 6, 3 + 6 * frequencies)
    assert torch.equal(found[..., :3], points)
    sines, cosines = found[..., 3:].chunk(2, -1)
    torch.testing.assert_close(sines**2 + cosines**2, torch.ones_like(sines))
    for n in range(frequencies):
        turned = sines.unflatten(-1, (3, frequencies))[..., n]
        torch.testing.assert_close(turned, torch.sin(2 * math.pi * 2**n * points))


def test_fresh_it_says_the_same_of_every_crop():
    """The blocks begin as nothing and the scales as one: what is learned first is the mean shape."""
    torch.manual_seed(0)
    fresh = build("occupancy", "small").eval()
    points = torch.rand(1, 20, 3) - 0.5
    one, other = (fresh.decode(points, torch.randn(1, 128)) for _ in range(2))
    assert torch.equal(one, other)


def test_the_loss_is_that_of_a_coin_where_nothing_is_known():
    inside = torch.rand(3, 100) < 0.5
    assert float(occupancy_loss(torch.zeros(3, 100), inside)) == pytest.approx(math.log(2))
    assert float(occupancy_loss(100 * (2 * inside.float() - 1), inside)) == pytest.approx(0, abs=1e-6)


# --- sizes ----------------------------------------------------------------------------------------------

CROPS = {("viewpoint", "small"): 96, ("occupancy", "small"): 96, ("mask", "small"): 128}


@pytest.mark.parametrize(("name", "size"), [(n, s) for n, sizes in SIZES.items() for s in sizes])
def test_every_size_is_built_and_runs_once(name, size):
    module, side = build(name, size).eval(), CROPS.get((name, size), 224)
    with torch.no_grad():
        if name == "mask":
            assert module(torch.randn(2, 3, side, side)).shape == (2, side, side)
        elif name == "viewpoint":
            shapes = [tuple(t.shape) for t in module(torch.randn(2, 4, side, side))]
            assert shapes == [(2, 360), (2, 180), (2, 360), (2, 5)]
        elif name == "shapes":
            codes = torch.randn(2, module.config.code)
            assert module(torch.randn(2, 9, 3), codes).shape == (2, 9)
        else:
            codes = module.encode(torch.randn(2, 4, side, side), torch.tensor([0, 4]))
            assert codes.log_extents.shape == (2, 3)
            assert module.decode(torch.randn(2, 9, 3), codes.code).shape == (2, 9)


def test_the_papers_encoder_is_a_resnet_18():
    """Eleven million parameters in its convolutions, as everybody's."""
    encoder = build("viewpoint", "paper").encoder
    inner = sum(
        p.numel() for m in encoder.modules() if isinstance(m, torch.nn.Conv2d) for p in m.parameters()
    )
    their = 11_166_912 + 64 * 49  # of torchvision's, whose first layer sees three channels, not four
    assert inner == their
    assert encoder(torch.randn(2, 4, 224, 224)).shape == (2, 256)

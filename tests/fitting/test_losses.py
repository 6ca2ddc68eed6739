"""Laws of every entry of LOSSES, and the numbers that their papers' formulas give."""

import math

import numpy as np
import pytest
import torch

from rrb.fitting.losses import LEAST_PROBABILITY, LOSSES, cross_entropy, huber, iou, squared

NAMES = sorted(LOSSES)
SIZE = (6, 7)
random = np.random.default_rng(0)
# Beyond [0, 1] too: `palazzi` as printed draws more than 1.
DRAWN = torch.tensor(random.uniform(-0.2, 1.3, SIZE))
WANTED = torch.tensor(random.uniform(0, 1, SIZE))
HARD = torch.tensor((random.uniform(0, 1, SIZE) > 0.5).astype(float))
KNOWN = torch.tensor((random.uniform(0, 1, SIZE) > 0.3).astype(float))


def gradient(loss, drawn, wanted, known=None, **knobs):
    leaf = drawn.clone().requires_grad_()
    loss(leaf, wanted, known, **knobs).backward()
    return leaf.grad


@pytest.mark.parametrize("known", [None, KNOWN], ids=["all known", "some known"])
@pytest.mark.parametrize("knobs", [{}, {"delta": 0.3}], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_is_the_derivative(name, knobs, known):
    if knobs and name != "huber":
        return
    loss, step = LOSSES[name], 1e-6
    numeric = torch.zeros(SIZE, dtype=torch.float64)
    for place in np.ndindex(SIZE):
        move = torch.zeros(SIZE, dtype=torch.float64)
        move[place] = step
        up, down = (loss(DRAWN + s * move, WANTED, known, **knobs) for s in (1, -1))
        numeric[place] = (up - down) / (2 * step)
    torch.testing.assert_close(gradient(loss, DRAWN, WANTED, known, **knobs), numeric, atol=1e-7, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_unknown_charges_nothing(name):
    loss, hidden = LOSSES[name], 1 - KNOWN
    drawn, wanted = DRAWN + hidden * 0.7, WANTED * KNOWN + hidden * (1 - WANTED)
    assert loss(drawn, wanted, KNOWN) == loss(DRAWN, WANTED, KNOWN)
    pulls = gradient(loss, drawn, wanted, KNOWN)
    assert (pulls[hidden == 1] == 0).all()
    torch.testing.assert_close(pulls, gradient(loss, DRAWN, WANTED, KNOWN), rtol=0, atol=0)
    assert pulls[KNOWN == 1].abs().max() > 0


@pytest.mark.parametrize("name", NAMES)
def test_what_is_known_is_charged_as_if_it_were_the_whole_picture(name):
    rows = torch.zeros(SIZE, dtype=torch.float64)
    rows[:4] = 1
    torch.testing.assert_close(LOSSES[name](DRAWN, WANTED, rows), LOSSES[name](DRAWN[:4], WANTED[:4]))
    torch.testing.assert_close(
        LOSSES[name](DRAWN, WANTED, torch.ones(SIZE).double()), LOSSES[name](DRAWN, WANTED)
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_hard_mask_drawn_exactly_costs_nothing_and_every_wrong_pixel_more(name):
    costs, drawn = [float(LOSSES[name](HARD, HARD))], HARD.clone()
    assert costs[0] == pytest.approx(0, abs=1e-12)
    for place in ((0, 0), (2, 3), (5, 6)):
        drawn[place] = 1 - drawn[place]
        costs.append(float(LOSSES[name](drawn, HARD)))
    assert np.isfinite(costs).all()
    assert (np.diff(costs) > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_hard_pixel_is_pulled_towards_the_right(name):
    """Also where a logarithm would be infinite, or clamped and flat."""
    pulls = gradient(LOSSES[name], 1 - HARD, HARD)
    assert torch.isfinite(pulls).all()
    assert (pulls[HARD == 1] < 0).all()
    assert (pulls[HARD == 0] > 0).all() or name == "iou"  # an overlap of nothing does not fall further
    assert (gradient(LOSSES[name], 0.5 + 0 * HARD, HARD)[HARD == 0] > 0).all()


def test_numbers():
    drawn, wanted = torch.tensor([[0.2, 1.0]]), torch.tensor([[0.0, 0.0]])
    assert float(squared(drawn, wanted)) == pytest.approx((0.04 + 1) / 2)
    assert float(huber(drawn, wanted, delta=0.5)) == pytest.approx((0.02 + 0.5 * (1 - 0.25)) / 2)
    drawn, wanted = torch.tensor([[1.0, 0.5, 0.0]]), torch.tensor([[1.0, 1.0, 0.5]])
    assert float(iou(drawn, wanted)) == pytest.approx(1 - 1.5 / 2.5)
    assert float(cross_entropy(torch.full((2, 2), 0.5), torch.eye(2))) == pytest.approx(math.log(2))


def test_huber_from_delta_1_on_is_half_the_square():
    inside = DRAWN.clamp(0, 1)
    for delta in (1.0, 7.0):
        torch.testing.assert_close(huber(inside, WANTED, delta=delta), squared(inside, WANTED) / 2)


def test_cross_entropy_is_the_usual_one_between_its_ends():
    inside = DRAWN.clamp(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    usual = torch.nn.functional.binary_cross_entropy(inside, WANTED)
    torch.testing.assert_close(cross_entropy(inside, WANTED), usual)


def test_nothing_wanted_and_nothing_drawn_is_a_number():
    empty = torch.zeros(SIZE)
    assert float(iou(empty, empty)) == 1

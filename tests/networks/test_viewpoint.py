"""Distributions of angles: soft targets, the loss, and the modes that are read out of them."""

import pytest
import torch

from rrb.networks.viewpoint import (
    AZIMUTHS,
    BIN_DEG,
    ELEVATIONS,
    ROLLS,
    Views,
    category_shares,
    modes,
    soft_target,
    view_loss,
)

ANGLES = torch.tensor([-180.0, -179.9, -90.5, -0.5, 0.0, 33.3, 89.5, 179.5, 179.99])
AZIMUTH = (-180.0, AZIMUTHS, 6.0)


def around(angle_deg, period=360.0):
    return soft_target(angle_deg, *AZIMUTH, torch.full_like(angle_deg, period))


def views(azimuth, elevation=None, roll=None, category=None):
    """Of one crop, from shares."""

    def logits(shares, count):
        return torch.zeros(1, count) if shares is None else (shares + 1e-9).log()[None]

    return Views(
        logits(azimuth, AZIMUTHS), logits(elevation, ELEVATIONS), logits(roll, ROLLS), logits(category, 5)
    )


def peak(at_deg, first_deg, count, spread_deg=3.0, around=True):
    middles = first_deg + BIN_DEG * (torch.arange(count, dtype=torch.float64) + 0.5)
    apart = middles - at_deg
    if around:
        apart = torch.remainder(apart + 180, 360) - 180
    return torch.exp(-0.5 * (apart / spread_deg) ** 2)


# --- targets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("period", [360.0, 180.0, 120.0, 90.0, 60.0])
def test_targets_sum_to_one(period):
    torch.testing.assert_close(around(ANGLES, period).sum(1), torch.ones(len(ANGLES)))
    elevations = soft_target(ANGLES / 2, -90.0, ELEVATIONS, 3.0)
    torch.testing.assert_close(elevations.sum(1), torch.ones(len(ANGLES)))


@pytest.mark.parametrize("period", [360.0, 180.0, 120.0, 90.0])
def test_targets_are_periodic(period):
    target = around(ANGLES, period)
    torch.testing.assert_close(target, around(ANGLES + period, period), rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(target, target.roll(int(period), 1), rtol=1e-3, atol=1e-6)


def test_a_turn_of_whole_bins_moves_the_target_as_far():
    for bins in (1, 17, 200):
        torch.testing.assert_close(around(ANGLES + bins), around(ANGLES).roll(bins, 1), rtol=1e-3, atol=1e-6)


def test_the_middle_of_a_bin_is_its_bin():
    for number in (0, 1, 180, 359):
        target = around(torch.tensor([-180.0 + number + 0.5]))[0]
        assert int(target.argmax()) == number
        torch.testing.assert_close(target.roll(-number).flip(0).roll(1), target.roll(-number))
        assert float(target[(number + 6) % 360] / target[number]) == pytest.approx(torch.e**-1, rel=1e-4)


def test_elevations_do_not_go_around():
    target = soft_target(torch.tensor([89.5]), -90.0, ELEVATIONS, 3.0)[0]
    assert int(target.argmax()) == 179
    assert float(target[0]) < 1e-20


# --- loss ---------------------------------------------------------------------------------------------


def loss_of(logits, azimuth=20.0, folds=1, elevation=10.0, roll=0.0):
    return float(
        view_loss(logits, *(torch.tensor([v]) for v in (azimuth, elevation, roll)), torch.tensor([folds]))
    )


def test_the_nearer_the_better():
    losses = [loss_of(views(peak(20.5 + off, -180, 360))) for off in (0, 5, 15, 40, 100, 180)]
    assert losses == sorted(losses)
    assert losses[0] < losses[-1] - 1


@pytest.mark.parametrize("folds", [2, 3, 4])
def test_what_looks_the_same_costs_the_same(folds):
    losses = [loss_of(views(peak(20.5 + n * 360 / folds, -180, 360)), folds=folds) for n in range(folds)]
    assert losses == pytest.approx([losses[0]] * folds, rel=1e-4)
    assert loss_of(views(peak(20.5 + 180 / folds, -180, 360)), folds=folds) > losses[0] + 0.5


@pytest.mark.parametrize("folds", [0, -1])
def test_an_azimuth_that_nobody_said_costs_nothing(folds):
    plain = loss_of(views(None), folds=folds)
    assert loss_of(views(peak(77.0, -180, 360)), folds=folds) == pytest.approx(plain)
    assert loss_of(views(None, elevation=peak(10.0, -90, 180, 3, False)), folds=folds) < plain


def test_samples_without_azimuth_do_not_thin_the_others():
    one, two = views(peak(20.5, -180, 360)), views(peak(70.5, -180, 360))
    both = Views(*(torch.cat(pair) for pair in zip(one, two, strict=True)))
    angles = [torch.tensor([v, v]) for v in (20.0, 10.0, 0.0)]
    mixed = view_loss(both, *angles, torch.tensor([1, 0]))
    assert float(mixed) == pytest.approx(loss_of(one), rel=1e-4)


# --- modes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [-180.0, -179.4, -90.3, 0.0, 45.7, 179.8])
def test_one_mode_is_found_between_its_bins(at):
    shares = [peak(at, -180, 360), peak(20.3, -90, 180, 3, False), peak(-at, -180, 360)]
    found = modes(views(*shares))
    assert len(found) == 1
    assert apart(found[0].azimuth_deg, at) < 0.05
    assert found[0].elevation_deg == pytest.approx(20.3, abs=0.05)
    assert apart(found[0].roll_deg, -at) < 0.05
    assert found[0].weight > 0.95
    assert found[0].deviation_deg == pytest.approx((3, 3, 3), abs=0.1)
    assert -180 <= found[0].azimuth_deg < 180


def apart(one, other):
    return abs((one - other + 180) % 360 - 180)


@pytest.mark.parametrize(
    "places", [(10.0, -170.0), (179.0, -1.0), (-178.0, 130.0, 60.0), (0.0, 90.0, 180.0, -90.0)]
)
def test_planted_modes_are_found_the_likeliest_first(places):
    weights = [0.4, 0.3, 0.2, 0.1][: len(places)]
    shares = sum(w * peak(at, -180, 360) for at, w in zip(places, weights, strict=True))
    found = modes(views(shares))
    assert [m.weight for m in found] == sorted((m.weight for m in found), reverse=True)
    assert len(found) == len(places)
    for mode, at, weight in zip(found, places, weights, strict=True):
        assert apart(mode.azimuth_deg, at) < 0.5
        assert mode.weight == pytest.approx(weight / sum(weights), abs=0.01)


def test_a_mode_at_the_seam_is_as_strong_as_elsewhere():
    shares = 0.55 * peak(179.9, -180, 360) + 0.45 * peak(10.0, -180, 360)
    (found,) = modes(views(shares), most=1)
    assert apart(found.azimuth_deg, 179.9) < 0.5


def test_slopes_and_crumbs_are_no_modes():
    broad = peak(50.0, -180, 360, 18.0)
    found = modes(views(broad))
    assert apart(found[0].azimuth_deg, 50.0) < 0.5
    assert len(found) == 1
    crumbs = peak(50.0, -180, 360) + 0.02 * peak(-100.0, -180, 360)
    assert len(modes(views(crumbs))) == 1
    assert len(modes(views(crumbs), least_weight=0.01)) == 2


def test_no_more_than_asked_for():
    shares = sum(peak(at, -180, 360) for at in range(-180, 180, 45))
    assert len(modes(views(shares))) == 4
    assert len(modes(views(shares), most=6)) == 6


def test_without_an_opinion_there_is_still_a_view():
    assert len(modes(views(None))) >= 1


def test_each_crop_has_its_own():
    both = Views(
        *(torch.cat(p) for p in zip(views(peak(30.0, -180, 360)), views(peak(-60.0, -180, 360)), strict=True))
    )
    assert [apart(modes(both, k)[0].azimuth_deg, at) < 0.1 for k, at in ((0, 30.0), (1, -60.0))] == [
        True,
        True,
    ]


def test_shares_of_categories_sum_to_one():
    shares = category_shares(views(None, category=torch.tensor([0.5, 0.1, 0.2, 0.1, 0.1])))
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["chair"] == pytest.approx(0.5)

"""The table of lessons: what each must be able to do with a batch of a made data set."""

import numpy as np
import pytest
import torch

from rrb.data.dataset import Dataset
from rrb.networks.build import SIZES, build
from rrb.training.lessons import LESSONS
from tiny_training import TINY, made, shrink


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return Dataset(made(tmp_path_factory.mktemp("data") / "chairs"))


@pytest.fixture(params=TINY)
def lesson(request, monkeypatch):
    shrink(monkeypatch.setitem)
    torch.manual_seed(0)
    return LESSONS[request.param](build(request.param, "small"))


@pytest.fixture
def batch(data, lesson):
    return next(iter(data.batches(8, "train", lesson.fields, workers=0)))


def test_every_network_has_a_lesson():
    assert LESSONS.keys() <= SIZES.keys()
    assert all(name == lesson.name for name, lesson in LESSONS.items())


def test_one_batch_is_learned_by_heart(lesson, batch):
    inputs = lesson.prepare(batch, None)
    optimizer = torch.optim.Adam(lesson.parameters(), 1e-2)
    losses = []
    for _ in range(60):
        loss, _ = lesson(inputs)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.75 * losses[0]
    name, sign = lesson.better
    first, last = (
        judged(LESSONS[lesson.name](build(lesson.name, "small")), inputs),
        judged(lesson, inputs, 30),
    )
    assert sign * float(last[name].nanmean()) > sign * float(first[name].nanmean())


def judged(lesson, inputs, warm=0):
    with torch.no_grad():
        for _ in range(warm):  # running means come near those of the batch
            lesson.train()(inputs)
        return lesson.eval().judge(inputs)


def test_the_loss_reaches_every_parameter(lesson, batch):
    lesson.train()
    for parameter in lesson.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    loss, _ = lesson(lesson.prepare(batch, torch.Generator().manual_seed(0)))
    loss.backward()
    silent = [n for n, p in lesson.named_parameters() if p.grad is None or not (p.grad != 0).any()]
    assert silent == []


def test_the_same_seed_prepares_the_same(lesson, batch):
    one, same, other = (lesson.prepare(batch, torch.Generator().manual_seed(s)) for s in (4, 4, 5))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)
    straight = [lesson.prepare(batch, None) for _ in range(2)]
    assert all(torch.equal(straight[0][name], straight[1][name]) for name in straight[0])


def test_every_sample_is_judged_alone(lesson, batch):
    inputs = lesson.prepare(batch, None)
    all_of_them = judged(lesson, inputs)
    for figures in all_of_them.values():
        assert figures.shape == (8,)
    some = judged(lesson, {name: value[2:5] for name, value in inputs.items()})
    for name, figures in some.items():
        torch.testing.assert_close(figures, all_of_them[name][2:5], rtol=1e-3, atol=1e-3, equal_nan=True)
    assert lesson.better[0] in all_of_them


def test_tiles_are_pictures_of_one_size(lesson, batch):
    with torch.no_grad():
        tiles = lesson.eval().tiles({k: v[:3] for k, v in lesson.prepare(batch, None).items()})
    assert len(tiles) == 3
    assert len({tile.shape for tile in tiles}) == 1
    assert all(tile.dtype == np.uint8 and tile.shape[2] == 3 for tile in tiles)


def test_what_nobody_knows_the_category_of_has_a_loss(data, monkeypatch):
    shrink(monkeypatch.setitem)
    lesson = LESSONS["viewpoint"](build("viewpoint", "small"))
    batch = next(iter(data.batches(4, "train", lesson.fields, workers=0)))
    object.__setattr__(batch, "categories", ("lamp",) * 4)
    loss, parts = lesson(lesson.prepare(batch, None))
    assert torch.isfinite(loss)
    assert parts["category"].item() == 0

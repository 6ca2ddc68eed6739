"""The modes of a shape: planted scatter about objects' means is found again, in its size and its direction."""

from types import SimpleNamespace

import pytest
import torch

from rrb.networks.build import build
from rrb.networks.occupancy import MODES, Codes
from rrb.training.occupancy import OccupancyLesson
from rrb.training.shape_modes import shape_modes

OBJECTS, VIEWS, CODE = 60, 8, 128


class Planted(OccupancyLesson):
    """Every object has a code of its own; its pictures scatter along one direction, the sides along another."""

    def __init__(self, seed=0):
        super().__init__(build("occupancy", "small"))
        random = torch.Generator().manual_seed(seed)
        self.direction = torch.nn.functional.normalize(torch.randn(CODE, generator=random), dim=0)
        means = 3 * torch.randn((OBJECTS, 1, CODE), generator=random)
        self.amount = 0.7 * torch.randn((OBJECTS, VIEWS, 1), generator=random)
        self.codes = (means + self.amount * self.direction).reshape(-1, CODE)
        self.sides = 0.001 * torch.randn((OBJECTS * VIEWS, 3), generator=random)
        self.at = 0
        self.network.encode = self.planted

    def prepare(self, batch, random):
        return {"crops": batch.rows, "category": None, "log_extents": torch.zeros(len(batch.rows), 3)}

    def planted(self, rows, category):
        return Codes(self.codes[rows], self.sides[rows])


def batches(views=VIEWS, size=48):
    rows = torch.arange(OBJECTS * views)
    names = [f"object-{int(row) // views}" for row in rows]
    for first in range(0, len(rows), size):
        yield SimpleNamespace(rows=rows[first : first + size], mesh_ids=names[first : first + size])


def test_the_largest_mode_is_the_planted_scatter():
    lesson = Planted()
    codes, sides = shape_modes(lesson, batches())
    assert codes.shape == (MODES, CODE)
    assert sides.shape == (MODES, 3)
    lengths = codes.norm(dim=1)
    assert (lengths[:-1] >= lengths[1:] - 1e-4).all()
    assert abs(float(codes[0] @ lesson.direction)) / float(lengths[0]) > 0.999
    # One standard deviation, of all there is: also of what the eight pictures' mean has taken up.
    assert float(lengths[0]) == pytest.approx(0.7, rel=0.08)
    assert float(lengths[1]) < 0.05


def test_errors_of_the_sides_are_modes_too():
    lesson = Planted()
    wrong = torch.randn((OBJECTS * VIEWS, 1), generator=torch.Generator().manual_seed(1))
    lesson.sides = 0.3 * wrong * torch.tensor([1.0, 0.0, 0.0])
    _, sides = shape_modes(lesson, batches())
    found = sides[sides.norm(dim=1).argmax()]
    assert abs(float(found[0])) == pytest.approx(0.3, rel=0.1)
    assert float(found[1:].abs().max()) < 0.02


def test_what_differs_between_objects_is_no_mode():
    lesson = Planted()
    lesson.codes = lesson.codes - (lesson.amount * lesson.direction).reshape(-1, CODE)
    codes, _ = shape_modes(lesson, batches())
    assert float(codes.norm(dim=1).max()) < 1e-3


def test_objects_that_are_seen_once_say_nothing():
    assert shape_modes(Planted(), batches(views=1)) is None


def test_the_network_keeps_them_in_its_file(tmp_path):
    from rrb.networks.build import load
    from rrb.networks.weights import save_weights

    lesson = Planted()
    assert lesson.complete(batches())
    del lesson.network.encode
    save_weights(tmp_path / "o.safetensors", "occupancy", "small", lesson.network, {})
    network, _ = load(tmp_path / "o.safetensors", "occupancy")
    torch.testing.assert_close(network.code_modes, lesson.network.code_modes, atol=1e-3, rtol=1e-3)

"""The modes of a shape: planted scatter about objects' means is found again, in its size and its direction."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from rrb.networks.build import build, load
from rrb.networks.occupancy import MODES, Codes
from rrb.networks.weights import save_weights
from rrb.training.occupancy import OccupancyLesson
from rrb.training.shape_modes import shape_modes

OBJECTS, VIEWS, CODE = 60, 8, 128
SHIP = Path(__file__).parents[2] / "tools" / "ship_weights.py"


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
        logs = torch.zeros(len(batch.rows), 3)
        return {"crops": batch.rows, "category": torch.zeros(len(batch.rows)), "log_extents": logs}

    def planted(self, rows, category):
        """In the order in which they are asked for: a device that only has shapes cannot tell which."""
        assert rows.device == category.device == self.network.code_modes.device
        first, self.at = self.at, self.at + len(rows)
        return Codes(self.codes[first : self.at], self.sides[first : self.at])


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


def test_pictures_go_where_the_network_lies():
    lesson = Planted()
    expected = shape_modes(Planted(), batches())
    lesson.network.to("meta")
    for ours, theirs in zip(shape_modes(lesson, batches()), expected, strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_network_on_a_gpu_is_completed_there():
    lesson, other = Planted(), Planted()
    lesson.cuda()
    lesson.codes, lesson.sides = lesson.codes.cuda(), lesson.sides.cuda()
    assert lesson.complete(batches())
    assert other.complete(batches())
    assert lesson.network.code_modes.is_cuda
    torch.testing.assert_close(lesson.network.code_modes.cpu(), other.network.code_modes)


def test_the_network_keeps_them_in_its_file(tmp_path):
    lesson = Planted()
    assert lesson.complete(batches())
    del lesson.network.encode
    save_weights(tmp_path / "o.safetensors", "occupancy", "small", lesson.network, {})
    network, _ = load(tmp_path / "o.safetensors", "occupancy")
    torch.testing.assert_close(network.code_modes, lesson.network.code_modes, atol=1e-3, rtol=1e-3)


def test_a_network_without_them_is_not_shipped(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("ship_weights", SHIP)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr(tool, "WEIGHTS", tmp_path / "weights")
    network = build("occupancy", "small")
    save_weights(tmp_path / "best.safetensors", "occupancy", "small", network, {})
    with pytest.raises(SystemExit, match="no modes of shapes"):
        tool.main("occupancy", str(tmp_path), str(tmp_path))
    assert not (tmp_path / "weights").exists()
    network.code_modes[0, 3] = 0.1
    save_weights(tmp_path / "best.safetensors", "occupancy", "small", network, {})
    tool.require_modes(tmp_path / "best.safetensors")

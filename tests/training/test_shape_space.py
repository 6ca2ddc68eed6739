"""Grids and codes of meshes: axes keep their places, codes are smooth, unique and say the most first."""

import numpy as np
import pytest
import torch

import rrb
from rrb.geometry.primitives import box, icosphere
from rrb.training.shape_space import CELLS, shape_codes, soft_grid


def test_a_box_fills_its_box_and_the_border_is_soft():
    grid = soft_grid(box((0.3, 2.0, 1.0)))
    assert grid.shape == (CELLS,) * 3
    inner = grid[1:-1, 1:-1, 1:-1]
    np.testing.assert_allclose(inner, 1.0)
    assert grid[0].mean() == pytest.approx(0.75 * grid[5].mean(), rel=0.02)


def test_position_size_and_proportions_are_not_in_a_grid():
    ball = icosphere(3, 0.5)
    moved = ball.with_vertices(np.asarray(ball.vertices) * [3.0, 0.5, 1.0] + [5, -2, 1])
    assert np.abs(soft_grid(moved) - soft_grid(ball)).max() < 0.3
    assert np.abs(soft_grid(moved) - soft_grid(ball)).mean() < 0.002


@pytest.mark.parametrize("axis", range(3))
def test_a_grid_is_indexed_x_y_z(axis):
    """A small block at the high end of one axis, and one at the low ends, span the box."""
    at = -np.ones(3)
    at[axis] = 1.0
    corner = box((0.4, 0.4, 0.4))
    low, high = (corner.with_vertices(np.asarray(corner.vertices) + p) for p in (-np.ones(3), np.ones(3)))
    marked = corner.with_vertices(np.asarray(corner.vertices) + at)
    with_it, without = (
        soft_grid(rrb.Mesh.concatenated([low, high, marked])),
        soft_grid(rrb.Mesh.concatenated([low, high])),
    )
    more = np.argwhere(with_it - without > 0.5).mean(0)
    expected = np.where(np.arange(3) == axis, CELLS - 1 - 2.0, 2.0)
    np.testing.assert_allclose(more, expected, atol=1.5)


def families(count=40, seed=0):
    """Grids along two ways to differ, the first three times as much as the second, and a little noise."""
    random = np.random.default_rng(seed)
    one, two = random.normal(size=(2, CELLS**3))
    amounts = random.normal(size=(count, 2)) * [3.0, 1.0]
    noise = 0.01 * random.normal(size=(count, CELLS**3))
    return amounts, (amounts @ np.stack([one, two]) + noise).astype(np.float32).reshape(count, *(CELLS,) * 3)


def test_the_first_entries_are_what_differs_most():
    amounts, grids = families()
    codes = shape_codes(grids, 6)
    assert codes.shape == (40, 6)
    assert float(codes.square().mean()) == pytest.approx(1.0)
    spread = codes.std(0)
    assert (spread[:-1] >= spread[1:]).all()
    for k in range(2):
        assert abs(np.corrcoef(codes[:, k], amounts[:, k])[0, 1]) > 0.97
    assert float(spread[2]) < 0.2 * float(spread[1])


def test_like_shapes_have_like_codes_and_the_same_meshes_the_same():
    _, grids = families()
    again = shape_codes(grids.copy(), 6)
    torch.testing.assert_close(shape_codes(grids, 6), again, rtol=0, atol=0)
    near = grids.copy()
    near[0] = near[1] + 0.001
    codes = shape_codes(near, 4)
    apart = torch.cdist(codes, codes)
    assert float(apart[0, 1]) < 0.05 * float(apart.median())


def test_nothing_of_the_callers_chance_is_used_up():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    shape_codes(families()[1], 4)
    assert (torch.get_rng_state() == before).all()


def test_too_few_meshes_are_refused():
    with pytest.raises(rrb.RrbError, match="more meshes"):
        shape_codes(families(5)[1], 6)

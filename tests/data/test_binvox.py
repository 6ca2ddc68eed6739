"""Binvox files: the published layout byte by byte, round trips, the grid's place, and damaged ones."""

import numpy as np
import pytest

from rrb.data.readers.binvox import load_binvox, save_binvox
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.mesh import Mesh
from rrb.geometry.voxels import Voxels

HEADER = b"#binvox 1\ndim 2 2 2\ntranslate -1 10 100\nscale 4\ndata\n"


def written(path, data: bytes):
    path.write_bytes(data)
    return path


def random_grid(seed, side=9, share=0.3):
    full = np.random.default_rng(seed).random((side, side, side)) < share
    return Voxels(full, np.array([-0.125, 0.3, 7.0]), 0.0371)


def test_axes_run_x_then_z_then_y(tmp_path):
    """Voxels 0 to 7 of the file: x slowest, y fastest; the second is y = 1, the third z = 1, the fifth x = 1."""
    for number, at in ((1, (0, 1, 0)), (2, (0, 0, 1)), (4, (1, 0, 0)), (6, (1, 0, 1))):
        runs = bytes([0, number, 1, 1, 0, 7 - number])
        grid = load_binvox(written(tmp_path / "a.binvox", HEADER + runs))
        assert np.argwhere(grid.occupancy).tolist() == [list(at)]


def test_the_grid_lies_where_translate_and_scale_say(tmp_path):
    grid = load_binvox(written(tmp_path / "a.binvox", HEADER + bytes([1, 8])))
    np.testing.assert_array_equal(grid.centres()[0, 0, 0], [0, 11, 101])
    np.testing.assert_array_equal(grid.centres()[1, 1, 1], [2, 13, 103])
    assert grid.occupancy.dtype == np.bool_


def test_without_translate_and_scale_it_is_the_unit_cube(tmp_path):
    grid = load_binvox(written(tmp_path / "a.binvox", b"#binvox 1\ndim 1 1 1\ndata\n\x01\x01"))
    np.testing.assert_array_equal(grid.centres()[0, 0, 0], [0.5, 0.5, 0.5])


def test_runs_of_no_voxels_are_read(tmp_path):
    """A well-known Python writer leaves them after runs of just 255."""
    grid = load_binvox(written(tmp_path / "a.binvox", HEADER + bytes([1, 3, 1, 0, 0, 5])))
    assert grid.occupancy.sum() == 3


def test_version_2_holds_other_numbers(tmp_path):
    data = HEADER.replace(b"binvox 1", b"binvox 2") + bytes([200, 3, 0, 5])
    assert load_binvox(written(tmp_path / "a.binvox", data)).occupancy.sum() == 3


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 1])
def test_what_was_written_is_read_back(tmp_path, share):
    grid = random_grid(1, share=share)
    save_binvox(tmp_path / "a.binvox", grid)
    again = load_binvox(tmp_path / "a.binvox")
    np.testing.assert_array_equal(again.occupancy, grid.occupancy)
    np.testing.assert_array_equal(again.origin, grid.origin)
    assert again.voxel_size_m == pytest.approx(grid.voxel_size_m, rel=1e-15)


def test_no_run_is_longer_than_255(tmp_path):
    save_binvox(tmp_path / "a.binvox", Voxels(np.ones((8, 8, 8), bool), np.zeros(3), 1.0))
    data = (tmp_path / "a.binvox").read_bytes()
    assert data.partition(b"\ndata\n")[2] == bytes([1, 255, 1, 255, 1, 2])


def test_a_mesh_and_its_voxels_lie_together(tmp_path):
    """A box longest along y, off the origin: a swapped axis would leave it."""
    from painted import box

    low, high = np.array([1.0, -2.0, 0.5]), np.array([1.5, 0.0, 1.25])
    save_binvox(tmp_path / "a.binvox", Voxels.from_mesh(Mesh(*box(low, high)), 32))
    grid = load_binvox(tmp_path / "a.binvox")
    inside = grid.centres()[grid.occupancy]
    np.testing.assert_allclose(inside.min(axis=0), low, atol=grid.voxel_size_m)
    np.testing.assert_allclose(inside.max(axis=0), high, atol=grid.voxel_size_m)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "does not start"),
        (b"solid cube", "does not start"),
        (b"#binvox 3\ndim 1 1 1\ndata\n\x01\x01", "does not start"),
        (HEADER[:-6], "does not start"),
        (b"#binvox 1\nscale 1\ndata\n\x01\x01", "no line 'dim'"),
        (b"#binvox 1\ndim 2 2\ndata\n\x01\x08", "3 finite numbers"),
        (b"#binvox 1\ndim 2 2 4\ndata\n\x01\x10", "three equal"),
        (b"#binvox 1\ndim 0 0 0\ndata\n", "three equal"),
        (b"#binvox 1\ndim 2000000 2000000 2000000\ndata\n\x01\xff", "three equal"),
        (b"#binvox 1\ndim 1 1 1\ntranslate 0 nan 0\ndata\n\x01\x01", "3 finite numbers"),
        (b"#binvox 1\ndim 1 1 1\nscale 0\ndata\n\x01\x01", "voxel size"),
        (b"#binvox 1\ndim 1 1 1\ndim 1 1 1\ndata\n\x01\x01", "once each"),
        (b"#binvox 1\ndim 1 1 1\ncolour 1\ndata\n\x01\x01", "once each"),
        (HEADER + bytes([1, 7]), "hold 7 voxels"),
        (HEADER + bytes([1, 8, 0, 1]), "hold 9 voxels"),
        (HEADER + bytes([1, 8, 0]), "middle of a run"),
        (HEADER + bytes([7, 8]), "a voxel holds 7"),
    ],
)
def test_damaged_files_are_refused_by_name(tmp_path, data, said):
    path = written(tmp_path / "broken.binvox", data)
    with pytest.raises(BadFileError, match=said) as refused:
        load_binvox(path)
    assert str(refused.value).startswith(str(path))


def test_any_cut_is_noticed(tmp_path):
    save_binvox(tmp_path / "a.binvox", random_grid(2))
    data = (tmp_path / "a.binvox").read_bytes()
    for end in range(len(data)):
        with pytest.raises(BadFileError):
            load_binvox(written(tmp_path / "cut.binvox", data[:end]))


def test_only_cubes_are_written(tmp_path):
    with pytest.raises(BadInputError, match="a cube"):
        save_binvox(tmp_path / "a.binvox", Voxels(np.ones((2, 2, 3), bool), np.zeros(3), 1.0))

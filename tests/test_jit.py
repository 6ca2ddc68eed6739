"""The owner of Numba's settings: threads, forks, the cache on disk, and what is said while compiling."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import rrb
from rrb import _jit
from rrb.errors import BadInputError
from scenes import ellipsoid_px

SIZE = (40, 40)
DRAW = """
import numpy as np, rrb
triangle = np.array([[0.0, 0, 1], [8, 0, 1], [0, 8, 1]])
def draw(): return int(rrb.rasterize(np.stack([triangle] * 8), [[0, 1, 2]], (8, 8)).covered.sum())
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess:
    env = {k: v for k, v in os.environ.items() if k != "RRB_QUIET"} | environment
    return subprocess.run(
        [sys.executable, "-c", DRAW + code], capture_output=True, text=True, env=env, timeout=120
    )


def test_python_threads_may_draw_at_the_same_time():
    vertices, faces = ellipsoid_px(SIZE, 3)
    batch = np.stack([vertices] * 6)
    alone = rrb.silhouette(batch, faces, SIZE)
    found = [None] * 4

    def work(i):
        found[i] = [rrb.silhouette(batch, faces, SIZE) for _ in range(20)]

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for images in found:
        for image in images:
            np.testing.assert_array_equal(image, alone)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_after_drawing_in_parallel_still_draws():
    done = run(
        "rrb.set_threads(2); before = draw()\n"
        "import os, sys\n"
        "child = os.fork()\n"
        "if child == 0: os._exit(0 if draw() == before else 3)\n"
        "assert os.waitpid(child, 0)[1] == 0; assert draw() == before; print('fine')"
    )
    assert done.stdout.strip() == "fine", done.stderr


def test_a_spawned_process_draws(tmp_path):
    script = tmp_path / "spawned.py"
    script.write_text(
        DRAW + "if __name__ == '__main__':\n"
        "    import multiprocessing\n"
        "    before = draw()\n"
        "    with multiprocessing.get_context('spawn').Pool(2) as pool:\n"
        "        assert pool.apply(draw) == before\n"
        "    print('fine')"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "fine", done.stderr


def test_an_error_in_one_piece_reaches_the_caller_and_the_pool_lives_on():
    rrb.set_threads(2)

    def piece(i):
        if i == 3:
            raise ZeroDivisionError("piece 3")

    with pytest.raises(ZeroDivisionError, match="piece 3"):
        _jit.run_parallel(piece, 8)
    seen = []
    _jit.run_parallel(seen.append, 8)
    assert sorted(seen) == list(range(8))


def test_parallel_inside_parallel_runs():
    rrb.set_threads(2)
    seen = []
    _jit.run_parallel(lambda i: _jit.run_parallel(lambda j: seen.append((i, j)), 3), 4)
    assert sorted(seen) == [(i, j) for i in range(4) for j in range(3)]


@pytest.mark.parametrize("count", [0, 1, 5, 10])
@pytest.mark.parametrize("pieces", [1, 3, 7, 20])
def test_split_cuts_everything_once(count, pieces):
    bounds = _jit.split(count, pieces)
    assert [i for a, b in bounds for i in range(a, b)] == list(range(count))
    assert len(bounds) <= max(1, min(pieces, count))


@pytest.mark.parametrize("bad", [0, -1, 1.5, "2"])
def test_a_bad_number_of_threads_is_refused(bad):
    with pytest.raises(BadInputError, match="whole number from 1"):
        rrb.set_threads(bad)


def test_a_bad_number_of_threads_in_the_environment_is_refused():
    assert "RRB_THREADS is 'many'" in run("draw()", RRB_THREADS="many").stderr


def test_compiling_is_said_once_and_kept(tmp_path):
    first = run("print(draw())", RRB_CACHE_DIR=str(tmp_path))
    second = run("print(draw())", RRB_CACHE_DIR=str(tmp_path))
    assert first.stderr.count("rrb: compiling nearest_faces") == 1
    assert str(tmp_path) in first.stderr
    assert second.stderr == ""
    assert first.stdout == second.stdout
    assert run("print(draw())", RRB_CACHE_DIR=str(tmp_path), RRB_QUIET="1").stderr == ""


def test_no_place_for_a_cache_is_no_obstacle():
    done = run("print(draw())", RRB_CACHE_DIR="/proc/nowhere", RRB_QUIET="1")
    assert done.returncode == 0, done.stderr


def test_no_home_is_no_obstacle(monkeypatch):
    monkeypatch.delenv("RRB_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(_jit.Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert _jit.cache_folder.__wrapped__() is None


def test_the_cache_is_another_one_after_an_edit_of_any_kernel(tmp_path, monkeypatch):
    (tmp_path / "raster").mkdir()
    callee = tmp_path / "raster" / "_callee_kernel.py"
    callee.write_text("x = 1")
    (tmp_path / "_jit.py").write_text("")
    monkeypatch.setattr(_jit, "_PACKAGE", tmp_path)
    before = _jit._sources_hash()
    assert _jit._sources_hash() == before
    callee.write_text("x = 2")
    assert _jit._sources_hash() != before


def test_our_cache_folder_is_not_forced_on_others():
    done = run(
        "import numba; before = numba.config.CACHE_DIR; draw(); assert numba.config.CACHE_DIR == before"
    )
    assert done.returncode == 0, done.stderr

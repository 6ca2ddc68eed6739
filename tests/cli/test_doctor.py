"""`rrb doctor`: everything on one screen; `--compile` leaves no kernel uncompiled."""

import importlib
import pkgutil

import numpy as np

import rrb
from rrb.cli.doctor import compile_kernels
from rrb.cli.main import main


def test_everything_is_on_one_screen(capsys):
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    shown = "\n".join(lines)
    for word in ("rrb", "python", "numpy", "numba", "torch", "threads", "layer", "cache", "cuda"):
        assert word in shown.lower()
    assert rrb.__version__ in shown


def kernels():
    """(name, dispatcher) of every kernel that Python calls: those that are kept on disk."""
    for module in pkgutil.walk_packages(rrb.__path__, "rrb."):
        if module.name.rpartition(".")[2].startswith("_") and "kernel" in module.name:
            loaded = importlib.import_module(module.name)
            for name, value in vars(loaded).items():
                kept = type(getattr(value, "_cache", None)).__name__ == "FunctionCache"
                if kept and value.py_func.__module__ == module.name:
                    yield f"{module.name}.{name}", value


def test_compile_compiles_every_kernel(capsys):
    compile_kernels()
    assert "kernels ready" in capsys.readouterr().out
    found = dict(kernels())
    assert found
    missing = [name for name, kernel in found.items() if not kernel.signatures]
    assert not missing


def test_after_compile_users_compile_nothing():
    """float32 and float64, one image and a batch, arrays and tensors, read-only ones included."""
    import torch

    compile_kernels()
    before = {name: len(kernel.signatures) for name, kernel in kernels()}
    for dtype in (np.float32, np.float64):
        vertices = np.array([[[1.0, 1, 2], [7, 1, 2], [1, 7, 3]]], dtype)
        frozen = np.broadcast_to(vertices, (2, 3, 3))
        faces = np.array([[0, 1, 2]])
        faces.setflags(write=False)
        for given in (vertices, vertices[0], frozen, torch.from_numpy(vertices)):
            rrb.rasterize(given, faces, (8, 8))
            for name in rrb.APPROXIMATIONS:
                rrb.silhouette(given, faces, (8, 9), approximation=name)
    assert {name: len(kernel.signatures) for name, kernel in kernels()} == before


def test_compiling_twice_is_quick_the_second_time(capsys):
    for _ in range(2):
        assert main(["doctor", "--compile"]) == 0
    assert "kernels are compiled already" in capsys.readouterr().out

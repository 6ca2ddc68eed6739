"""Say on one screen what is installed, how many threads are used, where compiled kernels are kept."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "numba", "torch", "pillow", "scikit-image", "tyro", "rich")


@dataclass(frozen=True)
class Options:
    compile: bool = False
    """Compile every kernel now, for float32 and float64, instead of when each is first used."""


def run(options: Options) -> None:
    if options.compile:
        _compile()
    for name, text in facts():
        print(f"{name:<16} {text}")


def facts() -> list[tuple[str, str]]:
    """(name, value) for each line of the screen."""
    from rrb import __version__, _jit

    return [
        ("rrb", f"{__version__} in {Path(_jit.__file__).parent}"),
        ("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("packages", ", ".join(f"{name} {_version(name)}" for name in PACKAGES)),
        (
            "threads",
            f"{_jit.threads()} of {os.cpu_count()} cores (RRB_THREADS or rrb.set_threads changes it)",
        ),
        (
            "threading layer",
            "plain threads, kernels without the GIL; none of Numba's own layers is loaded",
        ),
        ("kernel cache", _cache()),
        ("devices", f"cpu; {_cuda()}: CUDA tensors are refused, there are kernels for cpu only"),
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _cache() -> str:
    from rrb._jit import cache_folder

    folder = cache_folder()
    if folder is None:
        return "none, no folder can be written: kernels are compiled in every process (set RRB_CACHE_DIR)"
    files = [p for p in folder.rglob("*") if p.is_file()]
    megabytes = sum(p.stat().st_size for p in files) / 1e6
    kernels = sum(p.suffix == ".nbi" for p in files)
    return f"{folder} ({kernels} kernels, {megabytes:.1f} MB)"


def _cuda() -> str:
    import torch

    if not torch.cuda.is_available():
        return "torch sees no CUDA device"
    return f"torch sees {torch.cuda.device_count()} CUDA device(s), {torch.cuda.get_device_name(0)}"


def _compile() -> None:
    from rrb._jit import cache_folder

    folder = cache_folder()
    done = folder / f"complete-{_installation()}" if folder is not None else None
    if done is not None and done.exists():
        print("kernels are compiled already\n", flush=True)
        return
    compile_kernels()
    if done is not None:
        done.touch()


def _installation() -> str:
    """What Numba asks of a kept kernel beside its source: the file it came from, its age, the processor."""
    import hashlib

    from llvmlite.binding import get_host_cpu_name

    from rrb import _jit

    package = Path(_jit.__file__).parent
    sources = [Path(__file__).with_name("warm.py"), *sorted(package.rglob("_*_kernel.py"))]
    told = [get_host_cpu_name(), *(f"{p} {p.stat().st_mtime_ns}" for p in sources)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def compile_kernels() -> None:
    """Run every kernel once in each precision, saying how long each took."""
    from rrb.cli.warm import STEPS

    start = time.perf_counter()
    for i, (name, step) in enumerate(STEPS, 1):
        before = time.perf_counter()
        step()
        print(f"[{i}/{len(STEPS)}] {name:<28} {time.perf_counter() - before:6.2f} s", flush=True)
    print(f"kernels ready after {time.perf_counter() - start:.1f} s\n", flush=True)

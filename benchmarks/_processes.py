"""What can only be measured in a process of its own: peak memory, the cold compile, the warm start.

Run as a script it is that process: `_processes.py memory APPROXIMATION SIDE` or `_processes.py start`.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

APPROXIMATIONS = ("antialias", "kato", "softras", "palazzi")


@dataclass(frozen=True)
class Memory:
    """Megabytes (10^6) beyond the idle process: drawing alone, and with backward and its gradient picture."""

    forward_mb: float
    both_mb: float


def added_memory(approximation: str, side_px: int) -> Memory:
    return Memory(**json.loads(_run("memory", approximation, str(side_px))))


@dataclass(frozen=True)
class Start:
    """Seconds from starting Python until every approximation has drawn and differentiated a small picture."""

    cold_s: float
    warm_s: float
    torch_s: float  # of which starting Python and importing torch


def start() -> Start:
    with tempfile.TemporaryDirectory(prefix="rrb-cold-") as folder:
        cold, warm = (_seconds("start", cache=folder) for _ in range(2))
    return Start(cold, warm, _seconds("torch"))


def _seconds(*arguments: str, cache: str | None = None) -> float:
    begin = time.perf_counter()
    _run(*arguments, cache=cache)
    return time.perf_counter() - begin


def _run(*arguments: str, cache: str | None = None) -> str:
    environment = os.environ | {"RRB_QUIET": "1"} | ({"RRB_CACHE_DIR": cache} if cache else {})
    command = [sys.executable, str(Path(__file__).resolve()), *arguments]
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


# --- inside the other process ---------------------------------------------------------------------


def _memory(approximation: str, side_px: int) -> None:
    """The peak since the process was idle, against what it held then: nothing short-lived is missed."""
    import torch

    import rrb

    rrb.set_threads(1)
    _draw_and_differentiate(approximation, 64)
    vertices_px, faces = _mesh(side_px)
    idle = _forget_peak()
    image = rrb.silhouette(vertices_px, faces, (side_px, side_px), approximation=approximation)
    forward = _peak()
    image.backward(torch.ones_like(image))
    print(json.dumps({"forward_mb": (forward - idle) / 1e6, "both_mb": (_peak() - idle) / 1e6}))


def _draw_and_differentiate(approximation: str, side_px: int) -> None:
    import rrb

    vertices_px, faces = _mesh(side_px)
    rrb.silhouette(vertices_px, faces, (side_px, side_px), approximation=approximation).sum().backward()


def _mesh(side_px: int):
    import torch

    from _scene import ellipsoid

    scene = ellipsoid(4, side_px)
    return torch.tensor(scene.vertices_px, dtype=torch.float32, requires_grad=True), torch.tensor(scene.faces)


def _forget_peak() -> int:
    """Bytes held now. On Linux the peak is set back to that; elsewhere it stays, and less is seen."""
    clear_refs = Path("/proc/self/clear_refs")
    if not clear_refs.exists():
        return _peak()
    clear_refs.write_text("5")
    return _status_bytes("VmRSS")


def _peak() -> int:
    if Path("/proc/self/clear_refs").exists():
        return _status_bytes("VmHWM")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _status_bytes(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "memory":
        _memory(rest[0], int(rest[1]))
    elif what == "start":
        for name in APPROXIMATIONS:
            _draw_and_differentiate(name, 64)
    else:
        import torch  # noqa: F401

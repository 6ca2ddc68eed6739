"""How the raster benchmark prints what it found: plain tables, and the machine that they were measured on."""

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from pathlib import Path


def machine() -> dict[str, str]:
    """Everything that a figure is meaningless without."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    libraries = ("numba", "llvmlite", "torch", "numpy", "deodr", "mitsuba", "drjit", "pytorch3d")
    load = ", ".join(f"{x:.2f}" for x in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    return {
        "cpu": _cpu_model(),
        "cores": str(cores),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: _version(name) for name in libraries},
        "load at the start": load,
    }


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    numbers = [
        f"{key} {fields[key]}" for key in ("cpu family", "model", "cpu MHz", "cache size") if key in fields
    ]
    return ", ".join([fields.get("model name") or platform.processor() or platform.machine(), *numbers])


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    cells = [list(columns)] + [[_text(value) for value in row] for row in rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(columns))]
    left = [any(not _is_number(row[k]) for row in cells[1:]) for k in range(len(columns))]
    print(f"\n{title}\n")
    for row in cells:
        aligned = [c.ljust(w) if l else c.rjust(w) for c, w, l in zip(row, widths, left, strict=True)]
        print("  ".join(aligned).rstrip())


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _is_number(cell: str) -> bool:
    return not cell or cell.replace(",", "").replace(".", "").replace("-", "").isdigit()

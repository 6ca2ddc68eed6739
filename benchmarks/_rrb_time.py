"""How long a reconstruction takes with the model loaded, and from the shell; the isosurface alone; peak memory."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import rrb
from _table import Table
from rrb.data.sample import Sample
from rrb.errors import BadInputError
from rrb.geometry.image_io import save_image
from rrb.geometry.isosurface import extract
from rrb.networks.build import shipped
from rrb.networks.field import Field
from rrb.networks.viewpoint import category_shares
from rrb.recipes.rrb import OURS, Rrb
from rrb.recipes.shape import MARGIN

CELLS = 128
_LAUNCHER = Path(__file__).with_name("_rrb_process.py")


@dataclass
class Times:
    """Seconds of each picture."""

    whole: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # of all threads: a busy machine lengthens it little
    stages: dict[str, list[float]] = field(default_factory=dict)
    surface: list[float] = field(default_factory=list)
    share: list[float] = field(default_factory=list)  # of dense evaluations
    refused: int = 0
    cold_s: float | None = None
    cold_cpu_s: float | None = None
    peak_mb: float | None = None
    note: str = ""


def measured(samples: Sequence[Sample]) -> Times:
    times = Times()
    rrb.reconstruct(samples[0].image, camera=samples[0].camera, camera_height_m=1.0)  # loads and compiles
    for sample in samples:
        try:
            _one(sample, times)
        except BadInputError:
            times.refused += 1
        _surface(sample, times)
    _cold(samples[0], times)
    return times


def _one(sample: Sample, times: Times) -> None:
    start, cpu = time.perf_counter(), time.process_time()
    found = rrb.reconstruct(sample.image, camera=sample.camera, camera_height_m=sample.camera_height_m)
    seconds = time.perf_counter() - start
    times.whole.append(seconds)
    times.cpu.append(time.process_time() - cpu)
    rest = seconds - sum(found.seconds.values())
    for stage, spent in {"mask, and the rest": rest, **found.seconds}.items():
        times.stages.setdefault(stage, []).append(spent)


def _surface(sample: Sample, times: Times) -> None:
    recipe = Rrb(shipped("occupancy")[0], shipped("viewpoint")[0], OURS)
    seen = recipe.look(sample.image, sample.mask, sample.camera)
    shares = category_shares(recipe.views(seen))
    field_: Field = recipe.shape(seen, max(shares, key=lambda name: shares[name])).field
    half = field_.extents.double().numpy() / 2 + MARGIN
    start = time.perf_counter()
    found = extract(field_, -half, half, resolution=CELLS, coarse=CELLS // 4, level=OURS.level)
    times.surface.append(time.perf_counter() - start)
    times.share.append(found.evaluations / found.dense)


def _cold(sample: Sample, times: Times) -> None:
    """The command itself, twice: the first run may compile kernels."""
    with tempfile.TemporaryDirectory(prefix="rrb-cold-") as folder:
        picture = Path(folder) / "picture.png"
        save_image(picture, sample.image)
        command = [
            sys.executable,
            "-m",
            "rrb.cli.main",
            "reconstruct",
            str(picture),
            "--camera-height-m",
            "1.2",
        ]
        for number in range(2):
            told = subprocess.run(
                [sys.executable, str(_LAUNCHER), *command, "--out", f"{folder}/{number}"],
                capture_output=True,
                text=True,
                check=True,
            )
            said = json.loads(told.stdout.splitlines()[-1])
    if said["code"] == 0:
        times.cold_s, times.cold_cpu_s, times.peak_mb = said["seconds"], said["cpu_s"], said["peak_mb"]
    else:
        times.note = f"`rrb reconstruct` ended with {said['code']}: {said['error']}"


# --- tables ---------------------------------------------------------------------------------------


def tables(times: Times) -> list[Table]:
    rows = [("start to finish", *_spread(times.whole)), ("   CPU", *_spread(times.cpu))]
    rows += [(f"   {stage}", *_spread(seconds)) for stage, seconds in times.stages.items()]
    rows.append((f"isosurface alone, {CELLS} cells", *_spread(times.surface)))
    columns = ("what", "median, s", "nine in ten, s", "pictures")
    more = [
        ("share of dense evaluations, largest, %", 100 * max(times.share) if times.share else None),
        ("`rrb reconstruct` from the shell, all files written, s", times.cold_s),
        ("   its CPU, s", times.cold_cpu_s),
        ("   its peak memory, MB", times.peak_mb),
        ("pictures refused", times.refused),
    ]
    return [
        Table("Time of one image, model loaded, own mask", columns, rows),
        Table("And beside it", ("what", "is"), more, times.note),
    ]


def _spread(seconds: Sequence[float]) -> tuple[object, ...]:
    if not seconds:
        return None, None, 0
    return statistics.median(seconds), float(np.percentile(seconds, 90)), len(seconds)

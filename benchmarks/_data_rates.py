"""How many pictures a second are made and read, and what a killed run leaves."""

import filecmp
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from _data_plan import KINDS, SEED, Place, Plan, made
from _table import Table
from rrb.data.dataset import Dataset
from rrb.data.order import Order
from rrb.data.photoreal import photoreal_python
from rrb.data.scenes import Variety
from rrb.errors import BadInputError

READ = ("image", "mask", "camera", "camera_from_object")
HERE: dict[str, Any] = {"shuffle_seed": 1, "workers": 0}
PHOTOREAL = Order("chair", style="photoreal", seed=SEED, meshes_a_shard=96)


def making(plan: Plan, place: Place) -> Table:
    """Image, mask, camera and pose written; 24 views a mesh, meshes made on the way; two processes started for it."""
    rows = []
    for category in KINDS:
        made(place, f"warm-{category}", Order(category=category, count=48, seed=SEED + 1))
        start = time.perf_counter()
        folder = made(place, f"rate-{category}", Order(category=category, count=plan.made, seed=SEED))
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in folder.glob("*.tar"))
        rows.append((category, plan.made, f"{plan.made / seconds:.0f}", f"{size / plan.made / 1e3:.1f}"))
    columns = ("category", "pictures", "a second, two processes", "kB each")
    return Table("Fast pictures, 128x128 (asked: 250 a second)", columns, rows)


def photoreal(plan: Plan, place: Place) -> Table:
    columns = ("side, px", "samples", "pictures", "s each, two processes", "with a new scene each, s")
    title = "Photoreal pictures (asked: about 0.06 s at 128 and 16; under 1 s at 256 and 48 with the scene built anew)"
    try:
        photoreal_python()
    except BadInputError as error:
        return Table(title, columns, [(str(error), "", "", "", "")])
    rows = []
    for side, samples, count in plan.photoreal:
        times = []
        for views in (24, 1):
            order = replace(
                PHOTOREAL, count=count, views=views, variety=Variety(size=(side, side)), samples=samples
            )
            start = time.perf_counter()
            made(place, f"photoreal-{side}-{views}", order)
            times.append((time.perf_counter() - start) / count)
        rows.append((side, samples, count, *(f"{seconds:.3f}" for seconds in times)))
    return Table(title, columns, rows)


def reading(plan: Plan, place: Place) -> Table:
    """Shuffled; each pass is new, over what lies in the file cache."""
    folder = made(place, "read", Order(category="chair", count=plan.read, seed=SEED + 2))
    data = Dataset(folder)
    ways = {
        "batches of 64, two processes": None,
        "batches of 64, one process": lambda: sum(len(b.keys) for b in data.batches(64, None, READ, **HERE)),
        "batches of 64, one process, two threads": lambda: sum(
            len(b.keys) for b in data.batches(64, None, READ, shuffle_seed=1)
        ),
        "samples, one process": lambda: sum(1 for _ in data.samples(None, READ, **HERE)),
    }
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        ways["batches of 64, two processes"] = lambda: sum(
            pool.map(_share, [(folder, 0), (folder, 1)], chunksize=1)
        )
        rows = []
        for name, read in ways.items():
            read()
            start = time.perf_counter()
            count = read()
            rows.append((name, count, f"{count / (time.perf_counter() - start):.0f}"))
    title = "Reading image, mask, camera, pose at 128x128 (asked: 2,000 a second on two cores)"
    return Table(title, ("how", "samples", "a second"), rows)


def _share(one: tuple[Path, int]) -> int:
    """How many samples a process reads, which has every second shard."""
    folder, rank = one
    return sum(len(b.keys) for b in Dataset(folder).batches(64, None, READ, shards=(rank, 2), **HERE))


def broken_off(plan: Plan, place: Place) -> Table:
    """kill -9 of the whole process group in the middle, continued, against a run that was left alone."""
    rows = []
    for times in (1, 3):
        whole, broken = (place.scratch / f"{name}-{times}" for name in ("whole", "broken"))
        subprocess.run(_command(place, whole), check=True, stdout=subprocess.DEVNULL)
        for _ in range(times):
            _killed(_command(place, broken), broken)
        before = len(list(broken.glob("*.tar")))
        subprocess.run(_command(place, broken), check=True, stdout=subprocess.DEVNULL)
        files = sorted(p.relative_to(whole) for p in whole.rglob("*") if p.is_file())
        same = files == sorted(p.relative_to(broken) for p in broken.rglob("*") if p.is_file())
        differing = [f for f in files if same and not filecmp.cmp(whole / f, broken / f, shallow=False)]
        verdict = "the same" if same and not differing else f"differs: {differing or 'other files'}"
        rows.append((times, f"{before} of {len(list(whole.glob('*.tar')))}", len(files), verdict))
    columns = ("times killed", "shards that were whole then", "files", "byte for byte")
    return Table("A run that was killed, continued (asked: the same)", columns, rows)


def _killed(command: list[str], out: Path) -> None:
    """Begun, and killed with all of its processes once it has finished another shard or two."""
    before = len(list(out.glob("*.tar")))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as run:
        while run.poll() is None and len(list(out.glob("*.tar"))) < before + 2:
            time.sleep(0.05)
        time.sleep(0.3)  # into the next one
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)


def _command(place: Place, out: Path) -> list[str]:
    photos = ["--photos", str(place.photos)] if place.photos else []
    wanted = [
        "--category",
        "chair",
        "--count",
        "2400",
        "--views",
        "8",
        "--points",
        "256",
        "--seed",
        str(SEED),
    ]
    return [str(Path(sys.executable).with_name("rrb")), "data", "make", *wanted, *photos, "--out", str(out)]

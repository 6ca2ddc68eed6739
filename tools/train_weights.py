"""Train all weights that rrb ships, from nothing: python tools/train_weights.py ROOT --photos DIR --meshes DIR

Makes the data sets below ROOT, trains the networks, two commands at a time, one thread each, and puts the weights
with their cards into the package (`ship_weights`). Everything is an `rrb` command that continues where it was stopped,
and so does this: what ended is remembered, what had begun goes on. Hours on two cores; --share 0.02 for a trial.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CATEGORIES = ("chair", "car", "aeroplane", "table", "sofa")
REAL = {"chair": 3000, "car": 1500, "table": 1500, "sofa": 600, "airplane": 600}  # pictures of each
AT_ONCE = 2


@dataclass(frozen=True)
class Stage:
    name: str
    command: tuple[str, ...]  # of rrb
    after: tuple[str, ...] = ()  # stages whose results it needs


def stages(root: Path, photos: str, meshes: str, share: float) -> Iterator[Stage]:
    anywhere = ("--viewpoints", "choy", "pascal", "street", "--photos", photos)
    ring = ("--viewpoints", "choy", "--white")  # as the paper's pictures
    photoreal, of_real = ("--style", "photoreal", "--views", "4"), ("--meshes", meshes)

    def data(name: str, category: str, count: int, *more: str, seen: tuple[str, ...] = anywhere) -> Stage:
        few = str(max(48, int(share * count)))
        where = ("--category", category, "--count", few, "--out", str(root / name), "--points", "512")
        return Stage(name, ("data", "make", *where, *seen, *more))

    fast = [
        data(f"fast_{c}", c, 24_000 if c == "chair" else 12_000, "--seed", "1", "--views", "12")
        for c in CATEGORIES
    ]
    # Chairs differ the most: three times as many of them.
    fast.append(data("fast_chair2", "chair", 36_000, "--seed", "12", "--views", "6"))
    fast += [data(f"fast_real_{c}", c, n, "--seed", "2", *of_real) for c, n in REAL.items()]
    slow = [
        data(f"photo_{c}", c, 1600 if c == "chair" else 240, "--seed", "3", *photoreal) for c in CATEGORIES
    ]
    slow.append(data("photo_real_chair", "chair", 200, "--seed", "3", *photoreal, *of_real))
    slow.append(data("white_chair", "chair", 1200, "--seed", "5", *photoreal, seen=ring))
    slow.append(data("white_real_chair", "chair", 240, "--seed", "5", *photoreal, *of_real, seen=ring))
    yield from (*fast, *slow)
    fast_ones = tuple(stage.name for stage in fast)
    every = tuple(stage.name for stage in (*fast, *slow))

    def train(
        network: str, steps: int, names: tuple[str, ...], *more: str, after: tuple[str, ...] = ()
    ) -> Stage:
        folders = [str(root / name) for name in names]
        many = str(max(20, int(share * steps)))
        flags = (
            "--out",
            str(root / network),
            "--threads",
            "1",
            "--steps",
            many,
            "--every",
            "500",
            "--look",
            "1500",
        )
        return Stage(network, ("train", network, "--data", *folders, *flags, *more), (*names, *after))

    yield train("shapes", 8_000, fast_ones, "--rate", "0.005")
    yield train("viewpoint", 16_000, every)
    yield train("mask", 24_000, every, "--rate", "0.003")
    taught = ("--shapes", best(root, "shapes"), "--start", best(root, "viewpoint"), "--rate", "0.0015")
    yield train("occupancy", 16_000, every, *taught, after=("shapes", "viewpoint"))


def best(root: Path, network: str) -> str:
    return str(root / network / "best.safetensors")


def run(todo: list[Stage], root: Path) -> None:
    """Each as soon as what it needs is there, at most AT_ONCE together; a failure ends it all."""
    ended = {stage.name for stage in todo if (root / f"{stage.name}.ended").exists()}
    waiting = [stage for stage in todo if stage.name not in ended]
    running: dict[str, subprocess.Popen[bytes]] = {}
    while waiting or running:
        ready = [stage for stage in waiting if ended.issuperset(stage.after)]
        for stage in ready[: AT_ONCE - len(running)]:
            waiting.remove(stage)
            print(f"{time.strftime('%H:%M')} begins {stage.name}", flush=True)
            log = (root / f"{stage.name}.log").open("ab")
            command = [sys.executable, "-m", "rrb.cli.main", *stage.command]
            running[stage.name] = subprocess.Popen(command, stdout=log, stderr=log)
        time.sleep(1)
        for name, process in list(running.items()):
            if process.poll() is None:
                continue
            del running[name]
            if process.returncode:
                raise SystemExit(f"{name} failed, see {root / name}.log; the same command goes on from there")
            (root / f"{name}.ended").touch()
            ended.add(name)
            print(f"{time.strftime('%H:%M')} ended {name}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--meshes", required=True)
    parser.add_argument("--share", type=float, default=1.0, help="of all pictures and steps")
    given = parser.parse_args()
    given.root.mkdir(parents=True, exist_ok=True)
    run(list(stages(given.root, given.photos, given.meshes, given.share)), given.root)
    tool = Path(__file__).with_name("ship_weights.py")
    for network in ("viewpoint", "mask"):
        subprocess.run([sys.executable, tool, network, given.root, given.root / network], check=True)
    runs = [given.root / name for name in ("shapes", "occupancy")]
    subprocess.run([sys.executable, tool, "occupancy", given.root, *runs], check=True)


if __name__ == "__main__":
    main()

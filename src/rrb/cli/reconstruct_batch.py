"""`rrb reconstruct` for many pictures: each kept as it is finished, continued where it stopped.

OUT/batch.json holds the options that decide the results, OUT/results.jsonl a line for each picture. A line is written
after its files, and says by a hash what they were made of.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rrb.cli._batch import require_same_options, work
from rrb.cli._batch_files import PICTURES, Beside, hash_of
from rrb.cli._camera_flags import camera_from_file
from rrb.cli._reconstruct_files import NAMES, Item, row, solve, write
from rrb.cli._results_jsonl import JsonLines
from rrb.errors import BadInputError
from rrb.geometry.files import natural_order

if TYPE_CHECKING:
    from rrb.cli.reconstruct import Options

FORMAT = "rrb.reconstruct-batch/2"
_DECIDING = ("fov_deg", "focal_px", "principal_point", "label", "camera_height_m", "recipe")


@dataclass(frozen=True, eq=False)
class Job:
    """One picture."""

    name: str
    item: Item | None
    inputs: str  # a hash of what its files hold and of the options; empty where there is no item
    refusal: str | None = None  # why there is none


def is_batch(images: Sequence[Path]) -> bool:
    return len(images) > 1 or images[0].is_dir()


def run(options: Options) -> None:
    from rrb.cli.render import make_folder
    from rrb.recipes.reconstruct import RECIPES

    jobs = jobs_of(options)
    RECIPES[options.recipe]()  # where weights are missing, no picture is blamed
    results = JsonLines(options.out / "results.jsonl")
    make_folder(options.out)
    require_same_options(options.out, json.loads(deciding(options)), "reconstructions")
    named = {job.name for job in jobs}
    others = [name for name in results.rows if name not in named and _stands(options.out, results, name)]
    done = [job.name for job in jobs if _is_done(options, job, results)]
    results.keep([*others, *done])
    if done:
        print(f"{len(done)} of {len(jobs)} were done before", flush=True)
    missing = [job for job in jobs if job.name not in set(done)]
    fault = work(missing, len(jobs), partial(_do, options), results)
    results.keep([*others, *(job.name for job in jobs)])
    _conclude(options, [results.rows[job.name] for job in jobs], fault)


# --- which files belong together --------------------------------------------------------------------


def deciding(options: Options) -> str:
    """The options that decide the results, and what the networks have learned, as JSON."""
    from rrb.cli._evaluate_methods import weights_said
    from rrb.recipes.reconstruct import checked_category

    camera = camera_from_file(options)
    said: dict[str, Any] = {name: getattr(options, name) for name in _DECIDING}
    said["category"] = checked_category(options.category)
    said["weights"] = " ".join(f"{name} {digest[:8]}" for name, digest in weights_said().items())
    return json.dumps({"format": FORMAT, **said, "camera": camera and camera.to_json()})


def images_of(places: Sequence[Path]) -> list[Path]:
    """Files as they were given, and in place of folders the pictures in them in natural order; none twice."""
    found: dict[Path, Path] = {}
    for place in places:
        for path in _pictures_in(place) if place.is_dir() else [place]:
            found.setdefault(path.resolve(), path)
    twice = [name for name, count in Counter(p.stem for p in found.values()).items() if count > 1]
    if twice:
        raise BadInputError(f"several pictures are called {twice[0]}; names that differ are accepted")
    return list(found.values())


def _pictures_in(folder: Path) -> list[Path]:
    found = [p for p in folder.iterdir() if p.suffix.lower() in PICTURES and not p.name.startswith(".")]
    if not found:
        raise BadInputError(f"{folder}: there is no picture in it; {', '.join(PICTURES)} are accepted")
    return sorted(found, key=lambda p: natural_order(p.stem))


def one_of(options: Options) -> Item:
    """The only one."""
    return _items(options)(options.images[0])


def jobs_of(options: Options) -> list[Job]:
    for what, place in (("mask", options.mask), ("--unknown", options.unknown)):
        if place is not None and place.exists() and not place.is_dir():
            raise BadInputError(f"{place} is one {what}; a folder of them is accepted for several pictures")
    item_of, decided, hashes = _items(options), deciding(options), dict[Path, str]()
    jobs = []
    for image in images_of(options.images):
        try:
            item = item_of(image)
            jobs.append(Job(image.stem, item, hash_of(item.paths, decided, hashes)))
        except BadInputError as error:
            jobs.append(Job(image.stem, None, "", str(error)))
    return jobs


def _items(options: Options) -> Callable[[Path], Item]:
    masks, hidden = (Beside(place, (*PICTURES, ".json")) for place in (options.mask, options.unknown))
    return lambda image: Item(image, masks.of(image.stem), hidden.of(image.stem))


# --- what was done before -------------------------------------------------------------------------


def _is_done(options: Options, job: Job, results: JsonLines) -> bool:
    line = results.rows.get(job.name, {})
    same = bool(job.inputs) and line.get("inputs") == job.inputs and not line.get("error")
    return same and _is_whole(options.out / job.name)


def _stands(out: Path, results: JsonLines, name: str) -> bool:
    """Whether the line of a picture that is not asked for now may stay."""
    return bool(results.rows[name].get("error")) or _is_whole(out / name)


def _is_whole(folder: Path) -> bool:
    return all((folder / name).is_file() for name in NAMES)


# --- the work ---------------------------------------------------------------------------------------


def _do(options: Options, job: Job) -> tuple[dict[str, Any], str]:
    """The line of results.jsonl and what is said."""
    from rrb.cli.render import make_folder

    folder = options.out / job.name
    if folder.is_dir():
        for name in NAMES:  # of other inputs
            (folder / name).unlink(missing_ok=True)
    if job.item is None:
        raise BadInputError(job.refusal or "")
    made = solve(options, job.item)
    make_folder(folder)
    write(made, folder)
    found = made.found
    trust = "accepted" if found.accepted else f"not accepted: {found.reason}"
    return row(made), f"{found.category}, {trust} (IoU {found.iou:.3f}), {made.seconds:.2g} s"


def _conclude(options: Options, rows: list[dict[str, Any]], fault: Exception | None) -> None:
    done = [row for row in rows if not row["error"]]
    accepted = sum(row["accepted"] for row in done)
    print(
        f"{len(rows)} pictures: {accepted} accepted, {len(done) - accepted} not accepted,"
        f" {len(rows) - len(done)} skipped; wrote results.jsonl and a folder for each to {options.out}"
    )
    if fault is not None:
        raise RuntimeError("some pictures were skipped, see results.jsonl") from fault
    if not done:
        raise BadInputError(
            f"none of the {len(rows)} pictures could be reconstructed; {options.out}/results.jsonl says why"
        )

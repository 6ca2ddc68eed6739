"""`rrb fit` for many masks: one after the other, each kept as it is finished, continued where it stopped.

OUT/batch.json holds the options that decide the poses, OUT/results.csv a line for each mask. A line is written after
its files, and says by a hash what they were made of.
"""

from __future__ import annotations

import glob
import re
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rrb.cli import _fit_report
from rrb.cli import fit as one
from rrb.cli._batch import require_same_options, work
from rrb.cli._fit_files import look, write
from rrb.cli._fit_jobs import Job, deciding, jobs_of, masks_of
from rrb.cli._results_csv import Results, Row
from rrb.errors import BadInputError

if TYPE_CHECKING:
    from rrb.cli._fit_files import Fitted
    from rrb.cli.fit import Options
    from rrb.geometry.mesh import Mesh

COLUMNS = (
    "name",
    "accepted",
    "iou",
    "reason",
    "azimuth_deg",
    "elevation_deg",
    "roll_deg",
    "distance_m",
    "scale",
    "rotation_sd_deg",
    "translation_sd_mm",
    "hypotheses",
    "seconds",
    "error",
    "inputs",
)


def is_batch(mask: Path) -> bool:
    return mask.is_dir() or (glob.has_magic(str(mask)) and not mask.exists())


def run(options: Options) -> None:
    from rrb.cli.render import make_folder

    jobs = jobs_of(options, masks_of(options.mask))
    if options.wants_bop:
        for job in jobs:
            image_number(job.name)
    load = _loader(options)
    results = Results(options.out / "results.csv", COLUMNS)
    make_folder(options.out)
    require_same_options(options.out, deciding(options), "fits")
    done = {job.name for job in jobs if _is_done(options, job, results)}
    results.keep(done | (set(results.rows) - {job.name for job in jobs}))
    if done:
        print(f"{len(done)} of {len(jobs)} were done before", flush=True)
    missing = [job for job in jobs if job.name not in done]
    fault = work(missing, len(jobs), partial(_do, options, load), results)
    _conclude(options, [results.rows[job.name] for job in jobs], fault)


def _loader(options: Options) -> Callable[[Path], Mesh]:
    """One mesh for all is read now, so that a bad one is refused at once."""
    from rrb.geometry.mesh import Mesh

    if options.mesh.is_dir():
        return partial(Mesh.load, unit=options.unit)
    mesh = Mesh.load(options.mesh, unit=options.unit)
    return lambda path: mesh


# --- what was done before -------------------------------------------------------------------------


def _is_done(options: Options, job: Job, results: Results) -> bool:
    row, folder = results.rows.get(job.name), options.out / job.name
    names = ["overlay.png", "pose.json", *(["fit.gif"] if options.gif else [])]
    same = row is not None and bool(job.inputs) and row["inputs"] == job.inputs
    return same and all((folder / name).is_file() for name in names)


# --- the work -------------------------------------------------------------------------------------


def _do(options: Options, load: Callable[[Path], Mesh], job: Job) -> tuple[dict[str, Any], str]:
    """The line of results.csv and what is said."""
    from rrb.cli.render import make_folder

    folder = options.out / job.name
    if folder.is_dir():
        (folder / "pose.json").unlink(missing_ok=True)  # of other inputs
    if job.item is None:
        raise BadInputError(job.refusal or "")
    seen = look(options, job.item)
    mesh = load(job.item.mesh)
    fitted = one.solve(options, seen, mesh)
    make_folder(folder)
    write(fitted, mesh, folder, gif=options.gif)
    return _row(fitted), f"{_fit_report.verdict(fitted.result)}, {fitted.seconds:.3g} s"


def _row(fitted: Fitted) -> dict[str, Any]:
    result = fitted.result
    view = (float(v) for v in result.camera_from_object.to_viewpoint())
    spread = {what: value for what, value, _ in _fit_report.deviations(result)}
    return {
        "accepted": "yes" if result.accepted else "no",
        "iou": result.iou,
        "reason": result.reason,
        **dict(zip(("azimuth_deg", "elevation_deg", "roll_deg", "distance_m"), view, strict=True)),
        "scale": result.scale,
        "rotation_sd_deg": spread.get("rotation"),
        "translation_sd_mm": spread.get("translation"),
        "hypotheses": len(_fit_report.told(result)),
        "seconds": round(fitted.seconds, 6),
    }


def _conclude(options: Options, rows: list[Row], fault: Exception | None) -> None:
    fitted = [row for row in rows if not row["error"]]
    accepted = sum(row["accepted"] == "yes" for row in fitted)
    names = ["results.csv"]
    if options.wants_bop and fitted:
        _write_bop(options, fitted)
        names.append("bop.csv")
    print(
        f"{len(rows)} masks: {accepted} accepted, {len(fitted) - accepted} not accepted,"
        f" {len(rows) - len(fitted)} skipped; wrote {', '.join(names)} and a folder for each to {options.out}"
    )
    if fault is not None:
        raise RuntimeError("some masks were skipped, see results.csv") from fault
    if not fitted:
        raise BadInputError(
            f"none of the {len(rows)} masks could be fitted; {options.out}/results.csv says why"
        )


# --- BOP ------------------------------------------------------------------------------------------


def image_number(name: str) -> int:
    """What a mask's name begins with: BOP calls its masks IM_INSTANCE.png."""
    found = re.match("[0-9]+", name)
    if not found:
        raise BadInputError(f"--bop needs masks named by the image's number, as 000012.png is; {name} is not")
    return int(found[0])


def _write_bop(options: Options, rows: list[Row]) -> None:
    """The time is that of all masks of an image together."""
    from rrb.geometry.bop import BopEstimate, save_bop_results
    from rrb.geometry.pose_io import load_pose

    scene, _, obj = options.bop_ids or one.BOP_IDS
    seconds: dict[int, float] = defaultdict(float)
    for row in rows:
        seconds[image_number(row["name"])] += float(row["seconds"])
    estimates = []
    for row in rows:
        held, im = load_pose(options.out / row["name"] / "pose.json"), image_number(row["name"])
        score = 0.0 if held.iou is None else held.iou
        estimates.append(BopEstimate(scene, im, obj, score, held.camera_from_object, round(seconds[im], 6)))
    save_bop_results(options.out / "bop.csv", estimates)

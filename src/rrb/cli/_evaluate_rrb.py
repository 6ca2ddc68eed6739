"""Reconstruct every picture of data sets and compare with the truth: RRB's Table 1, its published numbers beside ours.

Rows: OCC-NET (as if every object were seen from its front), VIEW-NET (the viewpoint network's likeliest view), and
each recipe; with the true mask, which also says where others hide the object, and with our own, which is all that a
user has. The camera is given, and its height where the data knows it; the category is not. The same command continues
a run that was stopped. In the folder: table.md, and results.jsonl with a line for each picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from rrb.cli._camera_flags import unsaid
from rrb.errors import BadFileError, BadInputError

if TYPE_CHECKING:
    from rrb.cli._results_jsonl import JsonLines
    from rrb.evaluation.benchmark import Method, Record
    from rrb.evaluation.benchmark_tables import Table

FORMAT = "rrb.evaluation/1"
Group = Literal["category", "style", "viewpoint", "background", "structure", "source"]
GROUPS: tuple[Group, ...] = ("category", "style", "viewpoint", "background", "structure", "source")
_FIELDS = ("image", "mask", "unknown", "camera", "camera_from_object", "mesh")
_THREADS = 2  # of torch: the networks are small


@dataclass(frozen=True)
class Options:
    data: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR...")]
    """Data sets that `rrb data make` made, or `rrb data import` brought in."""
    split: Literal["train", "val", "test", "all"] = "test"
    """Splits are by object: nothing of test was learned from."""
    count: Annotated[int | None, unsaid("N")] = None
    """At most so many pictures of each data set, spread over it."""
    recipes: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME...")] = ("rrb-paper", "rrb")
    """Of `rrb.RECIPES`; the last one's results are told apart by groups."""
    masks: tuple[Literal["true", "own"], ...] = ("true", "own")
    """What is taken for the object: the true mask, our own, or each."""
    by: tuple[Group, ...] = GROUPS
    """What the last recipe's results are told apart by; structure: thin or solid, in one piece or several."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("out/evaluate/rrb")
    """A new folder, or one that was begun with the same recipes, masks and weights."""


def run(options: Options) -> None:
    import torch

    from rrb.cli._evaluate_methods import methods
    from rrb.cli.render import make_folder

    torch.set_num_threads(min(_THREADS, torch.get_num_threads()))
    asked = methods(options.recipes, options.masks)
    wanted = wanted_of(options)
    make_folder(options.out)
    _require_same(options)
    lines = work(options, wanted, asked)
    rows = [lines.rows[name] for name in wanted if name in lines.rows]
    tell(options, rows, list(asked))
    if any(answer.get("fault") for row in rows for answer in row.get("found", {}).values()):
        raise RuntimeError(f"some pictures could not be done, see {lines.path}")


# --- the work -------------------------------------------------------------------------------------


def work(options: Options, wanted: dict[str, tuple[Path, str]], asked: Mapping[str, Method]) -> JsonLines:
    """Do what was not done before, a line after each picture."""
    from rrb.cli._progress import Progress
    from rrb.cli._results_jsonl import JsonLines

    lines = JsonLines(options.out / "results.jsonl")
    lines.keep(list(lines.rows))  # half a line at the end would spoil the next
    missing = {name: place for name, place in wanted.items() if name not in lines.rows}
    if len(missing) < len(wanted):
        print(f"{len(wanted) - len(missing)} of {len(wanted)} were done before", flush=True)
    with Progress(len(wanted), len(wanted) - len(missing)) as progress:
        try:
            for row in _rows(missing, asked):
                lines.add(row)
                progress.reach(progress.done + 1)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"stopped with {progress.done} of {len(wanted)} done; the same command continues"
            ) from None
    return lines


def wanted_of(options: Options) -> dict[str, tuple[Path, str]]:
    """Where each picture lies, by its name: the data set's, and its key."""
    from rrb.data.dataset import Dataset

    if options.count is not None and options.count < 1:
        raise BadInputError(f"--count is {options.count}; a whole number from 1 is accepted")
    split = None if options.split == "all" else options.split
    wanted: dict[str, tuple[Path, str]] = {}
    for folder in options.data:
        data = Dataset(folder)
        if split is not None and split not in data.counts:
            held = ", ".join(data.counts) or "nothing"
            raise BadInputError(f"{folder}: no picture is of the split {split!r}; it has {held}")
        for key in data.spread(len(data) if options.count is None else options.count, split):
            name = f"{folder.resolve().name}/{key}"
            if name in wanted:
                raise BadInputError(
                    f"{folder} and {wanted[name][0]} both have {name}: give one, or rename a folder"
                )
            wanted[name] = folder, key
    return wanted


def _rows(wanted: dict[str, tuple[Path, str]], asked: Mapping[str, Method]) -> Iterator[dict[str, Any]]:
    from rrb.cli._evaluate_methods import Structures, case_of
    from rrb.data.dataset import Dataset
    from rrb.evaluation.benchmark import record

    data = {folder: Dataset(folder) for folder, _ in wanted.values()}
    structures = Structures()
    for name, (folder, key) in wanted.items():
        sample = data[folder].sample(key, _FIELDS)
        if sample.camera is None or sample.camera_from_object is None:
            yield {"name": name, "left_out": "nothing says its camera and its pose"}
        else:
            yield record(case_of(name, sample, structures), asked)


def _require_same(options: Options) -> None:
    """Refuse to mix results of different recipes or weights in one folder."""
    from rrb.cli._evaluate_methods import weights_said
    from rrb.geometry.files import write_bytes
    from rrb.geometry.json_io import json_bytes, read_json

    now = {
        "format": FORMAT,
        "recipes": list(options.recipes),
        "masks": list(options.masks),
        "weights": weights_said(),
    }
    path = options.out / "evaluate.json"
    if not path.exists():
        write_bytes(path, json_bytes(now))
        return
    before = read_json(path)
    if not isinstance(before, dict) or before.get("format") != FORMAT:
        raise BadFileError(f"{path}: it is not of {FORMAT}; give another --out")
    changed = [name for name in now if before.get(name) != now[name]]
    if changed:
        raise BadInputError(
            f"{options.out} holds results of other {' and '.join(changed)}: give another --out, or delete the folder"
        )


# --- what is told -----------------------------------------------------------------------------------


def tell(options: Options, rows: Sequence[Record], names: Sequence[str]) -> None:
    """Print the tables, and write them as table.md."""
    from rrb.evaluation import benchmark_tables, markdown, text
    from rrb.geometry.files import write_bytes

    kept = [row for row in rows if "left_out" not in row]
    if not kept:
        raise BadInputError(f"none of {len(rows)} pictures has a camera and a pose: nothing can be compared")
    notes = benchmark_tables.left_out(kept, names)
    if len(kept) < len(rows):
        notes.append(f"{len(rows) - len(kept)} pictures have no camera or no pose: left out of everything")
    head = f"{len(kept)} pictures of {', '.join(map(str, options.data))}, split {options.split}."
    parts = [f"# RRB's Table 1, and more\n\n{head}\n"]
    print(head)
    for title, (lines, columns) in tables(kept, names, options.by).items():
        print(f"\n{title}\n\n{text(lines, columns)}", end="")
        parts.append(f"## {title}\n\n{markdown(lines, columns)}")
    print("\n" + "\n".join(notes))
    parts.append("## What the figures are of\n\n" + "\n".join(f"- {note}" for note in notes) + "\n")
    write_bytes(options.out / "table.md", "\n".join(parts).encode())
    print(f"wrote table.md and results.jsonl to {options.out}")


def tables(rows: Sequence[Record], names: Sequence[str], by: Sequence[str] = GROUPS) -> dict[str, Table]:
    """By their titles; those without a row are left out."""
    from rrb.evaluation import benchmark_tables

    rows = benchmark_tables.with_structure(rows)
    found = {
        "Poses and boxes": benchmark_tables.poses(rows, names),
        "Shapes, in the canonical frame": benchmark_tables.shapes(rows, names),
        "What methods say of themselves": benchmark_tables.trust(rows, names),
        **{f"{names[-1]}, by {group}": benchmark_tables.groups(rows, names[-1], group) for group in by},
    }
    return {title: table for title, table in found.items() if table[0]}

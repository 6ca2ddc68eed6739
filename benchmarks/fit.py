"""How well and how fast poses are fitted to masks: `rrb.fit` beside the published road, in one run.

`python benchmarks/fit.py [--sections near far ...] [--splits train test procedural] [--count N] [--quick]`.
Results are kept in OUT/fit.json as they come: a run that was stopped goes on where it was, unless `--fresh`;
`--report` prints what is there and measures nothing. The first run also draws the masks with the readable
reference, a second or two each, which the disk keeps; `--draw` does that alone, beforehand. It reports, it does
not judge: the exit code is 0.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

PINNED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SPLITS = ("train", "test", "procedural")


def main(arguments: list[str] | None = None) -> None:
    os.environ.update(dict.fromkeys(PINNED, "1"))  # before NumPy and torch load: imports are below
    os.environ.setdefault("RRB_QUIET", "1")
    from _fit_plan import QUICK, Plan, limited
    from _fit_sections import SECTIONS, draw, run
    from _fit_store import Store, code_version
    from _report import machine

    args = _arguments(list(SECTIONS), arguments)
    plan = limited(QUICK if args.quick else Plan(), args.count, _there(args.splits))
    if args.draw:
        for number, name in enumerate(draw(plan), 1):
            print(f"{number}: {name}".ljust(78), end="\r", file=sys.stderr)
        return
    args.out.mkdir(parents=True, exist_ok=True)
    store = Store(args.out / "fit.json", code_version(), args.fresh)
    if not args.report:
        run(args.sections, plan, store, machine())
    _tell(plan, store, args.sections, args.out)


def _arguments(sections: list[str], arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sections", nargs="+", choices=sections, default=sections, metavar="NAME")
    parser.add_argument("--splits", nargs="+", choices=SPLITS, default=SPLITS)
    parser.add_argument("--count", type=int, metavar="N", help="at most so many cases of each kind")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks/fit"), metavar="FOLDER")
    parser.add_argument("--quick", action="store_true", help="a case or two of each, to see that it runs")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    parser.add_argument("--draw", action="store_true", help="draw the masks that are missing, and no more")
    return parser.parse_args(arguments)


def _there(splits: list[str]) -> tuple[str, ...]:
    """Without the meshes beside the checkout, the procedural ones remain."""
    from _fit_meshes import SHARED

    if (SHARED / "meshes" / "index.json").exists():
        return tuple(splits)
    print(f"no meshes in {SHARED / 'meshes'}: procedural ones alone", file=sys.stderr)
    return ("procedural",)


def _tell(plan, store, sections: list[str], out: Path) -> None:
    """Print the tables, write them as fit.md, and draw the plots."""
    from _fit_found import Found
    from _fit_plots import draw
    from _fit_tables import tables
    from _fit_targets import checks
    from _table import Table

    found = Found(plan, store)
    where = {str(row): row for name in sections if (row := store.sections.get(name, {}).get("machine"))}
    told = [Table("The machine", ("what", "is"), list(described.items())) for described in where.values()]
    told += tables(found, sections)
    told.append(checks(found))
    for name in set(store.stale()) & set(sections):
        print(f"{name}: measured by other code than this", file=sys.stderr)
    for table in told:
        print(table)
    (out / "fit.md").write_text("\n".join(map(str, told)).lstrip() + "\n")
    plots = draw(found, out)
    print("\n" + "\n".join(f"{path}" for path in (out / "fit.json", out / "fit.md", *plots)))


if __name__ == "__main__":
    # However it is stopped, a run keeps what it has and leaves no process behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main()

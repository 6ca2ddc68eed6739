"""How well the camera's path is found from the objects that it sees, beside a visual odometry: tables, in one run.

`python benchmarks/egomotion.py [--sections runs vo hard real speed] [--films DIR] [--count N] [--quick]`.
Films (`rrb data sequence`) are drawn into --films where they are missing: photoreal, if `make photoreal` was run.
Results are kept in OUT as they come: a run that was stopped goes on where it was; other code, other weights and another
plan begin anew, unless --go-on. The visual odometry needs OpenCV, the real frames --shared (../shared). It reports, it
does not judge: the exit code is 0.
"""

import argparse
import json
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECTIONS = ("runs", "vo", "hard", "real", "speed")


def main(arguments: list[str] | None = None) -> None:
    os.environ.setdefault("RRB_QUIET", "1")
    from _egomotion_plan import Place, Plan
    from _egomotion_sections import Run
    from _egomotion_store import Store, versions
    from _report import machine

    args = _arguments(arguments)
    plan = Plan().quick() if args.quick else Plan()
    plan = plan.limited(args.count).with_style(args.style)
    place = Place(args.films or args.out / "films", args.shared, args.out, not args.as_found)
    store = Store(args.out, versions(plan), args.go_on)
    about = machine()
    if not args.report:
        run = Run(plan, place, store)
        for section in args.sections:
            run.measure(section)
            _tell(store, about, args.out, quiet=True)
    _tell(store, about, args.out)


def _tell(store, about: dict[str, str], out: Path, quiet: bool = False) -> None:
    """Print the tables, and write them and what they are of."""
    import _egomotion_tables as tables
    from _egomotion_targets import checks
    from _table import Table

    found = {section: store.records(section) for section in SECTIONS}
    told = [Table("The machine", ("what", "is"), list(about.items()))]
    told += tables.runs(found["runs"], found["vo"])
    told += [*tables.hard(found["hard"]), *tables.real(found["real"]), *tables.speed(found["speed"])]
    told.append(checks(found))
    (out / "egomotion.md").write_text("\n".join(map(str, told)).lstrip() + "\n")
    results = {"format": "rrb.egomotion-benchmark/1", "machine": about, "sections": found}
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    if not quiet:
        print(*told, sep="\n")
        print(f"\n{out / 'egomotion.md'}\n{out / 'results.json'}")


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS, metavar="NAME")
    parser.add_argument("--films", type=Path, metavar="DIR", help="where films are, or are made; OUT/films")
    parser.add_argument(
        "--as-found", action="store_true", help="draw no films: those that are whole, and no others"
    )
    parser.add_argument("--count", type=int, metavar="N", help="at most so many films of each kind")
    parser.add_argument("--style", choices=("fast", "photoreal"), help="of films; photoreal where Blender is")
    parser.add_argument("--shared", type=Path, default=HERE.parents[1] / "shared", metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks/egomotion"), metavar="FOLDER")
    parser.add_argument("--quick", action="store_true", help="two short films, to see that it runs")
    parser.add_argument(
        "--go-on", action="store_true", help="with the last results, whatever code they are of"
    )
    parser.add_argument("--report", action="store_true", help="measure nothing")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()

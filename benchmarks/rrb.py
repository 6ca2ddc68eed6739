"""How good reconstructions are, which stage the remaining error comes from, and how long one takes: tables, in one run.

`python benchmarks/rrb.py [--data DIR...] [--split test] [--count N] [--sections table stages time] [--quick]`.
Without --data it makes chairs that nothing was trained on, photoreal if `make photoreal` was run, and pictures of the
real test meshes of --shared (../shared). Results are kept in OUT as they come: a run that was stopped goes on where
it was; other weights begin anew. It reports, it does not judge: the exit code is 0.
"""

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECTIONS = ("table", "stages", "time")


def main(arguments: list[str] | None = None) -> None:
    os.environ.setdefault("RRB_QUIET", "1")
    import _rrb_sections
    from _report import machine
    from _rrb_plan import Plan, sets_of
    from _table import Table

    args = _arguments(arguments)
    plan = (Plan().quick() if args.quick else Plan()).limited(args.count)
    args.out.mkdir(parents=True, exist_ok=True)
    told = [Table("The machine", ("what", "is"), list(machine().items()))]
    print(told[0], flush=True)
    sets = sets_of(args.data, args.split, plan, args.out / "data", args.shared)
    run = _rrb_sections.Run(plan, sets, args.out)
    for section in args.sections:
        for table in getattr(run, section)():
            told.append(table)
            print(table, flush=True)
        (args.out / "rrb.md").write_text("\n".join(map(str, told)).lstrip() + "\n")
    told.append(run.verdicts())
    print(told[-1])
    (args.out / "rrb.md").write_text("\n".join(map(str, told)).lstrip() + "\n")
    print(f"\n{args.out / 'rrb.md'}")


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", type=Path, default=[], metavar="DIR")
    parser.add_argument("--split", choices=("train", "val", "test", "all"), default="test", help="of --data")
    parser.add_argument("--count", type=int, metavar="N", help="at most so many pictures of each data set")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS, metavar="NAME")
    parser.add_argument("--shared", type=Path, default=HERE.parents[1] / "shared", metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks/rrb"), metavar="FOLDER")
    parser.add_argument("--quick", action="store_true", help="a few pictures, to see that it runs")
    return parser.parse_args(arguments)


def _be_the_package() -> None:
    """Python looks in a script's own folder first: whoever imports `rrb` from beside us means the package."""
    from importlib import import_module

    place = list(sys.path)
    del sys.modules["rrb"]
    sys.path[:] = [path for path in place if Path(path).resolve() != HERE]
    try:
        import_module("rrb")
    finally:
        sys.path[:] = place


if __name__ == "rrb":
    _be_the_package()
elif __name__ == "__main__":
    main()

"""How fast data is made and read, and whether its masks and labels are true: tables, in one run.

`python benchmarks/data.py [--sections making reading ...] [--shared DIR] [--quick]`. The photoreal rows need
`make photoreal`; real meshes, photographs and pictures come from --shared (../shared), and rows without them say so.
The tables are printed and, those of the sections that ran, kept in OUT/data.md. It reports, it does not judge: the
exit code is 0.
"""

import argparse
import os
import tempfile
from pathlib import Path

SECTIONS = ("making", "photoreal", "reading", "masks", "labels", "real", "broken_off")


def main() -> None:
    os.environ.setdefault("RRB_QUIET", "1")
    import _data_rates
    import _data_truth
    from _data_plan import Place, Plan
    from _report import machine
    from _table import Table

    args = _arguments()
    plan = Plan().quick() if args.quick else Plan()
    measure = {
        "making": _data_rates.making,
        "photoreal": _data_rates.photoreal,
        "reading": _data_rates.reading,
        "masks": _data_truth.masks,
        "labels": _data_truth.labels,
        "real": _data_truth.real,
        "broken_off": _data_rates.broken_off,
    }
    args.out.mkdir(parents=True, exist_ok=True)
    told = [Table("The machine", ("what", "is"), list(machine().items()))]
    print(told[0], flush=True)
    with tempfile.TemporaryDirectory(prefix="rrb-data-bench-") as scratch:
        place = Place(Path(scratch), args.shared)
        for section in args.sections:
            told.append(measure[section](plan, place))
            print(told[-1], flush=True)
            (args.out / "data.md").write_text("\n".join(map(str, told)).lstrip() + "\n")
    print(f"\n{args.out / 'data.md'}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS, metavar="NAME")
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared", metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks/data"), metavar="FOLDER")
    parser.add_argument("--quick", action="store_true", help="a few of each, to see that it runs")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""How fast the rasterizer is, beside its peers and the floor: one run, one process, one table.

`python benchmarks/raster.py [--quick] [--no-peers] [--json FILE]`; docs/speed.md says what is timed and how.
It reports, it does not judge: the exit code is 0 whatever was measured.
"""

import argparse
import os
from pathlib import Path

PINNED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    args = _arguments()
    os.environ.update(dict.fromkeys(PINNED, "1"))  # before NumPy and torch load: imports are below
    from _plan import FULL, QUICK
    from _report import machine, print_table
    from _tables import as_json
    from _targets import checks

    described = machine()
    print_table("The machine", ("what", "is"), list(described.items()))
    found = _measure(QUICK if args.quick else FULL, args.peers)
    results = checks(found)
    verdicts = {True: "yes", False: "NO", None: ""}
    rows = [(c.what, c.asked, c.measured, verdicts[c.met]) for c in results]
    note = "; quick settings, too short to compare" if args.quick else ""
    print_table(f"Asked and measured{note}", ("what", "asked", "measured", "met"), rows)
    if args.json:
        args.json.write_text(as_json(described, found, results))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything there")
    return parser.parse_args()


def _measure(plan, with_peers):
    import _sections as sections
    from _processes import APPROXIMATIONS, added_memory, start
    from _tables import print_growths, print_race
    from _targets import Findings

    peers = _peers_that_run(plan) if with_peers else []
    races = []
    for scene in plan.scenes:
        listed = peers if scene == plan.headline else [p for p in peers if p != "deodr Scene2D"]
        races.append(sections.side_by_side(plan, *scene, listed))
        print_race(races[-1], "Milliseconds per picture" if len(races) == 1 else "")
    batch = sections.batches(plan, "deodr" in peers)
    print_race(batch, f"Milliseconds per picture in a batch of {plan.batch} (x1: single pictures)")
    subdivisions, _ = plan.headline
    growths = sections.growth(plan, "pixels", [(subdivisions, side) for side in plan.growing_sides])
    growths += sections.growth(plan, "faces", [(n, plan.growing_side) for n in plan.growing_subdivisions])
    print_growths(growths)
    many = sections.many_faces(plan)
    if many:
        print_race(many, "Milliseconds per picture, forward alone")
    memory = {a: added_memory(a, plan.memory_side) for a in APPROXIMATIONS} if plan.memory_side else {}
    return Findings(plan, races, batch, growths, many, memory, start() if plan.start else None)


def _peers_that_run(plan) -> list[str]:
    """Draw once with each, print what it does and how far it agrees with us."""
    from _peers import PEERS
    from _report import print_table
    from _sections import agreement, scene_of

    running, rows, notes = [], [], []
    for name in PEERS:
        try:
            seen = agreement(name, scene_of(*plan.headline))
        except ImportError as error:
            rows.append((name, f"not installed ({error})", None, None))
            continue
        except Exception as error:  # a peer that fails, whatever the reason, must not stop the others
            rows.append((name, f"fails: {error}".splitlines()[0], None, None))
            continue
        running.append(name)
        rows.append((name, "runs", seen.iou, f"{seen.nonzero:,} of {seen.entries:,}"))
        notes.append(f"{name}: {seen.does}")
    print_table("The peers", ("peer", "state", "IoU with ours", "gradient not 0"), rows)
    print("\nPer picture,", *notes, sep="\n  ")
    return running


if __name__ == "__main__":
    main()

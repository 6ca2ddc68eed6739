"""Learning rate and steps of `FirstOrder`, chosen on training meshes; what the papers' settings do beside it.

Run `python benchmarks/first_order_choice.py`. Starts are 15 degrees and 5 % off (the benchmark's "near"), on
meshes of the split "train" alone. RRB gives neither number, so a grid does: with a constant rate, one descent
passes through every smaller number of steps. Kato's gradients, Huber loss, as RRB has them.
"""

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from _fit_cases import Case, load_cases
from _fit_score import score
from rrb import APPROXIMATIONS, render, set_threads
from rrb.fitting.first_order import GRABNER, PALAZZI, RRB, FirstOrder, answer, descend
from rrb.fitting.losses import LOSSES
from rrb.fitting.result import Step

RATES = (0.0025, 0.005, 0.01, 0.02, 0.04)
STEPS = (50, 100, 200, 400)
PALAZZI_RATES = (0.005, 0.01, 0.02, 0.04)
DELTAS = (0.1, 0.3, 1.0)
SOFTNESS = 4  # samples along each side of a pixel of a soft mask
COLUMNS = ("right", "mean IoU", "median deg", "median trans", "CPU s")


@dataclass(frozen=True, eq=False)
class Run:
    """One descent for each case."""

    cases: list[Case]
    histories: list[list[Step]]
    seconds: float  # CPU, of all

    def row(self, steps: int, taken: str) -> list[float]:
        """The numbers of COLUMNS, had it stopped after so many steps."""
        which = FirstOrder(answer=taken)
        states = [answer(history[: steps + 1], which) for history in self.histories]
        scores = [
            score(case, state.camera_from_object) for case, state in zip(self.cases, states, strict=True)
        ]
        share = sum(min(steps, len(history) - 1) for history in self.histories)
        share /= max(1, sum(len(history) - 1 for history in self.histories))
        return [
            float(np.mean([s.right for s in scores])),
            float(np.mean([s.iou for s in scores])),
            float(np.median([s.rotation_deg for s in scores])),
            float(np.median([s.translation_share for s in scores])),
            self.seconds * share / len(self.cases),
        ]


def run(cases: list[Case], settings: FirstOrder, masks: list[np.ndarray] | None = None) -> Run:
    masks = [case.mask for case in cases] if masks is None else masks
    begin = time.process_time()
    histories = [
        descend(case.mesh, mask, case.camera, case.init, settings)
        for case, mask in zip(cases, masks, strict=True)
    ]
    return Run(cases, histories, time.process_time() - begin)


def soft_mask(case: Case) -> np.ndarray:
    """(H, W): the share of each pixel that is covered."""
    n, camera = SOFTNESS, case.camera
    fine = render(
        case.drawn.mesh, case.truth, camera.resize(n * camera.width_px, n * camera.height_px)
    ).fragments
    return fine.covered.reshape(camera.height_px, n, camera.width_px, n).mean((1, 3)).astype(np.float32)


def table(heading: str, rows: Iterable[tuple[str, list[float]]]) -> None:
    """Print rows as they come."""
    print(f"\n{heading}\n{'':<34}" + "".join(f"{c:>14}" for c in COLUMNS), flush=True)
    for label, numbers in rows:
        right, iou, degrees, way, seconds = numbers
        print(
            f"{label:<34}{right:14.2f}{iou:14.3f}{degrees:14.2f}{way:14.4f}{seconds:14.2f}",
            flush=True,
        )


def grid(
    cases: list[Case], rates: Iterable[float], steps: Iterable[int]
) -> Iterable[tuple[str, list[float]]]:
    for rate in rates:
        done = run(cases, FirstOrder(learning_rate=rate, steps=max(steps)))
        for n in steps:
            for taken in ("last", "best"):
                yield f"rate {rate:g}, {n} steps, {taken}", done.row(n, taken)


def one(cases: list[Case], settings: FirstOrder, masks: list[np.ndarray] | None = None) -> list[float]:
    return run(cases, settings, masks).row(settings.steps, settings.answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=36)
    parser.add_argument("--few", type=int, default=12, help="cases of the tables that choose nothing")
    parser.add_argument("--all", action="store_true", help="also every approximation with every loss")
    parser.add_argument("--quick", action="store_true", help="two cases, few steps: does it run?")
    args = parser.parse_args()
    set_threads(1)
    cases = load_cases("near", "train", 2 if args.quick else args.cases)
    few = cases[: args.few]
    steps = (5, 10) if args.quick else STEPS

    table("the start", [("15 degrees, 5 %", run(cases, FirstOrder(steps=1)).row(0, "last"))])
    table(f"the choice, {len(cases)} cases", grid(cases, RATES, steps))
    if args.quick:
        return
    table(
        f"palazzi, {PALAZZI.steps} steps, {len(few)} cases",
        ((f"rate {r:g}", one(few, replace(PALAZZI, learning_rate=r))) for r in PALAZZI_RATES),
    )
    outline = FirstOrder(knobs={"per_face": False})
    presets = {"default": FirstOrder(), "default, kato by outline": outline}
    presets |= {"RRB": RRB, "PALAZZI": PALAZZI, "GRABNER": GRABNER}
    table(f"presets, {len(few)} cases", ((name, one(few, s)) for name, s in presets.items()))
    masks = [soft_mask(case) for case in few]
    table(
        f"delta, masks of pixels' shares, {len(few)} cases",
        ((f"delta {d:g}", one(few, FirstOrder(huber_delta=d), masks)) for d in DELTAS),
    )
    if args.all:
        pairs = ((a, loss) for a in APPROXIMATIONS for loss in LOSSES)
        table(
            f"every approximation with every loss, {len(few)} cases",
            ((f"{a}, {loss}", one(few, FirstOrder(a, loss))) for a, loss in pairs),
        )


if __name__ == "__main__":
    main()

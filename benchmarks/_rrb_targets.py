"""What was asked of reconstructions, beside what was measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from _rrb_time import Times
from _table import Row, Table, text
from rrb.evaluation.benchmark import Record
from rrb.evaluation.benchmark_tables import measured

OURS = "rrb, own mask"


@dataclass(frozen=True)
class Target:
    what: str
    unit: str = ""
    least: float = -np.inf
    most: float = np.inf

    @property
    def asked(self) -> str:
        bound, word = (self.least, "at least") if np.isfinite(self.least) else (self.most, "at most")
        return f"{word} {bound:g} {self.unit}".rstrip()

    def row(self, value: float | None) -> Row:
        if value is None:
            return [self.what, self.asked, "not measured", ""]
        met = "met" if self.least <= value <= self.most else "missed"
        return [self.what, self.asked, f"{text(float(value))} {self.unit}".rstrip(), met]


# Of means, our own mask.
_CHAIRS: Mapping[str, Mapping[str, Target]] = {
    "procedural": {
        "shape_box_iou": Target("generated chairs: shape box IoU", least=0.88),
        "azimuth_deg": Target("   azimuth", "deg", most=6),
        "elevation_deg": Target("   elevation", "deg", most=2),
        "translation_m": Target("   translation", "m", most=0.15),
        "metric_box_iou": Target("   metric box IoU (aim)", least=0.60),
    },
    "real": {
        "shape_box_iou": Target("real chairs: shape box IoU", least=0.78),
        "azimuth_deg": Target("   azimuth", "deg", most=10.8),
        "elevation_deg": Target("   elevation", "deg", most=5.6),
        "translation_m": Target("   translation", "m", most=0.63),
    },
}
_TIMES: Mapping[Target, Callable[[Times], float | None]] = {
    Target("one image, model loaded, median", "s", most=1): lambda t: median(t.whole) if t.whole else None,
    Target("from the shell, cold", "s", most=5): lambda t: t.cold_s,
    Target("isosurface at 128^3, float32, median", "s", most=0.5): lambda t: (
        median(t.surface) if t.surface else None
    ),
    Target("   share of dense evaluations, largest", "%", most=4): lambda t: (
        100 * max(t.share) if t.share else None
    ),
    Target("peak memory", "MB", most=1500): lambda t: t.peak_mb,
}


def checks(records: Sequence[Record], times: Times) -> Table:
    rows = [
        target.row(_mean(records, kind, measure))
        for kind, targets in _CHAIRS.items()
        for measure, target in targets.items()
    ]
    rows += [target.row(value(times)) for target, value in _TIMES.items()]
    note = f"Means of {OURS!r}; photoreal pictures were asked for, and those that refused are in no mean."
    return Table("Asked and measured", ("what", "asked", "measured", "verdict"), rows, note)


def _mean(records: Sequence[Record], kind: str, measure: str) -> float | None:
    chairs = [
        r for r in records if r["groups"]["category"] == "chair" and r["groups"]["source"].endswith(kind)
    ]
    found = measured(chairs, OURS, measure)
    return None if found is None else found.mean

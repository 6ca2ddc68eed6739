"""What would remain of the error if a stage knew the truth: true mask, true shape, true viewpoint in its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from _table import Table
from rrb.data.sample import Sample
from rrb.evaluation.benchmark import Found, Method, Record, Truth, canonical
from rrb.evaluation.benchmark_tables import measured
from rrb.fitting.result import FitResult
from rrb.fitting.scale import scale_of_pose
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.networks.build import shipped
from rrb.networks.viewpoint import Mode, category_shares, modes
from rrb.recipes.answer import measured as sized
from rrb.recipes.reconstruct import mask_of as own_mask
from rrb.recipes.rrb import OURS, Rrb

STAGES = ("mask", "shape", "viewpoint")
NOTHING = "nothing"
_SURE_DEG = 0.02  # the deviation of a true view: a fit hardly moves it
_FIT_FACES = 3000
_SHOWN = {
    "shape_box_iou": ("shape box IoU", 1),
    "metric_box_iou": ("metric box IoU", 1),
    "azimuth_deg": ("azimuth, deg", 0),
    "elevation_deg": ("elevation, deg", 0),
    "translation_m": ("translation, m", 0),
    "volume_iou": ("volume IoU", 1),
}  # measure: how it is called, and what no error would be


def ways() -> dict[str, Method]:
    """By what is known: nothing, each stage, each pair, all."""
    known = [set_ for size in range(len(STAGES) + 1) for set_ in combinations(STAGES, size)]
    eyes = Eyes()
    return {" + ".join(names) or NOTHING: partial(reconstructed, frozenset(names), eyes) for names in known}


class Eyes:
    """Our own mask of the last picture: half of the ways need it."""

    def __init__(self) -> None:
        self._last: tuple[Any, Any] | None = None

    def mask(self, sample: Sample) -> Any:
        if self._last is None or self._last[0] is not sample:
            self._last = sample, own_mask(sample.image, None, None, sample.camera, sample.key)[0]
        return self._last[1]


def reconstructed(known: frozenset[str], eyes: Eyes, sample: Sample) -> Found:
    """The steps of `Rrb`, some replaced by the truth."""
    truth = Truth.of(sample.load_mesh(), sample.camera_from_object, scale=sample.scale, turns=sample.turns)
    least = _SURE_DEG if "viewpoint" in known else OURS.least_deviation_deg
    rrb = Rrb(shipped("occupancy")[0], shipped("viewpoint")[0], replace(OURS, least_deviation_deg=least))
    mask, unknown = _mask(known, eyes, sample)
    seen = rrb.look(sample.image, mask, sample.camera)
    views = rrb.views(seen)
    found_views = [true_view(truth.pose)] if "viewpoint" in known else modes(views, most=rrb.settings.starts)
    if "shape" in known:
        mesh = canonical(truth.mesh)
        coarse = mesh.simplify(_FIT_FACES) if len(mesh.faces) > _FIT_FACES else mesh
        best = rrb.fits(coarse, mask, sample.camera, found_views, unknown)[0].fit
        return in_metres(mesh, best, sample.camera_height_m)
    shares = category_shares(views)
    shape = rrb.shape(seen, max(shares, key=lambda name: shares[name]))
    found = rrb.fits(shape.mesh, mask, sample.camera, found_views, unknown)
    shape, found = rrb.refined(shape, found, mask, sample.camera, unknown)
    made = sized(rrb.surface(shape), found[0].fit.camera_from_object, sample.camera_height_m)
    return Found(made.camera_from_object, made.mesh, metric=made.metric)


def _mask(known: frozenset[str], eyes: Eyes, sample: Sample) -> tuple[Any, Any]:
    if "mask" not in known:
        return eyes.mask(sample), None
    return sample.mask, None if sample.unknown is None else sample.unknown.astype(np.float32)


def true_view(pose: Pose) -> Mode:
    view = pose.to_viewpoint()
    angles = (float(view.azimuth_deg), float(view.elevation_deg), float(view.roll_deg))
    return Mode(*angles, 1.0, (_SURE_DEG,) * 3)


def in_metres(mesh: Mesh, best: FitResult, height_m: float | None) -> Found:
    """A true mesh in the canonical frame, where a fit put it."""
    pose = best.camera_from_object
    if height_m is None:
        return Found(pose, mesh)
    scale = scale_of_pose(mesh, pose, height_m).scale
    return Found(Pose(pose.rotation, scale * pose.translation), mesh.transformed(scale=scale), metric=True)


# --- tables ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mean:
    value: float
    best: float

    @property
    def error(self) -> float:
        return abs(self.best - self.value)


def means(records: Sequence[Record], names: Sequence[str], known: str) -> dict[str, Mean]:
    """Of each measure over the pictures of which every way says it: the same ones for all."""
    found = {}
    for measure, (_, best) in _SHOWN.items():
        summary = measured(common(records, names, measure), known, measure)
        if summary is not None:
            found[measure] = Mean(summary.mean, best)
    return found


def common(records: Sequence[Record], names: Sequence[str], measure: str) -> list[Record]:
    return [
        r for r in records if all(r["found"][n].get("scores", {}).get(measure) is not None for n in names)
    ]


def tables(title: str, records: Sequence[Record], names: Sequence[str]) -> list[Table]:
    """Means with the truth in the place of stages, and by how much that lessens the error."""
    by_name = {name: means(records, names, name) for name in names}
    words = [said for said, _ in _SHOWN.values()]
    rows = [
        (name, sum("refused" in r["found"][name] for r in records), *_values(by_name[name])) for name in names
    ]
    rows.append(("pictures", len(records), *(len(common(records, names, m)) for m in _SHOWN)))
    lessened = [(name, *_lessened(by_name[name], by_name[NOTHING])) for name in names if name != NOTHING]
    note = (
        "Means over the pictures of which every line says the measure. With the true mask what others hide is known"
        " too; a true viewpoint holds the rotation to 0.02 degrees, the translation stays free."
    )
    share = "By how much of itself each mean error shrinks, in %; negative where it grows."
    return [
        Table(f"Stages, {title}: with the truth in their place", ("true", "refused", *words), rows, note),
        Table(f"Stages, {title}: share of the remaining error", ("true", *words), lessened, share),
    ]


def _values(held: Mapping[str, Mean]) -> list[object]:
    return [held[m].value if m in held else None for m in _SHOWN]


def _lessened(held: Mapping[str, Mean], before: Mapping[str, Mean]) -> list[object]:
    return [
        f"{100 * (1 - held[m].error / before[m].error):.0f}"
        if m in held and m in before and before[m].error
        else ""
        for m in _SHOWN
    ]

"""What `rrb evaluate rrb` compares: each row of the table as a function of a sample."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.evaluation.benchmark import Case, Found, Method, Truth
from rrb.geometry.pose import Pose

if TYPE_CHECKING:
    from rrb.data.sample import Sample
    from rrb.recipes.result import Reconstruction

FRONT, VIEW = "OCC-NET", "VIEW-NET"
Reconstruct = Callable[["Sample"], tuple["Reconstruction", float]]  # and its seconds


def methods(recipes: Sequence[str], masks: Sequence[str]) -> dict[str, Method]:
    """In the order of the table: each recipe last with the last mask. Weights are read here, so that what is wrong
    with them is said at once."""
    from rrb.networks.build import shipped
    from rrb.recipes.reconstruct import RECIPES

    if not recipes or not masks:
        raise BadInputError("no recipe or no mask is named; one of each, or more, is accepted")
    for name in recipes:
        if name not in RECIPES:
            raise BadInputError(f"a recipe is {name!r}; {', '.join(RECIPES)} are accepted")
    for network in ("occupancy", "viewpoint", *(("mask",) if "own" in masks else ())):
        shipped(network)
    ways = {(name, mask): _Kept(partial(_WAYS[mask], name)) for name in recipes for mask in masks}
    found: dict[str, Method] = {FRONT: seen_from_the_front}
    for mask in masks:
        found[f"{VIEW}, {mask} mask"] = partial(likeliest_view, ways[recipes[-1], mask])
    for (name, mask), way in ways.items():
        found[f"{name}, {mask} mask"] = partial(reconstructed, way)
    return found


# --- the rows -------------------------------------------------------------------------------------


def seen_from_the_front(sample: Sample) -> Found:
    """The occupancy network says nothing of the view: as if every object were seen from azimuth and elevation 0.

    Its shape is that of the paper's recipe.
    """
    return Found(Pose.from_viewpoint(0.0, 0.0, distance_m=1.0))


def likeliest_view(way: Reconstruct, sample: Sample) -> Found:
    """What the viewpoint network says before anything is fitted, of the mask that a recipe took."""
    from rrb.networks.build import shipped
    from rrb.networks.viewpoint import modes
    from rrb.recipes.rrb import Rrb

    assert sample.camera is not None
    mask = way(sample)[0].mask
    rrb = Rrb(shipped("occupancy")[0], shipped("viewpoint")[0])
    best = modes(rrb.views(rrb.look(sample.image, mask, sample.camera)))[0]
    view = Pose.from_viewpoint(best.azimuth_deg, best.elevation_deg, best.roll_deg, distance_m=1.0)
    return Found(view, mask_iou=mask_iou(mask, sample))


def reconstructed(way: Reconstruct, sample: Sample) -> Found:
    result, seconds = way(sample)
    return Found(
        result.camera_from_object,
        result.mesh,
        metric=result.is_metric,
        accepted=result.accepted,
        mask_iou=mask_iou(result.mask, sample),
        about={
            "seconds": round(seconds, 4),
            "reason": result.reason,
            "iou": result.iou,
            "category": result.category,
            "mask_from": result.mask_from,
            "stages": {stage: round(s, 4) for stage, s in result.seconds.items()},
        },
    )


def with_true_mask(recipe: str, sample: Sample) -> Reconstruction:
    from rrb.recipes.reconstruct import RECIPES

    if sample.mask is None:
        raise BadInputError(f"{sample.key}: nothing says its mask")
    return RECIPES[recipe]()(
        sample.image,
        sample.mask,
        sample.camera,
        camera_height_m=sample.camera_height_m,
        unknown=None if sample.unknown is None else sample.unknown.astype(np.float32),
    )


def with_own_mask(recipe: str, sample: Sample) -> Reconstruction:
    """As a user would."""
    from rrb.recipes.reconstruct import reconstruct

    height = sample.camera_height_m
    return reconstruct(sample.image, camera=sample.camera, camera_height_m=height, recipe=recipe)


_WAYS: Mapping[str, Callable[[str, Sample], Reconstruction]] = {
    "true": with_true_mask,
    "own": with_own_mask,
}


class _Kept:
    """Remembers the last answer: two rows of a picture need it."""

    def __init__(self, way: Callable[[Sample], Reconstruction]) -> None:
        self._way = way
        self._last: tuple[Sample, tuple[Reconstruction, float]] | None = None

    def __call__(self, sample: Sample) -> tuple[Reconstruction, float]:
        if self._last is None or self._last[0] is not sample:
            start = time.perf_counter()
            self._last = sample, (self._way(sample), time.perf_counter() - start)
        return self._last[1]


def mask_iou(mask: NDArray[Any], sample: Sample) -> float | None:
    """Of the pixels that are inside, where the true mask knows."""
    if sample.mask is None:
        return None
    known = np.ones(mask.shape, np.bool_) if sample.unknown is None else ~sample.unknown
    a, b = (mask >= 0.5) & known, (sample.mask >= 0.5) & known
    union = np.count_nonzero(a | b)
    return float(np.count_nonzero(a & b) / union) if union else None


# --- the truth ------------------------------------------------------------------------------------


def case_of(name: str, sample: Sample, structures: Structures) -> Case:
    """Of a sample with camera and pose."""
    assert sample.camera_from_object is not None
    truth = Truth.of(sample.load_mesh(), sample.camera_from_object, scale=sample.scale, turns=sample.turns)
    about = {
        "mesh_id": sample.mesh_id,
        "camera_height_m": sample.camera_height_m,
        "structure": structures.of(sample.mesh_id, truth),
    }
    return Case(name, sample, truth, groups_of(sample), about)


def groups_of(sample: Sample) -> dict[str, str]:
    """style: the first thing that is said of it, which tells the kinds of a category apart."""
    groups = {"category": sample.category, "source": sample.source}
    if sample.style:
        groups["style"] = f"{sample.category}: {next(iter(sample.style.values()))}"
    for name in ("viewpoint", "background"):
        if isinstance(sample.about.get(name), str):
            groups[name] = sample.about[name]
    return groups


class Structures:
    """Of each object once; views of one lie in a row."""

    def __init__(self) -> None:
        self._last: tuple[str, dict[str, float] | None] = "", None

    def of(self, mesh_id: str, truth: Truth) -> dict[str, float] | None:
        from rrb.evaluation.structure import structure

        if truth.mesh is None:
            return None
        if not mesh_id or self._last[0] != mesh_id:
            found = structure(truth.mesh)
            self._last = mesh_id, {"pieces": found.pieces, "solidity": round(found.solidity, 4)}
        return self._last[1]


def weights_said() -> dict[str, str]:
    """The beginning of each shipped file's hash, by its name."""
    import rrb

    files = sorted((Path(rrb.__file__).parent / "assets" / "weights").glob("*.safetensors"))
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in files}

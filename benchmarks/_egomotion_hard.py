"""What goes wrong with films: ragged masks, hidden halves, frames without an object, motion blur; all at once."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _egomotion_films import Film, Image, Masks
from _egomotion_runs import RECONSTRUCTED, TRUE
from _egomotion_score import scored
from _fit_degrade import signed_distance
from rrb.recipes.track import track

RAGGED_PX = 2.0
HIDDEN_SHARE = 0.2  # of the frames
ABSENT = 10  # frames in the middle
BLUR = (0.25, 0.5, 0.25)  # of the frame before, itself, the next


@dataclass(frozen=True, eq=False)
class Shown:
    """What a tracker is given."""

    frames: list[Image]
    masks: list[Masks]
    spoilt: NDArray[np.bool_]  # (N,) the frames in which something is missing


Spoil = Callable[[Shown, np.random.Generator], Shown]


def as_it_is(film: Film) -> Shown:
    return Shown(film.frames, film.masks, np.zeros(len(film.frames), bool))


def unspoilt(shown: Shown, random: np.random.Generator) -> Shown:
    return shown


def ragged(shown: Shown, random: np.random.Generator) -> Shown:
    """Each pixel for itself takes the contour to be elsewhere, by a normal error of 2 px."""
    masks = [tuple(_ragged(mask, random) for mask in row) for row in shown.masks]
    return Shown(shown.frames, masks, shown.spoilt)


def _ragged(mask: NDArray[np.float32] | None, random: np.random.Generator) -> NDArray[np.float32] | None:
    if mask is None or not mask.any() or mask.all():
        return mask
    moved = signed_distance(mask) + random.normal(0, RAGGED_PX, mask.shape)
    return (moved > 0).astype(np.float32)


def half_hidden(shown: Shown, random: np.random.Generator) -> Shown:
    """In a fifth of the frames one half of each object is in no mask, and nothing says that it is hidden."""
    count = len(shown.masks)
    chosen = np.zeros(count, bool)
    # The first frame is the one that meshes are made of, and is left alone.
    chosen[1 + random.choice(count - 1, round(HIDDEN_SHARE * count), replace=False)] = True
    masks = [
        tuple(_half(mask, random) for mask in row) if hidden else row
        for row, hidden in zip(shown.masks, chosen, strict=True)
    ]
    return Shown(shown.frames, masks, shown.spoilt | chosen)


def _half(mask: NDArray[np.float32] | None, random: np.random.Generator) -> NDArray[np.float32] | None:
    """Without the part left or right of, above or below its median pixel."""
    if mask is None or not mask.any():
        return mask
    axis, far = random.integers(2, size=2)
    places = np.argwhere(mask >= 0.5)[:, axis]
    index = np.arange(mask.shape[axis])
    gone = index > np.median(places) if far else index < np.median(places)
    return np.where(gone[:, None] if axis == 0 else gone, 0, mask).astype(np.float32)


def absent(shown: Shown, random: np.random.Generator) -> Shown:
    """Ten frames in the middle whose masks are empty."""
    count = len(shown.masks)
    start = (count - ABSENT) // 2
    gone = np.zeros(count, bool)
    gone[max(1, start) : start + ABSENT] = True
    masks = [
        tuple(None if mask is None else np.zeros_like(mask) for mask in row) if away else row
        for row, away in zip(shown.masks, gone, strict=True)
    ]
    return Shown(shown.frames, masks, shown.spoilt | gone)


def blurred(shown: Shown, random: np.random.Generator) -> Shown:
    """Frames and masks mixed with their neighbours', as if the shutter stood open for that long."""
    frames = [_mixed(shown.frames, n).round().astype(np.uint8) for n in range(len(shown.frames))]
    masks = [
        tuple(_mixed_mask([row[k] for row in shown.masks], n) for k in range(len(shown.masks[n])))
        for n in range(len(shown.masks))
    ]
    return Shown(frames, masks, shown.spoilt)


def _mixed(pictures: list[Any], n: int) -> NDArray[np.float64]:
    last = len(pictures) - 1
    around = (pictures[max(n - 1, 0)], pictures[n], pictures[min(n + 1, last)])
    return sum(share * picture.astype(np.float64) for share, picture in zip(BLUR, around, strict=True))


def _mixed_mask(masks: list[NDArray[np.float32] | None], n: int) -> NDArray[np.float32] | None:
    if masks[n] is None:
        return None
    there = [masks[n] if mask is None else mask for mask in masks]
    return _mixed(there, n).astype(np.float32)


def everything(shown: Shown, random: np.random.Generator) -> Shown:
    for spoil in (blurred, ragged, half_hidden, absent):
        shown = spoil(shown, random)
    return shown


SPOILS: Mapping[str, Spoil] = {
    "as it is": unspoilt,
    "masks ragged by 2 px": ragged,
    "half hidden in 20 % of frames": half_hidden,
    "10 frames without object": absent,
    "motion blur": blurred,
    "all of these": everything,
}


def run(film: Film, spoil: str, way: str) -> dict[str, Any]:
    """Tracked with the true meshes, or with those that the film itself gives."""
    random = np.random.default_rng(zlib.crc32(f"{film.name} {spoil}".encode()))
    shown = SPOILS[spoil](as_it_is(film), random)
    given = {"meshes": film.meshes} if way == TRUE else {"camera_height_m": film.camera_height_m}
    found = track(shown.frames, film.camera, masks=shown.masks, **given)
    align, turns = ("none", film.turns) if way == TRUE else ("sim3", 1)
    score = scored(film.world_from_camera, found, align=align, turns=turns)
    whole = ~shown.spoilt
    return {
        "film": film.name,
        "kind": film.kind,
        "way": way,
        "spoil": spoil,
        **score,
        "known_of_whole": int(found.known[whole].sum()),
        "whole": int(whole.sum()),
    }


WAYS = (TRUE, RECONSTRUCTED)

"""What a mask must be before a pose is sought in it, and into how many parts it falls."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry._arrays import is_tensor, numpy_view
from rrb.geometry.camera import Camera
from rrb.geometry.mask_rule import listed, refusal

# A pose is six numbers, and a contour's point says one thing about it: twice as many, or a square of 3 x 3 pixels.
LEAST_CONTOUR = 12

_ROUNDING = 1e-5  # of whoever resampled a mask
_PART = 0.05  # of the largest: smaller ones are specks


def checked_mask(mask: Any, camera: Camera, what: str = "mask") -> NDArray[np.float32]:
    """(H, W) float32 in [0, 1], C-contiguous, of an array or tensor, bool or floating; it may share its memory.

    Refused, in one sentence that starts with `what`: another size than the camera's image, labels and bytes, and
    masks without a contour that could place an object: empty, full, or of fewer than 12 sides of pixels between
    inside and outside, the picture's border not counted.
    """
    values = _checked_values(mask, camera, what)
    inside = values >= 0.5
    count = np.count_nonzero(inside)
    if not count:
        raise BadInputError(
            f"{what} is empty: its largest value is {values.max():.3g}; 0.5 or more is accepted where the object is"
        )
    if count == inside.size:
        raise BadInputError(
            f"{what} is full: no value is below 0.5, so that no contour is in the picture; one is needed"
        )
    sides = _contour_sides(inside)
    if sides < LEAST_CONTOUR:
        raise BadInputError(
            f"{what} has {count} pixels inside and a contour of {sides} sides of pixels; {LEAST_CONTOUR} or more"
            " are accepted, twice the numbers of a pose"
        )
    return values


def checked_unknown(
    unknown: Any, camera: Camera, mask: NDArray | None = None, what: str = "unknown"
) -> NDArray[np.float32]:
    """(H, W) float32 in [0, 1] as `checked_mask`: from 0.5 on, nobody knows whether the object is there.

    mask: (H, W), checked already; its contour must be known along at least 12 sides of pixels. A side between
    two pixels is known if both are.
    """
    values = _checked_values(unknown, camera, what)
    known = values < 0.5
    if mask is None:
        if not known.any():
            raise BadInputError(
                f"{what} is 0.5 or more everywhere, which leaves no contour; less is accepted"
            )
        return values
    inside = mask >= 0.5
    left, sides = _contour_sides(inside, known), _contour_sides(inside)
    if left < LEAST_CONTOUR:
        raise BadInputError(
            f"{what} hides all but {left} of the {sides} sides of pixels along the mask's contour;"
            f" {LEAST_CONTOUR} or more must be known"
        )
    return values


def blobs(mask: Any) -> list[int]:
    """The pixels from 0.5 on in each connected part of mask (H, W), largest first; touching corners connect."""
    from rrb.fitting._blobs_kernel import part_areas

    return np.sort(part_areas(np.ascontiguousarray(numpy_view(mask) >= 0.5)))[::-1].tolist()


def remarks(mask: Any) -> tuple[str, ...]:
    """What should be said about a mask that can be used, a sentence each.

    Parts are not refused: an occluder may cut a chair's legs off. They are counted where they are larger than
    5 % of the largest.
    """
    areas = blobs(mask)
    parts = sum(area > _PART * areas[0] for area in areas)
    return (f"the mask has {parts} separate parts; all are fitted as one object",) if parts > 1 else ()


def _checked_values(mask: Any, camera: Camera, what: str) -> NDArray[np.float32]:
    values = _as_array(mask, what)
    if values.ndim != 2:
        colours = (
            "; a picture in colours is no mask" if values.ndim == 3 and values.shape[2] in (3, 4) else ""
        )
        raise BadInputError(f"{what} has the shape {values.shape}; one channel, (H, W), is accepted{colours}")
    height, width = values.shape
    if (height, width) != (camera.height_px, camera.width_px):
        raise BadInputError(
            f"{what} is {width}x{height} but the camera's image is {camera.width_px}x{camera.height_px};"
            " the same size is accepted"
        )
    if values.dtype == np.bool_:
        return values.astype(np.float32, order="C")
    if values.dtype.kind != "f":
        raise BadInputError(f"{what} {_of_whole_numbers(values)}")
    low, high = values.min(), values.max()
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):  # also where they are NaN
        hint = ": divide by 255" if low >= 0 and 128 <= high <= 255 else ""
        raise BadInputError(f"{what} has values from {low:g} to {high:g}; 0 to 1 are accepted{hint}")
    if low < 0 or high > 1:
        values = np.clip(values, 0, 1)
    return np.ascontiguousarray(values, np.float32)


def _as_array(mask: Any, what: str) -> NDArray:
    if is_tensor(mask) and mask.is_floating_point():
        mask = mask.detach().float()  # NumPy knows no bfloat16
    try:
        return numpy_view(mask)
    except ValueError:
        raise BadInputError(f"{what} is rows of different lengths; an array (H, W) is accepted") from None


def _of_whole_numbers(values: NDArray) -> str:
    """What is wrong with a mask that is neither bool nor floating, and what to do."""
    if values.dtype.kind not in "iu":
        return f"has the type {values.dtype}; bool or floats from 0 to 1 are accepted (rrb.load_mask reads files)"
    present = np.unique(values)
    if present[0] >= 0 and present[-1] <= 1:
        return f"is {values.dtype} of {listed(present)}; bool or float is accepted: mask.astype(bool)"
    full = 255 if present[-1] <= 255 else 65535
    if present[0] >= 0 and present[-1] <= full and refusal(values, full) is None:
        return f"is {values.dtype} up to {present[-1]}; 0 to 1 is accepted: divide by {full}, or use rrb.load_mask"
    return f"is {values.dtype} of the labels {listed(present)}; bool is accepted: mask == label of the object"


def _contour_sides(inside: NDArray[np.bool_], known: NDArray[np.bool_] | None = None) -> int:
    """How many sides between two pixels, both known, have one inside and the other not."""
    count = 0
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differ = inside[one] != inside[other]
        if known is not None:
            differ &= known[one] & known[other]
        count += int(np.count_nonzero(differ))
    return count
